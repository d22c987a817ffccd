package transport

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/record"
)

// Socket is a TLS connection: node's TLSSocket, and a net.Conn. What node emits as
// 'data', 'end' and 'error' Read returns; the other events are SocketEvents.
//
// Its methods may be called from any number of goroutines. The handshake happens in
// Connect, or at the first Read, Write or Handshake. An error of the handshake, or that ends the
// connection, has node's code (CodeOf). Of what accessors tell before the handshake and after
// Close, each says what node's does; most have nothing to tell then.
type Socket struct {
	transport actor.Transport
	side      side
	events    SocketEvents
	tracer    tracer
	queue     queue
	idle      *time.Timer // of OnTimeout, nil without
	timeout   time.Duration
	onClose   func() // once

	info   atomic.Pointer[secured] // of the last handshake that was complete and the peer not refused
	closed atomic.Bool
	told   atomic.Bool // the application of the first handshake
	read   atomic.Int64
	wrote  atomic.Int64

	mu     sync.Mutex
	conn   *actor.Conn               // nil until it is needed
	early  []func(*actor.Conn) error // what was set before
	failed error                     // why the peer was refused
	first  func()                    // tells of the first handshake; nil before that and once it is being told of
}

// side is what a client and a server do each in its way.
type side interface {
	// open makes the connection, with the socket locked.
	open(s *Socket, c *actor.Config) (*actor.Conn, error)
	// answer answers what the engine asks.
	answer(ctx context.Context, s *Socket, q handshake.Query) (handshake.Answer, bool)
	// judge says what the peer is worth once the handshake is complete: authorized, or
	// why not. An error ends the connection, with the alert that it wraps.
	judge(s *Socket, c *handshake.ConnectionState) (authorized bool, why, err error)
	// announce tells the application what this side alone has events for.
	announce(s *Socket, c *handshake.ConnectionState)
	// trusted are the certificates of CA.
	trusted() []*x509.Certificate
	// reverify changes who has to show a certificate, with the socket locked.
	reverify(RenegotiateOptions) error
	// credentials are what there is to show.
	credentials() []*cred.Credential
	// lost is node's message when the transport ends before the connection is secure.
	lost() string
	// highest is the highest version that may be agreed upon.
	highest() record.Version
}

// secured is what is known from a complete handshake on. It is not changed.
type secured struct {
	conn       *actor.Conn
	state      *handshake.ConnectionState
	authorized bool
	why        error
}

// connection is the connection, made if it was not.
func (s *Socket) connection() (*actor.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed.Load():
		return nil, net.ErrClosed
	case s.conn != nil:
		return s.conn, nil
	}
	conn, err := s.side.open(s, s.config())
	if err != nil {
		return nil, err
	}
	s.conn = conn
	for _, f := range s.early {
		if err := f(conn); err != nil {
			return nil, err
		}
	}
	s.early = nil
	return conn, nil
}

// set has f change the connection, once there is one: what has to be said before its handshake
// can be said until then.
func (s *Socket) set(f func(*actor.Conn) error) error {
	s.mu.Lock()
	conn := s.conn
	if conn == nil && !s.closed.Load() {
		s.early = append(s.early, f)
		s.mu.Unlock()
		return nil
	}
	s.mu.Unlock()
	if s.closed.Load() {
		return net.ErrClosed
	}
	return f(conn)
}

// config is what the owner of the connection is told.
func (s *Socket) config() *actor.Config {
	c := &actor.Config{Answer: s.answer, OnEvent: s.event, OnSecure: s.complete, Pumped: s.events.OnSession != nil}
	if s.events.OnKeylog != nil {
		c.KeyLog = keylogWriter{s}
	}
	return c
}

// event hears what the engine tells, on behalf of whoever reads or writes.
func (s *Socket) event(ev handshake.Event) {
	switch ev.Kind {
	case handshake.MessageSent, handshake.MessageReceived:
		s.tracer.event(ev)
	}
}

// complete judges the peer of a handshake, the first or another, before there is anything to read
// from it, and has the application told.
func (s *Socket) complete(state *handshake.ConnectionState) error {
	authorized, why, err := s.side.judge(s, state)
	if err != nil {
		s.distrust(err)
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.info.Swap(&secured{s.conn, state, authorized, why}) == nil {
		s.first = func() { s.side.announce(s, state); s.announce() }
	} else {
		s.queue.add(s.announce)
	}
	return nil
}

func (s *Socket) announce() {
	if f := s.events.OnSecureConnect; f != nil {
		f(s)
	}
}

// distrust keeps why the peer is refused.
func (s *Socket) distrust(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = coded(why)
}

func (s *Socket) answer(ctx context.Context, q handshake.Query) (handshake.Answer, bool) {
	return s.side.answer(ConnContext(ctx, s), s, q)
}

// keylogWriter hands lines to OnKeylog.
type keylogWriter struct{ s *Socket }

func (w keylogWriter) Write(line []byte) (int, error) {
	w.s.events.OnKeylog(w.s, line)
	return len(line), nil
}

// Handshake runs the handshake if it is not complete, and judges the peer.
func (s *Socket) Handshake() error { return s.HandshakeContext(context.Background()) }

// HandshakeContext is Handshake; if ctx ends before it does, the transport is closed.
func (s *Socket) HandshakeContext(ctx context.Context) error {
	_, err := s.ready(func(c *actor.Conn) error { return c.HandshakeContext(ctx) })
	return err
}

// ready is the connection once it is secure and the application told. shake runs the
// handshake on behalf of the caller, with its deadlines.
func (s *Socket) ready(shake func(*actor.Conn) error) (*actor.Conn, error) {
	conn, err := s.connection()
	if err != nil || s.told.Load() {
		return conn, err
	}
	if err := shake(conn); err != nil {
		return nil, s.before(err)
	}
	s.tell()
	return conn, nil
}

// tell tells the application of the first handshake: the first caller does.
func (s *Socket) tell() {
	s.mu.Lock()
	f := s.first
	s.first = nil
	s.told.Store(true)
	s.mu.Unlock()
	if f != nil {
		f()
		s.queue.open()
	}
}

func shakeReading(c *actor.Conn) error {
	_, err := c.Read(nil)
	return err
}

func shakeWriting(c *actor.Conn) error {
	_, err := c.Write(nil)
	return err
}

// before is an error of the handshake in node's words.
func (s *Socket) before(err error) error {
	var timeout net.Error
	switch {
	case errors.Is(err, net.ErrClosed), errors.As(err, &timeout) && timeout.Timeout() && !errors.Is(err, context.DeadlineExceeded):
		return err
	case CodeOf(err) == CodeConnectionReset:
		return &Error{Code: CodeConnectionReset, Message: s.side.lost(), Err: err}
	}
	err = coded(err)
	if s.refused() == nil && errors.Is(err, handshake.KindVerification) {
		s.distrust(err) // the engine did
	}
	return err
}

func (s *Socket) refused() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// Read reads what the peer sent, as net.Conn's does: io.EOF is its close_notify. An
// end of the transport without one, which node takes for an end too, is an error that
// wraps io.ErrUnexpectedEOF, for an attacker can bring it about (RFC 9846 §6.1).
func (s *Socket) Read(p []byte) (int, error) {
	conn, err := s.ready(shakeReading)
	if err != nil {
		return 0, err
	}
	n, err := conn.Read(p)
	s.count(&s.read, int64(n))
	return n, after(err)
}

// Write sends p, in as many records as it takes, and returns once the transport has taken
// them; p stays the caller's. After a deadline has passed, what it counts still goes
// out before the next Write: go on with the rest of p.
func (s *Socket) Write(p []byte) (int, error) {
	conn, err := s.ready(shakeWriting)
	if err != nil {
		return 0, err
	}
	n, err := conn.Write(p)
	s.count(&s.wrote, int64(n))
	return n, after(err)
}

// WriteTo writes to w what the peer sends until its end.
func (s *Socket) WriteTo(w io.Writer) (int64, error) {
	conn, err := s.ready(shakeReading)
	if err != nil {
		return 0, err
	}
	n, err := conn.WriteTo(w)
	s.count(&s.read, n)
	return n, after(err)
}

// ReadFrom sends what r has until its end.
func (s *Socket) ReadFrom(r io.Reader) (int64, error) {
	conn, err := s.ready(shakeWriting)
	if err != nil {
		return 0, err
	}
	n, err := conn.ReadFrom(r)
	s.count(&s.wrote, n)
	return n, after(err)
}

// after gives an error of the engine node's code, and leaves others alone.
func after(err error) error {
	if e := (*handshake.Error)(nil); errors.As(err, &e) {
		return coded(err)
	}
	return err
}

// count counts bytes, and begins to wait for OnTimeout anew.
func (s *Socket) count(sum *atomic.Int64, n int64) {
	sum.Add(n)
	if s.idle != nil && n > 0 && !s.closed.Load() {
		s.idle.Reset(s.timeout)
	}
}

// BytesRead is what Read has given, in bytes.
func (s *Socket) BytesRead() int64 { return s.read.Load() }

// BytesWritten is what Write has taken, in bytes.
func (s *Socket) BytesWritten() int64 { return s.wrote.Load() }

// CloseWrite sends close_notify, node's end: the peer reads io.EOF, and Read goes on.
// A transport that can close its writing half does.
func (s *Socket) CloseWrite() error {
	conn, err := s.ready(shakeWriting)
	if err != nil {
		return err
	}
	return conn.CloseWrite()
}

// Close ends the connection and closes the transport, after close_notify if it was secure.
func (s *Socket) Close() error {
	s.mu.Lock()
	first := !s.closed.Swap(true)
	conn := s.conn
	s.mu.Unlock()
	if s.idle != nil {
		s.idle.Stop()
	}
	if first && s.onClose != nil {
		defer s.onClose()
	}
	if conn != nil {
		return conn.Close()
	}
	if first {
		return s.transport.Close()
	}
	return net.ErrClosed
}

// LocalAddr is the transport's local address; its network and string are "tls" if
// it has none.
func (s *Socket) LocalAddr() net.Addr {
	if nc, ok := s.transport.(net.Conn); ok {
		return nc.LocalAddr()
	}
	return noAddr{}
}

// RemoteAddr is the transport's remote address, like LocalAddr.
func (s *Socket) RemoteAddr() net.Addr {
	if nc, ok := s.transport.(net.Conn); ok {
		return nc.RemoteAddr()
	}
	return noAddr{}
}

type noAddr struct{}

func (noAddr) Network() string { return "tls" }
func (noAddr) String() string  { return "tls" }

// NetConn is the transport. To read it or write to it spoils the connection.
func (s *Socket) NetConn() io.ReadWriteCloser { return s.transport }

// SetDeadline sets both deadlines. They hold for the handshake too.
func (s *Socket) SetDeadline(t time.Time) error {
	return s.set(func(c *actor.Conn) error { return c.SetDeadline(t) })
}

// SetReadDeadline sets the time from which on Read fails, with an error that is
// os.ErrDeadlineExceeded; zero for never.
func (s *Socket) SetReadDeadline(t time.Time) error {
	return s.set(func(c *actor.Conn) error { return c.SetReadDeadline(t) })
}

// SetWriteDeadline sets the time from which on Write fails, like SetReadDeadline.
func (s *Socket) SetWriteDeadline(t time.Time) error {
	return s.set(func(c *actor.Conn) error { return c.SetWriteDeadline(t) })
}
