package handshake

import (
	"fmt"
	"strings"
	"testing"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/record"
)

// TestPrioritizeChaCha has hellos whose first suite is one of ChaCha20-Poly1305, or not,
// and what the server then tries in turn. The rule is OpenSSL's, and node's in TestLive.
func TestPrioritizeChaCha(t *testing.T) {
	const (
		grease, aria            = 0x3a3a, 0xc05c // TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256, which nobody here knows
		aes13, chacha13         = 0x1301, 0x1303
		aes, chacha, chachaRSA  = 0xc02b, 0xcca9, 0xcca8
		own, theirs             = "c02b cca8 cca9", "cca8 cca9 c02b"
		unsuitable, notOfServer = 0x009c, 0xccaa // TLS_RSA_WITH_AES_128_GCM_SHA256, TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256
	)
	names := []string{
		"TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305",
	}
	for _, row := range []struct {
		name string
		off  bool
		v    record.Version
		ids  []uint16
		want string
	}{
		{"first", false, record.TLS12, []uint16{chacha, chachaRSA, aes}, theirs}, // in the server's order among themselves
		{"first, without the option", true, record.TLS12, []uint16{chacha, chachaRSA, aes}, own},
		{"second", false, record.TLS12, []uint16{aes, chacha, chachaRSA}, own},
		{"behind GREASE and signals", false, record.TLS12, []uint16{grease, renegotiationSCSV, fallbackSCSV, chacha, chachaRSA, aes}, theirs},
		{"behind one that is unknown", false, record.TLS12, []uint16{aria, chacha, chachaRSA, aes}, theirs},
		{"behind one that is not enabled", false, record.TLS12, []uint16{unsuitable, chacha, chachaRSA, aes}, own},
		{"one that is not enabled", false, record.TLS12, []uint16{notOfServer, aes, chacha, chachaRSA}, theirs},
		{"that of TLS 1.3", false, record.TLS12, []uint16{chacha13, aes, chacha, chachaRSA}, theirs},
		{"behind one of TLS 1.3", false, record.TLS12, []uint16{aes13, chacha, chachaRSA, aes}, own},
		{"TLS 1.3", false, record.TLS13, []uint16{chacha13, aes13}, "1303 1301"},
		{"TLS 1.3, second", false, record.TLS13, []uint16{aes13, chacha13}, "1301 1303"},
		{"TLS 1.3, that of TLS 1.2", false, record.TLS13, []uint16{chacha, aes13, chacha13}, "1303 1301"},
		{"nothing else", false, record.TLS12, []uint16{chacha}, "cca9"},
		{"none in common", false, record.TLS12, []uint16{grease}, ""},
	} {
		list := named(names...)
		cfg := Config{Suites: list, PrioritizeChaCha: !row.off, Credentials: []*cred.Credential{credtest.CA(t).Leaf(t, credtest.P256, "example.org")}}
		p, err := cfg.CompileServer()
		if err != nil {
			t.Fatal(err)
		}
		for _, own := range []*profile{&p.profile, p.at(row.v)} { // for a first handshake, and for another
			fx := &effects{profile: own, conn: &ConnectionState{Version: row.v}}
			a := &answering{hello: &msg.ClientHello{Suites: msg.AppendUint16s(nil, row.ids...)}}
			var got []string
			for s := range a.common(fx) {
				got = append(got, fmt.Sprintf("%04x", uint16(s.ID)))
			}
			if text := strings.Join(got, " "); text != row.want {
				t.Errorf("%s: %q, want %q", row.name, text, row.want)
			}
		}
	}
}
