package kx

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"
)

// draw returns n random bytes.
func draw(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// generate draws until a seed is in range.
func generate(tb testing.TB, g Group) Secret {
	tb.Helper()
	for range 8 {
		s, err := g.Generate(draw(g.SeedLen()))
		if err == nil {
			return s
		}
		if !errors.Is(err, ErrSeed) {
			tb.Fatal(err)
		}
	}
	tb.Fatal("eight seeds refused")
	return nil
}

func TestAgreement(t *testing.T) {
	for g := range All() {
		t.Run(g.Name(), func(t *testing.T) {
			s := generate(t, g)
			offer := s.AppendShare([]byte("x"))
			if offer[0] != 'x' || len(offer) != 1+g.InitiatorShareLen() {
				t.Fatalf("initiator's share: %d bytes, want 1+%d", len(offer), g.InitiatorShareLen())
			}
			seed := draw(g.EncapsulateSeedLen())
			share, shared, err := g.Encapsulate(seed, offer[1:])
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
			if !bytes.Equal(got, shared) {
				t.Fatalf("initiator %x, responder %x", got, shared)
			}
		})
	}
}
