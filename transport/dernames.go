package transport

import (
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// The GeneralNames of extensions (RFC 5280 §4.2.1.6) as node prints them: so
// that none can pass for several (CVE-2021-44532).

// altNames is a SubjectAltName extension.
func altNames(value []byte) (string, bool) {
	in := cryptobyte.String(value)
	var all cryptobyte.String
	var list []string
	if !in.ReadASN1(&all, asn1.SEQUENCE) {
		return "", false
	}
	for !all.Empty() {
		name, ok := generalName(&all)
		if !ok {
			return "", false
		}
		list = append(list, name)
	}
	return strings.Join(list, ", "), true
}

// accessDescriptions is an AuthorityInfoAccess extension (RFC 5280 §4.2.2.1), a
// line each.
func accessDescriptions(value []byte) (string, bool) {
	in := cryptobyte.String(value)
	var all cryptobyte.String
	var list []string
	if !in.ReadASN1(&all, asn1.SEQUENCE) {
		return "", false
	}
	for !all.Empty() {
		var one cryptobyte.String
		if !all.ReadASN1(&one, asn1.SEQUENCE) {
			return "", false
		}
		method, ok := readOID(&one)
		name, ok2 := generalName(&one)
		if !ok || !ok2 || !one.Empty() {
			return "", false
		}
		list = append(list, longName(method)+" - "+name)
	}
	return strings.Join(list, "\n"), true
}

// generalName reads and prints one GeneralName.
func generalName(in *cryptobyte.String) (string, bool) {
	v, ok := readValue(in)
	if !ok {
		return "", false
	}
	const form = 0xe0 // class, and whether it is of parts
	kind := v.tag & 0x1f
	if parts := kind == 0 || kind >= 3 && kind <= 5; v.tag&form != 0x80 && !parts || v.tag&form != 0xa0 && parts {
		return "", false
	}
	switch kind {
	case 0:
		return otherName(v.body)
	case 1:
		return "email:" + escaped(v.body, ""), true
	case 2:
		return "DNS:" + escaped(v.body, ""), true
	case 3:
		return "X400Name:<unsupported>", true
	case 4:
		return directoryName(v.body)
	case 5:
		return "EdiPartyName:<unsupported>", true
	case 6:
		return "URI:" + escaped(v.body, ""), true
	case 7:
		return "IP Address:" + address(v.body), true
	case 8:
		oid, ok := dotted(v.body)
		return "Registered ID:" + oid, ok
	}
	return "", false
}

// otherNames are the kinds of otherName that node prints, and the type that each
// has to have.
var otherNames = map[string]struct {
	prefix string
	tag    asn1.Tag
}{
	"1.3.6.1.5.5.7.8.5":      {"XmppAddr", asn1.UTF8String},
	"1.3.6.1.5.5.7.8.7":      {"SRVName", asn1.IA5String},
	"1.3.6.1.5.5.7.8.8":      {"NAIRealm", asn1.UTF8String},
	"1.3.6.1.5.5.7.8.9":      {"SmtpUTF8Mailbox", asn1.UTF8String},
	"1.3.6.1.4.1.311.20.2.3": {"UPN", asn1.UTF8String},
}

func otherName(body cryptobyte.String) (string, bool) {
	var value cryptobyte.String
	oid, ok := readOID(&body)
	if !ok || !body.ReadASN1(&value, asn1.Tag(0).ContextSpecific().Constructed()) {
		return "", false
	}
	v, ok := readValue(&value)
	kind, known := otherNames[oid]
	switch {
	case !ok || !value.Empty() || !body.Empty():
		return "", false
	case !known || kind.tag != v.tag:
		return "othername:<unsupported>", true
	case kind.tag == asn1.UTF8String:
		return "othername:" + escapedUTF8(v.body, kind.prefix+":"), true
	}
	return "othername:" + escaped(v.body, kind.prefix+":"), true
}

// directoryName is a Name by RFC 2253, the last part first.
func directoryName(body cryptobyte.String) (string, bool) {
	name, ok := readName(&body)
	if !ok || !body.Empty() {
		return "", false
	}
	text, ok := style2253.print(name)
	return "DirName:" + escapedUTF8([]byte(text), ""), ok
}

func address(b []byte) string {
	ip, ok := netip.AddrFromSlice(b)
	switch {
	case !ok:
		return fmt.Sprintf("<invalid length=%d>", len(b))
	case ip.Is4():
		return ip.String()
	}
	var groups []string
	for i := 0; i < len(b); i += 2 {
		groups = append(groups, fmt.Sprintf("%X", uint(b[i])<<8|uint(b[i+1])))
	}
	return strings.Join(groups, ":")
}

// escaped makes a JSON string of a value that could be taken for several names.
// Bytes beyond ASCII are Latin-1.
func escaped(b []byte, prefix string) string {
	return quoteUnsafe(b, prefix, func(c byte) bool { return c >= ' ' && c <= '~' })
}

// escapedUTF8 is escaped for UTF-8, whose bytes stay as they are.
func escapedUTF8(b []byte, prefix string) string {
	return quoteUnsafe(b, prefix, func(c byte) bool { return c >= ' ' && c != 0x7f })
}

func quoteUnsafe(b []byte, prefix string, plain func(byte) bool) string {
	safe := func(c byte) bool { return plain(c) && strings.IndexByte(`,"'\`, c) < 0 }
	i := 0
	for i < len(b) && safe(b[i]) {
		i++
	}
	if i == len(b) {
		return prefix + string(b)
	}
	var s strings.Builder
	s.WriteString(`"` + prefix)
	for _, c := range b {
		switch {
		case c == '"' || c == '\\':
			s.WriteByte('\\')
			s.WriteByte(c)
		case plain(c) && c != ',':
			s.WriteByte(c)
		default:
			fmt.Fprintf(&s, `\u%04x`, c)
		}
	}
	s.WriteByte('"')
	return s.String()
}
