package keys

import (
	"bytes"
	"encoding/hex"
	"slices"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The vectors of "[TLS] TLS 1.2 PRF test vectors" on the IETF TLS list, which
// most libraries carry (mail archive message fzVCzk-z3FShgGJ6DOXqM1ydxms).
func TestPRFVectors(t *testing.T) {
	//= RFC 5246 §5 type=test
	for _, v := range []struct {
		h                  Hash
		secret, seed, want string
	}{
		{
			SHA256, "9bbe436ba940f017b17652849a71db35", "a0ba9f936cda311827a6f796ffd5198c",
			"e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a" +
				"6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab" +
				"4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66",
		},
		{
			SHA384, "b80b733d6ceefcdc71566ea48e5567df", "cd665cf6a8447dd6ff8b27555edb7465",
			"7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cd" +
				"e9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd" +
				"8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425" +
				"9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee6" +
				"91c8f3a26854308d5eaa3be85e0990703d73e56f",
		},
	} {
		want := unhex(t, v.want)
		got := make([]byte, len(want))
		seed := unhex(t, v.seed)
		prf(got, v.h, unhex(t, v.secret), "test label", seed[:3], seed[3:9], seed[9:])
		if !bytes.Equal(got, want) {
			t.Errorf("%v: %x, want %x", v.h, got, want)
		}
	}
}

// Values of OpenSSL 3.0:
//
//	openssl kdf -keylen 48 -kdfopt digest:SHA256 -kdfopt hexsecret:$S -kdfopt hexseed:$SEED TLS1-PRF
//
// where S is 00 01 … 2f, and SEED the label, then 32 times aa, then 32 times bb
// ("master secret", "master secret" with SHA384, and "extended master secret"
// with the hash 32 times aa).
func TestMasterAgainstOpenSSL(t *testing.T) {
	//= RFC 5246 §8.1 type=test
	premaster := make([]byte, 48)
	for i := range premaster {
		premaster[i] = byte(i)
	}
	a, b := bytes.Repeat([]byte{0xaa}, 32), bytes.Repeat([]byte{0xbb}, 32)
	for _, v := range []struct {
		name string
		got  Master
		want string
	}{
		{"SHA256", NewMaster(SHA256, premaster, a, b), "44e5f0258adc3771e2041e1d3cc9f6033bfd16bd5982e25fb155e8338d76f17aaff929c218e691a5de6aeb3ee36a8df7"},
		{"SHA384", NewMaster(SHA384, premaster, a, b), "4d579bbfd34de90f4f44157a715f581dcc7d6d38876335e97bea6a9711d15bc92f34f95bacb16ca294f70d31562f6adb"},
		{"extended", NewExtendedMaster(SHA256, premaster, a), "8912791ae5434f325ab93cf09933e7197f2dc2406a2d41b031533dd83a17a4327156938a5fd5ef1eb54e19b3429c383e"},
		{"premaster of 1,024 bytes", NewMaster(SHA256, bytes.Repeat([]byte{0xcc}, 1024), a, b), "a70b525867ad7602b172943cc2bfc0acde6f243e022685485fc9efe1389fc25a5f09156ab883eca90ac9d5e9a323e4ad"},
	} {
		if want := unhex(t, v.want); !bytes.Equal(v.got.Bytes(), want) {
			t.Errorf("%s: %x, want %x", v.name, v.got.Bytes(), want)
		}
	}
}

func TestExportRefuses(t *testing.T) {
	//= RFC 5705 §4 type=test
	m := MasterFromBytes(SHA256, make([]byte, MasterLen))
	random := make([]byte, 32)
	for _, label := range reservedLabels {
		if m.Export(label, nil, false, random, random, 16) != nil {
			t.Errorf("exports under the reserved label %q", label)
		}
	}
	if m.Export("x", make([]byte, 1<<16), true, random, random, 16) != nil {
		t.Error("exports with a context of 65,536 bytes")
	}
	if m.Export("x", nil, false, random, random, -1) != nil {
		t.Error("exports -1 bytes")
	}
	if got := m.Export("x", make([]byte, 1<<16-1), true, random, random, 16); len(got) != 16 {
		t.Errorf("longest context: %d bytes", len(got))
	}
	s := SecretFromBytes(SHA256, make([]byte, 32))
	if s.Export(string(make([]byte, 250)), nil, 16) != nil || s.Export("x", nil, 255*32+1) != nil || s.Export("x", nil, -1) != nil {
		t.Error("TLS 1.3 exports past its bounds")
	}
	if got := s.Export("master secret", nil, 255*32); len(got) != 255*32 {
		t.Errorf("longest export of TLS 1.3: %d bytes", len(got))
	}
}

func TestWrongLengthsAreZero(t *testing.T) {
	for _, n := range []int{0, 31, 33, 47, 49} {
		s, m := SecretFromBytes(SHA256, make([]byte, n)), MasterFromBytes(SHA256, make([]byte, n))
		if !s.IsZero() || !m.IsZero() {
			t.Errorf("a secret of %d bytes is taken", n)
		}
	}
}

// Finished is refused for every flipped bit and every other length, and a
// cleared secret vouches for nothing.
func TestVerifyFinished(t *testing.T) {
	//= RFC 5246 §7.4.9 type=test
	//= RFC 9846 §4.5.3 type=test
	th := random(32)
	s := SecretFromBytes(SHA256, random(32))
	m := MasterFromBytes(SHA256, random(48))
	for name, v := range map[string]struct {
		good   []byte
		verify func(b []byte) bool
		clear  func()
	}{
		"TLS 1.3": {s.Finished(nil, th), func(b []byte) bool { return s.VerifyFinished(b, th) }, s.Clear},
		"TLS 1.2": {m.Finished(nil, true, th), func(b []byte) bool { return m.VerifyFinished(b, true, th) }, m.Clear},
	} {
		if !v.verify(v.good) {
			t.Errorf("%s: the right one is refused", name)
		}
		for bit := range 8 * len(v.good) {
			bad := bytes.Clone(v.good)
			bad[bit/8] ^= 1 << (bit % 8)
			if v.verify(bad) {
				t.Errorf("%s: bit %d flipped is taken", name, bit)
			}
		}
		for n := range len(v.good) {
			if v.verify(v.good[:n]) {
				t.Errorf("%s: the first %d bytes are taken", name, n)
			}
		}
		if v.verify(slices.Concat(v.good, []byte{0})) {
			t.Errorf("%s: one byte more is taken", name)
		}
		v.clear()
		if v.verify(v.good) || v.verify(nil) {
			t.Errorf("%s: taken under a cleared secret", name)
		}
	}
}

func BenchmarkMaster(b *testing.B) {
	for _, h := range bothHashes {
		b.Run(h.String(), func(b *testing.B) {
			b.ReportAllocs()
			secret, th := random(32), random(h.Size())
			for b.Loop() {
				NewExtendedMaster(h, secret, th)
			}
		})
	}
}
