package actor_test

import (
	"errors"
	"testing"

	"tacet/actor"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
)

// TestMozillaVerifier: the bundled roots are there, and trust nothing of ours.
func TestMozillaVerifier(t *testing.T) {
	v, err := actor.MozillaVerifier()
	if err != nil {
		t.Fatal(err)
	}
	leaf := credtest.CA(t).Leaf(t, credtest.P256, "example.org")
	chain, err := cred.ParseChain(leaf.Chain)
	if err != nil {
		t.Fatal(err)
	}
	var refused *cred.Error
	if _, err := v.Verify(chain, "example.org", true, credtest.Now); !errors.As(err, &refused) {
		t.Fatalf("a chain of nobody's: %v", err)
	}
	if v.Roots == nil || v.Roots.Equal(credtest.CA(t).Pool()) {
		t.Error("no roots")
	}
}

// TestSystemVerifier: the system's roots are its own affair, but there is a pool.
func TestSystemVerifier(t *testing.T) {
	if v, err := actor.SystemVerifier(); err == nil && v.Roots == nil {
		t.Error("no pool and no error")
	}
}
