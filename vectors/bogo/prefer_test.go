package main

import (
	"slices"
	"testing"

	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/suites"
)

// Of what a server likes the same it takes the client's first; a tier that it
// likes more comes before, whatever the client says.
func TestOrder(t *testing.T) {
	s := newSettings()
	s.server = true
	s.cipher = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:[TLS_RSA_WITH_AES_256_GCM_SHA384|TLS_RSA_WITH_AES_256_CBC_SHA]:TLS_RSA_WITH_AES_128_CBC_SHA"
	s.curves, s.curveFlags = []int{int(kx.X25519), int(kx.P256), int(kx.P384)}, []int{1, 0, 0}
	u, err := configure(s, &memory{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	cfg := u.order(&msg.ClientHello{
		Suites: msg.AppendUint16s(nil, 0x002f, 0x0035, 0x009d, 0xc02f),
		Ext:    msg.Extensions{SupportedGroups: msg.AppendUint16s(nil, uint16(kx.P384), uint16(kx.P256), uint16(kx.X25519))},
	})
	for _, row := range slices.DeleteFunc(cfg.Suites, (*suites.Suite).TLS13) {
		names = append(names, row.OpenSSL)
	}
	for _, g := range cfg.Groups {
		names = append(names, g.Name())
	}
	want := []string{"ECDHE-RSA-AES128-GCM-SHA256", "AES256-SHA", "AES256-GCM-SHA384", "AES128-SHA", "secp256r1", "x25519", "secp384r1"}
	if !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}
