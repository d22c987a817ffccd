package cred_test

import (
	"crypto/x509"
	"fmt"
	"math/big"
	"testing"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
)

// TestEffort: a chain that is made to be expensive costs what crypto/x509 lets it
// cost, and not as much again for saying what is wrong with it. What is counted is
// allocations, of which each signature that is verified makes as many.
func TestEffort(t *testing.T) {
	top := credtest.Root(t, "unknown root", credtest.P384)
	for i := range 104 {
		template := credtest.AuthorityTemplate(fmt.Sprint("intermediate ", i))
		template.SerialNumber = big.NewInt(int64(i + 1))
		top = top.Sub(t, template, credtest.P384)
	}
	chain, err := cred.ParseChain(top.Leaf(t, credtest.P256, "example.org").Chain)
	if err != nil {
		t.Fatal(err)
	}
	v, pool := credtest.CA(t).Verifier(), x509.NewCertPool()
	for _, c := range chain[1:] {
		pool.AddCert(c)
	}
	ours := testing.AllocsPerRun(1, func() {
		if _, err := v.Verify(chain, "example.org", true, credtest.Now); err == nil {
			t.Fatal("an unknown root is trusted")
		}
	})
	theirs := testing.AllocsPerRun(1, func() {
		if _, err := chain[0].Verify(x509.VerifyOptions{Roots: v.Roots, Intermediates: pool, CurrentTime: credtest.Now}); err == nil {
			t.Fatal("an unknown root is trusted")
		}
	})
	if ours > theirs*3/2 {
		t.Errorf("%v allocations, crypto/x509 %v", ours, theirs)
	}
}
