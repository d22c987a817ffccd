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
