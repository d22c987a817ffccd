package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestTrace12 draws handshakes up to TLS 1.2 of every kind with s_server, each with a
// renegotiation.
func TestTrace12(t *testing.T) {
	openssl, dir := peer(t, "openssl"), liveFiles(t)
	const psk = "-nocert -psk_identity me -psk 00112233445566778899aabbccddeeff -tls1_2 -cipher ALL:PSK:@SECLEVEL=0"
	for _, c := range []liveRow{
		{name: "RSA and CBC", ours: "--min-version TLSv1 --ciphers AES128-SHA:@SECLEVEL=0", theirs: "-cert {rsa.pem} -tls1 -cipher ALL:@SECLEVEL=0",
			want: "ClientKeyExchange 262  premaster secret in 256 bytes|Secure: TLSv1, TLS_RSA_WITH_AES_128_CBC_SHA"},
		{name: "DHE", ours: "--ciphers kDHE", theirs: "-cert {rsa.pem} -tls1_2 -dhparam {ffdhe2048.pem}",
			want: "ServerKeyExchange 783  DH of 2048 bits|rsa_pss_rsae_sha256|ClientKeyExchange 262  share of 256 bytes|DH of 2048 bits"},
		{name: "DHE with MD5 and SHA-1", ours: "--min-version TLSv1 --ciphers DHE-RSA-AES256-SHA:@SECLEVEL=0", theirs: "-cert {rsa.pem} -tls1_1 -dhparam {ffdhe2048.pem} -cipher ALL:@SECLEVEL=0",
			want: "DH of 2048 bits · signed|ClientKeyExchange 262  share of 256 bytes"},
		{name: "ECDHE", ours: "--ciphers ECDHE-RSA-AES128-SHA256", theirs: "-cert {rsa.pem} -tls1_2", want: "x25519 · rsa_pss_rsae_sha256|share of 32 bytes"},
		{name: "PSK with a hint", ours: "--ciphers PSK-AES128-CBC-SHA256" + psks, theirs: "-psk_hint guess " + psk, want: `hint "guess"|ClientKeyExchange 8  the key of "me"`},
		{name: "PSK and DHE", ours: "--ciphers kDHEPSK" + psks, theirs: "-psk_hint guess -dhparam {ffdhe2048.pem} " + psk, want: `hint "guess" · DH of 2048 bits|the key of "me" · share of 256 bytes`},
		{name: "client certificate", ours: "--cert {ec.pem} --max-version TLSv1.2", theirs: "-cert {rsa.pem} -Verify 1 -CAfile {ca.pem} -tls1_2",
			want: "CertificateRequest |of 1 authority|CertificateVerify |ecdsa_secp256r1_sha256"},
		{name: "OCSP", ours: "--request-ocsp --max-version TLSv1.2", theirs: "-cert {rsa.pem} -status_file {ocsp.der}", want: "CertificateStatus |OCSP response of "},
	} {
		t.Run(c.name, func(t *testing.T) {
			theirs := append([]string{"s_server", "-rev", "-client_renegotiation", "-accept", "127.0.0.1:0"}, args(dir, c.theirs)...)
			address := startOpenSSL(t, exec.CommandContext(t.Context(), openssl, theirs...))
			ours := append([]string{"trace", "--renegotiate", "--silence", "100ms", "--ca", filepath.Join(dir, "ca.pem"), address}, args(dir, c.ours)...)
			out, _ := tacetWith(t, 0, "hello\n", ours...)
			for want := range strings.SplitSeq(c.want, "|") {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not there", want)
				}
			}
			for _, want := range []string{`"hello\n"`, `"olleh\n"`, "warning close_notify"} {
				if !strings.Contains(out, want) {
					t.Errorf("%s is not there", want)
				}
			}
			if strings.Count(out, "Finished ") != 4 || strings.Count(out, "change_cipher_spec ") != 4 || strings.Count(out, "Secure: ") != 2 {
				t.Error("not two handshakes")
			}
			for line := range strings.Lines(out) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
					t.Errorf("%d columns: %s", n, line)
				}
			}
			if t.Failed() {
				t.Log(out)
			}
		})
	}
}

// TestTraceHelloRequest draws a renegotiation that a server of node's wants.
func TestTraceHelloRequest(t *testing.T) {
	dir := liveFiles(t)
	lines := nodeLines(t, dir, "server", `maxVersion: 'TLSv1.2', renegotiate: true, ends: true`)
	if !lines.Scan() {
		t.Fatal("node ended")
	}
	out, _ := tacetWith(t, 0, "hello\n", "trace", "--silence", noSilence, "--ca", filepath.Join(dir, "ca.pem"), lines.Text())
	if !strings.Contains(out, "HelloRequest 4") || strings.Count(out, "Secure: ") != 2 || !strings.Contains(out, `"hello\n"`) {
		t.Error(out)
	}
	first, second := nextFacts(t, lines), nextFacts(t, lines)
	if second["renegotiated"] != true || first["finished"] == second["finished"] {
		t.Errorf("%v\n%v", first, second)
	}
}

// TestDemoChosen has the demo tell of one's own choice.
func TestDemoChosen(t *testing.T) {
	for options, want := range map[string]string{
		"--max-version TLSv1.2":                                    "TLS 1.2, a full handshake|ServerKeyExchange |HelloRequest 4|NewSessionTicket |resumed with the ticket|takes the session",
		"--max-version TLSv1":                                      "TLS 1.0, a full handshake|HelloRequest 4|takes the session",
		"--max-version TLSv1.1 --ciphers AES256-SHA":               "TLS 1.1|premaster secret in 256 bytes|TLS_RSA_WITH_AES_256_CBC_SHA",
		"--max-version TLSv1.3":                                    "TLS 1.3, a full handshake|KeyUpdate |takes the ticket",
		"--ciphers TLS_AES_128_CCM_8_SHA256":                       "Secure: TLSv1.3, TLS_AES_128_CCM_8_SHA256",
		"--ciphers DHE-RSA-AES128-GCM-SHA256":                      "TLS 1.2|DH of 2048 bits|rsa_pss_rsae_sha256",
		"--ciphers DHE-PSK-AES128-GCM-SHA256":                      `hint "the demo's"|the key of "demo"`,
		"--ciphers RSA-PSK-AES128-CBC-SHA --max-version TLSv1":     `the key of "demo"|premaster secret in 256 bytes`,
		"--ciphers NULL-SHA256 --max-version TLSv1.2":              "Secure: TLSv1.2, TLS_RSA_WITH_NULL_SHA256",
		"--ciphers ECDHE-ECDSA-AES128-CCM8:ECDHE-ECDSA-AES128-CCM": "Secure: TLSv1.2, TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
	} {
		out := tacet(t, append([]string{"demo"}, strings.Fields(options)...)...)
		if out != tacet(t, append([]string{"demo"}, strings.Fields(options)...)...) {
			t.Errorf("%s: not the same twice", options)
		}
		for word := range strings.SplitSeq(want, "|") {
			if !strings.Contains(out, word) {
				t.Errorf("%s: %q is not in\n%s", options, word, out)
			}
		}
		if strings.Contains(out, "DIFFERENT") {
			t.Errorf("%s: exporters differ", options)
		}
		for line := range strings.Lines(out) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
				t.Errorf("%s: %d columns: %s", options, n, line)
			}
		}
	}
	for _, options := range []string{"--max-version SSLv3", "--ciphers nonsense", "--ciphers ADH-AES128-SHA256", "--max-version TLSv1.1 --ciphers AES128-SHA256"} {
		if _, told := tacetWith(t, 1, "", append([]string{"demo"}, strings.Fields(options)...)...); !strings.Contains(told, "--") {
			t.Errorf("%s: %s", options, told)
		}
	}
}
