package fuzz

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tacet/handshake"
	"tacet/handshake/msg"
	"tacet/record"
	"tacet/vectors"
)

// legal lists, for every vertex that waits, the messages that may come: RFC 9846
// Appendix A and RFC 5246 §7.3, written down once more. Everything else is
// unexpected_message, whatever it holds.
var legal = map[string][]msg.Type{
	"waitServerHello":          {msg.TypeServerHello},
	"waitServerHelloAgain":     {msg.TypeServerHello},
	"waitEncryptedExtensions":  {msg.TypeEncryptedExtensions},
	"waitCertificateOrRequest": {msg.TypeCertificate, msg.TypeCertificateRequest},
	"waitCertificate":          {msg.TypeCertificate},
	"waitCertificateVerify":    {msg.TypeCertificateVerify},
	"waitServerFinished":       {msg.TypeFinished},

	"waitCertificate12":     {msg.TypeCertificate},
	"waitStatus12":          {msg.TypeCertificateStatus, msg.TypeServerKeyExchange},
	"waitKeyExchange":       {msg.TypeServerKeyExchange},
	"waitRequestOrDone":     {msg.TypeCertificateRequest, msg.TypeServerHelloDone},
	"waitHelloDone":         {msg.TypeServerHelloDone},
	"waitAnonymousDone":     {msg.TypeServerHelloDone},
	"waitHint":              {msg.TypeServerKeyExchange, msg.TypeServerHelloDone}, // of a pre-shared key alone
	"waitTicket12":          {msg.TypeNewSessionTicket},
	"waitServerCCS12":       {},
	"waitServerFinished12":  {msg.TypeFinished},
	"waitResumedTicket12":   {msg.TypeNewSessionTicket},
	"waitResumedCCS12":      {},
	"waitResumedFinished12": {msg.TypeFinished},

	"waitClientHello":             {msg.TypeClientHello},
	"waitClientHelloAgain":        {msg.TypeClientHello},
	"waitClientCertificate":       {msg.TypeCertificate},
	"waitClientCertificateVerify": {msg.TypeCertificateVerify},
	"waitClientFinished":          {msg.TypeFinished},

	"waitClientCertificate12":       {msg.TypeCertificate},
	"waitClientKeyExchange":         {msg.TypeClientKeyExchange},
	"waitClientCertificateVerify12": {msg.TypeCertificateVerify},
	"waitClientCCS12":               {},
	"waitClientFinished12":          {msg.TypeFinished},
	"waitResumedClientCCS12":        {},
	"waitResumedClientFinished12":   {msg.TypeFinished},
}

// legalNow is legal, and what may come once connected.
func legalNow(e *handshake.Engine) []msg.Type {
	switch name := e.StateName(); {
	case name == "waitServerHello" && e.State().Version != 0: // a renegotiation; a HelloRequest may cross its hello
		return append([]msg.Type{msg.TypeHelloRequest}, legal[name]...)
	case name != "connected":
		return legal[name]
	}
	switch s := e.State(); {
	case s.Version >= record.TLS13 && s.Client:
		return []msg.Type{msg.TypeNewSessionTicket, msg.TypeKeyUpdate}
	case s.Version >= record.TLS13:
		return []msg.Type{msg.TypeKeyUpdate}
	case s.Client:
		return []msg.Type{msg.TypeHelloRequest}
	}
	return []msg.Type{msg.TypeClientHello}
}

// vertex is a world at which a side waits for a message.
type vertex struct {
	*world
	client bool // the side that waits
}

// vertices stops every conversation before each message, not only each record.
func vertices(t testing.TB) map[string]vertex {
	found := map[string]vertex{}
	for _, m := range moments(t) {
		if m.said == nil {
			for _, client := range []bool{true, false} {
				e := m.side(client).e
				found[fmt.Sprintf("connected %v %v", e.State().Version, client)] = vertex{m.world.fork(), client}
			}
			continue
		}
		client := !m.said[0].Client
		w := m.fork()
		w.tap.Edit = func(vectors.Message) []vectors.Message { return nil }
		w.tap.Next(!client)
		w.tap.Edit = nil
		for _, said := range m.said {
			e := w.side(client).e
			name := fmt.Sprintf("%s %v", e.StateName(), e.State().Version)
			if _, had := found[name]; !had {
				found[name] = vertex{w.fork(), client}
			}
			w.hear(w.side(client), w.tap.Seal(said))
		}
	}
	return found
}

// alphabet is one message of every type and version, as some peer said it in a
// conversation with other randomness, and one for each type that nobody said.
func alphabet(t testing.TB) (letters []vectors.Message) {
	had := map[string]bool{}
	add := func(m vectors.Message, v record.Version) {
		key := fmt.Sprint(m.Type, m.Client, v)
		if m.Type == record.TypeHandshake {
			key += m.Kind().String()
		}
		if !had[key] && m.Type != record.TypeAlert && m.Type != record.TypeApplicationData {
			had[key] = true
			letters = append(letters, m)
		}
	}
	for _, c := range conversations(t) {
		w := c.worldOf(env('x'), env('y'))
		w.step(w.c)
		for said, ok := w.next(); ok; said, ok = w.next() {
			for _, m := range said {
				add(m, w.s.e.State().Version)
			}
		}
	}
	for _, body := range [][]byte{
		{byte(msg.TypeHelloRequest), 0, 0, 0}, {byte(msg.TypeEndOfEarlyData), 0, 0, 0}, {byte(msg.TypeKeyUpdate), 0, 0, 1, 0},
		{byte(msg.TypeCertificateStatus), 0, 0, 5, 1, 0, 0, 1, 0}, {byte(msg.TypeCertificateURL), 0, 0, 0}, {byte(msg.TypeMessageHash), 0, 0, 0},
		{byte(msg.TypeCompressedCertificate), 0, 0, 9, 0, 1, 0, 0, 1, 0, 0, 1, 0},
	} {
		add(vectors.Message{Type: record.TypeHandshake, Body: body}, 0)
	}
	return letters
}

// depth is how many messages in a row the explorer tries.
const depth = 3

// TestExplorer says every sequence of messages, up to depth, to every vertex.
// A message that may not come ends in unexpected_message; one that may come, whatever else is
// wrong with it, does not; and no sequence but the peer's own words ends in a handshake.
func TestExplorer(t *testing.T) {
	letters := alphabet(t)
	all := vertices(t)
	for name := range legal {
		if !slices.ContainsFunc(slicesOf(all), func(v vertex) bool { return v.side(v.client).e.StateName() == name }) && !unvisited[name] {
			t.Errorf("no conversation comes to %s", name)
		}
	}
	steps := 0
	for name, v := range all {
		steps += explore(t, name, v, letters, depth)
	}
	t.Logf("%d vertices, %d messages, %d steps", len(all), len(letters), steps)
}

// unvisited are the vertices at which none of the conversations stops.
var unvisited = map[string]bool{"waitStatus12": true, "waitResumedTicket12": true}

func slicesOf(m map[string]vertex) (list []vertex) {
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

func explore(t *testing.T, path string, v vertex, letters []vectors.Message, depth int) (steps int) {
	for _, letter := range letters {
		w := v.fork()
		to := w.side(v.client)
		was, allowed := to.e.Secure(), legalNow(to.e)
		if to.e.StateName() == "waitServerHello" && strings.Contains(path, "HelloRequest") {
			allowed = legal["waitServerHello"] // one may cross, not two
		}
		letter.Client, letter.Protected = !v.client, w.tap.Protected(!v.client)
		w.hear(to, w.tap.Seal(letter))
		for wire := []byte{}; wire != nil; { // the tap follows what is answered, and nobody hears it
			wire, _, _ = w.tap.Next(v.client)
		}
		steps++
		here := fmt.Sprintf("%s, %v", path, letter.Type)
		if letter.Type == record.TypeHandshake {
			here = fmt.Sprintf("%s, %v", path, letter.Kind())
			unexpected := kindOf(to.e.Err()) == handshake.KindUnexpectedMessage
			if legal := slices.Contains(allowed, letter.Kind()); unexpected == legal {
				t.Fatalf("%s: legal: %t, but %v", here, legal, to.e.Err())
			}
		}
		if len(to.data) > len(v.side(v.client).data) {
			t.Fatalf("%s: application data", here)
		}
		if to.e.Err() == nil && !was && to.e.Secure() {
			t.Fatalf("%s: secure", here)
		}
		if to.e.Err() == nil && depth > 1 {
			steps += explore(t, here, vertex{w, v.client}, letters, depth-1)
		}
	}
	return steps
}
