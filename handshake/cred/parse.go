package cred

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
)

// ParseCertificate reads one certificate in DER. Beyond x509.ParseCertificate it sets
// PublicKey for keys of RSASSA-PSS (*PSSPublicKey) and Ed448 (ed448.PublicKey), whose
// PublicKeyAlgorithm stays unknown, and it reads certificates of a negative serial number,
// and those with names of characters that their type of string does not have, as OpenSSL
// does: such are in use, and it is bytes that are compared. der is kept.
func ParseCertificate(der []byte) (*x509.Certificate, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		if cert = parseTolerantly(der); cert == nil {
			return nil, err
		}
	}
	if cert.PublicKey == nil {
		cert.PublicKey = PublicKey(cert)
	}
	return cert, nil
}

// MaxRSABits is the largest RSA modulus that a peer's certificate may have: a verification costs
// the square of its length (CVE-2023-29409), and the limit is that of crypto/tls.
const MaxRSABits = 8192

// ParseChain is Parser.Chain with ParseCertificate.
func ParseChain(der [][]byte) ([]*x509.Certificate, error) {
	return Parser(ParseCertificate).Chain(der)
}

// Parser is what parses a certificate in DER, as ParseCertificate does.
type Parser func(der []byte) (*x509.Certificate, error)

// Chain parses the chain that a peer sent, the leaf first, in DER. It fails with an *Error
// of KindParse, KindHugeKey for an RSA key of more than MaxRSABits, or KindNoCertificate when the
// chain is empty. It keeps the slices.
func (parse Parser) Chain(der [][]byte) ([]*x509.Certificate, error) {
	if len(der) == 0 {
		return nil, fail(KindNoCertificate, nil, nil)
	}
	chain := make([]*x509.Certificate, len(der))
	for i, d := range der {
		cert, err := parse(d)
		if err == nil && cert == nil {
			err = errors.New("no certificate")
		}
		if err != nil {
			return nil, &Error{Kind: KindParse, Code: KindParse.Code(), Depth: i, Err: fmt.Errorf("certificate %d: %w", i, err)}
		}
		if rsaBits(cert) > MaxRSABits {
			return nil, &Error{Kind: KindHugeKey, Code: KindHugeKey.Code(), Cert: cert, Depth: i}
		}
		chain[i] = cert
	}
	return chain, nil
}

// rsaBits returns the length of the certificate's RSA modulus, of either kind; 0 when it has none.
func rsaBits(cert *x509.Certificate) int {
	switch k := PublicKey(cert).(type) {
	case *rsa.PublicKey:
		return k.N.BitLen()
	case *PSSPublicKey:
		return k.RSA.N.BitLen()
	}
	return 0
}
