package handshake_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/record"
)

// Every failure is final, told once, and leaves nothing behind (I4).

// causes are ways to make an engine fail, wherever it is.
var causes = []struct {
	name  string
	fail  func(e *handshake.Engine)
	kind  handshake.Kind
	alert record.Alert // sent; 0: none
}{
	{"no record", feed(0x99, 3, 3, 0, 1, 0), handshake.KindRecordType, record.AlertUnexpectedMessage},
	{"aborted", func(e *handshake.Engine) { e.Abort(record.AlertInternalError) }, handshake.KindAborted, record.AlertInternalError},
	{"cut off", func(e *handshake.Engine) { e.EOF() }, handshake.KindTruncated, 0},
	{"too long", feed(23, 3, 3, 0xff, 0xff), handshake.KindRecordOverflow, record.AlertRecordOverflow},
	{"refused", refuse, handshake.KindRefused, record.AlertAccessDenied},
}

// feed gives an engine bytes once it has said all that it had to say, as a
// record of the version that it goes by.
func feed(in ...byte) func(*handshake.Engine) {
	return func(e *handshake.Engine) {
		if v := e.State().Version; v != 0 {
			in[2] = byte(min(v, record.TLS12))
		}
		for {
			if _, ev := e.Step(credtest.Now, in); ev.Kind == handshake.Failed || ev.Kind == handshake.QueryPending {
				return
			}
		}
	}
}

func refuse(e *handshake.Engine) {
	if q, ok := e.Query().(interface{ Refuse(error) handshake.Answer }); ok {
		e.Answer(q.Refuse(record.AlertAccessDenied))
	}
}

// TestFailure lets every conversation fail at every step, in one way or two.
func TestFailure(t *testing.T) {
	for _, conv := range conversations() {
		if !conv.secure {
			continue
		}
		t.Run(conv.name, func(t *testing.T) {
			for i, cause := range causes {
				conv := conv
				conv.set = and(conv.set, watched)
				w := newWorld(t, &conv, cause.name == "refused")
				for step := 0; ; step++ {
					f := w.fork()
					p := []*party{f.c, f.s}[(i+step)%2]
					if step%3 == i%3 { // every step has one cause or two
						failAt(t, fmt.Sprintf("%s, step %d, %s", p.name, step, cause.name), f, p, i)
					}
					a := w.move(w.c)
					if b := w.move(w.s); !a && !b {
						break
					}
				}
			}
		})
	}
}

// failAt makes p fail and checks all that must hold of an engine that has.
func failAt(t *testing.T, name string, w *world, p *party, cause int) {
	t.Helper()
	for kind := handshake.Secure; kind != handshake.NeedInput && kind != handshake.QueryPending && !p.deaf; {
		_, ev := p.e.Step(credtest.Now, nil) // let it say what it has to say
		kind = ev.Kind
		w.see(p, ev)
		p.parked = kind == handshake.QueryPending
	}
	if p.deaf {
		return // it has ended before
	}
	if p.parked == (causes[cause].kind != handshake.KindRefused) {
		return // only the parked refuse, and they do not read
	}
	w.fetch(p)
	closed := p == w.s && p.stage > 0 || p == w.c && w.c.deaf
	secure := p.e.Secure()
	causes[cause].fail(p.e)
	if !errors.Is(p.e.Err(), causes[cause].kind) {
		t.Fatalf("%s: %v", name, p.e.Err())
	}
	told := checkAlert(t, name, p, causes[cause].alert, closed)
	checkFinal(t, name, w, p)
	checkForgotten(t, name, p, secure)
	if told {
		checkTold(t, name, w, p)
	}
}

// checkAlert checks that one alert is due, or none. It reports whether one is.
func checkAlert(t *testing.T, name string, p *party, alert record.Alert, closed bool) bool {
	t.Helper()
	err := p.e.Err().(*handshake.Error)
	due := p.e.AppendOut(nil)
	p.sent = append(p.sent, due...)
	if alert == 0 || closed {
		if len(due) != 0 || err.Sent {
			t.Fatalf("%s: %d bytes are due, Sent %v", name, len(due), err.Sent)
		}
		return false
	}
	if !err.Sent || err.Alert != alert {
		t.Fatalf("%s: alert %v, sent %v", name, err.Alert, err.Sent)
	}
	// A client's first protected record has a change_cipher_spec in front (RFC 9846 §E.4).
	due = bytes.TrimPrefix(due, []byte{20, 3, 3, 0, 1, 1})
	// The longest is of AES-CBC with HMAC-SHA384: the IV, and 2 + 48 bytes padded.
	if len(due) < 7 || len(due) > 5+16+64 || len(due) != 5+int(due[3])<<8+int(due[4]) || due[0] != 21 && due[0] != 23 {
		t.Fatalf("%s: what is due is no alert: %x", name, due)
	}
	return true
}

// checkFinal checks that whatever is done gives the same error and nothing else.
func checkFinal(t *testing.T, name string, w *world, p *party) {
	t.Helper()
	want := p.e.Err()
	rest := w.input(p)
	for ev := (handshake.Event{Kind: handshake.MessageSent}); ev.Kind == handshake.MessageSent; {
		_, ev = p.e.Step(credtest.Now, rest) // the trace of the alert
	}
	for range 2 {
		if n, ev := p.e.Step(credtest.Now, rest); n != 0 || ev.Kind != handshake.Failed || len(ev.Data) != 0 {
			t.Fatalf("%s: Step after it consumed %d and said %v", name, n, ev.Kind)
		}
		if ev := p.e.EOF(); ev.Kind != handshake.Failed {
			t.Fatalf("%s: EOF after it said %v", name, ev.Kind)
		}
		dst, sealErr := p.e.Seal(nil, []byte("more"))
		_, exportErr := p.e.Export("x", nil, 32)
		_, _, splitErr := p.e.Split()
		p.e.CloseWrite()
		p.e.Abort(record.AlertInternalError)
		for _, err := range []error{p.e.Err(), sealErr, exportErr, splitErr, p.e.UpdateKeys(true), p.e.Answer(handshake.Answer{})} {
			if err != want {
				t.Fatalf("%s: then %v, first %v", name, err, want)
			}
		}
		if len(dst) > 0 || p.e.Pending() > 0 || p.e.Query() != nil || p.e.Secure() || p.e.StateName() != "failed" {
			t.Fatalf("%s: %d sealed, %d due, query %v, secure %v, %s", name, len(dst), p.e.Pending(), p.e.Query(), p.e.Secure(), p.e.StateName())
		}
		if _, err := p.e.State().Export("x", nil, 32); err == nil {
			t.Fatalf("%s: State exports", name)
		}
	}
}

// checkForgotten checks that no secret of the connection is in reach.
func checkForgotten(t *testing.T, name string, p *party, secure bool) {
	t.Helper()
	var lines []string
	for _, line := range p.log {
		if text, ok := strings.CutPrefix(line, "KeyLogged"); ok {
			var data []byte
			fmt.Sscanf(strings.Fields(text)[len(strings.Fields(text))-1], "%x", &data)
			lines = append(lines, string(data))
		}
	}
	m := memoryOf(p.e, "*session.Session", "handshake.seededEnv")
	for label, secret := range secretsOf(t, lines) {
		if m.holds(secret) {
			t.Fatalf("%s: %s is still there", name, label)
		}
	}
	for typ := range m.types {
		if strings.Contains(typ, "gcm") || strings.Contains(typ, "hmac") || strings.HasPrefix(typ, "record.aead") {
			t.Fatalf("%s: a %s is still there", name, typ)
		}
	}
	if secure && len(lines) == 0 {
		t.Fatalf("%s: no secrets were logged", name)
	}
}

// checkTold lets the peer read on: in the end it must hear of the alert,
// unless it fails of itself or is done.
func checkTold(t *testing.T, name string, w *world, p *party) {
	t.Helper()
	want := p.e.Err().(*handshake.Error).Alert
	peer := w.peer(p)
	p.deaf, p.parked = true, false
	w.run()
	err, _ := peer.e.Err().(*handshake.Error)
	switch {
	case w.bad != "":
		t.Fatalf("%s: %s", name, w.bad)
	case err == nil && peer.parked:
	case err == nil || err.Kind != handshake.KindAlertReceived || err.Alert != want || err.Sent:
		t.Fatalf("%s: the peer is %s: %v, want to hear %v", name, peer.e.StateName(), peer.e.Err(), want)
	}
}

// TestSecretsAreThereBefore keeps checkForgotten honest: before the failure its
// search finds the secrets that are in use.
func TestSecretsAreThereBefore(t *testing.T) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		c := baseConfig(t)
		c.client.MaxVersion, c.client.KeyLog = v, true
		p := newPair(t, c).secure()
		m := memoryOf(p.c.e, "*session.Session")
		found := 0
		for _, secret := range secretsOf(t, p.c.keys) {
			if m.holds(secret) {
				found++
			}
		}
		want := 1 // the master secret
		if v == record.TLS13 {
			want = 3 // two traffic secrets and the exporter's
		}
		if found != want {
			t.Errorf("%v: %d secrets are in reach, want %d", v, found, want)
		}
	}
}

// TestFatalAlert: a fatal alert that is received ends writing too, and is not answered.
func TestFatalAlert(t *testing.T) {
	//= RFC 9846 §6.2 type=test
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		c := baseConfig(t)
		c.client.MaxVersion = v
		p := newPair(t, c).secure()
		p.c.e.Abort(record.AlertAccessDenied)
		p.run()
		if err := p.s.e.Err(); !errors.Is(err, handshake.KindAlertReceived) || !errors.Is(err, record.AlertAccessDenied) {
			t.Fatal(err)
		}
		if out, err := p.s.e.Seal(nil, []byte("x")); len(out) != 0 || err != p.s.e.Err() {
			t.Fatalf("%v: Seal after it gave %d bytes and %v", v, len(out), err)
		}
	}
}

// TestMisuse: misuse is an error of its own class, and the connection lives on.
func TestMisuse(t *testing.T) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		c := baseConfig(t)
		c.client.MaxVersion = v
		p := newPair(t, c).secure()
		before := p.c.e.Pending() + p.s.e.Pending()
		for name, do := range map[string]func(e *handshake.Engine) error{
			"fragment of 511":    func(e *handshake.Engine) error { return e.SetMaxSendFragment(511) },
			"fragment of 2^14+1": func(e *handshake.Engine) error { return e.SetMaxSendFragment(1<<14 + 1) },
			"answer to nothing":  func(e *handshake.Engine) error { return e.Answer(handshake.Answer{}) },
			"answer of another": func(e *handshake.Engine) error {
				return e.Answer(new(handshake.SessionQuery).Offer(new(session.Session)))
			},
			"export of 0 bytes":    func(e *handshake.Engine) error { _, err := e.Export("x", nil, 0); return err },
			"export of 2^14+1":     func(e *handshake.Engine) error { _, err := e.Export("x", nil, 1<<14+1); return err },
			"join of nothing":      func(e *handshake.Engine) error { _, err := handshake.Join(nil, nil); return err },
			"update keys of 1.2":   func(e *handshake.Engine) error { return updateKeys12(e) },
			"join of two engines'": joinStrangers(t, c),
		} {
			for _, s := range []*side{p.c, p.s} {
				if err := do(s.e); classOf(err) != handshake.Misuse {
					t.Errorf("%v: %s: %v", v, name, err)
				}
			}
		}
		if p.c.e.Pending()+p.s.e.Pending() != before {
			t.Errorf("%v: misuse sent something", v)
		}
		p.echo()
		p.c.e.CloseWrite()
		if _, err := p.c.e.Seal(nil, []byte("x")); classOf(err) != handshake.Misuse {
			t.Errorf("%v: Seal after CloseWrite: %v", v, err)
		}
		if p.run(); p.c.e.Err() != nil || p.s.e.Err() != nil {
			t.Error(p.c.e.Err(), p.s.e.Err())
		}
	}
}

func updateKeys12(e *handshake.Engine) error {
	if e.State().Version == record.TLS13 {
		return e.SetMaxSendFragment(0) // stands in: it is no misuse there
	}
	return e.UpdateKeys(true)
}

func joinStrangers(t *testing.T, c config) func(*handshake.Engine) error {
	return func(*handshake.Engine) error {
		a, b := newPair(t, c).secure(), newPair(t, c).secure()
		r, _, err := a.c.e.Split()
		if err != nil {
			t.Fatal(err)
		}
		_, s, err := b.c.e.Split()
		if err != nil {
			t.Fatal(err)
		}
		_, err = handshake.Join(r, s)
		return err
	}
}

// TestMisuseOfTheSpent: an engine that was split says so, sends nothing, and
// its halves do not notice.
func TestMisuseOfTheSpent(t *testing.T) {
	p := newPair(t, baseConfig(t)).secure()
	e := p.c.e
	r, s, err := e.Split()
	if err != nil {
		t.Fatal(err)
	}
	e.CloseWrite()
	e.Abort(record.AlertInternalError)
	e.EOF()
	if _, ev := e.Step(p.now, []byte{1}); ev.Kind != handshake.Failed || !errors.Is(e.Err(), handshake.KindSplit) {
		t.Error(ev.Kind, e.Err())
	}
	_, sealErr := e.Seal(nil, []byte("x"))
	_, _, splitErr := e.Split()
	for _, err := range []error{sealErr, splitErr, e.UpdateKeys(false)} {
		if classOf(err) != handshake.Misuse {
			t.Error(err)
		}
	}
	if out := e.AppendOut(nil); len(out) != 0 {
		t.Errorf("%d bytes are due", len(out))
	}
	if _, err := e.Export("x", nil, 32); err != nil {
		t.Error("Export of a split engine:", err)
	}
	if p.c.e, err = handshake.Join(r, s); err != nil {
		t.Fatal(err)
	}
	p.echo()
}

// TestSpentHalves: halves that were joined are spent; using them is misuse, not a crash.
func TestSpentHalves(t *testing.T) {
	p := newPair(t, baseConfig(t)).secure()
	r, s, err := p.c.e.Split()
	if err != nil {
		t.Fatal(err)
	}
	if _, err = handshake.Join(r, s); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Seal(nil, []byte("x")); classOf(err) != handshake.Misuse {
		t.Error("Seal:", err)
	}
	in, err := p.s.e.Seal(nil, []byte("data"))
	if err != nil {
		t.Fatal(err)
	}
	if n, ev := r.Step(p.now, in); n != 0 || ev.Kind != handshake.Failed || classOf(r.Err()) != handshake.Misuse {
		t.Error("Step:", n, ev.Kind, r.Err())
	}
	if _, err := handshake.Join(r, s); classOf(err) != handshake.Misuse {
		t.Error("Join:", err)
	}
}
