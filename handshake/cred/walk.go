package cred

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
	"time"
)

// walk judges one chain as OpenSSL's X509_verify_cert does when its callback lets
// everything pass, which is how node runs it: each step may report a fault, and the last
// report stays. The steps and their order are OpenSSL 3.0's: build, extensions, key and digest
// strength, revocation, signatures and times.
type walk struct {
	v      *Verifier
	server bool
	now    time.Time
	chain  []*x509.Certificate // leaf first
	sent   int                 // how many of them the peer sent
	last   *Error
	brief  bool // leave the signatures unchecked
}

func (w *walk) report(k Kind, depth int) {
	w.last = &Error{Kind: k, Code: k.Code(), Cert: w.chain[depth], Depth: depth}
}

// judge runs the steps that crypto/x509 has no part in, on a complete chain.
func (w *walk) judge() {
	if w.v.weak(w.chain[0]) {
		w.report(KindWeakKey, 0)
	}
	top := len(w.chain) - 1
	if top-1 > w.v.maxDepth() {
		w.report(KindChainTooLong, top)
	}
	if !w.v.PartialChain && !selfSigned(w.chain[top]) {
		w.report(KindNoIssuer, top)
	}
	w.extensions()
	w.strength()
	w.revocation()
}

// run builds the chain from what the peer sent and runs every step.
func (w *walk) run(sent []*x509.Certificate) {
	w.chain = append(w.chain, sent[0])
	if w.v.weak(sent[0]) {
		w.report(KindWeakKey, 0)
	}
	w.build(sent[1:])
	w.extensions()
	w.strength()
	w.revocation()
	if !w.brief {
		w.signatures()
	}
}

// build grows the chain, by what is at hand first, and else by what the peer sent.
func (w *walk) build(others []*x509.Certificate) {
	w.sent = 1
	trusted := w.v.has(w.chain[0])
	for own := false; ; {
		c := w.chain[len(w.chain)-1]
		if selfSigned(c) || trusted && w.v.PartialChain || len(w.chain) > w.v.maxDepth()+2 {
			break
		}
		issuer := w.v.issuer(c, w.now)
		if issuer != nil {
			own, trusted = true, true
		} else if !own {
			if issuer = w.pick(c, others); issuer != nil {
				w.sent++
				trusted = selfSigned(issuer) && w.v.has(issuer)
			}
		}
		if issuer == nil {
			break
		}
		w.chain = append(w.chain, issuer)
	}
	w.verdict(trusted)
}

// verdict reports how the built chain ends.
func (w *walk) verdict(trusted bool) {
	top := len(w.chain) - 1
	self := selfSigned(w.chain[top])
	switch {
	case top-1 > w.v.maxDepth():
		w.report(KindChainTooLong, top)
	case trusted && (self || w.v.PartialChain):
	case self && top == 0:
		w.report(KindSelfSignedLeaf, top)
	case self:
		w.report(KindSelfSignedInChain, top)
	case trusted:
		w.report(KindNoIssuer, top)
	default:
		w.report(KindNoLocalIssuer, top)
	}
}

// pick returns the issuer of c among what the peer sent, one that is now valid if it
// can; never one that is in the chain already.
func (w *walk) pick(c *x509.Certificate, others []*x509.Certificate) *x509.Certificate {
	var found *x509.Certificate
	for _, o := range others {
		if LikelyIssued(c, o) && !w.inChain(o) && (found == nil || !validAt(found, w.now) && validAt(o, w.now)) {
			found = o
		}
	}
	return found
}

func (w *walk) inChain(c *x509.Certificate) bool {
	for _, d := range w.chain {
		if d.Equal(c) {
			return true
		}
	}
	return false
}

func validAt(c *x509.Certificate, now time.Time) bool {
	return !now.Before(c.NotBefore) && !now.After(c.NotAfter)
}

// extensions checks, from the leaf up, critical extensions, that issuers are CAs, purposes and
// path lengths.
func (w *walk) extensions() {
	below := 0 // intermediates so far that are not self-issued
	for i, c := range w.chain {
		if len(c.UnhandledCriticalExtensions) > 0 {
			w.report(KindCriticalExtension, i)
		}
		if i > 0 && !mayIssue(c, i == len(w.chain)-1) {
			w.report(KindInvalidCA, i)
		}
		if !fitPurpose(c, w.server, i > 0) {
			w.report(KindPurpose, i)
		}
		if limit := pathLength(c); i > 1 && limit >= 0 && below > limit {
			w.report(KindPathLength, i)
		}
		if i > 0 && !selfIssued(c) {
			below++
		}
	}
}

// mayIssue reports whether a certificate is a CA. One without basic constraints is
// taken only on top of the chain, and only by its key usage or as a root of version 1.
func mayIssue(c *x509.Certificate, top bool) bool {
	if !AllowsKey(c, x509.KeyUsageCertSign) {
		return false
	}
	if c.BasicConstraintsValid {
		return c.IsCA
	}
	return top && (c.KeyUsage != 0 || c.Version == 1 && selfIssued(c))
}

// fitPurpose reports whether key usages allow the certificate in a chain for a server or client.
func fitPurpose(c *x509.Certificate, server, issuer bool) bool {
	use, usage := x509.ExtKeyUsageClientAuth, x509.KeyUsageDigitalSignature|x509.KeyUsageKeyAgreement
	if server {
		use, usage = x509.ExtKeyUsageServerAuth, usage|x509.KeyUsageKeyEncipherment
	}
	if !allowsUse(c, use, server) {
		return false
	}
	if issuer {
		return mayIssue(c, true)
	}
	return AllowsKey(c, usage)
}

// AllowsKey reports whether a certificate's key usage, if it says any, allows its key one of
// several ways of use. Unlike crypto/x509, and as OpenSSL, it takes one without a bit for
// allowing none, not all.
func AllowsKey(c *x509.Certificate, usage x509.KeyUsage) bool {
	//= RFC 5280 §4.2.1.3
	const keyUsage = 15
	return c.KeyUsage&usage != 0 || c.KeyUsage == 0 && !hasExtension(c, keyUsage)
}

// hasExtension reports whether a certificate has the extension 2.5.29.arc.
func hasExtension(c *x509.Certificate, arc int) bool {
	return slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal([]int{2, 5, 29, arc}) })
}

// allowsUse is stricter than crypto/x509: as in OpenSSL, anyExtendedKeyUsage stands for nothing,
// and an empty list allows nothing.
func allowsUse(c *x509.Certificate, use x509.ExtKeyUsage, server bool) bool {
	const extKeyUsage = 37
	if len(c.ExtKeyUsage) == 0 && len(c.UnknownExtKeyUsage) == 0 {
		return !hasExtension(c, extKeyUsage)
	}
	for _, u := range c.ExtKeyUsage {
		gated := u == x509.ExtKeyUsageNetscapeServerGatedCrypto || u == x509.ExtKeyUsageMicrosoftServerGatedCrypto
		if u == use || server && gated {
			return true
		}
	}
	return false
}

// pathLength returns how many intermediates may stand below, -1 for any number.
func pathLength(c *x509.Certificate) int {
	if !c.BasicConstraintsValid || !c.IsCA || c.MaxPathLen == 0 && !c.MaxPathLenZero {
		return -1
	}
	return c.MaxPathLen
}

// strength checks the issuers' keys, and the digests of all signatures but the anchor's own.
func (w *walk) strength() {
	for i, c := range w.chain {
		if i > 0 && w.v.weak(c) {
			w.report(KindWeakCAKey, i)
		}
		if i < len(w.chain)-1 && weakDigest(c.SignatureAlgorithm) {
			w.report(KindWeakDigest, i)
		}
		if i < len(w.chain)-1 && !keepsToPSS(w.chain[i+1], c.SignatureAlgorithm) {
			w.report(KindCertSignature, i)
		}
	}
}

func weakDigest(a x509.SignatureAlgorithm) bool {
	switch a {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return true
	}
	return false
}

// signatures checks, from the top down, each signature by the certificate above, and each
// validity. A top that is not self-signed is left alone unless it may be an anchor.
func (w *walk) signatures() {
	n := len(w.chain) - 1
	if !selfSigned(w.chain[n]) {
		if !w.v.PartialChain && n == 0 {
			w.report(KindLeafSignature, 0)
		}
		if !w.v.PartialChain && n > 0 {
			n--
		}
	}
	for ; n >= 0; n-- {
		if n+1 < len(w.chain) {
			w.link(n)
		}
		c := w.chain[n]
		if w.now.Before(c.NotBefore) {
			w.report(KindNotYetValid, n)
		}
		if w.now.After(c.NotAfter) {
			w.report(KindExpired, n)
		}
	}
}

// link checks the signature of certificate n by the one above.
func (w *walk) link(n int) {
	c, issuer := w.chain[n], w.chain[n+1]
	if !AllowsKey(issuer, x509.KeyUsageCertSign) {
		w.report(KindNoCertSign, n+1)
	}
	if issuerForm(issuer).CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) != nil {
		w.report(KindCertSignature, n)
	}
}
