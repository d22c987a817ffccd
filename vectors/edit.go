package vectors

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"tacet/handshake/msg"
	"tacet/record"
)

// Edit is a change of one message on its way.
type Edit struct {
	Client bool
	Name   string // of the message, as a script names it
	Nth    int    // which of that name, from 1
	apply  func(m Message, in scene) ([]Message, error)
	used   bool
}

// scene is what an edit may know beside the message.
type scene struct {
	dialect msg.Dialect
	tap     *Tap
}

// ParseEdit reads an edit: C> or S>, the message, and one of these. The second
// message of a name is NAME#2.
//
//	NAME.FIELD=HEX        the field, by the RFC's name, holds the bytes
//	NAME +EXTENSION=HEX   the extension is added at the end, or replaced where it stands
//	NAME -EXTENSION       the extension is taken out
//	NAME flip=N           the bits of byte N of the message are inverted; -1 is the last
//	NAME cut=N            the body is N bytes shorter
//	NAME append=HEX       the body is longer
//	NAME raw=HEX          this comes in its place
//	NAME drop             nothing comes in its place
//	NAME twice            it comes twice
//	NAME before=TYPE:HEX  TYPE (handshake, alert, change_cipher_spec, data, raw) comes before it
//	NAME after=TYPE:HEX   … after it
//	NAME bind             Finished and hellos up to TLS 1.2: what binds it to the conversation
//	                      is what the receiver expects after all other edits
func ParseEdit(words []string) (*Edit, error) {
	if len(words) < 2 || words[0] != "C>" && words[0] != "S>" {
		return nil, fmt.Errorf("mutate C> or S>, a message, and how")
	}
	e := &Edit{Client: words[0] == "C>", Nth: 1}
	name, how := words[1], strings.Join(words[2:], " ")
	if i := strings.IndexByte(name, '.'); i > 0 {
		name, how = name[:i], name[i:]
	}
	name, nth, numbered := strings.Cut(name, "#")
	if numbered {
		var err error
		if e.Nth, err = strconv.Atoi(nth); err != nil {
			return nil, err
		}
	}
	e.Name = name
	verb, value, _ := strings.Cut(how, "=")
	var err error
	e.apply, err = edits(verb, value)
	return e, err
}

// edits gives the function of an edit.
func edits(verb, value string) (func(Message, scene) ([]Message, error), error) {
	same := func(f func(Message) []Message) (func(Message, scene) ([]Message, error), error) {
		return func(m Message, _ scene) ([]Message, error) { return f(m), nil }, nil
	}
	n, _ := strconv.Atoi(value)
	typ, code, ok := strings.Cut(value, ":")
	if !ok {
		typ, code = "", value
	}
	octets, err := hex.DecodeString(code)
	other := func(m Message) Message { return Message{m.Client, m.Protected, types[typ], octets} }
	switch {
	case verb == "flip":
		return same(func(m Message) []Message { return []Message{m.flip(n)} })
	case verb == "cut":
		return same(func(m Message) []Message { return []Message{m.with(m.Body[:len(m.Body)-n])} })
	case verb == "drop":
		return same(func(m Message) []Message { return nil })
	case verb == "twice":
		return same(func(m Message) []Message { return []Message{m, m} })
	case verb == "bind":
		return func(m Message, in scene) ([]Message, error) { return in.tap.bind(m) }, nil
	case err != nil:
		return nil, err
	case verb == "append":
		return same(func(m Message) []Message { return []Message{m.with(append(m.Body, octets...))} })
	case verb == "raw":
		return same(func(m Message) []Message { m.Body = octets; return []Message{m} })
	case verb == "before" && (typ == "raw" || types[typ] != 0):
		return same(func(m Message) []Message { return []Message{other(m), m} })
	case verb == "after" && (typ == "raw" || types[typ] != 0):
		return same(func(m Message) []Message { return []Message{m, other(m)} })
	case strings.HasPrefix(verb, "."):
		return func(m Message, in scene) ([]Message, error) { return m.set(in.dialect, verb[1:], octets) }, nil
	case strings.HasPrefix(verb, "+"), strings.HasPrefix(verb, "-"):
		id, err := extension(verb[1:])
		return func(m Message, _ scene) ([]Message, error) { return m.extend(id, verb[0] == '+', octets) }, err
	}
	return nil, fmt.Errorf("unknown edit %q", verb)
}

// types are the record types by the names of scripts.
var types = map[string]record.Type{
	"handshake": record.TypeHandshake, "alert": record.TypeAlert,
	"change_cipher_spec": record.TypeChangeCipherSpec, "data": record.TypeApplicationData,
}

func (m Message) flip(n int) Message {
	if n < 0 {
		n += len(m.Body)
	}
	m.Body = append([]byte(nil), m.Body...)
	m.Body[n] ^= 0xff
	return m
}

// with is a handshake message with another body, header and all, and its length put right.
func (m Message) with(body []byte) Message {
	m.Body = append([]byte(nil), body...)
	if m.Type == record.TypeHandshake {
		n := len(body) - msg.HeaderLen
		m.Body[1], m.Body[2], m.Body[3] = byte(n>>16), byte(n>>8), byte(n)
	}
	return m
}

// set gives a field other contents.
func (m Message) set(d msg.Dialect, field string, octets []byte) ([]Message, error) {
	parsed := d.New(m.Kind())
	if parsed == nil {
		return nil, fmt.Errorf("%v has no fields", m.Kind())
	}
	if err := parsed.Parse(msg.Raw(m.Body).Body()); err != nil {
		return nil, err
	}
	s := reflect.ValueOf(parsed).Elem()
	for i := range s.NumField() {
		if s.Type().Field(i).Tag.Get("tls") != field {
			continue
		}
		switch f := s.Field(i); f.Kind() {
		case reflect.Slice:
			f.SetBytes(octets)
		case reflect.Array:
			reflect.Copy(f, reflect.ValueOf(octets))
		case reflect.Bool:
			f.SetBool(octets[0] != 0)
		default:
			f.SetUint(binary.BigEndian.Uint64(append(make([]byte, 8-len(octets)), octets...)))
		}
		m.Body = parsed.Append(nil)
		return []Message{m}, nil
	}
	return nil, fmt.Errorf("%v has no field %q", m.Kind(), field)
}

// extension finds an extension by name, or by its code as 0xNNNN.
func extension(name string) (msg.Ext, error) {
	if code, err := strconv.ParseUint(name, 0, 16); err == nil {
		return msg.Ext(code), nil
	}
	for id := range 1 << 16 {
		if msg.Ext(id).String() == name {
			return msg.Ext(id), nil
		}
	}
	return 0, fmt.Errorf("unknown extension %q", name)
}

// extend adds, replaces or takes out an extension.
func (m Message) extend(id msg.Ext, add bool, body []byte) ([]Message, error) {
	at, ok := m.extensions()
	if !ok {
		return nil, fmt.Errorf("%v has no extensions", m.Kind())
	}
	var block []byte
	put := func(id msg.Ext, body []byte) {
		block = binary.BigEndian.AppendUint16(block, uint16(id))
		block = append(binary.BigEndian.AppendUint16(block, uint16(len(body))), body...)
	}
	for had, old := range msg.RawExtensions(m.Body[at+2:]) {
		switch {
		case had != id:
			put(had, old)
		case add:
			put(id, body)
			add = false
		}
	}
	if add {
		put(id, body)
	}
	out := append([]byte(nil), m.Body[:at]...)
	out = binary.BigEndian.AppendUint16(out, uint16(len(block)))
	return []Message{m.with(append(out, block...))}, nil
}

// extensions finds the length of the extensions of a message that ends with them.
func (m Message) extensions() (at int, ok bool) {
	b := m.Body
	skip := func(size int) {
		if ok = at+size <= len(b); !ok {
			return
		}
		n := 0
		for _, c := range b[at : at+size] {
			n = n<<8 | int(c)
		}
		at += size + n
	}
	switch m.Kind() {
	case msg.TypeClientHello:
		at = msg.HeaderLen + 34
		skip(1) // session id
		skip(2) // cipher suites
		skip(1) // compression
	case msg.TypeServerHello:
		at = msg.HeaderLen + 34
		skip(1)
		at += 3
	case msg.TypeEncryptedExtensions:
		at = msg.HeaderLen
	case msg.TypeCertificateRequest:
		at = msg.HeaderLen
		skip(1)
	case msg.TypeNewSessionTicket:
		at = msg.HeaderLen + 8
		skip(1)
		skip(2)
	default:
		return 0, false
	}
	return at, at+2 <= len(b)
}
