package actor_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"tacet/actor"
)

// fault is what befalls a transport.
type fault int

const (
	stall     fault = iota // nothing moves until release; deadlines and Close work
	stallPart              // half of a write is taken, and then it stalls
	stallFail              // a stall until release, and then a failure
	fail                   // this and all to come in that direction fail
	failPart               // half of a write is taken, and then it fails
	cut                    // the other end of the transport is closed
)

func (f fault) String() string {
	return [...]string{"stall", "stall in the midst", "stall and failure", "failure", "failure in the midst", "end"}[f]
}

// valve is a transport to which something befalls at one of its reads that brings
// something, or at one of its writes.
type valve struct {
	net.Conn
	peer  net.Conn // the other end
	hole  net.Conn // where one blocks that stalls: nothing comes out of it
	plug  net.Conn // the other end of that
	hit   chan struct{}
	fault fault
	read  bool // it befalls a read

	mu       sync.Mutex
	armed    bool
	left     int // reads or writes until then
	happened bool
	released bool
	held     []byte // was read in the moment of a stall
}

// newValve makes a transport's end a valve to which f befalls at the n-th read or write after
// arm, counted from 0.
func newValve(end, peer net.Conn, f fault, read bool, n int) *valve {
	v := &valve{Conn: end, peer: peer, fault: f, read: read, left: n, hit: make(chan struct{})}
	v.hole, v.plug = net.Pipe()
	return v
}

// arm has reads and writes count from now on, or no more.
func (v *valve) arm(on bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.armed = on
}

// strikes counts a read or write, and reports whether the fault has come.
func (v *valve) strikes(read bool) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case read != v.read || !v.armed || v.released && v.fault != stallFail:
		return false
	case v.happened:
		return true
	case v.left > 0:
		v.left--
		return false
	}
	v.happened = true
	close(v.hit)
	if v.fault == cut {
		v.peer.Close()
	}
	return true
}

// struck reports whether the fault came before, in that direction.
func (v *valve) struck(read bool) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.happened && read == v.read && (!v.released || v.fault == stallFail)
}

// release ends a stall, or sees to it that none comes.
func (v *valve) release() {
	v.mu.Lock()
	v.released = true
	v.mu.Unlock()
	v.plug.Close()
}

func (v *valve) isReleased() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.released
}

func (v *valve) Read(p []byte) (int, error) {
	if n := v.take(p); n > 0 {
		return n, nil
	}
	if !v.struck(true) {
		n, err := v.Conn.Read(p)
		if n == 0 || !v.strikes(true) {
			return n, err
		}
		v.hold(p[:n])
	}
	switch v.fault {
	case fail, failPart:
		return 0, errFault
	case cut:
		return 0, io.EOF
	}
	if _, err := v.hole.Read(p[:1]); !v.isReleased() {
		return 0, err
	}
	if v.fault == stallFail {
		return 0, errFault
	}
	if n := v.take(p); n > 0 {
		return n, nil
	}
	return v.Conn.Read(p)
}

// hold keeps what was read in the moment of a fault.
func (v *valve) hold(p []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.held = append(v.held, p...)
	clear(p)
}

// take gives what was held, once it may move.
func (v *valve) take(p []byte) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.released || v.fault == stallFail {
		return 0
	}
	n := copy(p, v.held)
	v.held = v.held[n:]
	return n
}

func (v *valve) Write(p []byte) (n int, err error) {
	before := v.struck(false)
	if !v.strikes(false) {
		return v.Conn.Write(p)
	}
	if !before && (v.fault == stallPart || v.fault == failPart) {
		if n, err = v.Conn.Write(p[:len(p)/2]); err != nil {
			return n, err
		}
	}
	switch v.fault {
	case fail, failPart:
		return n, errFault
	case cut:
		return v.Conn.Write(p)
	}
	if _, err := v.hole.Write(p[n:]); !v.isReleased() {
		return n, err
	}
	if v.fault == stallFail {
		return n, errFault
	}
	m, err := v.Conn.Write(p[n:])
	return n + m, err
}

func (v *valve) SetReadDeadline(t time.Time) error {
	return errors.Join(v.Conn.SetReadDeadline(t), v.hole.SetReadDeadline(t))
}

func (v *valve) SetWriteDeadline(t time.Time) error {
	return errors.Join(v.Conn.SetWriteDeadline(t), v.hole.SetWriteDeadline(t))
}

func (v *valve) SetDeadline(t time.Time) error {
	return errors.Join(v.SetReadDeadline(t), v.SetWriteDeadline(t))
}

func (v *valve) Close() error { return errors.Join(v.Conn.Close(), v.hole.Close()) }

// bare hides that a transport has deadlines.
func bare(t actor.Transport) actor.Transport { return struct{ actor.Transport }{t} }
