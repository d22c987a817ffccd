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

	secured  atomic.Bool                               // the engine is split, and who has the reading role reads
	detached atomic.Bool                               // Detach took the halves
	calls    atomic.Int32                              // twice the Writes in flight, plus one once closed
	action   atomic.Uint32                             // handshake.Action that the writing role has yet to perform
	fatal    atomic.Pointer[handshake.Error]           // why the engine failed
	pump     atomic.Pointer[pump]                      // of pumped mode
	policy   atomic.Uint32                             // SetRenegotiation's, plus one; 0: the profile's
	fragment atomic.Uint32                             // SetMaxSendFragment's; 0: the profile's
	kept     atomic.Int32                              // len(hs.kept)
	state    atomic.Pointer[handshake.ConnectionState] // of the last handshake that was completed

	telling sync.Mutex // OnEvent is called once at a time

	hs  driving
	in  inbound  // the reading role
	out outbound // the writing role

	dl                          sync.Mutex // orders changes of the transport's read deadline
	yield                       int32      // how many want the reading role from a blocked reader, under dl
	stirred                     bool       // a reader was interrupted, and may yet have to notice, under dl
	leader                      *deadline  // of the call that drives the handshake, under dl
	carried                     bool       // of pumped mode: it is a caller of Read who reads, under dl
	broken                      int32      // how many want the writing role from a blocked writer, under dl
	joint                       bool       // a renegotiation is driven or awaited, under dl
	hushed                      bool       // what is written is a renegotiation's, under dl
	readDeadline, writeDeadline deadline
}

// driving is the engine when it is not split, and who drives it.
type driving struct {
	mu     sync.Mutex
	engine *handshake.Engine
	begun  time.Time     // when it was first driven in this handshake
	busy   bool          // somebody drives
	idle   chan struct{} // closed when nobody does any more; nil if nobody waits
	cancel func()        // ends the application's Answer, nil if it is not asked
	err    error         // final
	kept   []byte        // application data of before and within a renegotiation, which Read takes first
	due    []byte        // what a renegotiation says and nobody writes yet
	saying bool          // somebody writes it
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

// SetDeadline sets both deadlines. They hold for the handshake too, which reads
// and writes: that of the Read or Write that makes it then holds for both.
func (c *Conn) SetDeadline(t time.Time) error {
	err := c.SetReadDeadline(t)
	if werr := c.SetWriteDeadline(t); err == nil {
		err = werr
	}
	return err
}

// SetReadDeadline sets the time from which on Read fails with an error that is
// os.ErrDeadlineExceeded, blocked ones too; zero for never.
func (c *Conn) SetReadDeadline(t time.Time) error {
	if err := c.usable(); err != nil {
		return err
	}
	c.readDeadline.set(t)
	c.wakeWaiters()
	var err error
	c.dl.Lock()
	if c.yield == 0 { // else resume does it
		err = c.nc.SetReadDeadline(c.transportDeadline())
	}
	if c.leader == &c.readDeadline && !c.ending() {
		_ = c.nc.SetWriteDeadline(c.sendDeadline())
	}
	c.dl.Unlock()
	if p := c.pump.Load(); p != nil {
		p.wake()
	}
	return err
}

// transportDeadline is the deadline of the transport's Read: the caller's, but
// none while the pump reads, or once the transport is somebody else's; once the
// engine has failed there is nothing to read. The caller of this holds dl.
func (c *Conn) transportDeadline() time.Time {
	switch {
	case c.fatal.Load() != nil:
		return longAgo // what fail reads ends
	case c.joint && c.leader != nil:
		return c.leader.time()
	case c.joint || c.detached.Load() || c.pump.Load() != nil && !c.carried:
		return never
	}
	return c.leading(&c.readDeadline)
}

// sendDeadline is the deadline of the transport's Write. The caller holds dl.
func (c *Conn) sendDeadline() time.Time {
	switch {
	case c.hushed:
		return never
	case c.broken > 0:
		return longAgo
	case c.joint:
		return c.writeDeadline.time()
	}
	return c.leading(&c.writeDeadline)
}

// leading is the deadline own of a direction of the transport, or that of the call
// that drives the handshake, which needs both, if that is earlier.
func (c *Conn) leading(own *deadline) time.Time {
	if l := c.leader; l != nil && l.before(own) {
		return l.time()
	}
	return own.time()
}

// lead has the deadline of a call, or none with nil, count for both directions,
// or, with on false, no more. In a renegotiation it counts alone, and only for reading.
func (c *Conn) lead(dl *deadline, on bool) {
	c.dl.Lock()
	defer c.dl.Unlock()
	again := c.state.Load() != nil
	if c.leader, c.joint = nil, on && again; on {
		c.leader = dl
	}
	if !again && (dl == nil || dl.at.Load() == 0) || c.ending() {
		return
	}
	if c.yield == 0 {
		_ = c.nc.SetReadDeadline(c.transportDeadline())
	}
	_ = c.nc.SetWriteDeadline(c.sendDeadline())
}

// ending reports whether the last words are being written, which have their own
// time. The caller holds dl.
func (c *Conn) ending() bool { return c.isClosed() || c.fatal.Load() != nil }

// limit gives the last words until t. The caller has made it known that it ends.
func (c *Conn) limit(t time.Time) {
	c.dl.Lock()
	defer c.dl.Unlock()
	_ = c.nc.SetWriteDeadline(t)
}

// SetWriteDeadline sets the time from which on Write fails, like SetReadDeadline.
// What a Write that timed out has sealed goes out with the next one.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	if err := c.usable(); err != nil {
		return err
	}
	c.writeDeadline.set(t)
	c.wakeWaiters()
	c.dl.Lock()
	defer c.dl.Unlock()
	if c.ending() {
		return nil
	}
	if c.leader == &c.writeDeadline && c.yield == 0 {
		_ = c.nc.SetReadDeadline(c.transportDeadline())
	}
	return c.nc.SetWriteDeadline(c.sendDeadline())
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
