package record

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"math/rand/v2"
	"slices"
	"testing"
)

type cbcCase struct {
	name    string
	version Version
	hash    func() hash.Hash
	keyLen  int
	etm     bool
}

func cbcCases() (cases []cbcCase) {
	for _, h := range []struct {
		name string
		new  func() hash.Hash
	}{{"SHA", sha1.New}, {"SHA256", sha256.New}, {"SHA384", sha512.New384}} {
		for _, v := range []Version{TLS10, TLS11, TLS12} {
			for _, etm := range []bool{false, true} {
				cases = append(cases, cbcCase{fmt.Sprintf("%v/%s/etm=%v", v, h.name, etm), v, h.new, 16 + 16*len(cases)%32, etm})
			}
		}
	}
	return cases
}

func (c cbcCase) keys() CBCKeys {
	k := CBCKeys{Block: aes.NewCipher, Hash: c.hash, EncryptThenMAC: c.etm,
		Key: bytes.Repeat([]byte{7}, 16), MACKey: bytes.Repeat([]byte{9}, c.hash().Size())}
	if c.version == TLS10 {
		k.IV = bytes.Repeat([]byte{5}, 16)
	}
	return k
}

func (c cbcCase) pair() (*Opener, *Sealer) {
	var o Opener
	var s Sealer
	o.SetVersion(c.version)
	s.SetVersion(c.version)
	o.Install(CBC(c.version, c.keys()))
	s.Install(CBC(c.version, c.keys()))
	return &o, &s
}

// plainCBC opens a record by the letter of the RFCs, with nothing of this package.
func (c cbcCase) plainCBC(t *testing.T, rec, iv []byte, seq uint64) (content, nextIV []byte) {
	t.Helper()
	k := c.keys()
	block, _ := aes.NewCipher(k.Key)
	mac := func(data []byte, n int) []byte {
		h := hmac.New(c.hash, k.MACKey)
		h.Write(binary.BigEndian.AppendUint64(nil, seq))
		h.Write([]byte{rec[0], byte(c.version >> 8), byte(c.version), byte(n >> 8), byte(n)})
		h.Write(data)
		return h.Sum(nil)
	}
	body := slices.Clone(rec[5:])
	if c.etm {
		n := len(body) - c.hash().Size()
		if !bytes.Equal(mac(body[:n], n), body[n:]) {
			t.Fatal("MAC over the ciphertext is wrong")
		}
		body = body[:n]
	}
	if c.version >= TLS11 {
		iv, body = body[:16], body[16:]
	}
	nextIV = slices.Clone(body[len(body)-16:])
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(body, body)
	pad := int(body[len(body)-1]) + 1
	for _, b := range body[len(body)-pad:] {
		if int(b) != pad-1 {
			t.Fatal("padding is wrong")
		}
	}
	body = body[:len(body)-pad]
	if c.etm {
		return body, nextIV
	}
	n := len(body) - c.hash().Size()
	if !bytes.Equal(mac(body[:n], n), body[n:]) {
		t.Fatal("MAC is wrong")
	}
	return body[:n], nextIV
}

// TestCBC seals records of many lengths, which open and which another reading
// of the RFC opens too.
func TestCBC(t *testing.T) {
	//= RFC 5246 §6.2.3.2 type=test
	//= RFC 7366 §3 type=test
	for _, c := range cbcCases() {
		t.Run(c.name, func(t *testing.T) {
			o, s := c.pair()
			iv := c.keys().IV
			ivs := map[string]bool{}
			seq := uint64(0)
			for n := 0; n <= MaxPlaintext; n += 1 + n/200*37 {
				want := bytes.Repeat([]byte{byte(n)}, n)
				rec := s.Seal(nil, TypeApplicationData, want)
				var got []byte
				if got, iv = c.plainCBC(t, rec, iv, seq); !bytes.Equal(got, want) {
					t.Fatalf("%d bytes come out different", n)
				}
				if c.version >= TLS11 {
					if ivs[string(rec[5:21])] {
						t.Fatal("an IV came twice")
					}
					ivs[string(rec[5:21])] = true
				}
				if len(rec) > n+s.Overhead() {
					t.Fatalf("%d bytes longer, Overhead %d", len(rec)-n, s.Overhead())
				}
				opened, err := o.Open(rec)
				if err != nil || !bytes.Equal(opened.Payload, want) || opened.N != len(rec) {
					t.Fatalf("%d bytes: %v", n, err)
				}
				seq++
			}
		})
	}
}

// TestCBCPadding opens every length of padding that the format allows.
func TestCBCPadding(t *testing.T) {
	for _, c := range cbcCases() {
		for blocks := range 16 {
			o, s := c.pair()
			s.Seal(nil, TypeApplicationData, nil) // only to have scratch
			sealPadded(c, o, t, []byte("content"), blocks)
		}
	}
}

// sealPadded seals a record with some blocks of padding more than needed.
func sealPadded(c cbcCase, o *Opener, t *testing.T, plain []byte, blocks int) {
	t.Helper()
	rec := craft(c, plain, func(body []byte) []byte {
		pad := 16 - len(body)%16 + 16*blocks
		return append(body, bytes.Repeat([]byte{byte(pad - 1)}, pad)...)
	})
	got, err := o.Open(rec)
	if err != nil || !bytes.Equal(got.Payload, plain) {
		t.Errorf("%s: %d more blocks of padding: %q %v", c.name, blocks, got.Payload, err)
	}
}

// craft makes the first record of a direction with padding as pad does it.
func craft(c cbcCase, plain []byte, pad func([]byte) []byte) []byte {
	k := c.keys()
	block, _ := aes.NewCipher(k.Key)
	mac := func(data []byte) []byte {
		h := hmac.New(c.hash, k.MACKey)
		h.Write(make([]byte, 8))
		h.Write([]byte{23, byte(c.version >> 8), byte(c.version), byte(len(data) >> 8), byte(len(data))})
		h.Write(data)
		return h.Sum(nil)
	}
	body := slices.Clone(plain)
	if !c.etm {
		body = append(body, mac(plain)...)
	}
	body = pad(body)
	iv, out := k.IV, []byte(nil)
	if c.version >= TLS11 {
		iv = bytes.Repeat([]byte{3}, 16)
		out = slices.Clone(iv)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(body, body)
	out = append(out, body...)
	if c.etm {
		out = append(out, mac(out)...)
	}
	return append([]byte{23, byte(c.version >> 8), byte(c.version), byte(len(out) >> 8), byte(len(out))}, out...)
}

// TestCBCBad: whatever is wrong with a record, it is bad_record_mac and nothing of it comes out.
func TestCBCBad(t *testing.T) {
	//= RFC 5246 §6.2.3.2 type=test
	for _, c := range cbcCases() {
		honest := func(body []byte) []byte {
			pad := 16 - len(body)%16
			return append(body, bytes.Repeat([]byte{byte(pad - 1)}, pad)...)
		}
		for name, rec := range map[string][]byte{
			"padding byte wrong": craft(c, []byte("x"), func(b []byte) []byte { b = honest(b); b[len(b)-2] ^= 1; return b }),
			"padding too long":   craft(c, nil, func(b []byte) []byte { b = honest(b); b[len(b)-1] = 255; return b }),
			"only padding": craft(c, nil, func([]byte) []byte {
				return bytes.Repeat([]byte{15}, 16)
			}),
			"all padding, long": craft(c, nil, func([]byte) []byte { return bytes.Repeat([]byte{255}, 256) }),
			"no block":          {23, byte(c.version >> 8), byte(c.version), 0, 1, 0},
			"empty":             {23, byte(c.version >> 8), byte(c.version), 0, 0},
			"half a block":      append([]byte{23, byte(c.version >> 8), byte(c.version), 0, 72}, make([]byte, 72)...),
		} {
			if c.etm && (name == "only padding" || name == "all padding, long") {
				continue // an empty record, there
			}
			o, _ := c.pair()
			var refused *Error
			if got, err := o.Open(rec); !errors.As(err, &refused) || refused.Kind != KindBadMAC || len(got.Payload) > 0 {
				t.Errorf("%s: %s: %v", c.name, name, err)
			}
		}
	}
}

// TestCBCFlips: no bit of a record may change.
func TestCBCFlips(t *testing.T) {
	for _, c := range cbcCases() {
		o, s := c.pair()
		rec := s.Seal(nil, TypeApplicationData, []byte("some content of a record"))
		for bit := 5 * 8; bit < len(rec)*8; bit++ {
			bad := slices.Clone(rec)
			bad[bit/8] ^= 1 << (bit % 8)
			var refused *Error
			if _, err := o.Open(bad); !errors.As(err, &refused) || refused.Kind != KindBadMAC {
				t.Fatalf("%s: bit %d: %v", c.name, bit, err)
			}
		}
		if _, err := o.Open(rec); err != nil {
			t.Errorf("%s: the record itself, after refusals: %v", c.name, err)
		}
	}
}

// TestSecretSum compares the MAC of a secret length with crypto/hmac's.
func TestSecretSum(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, new := range []func() hash.Hash{sha1.New, sha256.New, sha512.New384} {
		key := bytes.Repeat([]byte{1}, new().Size())
		k := newHMAC(new, key)
		s := macState{hash: k.new()}
		header := []byte("thirteen byte")
		for range 3000 {
			data := make([]byte, random.IntN(700))
			for i := range data {
				data[i] = byte(random.Uint32())
			}
			n := random.IntN(len(data) + 1)
			least := max(0, n-random.IntN(256))
			most := min(len(data), n+random.IntN(256))
			h := hmac.New(new, key)
			h.Write(header)
			h.Write(data[:n])
			if got, want := k.secretSum(&s, header, data, n, least, most), h.Sum(nil); !bytes.Equal(got, want) {
				t.Fatalf("%T: %d of %d, %d to %d: %x, want %x", new(), n, len(data), least, most, got, want)
			}
		}
	}
}

// TestCBCAllocations: records cost no allocation.
func TestCBCAllocations(t *testing.T) {
	for _, c := range cbcCases() {
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

// TestCBCKeyLengths: a suite's MAC may be shorter than the key of its cipher,
// of which the cipher of the IVs wants one too.
func TestCBCKeyLengths(t *testing.T) {
	for _, tc := range []struct {
		name  string
		block func([]byte) (cipher.Block, error)
		key   int
	}{{"3DES", des.NewTripleDESCipher, 24}, {"AES-256", aes.NewCipher, 32}} {
		var o Opener
		var s Sealer
		o.SetVersion(TLS12)
		p := CBC(TLS12, CBCKeys{Block: tc.block, Hash: sha1.New, Key: bytes.Repeat([]byte{7}, tc.key), MACKey: make([]byte, 20)})
		o.Install(p)
		s.Install(p)
		ivs := map[string]bool{}
		for range 3 {
			rec := s.Seal(nil, TypeApplicationData, []byte("tacet"))
			ivs[string(rec[5:13])] = true
			if got, err := o.Open(rec); err != nil || string(got.Payload) != "tacet" {
				t.Fatal(tc.name, err)
			}
		}
		if len(ivs) != 3 {
			t.Error(tc.name, "an IV came twice")
		}
	}
}
