package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/record"
	"tacet/suites"
)

// CodeOf is node's code for an error, be it of this package, of the engine, of a
// cipher list or of the transport. It is "" for what node has none for.
func CodeOf(err error) Code {
	var (
		own         *Error
		names       *AltNameError
		certificate *cred.Error
		fault       *handshake.Error
		list        *suites.Error
	)
	switch {
	case errors.As(err, &names):
		return names.Code
	case errors.As(err, &own) && own.Code != "":
		return own.Code
	case errors.As(err, &certificate):
		return Code(certificate.Code)
	case errors.As(err, &fault):
		return codeOfFault(fault)
	case errors.As(err, &list):
		return codesOfLists[list.Kind]
	}
	return codeOfSystem(err)
}

// codesOfKinds are OpenSSL's reasons for what the engine refuses: where it has
// several for a kind, the one that is seen most; "" where it has none.
var codesOfKinds = map[handshake.Kind]Code{
	handshake.KindRecordOverflow:      "ERR_SSL_PACKET_LENGTH_TOO_LONG",
	handshake.KindBadRecordMAC:        CodeBadRecordMAC,
	handshake.KindRecordType:          "ERR_SSL_UNEXPECTED_MESSAGE",
	handshake.KindRecordVersion:       CodeWrongVersionNumber,
	handshake.KindEmptyRecord:         "ERR_SSL_BAD_LENGTH",
	handshake.KindNoContentType:       "ERR_SSL_BAD_RECORD_TYPE",
	handshake.KindPlaintextRecord:     "ERR_SSL_BAD_RECORD_TYPE",
	handshake.KindHTTPRequest:         CodeHTTPRequest,
	handshake.KindSSLv2Hello:          CodeUnsupportedProtocol,
	handshake.KindKeyExhausted:        "",
	handshake.KindTooManyEmptyRecords: "ERR_SSL_RECORD_TOO_SMALL",
	handshake.KindTooManyWarnings:     "ERR_SSL_TOO_MANY_WARN_ALERTS",
	handshake.KindTooManyKeyUpdates:   "ERR_SSL_TOO_MANY_KEY_UPDATES",
	handshake.KindTooManyTickets:      "ERR_SSL_UNEXPECTED_MESSAGE",
	handshake.KindTooMuchSkippedData:  "ERR_SSL_TOO_MUCH_EARLY_DATA",

	handshake.KindUnexpectedMessage:   "ERR_SSL_UNEXPECTED_MESSAGE",
	handshake.KindUnexpectedCCS:       "ERR_SSL_UNEXPECTED_MESSAGE",
	handshake.KindInterleaved:         "ERR_SSL_MIXED_HANDSHAKE_AND_NON_HANDSHAKE_DATA",
	handshake.KindExcessHandshakeData: "ERR_SSL_NOT_ON_RECORD_BOUNDARY",
	handshake.KindDataInHandshake:     "ERR_SSL_UNEXPECTED_MESSAGE",

	handshake.KindDecode:               "ERR_SSL_LENGTH_MISMATCH",
	handshake.KindIllegalParameter:     "ERR_SSL_BAD_VALUE",
	handshake.KindDuplicateExtension:   "ERR_SSL_BAD_EXTENSION",
	handshake.KindForbiddenExtension:   "ERR_SSL_BAD_EXTENSION",
	handshake.KindUnsolicitedExtension: "ERR_SSL_UNSOLICITED_EXTENSION",
	handshake.KindMissingExtension:     "ERR_SSL_EXTENSION_NOT_RECEIVED",
	handshake.KindPSKNotLast:           "ERR_SSL_BAD_EXTENSION",
	handshake.KindMessageTooLong:       "ERR_SSL_EXCESSIVE_MESSAGE_SIZE",

	handshake.KindProtocolVersion:        CodeUnsupportedProtocol,
	handshake.KindFallback:               "ERR_SSL_INAPPROPRIATE_FALLBACK",
	handshake.KindDowngrade:              "ERR_SSL_INAPPROPRIATE_FALLBACK",
	handshake.KindNoCommonSuite:          CodeNoSharedCipher,
	handshake.KindNoCommonGroup:          CodeNoKeyShare,
	handshake.KindNoCommonScheme:         "ERR_SSL_NO_SHARED_SIGNATURE_ALGORITHMS",
	handshake.KindNoCommonProtocol:       CodeNoProtocol,
	handshake.KindNoCertificate:          CodeNoSignatureAlgorithm,
	handshake.KindWrongSuite:             "ERR_SSL_WRONG_CIPHER_RETURNED",
	handshake.KindWrongGroup:             "ERR_SSL_WRONG_CURVE",
	handshake.KindWrongVersion:           CodeUnsupportedProtocol,
	handshake.KindWrongCompression:       "ERR_SSL_INVALID_COMPRESSION_ALGORITHM",
	handshake.KindWrongSessionID:         "ERR_SSL_INVALID_SESSION_ID",
	handshake.KindWrongScheme:            "ERR_SSL_WRONG_SIGNATURE_TYPE",
	handshake.KindWrongProtocol:          "ERR_SSL_BAD_EXTENSION",
	handshake.KindSecondRetry:            "ERR_SSL_UNEXPECTED_MESSAGE",
	handshake.KindUselessRetry:           "ERR_SSL_NO_CHANGE_FOLLOWING_HRR",
	handshake.KindHelloChanged:           "ERR_SSL_BAD_KEY_SHARE",
	handshake.KindWrongPSK:               "ERR_SSL_BAD_PSK_IDENTITY",
	handshake.KindWrongPSKMode:           CodeNoKeyShare,
	handshake.KindRenegotiationInfo:      "ERR_SSL_RENEGOTIATION_MISMATCH",
	handshake.KindExtendedMasterSecret:   "ERR_SSL_INCONSISTENT_EXTMS",
	handshake.KindCertificateChanged:     "",
	handshake.KindNoPSK:                  CodeNoPSKIdentity,
	handshake.KindWeakGroup:              CodeDHSize,
	handshake.KindNoRenegotiation:        CodeNoRenegotiation,
	handshake.KindLegacyServer:           "ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED",
	handshake.KindRenegotiationForbidden: CodeRenegotiationOff,
	handshake.KindRenegotiationAttack:    CodeSessionAttack,

	handshake.KindBadKeyShare:       "ERR_SSL_BAD_KEY_SHARE",
	handshake.KindBadSignature:      CodeBadSignature,
	handshake.KindBadFinished:       "ERR_SSL_DIGEST_CHECK_FAILED",
	handshake.KindBadFinishedLength: "ERR_SSL_BAD_DIGEST_LENGTH",
	handshake.KindBadBinder:         "ERR_SSL_BINDER_DOES_NOT_VERIFY",

	handshake.KindEmptyChain:           "ERR_SSL_LENGTH_MISMATCH",
	handshake.KindCertificateRequired:  CodeNoPeerCertificate,
	handshake.KindBadCertificate:       "ERR_SSL_ASN1_LIB",
	handshake.KindAnonymousRequest:     "ERR_SSL_UNEXPECTED_MESSAGE",
	handshake.KindWrongCertificateType: "ERR_SSL_WRONG_CERTIFICATE_TYPE",

	handshake.KindTruncated:         CodeConnectionReset,
	handshake.KindClosedInHandshake: CodeConnectionReset,
	handshake.KindClosed:            "ERR_STREAM_WRITE_AFTER_END",
	handshake.KindInternal:          "",
	handshake.KindSigner:            "",
}

// causes are the kinds of failures that have their code from their cause.
var causes = map[handshake.Kind]bool{
	handshake.KindReadFailed: true, handshake.KindAborted: true, handshake.KindRefused: true, handshake.KindVerification: true,
}

func codeOfFault(e *handshake.Error) Code {
	var wire *record.Error
	switch {
	case e.Kind == handshake.KindAlertReceived:
		return codeOfAlert(e.Alert)
	case causes[e.Kind]:
		return codeOfSystem(e.Err)
	case e.Kind == handshake.KindHTTPRequest && errors.As(e.Err, &wire) && wire.Type == 'C':
		return CodeProxyRequest // CONNECT
	}
	for _, row := range codesOfFields {
		if row.kind == e.Kind && strings.HasPrefix(e.Field, row.field) {
			return row.code
		}
	}
	return codesOfKinds[e.Kind]
}

// codesOfFields are the reasons for which the kind alone is not enough: what the field begins
// with tells them.
var codesOfFields = [...]struct {
	kind  handshake.Kind
	field string
	code  Code
}{
	{handshake.KindNoCertificate, "ClientHello.cipher_suites", CodeNoSharedCipher}, // up to TLS 1.2 a suite goes with a kind of key
	{handshake.KindDecode, "alert", "ERR_SSL_INVALID_ALERT"},
	{handshake.KindDecode, "extension ", "ERR_SSL_BAD_EXTENSION"},
	{handshake.KindDecode, "ClientHello.extensions", "ERR_SSL_BAD_EXTENSION"},
	{handshake.KindIllegalParameter, "alert.level", "ERR_SSL_UNKNOWN_ALERT_TYPE"},
	{handshake.KindIllegalParameter, "ClientHello key_share", "ERR_SSL_BAD_KEY_SHARE"},
	{handshake.KindIllegalParameter, "ClientHello.legacy_compression_methods", "ERR_SSL_NO_COMPRESSION_SPECIFIED"},
	{handshake.KindMissingExtension, "extension signature_algorithms", "ERR_SSL_MISSING_SIGALGS_EXTENSION"},
	{handshake.KindMissingExtension, "extension supported_groups", "ERR_SSL_MISSING_SUPPORTED_GROUPS_EXTENSION"},
	{handshake.KindMissingExtension, "extension key_share", CodeNoKeyShare},
}

// codeOfAlert is OpenSSL's reason for an alert that came: its name, after the
// protocol that brought it in. Of those without a name node knows only that the
// connection is lost.
func codeOfAlert(a record.Alert) Code {
	switch {
	case a == record.AlertUserCanceled:
		return "ERR_SSL_TLSV1_ALERT_USER_CANCELLED" // as OpenSSL spells it
	case nameless[a] || !a.Registered():
		return CodeConnectionReset
	}
	return Code("ERR_SSL_" + alertPrefix(a) + strings.ToUpper(a.String()))
}

// nameless are registered alerts that OpenSSL 3.0 has no name for.
var nameless = map[record.Alert]bool{
	record.AlertCloseNotify: true, record.AlertTooManyCIDsRequested: true, record.AlertGeneralError: true, record.AlertECHRequired: true,
}

func alertPrefix(a record.Alert) string {
	switch {
	case a == record.AlertMissingExtension || a == record.AlertCertificateRequired:
		return "TLSV13_ALERT_"
	case a >= record.AlertUnsupportedExtension && a <= record.AlertBadCertificateHashValue:
		return "TLSV1_"
	case a <= record.AlertIllegalParameter && a != record.AlertRecordOverflow && a != record.AlertDecryptionFailed:
		return "SSLV3_ALERT_"
	}
	return "TLSV1_ALERT_"
}

var codesOfLists = map[suites.Kind]Code{
	suites.KindNoMatch: CodeNoCipherMatch, suites.KindCommand: "ERR_SSL_INVALID_COMMAND", suites.KindEmpty: "ERR_INVALID_ARG_VALUE",
}

// codesOfSystem are the codes of what the transport says.
var codesOfSystem = [...]struct {
	is   error
	code Code
}{
	{syscall.ECONNREFUSED, "ECONNREFUSED"}, {syscall.ECONNRESET, CodeConnectionReset}, {syscall.EPIPE, "EPIPE"},
	{syscall.EHOSTUNREACH, "EHOSTUNREACH"}, {syscall.ENETUNREACH, "ENETUNREACH"}, {syscall.ETIMEDOUT, "ETIMEDOUT"},
	{syscall.ENOENT, "ENOENT"}, {syscall.EACCES, "EACCES"}, {syscall.EADDRINUSE, "EADDRINUSE"},
	{context.Canceled, "ABORT_ERR"}, {context.DeadlineExceeded, CodeHandshakeTimeout}, {os.ErrDeadlineExceeded, "ETIMEDOUT"},
	{io.ErrUnexpectedEOF, CodeConnectionReset}, {io.EOF, CodeConnectionReset}, {io.ErrClosedPipe, "EPIPE"},
	{net.ErrClosed, "ERR_STREAM_DESTROYED"},
}

func codeOfSystem(err error) Code {
	for _, row := range codesOfSystem {
		if errors.Is(err, row.is) {
			return row.code
		}
	}
	if errors.As(err, new(*net.DNSError)) {
		return "ENOTFOUND"
	}
	return ""
}
