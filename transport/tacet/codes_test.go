package main

import (
	"errors"
	"io"
	"strings"
	"testing"

	"tacet/handshake"
	"tacet/record"
)

// TestFactsPlain: JSON as node has it, in which nothing stands for what HTML minds.
func TestFactsPlain(t *testing.T) {
	var b strings.Builder
	if err := writeFacts(&b, factsOf(nil, nil, errors.New("a->b & <c>"))); err != nil {
		t.Fatal(err)
	}
	if line := b.String(); !strings.Contains(line, `"message":"a->b & <c>"`) || strings.Count(line, "\n") != 1 {
		t.Errorf("%q", line)
	}
}

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
