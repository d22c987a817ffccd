package handshake_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// scene is who meets whom, and how: the victim is one real engine, its peer is mallory.
type scene struct {
	client bool // the victim is a client
	v      record.Version
	state  string // of the victim when it fails

	retry  bool // with a HelloRetryRequest
	auth   bool // with a client certificate
	resume bool // resuming a session
	alone  bool // with its key alone, in mode psk_ke
	kind   credtest.Kind
	have   func(*handshake.Config)                             // more of the victim's Config
	sess   func(*session.Session) *session.Session             // changes the session on the side that offers it
	cert   func(testing.TB, *cred.Credential) *cred.Credential // changes mallory's
	leg    legacy
}

// The four kinds of scenes: the victim and the version, and where it fails.
func s13(state string) scene { return scene{v: record.TLS13, state: state} }
func s12(state string) scene { return scene{v: record.TLS12, state: state} }
func c13(state string) scene { return scene{client: true, v: record.TLS13, state: state} }
func c12(state string) scene { return scene{client: true, v: record.TLS12, state: state} }

func (s scene) retried() scene                         { s.retry = true; return s }
func (s scene) mutual() scene                          { s.auth = true; return s }
func (s scene) resumed() scene                         { s.resume = true; return s }
func (s scene) pskOnly() scene                         { s.resume, s.alone = true, true; return s }
func (s scene) key(k credtest.Kind) scene              { s.kind = k; return s }
func (s scene) with(set func(*handshake.Config)) scene { s.have = set; return s }
func (s scene) rsa() bool                              { return strings.HasPrefix(string(s.kind), "rsa") }
func (s scene) session(f func(*session.Session) *session.Session) scene {
	s.resume, s.sess = true, f
	return s
}

func (s scene) String() string {
	name := "server"
	if s.client {
		name = "client"
	}
	name = fmt.Sprintf("%s %v", name, s.v)
	for _, part := range []struct {
		on   bool
		name string
	}{{s.retry, " retry"}, {s.auth, " auth"}, {s.resume, " resume"}, {s.alone, " alone"}, {s.kind != "", " " + string(s.kind)}, {s.leg.suite != "", " " + s.leg.String()}} {
		if part.on {
			name += part.name
		}
	}
	return name
}

// config is the victim's.
func (s scene) config(t testing.TB) handshake.Config {
	ca := credtest.CA(t)
	c := handshake.Config{Verifier: ca.Verifier(), Groups: []kx.Group{kx.ByID(kx.X25519), kx.ByID(kx.P256)}}
	parsed, err := suites.Parse("TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256")
	if err != nil {
		t.Fatal(err)
	}
	c.Suites = parsed.Suites
	switch {
	case s.client:
		c.MinVersion, c.MaxVersion = s.v, s.v
		c.AskSession = true
		if s.auth {
			c.Credentials = []*cred.Credential{ca.Leaf(t, credtest.P256, "client.example.org")}
		}
	default:
		c.Credentials = []*cred.Credential{ca.Leaf(t, credtest.P256, "example.org")}
		c.TicketKeys = []session.TicketKey{ticketKey}
		if s.auth {
			c.ClientAuth = handshake.RequireClientCert
		}
		if s.retry {
			c.Groups = []kx.Group{kx.ByID(kx.P256)}
		}
	}
	if s.alone {
		c.PSKModes = dheOrPSK
	}
	s.leg.configure(t, &s, &c)
	if s.have != nil {
		s.have(&c)
	}
	return c
}

// meet makes the victim, and mallory.
func (s scene) meet(t testing.TB) *mallory {
	t.Helper()
	c := s.config(t)
	p := &mallory{t: t, sc: s, env: seeded('m'), hooks: map[string]hook{}}
	if s.client {
		profile, err := c.CompileClient()
		if err != nil {
			t.Fatal(err)
		}
		p.e = handshake.NewClient(profile, "example.org", seeded('v'))
	} else {
		profile, err := c.CompileServer()
		if err != nil {
			t.Fatal(err)
		}
		p.e = handshake.NewServer(profile, seeded('v'))
	}
	if s.resume {
		if s.leg.suite != "" {
			p.sess = s.leg.session(t, &s)
		} else {
			p.sess = sessionFor(t, s.v)
		}
		if s.sess != nil {
			p.sess = s.sess(p.sess)
		}
	}
	p.identify()
	return p
}

// identify gives mallory a certificate where the scene wants one.
func (p *mallory) identify() {
	if !p.sc.client && !p.sc.auth {
		return
	}
	kind, name := p.sc.kind, "example.org"
	if kind == "" {
		kind = credtest.P256
	}
	p.cred = credtest.CA(p.t).Leaf(p.t, kind, name)
	p.scheme = map[credtest.Kind]cred.Scheme{
		credtest.P256: cred.ECDSAP256SHA256, credtest.P384: cred.ECDSAP384SHA384, credtest.Ed25519: cred.Ed25519,
		credtest.RSA2048: cred.RSAPSSRSAESHA256, credtest.RSAPSS: cred.RSAPSSPSSSHA256,
	}[kind]
	if p.sc.cert != nil {
		p.cred = p.sc.cert(p.t, p.cred)
	}
}

// sessionFor is what an honest handshake of the version leaves with a client.
func sessionFor(t testing.TB, v record.Version) *session.Session {
	t.Helper()
	c := baseConfig(t)
	c.client.Suites = scene{}.config(t).Suites
	c.client.MinVersion, c.client.MaxVersion = v, v
	return newPair(t, c).secure().c.sess[0]
}

// bad is one row of a table of bad input.
type bad struct {
	name string
	ref  string // "B11": line 11 of the behaviours; or the RFC's section
	in   []scene
	do   deed

	alert record.Alert
	kind  handshake.Kind
	field string
	quiet bool                       // the victim says nothing; alert is what it was told
	fine  func(*testing.T, *mallory) // the victim goes on: what to look at when all is said
}

// deed changes what mallory does, before she begins.
type deed func(p *mallory)

// goesOn is the fine of rows in which it is enough that the conversation ends well.
func goesOn(*testing.T, *mallory) {}

// run plays a scene as far as it goes.
func (p *mallory) run(do deed) {
	p.t.Helper()
	p.attempt(func() {
		if do != nil {
			do(p)
		}
		switch old := p.sc.leg.suite != ""; {
		case old && p.sc.client:
			p.oldServer()
		case old:
			p.oldClient()
		case p.sc.client:
			p.server()
		default:
			p.client()
		}
	})
}

func runBad(t *testing.T, rows []bad) {
	for _, row := range rows {
		for _, s := range row.in {
			for _, bytewise := range []bool{false, true} {
				name := fmt.Sprintf("%s/%v", row.name, s)
				if bytewise {
					name += "/bytewise"
				}
				t.Run(name, func(t *testing.T) {
					p := s.meet(t)
					p.bytewise = bytewise
					p.run(row.do)
					if row.fine != nil {
						p.unharmed(t)
						row.fine(t, p)
						return
					}
					p.refused(t, &row, s.state)
				})
			}
		}
	}
}

// unharmed checks that the conversation ended well.
func (p *mallory) unharmed(t *testing.T) {
	t.Helper()
	if err := p.e.Err(); err != nil {
		t.Fatal(err)
	}
	if !p.e.Secure() || !bytes.Equal(p.got, p.want) || string(p.pong) != "pong" {
		t.Fatalf("in %s: victim got %.100q of %.100q, said %.100q", p.e.StateName(), p.got, p.want, p.pong)
	}
	if ev := p.e.EOF(); ev.Kind != handshake.PeerClosed {
		t.Fatalf("at the end: %v %v", ev.Kind, p.e.Err())
	}
}

// refused checks that the victim failed as it should: with the right error, one
// fatal alert that mallory can open, and nothing after it.
func (p *mallory) refused(t *testing.T, row *bad, state string) {
	t.Helper()
	err := p.e.Err()
	if err == nil {
		t.Fatalf("not refused: the victim is in %s", p.e.StateName())
	}
	var e *handshake.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T %v", err, err)
	}
	if e.Kind != row.kind || e.Alert != row.alert || e.State != state || e.Sent == row.quiet {
		t.Errorf("got  %v\nwant %v in %s with %v", err, row.kind, state, row.alert)
	}
	if row.field != "" && e.Field != row.field {
		t.Errorf("field %q, want %q", e.Field, row.field)
	}
	if !errors.Is(err, row.kind) || !errors.Is(err, row.alert) && row.alert != record.AlertCloseNotify { // 0 is none, too
		t.Errorf("errors.Is does not find kind and alert in %v", err)
	}
	if !bytes.Equal(p.got, p.want) {
		t.Errorf("delivered %.100q, want %.100q", p.got, p.want)
	}
	p.alerted(t, row)
	p.dead(t, err)
}

// alerted checks what the victim said at its end.
func (p *mallory) alerted(t *testing.T, row *bad) {
	t.Helper()
	p.t = t
	for p.openOne() {
	}
	want := 1
	if row.quiet {
		want = 0
	}
	switch {
	case len(p.fatal) != want:
		t.Errorf("%d fatal alerts %v, want %d", len(p.fatal), p.fatal, want)
	case want == 1 && p.fatal[0] != row.alert:
		t.Errorf("alert %v left, want %v", p.fatal[0], row.alert)
	case p.after > 0:
		t.Errorf("%d records after the alert", p.after)
	}
}

// dead checks that a failed engine stays as it is, whatever is done to it.
func (p *mallory) dead(t *testing.T, err error) {
	t.Helper()
	e := p.e
	more := append(p.lock.seal(record.TypeApplicationData, record.TLS12, []byte("leak"), 0), 22, 3, 3, 0, 4, 0, 0, 0, 0)
	for _, in := range [][]byte{more, nil, p.rest} {
		if n, ev := e.Step(credtest.Now, bytes.Clone(in)); n != 0 || ev.Kind != handshake.Failed || ev.Data != nil {
			t.Errorf("Step of a failed engine consumes %d and says %v", n, ev.Kind)
		}
	}
	if ev := e.EOF(); ev.Kind != handshake.Failed {
		t.Errorf("EOF says %v", ev.Kind)
	}
	if out, sealErr := e.Seal(nil, []byte("leak")); len(out) > 0 || sealErr == nil {
		t.Errorf("Seal gives %d bytes, %v", len(out), sealErr)
	}
	e.CloseWrite()
	e.Abort(record.AlertInternalError)
	if updateErr := e.UpdateKeys(true); updateErr == nil {
		t.Error("UpdateKeys succeeds")
	}
	if _, _, splitErr := e.Split(); splitErr == nil {
		t.Error("Split succeeds")
	}
	if answerErr := e.Answer(handshake.Answer{}); answerErr != err {
		t.Errorf("Answer: %v", answerErr)
	}
	if n := e.Pending(); n > 0 {
		t.Errorf("%d bytes more to send", n)
	}
	if e.Err() != err || e.Secure() || e.StateName() != "failed" || e.Query() != nil {
		t.Errorf("afterwards: %v, secure %v, %s", e.Err(), e.Secure(), e.StateName())
	}
}
