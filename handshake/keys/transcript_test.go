package keys

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"slices"
	"testing"

	"tacet/suites"
)

func digest(h Hash, parts ...[]byte) []byte {
	b := slices.Concat(parts...)
	if h == SHA384 {
		d := sha512.Sum384(b)
		return d[:]
	}
	d := sha256.Sum256(b)
	return d[:]
}

func wantBytes(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s = %x, want %x", what, got, want)
	}
}

func TestTranscript(t *testing.T) {
	hello, reply, more := random(300), random(90), random(700)
	for _, h := range bothHashes {
		var tr Transcript
		tr.Write(hello)
		wantBytes(t, "Raw before Pick", tr.Raw(), hello)
		tr.Pick(h)
		if !tr.Picked() || tr.Hash() != h || tr.Raw() != nil {
			t.Errorf("after Pick: %v %v, raw %x", tr.Picked(), tr.Hash(), tr.Raw())
		}
		tr.Pick(h)
		tr.Write(reply)
		wantBytes(t, "Sum", tr.Sum([]byte("x")), append([]byte("x"), digest(h, hello, reply)...))
		wantBytes(t, "SumWith", tr.SumWith(nil, more), digest(h, hello, reply, more))
		wantBytes(t, "Sum after SumWith", tr.Sum(nil), digest(h, hello, reply))
	}
}

// No retention: what was written may be scribbled over, and what was summed too.
func TestTranscriptKeepsNothing(t *testing.T) {
	m := random(100)
	var tr Transcript
	tr.Write(m)
	clear(m)
	tr.Pick(SHA256)
	sum := tr.Sum(nil)
	clear(sum)
	wantBytes(t, "Sum", tr.Sum(nil), digest(SHA256, random(100)))
}

func TestTranscriptKeepRaw(t *testing.T) {
	a, b, c := random(10), random(20), random(30)
	var tr Transcript
	tr.KeepRaw(true)
	tr.Write(a)
	tr.Pick(SHA384)
	tr.Write(b)
	wantBytes(t, "Raw", tr.Raw(), slices.Concat(a, b))
	tr.KeepRaw(false)
	tr.Write(c)
	wantBytes(t, "Raw let go", tr.Raw(), nil)
	wantBytes(t, "Sum", tr.Sum(nil), digest(SHA384, a, b, c))
}

func TestPartialSum(t *testing.T) {
	hello1, retry, truncated := random(200), random(100), random(250)
	for _, h := range bothHashes {
		// A first hello: the transcript is empty on both sides.
		var tr Transcript
		got, ok := tr.PartialSum(nil, h, truncated)
		if !ok {
			t.Error("empty transcript: refused")
		}
		wantBytes(t, "PartialSum, empty", got, digest(h, truncated))

		// Not empty and not picked.
		tr.Write(hello1)
		got, ok = tr.PartialSum(nil, h, truncated)
		if !ok {
			t.Error("unpicked transcript: refused")
		}
		wantBytes(t, "PartialSum, raw", got, digest(h, hello1, truncated))

		// After a retry.
		tr.Pick(h)
		tr.Retry()
		tr.Write(retry)
		first := digest(h, hello1)
		want := digest(h, []byte{254, 0, 0, byte(h.Size())}, first, retry, truncated)
		got, ok = tr.PartialSum(nil, h, truncated)
		if !ok {
			t.Error("after a retry: refused")
		}
		wantBytes(t, "PartialSum, retry", got, want)

		other := SHA256 + SHA384 - h
		if got, ok := tr.PartialSum([]byte("x"), other, truncated); ok || string(got) != "x" {
			t.Errorf("PartialSum under another hash: %x, %v", got, ok)
		}
	}
}

// Forks go their own ways, whatever the elder does: before Pick, after it and
// over a retry.
func TestTranscriptFork(t *testing.T) {
	a, b, c := random(64), random(65), random(66)
	for _, keep := range []bool{false, true} {
		var tr Transcript
		tr.KeepRaw(keep)
		tr.Write(a)
		early := tr.Fork()
		tr.Write(b)
		early.Write(c)
		tr.Pick(SHA256)
		early.Pick(SHA384)
		wantBytes(t, "elder", tr.Sum(nil), digest(SHA256, a, b))
		wantBytes(t, "fork", early.Sum(nil), digest(SHA384, a, c))

		late := tr.Fork()
		tr.Retry()
		tr.Write(c)
		late.Write(c)
		wantBytes(t, "late fork", late.Sum(nil), digest(SHA256, a, b, c))
		first := append([]byte{254, 0, 0, 32}, digest(SHA256, a, b)...)
		wantBytes(t, "elder after retry", tr.Sum(nil), digest(SHA256, first, c))
		if keep {
			wantBytes(t, "late fork's raw", late.Raw(), slices.Concat(a, b, c))
			wantBytes(t, "elder's raw", tr.Raw(), slices.Concat(first, c))
		}
	}
}

// Before Pick, elder and fork append to the same bytes; room to spare behind
// them must not be shared.
func TestTranscriptForkWithRoom(t *testing.T) {
	tr := Transcript{raw: make([]byte, 0, 64)}
	tr.Write([]byte("same"))
	fork := tr.Fork()
	fork.Write([]byte("fork"))
	tr.Write([]byte("elder"))
	wantBytes(t, "fork", fork.Raw(), []byte("samefork"))
	wantBytes(t, "elder", tr.Raw(), []byte("sameelder"))
}

func TestTranscriptPanics(t *testing.T) {
	for name, f := range map[string]func(){
		"Sum before Pick":     func() { new(Transcript).Sum(nil) },
		"SumWith before Pick": func() { new(Transcript).SumWith(nil, nil) },
		"Retry before Pick":   func() { new(Transcript).Retry() },
		"Pick of no hash":     func() { new(Transcript).Pick(0) },
		"Pick of another": func() {
			var tr Transcript
			tr.Pick(SHA256)
			tr.Pick(SHA384)
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestHash(t *testing.T) {
	for h, c := range map[Hash]crypto.Hash{SHA256: crypto.SHA256, SHA384: crypto.SHA384} {
		if FromCrypto(c) != h || h.Size() != c.Size() || h.New().Size() != h.Size() || h.New().BlockSize() != h.row().block {
			t.Errorf("%v is not %v", h, c)
		}
	}
	if FromCrypto(crypto.SHA512) != 0 || FromCrypto(0) != 0 {
		t.Error("FromCrypto knows a hash of no cipher suite")
	}
	if Hash(0).Size() != 0 || Hash(99).String() != "none" {
		t.Error("the zero Hash has a size or an unknown one a name")
	}
}

func TestKeyLog(t *testing.T) {
	got := AppendKeyLog([]byte("> "), LabelClientHandshake, []byte{0x01, 0xab}, []byte{0xff, 0x00})
	if want := "> CLIENT_HANDSHAKE_TRAFFIC_SECRET 01ab ff00"; string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func BenchmarkTranscript(b *testing.B) {
	var tr Transcript
	tr.Write(random(500))
	tr.Pick(SHA256)
	b.Run("Sum", func(b *testing.B) {
		b.ReportAllocs()
		var sum [maxSize]byte
		for b.Loop() {
			tr.Sum(sum[:0])
		}
	})
	b.Run("Fork", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f := tr.Fork()
			f.Picked()
		}
	})
}

func BenchmarkProtection(b *testing.B) {
	secret := SecretFromBytes(SHA256, random(32))
	suite := suites.ByID(0x1301)
	b.ReportAllocs()
	for b.Loop() {
		secret.Protection(suite)
	}
}

func BenchmarkKeys(b *testing.B) {
	m := MasterFromBytes(SHA256, random(48))
	r := random(32)
	suite := suites.ByID(0xc02b)
	b.ReportAllocs()
	for b.Loop() {
		m.Keys(suite, 0x0303, r, r, false)
	}
}
