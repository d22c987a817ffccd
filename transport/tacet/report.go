package main

import (
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

// fragment has a connection that is secure send records of the size that is wanted.
func (o *options) fragment(s *transport.Socket) error {
	if !o.set.given("max-send-fragment") {
		return nil
	}
	return s.SetMaxSendFragment(o.maxSendFragment)
}
