package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// twoHandshakes checks that two lines of facts are of one connection and two handshakes.
func twoHandshakes(t *testing.T, first, second object) {
	t.Helper()
	if first["protocol"] != second["protocol"] || first["finished"] == nil || first["finished"] == second["finished"] || second["error"] != nil {
		t.Errorf("not two handshakes:\n%v\n%v", first, second)
	}
}

// TestConnectRenegotiates asks s_server for another handshake, by a flag and by a line
// of the input.
func TestConnectRenegotiates(t *testing.T) {
	openssl, dir := peer(t, "openssl"), liveFiles(t)
	for _, c := range []struct{ name, ours, theirs, in string }{
		{"TLSv1.2", "--renegotiate", "-tls1_2", "hello\nCLOSE\n"},
		{"TLSv1", "--renegotiate --min-version TLSv1" + old, "-tls1 -cipher ALL:@SECLEVEL=0", "hello\nCLOSE\n"},
		{"certificate", "--renegotiate --cert {ec.pem}", "-tls1_2 -Verify 1 -CAfile {ca.pem}", "hello\nCLOSE\n"},
		{"line", "--commands", "-tls1_2", "R\nhello\nCLOSE\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			theirs := append([]string{"s_server", "-rev", "-client_renegotiation", "-accept", "127.0.0.1:0", "-cert", filepath.Join(dir, "rsa.pem")}, args(dir, c.theirs)...)
			address := startOpenSSL(t, exec.CommandContext(t.Context(), openssl, theirs...))
			ours := append([]string{"connect", "--json", "--ign-eof", "--ca", filepath.Join(dir, "ca.pem"), address}, args(dir, c.ours)...)
			out, _ := tacetWith(t, 0, c.in, ours...)
			lines := strings.SplitN(out, "\n", 3)
			if len(lines) < 3 || lines[2] != "olleh\n" {
				t.Fatalf("%q", out)
			}
			twoHandshakes(t, parseFacts(t, lines[0]), parseFacts(t, lines[1]))
		})
	}
	t.Run("refused", func(t *testing.T) { // by s_server, which says so
		address := startOpenSSL(t, exec.CommandContext(t.Context(), openssl, "s_server", "-rev", "-tls1_2", "-accept", "127.0.0.1:0", "-cert", filepath.Join(dir, "rsa.pem")))
		_, told := tacetWith(t, 1, "", "connect", "--renegotiate", "--ca", filepath.Join(dir, "ca.pem"), address)
		if !strings.Contains(told, "ERR_SSL_NO_RENEGOTIATION") {
			t.Error(told)
		}
	})
}

// TestConnectQuits ends a connection by a line of the input, which is no failure.
func TestConnectQuits(t *testing.T) {
	s := startServe(t, "--json")
	if out, told := tacetWith(t, 0, "Q\nnot sent\n", "connect", "--commands", "--ca", demoRoot, s.address); out+told != "" {
		t.Errorf("%q came back, told %q", out, told)
	}
}

// TestRenegotiationNode has either side ask, with node.
func TestRenegotiationNode(t *testing.T) {
	dir := liveFiles(t)
	t.Run("node's server asks", func(t *testing.T) {
		lines := nodeLines(t, dir, "server", `maxVersion: 'TLSv1.2', renegotiate: true`)
		if !lines.Scan() {
			t.Fatal("node ended")
		}
		in, w := io.Pipe()
		var out bytes.Buffer
		done := make(chan int, 1)
		args := []string{"connect", "--ca", filepath.Join(dir, "ca.pem"), lines.Text()}
		go func() { done <- run(t.Context(), args, stdio{in, &out, io.Discard}) }()
		twoHandshakes(t, nextFacts(t, lines), nextFacts(t, lines))
		_, _ = io.WriteString(w, "hello\n")
		w.Close()
		if code := <-done; code != 0 || out.String() != "hello\n" {
			t.Errorf("status %d, %q came back", code, &out)
		}
	})
	for _, c := range []struct{ name, ours, theirs, seen, told string }{
		{"node's client asks", "", "renegotiate: true", `{"data":"hello\n"}`, ""},
		{"we ask", "--renegotiate", "awaits: true", `{"data":"hello\n"}`, ""},
		{"not allowed", "--secure-options 0x40000000", "renegotiate: true", "ERR_SSL_NO_RENEGOTIATION", ""},
		{"disabled", "--disable-renegotiation", "renegotiate: true", `"error"`, "ERR_TLS_RENEGOTIATION_DISABLED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startServe(t, append([]string{"--json", "--max-version", "TLSv1.2", "--cert", filepath.Join(dir, "rsa.pem")}, args(dir, c.ours)...)...)
			_, port, err := net.SplitHostPort(s.address)
			if err != nil {
				t.Fatal(err)
			}
			lines, all := nodeLines(t, dir, "client", port, c.theirs), ""
			for lines.Scan() {
				all += lines.Text() + "\n"
			}
			if !strings.Contains(all, c.seen) {
				t.Errorf("%s is not in\n%s", c.seen, all)
			}
			first := s.facts(t)
			if c.ours == "--renegotiate" {
				twoHandshakes(t, first, s.facts(t))
			}
		})
	}
}

// TestServeRenegotiates asks s_client for another handshake, and is asked by it.
func TestServeRenegotiates(t *testing.T) {
	openssl, dir := peer(t, "openssl"), liveFiles(t)
	for name, ours := range map[string]string{"we ask": "--renegotiate", "s_client asks": ""} {
		t.Run(name, func(t *testing.T) {
			s := startServe(t, append([]string{"--www", "--json", "--cert", filepath.Join(dir, "rsa.pem")}, args(dir, ours)...)...)
			cmd := exec.CommandContext(t.Context(), openssl, "s_client", "-tls1_2", "-connect", s.address)
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			cmd.Stderr = cmd.Stdout
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			wait := func(word string) {
				for lines.Scan() {
					if strings.Contains(lines.Text(), word) {
						return
					}
				}
				t.Fatalf("no %s", word)
			}
			first := s.facts(t)
			if ours == "" {
				wait("Verify return code")
				_, _ = io.WriteString(in, "R\n") // s_client wants it alone
				wait("RENEGOTIATING")
			} else {
				twoHandshakes(t, first, s.facts(t))
			}
			_, _ = io.WriteString(in, "GET / HTTP/1.0\r\n\r\n")
			wait("HTTP/1.1 200 OK")
			_ = cmd.Wait()
		})
	}
}
