package transport

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/suites"
)

// keyForms are the keys of testdata/keys.txt, by the command that made each.
func keyForms(t *testing.T) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile("testdata/keys.txt")
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string][]byte{}
	for _, part := range strings.Split(string(text), "\n== ")[1:] {
		name, key, _ := strings.Cut(part, "\n")
		forms[name] = []byte(key)
	}
	return forms
}

func leafPEM(t *testing.T, k credtest.Kind) []byte {
	t.Helper()
	return credtest.CertPEM(credtest.CA(t).Leaf(t, k, "localhost").Chain...)
}

func TestKeys(t *testing.T) {
	var rows []optionRow
	with := func(name, option string, code Code, o SecureContextOptions) {
		rows = append(rows, optionRow{name: name, o: o, option: option, code: code})
	}
	for name, text := range keyForms(t) {
		cert := [][]byte{leafPEM(t, credtest.Kind(strings.Fields(name)[0]))}
		encrypted := bytes.Contains(text, []byte("ENCRYPTED"))
		with(name+", its passphrase", "", "", SecureContextOptions{Cert: cert, Key: []KeyObject{{PEM: text, Passphrase: "secret"}}})
		with(name+", the options' passphrase", "", "", SecureContextOptions{Cert: cert, Key: []KeyObject{{PEM: text}}, Passphrase: "secret"})
		with(name+", its passphrase before the options'", "", "", SecureContextOptions{Cert: cert, Key: []KeyObject{{PEM: text, Passphrase: "secret"}}, Passphrase: "wrong"})
		if encrypted {
			with(name+", wrong passphrase", "key", "ERR_OSSL_BAD_DECRYPT", SecureContextOptions{Cert: cert, Key: []KeyObject{{PEM: text, Passphrase: "wrong"}}})
			with(name+", no passphrase", "key", "ERR_OSSL_BAD_DECRYPT", SecureContextOptions{Cert: cert, Key: []KeyObject{{PEM: text}}})
		}
	}
	slices.SortFunc(rows, func(a, b optionRow) int { return strings.Compare(a.name, b.name) })
	for k := range credtest.Kinds() {
		with(string(k), "", "", withPair(t, SecureContextOptions{}, k))
	}
	with("five types", "", "", withPair(t, SecureContextOptions{}, credtest.RSA2048, credtest.P256, credtest.RSAPSS, credtest.Ed25519, credtest.Ed448))
	two := withPair(t, SecureContextOptions{}, credtest.RSA2048, credtest.P256)
	slices.Reverse(two.Key)
	with("in another order", "", "", two)
	p256, both := credtest.KeyPEM(t, credtest.P256), leafPEM(t, credtest.P256)
	with("one text", "", "", SecureContextOptions{Cert: [][]byte{append(slices.Clip(both), p256...)}, Key: []KeyObject{{PEM: append(slices.Clip(both), p256...)}}})
	cert := [][]byte{both}
	with("another's key", "key", CodeKeyMismatch, SecureContextOptions{Cert: cert, Key: []KeyObject{{PEM: credtest.KeyPEM(t, credtest.OtherP256)}}})
	with("rubbish", "key", CodeKeyUnsupported, SecureContextOptions{Cert: cert, Key: []KeyObject{{PEM: []byte("rubbish")}}})
	block, _ := pem.Decode(p256)
	with("key in DER", "key", CodeKeyUnsupported, SecureContextOptions{Cert: cert, Key: []KeyObject{{PEM: block.Bytes}}})
	with("certificate in DER", "cert", "ERR_OSSL_PEM_NO_START_LINE", SecureContextOptions{Cert: [][]byte{credtest.CA(t).Cert.Raw}})
	with("no certificate", "cert", "ERR_OSSL_PEM_NO_START_LINE", SecureContextOptions{Cert: [][]byte{p256}})
	with("RSA 1024", "", "", withPair(t, SecureContextOptions{}, credtest.RSA1024))
	with("RSA 1024 at level 2", "cert", CodeKeyTooSmall, withPair(t, SecureContextOptions{Ciphers: "DEFAULT@SECLEVEL=2"}, credtest.RSA1024))
	with("P-256 at level 4", "cert", CodeKeyTooSmall, withPair(t, SecureContextOptions{Ciphers: "DEFAULT@SECLEVEL=4"}, credtest.P256))
	const why = "nothing is taken and ignored"
	rows = append(rows,
		optionRow{name: "half a certificate", o: SecureContextOptions{Cert: [][]byte{credtest.CertPEM(credtest.CA(t).Cert.Raw[:99])}},
			option: "cert", code: "ERR_OSSL_PEM_ASN1_LIB", node: "ERR_OSSL_ASN1_TOO_LONG", why: "OpenSSL tells each fault of DER apart"},
		optionRow{name: "certificate alone", o: SecureContextOptions{Cert: cert}, option: "cert", code: CodeNoSignatureAlgorithm, node: "ok", why: early},
		optionRow{name: "key alone", o: SecureContextOptions{Key: []KeyObject{{PEM: p256}}}, option: "key", code: CodeKeyMismatch, node: "ok", why: why},
		optionRow{name: "key of another type", o: SecureContextOptions{Cert: cert, Key: []KeyObject{{PEM: credtest.KeyPEM(t, credtest.RSA2048)}}},
			option: "key", code: CodeKeyMismatch, node: "ok", why: why},
		optionRow{name: "a type twice", o: SecureContextOptions{Cert: [][]byte{leafPEM(t, credtest.P384), both}, Key: []KeyObject{{PEM: p256}}},
			option: "cert", code: CodeArgValue, node: "ok", why: why},
		optionRow{name: "key twice", o: SecureContextOptions{Cert: cert, Key: []KeyObject{{PEM: p256}, {PEM: p256}}}, option: "key", code: CodeKeyMismatch, node: "ok", why: why},
	)
	checkOptions(t, "keys", rows)
}

// TestCredentials: each certificate is there with its key, those that are preferred
// first, and what is sent with it is completed from ca and pfx.
func TestCredentials(t *testing.T) {
	between := credtest.CA(t).Intermediate(t, "between")
	leaf := between.Leaf(t, credtest.P256, "localhost")
	alone := SecureContextOptions{Cert: [][]byte{credtest.CertPEM(leaf.Chain[0])}, Key: []KeyObject{{PEM: credtest.KeyPEM(t, credtest.P256)}}}
	root, inter := credtest.CA(t).Cert.Raw, between.Cert.Raw
	for _, tt := range []struct {
		name string
		cert []byte
		ca   [][]byte
		want [][]byte // after the leaf
	}{
		{"no ca", credtest.CertPEM(leaf.Chain[0]), nil, nil},
		{"its issuer", credtest.CertPEM(leaf.Chain[0]), [][]byte{between.PEM()}, [][]byte{inter}},
		{"up to the root", credtest.CertPEM(leaf.Chain[0]), [][]byte{credtest.CA(t).PEM(), between.PEM()}, [][]byte{inter, root}},
		{"the root alone", credtest.CertPEM(leaf.Chain[0]), [][]byte{credtest.CA(t).PEM()}, nil},
		{"a chain of its own", credtest.CertPEM(leaf.Chain...), [][]byte{credtest.CA(t).PEM()}, [][]byte{inter}},
	} {
		o := alone
		o.Cert, o.CA = [][]byte{tt.cert}, tt.ca
		c, err := NewSecureContext(o)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if got := c.serverConfig().Credentials[0].Chain; !slices.EqualFunc(got[1:], tt.want, bytes.Equal) {
			t.Errorf("%s: %d certificates are sent after the leaf", tt.name, len(got)-1)
		}
	}
	kinds := []credtest.Kind{credtest.RSA2048, credtest.Ed25519, credtest.P256}
	for sigalgs, want := range map[string][]credtest.Kind{
		"":                                      {credtest.P256, credtest.Ed25519, credtest.RSA2048},
		"RSA+SHA256:ed25519":                    {credtest.RSA2048, credtest.Ed25519, credtest.P256},
		"ed25519:ECDSA+SHA256:PSS+SHA256":       {credtest.Ed25519, credtest.P256, credtest.RSA2048},
		"ECDSA+SHA384:rsa_pss_rsae_sha256":      {credtest.P256, credtest.RSA2048, credtest.Ed25519},
		"rsa_pss_pss_sha256:ed25519:RSA+SHA256": {credtest.Ed25519, credtest.RSA2048, credtest.P256},
	} {
		c, err := NewSecureContext(withPair(t, SecureContextOptions{SigAlgs: sigalgs}, kinds...))
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range c.serverConfig().Credentials {
			if !isKeyOf(credtest.Key(t, want[i]), got.Leaf) || got.Key == nil {
				t.Errorf("sigalgs %q: certificate %d is not that of %s", sigalgs, i, want[i])
			}
		}
	}
}

// opaque is a key that nobody can look into.
type opaque struct{ key crypto.Signer }

func (o opaque) Public() crypto.PublicKey { return o.key.Public() }
func (o opaque) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return o.key.Sign(r, digest, opts)
}

// decrypter is an opaque key that decrypts.
type decrypter struct{ opaque }

func (d decrypter) Decrypt(r io.Reader, msg []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	return d.key.(crypto.Decrypter).Decrypt(r, msg, opts)
}

// TestSigner: any crypto.Signer is a key; RSA key exchange is offered with one that
// decrypts only.
func TestSigner(t *testing.T) {
	rsaKey := credtest.Key(t, credtest.RSA2048)
	for _, tt := range []struct {
		name    string
		kind    credtest.Kind
		key     crypto.Signer
		options error
		rsa     bool // key exchange
	}{
		{"RSA that signs", credtest.RSA2048, opaque{rsaKey}, nil, false},
		{"RSA that decrypts", credtest.RSA2048, decrypter{opaque{rsaKey}}, nil, true},
		{"RSA at hand", credtest.RSA2048, rsaKey, nil, true},
		{"P-256", credtest.P256, opaque{credtest.Key(t, credtest.P256)}, nil, true},
		{"another's", credtest.P256, opaque{credtest.Key(t, credtest.OtherP256)}, CodeKeyMismatch, false},
	} {
		c, err := NewSecureContext(SecureContextOptions{Cert: [][]byte{leafPEM(t, tt.kind)}, Key: []KeyObject{{Signer: tt.key}}})
		if !errors.Is(err, tt.options) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err != nil {
			continue
		}
		offers := func(list []*suites.Suite) bool {
			return slices.ContainsFunc(list, func(s *suites.Suite) bool { return s.Kx == suites.KxRSA })
		}
		if cfg := c.serverConfig(); offers(cfg.Suites) != tt.rsa || !offers(c.clientConfig().Suites) || cfg.Credentials[0].Key != tt.key {
			t.Errorf("%s: RSA key exchange: %t", tt.name, offers(cfg.Suites))
		}
	}
	for name, k := range map[string]KeyObject{"none": {}, "both": {PEM: credtest.KeyPEM(t, credtest.P256), Signer: credtest.Key(t, credtest.P256)}} {
		if _, err := NewSecureContext(SecureContextOptions{Cert: [][]byte{leafPEM(t, credtest.P256)}, Key: []KeyObject{k}}); !errors.Is(err, CodeArgValue) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPFX(t *testing.T) {
	between := credtest.CA(t).Intermediate(t, "between")
	file := func(e *pkcs12.Encoder, k credtest.Kind, passphrase string) []byte {
		b, err := e.Encode(credtest.Key(t, k), between.Leaf(t, k, "localhost").Leaf, []*x509.Certificate{between.Cert, credtest.CA(t).Cert}, passphrase)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	of := func(passphrase string, files ...PFXObject) SecureContextOptions {
		return SecureContextOptions{PFX: files, Passphrase: passphrase}
	}
	modern, legacy := file(pkcs12.Modern2023, credtest.P256, "secret"), file(pkcs12.LegacyDES, credtest.RSA2048, "secret")
	checkOptions(t, "pfx", []optionRow{
		{name: "its passphrase", o: of("", PFXObject{modern, "secret"})},
		{name: "the options' passphrase", o: of("secret", PFXObject{Buf: modern})},
		{name: "its passphrase before the options'", o: of("wrong", PFXObject{modern, "secret"})},
		{name: "3DES", o: of("secret", PFXObject{Buf: legacy})},
		{name: "two", o: of("secret", PFXObject{Buf: legacy}, PFXObject{Buf: modern})},
		{name: "empty passphrase", o: of("", PFXObject{Buf: file(pkcs12.Modern2023, credtest.P256, "")})},
		{name: "wrong passphrase", o: of("", PFXObject{modern, "wrong"}), option: "pfx"},
		{name: "no passphrase", o: of("", PFXObject{Buf: modern}), option: "pfx"},
		{name: "no MAC", o: of("", PFXObject{Buf: file(pkcs12.Passwordless, credtest.P256, "")})},
		{name: "no MAC, with a passphrase", o: of("secret", PFXObject{Buf: file(pkcs12.Passwordless, credtest.P256, "")}), option: "pfx"},
		{name: "rubbish", o: of("", PFXObject{Buf: []byte("rubbish")}), option: "pfx"},
		{name: "empty", o: of("", PFXObject{Buf: []byte{}}), option: "pfx"},
		{name: "cut", o: of("secret", PFXObject{Buf: modern[:100]}), option: "pfx"},
		{name: "RC2", o: of("secret", PFXObject{Buf: file(pkcs12.LegacyRC2, credtest.P256, "secret")}), node: string(CodeUnsupported), why: "we read it: it is a file of the user's own"},
		{name: "RSA 1024 at level 2", o: SecureContextOptions{Ciphers: "DEFAULT@SECLEVEL=2", PFX: []PFXObject{{file(pkcs12.Modern2023, credtest.RSA1024, ""), ""}}}, option: "pfx", code: CodeKeyTooSmall, node: "?", why: "node has no code for it"},
		{name: "a type twice", o: of("secret", PFXObject{Buf: modern}, PFXObject{Buf: modern}), option: "pfx", code: CodeArgValue, node: "ok", why: "nothing is taken and ignored"},
	})
	c, err := NewSecureContext(of("secret", PFXObject{Buf: modern}))
	if err != nil {
		t.Fatal(err)
	}
	cfg := c.serverConfig()
	want := [][]byte{between.Leaf(t, credtest.P256, "localhost").Leaf.Raw, between.Cert.Raw, credtest.CA(t).Cert.Raw}
	if !slices.EqualFunc(cfg.Credentials[0].Chain, want, bytes.Equal) {
		t.Errorf("%d certificates are sent", len(cfg.Credentials[0].Chain))
	}
	chain, err := cred.ParseChain([][]byte{credtest.CA(t).Leaf(t, credtest.P256, "a").Chain[0]})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.verify(chain, true, credtest.Now); err != nil {
		t.Errorf("the authority of the file is not trusted: %v", err)
	}
}
