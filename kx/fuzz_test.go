package kx_test

import (
	"bytes"
	"crypto/mlkem"
	"errors"
	"testing"

	"tacet/kx"
)

// acceptable is the verdict of the standard library on a share of the right
// length, the oracle of the fuzz targets. X448 has none.
func acceptable(id kx.ID, share []byte, offer bool) (ok, known bool) {
	switch id {
	case kx.X25519, kx.P256, kx.P384, kx.P521:
		return acceptablePoint(id, share), true
	case kx.X25519MLKEM768:
		cut := len(share) - 32
		return acceptableKey(share[:cut], offer) && acceptablePoint(kx.X25519, share[cut:]), true
	case kx.SecP256r1MLKEM768:
		return acceptablePoint(kx.P256, share[:65]) && acceptableKey(share[65:], offer), true
	case kx.SecP384r1MLKEM1024:
		return acceptablePoint(kx.P384, share[:97]) && acceptableKey(share[97:], offer), true
	}
	return false, false
}

func acceptablePoint(id kx.ID, b []byte) bool {
	p, err := stdlib[id].NewPublicKey(b)
	if err != nil {
		return false
	}
	k, err := stdlib[id].NewPrivateKey(constant(kx.ByID(id).SeedLen()))
	if err != nil {
		return false
	}
	_, err = k.ECDH(p)
	return err == nil
}

// acceptableKey judges an encapsulation key; any ciphertext will do.
func acceptableKey(b []byte, offer bool) bool {
	if !offer {
		return true
	}
	_, err := mlkem.NewEncapsulationKey768(b)
	if len(b) == mlkem.EncapsulationKeySize1024 {
		_, err = mlkem.NewEncapsulationKey1024(b)
	}
	return err == nil
}

// addPatches seeds a target whose input is a patch of a good share: the length
// that it is cut or padded to, and bytes that replace it from an offset on.
func addPatches(f *testing.F) {
	for g := range kx.All() {
		for _, add := range []int8{0, -1, 1} {
			f.Add(uint16(g.ID()), add, uint16(0), []byte{})
			f.Add(uint16(g.ID()), add, uint16(0), make([]byte, 65))
			f.Add(uint16(g.ID()), add, uint16(64), []byte{0xff, 0xff, 0xff})
			f.Add(uint16(g.ID()), add, uint16(g.InitiatorShareLen()-32), make([]byte, 32))
		}
	}
}

func patch(good []byte, add int8, at uint16, with []byte) []byte {
	b := resize(good, max(0, len(good)+int(add)))
	if int(at) < len(b) {
		copy(b[at:], with)
	}
	return b
}

// constant returns n bytes that every group takes as a seed, and every curve as a scalar.
func constant(n int) []byte {
	b := bytes.Repeat([]byte{0x3c}, n)
	b[0] = 0
	return b
}

// FuzzEncapsulate feeds initiators' shares: no panic, a typed error, and the
// verdict of the standard library.
func FuzzEncapsulate(f *testing.F) {
	addPatches(f)
	f.Fuzz(func(t *testing.T, id uint16, add int8, at uint16, with []byte) {
		g := kx.ByID(kx.ID(id))
		if g == nil {
			return
		}
		good := mustGenerate(t, g, constant(g.SeedLen())).AppendShare(nil)
		peer := patch(good, add, at, with)
		share, shared, err := g.Encapsulate(constant(g.EncapsulateSeedLen()), peer)
		if wantVerdict(t, g, peer, true, err) {
			return
		}
		if len(share) != g.ResponderShareLen() || len(shared) != g.SharedLen() {
			t.Fatalf("share %d, secret %d bytes", len(share), len(shared))
		}
	})
}

// FuzzDecapsulate feeds responders' shares.
func FuzzDecapsulate(f *testing.F) {
	addPatches(f)
	f.Fuzz(func(t *testing.T, id uint16, add int8, at uint16, with []byte) {
		g := kx.ByID(kx.ID(id))
		if g == nil {
			return
		}
		s := mustGenerate(t, g, constant(g.SeedLen()))
		good, _, err := g.Encapsulate(constant(g.EncapsulateSeedLen()), s.AppendShare(nil))
		if err != nil {
			t.Fatal(err)
		}
		peer := patch(good, add, at, with)
		shared, err := s.Decapsulate(peer)
		if !wantVerdict(t, g, peer, false, err) && len(shared) != g.SharedLen() {
			t.Fatalf("secret of %d bytes", len(shared))
		}
	})
}

// wantVerdict checks err, the answer to peer, and reports whether it is a refusal.
func wantVerdict(t *testing.T, g kx.Group, peer []byte, offer bool, err error) bool {
	t.Helper()
	length := g.ResponderShareLen()
	if offer {
		length = g.InitiatorShareLen()
	}
	if len(peer) != length {
		wantKind(t, err, g, kx.KindLength)
		return true
	}
	if ok, known := acceptable(g.ID(), peer, offer); known && ok != (err == nil) {
		t.Fatalf("%v: ours %v, the standard library's %v, for %x", g.ID(), err, ok, peer)
	}
	if err != nil {
		wantKind(t, err, g, kx.KindPoint)
	}
	return err != nil
}

// FuzzParseList checks that a list parses to groups of the table without
// repetition, which may be none but not nil, or fails with a ListError.
func FuzzParseList(f *testing.F) {
	for _, tt := range lists {
		f.Add(tt.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, err := kx.ParseList(s)
		var e *kx.ListError
		if err != nil && (!errors.As(err, &e) || list != nil) || err == nil && list == nil {
			t.Fatalf("%v, %v", ids(list), err)
		}
		seen := map[kx.ID]bool{}
		for _, g := range list {
			if seen[g.ID()] || kx.ByID(g.ID()) != g {
				t.Fatalf("%v in %v", g.ID(), ids(list))
			}
			seen[g.ID()] = true
		}
	})
}
