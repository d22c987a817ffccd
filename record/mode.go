package record

import "crypto/cipher"

// Protection is how the records of one direction are protected: the way, the
// key and the IV. It is a value, and the zero value protects nothing. Copies
// hold the key too.
type Protection struct {
	mode   mode
	new    func(key []byte) (cipher.AEAD, error)
	limit  uint64
	key    [maxKeyLen]byte
	iv     [nonceLen]byte
	keyLen uint8
}

// SplitsFirst says that application data is to be sealed with its first byte in
// a record of its own: CBC in TLS 1.0 takes as IV the last block of the record
// before, which an attacker has seen, and that byte's MAC makes it unknown again.
func (p *Protection) SplitsFirst() bool {
	c, ok := p.mode.(*cbc)
	return ok && c.explicit == 0
}

// Lengths in bytes of what an AEAD takes (RFC 5116 §5, RFC 7905 §2).
const (
	maxKeyLen   = 32
	nonceLen    = 12
	maxIVLen    = 16
	saltLen     = 4
	explicitLen = 8
)

// mode is a way to protect records. Its values are immutable: what a
// connection changes is in the half that they work on.
type mode interface {
	// expansion is how much longer than its plaintext a sealed payload is.
	expansion(h *half) int
	// maxCiphertext is the longest payload on the wire.
	maxCiphertext() int
	// hidesType says that all records look like application_data and that the
	// content type is inside (TLS 1.3).
	hidesType() bool
	// seal appends a whole record to dst.
	seal(h *half, dst []byte, t Type, plain []byte) []byte
	// open opens the record rec (a whole one, header included) into dst when
	// that is long enough (into), in place when not. limit bounds the content.
	// A Kind other than 0 refuses the record. Results apart stay in registers.
	open(h *half, dst, rec []byte, limit int) (content []byte, t Type, into bool, k Kind)
}

// half is what the two directions have in common: keys in use, the sequence
// number, and room for what the AEAD is shown. Nonce and additional data are
// fields because an argument of an interface call escapes to the heap.
type half struct {
	p       Protection
	aead    cipher.AEAD // nil: to be made from p at the next record
	scratch *scratch    // of a suite with a MAC of its own, like aead
	seq     uint64
	nonce   [maxIVLen]byte // of an AEAD its first 12 bytes; of CBC in TLS 1.0 the next IV
	aad     [13]byte
	tag     uint8   // length of the AEAD's tag in bytes, once it was made
	outer   Version // a Sealer's, in the header of unprotected records; 0: TLS12
}

func (h *half) install(p Protection) {
	h.p, h.aead, h.scratch, h.seq, h.tag = p, nil, nil, 0, 0
	copy(h.nonce[:], p.iv[:])
}

// Seq returns the sequence number of the next record (RFC 9846 §5.3).
func (h *half) Seq() uint64 { return h.seq }

// Protected says whether a Protection is installed.
func (h *half) Protected() bool { return h.p.mode != nil }

// Idle lets the cipher go, which is most of what an idle connection costs. It
// is made again from the key when the next record comes, at two allocations.
func (h *half) Idle() { h.aead, h.scratch = nil, nil }

// Unshare lets go of what a copy of this value must not share with it, so that
// both may be used at once: the cipher, for one of CCM holds room to work in.
func (h *half) Unshare() { h.Idle() }

// Clear zeroes the key material. The value is then of no more use: what it
// would open is refused and what it would seal panics. An AEAD that copied the
// key is let go, not zeroed.
func (h *half) Clear() { h.install(Protection{mode: cleared{}}) }

// cipher returns the AEAD, made from the key if need be.
func (h *half) cipher() cipher.AEAD {
	if h.aead == nil {
		h.makeCipher()
	}
	return h.aead
}

func (h *half) makeCipher() {
	aead, err := h.p.new(h.p.key[:h.p.keyLen])
	if err != nil {
		panic("record: key does not fit its cipher: " + err.Error())
	}
	if aead.NonceSize() != nonceLen {
		panic("record: cipher does not take nonces of 12 bytes")
	}
	h.aead, h.tag = aead, uint8(aead.Overhead())
}

// newProtection copies what it is given; lengths that do not fit are misuse.
func newProtection(m mode, new func([]byte) (cipher.AEAD, error), key, iv []byte, ivLen int, limit uint64) Protection {
	if len(key) > maxKeyLen || len(iv) != ivLen {
		panic("record: key or IV of the wrong length")
	}
	p := Protection{mode: m, new: new, limit: limit, keyLen: uint8(len(key))}
	copy(p.key[:], key)
	copy(p.iv[:], iv)
	return p
}

// cleared is the mode after Clear: nothing passes.
type cleared struct{}

func (cleared) expansion(*half) int { return 0 }
func (cleared) maxCiphertext() int  { return MaxCiphertext12 }
func (cleared) hidesType() bool     { return false }

func (cleared) seal(*half, []byte, Type, []byte) []byte {
	panic("record: Seal after Clear")
}

func (cleared) open(*half, []byte, []byte, int) ([]byte, Type, bool, Kind) {
	return nil, 0, false, KindExhausted
}
