package transport

import (
	"errors"
	"strings"

	"tacet/handshake"
	"tacet/handshake/cred"
)

// Code is the name that node gives an error, in error.code: "ERR_TLS_…",
// "ERR_SSL_…" with a reason of OpenSSL's, "CERT_HAS_EXPIRED" and the like of
// certificates, "ECONNRESET" of the transport. It is "" where node has none. A
// Code is an error, so that errors.Is(err, transport.CodeExpired) works.
type Code string

// Error is the code itself.
func (c Code) Error() string { return string(c) }

// Reason is node's error.reason of a Code that begins with "ERR_SSL_", such as
// "wrong version number"; "" for others.
func (c Code) Reason() string {
	reason, ok := strings.CutPrefix(string(c), "ERR_SSL_")
	if !ok {
		return ""
	}
	return strings.ReplaceAll(strings.ToLower(reason), "_", " ")
}

// Codes of certificates that are not good: node's socket.authorizationError.
const (
	CodeExpired           Code = "CERT_HAS_EXPIRED"
	CodeNotYetValid       Code = "CERT_NOT_YET_VALID"
	CodeSelfSignedLeaf    Code = "DEPTH_ZERO_SELF_SIGNED_CERT"
	CodeSelfSignedInChain Code = "SELF_SIGNED_CERT_IN_CHAIN"
	CodeLeafSignature     Code = "UNABLE_TO_VERIFY_LEAF_SIGNATURE"   // its issuer is not known
	CodeNoLocalIssuer     Code = "UNABLE_TO_GET_ISSUER_CERT_LOCALLY" // that of the last certificate sent
	CodeNoIssuer          Code = "UNABLE_TO_GET_ISSUER_CERT"         // that of a trusted certificate; on a server, of no certificate
	CodeCertSignature     Code = "CERT_SIGNATURE_FAILURE"
	CodeChainTooLong      Code = "CERT_CHAIN_TOO_LONG"
	CodeInvalidCA         Code = "INVALID_CA"
	CodePathLength        Code = "PATH_LENGTH_EXCEEDED"
	CodePurpose           Code = "INVALID_PURPOSE"
	CodeRevoked           Code = "CERT_REVOKED"
	CodeNoCRL             Code = "UNABLE_TO_GET_CRL" // lists are in use, and an issuer of the chain has none
	CodeCRLNotYetValid    Code = "CRL_NOT_YET_VALID"
	CodeCRLExpired        Code = "CRL_HAS_EXPIRED"
	CodeCRLSignature      Code = "CRL_SIGNATURE_FAILURE"
	CodeUnspecified       Code = "UNSPECIFIED" // of reasons that node has no code for, such as a weak key
	CodeAltNameInvalid    Code = "ERR_TLS_CERT_ALTNAME_INVALID"
	CodeAltNameFormat     Code = "ERR_TLS_CERT_ALTNAME_FORMAT"
)

// Codes of connections, by the side that finds the fault.
const (
	CodeConnectionReset      Code = "ECONNRESET" // ended before it was secure
	CodeHandshakeTimeout     Code = "ERR_TLS_HANDSHAKE_TIMEOUT"
	CodeSessionAttack        Code = "ERR_TLS_SESSION_ATTACK" // too many renegotiations
	CodeRenegotiationOff     Code = "ERR_TLS_RENEGOTIATION_DISABLED"
	CodeDHSize               Code = "ERR_TLS_DH_PARAM_SIZE"
	CodeWrongVersionNumber   Code = "ERR_SSL_WRONG_VERSION_NUMBER" // the peer speaks no TLS
	CodeHTTPRequest          Code = "ERR_SSL_HTTP_REQUEST"
	CodeProxyRequest         Code = "ERR_SSL_HTTPS_PROXY_REQUEST"
	CodeUnsupportedProtocol  Code = "ERR_SSL_UNSUPPORTED_PROTOCOL" // no version in common
	CodeNoSharedCipher       Code = "ERR_SSL_NO_SHARED_CIPHER"
	CodeNoKeyShare           Code = "ERR_SSL_NO_SUITABLE_KEY_SHARE" // no group in common
	CodeNoProtocol           Code = "ERR_SSL_NO_APPLICATION_PROTOCOL"
	CodeNoSignatureAlgorithm Code = "ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM"
	CodeNoPeerCertificate    Code = "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE"
	CodeNoPSKIdentity        Code = "ERR_SSL_PSK_IDENTITY_NOT_FOUND"
	CodeNoRenegotiation      Code = "ERR_SSL_NO_RENEGOTIATION"
	CodeBadRecordMAC         Code = "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC"
	CodeBadSignature         Code = "ERR_SSL_BAD_SIGNATURE"
	CodeNoCipherMatch        Code = "ERR_SSL_NO_CIPHER_MATCH" // a cipher list selects nothing
)

// Codes of alerts that the peer sent.
const (
	CodeAlertHandshakeFailure    Code = "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE"
	CodeAlertBadRecordMAC        Code = "ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC"
	CodeAlertProtocolVersion     Code = "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"
	CodeAlertUnknownCA           Code = "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"
	CodeAlertInternalError       Code = "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR"
	CodeAlertUnknownPSKIdentity  Code = "ERR_SSL_TLSV1_ALERT_UNKNOWN_PSK_IDENTITY"
	CodeAlertNoProtocol          Code = "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL"
	CodeAlertCertificateRequired Code = "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"
)

// Error is an error with node's code.
type Error struct {
	Code    Code
	Message string // in node's words, without the name of an option or a value
	Option  string // the option at fault, with node's name: "ecdhCurve"; "" if none is
	Err     error  // the cause, or nil
}

// Error is the option, the message, the cause and the code. A cause that is an
// error of the engine tells more than the message, which is then left out.
func (e *Error) Error() string {
	var parts []string
	if e.Option != "" {
		parts = append(parts, e.Option)
	}
	if _, told := engineError(e.Err); !told && e.Message != "" {
		parts = append(parts, e.Message)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	s := strings.Join(parts, ": ")
	if e.Code != "" {
		s += " (" + string(e.Code) + ")"
	}
	return s
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the error's Code.
func (e *Error) Is(target error) bool {
	c, ok := target.(Code)
	return ok && c == e.Code
}

// engineError reports whether err is one of the engine, and its reason in
// OpenSSL's words if it is about a certificate.
func engineError(err error) (reason string, ok bool) {
	var certificate *cred.Error
	if errors.As(err, &certificate) {
		return certificate.Kind.String(), true
	}
	return "", errors.As(err, new(*handshake.Error))
}

// coded gives an error of the engine or the transport node's code and message. It
// leaves one alone that has a code.
func coded(err error) error {
	if err == nil || errors.As(err, new(*Error)) || errors.As(err, new(*AltNameError)) {
		return err
	}
	code := CodeOf(err)
	reason, _ := engineError(err)
	if reason == "" {
		reason = code.Reason()
	}
	return &Error{Code: code, Message: reason, Err: err}
}
