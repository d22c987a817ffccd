package keys

import "hash"

// Transcript is the hash of the handshake messages, whole with their headers,
// as they were sent and received. Until the cipher suite is known it holds the
// messages themselves. The zero value is ready for use.
//
// A Transcript is used where it stands: it is not copied but by Fork.
type Transcript struct {
	running hash.Hash // nil before Pick
	raw     []byte    // append-only, so that forks may share what is there
	h       Hash
	keep    bool
	sum     [maxSize]byte // a digest on its way out; a local would be allocated
}

// Write adds one or more whole messages. m is not kept.
func (t *Transcript) Write(m []byte) {
	if t.running != nil {
		t.running.Write(m)
	}
	if t.running == nil || t.keep {
		t.raw = append(t.raw, m...)
	}
}

// Pick settles the hash: what was written so far is hashed, and let go unless
// KeepRaw asked for it. Picking the same hash again does nothing; it panics
// when another hash runs already.
func (t *Transcript) Pick(h Hash) {
	if t.running != nil {
		if t.h != h {
			panic("keys: transcript runs under another hash")
		}
		return
	}
	t.h, t.running = h, h.New()
	t.running.Write(t.raw)
	if !t.keep {
		t.raw = nil
	}
}

// Picked reports whether the hash is settled.
func (t *Transcript) Picked() bool { return t.running != nil }

// Hash is the hash that was picked, 0 before.
func (t *Transcript) Hash() Hash { return t.h }

// Sum appends the hash of all that was written to dst. It panics before Pick.
// It allocates only to grow dst.
func (t *Transcript) Sum(dst []byte) []byte {
	t.mustBePicked()
	return append(dst, t.running.Sum(t.sum[:0])...)
}

// SumWith appends to dst the hash as it would be if extra followed; t stays as
// it is. It panics before Pick. extra is not kept.
func (t *Transcript) SumWith(dst, extra []byte) []byte {
	t.mustBePicked()
	c := clone(t.running)
	c.Write(extra)
	return append(dst, c.Sum(t.sum[:0])...)
}

// PartialSum appends to dst the hash h of what was written and then truncated,
// the ClientHello that is about to follow cut before its binders: the hash that
// a PSK binder is made of. h is the PSK's hash, known before the suite's. It is
// the same for the client that writes a hello and for the server that reads it,
// as long as neither has written that hello yet.
//
// After a HelloRetryRequest the suite is settled, and only PSKs of its hash may
// be offered or chosen: for another hash, ok is false.
func (t *Transcript) PartialSum(dst []byte, h Hash, truncated []byte) (sum []byte, ok bool) {
	//= RFC 9846 §4.3.11.2
	if t.running != nil {
		if t.h != h {
			return dst, false
		}
		return t.SumWith(dst, truncated), true
	}
	if len(t.raw) == 0 {
		h.sum(&t.sum, truncated)
		return append(dst, t.sum[:h.Size()]...), true
	}
	running := h.New()
	running.Write(t.raw)
	running.Write(truncated)
	return append(dst, running.Sum(t.sum[:0])...), true
}

// KeepRaw says whether the messages themselves stay beside their hash, as the
// CertificateVerify of TLS 1.2 needs, which signs them under a hash of its own.
// Said before Pick, it has them kept from the start; false lets them go.
func (t *Transcript) KeepRaw(keep bool) {
	t.keep = keep
	if !keep && t.running != nil {
		t.raw = nil
	}
}

// Raw returns the messages written so far: all of them before Pick, and after
// it if KeepRaw asked for them; else nil. The slice is valid until the next
// call and must not be changed.
func (t *Transcript) Raw() []byte { return t.raw }

// Retry replaces what was written, which must be the first ClientHello alone,
// by the message_hash message that stands for it once a HelloRetryRequest is
// sent or received. The HelloRetryRequest is written afterwards. It panics
// before Pick.
func (t *Transcript) Retry() {
	//= RFC 9846 §4.1
	const typeMessageHash = 254
	hello := t.Sum(nil)
	message := append([]byte{typeMessageHash, 0, 0, byte(len(hello))}, hello...)
	t.raw = nil // not truncated: a fork may share its bytes
	t.running.Reset()
	t.Write(message)
}

// Fork returns a copy that shares nothing that changes.
func (t *Transcript) Fork() Transcript {
	f := *t
	f.raw = t.raw[:len(t.raw):len(t.raw)]
	if t.running != nil {
		f.running = clone(t.running)
	}
	return f
}

func (t *Transcript) mustBePicked() {
	if t.running == nil {
		panic("keys: transcript summed before its hash is picked")
	}
}

// clone copies a running hash. Every hash of this package is a Cloner that
// does not fail.
func clone(h hash.Hash) hash.Cloner {
	c, err := h.(hash.Cloner).Clone()
	if err != nil {
		panic("keys: clone hash: " + err.Error())
	}
	return c
}
