package main

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"testing"
)

// sameFacts compares what tacet and node say in the same place.
func sameFacts(t *testing.T, ours, theirs object) {
	t.Helper()
	for name, b := range theirs {
		if slices.Contains([]string{"exporter", "finished", "peerFinished"}, name) {
			continue // of two connections
		}
		if x, y := marshal(t, ours[name]), marshal(t, b); x != y {
			t.Errorf("%s: %s, node has %s", name, x, y)
		}
	}
}

// nodeVersion is a version for node, which has to be told that the old ones are wanted.
func nodeVersion(version string) string {
	return fmt.Sprintf("maxVersion: '%s', minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0'", version)
}

// TestFactsOfNode asks node and tacet for the facts of connections to one server, which
// has each kind of key in turn, and finds the same keys and values.
func TestFactsOfNode(t *testing.T) {
	dir := liveFiles(t)
	for _, version := range []string{"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"} {
		for _, cert := range []string{"rsa.pem", "ec.pem", "p521.pem", "ed25519.pem"} {
			if cert == "ed25519.pem" && version < "TLSv1.2" {
				continue
			}
			t.Run(version+" "+cert, func(t *testing.T) {
				old := []string{"--min-version", "TLSv1", "--ciphers", "DEFAULT:@SECLEVEL=0", "--max-version", version}
				s := startServe(t, append(old, "--json", "--cert", filepath.Join(dir, cert), "--alpn-protocols", "b", "--ecdh-curve", "X25519")...)
				_, port, err := net.SplitHostPort(s.address)
				if err != nil {
					t.Fatal(err)
				}
				theirs := nextFacts(t, nodeLines(t, dir, "client", port, "ALPNProtocols: ['a', 'b'], "+nodeVersion(version)))
				bothKnow(t, s.facts(t), theirs)
				ours := tacet(t, append(append([]string{"connect"}, old...), "--json", "--ca", filepath.Join(dir, "ca.pem"), "--servername", "localhost", "--alpn-protocols", "a,b", s.address)...)
				sameFacts(t, parseFacts(t, ours), theirs)
			})
		}
	}
}

// TestServerFactsOfNode connects alike to a server of node's and to one of tacet's with
// the same options, and compares what they say of the client.
func TestServerFactsOfNode(t *testing.T) {
	dir := liveFiles(t)
	ca := filepath.Join(dir, "ca.pem")
	for _, version := range []string{"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"} {
		lines := nodeLines(t, dir, "server", `ca: file('ca.pem'), cert: file('ec.pem'), key: file('ec.pem'), requestCert: true,
			rejectUnauthorized: false, ALPNProtocols: ['b'], ecdhCurve: 'X25519:P-256', `+nodeVersion(version))
		if !lines.Scan() {
			t.Fatal("node ended")
		}
		address := lines.Text()
		s := startServe(t, "--json", "--request-cert", "--reject-unauthorized=false", "--ca", ca, "--cert", filepath.Join(dir, "ec.pem"),
			"--min-version", "TLSv1", "--ciphers", "DEFAULT:@SECLEVEL=0", "--max-version", version, "--alpn-protocols", "b", "--ecdh-curve", "X25519:P-256")
		for _, options := range []string{
			"", "--cert {rsa.pem}", "--cert testdata/demo.pem", "--alpn-protocols a,b --servername localhost",
			"--sigalgs ecdsa_secp256r1_sha256:rsa_pss_rsae_sha512",
		} {
			t.Run(version+" "+options, func(t *testing.T) {
				for _, a := range []string{address, s.address} {
					tacet(t, append([]string{"connect", "--min-version", "TLSv1", "--ciphers", "DEFAULT:@SECLEVEL=0", "--ca", ca, a}, args(dir, options)...)...)
				}
				sameFacts(t, s.facts(t), nextFacts(t, lines))
			})
		}
	}
}

// TestCodesOfNode has clients fail at a server of node's and at one of tacet's, and
// compares the codes of both sides.
func TestCodesOfNode(t *testing.T) {
	dir := liveFiles(t)
	lines := nodeLines(t, dir, "server", `cert: file('ec.pem'), key: file('ec.pem'), maxVersion: 'TLSv1.2', ALPNProtocols: ['b'], ecdhCurve: 'X25519:P-256'`)
	if !lines.Scan() {
		t.Fatal("node ended")
	}
	address := lines.Text()
	s := startServe(t, "--json", "--cert", filepath.Join(dir, "ec.pem"), "--max-version", "TLSv1.2", "--alpn-protocols", "b", "--ecdh-curve", "X25519:P-256")
	for _, options := range []string{
		"--ca {ca.pem} --min-version TLSv1.3",
		"--ca {ca.pem} --alpn-protocols c",
		"--ca {ca.pem} --ciphers ECDHE-RSA-AES128-GCM-SHA256 --max-version TLSv1.2",
		"--ca {ca.pem} --ciphers DHE-RSA-AES128-GCM-SHA256 --max-version TLSv1.2",
		"--ca {ca.pem} --min-version TLSv1 --max-version TLSv1.1 --ciphers DEFAULT:@SECLEVEL=0",
		"--ca testdata/demo-root.pem",
		"",
	} {
		t.Run(options, func(t *testing.T) {
			var clients [2]object
			for i, a := range []string{address, s.address} {
				out, _ := tacetWith(t, 1, "", append([]string{"connect", "--json", a}, args(dir, options)...)...)
				clients[i] = parseFacts(t, out)
			}
			if x, y := at(clients[1], "error", "code"), at(clients[0], "error", "code"); x != y {
				t.Errorf("the client: %v, at node %v", x, y)
			}
			theirs, ours := nextFacts(t, lines), s.facts(t)
			if x, y := at(ours, "error", "code"), at(theirs, "error", "code"); x != y {
				t.Errorf("the server: %v, node's %v", x, y)
			}
		})
	}
}
