package transport

import (
	"encoding/asn1"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// derCertificate is a certificate taken apart, and believed in nothing: node tells of
// certificates that crypto/x509 refuses to read.
type derCertificate struct {
	raw                 []byte
	v1                  bool
	serial              []byte // of an INTEGER
	issuer, subject     []rdn
	notBefore, notAfter asn1Value
	spki                []byte // with tag and length
	keyType             string // object identifier
	keyParams           cryptobyte.String
	key                 []byte
	extensions          map[string][]byte // those that occur once
}

// errDER is a certificate that cannot be taken apart.
func errDER(what string) error {
	return &Error{Code: "ERR_OSSL_ASN1_WRONG_TAG", Message: "wrong tag", Err: fmt.Errorf("certificate has no proper %s", what)}
}

// readCertificate takes a certificate apart (RFC 5280 §4.1).
func readCertificate(der []byte) (*derCertificate, error) {
	in := cryptobyte.String(der)
	var cert, tbs, algorithm, validity cryptobyte.String
	var version int
	c := &derCertificate{}
	raw := in
	if !in.ReadASN1(&cert, casn1.SEQUENCE) || !cert.ReadASN1(&tbs, casn1.SEQUENCE) {
		return nil, errDER("form")
	}
	c.raw = raw[:len(raw)-len(in)]
	if !tbs.ReadOptionalASN1Integer(&version, casn1.Tag(0).ContextSpecific().Constructed(), 0) {
		return nil, errDER("version")
	}
	c.v1 = version == 0
	if serial := (cryptobyte.String)(nil); tbs.ReadASN1(&serial, casn1.INTEGER) && len(serial) > 0 {
		c.serial = serial
	} else {
		return nil, errDER("serial number")
	}
	var ok1, ok2 bool
	if !tbs.ReadASN1(&algorithm, casn1.SEQUENCE) {
		return nil, errDER("algorithm")
	}
	if c.issuer, ok1 = readName(&tbs); !ok1 {
		return nil, errDER("issuer")
	}
	if !tbs.ReadASN1(&validity, casn1.SEQUENCE) {
		return nil, errDER("validity")
	}
	c.notBefore, ok1 = readValue(&validity)
	if c.notAfter, ok2 = readValue(&validity); !ok1 || !ok2 {
		return nil, errDER("validity")
	}
	if c.subject, ok1 = readName(&tbs); !ok1 {
		return nil, errDER("subject")
	}
	if !c.readKey(&tbs) {
		return nil, errDER("key")
	}
	if !c.readExtensions(&tbs) {
		return nil, errDER("extensions")
	}
	return c, nil
}

// readKey reads a SubjectPublicKeyInfo.
func (c *derCertificate) readKey(tbs *cryptobyte.String) (ok bool) {
	var info, body, algorithm cryptobyte.String
	var bits asn1.BitString
	if !tbs.ReadASN1Element(&info, casn1.SEQUENCE) {
		return false
	}
	c.spki = info
	if !info.ReadASN1(&body, casn1.SEQUENCE) || !body.ReadASN1(&algorithm, casn1.SEQUENCE) || !body.ReadASN1BitString(&bits) {
		return false
	}
	c.keyType, ok = readOID(&algorithm)
	c.keyParams, c.key = algorithm, bits.Bytes
	return ok
}

// readExtensions reads the extensions, and what comes before them. One that
// occurs twice counts as not there, as in OpenSSL.
func (c *derCertificate) readExtensions(tbs *cryptobyte.String) bool {
	c.extensions = make(map[string][]byte)
	context := func(n casn1.Tag) casn1.Tag { return n.ContextSpecific() }
	var all, list cryptobyte.String
	var has bool
	if !tbs.SkipOptionalASN1(context(1)) || !tbs.SkipOptionalASN1(context(2)) ||
		!tbs.ReadOptionalASN1(&all, &has, context(3).Constructed()) || has && !all.ReadASN1(&list, casn1.SEQUENCE) {
		return false
	}
	twice := make(map[string]bool)
	for !list.Empty() {
		var one, value cryptobyte.String
		if !list.ReadASN1(&one, casn1.SEQUENCE) {
			return false
		}
		oid, ok := readOID(&one)
		if !ok || !one.SkipOptionalASN1(casn1.BOOLEAN) || !one.ReadASN1(&value, casn1.OCTET_STRING) {
			return false
		}
		_, before := c.extensions[oid]
		c.extensions[oid], twice[oid] = value, twice[oid] || before
	}
	for oid, double := range twice {
		if double {
			delete(c.extensions, oid)
		}
	}
	return true
}

// Object identifiers of extensions.
const (
	oidKeyUsage         = "2.5.29.15"
	oidAltName          = "2.5.29.17"
	oidBasicConstraints = "2.5.29.19"
	oidExtKeyUsage      = "2.5.29.37"
	oidInfoAccess       = "1.3.6.1.5.5.7.1.1"
)

// isCA is OpenSSL's X509_check_ca, as far as node takes it for true.
func (c *derCertificate) isCA() bool {
	value, ok := c.extensions[oidBasicConstraints]
	constraints := cryptobyte.String(value)
	var body cryptobyte.String
	var ca bool
	if !ok || !constraints.ReadASN1(&body, casn1.SEQUENCE) || body.PeekASN1Tag(casn1.BOOLEAN) && !body.ReadASN1Boolean(&ca) {
		return false
	}
	usage, ok := c.extensions[oidKeyUsage]
	in := cryptobyte.String(usage)
	var bits asn1.BitString
	const keyCertSign = 5
	return ca && (!ok || in.ReadASN1BitString(&bits) && bits.At(keyCertSign) == 1)
}

// extKeyUsage are the extended key usages in the certificate's order.
func (c *derCertificate) extKeyUsage() []string {
	in := cryptobyte.String(c.extensions[oidExtKeyUsage])
	var all cryptobyte.String
	var list []string
	if !in.ReadASN1(&all, casn1.SEQUENCE) {
		return nil
	}
	for !all.Empty() {
		oid, ok := readOID(&all)
		if !ok {
			return nil
		}
		list = append(list, oid)
	}
	return list
}

// asnTime prints a time of a certificate as OpenSSL does.
func asnTime(v asn1Value) string {
	text, layout := string(v.body), "20060102150405Z"
	if v.tag == casn1.UTCTime && len(text) > 0 {
		century := "20"
		if text[0] >= '5' {
			century = "19"
		}
		text = century + text
	}
	if strings.Count(text, "")-1 == len("200601021504Z") {
		layout = "200601021504Z"
	}
	t, err := time.Parse(layout, text)
	if err != nil || v.tag != casn1.UTCTime && v.tag != casn1.GeneralizedTime {
		return "Bad time value"
	}
	fraction := ""
	if i := strings.IndexByte(text, '.'); i >= 0 {
		fraction = strings.TrimSuffix(text[i:], "Z")
	}
	return t.Format("Jan _2 15:04:05") + fraction + t.Format(" 2006") + " GMT"
}
