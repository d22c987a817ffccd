package cred

import (
	"crypto/x509"
	"fmt"
)

// ParseCertificate reads one certificate in DER. Beyond x509.ParseCertificate it sets
// PublicKey for keys of RSASSA-PSS (*PSSPublicKey) and Ed448 (ed448.PublicKey), whose
// PublicKeyAlgorithm stays unknown. der is kept.
func ParseCertificate(der []byte) (*x509.Certificate, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	if cert.PublicKey == nil {
		cert.PublicKey = PublicKey(cert)
	}
	return cert, nil
}

// ParseChain parses the chain that a peer sent, the leaf first, in DER. It fails with an *Error
// of KindParse, or KindNoCertificate when the chain is empty. It keeps the slices.
func ParseChain(der [][]byte) ([]*x509.Certificate, error) {
	if len(der) == 0 {
		return nil, fail(KindNoCertificate, nil, nil)
	}
	chain := make([]*x509.Certificate, len(der))
	for i, d := range der {
		cert, err := ParseCertificate(d)
		if err != nil {
			return nil, &Error{Kind: KindParse, Code: KindParse.Code(), Depth: i, Err: fmt.Errorf("certificate %d: %w", i, err)}
		}
		chain[i] = cert
	}
	return chain, nil
}
