package actor

import (
	"net"
	"os"
	"sync"
	"time"
)

// pump is the goroutine of pumped mode. It has the reading role whenever there
// is no plaintext to read, so the peer is read ahead by no more than one buffer.
type pump struct {
	c       *Conn
	mu      sync.Mutex
	turn    sync.Cond // signals changes of all that follows
	filling bool      // the pump has the reading role, or is about to take it
	over    bool      // the pump has ended: take tells why
	timer   *time.Timer
}

// startPump is called when the handshake is complete, with the reading role.
func (c *Conn) startPump() {
	p := &pump{c: c, filling: true}
	p.turn.L = &p.mu
	c.dl.Lock()
	c.pump.Store(p)
	_ = c.nc.SetReadDeadline(never)
	c.dl.Unlock()
	p.wake()
	go p.run()
}

// run reads until there is plaintext, waits until that is read, and so on.
func (p *pump) run() {
	for p.fill() {
		p.mu.Lock()
		p.filling = false
		p.turn.Broadcast()
		for !p.filling && !p.c.isClosed() {
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
	c, in := p.c, &p.c.in
	in.role.Lock()
	defer in.role.Unlock()
	for in.err == nil && !c.isClosed() {
		c.open()
		if len(in.plain) > 0 {
			return true
		}
		if in.err != nil {
			break
		}
		if err := c.fill(); err != nil {
			c.ends(err)
		}
	}
	in.release()
	return false
}

// read is Conn.Read.
func (p *pump) read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.c.isClosed() && p.c.fatal.Load() == nil:
			return 0, net.ErrClosed
		case p.c.readDeadline.passed():
			return 0, os.ErrDeadlineExceeded
		case p.filling:
			p.turn.Wait()
			continue
		}
		n, err, drained := p.take(b)
		if drained && !p.over {
			p.filling = true
			p.turn.Broadcast()
		}
		if n > 0 || err != nil {
			return n, err
		}
		if p.over {
			return 0, net.ErrClosed
		}
	}
}

// take reads what is there, and tells whether that was all.
func (p *pump) take(b []byte) (n int, err error, drained bool) {
	c, in := p.c, &p.c.in
	in.role.Lock()
	defer in.role.Unlock()
	n, err = c.take(b)
	in.release()
	return n, err, len(in.plain) == 0
}

// wake has those who wait look at the deadline and whether the connection is
// closed, and again when the deadline passes.
func (p *pump) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn.Broadcast()
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	if t := p.c.readDeadline.time(); !t.IsZero() && time.Until(t) > 0 {
		p.timer = time.AfterFunc(time.Until(t)+1, p.announce)
	}
}

func (p *pump) announce() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn.Broadcast()
}
