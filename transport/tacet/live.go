package main

import (
	"cmp"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"tacet/handshake"
	"tacet/record"
)

// live is a conversation with a server somewhere else.
type live struct {
	drawn   *conversation
	tcp     net.Conn
	silence time.Duration
	unread  []byte
	sent    []content                  // said by the client, not seen in a record yet
	sealing *handshake.ConnectionState // what says how the client's records are protected
}

// content is a message on its way into records.
type content struct {
	typ  record.Type
	part part
	left int // bytes of it that are in no record yet
}

func newLive(tcp net.Conn, e *handshake.Engine, title string, silence time.Duration) *live {
	l := &live{drawn: newConversation(title, time.Now(), e, nil), tcp: tcp, silence: silence}
	l.drawn.sides[client].sent = l.queue
	return l
}

// queue takes a message that will be in the next records. A change_cipher_spec
// is a record of its own, and read off that.
func (l *live) queue(typ record.Type, body []byte) {
	if typ != record.TypeChangeCipherSpec {
		l.sent = append(l.sent, content{typ, l.drawn.teller.tell(client, typ, body), len(body)})
	}
}

func (l *live) engine() *handshake.Engine { return l.drawn.sides[client].engine }

// talk is the whole conversation. again says that the client renegotiates once it
// has said what there is to say and heard the answer.
func (l *live) talk(said []byte, again bool) error {
	for _, step := range []func() error{
		l.shake, func() error { return l.say(said) }, l.listen, func() error { return l.renegotiate(again) }, l.end,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// shake is a handshake.
func (l *live) shake() error {
	err := l.flush()
	for err == nil && !l.engine().Secure() {
		if err = l.hear(); err == nil {
			err = l.flush()
		}
	}
	return err
}

func (l *live) renegotiate(wanted bool) error {
	if !wanted || l.drawn.sides[client].closed {
		return nil
	}
	l.drawn.note(client, notePause, "")
	if err := l.engine().Renegotiate(nil); err != nil {
		return err
	}
	return l.shake()
}

// end closes the connection. A server that has closed its side may be gone, and need not
// hear that.
func (l *live) end() error {
	l.drawn.note(client, notePause, "")
	l.engine().CloseWrite()
	if gone := l.drawn.sides[client].closed; gone {
		_ = l.flush()
		return l.engine().Err()
	}
	return errors.Join(l.flush(), l.listen())
}

// listen hears the server until it closes, falls silent or fails.
func (l *live) listen() error {
	for !l.drawn.sides[client].closed {
		err := l.hear()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case err != nil:
			return err
		}
		if err := l.flush(); err != nil {
			return err
		}
	}
	return nil
}

// say sends application data.
func (l *live) say(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	l.drawn.note(client, notePause, "")
	to := l.drawn.sides[server]
	var err error
	if to.in, err = l.engine().Seal(to.in, data); err != nil {
		return err
	}
	l.drawn.step(client, nil, nil)
	l.queue(record.TypeApplicationData, data)
	return l.flush()
}

// flush lets the engine speak, draws what it says and sends it.
func (l *live) flush() error {
	l.drawn.step(client, nil, nil)
	out := l.drawn.sides[server].in
	l.drawn.sides[server].in = nil
	for b := out; len(b) > 0; {
		n := recordLen(b)
		l.draw(b[:n])
		b = b[n:]
	}
	l.rest()
	var err error
	if len(out) > 0 { // else even nothing at all fails to be written to who is gone
		_, err = l.tcp.Write(out)
	}
	return cmp.Or(l.engine().Err(), err)
}

// draw puts a record that the client sends on the ladder.
func (l *live) draw(wire []byte) {
	outer := record.Type(wire[0])
	r := &carried{typ: outer, outer: outer, sealed: l.drawn.teller.sealed(client, wire), wire: wire}
	l.drawn.rungs = append(l.drawn.rungs, rung{at: client, record: r})
	s := l.engine().State()
	if outer == record.TypeChangeCipherSpec {
		l.sealing, r.parts = s, []part{l.drawn.teller.tell(client, outer, []byte{1})}
		return
	}
	if s.Version >= record.TLS13 {
		l.sealing = s
	}
	least := len(wire) - record.HeaderLen
	most := least
	if r.sealed && l.sealing != nil {
		least, most = contentLen(l.sealing, least)
	}
	for least > 0 && len(l.sent) > 0 {
		c := &l.sent[0]
		r.typ = c.typ
		if c.left > most {
			c.left -= least
			r.parts = append(r.parts, part{name: c.part.name, telling: []string{"goes on in the next record"}})
			return
		}
		least, most = least-c.left, most-c.left
		r.parts, l.sent = append(r.parts, c.part), l.sent[1:]
	}
}

// rest puts what is in no record yet into the last one: the padding of CBC leaves
// open how much each of them held.
func (l *live) rest() {
	for i := len(l.drawn.rungs) - 1; i >= 0 && len(l.sent) > 0; i-- {
		r := &l.drawn.rungs[i]
		if r.record == nil || r.at != client || r.record.typ != l.sent[0].typ {
			continue
		}
		r.record.parts, l.sent = append(r.record.parts, l.sent[0].part), l.sent[1:]
		i++
	}
}

// contentLen is how long, at least and at most, the content of a record is whose
// body has n bytes.
func contentLen(s *handshake.ConnectionState, n int) (least, most int) {
	const contentType, block = 1, 16
	tag := 16
	if strings.HasPrefix(s.Suite.Cipher, "AESCCM8") {
		tag = 8
	}
	switch {
	case s.Version >= record.TLS13:
		n -= tag + contentType
	case s.Suite.AEAD():
		n -= s.Suite.ExplicitLen + tag
	case !s.Suite.BlockCipher():
		n -= s.Suite.MACLen
	default:
		if n -= s.Suite.MACLen; s.Version > record.TLS10 {
			n -= block
		}
		return max(n-block, 1), n - 1 // this side sends no empty ones
	}
	return n, n
}

// hear waits for a record and gives it to the engine.
func (l *live) hear() error {
	if err := l.tcp.SetReadDeadline(time.Now().Add(l.patience())); err != nil {
		return err
	}
	for !l.whole() {
		b := make([]byte, record.MaxPlaintext)
		n, err := l.tcp.Read(b)
		l.unread = append(l.unread, b[:n]...)
		if err == io.EOF && n == 0 {
			l.engine().EOF()
			l.drawn.step(client, nil, nil)
			return l.engine().Err()
		}
		if err != nil && n == 0 {
			return err
		}
	}
	n := min(len(l.unread), recordLen(l.unread))
	l.drawn.sides[client].in, l.unread = l.unread[:n:n], l.unread[n:]
	l.drawn.now = time.Now()
	l.drawn.deliver(client)
	return nil
}

// whole reports whether the next record is here, or what cannot be one: that is
// for the engine to refuse.
func (l *live) whole() bool {
	if len(l.unread) < record.HeaderLen {
		return false
	}
	n := recordLen(l.unread)
	return len(l.unread) >= n || n > record.HeaderLen+record.MaxCiphertext12
}

// handshakePatience is how long a server may take for a flight of the handshake.
const handshakePatience = 10 * time.Second

func (l *live) patience() time.Duration {
	if l.engine().Secure() {
		return l.silence
	}
	return handshakePatience
}
