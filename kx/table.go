package kx

import (
	"iter"
	"strings"
)

// table holds every group in the order of preference: the usual ones first, from
// which ParseList("auto") takes its part.
var table = [...]*group{
	{id: X25519MLKEM768, names: []string{"X25519MLKEM768"}, openssl: "X25519MLKEM768",
		bits: 768, strength: 192, tls13: true, auto: true, kem: hybrid{mlkem768, curve25519}},
	{id: X25519, names: []string{"x25519", "X25519"}, openssl: "X25519",
		typ: "ECDH", bits: 253, strength: 128, auto: true, kem: curve25519},
	{id: P256, names: []string{"secp256r1", "prime256v1", "P-256"}, openssl: "prime256v1",
		typ: "ECDH", bits: 256, strength: 128, auto: true, kem: p256},
	{id: X448, names: []string{"x448", "X448"}, openssl: "X448",
		typ: "ECDH", bits: 448, strength: 224, auto: true, kem: curve448},
	{id: P384, names: []string{"secp384r1", "P-384"}, openssl: "secp384r1",
		typ: "ECDH", bits: 384, strength: 192, auto: true, kem: p384},
	{id: P521, names: []string{"secp521r1", "P-521"}, openssl: "secp521r1",
		typ: "ECDH", bits: 521, strength: 256, auto: true, kem: p521},
	{id: SecP256r1MLKEM768, names: []string{"SecP256r1MLKEM768"}, openssl: "SecP256r1MLKEM768",
		bits: 768, strength: 192, tls13: true, kem: hybrid{p256, mlkem768}},
	{id: SecP384r1MLKEM1024, names: []string{"SecP384r1MLKEM1024"}, openssl: "SecP384r1MLKEM1024",
		bits: 1024, strength: 256, tls13: true, kem: hybrid{p384, mlkem1024}},
	{id: MLKEM768, names: []string{"MLKEM768"}, openssl: "MLKEM768",
		bits: 768, strength: 192, tls13: true, kem: mlkem768},
	{id: MLKEM1024, names: []string{"MLKEM1024"}, openssl: "MLKEM1024",
		bits: 1024, strength: 256, tls13: true, kem: mlkem1024},
	{id: FFDHE2048, names: []string{"ffdhe2048"}, openssl: "ffdhe2048", typ: "DH", bits: 2048, kem: safe(ffdhe2048Hex, 225)},
	{id: FFDHE3072, names: []string{"ffdhe3072"}, openssl: "ffdhe3072", typ: "DH", bits: 3072, kem: safe(ffdhe3072Hex, 275)},
	{id: FFDHE4096, names: []string{"ffdhe4096"}, openssl: "ffdhe4096", typ: "DH", bits: 4096, kem: safe(ffdhe4096Hex, 325)},
	{id: FFDHE6144, names: []string{"ffdhe6144"}, openssl: "ffdhe6144", typ: "DH", bits: 6144, kem: safe(ffdhe6144Hex, 375)},
	{id: FFDHE8192, names: []string{"ffdhe8192"}, openssl: "ffdhe8192", typ: "DH", bits: 8192, kem: safe(ffdhe8192Hex, 400)},
}

// All yields every group in the order of preference.
func All() iter.Seq[Group] {
	return func(yield func(Group) bool) {
		for _, g := range table {
			if !yield(g) {
				return
			}
		}
	}
}

// ByID returns the group of a code point, or nil. GREASE, obsolete, reserved and
// unknown code points have none, so that a peer's list is filtered by asking.
func ByID(id ID) Group {
	for _, g := range table {
		if g.id == id {
			return g
		}
	}
	return nil
}

// ByName returns the group that has name among its registered, NIST, SEC, ANSI
// and OpenSSL names, in any case, or nil: "x25519", "P-256", "prime256v1",
// "secp256r1", "X25519MLKEM768".
func ByName(name string) Group {
	for _, g := range table {
		for _, n := range g.names {
			if strings.EqualFold(n, name) {
				return g
			}
		}
	}
	return nil
}
