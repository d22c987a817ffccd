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
	if c.at(first) {
		ran := false
		err := c.drive(call{ctx: ctx}, func() bool { return ran || !c.at(first) }, func(call) error {
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
	err := c.within(f)
	flushErr := c.flush()
	again := c.at(whole)
	c.yieldWriting()
	switch {
	case err != nil:
		return err
	case again:
		return c.settle(call{ctx: ctx})
	case flushErr == errGiveWay: // it goes with a renegotiation
		return nil
	}
	return flushErr
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

// within runs f with the halves made one for a moment, or for as long as the
// renegotiation takes that f begins. It gives the reading role up: the peer may be writing
// too, and read only then, so what is due is sent later.
func (c *Conn) within(f func(*handshake.Engine) error) error {
	defer c.in.role.Unlock()
	e, err := c.unite()
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

// unite makes one engine of the halves. The caller has both roles.
func (c *Conn) unite() (*handshake.Engine, error) {
	if err := c.alive(); err != nil {
		return nil, err
	}
	c.out.half.Perform(handshake.Action(c.action.Swap(0)))
	return handshake.Join(c.in.half, c.out.half)
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
// reader gives up, while the engine is split. (The order is safe: a reader never waits
// for the writing role.)
func (c *Conn) lockBoth(ctx context.Context) error {
	for {
		err := c.out.role.LockContext(ctx, c.yieldWriting)
		switch {
		case err != nil:
			return err
		case c.detached.Load(): // its transport is not ours to interrupt
			c.yieldWriting()
			return ErrDetached
		case c.writes():
			if err := c.lockReadingToo(ctx); err != errGiveWay {
				return err
			}
			continue
		}
		c.yieldWriting()
		if err := c.settle(call{ctx: ctx}); err != nil {
			return err
		}
	}
}

// lockReadingToo is lockBoth from the writing role on. It is errGiveWay, without a role, if the
// peer wants a renegotiation first.
func (c *Conn) lockReadingToo(ctx context.Context) error {
	c.interrupt()
	err := c.in.role.LockContext(ctx, c.in.role.Unlock)
	c.resume()
	if err == nil && c.writes() {
		return nil
	}
	if err == nil {
		c.in.role.Unlock()
		err = errGiveWay
	}
	c.yieldWriting()
	return err
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
	e, err := c.unite()
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
