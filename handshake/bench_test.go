package handshake_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// benchKinds are the kinds of handshake that the benchmark compares.
var benchKinds = []struct {
	name    string
	version record.Version
	group   kx.ID
	resume  bool
	allocs  float64 // at most, of both sides
}{
	{"full13", record.TLS13, kx.X25519, false, 300},
	{"full13-mlkem", record.TLS13, kx.X25519MLKEM768, false, 315},
	{"resume13", record.TLS13, kx.X25519, true, 105},
	{"full12", record.TLS12, kx.X25519, false, 300},
	{"resume12", record.TLS12, kx.X25519, true, 75},
}

// BenchmarkHandshake runs both sides of a handshake, an ECDSA P-256 chain of two
// certificates verified each time, in memory.
func BenchmarkHandshake(b *testing.B) {
	for _, k := range benchKinds {
		b.Run("kind="+k.name+"/impl=tacet", func(b *testing.B) { benchTacet(b, k.version, k.group, k.resume) })
		b.Run("kind="+k.name+"/impl=crypto", func(b *testing.B) { benchCrypto(b, k.version, k.group, k.resume) })
	}
}

func benchTacet(b *testing.B, v record.Version, g kx.ID, resume bool) {
	run := handshakeLoop(b, v, g, resume)
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
}

// handshakeLoop is the function that makes one handshake of a kind.
func handshakeLoop(b testing.TB, v record.Version, g kx.ID, resume bool) (run func()) {
	ca := credtest.CA(b)
	leaf := ca.Intermediate(b, "bench").Leaf(b, credtest.P256, "example.org")
	groups := []kx.Group{kx.ByID(g), kx.ByID(kx.P256)}                                // of the certificate's curve, which TLS 1.2 asks for
	list, err := suites.Parse("TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256") // what crypto/tls takes
	if err != nil {
		b.Fatal(err)
	}
	cc := handshake.Config{MaxVersion: v, Suites: list.Suites, Groups: groups, Verifier: ca.Verifier(), AskSession: true}
	cc.ParseCertificate = actor.ParseCertificate // as crypto/tls does
	sc := handshake.Config{MaxVersion: v, Suites: list.Suites, Groups: groups, TicketKeys: []session.TicketKey{ticketKey}}
	sc.Credentials = append(sc.Credentials, leaf)
	cp, err := cc.CompileClient()
	if err != nil {
		b.Fatal(err)
	}
	sp, err := sc.CompileServer()
	if err != nil {
		b.Fatal(err)
	}
	var offer, got *session.Session
	x, y := make([]byte, 0, 8192), make([]byte, 0, 8192)
	run = func() {
		c := handshake.NewClient(cp, "example.org", seeded('c'))
		s := handshake.NewServer(sp, seeded('s'))
		toS, toC := benchStep(b, c, nil, x[:0], offer, &got), y[:0]
		for len(toS) > 0 {
			toC = benchStep(b, s, toS, toC[:0], nil, nil)
			toS = benchStep(b, c, toC, toS[:0], nil, &got)
		}
		if !c.Secure() || !s.Secure() || c.State().Resumed != (offer != nil) {
			b.Fatal("not as wanted: ", c.Err(), s.Err())
		}
	}
	if run(); resume {
		offer = got
	}
	return run
}

// benchStep feeds in to e and appends what it says to out.
func benchStep(b testing.TB, e *handshake.Engine, in, out []byte, offer *session.Session, got **session.Session) []byte {
	for {
		n, ev := e.Step(credtest.Now, in)
		in = in[n:]
		switch ev.Kind {
		case handshake.QueryPending:
			if err := e.Answer(e.Query().(*handshake.SessionQuery).Offer(offer)); err != nil {
				b.Fatal(err)
			}
		case handshake.SessionReady:
			*got = e.Session()
		case handshake.Failed:
			b.Fatal(e.Err())
		case handshake.NeedInput:
			return e.AppendOut(out)
		}
	}
}

func benchCrypto(b *testing.B, v record.Version, g kx.ID, resume bool) {
	ca := credtest.CA(b)
	leaf := ca.Intermediate(b, "bench").Leaf(b, credtest.P256, "example.org")
	pool := x509.NewCertPool()
	pool.AddCert(ca.Cert)
	now := func() time.Time { return credtest.Now }
	curves := []tls.CurveID{tls.CurveID(g)}
	cc := &tls.Config{MaxVersion: uint16(v), CurvePreferences: curves, RootCAs: pool, ServerName: "example.org", Time: now}
	sc := &tls.Config{MaxVersion: uint16(v), CurvePreferences: curves, Certificates: []tls.Certificate{stdCert(leaf)}, Time: now}
	if resume {
		cc.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	}
	run := func() {
		x, y := net.Pipe()
		c, s := tls.Client(x, cc), tls.Server(y, sc)
		done := make(chan error, 1)
		go func() {
			err := s.Handshake()
			if err == nil {
				_, err = s.Write([]byte("x"))
			}
			done <- err
		}()
		var buf [1]byte
		if _, err := c.Read(buf[:]); err != nil {
			b.Fatal(err)
		}
		if err := <-done; err != nil {
			b.Fatal(err)
		}
		x.Close()
		y.Close()
	}
	run()
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
}
