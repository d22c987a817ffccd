package cred_test

import (
	"crypto/tls"
	"errors"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

func TestSchemeNames(t *testing.T) {
	for _, c := range []struct {
		s             cred.Scheme
		name, openssl string
	}{
		{0x0401, "rsa_pkcs1_sha256", "RSA+SHA256"},
		{0x0403, "ecdsa_secp256r1_sha256", "ECDSA+SHA256"},
		{0x0603, "ecdsa_secp521r1_sha512", "ECDSA+SHA512"},
		{0x0804, "rsa_pss_rsae_sha256", "RSA-PSS+SHA256"},
		{0x080b, "rsa_pss_pss_sha512", "RSA-PSS+SHA512"},
		{0x0807, "ed25519", "Ed25519+UNDEF"},
		{0x0808, "ed448", "Ed448+UNDEF"},
		{0x0203, "ecdsa_sha1", "ECDSA+SHA1"},
		{0x0a0a, "scheme 0x0a0a", "UNDEF"},
	} {
		if c.s.String() != c.name || c.s.OpenSSL() != c.openssl || c.s.Known() != (c.openssl != "UNDEF") {
			t.Errorf("%#04x is %v, %q", uint16(c.s), c.s, c.s.OpenSSL())
		}
	}
}

func TestSchemesNeverInTLS13(t *testing.T) {
	//= RFC 9846 §4.3.3 type=test
	for _, s := range allSchemes() {
		name := s.String()
		weak := strings.Contains(name, "pkcs1") || strings.HasSuffix(name, "sha1") || !s.Known()
		if s.In(record.TLS13) == weak || s.In(record.TLS12) != s.Known() || s.In(record.TLS11) != (s == cred.ECDSASHA1) || s.In(record.TLS10) != (s == cred.ECDSASHA1) || s.In(0) {
			t.Errorf("%v: versions are wrong", s)
		}
	}
}

// offered returns the schemes in the ClientHello that openssl sends with these arguments; false
// when it refuses them.
func offered(t *testing.T, args ...string) ([]cred.Scheme, bool) {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	seen := make(chan []cred.Scheme, 1)
	go func() {
		defer close(seen)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		server := tls.Server(conn, &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			var list []cred.Scheme
			for _, s := range h.SignatureSchemes {
				list = append(list, cred.Scheme(s))
			}
			seen <- list
			return nil, errors.New("seen")
		}})
		server.Handshake()
	}()
	cmd := exec.Command(path, append([]string{"s_client", "-connect", l.Addr().String()}, args...)...)
	cmd.Run() // it fails in any case: the server hangs up
	l.Close()
	list, ok := <-seen
	return list, ok
}

// TestDefaultSchemesAreOpenSSLs compares with what openssl offers by itself.
func TestDefaultSchemesAreOpenSSLs(t *testing.T) {
	theirs, ok := offered(t)
	if !ok {
		t.Fatal("openssl sent no hello")
	}
	theirs = slices.DeleteFunc(theirs, func(s cred.Scheme) bool { return !s.Known() || s == cred.RSAPKCS1SHA1 || s == cred.ECDSASHA1 })
	if ours := cred.DefaultSchemes(); !slices.Equal(ours, theirs) {
		t.Errorf("ours   %v\ntheirs %v", ours, theirs)
	}
}

// TestParseSchemes reads lists as openssl does.
func TestParseSchemes(t *testing.T) {
	if none, err := cred.ParseSchemes("DSA+SHA256:RSA+SHA224"); none == nil || len(none) > 0 || err != nil {
		t.Errorf("a list of what may not be used: %v, %v", none, err)
	}
	for _, list := range []string{
		"ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256:rsa_pss_pss_sha256", "ed25519:ed448", "RSA+SHA256", "RSA-PSS+SHA384",
		"PSS+SHA512", "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512", "SHA256+RSA", "RSA+sha256", "ECDSA+SHA1", "RSA+SHA1", "rsa_pkcs1_sha1",
		"RSA+SHA256:RSA+SHA256", "RSA+SHA256:rsa_pkcs1_sha256", "RSA-PSS+SHA256:rsa_pss_rsae_sha256", "RSA-PSS+SHA256:rsa_pss_pss_sha256", " RSA+SHA256 : ECDSA+SHA256 ", "ed25519", "rsa_pkcs1_sha512:ecdsa_secp521r1_sha512",
		"", ":", "RSA+SHA256:", ":RSA+SHA256", "RSA", "SHA256", "RSA+", "+SHA256", "RSA+RSA", "SHA256+SHA256", "junk", "RSA+junk",
		"rsa+SHA256", "RSA_PKCS1_SHA256", "Ed25519", "ED25519", "ed25519+SHA256", "Ed25519+UNDEF", "rsa_pss_rsae_sha256,ed25519", "RSA+SHA256+ECDSA",
		"ECDSA+SHA-256", "RSA+Sha256", "pss+SHA256", "ecdsa_sha1", "\u00a0ed25519", "DSA+SHA256:ed25519", "ed25519:RSA+SHA224:ECDSA+SHA224", "SHA1+DSA:RSA+SHA1",
		"rsa_pkcs1_sha224:RSA+SHA224", "DSA+SHA512:DSA+SHA512", "DSA", "DSA+MD5",
	} {
		ours, err := cred.ParseSchemes(list)
		theirs, ok := offered(t, "-cipher", "DEFAULT@SECLEVEL=0", "-sigalgs", list)
		theirs = slices.DeleteFunc(theirs, func(s cred.Scheme) bool { return !s.Known() }) // DSA and SHA-224
		if (err == nil) != ok || !slices.Equal(ours, theirs) {
			t.Errorf("%q: ours %v (%v), openssl's %v (%v)", list, ours, err, theirs, ok)
		}
	}
}

func TestPick(t *testing.T) {
	ca := credtest.CA(t)
	all := func(uint16) bool { return true }
	none := func(uint16) bool { return false }
	only := func(list ...cred.Scheme) func(uint16) bool {
		return func(s uint16) bool { return slices.Contains(list, cred.Scheme(s)) }
	}
	for _, c := range []struct {
		kind  credtest.Kind
		v     record.Version
		peer  func(uint16) bool
		order []cred.Scheme
		want  cred.Scheme // 0: none
	}{
		{credtest.P256, record.TLS13, all, nil, cred.ECDSAP256SHA256},
		{credtest.P384, record.TLS13, all, nil, cred.ECDSAP384SHA384},
		{credtest.P384, record.TLS12, all, nil, cred.ECDSAP256SHA256},
		{credtest.P384, record.TLS13, only(cred.ECDSAP256SHA256), nil, 0},
		{credtest.RSA2048, record.TLS13, all, nil, cred.RSAPSSRSAESHA256},
		{credtest.RSA2048, record.TLS13, only(cred.RSAPKCS1SHA256), nil, 0},
		{credtest.RSA2048, record.TLS12, only(cred.RSAPKCS1SHA256), nil, cred.RSAPKCS1SHA256},
		{credtest.RSA2048, record.TLS12, only(cred.RSAPKCS1SHA1), nil, 0},
		{credtest.RSA2048, record.TLS12, only(cred.RSAPKCS1SHA1), []cred.Scheme{cred.RSAPKCS1SHA1}, cred.RSAPKCS1SHA1},
		{credtest.RSA2048, record.TLS12, all, []cred.Scheme{cred.Ed25519, cred.RSAPKCS1SHA512, cred.RSAPSSRSAESHA256}, cred.RSAPKCS1SHA512},
		{credtest.RSA1024, record.TLS13, only(cred.RSAPSSRSAESHA512), nil, 0},
		{credtest.RSAPSS, record.TLS13, all, nil, cred.RSAPSSPSSSHA256},
		{credtest.RSAPSS, record.TLS13, only(cred.RSAPSSRSAESHA256), nil, 0},
		{credtest.Ed25519, record.TLS12, all, nil, cred.Ed25519},
		{credtest.Ed25519, record.TLS11, all, nil, 0},
		{credtest.P256, record.TLS13, none, nil, 0},
		{credtest.P256, record.TLS13, all, []cred.Scheme{}, 0},
	} {
		credential := ca.Leaf(t, c.kind, "example.com")
		got, ok := credential.Pick(c.v, c.peer, c.order)
		if got != c.want || ok != (c.want != 0) {
			t.Errorf("%s in %v: picked %v, %v, want %v", c.kind, c.v, got, ok, c.want)
		}
		if n := testing.AllocsPerRun(10, func() { credential.Pick(c.v, c.peer, c.order) }); n != 0 {
			t.Errorf("%s in %v: %v allocations", c.kind, c.v, n)
		}
	}
}

// The names of RFC 9846 §4.3.3 begin with the kind of key.
func TestSchemesOfRSA(t *testing.T) {
	for _, s := range allSchemes() {
		if s.Known() && s.RSA() != strings.HasPrefix(s.String(), "rsa_") {
			t.Errorf("%v.RSA() is %v", s, s.RSA())
		}
	}
	if cred.Scheme(0).RSA() {
		t.Error("an unknown scheme is RSA's")
	}
}
