package kx_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"tacet/kx"
)

// each runs f for every group of the table.
func each(t *testing.T, f func(t *testing.T, g kx.Group)) {
	for g := range kx.All() {
		t.Run(g.Name(), func(t *testing.T) { f(t, g) })
	}
}

func TestAgreement(t *testing.T) {
	each(t, func(t *testing.T, g kx.Group) {
		s, offer := initiate(t, g)
		if len(offer) != g.InitiatorShareLen() {
			t.Fatalf("initiator's share: %d bytes, want %d", len(offer), g.InitiatorShareLen())
		}
		share, shared, err := g.Encapsulate(draw(g.EncapsulateSeedLen()), offer)
		if err != nil {
			t.Fatal(err)
		}
		if len(share) != g.ResponderShareLen() || len(shared) != g.SharedLen() {
			t.Fatalf("share %d, secret %d; want %d, %d", len(share), len(shared), g.ResponderShareLen(), g.SharedLen())
		}
		got, err := s.Decapsulate(share)
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "initiator's secret", got, shared)
	})
}

func TestAppendShareAppends(t *testing.T) {
	each(t, func(t *testing.T, g kx.Group) {
		s, share := initiate(t, g)
		wantEqual(t, "fresh", s.AppendShare([]byte("ab")), append([]byte("ab"), share...))
		room := append(make([]byte, 0, 4096), "ab"...)
		got := s.AppendShare(room)
		wantEqual(t, "in place", got, append([]byte("ab"), share...))
		if &got[0] != &room[0] {
			t.Error("room enough, yet moved")
		}
	})
}

// The same seeds give the same bytes, and no argument is kept: scribbling over
// it afterwards changes nothing.
func TestDeterministicWithoutRetention(t *testing.T) {
	each(t, func(t *testing.T, g kx.Group) {
		seed, eseed := bytes.Repeat([]byte{0x5a}, g.SeedLen()), bytes.Repeat([]byte{0x3c}, g.EncapsulateSeedLen())
		run := func() (offer, share, shared, got []byte) {
			a, b := bytes.Clone(seed), bytes.Clone(eseed)
			s := mustGenerate(t, g, a)
			clear(a)
			offer = s.AppendShare(nil)
			in := bytes.Clone(offer)
			share, shared, err := g.Encapsulate(b, in)
			if err != nil {
				t.Fatal(err)
			}
			clear(b)
			clear(in)
			in = bytes.Clone(share)
			got, err = s.Decapsulate(in)
			if err != nil {
				t.Fatal(err)
			}
			clear(in)
			wantEqual(t, "share after use", s.AppendShare(nil), offer)
			return offer, share, shared, got
		}
		o1, e1, s1, d1 := run()
		o2, e2, s2, d2 := run()
		wantEqual(t, "offer", o2, o1)
		wantEqual(t, "share", e2, e1)
		wantEqual(t, "secret", s2, s1)
		wantEqual(t, "agreement", d1, s1)
		wantEqual(t, "agreement again", d2, s1)
	})
}

// Every byte of the seeds matters: to the share, or, as the z of ML-KEM, to the
// secret that a forged ciphertext gives.
func TestSeedsMatter(t *testing.T) {
	each(t, func(t *testing.T, g kx.Group) {
		seed, eseed := bytes.Repeat([]byte{0x5a}, g.SeedLen()), bytes.Repeat([]byte{0x3c}, g.EncapsulateSeedLen())
		s := mustGenerate(t, g, seed)
		offer := s.AppendShare(nil)
		share, _, err := g.Encapsulate(eseed, offer)
		if err != nil {
			t.Fatal(err)
		}
		forged := bytes.Clone(share)
		forged[ciphertextAt[g.ID()]] ^= 1
		want, _ := s.Decapsulate(forged)
		step := 1 + g.Bits()/3000*5 // of large fields, some bytes
		for i := 0; i < len(seed); i += step {
			seed[i] ^= 0x11
			s := mustGenerate(t, g, seed)
			if got, _ := s.Decapsulate(forged); bytes.Equal(s.AppendShare(nil), offer) && bytes.Equal(got, want) {
				t.Errorf("byte %d of Generate's seed is ignored", i)
			}
			seed[i] ^= 0x11
		}
		for i := 0; i < len(eseed); i += step {
			eseed[i] ^= 0x11
			if got, _, err := g.Encapsulate(eseed, offer); err != nil || bytes.Equal(got, share) {
				t.Errorf("byte %d of Encapsulate's seed is ignored (%v)", i, err)
			}
			eseed[i] ^= 0x11
		}
	})
}

// ciphertextAt is an offset inside of the ML-KEM ciphertext of a responder's share.
var ciphertextAt = map[kx.ID]int{kx.X25519MLKEM768: 0, kx.SecP256r1MLKEM768: 65, kx.SecP384r1MLKEM1024: 97}

// A share of any other length is refused from its length alone.
func TestShareLengths(t *testing.T) {
	each(t, func(t *testing.T, g kx.Group) {
		s, offer := initiate(t, g)
		share, _, err := g.Encapsulate(bytes.Repeat([]byte{0x3c}, g.EncapsulateSeedLen()), offer)
		if err != nil {
			t.Fatal(err)
		}
		seed := draw(g.EncapsulateSeedLen())
		for n := range 2 * len(offer) {
			if n == len(offer) {
				continue
			}
			_, _, err := g.Encapsulate(seed, resize(offer, n))
			wantKind(t, err, g, kx.KindLength)
		}
		for n := range 2 * len(share) {
			if n == len(share) {
				continue
			}
			_, err := s.Decapsulate(resize(share, n))
			wantKind(t, err, g, kx.KindLength)
		}
	})
}

// resize cuts or pads b to n bytes in a new slice.
func resize(b []byte, n int) []byte {
	out := make([]byte, n)
	copy(out, b)
	return out
}

func TestClear(t *testing.T) {
	each(t, func(t *testing.T, g kx.Group) {
		s, offer := initiate(t, g)
		share, _, err := g.Encapsulate(bytes.Repeat([]byte{0x3c}, g.EncapsulateSeedLen()), offer)
		if err != nil {
			t.Fatal(err)
		}
		s.Clear()
		s.Clear()
		_, err = s.Decapsulate(share)
		wantKind(t, err, g, kx.KindCleared)
		defer func() {
			if recover() == nil {
				t.Error("AppendShare after Clear did not panic")
			}
		}()
		s.AppendShare(nil)
	})
}

// Forks of a handshake share a Secret, and a Group serves every connection.
func TestConcurrentUse(t *testing.T) {
	each(t, func(t *testing.T, g kx.Group) {
		s, offer := initiate(t, g)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				share, shared, err := g.Encapsulate(constant(g.EncapsulateSeedLen()), offer)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := s.Decapsulate(share)
				if err != nil || !bytes.Equal(got, shared) || !bytes.Equal(s.AppendShare(nil), offer) {
					t.Errorf("%x, %v; want %x", got, err, shared)
				}
			})
		}
		wg.Wait()
	})
}

func TestSeedOfWrongLengthPanics(t *testing.T) {
	panics := func(f func()) (did bool) {
		defer func() { did = recover() != nil }()
		f()
		return
	}
	each(t, func(t *testing.T, g kx.Group) {
		_, offer := initiate(t, g)
		for _, d := range []int{-1, +1} {
			if !panics(func() { g.Generate(make([]byte, g.SeedLen()+d)) }) {
				t.Errorf("Generate took SeedLen%+d bytes", d)
			}
			if !panics(func() { g.Encapsulate(make([]byte, g.EncapsulateSeedLen()+d), offer) }) {
				t.Errorf("Encapsulate took EncapsulateSeedLen%+d bytes", d)
			}
		}
	})
}

func TestError(t *testing.T) {
	e := &kx.Error{Group: kx.P256, Kind: kx.KindSeed}
	if !errors.Is(e, kx.ErrSeed) || errors.Is(&kx.Error{Group: kx.P256, Kind: kx.KindPoint}, kx.ErrSeed) {
		t.Error("ErrSeed matches by kind alone")
	}
	if errors.Is(e, &kx.Error{Group: kx.P384, Kind: kx.KindSeed}) || !errors.Is(e, &kx.Error{Group: kx.P256, Kind: kx.KindSeed}) {
		t.Error("a target with a group matches that group")
	}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{e, "kx: secp256r1: seed out of range"},
		{kx.ErrSeed, "kx: seed out of range"},
		{&kx.Error{Group: 0x0a0a, Kind: kx.KindPoint}, "kx: group 0x0a0a: invalid share"},
		{&kx.Error{Group: kx.X448, Kind: 99}, "kx: x448: kind 99"},
	} {
		if tt.err.Error() != tt.want {
			t.Errorf("%q, want %q", tt.err, tt.want)
		}
	}
}
