package keys

// hmacRoom is the longest message that an HMAC takes without allocating: a
// digest, a whole HkdfLabel and the block counter.
const hmacRoom = maxSize + maxLabel + 1

// hmacKey is a key for HMAC (RFC 2104), padded to the hash's block.
//
// It exists because crypto/hmac allocates two running hashes for each key, and
// a handshake uses each of some forty keys for one short message.
type hmacKey struct {
	h Hash
	k [maxBlock]byte
}

// set makes key the key; keys longer than a block are hashed first.
func (k *hmacKey) set(h Hash, key []byte) {
	*k = hmacKey{h: h}
	if len(key) <= h.row().block {
		copy(k.k[:], key)
		return
	}
	var d [maxSize]byte
	h.sum(&d, key)
	copy(k.k[:], d[:h.Size()])
}

// sum sets out to the HMAC of message. It does not allocate while message is
// no longer than hmacRoom.
func (k *hmacKey) sum(out *[maxSize]byte, message []byte) {
	var buf [maxBlock + hmacRoom]byte
	block := k.h.row().block
	k.pad(buf[:block], 0x36)
	k.h.sum(out, append(buf[:block], message...))
	k.pad(buf[:block], 0x5c)
	k.h.sum(out, append(buf[:block], out[:k.h.Size()]...))
}

func (k *hmacKey) pad(block []byte, b byte) {
	for i := range block {
		block[i] = k.k[i] ^ b
	}
}
