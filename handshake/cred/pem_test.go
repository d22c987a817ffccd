package cred_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

func TestLoadPEM(t *testing.T) {
	inter := credtest.CA(t).Intermediate(t, "inter")
	c := inter.Leaf(t, credtest.P256, "example.com")
	cert, key := credtest.CertPEM(c.Chain...), credtest.KeyPEM(t, credtest.P256)
	both := append(append([]byte("some text\n"), key...), cert...)
	for name, in := range map[string][2][]byte{"apart": {cert, key}, "one text": {both, both}} {
		got, err := cred.LoadPEM(in[0], in[1], nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(got.Chain) != 2 || !bytes.Equal(got.Chain[0], c.Chain[0]) || got.Leaf.Subject.CommonName != "example.com" || got.Key == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got, err := cred.LoadPEM(cert, nil, nil); err != nil || got.Key != nil {
		t.Errorf("opaque key: %v, %v", got, err)
	}
}

func TestLoadPEMRefuses(t *testing.T) {
	c := credtest.CA(t).Leaf(t, credtest.P256, "example.com")
	cert, key := credtest.CertPEM(c.Chain...), credtest.KeyPEM(t, credtest.P256)
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	for _, x := range []struct {
		name      string
		cert, key []byte
		code      string
	}{
		{"no certificate", []byte("junk"), key, "ERR_OSSL_PEM_NO_START_LINE"},
		{"DER", c.Chain[0], key, "ERR_OSSL_PEM_NO_START_LINE"},
		{"no key", cert, []byte("junk"), "ERR_OSSL_PEM_NO_START_LINE"},
		{"certificate for a key", cert, cert, "ERR_OSSL_PEM_NO_START_LINE"},
		{"another key", cert, credtest.KeyPEM(t, credtest.OtherP256), "ERR_OSSL_X509_KEY_VALUES_MISMATCH"},
		{"a key of another kind", cert, credtest.KeyPEM(t, credtest.RSA2048), "ERR_OSSL_X509_KEY_VALUES_MISMATCH"},
		{"key cut", cert, block("PRIVATE KEY", []byte{0x30, 0x20, 2, 1, 0}), "ERR_OSSL_UNSUPPORTED"},
		{"key of X25519", cert, block("PRIVATE KEY", x25519Key(t)), "ERR_OSSL_UNSUPPORTED"},
		{"unknown form", cert, block("FANCY PRIVATE KEY", []byte{1}), "ERR_OSSL_UNSUPPORTED"},
		{"encryption malformed", cert, block("ENCRYPTED PRIVATE KEY", []byte{0x30, 0}), "ERR_OSSL_UNSUPPORTED"},
		{"leaf cut", block("CERTIFICATE", c.Chain[0][:99]), key, "ERR_OSSL_PEM_ASN1_LIB"},
	} {
		if _, err := cred.LoadPEM(x.cert, x.key, nil); code(err) != x.code {
			t.Errorf("%s: %v has code %q, want %q", x.name, err, code(err), x.code)
		}
	}
}

func x25519Key(t *testing.T) []byte {
	t.Helper()
	return append(unhex(t, "302e020100300506032b656e04220420"), bytes.Repeat([]byte{9}, 32)...)
}

// openssl runs openssl on text, or skips.
func openssl(t *testing.T, in []byte, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	cmd := exec.Command(path, args...)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("openssl %v: %v", args, err)
	}
	return out
}

// TestPrivateKeyForms reads every form in which openssl writes a key.
func TestPrivateKeyForms(t *testing.T) {
	const secret = "pass:correct horse"
	forms := map[string][]string{
		"traditional":           {"pkey", "-traditional"},
		"traditional, AES-128":  {"pkey", "-traditional", "-aes128", "-passout", secret},
		"traditional, AES-256":  {"pkey", "-traditional", "-aes256", "-passout", secret},
		"traditional, 3DES":     {"pkey", "-traditional", "-des3", "-passout", secret},
		"PKCS8":                 {"pkcs8", "-topk8", "-nocrypt"},
		"PKCS8, default":        {"pkcs8", "-topk8", "-passout", secret},
		"PKCS8, AES-128, SHA-1": {"pkcs8", "-topk8", "-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1", "-passout", secret},
		"PKCS8, AES-192":        {"pkcs8", "-topk8", "-v2", "aes-192-cbc", "-passout", secret},
		"PKCS8, 3DES, SHA-512":  {"pkcs8", "-topk8", "-v2", "des3", "-v2prf", "hmacWithSHA512", "-passout", secret},
		"PKCS8, SHA-384":        {"pkcs8", "-topk8", "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA384", "-passout", secret},
		"PKCS8, PKCS12's 3DES":  {"pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES", "-passout", secret},
		"PKCS8, scrypt":         {"pkcs8", "-topk8", "-scrypt", "-passout", secret},
	}
	for _, kind := range []credtest.Kind{credtest.RSA2048, credtest.P256} {
		plain := credtest.KeyPEM(t, kind)
		want := credtest.Key(t, kind).Public().(interface{ Equal(crypto.PublicKey) bool })
		for name, args := range forms {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				text := openssl(t, plain, args...)
				key, err := cred.ParsePrivateKey(text, []byte("correct horse"))
				if err != nil || !want.Equal(key.Public()) {
					t.Fatalf("%v, %v", key, err)
				}
				if !bytes.Contains(text, []byte("ENCRYPTED")) {
					return
				}
				for _, wrong := range []string{"", "battery staple"} {
					if _, err := cred.ParsePrivateKey(text, []byte(wrong)); code(err) != "ERR_OSSL_BAD_DECRYPT" {
						t.Errorf("with %q: %v", wrong, err)
					}
				}
			})
		}
	}
	for _, kind := range []credtest.Kind{credtest.RSAPSS, credtest.Ed25519, credtest.Ed448} {
		text := openssl(t, credtest.KeyPEM(t, kind), "pkcs8", "-topk8", "-passout", secret)
		if _, err := cred.ParsePrivateKey(text, []byte("correct horse")); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestParseCertificates(t *testing.T) {
	a, b := credtest.CA(t), credtest.Root(t, "b", credtest.P384)
	trusted := openssl(t, b.PEM(), "x509", "-trustout", "-addtrust", "serverAuth")
	text := append(append([]byte("# comment\n"), a.PEM()...), trusted...)
	certs, err := cred.ParseCertificates(text)
	if err != nil || len(certs) != 2 || !certs[0].Equal(a.Cert) || !certs[1].Equal(b.Cert) {
		t.Errorf("%d certificates, %v", len(certs), err)
	}
	if _, err := cred.ParseCertificates([]byte("none")); code(err) != "ERR_OSSL_PEM_NO_START_LINE" {
		t.Error(err)
	}
	if _, err := cred.ParseCertificates(credtest.CertPEM(a.Cert.Raw[:50])); code(err) != "ERR_OSSL_PEM_ASN1_LIB" {
		t.Error(err)
	}
}

func TestParseCRLs(t *testing.T) {
	l := credtest.CA(t).CRL(t)
	if got, err := cred.ParseCRLs([]byte(crlPEM(l) + crlPEM(l))); err != nil || len(got) != 2 {
		t.Errorf("%d lists, %v", len(got), err)
	}
	for _, text := range []string{"", "junk", string(credtest.CA(t).PEM())} {
		if _, err := cred.ParseCRLs([]byte(text)); code(err) != "ERR_CRYPTO_OPERATION_FAILED" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParseChain(t *testing.T) {
	c := credtest.CA(t).Intermediate(t, "inter").Leaf(t, credtest.RSAPSS, "example.com")
	chain, err := cred.ParseChain(c.Chain)
	if err != nil || len(chain) != 2 {
		t.Fatalf("%d certificates, %v", len(chain), err)
	}
	if _, ok := chain[0].PublicKey.(*cred.PSSPublicKey); !ok {
		t.Errorf("key is a %T", chain[0].PublicKey)
	}
	_, err = cred.ParseChain([][]byte{c.Chain[0], append(bytes.Clone(c.Chain[1]), 0)})
	wantKind(t, err, cred.KindParse, record.AlertBadCertificate, "trailing byte")
	_, err = cred.ParseChain([][]byte{nil})
	wantKind(t, err, cred.KindParse, record.AlertBadCertificate, "empty certificate")
	for _, pss := range []bool{false, true} {
		huge := bytes.Clone(credtest.CA(t).Leaf(t, credtest.P256, "example.com").Chain[0])
		huge = credtest.Resign(t, huge, hugeRSA(t, pss), credtest.CA(t).Key)
		_, err = cred.ParseChain([][]byte{c.Chain[1], huge})
		wantKind(t, err, cred.KindHugeKey, record.AlertBadCertificate, "RSA key of 8193 bits")
	}
	_, err = cred.ParseChain(nil)
	wantKind(t, err, cred.KindNoCertificate, record.AlertCertificateRequired, "empty chain")
}

// hugeRSA returns the SubjectPublicKeyInfo of an RSA key of 8193 bits.
func hugeRSA(t *testing.T, pss bool) []byte {
	t.Helper()
	n := new(big.Int).Lsh(big.NewInt(1), 8192)
	oid := unhex(t, "06092a864886f70d010101")
	if pss {
		oid[len(oid)-1] = 10
	} else {
		oid = append(oid, 5, 0)
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(oid) })
		b.AddASN1BitString(x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}))
	})
	return b.BytesOrPanic()
}

// TestPSSParameters reads certificates whose RSASSA-PSS key is bound to a hash and a salt.
func TestPSSParameters(t *testing.T) {
	dir := t.TempDir()
	keyFile := filepath.Join(dir, "key")
	openssl(t, nil, "genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_pss_keygen_md:sha384",
		"-pkeyopt", "rsa_pss_keygen_mgf1_md:sha384", "-pkeyopt", "rsa_pss_keygen_saltlen:48", "-out", keyFile)
	cert := openssl(t, nil, "req", "-x509", "-key", keyFile, "-subj", "/CN=bound", "-days", "3650")
	key, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cred.LoadPEM(cert, key, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range versions[2:] {
		if got := c.Schemes(v); len(got) != 1 || got[0] != cred.RSAPSSPSSSHA384 {
			t.Errorf("%v: schemes %v", v, got)
		}
	}
	// Self-signed by an RSASSA-PSS key: crypto/x509 alone would not verify it as an issuer.
	v := cred.NewVerifier([]*x509.Certificate{c.Leaf}, false)
	template := credtest.LeafTemplate("below.example")
	template.SerialNumber, template.NotBefore, template.NotAfter = c.Leaf.SerialNumber, credtest.NotBefore, credtest.NotAfter
	template.SignatureAlgorithm = x509.SHA384WithRSAPSS
	issuer := *c.Leaf
	issuer.PublicKey = c.Key.Public()
	der, err := x509.CreateCertificate(bytes.NewReader(make([]byte, 100)), template, &issuer, credtest.Key(t, credtest.P256).Public(), c.Key)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := cred.ParseChain([][]byte{der})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(chain, "below.example", true, c.Leaf.NotBefore); err != nil {
		t.Error(err)
	}
	template.SignatureAlgorithm = x509.SHA384WithRSA // a good signature, but not of RSASSA-PSS
	if der, err = x509.CreateCertificate(nil, template, &issuer, credtest.Key(t, credtest.P256).Public(), c.Key); err != nil {
		t.Fatal(err)
	}
	if chain, err = cred.ParseChain([][]byte{der}); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(chain, "", true, c.Leaf.NotBefore); code(err) != "CERT_SIGNATURE_FAILURE" {
		t.Errorf("PKCS#1 v1.5 by an RSASSA-PSS key: %v", err)
	}
}

// TestOpenSSLSignatures exchanges signatures of every scheme with "openssl dgst" and "pkeyutl".
func TestOpenSSLSignatures(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	content := cred.SignedContent(nil, false, bytes.Repeat([]byte{3}, 48))
	message := file("content", content)
	for kind := range credtest.Kinds() {
		c := credtest.CA(t).Leaf(t, kind, "example.com")
		key := file("key", credtest.KeyPEM(t, kind))
		for _, s := range c.Schemes(record.TLS12) {
			t.Run(string(kind)+" "+s.String(), func(t *testing.T) {
				sign, verify := opensslArgs(s, key, message)
				theirs := openssl(t, nil, sign...)
				if err := cred.Verify(cred.PublicKey(c.Leaf), s, record.TLS12, content, theirs); err != nil {
					t.Errorf("openssl's signature: %v", err)
				}
				ours, err := cred.Sign(c.Key, s, content, salt(s))
				if err != nil {
					t.Fatal(err)
				}
				sig := file("sig", ours)
				if out := openssl(t, nil, verify(sig)...); !bytes.Contains(out, []byte("Verif")) || bytes.Contains(out, []byte("ailure")) {
					t.Errorf("openssl says %q", out)
				}
			})
		}
	}
}

// opensslArgs returns the arguments that sign the message, and those that verify a file.
func opensslArgs(s cred.Scheme, key, message string) ([]string, func(sig string) []string) {
	if s == cred.Ed25519 || s == cred.Ed448 {
		sign := []string{"pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", message}
		return sign, func(sig string) []string {
			return []string{"pkeyutl", "-verify", "-rawin", "-inkey", key, "-in", message, "-sigfile", sig}
		}
	}
	name := s.String()
	args := []string{"dgst", "-sha" + name[len(name)-3:]}
	if cred.SaltLen(s) > 0 {
		args = append(args, "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest")
	}
	sign := append(args[:len(args):len(args)], "-sign", key, message)
	return sign, func(sig string) []string {
		return append(args[:len(args):len(args)], "-prverify", key, "-signature", sig, message)
	}
}
