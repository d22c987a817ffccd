package transport

import (
	"context"
	"io"
)

// SocketOptions are what node's TLSSocket takes, by node's names. The zero value of
// each field is node's default.
type SocketOptions struct {
	SecureContextOptions
	// SecureContext takes the place of the SecureContextOptions, but not on a server.
	SecureContext *SecureContext
	// IsServer makes it the server's side.
	IsServer bool
	// Server is whose options and events the server's side goes by, in place of all
	// fields but SocketEvents. It counts among its connections.
	Server *Server

	// ALPNProtocols, SNICallback, RequestCert, RejectUnauthorized and EnableTrace are as
	// in ServerOptions and ConnectionOptions.
	ALPNProtocols      []string
	SNICallback        func(ctx context.Context, servername string) (*SecureContext, error)
	RequestCert        bool
	RejectUnauthorized *bool
	EnableTrace        io.Writer
	// Session and RequestOCSP are a client's, as in ConnectionOptions. SetServername says whom
	// a client asks for, and whose certificate it wants; without it that is "localhost".
	Session     []byte
	RequestOCSP bool

	SocketEvents
}

// NewSocket makes a connection over anything that carries bytes both ways, and that
// closing the connection closes: node's new TLSSocket. The handshake happens at the first Read, Write
// or Handshake. Other than node's it judges the peer by itself, as Connect and a Server do.
func NewSocket(transport io.ReadWriteCloser, o SocketOptions) (*Socket, error) {
	if transport == nil {
		return nil, &Error{Code: CodeArgValue, Option: "socket", Message: "there is none"}
	}
	if o.Server != nil {
		if o.OnKeylog != nil {
			return nil, &Error{Code: CodeArgValue, Option: "OnKeylog", Message: "is the server's"}
		}
		s := o.Server.newSocket(transport, o.SocketEvents)
		if !o.Server.enter(s) {
			return nil, &Error{Code: "ERR_SERVER_NOT_RUNNING", Option: "server", Message: "the server is closed, or has as many connections as it may"}
		}
		return s, nil
	}
	if o.IsServer {
		return o.serve(transport)
	}
	side, err := newClientSide(&ConnectionOptions{
		SecureContextOptions: o.SecureContextOptions, SecureContext: o.SecureContext, ALPNProtocols: o.ALPNProtocols,
		RejectUnauthorized: o.RejectUnauthorized, Session: o.Session, RequestOCSP: o.RequestOCSP, SocketEvents: o.SocketEvents,
	})
	if err != nil {
		return nil, err
	}
	return newSocket(transport, side, o.SocketEvents, o.EnableTrace), nil
}

// serve makes the side of a server of its own.
func (o *SocketOptions) serve(transport io.ReadWriteCloser) (*Socket, error) {
	own := o.SecureContext
	if own == nil {
		var err error
		if own, err = NewSecureContext(o.SecureContextOptions); err != nil {
			return nil, err
		}
	}
	var keylog func([]byte, *Socket)
	if f := o.OnKeylog; f != nil {
		keylog = func(line []byte, s *Socket) { f(s, line) }
	}
	server, err := newServer(ServerOptions{
		OnKeylog:             keylog,
		SecureContextOptions: o.SecureContextOptions, ALPNProtocols: o.ALPNProtocols, SNICallback: o.SNICallback,
		RequestCert: o.RequestCert, RejectUnauthorized: o.RejectUnauthorized, EnableTrace: o.EnableTrace,
	}, own)
	if err != nil {
		return nil, err
	}
	return server.newSocket(transport, o.SocketEvents), nil
}

func newSocket(transport io.ReadWriteCloser, side side, events SocketEvents, trace io.Writer) *Socket {
	s := &Socket{transport: transport, side: side, events: events}
	s.tracer.w = trace
	return s
}
