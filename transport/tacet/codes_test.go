package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/record"
	"tacet/suites"
)

// TestCodes checks codes against those that node 20 was seen to give.
func TestCodes(t *testing.T) {
	received := func(a record.Alert) error { return &handshake.Error{Kind: handshake.KindAlertReceived, Alert: a} }
	for _, c := range []struct {
		err  error
		want string
	}{
		{received(record.AlertUnexpectedMessage), "ERR_SSL_SSLV3_ALERT_UNEXPECTED_MESSAGE"},
		{received(record.AlertBadRecordMAC), "ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC"},
		{received(record.AlertHandshakeFailure), "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE"},
		{received(record.AlertBadCertificate), "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE"},
		{received(record.AlertIllegalParameter), "ERR_SSL_SSLV3_ALERT_ILLEGAL_PARAMETER"},
		{received(record.AlertRecordOverflow), "ERR_SSL_TLSV1_ALERT_RECORD_OVERFLOW"},
		{received(record.AlertUnknownCA), "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"},
		{received(record.AlertProtocolVersion), "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"},
		{received(record.AlertInternalError), "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR"},
		{received(record.AlertMissingExtension), "ERR_SSL_TLSV13_ALERT_MISSING_EXTENSION"},
		{received(record.AlertUnsupportedExtension), "ERR_SSL_TLSV1_UNSUPPORTED_EXTENSION"},
		{received(record.AlertUnrecognizedName), "ERR_SSL_TLSV1_UNRECOGNIZED_NAME"},
		{received(record.AlertUnknownPSKIdentity), "ERR_SSL_TLSV1_ALERT_UNKNOWN_PSK_IDENTITY"},
		{received(record.AlertCertificateRequired), "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"},
		{received(record.AlertNoApplicationProtocol), "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL"},
		{&handshake.Error{Kind: handshake.KindBadRecordMAC}, "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC"},
		{&handshake.Error{Kind: handshake.KindDecode, Alert: record.AlertDecodeError}, "ERR_SSL_DECODE_ERROR"},
		{&handshake.Error{Kind: handshake.KindVerification, Err: &cred.Error{Code: "CERT_HAS_EXPIRED"}}, "CERT_HAS_EXPIRED"},
		{&handshake.Error{Kind: handshake.KindTruncated, Err: io.ErrUnexpectedEOF}, "ECONNRESET"},
		{&suites.Error{Kind: suites.KindNoMatch}, "ERR_SSL_NO_CIPHER_MATCH"},
		{fmt.Errorf("read: %w", context.DeadlineExceeded), "ERR_TLS_HANDSHAKE_TIMEOUT"},
		{&net.DNSError{Name: "nowhere.invalid", IsNotFound: true}, "ENOTFOUND"},
		{io.ErrShortWrite, "UNSPECIFIED"},
	} {
		if got := codeOf(c.err); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
	if errorOf(nil) != nil || errorOf(io.EOF).Alert != nil {
		t.Error("an alert that nobody sent")
	}
}
