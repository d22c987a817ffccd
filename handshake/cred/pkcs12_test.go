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

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
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

// der builds DER of nested elements, and of integers and strings.
func der(tag asn1.Tag, parts ...any) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) {
		for _, part := range parts {
			switch part := part.(type) {
			case int:
				b.AddASN1Int64(int64(part))
			case string:
				b.AddBytes([]byte(part))
			case []byte:
				b.AddBytes(part)
			}
		}
	})
	return b.BytesOrPanic()
}

func oid(s string) []byte { return der(asn1.OBJECT_IDENTIFIER, s) }

// TestPFXWork: what a file makes its reader derive is bounded, in each of its derivations
// and in all of them together.
func TestPFXWork(t *testing.T) {
	salt := der(asn1.OCTET_STRING, "salt")
	kdf := func(name string, params ...any) cryptobyte.String {
		return append(oid(name), der(asn1.SEQUENCE, append([]any{salt}, params...)...)...)
	}
	derive := func(kdf cryptobyte.String) func(password) error {
		return func(pw password) error {
			_, err := deriveKey(kdf, pw, 16)
			return err
		}
	}
	legacy := func(n int) func(password) error {
		return func(pw password) error {
			before := *pw.left
			_, err := decryptPBE12(ciphers12[0].oid, der(asn1.SEQUENCE, salt, n), pw, nil)
			if errors.Is(err, errEncryptedForm) && *pw.left < before { // there is nothing sealed
				return nil
			}
			return err
		}
	}
	mac := func(n int) func(password) error {
		return func(pw password) error {
			algorithm := der(asn1.SEQUENCE, oid(macHashes[0].oid))
			_, err := verifyMAC(der(asn1.SEQUENCE, der(asn1.SEQUENCE, algorithm, der(asn1.OCTET_STRING)), salt, n), pw, nil)
			return err
		}
	}
	for _, row := range []struct {
		name string
		do   func(password) error
		work int // 0: refused
	}{
		{"PBKDF2", derive(kdf(oidPBKDF2, 10)), 10},
		{"PBKDF2, none", derive(kdf(oidPBKDF2, 0)), 0},
		{"PBKDF2, fewer", derive(kdf(oidPBKDF2, -1)), 0},
		{"PBKDF2, too many", derive(kdf(oidPBKDF2, maxIterations+1)), 0},
		{"scrypt", derive(kdf(oidScrypt, 16, 8, 2)), 256},
		{"scrypt, in too many lanes", derive(kdf(oidScrypt, 1<<10, 1, maxIterations>>10+1)), 0},
		{"scrypt, of too much memory", derive(kdf(oidScrypt, 1<<19, 8, 1)), 0},
		{"PBE", legacy(10), 10},
		{"PBE, none", legacy(0), 0},
		{"PBE, too many", legacy(maxIterations + 1), 0},
		{"MAC", mac(10), 10},
		{"MAC, none", mac(0), 0},
		{"MAC, too many", mac(maxIterations + 1), 0},
	} {
		pw := passwordOf([]byte("secret"), maxFileIterations)
		err := row.do(pw)
		if spent := maxFileIterations - *pw.left; (err == nil) != (row.work > 0) || spent != row.work {
			t.Errorf("%s: %d spent of %d, %v", row.name, spent, row.work, err)
		}
		if *pw.left = row.work - 1; row.work > 0 && (row.do(pw) == nil || *pw.left != row.work-1) {
			t.Errorf("%s: more was spent than is left", row.name)
		}
	}
	file, _ := samplePFX(t, pkcs12.LegacyDES, "")
	var p pfx
	if err := p.read(file, nil); err != nil || maxFileIterations-*p.pw.left < 30 {
		t.Errorf("MAC, certificate and key: %d spent, %v", maxFileIterations-*p.pw.left, err)
	}
}

// TestPFXSecondKey: the first key counts, and others stay sealed, even if nothing opens them.
func TestPFXSecondKey(t *testing.T) {
	first, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := x509.MarshalPKCS8PrivateKey(first)
	if err != nil {
		t.Fatal(err)
	}
	bag := func(kind string, value []byte) []byte {
		return der(asn1.SEQUENCE, oid(oidBags+kind), der(tagContent, value))
	}
	sealed := der(asn1.SEQUENCE, der(asn1.SEQUENCE, oid(oidBags)), der(asn1.OCTET_STRING, "sealed"))
	for name, row := range map[string]struct {
		bags []byte
		kind Kind // 0: the first is taken
	}{
		"behind another": {append(bag("\x01", plain), bag("\x02", sealed)...), 0},
		"in front":       {append(bag("\x02", sealed), bag("\x01", plain)...), KindPFXUnsupported},
	} {
		safe := der(asn1.SEQUENCE, oid(oidData), der(tagContent, der(asn1.OCTET_STRING, der(asn1.SEQUENCE, row.bags))))
		file := der(asn1.SEQUENCE, 3, der(asn1.SEQUENCE, oid(oidData), der(tagContent, der(asn1.OCTET_STRING, der(asn1.SEQUENCE, safe)))))
		key, _, err := ParsePKCS12(file, nil)
		var e *Error
		if row.kind == 0 && (err != nil || !first.Equal(key)) || row.kind != 0 && (!errors.As(err, &e) || e.Kind != row.kind) {
			t.Errorf("%s: %v, %v", name, key, err)
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
