package main

import (
	"errors"
	"time"

	"tacet/handshake"
	"tacet/handshake/session"
	"tacet/record"
)

// stack is what the shim drives: an engine, or with -tacet-split the two halves
// of one once it is secure.
type stack interface {
	Step(now time.Time, in []byte) (int, handshake.Event)
	AppendOut(dst []byte) []byte
	Seal(dst, plain []byte) ([]byte, error)
	Query() handshake.Query
	Answer(handshake.Answer) error
	UpdateKeys(request bool) error
	CloseWrite()
	Abort(record.Alert)
	EOF() handshake.Event
	SetRenegotiation(handshake.RenegotiationPolicy)
	Err() error
	Secure() bool
	Session() *session.Session
	State() *handshake.ConnectionState
	Export(label string, context []byte, length int) ([]byte, error)
}

// halves is an engine that was split.
type halves struct {
	*handshake.Sender
	r *handshake.Receiver
}

// Step opens into a buffer of its own, and hands the Action over.
func (h *halves) Step(now time.Time, in []byte) (int, handshake.Event) {
	n, ev := h.r.StepInto(now, in, make([]byte, 1000))
	h.Perform(ev.Action)
	h.Perform(ev.Action) // which is to change nothing
	return n, ev
}

func (h *halves) EOF() handshake.Event                             { return h.r.EOF() }
func (h *halves) Session() *session.Session                        { return h.r.Session() }
func (h *halves) Secure() bool                                     { return h.Err() == nil }
func (h *halves) SetRenegotiation(p handshake.RenegotiationPolicy) { h.r.SetRenegotiation(p) }

func (h *halves) Query() handshake.Query          { return nil }
func (h *halves) Answer(a handshake.Answer) error { return handshake.KindNoQuery }

func (h *halves) Export(label string, context []byte, length int) ([]byte, error) {
	return h.State().Export(label, context, length)
}

func (h *halves) Err() error {
	if err := h.r.Err(); err != nil {
		return err
	}
	return h.Sender.Err()
}

// bend does to the stack, before each step, what must change nothing: with
// -tacet-fork a fork goes on and the original is sent astray, with -tacet-split
// it is taken apart as soon as that is possible, and put together again now and then.
func (c *conn) bend() error {
	switch e := c.e.(type) {
	case *handshake.Engine:
		if c.set.fork {
			c.e = e.Fork()
			e.Step(c.mem.clock, []byte("\x15\x03\x03\x00\x02\x02\x50"))
			e.AppendOut(nil)
			e.Abort(record.AlertInternalError)
		} else if c.set.split && e.Secure() && !c.joined {
			if r, s, err := e.Split(); err == nil {
				c.e = &halves{s, r}
			}
		}
	case *halves:
		e.Idle()
		e.r.Idle()
		if c.steps++; c.steps%7 == 0 && e.Err() == nil {
			return c.rejoin()
		}
	}
	return nil
}

// rejoin puts the halves together.
func (c *conn) rejoin() error {
	h, ok := c.e.(*halves)
	if !ok {
		return errors.New("engine defect: Rejoin of an engine that is not split")
	}
	joined, err := handshake.Join(h.r, h.Sender)
	if err != nil {
		return err
	}
	c.e = joined
	return nil
}
