package suites

import (
	"bytes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tacet/record"
)

// TestWycheproof runs project Wycheproof's vectors, apart and in place.
func TestWycheproof(t *testing.T) {
	//= RFC 3610 §2.5 type=test
	for _, line := range fileLines(t, "wycheproof-ccm.txt") {
		f := strings.Fields(line)
		bin := func(i int) []byte {
			b, err := hex.DecodeString(strings.TrimPrefix(f[i], "-"))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		key, nonce, additional, text, sealed := bin(1), bin(2), bin(3), bin(4), append(bin(5), bin(6)...)
		a, err := makeCCM(key, len(bin(6)))
		if err != nil {
			t.Fatal(err)
		}
		valid := f[7] == "valid"
		if got := a.Seal(nil, nonce, text, additional); bytes.Equal(got, sealed) != valid {
			t.Errorf("%s: sealed as %x", line, got)
		}
		got, err := a.Open([]byte("before"), nonce, sealed, additional)
		if (err == nil) != valid || valid && string(got) != "before"+string(text) {
			t.Errorf("%s: opened %x, %v", line, got, err)
		}
		if valid {
			room := append(slices.Clone(text), make([]byte, a.Overhead())...)
			if got := a.Seal(room[:0], nonce, room[:len(text)], additional); !bytes.Equal(got, sealed) || &got[0] != &room[0] {
				t.Errorf("%s: sealed in place as %x", line, got)
			}
		}
		got, err = a.Open(sealed[:0], nonce, sealed, additional)
		if (err == nil) != valid || valid && !bytes.Equal(got, text) {
			t.Errorf("%s: opened in place %x, %v", line, got, err)
		}
		if !valid && !bytes.Equal(sealed[:len(text)], make([]byte, len(text))) {
			t.Errorf("%s: %x is left of a forgery", line, sealed)
		}
	}
}

// ccmCases are {key, tag, text, additional data}, lengths in bytes.
func ccmCases() (cases [][4]int) {
	for _, key := range []int{16, 32} {
		for _, tag := range []int{ccmTagLen, ccm8TagLen} {
			for _, text := range []int{0, 1, 15, 16, 17, 31, 32, 33, 1000, record.MaxPlaintext, 256*16 - 1, 1 << 20} {
				cases = append(cases, [4]int{key, tag, text, 13})
			}
			for _, additional := range []int{0, 1, 5, 14, 15, 30, 31, 0xfeff, 0xff00, 0xff01, 0x10000} {
				cases = append(cases, [4]int{key, tag, 20, additional})
			}
		}
	}
	return cases
}

// TestCCM compares with what node makes of the same input.
func TestCCM(t *testing.T) {
	//= RFC 3610 §2.2 type=test
	//= RFC 3610 §2.3 type=test
	sums := golden(t, "node-ccm.txt", "node", func() []string { return runNode(t, "ccm.js", ccmCases()) })
	count := func(n, from int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(from + i*7)
		}
		return b
	}
	for i, c := range ccmCases() {
		a, err := makeCCM(count(c[0], 1), c[1])
		if err != nil {
			t.Fatal(err)
		}
		nonce, additional, text := count(12, 2), count(c[3], 3), count(c[2], 4)
		sealed := a.Seal(nil, nonce, text, additional)
		if got := fmt.Sprintf("%x", sha256.Sum256(sealed)); got != sums[i] {
			t.Errorf("%v: %s, want %s", c, got, sums[i])
		}
		if got, err := a.Open(nil, nonce, sealed, additional); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%v: opened %d bytes, %v", c, len(got), err)
		}
	}
}

// TestCCMForgeries: no bit of anything may change, and nothing comes out if it did.
func TestCCMForgeries(t *testing.T) {
	//= RFC 3610 §2.5 type=test
	for _, tag := range []int{ccmTagLen, ccm8TagLen} {
		a, _ := makeCCM(make([]byte, 16), tag)
		nonce, additional, text := make([]byte, 12), []byte("additional data"), []byte("a text longer than one block")
		sealed := a.Seal(nil, nonce, text, additional)
		for _, part := range [][]byte{nonce, additional, sealed} {
			for bit := range len(part) * 8 {
				part[bit/8] ^= 1 << (bit % 8)
				dst := bytes.Repeat([]byte{0xff}, len(text))
				if got, err := a.Open(dst[:0], nonce, sealed, additional); err == nil || got != nil || !bytes.Equal(dst, make([]byte, len(dst))) {
					t.Fatalf("tag of %d, bit %d: %x, %v, in memory %x", tag, bit, got, err, dst)
				}
				part[bit/8] ^= 1 << (bit % 8)
			}
		}
		for n := range sealed {
			if got, err := a.Open(nil, nonce, sealed[:n], additional); err == nil || got != nil {
				t.Fatalf("tag of %d, cut to %d bytes: %x", tag, n, got)
			}
		}
		if got, err := a.Open(nil, nonce, sealed, additional); err != nil || !bytes.Equal(got, text) {
			t.Fatalf("tag of %d: %x, %v after forgeries", tag, got, err)
		}
	}
}

func TestCCMMisuse(t *testing.T) {
	if _, err := newCCM(make([]byte, 15)); err == nil {
		t.Error("a key of 15 bytes")
	}
	a, _ := newCCM8(make([]byte, 16))
	for name, call := range map[string]func(){
		"nonce of 13": func() { a.Seal(nil, make([]byte, 13), nil, nil) },
		"nonce of 11": func() { a.Open(nil, make([]byte, 11), make([]byte, 8), nil) },
		"text":        func() { a.Seal(nil, make([]byte, 12), make([]byte, ccmMaxLen+1), nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			call()
		}()
	}
	if got, err := a.Open(nil, make([]byte, 12), make([]byte, ccmMaxLen+9), nil); err == nil {
		t.Errorf("opened %d bytes", len(got))
	}
}

// TestAllocations: no suite's records cost one.
func TestAllocations(t *testing.T) {
	plain, buf := make([]byte, 1000), make([]byte, 0, 2000)
	for s := range All() {
		for v := s.Min; v <= s.Max; v++ {
			seal, open := halves(s, v, false)
			if n := testing.AllocsPerRun(10, func() {
				if _, err := open.Open(seal.Seal(buf, record.TypeApplicationData, plain)); err != nil {
					t.Fatal(err)
				}
			}); n > 0 {
				t.Errorf("%v, %v: %v allocations a record", s, v, n)
			}
		}
	}
}

// TestUnshare: two copies of one direction seal at once, though CCM has room of its
// own to work in.
func TestUnshare(t *testing.T) {
	for _, name := range []string{"TLS_AES_128_CCM_SHA256", "AES256-CCM8", "AES128-SHA", "NULL-SHA"} {
		s := ByName(name)
		one, _ := halves(s, s.Max, false)
		one.Seal(nil, record.TypeApplicationData, []byte("before"))
		other := *one
		other.Unshare()
		wires := make(chan []byte, 2)
		for _, seal := range []*record.Sealer{one, &other} {
			go func() {
				var wire []byte
				for range 2000 {
					wire = seal.Seal(wire, record.TypeApplicationData, []byte("the same on both sides"))
				}
				wires <- wire
			}()
		}
		if !bytes.Equal(<-wires, <-wires) {
			t.Errorf("%s: the two differ", name)
		}
	}
}

// FuzzCCM wants of any input that it comes back, and that nothing else does.
func FuzzCCM(f *testing.F) {
	f.Add([]byte("a text"), []byte("data"), []byte("nonce"), uint8(0), 3)
	f.Add([]byte{}, []byte{}, []byte{}, uint8(255), 0)
	f.Fuzz(func(t *testing.T, text, additional, from []byte, key uint8, flip int) {
		nonce := make([]byte, ccmNonceLen)
		copy(nonce, from)
		for _, tag := range []int{ccmTagLen, ccm8TagLen} {
			a, err := makeCCM(bytes.Repeat([]byte{key}, 16+int(key%2)*16), tag)
			if err != nil {
				t.Fatal(err)
			}
			sealed := a.Seal(nil, nonce, text, additional)
			if got, err := a.Open(nil, nonce, sealed, additional); err != nil || !bytes.Equal(got, text) || len(sealed) != len(text)+tag {
				t.Fatalf("%x sealed as %x opened as %x, %v", text, sealed, got, err)
			}
			bit := int(uint(flip) % uint(len(sealed)*8))
			sealed[bit/8] ^= 1 << (bit % 8)
			if got, err := a.Open(sealed[:0], nonce, sealed, additional); err == nil {
				t.Fatalf("%x came out of a forgery", got)
			}
		}
	})
}

// FuzzProtect opens any bytes, as a record's payload, with every suite and version.
func FuzzProtect(f *testing.F) {
	for i := range rows {
		f.Add(uint8(i), uint8(i), true, []byte("payload"))
	}
	f.Fuzz(func(t *testing.T, suite, version uint8, etm bool, payload []byte) {
		s := byID[int(suite)%len(byID)]
		v := s.Min + record.Version(version)%(s.Max-s.Min+1)
		seal, open := halves(s, v, etm)
		payload = payload[:min(len(payload), record.MaxPlaintext)]
		wire := seal.Seal(nil, record.TypeApplicationData, payload)
		forged := slices.Concat(wire[:3], []byte{byte(len(payload) >> 8), byte(len(payload))}, payload)
		if got, err := open.Open(forged); err == nil {
			t.Fatalf("%v: %x opened as %x", s, payload, got.Payload)
		}
		if got, err := open.Open(wire); err != nil || !bytes.Equal(got.Payload, payload) {
			t.Fatalf("%v: %x opened as %x, %v", s, payload, got.Payload, err)
		}
	})
}

func eachCCM(b *testing.B, run func(b *testing.B, a cipher.AEAD, n int)) {
	for _, key := range []int{16, 32} {
		for _, n := range []int{64, 1350, record.MaxPlaintext} {
			b.Run(fmt.Sprintf("%d/%d", key*8, n), func(b *testing.B) {
				a, _ := newCCM(make([]byte, key))
				b.SetBytes(int64(n))
				b.ReportAllocs()
				run(b, a, n)
			})
		}
	}
}

func BenchmarkCCMSeal(b *testing.B) {
	eachCCM(b, func(b *testing.B, a cipher.AEAD, n int) {
		text, nonce, additional := make([]byte, n, n+ccmTagLen), make([]byte, 12), make([]byte, 13)
		for b.Loop() {
			a.Seal(text[:0], nonce, text, additional)
		}
	})
}

// BenchmarkCCMOpen copies a ciphertext and opens the copy.
func BenchmarkCCMOpen(b *testing.B) {
	eachCCM(b, func(b *testing.B, a cipher.AEAD, n int) {
		nonce, additional := make([]byte, 12), make([]byte, 13)
		sealed := a.Seal(nil, nonce, make([]byte, n), additional)
		in := slices.Clone(sealed)
		for b.Loop() {
			copy(in, sealed)
			if _, err := a.Open(in[:0], nonce, in, additional); err != nil {
				b.Fatal(err)
			}
		}
	})
}
