package peers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"tacet/handshake"
)

// What the two sides say to each other. It begins like HTTP for peers that speak
// nothing else.
const (
	question = "GET /tacet HTTP/1.0\r\n\r\n"
	asked    = "GET /tacet"
	answer   = "HTTP/1.0 200 OK\r\nContent-Length: 11\r\n\r\ntacet says\n"
	said     = "tacet says"
)

// converse sends something both ways, does what the row is for, and closes both
// sides. last says that the peer is to end after it.
func (r *row) converse(e *end, err error, t talk, last bool) {
	r.Helper()
	if err != nil {
		r.Fatalf("handshake: %v", err)
	}
	// Some programs give a transport that stays open time for last words.
	steps := append(r.script(e, t), step{"closing the transport", func() error { _ = e.Close(); return nil }})
	if last || r.role == client {
		steps = append(steps, step{"the peer's end", func() error { return t.awaitEnd(r.ctx) }})
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			r.Fatalf("%s: %v", s.name, err)
		}
	}
}

// step is one step of a conversation.
type step struct {
	name string
	do   func() error
}

// script is a row's conversation.
func (r *row) script(e *end, t talk) []step {
	ask := step{"asking", func() error { _, err := e.Write([]byte(question)); return err }}
	tell := step{"answering", func() error { _, err := e.Write([]byte(answer)); return err }}
	isAsked := step{"being asked", func() error { return t.hear(r.ctx, asked) }}
	isTold := step{"being answered", func() error { return t.hear(r.ctx, said) }}
	listen := step{"listening", func() error { return e.readThrough(t.greet()) }}
	quit := step{"telling the peer to quit", func() error { t.quit(); return nil }}
	closed := step{"reading the peer's close_notify", func() error { return r.readEnd(e) }}
	closing := step{"closing", e.CloseWrite}
	gone := step{"closing too", func() error { _ = e.CloseWrite(); return nil }} // the peer may not be there any more
	bulk := step{"bulk both ways", func() error { return r.bulk(e, e.reader, t) }}
	switch theirs := r.role == client; {
	case r.terms.half == halfOurs:
		heard := step{"the peer hears our end", func() error { return t.hear(r.ctx, endHeard) }}
		return []step{ask, isAsked, closing, heard, listen, quit, closed}
	case r.terms.half == halfTheirs:
		return []step{listen, quit, closed, tell, isTold, gone}
	case r.terms.renewal.flows && theirs:
		return append(r.flowing(e, t), quit, closed, gone)
	case r.terms.renewal.flows:
		return append(r.flowing(e, t), closing, closed)
	case r.terms.bulk && theirs:
		return []step{bulk, quit, closed, gone}
	case r.terms.bulk:
		return []step{bulk, closing, closed}
	case r.terms.update != "" && theirs:
		return slices.Concat([]step{ask, isAsked, listen}, r.updating(e, t), []step{quit, closed, gone})
	case r.terms.update != "":
		return slices.Concat([]step{ask, isAsked, listen}, r.updating(e, t), []step{closing, closed})
	case r.terms.renewal.refused && !r.outlives() || r.terms.renewal.limited || r.terms.renewal.forbids || r.denied():
		return slices.Concat([]step{ask, isAsked, listen}, r.renewing(e, t), []step{quit})
	case r.terms.renewal.asks != "" && theirs:
		return slices.Concat([]step{ask, isAsked, listen}, r.renewing(e, t), []step{quit, closed, gone})
	case r.terms.renewal.asks != "":
		return slices.Concat([]step{ask, isAsked, listen}, r.renewing(e, t), []step{closing, closed})
	case theirs && r.isWaiting():
		return []step{listen, tell, isTold, closing, closed}
	case theirs:
		return []step{listen, tell, isTold, quit, closed, gone}
	}
	return []step{ask, isAsked, listen, gone, closed}
}

// waiting is a client that never closes first.
type waiting interface{ waits() }

func (r *row) isWaiting() bool {
	_, ok := r.peer.(waiting)
	return ok
}

// truncating is a peer that closes without close_notify.
type truncating interface{ truncates() }

// readEnd reads all that is left, and tells how it ends from how it must.
func (r *row) readEnd(e *end) error {
	err := e.readEnd()
	if _, ok := r.peer.(truncating); !ok {
		return err
	}
	if !errors.Is(err, handshake.KindTruncated) {
		return fmt.Errorf("the peer sends no close_notify, but it reads as %v", err)
	}
	return nil
}

// endHeard is what a peer that can hear our end without ending itself says of it.
const endHeard = "the other side has closed"

// updating is what a row "update" is for: keys are changed, and then both sides
// are still understood.
func (r *row) updating(e *end, t talk) []step {
	tell := step{"answering under new keys", func() error { _, err := e.Write([]byte(answer)); return err }}
	isTold := step{"being answered under new keys", func() error { return t.hear(r.ctx, said) }}
	listen := step{"listening under new keys", func() error { return e.readThrough(t.greet()) }}
	if r.terms.update == updateOurs {
		return []step{
			{"updating keys", func() error { return e.UpdateKeys(true) }}, tell, isTold, listen,
			{"the peer's update", func() error { return e.wantUpdates(1) }},
		}
	}
	return []step{
		{"the peer's update", func() error { return t.update(r.ctx, false) }}, listen,
		{"counting", func() error { return e.wantUpdates(1) }},
		{"the peer's request", func() error { return t.update(r.ctx, true) }}, listen,
		{"counting", func() error { return e.wantUpdates(2) }}, tell, isTold,
	}
}

func (e *end) wantUpdates(n int) error {
	if got := e.updated(); got != n {
		return fmt.Errorf("the peer has updated its keys %d times, want %d", got, n)
	}
	return nil
}

// bulk sends much both ways at once and compares hashes.
func (r *row) bulk(w io.Writer, from io.Reader, t talk) error {
	ours, theirs, lines := bulkOf(r)
	type result struct {
		sum string
		err error
	}
	ctx, cancel := context.WithCancelCause(r.ctx) // or the peer would wait for what does not come
	defer cancel(nil)
	begin := func(f func() (string, error)) <-chan result {
		c := make(chan result, 1)
		go func() {
			sum, err := f()
			if err != nil {
				cancel(err)
			}
			c <- result{sum, err}
		}()
		return c
	}
	out := begin(func() (string, error) { return sendBulk(w, ours, lines) })
	in := begin(func() (string, error) { return readBulk(from, theirs) })
	sent, received, err := t.stream(ctx, theirs, ours)
	if err != nil {
		return fmt.Errorf("peer: %w, %w", err, context.Cause(ctx))
	}
	our, their := <-out, <-in
	if err := errors.Join(our.err, their.err); err != nil {
		return err
	}
	if sent == "" { // an echo
		sent, received = our.sum, their.sum
	}
	if our.sum != received || their.sum != sent {
		return fmt.Errorf("bytes differ: %s became %s, and %s became %s", our.sum, received, sent, their.sum)
	}
	return nil
}
