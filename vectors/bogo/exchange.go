package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"tacet/handshake"
	"tacet/record"
)

// connect makes one connection and does what the flags say with it.
func connect(s *settings, mem *memory, resume bool) error {
	up, err := configure(s, mem)
	if err != nil {
		return err
	}
	e, err := up.engine(s)
	if err != nil {
		return err
	}
	tcp, err := dial(s)
	if err != nil {
		return err
	}
	c := &conn{set: s, mem: mem, up: up, tcp: tcp, e: e, asked: map[string]int{}, traffic: map[string][]byte{}}
	defer c.close()
	if err := c.talk(resume); err != nil {
		return err
	}
	if s.expect.messages != "" && c.messages != s.expect.messages {
		return wrong("messages\n%s\ngot\n%s", s.expect.messages, c.messages)
	}
	return nil
}

// talk is the connection: handshake, what the flags want said, an echo until the
// peer ends, and the close.
func (c *conn) talk(resume bool) error {
	if err := c.handshake(); err != nil {
		return err
	}
	if c.set.forbidAfter {
		c.e.SetRenegotiation(handshake.ForbidRenegotiation)
	}
	if c.set.handshakeNeverDone {
		return wrong("a handshake that never completes")
	}
	if err := c.check(resume); err != nil {
		return err
	}
	if c.e.State().Version >= record.TLS13 {
		c.newSession = false
		if !c.set.server {
			c.mem.session = nil
		}
	}
	if err := c.export(); err != nil {
		return err
	}
	if c.set.sendAlert {
		c.e.Abort(record.AlertDecompressionFailure)
		return c.finish(nil)
	}
	if err := c.converse(); err != nil {
		return err
	}
	if got, want := c.handshakes-1, c.set.expect.renegotiations; got != want {
		return wrong("%d renegotiations, got %d", want, got)
	}
	if err := c.checkTicket(); err != nil {
		return err
	}
	return c.shutdown()
}

func (c *conn) handshake() error {
	ev, err := c.next()
	if err != nil {
		if own := c.e.Err(); own != nil {
			return own
		}
		return err
	}
	if ev.Kind != handshake.Secure {
		return fmt.Errorf("engine defect: %v before Secure", ev.Kind)
	}
	c.handshakes++
	return nil
}

// export sends what the runner compares with its own: keying material and tls-unique.
func (c *conn) export() error {
	s := c.set
	if s.exportLength > 0 {
		var context []byte
		if s.useExportContext {
			context = append([]byte{}, s.exportContext...)
		}
		b, err := c.e.Export(s.exportLabel, context, s.exportLength)
		if err != nil {
			return err
		}
		if err := c.send(b); err != nil {
			return err
		}
	}
	if s.exportTraffic {
		in, out := c.traffic["SERVER_TRAFFIC_SECRET_0"], c.traffic["CLIENT_TRAFFIC_SECRET_0"]
		if s.server {
			in, out = out, in
		}
		b := binary.LittleEndian.AppendUint16(nil, uint16(len(in)))
		return c.send(append(append(b, in...), out...))
	}
	if s.tlsUnique {
		unique, err := c.e.State().ChannelBinding(handshake.BindingUnique)
		if err != nil {
			return err
		}
		return c.send(unique)
	}
	return nil
}

// differentSizes are lengths around those of records.
var differentSizes = []int{0, 1, 255, 256, 257, 16383, 16384, 16385, 32767, 32768, 32769}

// converse says what the flags want said, and then sends back, inverted, what comes.
func (c *conn) converse() error {
	s := c.set
	if s.writeDifferentRecordSizes {
		for _, n := range differentSizes {
			if err := c.send(bytes.Repeat([]byte{0x42}, n)); err != nil {
				return err
			}
		}
		return nil
	}
	switch {
	case s.readWithUnfinishedWrite:
		if err := c.unfinishedWrite(); err != nil {
			return err
		}
	case s.shimWritesFirst:
		for range s.repeatInitialWrite {
			if err := c.send([]byte(s.initialWrite)); err != nil {
				return err
			}
		}
	}
	if s.shimShutsDown {
		return nil
	}
	return c.echo()
}

// unfinishedWrite leaves a record of which one byte is sent.
func (c *conn) unfinishedWrite() (err error) {
	if err = c.flush(); err != nil {
		return err
	}
	if c.out, err = c.e.Seal(c.out, []byte(c.set.initialWrite)); err != nil {
		return err
	}
	err = c.write(1)
	c.held = true
	c.e.SetRenegotiation(handshake.ForbidRenegotiation) // no hello could leave
	return err
}

func (c *conn) echo() error {
	for {
		if c.set.keyUpdateBeforeRead {
			if err := c.e.UpdateKeys(false); err != nil {
				return err
			}
		}
		ev, err := c.next()
		if errors.Is(err, errTransportEnd) || err == nil && ev.Kind == handshake.PeerClosed {
			return nil
		}
		if err != nil {
			return err
		}
		if ev.Kind == handshake.Secure {
			c.handshakes++
			if c.set.renegotiateOnce {
				c.e.SetRenegotiation(handshake.ForbidRenegotiation)
			}
		} else {
			c.held = false
		}
		if c.unsaid = append(c.unsaid, ev.Data...); !c.e.Secure() {
			continue // a renegotiation is on its way
		}
		if err := c.reply(c.unsaid); err != nil {
			return err
		}
		c.unsaid = c.unsaid[:0]
	}
}

// reply sends data back, in pieces as long as BoringSSL's shim reads.
func (c *conn) reply(data []byte) error {
	size := c.set.readSize
	if size == 0 {
		size = 512
	}
	for len(data) > 0 {
		if c.set.keyUpdate {
			if err := c.e.UpdateKeys(false); err != nil {
				return err
			}
		}
		n := min(size, len(data))
		piece := data[:n]
		for i := range piece {
			piece[i] ^= 0xff
		}
		if err := c.send(piece); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// shutdown closes as the flags say: with -check-close-notify both sides must say it.
func (c *conn) shutdown() error {
	if !c.set.checkCloseNotify {
		return c.flush()
	}
	closed := false
	if !c.set.shimShutsDown {
		ev, err := c.next()
		closed = err == nil && ev.Kind == handshake.PeerClosed
	}
	c.e.CloseWrite()
	c.e.SetRenegotiation(handshake.ForbidRenegotiation) // no hello could follow
	if err := c.finish(nil); err != nil {
		return err
	}
	if !c.set.shimShutsDown {
		if !closed {
			return wrong("close_notify")
		}
		return nil
	}
	ev, err := c.next()
	switch {
	case err != nil:
		return err
	case ev.Kind != handshake.PeerClosed:
		return wrong("close_notify, got %v", ev.Kind)
	}
	return nil
}
