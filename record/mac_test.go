package record

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"slices"
	"testing"
)

type macCase struct {
	name    string
	version Version
	hash    func() hash.Hash
}

func macCases() (cases []macCase) {
	for name, h := range map[string]func() hash.Hash{"MD5": md5.New, "SHA": sha1.New, "SHA256": sha256.New} {
		for _, v := range []Version{TLS10, TLS11, TLS12} {
			cases = append(cases, macCase{fmt.Sprintf("%v/%s", v, name), v, h})
		}
	}
	return cases
}

func (c macCase) key() []byte { return bytes.Repeat([]byte{9}, c.hash().Size()) }

func (c macCase) pair() (*Opener, *Sealer) {
	var o Opener
	var s Sealer
	o.SetVersion(c.version)
	s.SetVersion(c.version)
	o.Install(MACOnly(c.version, c.hash, c.key()))
	s.Install(MACOnly(c.version, c.hash, c.key()))
	return &o, &s
}

// plain is the record by the letter of the RFC, with nothing of this package.
func (c macCase) plain(t Type, content []byte, seq uint64) []byte {
	h := hmac.New(c.hash, c.key())
	h.Write(binary.BigEndian.AppendUint64(nil, seq))
	header := []byte{byte(t), byte(c.version >> 8), byte(c.version)}
	h.Write(binary.BigEndian.AppendUint16(slices.Clone(header), uint16(len(content))))
	h.Write(content)
	rec := binary.BigEndian.AppendUint16(header, uint16(len(content)+h.Size()))
	return h.Sum(append(rec, content...))
}

func TestMACOnly(t *testing.T) {
	//= RFC 5246 §6.2.3.1 type=test
	for _, c := range macCases() {
		t.Run(c.name, func(t *testing.T) {
			o, s := c.pair()
			for seq, n := range []int{0, 1, 2, 55, 63, 64, 65, 1000, MaxPlaintext} {
				text := bytes.Repeat([]byte{byte(n)}, n)
				rec := s.Seal([]byte("before"), TypeApplicationData, text)
				want := c.plain(TypeApplicationData, text, uint64(seq))
				if !bytes.Equal(rec, append([]byte("before"), want...)) || len(want) != n+s.Overhead() {
					t.Fatalf("%d bytes sealed as %x, want %x", n, rec, want)
				}
				wantOpened(t, o, want, TypeApplicationData, text)
			}
		})
	}
}

// TestMACOnlyBad: what does not authenticate, or is too short or too long to, stays out.
func TestMACOnlyBad(t *testing.T) {
	//= RFC 5246 §6.2.3.1 type=test
	for _, c := range macCases() {
		o, s := c.pair()
		rec := s.Seal(nil, TypeApplicationData, []byte("some content"))
		for bit := HeaderLen * 8; bit < len(rec)*8; bit++ {
			bad := slices.Clone(rec)
			bad[bit/8] ^= 1 << (bit % 8)
			got, err := o.Open(bad)
			wantKind(t, err, KindBadMAC)
			if len(got.Payload) > 0 {
				t.Fatalf("%s: bit %d: content came out", c.name, bit)
			}
		}
		for n := range c.hash().Size() {
			_, err := o.Open(plainRecord(TypeApplicationData, c.version, make([]byte, n)))
			wantKind(t, err, KindBadMAC)
		}
		_, err := o.Open(c.plain(TypeApplicationData, make([]byte, MaxPlaintext+1), 0))
		wantKind(t, err, KindOverflow)
		_, err = o.Open(c.plain(TypeHandshake, nil, 0))
		wantKind(t, err, KindEmpty)
		wantOpened(t, o, rec, TypeApplicationData, []byte("some content"))
	}
}

func TestMACOnlyAllocations(t *testing.T) {
	for _, c := range macCases() {
		o, s := c.pair()
		plain, buf := make([]byte, 1000), make([]byte, 0, 2000)
		if n := testing.AllocsPerRun(20, func() {
			if _, err := o.Open(s.Seal(buf, TypeApplicationData, plain)); err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations a record", c.name, n)
		}
	}
}

// TestSplitsFirst: CBC in TLS 1.0, with or without encrypt_then_mac, and nothing else.
func TestSplitsFirst(t *testing.T) {
	check := func(name string, s *Sealer, want bool) {
		if s.SplitsFirst() != want || s.p.SplitsFirst() != want {
			t.Errorf("%s: %v, want %v", name, !want, want)
		}
	}
	check("plaintext", &Sealer{}, false)
	for _, c := range cbcCases() {
		_, s := c.pair()
		check(c.name, s, c.version == TLS10)
	}
	for _, c := range macCases() {
		_, s := c.pair()
		check(c.name, s, false)
	}
	for _, c := range testSuites {
		s, _ := c.pair()
		check(c.name, &s, false)
	}
}

// TestSplit seals a piece as SplitsFirst asks and looks at what it is for: the
// IV of the record that holds the rest cannot be told from what went before.
func TestSplit(t *testing.T) {
	c := cbcCase{"TLSv1/SHA", TLS10, sha1.New, 16, false}
	o, s := c.pair()
	text := []byte("guessed by an attacker")
	iv := c.keys().IV
	wire := s.Seal(nil, TypeApplicationData, text[:1])
	first := len(wire)
	wire = s.Seal(wire, TypeApplicationData, text[1:])
	got, next := c.plainCBC(t, wire[:first], iv, 0)
	rest, _ := c.plainCBC(t, wire[first:], next, 1)
	if !bytes.Equal(slices.Concat(got, rest), text) || bytes.Equal(next, iv) {
		t.Fatalf("%q %q", got, rest)
	}
	wantOpened(t, o, wire[:first:first], TypeApplicationData, text[:1])
	wantOpened(t, o, wire[first:], TypeApplicationData, text[1:])
}

// TestIdleMAC: a cipher that was let go goes on where it was, the IV of TLS 1.0 too.
func TestIdleMAC(t *testing.T) {
	check := func(name string, o *Opener, s *Sealer) {
		for i, text := range []string{"", "one", "two", "three"} {
			if i != 1 {
				s.Idle()
				o.Idle()
			}
			got, err := o.Open(s.Seal(nil, TypeApplicationData, []byte(text)))
			if err != nil || string(got.Payload) != text {
				t.Errorf("%s: record %d: %q, %v", name, i, got.Payload, err)
			}
		}
	}
	for _, c := range cbcCases() {
		o, s := c.pair()
		check(c.name, o, s)
	}
	for _, c := range macCases() {
		o, s := c.pair()
		check(c.name, o, s)
	}
}

// TestUnshare: a copy and its original may be used at once after it, whatever
// the protection; go test -race looks.
func TestUnshare(t *testing.T) {
	var pairs [][2]any
	for _, c := range cbcCases() {
		o, s := c.pair()
		pairs = append(pairs, [2]any{o, s})
	}
	for _, c := range macCases() {
		o, s := c.pair()
		pairs = append(pairs, [2]any{o, s})
	}
	for _, c := range testSuites {
		s, o := c.pair()
		pairs = append(pairs, [2]any{&o, &s})
	}
	for _, p := range pairs {
		o, s := p[0].(*Opener), p[1].(*Sealer)
		if _, err := o.Open(s.Seal(nil, TypeApplicationData, []byte("first"))); err != nil {
			t.Fatal(err)
		}
		copied := *s
		copied.Unshare()
		wires := make(chan []byte, 2)
		for _, s := range []*Sealer{s, &copied} {
			go func() { wires <- s.Seal(nil, TypeApplicationData, []byte("second")) }()
		}
		one, other := <-wires, <-wires
		if !bytes.Equal(one, other) {
			t.Error("the worlds differ")
		}
		if _, err := o.Open(one); err != nil {
			t.Error(errors.Unwrap(err))
		}
	}
}
