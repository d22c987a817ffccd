package transport

import (
	"context"
	"net"

	"tacet/actor"
	"tacet/handshake"
	"tacet/record"
)

// RenegotiateOptions are what a renegotiation changes of a server, from then on; nil
// changes nothing. Other options stay as they are.
type RenegotiateOptions struct {
	RequestCert        *bool // ServerOptions.RequestCert
	RejectUnauthorized *bool // ServerOptions.RejectUnauthorized
}

// Renegotiate makes another handshake on the connection, up to TLS 1.2: a server's asks
// its client to begin. It returns when that is complete and the peer judged;
// OnSecureConnect is called again in its turn. In TLS 1.3 it is ERR_SSL_WRONG_SSL_VERSION; before the
// first handshake ERR_TLS_INVALID_STATE, where node ends the connection. A peer that declines ends
// it. No session is resumed, so that a certificate that a server asks for comes.
func (s *Socket) Renegotiate(ctx context.Context, o RenegotiateOptions) error {
	in := s.known()
	switch {
	case s.closed.Load():
		return net.ErrClosed
	case in == nil:
		return &Error{Code: codeInvalidState, Message: "there is no handshake yet to do again"}
	case in.state.Version >= record.TLS13:
		return &Error{Code: "ERR_SSL_WRONG_SSL_VERSION", Message: "wrong ssl version"}
	case !in.state.SecureRenegotiation:
		return &Error{Code: "ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED", Message: "unsafe legacy renegotiation disabled"}
	}
	s.mu.Lock()
	err := s.side.reverify(o)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return after(in.conn.Renegotiate(ctx, nil))
}

// DisableRenegotiation ends the connection when the peer renegotiates, with
// ERR_TLS_RENEGOTIATION_DISABLED; node tells the program of it and lets it go on. TLS 1.3 has
// no renegotiation.
func (s *Socket) DisableRenegotiation() error {
	return s.set(func(c *actor.Conn) error {
		c.SetRenegotiation(handshake.ForbidRenegotiation)
		return nil
	})
}
