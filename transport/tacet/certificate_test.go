package main

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"math/big"
	"net"
	"net/url"
	"os/exec"
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
	others.ExtraExtensions = []pkix.Extension{{Id: altNameOID, Value: otherNames(t)}}

	list := []*x509.Certificate{ca.Cert}
	for _, template := range []*x509.Certificate{names, subject, number, others} {
		list = append(list, ca.Issue(t, template, credtest.P256))
	}
	for _, kind := range []credtest.Kind{credtest.RSA2048, credtest.RSA3072, credtest.P384, credtest.P521, credtest.Ed25519, credtest.Ed448, credtest.RSAPSS} {
		list = append(list, ca.Issue(t, credtest.LeafTemplate("c.example"), kind))
	}
	return list
}

// otherNames are alternative names that crypto/x509 does not write.
func otherNames(t *testing.T) []byte {
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

const nodeCertificates = `
const {X509Certificate} = require('node:crypto');
const all = require('node:fs').readFileSync(0, 'utf8').match(/-----BEGIN[^]*?-----END CERTIFICATE-----/g);
console.log(JSON.stringify(all.map(pem => {
  const o = new X509Certificate(pem).toLegacyObject();
  delete o.raw; delete o.pubkey; delete o.infoAccess;
  return o;
})));
`

// TestCertificateOfNode compares certificates of every kind, Mozilla's among
// them, with what node makes of them.
func TestCertificateOfNode(t *testing.T) {
	node := peer(t, "node")
	list := oddCertificates(t)
	for root := range bundle.Roots() {
		c, err := cred.ParseCertificate(root.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	var text []byte
	for _, c := range list {
		text = append(text, credtest.CertPEM(c.Raw)...)
	}
	cmd := exec.CommandContext(t.Context(), node, "-e", nodeCertificates)
	cmd.Stdin = strings.NewReader(string(text))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var theirs []object
	if err := json.Unmarshal(out, &theirs); err != nil || len(theirs) != len(list) {
		t.Fatal(len(theirs), err)
	}
	for i, c := range list {
		ours := parseFacts(t, marshal(t, certificateOf(c)))
		for name := range theirs[i] {
			if x, y := marshal(t, ours[name]), marshal(t, theirs[i][name]); x != y {
				t.Errorf("%v: %s: %s, node has %s", c.Subject, name, x, y)
			}
			delete(ours, name)
		}
		if len(ours) > 0 {
			t.Errorf("%v: node lacks %v", c.Subject, ours)
		}
	}
}

func TestAddress(t *testing.T) {
	for want, b := range map[string][]byte{
		"192.0.2.1":               net.IPv4(192, 0, 2, 1).To4(),
		"2001:DB8:0:0:0:0:0:1":    net.ParseIP("2001:db8::1"),
		"0:0:0:0:0:FFFF:C000:201": net.ParseIP("192.0.2.1").To16(),
		"<invalid length=3>":      {1, 2, 3},
	} {
		if got := address(b); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
