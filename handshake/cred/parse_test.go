package cred_test

import (
	"encoding/pem"
	"os"
	"testing"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// FuzzParseCertificate: what a peer sends as a certificate may be refused, never panic, and neither
// may what is done with it next.
func FuzzParseCertificate(f *testing.F) {
	ca := credtest.CA(f)
	for kind := range credtest.Kinds() {
		f.Add(ca.Leaf(f, kind, "example.com", "127.0.0.1").Chain[0])
	}
	f.Add(ca.Cert.Raw)
	f.Add(ca.Intermediate(f, "inter").Cert.Raw)
	v := ca.Verifier()
	v.CRLs = lists(ca.CRL(f))
	f.Fuzz(func(t *testing.T, der []byte) {
		chain, err := cred.ParseChain([][]byte{der, ca.Cert.Raw})
		if err != nil {
			return
		}
		for _, s := range allSchemes() {
			if cred.KeyFits(chain[0].PublicKey, s, record.TLS12) {
				cred.Verify(chain[0].PublicKey, s, record.TLS12, der, der)
			}
		}
		v.Verify(chain, "example.com", true, credtest.Now)
		chain[0], chain[1] = chain[1], chain[0]
		v.Verify(chain, "", false, credtest.Now)
	})
}

// FuzzParsePrivateKey: no key file may panic, whatever its passphrase.
func FuzzParsePrivateKey(f *testing.F) {
	for kind := range credtest.Kinds() {
		block, _ := pem.Decode(credtest.KeyPEM(f, kind))
		f.Add(block.Type, block.Bytes, []byte("x"))
	}
	text, err := os.ReadFile("testdata/encrypted.pem")
	if err != nil {
		f.Fatal(err)
	}
	block, _ := pem.Decode(text)
	f.Add(block.Type, block.Bytes, []byte("x"))
	f.Add(block.Type, block.Bytes, []byte("wrong"))
	f.Add("RSA PRIVATE KEY", []byte{0x30, 3, 2, 1, 0}, []byte(nil))
	f.Add("EC PRIVATE KEY", []byte{0x30, 3, 2, 1, 1}, []byte(nil))
	f.Fuzz(func(t *testing.T, kind string, der, passphrase []byte) {
		key, err := cred.ParsePrivateKey(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), passphrase)
		if (key == nil) == (err == nil) {
			t.Fatalf("%v, %v", key, err)
		}
	})
}
