package transport

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// rdn is one attribute of a distinguished name, as it stands in DER.
type rdn struct {
	oid   string
	value asn1Value
	set   int // in which RelativeDistinguishedName, counted from 0
}

// asn1Value is a value of any type.
type asn1Value struct {
	tag  asn1.Tag
	body []byte
	der  []byte // with tag and length
}

// readName reads a Name (RFC 5280 §4.1.2.4).
func readName(in *cryptobyte.String) ([]rdn, bool) {
	var sets cryptobyte.String
	list := []rdn{}
	if !in.ReadASN1(&sets, asn1.SEQUENCE) {
		return nil, false
	}
	for i := 0; !sets.Empty(); i++ {
		var set cryptobyte.String
		if !sets.ReadASN1(&set, asn1.SET) {
			return nil, false
		}
		for !set.Empty() {
			var pair cryptobyte.String
			if !set.ReadASN1(&pair, asn1.SEQUENCE) {
				return nil, false
			}
			oid, ok := readOID(&pair)
			value, ok2 := readValue(&pair)
			if !ok || !ok2 || !pair.Empty() || !value.inName() {
				return nil, false
			}
			list = append(list, rdn{oid, value, i})
		}
	}
	return list, true
}

func readValue(in *cryptobyte.String) (v asn1Value, ok bool) {
	var element, body cryptobyte.String
	if !in.ReadAnyASN1Element(&element, &v.tag) {
		return v, false
	}
	v.der = element
	ok = element.ReadAnyASN1(&body, &v.tag)
	v.body = body
	return v, ok
}

// width is how many bytes a character of a string type has: 0 for UTF-8, -1 for
// what is no string.
func (v asn1Value) width() int {
	switch v.tag {
	case asn1.UTF8String:
		return 0
	case asn1.PrintableString, asn1.T61String, asn1.IA5String, tagNumeric, tagVisible, asn1.UTCTime, asn1.GeneralizedTime:
		return 1
	case tagBMP:
		return 2
	case tagUniversal:
		return 4
	}
	return -1
}

// inName reports whether OpenSSL reads the value in a name: not if it is of certain
// types of the universal class, nor if it claims to be Unicode and is none.
func (v asn1Value) inName() bool {
	switch v.tag {
	case asn1.UTF8String, tagBMP, tagUniversal:
		_, ok := v.text()
		return ok
	case asn1.BOOLEAN, asn1.INTEGER, asn1.OCTET_STRING, asn1.NULL, asn1.OBJECT_IDENTIFIER, asn1.SET,
		tagVideotex, asn1.UTCTime, asn1.GeneralizedTime, tagGraphic, tagVisible, tagGeneral:
		return false
	}
	const form = 0xe0
	return v.tag&form == 0 || v.tag == asn1.SEQUENCE
}

// Tags of strings that cryptobyte has no names for.
const (
	tagNumeric   asn1.Tag = 18
	tagVideotex  asn1.Tag = 21
	tagGraphic   asn1.Tag = 25
	tagVisible   asn1.Tag = 26
	tagGeneral   asn1.Tag = 27
	tagUniversal asn1.Tag = 28
	tagBMP       asn1.Tag = 30
)

// text is a string as text, whatever its type; false if it is none.
func (v asn1Value) text() (string, bool) {
	switch v.width() {
	case 0:
		return string(v.body), utf8.Valid(v.body)
	case 1:
		return latin1(v.body), true
	case 2:
		return wide(v.body, 2)
	case 4:
		return wide(v.body, 4)
	}
	return "", false
}

// latin1 takes each byte for a character.
func latin1(b []byte) string {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// wide reads characters of 2 or 4 bytes. Surrogates stand for nothing.
func wide(b []byte, width int) (string, bool) {
	if len(b)%width != 0 {
		return "", false
	}
	var s strings.Builder
	for c := range slices.Chunk(b, width) {
		r := rune(binary.BigEndian.Uint16(c[width-2:]))
		if width == 4 {
			r |= rune(binary.BigEndian.Uint16(c)) << 16
		}
		if utf16.IsSurrogate(r) || r < 0 || r > utf8.MaxRune {
			return "", false
		}
		s.WriteRune(r)
	}
	return s.String(), true
}

// nameStyle is a form of OpenSSL's X509_NAME_print_ex.
type nameStyle struct {
	reverse       bool
	between, with string // RDNs, and the parts of one
	dump          bool   // in hexadecimal what has an unknown type, or is no string
	control       bool   // escape control characters
}

var style2253 = nameStyle{reverse: true, between: ",", with: "+", dump: true}

// print writes a name, in UTF-8 but for the bytes of what claims to be.
func (s nameStyle) print(name []rdn) (string, bool) {
	if s.reverse {
		name = slices.Clone(name)
		slices.Reverse(name)
	}
	var b strings.Builder
	for i, a := range name {
		switch {
		case i > 0 && a.set == name[i-1].set:
			b.WriteString(s.with)
		case i > 0:
			b.WriteString(s.between)
		}
		value, ok := s.value(a)
		if !ok {
			return "", false
		}
		b.WriteString(shortName(a.oid) + "=" + value)
	}
	return b.String(), true
}

func (s nameStyle) value(a rdn) (string, bool) {
	_, known := objects()[a.oid]
	width := a.value.width()
	if s.dump && (width < 0 || !known) {
		return "#" + strings.ToUpper(hex.EncodeToString(a.value.der)), true
	}
	value, ok := string(a.value.body), true
	switch {
	case width < 0:
		value = latin1(a.value.body)
	case width > 0:
		value, ok = a.value.text()
	}
	return s.escape(value), ok
}

// escape marks what has a meaning in a name (RFC 2253 §2.4).
func (s nameStyle) escape(value string) string {
	var b strings.Builder
	for i := range len(value) {
		c := value[i]
		first, last := i == 0, i == len(value)-1
		switch {
		case strings.IndexByte(`,+"\<>;`, c) >= 0, c == '#' && first, c == ' ' && (first || last):
			b.WriteByte('\\')
			b.WriteByte(c)
		case s.control && (c < ' ' || c == 0x7f):
			b.WriteByte('\\')
			b.WriteString(strings.ToUpper(hex.EncodeToString([]byte{c})))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
