package cred

import (
	"crypto/des"
	"crypto/sha1"
	"math/bits"
	"slices"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// oidPBE3DES is pbeWithSHAAnd3-KeyTripleDES-CBC, of PKCS #12, in which many a PKCS #8
// key is encrypted.
const oidPBE3DES = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03"

// decryptPBE12 opens what is encrypted by oidPBE3DES (RFC 7292 Appendix C).
func decryptPBE12(params cryptobyte.String, passphrase []byte, sealed []byte) ([]byte, error) {
	var in, salt cryptobyte.String
	var iterations int
	if !params.ReadASN1(&in, asn1.SEQUENCE) || !in.ReadASN1(&salt, asn1.OCTET_STRING) || !in.ReadASN1Integer(&iterations) ||
		len(salt) == 0 || len(salt) > maxSalt || iterations < 1 || iterations > maxIterations {
		return nil, errEncryptedForm
	}
	c := &keyCiphers[len(keyCiphers)-1]
	secret := bmp(passphrase)
	key := derive12(1, secret, salt, iterations, c.keyLen)
	iv := derive12(2, secret, salt, iterations, des.BlockSize)
	return openCBC(c, key, iv, sealed)
}

// maxSalt bounds the salt, in bytes, for each derivation stretches it.
const maxSalt = 1 << 10

// bmp is a passphrase as PKCS #12 has it: big-endian UTF-16 with a zero at the end.
func bmp(passphrase []byte) []byte {
	var b []byte
	for _, u := range append(utf16.Encode([]rune(string(passphrase))), 0) {
		b = append(b, byte(u>>8), byte(u))
	}
	return b
}

// derive12 is the key derivation of PKCS #12 with SHA-1, for up to 40 bytes: id 1 is a
// key, 2 an initialization vector (RFC 7292 Appendix B.2).
func derive12(id byte, secret, salt []byte, iterations, n int) []byte {
	const v = sha1.BlockSize
	d := slices.Repeat([]byte{id}, v)
	i := append(stretch(salt, v), stretch(secret, v)...)
	var out []byte
	for {
		a := sha1.Sum(append(slices.Clip(d), i...))
		for range iterations - 1 {
			a = sha1.Sum(a[:])
		}
		if out = append(out, a[:]...); len(out) >= n {
			return out[:n]
		}
		b := stretch(a[:], v)[:v]
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
