package cred

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"

	"github.com/cloudflare/circl/sign/ed448"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"tacet/record"
)

// PSSPublicKey is the key of a certificate whose algorithm is RSASSA-PSS (OID
// 1.2.840.113549.1.1.10, RFC 4055). It fits the rsa_pss_pss schemes only.
type PSSPublicKey struct {
	RSA  *rsa.PublicKey
	Hash crypto.Hash // the one hash that the key's parameters allow; 0: any
	Salt int         // the shortest salt that they allow, in bytes
}

// Equal reports whether x is the same RSA key, as an *rsa.PublicKey or a *PSSPublicKey.
func (p *PSSPublicKey) Equal(x crypto.PublicKey) bool {
	if q, ok := x.(*PSSPublicKey); ok {
		x = q.RSA
	}
	return p.RSA.Equal(x)
}

// KeyFits reports whether pub can make signatures of scheme s in version v: the
// scheme exists there, the key is of its kind, in TLS 1.3 on its curve, and large
// enough for its hash.
func KeyFits(pub crypto.PublicKey, s Scheme, v record.Version) bool {
	//= RFC 9846 §4.3.3
	r := s.lookup()
	return r != nil && r.in(v) && r.fits(pub, v)
}

func (r *row) fits(pub crypto.PublicKey, v record.Version) bool {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return r.key == keyRSA && r.roomIn(k)
	case *PSSPublicKey:
		return r.key == keyRSAPSS && r.roomIn(k.RSA) && (k.Hash == 0 || k.Hash == r.hash) && k.Salt <= r.hash.Size()
	case *ecdsa.PublicKey:
		return r.key == keyECDSA && (v != record.TLS13 || k.Curve == r.curve)
	case ed25519.PublicKey:
		return r.key == keyEd25519 && len(k) == ed25519.PublicKeySize
	case ed448.PublicKey:
		return r.key == keyEd448 && len(k) == ed448.PublicKeySize
	}
	return false
}

// roomIn reports whether the padded hash fits in a signature by k. EMSA-PSS with a salt as
// long as the hash needs two hashes and two bytes in modBits-1 bits (RFC 8017 §9.1.1);
// EMSA-PKCS1-v1_5 needs the DigestInfo and eleven bytes (§9.2).
func (r *row) roomIn(k *rsa.PublicKey) bool {
	if !r.pss() {
		const digestInfo = 19 // the longest prefix before a SHA-2 hash
		return k.Size() >= r.hash.Size()+digestInfo+11
	}
	return (k.N.BitLen()-1+7)/8 >= 2*r.hash.Size()+2
}

// PublicKey returns the certificate's key in the form that Verify and KeyFits know. It is
// cert.PublicKey but for keys that crypto/x509 leaves out: RSASSA-PSS gives a
// *PSSPublicKey, Ed448 an ed448.PublicKey. It is nil for a key of an unknown kind.
func PublicKey(cert *x509.Certificate) crypto.PublicKey {
	if cert.PublicKey != nil {
		return cert.PublicKey
	}
	pub, err := parseSPKI(cert.RawSubjectPublicKeyInfo)
	if err != nil {
		return nil
	}
	return pub
}

var (
	oidEd448  = []byte{0x2b, 0x65, 0x71}
	oidRSAPSS = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a}

	errKeyForm = errors.New("public key is malformed")
)

// parseSPKI reads those SubjectPublicKeyInfos that crypto/x509 leaves out.
func parseSPKI(der []byte) (crypto.PublicKey, error) {
	in := cryptobyte.String(der)
	var spki, algorithm, oid cryptobyte.String
	var bits []byte
	if !in.ReadASN1(&spki, asn1.SEQUENCE) || !spki.ReadASN1(&algorithm, asn1.SEQUENCE) ||
		!algorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !spki.ReadASN1BitStringAsBytes(&bits) || !spki.Empty() {
		return nil, errKeyForm
	}
	switch {
	case bytes.Equal(oid, oidRSAPSS):
		return parsePSSKey(algorithm, bits)
	case bytes.Equal(oid, oidEd448):
		if !algorithm.Empty() || len(bits) != ed448.PublicKeySize {
			return nil, errKeyForm
		}
		return ed448.PublicKey(bits), nil
	}
	return nil, errors.New("public key is of an unknown kind")
}

const oidMGF1 = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"

// isPSSKey reports whether a SubjectPublicKeyInfo is of RSASSA-PSS.
func isPSSKey(spki []byte) bool {
	in := cryptobyte.String(spki)
	var info, algorithm, oid cryptobyte.String
	return in.ReadASN1(&info, asn1.SEQUENCE) && info.ReadASN1(&algorithm, asn1.SEQUENCE) &&
		algorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) && bytes.Equal(oid, oidRSAPSS)
}

func parsePSSKey(params cryptobyte.String, key []byte) (crypto.PublicKey, error) {
	pub, err := x509.ParsePKCS1PublicKey(key)
	if err != nil {
		return nil, err
	}
	k := &PSSPublicKey{RSA: pub}
	if params.Empty() {
		return k, nil
	}
	k.Hash, k.Salt, err = parsePSSParams(params)
	return k, err
}

// hashOIDs are the hashes that RSASSA-PSS parameters name, by the OID's contents.
var hashOIDs = [...]struct {
	oid  string
	hash crypto.Hash
}{
	{"\x2b\x0e\x03\x02\x1a", crypto.SHA1},
	{"\x60\x86\x48\x01\x65\x03\x04\x02\x01", crypto.SHA256},
	{"\x60\x86\x48\x01\x65\x03\x04\x02\x02", crypto.SHA384},
	{"\x60\x86\x48\x01\x65\x03\x04\x02\x03", crypto.SHA512},
}

// parsePSSParams reads RSASSA-PSS-params (RFC 4055 §3.1), whose absent fields
// mean SHA-1 and a salt of 20 bytes.
func parsePSSParams(der cryptobyte.String) (crypto.Hash, int, error) {
	var params, hash, mgf, salt, trailer cryptobyte.String
	var hasHash, hasMGF, hasSalt, hasTrailer bool
	tag := func(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }
	if !der.ReadASN1(&params, asn1.SEQUENCE) || !der.Empty() ||
		!params.ReadOptionalASN1(&hash, &hasHash, tag(0)) || !params.ReadOptionalASN1(&mgf, &hasMGF, tag(1)) ||
		!params.ReadOptionalASN1(&salt, &hasSalt, tag(2)) || !params.ReadOptionalASN1(&trailer, &hasTrailer, tag(3)) ||
		!params.Empty() {
		return 0, 0, errKeyForm
	}
	h, n := crypto.SHA1, 20
	if hasHash {
		var ok bool
		if h, ok = parseHash(hash); !ok {
			return 0, 0, errKeyForm
		}
	}
	mask := crypto.SHA1
	if hasMGF {
		var id cryptobyte.String
		var ok bool
		if !mgf.ReadASN1(&id, asn1.SEQUENCE) || readOID(&id) != oidMGF1 {
			return 0, 0, errKeyForm
		}
		if mask, ok = parseHash(id); !ok {
			return 0, 0, errKeyForm
		}
	}
	if mask != h { // no signature scheme of TLS mixes two hashes
		return 0, 0, errKeyForm
	}
	if hasSalt && (!salt.ReadASN1Integer(&n) || n < 0 || !salt.Empty()) {
		return 0, 0, errKeyForm
	}
	return h, n, nil
}

func parseHash(der cryptobyte.String) (crypto.Hash, bool) {
	var id cryptobyte.String
	if !der.ReadASN1(&id, asn1.SEQUENCE) {
		return 0, false
	}
	oid := readOID(&id)
	for _, h := range hashOIDs {
		if h.oid == oid {
			return h.hash, true
		}
	}
	return 0, false
}
