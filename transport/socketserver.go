package transport

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"slices"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/session"
	"tacet/record"
)

// serverSide is a Socket's side of a server.
type serverSide struct {
	server *Server
	by     *serving // as of when the connection came
	// chosen is the context that the last hello was answered by; for who answers queries.
	chosen *SecureContext
	// With the socket locked:
	keyCert *SecureContext // by SetKeyCert, nil if it was not called
	auth    clientAuth     // of now
	changed bool           // auth is not the server's
}

// clientAuth is who has to show a certificate.
type clientAuth struct{ request, reject bool }

// config puts it into cfg.
func (a clientAuth) config(cfg *handshake.Config) {
	switch {
	case a.request && a.reject:
		cfg.ClientAuth, cfg.Verify = handshake.RequireClientCert, handshake.VerifyRequired
	case a.request:
		cfg.ClientAuth, cfg.Verify = handshake.RequestClientCert, handshake.VerifyRecord
	}
}

func (v *serverSide) reverify(o RenegotiateOptions) error {
	if o.RequestCert != nil {
		v.auth.request, v.changed = *o.RequestCert, true
	}
	if o.RejectUnauthorized != nil {
		v.auth.reject, v.changed = *o.RejectUnauthorized, true
	}
	return nil
}

// newSocket makes the server's side of a connection.
func (s *Server) newSocket(t io.ReadWriteCloser, events SocketEvents) *Socket {
	if f := s.o.OnKeylog; f != nil {
		events.OnKeylog = func(socket *Socket, line []byte) { f(line, socket) }
	}
	return newSocket(t, &serverSide{server: s, by: s.current.Load(), auth: s.auth()}, events, s.o.EnableTrace)
}

func (v *serverSide) open(s *Socket, cfg *actor.Config) (*actor.Conn, error) {
	return actor.Server(s.transport, v.by.profile, cfg), nil
}

func (v *serverSide) lost() string { return "socket hang up" }

func (v *serverSide) highest() record.Version {
	return cmp.Or(v.by.own.serverConfig().MaxVersion, record.TLS13)
}

func (v *serverSide) trusted() []*x509.Certificate {
	return trustedBy(v.by.own.serverConfig().Verifier)
}

func (v *serverSide) credentials() []*cred.Credential { return v.by.own.serverConfig().Credentials }

func (v *serverSide) announce(*Socket, *handshake.ConnectionState) {}

func (v *serverSide) answer(ctx context.Context, s *Socket, q handshake.Query) (handshake.Answer, bool) {
	switch q := q.(type) {
	case *handshake.HelloQuery:
		return v.choose(ctx, s, q), true
	case *handshake.StapleQuery:
		return v.staple(ctx, q), true
	case *handshake.SessionLookup:
		return v.lookup(ctx, q), true
	case *handshake.SessionStore:
		if f := v.server.o.OnNewSession; f != nil {
			f(ctx, slices.Clone(q.Session.ID), q.Session.Marshal())
		}
		return q.Stored(), true
	case *handshake.PSKLookup:
		return v.psk(ctx, q), true
	}
	return handshake.Answer{}, false
}

// choose answers a hello: the context by its name, the protocol, and what to show.
func (v *serverSide) choose(ctx context.Context, s *Socket, q *handshake.HelloQuery) handshake.Answer {
	var choice handshake.HelloChoice
	context, p, err := v.contextFor(ctx, q.ServerName)
	if err == nil {
		choice.Protocol, err = v.protocol(ctx, q)
	}
	if err == nil {
		choice.Profile, err = v.showing(s, context, p)
	}
	if err != nil {
		return q.Refuse(ownFault(err))
	}
	v.chosen = context
	return q.Choose(choice)
}

// contextFor is what to go by for a server name. What it is compiled to is nil if it is not.
func (v *serverSide) contextFor(ctx context.Context, name string) (*SecureContext, *handshake.ServerProfile, error) {
	f := v.server.o.SNICallback
	if f == nil || name == "" {
		context, p := v.by.find(name)
		return context, p, nil
	}
	context, err := f(ctx, name)
	if err != nil || context == nil {
		return v.by.own, v.by.profile, err
	}
	return context, nil, nil
}

// protocol is the one that the ALPNCallback chooses, "" if that is for the profile.
func (v *serverSide) protocol(ctx context.Context, q *handshake.HelloQuery) (string, error) {
	f := v.server.o.ALPNCallback
	if f == nil || len(q.Protocols) == 0 {
		return "", nil
	}
	chosen, err := f(ctx, ALPNOffer{q.ServerName, slices.Clone(q.Protocols)})
	switch {
	case err != nil:
		return "", err
	case chosen == "":
		return "", &handshake.Error{Kind: handshake.KindNoCommonProtocol}
	case !slices.Contains(q.Protocols, chosen):
		return "", &Error{
			Code: "ERR_TLS_ALPN_CALLBACK_INVALID_RESULT", Option: "ALPNCallback", Err: record.AlertNoApplicationProtocol,
			Message: "ALPN callback returned a value that did not match any of the client's offered protocols",
		}
	}
	return chosen, nil
}

// showing is what to go by with the certificates to show: those of the context, or of
// SetKeyCert.
func (v *serverSide) showing(s *Socket, context *SecureContext, p *handshake.ServerProfile) (*handshake.ServerProfile, error) {
	s.mu.Lock()
	own, auth, changed := v.keyCert, v.auth, v.changed
	s.mu.Unlock()
	var show []*cred.Credential
	if own != nil {
		show = own.serverConfig().Credentials
	}
	if show == nil && !changed && p != nil {
		return p, nil // also the server's own: a renegotiation would keep that of another name
	}
	return v.server.profile(v.by, context, show, auth)
}

// ownFault is an error of the application's, which is no fault of the peer's: that is told of
// internal_error, unless the error says what of.
func ownFault(err error) error {
	if errors.As(err, new(*handshake.Error)) {
		return err
	}
	alert := record.AlertInternalError
	_ = errors.As(err, &alert)
	return &handshake.Error{Kind: handshake.KindRefused, Alert: alert, Err: err}
}

// staple answers with what the application has for the certificate that is shown.
func (v *serverSide) staple(ctx context.Context, q *handshake.StapleQuery) handshake.Answer {
	c := q.Credential
	var issuer []byte
	chain, _ := cred.ParseChain(c.Chain[1:])
	if found := issuerAmong(slices.Concat(chain, trustedBy(v.chosen.serverConfig().Verifier)), c.Leaf, time.Now()); found != nil {
		issuer = bytes.Clone(found.Raw)
	}
	response, err := v.server.o.OnOCSPRequest(ctx, bytes.Clone(c.Chain[0]), issuer)
	if err != nil {
		return q.Refuse(ownFault(err))
	}
	return q.Staple(response)
}

// lookup answers with the session that the application has kept.
func (v *serverSide) lookup(ctx context.Context, q *handshake.SessionLookup) handshake.Answer {
	f := v.server.o.OnResumeSession
	if f == nil {
		return q.Found(nil)
	}
	data, err := f(ctx, bytes.Clone(q.ID))
	if err != nil {
		return q.Refuse(ownFault(err))
	}
	found, _ := session.Parse(data) // what is none leads to a full handshake
	return q.Found(found)
}

// psk answers with the key of the first identity that has one.
func (v *serverSide) psk(ctx context.Context, q *handshake.PSKLookup) handshake.Answer {
	for i, identity := range q.Identities {
		key, err := v.server.o.PSKCallback(ctx, string(identity))
		switch {
		case err != nil:
			return q.Refuse(ownFault(err))
		case len(key) > maxPSKKey:
			return q.Refuse(ownFault(&Error{Code: CodeArgValue, Option: "psk", Message: "Pre-shared key exceeds 512 bytes"}))
		case len(key) > 0:
			return q.Found(i, key)
		}
	}
	if q.Version < record.TLS13 {
		return q.Refuse(&handshake.Error{Kind: handshake.KindNoPSK, Alert: record.AlertUnknownPSKIdentity})
	}
	return q.None()
}

// errNoCertificate is what node says of a client that showed none.
var errNoCertificate error = &Error{Code: CodeNoIssuer, Message: "the client showed no certificate"}

func (v *serverSide) judge(s *Socket, state *handshake.ConnectionState) (authorized bool, why, err error) {
	s.mu.Lock()
	asked := v.auth.request
	s.mu.Unlock()
	switch {
	case !asked || state.PSKIdentity != "":
		return false, nil, nil
	case len(state.PeerCertificates) == 0:
		return false, errNoCertificate, nil
	}
	return state.VerifyError == nil && state.Verified, state.VerifyError, nil
}
