package actor

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"tacet/handshake"
)

// Conn is a TLS connection: a complete net.Conn. Its methods may be called from
// any number of goroutines at once. Calls of one direction take turns.
//
// A Read, Write or Handshake that times out may be tried again, whatever it was
// doing: the connection goes on where it stood. All other errors of a
// direction are final. A failed engine's *handshake.Error is returned by all calls.
type Conn struct {
	nc  net.Conn // the transport, or what emulates one over it
	cfg *Config
	raw *rawReader // nil if nc has to be read by Read

	phase    atomic.Uint32                             // a phase; changes under hs.mu
	saying   atomic.Bool                               // somebody writes what a renegotiation says; changes under hs.mu
	detached atomic.Bool                               // Detach took the halves
	calls    atomic.Int32                              // twice the Writes in flight, plus one once closed
	action   atomic.Uint32                             // handshake.Action that the writing role has yet to perform
	fatal    atomic.Pointer[handshake.Error]           // why the engine failed
	pump     atomic.Pointer[pump]                      // of pumped mode
	policy   atomic.Uint32                             // SetRenegotiation's, plus one; 0: the profile's
	fragment atomic.Uint32                             // SetMaxSendFragment's; 0: the profile's
	kept     atomic.Int32                              // len(hs.kept)
	session  atomic.Pointer[sessionIDs]                // what ServerSessions has of it, nil if nothing; changed by who drives
	state    atomic.Pointer[handshake.ConnectionState] // of the last handshake that was completed

	telling sync.Mutex // OnEvent is called once at a time

	hs  driving
	in  inbound  // the reading role
	out outbound // the writing role

	dl                          sync.Mutex // orders changes of the transport's read deadline
	leader                      *deadline  // of the call that drives the handshake, under dl
	yield                       int32      // how many want the reading role from a blocked reader, under dl
	stirred                     bool       // a reader was interrupted, and may yet have to notice, under dl
	carried                     bool       // of pumped mode: it is a caller of Read who reads, under dl
	readDeadline, writeDeadline deadline
}

// driving is the engine when it is not split, and who drives it.
type driving struct {
	mu     sync.Mutex
	engine *handshake.Engine // nil while it is split
	begun  time.Time         // when it was first driven in this handshake
	busy   bool              // somebody drives
	idle   chan struct{}     // closed when nobody does any more; nil if nobody waits
	cancel func()            // ends the application's Answer, nil if it is not asked
	err    error             // final
	kept   []byte            // application data of before and within a renegotiation, which Read takes first
	due    []byte            // what a renegotiation says and nobody writes yet

	lost atomic.Pointer[TransportError] // why what a renegotiation said did not go out
}

// Client makes the client's side of a connection over t. serverName is asked
// for and checked; "" neither. c may be nil. The handshake happens at the first
// Read, Write or Handshake. Close closes t.
func Client(t Transport, p *handshake.ClientProfile, serverName string, c *Config) *Conn {
	return newConn(t, handshake.NewClient(p, serverName, RandomEnv()), c)
}

// Server makes the server's side of a connection over t, as Client does.
func Server(t Transport, p *handshake.ServerProfile, c *Config) *Conn {
	return newConn(t, handshake.NewServer(p, RandomEnv()), c)
}

// New makes a connection over t of an engine that is at its beginning, with
// which the caller has done nothing and does nothing any more.
func New(t Transport, e *handshake.Engine, c *Config) *Conn { return newConn(t, e, c) }

var defaults Config

func newConn(t Transport, e *handshake.Engine, cfg *Config) *Conn {
	if cfg == nil {
		cfg = &defaults
	}
	c := &Conn{cfg: cfg}
	c.hs.engine = e
	nc, ok := t.(net.Conn)
	if !ok {
		nc = emulate(t)
	}
	c.nc = nc
	c.raw = newRawReader(c)
	return c
}

// LocalAddr is the transport's local address; its network and string are "tls"
// if it has none.
func (c *Conn) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr is the transport's remote address, like LocalAddr.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// NetConn is the transport that the connection was made with. Reading it or
// writing to it spoils the connection.
func (c *Conn) NetConn() Transport {
	if e, ok := c.nc.(*emulated); ok {
		return e.t
	}
	return c.nc
}

// State tells what is known of the connection. It is nil while somebody drives
// the first handshake; before and after a failure of that it holds what is known so far.
// Then it is that of the last handshake that was completed.
func (c *Conn) State() *handshake.ConnectionState {
	if s := c.state.Load(); s != nil {
		return s
	}
	c.hs.mu.Lock()
	defer c.hs.mu.Unlock()
	switch {
	case c.state.Load() != nil:
		return c.state.Load()
	case c.hs.busy:
		return nil
	}
	return c.hs.engine.State() // of one that failed, what it takes back is gone
}

// usable says why deadlines can be set no more.
func (c *Conn) usable() error {
	switch {
	case c.isClosed():
		return net.ErrClosed
	case c.detached.Load():
		return ErrDetached
	}
	return nil
}

// wakeWaiters lets those who wait for the handshake look at their deadlines.
func (c *Conn) wakeWaiters() {
	c.hs.mu.Lock()
	defer c.hs.mu.Unlock()
	c.hs.wake()
}

func (c *Conn) isClosed() bool { return c.calls.Load()&1 != 0 }

// onClose has cancel called by Close, until the function that it returns is called.
func (c *Conn) onClose(cancel context.CancelFunc) (forget func()) {
	c.hs.mu.Lock()
	defer c.hs.mu.Unlock()
	c.hs.cancel = cancel
	if c.isClosed() {
		cancel()
	}
	return func() {
		c.hs.mu.Lock()
		defer c.hs.mu.Unlock()
		c.hs.cancel = nil
	}
}
