package transport

import (
	"bytes"
	"net"
	"slices"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/session"
	"tacet/record"
)

// Session is the last session that a client may resume, in the bytes that
// ConnectionOptions.Session takes; nil if there is none yet, as in TLS 1.3 before a
// ticket came, and after Close. A server has none. They hold secrets. Their format is tacet's
// own and has a version: what another version of it does not know it leaves alone.
func (s *Socket) Session() []byte {
	if got := s.session(); got != nil {
		return got.Marshal()
	}
	return nil
}

// TLSTicket is the ticket in Session, nil if there is none. The slice is the caller's.
func (s *Socket) TLSTicket() []byte {
	if got := s.session(); got != nil {
		return bytes.Clone(got.Ticket)
	}
	return nil
}

func (s *Socket) session() *session.Session {
	c, ok := s.side.(*clientSide)
	if !ok || s.known() == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return c.session
}

// SetSession is ConnectionOptions.Session, before the handshake. Bytes that are no session are
// left alone.
func (s *Socket) SetSession(data []byte) error {
	return s.prepare("session", func() error {
		if c, ok := s.side.(*clientSide); ok {
			c.session, _ = session.Parse(data)
		}
		return nil
	})
}

// SetServername is ConnectionOptions.Servername, before the handshake of a client.
func (s *Socket) SetServername(name string) error {
	c, ok := s.side.(*clientSide)
	if !ok {
		return &Error{Code: "ERR_TLS_SNI_FROM_SERVER", Message: "Cannot issue SNI from a TLS server-side socket"}
	}
	if err := checkServername(name); err != nil {
		return err
	}
	return s.prepare("servername", func() error {
		c.o.Servername = name
		return nil
	})
}

// SetKeyCert has a context's certificates shown on this connection, before the
// handshake; on a server, in an SNICallback or ALPNCallback too (SocketFrom gives them the socket).
func (s *Socket) SetKeyCert(context *SecureContext) error {
	if context == nil {
		return errNoContext
	}
	if v, ok := s.side.(*serverSide); ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := s.late("context", s.info.Load() != nil); err != nil {
			return err
		}
		v.keyCert = context
		return nil
	}
	return s.prepare("context", func() error { return s.side.(*clientSide).setKeyCert(context) })
}

// prepare runs f, with the socket locked, unless it is too late.
func (s *Socket) prepare(option string, f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.late(option, s.conn != nil); err != nil {
		return err
	}
	return f()
}

// late is the error of what is set too late, if it is.
func (s *Socket) late(option string, is bool) error {
	switch {
	case s.closed.Load():
		return net.ErrClosed
	case is:
		return &Error{Code: codeInvalidState, Option: option, Message: "has to be set before the handshake"}
	}
	return nil
}

// errNoContext is of a context that is nil.
var errNoContext error = &Error{Code: "ERR_TLS_INVALID_CONTEXT", Option: "secureContext", Message: "context must be a SecureContext"}

// codeInvalidState is of what comes too early or too late.
const codeInvalidState Code = "ERR_TLS_INVALID_STATE"

// SetMaxSendFragment sets the most plaintext in a record, 512 to 16384 bytes, from
// the next record on.
func (s *Socket) SetMaxSendFragment(size int) error {
	if size < handshake.MinSendFragment || size > 1<<14 {
		return &Error{Code: CodeOutOfRange, Option: "size", Message: "has to be 512 to 16384"}
	}
	return s.set(func(c *actor.Conn) error { return c.SetMaxSendFragment(size) })
}

// ExportKeyingMaterial derives bytes for the application from the connection's secrets
// (RFC 5705, RFC 9846 §7.5), as many as length says, 1 to handshake.MaxExport. A nil
// context differs from an empty one up to TLS 1.2. Labels that TLS itself uses are refused there.
func (s *Socket) ExportKeyingMaterial(length int, label string, context []byte) ([]byte, error) {
	switch in := s.known(); {
	case length < 1 || length > handshake.MaxExport:
		return nil, &Error{Code: CodeOutOfRange, Option: "length", Message: "is not 1 to 16384"}
	case in == nil:
		return nil, &Error{Code: codeInvalidState, Message: "TLS socket connection must be securely established"}
	default:
		material, err := in.state.Export(label, context, length)
		if err != nil {
			return nil, &Error{Code: "ERR_SSL_TLS_ILLEGAL_EXPORTER_LABEL", Option: "label", Message: "is reserved or too long", Err: err}
		}
		return material, nil
	}
}

// SharedSigalgs are the signature algorithms that both sides have, in OpenSSL's words, such
// as "RSA-PSS+SHA256": on a server in its order of preference, if that counts, and
// else in the peer's. A client has none unless it was asked for a certificate, and
// there are none below TLS 1.2.
func (s *Socket) SharedSigalgs() []string {
	var list []cred.Scheme
	if state := s.state(); state.Version >= record.TLS12 {
		list = state.SharedSchemes
	}
	if v, ok := s.side.(*serverSide); ok {
		list = v.prefer(list)
	}
	names := []string{}
	for _, scheme := range list {
		names = append(names, scheme.OpenSSL())
	}
	return names
}

// prefer orders what the peer offers as the server does.
func (v *serverSide) prefer(list []cred.Scheme) []cred.Scheme {
	cfg := v.by.own.serverConfig()
	if cfg.ClientPreference {
		return list
	}
	order := cfg.Schemes
	if order == nil {
		order = cred.DefaultSchemes()
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b cred.Scheme) int { return slices.Index(order, a) - slices.Index(order, b) })
	return list
}
