package kx

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"slices"

	"filippo.io/bigmod"
)

// field is Diffie-Hellman in the multiplicative group modulo a prime. What
// computing needs of the prime is made anew each time: it costs a hundredth of an
// exponentiation, and a program that imports this package nothing.
type field struct {
	p, g []byte // big-endian, without leading zeros
	bits int    // of a private exponent
}

// safe is the field of a safe prime with generator 2. Its exponents are as long as
// its strength deserves.
func safe(prime string, bits int) *field {
	p, err := hex.DecodeString(prime)
	if err != nil {
		panic("kx: " + err.Error())
	}
	return &field{p, []byte{2}, bits}
}

// modulus is the prime to compute with, and nat a number below it, nil for one
// that is not.
func (f *field) modulus() *bigmod.Modulus {
	m, err := bigmod.NewModulus(f.p)
	if err != nil {
		panic("kx: " + err.Error()) // 1 is no prime
	}
	return m
}

func nat(b []byte, m *bigmod.Modulus) *bigmod.Nat {
	n, err := bigmod.NewNat().SetBytes(b, m)
	if err != nil {
		return nil
	}
	return n
}

func (f *field) sizes() sizes {
	n, seed := len(f.p), (f.bits+7)/8
	return sizes{initiator: n, responder: n, shared: n, seed: seed, encapsulateSeed: seed}
}

func (f *field) generate(seed []byte) (key, Kind) {
	x, kind := f.private(seed)
	if kind != 0 {
		return nil, kind
	}
	return &fieldKey{f, x}, 0
}

func (f *field) encapsulate(share, shared, seed, peer []byte) (_, _ []byte, _ Kind) {
	x, kind := f.private(seed)
	if kind != 0 {
		return nil, nil, kind
	}
	defer clear(x)
	m := f.modulus()
	if shared, kind = f.appendShared(shared, x, peer, m); kind != 0 {
		return nil, nil, kind
	}
	return f.appendPublic(share, x, m), shared, 0
}

// private makes an exponent of f.bits bits, which never reaches the prime. 0 and 1
// are none.
func (f *field) private(seed []byte) ([]byte, Kind) {
	x := bytes.Clone(seed)
	x[0] &= byte(0xff >> (-f.bits & 7))
	if rest := bytes.TrimLeft(x, "\x00"); len(rest) == 0 || len(rest) == 1 && rest[0] == 1 {
		return nil, KindSeed
	}
	return x, 0
}

// appendPublic appends g^x, as long as the prime.
func (f *field) appendPublic(dst, x []byte, m *bigmod.Modulus) []byte {
	return append(dst, bigmod.NewNat().Exp(nat(f.g, m), x, m).Bytes(m)...)
}

// appendShared checks the peer's share, and the secret too, which a group that
// someone made up may force into a small subgroup.
func (f *field) appendShared(dst, x, peer []byte, m *bigmod.Modulus) ([]byte, Kind) {
	//= RFC 9846 §4.3.8.1
	//= RFC 7919 §5.1
	y := nat(peer, m)
	if y == nil || trivial(y, m) {
		return nil, KindPoint
	}
	z := bigmod.NewNat().Exp(y, x, m)
	if trivial(z, m) {
		return nil, KindPoint
	}
	return append(dst, z.Bytes(m)...), 0
}

// trivial reports whether y is 0, 1 or p-1.
func trivial(y *bigmod.Nat, m *bigmod.Modulus) bool {
	return y.IsZero()|y.IsOne()|y.IsMinusOne(m) != 0
}

type fieldKey struct {
	on *field
	x  []byte
}

func (k *fieldKey) appendShare(dst []byte) []byte { return k.on.appendPublic(dst, k.x, k.on.modulus()) }

func (k *fieldKey) clear() { clear(k.x) }

func (k *fieldKey) decapsulate(dst, peer []byte) ([]byte, Kind) {
	return k.on.appendShared(dst, k.x, peer, k.on.modulus())
}

// Bounds of NewDH, in bits.
const (
	MinDHBits = 512
	// MaxDHBits is the length of the longest prime of RFC 7919 and RFC 3526: a longer one
	// is no safer for it, and its work falls to the client, for a server may have done
	// its own once. OpenSSL takes 10,000.
	MaxDHBits = 8192
	// maxExponent is how long an exponent is at most, where the prime is nobody's we know. To
	// find one in its range takes 2^512 steps, less what the small factors of p-1 tell of it:
	// of the primes that one may come across, not half as much as would help. The length of
	// an 8192-bit prime would have a client compute for five times as long.
	maxExponent = 1024
)

// NewDH makes the group of a prime p and a generator g, both big-endian, for DHE
// up to TLS 1.2. Its ID is 0. That p is prime is not checked; it must be odd and
// of MinDHBits to MaxDHBits, and 1 < g < p-1, else the error is an [*Error] of
// KindGroup. Both are copied.
func NewDH(p, g []byte) (Group, error) {
	//= RFC 5246 §7.4.3
	p, g = bytes.Clone(bytes.TrimLeft(p, "\x00")), bytes.Clone(bytes.TrimLeft(g, "\x00"))
	prime, gen := new(big.Int).SetBytes(p), new(big.Int).SetBytes(g)
	bits := prime.BitLen()
	most := new(big.Int).Sub(prime, big.NewInt(1))
	if bits < MinDHBits || bits > MaxDHBits || prime.Bit(0) == 0 || gen.Cmp(big.NewInt(1)) <= 0 || gen.Cmp(most) >= 0 {
		return nil, &Error{Kind: KindGroup}
	}
	f := &field{p, g, min(bits-1, maxExponent)}
	if known := wellKnown(f); known != nil {
		f.bits = known.bits
	}
	return dh("dh", f), nil
}

// wellKnown is the field of RFC 7919, RFC 3526 or RFC 2409 with the prime and the
// generator of f, nil if there is none: those primes are known to be safe, so short
// exponents do, which are an order of magnitude faster.
func wellKnown(f *field) *field {
	//= RFC 7919 §5.2
	groups := slices.Clone(table[:])
	for _, g := range automatic {
		groups = append(groups, g.group)
	}
	for _, g := range groups {
		if known, ok := g.kem.(*field); ok && bytes.Equal(f.p, known.p) && bytes.Equal(f.g, known.g) {
			return known
		}
	}
	return nil
}

func dh(name string, f *field) *group {
	return &group{names: []string{name}, openssl: name, typ: "DH", bits: new(big.Int).SetBytes(f.p).BitLen(), kem: f}
}

// DHParams is the prime and the generator of a finite field group, big-endian
// and without leading zeros; nil for other groups. They must not be changed.
func DHParams(g Group) (p, gen []byte) {
	if own, ok := g.(*group); ok {
		if f, ok := own.kem.(*field); ok {
			return f.p, f.g
		}
	}
	return nil, nil
}
