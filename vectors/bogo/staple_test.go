package main

import (
	"crypto/tls"
	"encoding/base64"
	"net"
	"strconv"
	"testing"

	"tacet/handshake/cred/credtest"
)

// Each flag of BoringSSL's legacy OCSP callback acts: whether the credential has the
// response or the callback brings it, the callback may decline.
func TestStapleCallback(t *testing.T) {
	ca := credtest.CA(t)
	own, _ := files(t, ca.Leaf(t, credtest.P256, "example.org"), ca.Cert)
	for _, row := range []struct {
		name, want string
		flags      []string
	}{
		{"no callback", "a response", nil},
		{"it lets the credential's be", "a response", []string{"-use-ocsp-callback"}},
		{"it brings its own", "a response", []string{"-use-ocsp-callback", "-set-ocsp-in-callback"}},
		{"it is not called, and brings none", "", []string{"-set-ocsp-in-callback"}},
		{"it declines the credential's", "", []string{"-use-ocsp-callback", "-decline-ocsp-callback"}},
		{"it declines its own", "", []string{"-use-ocsp-callback", "-set-ocsp-in-callback", "-decline-ocsp-callback"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, got := newRunner(t, true), ""
			r.config = &tls.Config{ServerName: "example.org", InsecureSkipVerify: true,
				VerifyConnection: func(st tls.ConnectionState) error { got = string(st.OCSPResponse); return nil }}
			args := append([]string{"-port", strconv.Itoa(r.listener.Addr().(*net.TCPAddr).Port), "-shim-id", "77", "-server",
				"-ocsp-response", base64.StdEncoding.EncodeToString([]byte("a response"))}, own...)
			done := make(chan error, 1)
			go func() { done <- run(append(args, row.flags...)) }()
			if err := r.serve(tls.ConnectionState{Version: tls.VersionTLS13}); err != nil {
				t.Error("runner:", err)
			}
			if err := <-done; err != nil {
				t.Error("shim:", err)
			}
			if got != row.want {
				t.Errorf("staple %q, want %q", got, row.want)
			}
		})
	}
}
