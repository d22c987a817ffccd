package actor

import (
	"bytes"
	"runtime"
	"sync"
	"testing"

	"tacet/handshake/cred/credtest"
)

// TestParseCertificate: what somebody has is not parsed again, and what nobody has is not kept.
func TestParseCertificate(t *testing.T) {
	der := credtest.CA(t).Leaf(t, credtest.P256, "example.org").Chain[0]
	given := bytes.Clone(der)
	first, err := ParseCertificate(given)
	if err != nil {
		t.Fatal(err)
	}
	clear(given)
	if !bytes.Equal(first.Raw, der) {
		t.Error("it keeps what it was given")
	}
	if again, err := ParseCertificate(der); err != nil || again != first {
		t.Errorf("parsed again: %v", err)
	}
	other := credtest.CA(t).Leaf(t, credtest.P256, "example.org").Chain[0]
	if cert, err := ParseCertificate(other); err != nil || !bytes.Equal(cert.Raw, other) {
		t.Errorf("another certificate: %v", err)
	}
	if _, err := ParseCertificate(der[:len(der)-1]); err == nil {
		t.Error("half a certificate is one")
	}
	runtime.KeepAlive(first)
	first = nil
	for _, der := range [][]byte{der, other} {
		for held := true; held; _, held = parsed.Load(string(der)) {
			runtime.GC()
		}
	}
	if cert, err := ParseCertificate(der); err != nil || !bytes.Equal(cert.Raw, der) {
		t.Errorf("once it is forgotten: %v", err)
	}
}

func TestParseCertificateAtOnce(t *testing.T) {
	der := credtest.CA(t).Leaf(t, credtest.P256, "example.org").Chain[0]
	for range 20 {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if cert, err := ParseCertificate(der); err != nil || !bytes.Equal(cert.Raw, der) {
					t.Error(err)
				}
				runtime.GC()
			})
		}
		all.Wait()
	}
}
