package main

import (
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tacet/handshake/cred/credtest"
)

// dialPlain says something without TLS and hears the answer.
func dialPlain(address, text string) (string, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if _, err := io.WriteString(c, text); err != nil {
		return "", err
	}
	b, err := io.ReadAll(c)
	return string(b), err
}

// listenGo is a server of crypto/tls that echoes and tells of each connection.
func listenGo(t *testing.T, config *tls.Config) (address string, states chan tls.ConnectionState) {
	t.Helper()
	return listenGoTo(t, config, func(c *tls.Conn) { _, _ = io.Copy(c, c) })
}

// listenGoTo is listenGo with another answer than an echo. It closes after it.
func listenGoTo(t *testing.T, config *tls.Config, answer func(*tls.Conn)) (address string, states chan tls.ConnectionState) {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	states = make(chan tls.ConnectionState, 16)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				conn := c.(*tls.Conn)
				if conn.Handshake() == nil {
					states <- conn.ConnectionState()
					answer(conn)
				}
			}()
		}
	}()
	return l.Addr().String(), states
}

// keyPair is the demo's certificate for crypto/tls.
func keyPair(t *testing.T) tls.Certificate {
	t.Helper()
	pair, err := tls.X509KeyPair(demoPEM, demoPEM)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

const demoRoot = "testdata/demo-root.pem"

// TestConnect compares the facts of a connection with what crypto/tls knows.
func TestConnect(t *testing.T) {
	_, cert, key := files(t, credtest.P256)
	address, states := listenGo(t, &tls.Config{
		Certificates: []tls.Certificate{keyPair(t)}, ClientAuth: tls.RequireAndVerifyClientCert,
		ClientCAs: credtest.CA(t).Pool(), NextProtos: []string{"echo"},
	})
	for _, version := range []string{"TLSv1.2", "TLSv1.3"} {
		t.Run(version, func(t *testing.T) {
			out, _ := tacetWith(t, 0, "hello\n", "connect", "--json", "--ca", demoRoot, "--max-version", version, "--cert", cert,
				"--key", key, "--alpn-protocols", "nothing,echo", "--ecdh-curve", "P-384:X25519:P-256", address, "--servername", "localhost")
			line, rest, _ := strings.Cut(out, "\n")
			if rest != "hello\n" {
				t.Errorf("%q came back", rest)
			}
			f, state := parseFacts(t, line), <-states
			secret, err := state.ExportKeyingMaterial(exporterLabel, nil, exporterLength)
			if err != nil {
				t.Fatal(err)
			}
			for what, pair := range map[string][2]any{
				"protocol":     {f["protocol"], version},
				"standardName": {at(f, "cipher", "standardName"), tls.CipherSuiteName(state.CipherSuite)},
				"alpnProtocol": {f["alpnProtocol"], "echo"},
				"servername":   {f["servername"], "localhost"},
				"servername 2": {state.ServerName, "localhost"},
				"authorized":   {f["authorized"], true},
				"subject":      {at(f, "peerCertificate", "subject", "CN"), demoName},
				"exporter":     {f["exporter"], hex.EncodeToString(secret)},
				"error":        {f["error"], nil},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
				}
			}
			if f["sharedSigalgs"].([]any) == nil || at(f, "ephemeralKeyInfo", "type") != "ECDH" {
				t.Error(f)
			}
		})
	}
}

// TestConnectResumes keeps a session in a file, and refuses no handshake for a bad one.
func TestConnectResumes(t *testing.T) {
	for _, version := range []string{"TLSv1.2", "TLSv1.3"} {
		s := startServe(t, "--json", "--max-version", version)
		file := filepath.Join(t.TempDir(), "session")
		for i, want := range []bool{false, true, true, false} {
			if i == 3 {
				if err := os.WriteFile(file, []byte("rubbish"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			out, told := tacetWith(t, 0, "", "connect", "--json", "--session", file, "--ca", demoRoot, s.address)
			if f, g := parseFacts(t, out), s.facts(t); f["reused"] != want || g["reused"] != want || f["authorized"] != true {
				t.Errorf("%s, connection %d: reused %v %v: %s", version, i, f["reused"], g["reused"], told)
			}
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(info.Mode(), err)
		}
	}
}

// TestConnectRefuses meets servers that it must not trust.
func TestConnectRefuses(t *testing.T) {
	address, _ := listenGo(t, &tls.Config{Certificates: []tls.Certificate{keyPair(t)}})
	for _, c := range []struct{ args, code string }{
		{"", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"},
		{"--ca " + demoRoot + " --servername elsewhere.example", "ERR_TLS_CERT_ALTNAME_INVALID"},
		{"--ca " + demoRoot + " --sigalgs rsa_pss_rsae_sha256 --max-version TLSv1.3", "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE"},
	} {
		out, told := tacetWith(t, 1, "", append([]string{"connect", "--json", address}, strings.Fields(c.args)...)...)
		f := parseFacts(t, out)
		if at(f, "error", "code") != c.code || f["authorized"] != false || told == "" {
			t.Errorf("%s: %v, want %s", c.args, f["error"], c.code)
		}
	}
	out, _ := tacetWith(t, 0, "x", "connect", "--json", "--reject-unauthorized=false", address)
	line, rest, _ := strings.Cut(out, "\n")
	if f := parseFacts(t, line); f["authorized"] != false || f["authorizationError"] != "UNABLE_TO_VERIFY_LEAF_SIGNATURE" || rest != "x" {
		t.Error(f, rest)
	}
}

// TestConnectNameless asks for no name and checks the host all the same.
func TestConnectNameless(t *testing.T) {
	other := credtest.CA(t).Leaf(t, credtest.P256, "elsewhere.example")
	ca, _, _ := files(t, credtest.P256)
	for _, c := range []struct {
		pair   tls.Certificate
		ca     string
		status int
	}{
		{keyPair(t), demoRoot, 0},
		{tls.Certificate{Certificate: other.Chain, PrivateKey: other.Key}, ca, 1},
	} {
		address, states := listenGo(t, &tls.Config{Certificates: []tls.Certificate{c.pair}})
		out, _ := tacetWith(t, c.status, "", "connect", "--json", "--servername", "", "--ca", c.ca, address)
		f := parseFacts(t, out)
		if f["authorized"] != (c.status == 0) {
			t.Error(f)
		}
		if c.status == 0 {
			if f["servername"] != false {
				t.Error(f)
			}
			if state := <-states; state.ServerName != "" {
				t.Errorf("asked for %q", state.ServerName)
			}
		} else if f["authorizationError"] != "ERR_TLS_CERT_ALTNAME_INVALID" {
			t.Error(f["authorizationError"])
		}
	}
}

func TestConnectNowhere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	out, _ := tacetWith(t, 1, "", "connect", "--json", l.Addr().String())
	if f := parseFacts(t, out); at(f, "error", "code") != "ECONNREFUSED" || f["protocol"] != nil || f["servername"] != nil {
		t.Error(f)
	}
	for _, args := range []string{"connect", "connect nonsense", "connect a:1 b:2", "connect --listen x a:1"} {
		tacetWith(t, 2, "", strings.Fields(args)...)
	}
}

// TestKeylogAndTrace checks a key log against the one that crypto/tls writes, and
// that a trace shows the messages.
func TestKeylogAndTrace(t *testing.T) {
	var theirs strings.Builder
	address, _ := listenGo(t, &tls.Config{Certificates: []tls.Certificate{keyPair(t)}, KeyLogWriter: &theirs})
	file := filepath.Join(t.TempDir(), "keys")
	_, told := tacetWith(t, 0, "", "connect", "--trace", "--keylog", file, "--ca", demoRoot, address)
	ours, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(theirs.String()) {
		if !strings.Contains(string(ours), line) {
			t.Errorf("not in the key log: %s", line)
		}
	}
	for _, want := range []string{"> ClientHello, ", "< ServerHello, ", "  cipher_suite: ", "< CertificateVerify, ", "> Finished, "} {
		if !strings.Contains(told, want) {
			t.Errorf("not in the trace: %q", want)
		}
	}
}

// startOpenSSL starts an s_server and gives the address that it listens at.
func startOpenSSL(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for {
		var word, address string
		if _, err := fmt.Fscanln(out, &word, &address); err == io.EOF {
			t.Fatal("s_server ended")
		} else if word == "ACCEPT" && address != "" {
			return address
		}
	}
}

// TestConnectOpenSSL talks to s_server, which turns lines round.
func TestConnectOpenSSL(t *testing.T) {
	openssl := peer(t, "openssl")
	ca, cert, key := files(t, credtest.RSA2048)
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		cmd := exec.CommandContext(t.Context(), openssl, "s_server", "-rev", "-accept", "127.0.0.1:0", version, "-cert", cert, "-key", key)
		address := startOpenSSL(t, cmd)
		// s_server -rev hangs up at the line CLOSE.
		got, _ := tacetWith(t, 0, "hello\nCLOSE\n", "connect", "--ca", ca, "--ign-eof", address)
		if got != "olleh\n" {
			t.Errorf("%s: %q", version, got)
		}
	}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
