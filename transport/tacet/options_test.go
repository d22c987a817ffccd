package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"tacet/handshake/cred/credtest"
	"tacet/record"
	"tacet/transport"
)

func writeTemp(t *testing.T, b []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestPFX serves a certificate from PKCS #12.
func TestPFX(t *testing.T) {
	authority := credtest.CA(t)
	leaf := authority.Intermediate(t, "between").Leaf(t, credtest.RSA2048, "localhost")
	between, err := x509.ParseCertificate(leaf.Chain[1])
	if err != nil {
		t.Fatal(err)
	}
	pfx, err := pkcs12.Modern.Encode(leaf.Key, leaf.Leaf, []*x509.Certificate{between}, "open")
	if err != nil {
		t.Fatal(err)
	}
	file := writeTemp(t, pfx)
	s := startServe(t, "--pfx", file, "--passphrase", "open")
	conn, err := dialGo(t, s.address, &tls.Config{RootCAs: authority.Pool(), ServerName: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(conn.ConnectionState().PeerCertificates); n != 2 {
		t.Errorf("a chain of %d", n)
	}
	tacetWith(t, 1, "", "serve", "--pfx", file, "--passphrase", "wrong")
}

// TestCRL connects with a list that revokes the server, and with one that does not.
func TestCRL(t *testing.T) {
	authority := credtest.CA(t)
	ca, cert, key := files(t, credtest.P256)
	leaf := authority.Leaf(t, credtest.P256, "localhost", "127.0.0.1")
	s := startServe(t, "--cert", cert, "--key", key)
	for _, c := range []struct {
		revoked []*x509.Certificate
		status  int
		code    any
	}{{nil, 0, nil}, {[]*x509.Certificate{leaf.Leaf}, 1, "CERT_REVOKED"}} {
		list := pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: authority.CRL(t, c.revoked...).Raw})
		out, _ := tacetWith(t, c.status, "", "connect", "--json", "--ca", ca, "--crl", writeTemp(t, list), s.address)
		if f := parseFacts(t, out); f["authorizationError"] != c.code || at(f, "error", "code") != c.code {
			t.Errorf("%v, %v: want %v", f["authorizationError"], f["error"], c.code)
		}
	}
}

// TestSeveralCertificates has a server choose by what the client can verify.
func TestSeveralCertificates(t *testing.T) {
	ca, cert1, key1 := files(t, credtest.RSA2048)
	_, cert2, key2 := files(t, credtest.P256)
	s := startServe(t, "--cert", cert1, "--key", key1, "--cert", cert2, "--key", key2)
	for sigalgs, bits := range map[string]float64{"rsa_pss_rsae_sha256:ecdsa_secp384r1_sha384": 2048, "ecdsa_secp256r1_sha256": 256} {
		f := parseFacts(t, tacet(t, "connect", "--json", "--ca", ca, "--sigalgs", sigalgs, s.address))
		if at(f, "peerCertificate", "bits") != bits {
			t.Errorf("%s: %v bits", sigalgs, at(f, "peerCertificate", "bits"))
		}
	}
}

// TestTicketKeys resumes at another server that has the same keys, and not at
// one that has others.
func TestTicketKeys(t *testing.T) {
	keys := strings.Repeat("4a", 48)
	first, second, other := startServe(t, "--ticket-keys", keys), startServe(t, "--ticket-keys", keys), startServe(t)
	file := filepath.Join(t.TempDir(), "session")
	for i, c := range []struct {
		s    *serving
		want bool
	}{{first, false}, {second, true}, {other, false}} {
		f := parseFacts(t, tacet(t, "connect", "--json", "--session", file, "--ca", demoRoot, c.s.address))
		if f["reused"] != c.want {
			t.Errorf("server %d: reused %v", i, f["reused"])
		}
	}
}

// TestNegotiation checks options that decide what is agreed on.
func TestNegotiation(t *testing.T) {
	for _, c := range []struct{ server, client, fact, want string }{
		{"--max-version TLSv1.2", "", "protocol", "TLSv1.2"},
		{"", "--max-version TLSv1.2", "protocol", "TLSv1.2"},
		{"--ciphers TLS_CHACHA20_POLY1305_SHA256", "", "cipher.name", "TLS_CHACHA20_POLY1305_SHA256"},
		{"", "--ciphers ECDHE-ECDSA-AES256-GCM-SHA384 --max-version TLSv1.2", "cipher.name", "ECDHE-ECDSA-AES256-GCM-SHA384"},
		{"--ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305 --max-version TLSv1.2",
			"--ciphers ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256", "cipher.name", "ECDHE-ECDSA-AES128-GCM-SHA256"},
		{"--honor-cipher-order=false --max-version TLSv1.2",
			"--ciphers ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256", "cipher.name", "ECDHE-ECDSA-CHACHA20-POLY1305"},
		{"--ecdh-curve P-384", "", "ephemeralKeyInfo.name", "secp384r1"},
		{"--ecdh-curve X25519", "--max-version TLSv1.2", "ephemeralKeyInfo.name", "X25519"},
		{"--alpn-protocols b,a", "--alpn-protocols a,b", "alpnProtocol", "b"},
		{"", "--alpn-protocols a,b", "alpnProtocol", "false"},
		{"", "--servername localhost", "servername", "localhost"},
	} {
		s := startServe(t, strings.Fields(c.server)...)
		args := append([]string{"connect", "--json", "--ca", demoRoot, s.address}, strings.Fields(c.client)...)
		f := parseFacts(t, tacet(t, args...))
		if got := fmt.Sprint(at(f, strings.Split(c.fact, ".")...)); got != c.want {
			t.Errorf("serve %s, connect %s: %s is %s, want %s", c.server, c.client, c.fact, got, c.want)
		}
	}
}

// TestOnly13 says that a list of TLS 1.3's suites alone leaves older versions out.
func TestOnly13(t *testing.T) {
	s := startServe(t, "--json", "--ciphers", "TLS_AES_128_GCM_SHA256")
	if _, err := dialGo(t, s.address, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}); err == nil {
		t.Error("TLS 1.2 was spoken")
	}
	if f := s.facts(t); at(f, "error", "code") != "ERR_SSL_UNSUPPORTED_PROTOCOL" {
		t.Error(f["error"])
	}
}

// TestHandshakeTimeout waits for a client that says nothing.
func TestHandshakeTimeout(t *testing.T) {
	s := startServe(t, "--json", "--handshake-timeout", "20")
	c, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if f := s.facts(t); at(f, "error", "code") != "ERR_TLS_HANDSHAKE_TIMEOUT" {
		t.Error(f["error"])
	}
}

// TestHandshakeTimeoutOfClients waits for a server that says nothing.
func TestHandshakeTimeoutOfClients(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	out, _ := tacetWith(t, 1, "", "connect", "--json", "--handshake-timeout", "20", l.Addr().String())
	checkFacts(t, parseFacts(t, out), "error.code=ERR_TLS_HANDSHAKE_TIMEOUT")
}

// TestPartialTrustChain trusts an intermediate alone.
func TestPartialTrustChain(t *testing.T) {
	between := credtest.CA(t).Intermediate(t, "between")
	leaf := between.Leaf(t, credtest.P256, "localhost", "127.0.0.1")
	address, _ := listenGo(t, &tls.Config{Certificates: []tls.Certificate{{Certificate: leaf.Chain, PrivateKey: leaf.Key}}})
	ca := writeTemp(t, between.PEM())
	out, _ := tacetWith(t, 1, "", "connect", "--json", "--ca", ca, address)
	checkFacts(t, parseFacts(t, out), "error.code=UNABLE_TO_GET_ISSUER_CERT")
	checkFacts(t, parseFacts(t, tacet(t, "connect", "--json", "--ca", ca, "--allow-partial-trust-chain", address)), "authorized=true")
}

// headers sees the records of application data that come.
type headers struct {
	net.Conn
	unread  []byte
	longest int
}

func (h *headers) Read(b []byte) (int, error) {
	n, err := h.Conn.Read(b)
	for h.unread = append(h.unread, b[:n]...); len(h.unread) >= 5 && len(h.unread) >= recordLen(h.unread); {
		if h.unread[0] == byte(record.TypeApplicationData) {
			h.longest = max(h.longest, recordLen(h.unread)-record.HeaderLen)
		}
		h.unread = h.unread[recordLen(h.unread):]
	}
	return n, err
}

// TestMaxSendFragment measures what either side sends.
func TestMaxSendFragment(t *testing.T) {
	const most, overhead = 700, 8 + 16
	text := strings.Repeat("x", 5000)
	config := &tls.Config{MaxVersion: tls.VersionTLS12, RootCAs: demoPool(t), ServerName: "localhost", Certificates: []tls.Certificate{keyPair(t)}}
	talk := func(c *tls.Conn, h *headers) {
		defer c.Close()
		if _, err := io.WriteString(c, text); err != nil {
			t.Error(err)
		}
		b := make([]byte, len(text))
		if _, err := io.ReadFull(c, b); err != nil || string(b) != text {
			t.Error(err)
		}
		if h.longest != most+overhead {
			t.Errorf("the longest record has %d bytes, want %d", h.longest, most+overhead)
		}
	}
	t.Run("serve", func(t *testing.T) {
		s := startServe(t, "--echo", "--max-send-fragment", strconv.Itoa(most))
		tcp, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Fatal(err)
		}
		h := &headers{Conn: tcp}
		talk(tls.Client(h, config), h)
	})
	t.Run("connect", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		done := make(chan struct{})
		go func() {
			defer close(done)
			if tcp, err := l.Accept(); err != nil {
				t.Error(err)
			} else {
				h := &headers{Conn: tcp}
				talk(tls.Server(h, config), h)
			}
		}()
		if got, _ := tacetWith(t, 0, text, "connect", "--max-send-fragment", strconv.Itoa(most), "--ca", demoRoot, l.Addr().String()); got != text {
			t.Errorf("%d bytes came back", len(got))
		}
		<-done
	})
}

// TestContextOptions says that every option of node's createSecureContext but those of
// engines is a flag, under its name and on both sides.
func TestContextOptions(t *testing.T) {
	own := map[string]string{"SigAlgs": "sigalgs", "DHParam": "dhparam", "Defaults": "", "ClientCertEngine": "", "PrivateKeyEngine": "", "PrivateKeyIdentifier": ""}
	fields := reflect.TypeFor[transport.SecureContextOptions]()
	for i := range fields.NumField() {
		name, ok := own[fields.Field(i).Name]
		if !ok {
			name = flagName(fields.Field(i).Name)
		}
		for _, of := range []commandSet{ofConnect, ofTrace, ofServe} {
			set := newFlagSet("", "", stdio{})
			newOptions(set, of)
			if name != "" && set.Lookup(name) == nil {
				t.Errorf("%s: there is no --%s", fields.Field(i).Name, name)
			}
		}
	}
}

func TestFlagName(t *testing.T) {
	for option, want := range map[string]string{
		"ecdhCurve": "ecdh-curve", "ALPNProtocols": "alpn-protocols", "minDHSize": "min-dh-size", "sessionIdContext": "session-id-context",
		"pskCallback": "psk", "dhparam": "dhparam", "ca": "ca", "pskIdentityHint": "psk-identity-hint", "requestOCSP": "request-ocsp",
	} {
		if got := flagName(option); got != want {
			t.Errorf("%s is --%s, want --%s", option, got, want)
		}
	}
}

// TestWrongOptions names the option at fault, in the flag's words.
func TestWrongOptions(t *testing.T) {
	_, cert, key := files(t, credtest.P256)
	_, _, other := files(t, credtest.P384)
	for _, c := range []struct{ args, want string }{
		{"--cert " + cert, "--key: "},
		{"--cert " + cert + " --key " + key + " --key " + key, "--key: "},
		{"--cert " + cert + " --key " + other, "--key: "},
		{"--key " + key, "--key: "},
		{"--cert /nonexistent", "--cert: "},
		{"--min-version SSLv3", "--min-version: "},
		{"--ciphers nonsense", "--ciphers: "},
		{"--ecdh-curve nonsense", "--ecdh-curve: "},
		{"--sigalgs nonsense", "--sigalgs: "},
		{"--dhparam " + key, "--dhparam: "},
		{"--ticket-keys 00", "--ticket-keys: "},
		{"--ticket-keys x", "--ticket-keys: "},
		{"--session-timeout -1", "--session-timeout: "},
		{"--handshake-timeout -1", "--handshake-timeout: "},
		{"--listen nonsense", "--listen: "},
		{"--session-id-context " + strings.Repeat("x", 33), "--session-id-context: "},
		{"--secure-protocol TLSv9_method", "--secure-protocol: "},
		{"--secure-protocol TLS_method --max-version TLSv1.2", "--secure-protocol: "},
		{"--secure-options 0x800", "--secure-options: "},
		{"--crl " + key, "--crl: "},
		{"--pfx " + key, "--pfx: "},
		{"--max-send-fragment 511", "--max-send-fragment: "},
		{"--ocsp /nonexistent", "--ocsp: "},
		{"--alpn-protocols a,,b", "--alpn-protocols: "},
		{"--psk-identity-hint " + strings.Repeat("x", 257), "--psk-identity-hint: "},
	} {
		if _, told := tacetWith(t, 1, "", append([]string{"serve"}, strings.Fields(c.args)...)...); !strings.Contains(told, c.want) {
			t.Errorf("%s: %s", c.args, told)
		}
	}
	if _, told := tacetWith(t, 1, "", "serve", "--key", key); strings.Contains(told, "demo") {
		t.Errorf("a certificate in place of the one that is missing: %s", told)
	}
	if _, told := tacetWith(t, 1, "", "connect", "--min-dh-size", "-1", "127.0.0.1:1"); !strings.Contains(told, "--min-dh-size: ") {
		t.Error(told)
	}
}
