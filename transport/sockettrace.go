package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
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
		for line := range strings.Lines(string(msg.Dump(nil, raw, t.dialect))) {
			name, value, _ := strings.Cut(line, ": ")
			b.WriteString(strings.TrimSuffix(name+": "+NameCodes(strings.TrimSpace(name), value), ": "))
		}
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

// codeNames gives the names of the codes in a field, by the field's name.
var codeNames = map[string]func(uint16) string{
	"cipher_suite":                   func(c uint16) string { return suites.ID(c).String() },
	"cipher_suites":                  func(c uint16) string { return suites.ID(c).String() },
	"namedcurve":                     func(c uint16) string { return kx.ID(c).String() },
	"extension supported_groups":     func(c uint16) string { return kx.ID(c).String() },
	"extension key_share":            func(c uint16) string { return kx.ID(c).String() },
	"algorithm":                      func(c uint16) string { return cred.Scheme(c).String() },
	"extension signature_algorithms": func(c uint16) string { return cred.Scheme(c).String() },
	"extension supported_versions":   func(c uint16) string { return record.Version(c).String() },
}

var code = regexp.MustCompile(`\b0x[0-9a-f]{4}\b`)

// NameCodes puts names for the codes in a field of a message, as msg.Fields tells of
// it, where they have some: what EnableTrace does.
func NameCodes(field, value string) string {
	name, ok := codeNames[field]
	if !ok {
		return value
	}
	return code.ReplaceAllStringFunc(value, func(hexed string) string {
		n, err := strconv.ParseUint(hexed, 0, 16)
		if err != nil {
			return hexed
		}
		return name(uint16(n))
	})
}
