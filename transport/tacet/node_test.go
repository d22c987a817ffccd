package main

import (
	"bufio"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"tacet/handshake/cred/credtest"
)

// nodeServer asks for a certificate, tolerates anything and prints facts.
const nodeServer = `
const tls = require('node:tls'), fs = require('node:fs');
const [ca, cert, key, maxVersion] = process.argv.slice(1).map((f, i) => i < 3 ? fs.readFileSync(f) : f);
const server = tls.createServer({ca, cert, key, maxVersion, requestCert: true, rejectUnauthorized: false, ALPNProtocols: ['b'], ecdhCurve: 'X25519:P-256'}, s => {
  console.log(JSON.stringify({protocol: s.getProtocol(), cipher: s.getCipher(), alpnProtocol: s.alpnProtocol, servername: s.servername,
    authorized: s.authorized, authorizationError: s.authorizationError, reused: s.isSessionReused(), ephemeralKeyInfo: s.getEphemeralKeyInfo(),
    peerCertificate: s.getPeerCertificate(), sharedSigalgs: s.getSharedSigalgs(), error: null}));
  s.on('error', () => {}).resume().end();
});
server.on('tlsClientError', e => console.log(JSON.stringify({error: {code: e.code}})));
server.listen(0, '127.0.0.1', () => console.log('127.0.0.1:' + server.address().port));
`

// startNode runs nodeServer and gives its address and its lines of facts.
func startNode(t *testing.T, args ...string) (string, *bufio.Scanner) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), peer(t, "node"), append([]string{"-e", nodeServer}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() {
		t.Fatal("node ended")
	}
	return lines.Text(), lines
}

// TestServerFactsOfNode connects alike to a server of node's and to one of
// tacet's with the same options, and compares what they say of the client.
func TestServerFactsOfNode(t *testing.T) {
	ca, cert, key := files(t, credtest.P256)
	_, rsaCert, rsaKey := files(t, credtest.RSA2048)
	for _, version := range []string{"TLSv1.2", "TLSv1.3"} {
		address, lines := startNode(t, ca, cert, key, version)
		s := startServe(t, "--json", "--request-cert", "--reject-unauthorized=false", "--ca", ca, "--cert", cert, "--key", key,
			"--max-version", version, "--alpn-protocols", "b", "--ecdh-curve", "X25519:P-256")
		for _, args := range []string{
			"", "--cert " + rsaCert + " --key " + rsaKey, "--cert testdata/demo.pem", "--alpn-protocols a,b --servername localhost",
			"--sigalgs ecdsa_secp256r1_sha256:rsa_pss_rsae_sha512",
		} {
			t.Run(fmt.Sprint(version, " ", args), func(t *testing.T) {
				for _, a := range []string{address, s.address} {
					tacet(t, append([]string{"connect", "--ca", ca, a}, strings.Fields(args)...)...)
				}
				if !lines.Scan() {
					t.Fatal("node ended")
				}
				theirs, ours := parseFacts(t, lines.Text()), s.facts(t)
				for name, b := range theirs {
					if o, ok := b.(object); ok {
						delete(o, "raw")
						delete(o, "pubkey")
						delete(o, "issuerCertificate")
					}
					if x, y := marshal(t, ours[name]), marshal(t, b); x != y {
						t.Errorf("%s: %s, node has %s", name, x, y)
					}
				}
			})
		}
	}
}

// TestCodesOfNode has clients fail at a server of node's and at one of tacet's,
// and compares the codes of both sides.
func TestCodesOfNode(t *testing.T) {
	ca, cert, key := files(t, credtest.P256)
	address, lines := startNode(t, demoRoot, cert, key, "TLSv1.2") // its own root it would send along
	s := startServe(t, "--json", "--cert", cert, "--key", key, "--max-version", "TLSv1.2", "--alpn-protocols", "b", "--ecdh-curve", "X25519:P-256")
	for _, args := range []string{
		"--ca=CA --min-version TLSv1.3",
		"--ca=CA --alpn-protocols c",
		"--ca=CA --ciphers ECDHE-RSA-AES128-GCM-SHA256 --max-version TLSv1.2",
		"--ca testdata/demo-root.pem",
		"",
	} {
		t.Run(args, func(t *testing.T) {
			var clients [2]object
			for i, a := range []string{address, s.address} {
				out, _ := tacetWith(t, 1, "", append([]string{"connect", "--json", a}, strings.Fields(strings.ReplaceAll(args, "=CA", "="+ca))...)...)
				clients[i] = parseFacts(t, out)
			}
			if x, y := at(clients[1], "error", "code"), at(clients[0], "error", "code"); x != y {
				t.Errorf("the client: %v, at node %v", x, y)
			}
			if !lines.Scan() {
				t.Fatal("node ended")
			}
			theirs, ours := parseFacts(t, lines.Text()), s.facts(t)
			if x, y := at(ours, "error", "code"), at(theirs, "error", "code"); x != y {
				t.Errorf("the server: %v, node's %v", x, y)
			}
		})
	}
}
