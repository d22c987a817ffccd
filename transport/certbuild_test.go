package transport

import (
	"encoding/base64"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"
)

// certSpec is a certificate in the making, of parts in DER that nobody checks: real
// certificates come with all kinds of faults.
type certSpec struct {
	version             []byte
	serial              []byte // of an INTEGER
	issuer, subject     []byte
	notBefore, notAfter []byte
	spki                []byte
	unique              []byte // issuerUniqueID and subjectUniqueID
	extensions          [][]byte
	noExtensions        bool
	algorithm           []byte
}

// tlv is an element of DER.
func tlv(tag byte, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	head := []byte{tag}
	switch n := len(body); {
	case n < 0x80:
		head = append(head, byte(n))
	case n < 0x100:
		head = append(head, 0x81, byte(n))
	default:
		head = append(head, 0x82, byte(n>>8), byte(n))
	}
	return append(head, body...)
}

// Tags of DER.
const (
	derBoolean, derInteger, derBits, derOctets, derNull, derOID   = 1, 2, 3, 4, 5, 6
	derUTF8, derSequence, derSet, derNumeric, derPrintable        = 12, 0x30, 0x31, 18, 19
	derT61, derIA5, derUTCTime, derTime, derVisible, derUniversal = 20, 22, 23, 24, 26, 28
	derBMP                                                        = 30
)

// implicit is an implicit tag, and explicit one around another element.
func implicit(n byte, body ...[]byte) []byte { return tlv(0x80|n, body...) }
func explicit(n byte, body ...[]byte) []byte { return tlv(0xa0|n, body...) }

func sequence(parts ...[]byte) []byte { return tlv(derSequence, parts...) }

// oidBody is the body of an object identifier.
func oidBody(dots string) []byte {
	var b []byte
	first := uint64(0)
	for i, part := range strings.Split(dots, ".") {
		n, err := strconv.ParseUint(part, 10, 64)
		if err != nil {
			panic(dots)
		}
		switch i {
		case 0:
			first = n
			continue
		case 1:
			n += 40 * first
		}
		arc := []byte{byte(n & 0x7f)}
		for n >>= 7; n > 0; n >>= 7 {
			arc = append([]byte{0x80 | byte(n&0x7f)}, arc...)
		}
		b = append(b, arc...)
	}
	return b
}

func objectID(dots string) []byte { return tlv(derOID, oidBody(dots)) }

// attributeOf is one of a name: a set of its own if it stands alone.
func attributeOf(dots string, tag byte, value string) []byte {
	return sequence(objectID(dots), tlv(tag, []byte(value)))
}

// nameOfParts is a Name of sets of attributes.
func nameOfParts(attributes ...[]byte) []byte {
	var sets [][]byte
	for _, a := range attributes {
		sets = append(sets, tlv(derSet, a))
	}
	return sequence(sets...)
}

func commonName(cn string) []byte { return nameOfParts(attributeOf("2.5.4.3", derUTF8, cn)) }

// extensionOf is one that is not critical.
func extensionOf(dots string, value ...[]byte) []byte {
	return sequence(objectID(dots), tlv(derOctets, value...))
}

func criticalExtension(dots string, value ...[]byte) []byte {
	return sequence(objectID(dots), tlv(derBoolean, []byte{0xff}), tlv(derOctets, value...))
}

// keyInfo is a SubjectPublicKeyInfo.
func keyInfo(algorithm, key []byte) []byte {
	return sequence(algorithm, tlv(derBits, []byte{0}, key))
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(s)
	}
	return b
}

// keyInfos are those of testdata/spki.txt, which OpenSSL made, in its order.
func keyInfos(t *testing.T) (names []string, infos map[string][]byte) {
	t.Helper()
	text, err := os.ReadFile("testdata/spki.txt")
	if err != nil {
		t.Fatal(err)
	}
	infos = make(map[string][]byte)
	for line := range strings.Lines(string(text)) {
		name, encoded, _ := strings.Cut(strings.TrimSpace(line), "\t")
		der, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			t.Fatal(err)
		}
		names, infos[name] = append(names, name), der
	}
	return names, infos
}

// buildCert makes the certificate. Its signature is none.
func buildCert(spki []byte, change ...func(*certSpec)) []byte {
	c := certSpec{
		version: explicit(0, tlv(derInteger, []byte{2})), serial: []byte{1},
		issuer: commonName("issuer"), subject: commonName("subject"),
		notBefore: tlv(derUTCTime, []byte("240102030405Z")), notAfter: tlv(derUTCTime, []byte("340102030405Z")),
		spki: spki, algorithm: sequence(objectID("1.2.840.10045.4.3.2")),
	}
	for _, f := range change {
		f(&c)
	}
	extensions := explicit(3, sequence(c.extensions...))
	if c.extensions == nil || c.noExtensions {
		extensions = nil
	}
	tbs := sequence(c.version, tlv(derInteger, c.serial), c.algorithm, c.issuer, sequence(c.notBefore, c.notAfter),
		c.subject, c.spki, c.unique, extensions)
	signature := sequence(tlv(derInteger, []byte{1}), tlv(derInteger, []byte{1}))
	return sequence(tbs, c.algorithm, tlv(derBits, []byte{0}, signature))
}

// Changes to a certSpec.
func withExtensions(extensions ...[]byte) func(*certSpec) {
	return func(c *certSpec) { c.extensions = append(c.extensions, extensions...) }
}
func withSubject(der []byte) func(*certSpec) { return func(c *certSpec) { c.subject = der } }
func withIssuer(der []byte) func(*certSpec)  { return func(c *certSpec) { c.issuer = der } }
func withSerial(b ...byte) func(*certSpec)   { return func(c *certSpec) { c.serial = b } }
func withTimes(before, after []byte) func(*certSpec) {
	return func(c *certSpec) { c.notBefore, c.notAfter = before, after }
}
func withAltName(names ...[]byte) func(*certSpec) {
	return withExtensions(extensionOf(oidAltName, sequence(names...)))
}
