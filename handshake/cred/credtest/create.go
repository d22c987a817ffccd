package credtest

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	encasn1 "encoding/asn1"
	"testing"

	"github.com/cloudflare/circl/sign/ed448"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"tacet/handshake/cred"
)

// publicInfo returns the SubjectPublicKeyInfo of a kind's key.
func publicInfo(t testing.TB, kind Kind) []byte {
	t.Helper()
	switch pub := Key(t, kind).Public().(type) {
	case ed448.PublicKey:
		return spki(encasn1.ObjectIdentifier{1, 3, 101, 113}, pub)
	case *rsa.PublicKey:
		if kind == RSAPSS {
			return spki(encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, x509.MarshalPKCS1PublicKey(pub))
		}
	}
	der, err := x509.MarshalPKIXPublicKey(Key(t, kind).Public())
	if err != nil {
		t.Fatalf("credtest: %v", err)
	}
	return der
}

// spki makes a SubjectPublicKeyInfo without parameters.
func spki(oid encasn1.ObjectIdentifier, key []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
		b.AddASN1BitString(key)
	})
	return b.BytesOrPanic()
}

// create signs a template. crypto/x509 issues for keys that it knows only, so the certificate
// is made for a stand-in and signed again with the subject's key in its place.
func create(t testing.TB, template, parent *x509.Certificate, info []byte, key crypto.Signer) *x509.Certificate {
	t.Helper()
	filled := fill(template)
	if parent == template {
		parent = filled
	}
	standIn := Key(t, P256).Public()
	if parent == filled { // crypto/x509 checks that a self-signed certificate has its signer's key
		standIn = key.Public()
	}
	if pub, err := x509.ParsePKIXPublicKey(info); err == nil {
		standIn, info = pub, nil
	}
	der, err := x509.CreateCertificate(nil, filled, parent, standIn, key)
	if err != nil {
		t.Fatalf("credtest: certificate: %v", err)
	}
	if info != nil {
		der = Resign(t, der, info, key)
	}
	cert, err := cred.ParseCertificate(der)
	if err != nil {
		t.Fatalf("credtest: certificate: %v", err)
	}
	return cert
}

// Resign returns the certificate with another SubjectPublicKeyInfo, signed anew by an
// issuer's ECDSA P-256 key with SHA-256.
func Resign(t testing.TB, der, info []byte, key crypto.Signer) []byte {
	t.Helper()
	const infoPlace = 6 // version, serial, algorithm, issuer, validity, subject, info
	in := cryptobyte.String(der)
	var cert, tbs, algorithm cryptobyte.String
	if !in.ReadASN1(&cert, asn1.SEQUENCE) || !cert.ReadASN1(&tbs, asn1.SEQUENCE) || !cert.ReadASN1Element(&algorithm, asn1.SEQUENCE) {
		t.Fatal("credtest: certificate is malformed")
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for i := 0; !tbs.Empty(); i++ {
			var element cryptobyte.String
			var tag asn1.Tag
			if !tbs.ReadAnyASN1Element(&element, &tag) {
				t.Fatal("credtest: certificate is malformed")
			}
			if i == infoPlace {
				element = info
			}
			b.AddBytes(element)
		}
	})
	signed := b.BytesOrPanic()
	sig, err := cred.Sign(key, cred.ECDSAP256SHA256, signed, nil)
	if err != nil {
		t.Fatalf("credtest: %v", err)
	}
	var out cryptobyte.Builder
	out.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(signed)
		b.AddBytes(algorithm)
		b.AddASN1BitString(sig)
	})
	return out.BytesOrPanic()
}
