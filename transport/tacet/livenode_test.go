package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// nodeLines runs testdata/peer.js and gives its lines.
func nodeLines(t *testing.T, arguments ...string) *bufio.Scanner {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, peer(t, "node"), append([]string{"--no-warnings", "testdata/peer.js"}, arguments...)...)
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
	return lines
}

// nextFacts is the next line as JSON.
func nextFacts(t *testing.T, lines *bufio.Scanner) object {
	t.Helper()
	if !lines.Scan() {
		t.Fatal("node ended")
	}
	return parseFacts(t, lines.Text())
}

// bothKnow compares what the two sides say that both must know.
func bothKnow(t *testing.T, ours, theirs object) {
	t.Helper()
	for ourName, theirName := range map[string]string{
		"protocol": "protocol", "cipher": "cipher", "alpnProtocol": "alpnProtocol", "reused": "reused",
		"exporter": "exporter", "finished": "peerFinished", "peerFinished": "finished",
	} {
		if x, y := marshal(t, ours[ourName]), marshal(t, theirs[theirName]); x != y {
			t.Errorf("%s: %s, node's %s: %s", ourName, x, theirName, y)
		}
	}
}

// TestConnectOptionsNode connects to a server of node's that echoes.
func TestConnectOptionsNode(t *testing.T) {
	dir := liveFiles(t)
	const psk = `ciphers: 'ALL:PSK:@SECLEVEL=0', maxVersion: 'TLSv1.2', cert: undefined, key: undefined, pskCallback: (s, id) => id === 'me' ? Buffer.from('00112233445566778899aabbccddeeff', 'hex') : null, `
	for _, c := range []liveRow{
		{name: "TLSv1", ours: "--min-version TLSv1" + old, theirs: `minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0'`, want: "protocol=TLSv1 cipher.version=TLSv1.0"},
		{name: "TLSv1.1", ours: "--min-version TLSv1 --max-version TLSv1.1" + old, theirs: `minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0'`, want: "protocol=TLSv1.1"},
		{name: "RSA and CBC", ours: "--ciphers AES256-SHA256", theirs: `maxVersion: 'TLSv1.2'`, want: "cipher.name=AES256-SHA256 ephemeralKeyInfo=map[]"},
		{name: "DHE", ours: "--ciphers DHE-RSA-AES128-SHA256", theirs: `maxVersion: 'TLSv1.2', dhparam: file('ffdhe2048.pem')`, want: "cipher.name=DHE-RSA-AES128-SHA256 ephemeralKeyInfo.type=DH ephemeralKeyInfo.size=2048"},
		{name: "min-dh-size", ours: "--ciphers kDHE --min-dh-size 3072", theirs: `maxVersion: 'TLSv1.2', dhparam: 'auto'`, want: "error.code=ERR_TLS_DH_PARAM_SIZE"},
		{name: "psk", ours: "--ciphers PSK" + psks, theirs: psk + `pskIdentityHint: 'guess'`, want: "protocol=TLSv1.2 authorized=true"},
		{name: "an unknown identity", ours: "--ciphers PSK --psk you:00", theirs: psk, want: "error.code=ERR_SSL_TLSV1_ALERT_UNKNOWN_PSK_IDENTITY error.alert=unknown_psk_identity"},
		{name: "request-ocsp", ours: "--request-ocsp", theirs: `ocsp: file('ocsp.der')`, want: "ocspResponse=" + hexFile(t, dir, "ocsp.der")},
		{name: "ecdh-curve", ours: "--ecdh-curve P-384", theirs: `ecdhCurve: 'P-256:P-384'`, want: "ephemeralKeyInfo.name=secp384r1"},
		{name: "encrypt-then-MAC not known", ours: "--ciphers ECDHE-RSA-AES128-SHA256", theirs: `maxVersion: 'TLSv1.2', secureOptions: 0x80000`, want: "cipher.name=ECDHE-RSA-AES128-SHA256"},
		{name: "secure-protocol", ours: "--secure-protocol TLSv1_1_method" + old, theirs: `minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0'`, want: "protocol=TLSv1.1"},
		{name: "secure-options", ours: "--secure-options 0x20000000", want: "protocol=TLSv1.2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := nodeLines(t, dir, "server", c.theirs)
			if !lines.Scan() {
				t.Fatal("node ended")
			}
			ours := append([]string{"connect", "--json", "--ca", filepath.Join(dir, "ca.pem"), lines.Text()}, args(dir, c.ours)...)
			out, _ := tacetWith(t, exit(c.want), "hello\n", ours...)
			line, rest, _ := strings.Cut(out, "\n")
			f := parseFacts(t, line)
			checkFacts(t, f, c.want)
			if fails(c.want) {
				return
			}
			if rest != "hello\n" {
				t.Errorf("%q came back", rest)
			}
			bothKnow(t, f, nextFacts(t, lines))
		})
	}
}

// TestServeOptionsNode has node connect to a server that echoes.
func TestServeOptionsNode(t *testing.T) {
	dir := liveFiles(t)
	const (
		rsa = "--cert {rsa.pem} "
		psk = `ciphers: 'ALL:PSK:@SECLEVEL=0', maxVersion: 'TLSv1.2', checkServerIdentity: () => {}, ` +
			`pskCallback: hint => (say({hint}), {identity: 'me', psk: Buffer.from('00112233445566778899aabbccddeeff', 'hex')}), `
	)
	for _, c := range []liveRow{
		{name: "TLSv1", ours: rsa + "--min-version TLSv1" + old, theirs: `minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0'`, want: "protocol=TLSv1"},
		{name: "TLSv1.1", ours: rsa + "--min-version TLSv1 --max-version TLSv1.1" + old, theirs: `minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0'`, want: "protocol=TLSv1.1"},
		{name: "RSA and CBC", ours: rsa + "--ciphers AES256-SHA256 --max-version TLSv1.2", want: "cipher.name=AES256-SHA256", seen: `"ephemeralKeyInfo":{}`},
		{name: "dhparam", ours: rsa + "--ciphers kDHE --max-version TLSv1.2 --dhparam {ffdhe2048.pem}", want: "cipher.name=DHE-RSA-AES256-GCM-SHA384", seen: `"ephemeralKeyInfo":{"type":"DH","size":2048}`},
		{name: "a small group", ours: rsa + "--ciphers kDHE --max-version TLSv1.2 --dhparam {modp_1536.pem}", theirs: `minDHSize: 2048`, want: "error=<nil>", seen: "ERR_TLS_DH_PARAM_SIZE"},
		{name: "psk-identity-hint", ours: "--ciphers PSK --psk-identity-hint guess" + psks, theirs: psk, want: "protocol=TLSv1.2", seen: `{"hint":"guess"}`},
		{name: "secure-protocol", ours: rsa + "--secure-protocol TLSv1_method" + old, theirs: `minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0'`, want: "protocol=TLSv1"},
		{name: "secure-options", ours: rsa + "--secure-options 0x20000000", want: "protocol=TLSv1.2"},
		{name: "ocsp", ours: rsa + "--ocsp {ocsp.der}", theirs: `requestOCSP: true`, want: "error=<nil>", seen: `"ocspResponse":"` + hexFile(t, dir, "ocsp.der")},
		{name: "request-cert", ours: rsa + "--request-cert --ca {ca.pem}", theirs: `cert: file('ec.pem'), key: file('ec.pem')`, want: "authorized=true peerCertificate.nistCurve=P-256"},
		{name: "reject-unauthorized", ours: rsa + "--request-cert --ca {ca.pem} --max-version TLSv1.2", want: "error.code=ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE", seen: "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startServe(t, append([]string{"--json"}, args(dir, c.ours)...)...)
			_, port, err := net.SplitHostPort(s.address)
			if err != nil {
				t.Fatal(err)
			}
			lines := nodeLines(t, dir, "client", port, c.theirs)
			f := s.facts(t)
			checkFacts(t, f, c.want)
			var all strings.Builder
			for lines.Scan() {
				line := lines.Text()
				fmt.Fprintln(&all, line)
				if theirs := parseFacts(t, line); theirs["finished"] != nil {
					bothKnow(t, f, theirs)
				}
			}
			refused := fails(c.want) || strings.HasPrefix(c.seen, "ERR_")
			if !strings.Contains(all.String(), c.seen) || !refused && !strings.Contains(all.String(), `{"data":"hello\n"}`) {
				t.Errorf("%q or the echo is not in\n%s", c.seen, &all)
			}
		})
	}
}
