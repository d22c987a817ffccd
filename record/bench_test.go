package record

import (
	"fmt"
	"slices"
	"testing"
	"unsafe"
)

// TestAllocs: none per record, sealed or opened either way.
func TestAllocs(t *testing.T) {
	for _, s := range testSuites {
		for _, n := range []int{0, 64, MaxPlaintext} {
			w, o := s.pair()
			plain, buf, dst := pattern(n), make([]byte, 0, n+100), make([]byte, n+1)
			into := false
			got := testing.AllocsPerRun(100, func() {
				rec := w.Seal(buf, TypeApplicationData, plain)
				if into = !into; into {
					o.OpenInto(dst, rec)
				} else {
					o.Open(rec)
				}
			})
			if got != 0 || o.Seq() != 101 {
				t.Errorf("%s, %d bytes: %v allocations a record, %d opened", s.name, n, got, o.Seq())
			}
		}
	}
}

// TestSizes keeps what an idle connection holds in mind.
func TestSizes(t *testing.T) {
	for _, test := range []struct {
		name      string
		size, max uintptr
	}{
		{"Opener", unsafe.Sizeof(Opener{}), 160},
		{"Sealer", unsafe.Sizeof(Sealer{}), 160},
		{"Protection", unsafe.Sizeof(Protection{}), 80},
		{"Opened", unsafe.Sizeof(Opened{}), 56},
	} {
		if test.size > test.max {
			t.Errorf("%s has %d bytes, budget %d", test.name, test.size, test.max)
		}
	}
}

var benchLengths = []int{64, 1350, MaxPlaintext}

func eachBench(b *testing.B, run func(b *testing.B, s testSuite, n int)) {
	for _, s := range testSuites {
		for _, n := range benchLengths {
			b.Run(fmt.Sprintf("%s/%d", s.name, n), func(b *testing.B) {
				b.SetBytes(int64(n))
				b.ReportAllocs()
				run(b, s, n)
			})
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	eachBench(b, func(b *testing.B, s testSuite, n int) {
		w, _ := s.pair()
		plain, buf := pattern(n), make([]byte, 0, n+100)
		for b.Loop() {
			w.Seal(buf, TypeApplicationData, plain)
		}
	})
}

// BenchmarkSealAEAD is the cipher alone, in place: the floor under BenchmarkSeal.
func BenchmarkSealAEAD(b *testing.B) {
	eachBench(b, func(b *testing.B, s testSuite, n int) {
		w, _ := s.pair()
		aead, buf := w.cipher(), make([]byte, n, n+100)
		nonce, header := make([]byte, 12), make([]byte, HeaderLen)
		for b.Loop() {
			aead.Seal(buf[:0], nonce, buf, header)
		}
	})
}

// BenchmarkOpen copies a record and opens the copy; the copy is timed in
// BenchmarkOpenAEAD too.
func BenchmarkOpen(b *testing.B) {
	eachBench(b, func(b *testing.B, s testSuite, n int) {
		w, o := s.pair()
		rec := w.Seal(nil, TypeApplicationData, pattern(n))
		in := slices.Clone(rec)
		for b.Loop() {
			copy(in, rec)
			o.seq = 0
			if _, err := o.Open(in); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOpenInto(b *testing.B) {
	eachBench(b, func(b *testing.B, s testSuite, n int) {
		w, o := s.pair()
		rec, dst := w.Seal(nil, TypeApplicationData, pattern(n)), make([]byte, n+1)
		for b.Loop() {
			o.seq = 0
			if _, err := o.OpenInto(dst, rec); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkOpenAEAD is the cipher alone, in place after the same copy: the
// floor under BenchmarkOpen.
func BenchmarkOpenAEAD(b *testing.B) {
	eachBench(b, func(b *testing.B, s testSuite, n int) {
		w, _ := s.pair()
		nonce, header := make([]byte, 12), make([]byte, HeaderLen)
		aead := w.cipher()
		sealed := aead.Seal(nil, nonce, pattern(n), header)
		in := slices.Clone(sealed)
		for b.Loop() {
			copy(in, sealed)
			if _, err := aead.Open(in[:0], nonce, in, header); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkInstall(b *testing.B) {
	for _, s := range testSuites {
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			p := s.protection(0)
			var w Sealer
			for b.Loop() {
				w.Install(p)
				w.cipher()
			}
		})
	}
}

// BenchmarkCBC seals and opens with AES-128, both ways to authenticate.
func BenchmarkCBC(b *testing.B) {
	for _, c := range cbcCases() {
		if c.version != TLS12 {
			continue
		}
		for _, n := range benchLengths {
			b.Run(fmt.Sprintf("%s/%d", c.name, n), func(b *testing.B) {
				b.SetBytes(int64(n))
				b.ReportAllocs()
				o, s := c.pair()
				plain, buf := pattern(n), make([]byte, 0, n+100)
				for b.Loop() {
					if _, err := o.Open(s.Seal(buf, TypeApplicationData, plain)); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
