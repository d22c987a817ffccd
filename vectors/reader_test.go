package vectors

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha1"
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
	secrets    map[string][]byte // by label; up to TLS 1.2 by client random
	version    uint16
	tls13      bool
	etm        bool
	suite      cipherSuite
	randoms    [2][]byte // client's, server's
	transcript []byte
	dirs       [2]half
	parts      [2][]byte // of messages that are not whole yet
	hellos     int
	finished   int
	psk        []byte // an external key
	alone      bool   // the keys came from it alone, and so they did
}

type cipherSuite struct {
	hash   func() hash.Hash // of the PRF, from TLS 1.2 on
	keyLen int
	aead   func([]byte) (cipher.AEAD, error)
	mac    func() hash.Hash // of a CBC suite
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

var cipherSuites = map[uint16]cipherSuite{
	0x1301: {sha256.New, 16, gcm, nil}, 0x1302: {sha512.New384, 32, gcm, nil}, 0x1303: {sha256.New, 32, chacha20poly1305.New, nil},
	0xc02b: {sha256.New, 16, gcm, nil}, 0xc02c: {sha512.New384, 32, gcm, nil}, 0xc02f: {sha256.New, 16, gcm, nil}, 0xc030: {sha512.New384, 32, gcm, nil},
	0xcca8: {sha256.New, 32, chacha20poly1305.New, nil}, 0xcca9: {sha256.New, 32, chacha20poly1305.New, nil},
	0x00aa: {sha256.New, 16, gcm, nil}, 0x00a8: {sha256.New, 16, gcm, nil},
	0x002f: {sha256.New, 16, nil, sha1.New}, 0x0035: {sha256.New, 32, nil, sha1.New}, 0x003c: {sha256.New, 16, nil, sha256.New},
	0x0033: {sha256.New, 16, nil, sha1.New}, 0x006b: {sha256.New, 32, nil, sha256.New}, 0x008c: {sha256.New, 16, nil, sha1.New},
	0x0090: {sha256.New, 16, nil, sha1.New}, 0xc009: {sha256.New, 16, nil, sha1.New}, 0xc013: {sha256.New, 16, nil, sha1.New},
	0xc014: {sha256.New, 32, nil, sha1.New}, 0xc035: {sha256.New, 16, nil, sha1.New},
	0xc024: {sha512.New384, 32, nil, sha512.New384}, 0xc023: {sha256.New, 16, nil, sha256.New},
}

type half struct {
	aead   cipher.AEAD
	iv     []byte
	seq    uint64
	secret []byte
	base   []byte // the handshake's traffic secret, for Finished

	block  cipher.Block // of a CBC suite
	macKey []byte
	etm    bool
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
			r := &reader{secrets: map[string][]byte{}, psk: sharedKey(t, name)}
			for _, line := range tr.Keys {
				f := strings.Fields(line)
				label := f[0]
				if label == "CLIENT_RANDOM" {
					label = f[1]
				}
				r.secrets[label], _ = hex.DecodeString(f[2])
			}
			for i, f := range tr.Flows {
				if err := r.flow(f); err != nil {
					t.Fatalf("flow %d: %v", i+1, err)
				}
			}
			if r.hellos == 0 || r.finished != 2*r.hellos {
				t.Errorf("%d Finished messages of %d handshakes", r.finished, r.hellos)
			}
			if want := name == "pskke13"; r.alone != want {
				t.Errorf("the keys come from a pre-shared key alone: %v", r.alone)
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
			if err := r.messages(who, payload); err != nil {
				return err
			}
		}
	}
	return nil
}

// messages cuts what a side said into whole messages.
func (r *reader) messages(who int, payload []byte) error {
	r.parts[who] = append(r.parts[who], payload...)
	for m := r.parts[who]; len(m) >= 4; m = r.parts[who] {
		n := 4 + int(m[1])<<16 + int(m[2])<<8 + int(m[3])
		if len(m) < n {
			return nil
		}
		r.parts[who] = m[n:]
		if err := r.message(who, m[:n:n]); err != nil {
			return err
		}
	}
	return nil
}

// record opens one record.
func (r *reader) record(who int, rec []byte) (typ byte, payload []byte, err error) {
	h := &r.dirs[who]
	typ, payload = rec[0], rec[5:]
	if h.block != nil {
		payload, err = r.openCBC(h, rec)
		return typ, payload, err
	}
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
	case 0:
		return nil // HelloRequest is in no transcript
	case 1:
		if r.randoms[0] = m[6:38]; r.finished > 0 {
			r.transcript = nil // a renegotiation
		}
	case 2:
		defer r.hello(m)
		if r.psk != nil && takesKeyAlone(m) {
			if err := r.checkAlone(m); err != nil {
				return err
			}
		}
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
	r.version, r.etm = binary.BigEndian.Uint16(m[4:]), false
	for ext := m[at+5:]; len(ext) >= 4; ext = ext[4+int(binary.BigEndian.Uint16(ext[2:])):] {
		r.tls13 = r.tls13 || ext[0] == 0 && ext[1] == 43
		r.etm = r.etm || ext[0] == 0 && ext[1] == 22
	}
	if hex.EncodeToString(r.randoms[1]) == retryRandom {
		first := r.transcript[:len(r.transcript)-len(m)]
		h := r.suite.hash()
		h.Write(first)
		sum := h.Sum(nil)
		r.transcript = append(append([]byte{254, 0, 0, byte(len(sum))}, sum...), m...)
		return
	}
	r.hellos++
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

func (r *reader) checkFinished(who int, verify []byte) error {
	sum := r.hash(r.transcript)
	var want []byte
	if r.tls13 {
		m := hmac.New(r.suite.hash, r.expand(r.dirs[who].base, "finished", nil, len(sum)))
		m.Write(sum)
		want = m.Sum(nil)
	} else {
		label := []string{"client finished", "server finished"}[who]
		want = r.prf(r.master(), label, sum, 12)
	}
	if !hmac.Equal(want, verify) {
		return fmt.Errorf("Finished %x, not %x", verify, want)
	}
	return nil
}
