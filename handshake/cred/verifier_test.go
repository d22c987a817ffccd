package cred_test

import (
	"crypto/x509"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

func TestCheckName(t *testing.T) {
	ca := credtest.CA(t)
	for _, c := range []struct {
		cert, name string
		ok         bool
	}{
		{"example.com", "example.com", true},
		{"example.com", "EXAMPLE.com", true},
		{"example.com", "example.com.", true},
		{"example.com", "www.example.com", false},
		{"example.com", "example.net", false},
		{"*.example.com", "www.example.com", true},
		{"*.example.com", "example.com", false},
		{"*.example.com", "a.b.example.com", false},
		{"*.example.com", ".example.com", false},
		{"127.0.0.1", "127.0.0.1", true},
		{"127.0.0.1", "127.0.0.2", false},
		{"::1", "::1", true},
		{"::1", "[::1]", true},
		{"::1", "0:0:0:0:0:0:0:1", true},
		{"example.com", "127.0.0.1", false},
	} {
		leaf := ca.Leaf(t, credtest.P256, c.cert).Leaf
		err := cred.CheckName(leaf, c.name)
		if (err == nil) != c.ok {
			t.Errorf("%q for %q: %v", c.cert, c.name, err)
		}
		if err != nil {
			wantKind(t, err, cred.KindName, record.AlertBadCertificate, c.name)
			if code(err) != "ERR_TLS_CERT_ALTNAME_INVALID" {
				t.Errorf("code %q", code(err))
			}
		}
	}
	// A common name is no name, and text that looks like an address is none.
	template := credtest.LeafTemplate("example.com")
	template.DNSNames = nil
	if cred.CheckName(ca.Issue(t, template, credtest.P256), "example.com") == nil {
		t.Error("the common name was taken")
	}
	template.DNSNames = []string{"127.0.0.1"}
	if cred.CheckName(ca.Issue(t, template, credtest.P256), "127.0.0.1") == nil {
		t.Error("a DNS name was taken for an address")
	}
}

// TestNilRootsTrustNothing: not the system's roots, as a nil pool means to crypto/x509. The system's
// are read once and by environment, so the test runs itself again.
func TestNilRootsTrustNothing(t *testing.T) {
	ca := credtest.CA(t)
	if os.Getenv("TACET_NIL_ROOTS") == "" {
		file := filepath.Join(t.TempDir(), "roots")
		if err := os.WriteFile(file, ca.PEM(), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestNilRootsTrustNothing$")
		cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+file, "TACET_NIL_ROOTS=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	leaf := ca.Leaf(t, credtest.P256, "example.com").Leaf
	if _, err := leaf.Verify(x509.VerifyOptions{CurrentTime: credtest.Now}); err != nil {
		t.Skipf("the system's roots cannot be set: %v", err)
	}
	var v cred.Verifier
	if _, err := v.Verify(list(leaf), "", true, credtest.Now); code(err) != "UNABLE_TO_VERIFY_LEAF_SIGNATURE" {
		t.Errorf("got %v", err)
	}
}

// TestNameIsLast: a chain's fault is told before the name's.
func TestNameIsLast(t *testing.T) {
	ca := credtest.CA(t)
	leaf := ca.Leaf(t, credtest.P256, "example.com").Leaf
	other := credtest.Root(t, "other", credtest.OtherP256)
	for _, c := range []struct {
		v    *cred.Verifier
		name string
		want string
	}{
		{ca.Verifier(), "example.com", ""},
		{ca.Verifier(), "", ""},
		{ca.Verifier(), "example.net", "ERR_TLS_CERT_ALTNAME_INVALID"},
		{other.Verifier(), "example.net", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"},
		{&cred.Verifier{}, "example.com", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"},
	} {
		if _, err := c.v.Verify(list(leaf), c.name, true, credtest.Now); code(err) != c.want {
			t.Errorf("%q: %v, want %q", c.name, err, c.want)
		}
	}
	_, err := ca.Verifier().Verify(nil, "", true, credtest.Now)
	wantKind(t, err, cred.KindNoCertificate, record.AlertCertificateRequired, "no chain")
}

// TestTimes: both ends of the validity belong to it.
func TestTimes(t *testing.T) {
	ca := credtest.CA(t)
	template := credtest.LeafTemplate("example.com")
	template.NotBefore, template.NotAfter = credtest.Now, credtest.Now.Add(time.Hour)
	leaf := ca.Issue(t, template, credtest.P256)
	for _, c := range []struct {
		at   time.Duration
		want string
	}{{-time.Second, "CERT_NOT_YET_VALID"}, {0, ""}, {time.Minute, ""}, {time.Hour, ""}, {time.Hour + time.Second, "CERT_HAS_EXPIRED"}} {
		if _, err := ca.Verifier().Verify(list(leaf), "", true, credtest.Now.Add(c.at)); code(err) != c.want {
			t.Errorf("at %v: %v, want %q", c.at, err, c.want)
		}
	}
}

func TestStrengthAndDepth(t *testing.T) {
	ca := credtest.CA(t)
	leaf := func(a *credtest.Authority, kind credtest.Kind) []*x509.Certificate {
		c := a.Leaf(t, kind, "example.com")
		chain, err := cred.ParseChain(c.Chain)
		if err != nil {
			t.Fatal(err)
		}
		return chain
	}
	weakRoot := credtest.Root(t, "weak root", credtest.RSA1024)
	a, b := ca.Intermediate(t, "a"), ca.Intermediate(t, "a").Intermediate(t, "b")
	strong := func(v *cred.Verifier, bits, depth int) *cred.Verifier {
		v.MinRSABits, v.MaxDepth = bits, depth
		return v
	}
	for _, c := range []struct {
		name  string
		v     *cred.Verifier
		chain []*x509.Certificate
		want  cred.Kind // KindUnspecified: good
	}{
		{"1024 bits by default", ca.Verifier(), leaf(ca, credtest.RSA1024), cred.KindUnspecified},
		{"1024 bits below 2048", strong(ca.Verifier(), 2048, 0), leaf(ca, credtest.RSA1024), cred.KindWeakKey},
		{"2048 bits", strong(ca.Verifier(), 2048, 0), leaf(ca, credtest.RSA2048), cred.KindUnspecified},
		{"RSASSA-PSS of 2048 bits below 3072", strong(ca.Verifier(), 3072, 0), leaf(ca, credtest.RSAPSS), cred.KindWeakKey},
		{"no RSA at all", strong(ca.Verifier(), 4096, 0), leaf(ca, credtest.P256), cred.KindUnspecified},
		{"issuer of 1024 bits", strong(weakRoot.Verifier(), 2048, 0), leaf(weakRoot, credtest.P256), cred.KindWeakCAKey},
		{"one intermediate of one", strong(ca.Verifier(), 0, 1), leaf(a, credtest.P256), cred.KindUnspecified},
		{"two intermediates of one", strong(ca.Verifier(), 0, 1), leaf(b, credtest.P256), cred.KindChainTooLong},
		{"two intermediates of two", strong(ca.Verifier(), 0, 2), leaf(b, credtest.P256), cred.KindUnspecified},
	} {
		_, err := c.v.Verify(c.chain, "", true, credtest.Now)
		var e *cred.Error
		if good := c.want == cred.KindUnspecified; good != (err == nil) || !good && (!errors.As(err, &e) || e.Kind != c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestPoolAloneIsNoPartialTrust: a pool may hold certificates that are not self-signed; they end a
// chain only with PartialChain.
func TestPoolAloneIsNoPartialTrust(t *testing.T) {
	inter := credtest.CA(t).Intermediate(t, "inter")
	leaf := inter.Leaf(t, credtest.P256, "example.com").Leaf
	v := &cred.Verifier{Roots: inter.Pool()}
	if _, err := v.Verify(list(leaf), "", true, credtest.Now); code(err) != "UNABLE_TO_GET_ISSUER_CERT" {
		t.Errorf("got %v", err)
	}
	v.PartialChain = true
	if _, err := v.Verify(list(leaf), "", true, credtest.Now); err != nil {
		t.Error(err)
	}
}

// TestOneGoodPathIsEnough: a cross-signed intermediate leads to two roots, of which one revoked it.
func TestOneGoodPathIsEnough(t *testing.T) {
	a, b := credtest.CA(t), credtest.Root(t, "b", credtest.P384)
	viaA, viaB := a.Intermediate(t, "cross"), b.Intermediate(t, "cross")
	leaf := viaA.Leaf(t, credtest.P256, "example.com").Leaf
	v := cred.NewVerifier(list(a.Cert, b.Cert), false)
	v.CRLs = lists(a.CRL(t, viaA.Cert), b.CRL(t), viaA.CRL(t))
	chains, err := v.Verify(list(leaf, viaA.Cert, viaB.Cert), "", true, credtest.Now)
	if err != nil || len(chains) != 1 || !chains[0][2].Equal(b.Cert) {
		t.Errorf("%d chains, %v", len(chains), err)
	}
	if _, err := v.Verify(list(leaf, viaA.Cert), "", true, credtest.Now); code(err) != "CERT_REVOKED" {
		t.Errorf("without the cross-signed one: %v", err)
	}
}

// TestAlerts pins the alert of every fault that a chain can have.
func TestAlerts(t *testing.T) {
	want := map[string]record.Alert{
		"CERT_HAS_EXPIRED": record.AlertCertificateExpired, "CERT_NOT_YET_VALID": record.AlertCertificateExpired,
		"CRL_HAS_EXPIRED": record.AlertCertificateExpired, "CRL_NOT_YET_VALID": record.AlertBadCertificate,
		"CERT_REVOKED": record.AlertCertificateRevoked, "UNABLE_TO_GET_CRL": record.AlertUnknownCA,
		"CRL_SIGNATURE_FAILURE": record.AlertBadCertificate, "CERT_SIGNATURE_FAILURE": record.AlertBadCertificate,
		"DEPTH_ZERO_SELF_SIGNED_CERT": record.AlertUnknownCA, "SELF_SIGNED_CERT_IN_CHAIN": record.AlertUnknownCA,
		"UNABLE_TO_VERIFY_LEAF_SIGNATURE": record.AlertUnknownCA, "UNABLE_TO_GET_ISSUER_CERT": record.AlertUnknownCA,
		"UNABLE_TO_GET_ISSUER_CERT_LOCALLY": record.AlertUnknownCA, "INVALID_PURPOSE": record.AlertUnsupportedCertificate,
		"INVALID_CA": record.AlertUnknownCA, "PATH_LENGTH_EXCEEDED": record.AlertUnknownCA,
	}
	for _, c := range chainCases(t) {
		alert, ok := want[c.want]
		if !ok {
			continue
		}
		_, err := c.verifier().Verify(c.sent, "", !c.client, credtest.Now)
		var e *cred.Error
		if !errors.As(err, &e) || e.Alert() != alert {
			t.Errorf("%s: %v, want %v", c.name, err, alert)
		}
	}
}

func TestNewCredential(t *testing.T) {
	c := credtest.CA(t).Leaf(t, credtest.RSAPSS, "example.com")
	if _, err := cred.NewCredential(c.Chain, credtest.Key(t, credtest.RSAPSS)); err != nil {
		t.Error(err)
	}
	if _, err := cred.NewCredential(c.Chain, credtest.Key(t, credtest.RSA2048)); code(err) != "ERR_OSSL_X509_KEY_VALUES_MISMATCH" {
		t.Error(err)
	}
	if _, err := cred.NewCredential(nil, nil); code(err) != "ERR_OSSL_PEM_NO_START_LINE" {
		t.Error(err)
	}
	if _, err := cred.NewCredential([][]byte{{1}}, nil); code(err) != "ERR_OSSL_PEM_ASN1_LIB" {
		t.Error(err)
	}
}

func TestSmallKeyIsRefused(t *testing.T) {
	key := openssl(t, nil, "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:768")
	text := append(openssl(t, key, "req", "-x509", "-key", "/dev/stdin", "-subj", "/CN=small"), key...)
	if _, err := cred.LoadPEM(text, nil, nil); code(err) != "ERR_SSL_EE_KEY_TOO_SMALL" {
		t.Error(err)
	}
}

// BenchmarkVerify is a chain of two, beside crypto/x509 alone.
func BenchmarkVerify(b *testing.B) {
	ca := credtest.CA(b)
	c := ca.Intermediate(b, "inter").Leaf(b, credtest.P256, "example.com")
	chain, err := cred.ParseChain(c.Chain)
	if err != nil {
		b.Fatal(err)
	}
	between := x509.NewCertPool()
	between.AddCert(chain[1])
	b.Run("x509", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := chain[0].Verify(x509.VerifyOptions{Roots: ca.Pool(), Intermediates: between, CurrentTime: credtest.Now}); err != nil {
				b.Fatal(err)
			}
		}
	})
	v := ca.Verifier()
	b.Run("cred", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.Verify(chain, "example.com", true, credtest.Now); err != nil {
				b.Fatal(err)
			}
		}
	})
}
