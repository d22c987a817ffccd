package handshake_test

import (
	"errors"
	"testing"

	"tacet/handshake"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

const pskIdentity = "Client_identity"

// pskPair is a pair whose client offers a key and whose server knows one.
func pskPair(t *testing.T, c config, offered, known string) *pair {
	t.Helper()
	c.client.AskPSK, c.server.AskPSK = true, true
	p := newPair(t, c)
	p.c.ans = func(e *handshake.Engine, q handshake.Query) bool {
		pq, ok := q.(*handshake.PSKQuery)
		if !ok {
			return false
		}
		a := pq.None()
		if offered != "" {
			a = pq.Offer([]byte(pskIdentity), []byte(offered))
		}
		return e.Answer(a) == nil
	}
	p.s.ans = func(e *handshake.Engine, q handshake.Query) bool {
		pq, ok := q.(*handshake.PSKLookup)
		if !ok {
			return false
		}
		for i, identity := range pq.Identities {
			if string(identity) == pskIdentity && known != "" {
				return e.Answer(pq.Found(i, []byte(known))) == nil
			}
		}
		return e.Answer(pq.None()) == nil
	}
	return p
}

// TestExternalPSK: what becomes of an external key that is offered.
func TestExternalPSK(t *testing.T) {
	//= RFC 9846 §4.3.11 type=test
	for _, tc := range []struct {
		name           string
		offered, known string
		set            func(*config)
		used           bool
		client, server error // nil: secure
	}{
		{name: "the same key", offered: "key", known: "key", used: true},
		{name: "the same key, without a certificate", offered: "key", known: "key", used: true,
			set: func(c *config) { c.server.Credentials = nil }},
		{name: "the same key, after a retry", offered: "key", known: "key", used: true,
			set: func(c *config) {
				c.client.Groups = []kx.Group{kx.ByID(kx.X25519), kx.ByID(kx.P384)}
				c.server.Groups = c.client.Groups[1:]
			}},
		{name: "a suite of another hash preferred", offered: "key", known: "key",
			set: func(c *config) {
				c.server.Suites = []*suites.Suite{suites.ByName("TLS_AES_256_GCM_SHA384"), suites.ByName("TLS_AES_128_GCM_SHA256")}
				c.client.Suites = c.server.Suites
			}, used: true}, // the server turns to the suite that the key can be used with
		{name: "no suite of its hash in common", offered: "key", known: "key",
			set: func(c *config) { // the server has a use for keys up to TLS 1.2 only
				c.server.Suites = []*suites.Suite{suites.ByName("TLS_AES_256_GCM_SHA384"), suites.ByName("PSK-AES128-CBC-SHA256")}
			}},
		{name: "another key", offered: "key", known: "other",
			client: record.AlertDecryptError, server: handshake.KindBadBinder},
		{name: "an identity that is not known", offered: "key"},
		{name: "an identity that is not known, without a certificate", offered: "key",
			set:    func(c *config) { c.server.Credentials = nil },
			client: record.AlertHandshakeFailure, server: handshake.KindNoCertificate},
		{name: "none offered", known: "key"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := baseConfig(t)
			if tc.set != nil {
				tc.set(&c)
			}
			p := pskPair(t, c, tc.offered, tc.known)
			p.run()
			if tc.server != nil {
				if !errors.Is(p.s.e.Err(), tc.server) || !errors.Is(p.c.e.Err(), tc.client) {
					t.Fatalf("client %v, server %v", p.c.e.Err(), p.s.e.Err())
				}
				return
			}
			p.secure().echo()
			for _, s := range []*side{p.c, p.s} {
				st := s.e.State()
				if used := st.PSKIdentity == pskIdentity; used != tc.used || st.Resumed {
					t.Errorf("identity %q, resumed %v", st.PSKIdentity, st.Resumed)
				}
			}
			if certificate := len(p.c.e.State().PeerCertificates) > 0; certificate == tc.used {
				t.Error("certificate shown: ", certificate)
			}
		})
	}
}

// TestPSKAnswers: answers that do not fit are misuse, and the engine stays parked.
func TestPSKAnswers(t *testing.T) {
	p := pskPair(t, baseConfig(t), "key", "key")
	p.c.e.Step(p.now, nil)
	q := p.c.e.Query().(*handshake.PSKQuery)
	for name, a := range map[string]handshake.Answer{
		"no identity":          q.Offer(nil, []byte("key")),
		"no key":               q.Offer([]byte("me"), nil),
		"a key too long":       q.Offer([]byte("me"), make([]byte, handshake.MaxPSK+1)),
		"an identity too long": q.Offer(make([]byte, handshake.MaxPSKIdentity+1), []byte("key")),
	} {
		if err := p.c.e.Answer(a); !errors.Is(err, handshake.KindWrongAnswer) || p.c.e.Query() != handshake.Query(q) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.s.ans = nil
	p.run()
	l := p.s.e.Query().(*handshake.PSKLookup)
	for name, a := range map[string]handshake.Answer{
		"an index that is not there": l.Found(1, []byte("key")),
		"no key":                     l.Found(0, nil),
		"a key too long":             l.Found(0, make([]byte, handshake.MaxPSK+1)),
	} {
		if err := p.s.e.Answer(a); !errors.Is(err, handshake.KindWrongAnswer) || p.s.e.Query() != handshake.Query(l) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := p.s.e.Answer(l.Found(0, []byte("key"))); err != nil {
		t.Fatal(err)
	}
	p.secure().echo()
}
