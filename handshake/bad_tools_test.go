package handshake_test

import (
	"bytes"
	"encoding/binary"

	"tacet/handshake/msg"
	"tacet/record"
)

// The deeds that cases are made of.

// at takes over a step.
func at(step string, h hook) deed { return func(p *mallory) { p.hooks[step] = h } }

// atEnd does something once the handshake is over.
func atEnd(f func(p *mallory)) deed { return at("end", func(p *mallory, _ msg.Raw) { f(p) }) }

// change says other bytes instead of a message.
func change(step string, f func(m msg.Raw) []byte) deed {
	return at(step, func(p *mallory, m msg.Raw) { p.tell(f(m)) })
}

// edit says a message with other values.
func edit[M any, P interface {
	*M
	msg.Message
}](step string, f func(P)) deed {
	return at(step, func(p *mallory, raw msg.Raw) {
		m := P(new(M))
		if kex, ok := any(m).(*msg.ClientKeyExchange); ok {
			kex.Form = clientECDHE.Form
		}
		must(p, m.Parse(raw.Body()))
		f(m)
		p.tell(m.Append(nil))
	})
}

// The key exchange messages of ECDHE in TLS 1.2, to parse into.
var (
	signedECDHE = msg.ServerKeyExchange{Form: msg.KeyExchangeForm{Share: msg.ECShare, Signed: true, Scheme: true}}
	clientECDHE = msg.ClientKeyExchange{Form: msg.KeyExchangeForm{Share: msg.ECShare}}
)

func skip(step string) deed { return at(step, func(*mallory, msg.Raw) {}) }

// before does something and then says the message.
func before(step string, f func(p *mallory)) deed {
	return at(step, func(p *mallory, m msg.Raw) {
		f(p)
		p.honestly(step, m)
	})
}

// honestly is what the step would have been.
func (p *mallory) honestly(step string, m msg.Raw) {
	if step == "CCS" {
		p.record(record.TypeChangeCipherSpec, []byte{1})
	} else {
		p.tell(m)
	}
}

// all does several deeds.
func all(deeds ...deed) deed {
	return func(p *mallory) {
		for _, d := range deeds {
			d(p)
		}
	}
}

// leak is a record of application data that must not be delivered.
func leak(p *mallory) { p.record(record.TypeApplicationData, []byte("leak")) }

// frame gives a body the header of a message.
func frame(t msg.Type, body []byte) msg.Raw {
	n := len(body)
	return append([]byte{byte(t), byte(n >> 16), byte(n >> 8), byte(n)}, body...)
}

// extension is one extension as it stands on the wire.
type extension struct {
	id   msg.Ext
	body []byte
}

// extensionsAt is where the extension block of a message begins.
func extensionsAt(m msg.Raw) int {
	switch m.Type() {
	case msg.TypeClientHello:
		at := 4 + 2 + 32
		at += 1 + int(m[at])
		at += 2 + int(binary.BigEndian.Uint16(m[at:]))
		return at + 1 + int(m[at])
	case msg.TypeServerHello:
		at := 4 + 2 + 32
		return at + 1 + int(m[at]) + 2 + 1
	case msg.TypeCertificateRequest: // of TLS 1.3
		return 4 + 1 + int(m[4])
	case msg.TypeNewSessionTicket: // of TLS 1.3
		at := 4 + 4 + 4
		at += 1 + int(m[at])
		return at + 2 + int(binary.BigEndian.Uint16(m[at:]))
	case msg.TypeCertificate: // of TLS 1.3, the leaf's
		at := 4 + 1 + int(m[4]) + 3
		return at + 3 + (int(m[at])<<16 | int(m[at+1])<<8 | int(m[at+2]))
	}
	return 4 // EncryptedExtensions
}

// extend changes the list of extensions of a message as bytes.
func extend(m msg.Raw, f func(list []extension) []extension) msg.Raw {
	at := extensionsAt(m)
	end := at + 2 + int(binary.BigEndian.Uint16(m[at:]))
	var list []extension
	for id, body := range msg.RawExtensions(m[at+2 : end]) {
		list = append(list, extension{id, bytes.Clone(body)})
	}
	var block []byte
	for _, x := range f(list) {
		block = binary.BigEndian.AppendUint16(block, uint16(x.id))
		block = binary.BigEndian.AppendUint16(block, uint16(len(x.body)))
		block = append(block, x.body...)
	}
	body := append(bytes.Clone(m[4:at]), byte(len(block)>>8), byte(len(block)))
	body = append(append(body, block...), m[end:]...)
	if m.Type() == msg.TypeCertificate {
		n := len(body) - 1 - int(m[4]) - 3
		body[1+int(m[4])], body[2+int(m[4])], body[3+int(m[4])] = byte(n>>16), byte(n>>8), byte(n)
	}
	return frame(m.Type(), body)
}

// add puts an extension in front of the others.
func add(step string, id msg.Ext, body ...byte) deed {
	return change(step, func(m msg.Raw) []byte {
		return extend(m, func(list []extension) []extension {
			return append([]extension{{id, body}}, list...)
		})
	})
}

// drop takes an extension out.
func drop(step string, id msg.Ext) deed { return put(step, id, nil) }

// put replaces the body of an extension, or adds it; nil takes it out.
func put(step string, id msg.Ext, body []byte) deed {
	return change(step, func(m msg.Raw) []byte {
		return extend(m, func(list []extension) []extension { return with(list, id, body) })
	})
}

func with(list []extension, id msg.Ext, body []byte) []extension {
	var out []extension
	found := false
	for _, x := range list {
		if x.id != id {
			out = append(out, x)
			continue
		}
		if found = true; body != nil {
			out = append(out, extension{id, body})
		}
	}
	if !found && body != nil {
		out = append([]extension{{id, body}}, out...)
	}
	return out
}

// twice repeats an extension.
func twice(step string, id msg.Ext) deed {
	return change(step, func(m msg.Raw) []byte {
		return extend(m, func(list []extension) []extension {
			for _, x := range list {
				if x.id == id {
					return append([]extension{x}, list...)
				}
			}
			panic("no such extension to repeat")
		})
	})
}

// double says a message twice.
func double(step string) deed {
	return at(step, func(p *mallory, m msg.Raw) {
		p.honestly(step, m)
		p.honestly(step, m)
	})
}

// longest of a hello: bytes in front of a number in two bytes.
func u16s(v ...uint16) []byte { return msg.AppendUint16s(nil, v...) }

// vec8 and vec16 put the length in front.
func vec8(b ...byte) []byte  { return append([]byte{byte(len(b))}, b...) }
func vec16(b ...byte) []byte { return append([]byte{byte(len(b) >> 8), byte(len(b))}, b...) }
