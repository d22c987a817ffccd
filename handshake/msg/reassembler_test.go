package msg

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"tacet/record"
)

func stream() (all []byte, messages [][]byte) {
	for _, s := range samples() {
		m := s.message.Append(nil)
		messages = append(messages, m)
		all = append(all, m...)
	}
	return all, messages
}

// TestReassembler cuts a stream of all messages anywhere; the input is
// scribbled over after each Add, and what was returned stays true.
func TestReassembler(t *testing.T) {
	//= RFC 9846 §4 type=test
	all, want := stream()
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var r Reassembler
		var got []Raw
		for rest := all; len(rest) > 0; {
			n := 1 + rnd.IntN(min(len(rest), 1+int(seed)*20))
			piece := bytes.Clone(rest[:n])
			rest = rest[n:]
			r.Add(piece)
			clear(piece)
			for {
				m, err := r.Next()
				if err != nil {
					t.Fatal(err)
				}
				if m == nil {
					break
				}
				got = append(got, m)
			}
		}
		if len(got) != len(want) || !r.Empty() {
			t.Fatalf("seed %d: %d messages, %d bytes left", seed, len(got), r.Buffered())
		}
		for i, m := range got {
			if !bytes.Equal(m, want[i]) || cap(m) != len(m) {
				t.Fatalf("seed %d: message %d is %x, capacity %d", seed, i, []byte(m), cap(m))
			}
		}
	}
}

// TestLimits announces one byte too many and sends only the header.
func TestLimits(t *testing.T) {
	for typ := range 256 {
		typ := Type(typ)
		header := func(n int) []byte { return []byte{byte(typ), byte(n >> 16), byte(n >> 8), byte(n)} }
		var fits, over, huge Reassembler
		fits.Add(header(typ.Limit()))
		if _, err := fits.Next(); err != nil {
			t.Errorf("%v of %d bytes: %v", typ, typ.Limit(), err)
		}
		want, kind := record.AlertDecodeError, KindTooLong
		if !typ.Known() {
			want, kind = record.AlertUnexpectedMessage, KindUnexpectedType
		}
		over.Add(header(typ.Limit() + 1))
		huge.Add(header(1<<24 - 1))
		for _, r := range []*Reassembler{&over, &over, &huge} {
			m, err := r.Next()
			var e *Error
			if wantAlert(t, err, want); m != nil || !errors.As(err, &e) || e.Kind != kind || e.Message != typ {
				t.Errorf("%v: %v", typ, err)
			}
		}
	}
}

// TestLargestHello says that the limit lets the format's largest ClientHello pass.
func TestLargestHello(t *testing.T) {
	m := ClientHello{SessionID: fill(32, 1), Suites: fill(65534, 2), Compression: fill(255, 0)}
	m.Ext.Padding = 65535 - 4
	m.Ext.Set(ExtPadding)
	raw := m.Append(nil)
	if len(raw)-HeaderLen != LimitHello {
		t.Fatalf("%d bytes, limit %d", len(raw)-HeaderLen, LimitHello)
	}
	var r Reassembler
	r.Add(raw)
	got, err := r.Next()
	if err != nil || got == nil {
		t.Fatalf("not taken: %v", err)
	}
	if err := new(ClientHello).Parse(got.Body()); err != nil {
		t.Error(err)
	}
}

func TestAligned(t *testing.T) {
	//= RFC 9846 §5.1 type=test
	all, _ := stream()
	var r Reassembler
	if token, ok := r.Aligned(); !ok {
		t.Error("empty and not aligned")
	} else {
		token.Must()
	}
	r.Add(all[:1])
	if _, ok := r.Aligned(); ok {
		t.Error("aligned with a byte left over")
	}
	r.Reset()
	if _, ok := r.Aligned(); !ok {
		t.Error("not aligned after Reset")
	}
	defer func() {
		if recover() == nil {
			t.Error("the zero token holds")
		}
	}()
	Aligned{}.Must()
}

// TestFork lets two forks go on with different bytes, in either order.
func TestFork(t *testing.T) {
	long := (&Finished{fill(32, 1)}).Append(nil)
	var r Reassembler
	r.Add(append(bytes.Clone(long), long[:10]...))
	first, _ := r.Next()
	r.buf = append(make([]byte, 0, 1000), r.buf...) // spare room that both could write to
	fork := r.Fork()
	again := fork.Fork()
	r.Add(fill(26, 7))
	fork.Add(fill(26, 8))
	again.Add(fill(26, 9))
	for b, r := range map[byte]*Reassembler{7: &r, 8: &fork, 9: &again} {
		m, err := r.Next()
		if err != nil || !bytes.Equal(m, append(bytes.Clone(long[:10]), fill(26, b)...)) {
			t.Errorf("fork %d: %x, %v", b, []byte(m), err)
		}
	}
	if !bytes.Equal(first, long) {
		t.Error("the first message changed")
	}
}
