package kx

import (
	"bytes"
	"testing"
)

// Clear zeroes the scalars that are ours, in a hybrid too, and drops the rest.
func TestClearZeroes(t *testing.T) {
	for _, g := range table {
		seed := bytes.Repeat([]byte{0x3c}, g.SeedLen())
		s, err := g.Generate(seed)
		if err != nil {
			t.Fatal(err)
		}
		k := s.(*secret).key
		s.Clear()
		if s.(*secret).key != nil {
			t.Errorf("%v: key is still there", g.ID())
		}
		checkCleared(t, k)
	}
}

func checkCleared(t *testing.T, k key) {
	switch k := k.(type) {
	case *montgomeryKey:
		if !allZero(k.scalar) {
			t.Errorf("scalar of %d bytes is still there", len(k.scalar))
		}
	case *fieldKey:
		if !allZero(k.x) {
			t.Error("exponent is still there")
		}
	case *nistKey:
		if k.key != nil {
			t.Error("NIST key is still there")
		}
	case *mlkemKey:
		if k.public != nil || k.private != nil {
			t.Error("ML-KEM key is still there")
		}
	case *hybridKey:
		checkCleared(t, k.first)
		checkCleared(t, k.second)
	default:
		t.Errorf("no check for %T", k)
	}
}
