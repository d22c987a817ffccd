package kx_test

import (
	"crypto/mlkem"
	"errors"
	"testing"

	"tacet/kx"
)

// acceptable is the verdict of the standard library on an initiator's share: the
// oracle of the fuzz targets. X448 has none.
func acceptable(id kx.ID, share []byte) (ok, known bool) {
	point := func(id kx.ID, b []byte) bool {
		p, err := stdlib[id].NewPublicKey(b)
		if err != nil {
			return false
		}
		one := make([]byte, kx.ByID(id).SeedLen())
		one[len(one)-1] = 1
		k, err := stdlib[id].NewPrivateKey(one)
		if err != nil {
			return false
		}
		_, err = k.ECDH(p)
		return err == nil
	}
	switch id {
	case kx.X25519, kx.P256, kx.P384, kx.P521:
		return point(id, share), true
	case kx.X25519MLKEM768:
		_, err := mlkem.NewEncapsulationKey768(share[:1184])
		return err == nil && point(kx.X25519, share[1184:]), true
	case kx.SecP256r1MLKEM768:
		_, err := mlkem.NewEncapsulationKey768(share[65:])
		return err == nil && point(kx.P256, share[:65]), true
	case kx.SecP384r1MLKEM1024:
		_, err := mlkem.NewEncapsulationKey1024(share[97:])
		return err == nil && point(kx.P384, share[:97]), true
	}
	return false, false
}

func addShares(f *testing.F) {
	for g := range kx.All() {
		s, offer := initiate(f, g)
		share, _, err := g.Encapsulate(constant(g.EncapsulateSeedLen()), offer)
		if err != nil {
			f.Fatal(err)
		}
		s.Clear()
		f.Add(uint16(g.ID()), offer)
		f.Add(uint16(g.ID()), share)
		f.Add(uint16(g.ID()), make([]byte, len(offer)))
		f.Add(uint16(g.ID()), offer[:len(offer)-1])
	}
}

// constant returns n bytes that every group takes as a seed.
func constant(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 0x3c
	}
	return b
}

// FuzzEncapsulate feeds initiators' shares: no panic, a typed error, and the
// verdict of the standard library.
func FuzzEncapsulate(f *testing.F) {
	addShares(f)
	f.Fuzz(func(t *testing.T, id uint16, peer []byte) {
		g := kx.ByID(kx.ID(id))
		if g == nil {
			return
		}
		share, shared, err := g.Encapsulate(constant(g.EncapsulateSeedLen()), peer)
		if len(peer) != g.InitiatorShareLen() {
			wantKind(t, err, g, kx.KindLength)
			return
		}
		if ok, known := acceptable(g.ID(), peer); known && ok != (err == nil) {
			t.Fatalf("%v: ours %v, the standard library's %v, for %x", g.ID(), err, ok, peer)
		}
		if err != nil {
			wantKind(t, err, g, kx.KindPoint)
			return
		}
		if len(share) != g.ResponderShareLen() || len(shared) != g.SharedLen() {
			t.Fatalf("share %d, secret %d bytes", len(share), len(shared))
		}
	})
}

// FuzzDecapsulate feeds responders' shares.
func FuzzDecapsulate(f *testing.F) {
	addShares(f)
	f.Fuzz(func(t *testing.T, id uint16, peer []byte) {
		g := kx.ByID(kx.ID(id))
		if g == nil {
			return
		}
		shared, err := mustGenerate(t, g, constant(g.SeedLen())).Decapsulate(peer)
		if len(peer) != g.ResponderShareLen() {
			wantKind(t, err, g, kx.KindLength)
			return
		}
		if !g.MinTLS13() {
			if ok, known := acceptable(g.ID(), peer); known && ok != (err == nil) {
				t.Fatalf("%v: ours %v, the standard library's %v, for %x", g.ID(), err, ok, peer)
			}
		}
		if err != nil {
			wantKind(t, err, g, kx.KindPoint)
			return
		}
		if len(shared) != g.SharedLen() {
			t.Fatalf("secret of %d bytes", len(shared))
		}
	})
}

// FuzzParseList checks that a list parses to groups of the table without
// repetition, or fails with a ListError.
func FuzzParseList(f *testing.F) {
	for _, tt := range lists {
		f.Add(tt.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, err := kx.ParseList(s)
		var e *kx.ListError
		if err != nil && (!errors.As(err, &e) || list != nil) || err == nil && len(list) == 0 {
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
