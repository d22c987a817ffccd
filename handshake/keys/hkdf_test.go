package keys

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"hash"
	"math/rand/v2"
	"testing"
)

var bothHashes = []Hash{SHA256, SHA384}

// random is reproducible filler for comparisons of two implementations.
func random(n int) []byte {
	r := rand.New(rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestHMACIsCryptoHMAC(t *testing.T) {
	//= RFC 2104 §2 type=test
	for _, h := range bothHashes {
		for n := range 300 {
			var key hmacKey
			var got [maxSize]byte
			key.set(h, random(n))
			message := random(3*n + 1) // past hmacRoom too
			key.sum(&got, message)
			want := hmac.New(h.New, random(n))
			want.Write(message)
			if !bytes.Equal(got[:h.Size()], want.Sum(nil)) {
				t.Fatalf("%v: HMAC with a key of %d bytes differs", h, n)
			}
		}
	}
}

// expandLabelStd is HKDF-Expand-Label out of crypto/hkdf.
func expandLabelStd(h func() hash.Hash, secret []byte, label string, context []byte, n int) []byte {
	info := []byte{byte(n >> 8), byte(n), byte(len("tls13 ") + len(label))}
	info = append(info, "tls13 "+label...)
	info = append(info, byte(len(context)))
	info = append(info, context...)
	out, err := hkdf.Expand(h, secret, string(info), n)
	if err != nil {
		panic(err)
	}
	return out
}

func TestExpandLabelIsCryptoHKDF(t *testing.T) {
	//= RFC 9846 §7.1 type=test
	for _, h := range bothHashes {
		secret := random(h.Size())
		for _, label := range []string{"", "key", "c hs traffic", string(random(249))} {
			for _, context := range [][]byte{nil, random(1), random(h.Size()), random(255)} {
				for _, n := range []int{0, 1, 12, h.Size() - 1, h.Size(), h.Size() + 1, 3 * h.Size(), 255 * h.Size()} {
					got := make([]byte, n)
					ExpandLabel(got, h, secret, label, context)
					if want := expandLabelStd(h.New, secret, label, context, n); !bytes.Equal(got, want) {
						t.Errorf("%v label %d context %d out %d: differs", h, len(label), len(context), n)
					}
				}
			}
		}
	}
}

// The labels that no trace of RFC 8448 shows, against crypto/hkdf.
func TestLabelsAgainstCryptoHKDF(t *testing.T) {
	//= RFC 9846 §7.2 type=test
	//= RFC 9846 §4.3.11.2 type=test
	for _, h := range bothHashes {
		psk, empty := random(h.Size()), digest(h)
		early, err := hkdf.Extract(h.New, psk, nil)
		if err != nil {
			t.Fatal(err)
		}
		e, traffic := NewEarly(h, psk), SecretFromBytes(h, psk)
		for _, c := range []struct {
			label  string
			got    Secret
			secret []byte
			with   []byte
		}{
			{"ext binder", e.Binder(true), early, empty},
			{"res binder", e.Binder(false), early, empty},
			{"traffic upd", traffic.Next(), psk, nil},
			{"resumption", traffic.ResumptionPSK(psk[:8]), psk, psk[:8]},
		} {
			want := expandLabelStd(h.New, c.secret, c.label, c.with, h.Size())
			wantBytes(t, c.label, c.got.Bytes(), want)
		}
	}
}

func TestExpandLabelPanicsPastItsBounds(t *testing.T) {
	for name, f := range map[string]func(){
		"label":   func() { ExpandLabel(nil, SHA256, nil, string(random(250)), nil) },
		"context": func() { ExpandLabel(nil, SHA256, nil, "", random(256)) },
		"out":     func() { ExpandLabel(make([]byte, 255*32+1), SHA256, nil, "", nil) },
		"hash":    func() { ExpandLabel(make([]byte, 1), 0, nil, "", nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s out of bounds: no panic", name)
				}
			}()
			f()
		}()
	}
}

// TestNoAllocations asserts what the package promises of its stack.
func TestNoAllocations(t *testing.T) {
	for _, h := range bothHashes {
		secret := random(h.Size())
		out := make([]byte, 0, 64)
		var transcript Transcript
		transcript.Write(random(300))
		transcript.Pick(h)
		early := NewEarly(h, nil)
		hs := early.Handshake(secret)
		traffic := hs.ClientTraffic(secret)
		master := NewExtendedMaster(h, secret, secret)
		for name, f := range map[string]func(){
			"ExpandLabel": func() {
				var key [32]byte
				ExpandLabel(key[:], h, secret, "key", nil)
			},
			"ExpandLabel, longest label and context": func() {
				var key [100]byte
				ExpandLabel(key[:], h, secret, longLabel, longContext)
			},
			"Transcript.Sum":       func() { transcript.Sum(out) },
			"Transcript.Write":     func() { transcript.Write(secret) },
			"PartialSum, unpicked": func() { new(Transcript).PartialSum(out, h, secret) },
			"whole schedule": func() {
				e := NewEarly(h, secret)
				k := e.Handshake(secret)
				a := k.Application()
				c, r := a.ClientTraffic(secret), a.ResumptionMaster(secret)
				c.Next()
				r.ResumptionPSK(secret[:8])
			},
			"Secret.Finished":       func() { traffic.Finished(out, secret) },
			"Secret.VerifyFinished": func() { traffic.VerifyFinished(secret, secret) },
			"NewMaster":             func() { NewMaster(h, secret, secret[:32], secret[:32]) },
			"NewExtendedMaster":     func() { NewExtendedMaster(h, secret, secret) },
			"Master.Finished":       func() { master.Finished(out, true, secret) },
		} {
			want := 0.0
			if name == "PartialSum, unpicked" {
				want = 1 // the Transcript that the test itself makes
			}
			if got := testing.AllocsPerRun(100, f); got != want {
				t.Errorf("%v: %s allocates %v times, want %v", h, name, got, want)
			}
		}
	}
}

var (
	longLabel   = string(make([]byte, 249))
	longContext = make([]byte, 255)
)

func BenchmarkExpandLabel(b *testing.B) {
	for _, h := range bothHashes {
		secret, th := random(h.Size()), random(h.Size())
		b.Run(h.String()+"/tacet", func(b *testing.B) {
			b.ReportAllocs()
			var out [maxSize]byte
			for b.Loop() {
				ExpandLabel(out[:h.Size()], h, secret, "c hs traffic", th)
			}
		})
		b.Run(h.String()+"/crypto-hkdf", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				expandLabelStd(h.New, secret, "c hs traffic", th, h.Size())
			}
		})
	}
}
