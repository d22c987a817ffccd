package handshake_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
)

// side is an engine with the bytes on their way to it and the log of its events.
type side struct {
	e    *handshake.Engine
	in   []byte // from the peer, not consumed yet
	data []byte // application data that came
	log  []string
	sess []*session.Session
	keys []string
	ans  func(*handshake.Engine, handshake.Query) bool // answers queries, if set
}

// pair is two engines face to face.
type pair struct {
	t    testing.TB
	c, s *side
	now  time.Time
}

// config is what a test changes of the two Configs.
type config struct {
	client, server handshake.Config
	name           string
	seed           byte
	session        *session.Session
	psk            string                  // identity of the external key that a client offers
	staple         string                  // what the application staples, "" for what the credential has
	forgets        bool                    // the server's store knows nothing
	doubts         bool                    // the client trusts no session
	again          func(*handshake.Config) // what a server changes when it renegotiates
}

var ticketKey = session.TicketKey{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}

func baseConfig(t testing.TB) config {
	ca := credtest.CA(t)
	var c config
	c.name = "example.org"
	c.client.Verifier = ca.Verifier()
	c.server.Credentials = append(c.server.Credentials, ca.Leaf(t, credtest.P256, "example.org"))
	c.server.TicketKeys = []session.TicketKey{ticketKey}
	return c
}

func seeded(b ...byte) handshake.Env {
	var seed [32]byte
	copy(seed[:], b)
	return handshake.SeededEnv(seed)
}

func newPair(t testing.TB, c config) *pair {
	t.Helper()
	if c.session != nil {
		c.client.AskSession = true
	}
	cp, err := c.client.CompileClient()
	if err != nil {
		t.Fatal(err)
	}
	sp, err := c.server.CompileServer()
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{t: t, now: credtest.Now}
	p.c = &side{e: handshake.NewClient(cp, c.name, seeded('c', c.seed))}
	p.s = &side{e: handshake.NewServer(sp, seeded('s', c.seed))}
	if c.session != nil {
		p.c.ans = func(e *handshake.Engine, q handshake.Query) bool {
			sq, ok := q.(*handshake.SessionQuery)
			if ok {
				if err := e.Answer(sq.Offer(c.session)); err != nil {
					t.Fatal(err)
				}
			}
			return ok
		}
	}
	return p
}

// turn lets a side consume what it has, and delivers what it says. It reports
// whether anything happened.
func (p *pair) turn(from, to *side) bool {
	busy := false
	for {
		n, ev := from.e.Step(p.now, from.in)
		if n > 0 {
			busy = true
		}
		from.note(ev)
		from.in = from.in[n:]
		to.in = from.e.AppendOut(to.in)
		switch ev.Kind {
		case handshake.NeedInput, handshake.PeerClosed, handshake.Failed:
			return busy || len(to.in) > 0
		case handshake.QueryPending:
			if from.ans == nil || !from.ans(from.e, from.e.Query()) {
				return busy || len(to.in) > 0
			}
			to.in = from.e.AppendOut(to.in)
		}
	}
}

func (s *side) note(ev handshake.Event) {
	switch ev.Kind {
	case handshake.NeedInput:
		return
	case handshake.Data:
		s.data = append(s.data, ev.Data...)
	case handshake.SessionReady:
		s.sess = append(s.sess, s.e.Session())
	case handshake.KeyLogged:
		s.keys = append(s.keys, string(ev.Data))
	}
	line := ev.Kind.String()
	if n := len(s.log); n > 0 && s.log[n-1] == line && (ev.Kind == handshake.PeerClosed || ev.Kind == handshake.Failed) {
		return
	}
	s.log = append(s.log, line)
}

// run lets both sides talk until both are quiet.
func (p *pair) run() {
	p.t.Helper()
	for i := 0; ; i++ {
		a := p.turn(p.c, p.s)
		b := p.turn(p.s, p.c)
		if !a && !b || len(p.c.in) == 0 && len(p.s.in) == 0 && i > 0 {
			return
		}
		if i > 100 {
			p.t.Fatal("the sides do not come to rest")
		}
	}
}

// secure runs the handshake and fails the test if it does not complete.
func (p *pair) secure() *pair {
	p.t.Helper()
	p.run()
	if !p.c.e.Secure() || !p.s.e.Secure() {
		p.t.Fatalf("not secure: client %s %v %v, server %s %v %v",
			p.c.e.StateName(), p.c.e.Err(), p.c.log, p.s.e.StateName(), p.s.e.Err(), p.s.log)
	}
	return p
}

// echo sends data both ways and checks that it arrives.
func (p *pair) echo() {
	p.t.Helper()
	for _, dir := range []struct{ from, to *side }{{p.c, p.s}, {p.s, p.c}} {
		want := bytes.Repeat([]byte("tacet "), 7000)
		var err error
		if dir.to.in, err = dir.from.e.Seal(dir.to.in, want); err != nil {
			p.t.Fatal(err)
		}
		dir.to.data = nil
		p.run()
		if !bytes.Equal(dir.to.data, want) {
			p.t.Fatalf("%d bytes arrived, %d sent", len(dir.to.data), len(want))
		}
	}
	a, errA := p.c.e.Export("EXPERIMENTAL", nil, 32)
	b, errB := p.s.e.Export("EXPERIMENTAL", nil, 32)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		p.t.Fatalf("exporters differ: %x %v, %x %v", a, errA, b, errB)
	}
}

func TestHandshake(t *testing.T) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		t.Run(fmt.Sprint(v), func(t *testing.T) {
			c := baseConfig(t)
			c.client.MaxVersion = v
			p := newPair(t, c).secure()
			p.echo()
			if p.c.e.State().Version != v || len(p.c.sess) == 0 {
				t.Fatal(p.c.e.State().Version, p.c.log, p.s.log)
			}
			c.session, c.seed = p.c.sess[0], 1
			p = newPair(t, c).secure()
			p.echo()
			if !p.c.e.State().Resumed || !p.s.e.State().Resumed {
				t.Fatal("not resumed")
			}
		})
	}
}

// TestServerRespectsCurves: up to TLS 1.2 a client's groups bound the curve of
// an ECDSA certificate (RFC 8422 §5.1).
func TestServerRespectsCurves(t *testing.T) {
	ca := credtest.CA(t)
	p256, rsa := ca.Leaf(t, credtest.P256, "example.org"), ca.Leaf(t, credtest.RSA2048, "example.org")
	for _, tc := range []struct {
		name  string
		creds []*cred.Credential
		want  *cred.Credential // nil: refused
	}{
		{"only a P-256 certificate", []*cred.Credential{p256}, nil},
		{"an RSA one beside it", []*cred.Credential{p256, rsa}, rsa},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := baseConfig(t)
			c.client.MaxVersion, c.client.Groups = record.TLS12, []kx.Group{kx.ByID(kx.P384)}
			c.server.Credentials = tc.creds
			p := newPair(t, c)
			p.run()
			if tc.want == nil {
				if err := p.s.e.Err(); !errors.Is(err, handshake.KindNoCommonSuite) || !errors.Is(err, record.AlertHandshakeFailure) {
					t.Fatal(err)
				}
				return
			}
			if p.secure(); p.s.e.State().Credential != tc.want {
				t.Error("another certificate was sent")
			}
		})
	}
}
