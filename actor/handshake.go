package actor

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"tacet/handshake"
	"tacet/record"
)

// Handshake runs the handshake, if it is not complete. Read and Write do so by
// themselves. Its error is final unless it is a timeout of a deadline.
func (c *Conn) Handshake() error { return c.HandshakeContext(context.Background()) }

// HandshakeContext is Handshake. If ctx ends before the handshake does, the
// transport is closed, and the error, which is final, is ctx.Err(). Who finds
// another goroutine at the handshake waits for it, and ctx then ends only the wait.
func (c *Conn) HandshakeContext(ctx context.Context) error {
	if c.secured.Load() {
		return nil
	}
	return c.drive(ctx, nil, c.handshake)
}

// secure is the handshake on behalf of a call that has a deadline.
func (c *Conn) secure(dl *deadline) error {
	if c.secured.Load() {
		return nil
	}
	return c.drive(context.Background(), dl, func(ctx context.Context) error {
		c.lead(dl, true)
		defer c.lead(dl, false)
		return c.handshake(ctx)
	})
}

// drive takes the engine, runs f and lets go, unless the handshake is over. It
// waits for who has the engine until ctx ends or dl passes.
func (c *Conn) drive(ctx context.Context, dl *deadline, f func(context.Context) error) error {
	hs := &c.hs
	hs.mu.Lock()
	defer hs.mu.Unlock()
	for hs.busy && hs.err == nil && !c.secured.Load() && !c.isClosed() {
		if err := c.await(ctx, dl); err != nil {
			return err
		}
	}
	switch {
	case hs.err != nil:
		return hs.err
	case c.isClosed():
		return net.ErrClosed
	case c.secured.Load():
		return nil
	}
	err := hs.lend(ctx, f)
	if soft, ok := err.(softError); ok {
		return soft.error
	}
	if err != nil && c.isClosed() && c.fatal.Load() == nil {
		err = net.ErrClosed
	}
	if err != nil && !isDeadline(err) {
		hs.err = err
	}
	return err
}

// lend runs f, which has the engine, without mu. It may panic: the application's
// Answer is called in it.
func (hs *driving) lend(ctx context.Context, f func(context.Context) error) error {
	hs.busy = true
	hs.mu.Unlock()
	defer func() {
		hs.mu.Lock()
		hs.busy = false
		hs.wake()
	}()
	return f(ctx)
}

// isDeadline reports whether a handshake that failed so may be tried again.
func isDeadline(err error) bool {
	return isTimeout(err) && !errors.Is(err, context.DeadlineExceeded)
}

// await waits, without hs.mu, for a change: the engine is free, a deadline moved.
func (c *Conn) await(ctx context.Context, dl *deadline) error {
	hs := &c.hs
	if hs.idle == nil {
		hs.idle = make(chan struct{})
	}
	idle := hs.idle
	var passed <-chan time.Time
	if dl != nil {
		if dl.passed() {
			return os.ErrDeadlineExceeded
		}
		if at := dl.time(); !at.IsZero() {
			timer := time.NewTimer(time.Until(at))
			defer timer.Stop()
			passed = timer.C
		}
	}
	hs.mu.Unlock()
	defer hs.mu.Lock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-passed:
		return os.ErrDeadlineExceeded
	}
}

// wake wakes all who wait. The caller holds mu.
func (hs *driving) wake() {
	if hs.idle != nil {
		close(hs.idle)
		hs.idle = nil
	}
}

// handshake drives the engine until it is split or fails.
func (c *Conn) handshake(ctx context.Context) error {
	if t := c.cfg.HandshakeTimeout; t > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t)
		defer cancel()
	}
	if ctx.Done() == nil {
		return c.negotiate(ctx)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.nc.Close() })
	err := c.negotiate(ctx)
	if !stop() {
		return ctx.Err()
	}
	return err
}

// negotiate is the loop of the handshake. What is due is written before
// anything that may block, so messages in a row share a write.
func (c *Conn) negotiate(ctx context.Context) error {
	e := c.hs.engine
	in := &c.in
	in.role.Lock()
	defer in.role.Unlock()
	defer in.release()
	in.at = time.Now().UnixNano()
	for {
		n, ev := e.Step(in.now(), in.unread())
		in.r += n
		in.spoil() // handshake messages are opened in place
		switch ev.Kind {
		case handshake.NeedInput:
			if err := c.flushEngine(); err != nil {
				return err
			}
			if err := c.fill(); err != nil {
				return c.handshakeEnd(err)
			}
		case handshake.QueryPending:
			if err := c.decide(ctx); err != nil {
				return err
			}
		case handshake.PeerClosed:
			return c.handshakeEnd(errEnd)
		case handshake.Failed:
			return c.fail(e.Err())
		default:
			c.tell(ev, e.Session)
			if ev.Kind == handshake.Secure {
				return c.split()
			}
		}
	}
}

// decide has the engine's query answered.
func (c *Conn) decide(ctx context.Context) error {
	e := c.hs.engine
	if c.cfg.Answer != nil { // which may take its time
		if err := c.flushEngine(); err != nil {
			return err
		}
	}
	err := e.Answer(c.answer(ctx, e.Query()))
	if err == nil || e.Err() != nil {
		return nil // what failed, Step tells
	}
	e.Abort(record.AlertInternalError)
	c.fail(e.Err())
	return err
}

// handshakeEnd says what an end of the transport means.
func (c *Conn) handshakeEnd(err error) error {
	if !errors.Is(err, errEnd) {
		return err
	}
	c.hs.engine.EOF()
	return c.hs.engine.Err()
}

// split ends the handshake: from here on there are two roles. An error of
// writing what is still due is told to the next Write: the peer may have said all that
// it wanted, and be gone.
func (c *Conn) split() error {
	c.drain()
	r, s, err := c.hs.engine.Split()
	if err != nil {
		return c.fail(err) // what came with the last message was bad
	}
	c.out.role.Lock()
	c.in.half, c.out.half = r, s
	c.hs.engine = nil
	c.secured.Store(true)
	if c.cfg.Pumped {
		c.startPump()
	}
	if s.Pending() == 0 && len(c.out.unsent) == 0 {
		c.yieldWriting()
		return nil
	}
	if c.raw == nil {
		// The peer of a pipe may be writing, as we are, and read only then.
		go c.flushDue()
		return nil
	}
	c.flushDue()
	return nil
}

// drain takes the events that are left, without consuming more input.
func (c *Conn) drain() {
	e := c.hs.engine
	for {
		switch _, ev := e.Step(c.in.now(), nil); ev.Kind {
		case handshake.NeedInput, handshake.PeerClosed, handshake.Failed: // the last two repeat
			return
		default:
			c.tell(ev, e.Session)
		}
	}
}

// flushEngine writes what the engine has due.
func (c *Conn) flushEngine() error {
	out := &c.out
	out.role.Lock()
	defer out.role.Unlock()
	if err := c.flushUnsent(); err != nil {
		return err
	}
	n := c.hs.engine.Pending()
	if n == 0 {
		return nil
	}
	return c.send(c.hs.engine.AppendOut(getBuffer(n)[:0]))
}

// fail makes the engine's error final for all, and writes the alert.
func (c *Conn) fail(err error) error {
	var e *handshake.Error
	if !errors.As(err, &e) {
		return err
	}
	c.fatal.Store(e)
	c.limit(time.Now().Add(alertTimeout))
	if c.raw == nil && e.Sent {
		// The peer of a pipe may be writing and hear of the failure only when
		// somebody reads that. What comes does not matter any more.
		_ = c.nc.SetReadDeadline(never)
		defer c.nc.SetReadDeadline(longAgo)
		go io.Copy(io.Discard, c.nc)
	}
	if c.hs.engine != nil {
		_ = c.flushEngine()
	} else if c.out.role.TryLock() {
		_ = c.flush()
		c.yieldWriting()
	}
	return e
}

// tell tells the application of an event; session gives the one that it speaks of.
func (c *Conn) tell(ev handshake.Event, session sessionSource) {
	switch ev.Kind {
	case handshake.SessionReady:
		if s := session(); s != nil && c.cfg.Sessions != nil {
			c.cfg.Sessions.Put(s.ServerName, s)
		}
	case handshake.KeyLogged:
		if c.cfg.KeyLog != nil {
			line := append(ev.Data[:len(ev.Data):len(ev.Data)], '\n')
			_, _ = c.cfg.KeyLog.Write(line)
		}
	}
	if c.cfg.OnEvent != nil {
		c.telling.Lock()
		defer c.telling.Unlock()
		c.cfg.OnEvent(ev)
	}
}

// tellSent tells of the messages that the writing half has sent.
func (c *Conn) tellSent() {
	for _, ev := range c.out.half.Traced() {
		c.tell(ev, nil)
	}
}
