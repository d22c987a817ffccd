package actor

import (
	"crypto/x509"
	"runtime"
	"sync"
	"weak"

	"tacet/handshake/cred"
)

// parsed holds what ParseCertificate has parsed and somebody has, by its bytes:
// weak.Pointer[x509.Certificate].
var parsed sync.Map

// ParseCertificate is cred.ParseCertificate for handshake.Config: of a certificate that
// was parsed before and is in use it returns the same again. Connections to the same peers
// then share it, which saves each its parsing and some kilobytes. Nobody may change it. It may be
// called from any number of goroutines, and does not keep der.
func ParseCertificate(der []byte) (*x509.Certificate, error) {
	found, there := parsed.Load(string(der))
	if there {
		if cert := found.(weak.Pointer[x509.Certificate]).Value(); cert != nil {
			return cert, nil
		}
	}
	key := string(der)
	cert, err := cred.ParseCertificate([]byte(key))
	if err != nil {
		return nil, err
	}
	w := weak.Make(cert)
	if there {
		there = parsed.CompareAndSwap(key, found, w)
	} else {
		_, other := parsed.LoadOrStore(key, w)
		there = !other
	}
	if there { // or another goroutine was faster: both are good
		runtime.AddCleanup(cert, func(key string) { parsed.CompareAndDelete(key, w) }, key)
	}
	return cert, nil
}
