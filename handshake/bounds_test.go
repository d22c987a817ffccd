package handshake_test

import (
	"bytes"
	"errors"
	"runtime"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/record"
)

// Memory and patience are bounded, whatever the peer sends (I5). Every bound
// has a case at the bound and one past it.

// flooded is an engine under attack, and the peer's engine that attacks.
type flooded struct {
	t       *testing.T
	p       *pair
	at, bad *side
}

// secureUnder is a pair of a version of which the client or the server is attacked.
func secureUnder(t *testing.T, v record.Version, client bool) *flooded {
	c := baseConfig(t)
	c.client.MaxVersion = v
	p := newPair(t, c).secure()
	p.run()
	p.c.e.AppendOut(nil)
	f := &flooded{t, p, p.s, p.c}
	if client {
		f.at, f.bad = p.c, p.s
	}
	return f
}

// send lets the attacker's records arrive. It gives the error.
func (f *flooded) send(n int, one func(e *handshake.Engine)) error {
	f.t.Helper()
	for range n {
		one(f.bad.e)
	}
	f.at.in = f.bad.e.AppendOut(f.at.in)
	for {
		k, ev := f.at.e.Step(f.p.now, f.at.in)
		f.at.in = f.at.in[k:]
		f.at.e.AppendOut(nil)
		if ev.Kind == handshake.NeedInput || ev.Kind == handshake.Failed {
			return f.at.e.Err()
		}
	}
}

func alert(level record.Level, a record.Alert) func(*handshake.Engine) {
	return func(e *handshake.Engine) { e.SealRecord(record.TypeAlert, []byte{byte(level), byte(a)}) }
}

func message(m msg.Message) func(*handshake.Engine) {
	return func(e *handshake.Engine) { e.SealMessage(m) }
}

func data(n int) func(*handshake.Engine) {
	return func(e *handshake.Engine) { e.SealRecord(record.TypeApplicationData, make([]byte, n)) }
}

func keyUpdate(request bool) func(*handshake.Engine) {
	return func(e *handshake.Engine) {
		e.SealMessage(&msg.KeyUpdate{Request: request})
		e.NextKeys()
	}
}

var aTicket = &msg.NewSessionTicket13{Lifetime: 60, Nonce: []byte{1}, Ticket: []byte("ticket")}

// floods are the bounds that hold once the connection is secure.
var floods = []struct {
	name   string
	v      record.Version
	client bool // is attacked
	one    func(*handshake.Engine)
	most   int
	kind   handshake.Kind
	spent  int // how much of the bound the handshake has used
}{
	{"empty records", record.TLS12, true, data(0), handshake.MaxEmptyRecords, handshake.KindTooManyEmptyRecords, 0},
	{"empty records", record.TLS13, false, data(0), handshake.MaxEmptyRecords, handshake.KindTooManyEmptyRecords, 0},
	{"warnings", record.TLS12, true, alert(record.LevelWarning, record.AlertNoRenegotiation), handshake.MaxWarnings, handshake.KindTooManyWarnings, 0},
	{"warnings", record.TLS12, false, alert(record.LevelWarning, record.AlertUserCanceled), handshake.MaxWarnings, handshake.KindTooManyWarnings, 0},
	{"user_canceled", record.TLS13, true, alert(record.LevelWarning, record.AlertUserCanceled), handshake.MaxWarnings, handshake.KindTooManyWarnings, 0},
	{"HelloRequests", record.TLS12, true, message(&msg.HelloRequest{}), handshake.MaxWarnings, handshake.KindTooManyWarnings, 0},
	{"KeyUpdates", record.TLS13, false, keyUpdate(false), handshake.MaxKeyUpdates, handshake.KindTooManyKeyUpdates, 0},
	{"KeyUpdates that ask", record.TLS13, true, keyUpdate(true), handshake.MaxKeyUpdates, handshake.KindTooManyKeyUpdates, 0},
	{"tickets", record.TLS13, true, message(aTicket), handshake.MaxSessionTickets, handshake.KindTooManyTickets, 2},
}

// TestFloods sends as many of each as is tolerated, then one more; and shows
// that data starts the count again.
func TestFloods(t *testing.T) {
	for _, tc := range floods {
		t.Run(tc.v.String()+"/"+tc.name, func(t *testing.T) {
			f := secureUnder(t, tc.v, tc.client)
			if err := f.send(tc.most-tc.spent, tc.one); err != nil {
				t.Fatalf("%d are too many: %v", tc.most-tc.spent, err)
			}
			if err := f.send(1, data(1)); err != nil {
				t.Fatal(err)
			}
			if err := f.send(tc.most, tc.one); err != nil {
				t.Fatalf("%d after data are too many: %v", tc.most, err)
			}
			twin := f.at.e.Fork()
			if err := f.send(1, tc.one); !errors.Is(err, tc.kind) || !errors.Is(err, record.AlertUnexpectedMessage) {
				t.Fatalf("one more: %v", err)
			}
			if twin.Err() != nil {
				t.Fatal(twin.Err())
			}
		})
	}
}

// TestMemory keeps up what is tolerated for long: what the engine retains does not grow.
func TestMemory(t *testing.T) {
	const rounds, most = 400, 64 << 10
	for _, tc := range floods {
		t.Run(tc.v.String()+"/"+tc.name, func(t *testing.T) {
			f := secureUnder(t, tc.v, tc.client)
			if err := f.send(tc.most-tc.spent, tc.one); err != nil {
				t.Fatal(err)
			}
			before := heap()
			for range rounds {
				if err := f.send(1, data(1)); err != nil {
					t.Fatal(err)
				}
				if err := f.send(tc.most, tc.one); err != nil {
					t.Fatal(err)
				}
			}
			if grown := heap() - before; grown > most {
				t.Errorf("%d bytes are retained after %d messages", grown, rounds*tc.most)
			}
			if f.at.e.Buffered() != 0 {
				t.Errorf("%d bytes are buffered", f.at.e.Buffered())
			}
			runtime.KeepAlive(f)
		})
	}
}

// heap is how many bytes are alive.
func heap() int {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// TestNoWarningsInTLS13: there are none but user_canceled; all others are fatal.
func TestNoWarningsInTLS13(t *testing.T) {
	//= RFC 9846 §6 type=test
	f := secureUnder(t, record.TLS13, true)
	if err := f.send(1, alert(record.LevelWarning, record.AlertNoRenegotiation)); !errors.Is(err, handshake.KindAlertReceived) {
		t.Fatal(err)
	}
}

// TestEmptyHandshakeRecords: records without content that are not application
// data end the connection at once, protected or not.
func TestEmptyHandshakeRecords(t *testing.T) {
	//= RFC 9846 §5.1 type=test
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		for _, typ := range []record.Type{record.TypeHandshake, record.TypeAlert} {
			f := secureUnder(t, v, false)
			err := f.send(1, func(e *handshake.Engine) { e.SealRecord(typ, nil) })
			if !errors.Is(err, handshake.KindEmptyRecord) {
				t.Errorf("%v %v: %v", v, typ, err)
			}
		}
	}
	for _, typ := range []byte{20, 21, 22} {
		e := newPair(t, baseConfig(t)).s.e
		if e.Step(credtest.Now, []byte{typ, 3, 3, 0, 0}); !errors.Is(e.Err(), handshake.KindEmptyRecord) {
			t.Errorf("type %d: %v", typ, e.Err())
		}
	}
}

// TestCCSFlood: TLS 1.3 drops so many change_cipher_specs and no more; TLS 1.2
// takes exactly the one that is due.
func TestCCSFlood(t *testing.T) {
	//= RFC 9846 §5 type=test
	ccs := []byte{20, 3, 3, 0, 1, 1}
	for name, at := range map[string]func(p *pair) *handshake.Engine{
		"client before ServerHello": func(p *pair) *handshake.Engine { p.turn(p.c, p.s); return p.c.e },
		"server after its flight": func(p *pair) *handshake.Engine {
			p.turn(p.c, p.s)
			p.turn(p.s, p.c)
			return p.s.e
		},
	} {
		c := baseConfig(t)
		c.client.MinVersion = record.TLS13
		e := at(newPair(t, c))
		if e.Step(credtest.Now, bytes.Repeat(ccs, handshake.MaxDroppedCCS)); e.Err() != nil {
			t.Errorf("%s: %v", name, e.Err())
		}
		if e.Step(credtest.Now, bytes.Clone(ccs)); !errors.Is(e.Err(), handshake.KindUnexpectedCCS) {
			t.Errorf("%s, one more: %v", name, e.Err())
		}
	}
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		f := secureUnder(t, v, true)
		f.at.e.Step(credtest.Now, bytes.Clone(ccs))
		if f.at.e.Err() == nil {
			t.Errorf("%v: a change_cipher_spec after the handshake passes", v)
		}
		e := newPair(t, baseConfig(t)).s.e
		if e.Step(credtest.Now, bytes.Clone(ccs)); !errors.Is(e.Err(), handshake.KindUnexpectedCCS) {
			t.Errorf("before ClientHello: %v", e.Err())
		}
	}
}

// TestMessageSize announces a message of the limit, of which one byte comes in
// each record, and one of a byte more.
func TestMessageSize(t *testing.T) {
	for typ := range 256 {
		typ := msg.Type(typ)
		for over := range 2 {
			n := typ.Limit() + over
			e := newPair(t, baseConfig(t)).s.e
			_, ev := e.Step(credtest.Now, []byte{22, 3, 1, 0, 4, byte(typ), byte(n >> 16), byte(n >> 8), byte(n)})
			switch {
			case over == 0 && n > 0 && (ev.Kind != handshake.NeedInput || e.Err() != nil):
				t.Errorf("%v of %d bytes: %v", typ, n, e.Err())
			case over == 1 && !errors.Is(e.Err(), handshake.KindMessageTooLong) && !errors.Is(e.Err(), handshake.KindUnexpectedMessage):
				t.Errorf("%v of %d bytes: %v %v", typ, n, ev.Kind, e.Err())
			case over == 1 && typ.Known() && !errors.Is(e.Err(), handshake.KindMessageTooLong):
				t.Errorf("%v of %d bytes: %v", typ, n, e.Err())
			}
		}
	}
}

// TestTrickle sends the largest ClientHello by one byte in each record: what is
// retained is its length, not that of the records.
func TestTrickle(t *testing.T) {
	e := newPair(t, baseConfig(t)).s.e
	n := msg.LimitHello
	before := heap()
	e.Step(credtest.Now, []byte{22, 3, 1, 0, 4, 1, byte(n >> 16), byte(n >> 8), byte(n)})
	for range n - 1 {
		if _, ev := e.Step(credtest.Now, []byte{22, 3, 1, 0, 1, 0}); ev.Kind != handshake.NeedInput {
			t.Fatal(e.Err())
		}
	}
	if grown := heap() - before; grown > 2*n || e.Buffered() != n+3 {
		t.Errorf("%d bytes are retained and %d buffered of a message of %d", grown, e.Buffered(), n)
	}
	if e.Step(credtest.Now, []byte{22, 3, 1, 0, 1, 0}); !errors.Is(e.Err(), handshake.KindDecode) {
		t.Error(e.Err())
	}
}

// earlyHello is a server that has read a first hello which offers early data; it
// rejects them, and asks for another hello if retry is set.
func earlyHello(t *testing.T, retry bool) *handshake.Engine {
	t.Helper()
	c := baseConfig(t)
	c.client.MinVersion = record.TLS13
	p := newPair(t, c).secure()
	c.session, c.seed = p.c.sess[0], 1
	if retry {
		retried(t, &c)
	}
	p = newPair(t, c)
	p.turn(p.c, p.s)
	var hello msg.ClientHello
	if err := hello.Parse(p.s.in[5+msg.HeaderLen:]); err != nil {
		t.Fatal(err)
	}
	hello.Ext.Set(msg.ExtEarlyData)
	hello.Ext.Clear(msg.ExtPreSharedKey) // its binder is spoiled
	raw := hello.Append(nil)
	in := append([]byte{22, 3, 1, byte(len(raw) >> 8), byte(len(raw))}, raw...)
	for kind := handshake.Secure; kind != handshake.NeedInput; {
		n, ev := p.s.e.Step(p.now, in)
		if kind = ev.Kind; kind == handshake.Failed {
			t.Fatal(p.s.e.Err())
		}
		in = in[n:]
	}
	return p.s.e
}

// TestSkippedEarlyData sends rejected early data up to the bound and past it,
// in records of several sizes.
func TestSkippedEarlyData(t *testing.T) {
	//= RFC 9846 §4.3.10 type=test
	for _, retry := range []bool{false, true} {
		for _, size := range []int{17, 1 << 10, 1 << 14} {
			e := earlyHello(t, retry)
			record := append([]byte{23, 3, 3, byte(size >> 8), byte(size)}, bytes.Repeat([]byte{0xda}, size)...)
			most := handshake.MaxSkippedEarlyData / size
			for i := range most {
				if n, _ := e.Step(credtest.Now, bytes.Clone(record)); e.Err() != nil || n != len(record) {
					t.Fatalf("retry %v: record %d of %d bytes: %v", retry, i, size, e.Err())
				}
			}
			if e.Step(credtest.Now, bytes.Clone(record)); e.Err() == nil {
				t.Errorf("retry %v: %d records of %d bytes are skipped", retry, most+1, size)
			} else if retry && !errors.Is(e.Err(), handshake.KindTooMuchSkippedData) || !retry && !errors.Is(e.Err(), handshake.KindBadRecordMAC) {
				t.Error(e.Err())
			}
		}
	}
}

// TestNothingToSkip: without an offer of early data not one such record is skipped.
func TestNothingToSkip(t *testing.T) {
	//= RFC 9846 §4.3.10 type=test
	c := baseConfig(t)
	c.client.MinVersion = record.TLS13
	p := newPair(t, c)
	p.turn(p.c, p.s)
	p.turn(p.s, p.c)
	if p.s.e.Step(p.now, append([]byte{23, 3, 3, 0, 32}, make([]byte, 32)...)); !errors.Is(p.s.e.Err(), handshake.KindBadRecordMAC) {
		t.Fatal(p.s.e.Err())
	}
}

// TestUnfetched keeps up what the engine has to answer to, and fetches nothing:
// what is due does not grow.
func TestUnfetched(t *testing.T) {
	for _, tc := range floods {
		t.Run(tc.v.String()+"/"+tc.name, func(t *testing.T) {
			f := secureUnder(t, tc.v, tc.client)
			for range 100 {
				for range tc.most - tc.spent {
					tc.one(f.bad.e)
				}
				data(1)(f.bad.e)
				f.at.in = f.bad.e.AppendOut(f.at.in)
				if f.p.drain(f.at); f.at.e.Err() != nil {
					t.Fatal(f.at.e.Err())
				}
			}
			if due := f.at.e.Pending(); due > 1<<10 {
				t.Errorf("%d bytes are due", due)
			}
		})
	}
}
