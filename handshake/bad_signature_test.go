package handshake_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/record"
)

// Bad signatures (B60 to B62), in each of the four messages that carry one: both
// CertificateVerify, and the ServerKeyExchange and CertificateVerify of TLS 1.2.

// signed is a signature that mallory is about to say.
type signed struct {
	p      *mallory
	scheme cred.Scheme
	sig    []byte
}

// signs changes her signature, in whichever message it stands.
func signs(f func(s *signed)) deed {
	return all(
		at("CertificateVerify", func(p *mallory, raw msg.Raw) {
			var m msg.CertificateVerify
			must(p, m.Parse(raw.Body()))
			s := &signed{p, cred.Scheme(m.Scheme), bytes.Clone(m.Signature)}
			f(s)
			m.Scheme, m.Signature = uint16(s.scheme), s.sig
			p.tell(m.Append(nil))
		}),
		at("ServerKeyExchange", func(p *mallory, raw msg.Raw) {
			m := signedECDHE
			must(p, m.Parse(raw.Body()))
			s := &signed{p, cred.Scheme(m.Scheme), bytes.Clone(m.Signature)}
			f(s)
			m.Scheme, m.Signature = uint16(s.scheme), s.sig
			p.tell(m.Append(nil))
		}))
}

// der is an ECDSA signature of any two numbers.
func der(r, s *big.Int) []byte {
	b, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	if err != nil {
		panic(err)
	}
	return b
}

func numbers(sig []byte) (r, s *big.Int) {
	var v struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(sig, &v); err != nil {
		panic(err)
	}
	return v.R, v.S
}

var (
	orderP256, _    = new(big.Int).SetString("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)
	orderEd25519, _ = new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
)

// forgery is one way to sign wrongly.
type forgery struct {
	name string
	ref  string
	kind credtest.Kind
	do   func(s *signed)
}

// pss signs with a salt of n bytes and a hash.
func pss(hash crypto.Hash, n int) func(s *signed) {
	return func(s *signed) {
		h := hash.New()
		h.Write(s.p.content)
		key := s.p.cred.Key.(*rsa.PrivateKey)
		sig, err := rsa.SignPSS(rand.Reader, key, hash, h.Sum(nil), &rsa.PSSOptions{SaltLength: n})
		must(s.p, err)
		s.sig = sig
	}
}

var forgeries = []forgery{
	{"a bit changed", "B60", credtest.P256, func(s *signed) { s.sig[len(s.sig)-1] ^= 1 }},
	{"a byte short", "B60", credtest.P256, func(s *signed) { s.sig = s.sig[:len(s.sig)-1] }},
	{"empty", "B60", credtest.P256, func(s *signed) { s.sig = nil }},
	{"over something else", "B60", credtest.P256, func(s *signed) { s.p.content = append(s.p.content, 0); s.sig = s.p.sign() }},
	{"by another key", "B60", credtest.P256, func(s *signed) {
		key := credtest.Key(s.p.t, credtest.OtherP256)
		sig, err := cred.Sign(key, s.scheme, s.p.content, nil)
		must(s.p, err)
		s.sig = sig
	}},
	{"bytes behind the DER", "B62", credtest.P256, func(s *signed) { s.sig = append(s.sig, 0) }},
	{"bytes within the DER", "B62", credtest.P256, func(s *signed) { s.sig = append(s.sig, 5, 0); s.sig[1] += 2 }},
	{"no DER", "B62", credtest.P256, func(s *signed) { s.sig = bytes.Repeat([]byte{0x41}, 64) }},
	{"a length of DER in two bytes", "B62", credtest.P256, func(s *signed) { s.sig = append([]byte{0x30, 0x81}, s.sig[1:]...) }},
	{"r is zero", "B62", credtest.P256, func(s *signed) { _, v := numbers(s.sig); s.sig = der(new(big.Int), v) }},
	{"s is zero", "B62", credtest.P256, func(s *signed) { r, _ := numbers(s.sig); s.sig = der(r, new(big.Int)) }},
	{"r and s are one", "B62", credtest.P256, func(s *signed) { s.sig = der(big.NewInt(1), big.NewInt(1)) }},
	{"r is negative", "B62", credtest.P256, func(s *signed) { r, v := numbers(s.sig); s.sig = der(new(big.Int).Neg(r), v) }},
	{"r past the order", "B62", credtest.P256, func(s *signed) { r, v := numbers(s.sig); s.sig = der(new(big.Int).Add(r, orderP256), v) }},
	{"s past the order", "B62", credtest.P256, func(s *signed) { r, v := numbers(s.sig); s.sig = der(r, new(big.Int).Add(v, orderP256)) }},

	{"S past the order", "B62", credtest.Ed25519, func(s *signed) {
		le := bytes.Clone(s.sig[32:])
		slices.Reverse(le)
		v := new(big.Int).Add(new(big.Int).SetBytes(le), orderEd25519)
		v.FillBytes(le)
		slices.Reverse(le)
		copy(s.sig[32:], le)
	}},
	{"a bit of R changed", "B62", credtest.Ed25519, func(s *signed) { s.sig[0] ^= 1 }},
	{"a byte short", "B62", credtest.Ed25519, func(s *signed) { s.sig = s.sig[:63] }},
	{"a byte long", "B62", credtest.Ed25519, func(s *signed) { s.sig = append(s.sig, 0) }},
	{"zeros", "B62", credtest.Ed25519, func(s *signed) { clear(s.sig) }},

	{"salt of 20 bytes", "B61", credtest.RSA2048, pss(crypto.SHA256, 20)},
	{"no salt", "B61", credtest.RSA2048, func(s *signed) { pssNoSalt(s) }},
	{"the longest salt", "B61", credtest.RSA2048, pss(crypto.SHA256, 2048/8-32-2)},
	{"another hash", "B61", credtest.RSA2048, pss(crypto.SHA384, 48)},
	{"trailer 0xbd", "B61", credtest.RSA2048, bentPSS(func(em []byte) { em[len(em)-1] = 0xbd })},
	{"a byte of the padding", "B61", credtest.RSA2048, bentPSS(func(em []byte) { em[5] ^= 1 })},
	{"the last byte of the padding", "B61", credtest.RSA2048, bentPSS(func(em []byte) { em[len(em)-1-32-32-2] ^= 1 })},
	{"the first bit", "B61", credtest.RSA2048, bentPSS(func(em []byte) { em[0] |= 0x80 })},
	{"PKCS#1 padding by the name of PSS", "B61", credtest.RSA2048, func(s *signed) {
		sum := sha256.Sum256(s.p.content)
		sig, err := rsa.SignPKCS1v15(nil, s.p.cred.Key.(*rsa.PrivateKey), crypto.SHA256, sum[:])
		must(s.p, err)
		s.sig = sig
	}},
	{"a byte short", "B61", credtest.RSA2048, func(s *signed) { s.sig = s.sig[1:] }},
	{"a zero in front", "B61", credtest.RSA2048, func(s *signed) { s.sig = append([]byte{0}, s.sig...) }},
	{"the modulus added", "B61", credtest.RSA2048, func(s *signed) {
		v := new(big.Int).Add(new(big.Int).SetBytes(s.sig), s.p.cred.Key.(*rsa.PrivateKey).N)
		s.sig = v.Bytes()
	}},
}

// pssNoSalt needs a hash of its own: crypto/rsa reads a salt length of 0 as "any".
func pssNoSalt(s *signed) {
	sum := sha256.Sum256(s.p.content)
	em := emsaPSS(sum[:], nil)
	s.sig = rawRSA(s.p.cred.Key.(*rsa.PrivateKey), em)
}

// bentPSS encodes as RFC 8017 §9.1.1 says and changes the encoding.
func bentPSS(f func(em []byte)) func(s *signed) {
	return func(s *signed) {
		sum := sha256.Sum256(s.p.content)
		em := emsaPSS(sum[:], bytes.Repeat([]byte{7}, 32))
		f(em)
		s.sig = rawRSA(s.p.cred.Key.(*rsa.PrivateKey), em)
	}
}

// emsaPSS is EMSA-PSS-ENCODE for a modulus of 2048 bits and SHA-256.
func emsaPSS(hash, salt []byte) []byte {
	const n = 256
	h := sha256.Sum256(append(append(make([]byte, 8), hash...), salt...))
	db := make([]byte, n-32-1)
	copy(db[len(db)-len(salt):], salt)
	db[len(db)-len(salt)-1] = 1
	for i, at := 0, 0; at < len(db); i++ {
		mask := sha256.Sum256(append(bytes.Clone(h[:]), 0, 0, 0, byte(i)))
		for _, c := range mask {
			if at < len(db) {
				db[at] ^= c
				at++
			}
		}
	}
	db[0] &= 0x7f
	return append(append(db, h[:]...), 0xbc)
}

func rawRSA(key *rsa.PrivateKey, em []byte) []byte {
	m := new(big.Int).Mod(new(big.Int).SetBytes(em), key.N)
	return new(big.Int).Exp(m, key.D, key.N).FillBytes(make([]byte, 256))
}

// signers are the messages with signatures, and where the victim meets them.
func signers(kind credtest.Kind) []scene {
	return []scene{
		s13("waitClientCertificateVerify").mutual().key(kind), c13("waitCertificateVerify").key(kind),
		s12("waitClientCertificateVerify12").mutual().key(kind), c12("waitKeyExchange").key(kind),
	}
}

// fieldOf is the field of a signature's part in the scene's message.
func fieldOf(s scene, part string) string {
	if s.client && s.v == record.TLS12 {
		return "ServerKeyExchange." + part
	}
	return "CertificateVerify." + part
}

func signatureRows() []bad {
	var rows []bad
	for _, f := range forgeries {
		for _, s := range signers(f.kind) {
			rows = append(rows, bad{name: "signature " + string(f.kind) + ": " + f.name, ref: f.ref, in: []scene{s}, do: signs(f.do),
				alert: record.AlertDecryptError, kind: handshake.KindBadSignature, field: fieldOf(s, "signature")})
		}
	}
	for _, w := range wrongSchemes {
		for _, s := range signers(w.kind) {
			if w.only != 0 && w.only != s.v {
				continue
			}
			rows = append(rows, bad{name: "signature scheme: " + w.name, ref: "B60", in: []scene{s}, do: signs(func(s *signed) { s.scheme = w.scheme }),
				alert: record.AlertIllegalParameter, kind: handshake.KindWrongScheme, field: fieldOf(s, "algorithm")})
		}
	}
	return rows
}

// wrongSchemes are schemes that were not offered, or not for the version or key.
var wrongSchemes = []struct {
	name   string
	kind   credtest.Kind
	scheme cred.Scheme
	only   record.Version
}{
	{"unknown", credtest.P256, 0x0a0a, 0},
	{"zero", credtest.P256, 0, 0},
	{"MD5", credtest.RSA2048, 0x0101, 0},
	{"SHA-224", credtest.P256, 0x0303, 0},
	{"ECDSA with SHA-1", credtest.P256, cred.ECDSASHA1, record.TLS13},
	{"RSA with SHA-1", credtest.RSA2048, cred.RSAPKCS1SHA1, record.TLS13},
	{"PKCS#1 in TLS 1.3", credtest.RSA2048, cred.RSAPKCS1SHA256, record.TLS13},
	{"another curve's", credtest.P256, cred.ECDSAP384SHA384, record.TLS13},
	{"RSA's for a key on a curve", credtest.P256, cred.RSAPSSRSAESHA256, 0},
	{"Ed25519's for another key", credtest.P256, cred.Ed25519, 0},
	{"a curve's for an RSA key", credtest.RSA2048, cred.ECDSAP256SHA256, 0},
	{"RSASSA-PSS's for a plain RSA key", credtest.RSA2048, cred.RSAPSSPSSSHA256, 0},
}

// roleRows are signatures that say what the other side says.
var roleRows = []bad{
	{name: "the other side's signature", ref: "B60 RFC 9846 §4.5.2", in: []scene{s13("waitClientCertificateVerify").mutual(), c13("waitCertificateVerify")},
		do: signs(func(s *signed) {
			server, client := []byte("server"), []byte("client")
			if s.p.sc.client {
				server, client = client, server
			}
			s.p.content = bytes.Replace(s.p.content, client, server, 1)
			s.sig = s.p.sign()
		}), alert: record.AlertDecryptError, kind: handshake.KindBadSignature, field: "CertificateVerify.signature"},
	{name: "a scheme that is known but not offered", ref: "B60", in: []scene{
		s13("waitClientCertificateVerify").mutual().key(credtest.Ed25519).with(noEd25519), c13("waitCertificateVerify").key(credtest.Ed25519).with(noEd25519),
		s12("waitClientCertificateVerify12").mutual().key(credtest.Ed25519).with(noEd25519),
	}, alert: record.AlertIllegalParameter, kind: handshake.KindWrongScheme, field: "CertificateVerify.algorithm"},
	{name: "a signature of the wrong length field", ref: "B60", in: []scene{s13("waitClientCertificateVerify").mutual(), c13("waitCertificateVerify"), s12("waitClientCertificateVerify12").mutual()},
		do:    change("CertificateVerify", func(m msg.Raw) []byte { m[7]++; return m }),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "CertificateVerify.signature"},
	{name: "a byte behind the signature", ref: "B60", in: []scene{s13("waitClientCertificateVerify").mutual(), c13("waitCertificateVerify"), s12("waitClientCertificateVerify12").mutual()},
		do:    change("CertificateVerify", func(m msg.Raw) []byte { return frame(m.Type(), append(m[4:], 0)) }),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "CertificateVerify"},
}

func noEd25519(c *handshake.Config) {
	c.Schemes = slices.DeleteFunc(cred.DefaultSchemes(), func(s cred.Scheme) bool { return s == cred.Ed25519 })
}

func TestBadSignatures(t *testing.T) {
	runBad(t, signatureRows())
	runBad(t, roleRows)
}

// TestGoodPSS: the encoding that the rows above bend is good when it is not bent.
func TestGoodPSS(t *testing.T) {
	runBad(t, []bad{{name: "as it should be", ref: "B61", in: []scene{s13("").mutual().key(credtest.RSA2048), c12("").key(credtest.RSA2048)}, do: signs(bentPSS(func([]byte) {})), fine: goesOn}})
}
