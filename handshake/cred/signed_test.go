package cred_test

import (
	"crypto/x509"
	"errors"
	"slices"
	"testing"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
)

// TestCheckSigned: all of a chain but a self-issued end has to be signed with a scheme that is taken.
func TestCheckSigned(t *testing.T) {
	//= RFC 9846 §4.5.1.2 type=test
	chain := func(root, between, leaf credtest.Kind) []*x509.Certificate {
		pss := root == credtest.RSAPSS
		if pss { // which this package does not sign with
			root = credtest.RSA2048
		}
		ca := credtest.Root(t, "signed "+string(root), root)
		sub := ca.Sub(t, credtest.AuthorityTemplate("between"), between)
		if pss {
			sub.Cert.SignatureAlgorithm = x509.SHA256WithRSAPSS
		}
		return append([]*x509.Certificate{sub.Leaf(t, leaf, "example.org").Leaf, sub.Cert}, ca.Cert)
	}
	for _, row := range []struct {
		name                string
		root, between, leaf credtest.Kind
		takes               []cred.Scheme
		at                  int // of the certificate that is refused; -1: none
	}{
		{"all of one", credtest.P256, credtest.P256, credtest.RSA2048, []cred.Scheme{cred.ECDSAP256SHA256}, -1},
		{"an intermediate of RSA", credtest.RSA2048, credtest.P256, credtest.P256, []cred.Scheme{cred.ECDSAP256SHA256}, 1},
		{"a leaf of RSA", credtest.P256, credtest.RSA2048, credtest.P256, []cred.Scheme{cred.ECDSAP256SHA256}, 0},
		{"both taken", credtest.P256, credtest.RSA2048, credtest.P256, []cred.Scheme{cred.RSAPKCS1SHA256, cred.ECDSAP256SHA256}, -1},
		{"P-384 signs with SHA-384", credtest.P384, credtest.P256, credtest.P256, []cred.Scheme{cred.ECDSAP256SHA256}, 1},
		{"RSASSA-PSS by an RSA key's scheme", credtest.RSAPSS, credtest.P256, credtest.P256, []cred.Scheme{cred.ECDSAP256SHA256, cred.RSAPSSRSAESHA256}, -1},
		{"RSASSA-PSS by its own", credtest.RSAPSS, credtest.P256, credtest.P256, []cred.Scheme{cred.ECDSAP256SHA256, cred.RSAPSSPSSSHA256}, -1},
		{"RSASSA-PSS is not PKCS #1", credtest.RSAPSS, credtest.P256, credtest.P256, []cred.Scheme{cred.ECDSAP256SHA256, cred.RSAPKCS1SHA256}, 1},
		{"Ed25519", credtest.Ed25519, credtest.P256, credtest.P256, []cred.Scheme{cred.ECDSAP256SHA256, cred.Ed25519}, -1},
		{"nothing taken", credtest.P256, credtest.P256, credtest.P256, nil, 0},
	} {
		list := chain(row.root, row.between, row.leaf)
		err := cred.CheckSigned(list, false, func(s cred.Scheme) bool {
			for _, taken := range row.takes {
				if s == taken {
					return true
				}
			}
			return false
		})
		var e *cred.Error
		switch {
		case row.at < 0 && err != nil, row.at >= 0 && !errors.As(err, &e), row.at >= 0 && (e.Kind != cred.KindWeakDigest || e.Cert != list[row.at]):
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

// TestEndOfChain: how the trust anchor is signed counts for nothing, whatever kind of
// certificate it is (OpenSSL's partial chains), nor how a self-issued one is that ends a chain
// as it was sent. One in between bears a new key of a CA, and the old key's signature counts.
func TestEndOfChain(t *testing.T) {
	//= RFC 9846 §4.5.1.2 type=test
	old := credtest.Root(t, "renewed", credtest.RSA2048)
	renewed := old.Sub(t, credtest.AuthorityTemplate("renewed"), credtest.P384)
	if string(renewed.Cert.RawSubject) != string(renewed.Cert.RawIssuer) {
		t.Fatal("not self-issued")
	}
	between := old.Sub(t, credtest.AuthorityTemplate("between"), credtest.P384)
	takes := func(s cred.Scheme) bool { return s == cred.ECDSAP384SHA384 }
	under := func(a *credtest.Authority, more ...*x509.Certificate) []*x509.Certificate {
		return append([]*x509.Certificate{a.Leaf(t, credtest.P384, "example.org").Leaf, a.Cert}, more...)
	}
	for _, row := range []struct {
		name     string
		chain    []*x509.Certificate
		anchored bool
		bad      *x509.Certificate // nil: none
	}{
		{"an anchor that is not self-issued", under(between), true, nil},
		{"an intermediate that was sent last", under(between), false, between.Cert},
		{"an intermediate below its root", under(between, old.Cert), true, between.Cert},
		{"self-issued, sent last", under(renewed), false, nil},
		{"self-issued, the anchor", under(renewed), true, nil},
		{"self-issued, in between", under(renewed, old.Cert), true, renewed.Cert},
		{"self-issued, in between as sent", under(renewed, old.Cert), false, renewed.Cert},
		{"a leaf that is the anchor", under(between)[:1], true, nil},
	} {
		var e *cred.Error
		switch err := cred.CheckSigned(row.chain, row.anchored, takes); {
		case row.bad == nil && err != nil, row.bad != nil && (!errors.As(err, &e) || e.Cert != row.bad):
			t.Errorf("%s: signed: %v", row.name, err)
		}
		if !row.anchored {
			continue
		}
		// The root's key and signatures are of 112 bits, what level 2 demands.
		for _, c := range row.chain {
			if c.SignatureAlgorithm == x509.SHA256WithRSA {
				own := *c
				own.SignatureAlgorithm = x509.SHA1WithRSA
				row.chain[slices.Index(row.chain, c)] = &own
			}
		}
		switch err := cred.PermittedChain(row.chain, 2); {
		case row.bad == nil && err != nil, row.bad != nil && (!errors.As(err, &e) || e.Kind != cred.KindWeakDigest || !e.Cert.Equal(row.bad)):
			t.Errorf("%s: permitted: %v", row.name, err)
		}
	}
	weak := []*x509.Certificate{renewed.Leaf(t, credtest.P384, "example.org").Leaf, old.Cert}
	var e *cred.Error
	if err := cred.PermittedChain(weak, 3); !errors.As(err, &e) || e.Kind != cred.KindWeakCAKey || e.Depth != 1 {
		t.Errorf("an anchor's key: %v", err)
	}
}
