package cred

import (
	"crypto/x509"
	"strconv"
	"strings"

	"tacet/record"
)

// Kind is why a certificate, key or signature was refused. The table in error.go
// gives each its alert, the code that node:tls shows, and OpenSSL's X509_V_ERR number.
type Kind uint8

// Faults of what the peer sent or signed.
const (
	KindUnspecified   Kind = iota // a chain that crypto/x509 refuses for a reason of its own
	KindSignature                 // a handshake signature that is malformed or wrong
	KindSchemeUnfit               // a signature scheme that is unknown, or not for this version or key
	KindParse                     // a certificate that does not parse
	KindHugeKey                   // an RSA key of more than MaxRSABits
	KindNoCertificate             // an empty chain where one was needed
	KindName                      // the leaf is for other names

	KindNoIssuer          // a trusted certificate, not self-signed, whose issuer is not known
	KindNoLocalIssuer     // the last certificate sent has no trusted issuer
	KindLeafSignature     // only the leaf was sent and its issuer is not known
	KindSelfSignedLeaf    // the leaf is self-signed and not trusted
	KindSelfSignedInChain // the chain ends in a self-signed certificate that is not trusted
	KindCertSignature     // a certificate's signature is wrong
	KindNotYetValid
	KindExpired
	KindChainTooLong
	KindInvalidCA         // an issuer that is no CA
	KindPathLength        // more intermediates than an issuer permits
	KindPurpose           // key usage or extended key usage forbid it
	KindCriticalExtension // a critical extension that is not understood
	KindNameConstraint    // a name that an issuer does not permit
	KindWeakKey           // the leaf's key is too small
	KindWeakCAKey         // an issuer's key is too small
	KindNoCertSign        // an issuer's key usage does not allow certificates
	KindWeakDigest        // a signature of the chain rests on MD5 or SHA-1

	KindRevoked
	KindNoCRL // no revocation list of an issuer, though lists are in use
	KindCRLNotYetValid
	KindCRLExpired
	KindCRLSignature
	KindCRLNoSign   // the issuer's key usage does not allow revocation lists
	KindCRLCritical // a revocation list with a critical extension that is not understood
	kindPeers       // end of the peer's faults
)

// Faults of what was configured: they never reach the wire.
const (
	KindScheme         Kind = kindPeers + iota // unknown in a list, or not for this key
	KindNoPEM                                  // no block of the expected type
	KindBadPEM                                 // a certificate or list in a block does not parse
	KindKeyUnreadable                          // a private key of unknown form or kind
	KindPassphrase                             // encrypted, and the passphrase is wrong or missing
	KindKeyMismatch                            // the private key is not the certificate's
	KindKeyTooSmall                            // below the security level
	KindCRLUnreadable                          // a revocation list that does not parse
	KindPFXUnreadable                          // a PKCS #12 file that does not parse
	KindPFXUnsupported                         // a PKCS #12 file that is sealed in a way unknown
	kindEnd
)

// kinds is the table of failures. node is the code that node:tls shows (UNSPECIFIED
// where it has none for the reason, which text then names); verr is X509_V_ERR_* of
// OpenSSL 3.0, 0 where it has none.
var kinds = [kindEnd]struct {
	node  string
	verr  int
	alert record.Alert
	text  string
}{
	KindUnspecified:   {"UNSPECIFIED", 1, record.AlertCertificateUnknown, "certificate chain is not acceptable"},
	KindSignature:     {"ERR_SSL_BAD_SIGNATURE", 0, record.AlertDecryptError, "handshake signature is wrong"},
	KindSchemeUnfit:   {"ERR_SSL_WRONG_SIGNATURE_TYPE", 0, record.AlertIllegalParameter, "signature scheme does not fit"},
	KindParse:         {"ERR_SSL_ASN1_LIB", 0, record.AlertBadCertificate, "certificate does not parse"},
	KindHugeKey:       {"UNSPECIFIED", 0, record.AlertBadCertificate, "RSA key is too large"},
	KindNoCertificate: {"UNABLE_TO_GET_ISSUER_CERT", 0, record.AlertCertificateRequired, "no certificate was given"},
	KindName:          {"ERR_TLS_CERT_ALTNAME_INVALID", 62, record.AlertBadCertificate, "certificate is for other names"},

	KindNoIssuer:          {"UNABLE_TO_GET_ISSUER_CERT", 2, record.AlertUnknownCA, "unable to get issuer certificate"},
	KindNoLocalIssuer:     {"UNABLE_TO_GET_ISSUER_CERT_LOCALLY", 20, record.AlertUnknownCA, "unable to get local issuer certificate"},
	KindLeafSignature:     {"UNABLE_TO_VERIFY_LEAF_SIGNATURE", 21, record.AlertUnknownCA, "unable to verify the first certificate"},
	KindSelfSignedLeaf:    {"DEPTH_ZERO_SELF_SIGNED_CERT", 18, record.AlertUnknownCA, "self-signed certificate"},
	KindSelfSignedInChain: {"SELF_SIGNED_CERT_IN_CHAIN", 19, record.AlertUnknownCA, "self-signed certificate in certificate chain"},
	KindCertSignature:     {"CERT_SIGNATURE_FAILURE", 7, record.AlertBadCertificate, "certificate signature failure"},
	KindNotYetValid:       {"CERT_NOT_YET_VALID", 9, record.AlertCertificateExpired, "certificate is not yet valid"},
	KindExpired:           {"CERT_HAS_EXPIRED", 10, record.AlertCertificateExpired, "certificate has expired"},
	KindChainTooLong:      {"CERT_CHAIN_TOO_LONG", 22, record.AlertUnknownCA, "certificate chain too long"},
	KindInvalidCA:         {"INVALID_CA", 79, record.AlertUnknownCA, "invalid CA certificate"},
	KindPathLength:        {"PATH_LENGTH_EXCEEDED", 25, record.AlertUnknownCA, "path length constraint exceeded"},
	KindPurpose:           {"INVALID_PURPOSE", 26, record.AlertUnsupportedCertificate, "unsuitable certificate purpose"},
	KindCriticalExtension: {"UNSPECIFIED", 34, record.AlertUnsupportedCertificate, "unhandled critical extension"},
	KindNameConstraint:    {"UNSPECIFIED", 47, record.AlertBadCertificate, "permitted subtree violation"},
	KindNoCertSign:        {"UNSPECIFIED", 32, record.AlertUnsupportedCertificate, "key usage does not include certificate signing"},
	KindWeakKey:           {"UNSPECIFIED", 66, record.AlertBadCertificate, "EE certificate key too weak"},
	KindWeakCAKey:         {"UNSPECIFIED", 67, record.AlertBadCertificate, "CA certificate key too weak"},
	KindWeakDigest:        {"UNSPECIFIED", 68, record.AlertBadCertificate, "CA signature digest algorithm too weak"},

	KindRevoked:        {"CERT_REVOKED", 23, record.AlertCertificateRevoked, "certificate revoked"},
	KindNoCRL:          {"UNABLE_TO_GET_CRL", 3, record.AlertUnknownCA, "unable to get certificate CRL"},
	KindCRLNotYetValid: {"CRL_NOT_YET_VALID", 11, record.AlertBadCertificate, "CRL is not yet valid"},
	KindCRLExpired:     {"CRL_HAS_EXPIRED", 12, record.AlertCertificateExpired, "CRL has expired"},
	KindCRLSignature:   {"CRL_SIGNATURE_FAILURE", 8, record.AlertBadCertificate, "CRL signature failure"},
	KindCRLNoSign:      {"UNSPECIFIED", 35, record.AlertBadCertificate, "key usage does not include CRL signing"},
	KindCRLCritical:    {"UNSPECIFIED", 36, record.AlertBadCertificate, "unhandled critical CRL extension"},

	KindScheme:         {"ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM", 0, record.AlertInternalError, "signature scheme"},
	KindNoPEM:          {"ERR_OSSL_PEM_NO_START_LINE", 0, record.AlertInternalError, "no PEM block of the expected type"},
	KindBadPEM:         {"ERR_OSSL_PEM_ASN1_LIB", 0, record.AlertInternalError, "PEM block does not parse"},
	KindKeyUnreadable:  {"ERR_OSSL_UNSUPPORTED", 0, record.AlertInternalError, "private key is unreadable"},
	KindPassphrase:     {"ERR_OSSL_BAD_DECRYPT", 0, record.AlertInternalError, "passphrase is wrong or missing"},
	KindKeyMismatch:    {"ERR_OSSL_X509_KEY_VALUES_MISMATCH", 0, record.AlertInternalError, "private key is not the certificate's"},
	KindKeyTooSmall:    {"ERR_SSL_EE_KEY_TOO_SMALL", 0, record.AlertInternalError, "key is too small"},
	KindCRLUnreadable:  {"ERR_CRYPTO_OPERATION_FAILED", 0, record.AlertInternalError, "failed to parse CRL"},
	KindPFXUnreadable:  {"UNSPECIFIED", 0, record.AlertInternalError, "PKCS #12 file is unreadable"},
	KindPFXUnsupported: {"ERR_CRYPTO_UNSUPPORTED_OPERATION", 0, record.AlertInternalError, "unsupported PKCS #12 data"},
}

// String returns the reason in OpenSSL's words where it has some.
func (k Kind) String() string {
	if k >= kindEnd {
		return "unknown kind"
	}
	return kinds[k].text
}

// Code returns the code that node:tls shows, such as CERT_HAS_EXPIRED; UNSPECIFIED where
// node knows none for the reason.
func (k Kind) Code() string {
	if k >= kindEnd {
		return kinds[KindUnspecified].node
	}
	return kinds[k].node
}

// OpenSSL returns the X509_V_ERR number of OpenSSL 3, 0 where it has none.
func (k Kind) OpenSSL() int {
	if k >= kindEnd {
		return 0
	}
	return kinds[k].verr
}

// Alert returns the alert that tells the peer: internal_error for a fault of configuration.
func (k Kind) Alert() record.Alert {
	//= RFC 9846 §6.2
	if k >= kindEnd {
		return record.AlertInternalError
	}
	return kinds[k].alert
}

// Error is every error of this package. Code is Kind.Code(), the code that node:tls shows; Cert
// is the certificate at fault where one is (nil otherwise), Depth its place in
// the chain as OpenSSL counts (0 is the leaf); Err is the cause, or nil.
type Error struct {
	Kind  Kind
	Code  string
	Cert  *x509.Certificate
	Depth int
	Err   error
}

func fail(k Kind, cert *x509.Certificate, err error) *Error {
	return &Error{Kind: k, Code: k.Code(), Cert: cert, Err: err}
}

// Alert returns the alert that tells the peer.
func (e *Error) Alert() record.Alert { return e.Kind.Alert() }

// Error says what was wrong, with whose certificate, and why.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Kind.String())
	if e.Cert != nil {
		b.WriteString(": ")
		b.WriteString(strconv.Quote(e.Cert.Subject.String())) // the peer wrote it
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an *Error of the same Kind, or the alert that e causes.
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case *Error:
		return t.Kind == e.Kind
	case record.Alert:
		return t == e.Alert()
	}
	return false
}
