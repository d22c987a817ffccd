package record

import (
	"bytes"
	"crypto/hmac"
	"errors"
	"slices"
	"testing"
)

// fuzzOpener is an Opener in the state that the byte chooses.
func fuzzOpener(state byte) Opener {
	var o Opener
	if s := int(state & 7); s < len(testSuites) {
		o.SetVersion(testSuites[s].version)
		if state&8 == 0 {
			o.Install(testSuites[s].protection(0))
		}
	}
	o.AllowPlaintextAlert(state&16 != 0)
	if state&32 != 0 {
		o.SetLimit(512)
	}
	return o
}

// FuzzOpen reads arbitrary bytes as records until they end or one is refused.
func FuzzOpen(f *testing.F) {
	for i, s := range testSuites {
		w, _ := s.pair()
		in := w.Seal(nil, TypeHandshake, []byte("handshake"))
		in = append(in, plainRecord(TypeChangeCipherSpec, TLS12, []byte{1})...)
		in = w.Seal(in, TypeApplicationData, nil)
		f.Add(byte(i), in, 100)
		f.Add(byte(i)|8, plainRecord(TypeHandshake, TLS10, []byte("hello")), 0)
	}
	f.Add(byte(7), []byte("GET / HTTP/1.1\r\n"), 0)
	f.Add(byte(7), []byte("\x80\x2e\x01\x03\x01\x00\x15"), 0)
	f.Fuzz(func(t *testing.T, state byte, in []byte, room int) {
		o := fuzzOpener(state)
		dst := make([]byte, max(0, min(room, MaxPlaintext+1)))
		for {
			fork, before, whole := o, o.Seq(), bytes.Clone(in)
			got, err := o.OpenInto(dst, in)
			again, errAgain := fork.Open(whole)
			if (err == nil) != (errAgain == nil) || !bytes.Equal(got.Payload, again.Payload) {
				t.Fatalf("OpenInto: %+v, %v; Open: %+v, %v", got, err, again, errAgain)
			}
			if !checkOpened(t, &o, got, err, len(in), before) {
				return
			}
			in = in[got.N:]
		}
	})
}

// checkOpened says whether to go on, and fails where a result breaks a promise.
func checkOpened(t *testing.T, o *Opener, got Opened, err error, in int, before uint64) bool {
	var e *Error
	switch {
	case err != nil:
		if !errors.As(err, &e) || e.Kind == 0 || int(e.Kind) >= len(kinds) || e.Error() == "" {
			t.Fatalf("error %#v", err)
		}
		if got.Payload != nil || o.Seq() != before || got.N != 0 && (got.N != HeaderLen+e.Length || got.N > in) {
			t.Fatalf("refused: %+v, %v", got, err)
		}
		return false
	case got.N == 0:
		if got.Need <= in || got.Need < HeaderLen || got.Need > MaxPlaintext+MaxOverhead || got.Payload != nil {
			t.Fatalf("%d bytes: %+v", in, got)
		}
		return false
	}
	advance := before
	if got.Protected {
		advance++
	}
	if got.N > in || got.N != HeaderLen+got.Wire || len(got.Payload) > o.longest(got.Type, true) || !got.Type.known() || o.Seq() != advance ||
		got.Type != TypeApplicationData && len(got.Payload) == 0 {
		t.Fatalf("%+v, seq %d", got, o.Seq())
	}
	return true
}

// FuzzInner opens what an honest cipher protects and a mad peer composed.
func FuzzInner(f *testing.F) {
	f.Add(byte(0), byte(23), []byte("content\x17\x00\x00"))
	f.Add(byte(1), byte(20), []byte{1})
	f.Add(byte(3), byte(22), []byte{})
	f.Fuzz(func(t *testing.T, suite, typ byte, inside []byte) {
		s := testSuites[int(suite)%len(testSuites)]
		w, o := s.pair()
		var rec []byte
		if s.version == TLS13 {
			inside = inside[:min(len(inside), MaxCiphertext13-16)]
			rec = sealInner13(&o, Type(typ), TLS12, inside)
		} else {
			inside = inside[:min(len(inside), MaxCiphertext12-24)]
			rec = w.p.mode.seal(&w.half, nil, Type(typ), inside)
		}
		got, err := o.Open(rec)
		checkOpened(t, &o, got, err, len(rec), 0)
		if err != nil || !got.Protected {
			return
		}
		want := inside
		if s.version == TLS13 {
			want = bytes.TrimRight(inside, "\x00")
			want = want[:len(want)-1]
		}
		if !bytes.Equal(got.Payload, want) {
			t.Fatalf("%x opened as %x", want, got.Payload)
		}
	})
}

// FuzzCBC encrypts any bytes, with a good MAC in them or not, and wants the
// verdict of a reader that looks at one thing after the other.
func FuzzCBC(f *testing.F) {
	f.Add(byte(0), []byte("content"), byte(8), byte(8), true)
	f.Add(byte(4), []byte{}, byte(255), byte(255), true)
	f.Add(byte(9), bytes.Repeat([]byte{15}, 64), byte(0), byte(0), false)
	f.Add(byte(16), bytes.Repeat([]byte{1}, 400), byte(200), byte(201), true)
	cases := slices.DeleteFunc(cbcCases(), func(c cbcCase) bool { return c.etm })
	f.Fuzz(func(t *testing.T, which byte, content []byte, padding, last byte, good bool) {
		c := cases[int(which)%len(cases)]
		content = content[:min(len(content), 3000)]
		var inside []byte
		rec := craft(c, content, func(body []byte) []byte {
			if !good {
				body = body[:len(content)]
			}
			body = append(body, bytes.Repeat([]byte{padding}, int(padding))...)
			body = append(body, bytes.Repeat([]byte{padding}, (16-(len(body)+1)%16)%16)...)
			body = append(body, last)
			inside = slices.Clone(body)
			return body
		})
		o, _ := c.pair()
		got, err := o.Open(rec)
		want, ok := c.naive(inside)
		if (err == nil) != ok || ok && !bytes.Equal(got.Payload, want) {
			t.Fatalf("%s: %x: %x, %v, want %x, %v", c.name, inside, got.Payload, err, want, ok)
		}
	})
}

// naive takes padding and MAC off the first record's body as the RFC tells it.
func (c cbcCase) naive(body []byte) ([]byte, bool) {
	size, pad := c.hash().Size(), int(body[len(body)-1])
	n := len(body) - 1 - pad - size
	if n < 0 || !bytes.Equal(body[n+size:], bytes.Repeat([]byte{byte(pad)}, pad+1)) {
		return nil, false
	}
	h := hmac.New(c.hash, c.keys().MACKey)
	h.Write(make([]byte, 8))
	h.Write([]byte{23, byte(c.version >> 8), byte(c.version), byte(n >> 8), byte(n)})
	h.Write(body[:n])
	return body[:n], bytes.Equal(h.Sum(nil), body[n:n+size])
}
