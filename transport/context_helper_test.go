package transport

import (
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"

	"tacet/handshake/cred/credtest"
)

// nodeOptions are options as a script of node's takes them, after fixScript.
func nodeOptions(o SecureContextOptions) map[string]any {
	q := map[string]any{}
	text := func(name, value string) {
		if value != "" {
			q[name] = value
		}
	}
	texts := func(name string, values [][]byte) {
		if values == nil {
			return
		}
		list := []any{}
		for _, v := range values {
			list = append(list, bytesOf(v))
		}
		q[name] = list
	}
	texts("ca", o.CA)
	texts("cert", o.Cert)
	texts("crl", o.CRL)
	for _, f := range []struct{ name, value string }{
		{"ciphers", o.Ciphers}, {"clientCertEngine", o.ClientCertEngine}, {"dhparam", o.DHParam}, {"ecdhCurve", o.ECDHCurve},
		{"maxVersion", string(o.MaxVersion)}, {"minVersion", string(o.MinVersion)}, {"passphrase", o.Passphrase},
		{"privateKeyEngine", o.PrivateKeyEngine}, {"privateKeyIdentifier", o.PrivateKeyIdentifier},
		{"secureProtocol", o.SecureProtocol}, {"sessionIdContext", o.SessionIDContext}, {"sigalgs", o.SigAlgs},
	} {
		text(f.name, f.value)
	}
	if o.AllowPartialTrustChain {
		q["allowPartialTrustChain"] = true
	}
	if o.HonorCipherOrder != nil {
		q["honorCipherOrder"] = *o.HonorCipherOrder
	}
	if o.SecureOptions != 0 {
		q["secureOptions"] = o.SecureOptions
	}
	if o.SessionTimeout != 0 {
		q["sessionTimeout"] = o.SessionTimeout.Seconds()
	}
	if o.TicketKeys != nil {
		q["ticketKeys"] = bytesOf(o.TicketKeys)
	}
	nodeSecrets(q, o)
	if d := o.Defaults; d != nil {
		q["$defaults"] = map[string]string{
			"DEFAULT_CIPHERS": d.Ciphers, "DEFAULT_ECDH_CURVE": d.ECDHCurve,
			"DEFAULT_MIN_VERSION": string(d.MinVersion), "DEFAULT_MAX_VERSION": string(d.MaxVersion),
		}
	}
	return q
}

// nodeSecrets adds keys and PKCS #12 files.
func nodeSecrets(q map[string]any, o SecureContextOptions) {
	entry := func(name string, b []byte, passphrase string) map[string]any {
		e := map[string]any{name: bytesOf(b)}
		if passphrase != "" {
			e["passphrase"] = passphrase
		}
		return e
	}
	var keys, files []any
	for _, k := range o.Key {
		keys = append(keys, entry("pem", k.PEM, k.Passphrase))
	}
	for _, p := range o.PFX {
		files = append(files, entry("buf", p.Buf, p.Passphrase))
	}
	if keys != nil {
		q["key"] = keys
	}
	if files != nil {
		q["pfx"] = files
	}
}

func bytesOf(b []byte) any { return map[string]string{"$b64": base64.StdEncoding.EncodeToString(b)} }

// fixScript reads nodeOptions: fixed(q) are options for node, once the defaults are set.
const fixScript = `
const tls = require('tls');
const usual = {};
for (const k of ['DEFAULT_CIPHERS', 'DEFAULT_ECDH_CURVE', 'DEFAULT_MIN_VERSION', 'DEFAULT_MAX_VERSION']) usual[k] = tls[k];
const fix = v => Array.isArray(v) ? v.map(fix) : v === null || typeof v !== 'object' ? v :
  v.$b64 !== undefined ? Buffer.from(v.$b64, 'base64') : Object.fromEntries(Object.entries(v).map(([k, x]) => [k, fix(x)]));
const fixed = q => {
  Object.assign(tls, usual);
  const {$defaults, ...options} = fix(q);
  for (const [k, v] of Object.entries($defaults || {})) if (v !== '') tls[k] = v;
  return options;
};
`

// codeScript says what createSecureContext throws: a code, "?" for an error without
// one, "ok" for none.
const codeScript = fixScript + `
console.log(JSON.stringify(Q.map(q => {
  try { tls.createSecureContext(fixed(q)); return 'ok'; } catch (e) { return e.code || '?'; }
})));`

// optionRow is an example of options with what is said to them.
type optionRow struct {
	name   string
	o      SecureContextOptions
	option string // at fault
	code   Code   // of the fault
	// node is what node says instead; "" if it says the same. why says why not we.
	node, why string
}

// checkOptions holds NewSecureContext to its rows, and the rows to node's answers.
func checkOptions(t *testing.T, name string, rows []optionRow) {
	t.Helper()
	var questions []map[string]any
	for _, r := range rows {
		questions = append(questions, nodeOptions(r.o))
	}
	answers := recorded(t, name, codeScript, questions)
	for i, r := range rows {
		_, err := NewSecureContext(r.o)
		said := "ok"
		var e *Error
		if errors.As(err, &e) {
			if said = string(e.Code); said == "" {
				said = "?"
			}
		}
		if got := (optionRow{option: optionOf(e), code: Code(said)}); (err == nil) != (e == nil) || got.option != r.option || got.code != r.saying() {
			t.Errorf("%s: %v; option %q and code %q, want %q and %q", r.name, err, got.option, got.code, r.option, r.saying())
		}
		want := r.node
		if want == "" {
			want = string(r.saying())
		}
		var node string
		if err := json.Unmarshal(answers[i], &node); err != nil {
			t.Fatal(err)
		}
		if node != want {
			t.Errorf("%s: node says %s, the row %s", r.name, node, want)
		}
		if (r.node == "") != (r.why == "") {
			t.Errorf("%s: where we say other than node there is a reason, else none", r.name)
		}
	}
}

// saying is the row's code as codeScript writes it.
func (r optionRow) saying() Code {
	switch {
	case r.code != "":
		return r.code
	case r.option != "":
		return "?"
	}
	return "ok"
}

func optionOf(e *Error) string {
	if e == nil {
		return ""
	}
	return e.Option
}

// withPair gives options a certificate and its key.
func withPair(t *testing.T, o SecureContextOptions, kinds ...credtest.Kind) SecureContextOptions {
	t.Helper()
	for _, k := range kinds {
		o.Cert = append(o.Cert, credtest.CertPEM(credtest.CA(t).Leaf(t, k, "localhost").Chain...))
		o.Key = append(o.Key, KeyObject{PEM: credtest.KeyPEM(t, k)})
	}
	return o
}

// dhParams is a group in PEM with a prime of so many bits, as openssl dhparam writes it.
func dhParams(t testing.TB, bits int) string {
	t.Helper()
	text, err := os.ReadFile("testdata/dhprimes.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), fmt.Sprintf("\n%d ", bits))
	digits, _, _ := strings.Cut(after, "\n")
	p, ok := new(big.Int).SetString(digits, 16)
	if !ok || p.BitLen() != bits {
		t.Fatalf("no prime of %d bits", bits)
	}
	der, err := asn1.Marshal(struct{ P, G *big.Int }{p, big.NewInt(2)})
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "DH PARAMETERS", Bytes: der}))
}
