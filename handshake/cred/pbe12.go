package cred

import (
	"crypto/cipher"
	"crypto/des"
	"crypto/sha1"
	"fmt"
	"hash"
	"math/bits"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// ciphers12 are the block ciphers of PKCS #12 (RFC 7292 Appendix C), in which many a PKCS #8
// key is encrypted too.
var ciphers12 = [...]keyCipher{
	{"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03", 24, des.NewTripleDESCipher},
	{"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x04", 16, newDoubleDES},
	{"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x05", 16, newRC2},
	{"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x06", 5, newRC2},
}

// newDoubleDES is Triple DES with two keys.
func newDoubleDES(key []byte) (cipher.Block, error) {
	return des.NewTripleDESCipher(append(slices.Clip(key), key[:8]...))
}

// decryptPBE12 opens what is encrypted by one of ciphers12.
func decryptPBE12(oid string, params cryptobyte.String, pw password, sealed []byte) ([]byte, error) {
	i := slices.IndexFunc(ciphers12[:], func(c keyCipher) bool { return c.oid == oid })
	if i < 0 {
		return nil, fmt.Errorf("%w: %x", errUnknownEncryption, oid)
	}
	var in, salt cryptobyte.String
	var iterations int
	if !params.ReadASN1(&in, asn1.SEQUENCE) || !in.ReadASN1(&salt, asn1.OCTET_STRING) || !in.ReadASN1Integer(&iterations) ||
		len(salt) == 0 || len(salt) > maxSalt {
		return nil, errEncryptedForm
	}
	if err := pw.spend(iterations); err != nil {
		return nil, err
	}
	c := &ciphers12[i]
	key := derive12(sha1.New, 1, pw.bmp, salt, iterations, c.keyLen)
	iv := derive12(sha1.New, 2, pw.bmp, salt, iterations, 8) // the block of each
	return openCBC(c, key, iv, sealed)
}

// maxSalt bounds the salt, in bytes, for each derivation stretches it.
const maxSalt = 1 << 10

// bmp is a passphrase as PKCS #12 has it: big-endian UTF-16 with a zero at the end. Bytes
// that are no UTF-8 are characters of their own, as for OpenSSL.
func bmp(passphrase []byte) []byte {
	runes := []rune(string(passphrase))
	if !utf8.Valid(passphrase) {
		runes = runes[:0]
		for _, b := range passphrase {
			runes = append(runes, rune(b))
		}
	}
	var b []byte
	for _, u := range append(utf16.Encode(runes), 0) {
		b = append(b, byte(u>>8), byte(u))
	}
	return b
}

// derive12 is the key derivation of PKCS #12: id 1 is a key, 2 an initialization vector, 3 a
// MAC's key (RFC 7292 Appendix B.2).
func derive12(newHash func() hash.Hash, id byte, secret, salt []byte, iterations, n int) []byte {
	h := newHash()
	v := h.BlockSize()
	d := slices.Repeat([]byte{id}, v)
	i := append(stretch(salt, v), stretch(secret, v)...)
	sum := func(parts ...[]byte) []byte {
		h.Reset()
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	var out []byte
	for {
		a := sum(d, i)
		for range iterations - 1 {
			a = sum(a)
		}
		if out = append(out, a...); len(out) >= n {
			return out[:n]
		}
		b := stretch(a, v)[:v]
		for j := 0; j < len(i); j += v {
			addOne(i[j:j+v], b)
		}
	}
}

// stretch repeats b to a multiple of v bytes.
func stretch(b []byte, v int) []byte {
	n := (len(b) + v - 1) / v * v
	return slices.Repeat(b, n/max(len(b), 1)+1)[:n]
}

// addOne makes x into x+b+1, as big-endian numbers of one length.
func addOne(x, b []byte) {
	carry := uint(1)
	for j := len(x) - 1; j >= 0; j-- {
		sum, _ := bits.Add(uint(x[j]), uint(b[j]), carry)
		x[j], carry = byte(sum), sum>>8
	}
}
