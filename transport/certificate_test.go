package transport

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/x509roots/fallback/bundle"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
)

// oddCertificates are such as names, numbers and extensions can be.
func oddCertificates(t *testing.T) []*x509.Certificate {
	t.Helper()
	ca := credtest.CA(t)
	names := credtest.LeafTemplate("a.example", "192.0.2.1", "2001:db8::1")
	names.URIs = []*url.URL{{Scheme: "https", Host: "a.example", Path: "/x,y"}}
	names.EmailAddresses = []string{"someone@a.example"}
	subject := credtest.LeafTemplate()
	subject.Subject = pkix.Name{
		Country: []string{"CH"}, Organization: []string{"One", "Two"}, OrganizationalUnit: []string{"a", "b", "c"},
		CommonName: "Zoë \"x\"", SerialNumber: "77", Locality: []string{"Genève"}, Province: []string{"GE"},
		ExtraNames: []pkix.AttributeTypeAndValue{
			{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, Value: "a@b.example"},
			{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}, Value: "example"},
			{Type: asn1.ObjectIdentifier{1, 2, 3, 4}, Value: "unknown"},
		},
	}
	number := credtest.LeafTemplate("b.example")
	number.SerialNumber = new(big.Int).SetBytes([]byte(strings.Repeat("\x7f", 20)))
	number.NotBefore = time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC)
	number.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 2, 3}}
	others := credtest.LeafTemplate()
	others.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: strangeNames(t)}}

	list := []*x509.Certificate{ca.Cert}
	for _, template := range []*x509.Certificate{names, subject, number, others} {
		list = append(list, ca.Issue(t, template, credtest.P256))
	}
	for _, kind := range []credtest.Kind{credtest.RSA2048, credtest.RSA3072, credtest.P384, credtest.P521, credtest.Ed25519, credtest.Ed448, credtest.RSAPSS} {
		list = append(list, ca.Issue(t, credtest.LeafTemplate("c.example"), kind))
	}
	return list
}

// strangeNames are alternative names that crypto/x509 does not write.
func strangeNames(t *testing.T) []byte {
	t.Helper()
	directory, err := asn1.Marshal(pkix.Name{Organization: []string{`A, "B"; C`}, CommonName: "d"}.ToRDNSequence())
	if err != nil {
		t.Fatal(err)
	}
	single, err := asn1.Marshal(pkix.Name{CommonName: "alone"}.ToRDNSequence())
	if err != nil {
		t.Fatal(err)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, name := range []struct {
			tag   cbasn1.Tag
			value []byte
		}{
			{cbasn1.Tag(2).ContextSpecific(), []byte("x, DNS:y.example")},
			{cbasn1.Tag(2).ContextSpecific(), []byte("cafe 'q' \\ \x01")},
			{cbasn1.Tag(4).ContextSpecific().Constructed(), directory},
			{cbasn1.Tag(4).ContextSpecific().Constructed(), single},
			{cbasn1.Tag(8).ContextSpecific(), []byte{0x2a, 0x03, 0x84, 0x00}},
		} {
			b.AddASN1(name.tag, func(b *cryptobyte.Builder) { b.AddBytes(name.value) })
		}
	})
	der, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// nodeCertificates tells of each certificate of Q, in PEM.
const nodeCertificates = `
const {X509Certificate} = require('node:crypto');
console.log(JSON.stringify(Q.map(pem => new X509Certificate(pem).toLegacyObject())));
`

// TestPeerCertificate compares certificates of every kind, Mozilla's among them,
// with what node makes of them.
func TestPeerCertificate(t *testing.T) {
	list := oddCertificates(t)
	for root := range bundle.Roots() {
		c, err := cred.ParseCertificate(root.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	var questions []string
	for _, c := range list {
		questions = append(questions, string(credtest.CertPEM(c.Raw)))
	}
	for i, theirs := range askNode(t, nodeCertificates, questions) {
		p, err := NewPeerCertificate(list[i].Raw)
		if err != nil {
			t.Fatalf("%v: %v", list[i].Subject, err)
		}
		ours, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if where := sameJSON(t, ours, theirs); where != "" {
			t.Errorf("%v: %s", list[i].Subject, where)
		}
	}
}
