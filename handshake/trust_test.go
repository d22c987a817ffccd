package handshake_test

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"math/big"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
	"tacet/suites"
)

// TestEvenModulus: a server whose certificate holds an even number for an RSA key is
// refused, by a client that does not verify it too.
func TestEvenModulus(t *testing.T) {
	ca := credtest.CA(t)
	key := credtest.Key(t, credtest.RSA2048)
	even := *key.Public().(*rsa.PublicKey)
	even.N = new(big.Int).Add(even.N, big.NewInt(1))
	template := credtest.LeafTemplate("example.org")
	template.SerialNumber = big.NewInt(1)
	der, err := x509.CreateCertificate(nil, template, ca.Cert, &even, ca.Key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	c := baseConfig(t)
	c.client.Verify, c.client.MaxVersion = handshake.VerifyNone, record.TLS12
	c.client.Suites = []*suites.Suite{suites.ByName("AES128-GCM-SHA256")}
	c.server.Suites = c.client.Suites
	c.server.Credentials = []*cred.Credential{{Chain: [][]byte{der}, Leaf: leaf, Key: key}}
	p := newPair(t, c)
	p.run()
	if err := p.c.e.Err(); !errors.Is(err, handshake.KindWrongCertificateType) {
		t.Error(err)
	}
}
