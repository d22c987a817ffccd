package transport

import (
	"encoding/pem"
	"strings"
	"sync"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"tacet/actor"
)

// mozilla trusts Mozilla's roots. Parsing them takes a few milliseconds, once.
var mozilla = sync.OnceValues(actor.MozillaVerifier)

// RootCertificates returns Mozilla's root certificates in PEM, without a newline at
// the end of each: those that a context without CA trusts. They are part of the
// program (golang.org/x/crypto/x509roots/fallback), and as old as that module. Some are
// trusted for certificates up to a date only, which PEM does not tell: give CA nil,
// and not this list. The slice is the caller's.
func RootCertificates() []string {
	var list []string
	for root := range bundle.Roots() {
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate})
		list = append(list, strings.TrimSuffix(string(text), "\n"))
	}
	return list
}
