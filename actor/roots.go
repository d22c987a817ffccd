package actor

import (
	"crypto/x509"
	"fmt"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"tacet/handshake/cred"
)

// SystemVerifier returns a verifier that trusts what the operating system
// trusts. It reads files, and fails where there are none.
func SystemVerifier() (*cred.Verifier, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("actor: the system's root certificates: %w", err)
	}
	return &cred.Verifier{Roots: pool}, nil
}

// MozillaVerifier returns a verifier that trusts Mozilla's root certificates,
// which are part of the program (golang.org/x/crypto/x509roots/fallback): the
// same on every machine, and as old as the module.
func MozillaVerifier() (*cred.Verifier, error) {
	v := &cred.Verifier{Roots: x509.NewCertPool()}
	for root := range bundle.Roots() {
		cert, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			return nil, fmt.Errorf("actor: a bundled root certificate: %w", err)
		}
		v.Anchors = append(v.Anchors, cert)
		if root.Constraint == nil {
			v.Roots.AddCert(cert)
			continue
		}
		v.Roots.AddCertWithConstraint(cert, root.Constraint)
	}
	return v, nil
}
