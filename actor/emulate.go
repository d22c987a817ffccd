package actor

import (
	"net"
	"os"
	"sync"
	"time"
)

// emulated makes a net.Conn of any Transport. A Read or Write of the transport
// runs in a goroutine that lasts as long as the call; its caller waits for it,
// the deadline or Close, whichever is first. Bytes that come too late are kept
// for the next Read; a Write that times out has taken its bytes.
type emulated struct {
	t      Transport
	in     reading
	out    writing
	once   sync.Once
	closed chan struct{}
	err    error // of Close
}

// reading is the transport's Read under way, or what it brought.
type reading struct {
	alarm alarm
	buf   []byte
	rest  []byte // part of buf, not yet given out
	err   error
	busy  bool
	done  chan struct{} // one token when the Read is over
}

// writing is the transport's Write under way.
type writing struct {
	alarm alarm
	buf   []byte
	err   error
	busy  bool
	done  chan struct{} // one token when the Write is over
}

func emulate(t Transport) *emulated {
	e := &emulated{t: t, closed: make(chan struct{})}
	e.in.done, e.out.done = make(chan struct{}, 1), make(chan struct{}, 1)
	e.in.alarm.ring, e.out.alarm.ring = make(chan struct{}), make(chan struct{})
	return e
}

// wait waits for a token of done; nil when it came.
func (e *emulated) wait(a *alarm, done chan struct{}) error {
	ring := a.wait()
	select {
	case <-ring:
		return os.ErrDeadlineExceeded
	default:
	}
	select {
	case <-done:
		return nil
	case <-e.closed:
		return net.ErrClosed
	case <-ring:
		return os.ErrDeadlineExceeded
	}
}

// Read is called by one goroutine at a time, as is Write.
func (e *emulated) Read(p []byte) (int, error) {
	in := &e.in
	if in.busy || len(in.rest) == 0 && in.err == nil {
		if !in.busy {
			in.busy = true
			go e.fetch()
		}
		if err := e.wait(&in.alarm, in.done); err != nil {
			return 0, err
		}
		in.busy = false
	}
	n := copy(p, in.rest)
	in.rest = in.rest[n:]
	if len(in.rest) > 0 {
		return n, nil
	}
	if in.buf != nil {
		putBuffer(in.buf)
		in.buf = nil
	}
	if n > 0 {
		return n, nil
	}
	return 0, in.err
}

func (e *emulated) fetch() {
	in := &e.in
	in.buf = getBuffer(smallBuffer)
	n, err := e.t.Read(in.buf)
	in.rest, in.err = in.buf[:n], err
	in.done <- struct{}{}
}

// Write returns len(p) together with the error when the deadline passes while
// the transport has yet to take p: it still goes out before all that follows.
func (e *emulated) Write(p []byte) (int, error) {
	out := &e.out
	if out.busy {
		if err := e.wait(&out.alarm, out.done); err != nil {
			return 0, err
		}
		out.busy = false
	}
	if out.err != nil {
		return 0, out.err
	}
	if out.alarm.rung() {
		return 0, os.ErrDeadlineExceeded
	}
	out.busy = true
	buf := getBuffer(len(p))
	out.buf = buf[:copy(buf, p)]
	go e.store()
	if err := e.wait(&out.alarm, out.done); err != nil {
		return len(p), err
	}
	out.busy = false
	if out.err != nil {
		return 0, out.err
	}
	return len(p), nil
}

func (e *emulated) store() {
	out := &e.out
	_, out.err = e.t.Write(out.buf)
	putBuffer(out.buf[:cap(out.buf)])
	out.buf = nil
	out.done <- struct{}{}
}

func (e *emulated) Close() error {
	e.once.Do(func() {
		close(e.closed)
		e.err = e.t.Close()
	})
	return e.err
}

// CloseWrite half-closes the transport if it can.
func (e *emulated) CloseWrite() error {
	if t, ok := e.t.(interface{ CloseWrite() error }); ok {
		return t.CloseWrite()
	}
	return nil
}

func (*emulated) LocalAddr() net.Addr  { return noAddr{} }
func (*emulated) RemoteAddr() net.Addr { return noAddr{} }

func (e *emulated) SetDeadline(t time.Time) error {
	e.in.alarm.set(t)
	e.out.alarm.set(t)
	return nil
}

func (e *emulated) SetReadDeadline(t time.Time) error {
	e.in.alarm.set(t)
	return nil
}

func (e *emulated) SetWriteDeadline(t time.Time) error {
	e.out.alarm.set(t)
	return nil
}

// alarm is a deadline that can be waited for.
type alarm struct {
	mu    sync.Mutex
	timer *time.Timer
	ring  chan struct{} // closed once the deadline has passed
}

// set sets the alarm to t; zero: it never rings.
func (a *alarm) set(t time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer != nil && !a.timer.Stop() {
		<-a.ring // the timer has fired: let it finish
	}
	a.timer = nil
	select {
	case <-a.ring:
		a.ring = make(chan struct{})
	default:
	}
	if t.IsZero() {
		return
	}
	ring := a.ring
	if d := time.Until(t); d > 0 {
		a.timer = time.AfterFunc(d, func() { close(ring) })
		return
	}
	close(ring)
}

// wait gives the channel that is closed when the alarm rings.
func (a *alarm) wait() chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ring
}

// rung reports whether the alarm has rung.
func (a *alarm) rung() bool {
	select {
	case <-a.wait():
		return true
	default:
		return false
	}
}
