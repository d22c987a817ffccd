package cred

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"math/big"
	"testing"

	"software.sslmate.com/src/go-pkcs12"
)

// TestRC2 has the vectors of RFC 2268 §5 whose effective length is that of the key.
func TestRC2(t *testing.T) {
	for _, v := range []struct{ key, plain, sealed string }{
		{"ffffffffffffffff", "ffffffffffffffff", "278b27e42e2f0d49"},
		{"3000000000000000", "1000000000000001", "30649edf9be7d2c2"},
		{"88bca90e90875a7f0f79c384627bafb2", "0000000000000000", "2269552ab0f85ca6"},
	} {
		key, _ := hex.DecodeString(v.key)
		block, _ := hex.DecodeString(v.sealed)
		c, err := newRC2(key)
		if err != nil {
			t.Fatal(err)
		}
		if c.Decrypt(block, block); hex.EncodeToString(block) != v.plain {
			t.Errorf("%s: %x", v.key, block)
		}
	}
}

// samplePFX is a file made by another implementation.
func samplePFX(t testing.TB, e *pkcs12.Encoder, passphrase string) (der, leaf []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	leaf, err = x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(leaf)
	if err != nil {
		t.Fatal(err)
	}
	if der, err = e.WithIterations(10).Encode(key, cert, nil, passphrase); err != nil {
		t.Fatal(err)
	}
	return der, leaf
}

// TestParsePKCS12 reads what go-pkcs12 writes, PBMAC1 (RFC 9579) with it; the files of OpenSSL
// are those of package transport's TestPFXFiles.
func TestParsePKCS12(t *testing.T) {
	for name, e := range map[string]*pkcs12.Encoder{
		"RC2": pkcs12.LegacyRC2, "3DES": pkcs12.LegacyDES, "PBES2": pkcs12.Modern2023, "PBMAC1": pkcs12.Modern2026,
	} {
		for _, passphrase := range []string{"secret", "", "\u00fcber"} {
			der, leaf := samplePFX(t, e, passphrase)
			key, certs, err := ParsePKCS12(der, []byte(passphrase))
			if err != nil || key == nil || len(certs) != 1 || !bytes.Equal(certs[0].Raw, leaf) {
				t.Errorf("%s, %q: %v, %d certificates, %v", name, passphrase, key, len(certs), err)
			}
			var e *Error
			if _, _, err := ParsePKCS12(der, []byte("wrong")); !errors.As(err, &e) || e.Kind != KindPassphrase {
				t.Errorf("%s, a wrong passphrase: %v", name, err)
			}
			for _, at := range []int{0, 1, len(der) / 3, len(der) / 2, len(der) - 1} {
				if _, _, err := ParsePKCS12(der[:at], []byte(passphrase)); !errors.As(err, &e) || e.Kind != KindPFXUnreadable {
					t.Errorf("%s, cut at %d: %v", name, at, err)
				}
			}
		}
	}
}

// TestPFXChanged: no byte of a file with a MAC can be changed unnoticed, but those of the
// wrapping that the MAC does not cover and that say nothing.
func TestPFXChanged(t *testing.T) {
	der, leaf := samplePFX(t, pkcs12.LegacyDES, "secret")
	for i := range der {
		changed := bytes.Clone(der)
		changed[i] ^= 1
		key, certs, err := ParsePKCS12(changed, []byte("secret"))
		if err == nil && (key == nil || len(certs) != 1 || !bytes.Equal(certs[0].Raw, leaf)) {
			t.Errorf("byte %d: other content is taken", i)
		}
	}
}

func FuzzParsePKCS12(f *testing.F) {
	for _, e := range []*pkcs12.Encoder{pkcs12.LegacyRC2, pkcs12.Modern2023, pkcs12.Modern2026, pkcs12.Passwordless} {
		passphrase := "secret"
		if e == pkcs12.Passwordless {
			passphrase = ""
		}
		der, _ := samplePFX(f, e.WithIterations(1), passphrase)
		f.Add(der, passphrase)
	}
	f.Fuzz(func(t *testing.T, der []byte, passphrase string) {
		key, certs, err := ParsePKCS12(der, []byte(passphrase))
		var e *Error
		if err != nil && (!errors.As(err, &e) || key != nil || certs != nil) {
			t.Errorf("%v", err)
		}
	})
}
