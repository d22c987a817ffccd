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

// TestKeyIsNoCertificate: where clients have to show a certificate a pre-shared key
// is none, in no version.
func TestKeyIsNoCertificate(t *testing.T) {
	ca := credtest.CA(t)
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		c := baseConfig(t)
		c.client.MinVersion, c.client.MaxVersion = v, v
		c.server.ClientAuth, c.server.Verifier = handshake.RequireClientCert, ca.Verifier()
		if v < record.TLS13 {
			c.client.Suites = []*suites.Suite{suites.ByName("ECDHE-PSK-CHACHA20-POLY1305"), suites.ByName("ECDHE-ECDSA-AES128-GCM-SHA256")}
			c.server.Suites = c.client.Suites
		}
		p := pskPair(t, c, "key", "key")
		for range 4 {
			p.turn(p.c, p.s)
			p.turn(p.s, p.c)
		}
		if p.s.e.Secure() || !errors.Is(p.s.e.Err(), handshake.KindCertificateRequired) {
			t.Errorf("%v: server %v", v, p.s.e.Err())
		}
	}
}
