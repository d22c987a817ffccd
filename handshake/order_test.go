package handshake_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/record"
)

// Records leave in the order in which they were sealed (I7), and the halves of
// a connection may run at once.

// TestWireOrder mixes data with all else that makes bytes due, fetching now and
// then: whatever is appended first arrives first, and everything arrives.
func TestWireOrder(t *testing.T) {
	for _, fetch := range []int{1, 2, 5, 1000} {
		c := baseConfig(t)
		c.client.MinVersion = record.TLS13
		p := newPair(t, c).secure()
		p.run()
		var sent []byte
		for i := range 40 {
			word := []byte(fmt.Sprintf("%d,", i))
			sent = append(sent, word...)
			var err error
			if p.s.in, err = p.c.e.Seal(p.s.in, word); err != nil {
				t.Fatal(err)
			}
			switch i % 4 {
			case 1:
				err = p.c.e.UpdateKeys(i%8 == 1)
			case 2: // the server asks for new keys, which the client answers to
				if err = p.s.e.UpdateKeys(true); err == nil {
					p.c.in = p.s.e.AppendOut(p.c.in)
					p.drain(p.c)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if i%fetch == 0 {
				p.s.in = p.c.e.AppendOut(p.s.in)
			}
		}
		p.c.e.CloseWrite()
		p.s.in = p.c.e.AppendOut(p.s.in)
		p.s.data = nil
		p.drain(p.s)
		if p.s.e.Err() != nil || !bytes.Equal(p.s.data, sent) || p.s.log[len(p.s.log)-1] != "PeerClosed" {
			t.Fatalf("fetched every %d: %v, %q", fetch, p.s.e.Err(), p.s.data)
		}
	}
}

// drain lets a side consume what it has and fetches nothing.
func (p *pair) drain(s *side) {
	for {
		n, ev := s.e.Step(p.now, s.in)
		s.note(ev)
		if s.in = s.in[n:]; ev.Kind == handshake.NeedInput || ev.Kind == handshake.PeerClosed || ev.Kind == handshake.Failed {
			return
		}
	}
}

// TestSealPutsFirstWhatIsDue: what Seal appends begins with what was due.
func TestSealPutsFirstWhatIsDue(t *testing.T) {
	for name, due := range map[string]func(e *handshake.Engine){
		"a KeyUpdate":  func(e *handshake.Engine) { e.UpdateKeys(false) },
		"close_notify": func(e *handshake.Engine) { e.CloseWrite() },
		"an alert":     func(e *handshake.Engine) { e.Abort(record.AlertInternalError) },
	} {
		e := newPair(t, baseConfig(t)).secure().c.e
		e.AppendOut(nil)
		twin := e.Fork()
		due(e)
		due(twin)
		want := twin.AppendOut([]byte("before"))
		got, err := e.Seal([]byte("before"), []byte("data"))
		if !bytes.HasPrefix(got, want) || e.Pending() != 0 {
			t.Errorf("%s: Seal appended %x, due was %x", name, got[6:], want[6:])
		}
		if more := len(got) > len(want); more != (err == nil) {
			t.Errorf("%s: Seal appended %d bytes more: %v", name, len(got)-len(want), err)
		}
	}
}

// TestFlights: messages in a row under one key share records.
func TestFlights(t *testing.T) {
	//= RFC 9846 §E.4 type=test
	for _, tc := range []struct {
		conv           string
		client, server string
	}{
		{"TLSv1.2/full", "22 22 20 22", "22 22 20 22"},
		{"TLSv1.2/client certificate", "22 22 20 22", "22 22 20 22"},
		{"TLSv1.2/resumed", "22 20 22", "22 20 22"},
		{"TLSv1.3/full", "22 20 23", "22 20 23 23"},
		{"TLSv1.3/watched", "22 20 23", "22 20 23 23"},
		{"TLSv1.3/client certificate", "22 20 23", "22 20 23 23"},
		{"TLSv1.3/resumed", "22 20 23", "22 20 23"},
		{"TLSv1.3/retry", "22 20 22 23", "22 20 22 23 23"},
	} {
		i := slices.IndexFunc(conversations(), func(c conversation) bool { return c.name == tc.conv })
		for _, asked := range []bool{false, true} {
			w := newWorld(t, &conversations()[i], asked)
			w.mute = true
			w.run()
			if got := recordTypes(w.c.sent); got != tc.client {
				t.Errorf("%s, asked %v: the client's records are %s, want %s", tc.conv, asked, got, tc.client)
			}
			if got := recordTypes(w.s.sent); got != tc.server {
				t.Errorf("%s, asked %v: the server's records are %s, want %s", tc.conv, asked, got, tc.server)
			}
		}
	}
}

func recordTypes(stream []byte) string {
	var types []string
	for len(stream) > 0 {
		types = append(types, fmt.Sprint(stream[0]))
		stream = stream[5+int(stream[3])<<8+int(stream[4]):]
	}
	return strings.Join(types, " ")
}

// mailbox carries Actions from a Receiver to its Sender, and bytes to the peer.
type mailbox struct {
	sync.Mutex
	action handshake.Action
	stream []byte
	ended  bool
	more   *sync.Cond
}

func newMailbox() *mailbox {
	m := &mailbox{}
	m.more = sync.NewCond(&m.Mutex)
	return m
}

func (m *mailbox) put(a handshake.Action, b []byte, ended bool) {
	m.Lock()
	defer m.Unlock()
	m.action, m.stream, m.ended = m.action.Merge(a), append(m.stream, b...), m.ended || ended
	m.more.Broadcast()
}

func (m *mailbox) takeAction() (a handshake.Action) {
	m.Lock()
	defer m.Unlock()
	a, m.action = m.action, 0
	return a
}

// read waits for bytes.
func (m *mailbox) read(in []byte) ([]byte, bool) {
	m.Lock()
	defer m.Unlock()
	for len(m.stream) == 0 && !m.ended {
		m.more.Wait()
	}
	in = append(append([]byte(nil), in...), m.stream...)
	ended := m.ended && len(m.stream) == 0
	m.stream = nil
	return in, ended
}

// write seals words and changes keys until all is said, performing what the
// reading half asks for.
func write(s *handshake.Sender, words int, actions, wire *mailbox) error {
	tls13 := s.State().Version == record.TLS13
	for i := range words {
		s.Perform(actions.takeAction())
		if tls13 && i%5 == 4 {
			if err := s.UpdateKeys(i%10 == 4); err != nil {
				return err
			}
		}
		if i%7 == 6 {
			s.Idle()
		}
		out, err := s.Seal(nil, bytes.Repeat([]byte{byte(i)}, 100*i))
		if err != nil {
			return err
		}
		wire.put(0, out, false)
	}
	return nil
}

// read opens until the stream ends, and gives the data.
func read(r *handshake.Receiver, wire, actions *mailbox) (data []byte, rest []byte, err error) {
	var in []byte
	for {
		n, ev := r.Step(credtest.Now, in)
		in = in[n:]
		actions.put(ev.Action, nil, false)
		switch ev.Kind {
		case handshake.Data:
			data = append(data, ev.Data...)
		case handshake.Failed:
			return data, in, r.Err()
		case handshake.NeedInput:
			var ended bool
			if in, ended = wire.read(in); ended {
				return data, in, nil
			}
		}
	}
}

// TestHalves lets both halves of both sides run at once, forked worlds beside
// each other, with Actions crossing; then the halves are joined and go on.
func TestHalves(t *testing.T) {
	const words = 40
	var want []byte
	for i := range words {
		want = append(want, bytes.Repeat([]byte{byte(i)}, 100*i)...)
	}
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		c := baseConfig(t)
		c.client.MaxVersion = v
		p := newPair(t, c).secure()
		p.run()
		worlds := []*pair{p, {t: t, now: p.now, c: &side{e: p.c.e.Fork()}, s: &side{e: p.s.e.Fork()}}}
		var group sync.WaitGroup
		errs := make([]error, 2)
		for i, w := range worlds {
			group.Go(func() { errs[i] = w.talk(words, want) })
		}
		group.Wait()
		for i, w := range worlds {
			if errs[i] != nil {
				t.Fatalf("%v, world %d: %v", v, i, errs[i])
			}
			w.echo()
		}
	}
}

// talk splits both sides, lets the four halves run, and joins them again.
func (p *pair) talk(words int, want []byte) error {
	var group sync.WaitGroup
	var errs [4]error
	wires, actions := [2]*mailbox{newMailbox(), newMailbox()}, [2]*mailbox{newMailbox(), newMailbox()}
	var receivers [2]*handshake.Receiver
	var senders [2]*handshake.Sender
	for i, s := range []*side{p.c, p.s} {
		r, w, err := s.e.Split()
		if err != nil {
			return err
		}
		receivers[i], senders[i] = r, w
	}
	for i := range 2 {
		group.Go(func() {
			errs[i] = write(senders[i], words, actions[i], wires[i])
			wires[i].put(0, nil, true)
		})
		group.Go(func() {
			data, rest, err := read(receivers[i], wires[1-i], actions[i])
			if err == nil && (!bytes.Equal(data, want) || len(rest) > 0) {
				err = fmt.Errorf("%d bytes arrived and %d are left over, want %d", len(data), len(rest), len(want))
			}
			errs[2+i] = err
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	for i, s := range []*side{p.c, p.s} {
		senders[i].Perform(actions[i].takeAction())
		e, err := handshake.Join(receivers[i], senders[i])
		if err != nil {
			return err
		}
		s.e = e
	}
	p.run()
	return nil
}

// TestActions: an Action may be kept, merged and performed again.
func TestActions(t *testing.T) {
	//= RFC 9846 §4.7.3 type=test
	p := newPair(t, baseConfig(t)).secure()
	p.run()
	if err := p.s.e.UpdateKeys(true); err != nil {
		t.Fatal(err)
	}
	in, err := p.s.e.Seal(nil, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	r, s, err := p.c.e.Split()
	if err != nil {
		t.Fatal(err)
	}
	n, ev := r.Step(p.now, in)
	if ev.Kind != handshake.KeyUpdated || ev.Action == 0 || s.Pending() != 0 {
		t.Fatal(ev.Kind, ev.Action, s.Pending())
	}
	update := ev.Action
	s.Perform(update)
	s.Perform(update.Merge(update))
	if p.s.in, err = s.Seal(p.s.in, []byte("y")); err != nil {
		t.Fatal(err)
	}
	p.s.log = nil
	if p.drain(p.s); strings.Join(p.s.log, " ") != "KeyUpdated Data" {
		t.Errorf("of one KeyUpdate performed thrice the peer saw %v", p.s.log)
	}
	bad := append(in[n:], 23, 3, 3, 0, 17)
	bad = append(bad, make([]byte, 17)...)
	n, _ = r.Step(p.now, bad)
	_, ev = r.Step(p.now, bad[n:])
	if ev.Kind != handshake.Failed || ev.Action == 0 {
		t.Fatal(ev.Kind, ev.Action)
	}
	both := handshake.Action(0).Merge(update).Merge(ev.Action).Merge(update)
	if both != ev.Action.Merge(update) || both.Merge(both) != both {
		t.Error("the order of merging matters")
	}
	s.Perform(both)
	once := s.Pending()
	s.Perform(both)
	s.Perform(ev.Action)
	if s.Pending() != once || once == 0 {
		t.Errorf("%d bytes are due after one Perform, %d after three", once, s.Pending())
	}
	p.s.in = s.AppendOut(nil)
	if p.drain(p.s); p.s.log[len(p.s.log)-1] != "Failed" {
		t.Errorf("the peer saw %v", p.s.log)
	}
}

// TestRefusals: however often a peer asks to renegotiate and the Action is
// performed, it is refused once until there is data.
func TestRefusals(t *testing.T) {
	//= RFC 5746 §4.2 type=test
	c := baseConfig(t)
	c.client.MaxVersion = record.TLS12
	p := newPair(t, c).secure()
	r, s, err := p.c.e.Split()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		p.s.e.SealMessage(&msg.HelloRequest{})
		_, ev := r.Step(p.now, p.s.e.AppendOut(nil))
		if ev.Kind != handshake.RenegotiationRefused {
			t.Fatal(ev.Kind)
		}
		for range 3 {
			s.Perform(ev.Action)
		}
	}
	if got := recordTypes(s.AppendOut(nil)); got != "21" {
		t.Errorf("records %s are due", got)
	}
	p.s.e.SealMessage(&msg.HelloRequest{})
	_, ev := r.Step(p.now, p.s.e.AppendOut(nil))
	out, err := s.Seal(nil, []byte("x"))
	s.Perform(ev.Action)
	if got := recordTypes(s.AppendOut(out)); got != "23 21" || err != nil {
		t.Errorf("records %s after data: %v", got, err)
	}
}

// TestJoinOfTheFailed: joining a half that failed tells the peer, and kills the other.
func TestJoinOfTheFailed(t *testing.T) {
	p := newPair(t, baseConfig(t)).secure()
	r, s, err := p.c.e.Split()
	if err != nil {
		t.Fatal(err)
	}
	r.Step(p.now, []byte{99, 3, 3, 0, 1, 0})
	e, err := handshake.Join(r, s)
	if err != nil {
		t.Fatal(err)
	}
	if e.Err() == nil || e.Pending() == 0 {
		t.Fatal(e.Err(), e.Pending())
	}
	p.c.e = e
	p.s.in = e.AppendOut(p.s.in)
	p.drain(p.s)
	if out, err := e.Seal(nil, []byte("x")); len(out) > 0 || err != e.Err() {
		t.Error(len(out), err)
	}
	if err := p.s.e.Err(); err == nil || err.(*handshake.Error).Kind != handshake.KindAlertReceived {
		t.Error(err)
	}
}
