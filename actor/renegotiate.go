package actor

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"time"

	"tacet/handshake"
)

// maxKept bounds what is kept for Read while a renegotiation is waited for, in bytes.
const maxKept = 1 << 20

// errGiveWay has a call let go of its role and begin again: a renegotiation is under way.
var errGiveWay = errors.New("actor: give way")

// Renegotiate makes another handshake on the connection, up to TLS 1.2 and with
// RFC 5746 only, and returns when it is complete. p, of this side's role, takes the
// place of the profile in force; nil keeps it. Both directions go on: what the peer sends
// meanwhile is given to Read in order, and Write waits from this side's hello on.
// Without a Read it keeps 1 MiB, and waits for one beyond that.
//
// A server asks its client to begin. As long as the client has not, the end of ctx ends
// nothing but the wait; in the handshake it closes the transport and is final, as it
// is for HandshakeContext. A peer that declines ends the connection with
// KindNoRenegotiation. Before the first handshake it is misuse (KindNotSecure), as it is in
// TLS 1.3 and with a peer without RFC 5746 (KindUnsupported).
func (c *Conn) Renegotiate(ctx context.Context, p handshake.Profile) error {
	//= RFC 5746 §3.5
	before := c.state.Load()
	if before == nil {
		return &handshake.Error{Kind: handshake.KindNotSecure, Field: "Renegotiate"}
	}
	err := c.Do(ctx, func(e *handshake.Engine) error { return e.Renegotiate(p) })
	if err != nil || before.Client {
		return err
	}
	return c.listen(call{ctx: ctx}, before)
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
	if p := c.policy.Load(); p != c.in.policy {
		c.in.policy = p
		to.SetRenegotiation(handshake.RenegotiationPolicy(p - 1))
	}
}

// listen reads until the client has answered the HelloRequest and another handshake
// than before is complete.
func (c *Conn) listen(d call, before *handshake.ConnectionState) error {
	hs := &c.hs
	hs.mu.Lock()
	defer hs.mu.Unlock()
	for {
		f := c.handshake
		switch {
		case c.state.Load() != before:
			return nil
		case hs.err != nil:
			return hs.err
		case c.isClosed():
			return net.ErrClosed
		case hs.busy:
			if err := c.await(d); err != nil {
				return err
			}
			continue
		case hs.engine == nil:
			f = c.attend
			c.unsecure()
		}
		if err := c.run(d, f); err != nil {
			return err
		}
	}
}

// attend reads, on behalf of all, until the peer begins the handshake; then it drives that.
func (c *Conn) attend(d call) error {
	c.lead(nil, true)
	defer c.lead(nil, false)
	woken := make(chan struct{})
	stop := context.AfterFunc(d.ctx, func() { c.interrupt(); close(woken) })
	asked, err := c.awaitHello(d)
	if !stop() {
		<-woken
		c.resume()
	}
	if asked {
		return c.handshake(d)
	}
	c.secured.Store(true)
	return softError{err}
}

// awaitHello reads until the peer asks for a handshake.
func (c *Conn) awaitHello(d call) (asked bool, err error) {
	in := &c.in
	c.seize()
	defer in.role.Unlock()
	defer in.release()
	for {
		c.keepPlain()
		switch {
		case in.err == io.EOF:
			return false, &handshake.Error{Kind: handshake.KindClosedInHandshake, Field: "Renegotiate"}
		case in.err != nil:
			return false, in.err
		case d.ctx.Err() != nil:
			return false, d.ctx.Err()
		}
		if err := c.awaitRoom(d); err != nil {
			return false, err
		}
		switch ev := c.step(nil); ev.Kind {
		case handshake.Rejoin:
			return true, nil
		case handshake.Data:
			c.keep(ev.Data)
			in.spoil()
		case handshake.NeedInput:
			if err := c.fill(); err == errGiveWay {
				c.giveWay()
			} else if err != nil && !c.ends(err) {
				return false, err
			}
		}
	}
}

// seize takes the reading role from who blocks in the transport.
func (c *Conn) seize() {
	c.interrupt()
	c.in.role.Lock()
	c.resume()
}

// lockReading takes the reading role for a reader, unless somebody drives a
// handshake: false then. Who has to wait for one that drives interrupts it, for it
// may have the role for as long as the peer likes. (The claim comes before the look at
// secured here, and there the other way round: one of the two sees the other.)
func (c *Conn) lockReading() bool {
	r := &c.in.role
	if r.claims.Add(1) > 1 {
		drives := !c.secured.Load()
		if drives {
			c.interrupt()
		}
		<-r.pass()
		if drives {
			c.resume()
		}
	}
	if c.secured.Load() && c.kept.Load() == 0 {
		return true
	}
	r.Unlock()
	return false
}

// giveWay lets others have the reading role for a moment.
func (c *Conn) giveWay() {
	c.in.role.Unlock()
	runtime.Gosched()
	c.in.role.Lock()
}

// unsecure sends readers away from the reading role, to wait for the handshake.
func (c *Conn) unsecure() {
	c.secured.Store(false)
	if p := c.pump.Load(); p != nil {
		p.announce()
	}
}

// keep keeps application data for Read.
func (c *Conn) keep(data []byte) {
	if len(data) == 0 {
		return
	}
	hs := &c.hs
	hs.mu.Lock()
	hs.kept = append(hs.kept, data...)
	c.kept.Store(int32(len(hs.kept)))
	hs.wake()
	hs.mu.Unlock()
	if p := c.pump.Load(); p != nil {
		p.announce()
	}
}

// keepPlain keeps what was opened in place before.
func (c *Conn) keepPlain() {
	c.keep(c.in.plain)
	c.in.plain = nil
}

// takeKept is Read of what was kept.
func (c *Conn) takeKept(p []byte) int {
	hs := &c.hs
	hs.mu.Lock()
	defer hs.mu.Unlock()
	n := copy(p, hs.kept)
	clear(hs.kept[:n])
	if hs.kept = hs.kept[n:]; len(hs.kept) == 0 {
		hs.kept = nil
	}
	c.kept.Store(int32(len(hs.kept)))
	hs.wake()
	return n
}

// awaitRoom waits, without the reading role, until Read has taken enough of what is kept.
func (c *Conn) awaitRoom(d call) error {
	if c.kept.Load() < maxKept {
		return nil
	}
	c.in.role.Unlock()
	defer c.in.role.Lock()
	hs := &c.hs
	hs.mu.Lock()
	defer hs.mu.Unlock()
	for len(hs.kept) >= maxKept {
		if c.isClosed() {
			return net.ErrClosed
		}
		if err := c.await(d); err != nil {
			return err
		}
	}
	return nil
}

// join makes an engine of the halves again, for a renegotiation that the peer wants. A
// Write that blocks is broken off, between records: it goes on afterwards.
func (c *Conn) join() error {
	c.breakOff(1)
	c.out.role.Lock()
	c.breakOff(-1)
	defer c.yieldWriting()
	c.seize()
	defer c.in.role.Unlock()
	if c.hs.engine != nil { // Do was quicker
		return nil
	}
	if err := c.alive(); err != nil {
		return err
	}
	c.out.half.Perform(handshake.Action(c.action.Swap(0)))
	e, err := handshake.Join(c.in.half, c.out.half)
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
	out, hs := &c.out, &c.hs
	out.joined = true
	c.hush(true)
	hs.mu.Lock()
	hs.engine = e
	hs.mu.Unlock()
	c.unsecure()
	c.say(out.unsent)
	out.unsent = nil
}

// breakOff counts those who want the writing role from who blocks in the transport.
func (c *Conn) breakOff(n int32) {
	c.dl.Lock()
	defer c.dl.Unlock()
	if c.broken += n; !c.ending() {
		_ = c.nc.SetWriteDeadline(c.sendDeadline())
	}
}

// hush says whether what is written is a renegotiation's, for which a deadline that
// was set for Write says nothing.
func (c *Conn) hush(on bool) {
	c.dl.Lock()
	defer c.dl.Unlock()
	if c.hushed = on; !c.ending() {
		_ = c.nc.SetWriteDeadline(c.sendDeadline())
	}
}

// settle waits for the end of a renegotiation that keeps others from the writing
// role, and drives it if nobody does.
func (c *Conn) settle(d call) error {
	hs := &c.hs
	hs.mu.Lock()
	defer hs.mu.Unlock()
	for {
		var err error
		switch {
		case hs.err != nil:
			return hs.err
		case c.isClosed():
			return net.ErrClosed
		case hs.engine == nil && !hs.saying:
			return nil
		case hs.busy || hs.engine == nil:
			err = c.await(d)
		default:
			err = c.run(d, c.handshake)
		}
		if err != nil {
			return err
		}
	}
}

// say has b written by a goroutine of its own: the peer may be writing too, and
// read only then, so who reads never waits for what it writes.
func (c *Conn) say(b []byte) {
	if len(b) == 0 {
		return
	}
	hs := &c.hs
	hs.mu.Lock()
	defer hs.mu.Unlock()
	hs.due = append(hs.due, b...)
	if !hs.saying {
		hs.saying = true
		go c.speak()
	}
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
			c.muted(err)
			return
		}
	}
}

// said gives Write its turn, if the handshake is over and all is written.
func (c *Conn) said() bool {
	c.out.role.Lock()
	defer c.yieldWriting()
	hs := &c.hs
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if len(hs.due) > 0 {
		return false
	}
	hs.saying = false
	if hs.engine == nil {
		c.out.joined = false
		c.hush(false)
	}
	hs.wake()
	return true
}

// muted deals with an error of the transport. It ends a handshake that is under way.
func (c *Conn) muted(err error) {
	c.out.role.Lock()
	defer c.yieldWriting()
	hs := &c.hs
	hs.mu.Lock()
	defer hs.mu.Unlock()
	hs.saying, hs.due = false, nil
	hs.wake()
	lost := &TransportError{"write", err}
	switch {
	case c.fatal.Load() != nil || c.isClosed() || hs.err != nil:
	case hs.engine != nil:
		hs.err = lost
		_ = c.nc.Close()
	}
	if hs.engine == nil {
		c.out.joined, c.out.err = false, lost
		c.hush(false)
	}
}

// spoken waits, for as long as last words may take, until all is written.
func (c *Conn) spoken() {
	ctx, cancel := context.WithTimeout(context.Background(), alertTimeout)
	defer cancel()
	hs := &c.hs
	hs.mu.Lock()
	defer hs.mu.Unlock()
	for hs.saying && c.await(call{ctx: ctx}) == nil {
	}
}

// closeJoint is Close in the midst of a renegotiation: close_notify goes out under
// the keys in force. It reports whether there was one.
func (c *Conn) closeJoint() bool {
	hs := &c.hs
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if hs.engine == nil {
		return false
	}
	if hs.cancel != nil {
		hs.cancel()
	}
	hs.wake()
	hs.mu.Unlock()
	c.interrupt()
	hs.mu.Lock()
	ctx, cancel := context.WithTimeout(context.Background(), roomTimeout)
	defer cancel()
	for hs.busy && c.await(call{ctx: ctx}) == nil {
	}
	if e := hs.engine; e != nil && !hs.busy {
		hs.busy = true
		hs.mu.Unlock()
		c.limit(time.Now().Add(alertTimeout))
		e.CloseWrite()
		c.say(e.AppendOut(nil))
		c.spoken()
		hs.mu.Lock()
		hs.busy = false
	}
	hs.mu.Unlock()
	c.resume()
	c.discard()
	hs.mu.Lock()
	return true
}
