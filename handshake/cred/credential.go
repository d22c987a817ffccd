package cred

import (
	"crypto"
	"crypto/x509"
	"errors"

	"tacet/record"
)

// Credential is a certificate chain with the private key of its leaf. It is not
// changed after it was made, so any number of connections may share it.
type Credential struct {
	Chain  [][]byte          // DER, the leaf first, as it is sent
	Leaf   *x509.Certificate // Chain[0]; its key is PublicKey(Leaf)
	Key    crypto.Signer     // nil: opaque, whoever holds the key is asked for each signature
	Staple []byte            // OCSP response in DER, nil for none
	SCTs   [][]byte          // signed certificate timestamps
}

// NewCredential makes a Credential of a chain in DER, the leaf first, and the leaf's private
// key, which is nil when the key is held elsewhere. It keeps the slices. Errors are *Error
// of KindNoPEM for an empty chain, KindBadPEM for a leaf that does not parse,
// KindKeyMismatch for a key of another certificate, KindKeyTooSmall for an RSA key of less than
// 1024 bits, with which crypto/rsa does not sign.
func NewCredential(chain [][]byte, key crypto.Signer) (*Credential, error) {
	if len(chain) == 0 {
		return nil, fail(KindNoPEM, nil, errors.New("a credential needs a certificate"))
	}
	leaf, err := ParseCertificate(chain[0])
	if err != nil {
		return nil, fail(KindBadPEM, nil, err)
	}
	if key != nil && !sameKey(leaf, key) {
		return nil, fail(KindKeyMismatch, leaf, nil)
	}
	if n := rsaBits(leaf); n > 0 && n < defaultMinRSABits {
		return nil, fail(KindKeyTooSmall, leaf, nil)
	}
	return &Credential{Chain: chain, Leaf: leaf, Key: key}, nil
}

// sameKey reports whether key is the private half of the certificate's key.
func sameKey(leaf *x509.Certificate, key crypto.Signer) bool {
	pub, ok := PublicKey(leaf).(interface{ Equal(crypto.PublicKey) bool })
	return ok && pub.Equal(key.Public())
}

// Schemes returns what the credential's key can sign in version v, in the order of
// DefaultSchemes and without SHA-1 from TLS 1.2 on. Hashes that are too large for an RSA key are not among
// them; a certificate for RSASSA-PSS gives rsa_pss_pss schemes only. The slice is the caller's.
func (c *Credential) Schemes(v record.Version) []Scheme {
	pub := PublicKey(c.Leaf)
	var list []Scheme
	for i := range table {
		if r := &table[i]; (!r.legacy() || v < record.TLS12) && r.in(v) && r.fits(pub, v) {
			list = append(list, r.code)
		}
	}
	return list
}

// Pick returns the first scheme of order that the peer offered and the key can sign
// in v; false when there is none. Up to TLS 1.1 there is only LegacyScheme, and no offer. A nil order means DefaultSchemes. It allocates nothing.
func (c *Credential) Pick(v record.Version, peer func(uint16) bool, order []Scheme) (Scheme, bool) {
	pub := PublicKey(c.Leaf)
	if v < record.TLS12 {
		s := LegacyScheme(pub)
		return s, s != 0
	}
	if order == nil {
		for i := range table {
			if r := &table[i]; !r.legacy() && r.in(v) && r.fits(pub, v) && peer(uint16(r.code)) {
				return r.code, true
			}
		}
		return 0, false
	}
	for _, s := range order {
		if KeyFits(pub, s, v) && peer(uint16(s)) {
			return s, true
		}
	}
	return 0, false
}
