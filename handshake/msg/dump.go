package msg

import (
	"fmt"
	"iter"
	"reflect"
	"strconv"
	"strings"
)

// Dump appends a message to dst for people to read: a line with name and
// length, then a line for each of its [Fields], as d reads it. A message that does
// not parse shows the error, and its bytes in hex; one that d cannot read, its bytes.
func Dump(dst []byte, r Raw, d Dialect) []byte {
	if len(r) < HeaderLen {
		return fmt.Appendf(dst, "%d bytes: %x\n", len(r), []byte(r))
	}
	m := d.New(r.Type())
	if m == nil {
		return fmt.Appendf(dst, "%v, %d bytes\n  body: %s\n", r.Type(), len(r), octets(r.Body()))
	}
	err := m.Parse(r.Body())
	dst = fmt.Appendf(dst, "%s, %d bytes\n", heading(m), len(r))
	if err != nil {
		return fmt.Appendf(dst, "  error: %v\n  body: %x\n", err, r.Body())
	}
	for name, value := range Fields(m) {
		dst = fmt.Appendf(dst, "  %s: %s\n", name, value)
	}
	return dst
}

func heading(m Message) string {
	if h, ok := m.(*ServerHello); ok && h.Retry() {
		return "HelloRetryRequest"
	}
	return m.Type().String()
}

// Fields iterates over the fields of a message in wire order: the name that the
// RFC gives them, and a readable value. Extensions are named "extension
// key_share". Codes are in hex, text is quoted, long opaque values are cut.
func Fields(m Message) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		v := reflect.ValueOf(m).Elem()
		for i := range v.NumField() {
			if x, ok := v.Field(i).Addr().Interface().(*Extensions); ok && v.Type().Field(i).Name == "Ext" {
				if !x.fields(extensionsIn(m), yield) {
					return
				}
				continue
			}
			name := v.Type().Field(i).Tag.Get("tls")
			if name != "" && !lacks(m, name) && !yield(name, show(v.Field(i).Interface())) {
				return
			}
		}
	}
}

// lacks says whether a message has no such field in the form that it has.
func lacks(m Message, field string) bool {
	switch m := m.(type) {
	case *ServerKeyExchange:
		return m.Form.lacks(field)
	case *ClientKeyExchange:
		return m.Form.lacks(field)
	}
	return false
}

// extensionsIn says how the extensions of a message are to be read.
func extensionsIn(m Message) Where {
	switch m := m.(type) {
	case *ClientHello:
		return helloEither
	case *ServerHello:
		return m.where()
	case *CertificateRequest13:
		return InCertificateRequest
	case *NewSessionTicket13:
		return InNewSessionTicket
	}
	return InEncryptedExtensions
}

// fields gives the extensions of a parsed message as they came, those of a
// message being built as they will go.
func (x *Extensions) fields(in Where, yield func(string, string) bool) bool {
	wire := x.Wire
	if wire == nil {
		wire = x.append(nil, in)[2:]
	}
	for id, body := range RawExtensions(wire) {
		if !yield("extension "+id.String(), showExtension(in, id, body)) {
			return false
		}
	}
	return true
}

// showExtension reads one extension alone: what it sets is what it says, so
// that a new row needs no line here.
func showExtension(in Where, id Ext, body []byte) string {
	i := rowOf(id)
	if i < 0 || table[i].where&in == 0 {
		return octets(body)
	}
	var x Extensions
	if f := table[i].codec.parse(in, &x, body); f.kind != 0 {
		return octets(body)
	}
	var parts []string
	v := reflect.ValueOf(&x).Elem()
	for i := range v.NumField() {
		if field := v.Field(i); v.Type().Field(i).IsExported() && !field.IsZero() {
			if v.Type().Field(i).Tag.Get("show") == "decimal" {
				parts = append(parts, strconv.FormatUint(field.Uint(), 10))
				continue
			}
			parts = append(parts, show(field.Interface()))
		}
	}
	if parts == nil {
		return octets(body)
	}
	return strings.Join(parts, " ")
}

func show(v any) string {
	switch v := v.(type) {
	case Uint16s:
		return each(v.All(), func(c uint16) string { return fmt.Sprintf("%#04x", c) })
	case Vector8:
		return each(v.All(), octets)
	case Vector16:
		return each(v.All(), octets)
	case Vector24:
		return each(v.All(), octets)
	case KeyShares:
		return each2(v.All(), showShare)
	case KeyShare:
		return showShare(v.Group, v.Data)
	case OfferedPSKs:
		return each2(v.Identities.All(), showIdentity) + " binders " + show(v.Binders)
	case OIDFilters:
		return each2(v.All(), func(oid, values []byte) string { return octets(oid) + "=" + octets(values) })
	case CertificateEntries:
		return each2(v.All(), showEntry)
	case [32]byte:
		return octets(v[:])
	case []byte:
		return octets(v)
	case uint16:
		return fmt.Sprintf("%#04x", v)
	}
	return fmt.Sprint(v)
}

func showShare(group uint16, data []byte) string {
	return fmt.Sprintf("%#04x:%s", group, octets(data))
}

func showIdentity(identity []byte, age uint32) string {
	return fmt.Sprintf("%s age %d", octets(identity), age)
}

func showEntry(der []byte, x *Extensions) string {
	s := octets(der)
	x.fields(InCertificate, func(name, value string) bool {
		s += " " + name + " " + value
		return true
	})
	return s
}

func each[V any](items iter.Seq[V], show func(V) string) string {
	var parts []string
	for v := range items {
		parts = append(parts, show(v))
	}
	return "[" + strings.Join(parts, " ") + "]"
}

func each2[K, V any](items iter.Seq2[K, V], show func(K, V) string) string {
	var parts []string
	for k, v := range items {
		parts = append(parts, show(k, v))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// shown is how many bytes of an opaque value Dump shows before it cuts.
const shown = 48

// octets quotes what is text and gives the rest in hex.
func octets(b []byte) string {
	if len(b) > 0 && len(b) <= 255 && printable(b) {
		return strconv.Quote(string(b))
	}
	if len(b) <= shown {
		return fmt.Sprintf("%x", b)
	}
	return fmt.Sprintf("%x…(%d bytes)", b[:shown], len(b))
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}
