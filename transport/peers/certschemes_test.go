package peers

import (
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// TestCertSchemes: OpenSSL shows of two certificates that which is signed as we say, and
// without a word the one whose key it would rather sign with. Up to TLS 1.2 it settles
// the suite first, and with it the kind of the key.
func TestCertSchemes(t *testing.T) {
	//= RFC 9846 §4.3.3 type=test
	require(t, openssl{})
	ecdsa, rsa := credtest.CA(t), credtest.Root(t, "a root of RSA", credtest.RSA2048)
	both := cred.NewVerifier([]*x509.Certificate{ecdsa.Cert, rsa.Cert}, false)
	args := []string{"s_server", "-www", "-accept", "127.0.0.1:0"}
	for option, c := range map[string]*cred.Credential{"": rsa.Leaf(t, credtest.P256, serverName), "d": ecdsa.Leaf(t, credtest.RSA2048, serverName)} {
		kind := map[string]credtest.Kind{"": credtest.P256, "d": credtest.RSA2048}[option]
		for suffix, text := range map[string][]byte{"cert": credtest.CertPEM(c.Chain...), "key": credtest.KeyPEM(t, kind)} {
			path := filepath.Join(t.TempDir(), option+suffix)
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, "-"+option+suffix, path)
		}
	}
	program := (&row{T: t, dir: t.TempDir(), ctx: t.Context()}).start("openssl", nil, args...)
	match, err := program.await(t.Context(), `ACCEPT (127\.0\.0\.1:\d+)\n`)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name  string
		certs []cred.Scheme
		want  *credtest.Authority
	}{
		{"no word of it", nil, rsa}, // it signs with P-256 first
		{"RSA", []cred.Scheme{cred.RSAPKCS1SHA256}, rsa},
		{"ECDSA", []cred.Scheme{cred.ECDSAP256SHA256}, ecdsa},
	} {
		p, err := handshake.Config{Verifier: both, CertSchemes: row.certs, MinVersion: record.TLS13}.CompileClient()
		if err != nil {
			t.Fatal(err)
		}
		nc, err := net.Dial("tcp", match[1])
		if err != nil {
			t.Fatal(err)
		}
		c := actor.Client(nc, p, serverName, nil)
		_ = c.SetDeadline(time.Now().Add(patience))
		if err := c.HandshakeContext(t.Context()); err != nil {
			t.Errorf("%s: %v", row.name, err)
		} else if got := c.State().PeerCertificates[0].Issuer.CommonName; got != row.want.Cert.Subject.CommonName {
			t.Errorf("%s: a certificate by %s", row.name, got)
		}
		_ = c.Close()
	}
}
