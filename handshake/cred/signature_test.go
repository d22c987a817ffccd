package cred_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

var versions = []record.Version{record.TLS10, record.TLS11, record.TLS12, record.TLS13}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func salt(s cred.Scheme) []byte { return bytes.Repeat([]byte{0x5a}, cred.SaltLen(s)) }

// publicKey is the key of a certificate of the kind.
func publicKey(t testing.TB, kind credtest.Kind) crypto.PublicKey {
	t.Helper()
	return cred.PublicKey(credtest.CA(t).Leaf(t, kind, "example.com").Leaf)
}

// allSchemes is every scheme of the table and some that are not.
func allSchemes() []cred.Scheme {
	return append(cred.DefaultSchemes(), cred.RSAPKCS1SHA1, cred.ECDSASHA1, 0, 0x0101, 0x0202, 0x0402, 0x0501+0x0300, 0x080c, 0xfe00, 0xffff)
}

// TestKeyFits says what each kind of key may sign, by version.
func TestKeyFits(t *testing.T) {
	pkcs1 := []cred.Scheme{cred.RSAPKCS1SHA256, cred.RSAPKCS1SHA384, cred.RSAPKCS1SHA512, cred.RSAPKCS1SHA1}
	rsae := []cred.Scheme{cred.RSAPSSRSAESHA256, cred.RSAPSSRSAESHA384, cred.RSAPSSRSAESHA512}
	ec := []cred.Scheme{cred.ECDSAP256SHA256, cred.ECDSAP384SHA384, cred.ECDSAP521SHA512, cred.ECDSASHA1}
	pss := []cred.Scheme{cred.RSAPSSPSSSHA256, cred.RSAPSSPSSSHA384, cred.RSAPSSPSSSHA512}
	for _, c := range []struct {
		kind         credtest.Kind
		tls12, tls13 []cred.Scheme
	}{
		{credtest.RSA2048, append(rsae, pkcs1...), rsae},
		{credtest.RSA3072, append(rsae, pkcs1...), rsae},
		{credtest.RSA1024, append(rsae[:2:2], pkcs1...), rsae[:2]}, // no room for SHA-512 with its salt
		{credtest.RSAPSS, pss, pss},
		{credtest.P256, ec, ec[:1]},
		{credtest.P384, ec, ec[1:2]},
		{credtest.P521, ec, ec[2:3]},
		{credtest.Ed25519, []cred.Scheme{cred.Ed25519}, []cred.Scheme{cred.Ed25519}},
		{credtest.Ed448, []cred.Scheme{cred.Ed448}, []cred.Scheme{cred.Ed448}},
	} {
		pub := publicKey(t, c.kind)
		want := map[record.Version][]cred.Scheme{record.TLS12: c.tls12, record.TLS13: c.tls13}
		if _, ecdsa := pub.(*ecdsa.PublicKey); ecdsa {
			want[record.TLS10], want[record.TLS11] = []cred.Scheme{cred.ECDSASHA1}, []cred.Scheme{cred.ECDSASHA1}
		}
		for _, v := range versions {
			for _, s := range allSchemes() {
				fits := bytes.Contains(schemeBytes(want[v]), schemeBytes([]cred.Scheme{s}))
				if got := cred.KeyFits(pub, s, v); got != fits {
					t.Errorf("KeyFits(%s, %v, %v) = %v", c.kind, s, v, got)
				}
			}
		}
	}
}

// schemeBytes renders schemes so that one is never found across two.
func schemeBytes(list []cred.Scheme) (b []byte) {
	for _, s := range list {
		b = append(b, s.String()+";"...)
	}
	return b
}

// TestSignVerify signs with every kind of key all that it can, and verifies it, changed in every
// way that matters.
func TestSignVerify(t *testing.T) {
	content := cred.SignedContent(nil, true, make([]byte, 32))
	for kind := range credtest.Kinds() {
		c := credtest.CA(t).Leaf(t, kind, "example.com")
		pub := cred.PublicKey(c.Leaf)
		for _, v := range versions[2:] {
			for _, s := range c.Schemes(v) {
				sig, err := cred.Sign(c.Key, s, content, salt(s))
				if err != nil {
					t.Errorf("Sign(%s, %v): %v", kind, s, err)
					continue
				}
				if err := cred.Verify(pub, s, v, content, sig); err != nil {
					t.Errorf("Verify(%s, %v, %v): %v", kind, s, v, err)
				}
				again, err := cred.Sign(c.Key, s, content, salt(s))
				if err != nil || !bytes.Equal(sig, again) {
					t.Errorf("Sign(%s, %v) is not a function of its arguments", kind, s)
				}
				refuse(t, pub, s, v, content, append(sig, 0), "a byte more")
				refuse(t, pub, s, v, content, sig[:len(sig)-1], "a byte less")
				refuse(t, pub, s, v, content, nil, "nothing")
				refuse(t, pub, s, v, content[1:], sig, "other content")
				for _, i := range []int{0, len(sig) / 2, len(sig) - 1} {
					bad := bytes.Clone(sig)
					bad[i] ^= 1
					refuse(t, pub, s, v, content, bad, "a bit changed")
				}
			}
		}
	}
}

// refuse wants a decrypt_error.
func refuse(t *testing.T, pub crypto.PublicKey, s cred.Scheme, v record.Version, content, sig []byte, what string) {
	t.Helper()
	wantKind(t, cred.Verify(pub, s, v, content, sig), cred.KindSignature, record.AlertDecryptError, s.String()+": "+what)
}

func wantKind(t *testing.T, err error, kind cred.Kind, alert record.Alert, what string) {
	t.Helper()
	var e *cred.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Alert() != alert || !errors.Is(err, alert) {
		t.Errorf("%s: got %v, want %v with %v", what, err, kind, alert)
	}
}

// TestSchemeThatDoesNotFit is B60: a scheme not fit for the key is illegal_parameter, however
// good the signature.
func TestSchemeThatDoesNotFit(t *testing.T) {
	//= RFC 9846 §4.3.3 type=test
	for _, c := range []struct {
		kind credtest.Kind
		s    cred.Scheme
		v    record.Version
	}{
		{credtest.RSA2048, cred.RSAPKCS1SHA256, record.TLS13},
		{credtest.RSA2048, cred.RSAPKCS1SHA1, record.TLS13},
		{credtest.RSA2048, cred.RSAPSSPSSSHA256, record.TLS13},
		{credtest.RSAPSS, cred.RSAPSSRSAESHA256, record.TLS13},
		{credtest.RSAPSS, cred.RSAPKCS1SHA256, record.TLS12},
		{credtest.P256, cred.ECDSAP384SHA384, record.TLS13},
		{credtest.P384, cred.ECDSAP256SHA256, record.TLS13},
		{credtest.P256, cred.ECDSASHA1, record.TLS13},
		{credtest.P256, cred.Ed25519, record.TLS13},
		{credtest.P256, cred.RSAPSSRSAESHA256, record.TLS12},
		{credtest.Ed25519, cred.ECDSAP256SHA256, record.TLS12},
		{credtest.P256, cred.ECDSAP256SHA256, record.TLS11},
		{credtest.P256, 0x0402, record.TLS12},
		{credtest.P256, 0xffff, record.TLS13},
	} {
		err := cred.Verify(publicKey(t, c.kind), c.s, c.v, []byte("x"), make([]byte, 64))
		wantKind(t, err, cred.KindSchemeUnfit, record.AlertIllegalParameter, string(c.kind)+" "+c.s.String())
	}
	wantKind(t, cred.Verify(nil, cred.Ed25519, record.TLS13, nil, nil), cred.KindSchemeUnfit, record.AlertIllegalParameter, "no key")
	wantKind(t, cred.Verify(ed25519.PublicKey("short"), cred.Ed25519, record.TLS13, nil, nil), cred.KindSchemeUnfit, record.AlertIllegalParameter, "short key")
}

// TestECDSAUnboundIn12: in TLS 1.2 a scheme names the hash alone.
func TestECDSAUnboundIn12(t *testing.T) {
	sig, err := cred.Sign(credtest.Key(t, credtest.P384), cred.ECDSAP256SHA256, []byte("x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := cred.Verify(publicKey(t, credtest.P384), cred.ECDSAP256SHA256, record.TLS12, []byte("x"), sig); err != nil {
		t.Error(err)
	}
}

func derSignature(r, s *big.Int) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1BigInt(r); b.AddASN1BigInt(s) })
	return b.BytesOrPanic()
}

// TestECDSANegatives is B62.
func TestECDSANegatives(t *testing.T) {
	const s = cred.ECDSAP256SHA256
	pub, n := publicKey(t, credtest.P256), elliptic.P256().Params().N
	good, err := cred.Sign(credtest.Key(t, credtest.P256), s, []byte("content"), nil)
	if err != nil {
		t.Fatal(err)
	}
	in := cryptobyte.String(good)
	var body cryptobyte.String
	r, v := new(big.Int), new(big.Int)
	if !in.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1Integer(r) || !body.ReadASN1Integer(v) {
		t.Fatal("own signature is malformed")
	}
	zero, one, minus := big.NewInt(0), big.NewInt(1), big.NewInt(-1)
	rBytes, vBytes := r.FillBytes(make([]byte, 32)), v.FillBytes(make([]byte, 32))
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for name, bad := range map[string][]byte{
		"r zero": derSignature(zero, v), "s zero": derSignature(r, zero), "both zero": derSignature(zero, zero),
		"r n": derSignature(n, v), "s n": derSignature(r, n),
		"r + n": derSignature(new(big.Int).Add(r, n), v), "s + n": derSignature(r, new(big.Int).Add(v, n)),
		"-r": derSignature(new(big.Int).Neg(r), v), "-s": derSignature(r, new(big.Int).Neg(v)),
		"r - n": derSignature(new(big.Int).Sub(r, n), v), "ones": derSignature(one, one), "minus one": derSignature(minus, minus),
		"trailing byte":        join(good, []byte{0}),
		"trailing in sequence": {0x30, 0x08, 2, 1, 1, 2, 1, 1, 5, 0},
		"raw form":             join(rBytes, vBytes),
		"r alone":              {0x30, 3, 2, 1, 1},
		"empty sequence":       {0x30, 0},
		"length too long":      join([]byte{0x30, good[1] + 1}, good[2:]),
		"long form of length":  join([]byte{0x30, 0x81, good[1]}, good[2:]),
		"indefinite length":    join([]byte{0x30, 0x80}, good[2:], []byte{0, 0}),
		"length of 2^32":       join([]byte{0x30, 0x85, 1, 0, 0, 0, 0}, good[2:]),
		"set for sequence":     join([]byte{0x31}, good[1:]),
		"integer not minimal":  join([]byte{0x30, 2 + 34 + 2 + 33}, []byte{2, 34, 0, 0}, rBytes, []byte{2, 33, 0}, vBytes),
		"empty integers":       {0x30, 4, 2, 0, 2, 0},
		"octet string for r":   {0x30, 6, 4, 1, 1, 2, 1, 1},
		"huge r":               derSignature(new(big.Int).Lsh(one, 4096), v),
	} {
		refuse(t, pub, s, record.TLS13, []byte("content"), bad, name)
	}
	if err := cred.Verify(pub, s, record.TLS13, []byte("content"), derSignature(r, v)); err != nil {
		t.Errorf("the signature itself: %v", err)
	}
}

// TestEdDSANegatives is B62 for Ed25519: S + L is the same scalar and must be refused.
func TestEdDSANegatives(t *testing.T) {
	good, err := cred.Sign(credtest.Key(t, credtest.Ed25519), cred.Ed25519, []byte("content"), nil)
	if err != nil {
		t.Fatal(err)
	}
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	scalar := bytes.Clone(good[32:])
	reverse(scalar)
	over := new(big.Int).Add(new(big.Int).SetBytes(scalar), order).FillBytes(make([]byte, 32))
	reverse(over)
	pub := publicKey(t, credtest.Ed25519)
	refuse(t, pub, cred.Ed25519, record.TLS13, []byte("content"), append(bytes.Clone(good[:32]), over...), "S + L")
	refuse(t, pub, cred.Ed25519, record.TLS13, []byte("content"), make([]byte, 64), "zeros")
	refuse(t, pub, cred.Ed25519, record.TLS13, []byte("content"), append(bytes.Clone(good[:32]), make([]byte, 32)...), "S zero")
}

func reverse(b []byte) {
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
}

// TestPSSNegatives is B61.
func TestPSSNegatives(t *testing.T) {
	const s = cred.RSAPSSRSAESHA256
	key := credtest.Key(t, credtest.RSA2048).(*rsa.PrivateKey)
	sum := sha256.Sum256([]byte("content"))
	sign := func(salt int) []byte {
		sig, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: salt})
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
	if err := cred.Verify(&key.PublicKey, s, record.TLS13, []byte("content"), sign(32)); err != nil {
		t.Errorf("a salt of 32 bytes: %v", err)
	}
	for _, n := range []int{1, 20, 31, 33, 48, 222} {
		refuse(t, &key.PublicKey, s, record.TLS13, []byte("content"), sign(n), "salt of another length")
	}
	good := encodePSS(sum[:], make([]byte, 32), 0xbc, crypto.SHA256)
	if err := cred.Verify(&key.PublicKey, s, record.TLS13, []byte("content"), rawRSA(key, good)); err != nil {
		t.Errorf("own encoding: %v", err)
	}
	bad := func(what string, em []byte) {
		t.Helper()
		refuse(t, &key.PublicKey, s, record.TLS13, []byte("content"), rawRSA(key, em), what)
	}
	bad("trailer 0xcc", encodePSS(sum[:], make([]byte, 32), 0xcc, crypto.SHA256))
	bad("no salt", encodePSS(sum[:], nil, 0xbc, crypto.SHA256))
	bad("MGF1 with SHA-1", encodePSS(sum[:], make([]byte, 32), 0xbc, crypto.SHA1))
	db := len(good) - 32 - 1
	for _, i := range []int{0, 1, db - 34, db - 33, db - 32, db - 1, db, len(good) - 2} {
		em := bytes.Clone(good)
		em[i] ^= 1
		bad("an encoded byte changed", em)
	}
	sig := rawRSA(key, good)
	bigger := new(big.Int).Add(new(big.Int).SetBytes(sig), key.N)
	if bigger.BitLen() <= 2048 {
		refuse(t, &key.PublicKey, s, record.TLS13, []byte("content"), bigger.FillBytes(make([]byte, 256)), "signature above the modulus")
	}
	refuse(t, &key.PublicKey, s, record.TLS13, []byte("content"), make([]byte, 256), "zeros")
	refuse(t, &key.PublicKey, s, record.TLS13, []byte("content"), append([]byte{0}, sig...), "a zero in front")
	p1, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	refuse(t, &key.PublicKey, s, record.TLS13, []byte("content"), p1, "a PKCS#1 v1.5 signature")
}

// encodePSS is EMSA-PSS (RFC 8017 §9.1.1) for a modulus of 2048 bits, by the book.
func encodePSS(sum, salt []byte, trailer byte, mgf crypto.Hash) []byte {
	const emLen = 256
	h := sha256.New()
	h.Write(make([]byte, 8))
	h.Write(sum)
	h.Write(salt)
	hash := h.Sum(nil)
	db := make([]byte, emLen-len(hash)-1)
	copy(db[len(db)-len(salt):], salt)
	db[len(db)-len(salt)-1] = 1
	mask := make([]byte, 0, len(db)+64)
	for i := byte(0); len(mask) < len(db); i++ {
		m := mgf.New()
		m.Write(hash)
		m.Write([]byte{0, 0, 0, i})
		mask = m.Sum(mask)
	}
	for i := range db {
		db[i] ^= mask[i]
	}
	db[0] &= 0x7f
	return append(append(db, hash...), trailer)
}

func rawRSA(key *rsa.PrivateKey, em []byte) []byte {
	return new(big.Int).Exp(new(big.Int).SetBytes(em), key.D, key.N).FillBytes(make([]byte, key.Size()))
}

// TestPSSUsesTheGivenSalt: the encoding must show the salt that was drawn.
func TestPSSUsesTheGivenSalt(t *testing.T) {
	key := credtest.Key(t, credtest.RSA2048).(*rsa.PrivateKey)
	drawn := bytes.Repeat([]byte{7}, 32)
	got, err := cred.Sign(key, cred.RSAPSSRSAESHA256, []byte("content"), drawn)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("content"))
	if want := rawRSA(key, encodePSS(sum[:], drawn, 0xbc, crypto.SHA256)); !bytes.Equal(got, want) {
		t.Error("the signature is not that of the salt given")
	}
	for _, n := range []int{0, 31, 33} {
		if _, err := cred.Sign(key, cred.RSAPSSRSAESHA256, nil, make([]byte, n)); err == nil {
			t.Errorf("a salt of %d bytes was taken", n)
		}
	}
}

// greedy is a foreign signer that draws more than the salt.
type greedy struct{ crypto.Signer }

func (g greedy) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if _, err := io.ReadFull(rand, make([]byte, 33)); err != nil {
		return nil, err
	}
	return g.Signer.Sign(rand, digest, opts)
}

func TestForeignSigner(t *testing.T) {
	key := credtest.Key(t, credtest.RSA2048)
	if _, err := cred.Sign(struct{ crypto.Signer }{key}, cred.RSAPSSRSAESHA256, nil, make([]byte, 32)); err != nil {
		t.Error(err)
	}
	if _, err := cred.Sign(greedy{key}, cred.RSAPSSRSAESHA256, nil, make([]byte, 32)); err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a signer that draws too much: %v", err)
	}
	if _, err := cred.Sign(key, cred.Ed25519, nil, nil); err == nil {
		t.Error("an RSA key signed Ed25519")
	}
}

// TestECDSAByRFC6979 signs the messages of RFC 6979 §A.2.5 to §A.2.7.
func TestECDSAByRFC6979(t *testing.T) {
	for _, c := range []struct {
		curve          elliptic.Curve
		scheme         cred.Scheme
		key, msg, r, s string
	}{
		{elliptic.P256(), cred.ECDSAP256SHA256, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721", "sample",
			"efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716", "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
		{elliptic.P256(), cred.ECDSAP256SHA256, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721", "test",
			"f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367", "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
		{elliptic.P384(), cred.ECDSAP384SHA384, "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5", "sample",
			"94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46", "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"},
	} {
		key, err := ecdsa.ParseRawPrivateKey(c.curve, unhex(t, c.key))
		if err != nil {
			t.Fatal(err)
		}
		got, err := cred.Sign(key, c.scheme, []byte(c.msg), nil)
		if err != nil {
			t.Fatal(err)
		}
		r, s := new(big.Int).SetBytes(unhex(t, c.r)), new(big.Int).SetBytes(unhex(t, c.s))
		if want := derSignature(r, s); !bytes.Equal(got, want) {
			t.Errorf("%v of %q:\n got %x\nwant %x", c.scheme, c.msg, got, want)
		}
	}
}

// TestEd25519ByRFC8032 signs the messages of RFC 8032 §7.1.
func TestEd25519ByRFC8032(t *testing.T) {
	for _, c := range []struct{ seed, msg, sig string }{
		{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "",
			"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
		{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72",
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
		{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82",
			"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
	} {
		key := ed25519.NewKeyFromSeed(unhex(t, c.seed))
		got, err := cred.Sign(key, cred.Ed25519, unhex(t, c.msg), nil)
		if err != nil || !bytes.Equal(got, unhex(t, c.sig)) {
			t.Errorf("signature of %q is %x, %v", c.msg, got, err)
		}
		if err := cred.Verify(key.Public(), cred.Ed25519, record.TLS13, unhex(t, c.msg), unhex(t, c.sig)); err != nil {
			t.Errorf("signature of %q: %v", c.msg, err)
		}
	}
}

// TestSignedContent is the example of RFC 9846 §4.5.2 (RFC 8446 §4.4.3).
func TestSignedContent(t *testing.T) {
	//= RFC 9846 §4.5.2 type=test
	const want = "2020202020202020202020202020202020202020202020202020202020202020" +
		"2020202020202020202020202020202020202020202020202020202020202020" +
		"544c5320312e332c207365727665722043657274696669636174655665726966" +
		"7900" + "0101010101010101010101010101010101010101010101010101010101010101"
	if got := hex.EncodeToString(cred.SignedContent(nil, true, bytes.Repeat([]byte{1}, 32))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	client := cred.SignedContent([]byte("kept"), false, nil)
	if !bytes.HasPrefix(client, []byte("kept    ")) || !bytes.HasSuffix(client, []byte("TLS 1.3, client CertificateVerify\x00")) {
		t.Errorf("client's content is %q", client)
	}
}

// FuzzVerify: no signature bytes, scheme or version may make Verify panic, or pass for
// what was not signed.
func FuzzVerify(f *testing.F) {
	kinds := []credtest.Kind{credtest.P256, credtest.P384, credtest.RSA2048, credtest.RSAPSS, credtest.Ed25519, credtest.Ed448}
	var pubs []crypto.PublicKey
	for i, kind := range kinds {
		c := credtest.CA(f).Leaf(f, kind, "example.com")
		pubs = append(pubs, cred.PublicKey(c.Leaf))
		for _, s := range c.Schemes(record.TLS12) {
			sig, err := cred.Sign(c.Key, s, []byte("content"), salt(s))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(i), uint16(s), uint16(record.TLS12), sig, true)
		}
	}
	f.Fuzz(func(t *testing.T, key uint8, s, v uint16, sig []byte, same bool) {
		content := []byte("content")
		if !same {
			content = []byte("contents")
		}
		i := int(key) % len(pubs)
		err := cred.Verify(pubs[i], cred.Scheme(s), record.Version(v), content, sig)
		var e *cred.Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("not an *Error: %v", err)
		}
		if err == nil && !same {
			t.Fatalf("%x is a signature of what was never signed", sig)
		}
	})
}
