package handshake_test

import (
	"crypto"
	"fmt"
	"slices"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// A conversation is two configurations and what happens to the bytes between
// them. What the two applications do depends on nothing but the events they
// see, so a conversation has one outcome: the laws say so (DESIGN §2, I2).
type conversation struct {
	name string
	set  func(testing.TB, *config)
	from string // a conversation whose first session is resumed

	secure bool                                                    // it completes, on both sides
	again  func(w *world, p *party, kind handshake.EventKind) bool // renegotiates, if it is time to
	tamper tamper
}

// tamper changes one byte on its way, or cuts a stream off. It speaks of
// offsets in the stream, so that it does the same however the stream is cut.
type tamper struct {
	toClient bool
	flip     int // offset of a byte that is inverted; 0: none
	cut      int // how long the stream is; 0: it is whole
}

func bothVersions(v record.Version) func(testing.TB, *config) {
	return func(_ testing.TB, c *config) { c.client.MinVersion, c.client.MaxVersion = v, v }
}

func and(sets ...func(testing.TB, *config)) func(testing.TB, *config) {
	return func(t testing.TB, c *config) {
		for _, set := range sets {
			set(t, c)
		}
	}
}

func clientCert(auth handshake.ClientAuth, have bool) func(testing.TB, *config) {
	return func(t testing.TB, c *config) {
		ca := credtest.CA(t)
		c.server.ClientAuth, c.server.Verifier = auth, ca.Verifier()
		if have {
			c.client.Credentials = append(c.client.Credentials, ca.Leaf(t, credtest.Ed25519, "client.example.org"))
		}
	}
}

func stapled(t testing.TB, c *config) {
	with := *c.server.Credentials[0]
	with.Staple, with.SCTs = []byte("an OCSP response"), [][]byte{[]byte("an SCT")}
	c.server.Credentials = []*cred.Credential{&with}
	c.client.RequestOCSP = true
}

func stapledLate(_ testing.TB, c *config) {
	c.server.AskStaple, c.client.RequestOCSP, c.staple = true, true, "the application's OCSP response"
}

func retried(_ testing.TB, c *config) {
	c.client.Groups = []kx.Group{kx.ByID(kx.X25519), kx.ByID(kx.P256)}
	c.server.Groups = []kx.Group{kx.ByID(kx.P256)}
}

func rotated(_ testing.TB, c *config) {
	c.server.TicketKeys = append([]session.TicketKey{{9, 9, 9}}, c.server.TicketKeys...)
}

func watched(_ testing.TB, c *config) {
	c.client.KeyLog, c.server.KeyLog, c.client.Trace, c.server.Trace = true, true, true, true
}

// oneKey makes a server forget its older ticket keys.
func oneKey(_ testing.TB, c *config) { c.server.TicketKeys = c.server.TicketKeys[:1] }

func reverified(_ testing.TB, c *config) { c.client.Reverify = true }

// doubtful has an application that tolerates no chain of a session.
func doubtful(_ testing.TB, c *config) { c.client.Reverify, c.doubts = true, true }

func manyTickets(_ testing.TB, c *config) { c.server.Tickets = 16 }

func noTickets(_ testing.TB, c *config) { c.server.TicketKeys = nil }

func small(_ testing.TB, c *config) { c.server.MaxSendFragment, c.client.MaxSendFragment = 512, 700 }

func noProtocol(_ testing.TB, c *config) {
	c.client.ALPN, c.server.ALPN = []string{"h2"}, []string{"http/1.1"}
}

func protocols(_ testing.TB, c *config) {
	c.client.ALPN, c.server.ALPN = []string{"h2", "http/1.1"}, []string{"http/1.1"}
}

func otherName(_ testing.TB, c *config) { c.name = "elsewhere.example" }

func stranger(t testing.TB, c *config) {
	c.client.Verifier = credtest.Root(t, "another root", credtest.P256).Verifier()
}

func noSuite(t testing.TB, c *config) {
	for i, list := range []string{"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"} {
		parsed, err := suites.Parse(list)
		if err != nil {
			t.Fatal(err)
		}
		only := slices.DeleteFunc(parsed.Suites, func(s *suites.Suite) bool { return s.TLS13() })
		if i == 0 {
			c.client.Suites = only
		} else {
			c.server.Suites = only
		}
	}
}

// externalKey lets the client offer a key by an identity; the server knows pskIdentity.
func externalKey(identity string) func(testing.TB, *config) {
	return func(_ testing.TB, c *config) {
		c.client.AskPSK, c.server.AskPSK, c.psk = true, true, identity
	}
}

// pskModes are those of the client and of the server.
func pskModes(client, server []handshake.PSKMode) func(testing.TB, *config) {
	return func(_ testing.TB, c *config) { c.client.PSKModes, c.server.PSKModes = client, server }
}

// The modes of conversations with a pre-shared key alone.
var (
	onlyPSK    = []handshake.PSKMode{handshake.PSKKE}
	dheOrPSK   = []handshake.PSKMode{handshake.PSKDHEKE, handshake.PSKKE}
	alone      = pskModes(onlyPSK, dheOrPSK)
	aloneFirst = pskModes(dheOrPSK, []handshake.PSKMode{handshake.PSKKE, handshake.PSKDHEKE})
)

func noShares(_ testing.TB, c *config) { c.client.KeyShares = []kx.Group{} }

func oldServer(_ testing.TB, c *config) { c.server.MaxVersion = record.TLS12 }

// conversations lists them: those that complete first.
func conversations() []conversation {
	var list []conversation
	add := func(name string, secure bool, v record.Version, from string, sets ...func(testing.TB, *config)) {
		list = append(list, conversation{name: fmt.Sprintf("%v/%s", v, name), from: from, secure: secure,
			set: and(append([]func(testing.TB, *config){bothVersions(v)}, sets...)...)})
	}
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		full := fmt.Sprintf("%v/full", v)
		mutual := fmt.Sprintf("%v/client certificate", v)
		add("full", true, v, "")
		add("client certificate", true, v, "", clientCert(handshake.RequireClientCert, true))
		add("no client certificate", true, v, "", clientCert(handshake.RequestClientCert, false))
		add("stapled", true, v, "", stapled)
		add("stapled by the application", true, v, "", stapled, stapledLate)
		add("resumed, stapled", true, v, full, stapledLate)
		add("resumed in vain, stapled", true, v, full, stapledLate, noTickets)
		add("no tickets", true, v, "", noTickets)
		add("watched", true, v, "", watched, protocols)
		add("watched, all at once", true, v, "", watched, protocols, stapled, manyTickets, clientCert(handshake.RequireClientCert, true))
		add("small records", true, v, "", small)
		add("resumed", true, v, full)
		add("resumed, rotated key", true, v, full, rotated)
		add("resumed, client certificate", true, v, mutual, clientCert(handshake.RequireClientCert, true))
		add("resumed, verified anew", true, v, full, reverified)
	}
	add("resumed in vain", true, record.TLS12, fmt.Sprintf("%v/full", record.TLS12), noTickets)
	add("resumed in vain", true, record.TLS13, fmt.Sprintf("%v/full", record.TLS13), noTickets)
	add("retry", true, record.TLS13, "", retried)
	add("external key", true, record.TLS13, "", externalKey(pskIdentity))
	add("external key, retry, watched", true, record.TLS13, "", externalKey(pskIdentity), retried, watched)
	add("external key unknown", true, record.TLS13, "", externalKey("nobody"))
	add("external key unknown, retry, stapled", true, record.TLS13, "", externalKey("nobody"), retried, stapledLate)
	add("external key, stapled", true, record.TLS13, "", externalKey(pskIdentity), stapledLate)
	add("retry, stapled", true, record.TLS13, "", retried, stapledLate)
	add("external key, resumed instead", true, record.TLS13, fmt.Sprintf("%v/full", record.TLS13), externalKey(pskIdentity))
	full13 := fmt.Sprintf("%v/full", record.TLS13)
	add("external PSK alone", true, record.TLS13, "", externalKey(pskIdentity), alone)
	add("external PSK alone, no shares, watched", true, record.TLS13, "", externalKey(pskIdentity), alone, noShares, watched)
	add("external PSK alone, the server's choice", true, record.TLS13, "", externalKey(pskIdentity), aloneFirst, retried)
	add("external key unknown, would do by itself", true, record.TLS13, "", externalKey("nobody"), alone)
	add("external key unknown, would do by itself, stapled", true, record.TLS13, "", externalKey("nobody"), alone, stapledLate)
	add("external key unknown, would do by itself, retry", true, record.TLS13, "", externalKey("nobody"), alone, noShares)
	add("resumed alone", true, record.TLS13, full13, alone, noShares)
	add("resumed in vain, would do by itself, retry", true, record.TLS13, full13, alone, retried, rotated, oneKey)
	add("retry, watched, client certificate", true, record.TLS13, "", retried, watched, clientCert(handshake.RequireClientCert, true))
	add("retry, resumed", true, record.TLS13, fmt.Sprintf("%v/full", record.TLS13), retried)
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		add("client certificate missing", false, v, "", clientCert(handshake.RequireClientCert, false))
		add("no common protocol", false, v, "", noProtocol)
		add("wrong name", false, v, "", otherName)
		add("unknown root", false, v, "", stranger)
	}
	list = append(list, conversations12()...)
	add("no common suite", false, record.TLS12, "", noSuite)
	add("no common version", false, record.TLS13, "", oldServer)
	return list
}

// opaque hides a key from the engine, so that it asks for signatures.
type opaque struct{ crypto.Signer }

// hide replaces the keys of credentials by opaque ones.
func hide(list []*cred.Credential) []*cred.Credential {
	var hidden []*cred.Credential
	for _, c := range list {
		with := *c
		with.Key = opaque{c.Key}
		hidden = append(hidden, &with)
	}
	return hidden
}
