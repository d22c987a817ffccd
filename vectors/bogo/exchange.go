package main

import (
	"bytes"
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
	c := &conn{set: s, mem: mem, up: up, tcp: tcp, e: e, asked: map[string]int{}}
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
	if s.tlsUnique {
		st := c.e.State()
		if st.Resumed && !st.ExtendedMasterSecret {
			return errors.New("tls-unique is not unique without extended master secret")
		}
		first := st.Finished // the client's, in a full handshake
		if st.Client == st.Resumed {
			first = st.PeerFinished
		}
		return c.send(first)
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
		if ev.Kind != handshake.Data {
			return fmt.Errorf("engine defect: %v after Secure", ev.Kind)
		}
		c.held = false
		if err := c.reply(ev.Data); err != nil {
			return err
		}
	}
}

// reply sends data back, in pieces as long as BoringSSL's shim reads.
func (c *conn) reply(data []byte) error {
	size := c.set.readSize
	if size == 0 {
		size = 512
	}
	for len(data) > 0 {
		if c.set.exportAfterReads {
			if _, err := c.e.Export("some label", nil, 1); err != nil {
				return err
			}
		}
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
