package main

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tacet/handshake/cred/credtest"
	"tacet/transport"
)

// noSilence is for servers that close when they have answered: how long that takes is
// nothing to the trace.
const noSilence = "1h"

// TestTrace draws connections to a server of crypto/tls that sends back what it hears.
func TestTrace(t *testing.T) {
	_, cert, key := files(t, credtest.RSA2048)
	const said = "hello"
	address, _ := listenGoTo(t, &tls.Config{
		Certificates: []tls.Certificate{keyPair(t)}, ClientAuth: tls.RequestClientCert, CurvePreferences: []tls.CurveID{tls.CurveP256},
	}, func(c *tls.Conn) { _, _ = io.CopyN(c, c, int64(len(said))) })
	for version, want := range map[string][]string{
		"TLSv1.2": {"ClientHello ", "ServerKeyExchange ", "ClientKeyExchange ", "CertificateVerify ", "Finished ", "Secure: TLSv1.2"},
		"TLSv1.3": {"HelloRetryRequest ", "wants a share of secp256r1", "CertificateRequest ", "CertificateVerify ", "Finished ", "Secure: TLSv1.3"},
	} {
		out, _ := tacetWith(t, 0, said, "trace", "--ca", demoRoot, "--max-version", version, "--cert", cert, "--key", key,
			"--silence", noSilence, address)
		for _, w := range append(want, `"hello"`, "warning close_notify", "PeerClosed") {
			if !strings.Contains(out, w) {
				t.Errorf("%s: %q is not in\n%s", version, w, out)
			}
		}
		for line := range strings.Lines(out) {
			if n := utf8.RuneCountInString(line); n > 80 {
				t.Errorf("%d columns: %s", n, line)
			}
		}
	}
	out, told := tacetWith(t, 1, "", "trace", address)
	if !strings.Contains(out, "fatal unknown_ca") || !strings.Contains(told, "unknown_ca") {
		t.Errorf("%s\n%s", out, told)
	}
	tacetWith(t, 2, "", "trace", "nonsense")
}

// TestTraceSilence closes the connection to a server that says nothing, and one that closes
// when the client does.
func TestTraceSilence(t *testing.T) {
	address, _ := listenGo(t, &tls.Config{Certificates: []tls.Certificate{keyPair(t)}})
	out, _ := tacetWith(t, 0, "", "trace", "--ca", demoRoot, "--silence", "1ms", address)
	if !strings.Contains(out, "warning close_notify") {
		t.Error(out)
	}
}

// TestNotTLS meets a server that speaks something else.
func TestNotTLS(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("HTTP/1.0 400 Bad Request\r\n\r\n"))
		}
	}()
	if out, _ := tacetWith(t, 1, "", "trace", l.Addr().String()); !strings.Contains(out, "✗") {
		t.Error(out)
	}
	out, _ := tacetWith(t, 1, "", "connect", "--json", l.Addr().String())
	if f := parseFacts(t, out); at(f, "error", "code") != "ERR_SSL_WRONG_VERSION_NUMBER" {
		t.Error(f["error"])
	}
}

// TestTraceAccounts says that all bytes of a connection, large data among them,
// are in the ladder, and every record has something in it.
func TestTraceAccounts(t *testing.T) {
	for _, options := range []string{
		"--max-version TLSv1.2", "--max-version TLSv1.3", "--ciphers TLS_AES_128_CCM_8_SHA256:DEFAULT:@SECLEVEL=0",
		"--max-version TLSv1.2 --ciphers ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0", "--max-version TLSv1.2 --ciphers ECDHE-ECDSA-AES256-SHA384",
		"--max-version TLSv1.2 --ciphers ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0", "--max-version TLSv1 --min-version TLSv1 --ciphers ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0",
		"--max-version TLSv1.1 --min-version TLSv1 --ciphers ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0",
	} {
		const size = 100_000
		address, version := listenEcho(t, size), options
		o := newOptions(newFlagSet("trace", "", stdio{}), ofTrace)
		if _, err := o.parseTarget(t.Context(), append([]string{"--ca", demoRoot, address}, strings.Fields(options)...)); err != nil {
			t.Fatal(err)
		}
		e, answer, err := o.engine()
		if err != nil {
			t.Fatal(err)
		}
		tcp, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer tcp.Close()
		wire := &counting{Conn: tcp}
		l := newLive(wire, e, version, time.Hour)
		l.drawn.sides[client].judge = answer
		if err := l.talk([]byte(strings.Repeat("x", size)), false); err != nil {
			t.Fatal(err)
		}
		var data [2]int
		for _, r := range l.drawn.rungs {
			if r.record == nil {
				continue
			}
			if len(r.record.parts) == 0 {
				t.Errorf("%s: a record of the %v with nothing in it: %v, %d bytes", version, r.at, r.record.typ, len(r.record.wire))
			}
			for _, p := range r.record.parts {
				if p.name == "application_data" {
					data[r.at] += len(p.bytes)
				}
			}
		}
		if got := l.drawn.tally().bytes; got != [2]int{wire.written, wire.read} || data != [2]int{size, size} {
			t.Errorf("%s: %v bytes in the ladder, %d and %d on the wire; data %v", version, got, wire.written, wire.read, data)
		}
	}
}

// listenEcho is a server of all versions that sends so many bytes back, and closes.
func listenEcho(t *testing.T, size int64) (address string) {
	t.Helper()
	server, err := transport.NewServer(transport.ServerOptions{
		SecureContextOptions: transport.SecureContextOptions{
			Cert: [][]byte{demoPEM}, Key: []transport.KeyObject{{PEM: demoPEM}}, MinVersion: transport.TLS10,
			Ciphers: "TLS_AES_128_CCM_8_SHA256:TLS_AES_128_GCM_SHA256:ALL:eNULL:@SECLEVEL=0",
		},
		OnSecureConnection: func(c *transport.Socket) {
			defer c.Close()
			_, _ = io.CopyN(c, c, size)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go server.Serve(l)
	return l.Addr().String()
}

// counting counts the bytes of a connection.
type counting struct {
	net.Conn
	read, written int
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.read += n
	return n, err
}

func (c *counting) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.written += n
	return n, err
}

// TestTraceOpenSSL draws a page that s_server gives.
func TestTraceOpenSSL(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ca, cert, key := files(t, credtest.P384)
	cmd := exec.CommandContext(ctx, peer(t, "openssl"), "s_server", "-www", "-accept", "127.0.0.1:0", "-cert", cert, "-key", key)
	address := startOpenSSL(t, cmd)
	out, _ := tacetWith(t, 0, "GET / HTTP/1.0\r\n\r\n", "trace", "--silence", noSilence, "--ca", ca, address)
	for _, want := range []string{"NewSessionTicket ", `"HTTP/1.0 200 ok`, "ecdsa_secp384r1_sha384", "PeerClosed"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

// TestTraceResumes draws a connection, and its resumption by --session; and external
// pre-shared keys, with key exchange and without.
func TestTraceResumes(t *testing.T) {
	draw := func(s *serving, options ...string) string {
		out, _ := tacetWith(t, 0, "GET / HTTP/1.0\r\n\r\n", append([]string{"trace", "--silence", noSilence, s.address}, options...)...)
		if !strings.Contains(out, `"GET / HTTP/1.0`) || !strings.Contains(out, `"HTTP/1.1 200 OK`) {
			t.Error(out)
		}
		return out
	}
	for version, want := range map[string]string{"TLSv1.2": "takes the session", "TLSv1.3": "takes the ticket"} {
		s, file := startServe(t, "--www", "--max-version", version), filepath.Join(t.TempDir(), "session")
		for _, resumes := range []bool{false, true} {
			out := draw(s, "--session", file, "--ca", demoRoot)
			if strings.Contains(out, want) != resumes || strings.Contains(out, ", resumed") != resumes {
				t.Errorf("%s, resumes %v:\n%s", version, resumes, out)
			}
		}
	}
	alone := []string{"--psk", psk, "--secure-options", "0x400", "--ciphers", "TLS_AES_128_GCM_SHA256", "--ecdh-curve"}
	s := startServe(t, append(append([]string{"--www"}, alone...), "P-384")...)
	if out := draw(s, append(alone, "P-256")...); !strings.Contains(out, "no key exchange") {
		t.Error(out)
	}
	if out := draw(startServe(t, "--www", "--psk", psk), "--psk", psk); !strings.Contains(out, `offers the key of "me"`) {
		t.Error(out)
	}
}
