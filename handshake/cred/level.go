package cred

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"fmt"

	"github.com/cloudflare/circl/sign/ed448"
)

// PermittedCertificate says what OpenSSL's security level, 0 to 5, holds against a
// certificate: a key, or a signature of another's, that is weaker than the level
// demands. The error is an *Error of KindWeakKey or KindWeakDigest.
func PermittedCertificate(c *x509.Certificate, level int) error {
	if level <= 0 {
		return nil
	}
	weak := weakKey(c, level)
	if weak == nil && !selfIssued(c) {
		weak = weakSignature(c, level)
	}
	if weak != nil {
		return weak
	}
	return nil
}

// PermittedChain is PermittedCertificate of each certificate of a chain that was verified,
// the leaf first and the trust anchor, of whatever kind that is, last: every signature but
// the anchor's counts. An issuer's key that is too weak is KindWeakCAKey.
func PermittedChain(chain []*x509.Certificate, level int) error {
	//= RFC 9846 §4.5.1.2
	if level <= 0 {
		return nil
	}
	for i, c := range chain {
		weak := weakKey(c, level)
		if weak != nil && i > 0 {
			return &Error{Kind: KindWeakCAKey, Code: KindWeakCAKey.Code(), Cert: c, Depth: i, Err: weak.Err}
		}
		if weak == nil && i < len(chain)-1 {
			weak = weakSignature(c, level)
		}
		if weak != nil {
			return weak
		}
	}
	return nil
}

// bitsOf is the strength that a level demands, in bits.
func bitsOf(level int) int { return levelBits[min(level, len(levelBits)-1)] }

func weakKey(c *x509.Certificate, level int) *Error {
	need := bitsOf(level)
	if have := keyStrength(c); have < need {
		return fail(KindWeakKey, c, fmt.Errorf("a key of %d bits of strength, where level %d wants %d", have, level, need))
	}
	return nil
}

func weakSignature(c *x509.Certificate, level int) *Error {
	need := bitsOf(level)
	if have := signatureStrength(c.SignatureAlgorithm); have < need {
		return fail(KindWeakDigest, c, fmt.Errorf("signed by %v, of %d bits of strength, where level %d wants %d", c.SignatureAlgorithm, have, level, need))
	}
	return nil
}

// keyStrength is what OpenSSL counts a certificate's key for, in bits (NIST
// SP 800-57 part 1, table 2).
func keyStrength(c *x509.Certificate) int {
	switch k := PublicKey(c).(type) {
	case *rsa.PublicKey, *PSSPublicKey:
		bits := rsaBits(c)
		for _, row := range [...]struct{ bits, strength int }{{15360, 256}, {7680, 192}, {3072, 128}, {2048, 112}, {1024, 80}} {
			if bits >= row.bits {
				return row.strength
			}
		}
	case *ecdsa.PublicKey:
		return min(k.Curve.Params().BitSize/2, 256)
	case ed25519.PublicKey:
		return 128
	case ed448.PublicKey:
		return 224
	}
	return 0
}

// signatureStrength is what OpenSSL counts a certificate's signature for, in bits:
// the effort of a collision of its hash.
func signatureStrength(a x509.SignatureAlgorithm) int {
	switch a {
	case x509.MD5WithRSA:
		return 39
	case x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1:
		return 63
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		return 192
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		return 256
	}
	return 128
}
