package credtest_test

import (
	"bytes"
	"crypto/x509"
	"testing"

	"tacet/handshake/cred/credtest"
)

func TestLeavesOfEveryKindVerify(t *testing.T) {
	ca := credtest.CA(t)
	for kind := range credtest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			c := ca.Intermediate(t, "tacet test intermediate").Leaf(t, kind, "example.com", "127.0.0.1")
			if len(c.Chain) != 2 {
				t.Fatalf("chain of %d certificates, want leaf and intermediate", len(c.Chain))
			}
			between := x509.NewCertPool()
			between.AppendCertsFromPEM(credtest.CertPEM(c.Chain[1]))
			if _, err := c.Leaf.Verify(x509.VerifyOptions{Roots: ca.Pool(), Intermediates: between, DNSName: "example.com", CurrentTime: credtest.Now}); err != nil {
				t.Error(err)
			}
			again := ca.Intermediate(t, "tacet test intermediate").Leaf(t, kind, "example.com", "127.0.0.1")
			if !bytes.Equal(again.Chain[0], c.Chain[0]) || !bytes.Equal(again.Chain[1], c.Chain[1]) {
				t.Error("the same calls gave other bytes")
			}
		})
	}
}
