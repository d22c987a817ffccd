package keys

import (
	"crypto/subtle"

	"tacet/record"
	"tacet/suites"
)

// Secret is one secret of the TLS 1.3 key schedule, of the length of its hash:
// a traffic secret, an exporter or resumption secret, a binder key or a PSK.
// It is a value: a copy is independent. The zero Secret holds nothing, and to
// derive from it panics.
type Secret struct {
	h Hash
	b [maxSize]byte
}

// SecretFromBytes returns the Secret with b's bytes, such as a traffic secret
// that another process handed over. b is copied; it must be h.Size() long,
// else the zero Secret is returned.
func SecretFromBytes(h Hash, b []byte) Secret {
	if len(b) != h.Size() {
		return Secret{}
	}
	s := Secret{h: h}
	copy(s.b[:], b)
	return s
}

// Bytes returns the secret itself. The slice aliases s.
func (s *Secret) Bytes() []byte { return s.b[:s.h.Size()] }

// Hash is the hash that s belongs to; 0 for the zero Secret.
func (s *Secret) Hash() Hash { return s.h }

// Clear forgets the secret: s is the zero Secret afterwards.
func (s *Secret) Clear() { *s = Secret{} }

// IsZero reports whether s holds nothing.
func (s *Secret) IsZero() bool { return s.h == 0 }

// derive is Derive-Secret with the transcript hash already taken.
func (s *Secret) derive(label string, th []byte) Secret {
	//= RFC 9846 §7.1
	d := Secret{h: s.h}
	ExpandLabel(d.Bytes(), s.h, s.Bytes(), label, th)
	return d
}

// deriveEmpty is Derive-Secret(., label, "").
func (s *Secret) deriveEmpty(label string) Secret {
	var d [maxSize]byte
	s.h.sum(&d, nil)
	return s.derive(label, d[:s.h.Size()])
}

// Finished appends the verify_data of a Finished message, or a PSK binder, to
// dst: s is the sender's handshake traffic secret (its application traffic
// secret after post-handshake authentication) or the binder key, th the
// transcript hash. It allocates only to grow dst.
func (s *Secret) Finished(dst, th []byte) []byte {
	//= RFC 9846 §4.5.3
	var mac [maxSize]byte
	s.finished(&mac, th)
	return append(dst, mac[:s.h.Size()]...)
}

// VerifyFinished reports in constant time whether verifyData is what Finished
// gives. Only verifyData's length may be learned from the time it takes. The
// zero Secret verifies nothing.
func (s *Secret) VerifyFinished(verifyData, th []byte) bool {
	if s.h == 0 {
		return false
	}
	var mac [maxSize]byte
	s.finished(&mac, th)
	return subtle.ConstantTimeCompare(mac[:s.h.Size()], verifyData) == 1
}

func (s *Secret) finished(mac *[maxSize]byte, th []byte) {
	key := s.derive("finished", nil)
	extract(mac, s.h, key.Bytes(), th)
}

// Next is the traffic secret after a KeyUpdate.
func (s *Secret) Next() Secret {
	//= RFC 9846 §7.2
	return s.derive("traffic upd", nil)
}

// ResumptionPSK is the PSK of a ticket with that nonce (0 to 255 bytes); s is
// the resumption secret.
func (s *Secret) ResumptionPSK(nonce []byte) Secret {
	//= RFC 9846 §4.7.1
	return s.derive("resumption", nonce)
}

// Protection is how records are protected under the traffic secret s.
func (s *Secret) Protection(suite *suites.Suite) record.Protection {
	//= RFC 9846 §7.3
	var both [maxKey + ivLen13]byte // one array: the suite's constructor makes it escape
	key, iv := both[:suite.KeyLen], both[maxKey:]
	ExpandLabel(key, s.h, s.Bytes(), "key", nil)
	ExpandLabel(iv, s.h, s.Bytes(), "iv", nil)
	return suite.Protect(record.TLS13, key, iv, false)
}

// Export returns n bytes of exported keying material; s is an exporter secret.
// No context and an empty context are the same. It returns nil when label is
// longer than 249 bytes or n is not within 0 and 255 digests (8,160 bytes for
// SHA-256, 12,240 for SHA-384).
func (s *Secret) Export(label string, context []byte, n int) []byte {
	//= RFC 9846 §7.5
	if len(labelPrefix)+len(label) > 255 || n < 0 || n > 255*s.h.Size() {
		return nil
	}
	secret := s.deriveEmpty(label)
	var d [maxSize]byte
	s.h.sum(&d, context)
	out := make([]byte, n)
	ExpandLabel(out, s.h, secret.Bytes(), "exporter", d[:s.h.Size()])
	return out
}

const (
	ivLen13 = 12 // max(8, N_MIN): RFC 9846 §5.3, for every AEAD of TLS 1.3
	maxKey  = 32 // the longest write key of any suite
)
