package transport

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/session"
	"tacet/record"
	"tacet/suites"
)

// clientSide is a Socket's side of a client.
type clientSide struct {
	o       *ConnectionOptions
	own     handshake.Config
	profile *handshake.ClientProfile

	session *session.Session // the last one, or the one to offer; with the socket locked
	asked   bool             // for a session: renegotiations resume none
	verdict error            // on the server of the session that is offered
}

func newClientSide(o *ConnectionOptions) (*clientSide, error) {
	context := o.SecureContext
	if context == nil {
		var err error
		if context, err = NewSecureContext(o.SecureContextOptions); err != nil {
			return nil, err
		}
	}
	if err := context.permits(clientRole); err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	c := &clientSide{o: o, own: context.clientConfig()}
	c.configure()
	c.session, _ = session.Parse(o.Session)
	return c, c.compile()
}

// check finds what is out of its range.
func (o *ConnectionOptions) check() error {
	if o.Timeout < 0 {
		return &Error{Code: CodeOutOfRange, Option: "timeout", Message: "must not be negative"}
	}
	if _, err := ConvertALPNProtocols(o.ALPNProtocols); err != nil {
		return err
	}
	return checkServername(o.Servername)
}

// checkServername refuses what some would take for another name: node's ends at the NUL.
func checkServername(name string) error {
	if strings.Contains(name, "\x00") {
		return &Error{Code: CodeArgValue, Option: "servername", Message: "must be a string without null bytes"}
	}
	return nil
}

// configure puts the options of a connection into what the context says.
func (c *clientSide) configure() {
	o, cfg := c.o, &c.own
	cfg.ALPN, cfg.MinDHBits, cfg.RequestOCSP = slices.Clone(o.ALPNProtocols), o.MinDHSize, o.RequestOCSP
	cfg.AskSession, cfg.AskVerify, cfg.AskPSK = true, true, o.PSKCallback != nil
	cfg.SessionLifetime = handshake.MaxSessionLifetime // the server says for how long
	cfg.KeyLog, cfg.Trace = o.OnKeylog != nil, o.EnableTrace != nil
	if !rejects(o.RejectUnauthorized) {
		cfg.Verify = handshake.VerifyRecord
		return
	}
	// What authenticates nobody would be refused.
	cfg.Suites = slices.DeleteFunc(slices.Clone(cfg.Suites), func(s *suites.Suite) bool { return s.Auth == suites.AuthNone })
}

// rejects is what RejectUnauthorized means.
func rejects(option *bool) bool { return option == nil || *option }

func (c *clientSide) compile() error {
	p, err := c.own.CompileClient()
	if err != nil {
		return optionError(err)
	}
	c.profile = p
	return nil
}

func (c *clientSide) open(s *Socket, cfg *actor.Config) (*actor.Conn, error) {
	cfg.Sessions = clientSessions{s, c}
	return actor.Client(s.transport, c.profile, c.o.Servername, cfg), nil
}

func (c *clientSide) reverify(o RenegotiateOptions) error {
	if o != (RenegotiateOptions{}) {
		return &Error{Code: CodeArgValue, Option: "requestCert", Message: "is a server's: a client always wants a certificate"}
	}
	return nil
}

func (c *clientSide) setKeyCert(context *SecureContext) error {
	c.own.Credentials = context.clientConfig().Credentials
	return c.compile()
}

func (c *clientSide) trusted() []*x509.Certificate { return trustedBy(c.own.Verifier) }

func (c *clientSide) credentials() []*cred.Credential { return c.own.Credentials }

func (c *clientSide) lost() string {
	return "Client network socket disconnected before secure TLS connection was established"
}

func (c *clientSide) highest() record.Version { return cmp.Or(c.own.MaxVersion, record.TLS13) }

// clientSessions is where the connection takes the session from, and puts new ones.
type clientSessions struct {
	s *Socket
	c *clientSide
}

// Get is not asked: the side answers.
func (clientSessions) Get(string) *session.Session { return nil }

func (x clientSessions) Put(_ string, got *session.Session) {
	s, f := x.s, x.s.events.OnSession
	s.mu.Lock()
	defer s.mu.Unlock()
	x.c.session = got
	if f != nil {
		s.queue.add(func() { f(s, got.Marshal()) })
	}
}

func (c *clientSide) answer(ctx context.Context, s *Socket, q handshake.Query) (handshake.Answer, bool) {
	switch q := q.(type) {
	case *handshake.SessionQuery:
		return q.Offer(c.offer(s)), true
	case *handshake.VerifyQuery:
		return c.verify(s, q), true
	case *handshake.PSKQuery:
		return c.psk(ctx, q), true
	}
	return handshake.Answer{}, false
}

// offer is the session to resume, nil if there is none or the server would not be
// authorized by it: node does not look at that, and this does.
func (c *clientSide) offer(s *Socket) *session.Session {
	s.mu.Lock()
	offered, again := c.session, c.asked
	c.asked = true
	s.mu.Unlock()
	if offered == nil || again {
		return nil
	}
	verdict := c.judgeSession(offered)
	if verdict != nil && rejects(c.o.RejectUnauthorized) {
		return nil
	}
	c.verdict = verdict
	return offered
}

func (c *clientSide) judgeSession(s *session.Session) error {
	if len(s.PeerChain) == 0 {
		return c.judgeNoCertificate(s.PSKIdentity)
	}
	chain := s.Certificates
	if len(chain) == 0 {
		var err error
		if chain, err = cred.Parser(actor.ParseCertificate).Chain(s.PeerChain); err != nil {
			return err
		}
	}
	return c.judgeChain(chain)
}

// judgeChain says why a chain is not good, or not for the host.
func (c *clientSide) judgeChain(chain []*x509.Certificate) error {
	if _, err := c.profile.Verify(chain, time.Now()); err != nil {
		return err
	}
	if c.o.CheckServerIdentity == nil {
		return checkChain(c.o.identity(), chain, c.trusted())
	}
	cert, err := certificateOf(chain, c.trusted(), true)
	if err != nil {
		return err
	}
	return c.identify(cert)
}

func (c *clientSide) identify(cert *PeerCertificate) error {
	check := c.o.CheckServerIdentity
	if check == nil {
		check = CheckServerIdentity
	}
	return check(c.o.identity(), cert)
}

// judgeNoCertificate says what a server without certificate is worth.
func (c *clientSide) judgeNoCertificate(pskIdentity string) error {
	if pskIdentity == "" {
		return &Error{Code: CodeUnspecified, Message: "the server authenticated itself by nothing"}
	}
	return c.identify(&PeerCertificate{})
}

// verify answers with the verdict on the chain that the server sent.
func (c *clientSide) verify(s *Socket, q *handshake.VerifyQuery) handshake.Answer {
	why := c.judgeChain(q.Chain)
	switch {
	case why == nil:
		return q.Accept(nil)
	case rejects(c.o.RejectUnauthorized):
		s.distrust(why)
		return q.Refuse(refusal(why))
	}
	return q.Tolerate(why)
}

func (c *clientSide) psk(ctx context.Context, q *handshake.PSKQuery) handshake.Answer {
	psk, err := c.o.PSKCallback(ctx, q.Hint)
	switch {
	case err != nil:
		return q.Refuse(ownFault(err))
	case len(psk.Key) == 0 && psk.Identity == "":
		return q.None()
	}
	if err := psk.check(); err != nil {
		return q.Refuse(ownFault(err))
	}
	return q.Offer([]byte(psk.Identity), psk.Key)
}

// check holds a key to node's limits.
func (p PSK) check() error {
	switch {
	case len(p.Key) == 0 || len(p.Key) > maxPSKKey:
		return &Error{Code: "ERR_INVALID_ARG_VALUE", Option: "psk", Message: "has to be 1 to 512 bytes long"}
	case len(p.Identity) == 0 || len(p.Identity) > maxPSKIdentity:
		return &Error{Code: "ERR_INVALID_ARG_VALUE", Option: "identity", Message: "PSK identity exceeds 256 bytes, or is empty"}
	}
	return nil
}

// errNotVerified is of a certificate on which there is no verdict.
var errNotVerified error = &Error{Code: CodeUnspecified, Message: "the server's certificate was not verified"}

func (c *clientSide) judge(_ *Socket, state *handshake.ConnectionState) (authorized bool, why, err error) {
	switch { // by what the handshake came to: another may be under way
	case state.Resumed:
		why = c.verdict
	case len(state.PeerCertificates) == 0:
		why = c.judgeNoCertificate(state.PSKIdentity)
	case !state.Verified:
		why = cmp.Or(state.VerifyError, errNotVerified)
	}
	if why != nil && rejects(c.o.RejectUnauthorized) {
		return false, why, &refused{why, record.AlertAccessDenied} // of certificates verify has said what there is to say
	}
	return why == nil, why, nil
}

func (c *clientSide) announce(s *Socket, state *handshake.ConnectionState) {
	f := s.events.OnOCSPResponse
	if f == nil || !c.o.RequestOCSP || state.Resumed && state.Version < record.TLS13 {
		return
	}
	f(s, bytes.Clone(state.OCSPResponse))
}

// refusal is an error with the alert that tells the peer of it.
func refusal(err error) error {
	var certificate *cred.Error
	if errors.As(err, &certificate) {
		return &refused{err, certificate.Alert()}
	}
	return &refused{err, record.AlertBadCertificate}
}

type refused struct {
	error
	alert record.Alert
}

// Unwrap is what it is for, and the alert.
func (r *refused) Unwrap() []error { return []error{r.error, r.alert} }
