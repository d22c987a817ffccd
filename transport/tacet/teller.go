package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"

	"tacet/handshake"
	"tacet/handshake/msg"
	"tacet/record"
	"tacet/transport"
)

// part is one message for people to read: handshake message, alert,
// change_cipher_spec or data.
type part struct {
	name    string
	telling []string // what is worth knowing of it
	fields  []field  // all of it
	bytes   []byte
}

type field struct{ Name, Value string }

// teller reads the messages of a connection. It follows the ServerHello to know
// how the others are written.
type teller struct {
	msg.Dialect
	ccs     [2]bool // the side has sent change_cipher_spec
	offered []byte  // the client's session id
}

// tell reads one message.
func (t *teller) tell(from role, typ record.Type, body []byte) part {
	switch typ {
	case record.TypeHandshake:
		return t.handshake(msg.Raw(body))
	case record.TypeAlert:
		return tellAlert(body)
	case record.TypeChangeCipherSpec:
		t.ccs[from] = true
		p := part{name: typ.String(), bytes: body}
		if t.Version >= record.TLS13 {
			p.telling = []string{"ignored: for middleboxes"}
		}
		return p
	}
	return tellData(body)
}

func (t *teller) handshake(raw msg.Raw) part {
	p := part{name: raw.Type().String(), bytes: raw}
	m := t.New(raw.Type())
	if m == nil {
		return p
	}
	if err := m.Parse(raw.Body()); err != nil {
		p.telling = []string{err.Error()}
		return p
	}
	t.Hear(m)
	p.telling = telling(m)
	switch m := m.(type) {
	case *msg.ClientHello:
		t.offered = bytes.Clone(m.SessionID)
	case *msg.ServerHello:
		if m.Retry() {
			p.name = "HelloRetryRequest"
		}
		if t.Version < record.TLS13 && len(m.SessionID) > 0 && bytes.Equal(m.SessionID, t.offered) {
			p.telling = append(p.telling, "takes the session")
		}
	}
	for name, value := range msg.Fields(m) {
		p.fields = append(p.fields, field{name, transport.NameCodes(name, value)})
	}
	return p
}

func serverVersion(h *msg.ServerHello) record.Version {
	var d msg.Dialect
	d.Hear(h)
	return d.Version
}

func tellAlert(body []byte) part {
	if len(body) != 2 {
		return part{name: record.TypeAlert.String(), bytes: body}
	}
	level, alert := record.Level(body[0]), record.Alert(body[1])
	return part{
		name: "alert", telling: []string{level.String() + " " + alert.String()}, bytes: body,
		fields: []field{{"level", level.String()}, {"description", alert.String()}},
	}
}

func tellData(data []byte) part {
	if len(data) == 0 {
		return part{name: record.TypeApplicationData.String(), telling: []string{"nothing"}}
	}
	return part{name: record.TypeApplicationData.String(), telling: []string{quoted(data, 52)}, bytes: append([]byte(nil), data...)}
}

// quoted shows text on one line, of at most most columns.
func quoted(b []byte, most int) string {
	text := fmt.Sprintf("%+q", b[:min(len(b), most)])
	for n := min(len(b), most); len(text) > most; n-- {
		text = fmt.Sprintf("%+q…", b[:n])
	}
	return text
}

// sealed reports whether a record that comes next from a side is encrypted.
func (t *teller) sealed(from role, wire []byte) bool {
	typ := record.Type(wire[0])
	return typ == record.TypeApplicationData || t.ccs[from] && t.Version < record.TLS13
}

// secureText is a Secure event in words.
func secureText(s *handshake.ConnectionState) string {
	words := []string{s.Version.String(), s.Suite.Name}
	switch {
	case s.Group == nil:
	case s.Group.Type() == "DH":
		words = append(words, fmt.Sprintf("DH of %d bits", s.Group.Bits()))
	default:
		words = append(words, s.Group.Name())
	}
	if s.Resumed {
		words = append(words, "resumed")
	}
	return "Secure: " + strings.Join(words, ", ")
}

// secretWords names the labels of a key log: the stage that a secret belongs
// to, and whose it is there.
var secretWords = map[string]struct{ stage, whose string }{
	"CLIENT_RANDOM":                   {"keys", "master secret"},
	"CLIENT_EARLY_TRAFFIC_SECRET":     {"early keys", "client"},
	"EARLY_EXPORTER_SECRET":           {"early keys", "exporter"},
	"CLIENT_HANDSHAKE_TRAFFIC_SECRET": {"handshake keys", "client"},
	"SERVER_HANDSHAKE_TRAFFIC_SECRET": {"handshake keys", "server"},
	"CLIENT_TRAFFIC_SECRET_0":         {"application keys", "client"},
	"SERVER_TRAFFIC_SECRET_0":         {"application keys", "server"},
	"EXPORTER_SECRET":                 {"application keys", "exporter"},
}

// secretText shortens a line of a key log.
func secretText(line string) (text, stage string) {
	words := strings.Fields(line)
	if len(words) != 3 {
		return line, "keys"
	}
	w := secretWords[words[0]]
	return w.whose + " " + short(words[2]), w.stage
}

func sameStage(text, stage string) bool { return strings.HasPrefix(text, stage+":") }

// short cuts hex to what an eye can compare.
func short(hexed string) string {
	const most = 8
	if len(hexed) <= most {
		return hexed
	}
	return hexed[:most] + "…"
}

func shortHex(b []byte) string { return short(hex.EncodeToString(b)) }
