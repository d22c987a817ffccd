package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"tacet/actor"
	"tacet/handshake"
	"tacet/record"
)

// watch is what the options let see of connections: key log, traces, facts.
type watch struct {
	options *options
	keylog  io.Writer
	file    *os.File
	mu      sync.Mutex // one line at a time
}

func (o *options) watch() (*watch, error) {
	w := &watch{options: o}
	if o.keylog == "" {
		return w, nil
	}
	file, err := os.OpenFile(o.keylog, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, &optionError{"keylog", err}
	}
	w.file, w.keylog = file, actor.NewKeyLog(file)
	return w, nil
}

func (w *watch) close() {
	if w.file != nil {
		_ = w.file.Close()
	}
}

// config is what the owner of one connection is told.
func (w *watch) config(side role) actor.Config {
	c := actor.Config{
		KeyLog: w.keylog, HandshakeTimeout: w.options.timeout(),
	}
	if w.options.psk.key != nil {
		c.Answer = w.options.psk.answer
	}
	if w.options.trace {
		t := &tracer{watch: w, side: side}
		c.OnEvent = t.event
	}
	return c
}

// report prints the facts of a connection, if they are asked for.
func (w *watch) report(s *handshake.ConnectionState, err error) error {
	if !w.options.json {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return writeFacts(w.options.set.std.out, factsOf(s, err))
}

// say prints a line for people.
func (w *watch) say(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintf(w.options.set.std.err, "tacet: "+format+"\n", args...)
}

// tracer shows the messages of one connection.
type tracer struct {
	watch *watch
	side  role
	told  teller
}

// event shows a message: ">" is sent, "<" received.
func (t *tracer) event(ev handshake.Event) {
	from, arrow := t.side, ">"
	switch ev.Kind {
	case handshake.MessageReceived:
		from, arrow = t.side.peer(), "<"
	case handshake.MessageSent:
	default:
		return
	}
	p := t.told.tell(from, ev.Type, ev.Data)
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s", arrow, p.name)
	if ev.Type == record.TypeHandshake {
		fmt.Fprintf(&b, ", %d bytes", len(p.bytes))
	}
	if p.telling != nil {
		fmt.Fprintf(&b, ": %s", strings.Join(p.telling, " · "))
	}
	b.WriteByte('\n')
	for _, f := range p.fields {
		fmt.Fprintf(&b, "    %s: %s\n", f.Name, f.Value)
	}
	t.watch.mu.Lock()
	defer t.watch.mu.Unlock()
	_, _ = t.watch.options.set.std.err.Write(b.Bytes())
}
