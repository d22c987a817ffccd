package handshake_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"tacet/handshake"
	"tacet/handshake/msg"
	"tacet/record"
)

// The walks try one thing at every place: every length off by one, every cut of
// every message, every wrong message at every step, the end of the transport at
// every byte. Each try is a fork of mallory and her victim.

// walkScenes are those whose steps the walks go along.
var walkScenes = []scene{
	s13("").mutual(), s13("").retried(), s13("").resumed(), s12("").mutual(), s12("").resumed(),
	c13("").mutual(), c13("").retried(), c13("").resumed(), c12("").mutual(), c12("").resumed(),
	s13("").pskOnly(), c13("").pskOnly(),
}

var allSteps = []string{
	"ClientHello", "ClientHello again", "Certificate", "CertificateVerify", "ClientKeyExchange", "CCS", "Finished",
	"ServerHello", "HelloRetryRequest", "EncryptedExtensions", "CertificateRequest", "ServerKeyExchange", "ServerHelloDone", "NewSessionTicket",
}

// everywhere visits every step of a scene, before what is due there is said.
func everywhere(t *testing.T, s scene, visit func(p *mallory, step string, m msg.Raw)) *mallory {
	p := s.meet(t)
	p.run(func(p *mallory) {
		for _, step := range allSteps {
			p.hooks[step] = func(p *mallory, m msg.Raw) {
				visit(p, step, m)
				p.honestly(step, m)
			}
		}
	})
	p.unharmed(t)
	return p
}

// tried forks, does something, and hands over what became of the victim.
func (p *mallory) tried(f func(q *mallory)) *mallory {
	q := p.fork()
	q.attempt(func() { f(q) })
	return q
}

// length is a length field: where it is, and how many bytes it has.
type length struct {
	at, n int
	name  string
}

// lengthsOf finds every length field of a well-formed message, its header's left out.
func lengthsOf(m msg.Raw, v record.Version) []length {
	if m == nil {
		return nil
	}
	w := &ruler{b: m, at: 4}
	tls13 := v >= record.TLS13
	switch m.Type() {
	case msg.TypeClientHello:
		w.at += 34
		w.vector(1, "session_id")
		w.vector(2, "cipher_suites")
		w.vector(1, "compression_methods")
		w.extensions(true)
	case msg.TypeServerHello:
		w.at += 34
		w.vector(1, "session_id")
		w.at += 3
		w.extensions(false)
	case msg.TypeEncryptedExtensions:
		w.extensions(false)
	case msg.TypeCertificate:
		if tls13 {
			w.vector(1, "context")
		}
		for end := w.enter(3, "certificate_list"); w.at < end; {
			w.vector(3, "cert_data")
			if tls13 {
				w.extensions(false)
			}
		}
	case msg.TypeCertificateRequest:
		w.vector(1, "context or types")
		if tls13 {
			w.extensions(false)
		} else {
			w.vector(2, "schemes")
			w.vector(2, "authorities")
		}
	case msg.TypeCertificateVerify:
		w.at += 2
		w.vector(2, "signature")
	case msg.TypeServerKeyExchange:
		w.at += 3
		w.vector(1, "public")
		w.at += 2
		w.vector(2, "signature")
	case msg.TypeClientKeyExchange:
		w.vector(1, "public")
	case msg.TypeNewSessionTicket:
		w.at += 4
		if tls13 {
			w.at += 4
			w.vector(1, "nonce")
		}
		w.vector(2, "ticket")
		if tls13 {
			w.extensions(false)
		}
	}
	return w.found
}

// ruler walks over a message and notes its lengths.
type ruler struct {
	b     []byte
	at    int
	found []length
}

// enter notes a length and says where what it measures ends.
func (w *ruler) enter(n int, name string) int {
	w.found = append(w.found, length{w.at, n, name})
	var v [4]byte
	copy(v[4-n:], w.b[w.at:w.at+n])
	w.at += n
	return w.at + int(binary.BigEndian.Uint32(v[:]))
}

func (w *ruler) vector(n int, name string) { w.at = w.enter(n, name) }

// inside are the lengths at the start of extensions' bodies, in a ClientHello
// and in what answers it.
var inside = map[msg.Ext][2][]int{
	msg.ExtServerName: {{2}}, msg.ExtSupportedGroups: {{2}, {2}}, msg.ExtSignatureAlgorithms: {{2}, {2}}, msg.ExtALPN: {{2, 1}, {2, 1}},
	msg.ExtECPointFormats: {{1}, {1}}, msg.ExtSupportedVersions: {{1}}, msg.ExtPSKModes: {{1}}, msg.ExtKeyShare: {{2}},
	msg.ExtPreSharedKey: {{2, 2}}, msg.ExtRenegotiationInfo: {{1}, {1}}, msg.ExtCookie: {{2}, {2}},
}

func (w *ruler) extensions(hello bool) {
	for end := w.enter(2, "extensions"); w.at < end; {
		id := msg.Ext(binary.BigEndian.Uint16(w.b[w.at:]))
		w.at += 2
		last := w.enter(2, id.String())
		widths := inside[id][1]
		if hello {
			widths = inside[id][0]
		}
		for _, n := range widths {
			w.enter(n, id.String()+", inside")
		}
		w.at = last
	}
}

// bend adds d to a length; false if that is no length.
func (l length) bend(m msg.Raw, d int) (msg.Raw, bool) {
	var v [4]byte
	copy(v[4-l.n:], m[l.at:l.at+l.n])
	n := int(binary.BigEndian.Uint32(v[:])) + d
	if n < 0 || n >= 1<<(8*l.n) {
		return nil, false
	}
	binary.BigEndian.PutUint32(v[:], uint32(n))
	bent := bytes.Clone(m)
	copy(bent[l.at:], v[4-l.n:])
	return bent, true
}

// TestEveryLength: every length field of every message, one more and one less
// (B19, B63 and their like): decode_error.
func TestEveryLength(t *testing.T) {
	tries := 0
	for _, s := range walkScenes {
		everywhere(t, s, func(p *mallory, step string, m msg.Raw) {
			for _, l := range lengthsOf(m, s.v) {
				for _, d := range []int{1, -1} {
					bent, ok := l.bend(m, d)
					if !ok {
						continue
					}
					tries++
					state := p.at()
					q := p.tried(func(q *mallory) { q.tell(bent) })
					q.check(t, fmt.Sprintf("%v: %s: %s at %d, %+d", s, step, l.name, l.at, d), state, record.AlertDecodeError, handshake.KindDecode)
				}
			}
		})
	}
	if tries < 300 {
		t.Errorf("only %d lengths were tried", tries)
	}
}

// at is where the victim is. What a client's hello is refused for by its own
// syntax is told in waitClientHello.
func (p *mallory) at() string { return p.e.StateName() }

// check is refused for the tries of a walk.
func (p *mallory) check(t *testing.T, what, state string, alert record.Alert, kinds ...handshake.Kind) {
	t.Helper()
	row := bad{alert: alert}
	if err, ok := p.e.Err().(*handshake.Error); ok {
		for _, k := range kinds {
			if err.Kind == k {
				row.kind = k
			}
		}
	}
	if row.kind == handshake.KindNone {
		t.Errorf("%s: %v, want one of %v", what, p.e.Err(), kinds)
		return
	}
	before := t.Failed()
	if p.refused(t, &row, state); t.Failed() && !before {
		t.Errorf("^ %s", what)
	}
}

// TestEveryCut: every message cut at every byte, and with a byte more, its header
// saying so: decode_error.
func TestEveryCut(t *testing.T) {
	//= RFC 9846 §6.2 type=test
	for _, s := range walkScenes {
		everywhere(t, s, func(p *mallory, step string, m msg.Raw) {
			if m == nil {
				return
			}
			state := p.at()
			for n := range len(m) - 4 {
				if mayEnd(m, n+4) || n > 100 && n < len(m)-100 && n%7 != 0 {
					continue
				}
				q := p.tried(func(q *mallory) { q.tell(frame(m.Type(), bytes.Clone(m[4:4+n]))) })
				q.check(t, fmt.Sprintf("%v: %s cut to %d of %d", s, step, n, len(m)-4), state, record.AlertDecodeError,
					handshake.KindDecode, handshake.KindBadFinishedLength)
			}
			q := p.tried(func(q *mallory) { q.tell(frame(m.Type(), append(bytes.Clone(m[4:]), 0))) })
			q.check(t, fmt.Sprintf("%v: %s and a byte", s, step), state, record.AlertDecodeError,
				handshake.KindDecode, handshake.KindBadFinishedLength, handshake.KindMessageTooLong)
		})
	}
}

// mayEnd says that a hello may end before its extensions.
func mayEnd(m msg.Raw, n int) bool {
	return (m.Type() == msg.TypeClientHello || m.Type() == msg.TypeServerHello) && n == extensionsAt(m)
}

// orders are the other messages that a step may take.
var orders = map[string][]msg.Type{
	"client 0304 Certificate":        {msg.TypeCertificateRequest},
	"client 0303 ServerHelloDone":    {msg.TypeCertificateRequest},
	"client 0304 CertificateRequest": {msg.TypeCertificate},
	"client 0303 CertificateRequest": {msg.TypeServerHelloDone},
}

// TestEveryOrder: every message at every step where it does not belong: skipped,
// doubled, swapped or out of nowhere (B20, B46, B51): unexpected_message.
func TestEveryOrder(t *testing.T) {
	//= RFC 9846 §4 type=test
	pool := map[msg.Type]msg.Raw{}
	for _, s := range honest {
		for _, m := range everywhere(t, s, func(*mallory, string, msg.Raw) {}).log {
			pool[m.Type()] = m
		}
	}
	for typ := range 256 {
		if pool[msg.Type(typ)] == nil {
			pool[msg.Type(typ)] = frame(msg.Type(typ), nil)
		}
	}
	for _, s := range walkScenes {
		everywhere(t, s, func(p *mallory, step string, m msg.Raw) {
			if s.v == record.TLS13 && step == "CCS" || p.done || p.e.Secure() {
				return
			}
			side := "server"
			if s.client {
				side = "client"
			}
			legal := orders[fmt.Sprintf("%s %04x %s", side, uint16(s.v), step)]
			state := p.at()
			for typ, wrong := range pool {
				if m != nil && typ == m.Type() || len(legal) > 0 && typ == legal[0] {
					continue
				}
				q := p.tried(func(q *mallory) { q.tell(wrong) })
				q.check(t, fmt.Sprintf("%v: %v instead of %s", s, typ, step), state, record.AlertUnexpectedMessage, handshake.KindUnexpectedMessage)
			}
		})
	}
}

// TestEveryEnd: a transport that ends at any byte of any conversation is a
// truncation, never a success, and nothing is said about it (B53).
func TestEveryEnd(t *testing.T) {
	//= RFC 9846 §6.1 type=test
	for _, s := range honest {
		p := s.meet(t)
		p.bytewise = true
		ends := 0
		p.watch = func() {
			f := p.e.Fork()
			pending := f.Pending()
			ev := f.EOF()
			if f.Err() == nil && ev.Kind == handshake.PeerClosed {
				return // all was said
			}
			ends++
			e, ok := f.Err().(*handshake.Error)
			if !ok || e.Kind != handshake.KindTruncated || e.Sent || ev.Kind != handshake.Failed || f.Secure() || f.Pending() != pending {
				t.Fatalf("%v: after %d bytes: %v, %v", s, len(p.sent), ev.Kind, f.Err())
			}
		}
		p.run(nil)
		p.unharmed(t)
		if ends < len(p.sent)-1 {
			t.Errorf("%v: %d ends in %d bytes", s, ends, len(p.sent))
		}
	}
}
