package handshake_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// badConfig is one row of the table of what Compile refuses: who compiles, what
// is wrong, and the field that the error must name.
type badConfig struct {
	name   string
	client bool
	server bool
	set    func(*handshake.Config)
	field  string
}

func groupsAre(ids ...kx.ID) []kx.Group {
	list := []kx.Group{}
	for _, id := range ids {
		list = append(list, kx.ByID(id))
	}
	return list
}

func suitesNamed(t testing.TB, names string) []*suites.Suite {
	t.Helper()
	parsed, err := suites.Parse(names)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Suites
}

func badConfigs(t testing.TB) []badConfig {
	only12 := []*suites.Suite{suites.ByID(suiteECDSA)}
	only13 := []*suites.Suite{suites.ByID(suite13)}
	return []badConfig{
		{"MinVersion below TLS 1.2", true, true, func(c *handshake.Config) { c.MinVersion = record.TLS11 }, "MinVersion"},
		{"MinVersion that is none", true, true, func(c *handshake.Config) { c.MinVersion = 0x0305 }, "MinVersion"},
		{"MaxVersion below TLS 1.2", true, true, func(c *handshake.Config) { c.MaxVersion = record.TLS10 }, "MaxVersion"},
		{"MaxVersion that is none", true, true, func(c *handshake.Config) { c.MaxVersion = 0x7f1c }, "MaxVersion"},
		{"MinVersion above MaxVersion", true, true, func(c *handshake.Config) { c.MinVersion, c.MaxVersion = record.TLS13, record.TLS12 }, "MinVersion"},
		{"no suites", true, true, func(c *handshake.Config) { c.Suites = []*suites.Suite{} }, "Suites"},
		{"a nil suite", true, true, func(c *handshake.Config) { c.Suites = []*suites.Suite{nil} }, "Suites"},
		{"suites of TLS 1.2 for TLS 1.3 alone", true, true, func(c *handshake.Config) { c.MinVersion, c.Suites = record.TLS13, only12 }, "Suites"},
		{"suites of TLS 1.3 for TLS 1.2 alone", true, true, func(c *handshake.Config) { c.MaxVersion, c.Suites = record.TLS12, only13 }, "Suites"},
		{"a suite twice", true, true, func(c *handshake.Config) { c.Suites = append(only13, only13...) }, "Suites"},
		{"no groups", true, true, func(c *handshake.Config) { c.Groups = []kx.Group{} }, "Groups"},
		{"a nil group", true, true, func(c *handshake.Config) { c.Groups = []kx.Group{nil} }, "Groups"},
		{"a group twice", true, true, func(c *handshake.Config) { c.Groups = groupsAre(kx.X25519, kx.P256, kx.X25519) }, "Groups"},
		{"ML-KEM alone for TLS 1.2 alone", true, true, func(c *handshake.Config) {
			c.MaxVersion, c.Groups, c.Suites = record.TLS12, groupsAre(kx.X25519MLKEM768), suitesNamed(t, "ECDHE-ECDSA-AES128-GCM-SHA256")
		}, "Groups"},
		{"a key share of another group", true, false, func(c *handshake.Config) { c.Groups, c.KeyShares = groupsAre(kx.P256), groupsAre(kx.X25519) }, "KeyShares"},
		{"a nil key share", true, false, func(c *handshake.Config) { c.KeyShares = []kx.Group{nil} }, "KeyShares"},
		{"a key share twice", true, false, func(c *handshake.Config) { c.KeyShares = groupsAre(kx.X25519, kx.X25519) }, "KeyShares"},
		{"no schemes", true, true, func(c *handshake.Config) { c.Schemes = []cred.Scheme{} }, "Schemes"},
		{"an unknown scheme", true, true, func(c *handshake.Config) { c.Schemes = []cred.Scheme{cred.Ed25519, 0x0a0a} }, "Schemes"},
		{"a scheme twice", true, true, func(c *handshake.Config) { c.Schemes = []cred.Scheme{cred.Ed25519, cred.Ed25519} }, "Schemes"},
		{"an empty protocol", true, true, func(c *handshake.Config) { c.ALPN = []string{"h2", ""} }, "ALPN"},
		{"a protocol of 256 bytes", true, true, func(c *handshake.Config) { c.ALPN = []string{strings.Repeat("x", 256)} }, "ALPN"},
		{"more protocols than a hello holds", true, true, func(c *handshake.Config) {
			for range 300 {
				c.ALPN = append(c.ALPN, strings.Repeat("y", 255))
			}
		}, "ALPN"},
		{"a nil credential", true, true, func(c *handshake.Config) { c.Credentials = []*cred.Credential{nil} }, "Credentials"},
		{"a credential without certificate", true, true, func(c *handshake.Config) { c.Credentials = []*cred.Credential{{}} }, "Credentials"},
		{"a server without certificate", false, true, func(c *handshake.Config) { c.Credentials = nil }, "Credentials"},
		{"no verifier", true, false, func(c *handshake.Config) { c.Verifier = nil }, "Verifier"},
		{"no verifier of client certificates", false, true, func(c *handshake.Config) { c.Verifier, c.ClientAuth = nil, handshake.RequestClientCert }, "Verifier"},
		{"a VerifyMode that is none", true, false, func(c *handshake.Config) { c.Verify = 9 }, "Verify"},
		{"17 tickets", false, true, func(c *handshake.Config) { c.Tickets = 17 }, "Tickets"},
		{"-2 tickets", false, true, func(c *handshake.Config) { c.Tickets = -2 }, "Tickets"},
		{"sessions of 2^31 seconds", true, true, func(c *handshake.Config) { c.SessionLifetime = 1 << 31 * time.Second }, "SessionLifetime"},
		{"sessions of a millisecond", true, true, func(c *handshake.Config) { c.SessionLifetime = time.Millisecond }, "SessionLifetime"},
		{"sessions of the past", true, true, func(c *handshake.Config) { c.SessionLifetime = -time.Hour }, "SessionLifetime"},
		{"fragments of 511 bytes", true, true, func(c *handshake.Config) { c.MaxSendFragment = 511 }, "MaxSendFragment"},
		{"fragments of 16385 bytes", true, true, func(c *handshake.Config) { c.MaxSendFragment = 16385 }, "MaxSendFragment"},
		{"fragments of less than nothing", true, true, func(c *handshake.Config) { c.MaxSendFragment = -1 }, "MaxSendFragment"},
		{"AskHello of a client", true, false, func(c *handshake.Config) { c.AskHello = true }, "AskHello"},
		{"AskStaple of a client", true, false, func(c *handshake.Config) { c.AskStaple = true }, "AskStaple"},
		{"TicketKeys of a client", true, false, func(c *handshake.Config) { c.TicketKeys = []session.TicketKey{ticketKey} }, "TicketKeys"},
		{"ClientAuth of a client", true, false, func(c *handshake.Config) { c.ClientAuth = handshake.RequireClientCert }, "ClientAuth"},
		{"Tickets of a client", true, false, func(c *handshake.Config) { c.Tickets = 1 }, "Tickets"},
		{"ClientPreference of a client", true, false, func(c *handshake.Config) { c.ClientPreference = true }, "ClientPreference"},
		{"PrioritizeChaCha of a client", true, false, func(c *handshake.Config) { c.PrioritizeChaCha = true }, "PrioritizeChaCha"},
		{"PrioritizeChaCha beside ClientPreference", false, true, func(c *handshake.Config) { c.PrioritizeChaCha, c.ClientPreference = true, true }, "PrioritizeChaCha"},
		{"TLS 1.1 at a security level", true, true, func(c *handshake.Config) { c.MinVersion = record.TLS11 }, "MinVersion"},
		{"SSL 3.0", true, true, func(c *handshake.Config) { c.MinVersion, c.SecurityLevel = 0x300, -1 }, "MinVersion"},
		{"a security level that is none", true, true, func(c *handshake.Config) { c.SecurityLevel = 6 }, "SecurityLevel"},
		{"a security level below none", true, true, func(c *handshake.Config) { c.SecurityLevel = -2 }, "SecurityLevel"},
		{"a certificate too weak for the level", true, true, func(c *handshake.Config) { c.SecurityLevel = 4 }, "Credentials"},
		{"AskPSK without a suite for it", true, true, func(c *handshake.Config) {
			c.AskPSK, c.Suites = true, suitesNamed(t, "TLS_AES_256_GCM_SHA384")
		}, "AskPSK"},
		{"a PSK suite without AskPSK", true, true, func(c *handshake.Config) {
			c.Suites, c.MaxVersion = suitesNamed(t, "PSK-AES128-GCM-SHA256"), record.TLS12
		}, "Suites"},
		{"an anonymous suite, verified", true, false, func(c *handshake.Config) {
			c.Suites = suitesNamed(t, "ADH-AES128-GCM-SHA256:@SECLEVEL=0")
			c.SecurityLevel = -1
		}, "Suites"},
		{"DH of a client", true, false, func(c *handshake.Config) { c.DH = kx.ByID(kx.FFDHE2048) }, "DH"},
		{"AutoDH of a client", true, false, func(c *handshake.Config) { c.AutoDH = true }, "AutoDH"},
		{"DH beside AutoDH", false, true, func(c *handshake.Config) { c.AutoDH, c.DH = true, kx.ByID(kx.FFDHE2048) }, "DH"},
		{"DH of a curve", false, true, func(c *handshake.Config) { c.DH = kx.ByID(kx.P256) }, "DH"},
		{"DH weaker than the level", false, true, func(c *handshake.Config) {
			c.DH, c.SecurityLevel, c.Credentials = kx.ByID(kx.FFDHE2048), 3, nil
			c.AskHello = true
		}, "DH"},
		{"MinDHBits of a server", false, true, func(c *handshake.Config) { c.MinDHBits = 2048 }, "MinDHBits"},
		{"MinDHBits below nothing", true, false, func(c *handshake.Config) { c.MinDHBits = -1 }, "MinDHBits"},
		{"PSKModes that hold nothing", true, true, func(c *handshake.Config) { c.PSKModes, c.AskPSK = []handshake.PSKMode{}, true }, "PSKModes"},
		{"a PSKMode that is none", true, true, func(c *handshake.Config) { c.PSKModes, c.AskPSK = []handshake.PSKMode{2}, true }, "PSKModes"},
		{"a PSKMode twice", true, true, func(c *handshake.Config) { c.PSKModes, c.AskPSK = append(onlyPSK[:1:1], dheOrPSK...), true }, "PSKModes"},
		{"PSKModes below TLS 1.3", true, true, func(c *handshake.Config) { c.PSKModes, c.MaxVersion, c.AskPSK = dheOrPSK, record.TLS12, true }, "AskPSK"},
		{"PSKModes below TLS 1.3, with tickets", true, true, func(c *handshake.Config) {
			c.PSKModes, c.MaxVersion, c.AskSession = dheOrPSK, record.TLS12, true
		}, "PSKModes"},
		{"PSKModes of a server without any key", false, true, func(c *handshake.Config) { c.PSKModes = onlyPSK }, "PSKModes"},
		{"PSKHint of a client", true, false, func(c *handshake.Config) { c.PSKHint = "hint" }, "PSKHint"},
		{"a hint of 257 bytes", false, true, func(c *handshake.Config) { c.PSKHint = strings.Repeat("h", 257) }, "PSKHint"},
		{"SessionContext of a client", true, false, func(c *handshake.Config) { c.SessionContext = []byte("x") }, "SessionContext"},
		{"a context of 33 bytes", false, true, func(c *handshake.Config) { c.SessionContext = make([]byte, 33) }, "SessionContext"},
		{"MaxFragmentLength of a server", false, true, func(c *handshake.Config) { c.MaxFragmentLength = 1 }, "MaxFragmentLength"},
		{"MaxFragmentLength that is no code", true, false, func(c *handshake.Config) { c.MaxFragmentLength = 5 }, "MaxFragmentLength"},
		{"RecordSizeLimit of 63 bytes", true, true, func(c *handshake.Config) { c.RecordSizeLimit = 63 }, "RecordSizeLimit"},
		{"RecordSizeLimit of 16386 bytes", true, true, func(c *handshake.Config) { c.RecordSizeLimit = 16386 }, "RecordSizeLimit"},
		{"a renegotiation policy that is none", true, true, func(c *handshake.Config) { c.Renegotiation = 9 }, "Renegotiation"},
		{"255 renegotiations", true, true, func(c *handshake.Config) { c.RenegotiationLimit = 255 }, "RenegotiationLimit"},
		{"a window of less than nothing", true, true, func(c *handshake.Config) { c.RenegotiationWindow = -1 }, "RenegotiationWindow"},
		{"LegacyServers of a server", false, true, func(c *handshake.Config) { c.LegacyServers = true }, "LegacyServers"},
		{"Fallback of a server", false, true, func(c *handshake.Config) { c.Fallback = true }, "Fallback"},
		{"AskCredential of a server", false, true, func(c *handshake.Config) { c.AskCredential = true }, "AskCredential"},
		{"KeyShares of a server", false, true, func(c *handshake.Config) { c.KeyShares = groupsAre(kx.X25519) }, "KeyShares"},
		{"RequestOCSP of a server", false, true, func(c *handshake.Config) { c.RequestOCSP = true }, "RequestOCSP"},
		{"GroupPreference of a client", true, false, func(c *handshake.Config) { c.GroupPreference = true }, "GroupPreference"},
		{"UnofferedProtocol of a server", false, true, func(c *handshake.Config) { c.UnofferedProtocol = true }, "UnofferedProtocol"},
		{"Reverify of a server", false, true, func(c *handshake.Config) { c.Reverify = true }, "Reverify"},
		{"Reverify without verification", true, false, func(c *handshake.Config) { c.Reverify, c.Verify = true, handshake.VerifyNone }, "Reverify"},
		{"a ClientAuth that is none", false, true, func(c *handshake.Config) { c.ClientAuth = 9 }, "ClientAuth"},
	}
}

func TestBadConfig(t *testing.T) {
	for _, row := range badConfigs(t) {
		for _, role := range []struct {
			name    string
			on      bool
			compile func(handshake.Config) error
		}{
			{"client", row.client, func(c handshake.Config) error { _, err := c.CompileClient(); return err }},
			{"server", row.server, func(c handshake.Config) error { _, err := c.CompileServer(); return err }},
		} {
			if !role.on {
				continue
			}
			t.Run(row.name+"/"+role.name, func(t *testing.T) {
				c := handshake.Config{Verifier: credtest.CA(t).Verifier()}
				c.Credentials = []*cred.Credential{credtest.CA(t).Leaf(t, credtest.P256, "example.org")}
				if err := role.compile(c); err != nil {
					t.Fatalf("without the fault: %v", err)
				}
				row.set(&c)
				err := role.compile(c)
				var config *handshake.ConfigError
				if !errors.As(err, &config) {
					t.Fatalf("%T %v", err, err)
				}
				if config.Field != row.field || config.Reason == "" || !strings.Contains(err.Error(), row.field) {
					t.Errorf("%v: field %q, want %q", err, config.Field, row.field)
				}
			})
		}
	}
}

// TestProfileIsFrozen: a Config that is changed after Compile changes nothing.
func TestProfileIsFrozen(t *testing.T) {
	c := baseConfig(t)
	c.client.Groups, c.client.Schemes = groupsAre(kx.X25519), cred.DefaultSchemes()
	c.client.Suites, c.client.ALPN = suitesNamed(t, "TLS_AES_128_GCM_SHA256"), []string{"h2"}
	c.client.MinVersion, c.server.ALPN = record.TLS13, []string{"h2"}
	p := newPair(t, c)
	c.client.Groups[0], c.client.Suites[0], c.client.ALPN[0] = kx.ByID(kx.P521), suites.ByID(suiteRSA), "h3"
	c.server.Credentials[0], c.server.ALPN[0], c.server.TicketKeys[0] = nil, "h3", session.TicketKey{}
	clear(c.client.Schemes)
	if s := p.secure().c.e.State(); s.Group.ID() != kx.X25519 || s.ALPN != "h2" || s.Suite.ID != suite13 {
		t.Errorf("%v %v %q", s.Group.Name(), s.Suite, s.ALPN)
	}
}
