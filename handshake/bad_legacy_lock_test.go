package handshake_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"hash"
	"slices"

	"tacet/record"
)

// cbcLock is AES-CBC with an HMAC as TLS 1.0 to 1.2 use it, written once more: it
// seals what package record would not.
type cbcLock struct {
	v           record.Version
	block       cipher.Block
	mac         func() hash.Hash
	macKey      []byte
	iv          []byte // of the next record, in TLS 1.0
	etm         bool
	seq         uint64
	wrongHeader bool // the MAC covers a header of another type
}

var macHashes = map[int]func() hash.Hash{20: sha1.New, 32: sha256.New, 48: sha512.New384}

func newCBC(v record.Version, mac, key, iv []byte, etm bool) lock {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	return lock{cbc: &cbcLock{v: v, block: block, mac: macHashes[len(mac)], macKey: mac, iv: iv, etm: etm}}
}

// tag is the MAC of one record's content.
func (l *cbcLock) tag(typ record.Type, content []byte) []byte {
	if l.wrongHeader {
		typ ^= 1
	}
	m := hmac.New(l.mac, l.macKey)
	m.Write(binary.BigEndian.AppendUint64(nil, l.seq))
	m.Write(header(typ, l.v, len(content)))
	m.Write(content)
	return m.Sum(nil)
}

// leastPad is honest padding, of the least length.
func leastPad(body []byte) []byte { return padTo(body, 15-len(body)%16) }

// padTo pads with n bytes and their length.
func padTo(body []byte, n int) []byte {
	return append(body, bytes.Repeat([]byte{byte(n)}, n+1)...)
}

func (l *cbcLock) seal(typ record.Type, plain []byte) []byte { return l.craft(typ, plain, leastPad) }

// craft makes one record; shape makes what is encrypted of content and MAC (of
// content alone, with encrypt_then_mac).
func (l *cbcLock) craft(typ record.Type, plain []byte, shape func(body []byte) []byte) []byte {
	body := slices.Clone(plain)
	if !l.etm {
		body = append(body, l.tag(typ, plain)...)
	}
	body = shape(body)
	iv := l.iv
	var sealed []byte
	if l.v >= record.TLS11 {
		iv = bytes.Repeat([]byte{byte(l.seq) + 1}, 16)
		sealed = append(sealed, iv...)
	}
	whole := len(body) / 16 * 16 // what is left over stays as it is
	cipher.NewCBCEncrypter(l.block, iv).CryptBlocks(body[:whole], body[:whole])
	if whole > 0 {
		l.iv = bytes.Clone(body[whole-16 : whole])
	}
	sealed = append(sealed, body...)
	if l.etm {
		sealed = append(sealed, l.tag(typ, sealed)...)
	}
	l.seq++
	return append(header(typ, l.v, len(sealed)), sealed...)
}

// prfOld is the PRF of a version and the hash of a suite (RFC 4346 §5, RFC 5246 §5).
func prfOld(v record.Version, h func() hash.Hash, secret []byte, label string, seed []byte, n int) []byte {
	seed = append([]byte(label), seed...)
	if v >= record.TLS12 {
		return expandP(h, secret, seed, n)
	}
	half := (len(secret) + 1) / 2
	out := expandP(md5.New, secret[:half], seed, n)
	subtle.XORBytes(out, out, expandP(sha1.New, secret[len(secret)-half:], seed, n))
	return out
}

// expandP is P_hash.
func expandP(h func() hash.Hash, secret, seed []byte, n int) (out []byte) {
	mac := func(parts ...[]byte) []byte {
		m := hmac.New(h, secret)
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
