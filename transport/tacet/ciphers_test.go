package main

import (
	"os/exec"
	"strings"
	"testing"

	"tacet/suites"
)

// TestCiphers compares with openssl, as far as both know the suites. Words for TLS 1.3
// openssl takes by an option of their own.
func TestCiphers(t *testing.T) {
	openssl := peer(t, "openssl")
	seen := map[string]bool{}
	const ccm = "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256:TLS_AES_128_GCM_SHA256"
	for _, c := range []struct{ of13, list string }{
		{"", "ALL:COMPLEMENTOFALL"},
		{"", "ALL:COMPLEMENTOFALL:@SECLEVEL=0:@STRENGTH"},
		{"", suites.Default},
		{"", "DEFAULT"},
		{"", "HIGH:!aNULL:!kRSA:-PSK:+ECDHE+AESGCM"},
		{"", "kDHE:kEDH+AESCCM:kRSA+AES:kPSK:kDHEPSK:kECDHEPSK:kRSAPSK"},
		{"", "eNULL:aNULL"},
		{"", "AESCCM8:CHACHA20:SHA384:SHA256:SHA1:MD5"},
		{"", "ECDHE-RSA-AES256-GCM-SHA384"},
		{ccm, "kRSA"},
	} {
		args, own := []string{"ciphers", "-v"}, c.list
		if c.of13 != "" {
			args, own = append(args, "-ciphersuites", c.of13), c.of13+":"+c.list
		}
		out, err := exec.CommandContext(t.Context(), openssl, append(args, c.list)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		var want strings.Builder
		for line := range strings.Lines(string(out)) {
			name, _, _ := strings.Cut(line, " ")
			if suites.ByName(name) != nil {
				want.WriteString(line)
				seen[name] = true
			}
		}
		if got := tacet(t, "ciphers", own); got != want.String() {
			t.Errorf("%s:\n%s\nopenssl:\n%s", own, got, &want)
		}
	}
	for s := range suites.All() {
		if !seen[s.OpenSSL] {
			t.Errorf("openssl printed no line of %s", s.OpenSSL)
		}
	}
	if got := tacet(t, "ciphers"); got != tacet(t, "ciphers", suites.Default) {
		t.Error(got)
	}
	tacetWith(t, 1, "", "ciphers", "nonsense")
}
