package cred

import (
	"bytes"
	"crypto/x509"
	"slices"
	"time"
)

const (
	defaultMinRSABits = 1024
	defaultMaxDepth   = 100
)

// Verifier judges the chains that peers send. Make one with NewVerifier, or fill it in; it is
// not changed by use, so any number of connections may share it.
type Verifier struct {
	// Roots are the trust anchors; nil trusts nothing (never the system's).
	Roots *x509.CertPool

	// CAs are certificates at hand that complete a peer's chain. Those that are
	// self-signed should be in Roots too: it is from CAs first that an error's code tells an
	// unknown issuer from a known one that is itself at fault, for a pool can only be probed.
	CAs []*x509.Certificate

	// Anchors are the certificates of Roots, for those who fill it in: they spare asking the
	// pool who issued what, and tell it to others. nil is not known. They are not named to
	// clients, as CAs are.
	Anchors []*x509.Certificate

	// PartialChain lets a chain end in any certificate of Roots, and not only in a self-signed
	// one (node's allowPartialTrustChain).
	PartialChain bool

	// CRLs are revocation lists. If there is any, every certificate of the chain is
	// checked, the root too, and an issuer without a list is a failure (as in node). Of an
	// issuer's lists the best for each certificate counts: one part of a divided list is about
	// those that name its distribution point. A delta, and a list with another critical
	// extension, is a failure; one that is for some reasons only, or indirect, is not used.
	CRLs []*x509.RevocationList

	// MinRSABits is the smallest RSA modulus allowed in a chain. 0 means 1024, the
	// floor of OpenSSL's security level 1 and of crypto/rsa. At level 1 the curves
	// that crypto/x509 knows are all large enough, and SHA-1 and MD5 are refused.
	MinRSABits int

	// MaxDepth is how many intermediates a chain may have between the leaf and
	// the trust anchor; 0 means 100, as in OpenSSL.
	MaxDepth int
}

// NewVerifier makes a Verifier that trusts the self-signed certificates among cas, and with
// partial all of them; the others complete chains. This is node's ca option.
func NewVerifier(cas []*x509.Certificate, partial bool) *Verifier {
	v := &Verifier{Roots: x509.NewCertPool(), PartialChain: partial}
	v.Add(cas)
	return v
}

// Add adds certificates to CAs, and to Roots, which must not be nil, those of them that
// PartialChain lets a chain end in. It is for a Verifier that is not yet in use.
func (v *Verifier) Add(cas []*x509.Certificate) {
	for _, c := range cas {
		v.CAs = append(v.CAs, c)
		if v.PartialChain || selfSigned(c) {
			v.Roots.AddCert(issuerForm(c))
		}
	}
}

// AtHand returns CAs and Anchors: the certificates among which a chain's issuers may be.
func (v *Verifier) AtHand() []*x509.Certificate { return slices.Concat(v.CAs, v.Anchors) }

// Verify judges a peer's chain, the leaf first, at the time now. name is a DNS name or an IP
// address that the leaf must be for, "" for any. server says that the peer is
// the server, so that its certificate must allow server authentication. It returns the chains
// that lead to an anchor, as x509.Certificate.Verify does.
//
// Errors are *Error, with the one reason that node would show: node lets OpenSSL go on
// after a fault, and the last one found counts. The name is looked at last.
func (v *Verifier) Verify(chain []*x509.Certificate, name string, server bool, now time.Time) ([][]*x509.Certificate, error) {
	if len(chain) == 0 {
		return nil, fail(KindNoCertificate, nil, nil)
	}
	chains, err := v.build(chain, server, now)
	if err != nil {
		return nil, v.diagnose(chain, server, now, err)
	}
	if chains, err = v.acceptable(chains, server, now); err != nil {
		return nil, err
	}
	if name == "" {
		return chains, nil
	}
	if err := CheckName(chain[0], name); err != nil {
		return nil, err
	}
	return chains, nil
}

// build lets crypto/x509 find the paths to an anchor: signatures, validity, constraints.
func (v *Verifier) build(chain []*x509.Certificate, server bool, now time.Time) ([][]*x509.Certificate, error) {
	use := x509.ExtKeyUsageClientAuth
	if server {
		use = x509.ExtKeyUsageServerAuth
	}
	return chain[0].Verify(x509.VerifyOptions{
		Roots: v.anchors(), Intermediates: v.between(chain[1:]),
		CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{use},
	})
}

// anchors never returns nil, which would mean the system's roots.
func (v *Verifier) anchors() *x509.CertPool {
	if v.Roots == nil {
		return x509.NewCertPool()
	}
	return v.Roots
}

// between returns what may stand between leaf and anchor, nil when there is nothing.
func (v *Verifier) between(sent []*x509.Certificate) *x509.CertPool {
	var pool *x509.CertPool
	add := func(c *x509.Certificate) {
		if selfSigned(c) {
			return // an anchor is in Roots, or else it is none
		}
		if pool == nil {
			pool = x509.NewCertPool()
		}
		pool.AddCert(issuerForm(c))
	}
	for _, c := range sent {
		add(c)
	}
	for _, c := range v.CAs {
		add(c)
	}
	return pool
}

// acceptable returns those chains that pass what crypto/x509 does not look at. When
// none does, the error is that of the first one.
func (v *Verifier) acceptable(chains [][]*x509.Certificate, server bool, now time.Time) ([][]*x509.Certificate, error) {
	var first *Error
	passed := chains[:0]
	for _, chain := range chains {
		w := walk{v: v, chain: chain, server: server, now: now, sent: len(chain) - 1}
		w.judge()
		if w.last == nil {
			passed = append(passed, chain)
		} else if first == nil {
			first = w.last
		}
	}
	if len(passed) == 0 {
		return nil, first
	}
	return passed, nil
}

func (v *Verifier) minRSABits() int {
	if v.MinRSABits == 0 {
		return defaultMinRSABits
	}
	return v.MinRSABits
}

func (v *Verifier) maxDepth() int {
	if v.MaxDepth == 0 {
		return defaultMaxDepth
	}
	return v.MaxDepth
}

// weak reports whether a certificate's key is below the security level.
func (v *Verifier) weak(c *x509.Certificate) bool {
	n := rsaBits(c)
	return n > 0 && n < v.minRSABits()
}

// selfIssued reports whether subject and issuer are one.
func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

// selfSigned is OpenSSL's notion: self-issued, and no authority key id says otherwise.
func selfSigned(c *x509.Certificate) bool { return LikelyIssued(c, c) }

// LikelyIssued reports whether names, key ids and the kind of the key say that issuer
// signed c. It checks no signature.
func LikelyIssued(c, issuer *x509.Certificate) bool {
	if !bytes.Equal(c.RawIssuer, issuer.RawSubject) || !signsWith(issuer, c.SignatureAlgorithm) {
		return false
	}
	return len(c.AuthorityKeyId) == 0 || len(issuer.SubjectKeyId) == 0 || bytes.Equal(c.AuthorityKeyId, issuer.SubjectKeyId)
}

// signsWith reports whether a signature is of the kind of the issuer's key, as far as
// crypto/x509 knows both.
func signsWith(issuer *x509.Certificate, a x509.SignatureAlgorithm) bool {
	kind, ok := signers[a]
	return !ok || issuer.PublicKeyAlgorithm == x509.UnknownPublicKeyAlgorithm || issuer.PublicKeyAlgorithm == kind
}

// signers are the kinds of keys that sign.
var signers = map[x509.SignatureAlgorithm]x509.PublicKeyAlgorithm{
	x509.MD2WithRSA: x509.RSA, x509.MD5WithRSA: x509.RSA, x509.SHA1WithRSA: x509.RSA,
	x509.SHA256WithRSA: x509.RSA, x509.SHA384WithRSA: x509.RSA, x509.SHA512WithRSA: x509.RSA,
	x509.SHA256WithRSAPSS: x509.RSA, x509.SHA384WithRSAPSS: x509.RSA, x509.SHA512WithRSAPSS: x509.RSA,
	x509.ECDSAWithSHA1: x509.ECDSA, x509.ECDSAWithSHA256: x509.ECDSA, x509.ECDSAWithSHA384: x509.ECDSA, x509.ECDSAWithSHA512: x509.ECDSA,
	x509.PureEd25519: x509.Ed25519,
}

// keepsToPSS reports whether the issuer's key may have made a signature with algorithm a: one of
// RSASSA-PSS makes no other.
func keepsToPSS(issuer *x509.Certificate, a x509.SignatureAlgorithm) bool {
	if !isPSSKey(issuer.RawSubjectPublicKeyInfo) {
		return true
	}
	return a == x509.SHA256WithRSAPSS || a == x509.SHA384WithRSAPSS || a == x509.SHA512WithRSAPSS
}

// issuerForm returns a certificate that crypto/x509 can check signatures by: c itself, or for a
// key of RSASSA-PSS a copy that calls it an RSA key.
func issuerForm(c *x509.Certificate) *x509.Certificate {
	pub, ok := PublicKey(c).(*PSSPublicKey)
	if !ok {
		return c
	}
	plain := *c
	plain.PublicKey, plain.PublicKeyAlgorithm = pub.RSA, x509.RSA
	return &plain
}
