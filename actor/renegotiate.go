package actor

import (
	"context"
	"errors"
	"io"
	"runtime"

	"tacet/handshake"
)

// errGiveWay has a call let go of its role and begin again: a renegotiation is under way.
var errGiveWay = errors.New("actor: give way")

// Renegotiate makes another handshake on the connection, up to TLS 1.2 and with
// RFC 5746 only, and returns when it is complete. p, of this side's role, takes the
// place of the profile in force; nil keeps it. Both directions go on: what the peer sends
// meanwhile is given to Read in order, and Write waits from this side's hello on.
// Without a Read it keeps 1 MiB, and waits for one beyond that.
//
// Deadlines end the Reads and Writes that wait for it, but not the renegotiation: it goes on
// where it stood with the next call, and what it has to say goes out whatever they are. An
// error of the transport, and Close, end it. If the transport takes no more, the peer's reason is
// the error, where one comes within a second.
//
// A server asks its client to begin. As long as the client has not, the end of ctx ends
// nothing but the wait; in the handshake it closes the transport and is final, as it
// is for HandshakeContext. A peer that declines ends the connection with
// KindNoRenegotiation. Before the first handshake it is misuse (KindNotSecure), as it is in
// TLS 1.3 and with a peer without RFC 5746 (KindUnsupported).
func (c *Conn) Renegotiate(ctx context.Context, p handshake.Profile) error {
	//= RFC 5746 §3.5
	if c.at(first) {
		return &handshake.Error{Kind: handshake.KindNotSecure, Field: "Renegotiate"}
	}
	if err := c.lockBoth(ctx); err != nil {
		return err
	}
	before := c.state.Load()
	err := c.within(func(e *handshake.Engine) error { return e.Renegotiate(p) })
	if err == nil {
		c.sayDue()
	}
	c.yieldWriting()
	switch {
	case err != nil:
		return err
	case before.Client:
		return c.settle(call{ctx: ctx})
	}
	return c.drive(call{ctx: ctx, asks: true}, func() bool { return c.state.Load() != before }, c.attend)
}

// SetRenegotiation says what becomes of a peer's wish to renegotiate from the next
// record on, at any time and whatever the profile says. It does not block.
func (c *Conn) SetRenegotiation(p handshake.RenegotiationPolicy) { c.policy.Store(uint32(p) + 1) }

// policed is what can be told the policy: an Engine, or its Receiver.
type policed interface {
	SetRenegotiation(handshake.RenegotiationPolicy)
}

// obey puts the policy that was set last in force.
func (c *Conn) obey(to policed) {
	if p := uint8(c.policy.Load()); p != c.in.policy {
		c.in.policy = p
		to.SetRenegotiation(handshake.RenegotiationPolicy(p - 1))
	}
}

// attend reads, on behalf of all, until the client answers the HelloRequest; then it drives
// the handshake.
func (c *Conn) attend(d call) error {
	c.hs.mu.Lock()
	if c.at(apart) {
		c.become(asking)
	}
	c.hs.mu.Unlock()
	woken := make(chan struct{})
	stop := context.AfterFunc(d.ctx, func() { c.interrupt(); close(woken) })
	err := c.awaitHello(d)
	if !stop() {
		<-woken
		c.resume()
	}
	c.hs.mu.Lock()
	given := c.at(asking)
	if given {
		c.become(apart)
	}
	c.hs.mu.Unlock()
	if given {
		return softError{err}
	}
	return c.handshake(d)
}

// awaitHello reads until the client begins a handshake, in whose phase the connection then is.
func (c *Conn) awaitHello(d call) error {
	in := &c.in
	c.seize()
	defer in.role.Unlock()
	defer in.release()
	for c.at(asking) {
		c.keepPlain()
		switch lost := c.hs.lost.Load(); {
		case in.err == io.EOF:
			return &handshake.Error{Kind: handshake.KindClosedInHandshake, Field: "Renegotiate"}
		case in.err != nil:
			return in.err
		case lost != nil:
			return lost
		case d.ctx.Err() != nil:
			return d.ctx.Err()
		}
		if err := c.awaitRoom(d); err != nil {
			return err
		}
		switch ev := c.step(nil); ev.Kind {
		case handshake.Data:
			c.keep(ev.Data)
			in.spoil()
		case handshake.NeedInput:
			if err := c.fill(); err == errGiveWay {
				c.giveWay()
			} else if err != nil && !c.ends(err) {
				return err
			}
		}
	}
	return nil
}

// seize takes the reading role from who blocks in the transport.
func (c *Conn) seize() {
	c.interrupt()
	c.in.role.Lock()
	c.resume()
}

// lockReading takes the reading role for a reader, unless somebody drives a
// handshake: false then.
func (c *Conn) lockReading() bool {
	c.claimReading()
	if c.reads() && c.kept.Load() == 0 {
		return true
	}
	c.in.role.Unlock()
	return false
}

// claimReading takes the reading role for a reader. Who has to wait for one that drives a
// handshake interrupts it, for it may have the role for as long as the peer likes. (The
// claim comes before the look at the phase here, and there the other way round: one of the two
// sees the other.)
func (c *Conn) claimReading() {
	r := &c.in.role
	if r.claims.Add(1) == 1 {
		return
	}
	drives := !c.reads()
	if drives {
		c.interrupt()
	}
	<-r.pass()
	if drives {
		c.resume()
	}
}

// giveWay lets others have the reading role for a moment, of one that drives.
func (c *Conn) giveWay() {
	c.in.role.Unlock()
	runtime.Gosched()
	c.in.role.Lock()
}

// join makes an engine of the halves again, for a renegotiation that the peer wants. A
// Write that blocks was broken off, between records: it goes on afterwards.
func (c *Conn) join() error {
	c.out.role.Lock()
	defer c.yieldWriting()
	c.in.role.Lock()
	defer c.in.role.Unlock()
	e, err := c.unite()
	if err != nil {
		return err
	}
	c.adopt(e)
	return nil
}

// adopt has an engine that is in a handshake take the place of the halves. The
// caller has both roles.
func (c *Conn) adopt(e *handshake.Engine) {
	c.keepPlain()
	hs := &c.hs
	hs.mu.Lock()
	hs.engine = e
	c.become(whole)
	hs.mu.Unlock()
	c.sayDue()
}

// closeWhole is Close in the midst of a renegotiation: close_notify goes out under
// the keys in force, until ctx ends. It is false if the renegotiation came to its end first.
func (c *Conn) closeWhole(ctx context.Context) bool {
	room, cancel := context.WithTimeout(ctx, roomTimeout)
	defer cancel()
	hs := &c.hs
	hs.mu.Lock()
	if hs.cancel != nil {
		hs.cancel()
	}
	hs.wake()
	c.interrupt()
	for hs.busy && c.await(call{ctx: room}) == nil {
	}
	over := hs.engine == nil
	if !hs.busy && !over {
		_ = hs.lend(call{}, func(call) error {
			hs.engine.CloseWrite()
			c.say(hs.engine.AppendOut(nil))
			c.spoken(ctx)
			return nil
		})
	}
	hs.mu.Unlock()
	c.resume()
	if !over {
		c.discard()
	}
	return !over
}
