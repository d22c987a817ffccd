package record

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"
)

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// testSuite is one way to protect records with one cipher.
type testSuite struct {
	name    string
	version Version
	keyLen  int
	ivLen   int
	grow    int // expansion of a payload, by the RFC
	new     func([]byte) (cipher.AEAD, error)
	make    func(func([]byte) (cipher.AEAD, error), []byte, []byte, uint64) Protection
}

var testSuites = []testSuite{
	{"AES128GCM-13", TLS13, 16, 12, 17, newGCM, AEAD13},
	{"AES256GCM-13", TLS13, 32, 12, 17, newGCM, AEAD13},
	{"ChaCha20-13", TLS13, 32, 12, 17, chacha20poly1305.New, AEAD13},
	{"AES128GCM-12", TLS12, 16, 4, 24, newGCM, AEAD12Explicit},
	{"AES256GCM-12", TLS12, 32, 4, 24, newGCM, AEAD12Explicit},
	{"ChaCha20-12", TLS12, 32, 12, 16, chacha20poly1305.New, AEAD12XOR},
}

// protection has a key and an IV that are the same at every call.
func (s testSuite) protection(limit uint64) Protection {
	key, iv := make([]byte, s.keyLen), make([]byte, s.ivLen)
	for i := range key {
		key[i] = byte(i + 1)
	}
	for i := range iv {
		iv[i] = byte(0xf0 - i)
	}
	return s.make(s.new, key, iv, limit)
}

func (s testSuite) pair() (Sealer, Opener) {
	var w Sealer
	var r Opener
	w.SetVersion(s.version)
	r.SetVersion(s.version)
	w.Install(s.protection(0))
	r.Install(s.protection(0))
	return w, r
}

// sealInner13 makes the next TLS 1.3 record from the whole of what is sealed:
// content, type and padding as the test wants them.
func sealInner13(o *Opener, outer Type, version Version, inner []byte) []byte {
	h := o.half
	aead := h.cipher()
	h.xorNonce()
	rec := make([]byte, HeaderLen)
	putHeader(rec, outer, version, len(inner)+aead.Overhead())
	return aead.Seal(rec, h.nonce[:nonceLen], inner, rec)
}

func plainRecord(t Type, v Version, payload []byte) []byte {
	rec := make([]byte, HeaderLen)
	putHeader(rec, t, v, len(payload))
	return append(rec, payload...)
}

func wantKind(t *testing.T, err error, kind Kind) {
	t.Helper()
	e, ok := err.(*Error)
	if !ok {
		t.Fatalf("error %v, want %v", err, kind)
	}
	if e.Kind != kind {
		t.Fatalf("kind %v, want %v", e.Kind, kind)
	}
}

func wantOpened(t *testing.T, o *Opener, in []byte, typ Type, payload []byte) Opened {
	t.Helper()
	got, err := o.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	if got.N != len(in) || got.Type != typ || !bytes.Equal(got.Payload, payload) {
		t.Fatalf("opened %d of %d bytes, type %v, %d bytes; want type %v, %d bytes",
			got.N, len(in), got.Type, len(got.Payload), typ, len(payload))
	}
	return got
}
