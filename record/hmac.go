package record

import (
	"crypto/subtle"
	"encoding"
	"encoding/binary"
	"hash"
)

// hmacKey is an HMAC key, laid out for the hash. It does not change.
type hmacKey struct {
	new        func() hash.Hash
	ipad, opad []byte // one block of the hash each
	size       int    // of the MAC, bytes
	lengthLen  int    // of the length field that ends the hash's last block
	words      int    // length of the hash's chaining value
	shift      uint   // the block length is 1<<shift
}

// macState is a hash in use. It belongs to one half.
type macState struct {
	hash  hash.Hash
	sum   [64]byte
	got   [64]byte
	block [128]byte
	state [256]byte
}

func newHMAC(new func() hash.Hash, key []byte) *hmacKey {
	h := new()
	k := &hmacKey{new: new, size: h.Size(), lengthLen: 8, words: h.Size(), shift: 6}
	if h.BlockSize() == 128 {
		k.lengthLen, k.words, k.shift = 16, 64, 7
	}
	if h.BlockSize() != 1<<k.shift || len(key) > h.BlockSize() {
		panic("record: hash or MAC key of the wrong length")
	}
	k.ipad, k.opad = make([]byte, h.BlockSize()), make([]byte, h.BlockSize())
	copy(k.ipad, key)
	copy(k.opad, key)
	for i := range k.ipad {
		k.ipad[i] ^= 0x36
		k.opad[i] ^= 0x5c
	}
	return k
}

// sum is the MAC of header and data, which the next call overwrites.
func (k *hmacKey) sum(s *macState, header, data []byte) []byte {
	s.hash.Reset()
	s.hash.Write(k.ipad)
	s.hash.Write(header)
	s.hash.Write(data)
	return k.outer(s, s.hash.Sum(s.sum[:0]))
}

func (k *hmacKey) outer(s *macState, inner []byte) []byte {
	s.hash.Reset()
	s.hash.Write(k.opad)
	s.hash.Write(inner)
	return s.hash.Sum(s.sum[:0])
}

// secretSum is the MAC of header and data[:n], for a secret n from least to
// most. Its time depends on least and most alone.
//
// The inner hash is padded here and not by the hash, one block at a time: every
// block that could be the last is hashed, whatever n is, and the chaining
// value after the one that is the last is kept.
func (k *hmacKey) secretSum(s *macState, header, data []byte, n, least, most int) []byte {
	bs := len(k.ipad)
	end := len(header) + n // where the padding of the hash starts
	s.hash.Reset()
	s.hash.Write(k.ipad)
	whole := (len(header) + least) / bs // blocks that hold nothing but header and data, whatever n is
	if whole > 0 {
		s.hash.Write(header)
		s.hash.Write(data[:whole*bs-len(header)])
	}
	last := (end + k.lengthLen) >> k.shift // no division: its time shows what is divided
	inner := s.sum[:k.words]
	clear(inner)
	for i := whole; i <= (len(header)+most+k.lengthLen)/bs; i++ {
		isLast := subtle.ConstantTimeEq(int32(i), int32(last))
		k.fill(s.block[:bs], header, data, i*bs, end)
		k.putLength(s.block[:bs], bs+end, isLast)
		s.hash.Write(s.block[:bs])
		subtle.ConstantTimeCopy(isLast, inner, k.chaining(s))
	}
	return k.outer(s, inner[:k.size])
}

// fill makes the block that starts at an offset: header and data up to end, the
// byte 0x80, zeros.
func (k *hmacKey) fill(block, header, data []byte, offset, end int) {
	for j := range block {
		at := offset + j
		var b byte
		switch { // at is public
		case at < len(header):
			b = header[at]
		case at-len(header) < len(data):
			b = data[at-len(header)]
		}
		message := subtle.ConstantTimeLessOrEq(at+1, end)
		first := subtle.ConstantTimeEq(int32(at), int32(end))
		block[j] = b&byte(-message) | 0x80&byte(-first)
	}
}

// putLength adds the length of the message in bits, if this is its last block.
func (k *hmacKey) putLength(block []byte, length, isLast int) {
	var bits [8]byte
	binary.BigEndian.PutUint64(bits[:], uint64(length)<<3)
	for j, b := range bits {
		block[len(block)-8+j] |= b & byte(-isLast)
	}
}

const magicLen = 4

// chaining is the hash's chaining value; no bytes are waiting in it. The hashes
// of the standard library encode themselves as four bytes of magic, the
// chaining value, and what waits.
func (k *hmacKey) chaining(s *macState) []byte {
	out, err := s.hash.(encoding.BinaryAppender).AppendBinary(s.state[:0])
	if err != nil {
		panic("record: hash does not encode itself: " + err.Error())
	}
	return out[magicLen : magicLen+k.words]
}
