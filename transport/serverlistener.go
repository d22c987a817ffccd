package transport

import (
	"net"
	"sync"
)

// Listener makes a listener of another's connections, whose Accept returns those that are
// secure, as *Socket. Handshakes run beside each other and keep no Accept waiting.
// Closing it closes inner; what nobody has accepted is closed with it.
//
// http.Server.Serve takes it. For HTTP/2, which net/http else speaks on connections of
// crypto/tls only, offer it by ALPNProtocols and set http.Server.Protocols to
// HTTP1 and UnencryptedHTTP2: it then knows HTTP/2 by its first bytes.
// http.Request.TLS is nil; set http.Server.ConnContext to ConnContext and ask SocketFrom.
func (s *Server) Listener(inner net.Listener) net.Listener {
	l := &listener{Listener: inner, ready: make(chan *Socket), failed: make(chan error, 1), done: make(chan struct{})}
	go func() { l.failed <- s.accept(inner, l.offer) }()
	return l
}

type listener struct {
	net.Listener
	ready  chan *Socket
	failed chan error
	done   chan struct{} // closed by Close
	once   sync.Once
}

// offer waits for an Accept that takes a socket.
func (l *listener) offer(s *Socket) {
	select {
	case l.ready <- s:
	case <-l.done:
		_ = s.Close()
	}
}

// Accept waits for the next connection that is secure, or the error that ended the
// listener below.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case s := <-l.ready:
		return s, nil
	case err := <-l.failed:
		l.failed <- err // for the next one too
		return nil, err
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}
