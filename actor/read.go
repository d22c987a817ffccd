package actor

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"time"

	"tacet/handshake"
	"tacet/handshake/session"
	"tacet/record"
)

// inbound is the reading role: who has the role reads the transport and opens records.
//
//	buf:  | used | plain | … | ciphertext not yet consumed | free |
//	      0                  r                             w      len(buf)
//
//	0 ≤ end of plain ≤ r ≤ w ≤ len(buf), and spoiled ≤ len(buf)
//
// buf is from the pool, and nil when there is nothing in it.
type inbound struct {
	role    role
	half    *handshake.Receiver
	buf     []byte
	plain   []byte // opened in place and not yet read
	r, w    int
	spoiled int32 // buf[:spoiled] may hold plaintext
	busy    bool  // the last read brought much: the next buffer is a large one
	policy  uint8 // Conn.policy, as far as it is in force
	at      int64 // when the transport was last read, in nanoseconds since 1970
	err     error // final
}

type sessionSource func() *session.Session

// errEnd says that the transport came to its end.
var errEnd = errors.New("actor: end of transport")

// Read reads application data into p: what there is, from one or more records.
// It returns io.EOF after the peer's close_notify.
func (c *Conn) Read(p []byte) (int, error) {
	for {
		n, err := c.readOnce(p)
		if err != errGiveWay {
			return n, err
		}
	}
}

// readOnce is Read until a renegotiation comes in between.
func (c *Conn) readOnce(p []byte) (int, error) {
	if err := c.readable(); err != nil || len(p) == 0 {
		return 0, err
	}
	pump := c.pump.Load()
	switch {
	case c.kept.Load() > 0:
		return c.readKept(p, pump)
	case pump != nil:
		return pump.read(p)
	}
	return c.read(p)
}

// readable waits until there is something kept, or the handshake is over.
func (c *Conn) readable() error {
	if c.reads() {
		return nil
	}
	d := call{ctx: context.Background(), dl: &c.readDeadline, reads: true}
	err := c.drive(d, func() bool { return c.reads() || len(c.hs.kept) > 0 }, c.handshake)
	if err != nil && c.state.Load() != nil &&
		(errors.Is(err, handshake.KindClosedInHandshake) || c.cfg.AcceptTruncation && errors.Is(err, handshake.KindTruncated)) {
		return io.EOF // as it is outside a renegotiation
	}
	return err
}

// readKept is Read of what was kept.
func (c *Conn) readKept(p []byte, pump *pump) (int, error) {
	if c.readDeadline.passed() {
		return 0, os.ErrDeadlineExceeded
	}
	n := c.takeKept(p)
	if n == 0 {
		return 0, errGiveWay // another Read was quicker
	}
	if pump != nil {
		pump.stir()
	}
	return n, nil
}

// read is Read by a caller who may have the reading role for as long as it blocks.
func (c *Conn) read(p []byte) (int, error) {
	in := &c.in
	if !c.lockReading() {
		return 0, errGiveWay
	}
	defer in.role.Unlock()
	defer in.release()
	for {
		if c.readDeadline.passed() {
			return 0, os.ErrDeadlineExceeded
		}
		n, err := c.take(p)
		if n > 0 || err != nil {
			return n, err
		}
		if err := c.fill(); err != nil && !c.ends(err) {
			return 0, err
		}
	}
}

// take reads into p what is there, without the transport. Records are opened
// into p where they fit, and else in place. It returns 0, nil if there is nothing.
func (c *Conn) take(p []byte) (n int, err error) {
	in := &c.in
	for {
		if len(in.plain) > 0 {
			m := copy(p[n:], in.plain)
			in.plain = in.plain[m:]
			n += m
		}
		switch {
		case n == len(p) || n > 0 && !in.fits(len(p)-n):
			return n, nil
		case in.err != nil && n > 0:
			return n, nil
		case in.err != nil:
			return 0, in.err
		}
		ev := c.step(p[n:])
		if ev.Kind == handshake.NeedInput {
			return n, nil
		}
		if ev.Kind == handshake.Rejoin && n > 0 {
			return n, nil
		}
		if ev.Kind == handshake.Rejoin {
			return 0, errGiveWay
		}
		if ev.Kind != handshake.Data {
			clear(p[n:min(n+record.MaxPlaintext, len(p))]) // a message, opened there
			continue
		}
		if len(ev.Data) == 0 {
			continue
		}
		if &ev.Data[0] == &p[n] {
			n += len(ev.Data)
			continue
		}
		in.plain = ev.Data
		in.spoil()
	}
}

// open opens records in place until there is plaintext, a final error, or the
// need for more input.
func (c *Conn) open() {
	in := &c.in
	for len(in.plain) == 0 && in.err == nil {
		switch ev := c.step(nil); {
		case ev.Kind == handshake.NeedInput || ev.Kind == handshake.Rejoin:
			return
		case ev.Kind == handshake.Data && len(ev.Data) > 0:
			in.plain = ev.Data
			in.spoil()
		}
	}
}

// fits reports whether the next record, if its header is there, can be opened
// into n bytes: else it waits for a Read with more room.
func (in *inbound) fits(n int) bool {
	next := in.unread()
	return len(next) < record.HeaderLen || int(next[3])<<8|int(next[4]) <= n
}

// step takes one event from the receiver and does what it asks for.
func (c *Conn) step(dst []byte) handshake.Event {
	in := &c.in
	c.obey(in.half)
	n, ev := in.half.StepInto(in.now(), in.unread(), dst)
	in.r += n
	if ev.Kind == handshake.Data || ev.Kind == handshake.NeedInput {
		return ev
	}
	c.merge(ev.Action)
	switch ev.Kind {
	case handshake.PeerClosed:
		in.err = io.EOF
	case handshake.Failed:
		in.err = c.fail(in.half.Err())
	case handshake.Rejoin:
		c.hs.mu.Lock()
		c.become(wanted)
		c.hs.mu.Unlock()
	}
	c.serve()
	c.tell(ev, in.half.Session)
	return ev
}

// ends makes an error of the transport final; it reports false for those that are not.
func (c *Conn) ends(err error) bool {
	in := &c.in
	switch {
	case err == errGiveWay:
		return false
	case err == errEnd:
		in.half.EOF()
		in.err = in.half.Err()
		if c.cfg.AcceptTruncation {
			in.err = io.EOF
		}
	case isTimeout(err):
		return false
	default:
		in.err = err
	}
	return true
}

// fill reads the transport once, after which in.unread has grown. The error is
// errEnd, a timeout, net.ErrClosed or a *TransportError. After an interruption
// there may be nothing new and no error.
func (c *Conn) fill() error {
	in := &c.in
	for {
		n, err := c.receive()
		if n > 0 {
			in.busy = in.w+n == len(in.buf) || in.busy && n > smallBuffer/2
			in.w += n
			in.at = time.Now().UnixNano()
			return nil
		}
		switch {
		case err == nil: // a Reader may say nothing
		case c.isClosed():
			return net.ErrClosed // whatever a closed transport says
		case err == io.EOF || errors.Is(err, io.EOF):
			return errEnd
		case isTimeout(err):
			return c.interrupted(err)
		case c.hs.lost.Load() != nil: // what came first
			return c.hs.lost.Load()
		default:
			return &TransportError{"read", err}
		}
	}
}

func (c *Conn) receive() (int, error) {
	if c.raw != nil {
		return c.raw.read()
	}
	in := &c.in
	n, err := c.nc.Read(in.room())
	if n == 0 {
		in.release()
	}
	return n, err
}

// interrupted lets those have the reading role who asked for it by a deadline. In
// a renegotiation it is errGiveWay.
func (c *Conn) interrupted(timeout error) error {
	c.dl.Lock()
	wanted := c.yield > 0 || c.stirred // who wanted it may have given up
	c.stirred = c.yield > 0
	c.dl.Unlock()
	if !wanted {
		return timeout
	}
	if !c.reads() {
		return errGiveWay
	}
	c.in.role.Unlock()
	runtime.Gosched()
	c.claimReading()
	if !c.reads() || c.kept.Load() > 0 { // one may be over already, and have left something
		return errGiveWay
	}
	return nil
}

// unread is the ciphertext that is not yet consumed.
func (in *inbound) unread() []byte { return in.buf[in.r:in.w] }

// now is the time as of the last read of the transport.
func (in *inbound) now() time.Time { return time.Unix(0, in.at) }

// spoil notes that what is consumed was opened in place. What an earlier fill of
// the buffer left may reach further.
func (in *inbound) spoil() { in.spoiled = max(in.spoiled, int32(in.r)) }

// room gives free space behind the ciphertext: any record fits into a small buffer.
func (in *inbound) room() []byte {
	size := smallBuffer
	if in.busy {
		size = largeBuffer
	}
	switch {
	case in.buf == nil:
		in.buf = getBuffer(size)
	case len(in.buf) < size:
		in.move(size)
	case in.r > 0:
		in.r, in.w = 0, copy(in.buf, in.unread())
	}
	return in.buf[in.w:]
}

// move takes what is unread to a buffer of another size.
func (in *inbound) move(size int) {
	buf := getBuffer(size)
	left := copy(buf, in.unread())
	in.drop()
	in.buf, in.w = buf, left
}

// shrink lets go of what is not needed while the transport is waited for: all but
// the part of a record that has come.
func (in *inbound) shrink() {
	in.release()
	if len(in.buf) > smallBuffer {
		in.move(smallBuffer)
	}
}

// release gives the buffer back if there is nothing in it.
func (in *inbound) release() {
	if in.buf != nil && in.r == in.w && len(in.plain) == 0 {
		in.drop()
	}
}

// drop gives the buffer back, without plaintext.
func (in *inbound) drop() {
	clear(in.buf[:in.spoiled])
	putBuffer(in.buf)
	in.buf, in.plain = nil, nil
	in.r, in.w, in.spoiled = 0, 0, 0
}

// WriteTo writes all that the peer sends to w until its close_notify.
func (c *Conn) WriteTo(w io.Writer) (written int64, err error) {
	for {
		n, err := c.writeSome(w)
		written += int64(n)
		if err == io.EOF {
			return written, nil
		}
		if err != nil {
			return written, err
		}
	}
}

// writeSome writes to w what one large Read would give. It borrows a buffer only
// once there is something to read.
func (c *Conn) writeSome(w io.Writer) (int, error) {
	if err := c.awaitInput(); err != nil {
		return 0, err
	}
	buf := getBuffer(largeBuffer)
	n, err := c.Read(buf)
	m := 0
	if n > 0 {
		var werr error
		if m, werr = w.Write(buf[:n]); werr != nil {
			err = werr
		} else if m < n {
			err = io.ErrShortWrite
		}
	}
	if err != nil {
		n = len(buf) // a record that was refused may have left something anywhere
	}
	clear(buf[:n])
	putBuffer(buf)
	return m, err
}

// awaitInput returns when there may be something to read, or an error to tell.
func (c *Conn) awaitInput() error {
	for {
		if err := c.awaitOnce(); err != errGiveWay {
			return err
		}
	}
}

func (c *Conn) awaitOnce() error {
	if err := c.readable(); err != nil || c.pump.Load() != nil || c.kept.Load() > 0 {
		return err
	}
	in := &c.in
	if !c.lockReading() {
		return errGiveWay
	}
	defer in.role.Unlock()
	if in.r < in.w || len(in.plain) > 0 || in.err != nil {
		return nil
	}
	if err := c.fill(); err != nil && !c.ends(err) {
		return err
	}
	return nil
}
