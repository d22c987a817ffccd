package main

import (
	"io"
	"testing"

	"tacet/handshake"
	"tacet/record"
)

func TestErrorOf(t *testing.T) {
	if errorOf(nil) != nil {
		t.Error("nothing is an error")
	}
	if f := errorOf(io.ErrShortWrite); f.Alert != nil || f.Code != "UNSPECIFIED" {
		t.Errorf("%+v: an alert that nobody sent, or a code that node does not give", f)
	}
	f := errorOf(&handshake.Error{Kind: handshake.KindAlertReceived, Alert: record.AlertHandshakeFailure})
	if f.Alert == nil || *f.Alert != "handshake_failure" || f.Code != "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE" {
		t.Errorf("%+v is not what node says of handshake_failure", f)
	}
}
