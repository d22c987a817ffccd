package cred

import "crypto/x509"

// CheckName reports whether the leaf is for name, a DNS name or an IP address, by
// its subject alternative names alone. The error is an *Error of KindName.
func CheckName(leaf *x509.Certificate, name string) error {
	if err := leaf.VerifyHostname(name); err != nil {
		return fail(KindName, leaf, err)
	}
	return nil
}
