package kx_test

import (
	"slices"
	"strings"
	"testing"

	"tacet/kx"
)

// The rows as the registries and drafts have them: RFC 8446 §4.2.7 and §4.2.8.2,
// RFC 7748, draft-ietf-tls-ecdhe-mlkem §4.
var rows = []struct {
	id                           kx.ID
	code                         uint16
	name, openssl, typ           string
	bits                         int
	tls13                        bool
	initiator, responder, shared int
}{
	{kx.X25519MLKEM768, 4588, "X25519MLKEM768", "X25519MLKEM768", "", 768, true, 1216, 1120, 64},
	{kx.X25519, 29, "x25519", "X25519", "ECDH", 253, false, 32, 32, 32},
	{kx.P256, 23, "secp256r1", "prime256v1", "ECDH", 256, false, 65, 65, 32},
	{kx.X448, 30, "x448", "X448", "ECDH", 448, false, 56, 56, 56},
	{kx.P384, 24, "secp384r1", "secp384r1", "ECDH", 384, false, 97, 97, 48},
	{kx.P521, 25, "secp521r1", "secp521r1", "ECDH", 521, false, 133, 133, 66},
	{kx.SecP256r1MLKEM768, 4587, "SecP256r1MLKEM768", "SecP256r1MLKEM768", "", 768, true, 1249, 1153, 64},
	{kx.SecP384r1MLKEM1024, 4589, "SecP384r1MLKEM1024", "SecP384r1MLKEM1024", "", 1024, true, 1665, 1665, 80},
	{kx.MLKEM768, 513, "MLKEM768", "MLKEM768", "", 768, true, 1184, 1088, 32},
	{kx.MLKEM1024, 514, "MLKEM1024", "MLKEM1024", "", 1024, true, 1568, 1568, 32},
	{kx.FFDHE2048, 256, "ffdhe2048", "ffdhe2048", "DH", 2048, false, 256, 256, 256},
	{kx.FFDHE3072, 257, "ffdhe3072", "ffdhe3072", "DH", 3072, false, 384, 384, 384},
	{kx.FFDHE4096, 258, "ffdhe4096", "ffdhe4096", "DH", 4096, false, 512, 512, 512},
	{kx.FFDHE6144, 259, "ffdhe6144", "ffdhe6144", "DH", 6144, false, 768, 768, 768},
	{kx.FFDHE8192, 260, "ffdhe8192", "ffdhe8192", "DH", 8192, false, 1024, 1024, 1024},
}

func TestTable(t *testing.T) {
	all := slices.Collect(kx.All())
	if len(all) != len(rows) {
		t.Fatalf("%d groups, want %d", len(all), len(rows))
	}
	for i, want := range rows {
		g := all[i]
		if g.ID() != want.id || uint16(g.ID()) != want.code || g.Name() != want.name || g.OpenSSL() != want.openssl ||
			g.Type() != want.typ || g.Bits() != want.bits || g.MinTLS13() != want.tls13 || want.id.String() != want.name {
			t.Errorf("row %d: %v %q %q %q %d %v, want %+v", i, g.ID(), g.Name(), g.OpenSSL(), g.Type(), g.Bits(), g.MinTLS13(), want)
		}
		if g.InitiatorShareLen() != want.initiator || g.ResponderShareLen() != want.responder || g.SharedLen() != want.shared {
			t.Errorf("%v: sizes %d %d %d, want %d %d %d", g.ID(), g.InitiatorShareLen(), g.ResponderShareLen(), g.SharedLen(),
				want.initiator, want.responder, want.shared)
		}
	}
}

// Of all 65,536 code points, obsolete, reserved, GREASE and unknown, only the rows have a group.
func TestByID(t *testing.T) {
	n := 0
	for code := range 1 << 16 {
		g := kx.ByID(kx.ID(code))
		if g == nil {
			continue
		}
		n++
		if g.ID() != kx.ID(code) {
			t.Errorf("ByID(%#x) is %v", code, g.ID())
		}
	}
	if n != len(rows) {
		t.Errorf("%d code points have a group, want %d", n, len(rows))
	}
	if got := kx.ID(0x2a2a).String(); got != "group 0x2a2a" {
		t.Errorf("GREASE is %q", got)
	}
}

func TestAllStopsEarly(t *testing.T) {
	for g := range kx.All() {
		if g.ID() != kx.X25519MLKEM768 {
			t.Fatal("went on after break")
		}
		break
	}
}

func TestByName(t *testing.T) {
	names := map[kx.ID][]string{
		kx.X25519:             {"x25519", "X25519"},
		kx.X448:               {"x448", "X448"},
		kx.P256:               {"secp256r1", "prime256v1", "P-256", "p-256", "PRIME256V1", "SecP256r1"},
		kx.P384:               {"secp384r1", "P-384", "p-384"},
		kx.P521:               {"secp521r1", "P-521", "SECP521R1"},
		kx.X25519MLKEM768:     {"X25519MLKEM768", "x25519mlkem768"},
		kx.SecP256r1MLKEM768:  {"SecP256r1MLKEM768"},
		kx.SecP384r1MLKEM1024: {"SecP384r1MLKEM1024", "secp384r1mlkem1024"},
	}
	for id, list := range names {
		for _, name := range list {
			if g := kx.ByName(name); g == nil || g.ID() != id {
				t.Errorf("ByName(%q) = %v, want %v", name, g, id)
			}
		}
	}
	for _, name := range []string{"", "P256", "auto", "secp256k1", " X25519", "ffdhe2047", "X25519:P-256"} {
		if g := kx.ByName(name); g != nil {
			t.Errorf("ByName(%q) = %v, want none", name, g.ID())
		}
	}
}

// No two rows share a code point or a name, in any case, and a name of OpenSSL is a name.
func TestNamesAreUnique(t *testing.T) {
	seen := map[string]kx.ID{}
	for g := range kx.All() {
		for _, name := range []string{g.Name(), g.OpenSSL()} {
			if kx.ByName(name) == nil || kx.ByName(name).ID() != g.ID() {
				t.Errorf("%v is not found by %q", g.ID(), name)
			}
			key := strings.ToLower(name)
			if id, ok := seen[key]; ok && id != g.ID() {
				t.Errorf("%q is %v and %v", name, id, g.ID())
			}
			seen[key] = g.ID()
		}
	}
}
