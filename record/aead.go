package record

import (
	"crypto/cipher"
	"encoding/binary"
	"math"
	"slices"
)

// AEAD13 protects as TLS 1.3 does: the content type and padding are inside,
// the nonce is iv XOR the sequence number (RFC 9846 §5.2, §5.3). new makes the
// AEAD from a key of len(key) ≤ 32 bytes; it is called when the first record
// comes, and again after Idle. iv has 12 bytes. limit is the number of records
// that one key may seal (RFC 9846 §5.5); 0 means up to the end of the sequence
// numbers. key and iv are copied.
func AEAD13(new func(key []byte) (cipher.AEAD, error), key, iv []byte, limit uint64) Protection {
	return newProtection(aead13{}, new, key, iv, nonceLen, limit)
}

// AEAD12Explicit protects as GCM and CCM suites do in TLS 1.2: the nonce is
// salt, of 4 bytes, and 8 bytes that each record carries (RFC 5288 §3). Those
// are the sequence number, so that none comes twice under one key. new, key
// and limit are as for AEAD13.
func AEAD12Explicit(new func(key []byte) (cipher.AEAD, error), key, salt []byte, limit uint64) Protection {
	return newProtection(aead12Explicit{}, new, key, salt, saltLen, limit)
}

// AEAD12XOR protects as ChaCha20-Poly1305 does in TLS 1.2: the nonce is iv XOR
// the sequence number, and nothing but the tag is added (RFC 7905 §2). new,
// key, iv and limit are as for AEAD13.
func AEAD12XOR(new func(key []byte) (cipher.AEAD, error), key, iv []byte, limit uint64) Protection {
	return newProtection(aead12XOR{}, new, key, iv, nonceLen, limit)
}

// aead13 is TLS 1.3's protection.
type aead13 struct{}

func (aead13) expansion(h *half) int { h.cipher(); return 1 + int(h.tag) }
func (aead13) maxCiphertext() int    { return MaxCiphertext13 }
func (aead13) hidesType() bool       { return true }

// The additional data is the header, where it stands.
func (aead13) seal(h *half, dst []byte, t Type, plain []byte) []byte {
	//= RFC 9846 §5.2
	aead := h.cipher()
	length := len(plain) + 1 + int(h.tag)
	start := len(dst)
	dst = slices.Grow(dst, HeaderLen+length)
	rec := dst[start : start+HeaderLen+len(plain)+1]
	putHeader(rec, TypeApplicationData, TLS12, length)
	copy(rec[HeaderLen:], plain)
	rec[len(rec)-1] = byte(t)
	h.xorNonce()
	out := aead.Seal(rec[HeaderLen:HeaderLen], h.nonce[:nonceLen], rec[HeaderLen:], rec[:HeaderLen])
	return dst[:start+HeaderLen+len(out)]
}

// Content, type and padding together may be one byte longer than the content may.
func (aead13) open(h *half, dst, rec []byte, limit int) ([]byte, Type, bool, Kind) {
	//= RFC 9846 §5.4
	aead := h.cipher()
	sealed := rec[HeaderLen:]
	n := len(sealed) - int(h.tag)
	if n < 0 {
		return nil, 0, false, KindBadMAC
	}
	if n > limit+1 {
		return nil, 0, false, KindOverflow
	}
	out, into := choose(dst, sealed, n)
	h.xorNonce()
	inner, err := aead.Open(out, h.nonce[:nonceLen], sealed, rec[:HeaderLen])
	if err != nil {
		return nil, 0, false, KindBadMAC
	}
	for n > 0 && inner[n-1] == 0 {
		n--
	}
	if n == 0 {
		return nil, 0, false, KindNoContent
	}
	t := Type(inner[n-1])
	if t == TypeChangeCipherSpec || !t.known() {
		return nil, 0, false, KindType
	}
	return inner[:n-1], t, into, 0
}

// aead12Explicit is TLS 1.2's protection by AES-GCM and AES-CCM.
type aead12Explicit struct{}

func (aead12Explicit) expansion(h *half) int { h.cipher(); return explicitLen + int(h.tag) }
func (aead12Explicit) maxCiphertext() int    { return MaxCiphertext12 }
func (aead12Explicit) hidesType() bool       { return false }

func (aead12Explicit) seal(h *half, dst []byte, t Type, plain []byte) []byte {
	//= RFC 5246 §6.2.3.3
	binary.BigEndian.PutUint64(h.nonce[saltLen:nonceLen], h.seq)
	return h.seal12(dst, t, plain, explicitLen)
}

func (aead12Explicit) open(h *half, dst, rec []byte, limit int) ([]byte, Type, bool, Kind) {
	if len(rec) < HeaderLen+explicitLen {
		return nil, 0, false, KindBadMAC
	}
	copy(h.nonce[saltLen:nonceLen], rec[HeaderLen:])
	return h.open12(dst, rec, limit, explicitLen)
}

// aead12XOR is TLS 1.2's protection by ChaCha20-Poly1305.
type aead12XOR struct{}

func (aead12XOR) expansion(h *half) int { h.cipher(); return int(h.tag) }
func (aead12XOR) maxCiphertext() int    { return MaxCiphertext12 }
func (aead12XOR) hidesType() bool       { return false }

func (aead12XOR) seal(h *half, dst []byte, t Type, plain []byte) []byte {
	//= RFC 7905 §2
	h.xorNonce()
	return h.seal12(dst, t, plain, 0)
}

func (aead12XOR) open(h *half, dst, rec []byte, limit int) ([]byte, Type, bool, Kind) {
	h.xorNonce()
	return h.open12(dst, rec, limit, 0)
}

// seal12 seals under h.nonce, whose last explicit bytes go before the
// ciphertext. The plaintext is read where it is: nothing but the AEAD moves it.
func (h *half) seal12(dst []byte, t Type, plain []byte, explicit int) []byte {
	aead := h.cipher()
	length := explicit + len(plain) + int(h.tag)
	start := len(dst)
	dst = slices.Grow(dst, HeaderLen+length)
	rec := dst[start : start+HeaderLen+explicit]
	putHeader(rec, t, TLS12, length)
	copy(rec[HeaderLen:], h.nonce[nonceLen-explicit:nonceLen])
	out := aead.Seal(rec[len(rec):], h.nonce[:nonceLen], plain, h.additional(t, len(plain)))
	return dst[:start+len(rec)+len(out)]
}

// open12 opens under h.nonce a record whose first explicit bytes are not sealed.
func (h *half) open12(dst, rec []byte, limit, explicit int) ([]byte, Type, bool, Kind) {
	aead := h.cipher()
	sealed := rec[HeaderLen+explicit:]
	n := len(sealed) - int(h.tag)
	if n < 0 {
		return nil, 0, false, KindBadMAC
	}
	if n > limit {
		return nil, 0, false, KindOverflow
	}
	out, into := choose(dst, sealed, n)
	t := Type(rec[0])
	content, err := aead.Open(out, h.nonce[:nonceLen], sealed, h.additional(t, n))
	if err != nil {
		return nil, 0, false, KindBadMAC
	}
	return content, t, into, 0
}

// choose says where n bytes opened from sealed go: an empty slice of dst or of sealed.
func choose(dst, sealed []byte, n int) (out []byte, into bool) {
	if len(dst) >= n && n > 0 {
		return dst[:0:len(dst)], true
	}
	return sealed[:0], false
}

// xorNonce makes the nonce of the next record.
func (h *half) xorNonce() {
	//= RFC 9846 §5.3
	low := binary.BigEndian.Uint64(h.p.iv[nonceLen-8 : nonceLen])
	binary.BigEndian.PutUint64(h.nonce[nonceLen-8:nonceLen], low^h.seq)
}

// additional is what TLS 1.2 authenticates beside a plaintext of n bytes.
func (h *half) additional(t Type, n int) []byte {
	//= RFC 5246 §6.2.3.3
	binary.BigEndian.PutUint64(h.aad[:], h.seq)
	putHeader(h.aad[8:], t, TLS12, n)
	return h.aad[:]
}

// putHeader writes a record header into the first five bytes of b.
func putHeader(b []byte, t Type, v Version, length int) {
	_ = b[HeaderLen-1]
	b[0] = byte(t)
	binary.BigEndian.PutUint16(b[1:], uint16(v))
	binary.BigEndian.PutUint16(b[3:], uint16(length))
}

// lastSeq is the sequence number that is never used: the one after it would wrap.
const lastSeq = math.MaxUint64
