package peers

import (
	"context"
	"errors"
	"fmt"
	"io"

	"tacet/handshake"
)

// flowSize is what goes each way in a row of a renegotiation in the midst of it, in bytes.
const flowSize = 4 << 20

// flower is a peer of rows of such renegotiations: it tells what it sends and takes in
// the midst of one. What it does not, its kind cannot do among themselves either.
type flower interface {
	flows(r *row) (sends, listens bool)
}

// flowing is a row whose renegotiation comes in the midst of much that is sent.
func (r *row) flowing(e *end, t talk) []step {
	var before *handshake.ConnectionState
	steps := []step{
		{"what is said of the first handshake", func() error { r.check(e, t, false); return nil }},
		{"bulk and a renegotiation", func() error {
			before = e.State()
			r.renewed = true
			return r.flow(e, t)
		}},
		{"what is said of it", func() error { return r.isRenewed(e, t, before) }},
	}
	tell := step{"answering", func() error { _, err := e.Write([]byte(answer)); return err }}
	isTold := step{"being answered", func() error { return t.hear(r.ctx, said) }}
	return append(steps, tell, isTold, step{"listening", func() error { return e.readThrough(t.greet()) }})
}

// flow is bulk with a renegotiation, from when half of it is sent. If this side sends,
// it holds the end back until there was one.
func (r *row) flow(e *end, t talk) error {
	ctx, cancel := context.WithCancelCause(r.ctx)
	defer cancel(nil)
	through, asked := e.nextHandshake(), make(chan error, 1)
	ask := func() {
		if r.terms.renewal.asks == r.role {
			t.(renewer).renegotiate(r, e)
			asked <- nil
			return
		}
		go func() {
			err := e.Renegotiate(r.ctx, r.again())
			if err != nil {
				cancel(fmt.Errorf("renegotiating: %w", err))
			}
			asked <- err
		}()
	}
	ours, theirs, _ := bulkOf(r)
	var w io.Writer = e
	var from io.Reader = e.reader
	if ours > 0 {
		w = &interrupted{Writer: e, ctx: ctx, half: ours / 2, most: ours, through: through, do: ask}
	} else {
		from = io.TeeReader(from, &interrupted{Writer: io.Discard, half: theirs / 2, most: theirs + 1, do: ask})
	}
	if theirs == 0 {
		e.peek()
	}
	if err := r.bulk(w, from, t); err != nil {
		return err
	}
	if theirs > 0 {
		e.peek()
	}
	select {
	case <-through:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return errors.Join(<-asked, e.Do(r.ctx, func(*handshake.Engine) error { return nil }))
}

// interrupted is a writer that does something once half is written, and then holds the
// end back until something else has happened.
type interrupted struct {
	io.Writer
	ctx        context.Context
	half, most int64
	do         func()
	through    <-chan struct{}

	written int64
	done    bool
}

func (w *interrupted) Write(p []byte) (int, error) {
	if w.written+int64(len(p)) >= w.most {
		select {
		case <-w.through:
		case <-w.ctx.Done():
			return 0, context.Cause(w.ctx)
		}
	}
	n, err := w.Writer.Write(p)
	if w.written += int64(n); w.written >= w.half && !w.done {
		w.done = true
		w.do()
	}
	return n, err
}
