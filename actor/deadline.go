package actor

import (
	"sync/atomic"
	"time"
)

// epoch is what deadlines are counted from, by the monotonic clock.
var epoch = time.Now()

// deadline is a time after which calls of one direction fail, as the caller set it.
type deadline struct{ at atomic.Int64 } // nanoseconds since epoch; 0: none

func (d *deadline) set(t time.Time) {
	if t.IsZero() {
		d.at.Store(0)
		return
	}
	at := int64(time.Since(epoch)) + int64(min(time.Until(t), 1<<62)) // no overflow
	if at == 0 {
		at = 1
	}
	d.at.Store(at)
}

// passed reports whether the deadline is over.
func (d *deadline) passed() bool {
	at := d.at.Load()
	return at != 0 && int64(time.Since(epoch)) >= at
}

// before reports whether d is earlier than e.
func (d *deadline) before(e *deadline) bool {
	x, y := d.at.Load(), e.at.Load()
	return x != 0 && (y == 0 || x < y)
}

// given reports whether there is one.
func (d *deadline) given() bool { return d != nil && d.at.Load() != 0 }

// time gives the deadline back, zero for none.
func (d *deadline) time() time.Time {
	at := d.at.Load()
	if at == 0 {
		return time.Time{}
	}
	return time.Now().Add(time.Duration(at) - time.Since(epoch))
}

// never is no deadline, longAgo one that has always passed.
var (
	never   time.Time
	longAgo = time.Unix(1, 0)
)

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
	c.dl.Lock()
	err := c.nc.SetReadDeadline(c.readingDeadline())
	if c.leader == &c.readDeadline && !c.ending() {
		_ = c.nc.SetWriteDeadline(c.writingDeadline())
	}
	c.dl.Unlock()
	if p := c.pump.Load(); p != nil {
		p.wake()
	}
	return err
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
	if c.leader == &c.writeDeadline {
		_ = c.nc.SetReadDeadline(c.readingDeadline())
	}
	return c.nc.SetWriteDeadline(c.writingDeadline())
}

// readingDeadline is what the deadline of the transport's Read has to be now. The
// caller holds dl.
func (c *Conn) readingDeadline() time.Time {
	switch {
	case c.yield > 0, c.fatal.Load() != nil: // somebody wants the role; what fail reads ends
		return longAgo
	case c.at(first):
		return c.leading(&c.readDeadline)
	case !c.reads() && c.leader != nil: // who drives reads on behalf of all
		return c.leader.time()
	case !c.reads() || c.detached.Load() || c.pump.Load() != nil && !c.carried:
		return never
	}
	return c.readDeadline.time()
}

// writingDeadline is what the deadline of the transport's Write has to be now. The
// caller holds dl.
func (c *Conn) writingDeadline() time.Time {
	switch {
	case c.saying.Load():
		return never
	case c.at(wanted): // who writes is to let go
		return longAgo
	case c.at(first):
		return c.leading(&c.writeDeadline)
	}
	return c.writeDeadline.time()
}

// leading is the deadline own, or that of the call that drives the handshake, if
// that is earlier.
func (c *Conn) leading(own *deadline) time.Time {
	if l := c.leader; l != nil && l.before(own) {
		return l.time()
	}
	return own.time()
}

// lead has the deadline of a call count for the handshake, nil for none.
func (c *Conn) lead(l *deadline) {
	c.dl.Lock()
	defer c.dl.Unlock()
	was := c.leader
	if c.leader = l; was.given() || l.given() {
		c.aim()
	}
}

// aim sets the transport's deadlines to what they have to be now, unless the last words
// are being written. The caller holds dl.
func (c *Conn) aim() {
	if c.ending() {
		return
	}
	_ = c.nc.SetReadDeadline(c.readingDeadline())
	_ = c.nc.SetWriteDeadline(c.writingDeadline())
}

// ending reports whether the last words are being written, which have their own
// time. The caller holds dl, if it goes by that.
func (c *Conn) ending() bool { return c.isClosed() || c.fatal.Load() != nil }

// limit gives the last words until t. The caller has made it known that it ends.
func (c *Conn) limit(t time.Time) {
	c.dl.Lock()
	defer c.dl.Unlock()
	_ = c.nc.SetWriteDeadline(t)
}

// interrupt makes a reader that blocks in the transport give up its role.
func (c *Conn) interrupt() {
	c.dl.Lock()
	defer c.dl.Unlock()
	c.yield++
	c.stirred = true
	_ = c.nc.SetReadDeadline(longAgo)
}

// resume undoes interrupt.
func (c *Conn) resume() {
	c.dl.Lock()
	defer c.dl.Unlock()
	c.yield--
	_ = c.nc.SetReadDeadline(c.readingDeadline())
}
