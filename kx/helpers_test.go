package kx_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"testing"

	"tacet/kx"
)

// draw returns n random bytes.
func draw(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// initiate draws until a seed is in range and returns the secret and its share.
func initiate(tb testing.TB, g kx.Group) (kx.Secret, []byte) {
	tb.Helper()
	for range 8 {
		s, err := g.Generate(draw(g.SeedLen()))
		if err == nil {
			return s, s.AppendShare(nil)
		}
		if !errors.Is(err, kx.ErrSeed) {
			tb.Fatal(err)
		}
	}
	tb.Fatal("eight seeds refused")
	return nil, nil
}

func mustGenerate(tb testing.TB, g kx.Group, seed []byte) kx.Secret {
	tb.Helper()
	s, err := g.Generate(seed)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// wantKind checks that err is an *Error of the group and kind.
func wantKind(tb testing.TB, err error, g kx.Group, kind kx.Kind) {
	tb.Helper()
	var e *kx.Error
	if !errors.As(err, &e) || e.Group != g.ID() || e.Kind != kind {
		tb.Fatalf("error %v, want %v: %v", err, g.ID(), kind)
	}
}

// wantRefused checks that both sides refuse share for the reason kind.
func wantRefused(tb testing.TB, g kx.Group, share []byte, kind kx.Kind) {
	tb.Helper()
	mine, shared, err := g.Encapsulate(draw(g.EncapsulateSeedLen()), share)
	if mine != nil || shared != nil {
		tb.Fatal("a refused share got an answer")
	}
	wantKind(tb, err, g, kind)
	s, _ := initiate(tb, g)
	shared, err = s.Decapsulate(share)
	if shared != nil {
		tb.Fatal("a refused share got a secret")
	}
	wantKind(tb, err, g, kind)
}

func wantEqual(tb testing.TB, what string, got, want []byte) {
	tb.Helper()
	if !bytes.Equal(got, want) {
		tb.Fatalf("%s\n got %x\nwant %x", what, got, want)
	}
}
