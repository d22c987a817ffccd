package cred_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"testing"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// elsewhere is a Decrypter that is not of the standard library.
type elsewhere struct{ key *rsa.PrivateKey }

func (e elsewhere) Public() crypto.PublicKey { return &e.key.PublicKey }
func (e elsewhere) Decrypt(_ io.Reader, ciphertext []byte, _ crypto.DecrypterOpts) ([]byte, error) {
	//lint:ignore SA1019 RSA key exchange has no other (RFC 5246 §7.4.7.1)
	return rsa.DecryptPKCS1v15(nil, e.key, ciphertext)
}

// pad is EB of PKCS #1 v1.5 encryption, made without the code under test.
func pad(size int, kind byte, zeroAt int, m []byte) []byte {
	eb := bytes.Repeat([]byte{0x77}, size)
	eb[0], eb[1], eb[size-len(m)-1] = 0, kind, 0
	if zeroAt > 0 {
		eb[zeroAt] = 0
	}
	copy(eb[size-len(m):], m)
	return eb
}

func TestDecryptPremaster(t *testing.T) {
	//= RFC 5246 §7.4.7.1 type=test
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	raw := func(eb []byte) []byte {
		c := new(big.Int).Exp(new(big.Int).SetBytes(eb), big.NewInt(int64(key.E)), key.N)
		return c.FillBytes(make([]byte, 256))
	}
	secret := bytes.Repeat([]byte{9}, 48)
	secret[0], secret[1] = 3, 3
	other := bytes.Clone(secret)
	other[1] = 2
	random := [48]byte{1, 2, 3}
	for _, tt := range []struct {
		name       string
		ciphertext []byte
		good       bool
	}{
		{"good", raw(pad(256, 2, 0, secret)), true},
		{"another version", raw(pad(256, 2, 0, other)), false},
		{"block type 1", raw(pad(256, 1, 0, secret)), false},
		{"zero in the padding's first bytes", raw(pad(256, 2, 5, secret)), false},
		{"zero in the padding", raw(pad(256, 2, 100, secret)), false},
		{"47 bytes", raw(pad(256, 2, 0, secret[:47])), false},
		{"49 bytes", raw(pad(256, 2, 0, append(secret[:48:48], 1))), false},
		{"nothing", raw(pad(256, 2, 0, nil)), false},
		{"short ciphertext", raw(pad(256, 2, 0, secret))[1:], false},
		{"long ciphertext", append([]byte{0}, raw(pad(256, 2, 0, secret))...), false},
		{"empty", nil, false},
		{"above the modulus", bytes.Repeat([]byte{255}, 256), false},
	} {
		for _, d := range []crypto.Decrypter{key, elsewhere{key}} {
			got := cred.DecryptPremaster(d, record.TLS12, tt.ciphertext, &random)
			if tt.good && !bytes.Equal(got[:], secret) || !tt.good && got != random {
				t.Errorf("%s by %T: %x", tt.name, d, got)
			}
		}
	}
}

func TestEncryptPremaster(t *testing.T) {
	//= RFC 8017 §7.2.1 type=test
	for _, bits := range []int{1024, 2048, 3072} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		seed := make([]byte, cred.EncryptSeedLen(&key.PublicKey))
		rand.Read(seed)
		seed[0], seed[7] = 0, 0
		var secret [48]byte
		rand.Read(secret[:])
		sealed, err := cred.EncryptPremaster(&key.PublicKey, seed, &secret)
		if err != nil {
			t.Fatal(err)
		}
		//lint:ignore SA1019 RSA key exchange has no other (RFC 5246 §7.4.7.1)
		got, err := rsa.DecryptPKCS1v15(nil, key, sealed)
		if err != nil || !bytes.Equal(got, secret[:]) {
			t.Errorf("%d bits: %x %v", bits, got, err)
		}
		if _, err := cred.EncryptPremaster(&key.PublicKey, make([]byte, len(seed)), &secret); err == nil {
			t.Error("padding of nothing but zeros")
		}
	}
}

func TestEncrypts(t *testing.T) {
	pub := &rsa.PublicKey{N: big.NewInt(1), E: 3}
	for _, tt := range []struct {
		leaf *x509.Certificate
		want bool
	}{
		{&x509.Certificate{PublicKey: pub}, true},
		{&x509.Certificate{PublicKey: pub, KeyUsage: x509.KeyUsageKeyEncipherment}, true},
		{&x509.Certificate{PublicKey: pub, KeyUsage: x509.KeyUsageDigitalSignature}, false},
		{&x509.Certificate{PublicKey: &cred.PSSPublicKey{RSA: pub}}, false},
	} {
		if got := cred.Encrypts(tt.leaf); got != tt.want {
			t.Errorf("%T %v: %v", tt.leaf.PublicKey, tt.leaf.KeyUsage, got)
		}
	}
}

// TestLegacySchemes: how keys sign up to TLS 1.1.
func TestLegacySchemes(t *testing.T) {
	//= RFC 4346 §4.7 type=test
	for _, tt := range []struct {
		kind credtest.Kind
		want cred.Scheme
	}{
		{credtest.RSA2048, cred.RSAPKCS1MD5SHA1}, {credtest.P256, cred.ECDSASHA1}, {credtest.P521, cred.ECDSASHA1},
		{credtest.RSAPSS, 0}, {credtest.Ed25519, 0}, {credtest.Ed448, 0},
	} {
		if got := cred.LegacyScheme(publicKey(t, tt.kind)); got != tt.want {
			t.Errorf("%s: %v", tt.kind, got)
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := cred.Sign(key, cred.RSAPKCS1MD5SHA1, []byte("content"), nil)
	if err != nil {
		t.Fatal(err)
	}
	digest := crypto.MD5SHA1
	sum := append(hashOf(crypto.MD5, "content"), hashOf(crypto.SHA1, "content")...)
	if err := rsa.VerifyPKCS1v15(&key.PublicKey, digest, sum, sig); err != nil {
		t.Error(err)
	}
	if err := cred.Verify(&key.PublicKey, cred.RSAPKCS1MD5SHA1, record.TLS11, []byte("content"), sig); err != nil {
		t.Error(err)
	}
	var e *cred.Error
	if err := cred.Verify(&key.PublicKey, cred.RSAPKCS1MD5SHA1, record.TLS12, []byte("content"), sig); !errors.As(err, &e) || e.Kind != cred.KindSchemeUnfit {
		t.Errorf("in TLS 1.2: %v", err)
	}
	if cred.RSAPKCS1MD5SHA1.Known() {
		t.Error("the private code can be negotiated")
	}
	if _, err := cred.ParseSchemes("rsa_pkcs1_md5_sha1"); err == nil {
		t.Error("the private code has a name in lists")
	}
}

func hashOf(h crypto.Hash, s string) []byte {
	w := h.New()
	io.WriteString(w, s)
	return w.Sum(nil)
}

// TestPermittedSchemes: OpenSSL 3.0's security bits of signatures.
func TestPermittedSchemes(t *testing.T) {
	for s, most := range map[cred.Scheme]int{
		cred.RSAPKCS1SHA1: 0, cred.ECDSASHA1: 0, cred.RSAPKCS1MD5SHA1: 0, cred.RSAPKCS1SHA256: 3, cred.ECDSAP256SHA256: 3,
		cred.ECDSAP384SHA384: 4, cred.RSAPSSRSAESHA512: 5, cred.Ed25519: 3, cred.Ed448: 4,
	} {
		for level := range 6 {
			if got := s.Permitted(level); got != (level <= most) {
				t.Errorf("%v at level %d: %v", s, level, got)
			}
		}
	}
}

func TestPermittedCertificate(t *testing.T) {
	cert := func(bits uint, a x509.SignatureAlgorithm) *x509.Certificate {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		return &x509.Certificate{PublicKey: &rsa.PublicKey{N: n, E: 3}, SignatureAlgorithm: a, RawSubject: []byte("a"), RawIssuer: []byte("b")}
	}
	for _, tt := range []struct {
		bits uint
		sig  x509.SignatureAlgorithm
		most int
		kind cred.Kind
	}{
		{1024, x509.SHA256WithRSA, 1, cred.KindWeakKey}, {2048, x509.SHA256WithRSA, 2, cred.KindWeakKey},
		{3072, x509.SHA256WithRSA, 3, cred.KindWeakKey}, {768, x509.SHA256WithRSA, 0, cred.KindWeakKey},
		{2048, x509.SHA1WithRSA, 0, cred.KindWeakDigest}, {7680, x509.SHA256WithRSA, 3, cred.KindWeakDigest},
	} {
		for level := range 6 {
			err := cred.PermittedCertificate(cert(tt.bits, tt.sig), level)
			var e *cred.Error
			if (err == nil) != (level <= tt.most) || err != nil && level == tt.most+1 && (!errors.As(err, &e) || e.Kind != tt.kind) {
				t.Errorf("RSA of %d bits, %v, level %d: %v", tt.bits, tt.sig, level, err)
			}
		}
	}
	if err := cred.PermittedChain([]*x509.Certificate{cert(2048, x509.SHA1WithRSA)}, 2); err != nil {
		t.Errorf("an anchor's signature: %v", err)
	}
}
