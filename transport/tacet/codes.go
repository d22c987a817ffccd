package main

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

// codes are OpenSSL's reasons, as node's codes show them, for what this side
// refuses. A kind that is not here is told by the name of its alert.
var codes = map[handshake.Kind]string{
	handshake.KindRecordOverflow:      "ERR_SSL_PACKET_LENGTH_TOO_LONG",
	handshake.KindBadRecordMAC:        "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
	handshake.KindRecordVersion:       "ERR_SSL_WRONG_VERSION_NUMBER",
	handshake.KindHTTPRequest:         "ERR_SSL_HTTP_REQUEST",
	handshake.KindSSLv2Hello:          "ERR_SSL_UNSUPPORTED_PROTOCOL",
	handshake.KindProtocolVersion:     "ERR_SSL_UNSUPPORTED_PROTOCOL",
	handshake.KindWrongVersion:        "ERR_SSL_UNSUPPORTED_PROTOCOL",
	handshake.KindFallback:            "ERR_SSL_INAPPROPRIATE_FALLBACK",
	handshake.KindDowngrade:           "ERR_SSL_INAPPROPRIATE_FALLBACK",
	handshake.KindNoCommonSuite:       "ERR_SSL_NO_SHARED_CIPHER",
	handshake.KindNoCommonGroup:       "ERR_SSL_NO_SUITABLE_KEY_SHARE",
	handshake.KindNoCommonScheme:      "ERR_SSL_NO_SHARED_SIGNATURE_ALGORITHMS",
	handshake.KindNoCommonProtocol:    "ERR_SSL_NO_APPLICATION_PROTOCOL",
	handshake.KindNoCertificate:       "ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM",
	handshake.KindWrongSuite:          "ERR_SSL_WRONG_CIPHER_RETURNED",
	handshake.KindWrongScheme:         "ERR_SSL_WRONG_SIGNATURE_TYPE",
	handshake.KindBadKeyShare:         "ERR_SSL_BAD_KEY_SHARE",
	handshake.KindBadSignature:        "ERR_SSL_BAD_SIGNATURE",
	handshake.KindBadFinished:         "ERR_SSL_DIGEST_CHECK_FAILED",
	handshake.KindBadBinder:           "ERR_SSL_BINDER_DOES_NOT_VERIFY",
	handshake.KindCertificateRequired: "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE",
	handshake.KindTruncated:           "ECONNRESET",
	handshake.KindClosedInHandshake:   "ECONNRESET",
}

// errorOf tells of an error in node's words.
func errorOf(err error) *errorFacts {
	if err == nil {
		return nil
	}
	f := &errorFacts{Code: codeOf(err), Message: err.Error()}
	var fault *handshake.Error
	if errors.As(err, &fault) && (fault.Sent || fault.Kind == handshake.KindAlertReceived) {
		f.Alert = text(fault.Alert.String())
	}
	return f
}

// codeOf is node's code for an error.
func codeOf(err error) string {
	var (
		certificate *cred.Error
		fault       *handshake.Error
		list        *suites.Error
	)
	switch {
	case errors.As(err, &certificate):
		return certificate.Code
	case errors.As(err, &fault):
		return codeOfFault(fault)
	case errors.As(err, &list):
		return codeOfList[list.Kind]
	}
	return codeOfSystem(err)
}

func codeOfFault(e *handshake.Error) string {
	if e.Kind == handshake.KindAlertReceived {
		return "ERR_SSL_" + alertPrefix(e.Alert) + strings.ToUpper(e.Alert.String())
	}
	if code, ok := codes[e.Kind]; ok {
		return code
	}
	return "ERR_SSL_" + strings.ToUpper(e.Alert.String())
}

// alertPrefix is how OpenSSL calls an alert that came, by the protocol that
// brought it in.
func alertPrefix(a record.Alert) string {
	switch {
	case a == record.AlertMissingExtension || a == record.AlertCertificateRequired:
		return "TLSV13_ALERT_"
	case a >= record.AlertUnsupportedExtension && a <= record.AlertBadCertificateStatusResponse:
		return "TLSV1_"
	case a <= record.AlertIllegalParameter && a != record.AlertRecordOverflow:
		return "SSLV3_ALERT_"
	}
	return "TLSV1_ALERT_"
}

var codeOfList = map[suites.Kind]string{
	suites.KindNoMatch: "ERR_SSL_NO_CIPHER_MATCH", suites.KindCommand: "ERR_SSL_INVALID_COMMAND", suites.KindEmpty: "ERR_INVALID_ARG_VALUE",
}

// codeOfSystem names what the transport says.
func codeOfSystem(err error) string {
	var name *net.DNSError
	for _, row := range []struct {
		is   error
		code string
	}{
		{syscall.ECONNREFUSED, "ECONNREFUSED"}, {syscall.ECONNRESET, "ECONNRESET"}, {syscall.EPIPE, "EPIPE"},
		{syscall.EHOSTUNREACH, "EHOSTUNREACH"}, {syscall.ENETUNREACH, "ENETUNREACH"}, {syscall.ETIMEDOUT, "ETIMEDOUT"},
		{context.DeadlineExceeded, "ERR_TLS_HANDSHAKE_TIMEOUT"}, {os.ErrDeadlineExceeded, "ETIMEDOUT"},
		{io.ErrUnexpectedEOF, "ECONNRESET"}, {io.EOF, "ECONNRESET"}, {net.ErrClosed, "ERR_STREAM_DESTROYED"},
	} {
		if errors.Is(err, row.is) {
			return row.code
		}
	}
	if errors.As(err, &name) {
		return "ENOTFOUND"
	}
	return "UNSPECIFIED"
}
