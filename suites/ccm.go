package suites

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"slices"
)

// Lengths in bytes of what CCM has in TLS (RFC 6655 §3, §4).
const (
	ccmNonceLen = 12
	ccmTagLen   = 16
	ccm8TagLen  = 8

	// ccmMaxLen is the longest text that the 15-12 bytes of a length can tell.
	ccmMaxLen = 1<<24 - 1
)

// ccm is AES-CCM: CBC-MAC and counter mode under one key, with nonces of 12 bytes. It
// is a cipher.AEAD with room of its own to work in, so that no record costs an
// allocation; therefore two goroutines may not use it at once.
type ccm struct {
	block   cipher.Block
	tagLen  int
	mac     [aes.BlockSize]byte // CBC-MAC so far
	counter [aes.BlockSize]byte
	tagPad  [aes.BlockSize]byte // counter 0, encrypted
	pad     [aes.BlockSize]byte // the counter, encrypted
}

func newCCM(key []byte) (cipher.AEAD, error)  { return makeCCM(key, ccmTagLen) }
func newCCM8(key []byte) (cipher.AEAD, error) { return makeCCM(key, ccm8TagLen) }

func makeCCM(key []byte, tagLen int) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return &ccm{block: block, tagLen: tagLen}, nil
}

func (c *ccm) NonceSize() int { return ccmNonceLen }
func (c *ccm) Overhead() int  { return c.tagLen }

// Seal appends ciphertext and tag to dst. plaintext may lie where the ciphertext
// goes (dst is then plaintext[:0]), or must not overlap it.
func (c *ccm) Seal(dst, nonce, plaintext, additional []byte) []byte {
	//= RFC 3610 §2.3
	if len(plaintext) > ccmMaxLen {
		panic("suites: CCM: text too long")
	}
	start := len(dst)
	dst = slices.Grow(dst, len(plaintext)+c.tagLen)[:start+len(plaintext)]
	c.begin(nonce, len(plaintext))
	c.authenticate(plaintext, additional)
	c.crypt(dst[start:], plaintext)
	return append(dst, c.mac[:c.tagLen]...)
}

// errOpen says nothing of why.
var errOpen = errors.New("suites: CCM: message authentication failed")

// Open appends the plaintext to dst, or gives an error, and leaves zeros where the
// plaintext would have been. ciphertext may lie where the plaintext goes (dst is then
// ciphertext[:0]), or must not overlap it.
func (c *ccm) Open(dst, nonce, ciphertext, additional []byte) ([]byte, error) {
	//= RFC 3610 §2.5
	n := len(ciphertext) - c.tagLen
	if n < 0 || n > ccmMaxLen {
		return nil, errOpen
	}
	start := len(dst)
	dst = slices.Grow(dst, n)[:start+n]
	text := dst[start:]
	c.begin(nonce, n)
	c.crypt(text, ciphertext[:n])
	c.authenticate(text, additional)
	if subtle.ConstantTimeCompare(c.mac[:c.tagLen], ciphertext[n:]) != 1 {
		clear(text)
		return nil, errOpen
	}
	return dst, nil
}

// begin sets out for a text of n bytes: the first block of the CBC-MAC, and the
// counter at 0, whose pad is for the tag.
func (c *ccm) begin(nonce []byte, n int) {
	//= RFC 3610 §2.2
	//= RFC 3610 §2.3
	if len(nonce) != ccmNonceLen {
		panic("suites: CCM: nonce of the wrong length")
	}
	const lengthLen = aes.BlockSize - 1 - ccmNonceLen
	binary.BigEndian.PutUint32(c.mac[aes.BlockSize-4:], uint32(n))
	copy(c.mac[1:], nonce)
	c.mac[0] = byte((c.tagLen-2)/2<<3 | lengthLen - 1)

	clear(c.counter[:])
	copy(c.counter[1:], nonce)
	c.counter[0] = lengthLen - 1
	c.block.Encrypt(c.tagPad[:], c.counter[:])
}

// authenticate makes the tag of text in c.mac.
func (c *ccm) authenticate(text, additional []byte) {
	//= RFC 3610 §2.2
	if len(additional) > 0 {
		c.mac[0] |= 1 << 6
	}
	c.block.Encrypt(c.mac[:], c.mac[:])
	if len(additional) > 0 {
		c.absorb(additional, c.putLength(len(additional)))
	}
	c.absorb(text, 0)
	subtle.XORBytes(c.mac[:], c.mac[:], c.tagPad[:])
}

// putLength adds the length of additional data to the CBC-MAC's next block, and
// gives how many bytes of it that took.
func (c *ccm) putLength(n int) int {
	//= RFC 3610 §2.2
	var b [6]byte
	length := b[:2]
	if n < 0xff00 {
		binary.BigEndian.PutUint16(length, uint16(n))
	} else {
		length = b[:6]
		length[0], length[1] = 0xff, 0xfe
		binary.BigEndian.PutUint32(length[2:], uint32(n))
	}
	return subtle.XORBytes(c.mac[:], c.mac[:], length)
}

// absorb adds data to the CBC-MAC, whose block has bytes already, up to whole blocks.
func (c *ccm) absorb(data []byte, already int) {
	for len(data) > 0 {
		n := subtle.XORBytes(c.mac[already:], c.mac[already:], data)
		c.block.Encrypt(c.mac[:], c.mac[:])
		data, already = data[n:], 0
	}
}

// crypt encrypts or decrypts src to dst, of the same length.
func (c *ccm) crypt(dst, src []byte) {
	//= RFC 3610 §2.3
	low := c.counter[aes.BlockSize-4:]
	for len(src) > 0 {
		binary.BigEndian.PutUint32(low, binary.BigEndian.Uint32(low)+1) // ccmMaxLen keeps the carry out of the nonce
		c.block.Encrypt(c.pad[:], c.counter[:])
		n := subtle.XORBytes(dst, src, c.pad[:])
		dst, src = dst[n:], src[n:]
	}
}
