package cred

import (
	"bytes"
	"crypto/x509"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// parts are those of a certificate about which crypto/x509 is stricter than what verification
// rests on.
type parts struct {
	tbs, issuer, subject cryptobyte.String // with tag and length
	serial               cryptobyte.String // of an INTEGER
}

func partsOf(der []byte) (p parts, ok bool) {
	in := cryptobyte.String(der)
	var cert, tbs cryptobyte.String
	version := asn1.Tag(0).ContextSpecific().Constructed()
	ok = in.ReadASN1(&cert, asn1.SEQUENCE) && cert.ReadASN1Element(&p.tbs, asn1.SEQUENCE)
	whole := p.tbs
	ok = ok && whole.ReadASN1(&tbs, asn1.SEQUENCE) && tbs.SkipOptionalASN1(version) && tbs.ReadASN1(&p.serial, asn1.INTEGER) && len(p.serial) > 0 &&
		tbs.SkipASN1(asn1.SEQUENCE) && tbs.ReadASN1Element(&p.issuer, asn1.SEQUENCE) && tbs.SkipASN1(asn1.SEQUENCE) && tbs.ReadASN1Element(&p.subject, asn1.SEQUENCE)
	return p, ok
}

// parseTolerantly parses a certificate as if its serial number were positive and its
// PrintableStrings and IA5Strings were T61Strings, which may hold any byte; nil if that does
// not help. All that verification looks at (what is signed, and the names by which issuers are found)
// is the original's.
func parseTolerantly(der []byte) *x509.Certificate {
	changed := bytes.Clone(der)
	p, ok := partsOf(changed)
	if !ok {
		return nil
	}
	negative := p.serial[0]&0x80 != 0 && (len(p.serial) == 1 || p.serial[0] != 0xff || p.serial[1]&0x80 == 0) // and DER
	if negative {
		p.serial[0] = 1
	}
	loosenStrings(p.issuer)
	loosenStrings(p.subject)
	cert, err := x509.ParseCertificate(changed)
	if err != nil {
		return nil
	}
	p, _ = partsOf(der)
	cert.Raw, cert.RawTBSCertificate, cert.RawIssuer, cert.RawSubject = der, p.tbs, p.issuer, p.subject
	if negative {
		above := new(big.Int).Lsh(big.NewInt(1), uint(8*len(p.serial)))
		cert.SerialNumber = new(big.Int).SetBytes(p.serial)
		cert.SerialNumber.Sub(cert.SerialNumber, above)
	}
	return cert
}

// loosenStrings makes strings of a Name (RFC 5280 §4.1.2.4) T61Strings, in place.
func loosenStrings(name cryptobyte.String) {
	var sets, set, attribute, value cryptobyte.String
	var tag asn1.Tag
	_ = name.ReadASN1(&sets, asn1.SEQUENCE)
	for sets.ReadASN1(&set, asn1.SET) {
		for set.ReadASN1(&attribute, asn1.SEQUENCE) {
			if attribute.SkipASN1(asn1.OBJECT_IDENTIFIER) && attribute.ReadAnyASN1Element(&value, &tag) && (tag == asn1.PrintableString || tag == asn1.IA5String) {
				value[0] = byte(asn1.T61String)
			}
		}
	}
}
