package main

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ocsp"

	"tacet/handshake/cred/credtest"
)

// liveRow is a connection with a program that is not ours, and what options do to it.
type liveRow struct {
	name string
	ours string // options of tacet
	// theirs are the options of openssl s_server or s_client, or of node's tls, as
	// the row stands in one table or the other.
	theirs string
	want   string // facts that tacet prints, as path=value; with error.code the connection fails
	seen   string // what the peer prints, among other things
}

// The files that options name as {name} lie in one directory.
func liveFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	authority := credtest.CA(t)
	write := func(name string, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, kind := range map[string]credtest.Kind{
		"rsa.pem": credtest.RSA2048, "ec.pem": credtest.P256, "p521.pem": credtest.P521, "ed25519.pem": credtest.Ed25519,
	} {
		leaf := authority.Leaf(t, kind, "localhost", "127.0.0.1")
		der, err := x509.MarshalPKCS8PrivateKey(leaf.Key)
		if err != nil {
			t.Fatal(err)
		}
		write(name, append(credtest.CertPEM(leaf.Chain...), keyPEM(der)...))
	}
	leaf := authority.Leaf(t, credtest.RSA2048, "localhost", "127.0.0.1")
	staple, err := ocsp.CreateResponse(authority.Cert, authority.Cert, ocsp.Response{
		Status: ocsp.Good, SerialNumber: leaf.Leaf.SerialNumber, ThisUpdate: credtest.NotBefore, NextUpdate: credtest.NotAfter,
	}, authority.Key)
	if err != nil {
		t.Fatal(err)
	}
	list := authority.CRL(t, leaf.Leaf)
	write("crl.pem", pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: list.Raw}))
	write("ocsp.der", staple)
	write("ca.pem", authority.PEM())
	for _, group := range []string{"ffdhe2048", "modp_1536"} {
		text, err := exec.Command(peer(t, "openssl"), "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:"+group).Output()
		if err != nil {
			t.Fatal(err)
		}
		write(group+".pem", text)
	}
	return dir
}

// args are options with their files.
func args(dir, options string) []string {
	return strings.Fields(strings.NewReplacer("{", dir+string(filepath.Separator), "}", "").Replace(options))
}

func hexFile(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(b)
}

// checkFacts holds a line of facts to "path=value" words.
func checkFacts(t *testing.T, f object, want string) {
	t.Helper()
	for word := range strings.FieldsSeq(want) {
		path, value, _ := strings.Cut(word, "=")
		if got := fmt.Sprint(at(f, strings.Split(path, ".")...)); got != value {
			t.Errorf("%s is %s, want %s: %v", path, got, value, f["error"])
		}
	}
}

func fails(want string) bool { return strings.Contains(want, "error.code=") }

// exit is what a client exits with.
func exit(want string) int {
	if fails(want) {
		return 1
	}
	return 0
}

const (
	old  = " --ciphers ALL:@SECLEVEL=0"
	psks = " --psk me:00112233445566778899aabbccddeeff"
)

// TestConnectOptionsOpenSSL has openssl s_server turn a line round.
func TestConnectOptionsOpenSSL(t *testing.T) {
	openssl, dir := peer(t, "openssl"), liveFiles(t)
	const (
		lax = " -cipher ALL:@SECLEVEL=0 -cert {rsa.pem}"
		psk = " -nocert -psk_identity me -psk 00112233445566778899aabbccddeeff -tls1_2 -cipher ALL:PSK:@SECLEVEL=0"
	)
	for _, c := range []liveRow{
		{name: "TLSv1", ours: "--min-version TLSv1 --max-version TLSv1" + old, theirs: "-tls1" + lax,
			want: "protocol=TLSv1 cipher.name=ECDHE-RSA-AES256-SHA cipher.version=TLSv1.0 ephemeralKeyInfo.name=X25519 authorized=true"},
		{name: "TLSv1.1", ours: "--min-version TLSv1 --ciphers AES128-SHA:@SECLEVEL=0", theirs: "-tls1_1" + lax,
			want: "protocol=TLSv1.1 cipher.name=AES128-SHA cipher.version=SSLv3 ephemeralKeyInfo=map[]"},
		{name: "old is off", ours: "", theirs: "-tls1_1" + lax, want: "error.code=ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION error.alert=protocol_version"},
		{name: "CCM", ours: "--max-version TLSv1.2 --ciphers ECDHE-ECDSA-AES128-CCM8", theirs: "-cert {ec.pem} -cipher ALL:@SECLEVEL=0",
			want: "cipher.name=ECDHE-ECDSA-AES128-CCM8 cipher.version=TLSv1.2"},
		{name: "NULL", ours: "--max-version TLSv1.2 --ciphers NULL-SHA256:@SECLEVEL=0", theirs: "-cert {rsa.pem} -cipher NULL:@SECLEVEL=0",
			want: "cipher.name=NULL-SHA256"},
		{name: "anonymous", ours: "--max-version TLSv1.2 --ciphers ADH-AES128-SHA256:@SECLEVEL=0 --reject-unauthorized=false", theirs: "-dhparam {ffdhe2048.pem}" + lax,
			want: "cipher.name=ADH-AES128-SHA256 authorized=false ephemeralKeyInfo.type=DH ephemeralKeyInfo.size=2048"},
		{name: "DHE", ours: "--max-version TLSv1.2 --ciphers kDHE", theirs: "-dhparam {modp_1536.pem}" + lax,
			want: "cipher.name=DHE-RSA-AES256-GCM-SHA384 ephemeralKeyInfo.type=DH ephemeralKeyInfo.size=1536"},
		{name: "min-dh-size", ours: "--max-version TLSv1.2 --ciphers kDHE --min-dh-size 2048", theirs: "-dhparam {modp_1536.pem}" + lax,
			want: "error.code=ERR_TLS_DH_PARAM_SIZE error.alert=handshake_failure"},
		{name: "sigalgs", ours: "--sigalgs rsa_pss_rsae_sha512", theirs: "-cert {rsa.pem}", want: "protocol=TLSv1.3 authorized=true"},
		{name: "psk", ours: "--ciphers PSK-AES128-CBC-SHA256" + psks, theirs: psk, want: "cipher.name=PSK-AES128-CBC-SHA256 protocol=TLSv1.2 ephemeralKeyInfo=map[]"},
		{name: "psk with a hint", ours: "--ciphers kDHEPSK" + psks, theirs: "-psk_hint guess -dhparam {ffdhe2048.pem}" + psk, want: "cipher.name=DHE-PSK-AES256-GCM-SHA384 ephemeralKeyInfo.type=DH"},
		{name: "psk with a curve", ours: "--ciphers ECDHE-PSK-CHACHA20-POLY1305" + psks, theirs: psk, want: "cipher.name=ECDHE-PSK-CHACHA20-POLY1305 ephemeralKeyInfo.name=X25519"},
		{name: "psk with RSA", ours: "--ciphers RSA-PSK-AES256-CBC-SHA384" + psks, theirs: strings.Replace(psk, "-nocert", "-cert {rsa.pem}", 1), want: "cipher.name=RSA-PSK-AES256-CBC-SHA384 authorized=true"},
		{name: "psk without key exchange", ours: "--secure-options 0x400 --ecdh-curve P-256 --ciphers TLS_AES_128_GCM_SHA256" + psks,
			theirs: "-nocert -psk_identity me -psk 00112233445566778899aabbccddeeff -tls1_3 -groups X25519 -allow_no_dhe_kex", want: "protocol=TLSv1.3 ephemeralKeyInfo=map[]"},
		{name: "psk without key exchange, not allowed", ours: "--ecdh-curve P-256 --ciphers TLS_AES_128_GCM_SHA256" + psks,
			theirs: "-nocert -psk_identity me -psk 00112233445566778899aabbccddeeff -tls1_3 -groups X25519 -allow_no_dhe_kex", want: "error.code=ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE error.alert=handshake_failure"},
		{name: "another psk", ours: "--ciphers PSK-AES128-CBC-SHA256 --psk me:00", theirs: psk, want: "error.code=ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC"},
		{name: "request-ocsp", ours: "--request-ocsp", theirs: "-cert {rsa.pem} -status_file {ocsp.der}", want: "ocspResponse=" + hexFile(t, dir, "ocsp.der")},
		{name: "request-ocsp up to TLSv1.2", ours: "--request-ocsp --max-version TLSv1.2", theirs: "-cert {rsa.pem} -status_file {ocsp.der}", want: "ocspResponse=" + hexFile(t, dir, "ocsp.der")},
		{name: "no OCSP", ours: "", theirs: "-cert {rsa.pem} -status_file {ocsp.der}", want: "ocspResponse=<nil>"},
		{name: "crl", ours: "--crl {crl.pem}", theirs: "-cert {rsa.pem}", want: "error.code=CERT_REVOKED error.alert=certificate_revoked"},
		{name: "max-send-fragment", ours: "--max-send-fragment 512", theirs: "-cert {rsa.pem}", want: "authorized=true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), openssl, append([]string{"s_server", "-rev", "-accept", "127.0.0.1:0"}, args(dir, c.theirs)...)...)
			address := startOpenSSL(t, cmd)
			ours := append([]string{"connect", "--json", "--ign-eof", "--ca", filepath.Join(dir, "ca.pem"), address}, args(dir, c.ours)...)
			out, _ := tacetWith(t, exit(c.want), "hello\nCLOSE\n", ours...) // at this line s_server -rev hangs up
			line, rest, _ := strings.Cut(out, "\n")
			checkFacts(t, parseFacts(t, line), c.want)
			if !fails(c.want) && rest != "olleh\n" {
				t.Errorf("%q came back", rest)
			}
		})
	}
}

// TestServeOptionsOpenSSL has openssl s_client ask for the page of facts.
func TestServeOptionsOpenSSL(t *testing.T) {
	openssl, dir := peer(t, "openssl"), liveFiles(t)
	const (
		rsa = "--cert {rsa.pem} "
		lax = " -cipher ALL:@SECLEVEL=0"
		psk = " -psk_identity me -psk 00112233445566778899aabbccddeeff -tls1_2 -cipher ALL:PSK:@SECLEVEL=0"
	)
	for _, c := range []liveRow{
		{name: "TLSv1", ours: rsa + "--min-version TLSv1" + old, theirs: "-tls1" + lax,
			want: "protocol=TLSv1 cipher.name=ECDHE-RSA-AES256-SHA cipher.version=TLSv1.0", seen: "Protocol  : TLSv1\n"},
		{name: "TLSv1.1", ours: rsa + "--min-version TLSv1 --ciphers AES128-SHA:@SECLEVEL=0", theirs: "-tls1_1" + lax,
			want: "protocol=TLSv1.1 cipher.name=AES128-SHA", seen: "Cipher is AES128-SHA"},
		{name: "old is off", ours: rsa, theirs: "-tls1_1" + lax, want: "error.code=ERR_SSL_UNSUPPORTED_PROTOCOL", seen: "alert protocol version"},
		{name: "NULL", ours: rsa + "--ciphers NULL-SHA256:@SECLEVEL=0 --max-version TLSv1.2", theirs: "-cipher NULL:@SECLEVEL=0", want: "cipher.name=NULL-SHA256", seen: "Cipher is NULL-SHA256"},
		{name: "no DHE", ours: rsa + "--ciphers kDHE --max-version TLSv1.2", theirs: lax, want: "error.code=ERR_SSL_NO_SHARED_CIPHER", seen: "alert handshake failure"},
		{name: "dhparam", ours: rsa + "--ciphers kDHE --max-version TLSv1.2 --dhparam {modp_1536.pem}", theirs: lax, want: "cipher.name=DHE-RSA-AES256-GCM-SHA384", seen: "Server Temp Key: DH, 1536 bits"},
		{name: "dhparam auto", ours: rsa + "--ciphers kDHE --max-version TLSv1.2 --dhparam auto", theirs: lax, want: "cipher.name=DHE-RSA-AES256-GCM-SHA384", seen: "Server Temp Key: DH, 2048 bits"},
		{name: "anonymous", ours: rsa + "--ciphers ADH-AES128-SHA256:@SECLEVEL=0 --max-version TLSv1.2 --dhparam auto", theirs: lax, want: "cipher.name=ADH-AES128-SHA256", seen: "Cipher is ADH-AES128-SHA256"},
		{name: "honor-cipher-order", ours: rsa + "--ciphers AES128-SHA256:AES256-SHA256 --max-version TLSv1.2", theirs: "-cipher AES256-SHA256:AES128-SHA256", want: "cipher.name=AES128-SHA256"},
		{name: "the client's order", ours: rsa + "--ciphers AES128-SHA256:AES256-SHA256 --max-version TLSv1.2 --honor-cipher-order=false", theirs: "-cipher AES256-SHA256:AES128-SHA256", want: "cipher.name=AES256-SHA256"},
		{name: "SECLEVEL", ours: rsa + "--ciphers ALL:@SECLEVEL=3", theirs: "", want: "error.code=ERR_SSL_EE_KEY_TOO_SMALL"},
		{name: "psk", ours: "--ciphers PSK-AES128-CBC-SHA256" + psks, theirs: psk, want: "cipher.name=PSK-AES128-CBC-SHA256", seen: "PSK identity hint: None"},
		{name: "psk-identity-hint", ours: "--ciphers kDHEPSK --dhparam auto --psk-identity-hint guess" + psks, theirs: psk, want: "cipher.name=DHE-PSK-AES256-GCM-SHA384", seen: "PSK identity hint: guess"},
		{name: "psk with RSA", ours: rsa + "--ciphers RSA-PSK-AES256-CBC-SHA384" + psks, theirs: psk, want: "cipher.name=RSA-PSK-AES256-CBC-SHA384"},
		{name: "psk without key exchange", ours: "--secure-options 0x400 --ecdh-curve P-256 --ciphers TLS_AES_128_GCM_SHA256" + psks,
			theirs: "-psk_identity me -psk 00112233445566778899aabbccddeeff -tls1_3 -groups X25519 -allow_no_dhe_kex", want: "protocol=TLSv1.3", seen: "Reused, TLSv1.3"},
		{name: "psk without key exchange, not allowed", ours: "--ecdh-curve P-256 --ciphers TLS_AES_128_GCM_SHA256" + psks,
			theirs: "-psk_identity me -psk 00112233445566778899aabbccddeeff -tls1_3 -groups X25519 -allow_no_dhe_kex", want: "error.code=ERR_SSL_NO_SUITABLE_KEY_SHARE", seen: "alert handshake failure"},
		{name: "an unknown identity", ours: "--ciphers PSK-AES128-CBC-SHA256 --psk you:00112233445566778899aabbccddeeff", theirs: psk,
			want: "error.code=ERR_SSL_PSK_IDENTITY_NOT_FOUND", seen: "alert unknown psk identity"},
		{name: "ocsp", ours: rsa + "--ocsp {ocsp.der}", theirs: "-status", want: "error=<nil>", seen: "OCSP Response Status: successful"},
		{name: "ocsp up to TLSv1.2", ours: rsa + "--ocsp {ocsp.der} --max-version TLSv1.2", theirs: "-status", want: "error=<nil>", seen: "OCSP Response Status: successful"},
		{name: "no OCSP", ours: rsa, theirs: "-status", want: "error=<nil>", seen: "OCSP response: no response sent"},
		{name: "request-cert", ours: rsa + "--request-cert --ca {ca.pem}", theirs: "-cert {ec.pem}", want: "authorized=true peerCertificate.bits=256"},
		{name: "crl", ours: rsa + "--request-cert --ca {ca.pem} --crl {crl.pem} --max-version TLSv1.2", theirs: "-cert {rsa.pem}", want: "error.code=CERT_REVOKED", seen: "alert certificate revoked"},
		{name: "session-timeout", ours: rsa + "--session-timeout 77 --max-version TLSv1.2", theirs: "", want: "error=<nil>", seen: "lifetime hint: 77 (seconds)"},
		{name: "ticket-keys", ours: rsa + "--max-version TLSv1.2 --ticket-keys 74616365742d6b65792d6e616d652d3a" + strings.Repeat("00", 32), theirs: "", want: "error=<nil>", seen: "tacet-key-name-:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.Contains(c.want, "_TOO_SMALL") {
				if _, told := tacetWith(t, 1, "", append([]string{"serve"}, args(dir, c.ours)...)...); !strings.Contains(told, "112 bits") {
					t.Error(told)
				}
				return
			}
			s := startServe(t, append([]string{"--www", "--json"}, args(dir, c.ours)...)...)
			cmd := exec.CommandContext(t.Context(), openssl, append([]string{"s_client", "-ign_eof", "-connect", s.address}, args(dir, c.theirs)...)...)
			cmd.Stdin = strings.NewReader("GET / HTTP/1.0\r\n\r\n")
			out, err := cmd.CombinedOutput()
			if fails(c.want) == (err == nil) {
				t.Errorf("s_client: %v", err)
			}
			checkFacts(t, s.facts(t), c.want)
			if !strings.Contains(string(out), c.seen) {
				t.Errorf("%q is not in\n%s", c.seen, out)
			}
		})
	}
}
