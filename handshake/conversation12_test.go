package handshake_test

import (
	"fmt"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// suited lets both sides have one suite only, at a security level that permits it.
func suited(names string) func(testing.TB, *config) {
	return func(t testing.TB, c *config) {
		parsed, err := suites.Parse(names + ":@SECLEVEL=0")
		if err != nil {
			t.Fatal(err)
		}
		for _, cfg := range []*handshake.Config{&c.client, &c.server} {
			cfg.SecurityLevel, cfg.Suites = -1, nil
			for _, s := range parsed.Suites {
				if !s.TLS13() {
					cfg.Suites = append(cfg.Suites, s)
				}
			}
			if len(cfg.Suites) == 0 {
				t.Fatalf("%s: no suite", names)
			}
		}
		c.server.DH = kx.ByID(kx.FFDHE2048)
	}
}

func withRSA(t testing.TB, c *config) {
	c.server.Credentials = []*cred.Credential{credtest.CA(t).Leaf(t, credtest.RSA2048, "example.org")}
}

// secretly is the pre-shared key of both sides up to TLS 1.2.
func secretly(hint, identity string) func(testing.TB, *config) {
	return func(_ testing.TB, c *config) {
		c.client.AskPSK, c.server.AskPSK, c.server.PSKHint, c.psk = true, true, hint, identity
	}
}

func nobody(_ testing.TB, c *config) {
	c.server.Credentials, c.client.Verify, c.client.Verifier = nil, handshake.VerifyNone, nil
}

func stored(_ testing.TB, c *config) { c.server.TicketKeys, c.server.AskSession = nil, true }

func old(v record.Version) func(testing.TB, *config) {
	return func(_ testing.TB, c *config) {
		c.client.MinVersion, c.client.MaxVersion, c.server.MinVersion = v, v, v
		c.client.SecurityLevel, c.server.SecurityLevel = -1, -1
	}
}

// conversations12 are those of key exchanges, suites and versions up to TLS 1.2.
func conversations12() []conversation {
	var list []conversation
	add := func(name string, from string, sets ...func(testing.TB, *config)) {
		list = append(list, conversation{name: name, from: from, secure: true,
			set: and(append([]func(testing.TB, *config){bothVersions(record.TLS12)}, sets...)...)})
	}
	mutual := clientCert(handshake.RequireClientCert, true)
	without := clientCert(handshake.RequestClientCert, false)
	rsa := and(suited("AES128-SHA256"), withRSA)
	add("RSA", "", rsa)
	add("RSA, no tickets", "", rsa, noTickets)
	add("RSA, client certificate, stapled", "", rsa, mutual, stapled)
	add("RSA, no client certificate, no tickets", "", rsa, without, noTickets)
	add("RSA, stored", "", rsa, stored)
	add("RSA, stored, client certificate", "", rsa, stored, mutual)
	add("RSA, resumed by id", "RSA, stored", rsa, stored)
	add("RSA, resumed by id in vain", "RSA, stored", rsa, stored, forgetful)
	add("RSA, resumed by id in vain, stapled", "RSA, stored", rsa, stored, forgetful, stapledLate)
	add("RSA, resumed by id in vain, client certificate", "RSA, stored", rsa, stored, forgetful, mutual)
	add("ECDHE, stored", "", stored)
	add("ECDHE, resumed by id in vain", "ECDHE, stored", stored, forgetful)
	add("ECDHE, resumed by id in vain, stapled, client certificate", "ECDHE, stored", stored, forgetful, stapledLate, mutual)
	add("PSK, stapled by nobody", "", suited("PSK-AES128-CBC-SHA256"), nobody, secretly("", pskIdentity), stapledLate)
	psk, rsapsk := suited("PSK-AES128-CBC-SHA256"), and(suited("RSA-PSK-AES256-CBC-SHA384"), withRSA)
	add("PSK", "", psk, nobody, secretly("", pskIdentity))
	add("PSK, hint, no tickets", "", psk, nobody, secretly("a hint", pskIdentity), noTickets)
	add("PSK, resumed", "PSK", psk, nobody, secretly("", pskIdentity))
	add("RSA-PSK", "", rsapsk, secretly("", pskIdentity))
	add("RSA-PSK, hint, stapled, client certificate", "", rsapsk, secretly("a hint", pskIdentity), stapled, mutual)
	add("RSA-PSK, no client certificate", "", rsapsk, secretly("", pskIdentity), without)
	add("DHE-PSK", "", suited("DHE-PSK-AES128-GCM-SHA256"), nobody, secretly("a hint", pskIdentity))
	add("ECDHE-PSK", "", suited("ECDHE-PSK-CHACHA20-POLY1305"), nobody, secretly("", pskIdentity))
	add("DHE-RSA", "", suited("DHE-RSA-AES256-SHA256"), withRSA)
	add("DHE-RSA, CCM_8, client certificate", "", suited("DHE-RSA-AES128-CCM8"), withRSA, mutual)
	add("ADH", "", suited("ADH-AES128-SHA256"), nobody)
	add("AECDH, no tickets", "", suited("AECDH-NULL-SHA"), nobody, noTickets)
	add("ECDHE-ECDSA, encrypt_then_mac", "", suited("ECDHE-ECDSA-AES128-SHA256"))
	add("ECDHE-ECDSA, encrypt_then_mac not offered", "", suited("ECDHE-ECDSA-AES128-SHA256"), func(_ testing.TB, c *config) { c.client.NoEncryptThenMAC = true })
	add("ECDHE-ECDSA, encrypt_then_mac not answered", "", suited("ECDHE-ECDSA-AES128-SHA256"), func(_ testing.TB, c *config) { c.server.NoEncryptThenMAC = true })
	add("max_fragment_length", "", func(_ testing.TB, c *config) { c.client.MaxFragmentLength = 1 })
	for _, v := range []record.Version{record.TLS10, record.TLS11} {
		cbc := and(old(v), suited("ECDHE-ECDSA-AES256-SHA"))
		add(fmt.Sprintf("%v", v), "", cbc)
		add(fmt.Sprintf("%v, client certificate, stapled", v), "", cbc, rsaClientCert, stapledLate)
		add(fmt.Sprintf("%v, RSA, client certificate", v), "", and(old(v), suited("AES128-SHA"), withRSA), rsaClientCert)
		add(fmt.Sprintf("%v, DHE, stored", v), "", and(old(v), suited("DHE-RSA-AES128-SHA"), withRSA, stored))
		add(fmt.Sprintf("%v, resumed", v), fmt.Sprintf("%v", v), cbc)
	}
	for _, conv := range renegotiations() {
		add(conv.name, conv.from, conv.set)
		list[len(list)-1].again = conv.again
	}
	for i := range list {
		list[i].name = "to 1.2/" + list[i].name
		if list[i].from != "" {
			list[i].from = "to 1.2/" + list[i].from
		}
	}
	return append(list, conversation{name: "to 1.2/PSK unknown", set: and(bothVersions(record.TLS12), psk, nobody, secretly("", "nobody"))},
		conversation{name: "to 1.2/PSK none", set: and(bothVersions(record.TLS12), psk, nobody, secretly("", ""))})
}

// renegotiations are conversations of two handshakes.
func renegotiations() []conversation {
	allowed := func(_ testing.TB, c *config) {
		c.client.Renegotiation, c.server.Renegotiation = handshake.AllowRenegotiation, handshake.AllowRenegotiation
	}
	asksForCert := func(t testing.TB, c *config) {
		ca := credtest.CA(t)
		c.client.Credentials = append(c.client.Credentials, ca.Leaf(t, credtest.RSA2048, "client.example.org"))
		c.server.Verifier = ca.Verifier()
		c.again = func(cfg *handshake.Config) { cfg.ClientAuth = handshake.RequireClientCert }
	}
	cbc := and(old(record.TLS10), suited("ECDHE-ECDSA-AES256-SHA"))
	smaller := func(_ testing.TB, c *config) { c.client.MaxFragmentLength = 1 }
	return []conversation{
		{name: "the client renegotiates", set: allowed, again: clientRenegotiates},
		{name: "the client renegotiates what it took up", from: "ECDHE, stored", set: and(allowed, stored), again: clientRenegotiates},
		{name: "the client renegotiates TLSv1, stapled", set: and(allowed, cbc, stapledLate), again: clientRenegotiates},
		{name: "the client renegotiates, max_fragment_length", set: and(allowed, smaller), again: clientRenegotiates},
		{name: "the server renegotiates", set: allowed, again: serverRenegotiates},
		{name: "the server renegotiates for a certificate", set: and(allowed, asksForCert), again: serverRenegotiates},
		{name: "the server renegotiates for a certificate, TLSv1", set: and(allowed, cbc, asksForCert), again: serverRenegotiates},
	}
}

// clientRenegotiates once it is secure, with half of what it has to say said.
func clientRenegotiates(w *world, p *party, kind handshake.EventKind) bool {
	if p != w.c || kind != handshake.Secure || p.secured > 1 {
		return false
	}
	w.must(p, p.e.Renegotiate(nil))
	return true
}

// serverRenegotiates when the client has asked, before it answers.
func serverRenegotiates(w *world, p *party, kind handshake.EventKind) bool {
	switch {
	case p == w.c && kind == handshake.Secure:
		return p.secured > 1 // it has asked already
	case p != w.s || p.stage > 0:
	case kind == handshake.Data && len(p.data) >= questionLen && p.secured == 1:
		p.secured++
		w.must(p, p.e.Renegotiate(p.next))
		return true
	case kind == handshake.Secure && p.secured > 1:
		w.react(p, handshake.Data)
		return true
	}
	return false
}

func forgetful(_ testing.TB, c *config) { c.forgets = true }

func rsaClientCert(t testing.TB, c *config) {
	ca := credtest.CA(t)
	c.server.ClientAuth, c.server.Verifier = handshake.RequireClientCert, ca.Verifier()
	c.client.Credentials = append(c.client.Credentials, ca.Leaf(t, credtest.RSA2048, "client.example.org"))
}
