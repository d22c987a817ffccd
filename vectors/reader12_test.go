package vectors

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
)

// The reader's TLS 1.0 to 1.2.

// hash is that of the transcript.
func (r *reader) hash(b []byte) []byte {
	if r.version < 0x303 {
		m, s := md5.Sum(b), sha1.Sum(b)
		return append(m[:], s[:]...)
	}
	h := r.suite.hash()
	h.Write(b)
	return h.Sum(nil)
}

func (r *reader) master() []byte { return r.secrets[hex.EncodeToString(r.randoms[0])] }

// prf is that of TLS 1.2 (RFC 5246 §5), and that of the versions before (RFC 4346 §5).
func (r *reader) prf(secret []byte, label string, seed []byte, n int) []byte {
	seed = append([]byte(label), seed...)
	if r.version >= 0x303 {
		return expand(r.suite.hash, secret, seed, n)
	}
	half := (len(secret) + 1) / 2
	out := expand(md5.New, secret[:half], seed, n)
	subtle.XORBytes(out, out, expand(sha1.New, secret[len(secret)-half:], seed, n))
	return out
}

func expand(hash func() hash.Hash, secret, seed []byte, n int) (out []byte) {
	mac := func(parts ...[]byte) []byte {
		m := hmac.New(hash, secret)
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

// change12 installs the keys of TLS 1.0 to 1.2 (RFC 5246 §6.3).
func (r *reader) change12(who int) {
	macLen, keyLen, ivLen := 0, r.suite.keyLen, 4
	switch {
	case r.suite.mac != nil:
		macLen, ivLen = r.suite.mac().Size(), 0
		if r.version == 0x301 {
			ivLen = aes.BlockSize
		}
	case keyLen == 32 && r.suite.hash().Size() == 32: // ChaCha20
		ivLen = 12
	}
	block := r.prf(r.master(), "key expansion", append(bytes.Clone(r.randoms[1]), r.randoms[0]...), 2*(macLen+keyLen+ivLen))
	at := func(from, n int) []byte { return block[from+who*n:][:n] }
	r.dirs[who] = half{iv: at(2*(macLen+keyLen), ivLen), macKey: at(0, macLen), etm: r.etm}
	if h, key := &r.dirs[who], at(2*macLen, keyLen); r.suite.mac == nil {
		h.aead, _ = r.suite.aead(key)
	} else {
		h.block, _ = aes.NewCipher(key)
	}
}

var errCBC = errors.New("a record of CBC does not open")

// openCBC opens a record of a CBC suite (RFC 5246 §6.2.3.2, RFC 7366 §3).
func (r *reader) openCBC(h *half, rec []byte) ([]byte, error) {
	body := bytes.Clone(rec[5:])
	size := r.suite.mac().Size()
	authentic := func(content, mac []byte) bool {
		m := hmac.New(r.suite.mac, h.macKey)
		m.Write(binary.BigEndian.AppendUint64(nil, h.seq))
		m.Write(binary.BigEndian.AppendUint16(bytes.Clone(rec[:3]), uint16(len(content))))
		m.Write(content)
		return hmac.Equal(m.Sum(nil), mac)
	}
	if h.etm {
		n := len(body) - size
		if n < 0 || !authentic(body[:n], body[n:]) {
			return nil, errCBC
		}
		body = body[:n]
	}
	iv := h.iv
	if r.version > 0x301 {
		iv, body = body[:aes.BlockSize], body[aes.BlockSize:]
	} else {
		h.iv = bytes.Clone(body[len(body)-aes.BlockSize:])
	}
	cipher.NewCBCDecrypter(h.block, iv).CryptBlocks(body, body)
	padding := int(body[len(body)-1])
	n := len(body) - 1 - padding
	if n < 0 || bytes.Count(body[n:], []byte{byte(padding)}) != padding+1 {
		return nil, errCBC
	}
	if body = body[:n]; !h.etm {
		n -= size
		if n < 0 || !authentic(body[:n], body[n:]) {
			return nil, errCBC
		}
		body = body[:n]
	}
	h.seq++
	return body, nil
}
