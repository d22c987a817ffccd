package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSessionsOpenSSL resumes sessions of s_server by --session.
func TestSessionsOpenSSL(t *testing.T) {
	openssl, dir := peer(t, "openssl"), liveFiles(t)
	for _, c := range []liveRow{
		{name: "ticket, TLSv1.3", theirs: "-tls1_3"},
		{name: "ticket, TLSv1.2", theirs: "-tls1_2"},
		{name: "id, TLSv1.2", theirs: "-tls1_2 -no_ticket"},
		{name: "ticket, TLSv1", theirs: "-tls1 -cipher ALL:@SECLEVEL=0", ours: "--min-version TLSv1" + old},
		{name: "id, TLSv1.1", theirs: "-tls1_1 -no_ticket -cipher ALL:@SECLEVEL=0", ours: "--min-version TLSv1" + old},
		{name: "ticket and key", theirs: "-tls1_2 -nocert -psk_identity me -psk 00112233445566778899aabbccddeeff -cipher PSK", ours: "--ciphers PSK" + psks},
	} {
		t.Run(c.name, func(t *testing.T) {
			theirs := append([]string{"s_server", "-rev", "-accept", "127.0.0.1:0", "-cert", filepath.Join(dir, "rsa.pem")}, args(dir, c.theirs)...)
			address := startOpenSSL(t, exec.CommandContext(t.Context(), openssl, theirs...))
			ours := append([]string{
				"connect", "--json", "--ign-eof", "--session", filepath.Join(t.TempDir(), "session"), "--ca", filepath.Join(dir, "ca.pem"), address,
			}, args(dir, c.ours)...)
			for _, want := range []string{"reused=false", "reused=true"} {
				out, _ := tacetWith(t, 0, "hello\nCLOSE\n", ours...)
				line, rest, _ := strings.Cut(out, "\n")
				if checkFacts(t, parseFacts(t, line), want); rest != "olleh\n" {
					t.Errorf("%q came back", rest)
				}
			}
		})
	}
}

// TestSessionsNode resumes sessions of node's.
func TestSessionsNode(t *testing.T) {
	dir := liveFiles(t)
	for name, options := range map[string]string{
		"ticket, TLSv1.3": ``,
		"ticket, TLSv1.2": `maxVersion: 'TLSv1.2'`,
		"id, TLSv1.2":     `maxVersion: 'TLSv1.2', secureOptions: 0x4000, store: new Map()`,
	} {
		t.Run(name, func(t *testing.T) {
			lines := nodeLines(t, dir, "server", options)
			if !lines.Scan() {
				t.Fatal("node ended")
			}
			address, file := lines.Text(), filepath.Join(t.TempDir(), "session")
			for _, want := range []string{"reused=false", "reused=true"} {
				out, _ := tacetWith(t, 0, "hello\n", "connect", "--json", "--session", file, "--ca", filepath.Join(dir, "ca.pem"), address)
				line, _, _ := strings.Cut(out, "\n")
				f := parseFacts(t, line)
				checkFacts(t, f, want)
				bothKnow(t, f, nextFacts(t, lines))
			}
		})
	}
}

// TestServeSessions has s_client resume its session, at the same server or another.
func TestServeSessions(t *testing.T) {
	openssl, dir := peer(t, "openssl"), liveFiles(t)
	keys := " --ticket-keys " + strings.Repeat("4a", 48)
	for _, c := range []struct{ name, first, second, theirs, want string }{
		{name: "ticket, TLSv1.3", theirs: "-tls1_3", want: "reused=true"},
		{name: "ticket, TLSv1.2", theirs: "-tls1_2", want: "reused=true"},
		{name: "ticket, TLSv1", first: "--min-version TLSv1" + old, theirs: "-tls1 -cipher ALL:@SECLEVEL=0", want: "reused=true"},
		{name: "id", first: "--secure-options 0x4000", theirs: "-tls1_2", want: "reused=true"},
		{name: "ticket-keys", first: keys, second: keys, theirs: "-tls1_2", want: "reused=true"},
		{name: "other ticket-keys", first: keys, second: "--secure-options 0", theirs: "-tls1_2", want: "reused=false"},
		{name: "session-id-context", first: "--session-id-context a" + keys, second: "--session-id-context a" + keys, theirs: "-tls1_2", want: "reused=true"},
		{name: "another session-id-context", first: "--session-id-context a" + keys, second: "--session-id-context b" + keys, theirs: "-tls1_2", want: "reused=false"},
		{name: "another session-id-context, TLSv1.3", first: "--session-id-context a" + keys, second: "--session-id-context b" + keys, theirs: "-tls1_3", want: "reused=false"},
	} {
		t.Run(c.name, func(t *testing.T) {
			serve := func(options string) *serving {
				return startServe(t, append([]string{"--www", "--json", "--cert", filepath.Join(dir, "rsa.pem")}, args(dir, options)...)...)
			}
			s, file := serve(c.first), filepath.Join(t.TempDir(), "session")
			ask := func(flag string) object {
				cmd := exec.CommandContext(t.Context(), openssl, append([]string{"s_client", "-quiet", flag, file, "-connect", s.address}, args(dir, c.theirs)...)...)
				cmd.Stdin = strings.NewReader("GET / HTTP/1.0\r\n\r\n")
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				return s.facts(t)
			}
			checkFacts(t, ask("-sess_out"), "reused=false")
			if c.second != "" {
				s = serve(c.second)
			}
			checkFacts(t, ask("-sess_in"), c.want)
		})
	}
}
