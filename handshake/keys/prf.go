package keys

import "crypto/subtle"

// prfRoom is what a PRF takes of label and seed without allocating: every use
// of the handshake fits (32 bytes of label, two randoms or a digest).
const prfRoom = 32 + 2*randomLen

const randomLen = 32

// prf fills out with PRF(secret, label, seed), where seed is a | b | c.
func prf(out []byte, h Hash, secret []byte, label string, a, b, c []byte) {
	//= RFC 5246 §5
	if h != MD5SHA1 {
		pHash(out, h, secret, label, a, b, c)
		return
	}
	//= RFC 4346 §5
	half := (len(secret) + 1) / 2 // the halves share the middle byte of an odd secret
	pHash(out, hashMD5, secret[:half], label, a, b, c)
	other := make([]byte, len(out))
	pHash(other, hashSHA1, secret[len(secret)-half:], label, a, b, c)
	subtle.XORBytes(out, out, other)
	clear(other)
}

// pHash fills out with P_hash(secret, label | a | b | c).
func pHash(out []byte, h Hash, secret []byte, label string, a, b, c []byte) {
	//= RFC 5246 §5
	var key hmacKey
	key.set(h, secret)
	size := h.Size()

	// message is A(i) | label | seed; A(1) is the HMAC of label | seed.
	var buf [maxSize + prfRoom]byte
	message := append(buf[:size], label...)
	message = append(message, a...)
	message = append(message, b...)
	message = append(message, c...)

	var t [maxSize]byte
	for from := size; len(out) > 0; from = 0 {
		if from == 0 {
			key.sum(&t, message[:size])
		} else {
			key.sum(&t, message[size:])
		}
		copy(message, t[:size])
		key.sum(&t, message)
		out = out[copy(out, t[:size]):]
	}
}
