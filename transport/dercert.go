package transport

import (
	"cmp"
	"encoding/asn1"
	"fmt"
	"regexp"
	"strconv"
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
	extensions          map[string][]byte // the first of each
	twice               map[string]bool   // extensions that occur again
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
	if serial := (cryptobyte.String)(nil); tbs.ReadASN1(&serial, casn1.INTEGER) && minimal(serial) {
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
	if c.notAfter, ok2 = readValue(&validity); !ok1 || !ok2 || !validity.Empty() || !isTime(c.notBefore) || !isTime(c.notAfter) {
		return nil, errDER("validity")
	}
	if c.subject, ok1 = readName(&tbs); !ok1 {
		return nil, errDER("subject")
	}
	if !c.readKey(&tbs) {
		return nil, errDER("key")
	}
	if !c.readExtensions(&tbs) || !tbs.Empty() {
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
	if !info.ReadASN1(&body, casn1.SEQUENCE) || !body.ReadASN1(&algorithm, casn1.SEQUENCE) || !body.ReadASN1BitString(&bits) || !body.Empty() {
		return false
	}
	c.keyType, ok = readOID(&algorithm)
	c.keyParams, c.key = algorithm, bits.Bytes
	return ok
}

// minimal reports whether the body of an INTEGER is as short as it can be (X.690 §8.3.2).
func minimal(b []byte) bool {
	return len(b) == 1 || len(b) > 1 && !(b[0] == 0 && b[1] < 0x80 || b[0] == 0xff && b[1] >= 0x80)
}

// readExtensions reads the extensions, and what comes before them.
func (c *derCertificate) readExtensions(tbs *cryptobyte.String) bool {
	c.extensions, c.twice = make(map[string][]byte), make(map[string]bool)
	context := func(n casn1.Tag) casn1.Tag { return n.ContextSpecific() }
	var all, list cryptobyte.String
	var has bool
	if !tbs.SkipOptionalASN1(context(1)) || !tbs.SkipOptionalASN1(context(2)) ||
		!tbs.ReadOptionalASN1(&all, &has, context(3).Constructed()) || has && (!all.ReadASN1(&list, casn1.SEQUENCE) || !all.Empty()) {
		return false
	}
	for !list.Empty() {
		var one, value cryptobyte.String
		if !list.ReadASN1(&one, casn1.SEQUENCE) {
			return false
		}
		oid, ok := readOID(&one)
		if !ok || !one.SkipOptionalASN1(casn1.BOOLEAN) || !one.ReadASN1(&value, casn1.OCTET_STRING) || !one.Empty() {
			return false
		}
		if _, before := c.extensions[oid]; before {
			c.twice[oid] = true
			continue
		}
		c.extensions[oid] = value
	}
	return true
}

// Object identifiers of extensions.
const (
	oidSubjectKeyID     = "2.5.29.14"
	oidKeyUsage         = "2.5.29.15"
	oidAltName          = "2.5.29.17"
	oidBasicConstraints = "2.5.29.19"
	oidNameConstraints  = "2.5.29.30"
	oidCRLPoints        = "2.5.29.31"
	oidAuthorityKeyID   = "2.5.29.35"
	oidExtKeyUsage      = "2.5.29.37"
	oidInfoAccess       = "1.3.6.1.5.5.7.1.1"
)

// sound are those extensions that OpenSSL reads of every certificate, each with a check:
// if one is no good, or there twice, the certificate is no authority.
var sound = map[string]func(cryptobyte.String) bool{
	oidSubjectKeyID:    isA(casn1.OCTET_STRING),
	oidKeyUsage:        isA(casn1.BIT_STRING),
	oidAltName:         func(s cryptobyte.String) bool { _, ok := altNames(s); return ok },
	oidNameConstraints: isA(casn1.SEQUENCE),
	oidCRLPoints:       isA(casn1.SEQUENCE),
	oidAuthorityKeyID:  isA(casn1.SEQUENCE),
	oidExtKeyUsage:     func(s cryptobyte.String) bool { _, ok := keyUsages(s); return ok },
	oidBasicConstraints: func(s cryptobyte.String) bool {
		_, ok := basicConstraints(s)
		return ok
	},
}

func isA(tag casn1.Tag) func(cryptobyte.String) bool {
	return func(s cryptobyte.String) bool { return s.SkipASN1(tag) }
}

// isCA is OpenSSL's X509_check_ca, as far as node takes it for true.
func (c *derCertificate) isCA() bool {
	for oid, check := range sound {
		if value, ok := c.extensions[oid]; ok && (c.twice[oid] || !check(value)) {
			return false
		}
	}
	ca, ok := basicConstraints(c.extensions[oidBasicConstraints])
	usage, limited := c.extensions[oidKeyUsage]
	in := cryptobyte.String(usage)
	var bits asn1.BitString
	const keyCertSign = 5
	return ok && ca && (!limited || in.ReadASN1BitString(&bits) && bits.At(keyCertSign) == 1)
}

// basicConstraints reads the extension (RFC 5280 §4.2.1.9), in which any byte but zero is true.
func basicConstraints(in cryptobyte.String) (ca, ok bool) {
	var body, flag, length cryptobyte.String
	var has bool
	if !in.ReadASN1(&body, casn1.SEQUENCE) || !body.ReadOptionalASN1(&flag, &has, casn1.BOOLEAN) || has && len(flag) != 1 {
		return false, false
	}
	ca = has && flag[0] != 0
	if !body.ReadOptionalASN1(&length, &has, casn1.INTEGER) || has && (!minimal(length) || length[0] >= 0x80) {
		return false, false
	}
	return ca, body.Empty()
}

// extKeyUsage are the extended key usages in the certificate's order.
func (c *derCertificate) extKeyUsage() []string {
	value, ok := c.extensions[oidExtKeyUsage]
	if !ok || c.twice[oidExtKeyUsage] {
		return nil
	}
	list, _ := keyUsages(value)
	return list
}

// keyUsages reads the extension (RFC 5280 §4.2.1.12).
func keyUsages(in cryptobyte.String) ([]string, bool) {
	var all cryptobyte.String
	list := []string{}
	if !in.ReadASN1(&all, casn1.SEQUENCE) {
		return nil, false
	}
	for !all.Empty() {
		oid, ok := readOID(&all)
		if !ok {
			return nil, false
		}
		list = append(list, oid)
	}
	return list, true
}

func isTime(v asn1Value) bool { return v.tag == casn1.UTCTime || v.tag == casn1.GeneralizedTime }

// timeForm is a GeneralizedTime in any form that OpenSSL reads: without seconds, with a
// fraction of one, in any zone.
var timeForm = regexp.MustCompile(`^(\d{12})(?:(\d\d)(\.\d+)?)?(Z|[+-](?:0\d|1[0-2])[0-5]\d)$`)

// asnTime prints a time of a certificate as OpenSSL does.
func asnTime(v asn1Value) string {
	const bad = "Bad time value"
	text, century := string(v.body), ""
	short := v.tag == casn1.UTCTime
	if short && text != "" {
		century = "20"
		if text[0] >= '5' {
			century = "19"
		}
	}
	m := timeForm.FindStringSubmatch(century + text)
	if m == nil || short && m[3] != "" {
		return bad
	}
	date, seconds, fraction, zone := m[1], m[2], m[3], m[4]
	t, err := time.Parse("20060102150405Z0700", date+cmp.Or(seconds, "00")+zone)
	if err != nil {
		return bad
	}
	t = t.UTC()
	return t.Format("Jan _2 15:04:05") + fraction + " " + strconv.Itoa(t.Year()) + " GMT"
}
