package transport

import (
	"context"
	"net"
)

type socketKey struct{}

// ConnContext puts a *Socket into a context, for SocketFrom: it is for
// http.Server.ConnContext. Other connections leave ctx as it is.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	if s, ok := c.(*Socket); ok {
		return context.WithValue(ctx, socketKey{}, s)
	}
	return ctx
}

// SocketFrom is the connection of a context: of an HTTP request that ConnContext was
// told of, or that a callback of an option is called with. It is nil if there is none.
func SocketFrom(ctx context.Context) *Socket {
	s, _ := ctx.Value(socketKey{}).(*Socket)
	return s
}

// NewSecurePair makes a socket whose other side is the bytes of TLS themselves, in memory: what
// is written to encrypted the socket takes as sent by the peer, and what it sends is read there.
// Both have to go on at once. In node it is deprecated in favour of a socket over a stream (NewSocket).
func NewSecurePair(o SocketOptions) (cleartext *Socket, encrypted net.Conn, err error) {
	own, other := net.Pipe()
	if cleartext, err = NewSocket(own, o); err != nil {
		return nil, nil, err
	}
	return cleartext, other, nil
}
