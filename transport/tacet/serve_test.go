package main

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tacet/handshake/cred/credtest"
)

func keyPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// TestServeModes talks to each kind of server, as crypto/tls.
func TestServeModes(t *testing.T) {
	for _, c := range []struct{ mode, say, want string }{
		{"--echo", "one\ntwo\n", "one\ntwo\n"},
		{"--reverse", "one\r\ntwo\n", "eno\nowt\n"},
	} {
		for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(fmt.Sprint(c.mode, " ", tls.VersionName(v)), func(t *testing.T) {
				s := startServe(t, c.mode)
				conn, err := dialGo(t, s.address, &tls.Config{MaxVersion: v})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(conn, c.say); err != nil {
					t.Fatal(err)
				}
				if err := conn.CloseWrite(); err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(conn)
				if string(got) != c.want || err != nil {
					t.Errorf("%q %v, want %q", got, err, c.want)
				}
			})
		}
	}
}

func TestServeWWW(t *testing.T) {
	s := startServe(t, "--www", "--json", "--alpn-protocols", "http/1.1")
	web := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: demoPool(t), ServerName: "localhost", NextProtos: []string{"http/1.1"}}}}
	answer, err := web.Get("https://" + s.address + "/any/path")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/plain") {
		t.Fatal(answer.Status, answer.Header, err)
	}
	page, line := parseFacts(t, string(body)), s.facts(t)
	for _, f := range []object{page, line} {
		if f["protocol"] != "TLSv1.3" || f["servername"] != "localhost" || f["alpnProtocol"] != "http/1.1" || f["error"] != nil {
			t.Error(f)
		}
	}
	if !strings.HasSuffix(string(body), "}\n") {
		t.Errorf("%q is no page of lines", body)
	}
	if page["exporter"] != line["exporter"] {
		t.Error("the page and the line are of two connections")
	}
}

// TestServeWWWEnd looks at how the answer comes: in one record, then
// close_notify, after which the server still reads.
func TestServeWWWEnd(t *testing.T) {
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		s := startServe(t, "--www")
		conn, err := dialGo(t, s.address, &tls.Config{MaxVersion: v})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 1<<14)
		n, err := conn.Read(b) // one record at a time
		head, body, _ := strings.Cut(string(b[:n]), "\r\n\r\n")
		if err != nil && err != io.EOF || !strings.Contains(head, fmt.Sprintf("Content-Length: %d\r\n", len(body))) {
			t.Fatalf("%v: %q", err, b[:n])
		}
		if n, err := conn.Read(b); n != 0 || err != io.EOF {
			t.Errorf("%q, %v, want the end", b[:n], err)
		}
		if _, err := io.WriteString(conn, "more"); err != nil {
			t.Error(err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestServeFacts compares what the server says with what crypto/tls knows.
func TestServeFacts(t *testing.T) {
	ca, cert, key := files(t, credtest.P256)
	s := startServe(t, "--json", "--request-cert", "--ca", ca, "--cert", cert, "--key", key, "--alpn-protocols", "x,y")
	mine, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		conn, err := dialGo(t, s.address, &tls.Config{
			RootCAs: credtest.CA(t).Pool(), MaxVersion: v, ServerName: "localhost",
			NextProtos: []string{"y"}, Certificates: []tls.Certificate{mine},
		})
		if err != nil {
			t.Fatal(err)
		}
		f, state := s.facts(t), conn.ConnectionState()
		secret, err := state.ExportKeyingMaterial(exporterLabel, nil, exporterLength)
		if err != nil {
			t.Fatal(err)
		}
		for what, pair := range map[string][2]any{
			"protocol":     {f["protocol"], strings.Replace(tls.VersionName(v), "TLS ", "TLSv", 1)},
			"standardName": {at(f, "cipher", "standardName"), tls.CipherSuiteName(state.CipherSuite)},
			"alpnProtocol": {f["alpnProtocol"], "y"},
			"servername":   {f["servername"], "localhost"},
			"authorized":   {f["authorized"], true},
			"subject":      {at(f, "peerCertificate", "subject", "CN"), "localhost"},
			"exporter":     {f["exporter"], hex.EncodeToString(secret)},
			"reused":       {f["reused"], false},
			"error":        {f["error"], nil},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
			}
		}
	}
}

// TestServeGoesOn has handshakes fail, each in its own way, and then one succeed.
func TestServeGoesOn(t *testing.T) {
	ca, cert, key := files(t, credtest.P256)
	s := startServe(t, "--json", "--request-cert", "--ca", ca, "--cert", cert, "--key", key)
	for _, c := range []struct {
		config      *tls.Config
		code, alert any
	}{
		{&tls.Config{InsecureSkipVerify: true}, "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE", "certificate_required"},
		{&tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}, "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE", "handshake_failure"},
		{&tls.Config{ServerName: "localhost", RootCAs: demoPool(t)}, "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", "bad_certificate"},
		{&tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, "ERR_SSL_UNSUPPORTED_PROTOCOL", "protocol_version"},
		{&tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}}, "ERR_SSL_NO_SHARED_CIPHER", "handshake_failure"},
	} {
		conn, err := dialGo(t, s.address, c.config)
		if err == nil { // TLS 1.3: the client is done first
			_, err = conn.Read(make([]byte, 1))
		}
		f := s.facts(t)
		if err == nil || at(f, "error", "code") != c.code || at(f, "error", "alert") != c.alert {
			t.Errorf("%v: %v, want %v %v", err, f["error"], c.code, c.alert)
		}
	}
	if _, err := dialPlain(s.address, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	f := s.facts(t)
	if at(f, "error", "code") != "ERR_SSL_HTTP_REQUEST" {
		t.Error(f)
	}
	for _, unknown := range []string{"protocol", "cipher", "alpnProtocol", "servername"} { // node has null before it is known, and false for none
		if v, ok := f[unknown]; v != nil || !ok {
			t.Errorf("%s of no connection: %v", unknown, v)
		}
	}
	mine, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dialGo(t, s.address, &tls.Config{RootCAs: credtest.CA(t).Pool(), ServerName: "localhost", Certificates: []tls.Certificate{mine}}); err != nil {
		t.Fatal(err)
	}
	if f := s.facts(t); f["error"] != nil || f["authorized"] != true {
		t.Error(f)
	}
}

// TestServeStops ends a server that has a connection open.
func TestServeStops(t *testing.T) {
	s := startServe(t)
	conn, err := dialGo(t, s.address, &tls.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil { // both sides are secure then
		t.Fatal(err)
	}
	if code := s.stop(); code != 0 {
		t.Fatalf("status %d", code)
	}
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("%v, want the EOF of a close_notify", err)
	}
	if _, err := dialGo(t, s.address, &tls.Config{}); err == nil {
		t.Error("it still listens")
	}
}

// stuck is an output that takes one line, and then no more until release.
type stuck struct {
	first         chan string
	told          bool
	full, release chan struct{}
}

func (s *stuck) Write(b []byte) (int, error) {
	if !s.told {
		s.told = true
		s.first <- string(b)
		return len(b), nil
	}
	close(s.full)
	<-s.release
	return len(b), nil
}

// TestServeStopsUnread ends a server whose output nobody reads any more.
func TestServeStopsUnread(t *testing.T) {
	out := &stuck{first: make(chan string), full: make(chan struct{}), release: make(chan struct{})}
	defer close(out.release)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, []string{"serve", "--json"}, stdio{nil, out, io.Discard}) }()
	address := strings.TrimSpace(strings.TrimPrefix(<-out.first, "listening "))
	if _, err := dialGo(t, address, &tls.Config{}); err != nil {
		t.Fatal(err)
	}
	<-out.full
	cancel()
	select {
	case code := <-ended:
		if code != 0 {
			t.Errorf("status %d", code)
		}
	case <-time.After(patience):
		t.Error("it waits for who reads no more")
	}
}

// TestServeOpenSSL asks the page of facts of a server of each kind of key.
func TestServeOpenSSL(t *testing.T) {
	openssl := peer(t, "openssl")
	for _, kind := range []credtest.Kind{credtest.RSA2048, credtest.P384, credtest.Ed25519} {
		for _, version := range []string{"-tls1_2", "-tls1_3"} {
			t.Run(fmt.Sprint(kind, " ", version), func(t *testing.T) {
				ca, cert, key := files(t, kind)
				s := startServe(t, "--www", "--cert", cert, "--key", key)
				cmd := exec.CommandContext(t.Context(), openssl, "s_client", "-quiet", "-verify_return_error", version,
					"-CAfile", ca, "-servername", "localhost", "-connect", s.address)
				cmd.Stdin = strings.NewReader("GET / HTTP/1.0\r\n\r\n")
				out, err := cmd.Output()
				if err != nil {
					t.Fatal(err)
				}
				_, body, _ := strings.Cut(string(out), "\r\n\r\n")
				if f := parseFacts(t, body); f["servername"] != "localhost" || f["finished"] == nil {
					t.Error(f)
				}
			})
		}
	}
}

func TestServeUsage(t *testing.T) {
	for args, want := range map[string]int{
		"--www --echo": 2, "--listen nonsense": 1, "--cert /nonexistent": 1, "--ticket-keys abcd": 1, "--min-version TLSv9": 1,
		"--ciphers nonsense": 1, "--ecdh-curve nonsense": 1, "--sigalgs nonsense": 1, "--max-send-fragment 5": 1,
		"--min-version TLSv1.3 --max-version TLSv1.2": 1, "--keylog /nonexistent/keys": 1, "--pfx /nonexistent": 1,
		"--ca /nonexistent": 1, "--crl /nonexistent": 1, "--session-timeout -1": 1, "--servername x": 2,
	} {
		_, told := tacetWith(t, want, "", append([]string{"serve"}, strings.Fields(args)...)...)
		if told == "" {
			t.Errorf("%s: not a word", args)
		}
	}
}
