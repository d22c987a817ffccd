package transport

import (
	"crypto/x509"
	"fmt"
	"strings"
	"testing"

	"tacet/handshake/cred/credtest"
)

// liveStaple is what a server staples, or the code that its application fails with.
type liveStaple struct {
	response []byte
	code     Code
}

// text is it for node: null for nothing.
func (s *liveStaple) text() any {
	if s.response == nil {
		return nil
	}
	return string(s.response)
}

func (s *liveStaple) err() error {
	if s.code == "" {
		return nil
	}
	return &Error{Code: s.code, Message: "broken"}
}

// asked tells of an OCSPRequest as live.js does.
func asked(t *testing.T, certificate, issuer []byte) string {
	t.Helper()
	c, err := x509.ParseCertificate(certificate)
	if err != nil {
		t.Error(err)
		return ""
	}
	what := "alone"
	if issuer != nil {
		what = "with issuer"
	}
	kind := map[x509.PublicKeyAlgorithm]string{x509.RSA: "rsa", x509.ECDSA: "ec"}[c.PublicKeyAlgorithm]
	return fmt.Sprintf("OCSPRequest of DNS:%s, %s, %s", strings.Join(c.DNSNames, ", DNS:"), kind, what)
}

// liveStaples are rows of stapling. Node asks for the certificate of the context that it
// was given last, whatever it shows.
func liveStaples(t *testing.T, ca *credtest.Authority) (rows []*liveRow) {
	two := leafOf(t, ca, credtest.P256, serverName)
	rsa := leafOf(t, ca, credtest.RSA2048, serverName)
	two.Cert, two.Key = append(two.Cert, rsa.Cert...), append(two.Key, rsa.Key...)
	for _, v := range []SecureVersion{TLS12, TLS13} {
		with := func(name string, f func(r *liveRow)) {
			r := &liveRow{name: name + " in " + string(v), ocsp: &liveStaple{response: []byte("response")}}
			r.client.MaxVersion, r.client.RequestOCSP = v, true
			f(r)
			rows = append(rows, r)
		}
		with("staple", func(*liveRow) {})
		with("no staple", func(r *liveRow) { r.ocsp.response = nil })
		with("an empty staple", func(r *liveRow) { r.ocsp.response = []byte{} })
		with("staple that nobody asked for", func(r *liveRow) { r.client.RequestOCSP = false })
		with("staple of a resumed session", func(r *liveRow) { r.resume = true })
		with("staple of the context of a name", func(r *liveRow) {
			r.client.Servername = "a.example.org"
			r.contexts = []liveContext{{"a.example.org", leafOf(t, ca, credtest.P384, "a.example.org")}}
		})
		with("staple of the context of another name", func(r *liveRow) {
			r.contexts = []liveContext{{"a.example.org", leafOf(t, ca, credtest.P384, "a.example.org")}}
		})
		with("staple of the last of two certificates", func(r *liveRow) {
			r.server.Cert, r.server.Key = two.Cert, two.Key
			r.client.SigAlgs, r.client.Ciphers = "RSA-PSS+SHA256", "ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256"
		})
		with("staple of the first of two certificates", func(r *liveRow) {
			r.server.Cert, r.server.Key = two.Cert, two.Key
			r.client.SigAlgs, r.client.Ciphers = "ECDSA+SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256"
			r.instead = map[string]string{ourServer + ": events": `["OCSPRequest of DNS:example.org, ec, with issuer"]`}
		})
		with("a staple that fails", func(r *liveRow) {
			r.ocsp.code = "ERR_BROKEN"
			r.refuses = map[string]Code{nodeClient: CodeAlertInternalError} // where node says nothing
		})
	}
	return rows
}
