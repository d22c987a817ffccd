package transport

import (
	_ "embed" // of what OpenSSL calls things
	"strconv"
	"strings"
	"sync"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// objects.txt is what "openssl list -objects" of OpenSSL 3.0 prints: an object
// identifier with its short and its long name. curves.txt is its elliptic curves:
// the bits of their order, and what NIST calls them.
var (
	//go:embed objects.txt
	objectsText string
	//go:embed curves.txt
	curvesText string

	objects = sync.OnceValue(func() map[string][2]string { return readTable(objectsText) })
	curves  = sync.OnceValue(func() map[string][2]string { return readTable(curvesText) })
)

// readTable reads lines of a key and two values between tabs.
func readTable(text string) map[string][2]string {
	m := make(map[string][2]string)
	for line := range strings.Lines(text) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(f) == len([...]string{"key", "first", "second"}) {
			m[f[0]] = [2]string{f[1], f[2]}
		}
	}
	return m
}

// shortName is OpenSSL's name of an object identifier, or its number.
func shortName(oid string) string {
	if o, ok := objects()[oid]; ok {
		return o[0]
	}
	return cut(oid)
}

// longName is OpenSSL's other name of an object identifier, or its number.
func longName(oid string) string {
	if o, ok := objects()[oid]; ok {
		return cut(o[1])
	}
	return cut(oid)
}

// cut is as much of a name as fits in node's buffer.
func cut(s string) string { return s[:min(len(s), 79)] }

// readOID reads an object identifier as numbers between dots.
func readOID(in *cryptobyte.String) (string, bool) {
	var body cryptobyte.String
	if !in.ReadASN1(&body, asn1.OBJECT_IDENTIFIER) {
		return "", false
	}
	return dotted(body)
}

// dotted is the numbers of an object identifier (X.690 §8.19). Those that do not
// fit in 64 bits nobody gives, and are refused.
func dotted(body []byte) (string, bool) {
	var b strings.Builder
	var n uint64
	for i, c := range body {
		if n>>57 != 0 || n == 0 && c == 0x80 {
			return "", false
		}
		if n = n<<7 | uint64(c&0x7f); c&0x80 != 0 {
			if i == len(body)-1 {
				return "", false
			}
			continue
		}
		if b.Len() == 0 {
			first := min(n/40, 2)
			b.WriteString(strconv.FormatUint(first, 10))
			n -= 40 * first
		}
		b.WriteByte('.')
		b.WriteString(strconv.FormatUint(n, 10))
		n = 0
	}
	return b.String(), b.Len() > 0
}
