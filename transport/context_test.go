package transport

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
)

// TestNewSecureContext: the first fault in node's order is the one that is told.
func TestNewSecureContext(t *testing.T) {
	// Each option with a fault, in node's order.
	faults := []struct {
		option string
		code   Code
		set    func(*SecureContextOptions)
	}{
		{"minVersion", CodeVersionInvalid, func(o *SecureContextOptions) { o.MinVersion = "x" }},
		{"ciphers", CodeNoCipherMatch, func(o *SecureContextOptions) { o.Ciphers = "nope" }},
		{"cert", "ERR_OSSL_PEM_NO_START_LINE", func(o *SecureContextOptions) { o.Cert = [][]byte{[]byte("nope")} }},
		{"key", CodeKeyUnsupported, func(o *SecureContextOptions) { o.Key = []KeyObject{{PEM: []byte("nope")}} }},
		{"sigalgs", "", func(o *SecureContextOptions) { o.SigAlgs = "nope" }},
		{"privateKeyEngine", CodeArgValue, func(o *SecureContextOptions) { o.PrivateKeyIdentifier = "nope" }},
		{"ecdhCurve", CodeOperationFailed, func(o *SecureContextOptions) { o.ECDHCurve = "nope" }},
		{"dhparam", CodeArgValue, func(o *SecureContextOptions) { o.DHParam = dhParams(t, 512) }},
		{"crl", CodeOperationFailed, func(o *SecureContextOptions) { o.CRL = [][]byte{[]byte("nope")} }},
		{"pfx", "", func(o *SecureContextOptions) { o.PFX = []PFXObject{{Buf: []byte("nope")}} }},
		{"ticketKeys", CodeArgValue, func(o *SecureContextOptions) { o.TicketKeys = make([]byte, 47) }},
		{"sessionTimeout", CodeOutOfRange, func(o *SecureContextOptions) { o.SessionTimeout = -time.Second }},
	}
	rows := []optionRow{{name: "none"}}
	for i, first := range faults {
		var o SecureContextOptions
		for _, f := range faults[i:] {
			f.set(&o)
		}
		rows = append(rows, optionRow{name: "from " + first.option, o: o, option: first.option, code: first.code})
	}
	checkOptions(t, "context", rows)
}

// TestSecureContextIsItsOwn: neither the options nor what a socket makes of a
// configuration change a context.
func TestSecureContextIsItsOwn(t *testing.T) {
	o := withPair(t, SecureContextOptions{TicketKeys: make([]byte, 48), SessionIDContext: "a"}, credtest.P256)
	c, err := NewSecureContext(o)
	if err != nil {
		t.Fatal(err)
	}
	o.TicketKeys[0] = 1
	clear(o.Cert[0])
	cfg := c.serverConfig()
	cfg.Suites[0], cfg.Groups[0], cfg.Credentials[0], cfg.TicketKeys[0][0], cfg.SessionContext[0] = nil, nil, nil, 1, 'b'
	again := c.serverConfig()
	if again.Suites[0] == nil || again.Groups[0] == nil || again.Credentials[0] == nil || again.TicketKeys[0] != [48]byte{} || string(again.SessionContext) != "a" {
		t.Errorf("the context has changed: %+v", again)
	}
	if _, err := again.CompileServer(); err != nil {
		t.Error(err)
	}
}

// TestDefaults: the defaults are node's, stand where an option does not, and belong
// to who sets them.
func TestDefaults(t *testing.T) {
	var node map[string]any
	if err := json.Unmarshal(recorded(t, "defaults", `
		const tls = require('tls');
		console.log(JSON.stringify(Q.map(() => ({ciphers: tls.DEFAULT_CIPHERS, curve: tls.DEFAULT_ECDH_CURVE, min: tls.DEFAULT_MIN_VERSION,
			max: tls.DEFAULT_MAX_VERSION, limit: tls.CLIENT_RENEG_LIMIT, window: tls.CLIENT_RENEG_WINDOW}))));`, []int{0})[0], &node); err != nil {
		t.Fatal(err)
	}
	d := (*Defaults)(nil).filled()
	for name, ours := range map[string]any{
		"ciphers": d.Ciphers, "curve": d.ECDHCurve, "min": string(d.MinVersion), "max": string(d.MaxVersion),
		"limit": float64(d.ClientRenegLimit), "window": d.ClientRenegWindow.Seconds(),
	} {
		if node[name] != ours {
			t.Errorf("%s: %v, node's is %v", name, ours, node[name])
		}
	}
	with := func(d Defaults) SecureContextOptions { return SecureContextOptions{Defaults: &d} }
	checkOptions(t, "defaults-set", []optionRow{
		{name: "ciphers", o: with(Defaults{Ciphers: "nope"}), option: "ciphers", code: CodeNoCipherMatch},
		{name: "curve", o: with(Defaults{ECDHCurve: "nope"}), option: "ecdhCurve", code: CodeOperationFailed},
		{name: "min", o: with(Defaults{MinVersion: "SSLv3"}), option: "minVersion", code: CodeVersionInvalid},
		{name: "max", o: with(Defaults{MaxVersion: "SSLv3"}), option: "maxVersion", code: CodeVersionInvalid},
		{name: "good ones", o: with(Defaults{Ciphers: "ECDHE+AESGCM", ECDHCurve: "P-256", MinVersion: TLS12, MaxVersion: TLS12})},
		{name: "not read", o: SecureContextOptions{Ciphers: "ECDHE+AESGCM", ECDHCurve: "P-256", MinVersion: TLS12, MaxVersion: TLS12,
			Defaults: &Defaults{Ciphers: "nope", ECDHCurve: "nope", MinVersion: "SSLv3", MaxVersion: "SSLv3"}}},
	})
	for _, tt := range []struct {
		limit, want int
		policy      handshake.RenegotiationPolicy
	}{{0, 3, handshake.AllowRenegotiation}, {254, 254, handshake.AllowRenegotiation}, {-1, 0, handshake.ForbidRenegotiation}} {
		c, err := NewSecureContext(with(Defaults{ClientRenegLimit: tt.limit, ClientRenegWindow: time.Hour}))
		if err != nil {
			t.Fatal(err)
		}
		if cfg := c.serverConfig(); cfg.RenegotiationLimit != tt.want || cfg.Renegotiation != tt.policy || cfg.RenegotiationWindow != time.Hour {
			t.Errorf("limit %d: %d, policy %d, window %v", tt.limit, cfg.RenegotiationLimit, cfg.Renegotiation, cfg.RenegotiationWindow)
		}
		if cfg := c.clientConfig(); cfg.RenegotiationLimit != 254 || cfg.RenegotiationWindow != time.Minute {
			t.Errorf("limit %d of a client: %d, window %v", tt.limit, cfg.RenegotiationLimit, cfg.RenegotiationWindow)
		}
	}
	for _, bad := range []Defaults{{ClientRenegLimit: 255}, {ClientRenegLimit: -2}, {ClientRenegWindow: -1}} {
		if _, err := NewSecureContext(with(bad)); !errors.Is(err, CodeOutOfRange) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestCiphers(t *testing.T) {
	var node []string
	if err := json.Unmarshal(recorded(t, "ciphers", `console.log(JSON.stringify(Q.map(() => require('tls').getCiphers())))`, []int{0})[0], &node); err != nil {
		t.Fatal(err)
	}
	node = slices.DeleteFunc(node, func(s string) bool { return strings.HasPrefix(s, "srp-") })
	ours := Ciphers()
	if !slices.Equal(ours, node) {
		t.Errorf("ours:   %v\nnode's: %v", ours, node)
	}
	for _, name := range ours {
		if _, err := NewSecureContext(SecureContextOptions{Ciphers: strings.ToUpper(name) + ":@SECLEVEL=0", MinVersion: TLS10}); err != nil && !strings.HasPrefix(name, "tls_") {
			t.Errorf("%s: %v", name, err)
		}
	}
	ours[0] = "changed"
	if Ciphers()[0] == "changed" {
		t.Error("the list is shared")
	}
}

func TestRootCertificates(t *testing.T) {
	var node []string
	if err := json.Unmarshal(recorded(t, "roots", `
		console.log(JSON.stringify(Q.map(() => require('tls').rootCertificates.map(c => new (require('crypto').X509Certificate)(c).fingerprint256.slice(0, 29)))));`,
		[]int{0})[0], &node); err != nil {
		t.Fatal(err)
	}
	own, err := mozilla()
	if err != nil {
		t.Fatal(err)
	}
	common := 0
	list := RootCertificates()
	for _, text := range list {
		block, rest := pem.Decode([]byte(text))
		if !strings.HasPrefix(text, "-----BEGIN CERTIFICATE-----\n") || !strings.HasSuffix(text, "\n-----END CERTIFICATE-----") || block == nil || len(rest) != 0 {
			t.Fatalf("%q is no certificate as node shows it", text)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(node, fingerprint(c)[:29]) {
			common++
		}
	}
	// Both are Mozilla's list, of another day; node's has those that are trusted no more
	// for what is newer than some date.
	if common*10 < len(list)*9 || len(list) < 100 {
		t.Errorf("%d roots, %d of node's %d", len(list), common, len(node))
	}
	//lint:ignore SA1019 it is no system pool
	if n := len(own.Roots.Subjects()); n != len(list) {
		t.Errorf("a context trusts %d roots, the list has %d", n, len(list))
	}
}

func TestConvertALPNProtocols(t *testing.T) {
	long := strings.Repeat("a", 256)
	for _, tt := range []struct {
		in   []string
		want string
		code Code
	}{
		{nil, "", ""},
		{[]string{"h2", "http/1.1"}, "\x02h2\x08http/1.1", ""},
		{[]string{long[1:]}, "\xff" + long[1:], ""},
		{[]string{"h2", long}, "", CodeOutOfRange},
		{[]string{""}, "", CodeArgValue},
	} {
		got, err := ConvertALPNProtocols(tt.in)
		if string(got) != tt.want || CodeOf(err) != tt.code {
			t.Errorf("%q: %q, %v", tt.in, got, err)
		}
	}
}

// fingerprint is node's fingerprint256.
func fingerprint(c *x509.Certificate) string {
	var b strings.Builder
	for i, x := range sha256.Sum256(c.Raw) {
		fmt.Fprintf(&b, "%s%02X", strings.Repeat(":", min(i, 1)), x)
	}
	return b.String()
}
