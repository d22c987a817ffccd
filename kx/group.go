package kx

import "fmt"

// ID is a NamedGroup code point (RFC 9846 §4.3.7, RFC 8446 §4.2.7).
type ID uint16

// The groups of the table.
const (
	P256               ID = 0x0017 // secp256r1
	P384               ID = 0x0018 // secp384r1
	P521               ID = 0x0019 // secp521r1
	X25519             ID = 0x001d
	X448               ID = 0x001e
	SecP256r1MLKEM768  ID = 0x11eb
	FFDHE2048          ID = 0x0100 // RFC 7919
	FFDHE3072          ID = 0x0101
	FFDHE4096          ID = 0x0102
	FFDHE6144          ID = 0x0103
	FFDHE8192          ID = 0x0104
	MLKEM768           ID = 0x0201 // draft-ietf-tls-mlkem
	MLKEM1024          ID = 0x0202
	X25519MLKEM768     ID = 0x11ec
	SecP384r1MLKEM1024 ID = 0x11ed
)

// String returns the registered name, or the code point in hexadecimal when the
// table has no such group.
func (id ID) String() string {
	if g := ByID(id); g != nil {
		return g.Name()
	}
	return fmt.Sprintf("group 0x%04x", uint16(id))
}

// Group is one key exchange group. Its methods are pure: they keep no argument
// and may be called from any number of goroutines.
type Group interface {
	// ID returns the NamedGroup code point.
	ID() ID
	// Name returns the name in the IANA registry, such as "x25519" or "secp256r1".
	Name() string
	// OpenSSL returns the name by which OpenSSL and Node show the group, such
	// as "X25519" or "prime256v1".
	OpenSSL() string
	// Type returns the type of Node's getEphemeralKeyInfo: "ECDH" for a curve,
	// "" for a hybrid, of which Node tells nothing.
	Type() string
	// Bits returns OpenSSL's size of the key in bits: that of the field or the
	// group order for a curve (253 for X25519), of the ML-KEM parameter set for
	// a hybrid.
	Bits() int
	// MinTLS13 reports whether the group must not be used below TLS 1.3.
	MinTLS13() bool
	// Permitted reports whether OpenSSL's security level, 0 to 5, lets the group
	// be used: from level 1 on its strength has to be 80, 112, 128, 192 or 256 bits.
	Permitted(level int) bool

	// InitiatorShareLen returns the exact length of the initiator's share.
	InitiatorShareLen() int
	// ResponderShareLen returns the exact length of the responder's share.
	ResponderShareLen() int
	// SharedLen returns the exact length of the shared secret, whose leading
	// zeros are kept.
	SharedLen() int

	// SeedLen returns the number of uniform bytes that Generate wants.
	SeedLen() int
	// Generate makes the initiator's secret from seed, which it does not keep.
	// An error matches [ErrSeed]: draw another seed and try again. Generate
	// panics if len(seed) is not SeedLen.
	Generate(seed []byte) (Secret, error)

	// EncapsulateSeedLen returns the number of uniform bytes that Encapsulate wants.
	EncapsulateSeedLen() int
	// Encapsulate answers the initiator's share peer: it returns the
	// responder's share and the shared secret, both new slices of the caller's.
	// The error is an [*Error]; if it matches [ErrSeed] draw another seed, else
	// peer is at fault. Encapsulate panics if len(seed) is not EncapsulateSeedLen.
	Encapsulate(seed, peer []byte) (share, shared []byte, err error)
}

// Secret is the initiator's private part. It is immutable but for Clear, so
// that forks of one handshake may share it, even at once.
type Secret interface {
	// AppendShare appends the initiator's share to dst. It panics after Clear.
	AppendShare(dst []byte) []byte
	// Decapsulate returns the secret shared with the responder whose share is
	// peer, in a new slice. The error is an [*Error] that blames peer, or that
	// tells of a call after Clear.
	Decapsulate(peer []byte) (shared []byte, err error)
	// Clear zeroes the key material where its representation allows, and drops
	// it elsewhere. It ends the Secret for every holder, so that a handshake
	// with forks clears only when the last one is done.
	Clear()
}

// kem is the arithmetic of a group. Its callers have checked all lengths.
type kem interface {
	sizes() sizes
	generate(seed []byte) (key, Kind)
	// encapsulate appends the share to share and the secret to shared.
	encapsulate(share, shared, seed, peer []byte) (_, _ []byte, _ Kind)
}

// key is the initiator's private key of a kem.
type key interface {
	appendShare(dst []byte) []byte
	// decapsulate appends the secret to dst.
	decapsulate(dst, peer []byte) ([]byte, Kind)
	clear()
}

// sizes are the lengths in bytes of what a kem takes and gives.
type sizes struct {
	initiator, responder  int // shares
	shared                int
	seed, encapsulateSeed int
}

// group is a row of the table: names around a kem.
type group struct {
	id       ID
	names    []string // as ParseList takes them; the first is the registered one
	openssl  string
	typ      string
	bits     int
	strength int  // in bits; 0: as the length of a field's prime says
	tls13    bool // not below TLS 1.3
	auto     bool // part of ParseList("auto")
	kem      kem
}

func (g *group) ID() ID                  { return g.id }
func (g *group) Name() string            { return g.names[0] }
func (g *group) OpenSSL() string         { return g.openssl }
func (g *group) Type() string            { return g.typ }
func (g *group) Bits() int               { return g.bits }
func (g *group) MinTLS13() bool          { return g.tls13 }
func (g *group) InitiatorShareLen() int  { return g.kem.sizes().initiator }
func (g *group) ResponderShareLen() int  { return g.kem.sizes().responder }
func (g *group) SharedLen() int          { return g.kem.sizes().shared }
func (g *group) SeedLen() int            { return g.kem.sizes().seed }
func (g *group) EncapsulateSeedLen() int { return g.kem.sizes().encapsulateSeed }

func (g *group) Generate(seed []byte) (Secret, error) {
	mustSeed(seed, g.kem.sizes().seed)
	k, kind := g.kem.generate(seed)
	if kind != 0 {
		return nil, &Error{g.id, kind}
	}
	return &secret{g, k}, nil
}

// Encapsulate refuses a share of another length before any arithmetic.
func (g *group) Encapsulate(seed, peer []byte) (share, shared []byte, err error) {
	//= RFC 9846 §4.3.8.2
	n := g.kem.sizes()
	mustSeed(seed, n.encapsulateSeed)
	if len(peer) != n.initiator {
		return nil, nil, &Error{g.id, KindLength}
	}
	share, shared, kind := g.kem.encapsulate(make([]byte, 0, n.responder), make([]byte, 0, n.shared), seed, peer)
	if kind != 0 {
		return nil, nil, &Error{g.id, kind}
	}
	return share, shared, nil
}

func mustSeed(seed []byte, want int) {
	if len(seed) != want {
		panic(fmt.Sprintf("kx: seed of %d bytes, want %d", len(seed), want))
	}
}

// Permitted counts a curve for half its bits and a field as OpenSSL does; a hybrid
// counts for what its ML-KEM does.
func (g *group) Permitted(level int) bool {
	strength := g.strength
	if strength == 0 {
		strength = securityBits(g.bits)
	}
	return level <= 0 || strength >= levelBits[min(level, len(levelBits)-1)]
}

// levelBits is the strength in bits that each security level demands.
var levelBits = [...]int{0, 80, 112, 128, 192, 256}

// secret is the [Secret] of every group; a nil key means cleared.
type secret struct {
	group *group
	key   key
}

func (s *secret) AppendShare(dst []byte) []byte {
	if s.key == nil {
		panic("kx: AppendShare after Clear")
	}
	return s.key.appendShare(dst)
}

func (s *secret) Decapsulate(peer []byte) (shared []byte, err error) {
	n := s.group.kem.sizes()
	switch {
	case s.key == nil:
		return nil, &Error{s.group.id, KindCleared}
	case len(peer) != n.responder:
		return nil, &Error{s.group.id, KindLength}
	}
	shared, kind := s.key.decapsulate(make([]byte, 0, n.shared), peer)
	if kind != 0 {
		return nil, &Error{s.group.id, kind}
	}
	return shared, nil
}

func (s *secret) Clear() {
	if s.key != nil {
		s.key.clear()
		s.key = nil
	}
}
