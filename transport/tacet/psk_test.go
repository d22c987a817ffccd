package main

import (
	"os/exec"
	"strings"
	"testing"
)

const psk, otherPSK = "me:00112233445566778899aabbccddeeff", "me:ff112233445566778899aabbccddee00"

// TestPSK agrees on a key with openssl, as client and as server, and refuses
// another key. No side has a certificate, so there is nothing else to agree on.
func TestPSK(t *testing.T) {
	//= RFC 9846 §4.3.11 type=test
	openssl := peer(t, "openssl")
	identity, key, _ := strings.Cut(psk, ":")
	t.Run("server", func(t *testing.T) {
		s := startServe(t, "--www", "--json", "--psk", psk)
		ask := func(key string) (string, error) {
			cmd := exec.CommandContext(t.Context(), openssl, "s_client", "-quiet", "-tls1_3", "-psk_identity", identity, "-psk", key, "-connect", s.address)
			cmd.Stdin = strings.NewReader("GET / HTTP/1.0\r\n\r\n")
			out, err := cmd.Output()
			return string(out), err
		}
		page, err := ask(key)
		if err != nil || !strings.Contains(page, `"protocol": "TLSv1.3"`) {
			t.Errorf("%v: %s", err, page)
		}
		if f := s.facts(t); f["error"] != nil {
			t.Error(f)
		}
		_, other, _ := strings.Cut(otherPSK, ":")
		if _, err := ask(other); err == nil {
			t.Error("another key is taken")
		}
		if f := s.facts(t); at(f, "error", "code") != "ERR_SSL_BINDER_DOES_NOT_VERIFY" || at(f, "error", "alert") != "decrypt_error" {
			t.Error(f)
		}
	})
	t.Run("client", func(t *testing.T) {
		cmd := exec.CommandContext(t.Context(), openssl, "s_server", "-rev", "-accept", "127.0.0.1:0", "-tls1_3", "-nocert", "-psk_identity", identity, "-psk", key)
		address := startOpenSSL(t, cmd)
		if got, _ := tacetWith(t, 0, "hello\nCLOSE\n", "connect", "--psk", psk, "--ign-eof", address); got != "olleh\n" {
			t.Errorf("%q", got)
		}
		if _, told := tacetWith(t, 1, "", "connect", "--psk", otherPSK, address); !strings.Contains(told, "alert") {
			t.Errorf("another key: %s", told)
		}
	})
	t.Run("both", func(t *testing.T) {
		s := startServe(t, "--echo", "--psk", psk)
		if got, _ := tacetWith(t, 0, "hello\n", "connect", "--psk", psk, s.address); got != "hello\n" {
			t.Errorf("%q", got)
		}
	})
	for name, value := range map[string]string{"no colon": "me", "no identity": ":00", "no key": "me:", "no hex": "me:x"} {
		if _, told := tacetWith(t, 2, "", "connect", "--psk", value, "127.0.0.1:1"); !strings.Contains(told, "psk") {
			t.Errorf("%s: %s", name, told)
		}
	}
}
