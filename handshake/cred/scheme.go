package cred

import (
	"crypto"
	"crypto/elliptic"
	"fmt"

	"tacet/record"
)

// Scheme is a SignatureScheme of the IANA registry (RFC 9846 §4.3.3). Up to
// TLS 1.1 nothing negotiates one: LegacyScheme says how a key signs there.
type Scheme uint16

// The signature schemes of the table.
const (
	RSAPKCS1SHA1    Scheme = 0x0201 // legacy, off by default
	ECDSASHA1       Scheme = 0x0203 // legacy, off by default
	RSAPKCS1SHA256  Scheme = 0x0401
	ECDSAP256SHA256 Scheme = 0x0403
	RSAPKCS1SHA384  Scheme = 0x0501
	ECDSAP384SHA384 Scheme = 0x0503
	RSAPKCS1SHA512  Scheme = 0x0601
	ECDSAP521SHA512 Scheme = 0x0603

	RSAPSSRSAESHA256 Scheme = 0x0804
	RSAPSSRSAESHA384 Scheme = 0x0805
	RSAPSSRSAESHA512 Scheme = 0x0806
	Ed25519          Scheme = 0x0807
	Ed448            Scheme = 0x0808
	RSAPSSPSSSHA256  Scheme = 0x0809
	RSAPSSPSSSHA384  Scheme = 0x080a
	RSAPSSPSSSHA512  Scheme = 0x080b

	// RSAPKCS1MD5SHA1 is how RSA keys sign up to TLS 1.1. The code is a private one:
	// it is never sent, nor taken.
	RSAPKCS1MD5SHA1 Scheme = 0xff01
)

// keyKind is the kind of key that a scheme signs with, by the certificate's
// algorithm identifier: an RSASSA-PSS key is not an RSA key.
type keyKind uint8

const (
	keyOther keyKind = iota
	keyRSA
	keyRSAPSS
	keyECDSA
	keyEd25519
	keyEd448
)

// row is one signature scheme: everything that differs from scheme to scheme.
type row struct {
	code    Scheme
	name    string // of the RFC
	openssl string // as node's getSharedSigalgs prints it
	key     keyKind
	curve   elliptic.Curve // what TLS 1.3 binds the scheme to; nil: any
	hash    crypto.Hash    // 0: the scheme hashes by itself
	tls10   bool           // and 1.1, where the kind of the key says it all
	tls12   bool
	tls13   bool
	sign    func(r *row, key crypto.Signer, content, salt []byte) ([]byte, error)
	verify  func(r *row, pub crypto.PublicKey, content, sig []byte) bool
}

// table is in the order in which OpenSSL 3 prefers them; the last three are not in its
// default list as node uses it.
var table = [...]row{
	{ECDSAP256SHA256, "ecdsa_secp256r1_sha256", "ECDSA+SHA256", keyECDSA, elliptic.P256(), crypto.SHA256, false, true, true, signECDSA, verifyECDSA},
	{ECDSAP384SHA384, "ecdsa_secp384r1_sha384", "ECDSA+SHA384", keyECDSA, elliptic.P384(), crypto.SHA384, false, true, true, signECDSA, verifyECDSA},
	{ECDSAP521SHA512, "ecdsa_secp521r1_sha512", "ECDSA+SHA512", keyECDSA, elliptic.P521(), crypto.SHA512, false, true, true, signECDSA, verifyECDSA},
	{Ed25519, "ed25519", "Ed25519+UNDEF", keyEd25519, nil, 0, false, true, true, signPlain, verifyEd25519},
	{Ed448, "ed448", "Ed448+UNDEF", keyEd448, nil, 0, false, true, true, signPlain, verifyEd448},
	{RSAPSSPSSSHA256, "rsa_pss_pss_sha256", "RSA-PSS+SHA256", keyRSAPSS, nil, crypto.SHA256, false, true, true, signPSS, verifyPSS},
	{RSAPSSPSSSHA384, "rsa_pss_pss_sha384", "RSA-PSS+SHA384", keyRSAPSS, nil, crypto.SHA384, false, true, true, signPSS, verifyPSS},
	{RSAPSSPSSSHA512, "rsa_pss_pss_sha512", "RSA-PSS+SHA512", keyRSAPSS, nil, crypto.SHA512, false, true, true, signPSS, verifyPSS},
	{RSAPSSRSAESHA256, "rsa_pss_rsae_sha256", "RSA-PSS+SHA256", keyRSA, nil, crypto.SHA256, false, true, true, signPSS, verifyPSS},
	{RSAPSSRSAESHA384, "rsa_pss_rsae_sha384", "RSA-PSS+SHA384", keyRSA, nil, crypto.SHA384, false, true, true, signPSS, verifyPSS},
	{RSAPSSRSAESHA512, "rsa_pss_rsae_sha512", "RSA-PSS+SHA512", keyRSA, nil, crypto.SHA512, false, true, true, signPSS, verifyPSS},
	{RSAPKCS1SHA256, "rsa_pkcs1_sha256", "RSA+SHA256", keyRSA, nil, crypto.SHA256, false, true, false, signPKCS1, verifyPKCS1},
	{RSAPKCS1SHA384, "rsa_pkcs1_sha384", "RSA+SHA384", keyRSA, nil, crypto.SHA384, false, true, false, signPKCS1, verifyPKCS1},
	{RSAPKCS1SHA512, "rsa_pkcs1_sha512", "RSA+SHA512", keyRSA, nil, crypto.SHA512, false, true, false, signPKCS1, verifyPKCS1},
	{ECDSASHA1, "ecdsa_sha1", "ECDSA+SHA1", keyECDSA, nil, crypto.SHA1, true, true, false, signECDSA, verifyECDSA},
	{RSAPKCS1SHA1, "rsa_pkcs1_sha1", "RSA+SHA1", keyRSA, nil, crypto.SHA1, false, true, false, signPKCS1, verifyPKCS1},
	{RSAPKCS1MD5SHA1, "rsa_pkcs1_md5_sha1", "RSA+MD5-SHA1", keyRSA, nil, crypto.MD5SHA1, true, false, false, signPKCS1, verifyPKCS1},
}

// lookup returns the scheme's row, nil for one that is not in the table.
func (s Scheme) lookup() *row {
	for i := range table {
		if table[i].code == s {
			return &table[i]
		}
	}
	return nil
}

// String returns the RFC's name, "scheme 0x0a0b" for an unknown one.
func (s Scheme) String() string {
	if r := s.lookup(); r != nil {
		return r.name
	}
	return fmt.Sprintf("scheme %#04x", uint16(s))
}

// OpenSSL returns the name as node's getSharedSigalgs prints it, such as
// "RSA-PSS+SHA256". Two schemes may share one. It is "UNDEF" for an unknown scheme.
func (s Scheme) OpenSSL() string {
	if r := s.lookup(); r != nil {
		return r.openssl
	}
	return "UNDEF"
}

// Known reports whether the scheme is one that can be negotiated.
func (s Scheme) Known() bool {
	r := s.lookup()
	return r != nil && r.negotiable()
}

func (r *row) negotiable() bool { return r.tls12 || r.tls13 }

// RSA reports whether it is RSA keys, RSASSA-PSS ones included, that sign with s.
func (s Scheme) RSA() bool {
	r := s.lookup()
	return r != nil && (r.key == keyRSA || r.key == keyRSAPSS)
}

// In reports whether s may sign handshakes of version v.
func (s Scheme) In(v record.Version) bool {
	//= RFC 9846 §4.3.3
	//# RSASSA-PKCS1-v1_5 algorithms [...] refer solely to signatures which appear in certificates
	r := s.lookup()
	return r != nil && r.in(v)
}

func (r *row) in(v record.Version) bool {
	switch v {
	case record.TLS13:
		return r.tls13
	case record.TLS12:
		return r.tls12
	case record.TLS11, record.TLS10:
		return r.tls10
	}
	return false
}

// legacy reports whether the scheme rests on SHA-1, and so is never a default.
func (r *row) legacy() bool { return r.hash == crypto.SHA1 || r.hash == crypto.MD5SHA1 }

// LegacyScheme is how a key signs up to TLS 1.1 (RFC 4346 §4.7): RSA over MD5 and
// SHA-1 side by side, ECDSA over SHA-1. It is 0 for keys that do not: RSASSA-PSS,
// Ed25519, Ed448 and unknown ones.
func LegacyScheme(pub crypto.PublicKey) Scheme {
	for i := range table {
		if r := &table[i]; r.tls10 && r.fits(pub, record.TLS11) {
			return r.code
		}
	}
	return 0
}

// Permitted reports whether OpenSSL's security level, 0 to 5, lets the scheme be
// used: its hash has to resist collisions with 80, 112, 128, 192 or 256 bits.
func (s Scheme) Permitted(level int) bool {
	r := s.lookup()
	return r != nil && (level <= 0 || r.strength() >= levelBits[min(level, len(levelBits)-1)])
}

// levelBits is the strength in bits that each security level demands.
var levelBits = [...]int{0, 80, 112, 128, 192, 256}

// strength is what OpenSSL counts a scheme for.
func (r *row) strength() int {
	switch r.code {
	case RSAPKCS1MD5SHA1:
		return 67
	case RSAPKCS1SHA1, ECDSASHA1:
		return 63
	case Ed25519:
		return 128
	case Ed448:
		return 224
	}
	return r.hash.Size() * 4
}
