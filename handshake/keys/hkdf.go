package keys

// labelPrefix stands before every label of TLS 1.3.
const labelPrefix = "tls13 "

// maxLabel is the longest HkdfLabel in bytes: a length, two opaque<0..255>.
const maxLabel = 2 + 1 + 255 + 1 + 255

// ExpandLabel fills out with HKDF-Expand-Label(secret, label, context, len(out)).
// The prefix "tls13 " is added here. It allocates nothing and keeps nothing.
//
// It panics when label is longer than 249 bytes, context longer than 255 or
// out longer than 255 digests: those are constants of the callers.
func ExpandLabel(out []byte, h Hash, secret []byte, label string, context []byte) {
	//= RFC 9846 §7.1
	size := h.Size()
	if len(labelPrefix)+len(label) > 255 || len(context) > 255 || len(out) > 255*size {
		panic("keys: label, context or output too long for HKDF-Expand-Label")
	}
	var key hmacKey
	key.set(h, secret)

	// message is T(i-1) | HkdfLabel | i, RFC 5869 §2.3; T(0) is empty.
	var buf [hmacRoom]byte
	message := append(buf[:size], byte(len(out)>>8), byte(len(out)), byte(len(labelPrefix)+len(label)))
	message = append(message, labelPrefix...)
	message = append(message, label...)
	message = append(message, byte(len(context)))
	message = append(message, context...)
	message = append(message, 0)
	counter := &message[len(message)-1]

	var t [maxSize]byte
	for from := size; len(out) > 0; from = 0 {
		*counter++
		key.sum(&t, message[from:])
		copy(message, t[:size])
		out = out[copy(out, t[:size]):]
	}
}

// extract sets out to HKDF-Extract(salt, ikm) (RFC 5869 §2.2).
func extract(out *[maxSize]byte, h Hash, salt, ikm []byte) {
	var key hmacKey
	key.set(h, salt)
	key.sum(out, ikm)
}
