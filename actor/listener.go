package actor

import (
	"context"
	"net"
	"sync"
	"time"

	"tacet/handshake"
)

// Bounds of a Listener.
const (
	// MaxHandshakes is how many handshakes a listener runs at once; more
	// connections wait in the inner listener.
	MaxHandshakes = 256
	// DefaultHandshakeTimeout is a listener's if its Config has none.
	DefaultHandshakeTimeout = 30 * time.Second
)

// NewListener makes a listener whose Accept returns connections that have
// completed the handshake, as *Conn. Handshakes run beside each other, each in a goroutine
// that ends with it: a slow client delays no other. Connections that fail are
// closed; OnEvent and the profile's Trace tell of them. Close breaks off the handshakes
// under way and closes inner and what nobody has accepted.
func NewListener(inner net.Listener, p *handshake.ServerProfile, c *Config) net.Listener {
	var cfg Config
	if c != nil {
		cfg = *c
	}
	if cfg.HandshakeTimeout == 0 {
		cfg.HandshakeTimeout = DefaultHandshakeTimeout
	}
	l := &listener{
		Listener: inner, profile: p, cfg: &cfg,
		ready: make(chan accepted), slots: make(chan struct{}, MaxHandshakes),
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.running.Go(l.run)
	return l
}

type listener struct {
	net.Listener
	profile *handshake.ServerProfile
	cfg     *Config
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	ready   chan accepted
	slots   chan struct{}  // one for each connection that is not yet accepted
	running sync.WaitGroup // all goroutines
}

// accepted is what Accept returns.
type accepted struct {
	conn *Conn
	err  error
}

// run accepts until Close. Errors of the inner listener go to Accept, one each.
func (l *listener) run() {
	for {
		select {
		case l.slots <- struct{}{}:
		case <-l.ctx.Done():
			return
		}
		nc, err := l.Listener.Accept()
		if err == nil {
			l.running.Go(func() { l.serve(nc) })
			continue
		}
		<-l.slots
		if !l.offer(accepted{err: err}) {
			return
		}
	}
}

// offer waits for an Accept that takes a; false once the listener is closed.
func (l *listener) offer(a accepted) bool {
	select {
	case l.ready <- a:
		return true
	case <-l.ctx.Done():
		return false
	}
}

// serve runs one handshake and waits until its connection is accepted. Waiting
// holds the slot, so what nobody accepts is bounded too.
func (l *listener) serve(nc net.Conn) {
	defer func() { <-l.slots }()
	c := Server(nc, l.profile, l.cfg)
	if err := c.HandshakeContext(l.ctx); err != nil {
		_ = c.Close()
		return
	}
	if !l.offer(accepted{conn: c}) {
		_ = c.Close()
	}
}

// Accept waits for the next connection whose handshake is complete, or an error
// of the inner listener.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case a := <-l.ready:
		if a.err != nil {
			return nil, a.err
		}
		return a.conn, nil
	case <-l.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close stops listening and waits for the handshakes that it broke off.
func (l *listener) Close() error {
	l.cancel()
	err := l.Listener.Close()
	l.running.Wait()
	return err
}
