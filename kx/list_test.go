package kx_test

import (
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"tacet/kx"
)

// lists are values of ecdhCurve with what Node 20 says to them; nil is a refusal.
// TestParseListNode asks Node again.
var lists = []struct {
	in   string
	want []kx.ID
}{
	{"X25519", []kx.ID{kx.X25519}},
	{"x25519", []kx.ID{kx.X25519}},
	{"X448", []kx.ID{kx.X448}},
	{"x448", []kx.ID{kx.X448}},
	{"P-256", []kx.ID{kx.P256}},
	{"prime256v1", []kx.ID{kx.P256}},
	{"secp256r1", []kx.ID{kx.P256}},
	{"P-384", []kx.ID{kx.P384}},
	{"secp384r1", []kx.ID{kx.P384}},
	{"P-521", []kx.ID{kx.P521}},
	{"secp521r1", []kx.ID{kx.P521}},
	{"X25519:P-256", []kx.ID{kx.X25519, kx.P256}},
	{"P-521:P-384:P-256:X448:X25519", []kx.ID{kx.P521, kx.P384, kx.P256, kx.X448, kx.X25519}},
	{"X25519 ", []kx.ID{kx.X25519}},
	{" X25519", []kx.ID{kx.X25519}},
	{"\tX25519\n:\v\f\rP-256", []kx.ID{kx.X25519, kx.P256}},
	{"X25519 : P-256", []kx.ID{kx.X25519, kx.P256}},
	{"secp256k1:P-256:P-224", []kx.ID{kx.P256}},
	{"brainpoolP256r1:K-163", []kx.ID{}},
	{"K-163:sect163k1", nil},
	{"p-256", nil},
	{"P256", nil},
	{"PRIME256V1", nil},
	{"SECP256R1", nil},
	{"SecP256r1", nil},
	{"p-521", nil},
	{"AUTO", nil},
	{"auto ", nil},
	{"", nil},
	{" ", nil},
	{":", nil},
	{"X25519:X25519", nil},
	{"x25519:X25519", nil},
	{"P-256:prime256v1", nil},
	{"X25519:auto", nil},
	{"X25519:", nil},
	{":X25519", nil},
	{"X25519::P-256", nil},
	{"X25519:P-256:bogus", nil},
	{"X25519,P-256", nil},
	{"X25519/P-256", nil},
	{"?X25519", nil},
	{"\u00a0X25519", nil},
}

func ids(groups []kx.Group) []kx.ID {
	var out []kx.ID
	for _, g := range groups {
		out = append(out, g.ID())
	}
	return out
}

func TestParseList(t *testing.T) {
	for _, tt := range lists {
		got, err := kx.ParseList(tt.in)
		if !slices.Equal(ids(got), tt.want) || (err == nil) != (tt.want != nil) {
			t.Errorf("%q: %v, %v; want %v", tt.in, ids(got), err, tt.want)
		}
	}
	// Names that Node 20's OpenSSL does not know yet.
	got, err := kx.ParseList("X25519MLKEM768:SecP256r1MLKEM768:SecP384r1MLKEM1024:X25519")
	if want := []kx.ID{kx.X25519MLKEM768, kx.SecP256r1MLKEM768, kx.SecP384r1MLKEM1024, kx.X25519}; err != nil || !slices.Equal(ids(got), want) {
		t.Errorf("hybrids: %v, %v", ids(got), err)
	}
	got, err = kx.ParseList("auto")
	if want := []kx.ID{kx.X25519MLKEM768, kx.X25519, kx.P256, kx.X448, kx.P384, kx.P521}; err != nil || !slices.Equal(ids(got), want) {
		t.Errorf("auto: %v, %v", ids(got), err)
	}
}

func TestParseListErrors(t *testing.T) {
	for in, want := range map[string]kx.ListError{
		"X25519: nope ":    {Name: "nope", Reason: "unknown group"},
		"P-256:prime256v1": {Name: "prime256v1", Reason: "repeated group"},
		"X25519::P-256":    {Name: "", Reason: "unknown group"},
	} {
		_, err := kx.ParseList(in)
		var e *kx.ListError
		if !errors.As(err, &e) || *e != want {
			t.Errorf("%q: %v, want %v", in, err, want)
		}
	}
	if _, err := kx.ParseList("é"); err == nil || err.Error() != `kx: unknown group "é"` {
		t.Errorf("message %q", err)
	}
}

func TestParseListNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node on this machine")
	}
	var in []string
	for _, tt := range lists {
		in = append(in, tt.in)
	}
	arg, _ := json.Marshal(in)
	out, err := exec.Command(node, "-e", `
		const tls = require('tls');
		const ok = (ecdhCurve) => { try { tls.createSecureContext({ecdhCurve}); return '1'; } catch { return '0'; } };
		process.stdout.write(JSON.parse(process.argv[1]).map(ok).join(''))`, string(arg)).Output()
	if err != nil {
		t.Fatal(err)
	}
	verdicts := strings.TrimSpace(string(out))
	if len(verdicts) != len(lists) {
		t.Fatalf("node said %q", verdicts)
	}
	for i, tt := range lists {
		if (verdicts[i] == '1') != (tt.want != nil) {
			t.Errorf("%q: node takes it: %c", tt.in, verdicts[i])
		}
	}
}
