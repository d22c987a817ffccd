package cred

import (
	"crypto/x509"
	"errors"
	"time"
)

// diagnose finds the reason for which a chain was refused, in OpenSSL's terms; err is what crypto/x509 said.
func (v *Verifier) diagnose(chain []*x509.Certificate, server bool, now time.Time, err error) error {
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && now.Before(invalid.Cert.NotBefore):
		return fail(KindNotYetValid, invalid.Cert, err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fail(KindExpired, invalid.Cert, err)
	case selfIssued(chain[0]):
		return fail(KindSelfSignedLeaf, chain[0], err)
	case len(chain) == 1:
		return fail(KindLeafSignature, chain[0], err)
	}
	return fail(KindNoLocalIssuer, chain[len(chain)-1], err)
}
