package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"tacet/handshake"
	"tacet/handshake/session"
	"tacet/record"
)

// role is one of the two sides of a conversation.
type role int

const (
	client role = iota
	server
)

func (r role) String() string { return [...]string{"client", "server"}[r] }

func (r role) peer() role { return 1 - r }

// conversation is one connection, mostly of two engines face to face in memory:
// all that was seen between them and at them, in the order in which it happened.
// The engine of a side that is elsewhere is nil.
type conversation struct {
	title  string
	brief  bool // to be shown with one line a flight
	rungs  []rung
	sides  [2]*side
	teller teller
	now    time.Time
}

// side is an engine and what is on its way to it.
type side struct {
	engine  *handshake.Engine
	in      []byte
	session *session.Session
	// judge answers queries, and sent is told of the messages that this side sends,
	// if they are not nil.
	judge  func(context.Context, handshake.Query) (handshake.Answer, bool)
	sent   func(record.Type, []byte)
	closed bool
}

// rung is one step of the ladder: a record that went over, or, without one,
// something that happened at a side.
type rung struct {
	at     role // who sent the record, or at whom it happened
	record *carried
	note   note
}

// carried is a record as it was on the wire, with what the receiver found in it.
type carried struct {
	typ    record.Type // of the content
	outer  record.Type // in the header
	sealed bool
	wire   []byte
	parts  []part
}

func (c *carried) handshake() bool { return c.typ == record.TypeHandshake }

// noteKind says what a note is about.
type noteKind int

const (
	notePause noteKind = iota + 1 // nothing happens: something new begins
	noteKeys
	noteSecure
	noteEvent
	noteFailure
)

type note struct {
	kind noteKind
	text string
}

// newConversation sets two engines face to face, at a time.
func newConversation(title string, now time.Time, c, s *handshake.Engine) *conversation {
	return &conversation{title: title, now: now, sides: [2]*side{{engine: c}, {engine: s}}}
}

// run lets both sides talk until both are quiet, each finishing its flight.
func (c *conversation) run() {
	for quiet := 0; quiet < 2; quiet++ {
		for _, to := range []role{client, server} {
			c.step(to, nil, nil)
			for len(c.sides[to].in) > 0 {
				c.deliver(to)
				quiet = 0
			}
		}
	}
}

// deliver hands the next record on the wire to a side.
func (c *conversation) deliver(to role) {
	s := c.sides[to]
	n := min(len(s.in), recordLen(s.in))
	in := s.in[:n]
	s.in = s.in[n:]
	r := &carried{outer: record.Type(in[0]), typ: record.Type(in[0]), sealed: c.teller.sealed(to.peer(), in), wire: bytes.Clone(in)}
	c.rungs = append(c.rungs, rung{at: to.peer(), record: r})
	c.step(to, in, r)
	if r.typ == record.TypeApplicationData && r.parts == nil && c.teller.Version < record.TLS13 {
		r.parts = []part{tellData(nil)} // of an empty record no event tells
	}
}

// recordLen is the length of the record that b begins with, by its header.
func recordLen(b []byte) int { return record.HeaderLen + int(binary.BigEndian.Uint16(b[3:])) }

// step lets a side consume in, which is record r, and takes what it says.
func (c *conversation) step(at role, in []byte, r *carried) {
	s := c.sides[at]
	for {
		n, ev := s.engine.Step(c.now, in)
		in = in[n:]
		more := c.happened(at, ev, r)
		c.send(at)
		if !more {
			return
		}
	}
}

// send puts what a side has to say on the wire.
func (c *conversation) send(from role) {
	to := c.sides[from.peer()]
	to.in = c.sides[from].engine.AppendOut(to.in)
}

// happened notes an event; false means that the side waits for more.
func (c *conversation) happened(at role, ev handshake.Event, r *carried) (more bool) {
	s := c.sides[at]
	switch ev.Kind {
	case handshake.NeedInput:
		return false
	case handshake.QueryPending:
		return c.answer(at)
	case handshake.MessageSent:
		if s.sent != nil {
			s.sent(ev.Type, ev.Data)
		}
	case handshake.MessageReceived:
		p := c.teller.tell(at.peer(), ev.Type, ev.Data)
		r.typ, r.parts = ev.Type, append(r.parts, p)
	case handshake.Data:
		r.typ, r.parts = record.TypeApplicationData, append(r.parts, tellData(ev.Data))
	case handshake.KeyLogged:
		c.keys(at, string(ev.Data))
	case handshake.Secure:
		c.note(at, noteSecure, secureText(s.engine.State()))
	case handshake.SessionReady:
		s.session = s.engine.Session()
		c.note(at, noteEvent, fmt.Sprintf("Session: a ticket for %v", s.session.Lifetime))
	case handshake.KeyUpdated:
		c.note(at, noteKeys, "reads with the next keys")
	case handshake.PeerClosed:
		if !s.closed {
			c.note(at, noteEvent, "PeerClosed: no more to read")
		}
		s.closed = true
		return false
	case handshake.Failed:
		if !s.closed {
			c.note(at, noteFailure, s.engine.Err().Error())
		}
		s.closed = true
		return false
	}
	return true
}

func (c *conversation) answer(at role) bool {
	s := c.sides[at]
	if s.judge == nil {
		return false
	}
	a, ok := s.judge(context.Background(), s.engine.Query())
	return ok && s.engine.Answer(a) == nil
}

func (c *conversation) note(at role, kind noteKind, text string) {
	c.rungs = append(c.rungs, rung{at: at, note: note{kind, text}})
}

// keys notes the secrets of one line of a key log, those of one moment together.
func (c *conversation) keys(at role, line string) {
	text, stage := secretText(line)
	if n := len(c.rungs); n > 0 {
		last := &c.rungs[n-1]
		if last.at == at && last.note.kind == noteKeys && sameStage(last.note.text, stage) {
			last.note.text += ", " + text
			return
		}
	}
	c.note(at, noteKeys, stage+": "+text)
}

// say sends application data.
func (c *conversation) say(from role, text string) error {
	c.note(from, notePause, "")
	to := c.sides[from.peer()]
	var err error
	to.in, err = c.sides[from].engine.Seal(to.in, []byte(text))
	c.run()
	return err
}

// renew changes the keys: of a side, which asks for the same of the other, and up to
// TLS 1.2 by another handshake, for which a server asks.
func (c *conversation) renew(from role) error {
	if c.sides[from].engine.State().Version >= record.TLS13 {
		return c.update(from)
	}
	c.note(from, notePause, "")
	err := c.sides[from].engine.Renegotiate(nil)
	c.run()
	return err
}

func (c *conversation) update(from role) error {
	c.note(from, notePause, "")
	err := c.sides[from].engine.UpdateKeys(true)
	c.note(from, noteKeys, "writes with the next keys")
	c.send(from)
	c.run()
	return err
}

// close ends both directions.
func (c *conversation) close() {
	for _, from := range []role{client, server} {
		c.note(from, notePause, "")
		c.sides[from].engine.CloseWrite()
		c.send(from)
		c.run()
	}
}

// err is why a side failed or is not secure, nil if all went well.
func (c *conversation) err() error {
	for r, s := range c.sides {
		if s.engine == nil {
			continue
		}
		if err := s.engine.Err(); err != nil {
			return fmt.Errorf("%s: %w", role(r), err)
		}
		if !s.engine.Secure() {
			return fmt.Errorf("%s: stuck in %s", role(r), s.engine.StateName())
		}
	}
	return nil
}

// tally counts what a conversation took: handshake messages, records of any
// kind, and the bytes that each side sent.
type tally struct {
	messages, records int
	bytes             [2]int
}

func (c *conversation) tally() tally {
	var t tally
	for _, r := range c.rungs {
		if r.record == nil {
			continue
		}
		t.records++
		t.bytes[r.at] += len(r.record.wire)
		if r.record.handshake() {
			t.messages += len(r.record.parts)
		}
	}
	return t
}
