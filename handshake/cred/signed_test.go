package cred_test

import (
	"crypto/x509"
	"errors"
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
		err := cred.CheckSigned(list, func(s cred.Scheme) bool {
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

// TestCheckSignedSelfIssued: a self-issued certificate is an anchor at the end of a chain
// alone; in between it bears a new key of a CA, and the old key's signature counts.
func TestCheckSignedSelfIssued(t *testing.T) {
	//= RFC 9846 §4.5.1.2 type=test
	old := credtest.Root(t, "renewed", credtest.RSA2048)
	renewed := old.Sub(t, credtest.AuthorityTemplate("renewed"), credtest.P256)
	if string(renewed.Cert.RawSubject) != string(renewed.Cert.RawIssuer) {
		t.Fatal("not self-issued")
	}
	leaf := renewed.Leaf(t, credtest.P256, "example.org").Leaf
	takes := func(s cred.Scheme) bool { return s == cred.ECDSAP256SHA256 }
	var e *cred.Error
	if err := cred.CheckSigned([]*x509.Certificate{leaf, renewed.Cert, old.Cert}, takes); !errors.As(err, &e) || e.Cert != renewed.Cert {
		t.Errorf("in between: %v", err)
	}
	if err := cred.CheckSigned([]*x509.Certificate{leaf, renewed.Cert}, takes); err != nil {
		t.Errorf("at the end: %v", err)
	}
}
