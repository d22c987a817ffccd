package handshake

import (
	"testing"

	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// This file keeps what live peers (transport/peers) found in the engine, one test
// for each defect.

// TestHelloWithoutCurves: crypto/tls answers an empty supported_groups with
// decode_error. A hello up to TLS 1.2 without a curve says nothing of curves, and
// offers no suite that takes one.
func TestHelloWithoutCurves(t *testing.T) {
	d := newDuo(t, func(client, _ *Config) {
		client.MaxVersion, client.Groups = record.TLS12, []kx.Group{kx.ByID(kx.X25519MLKEM768)}
	})
	hello := helloIn(t, d.say(d.c, nil))
	for _, x := range []msg.Ext{msg.ExtSupportedGroups, msg.ExtECPointFormats} {
		if hello.Ext.Have(x) {
			t.Errorf("the hello has %v", x)
		}
	}
	for id := range hello.Suites.All() {
		if s := suites.ByID(suites.ID(id)); s != nil && s.Kx == suites.KxECDHE {
			t.Errorf("the hello offers %v", s)
		}
	}
}

// TestAutoDHAtLevel: s_client at level 2 refuses the group of 1024 bits that goes
// with a cipher of 128 bits and no certificate; a server at that level chooses another.
func TestAutoDHAtLevel(t *testing.T) {
	for level, bits := range map[int]int{-1: 1024, 1: 1024, 2: 2048, 3: 3072, 4: 8192} {
		cfg := Config{SecurityLevel: level, AutoDH: true, AskPSK: true, MaxVersion: record.TLS12, Suites: []*suites.Suite{
			suites.ByID(0xccad), // DHE_PSK, ChaCha20: of every level
		}}
		p, err := cfg.CompileServer()
		if err != nil {
			t.Fatal(err)
		}
		if g := p.dhGroup(&choice12{suite: suites.ByID(0x00aa)}); g.Bits() != bits {
			t.Errorf("level %d: %d bits, want %d", level, g.Bits(), bits)
		}
	}
}

// helloIn parses the ClientHello of a flight.
func helloIn(t *testing.T, flight []byte) *msg.ClientHello {
	t.Helper()
	raw := msg.Raw(flight[record.HeaderLen:])
	var m msg.ClientHello
	if err := m.Parse(raw.Body()); err != nil {
		t.Fatal(err)
	}
	return &m
}
