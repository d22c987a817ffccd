package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"tacet/transport"
)

// serial is a writer for several goroutines: one Write at a time.
type serial struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *serial) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(b)
}

// report prints the facts of a connection, if they are asked for.
func (o *options) report(f *facts) error {
	if !o.json {
		return nil
	}
	return writeFacts(o.set.std.out, f)
}

// say prints a line for people.
func (o *options) say(format string, args ...any) {
	fmt.Fprintf(o.set.std.err, "tacet: "+format+"\n", args...)
}

// settle does to a connection that is secure what options say of it.
func (o *options) settle(ctx context.Context, s *transport.Socket) error {
	for _, step := range []struct {
		wanted bool
		do     func() error
	}{
		{o.disableRenegotiation, s.DisableRenegotiation},
		{o.set.given("max-send-fragment"), func() error { return s.SetMaxSendFragment(o.maxSendFragment) }},
		{o.renegotiate, func() error { return o.again(ctx, s) }},
	} {
		if !step.wanted {
			continue
		}
		if err := step.do(); err != nil {
			return err
		}
	}
	return nil
}

// again renegotiates, and reports the facts anew.
func (o *options) again(ctx context.Context, s *transport.Socket) error {
	if err := s.Renegotiate(ctx, transport.RenegotiateOptions{}); err != nil {
		return err
	}
	return o.report(factsOf(s, nil, nil))
}
