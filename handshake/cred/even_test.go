package cred_test

import (
	"crypto/rsa"
	"math/big"
	"testing"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
)

// TestEvenModulus: a peer may put any number into its certificate. One that is even is
// nobody's RSA key, and an error.
func TestEvenModulus(t *testing.T) {
	even := *credtest.Key(t, credtest.RSA2048).Public().(*rsa.PublicKey)
	even.N = new(big.Int).Add(even.N, big.NewInt(1))
	seed := make([]byte, cred.EncryptSeedLen(&even))
	for i := range seed {
		seed[i] = 1
	}
	if _, err := cred.EncryptPremaster(&even, seed, new([48]byte)); err == nil {
		t.Error("encrypted")
	}
}
