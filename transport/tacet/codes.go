package main

import (
	"cmp"
	"errors"

	"tacet/handshake"
	"tacet/transport"
)

// errorOf tells of an error in node's words.
func errorOf(err error) *errorFacts {
	if err == nil {
		return nil
	}
	code := cmp.Or(transport.CodeOf(err), transport.CodeUnspecified)
	f := &errorFacts{Code: string(code), Message: err.Error()}
	var fault *handshake.Error
	if errors.As(err, &fault) && (fault.Sent || fault.Kind == handshake.KindAlertReceived) {
		f.Alert = text(fault.Alert.String())
	}
	return f
}
