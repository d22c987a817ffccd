package actor

import (
	"context"
	"net"
	"os"
	"sync"
	"time"
)

// pump is the goroutine of pumped mode. It has the reading role while nobody
// reads, until there is plaintext to read: so the peer is read ahead by no more than
// one buffer. Who calls Read while the pump has the role waits for what it brings. Who
// calls Read when it has not takes the role as in borrowed mode, and the pump
// comes back once nobody has read for a moment: a busy connection is never
// handed from goroutine to goroutine.
type pump struct {
	c       *Conn
	mu      sync.Mutex
	turn    sync.Cond // signals changes of all that follows
	filling bool      // the pump has the reading role, or is about to take it
	over    bool      // the pump has ended: reading has its final error
	readers int       // calls of Read that have it, or wait for one that has
	active  bool      // somebody has read since the timer was set
	armed   bool      // the timer is set
	rest    *time.Timer
	alarm   *time.Timer // the read deadline, nil if there is none
}

// pumpDelay is how long nobody must have read before the pump takes over.
const pumpDelay = time.Millisecond

// startPump is called when the handshake is complete, with the reading role.
func (c *Conn) startPump() {
	p := &pump{c: c, filling: true}
	p.turn.L = &p.mu
	p.rest = time.AfterFunc(time.Hour, p.resume)
	p.rest.Stop()
	c.dl.Lock()
	c.pump.Store(p)
	_ = c.nc.SetReadDeadline(never)
	c.dl.Unlock()
	p.wake()
	go p.run()
}

// run reads until there is plaintext, waits until it is wanted again, and so on.
func (p *pump) run() {
	for p.fill() {
		p.mu.Lock()
		p.filling = false
		p.turn.Broadcast()
		for !p.filling && p.c.usable() == nil {
			p.turn.Wait()
		}
		p.mu.Unlock()
	}
	p.mu.Lock()
	p.filling, p.over = false, true
	p.turn.Broadcast()
	p.mu.Unlock()
}

// fill reads until there is plaintext; false when there will be no more.
func (p *pump) fill() bool {
	c := p.c
	for {
		if !c.reads() && c.drive(call{ctx: context.Background()}, c.reads, c.handshake) != nil {
			return false
		}
		if c.kept.Load() > 0 {
			return true
		}
		if c.lockReading() {
			if over, more := p.fillOnce(); over {
				return more
			}
		}
	}
}

// fillOnce is fill until a renegotiation comes in between.
func (p *pump) fillOnce() (over, more bool) {
	c, in := p.c, &p.c.in
	defer in.role.Unlock()
	defer in.release()
	for in.err == nil && !c.isClosed() {
		c.open()
		switch {
		case len(in.plain) > 0:
			return true, true
		case !c.reads():
			return false, false
		case in.err != nil:
			return true, false
		}
		err := c.fill()
		if err == errGiveWay {
			return false, false
		}
		if err != nil && !c.ends(err) {
			in.err = &TransportError{"read", err} // a deadline that is not ours
		}
	}
	return true, false
}

// stir has the pump come back, if it does not read, once nobody has read for a moment.
func (p *pump) stir() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.active = true
	if !p.armed {
		p.arm()
	}
}

// resume lets the pump take the role, unless somebody reads or did lately.
func (p *pump) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = false
	switch {
	case p.active && !p.c.isClosed():
		p.arm()
	case p.readers == 0 && !p.over:
		p.filling = true
		p.turn.Broadcast()
	}
}

func (p *pump) arm() {
	p.active, p.armed = false, true
	p.rest.Reset(pumpDelay)
}

// read is Conn.Read.
func (p *pump) read(b []byte) (int, error) {
	if err := p.enter(); err != nil {
		return 0, err
	}
	n, err := p.c.read(b)
	p.leave(err)
	return n, err
}

// enter waits until the pump gives the role up.
func (p *pump) enter() error {
	c := p.c
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.filling {
		switch {
		case c.isClosed() && c.fatal.Load() == nil:
			return net.ErrClosed
		case c.readDeadline.passed():
			return os.ErrDeadlineExceeded
		case !c.reads() || c.kept.Load() > 0:
			return errGiveWay
		}
		p.turn.Wait()
	}
	if p.readers++; p.readers == 1 {
		c.carry(true)
	}
	return nil
}

func (p *pump) leave(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.readers--; p.readers == 0 {
		p.c.carry(false)
	}
	p.active = true
	if !p.armed && (err == nil || err == errGiveWay || isTimeout(err)) {
		p.arm()
	}
}

// carry says whether it is a caller of Read who reads the transport: then the
// read deadline is the transport's.
func (c *Conn) carry(on bool) {
	c.dl.Lock()
	defer c.dl.Unlock()
	c.carried = on
	if c.readDeadline.given() {
		_ = c.nc.SetReadDeadline(c.readingDeadline())
	}
}

// wake has those who wait look at the deadline and whether the connection is
// closed, and again when the deadline passes.
func (p *pump) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn.Broadcast()
	if p.alarm != nil {
		p.alarm.Stop()
		p.alarm = nil
	}
	if t := p.c.readDeadline.time(); !t.IsZero() && time.Until(t) > 0 {
		p.alarm = time.AfterFunc(time.Until(t)+1, p.announce)
	}
}

func (p *pump) announce() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn.Broadcast()
}
