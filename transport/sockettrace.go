package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	"tacet/handshake"
	"tacet/handshake/msg"
	"tacet/record"
)

// EnableTrace writes each message from now on to w as text: before the handshake, all.
// Lines of a message are one Write. It tells no secrets but those that are sent.
func (s *Socket) EnableTrace(w io.Writer) error {
	conn, err := s.connection()
	if err != nil {
		return err
	}
	s.tracer.set(w)
	return conn.Do(context.Background(), func(e *handshake.Engine) error {
		e.SetTrace(true)
		return nil
	})
}

// tracer writes messages as text.
type tracer struct {
	mu      sync.Mutex
	w       io.Writer // nil: nowhere
	dialect msg.Dialect
}

func (t *tracer) set(w io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.w = w
}

// event writes a message: ">" is sent, "<" received.
func (t *tracer) event(ev handshake.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b bytes.Buffer
	b.WriteString(map[handshake.EventKind]string{handshake.MessageSent: "> ", handshake.MessageReceived: "< "}[ev.Kind])
	switch ev.Type {
	case record.TypeHandshake:
		raw := msg.Raw(ev.Data)
		b.Write(msg.Dump(nil, raw, t.dialect))
		t.hear(raw)
	case record.TypeAlert:
		if len(ev.Data) == 2 {
			fmt.Fprintf(&b, "alert, %v %v\n", record.Level(ev.Data[0]), record.Alert(ev.Data[1]))
		}
	default:
		fmt.Fprintf(&b, "%v\n", ev.Type)
	}
	if t.w != nil {
		_, _ = t.w.Write(b.Bytes())
	}
}

// hear lets a message say how those after it are to be read.
func (t *tracer) hear(raw msg.Raw) {
	if m := t.dialect.New(raw.Type()); m != nil && m.Parse(raw.Body()) == nil {
		t.dialect.Hear(m)
	}
}
