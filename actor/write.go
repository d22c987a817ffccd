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

// alertTimeout bounds what is written when a connection ends.
const alertTimeout = 5 * time.Second

// roomTimeout bounds how long Close waits for a reader to make room.
const roomTimeout = time.Second

// outbound is the writing role: who has the role seals records and writes to the transport.
type outbound struct {
	role   role
	half   *handshake.Sender
	unsent []byte // sealed, and not taken by the transport before a deadline; the end of a pooled buffer
	err    error  // final

	fragment uint32 // Conn.fragment, as far as it is in force
}

// Write sends p, batched in pieces of 128 KiB, each one write of the transport. If
// a deadline passes, the bytes that it counts have been sealed and go out before
// those of the next Write: go on with the rest of p. With any other error, those
// that it counts were taken by the transport, and part of the rest may have been.
func (c *Conn) Write(p []byte) (int, error) {
	if !c.enter() {
		return 0, net.ErrClosed
	}
	defer c.calls.Add(-2)
	var w progress
	for {
		switch err := c.writeOnce(p, &w); {
		case err == errGiveWay:
		case err != nil && !isDeadline(err):
			return w.taken, err
		default:
			return w.sealed, err
		}
	}
}

// progress is how much of a Write's bytes are sealed, and how much of those the transport
// took. What lies between is unsent, or is said before a renegotiation.
type progress struct{ sealed, taken int }

// writeOnce is Write until a renegotiation breaks it off.
func (c *Conn) writeOnce(p []byte, w *progress) error {
	if err := c.lockWriting(); err != nil {
		return err
	}
	defer c.yieldWriting()
	if err := c.writable(); err != nil {
		return err
	}
	if err := c.flushUnsent(); err != nil {
		return err
	}
	w.taken = w.sealed
	for w.sealed < len(p) {
		chunk := p[w.sealed:min(w.sealed+batch, len(p))]
		sealed, err := c.seal(chunk)
		if err != nil {
			return err
		}
		err = c.send(sealed)
		if err == nil || err == errGiveWay || isTimeout(err) {
			w.sealed += len(chunk)
		}
		if err != nil {
			return err
		}
		w.taken = w.sealed
	}
	return nil
}

// lockWriting takes the writing role, once a handshake is over that is under way.
func (c *Conn) lockWriting() error {
	for {
		c.out.role.Lock()
		if c.writes() {
			return nil
		}
		c.yieldWriting()
		if err := c.settle(call{ctx: context.Background(), dl: &c.writeDeadline}); err != nil {
			return err
		}
	}
}

// enter counts a Write in; false once the connection is closed.
func (c *Conn) enter() bool {
	for {
		x := c.calls.Load()
		if x&1 != 0 {
			return false
		}
		if c.calls.CompareAndSwap(x, x+2) {
			return true
		}
	}
}

// writable says why nothing can be written now.
func (c *Conn) writable() error {
	switch e := c.fatal.Load(); {
	case e != nil:
		return e
	case c.isClosed():
		return net.ErrClosed
	case c.out.err != nil:
		return c.out.err
	case c.writeDeadline.passed():
		return os.ErrDeadlineExceeded
	}
	return nil
}

// seal performs what is due and seals chunk behind it, in a pooled buffer that
// send takes over.
func (c *Conn) seal(chunk []byte) ([]byte, error) {
	out := &c.out
	out.half.Perform(handshake.Action(c.action.Swap(0)))
	if n := c.fragment.Load(); n != out.fragment {
		out.fragment = n
		if err := out.half.SetMaxSendFragment(int(n)); err != nil {
			return nil, err
		}
	}
	buf := getBuffer(out.half.SealedSize(len(chunk)))
	sealed, err := out.half.Seal(buf[:0], chunk)
	c.tellSent()
	if err == nil {
		return sealed, nil
	}
	if len(sealed) > 0 {
		_ = c.send(sealed)
	}
	if e := c.fatal.Load(); e != nil {
		return nil, e
	}
	return nil, err
}

// send writes sealed, which is the beginning of a pooled buffer, to the
// transport. What a timeout leaves is kept.
func (c *Conn) send(sealed []byte) error {
	n, err := c.nc.Write(sealed)
	if err == nil {
		putBuffer(sealed[:cap(sealed)])
		return nil
	}
	return c.unsent(sealed[min(n, len(sealed)):], err)
}

// unsent deals with an error of the transport's Write that took all but rest.
func (c *Conn) unsent(rest []byte, err error) error {
	out := &c.out
	out.unsent = nil
	if len(rest) > 0 {
		out.unsent = rest
	}
	switch e := c.fatal.Load(); {
	case c.isClosed():
		return net.ErrClosed
	case e != nil:
		return e
	case isTimeout(err) && c.at(wanted):
		return errGiveWay
	case isTimeout(err):
		return err
	}
	out.unsent = nil
	out.err = &TransportError{"write", err}
	return out.err
}

// flushUnsent writes what an earlier write left.
func (c *Conn) flushUnsent() error {
	out := &c.out
	if out.err != nil {
		return out.err
	}
	if len(out.unsent) == 0 {
		return nil
	}
	rest := out.unsent
	n, err := c.nc.Write(rest)
	if err == nil {
		out.unsent = nil
		return nil
	}
	return c.unsent(rest[min(n, len(rest)):], err)
}

// flush writes all that is due. The caller has the writing role.
func (c *Conn) flush() error {
	out := &c.out
	out.half.Perform(handshake.Action(c.action.Swap(0)))
	c.tellSent()
	if !c.writes() { // it goes with a renegotiation
		c.sayDue()
		return nil
	}
	if err := c.flushUnsent(); err != nil {
		return err
	}
	n := out.half.Pending()
	if n == 0 {
		return nil
	}
	return c.send(out.half.AppendOut(getBuffer(n)[:0]))
}

// flushDue is flush for a goroutine of its own that was given the writing role.
func (c *Conn) flushDue() {
	_ = c.flush() // what fails is told to the next Write
	c.yieldWriting()
}

// merge leaves a for the writing role to perform.
func (c *Conn) merge(a handshake.Action) {
	for a != 0 {
		old := c.action.Load()
		if c.action.CompareAndSwap(old, uint32(handshake.Action(old).Merge(a))) {
			return
		}
	}
}

// serve sees to it that what was merged is performed by somebody. The peer may
// be writing, and read only when that is done: so a reader never waits for what it writes.
func (c *Conn) serve() {
	if c.action.Load() != 0 && c.out.role.TryLock() {
		go c.flushDue()
	}
}

// yieldWriting gives up the writing role, unless something was posted meanwhile.
func (c *Conn) yieldWriting() {
	for {
		c.out.role.Unlock()
		if c.action.Load() == 0 || !c.out.role.TryLock() {
			return
		}
		_ = c.flush()
	}
}

// CloseWrite sends close_notify, after which Write fails and the peer reads
// io.EOF, and half-closes the transport if that has a CloseWrite. Reading goes
// on. Before the handshake is complete it is misuse.
func (c *Conn) CloseWrite() error {
	//= RFC 9846 §6.1
	err := c.writing("CloseWrite", func(s *handshake.Sender) error {
		s.CloseWrite()
		return nil
	})
	if err != nil {
		return err
	}
	if t, ok := c.nc.(interface{ CloseWrite() error }); ok {
		_ = t.CloseWrite() // close_notify has said it, and a peer that is gone needs no more
	}
	return nil
}

// Close closes the connection and its transport. It sends close_notify first,
// which takes five seconds at most; a Write that blocks is broken off, and if that was in
// the middle of a record there is no close_notify. Blocked calls return
// net.ErrClosed, and so does a second Close.
func (c *Conn) Close() error {
	writing, first := c.shut()
	if !first {
		return net.ErrClosed
	}
	switch {
	case c.detached.Load():
	case c.state.Load() != nil:
		c.closeWriting(writing)
	case c.fatal.Load() != nil:
		c.discard() // lest a reset overtake the alert
	}
	var err error
	if !c.detached.Load() {
		if err = c.nc.Close(); errors.Is(err, net.ErrClosed) {
			err = nil // somebody else was quicker
		}
	}
	c.hs.mu.Lock()
	if c.hs.cancel != nil {
		c.hs.cancel()
	}
	c.hs.wake()
	interrupted := c.hs.err != nil // by its context, which closed the transport
	c.hs.mu.Unlock()
	if p := c.pump.Load(); p != nil {
		p.wake()
	}
	if interrupted {
		return nil
	}
	return err
}

// closeWriting sends close_notify, as far as that can be done. A writer in flight has been
// broken off.
func (c *Conn) closeWriting(writing bool) {
	end := time.Now().Add(alertTimeout)
	ctx, cancel := context.WithDeadline(context.Background(), end)
	defer cancel()
	out := &c.out
	for {
		if !out.role.TryLock() && out.role.LockContext(ctx, c.yieldWriting) != nil {
			return // a transport whose deadlines do not work
		}
		if !c.at(whole) {
			break
		}
		c.yieldWriting()
		c.limit(end)
		if c.closeWhole(ctx) {
			return
		}
	}
	if out.err != nil || writing && len(out.unsent) > 0 {
		c.yieldWriting()
		return
	}
	c.limit(end)
	out.half.Perform(handshake.Action(c.action.Swap(0))) // an alert that is due goes in its place
	out.half.CloseWrite()
	err := c.flush()
	c.yieldWriting()
	c.spoken(ctx)
	if err == nil {
		c.discard()
	}
}

// discard drops what has come and nobody has read, lest closing the socket
// reset the connection. Who is reading makes room, if not at once then not at all.
func (c *Conn) discard() {
	if c.raw == nil || c.detached.Load() {
		return
	}
	if !c.in.role.TryLock() {
		ctx, cancel := context.WithTimeout(context.Background(), roomTimeout)
		defer cancel()
		c.interrupt()
		err := c.in.role.LockContext(ctx, c.in.role.Unlock)
		c.resume()
		if err != nil {
			return
		}
	}
	defer c.in.role.Unlock()
	_ = c.nc.SetReadDeadline(never)
	c.raw.discard()
}

// shut marks the connection closed, and says whether a Write is in flight: one that may
// block in the transport is broken off. From here on no halves are joined.
func (c *Conn) shut() (writing, quickest bool) {
	c.hs.mu.Lock()
	defer c.hs.mu.Unlock()
	for {
		x := c.calls.Load()
		if x&1 != 0 {
			return false, false
		}
		if c.calls.CompareAndSwap(x, x|1) {
			writing = x > 0
			break
		}
	}
	if writing && !c.at(first) && !c.at(whole) && !c.saying.Load() && !c.detached.Load() {
		c.limit(longAgo)
	}
	return writing, true
}

// ReadFrom sends all that r gives until io.EOF.
func (c *Conn) ReadFrom(r io.Reader) (read int64, err error) {
	size := record.MaxPlaintext
	for {
		n, err := c.sendSome(r, size)
		read += int64(n)
		switch {
		case err == io.EOF:
			return read, nil
		case err != nil:
			return read, err
		case n == size:
			size = batch // it has more to give
		}
	}
}

// sendSome sends what one Read of r gives.
func (c *Conn) sendSome(r io.Reader, size int) (int, error) {
	buf := getBuffer(size)
	n, err := r.Read(buf[:size])
	defer func() {
		clear(buf[:n])
		putBuffer(buf)
	}()
	if n == 0 {
		return 0, err
	}
	if _, werr := c.Write(buf[:n]); werr != nil {
		return n, werr
	}
	return n, err
}
