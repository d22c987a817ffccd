package cred

import (
	"crypto/x509"
	"errors"
	"time"
)

// diagnose finds the reason for which crypto/x509 refused a chain, in OpenSSL's terms. err is what it
// said, and becomes the cause. Where OpenSSL would have found no fault, err decides.
func (v *Verifier) diagnose(chain []*x509.Certificate, server bool, now time.Time, err error) *Error {
	w := walk{v: v, server: server, now: now, brief: exhausting(err)}
	w.run(chain)
	// OpenSSL checks name constraints last of all; crypto/x509 may have stopped before.
	if !w.brief {
		if lenient := v.named(chain); kindOf(lenient) == KindNameConstraint {
			return fail(KindNameConstraint, faulty(lenient), err)
		}
	}
	if w.last == nil {
		return fail(kindOf(err), faulty(err), err)
	}
	w.last.Err = err
	return w.last
}

// exhausting reports whether crypto/x509 gave up after checking as many signatures as it
// allows one chain: a peer that makes such shall not have them checked twice. It says so by an
// error without a type.
func exhausting(err error) bool {
	return kindOf(err) == KindUnspecified && !errors.As(err, new(x509.UnknownAuthorityError)) &&
		!errors.As(err, new(x509.CertificateInvalidError))
}

// named verifies for any purpose, at a time when the leaf is valid.
func (v *Verifier) named(chain []*x509.Certificate) error {
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: v.anchors(), Intermediates: v.between(chain[1:]),
		CurrentTime: chain[0].NotBefore, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	return err
}

// kindOf maps what crypto/x509 says.
func kindOf(err error) Kind {
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) {
		if kind, ok := reasons[invalid.Reason]; ok {
			return kind
		}
		return KindUnspecified
	}
	if errors.As(err, new(x509.UnhandledCriticalExtension)) {
		return KindCriticalExtension
	}
	return KindUnspecified
}

var reasons = map[x509.InvalidReason]Kind{
	x509.NotAuthorizedToSign:           KindInvalidCA,
	x509.Expired:                       KindExpired,
	x509.CANotAuthorizedForThisName:    KindNameConstraint,
	x509.TooManyIntermediates:          KindPathLength,
	x509.IncompatibleUsage:             KindPurpose,
	x509.CANotAuthorizedForExtKeyUsage: KindPurpose,
	x509.UnconstrainedName:             KindNameConstraint,
	x509.TooManyConstraints:            KindNameConstraint,
	x509.NameMismatch:                  KindNoLocalIssuer,
}

// faulty returns the certificate that crypto/x509 blames, if it does.
func faulty(err error) *x509.Certificate {
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &invalid):
		return invalid.Cert
	case errors.As(err, &unknown):
		return unknown.Cert
	}
	return nil
}

// has reports whether c is one of the certificates at hand.
func (v *Verifier) has(c *x509.Certificate) bool {
	for _, o := range v.AtHand() {
		if o.Equal(c) {
			return true
		}
	}
	found := v.probe(c)
	return found != nil && found.Equal(c)
}

// issuer returns the issuer of c among the certificates at hand, one that is now valid
// if it can; nil when there is none.
func (v *Verifier) issuer(c *x509.Certificate, now time.Time) *x509.Certificate {
	var found *x509.Certificate
	for _, o := range v.AtHand() {
		if LikelyIssued(c, o) && !o.Equal(c) && (found == nil || !validAt(found, now) && validAt(o, now)) {
			found = o
		}
	}
	if found == nil {
		found = v.probe(c)
	}
	if found != nil && found.Equal(c) {
		return nil
	}
	return found
}

// probe asks the pool, which cannot be looked into, for the anchor directly above c, or for c
// itself if it is one: by verifying c alone, at a time when it is valid. An anchor that is
// not valid then comes with the error.
func (v *Verifier) probe(c *x509.Certificate) *x509.Certificate {
	alone := *c
	alone.UnhandledCriticalExtensions = nil
	chains, err := alone.Verify(x509.VerifyOptions{
		Roots: v.anchors(), CurrentTime: c.NotBefore, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err == nil {
		chain := chains[0]
		return chain[len(chain)-1]
	}
	if blamed := faulty(err); blamed != nil && !blamed.Equal(c) {
		return blamed
	}
	return nil
}
