package actor

import (
	"context"
	"errors"
	"net"
	"time"

	"tacet/handshake"
	"tacet/record"
)

// ErrDetached is what a connection answers after Detach.
var ErrDetached = errors.New("actor: the engine was taken away")

// UpdateKeys changes the keys that this side writes with, and asks the peer to
// change its own if request is set. TLS 1.3 only; the handshake must be complete.
func (c *Conn) UpdateKeys(request bool) error {
	//= RFC 9846 §4.7.3
	return c.writing("UpdateKeys", func(s *handshake.Sender) error { return s.UpdateKeys(request) })
}

// SetMaxSendFragment sets the most plaintext in a record, 512 to 16384 bytes,
// from the next record on, at any time. It does not block. The peer may have asked for less.
func (c *Conn) SetMaxSendFragment(n int) error {
	if n < handshake.MinSendFragment || n > record.MaxPlaintext {
		return &handshake.Error{Kind: handshake.KindBadArgument, Field: "SetMaxSendFragment"}
	}
	if err := c.usable(); err != nil {
		return err
	}
	c.fragment.Store(uint32(n))
	return nil
}

// writing runs f with the writing role and sends what is due then.
func (c *Conn) writing(what string, f func(*handshake.Sender) error) error {
	if c.state.Load() == nil {
		return &handshake.Error{Kind: handshake.KindNotSecure, Field: what}
	}
	if !c.enter() {
		return net.ErrClosed
	}
	defer c.calls.Add(-2)
	err := c.perform(f)
	for err == errGiveWay { // what is due goes with a renegotiation
		err = c.perform(func(*handshake.Sender) error { return nil })
	}
	return err
}

// perform is writing until a renegotiation breaks it off.
func (c *Conn) perform(f func(*handshake.Sender) error) error {
	if err := c.lockWriting(); err != nil {
		return err
	}
	defer c.yieldWriting()
	if err := c.writable(); err != nil {
		return err
	}
	if err := f(c.out.half); err != nil {
		return err
	}
	return c.flush()
}

// Export derives keying material, as handshake.ConnectionState.Export does. The
// handshake must be complete.
func (c *Conn) Export(label string, context []byte, length int) ([]byte, error) {
	//= RFC 9846 §7.5
	s := c.state.Load()
	if s == nil {
		return nil, &handshake.Error{Kind: handshake.KindNotSecure, Field: "Export"}
	}
	return s.Export(label, context, length)
}

// Do runs f with the engine, alone, and then sends what is due. It waits for a
// handshake or Write that is under way, until ctx ends; a blocked Read makes
// room. f must not keep the engine, Step it or call the connection. It may
// begin a renegotiation: a client's is then made, as by Renegotiate.
func (c *Conn) Do(ctx context.Context, f func(*handshake.Engine) error) error {
	if c.state.Load() == nil {
		ran := false
		err := c.drive(call{ctx: ctx}, func(call) error {
			ran = true
			return c.doEarly(f)
		})
		if ran || err != nil {
			return err
		}
	}
	if err := c.lockBoth(ctx); err != nil {
		return err
	}
	if err := c.alive(); err != nil {
		c.in.role.Unlock()
		c.yieldWriting()
		return err
	}
	err := c.doJoined(f)
	if err == nil && !c.out.joined && c.raw == nil && c.in.half.State().Version < record.TLS13 {
		go c.flushDue() // the peer may be writing too, and nobody reads here until we do
		return nil
	}
	flushErr := c.flush()
	if flushErr == errGiveWay {
		flushErr = nil // it goes with a renegotiation
	}
	joined := c.out.joined
	c.yieldWriting()
	if err == nil {
		err = flushErr
	}
	if err == nil && joined {
		err = c.settle(call{ctx: ctx})
	}
	return err
}

// softError keeps an error of Do from ending the handshake.
type softError struct{ error }

// doEarly is Do before the handshake is complete.
func (c *Conn) doEarly(f func(*handshake.Engine) error) error {
	if err := f(c.hs.engine); err != nil {
		return softError{err}
	}
	return c.flushEngine()
}

// doJoined is Do with the halves made one for a moment. It gives the reading role
// up: the peer may be writing too, and read only then, so what is due is sent later.
func (c *Conn) doJoined(f func(*handshake.Engine) error) error {
	defer c.in.role.Unlock()
	e, err := handshake.Join(c.in.half, c.out.half)
	if err != nil {
		return err
	}
	err = f(e)
	if !e.Secure() && e.Err() == nil {
		c.adopt(e)
		return err
	}
	r, s, splitErr := e.Split()
	if splitErr == nil {
		c.in.half, c.out.half, c.out.fragment = r, s, 0
		return err
	}
	// f has ended the connection: its alert is still due, behind what is unsent.
	c.out.unsent = e.AppendOut(c.out.unsent)
	c.in.err = splitErr
	var dead *handshake.Error
	if errors.As(splitErr, &dead) {
		c.fatal.Store(dead)
	}
	c.limit(time.Now().Add(alertTimeout))
	return errors.Join(err, splitErr)
}

// alive says why the halves cannot be used any more. The caller has both roles.
func (c *Conn) alive() error {
	switch e := c.fatal.Load(); {
	case c.isClosed():
		return net.ErrClosed
	case e != nil:
		return e
	case c.out.err != nil:
		return c.out.err
	case c.in.half.Err() != nil:
		return c.in.half.Err()
	}
	return nil
}

// lockBoth takes the writing role and then the reading one, which a blocked
// reader gives up. (The order is safe: a reader never waits for the writing role.)
func (c *Conn) lockBoth(ctx context.Context) error {
	for {
		if err := c.out.role.LockContext(ctx, c.yieldWriting); err != nil {
			return err
		}
		if !c.out.joined {
			break
		}
		c.yieldWriting()
		if err := c.settle(call{ctx: ctx}); err != nil {
			return err
		}
	}
	if c.detached.Load() { // its transport is not ours to interrupt
		c.yieldWriting()
		return ErrDetached
	}
	c.interrupt()
	err := c.in.role.LockContext(ctx, c.in.role.Unlock)
	c.resume()
	if err != nil {
		c.yieldWriting()
	}
	return err
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
	if c.yield--; c.yield > 0 {
		return
	}
	_ = c.nc.SetReadDeadline(c.transportDeadline())
}

// Detached is what Detach takes away from a connection.
type Detached struct {
	Engine *handshake.Engine
	// Transport is the connection's, or a net.Conn over it that may hold bytes
	// which it has read ahead.
	Transport Transport
	// Plaintext was received and not read; Ciphertext was received and not
	// opened, and is what the engine's next Step starts with. Unsent is due to the peer
	// before anything else.
	Plaintext, Ciphertext, Unsent []byte
}

// stolen is what was kept, for good.
func (c *Conn) stolen() []byte {
	kept := make([]byte, c.kept.Load())
	return kept[:c.takeKept(kept)]
}

// Detach takes the engine and the transport away from a connection whose
// handshake is complete, to go on with them in another way. Deadlines of the transport are
// cleared. All further calls, and those that are blocked in Read, answer ErrDetached; Close
// then does not close the transport. It waits, as Do does, until ctx ends.
func (c *Conn) Detach(ctx context.Context) (*Detached, error) {
	if c.state.Load() == nil {
		return nil, &handshake.Error{Kind: handshake.KindNotSecure, Field: "Detach"}
	}
	if err := c.lockBoth(ctx); err != nil {
		return nil, err
	}
	defer c.in.role.Unlock()
	defer c.yieldWriting()
	if err := c.alive(); err != nil {
		return nil, err
	}
	c.out.half.Perform(handshake.Action(c.action.Swap(0)))
	e, err := handshake.Join(c.in.half, c.out.half)
	if err != nil {
		return nil, err
	}
	in, out := &c.in, &c.out
	d := &Detached{
		Engine: e, Transport: c.nc,
		Plaintext:  append(c.stolen(), in.plain...),
		Ciphertext: append([]byte(nil), in.unread()...),
		Unsent:     e.AppendOut(append([]byte(nil), out.unsent...)),
	}
	if in.buf != nil {
		in.drop()
	}
	in.err, out.err, out.unsent = ErrDetached, ErrDetached, nil
	c.detached.Store(true)
	_ = c.nc.SetDeadline(never)
	if p := c.pump.Load(); p != nil {
		p.wake() // to end
	}
	return d, nil
}
