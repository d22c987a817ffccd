package cred_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"

	"tacet/handshake/cred/credtest"
)

// issuingPoint is a critical issuing distribution point, of these elements.
func issuingPoint(elements ...asn1.RawValue) pkix.Extension {
	value, err := asn1.Marshal(elements)
	if err != nil {
		panic(err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: value}
}

// The elements of an issuing distribution point (RFC 5280 §5.2.5).
func flag(tag int) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: []byte{0xff}}
}

func element(tag int, inner ...asn1.RawValue) asn1.RawValue {
	var body []byte
	for _, v := range inner {
		der, err := asn1.Marshal(v)
		if err != nil {
			panic(err)
		}
		body = append(body, der...)
	}
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: body}
}

func pointAt(uri string) asn1.RawValue {
	return element(0, element(0, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(uri)}))
}

// listWith is a list with an extension, of entries with a reason.
func listWith(m *maker, a *credtest.Authority, e pkix.Extension, reason int, revoked ...*x509.Certificate) *x509.RevocationList {
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: longAgo, NextUpdate: farOff}
	if e.Id != nil {
		template.ExtraExtensions = []pkix.Extension{e}
	}
	for _, c := range revoked {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: longAgo, ReasonCode: reason})
	}
	der, err := x509.CreateRevocationList(nil, template, a.Cert, a.Key)
	if err != nil {
		m.Fatal(err)
	}
	l, err := x509.ParseRevocationList(der)
	if err != nil {
		m.Fatal(err)
	}
	return l
}

// dividedCases are lists that are about some certificates only.
func dividedCases(m *maker) []chainCase {
	//= RFC 5280 §5.2.5 type=test
	root, trust := m.root, list(m.root.Cert)
	const here, there = "http://crl.example/1", "http://crl.example/2"
	leaf := m.leaf(root)
	placed := m.leaf(root, func(c *x509.Certificate) { c.CRLDistributionPoints = []string{"http://crl.example/0", here} })
	with := func(e pkix.Extension, revoked ...*x509.Certificate) *x509.RevocationList {
		return listWith(m, root, e, 0, revoked...)
	}
	users, authorities := flag(1), flag(2)
	others := issuingPoint(authorities)
	unknown := pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: true, Value: []byte{5, 0}}
	delta := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}
	return []chainCase{
		{name: "good, a list for users and one for authorities", sent: list(leaf), cas: trust, crls: lists(with(issuingPoint(users)), with(others))},
		{name: "revoked in the list for users", sent: list(leaf), cas: trust, crls: lists(with(issuingPoint(users), leaf), with(others)), want: "CERT_REVOKED"},
		{name: "revoked in the list for authorities", sent: list(leaf), cas: trust, crls: lists(with(issuingPoint(users)), with(others, leaf))},
		{name: "a root revoked in the list for users", sent: list(leaf), cas: trust, crls: lists(with(issuingPoint(users), root.Cert), with(others))},
		{name: "a list for authorities alone", sent: list(leaf), cas: trust, crls: lists(with(others)), want: "UNABLE_TO_GET_CRL", stop: 44},
		{name: "a list for users alone", sent: list(leaf), cas: trust, crls: lists(with(issuingPoint(users))), want: "UNABLE_TO_GET_CRL", stop: 44},
		{name: "a list for attributes alone", sent: list(leaf), cas: trust, crls: lists(with(issuingPoint(flag(5)))), want: "UNABLE_TO_GET_CRL", stop: 44},
		{name: "good, a list of its point", sent: list(placed), cas: trust, crls: lists(with(issuingPoint(pointAt(here), users)), with(others))},
		{name: "revoked in the list of its point", sent: list(placed), cas: trust, crls: lists(with(issuingPoint(pointAt(here), users), placed), with(others)), want: "CERT_REVOKED"},
		{name: "a list of another point", sent: list(placed), cas: trust, crls: lists(with(issuingPoint(pointAt(there), users)), with(others)), want: "UNABLE_TO_GET_CRL", stop: 44},
		{name: "lists of its point and another", sent: list(placed), cas: trust, crls: lists(with(issuingPoint(pointAt(there), users), placed), with(issuingPoint(pointAt(here), users)), with(others))},
		{name: "a list of a point, and a certificate of none", sent: list(leaf), cas: trust, crls: lists(with(issuingPoint(pointAt(here), users)), with(others)), want: "UNABLE_TO_GET_CRL", stop: 44},
		{name: "a list of all, and a certificate of a point", sent: list(placed), cas: trust, crls: lists(with(pkix.Extension{}))},
		{name: "a list for some reasons", sent: list(leaf), cas: trust, crls: lists(with(issuingPoint(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 3, Bytes: []byte{1, 6}}))), want: "UNABLE_TO_GET_CRL"},
		{name: "an indirect list", sent: list(leaf), cas: trust, crls: lists(with(issuingPoint(flag(4)))), want: "UNABLE_TO_GET_CRL"},
		{name: "a list with an unknown critical extension", sent: list(leaf), cas: trust, crls: lists(with(unknown)), want: "UNSPECIFIED"},
		{name: "revoked in a list with an unknown critical extension", sent: list(leaf), cas: trust, crls: lists(with(unknown, leaf)), want: "UNSPECIFIED"},
		{name: "a list beside one with an unknown critical extension", sent: list(leaf), cas: trust, crls: lists(with(unknown, leaf), with(pkix.Extension{}))},
		{name: "a delta alone", sent: list(leaf), cas: trust, crls: lists(with(delta)), want: "UNSPECIFIED", lenient: true},
		{name: "no more on hold", sent: list(leaf), cas: trust, crls: lists(listWith(m, root, pkix.Extension{}, 8, leaf))},
		{name: "on hold", sent: list(leaf), cas: trust, crls: lists(listWith(m, root, pkix.Extension{}, 6, leaf)), want: "CERT_REVOKED"},
	}
}
