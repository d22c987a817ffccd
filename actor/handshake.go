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
	if c.state.Load() != nil {
		return nil
	}
	return c.drive(call{ctx: ctx}, func() bool { return !c.at(first) }, c.handshake)
}

// call is on whose behalf somebody drives the engine or waits for who does: until
// ctx ends or dl, if there is one, passes.
type call struct {
	ctx   context.Context
	dl    *deadline
	reads bool // it is content with data
	asks  bool // it wants another handshake than the last: else it waits while the engine is split
}

// drive has f drive the engine, as often as it takes until done, or waits for who does.
// done is called with hs.mu.
func (c *Conn) drive(d call, done func() bool, f func(call) error) error {
	hs := &c.hs
	hs.mu.Lock()
	defer hs.mu.Unlock()
	for {
		var err error
		switch {
		case done():
			return nil
		case hs.err != nil:
			return hs.err
		case c.isClosed():
			return net.ErrClosed
		case hs.busy || c.at(apart) && !d.asks:
			err = c.await(d)
		default:
			err = c.run(d, f)
		}
		if err != nil {
			return err
		}
	}
}

// settle waits until Write may have its turn: for the end of a handshake, which it drives if
// nobody does, and until what that said is written.
func (c *Conn) settle(d call) error { return c.drive(d, c.writes, c.handshake) }

// run has f use the engine, which nobody has, and sorts its error.
func (c *Conn) run(d call, f func(call) error) error {
	hs := &c.hs
	err := hs.lend(d, f)
	if soft, ok := err.(softError); ok {
		return soft.error
	}
	switch {
	case err == nil:
		return nil
	case c.isClosed() && c.fatal.Load() == nil:
		err = net.ErrClosed
	case hs.err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled):
		return hs.err // the cause
	}
	if !isDeadline(err) {
		hs.err = err
	}
	return err
}

// lend runs f, which has the engine, without mu. It may panic: the application's
// Answer is called in it.
func (hs *driving) lend(d call, f func(call) error) error {
	hs.busy = true
	hs.mu.Unlock()
	defer func() {
		hs.mu.Lock()
		hs.busy = false
		hs.wake()
	}()
	return f(d)
}

// isDeadline reports whether a handshake that failed so may be tried again.
func isDeadline(err error) bool {
	return isTimeout(err) && !errors.Is(err, context.DeadlineExceeded)
}

// await waits, without hs.mu, for a change: the engine is free, a deadline moved.
func (c *Conn) await(d call) error {
	hs, dl := &c.hs, d.dl
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
	case <-d.ctx.Done():
		return d.ctx.Err()
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
func (c *Conn) handshake(d call) error {
	c.lead(d.dl)
	defer c.lead(nil)
	if c.hs.begun.IsZero() {
		c.hs.begun = time.Now()
	}
	if t := c.cfg.HandshakeTimeout; t > 0 {
		var cancel context.CancelFunc
		d.ctx, cancel = context.WithDeadline(d.ctx, c.hs.begun.Add(t))
		defer cancel()
	}
	if d.ctx.Done() == nil {
		return c.negotiate(d)
	}
	stop := context.AfterFunc(d.ctx, func() { _ = c.nc.Close() })
	err := c.negotiate(d)
	if !stop() {
		return d.ctx.Err()
	}
	return err
}

// negotiate is the loop of the handshake. What is due is written before
// anything that may block, so messages in a row share a write.
func (c *Conn) negotiate(d call) error {
	if c.at(wanted) {
		if err := c.join(); err != nil {
			return err
		}
	}
	in := &c.in
	in.role.Lock() // nobody blocks with it who reads, for the phase does not let them
	defer in.role.Unlock()
	defer in.release()
	in.at = time.Now().UnixNano()
	for {
		over, err := c.turn(d)
		if over || err != nil {
			return err
		}
	}
}

// turn takes one event of the handshake, and does what it asks for; over tells that it was the last.
func (c *Conn) turn(d call) (over bool, err error) {
	e, in := c.hs.engine, &c.in
	if c.obey(e); e.Secure() { // a panic of OnSecure left it so: nothing is read without its verdict
		return c.split()
	}
	n, ev := e.Step(in.now(), in.unread())
	in.r += n
	in.spoil() // handshake messages are opened in place
	switch ev.Kind {
	case handshake.NeedInput:
		err = c.awaitPeer(e)
	case handshake.QueryPending:
		err = c.decide(d.ctx)
	case handshake.Data:
		err = c.overtaken(d, ev.Data)
	case handshake.PeerClosed:
		if !e.Secure() {
			return true, c.ended()
		}
	case handshake.Failed:
		return true, c.fail(e.Err())
	default:
		c.tell(ev, e.Session)
	}
	if err == nil && e.Secure() {
		return c.split()
	}
	return false, err
}

// awaitPeer sends what is due and reads.
func (c *Conn) awaitPeer(e *handshake.Engine) error {
	if err := c.flushEngine(); err != nil || e.Secure() {
		return err
	}
	err := c.fill()
	if err == errGiveWay {
		c.giveWay()
		return nil
	}
	if err != nil {
		return c.handshakeEnd(err)
	}
	return nil
}

// overtaken keeps data that was on its way when a renegotiation began.
func (c *Conn) overtaken(d call, data []byte) error {
	c.keep(data)
	if err := c.flushEngine(); err != nil {
		return err
	}
	if d.reads {
		return softError{nil}
	}
	return c.awaitRoom(d)
}

// decide has the engine's query answered.
func (c *Conn) decide(ctx context.Context) error {
	e := c.hs.engine
	if c.cfg.Answer != nil { // which may take its time
		if err := c.flushEngine(); err != nil {
			return err
		}
	}
	err := e.Answer(c.ask(ctx, e.Query()))
	if err == nil || e.Err() != nil {
		return nil // what failed, Step tells
	}
	e.Abort(record.AlertInternalError)
	c.fail(e.Err())
	return err
}

// ask is answer, without the reading role.
func (c *Conn) ask(ctx context.Context, q handshake.Query) handshake.Answer {
	c.in.role.Unlock()
	defer c.in.role.Lock()
	return c.answer(ctx, q)
}

// handshakeEnd says what an end of the transport means.
func (c *Conn) handshakeEnd(err error) error {
	switch lost := c.hs.lost.Load(); {
	case isTimeout(err):
		return err
	case lost != nil: // what came first
		return lost
	case err == errEnd:
		return c.ended()
	}
	return err
}

// ended tells the engine that there is nothing more to come.
func (c *Conn) ended() error {
	c.hs.engine.EOF()
	return c.hs.engine.Err()
}

// split ends the handshake: from here on there are two roles. It may be that the
// peer has begun another already: then it is not over.
func (c *Conn) split() (over bool, err error) {
	c.drain()
	e := c.hs.engine
	if e.Secure() {
		c.own(e.State())
		if f := c.cfg.OnSecure; f != nil {
			if err := f(e.State()); err != nil {
				e.Refuse(err)
			}
		}
	}
	again := c.at(whole)
	switch {
	case e.Err() != nil: // or what came with the last message was bad
		return true, c.fail(e.Err())
	case !e.Secure():
		return false, nil
	case again:
		c.say(e.AppendOut(nil))
	}
	r, s, err := e.Split()
	if err != nil {
		return true, err
	}
	c.putFresh()
	c.out.role.Lock()
	c.in.half, c.out.half, c.out.fragment = r, s, 0
	c.hs.mu.Lock()
	c.hs.engine, c.hs.begun = nil, time.Time{}
	if lost := c.hs.lost.Load(); lost != nil { // a part of what it said: nothing may follow
		c.out.err = lost
	}
	c.state.Store(r.State())
	c.become(apart)
	c.hs.mu.Unlock()
	if again {
		c.yieldWriting()
		return true, nil
	}
	c.begin()
	return true, nil
}

// begin is the end of the first handshake. An error of writing what is still due
// is told to the next Write: the peer may have said all that it wanted, and be gone.
func (c *Conn) begin() {
	if c.cfg.Pumped {
		c.startPump()
	}
	if c.out.half.Pending() == 0 && len(c.out.unsent) == 0 {
		c.yieldWriting()
		return
	}
	if c.raw == nil {
		// The peer of a pipe may be writing, as we are, and read only then.
		go c.flushDue()
		return
	}
	c.flushDue()
}

// drain takes the events that are left, without consuming more input.
func (c *Conn) drain() {
	e := c.hs.engine
	for {
		switch _, ev := e.Step(c.in.now(), nil); ev.Kind {
		case handshake.NeedInput, handshake.QueryPending, handshake.PeerClosed, handshake.Failed: // which repeat
			return
		default:
			c.tell(ev, e.Session)
		}
	}
}

// flushEngine writes what the engine has due.
func (c *Conn) flushEngine() error {
	out := &c.out
	if c.at(whole) {
		c.say(c.hs.engine.AppendOut(nil))
		return nil
	}
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
	c.forget(e)
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
		ctx, cancel := context.WithTimeout(context.Background(), alertTimeout)
		defer cancel()
		c.spoken(ctx)
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
			c.keepClientSession(s)
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
