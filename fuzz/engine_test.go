package fuzz

import (
	"bytes"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/record"
	"tacet/vectors"
)

// pick chooses one of n by a byte.
func pick(b byte, n int) int { return int(b) % n }

// FuzzServer feeds a server with anything; the first byte chooses its profile.
func FuzzServer(f *testing.F) {
	list := conversations(f)
	for i, c := range list {
		f.Add(append([]byte{byte(i)}, c.world().c.said...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		c := list[pick(data[0], len(list))]
		anything(t, data[1:], func() *side { return &side{e: handshake.NewServer(c.server, env('s')), store: c.store, psk: c.psk[1]} })
	})
}

// FuzzClient feeds a client with anything; the first byte chooses its profile.
func FuzzClient(f *testing.F) {
	list := conversations(f)
	for i, c := range list {
		w := c.world()
		w.run()
		f.Add(append([]byte{byte(i)}, w.s.said...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		c := list[pick(data[0], len(list))]
		anything(t, data[1:], func() *side {
			w := c.world()
			return w.c
		})
	})
}

// anything feeds an engine with bytes, whole and piece by piece, and checks what
// holds of every input.
func anything(t *testing.T, in []byte, make func() *side) {
	w := &world{c: make(), tap: &vectors.Tap{}}
	s := w.c
	w.hear(s, bytes.Clone(in))
	if s.e.Secure() && s.e.State().Client {
		return // bytes that were recorded with the same seed
	}
	if s.e.Secure() {
		t.Fatal("secure without a peer")
	}
	if len(s.data) > 0 {
		t.Fatal("application data before the handshake is over")
	}
	terminal(t, s)
	other := &world{c: make(), tap: &vectors.Tap{}}
	for i, n := 0, 1; i < len(in); i, n = i+n, n%7+1 {
		other.hear(other.c, bytes.Clone(in[i:min(len(in), i+n)]))
	}
	if got, want := other.c.outcome(), s.outcome(); got != want {
		t.Fatalf("in pieces\n%s\nwhole\n%s", got, want)
	}
}

// terminal checks that a failure is final, typed, and told by at most one alert.
func terminal(t *testing.T, s *side) {
	t.Helper()
	err := s.e.Err()
	if err == nil {
		return
	}
	if kindOf(err) == handshake.KindNone || kindOf(err) == handshake.KindInternal {
		t.Fatalf("untyped error %v", err)
	}
	n, ev := s.e.Step(credtest.Now, []byte("more"))
	if n != 0 || ev.Kind != handshake.Failed || s.e.Err().Error() != err.Error() || s.e.Pending() != 0 {
		t.Fatalf("after the failure: %d, %v, %v, %d bytes due", n, ev.Kind, s.e.Err(), s.e.Pending())
	}
	if _, err := s.e.Seal(nil, []byte("x")); err == nil {
		t.Fatal("Seal after a failure")
	}
}

// FuzzMessage puts a message of the fuzzer's into the middle of a conversation,
// under whatever protection holds there, in place of a record or before
// it. What is not what the peer said must not end in a handshake that both believe in.
func FuzzMessage(f *testing.F) {
	list := moments(f)
	for i, m := range list {
		for _, said := range m.said {
			f.Add(uint16(i), byte(said.Type), true, said.Body)
		}
	}
	f.Fuzz(func(t *testing.T, at uint16, typ byte, replace bool, body []byte) {
		if len(body) > record.MaxPlaintext {
			return
		}
		m := list[int(at)%len(list)]
		if m.said == nil {
			return
		}
		w := m.fork()
		before := w.secure()
		client := m.said[0].Client
		said := vectors.Message{Client: client, Protected: m.said[0].Protected, Type: record.Type(typ), Body: body}
		if said.Type == vectors.Raw {
			return
		}
		wire := w.tap.Seal(said)
		if replace {
			w.tap.Edit = func(m vectors.Message) []vectors.Message { return nil }
			w.tap.Next(client)
			w.tap.Edit = nil
		}
		w.hear(w.side(!client), wire)
		w.run()
		for _, s := range []*side{w.c, w.s} {
			terminal(t, s)
		}
		if w.secure() && !before && !harmless(m, said, replace) {
			t.Fatalf("%s: both are secure, though %x was said, not %x", m.conv.name, body, m.said[0].Body)
		}
	})
}

// harmless reports whether a message may be said without anyone noticing.
func harmless(m moment, said vectors.Message, replace bool) bool {
	receiver := m.side(!said.Client).e
	switch {
	case receiver.Secure(): // its handshake is over: tickets, KeyUpdates and data are not in it
		return true
	case said.Type == record.TypeChangeCipherSpec && bytes.Equal(said.Body, []byte{1}):
		return true // TLS 1.3 drops it; without it, TLS 1.2 has no keys
	case said.Type == record.TypeAlert:
		return true // warnings
	case replace && len(m.said) > 0 && m.said[0].Type == record.TypeChangeCipherSpec:
		return true // TLS 1.3 does not miss it
	case said.Type == record.TypeHandshake && bytes.Equal(said.Body, []byte{0, 0, 0, 0}):
		return true // a HelloRequest is not in the transcript (RFC 5246 §7.4.1.1)
	}
	var all []byte
	for _, m := range m.said {
		all = append(all, m.Body...)
	}
	return replace && said.Type == m.said[0].Type && bytes.Equal(all, said.Body)
}

// FuzzRecord lets a peer that has the keys say anything after the handshake: a
// list of records, each a byte for the type, one for the length, and the rest. Types from 0x80 up
// go out without protection.
func FuzzRecord(f *testing.F) {
	var list []*world
	for _, c := range conversations(f) {
		w := c.world()
		w.run()
		list = append(list, w)
	}
	f.Add([]byte{0, 23, 5, 'h', 'e', 'l', 'l', 'o', 21, 2, 1, 0})
	f.Add([]byte{1, 23, 0, 23, 1, 'x', 22, 5, 24, 0, 0, 1, 1, 23, 1, 'y'})
	f.Add([]byte{4, 23, 1, 'x', 22, 4, 0, 0, 0, 0, 23, 1, 'y', 20, 1, 1})
	f.Add([]byte{3, 22, 9, 4, 0, 0, 5, 0, 0, 0, 1, 0, 0x80 | 21, 2, 2, 40})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		w := list[pick(data[0], len(list))].fork()
		client := data[0]&0x80 != 0
		to := w.side(!client)
		was := len(to.data)
		var want []byte
		for data = data[1:]; len(data) >= 2; {
			n := min(int(data[1]), len(data)-2)
			m := vectors.Message{Client: client, Protected: data[0] < 0x80, Type: record.Type(data[0] & 0x7f), Body: data[2 : 2+n]}
			data = data[2+n:]
			if m.Type == vectors.Raw || m.Type == record.TypeHandshake && bytes.Contains(m.Body, []byte{byte(msg.TypeKeyUpdate)}) && len(m.Body) != 5 {
				continue // the tap would not follow KeyUpdates cut in two
			}
			w.hear(to, w.tap.Seal(m))
			if m.Type == record.TypeApplicationData && m.Protected && !to.dead {
				want = append(want, m.Body...)
			}
		}
		terminal(t, to)
		if got := to.data[was:]; !bytes.Equal(got, want) {
			t.Fatalf("%q arrived, %q was said", got, want)
		}
	})
}

// FuzzSchedule cuts the bytes of a conversation into pieces and delivers them in
// any interleaving; a byte may be inverted on its way. The outcome is that of
// the same conversation without cuts.
func FuzzSchedule(f *testing.F) {
	list := conversations(f)
	for i := range list {
		f.Add(byte(i), uint16(0), []byte{1, 0x82, 3, 0xff, 0x7f})
		f.Add(byte(i), uint16(100), []byte{0x81})
	}
	f.Fuzz(func(t *testing.T, which byte, flip uint16, cuts []byte) {
		c := list[pick(which, len(list))]
		want := untapped(c, int(flip), nil)
		if got := untapped(c, int(flip), cuts); got != want {
			t.Fatalf("%s: cut\n%s\nwhole\n%s", c.name, got, want)
		}
	})
}

// untapped runs a conversation without a tap. Of each byte of cuts, the high bit says who
// hears, and the rest how many bytes. Then all is delivered. The byte at
// flip of what the client says (of the server, if flip is odd) is inverted.
func untapped(c *conversation, flip int, cuts []byte) string {
	w := c.world()
	heard := map[bool]int{}
	deliver := func(to *side, n int) bool {
		from := w.side(!to.client)
		at := heard[to.client]
		n = min(n, len(from.said)-at)
		if n <= 0 {
			return false
		}
		piece := bytes.Clone(from.said[at : at+n])
		if i := flip/2 - at; flip > 0 && (flip%2 == 1) == to.client && 0 <= i && i < n {
			piece[i] ^= 0xff
		}
		heard[to.client] += n
		w.hear(to, piece)
		return true
	}
	for _, b := range cuts {
		deliver(w.side(b&0x80 != 0), int(b&0x7f))
	}
	for deliver(w.s, 1<<20) || deliver(w.c, 1<<20) {
	}
	return w.c.outcome() + "\n" + w.s.outcome()
}
