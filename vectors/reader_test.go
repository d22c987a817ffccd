package vectors

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"
)

// reader reads a recorded conversation with nothing of this module but the
// format of its file: the key schedule, the records and Finished are written
// here once more, on the standard library.
type reader struct {
	secrets    map[string][]byte
	tls13      bool
	suite      cipherSuite
	randoms    [2][]byte // client's, server's
	transcript []byte
	dirs       [2]half
	finished   int
}

type cipherSuite struct {
	hash   func() hash.Hash
	keyLen int
	aead   func([]byte) (cipher.AEAD, error)
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

var cipherSuites = map[uint16]cipherSuite{
	0x1301: {sha256.New, 16, gcm}, 0x1302: {sha512.New384, 32, gcm}, 0x1303: {sha256.New, 32, chacha20poly1305.New},
	0xc02b: {sha256.New, 16, gcm}, 0xc02c: {sha512.New384, 32, gcm}, 0xc02f: {sha256.New, 16, gcm}, 0xc030: {sha512.New384, 32, gcm},
	0xcca8: {sha256.New, 32, chacha20poly1305.New}, 0xcca9: {sha256.New, 32, chacha20poly1305.New},
}

type half struct {
	aead   cipher.AEAD
	iv     []byte
	seq    uint64
	secret []byte
	base   []byte // the handshake's traffic secret, for Finished
}

// TestReader reads every recorded conversation to its end.
func TestReader(t *testing.T) {
	for _, name := range recorded(t) {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", name+".flows"))
			if err != nil {
				t.Fatal(err)
			}
			tr, err := ParseTranscript(text)
			if err != nil {
				t.Fatal(err)
			}
			r := &reader{secrets: map[string][]byte{}}
			for _, line := range tr.Keys {
				f := strings.Fields(line)
				r.secrets[f[0]], _ = hex.DecodeString(f[2])
			}
			for i, f := range tr.Flows {
				if err := r.flow(f); err != nil {
					t.Fatalf("flow %d: %v", i+1, err)
				}
			}
			if r.finished != 2 {
				t.Errorf("%d Finished messages", r.finished)
			}
		})
	}
}

func (r *reader) flow(f Flow) error {
	who := index(f.Client)
	for b := f.Bytes; len(b) > 0; {
		n := 5 + int(binary.BigEndian.Uint16(b[3:]))
		typ, payload, err := r.record(who, b[:n])
		if err != nil {
			return err
		}
		b = b[n:]
		switch {
		case typ == 20 && !r.tls13:
			r.change12(who)
		case typ == 22:
			for len(payload) > 0 {
				n := 4 + int(payload[1])<<16 + int(payload[2])<<8 + int(payload[3])
				if err := r.message(who, payload[:n]); err != nil {
					return err
				}
				payload = payload[n:]
			}
		}
	}
	return nil
}

// record opens one record.
func (r *reader) record(who int, rec []byte) (typ byte, payload []byte, err error) {
	h := &r.dirs[who]
	typ, payload = rec[0], rec[5:]
	if h.aead == nil || r.tls13 && typ == 20 {
		return typ, payload, nil
	}
	nonce := make([]byte, 12)
	binary.BigEndian.PutUint64(nonce[4:], h.seq)
	aad := rec[:5]
	switch {
	case r.tls13, len(h.iv) == 12:
		for i := range nonce {
			nonce[i] ^= h.iv[i]
		}
	default: // RFC 5288 §3
		copy(nonce, h.iv)
		copy(nonce[4:], payload[:8])
		payload = payload[8:]
	}
	if !r.tls13 {
		aad = binary.BigEndian.AppendUint64(nil, h.seq)
		aad = append(aad, rec[0], rec[1], rec[2])
		aad = binary.BigEndian.AppendUint16(aad, uint16(len(payload)-16))
	}
	h.seq++
	if payload, err = h.aead.Open(nil, nonce, payload, aad); err != nil || !r.tls13 {
		return typ, payload, err
	}
	payload = bytes.TrimRight(payload, "\x00")
	return payload[len(payload)-1], payload[:len(payload)-1], nil
}

func (r *reader) message(who int, m []byte) error {
	switch m[0] {
	case 1:
		r.randoms[0] = m[6:38]
	case 2:
		defer r.hello(m)
	case 20:
		if err := r.checkFinished(who, m[4:]); err != nil {
			return err
		}
		r.finished++
		if label := []string{"CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"}[who]; r.tls13 {
			defer r.traffic(who, r.secrets[label])
		}
	case 24:
		h := &r.dirs[who]
		return r.traffic(who, r.expand(h.secret, "traffic upd", nil, r.suite.hash().Size()))
	}
	r.transcript = append(r.transcript, m...)
	return nil
}

const retryRandom = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"

// hello learns from a ServerHello; its extensions tell the version.
func (r *reader) hello(m []byte) {
	r.randoms[1] = m[6:38]
	at := 39 + int(m[38])
	r.suite = cipherSuites[binary.BigEndian.Uint16(m[at:])]
	for ext := m[at+5:]; len(ext) > 4; ext = ext[4+int(binary.BigEndian.Uint16(ext[2:])):] {
		r.tls13 = r.tls13 || ext[0] == 0 && ext[1] == 43
	}
	if hex.EncodeToString(r.randoms[1]) == retryRandom {
		first := r.transcript[:len(r.transcript)-len(m)]
		h := r.suite.hash()
		h.Write(first)
		sum := h.Sum(nil)
		r.transcript = append(append([]byte{254, 0, 0, byte(len(sum))}, sum...), m...)
		return
	}
	if r.tls13 {
		for who, label := range []string{"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET"} {
			r.traffic(who, r.secrets[label])
			r.dirs[who].base = r.secrets[label]
		}
	}
}

// traffic installs a traffic secret of TLS 1.3.
func (r *reader) traffic(who int, secret []byte) (err error) {
	h := &r.dirs[who]
	h.secret, h.seq = secret, 0
	h.iv = r.expand(secret, "iv", nil, 12)
	h.aead, err = r.suite.aead(r.expand(secret, "key", nil, r.suite.keyLen))
	return err
}

func (r *reader) expand(secret []byte, label string, context []byte, n int) []byte {
	info := binary.BigEndian.AppendUint16(nil, uint16(n))
	info = append(append(info, byte(6+len(label))), "tls13 "+label...)
	info = append(append(info, byte(len(context))), context...)
	out, err := hkdf.Expand(r.suite.hash, secret, string(info), n)
	if err != nil {
		panic(err)
	}
	return out
}

// prf is that of TLS 1.2 (RFC 5246 §5).
func (r *reader) prf(secret []byte, label string, seed []byte, n int) (out []byte) {
	seed = append([]byte(label), seed...)
	mac := func(parts ...[]byte) []byte {
		m := hmac.New(r.suite.hash, secret)
		for _, p := range parts {
			m.Write(p)
		}
		return m.Sum(nil)
	}
	for a := mac(seed); len(out) < n; a = mac(a) {
		out = append(out, mac(a, seed)...)
	}
	return out[:n]
}

// change12 installs the keys of TLS 1.2.
func (r *reader) change12(who int) {
	h := &r.dirs[who]
	ivLen := 4
	if r.suite.keyLen == 32 && r.suite.hash().Size() == 32 { // ChaCha20
		ivLen = 12
	}
	block := r.prf(r.secrets["CLIENT_RANDOM"], "key expansion", append(bytes.Clone(r.randoms[1]), r.randoms[0]...), 2*r.suite.keyLen+2*ivLen)
	h.aead, _ = r.suite.aead(block[who*r.suite.keyLen:][:r.suite.keyLen])
	h.iv = block[2*r.suite.keyLen+who*ivLen:][:ivLen]
}

func (r *reader) checkFinished(who int, verify []byte) error {
	h := r.suite.hash()
	h.Write(r.transcript)
	sum := h.Sum(nil)
	var want []byte
	if r.tls13 {
		m := hmac.New(r.suite.hash, r.expand(r.dirs[who].base, "finished", nil, len(sum)))
		m.Write(sum)
		want = m.Sum(nil)
	} else {
		label := []string{"client finished", "server finished"}[who]
		want = r.prf(r.secrets["CLIENT_RANDOM"], label, sum, 12)
	}
	if !hmac.Equal(want, verify) {
		return fmt.Errorf("Finished %x, not %x", verify, want)
	}
	return nil
}
