package cred

import (
	"bytes"
	"crypto/x509"
	"time"
)

// Verifier judges the chains that peers send. Make one with NewVerifier, or fill it in; it is
// not changed by use, so any number of connections may share it.
type Verifier struct {
	// Roots are the trust anchors; nil trusts nothing (never the system's).
	Roots *x509.CertPool

	// CAs are certificates at hand that complete a peer's chain. Those that are
	// self-signed should be in Roots too: a pool cannot be looked into, so it is
	// from CAs that an error's code tells an unknown issuer from one that is itself at fault.
	CAs []*x509.Certificate

	// PartialChain lets a chain end in any certificate of Roots, and not only in a self-signed
	// one (node's allowPartialTrustChain).
	PartialChain bool

	// CRLs are revocation lists. If there is any, every link of the chain is
	// checked, and an issuer without a list is a failure (as in node).
	CRLs []*x509.RevocationList

	// MinRSABits is the smallest RSA modulus allowed in a chain: 0 means 1024, the
	// floor of OpenSSL's security level 1, node's default; crypto/x509 itself parses
	// smaller keys but does not verify by them.
	MinRSABits int

	// MaxDepth is how many issuers a chain may have between the leaf and
	// the trust anchor; 0 means 100, as in OpenSSL.
	MaxDepth int
}

// NewVerifier makes a Verifier that trusts the self-signed certificates among cas, and with
// partial all of them; the others complete chains. This is node's ca option.
func NewVerifier(cas []*x509.Certificate, partial bool) *Verifier {
	v := &Verifier{Roots: x509.NewCertPool(), CAs: cas, PartialChain: partial}
	for _, c := range cas {
		if partial || selfIssued(c) {
			v.Roots.AddCert(c)
		}
	}
	return v
}

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
	if name == "" {
		return chains, nil
	}
	if err := CheckName(chain[0], name); err != nil {
		return nil, err
	}
	return chains, nil
}

func (v *Verifier) build(chain []*x509.Certificate, server bool, now time.Time) ([][]*x509.Certificate, error) {
	roots := v.Roots
	if roots == nil {
		roots = x509.NewCertPool()
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	for _, c := range v.CAs {
		between.AddCert(c)
	}
	use := x509.ExtKeyUsageClientAuth
	if server {
		use = x509.ExtKeyUsageServerAuth
	}
	return chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{use},
	})
}

// selfIssued reports whether subject and issuer are one.
func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }
