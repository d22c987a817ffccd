package record

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// lengths are all up to 300, samples up to 2^14, and that (BEHAVIOURS 10).
func lengths(yield func(int) bool) {
	for n := 0; n <= MaxPlaintext; {
		if !yield(n) {
			return
		}
		switch {
		case n < 300:
			n++
		case n < MaxPlaintext-40:
			n += 37
		default:
			n++
		}
	}
}

func pattern(n int) []byte {
	p := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

func TestRoundTrip(t *testing.T) {
	for _, s := range testSuites {
		t.Run(s.name, func(t *testing.T) {
			w, o := s.pair()
			dst := make([]byte, MaxPlaintext+1)
			for n := range lengths {
				plain := pattern(n)
				before := []byte("before")
				rec := w.Seal(before, TypeApplicationData, plain)
				if string(rec[:6]) != "before" || len(rec) != 6+n+w.Overhead() || w.Overhead() != HeaderLen+s.grow {
					t.Fatalf("%d bytes sealed into %d, overhead %d", n, len(rec), w.Overhead())
				}
				rec = rec[6:]
				if n%2 == 0 {
					got := wantOpened(t, &o, rec, TypeApplicationData, plain)
					if n > 0 && uintptr(unsafe.Pointer(&got.Payload[0]))-uintptr(unsafe.Pointer(&rec[0])) > uintptr(len(rec)) {
						t.Fatal("payload is not in place")
					}
					continue
				}
				kept := slices.Clone(rec)
				got, err := o.OpenInto(dst, rec)
				if err != nil || !got.Into || !bytes.Equal(dst[:n], plain) || &got.Payload[0] != &dst[0] {
					t.Fatalf("into dst: %d bytes, %v, %v", n, got.Into, err)
				}
				if !bytes.Equal(kept, rec) {
					t.Fatal("OpenInto changed its input")
				}
			}
		})
	}
}

// TestOpenIntoExact: dst need not be longer than what the record protects.
func TestOpenIntoExact(t *testing.T) {
	for _, s := range testSuites {
		w, o := s.pair()
		plain := pattern(100)
		dst := make([]byte, 100+s.grow&1)
		got, err := o.OpenInto(dst, w.Seal(nil, 23, plain))
		if err != nil || !got.Into || !bytes.Equal(dst[:100], plain) {
			t.Fatalf("%s: into %v, %v", s.name, got.Into, err)
		}
	}
}

// TestOpenIntoShort: one byte less, and the record is opened in place.
func TestOpenIntoShort(t *testing.T) {
	for _, s := range testSuites {
		room := s.grow & 1 // TLS 1.3 wants room for the content type
		for _, short := range []int{1, 2, 100} {
			w, o := s.pair()
			plain := pattern(100)
			dst := make([]byte, 100+room-short, 200)
			got, err := o.OpenInto(dst, w.Seal(nil, 23, plain))
			if err != nil || got.Into || !bytes.Equal(got.Payload, plain) {
				t.Fatalf("%s: into %v, %v", s.name, got.Into, err)
			}
			if !bytes.Equal(dst[:cap(dst)], make([]byte, cap(dst))) {
				t.Fatalf("%s: dst was touched", s.name)
			}
		}
	}
}

// TestTruncated: any part of a record asks for the rest and leaves all as it was.
func TestTruncated(t *testing.T) {
	for _, s := range testSuites {
		w, o := s.pair()
		plain := pattern(200)
		rec := w.Seal(nil, 22, plain)
		for n := range rec {
			want := len(rec)
			if n < HeaderLen {
				want = HeaderLen
			}
			part := slices.Clone(rec[:n])
			got, err := o.Open(part)
			if err != nil || got.N != 0 || got.Need != want || got.Payload != nil || !bytes.Equal(part, rec[:n]) {
				t.Fatalf("%s: %d of %d bytes: %+v, %v", s.name, n, len(rec), got, err)
			}
		}
		wantOpened(t, &o, rec, 22, plain)
	}
}

// TestFlippedBits is BEHAVIOURS 11: a flipped bit behind the header is a bad
// MAC; one in it may also be another refusal or make the record longer.
func TestFlippedBits(t *testing.T) {
	for _, s := range testSuites {
		w, o := s.pair()
		rec := w.Seal(nil, 22, pattern(60))
		for bit := range len(rec) * 8 {
			in := slices.Clone(rec)
			in[bit/8] ^= 1 << (bit % 8)
			got, err := o.Open(in)
			if err == nil {
				if bit/8 < 3 || bit/8 > 4 || got.N != 0 || got.Need <= len(rec) {
					t.Fatalf("%s: bit %d: %+v", s.name, bit, got)
				}
				continue
			}
			kind := err.(*Error).Kind
			if kind != KindBadMAC && bit >= HeaderLen*8 {
				t.Fatalf("%s: bit %d: %v", s.name, bit, err)
			}
			if got.Payload != nil || o.Seq() != 0 {
				t.Fatalf("%s: bit %d: payload %v, seq %d", s.name, bit, got.Payload, o.Seq())
			}
		}
		wantOpened(t, &o, rec, 22, pattern(60))
	}
}

// TestSkip: records that do not authenticate may be passed over (0-RTT).
func TestSkip(t *testing.T) {
	//= RFC 9846 §4.3.10 type=test
	early, _ := testSuites[1].pair()
	w, o := testSuites[0].pair()
	var in []byte
	for range 5 {
		in = early.Seal(in, 23, pattern(100))
	}
	in = w.Seal(in, 22, []byte("Finished"))
	for range 5 {
		got, err := o.Open(in)
		wantKind(t, err, KindBadMAC)
		in = in[got.N:]
	}
	wantOpened(t, &o, in, 22, []byte("Finished"))
}

// TestOrder: a record opens in its place only: not again, not late, not under other keys.
func TestOrder(t *testing.T) {
	//= RFC 9846 §5.3 type=test
	for _, s := range testSuites {
		w, o := s.pair()
		first := w.Seal(nil, 23, []byte("one"))
		second := w.Seal(nil, 23, []byte("two"))
		if _, err := o.Open(slices.Clone(second)); err == nil {
			t.Fatal("second record opened first")
		}
		wantOpened(t, &o, slices.Clone(first), 23, []byte("one"))
		if _, err := o.Open(slices.Clone(first)); err == nil {
			t.Fatal("record opened twice")
		}
		wantOpened(t, &o, second, 23, []byte("two"))
	}
}

// TestFork: copies go on by themselves, whatever happens to the other.
func TestFork(t *testing.T) {
	for _, s := range testSuites {
		w, o := s.pair()
		wantOpened(t, &o, w.Seal(nil, 23, []byte("a")), 23, []byte("a"))
		w2, o2 := w, o
		rec := w.Seal(nil, 23, []byte("b"))
		if !bytes.Equal(rec, w2.Seal(nil, 23, []byte("b"))) {
			t.Fatal("forks seal differently")
		}
		wantOpened(t, &o, slices.Clone(rec), 23, []byte("b"))
		w.Clear()
		o.Clear()
		wantOpened(t, &o2, rec, 23, []byte("b"))
		wantOpened(t, &o2, w2.Seal(nil, 22, []byte("c")), 22, []byte("c"))
	}
}

func TestIdle(t *testing.T) {
	for _, s := range testSuites {
		w, o := s.pair()
		for i := range 5 {
			wantOpened(t, &o, w.Seal(nil, 23, []byte{byte(i)}), 23, []byte{byte(i)})
			w.Idle()
			o.Idle()
			if w.aead != nil || o.aead != nil || w.Seq() != uint64(i+1) {
				t.Fatal("not idle")
			}
		}
	}
}

// TestClear: afterwards nothing of the key is there and nothing passes.
func TestClear(t *testing.T) {
	w, o := testSuites[0].pair()
	rec := w.Seal(nil, 23, []byte("x"))
	w.Clear()
	o.Clear()
	for _, h := range []*half{&w.half, &o.half} {
		if h.p.key != [32]byte{} || h.p.iv != [nonceLen]byte{} || h.nonce != [maxIVLen]byte{} || h.aead != nil || h.p.new != nil {
			t.Error("key material is left")
		}
	}
	_, err := o.Open(rec)
	wantKind(t, err, KindExhausted)
	wantPanic(t, func() { w.Seal(nil, 23, nil) })
}

func wantPanic(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	f()
}

func TestMisuse(t *testing.T) {
	w, o := testSuites[0].pair()
	wantPanic(t, func() { w.Seal(nil, 23, make([]byte, MaxPlaintext+1)) })
	wantPanic(t, func() { o.SetLimit(MaxPlaintext + 1) })
	wantPanic(t, func() { o.SetLimit(-1) })
	wantPanic(t, func() { AEAD13(newGCM, make([]byte, 16), make([]byte, 11), 0) })
	wantPanic(t, func() { AEAD12Explicit(newGCM, make([]byte, 16), make([]byte, 12), 0) })
	wantPanic(t, func() { AEAD13(newGCM, make([]byte, 33), make([]byte, 12), 0) })
	w.Install(AEAD13(newGCM, make([]byte, 15), make([]byte, 12), 0))
	wantPanic(t, func() { w.Seal(nil, 23, nil) })
}

func TestExhausted(t *testing.T) {
	//= RFC 9846 §5.5 type=test
	for _, s := range testSuites {
		w, o := s.pair()
		w.seq, o.seq = lastSeq-1, lastSeq-1
		if w.Left() != 1 {
			t.Errorf("%d left", w.Left())
		}
		wantOpened(t, &o, w.Seal(nil, 23, []byte("last")), 23, []byte("last"))
		if w.Left() != 0 {
			t.Errorf("%d left", w.Left())
		}
		_, err := o.Open(plainRecord(23, TLS12, make([]byte, 50)))
		wantKind(t, err, KindExhausted)
		wantPanic(t, func() { w.Seal(nil, 23, nil) })
	}
}

func TestLeft(t *testing.T) {
	//= RFC 9846 §5.5 type=test
	var w Sealer
	if w.Left() != lastSeq || w.Overhead() != HeaderLen {
		t.Errorf("plaintext: %d left, overhead %d", w.Left(), w.Overhead())
	}
	w.Install(testSuites[0].protection(2))
	for _, want := range []uint64{2, 1, 0, 0} {
		if w.Left() != want {
			t.Errorf("%d left, want %d", w.Left(), want)
		}
		w.Seal(nil, 23, nil)
	}
	w.Install(testSuites[0].protection(2))
	if w.Left() != 2 || w.Seq() != 0 {
		t.Error("Install did not start again")
	}
}

func TestHeaderVersion(t *testing.T) {
	tests := []struct {
		name string
		set  func(*Sealer)
		want string
	}{
		{"zero value", func(*Sealer) {}, "\x16\x03\x03\x00\x01x"},
		{"first ClientHello", func(w *Sealer) { w.SetHeaderVersion(TLS10) }, "\x16\x03\x01\x00\x01x"},
		{"1.0", func(w *Sealer) { w.SetVersion(TLS10) }, "\x16\x03\x01\x00\x01x"},
		{"1.1", func(w *Sealer) { w.SetVersion(TLS11) }, "\x16\x03\x02\x00\x01x"},
		{"1.2", func(w *Sealer) { w.SetVersion(TLS12) }, "\x16\x03\x03\x00\x01x"},
		{"1.3", func(w *Sealer) { w.SetHeaderVersion(TLS10); w.SetVersion(TLS13) }, "\x16\x03\x03\x00\x01x"},
	}
	for _, test := range tests {
		var w Sealer
		test.set(&w)
		if got := string(w.Seal(nil, TypeHandshake, []byte("x"))); got != test.want {
			t.Errorf("%s: %x", test.name, got)
		}
	}
}
