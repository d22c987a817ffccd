package actor

import (
	"context"
	"time"
)

// What a renegotiation says is written by a goroutine of its own, which lasts as long as
// there is something to write: the peer may be writing too, and read only then, so who
// drives never waits for what it says. No deadline is for it, and Write waits its turn.

// say has b written, behind what is being said already. The caller drives a whole engine, or
// has the writing role.
func (c *Conn) say(b []byte) {
	if len(b) == 0 {
		return
	}
	hs := &c.hs
	hs.mu.Lock()
	defer hs.mu.Unlock()
	hs.due = append(hs.due, b...)
	if c.saying.Swap(true) {
		return
	}
	c.changed()
	if c.isClosed() { // and Close has broken off what a Write might have said
		c.limit(time.Now().Add(alertTimeout))
	}
	go c.speak()
}

// sayDue says what was left unsent and what the writing half has due. The caller has the
// writing role.
func (c *Conn) sayDue() {
	out := &c.out
	c.say(out.unsent)
	out.unsent = nil
	c.say(out.half.AppendOut(nil))
}

// speak writes what is due until there is no more.
func (c *Conn) speak() {
	hs := &c.hs
	for {
		hs.mu.Lock()
		due := hs.due
		hs.due = nil
		hs.mu.Unlock()
		if len(due) == 0 {
			if c.said() {
				return
			}
			continue
		}
		if _, err := c.nc.Write(due); err != nil {
			c.muted(&TransportError{"write", err})
			return
		}
	}
}

// said gives Write its turn, if all is written.
func (c *Conn) said() bool {
	c.out.role.Lock() // who has it may be about to say more
	defer c.yieldWriting()
	hs := &c.hs
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if len(hs.due) > 0 {
		return false
	}
	c.saying.Store(false)
	c.changed()
	return true
}

// muted deals with an error of the transport. A handshake under way is over then, but the
// peer may have said why: who drives has a moment to read that.
func (c *Conn) muted(lost *TransportError) {
	c.out.role.Lock()
	hs := &c.hs
	hs.mu.Lock()
	hs.due = nil
	hs.lost.Store(lost)
	c.saying.Store(false)
	c.changed()
	switch {
	case hs.engine == nil:
		c.out.err = lost
	case !c.ending():
		time.AfterFunc(roomTimeout, c.giveUp)
	}
	hs.mu.Unlock()
	c.yieldWriting()
	if c.at(asking) {
		c.seize() // from who waits for an answer to what was not said
		c.in.role.Unlock()
	}
}

// giveUp closes the transport of a handshake whose peer has not said why it can no longer be
// written to. One that came to its end meanwhile left the connection to read from.
func (c *Conn) giveUp() {
	c.hs.mu.Lock()
	under := c.hs.engine != nil
	c.hs.mu.Unlock()
	if under {
		_ = c.nc.Close()
	}
}

// spoken waits until all is written, or ctx ends.
func (c *Conn) spoken(ctx context.Context) {
	c.hs.mu.Lock()
	defer c.hs.mu.Unlock()
	for c.saying.Load() && c.await(call{ctx: ctx}) == nil {
	}
}
