package fuzz

import (
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tacet/handshake"
	"tacet/handshake/msg"
	"tacet/record"
	"tacet/vectors"
)

// A meeting is an engine of tacet against either stack, with a tap that changes
// one message of the engine's: what the other one makes of it is its verdict.
// The tap knows all secrets from the engine's key log.
type meeting struct {
	w      *world
	honest *side // tacet's; the liar's words are its, changed by the tap
	other  *vectors.Peer
	judge  *side // instead of other
	shook  bool  // other's handshake is over
	keys   int   // of other's key log, what the tap has
	answer []vectors.Message

	changed int // length of the message that the lie is about
}

// lie is a change of the nth message that one side says.
type lie struct {
	client bool
	nth    int
	change func(vectors.Message) []vectors.Message
}

// stackTacet and stackStd say who judges.
const (
	stackTacet = iota
	stackStd
)

// judge lets a stack meet tacet's engine, whose nth message is changed.
func (a *arena) judge(stack int, l lie) verdict {
	w := a.conv.worldOf(env('c'), env('s'))
	m := &meeting{w: w, honest: w.side(l.client)}
	n := 0
	w.tap.Edit = func(said vectors.Message) []vectors.Message {
		if said.Client != l.client {
			m.answer = append(m.answer, said)
			return []vectors.Message{said}
		}
		if n++; n-1 == l.nth {
			m.changed = len(said.Body)
			return l.change(said)
		}
		return []vectors.Message{said}
	}
	if stack == stackTacet {
		m.judge = w.side(!l.client)
	} else {
		c := a.server
		if !l.client {
			c = a.client
		}
		m.other = vectors.NewPeer(!l.client, c, func(c *tls.Conn) error {
			if err := c.Handshake(); err != nil {
				return err
			}
			m.shook = true
			_, err := c.Read(make([]byte, 1)) // alerts come after a client's handshake
			return err
		})
		defer m.other.Stop()
	}
	return m.run()
}

// run lets both talk until they are quiet, and gives the judge's verdict.
func (m *meeting) run() verdict {
	w := m.w
	w.step(m.honest)
	m.hear(nil)
	for idle := 0; idle < 2; {
		idle++
		for {
			wire, _, err := w.tap.Next(m.honest.client)
			if wire == nil || err != nil {
				break
			}
			idle = 0
			m.hear(wire)
		}
		for {
			wire, _, _ := w.tap.Next(!m.honest.client)
			if wire == nil {
				break
			}
			idle = 0
			w.hear(m.honest, wire)
		}
	}
	return m.verdict()
}

// hear lets the judge hear.
func (m *meeting) hear(wire []byte) {
	if m.judge != nil {
		m.w.hear(m.judge, wire)
		return
	}
	out := m.other.Step(wire)
	for line := range strings.Lines(string(m.other.Keys[m.keys:])) {
		_ = m.w.tap.KeyLog(!m.honest.client, []byte(line))
	}
	m.keys = len(m.other.Keys)
	m.w.tap.Write(!m.honest.client, out)
}

// verdict is the judge's last alert, or how far it came.
func (m *meeting) verdict() verdict {
	v := verdict{says: "waits", of: m.changed}
	if m.judge != nil {
		v.err = m.judge.e.Err()
		if m.judge.e.Secure() {
			v.says = "secure"
		}
	} else {
		if v.err = m.other.Err; m.shook {
			v.says = "secure"
		}
	}
	for _, said := range m.answer {
		if said.Type == record.TypeAlert && len(said.Body) == 2 {
			v.says = "alert " + record.Alert(said.Body[1]).String()
		}
	}
	if v.err != nil && !strings.HasPrefix(v.says, "alert") {
		v.says = "dead"
	}
	return v
}

// worldOf is world with other randomness, before the client's first word.
func (c *conversation) worldOf(client, server handshake.Env) *world {
	return &world{
		c:   &side{e: handshake.NewClient(c.client, c.host, client), client: true, offer: c.offer, psk: c.psk[0]},
		s:   &side{e: handshake.NewServer(c.server, server), store: c.store, psk: c.psk[1]},
		tap: &vectors.Tap{},
	}
}

// tweak makes a change of a message from bytes of the fuzzer's: an operation, a place and octets.
func tweak(op byte, at uint16, octets []byte) func(vectors.Message) []vectors.Message {
	return func(m vectors.Message) []vectors.Message {
		body := append([]byte(nil), m.Body...)
		head := 0
		if m.Type == record.TypeHandshake {
			head = msg.HeaderLen
		}
		i := head
		if len(body) > head {
			i += int(at) % (len(body) - head)
		}
		switch op % 8 {
		case 0, 1: // invert bits: what they were is no matter, for the two stacks' secrets differ
			for k := range min(len(octets), len(body)-i) {
				body[i+k] ^= octets[k]
			}
		case 2: // insert
			body = append(body[:i:i], append(append([]byte(nil), octets...), body[i:]...)...)
		case 3: // cut out
			body = append(body[:i:i], body[min(len(body), i+1+len(octets)):]...)
		case 4: // cut off
			body = body[:i]
		case 5: // another message in its place
			m.Body = octets
			return []vectors.Message{m}
		case 6: // twice
			return []vectors.Message{m, m}
		case 7: // not at all
			return nil
		}
		if n := len(body) - head; head > 0 && len(body) >= head {
			body[1], body[2], body[3] = byte(n>>16), byte(n>>8), byte(n)
		}
		m.Body = body
		return []vectors.Message{m}
	}
}

// refusals are the faults that both stacks refuse, and tacet with the alert that
// the RFC names.
var refusals = []row{
	{kind: handshake.KindUnexpectedCCS, std: "alert decode_error", why: "RFC 9846 §5: unexpected_message"},
	{kind: handshake.KindEmptyRecord, std: "alert decode_error", why: "RFC 9846 §5.1, §5.4: unexpected_message"},
	{kind: handshake.KindPlaintextRecord, std: "alert bad_record_mac", why: "RFC 9846 §5: unexpected_message, for the record was never protected"},
	{kind: handshake.KindExcessHandshakeData, std: "dead", why: "RFC 9846 §5.1: unexpected_message; crypto/tls sends no alert"},
	{kind: handshake.KindBadFinishedLength, std: "alert", why: "RFC 9846 §6.2: a message of a wrong length ends in decode_error"},
	{kind: handshake.KindBadFinished, std: "alert handshake_failure", why: "RFC 5246 §7.2.2: decrypt_error, for a Finished that does not verify"},
	{kind: handshake.KindBadSignature, std: "alert", why: "RFC 9846 §4.5.2: decrypt_error; crypto/tls looks at the chain first, or names illegal_parameter"},
	{kind: handshake.KindDecode, std: "alert", why: "RFC 9846 §6.2: what does not parse ends in decode_error; crypto/tls has several alerts for it"},
	{kind: handshake.KindMessageTooLong, std: "alert internal_error", why: "it is the peer's fault"},
	{kind: handshake.KindUnexpectedMessage, std: "alert", why: "the type is looked at before the length and the contents"},
	{kind: handshake.KindUnexpectedMessage, std: "dead", why: "RFC 9846 §6.2: unexpected_message; crypto/tls sends no alert"},
	{kind: handshake.KindHelloChanged, std: "alert", why: "RFC 9846 §4.2.2: illegal_parameter, whatever else the second hello breaks"},
	{kind: handshake.KindBadCertificate, std: "alert decode_error", why: "RFC 9846 §6.2: a certificate that is corrupt ends in bad_certificate"},
	{kind: handshake.KindWrongCompression, std: "alert", why: "RFC 9846 §4.2.3: illegal_parameter"},
	{kind: handshake.KindUnsolicitedExtension, why: "RFC 9846 §4.3: unsupported_extension; crypto/tls skips those that it does not know"},
	{kind: handshake.KindIllegalParameter, std: "alert missing_extension", why: "RFC 9846 §4.3.1: supported_versions is there, legacy_version is wrong"},
	{kind: handshake.KindWrongProtocol, std: "alert no_application_protocol", why: "RFC 7301 §3.2 gives that alert to servers that find none; this is an answer to nothing"},
	{kind: handshake.KindVerification, tacet: "alert unknown_ca", std: "alert bad_certificate", why: "RFC 9846 §6.2: unknown_ca"},
	{kind: handshake.KindWrongCertificateType, std: "alert bad_certificate", why: "the key must fit the suite, whoever signed it"},
	{tacet: "alert", std: "dead", why: "RFC 9846 §6.2: crypto/tls refuses without an alert"},
}

// accepted are the faults that one stack does not mind.
var accepted = []row{
	{kind: handshake.KindExcessHandshakeData, std: "secure", why: "RFC 5246 §7.4.9: Finished ends the handshake; what shares its record is refused at once, not at the next read"},
	{kind: handshake.KindUnexpectedMessage, std: "waits", why: "the type is refused before the rest of the message has come"},
	{kind: handshake.KindMessageTooLong, std: "waits", why: "a length that no such message has is refused from the header alone"},
	{kind: handshake.KindAlertReceived, std: "alert bad_record_mac", why: "RFC 9846 §6: a client that has no keys yet sends its alert in the open"},
	{tacet: "waits", stdErr: "first record does not look like a TLS handshake", why: "RFC 9846 §5: a change_cipher_spec after the ClientHello is dropped"},
}

// clientRows and serverRows are the differences in what servers make of a
// client's flights, and clients of a server's.
var (
	clientRows = append(helloRows[:len(helloRows):len(helloRows)], append(refusals, accepted...)...)
	serverRows = append(refusals[:len(refusals):len(refusals)], accepted...)
)

// FuzzClientFlight gives the flights of a client, of which one message is
// changed, to both servers.
func FuzzClientFlight(f *testing.F) { fuzzFlight(f, true, clientRows) }

// FuzzServerFlight gives the flights of a server, of which one message is
// changed, to both clients.
func FuzzServerFlight(f *testing.F) { fuzzFlight(f, false, serverRows) }

func fuzzFlight(f *testing.F, client bool, rows []row) {
	list := arenas(f)
	for i := range list {
		for nth := range 6 {
			f.Add(byte(i), byte(nth), byte(nth), uint16(7*i), []byte{0})
		}
	}
	f.Fuzz(func(t *testing.T, which, nth, op byte, at uint16, octets []byte) {
		if len(octets) > 1<<12 {
			return
		}
		a := list[pick(which, len(list))]
		l := lie{client, int(nth % 8), tweak(op, at, octets)}
		a.compare(t, append(rows, severalFaults), l)
	})
}

// compare compares the verdicts on a lie. Where encrypt_then_mac is answered, which
// crypto/tls does not offer, a ServerHello is not the same for both, and the lie
// would be another one.
func (a *arena) compare(t testing.TB, rows []row, l lie) {
	t.Helper()
	tacet, std := a.judge(stackTacet, l), a.judge(stackStd, l)
	if tacet.of != std.of && a.blocks {
		return
	}
	differ(t, rows, tacet, std, func() string { return a.conv.name + ": " + a.shown(l) })
}

// shown tells what a lie changes.
func (a *arena) shown(l lie) string {
	said := "nothing"
	change := l.change
	l.change = func(m vectors.Message) []vectors.Message {
		out := change(m)
		said = fmt.Sprintf("%v\n%s", m.Type, hex.Dump(m.Body))
		for _, o := range out {
			said += fmt.Sprintf("becomes %v\n%s", o.Type, hex.Dump(o.Body))
		}
		return out
	}
	a.judge(stackTacet, l)
	return said
}

// TestFlights compares verdicts on many changed flights, each with one fault.
func TestFlights(t *testing.T) {
	list := arenas(t)
	rnd := rand.New(rand.NewPCG(5246, 8446))
	n := 1500
	if testing.Short() {
		n = 150
	}
	for range n {
		a := list[rnd.IntN(len(list))]
		octets := make([]byte, 1+rnd.IntN(3))
		for i := range octets {
			octets[i] = byte(rnd.Uint32())
		}
		l := lie{rnd.IntN(2) == 0, rnd.IntN(7), tweak(byte(rnd.IntN(8)), uint16(rnd.Uint32()), octets)}
		rows := serverRows
		if l.client {
			rows = clientRows
		}
		a.compare(t, rows, l)
	}
}
