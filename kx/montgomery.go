package kx

import (
	"crypto/subtle"
	"slices"

	"github.com/cloudflare/circl/dh/x25519"
	"github.com/cloudflare/circl/dh/x448"
)

// montgomery is Diffie-Hellman on a curve of RFC 7748. Scalars, u-coordinates and
// secrets all have the same size.
type montgomery struct {
	size   int
	public func(out, scalar []byte)
	shared func(out, scalar, peer []byte) bool
}

// curve25519 masks the top bit of a peer's u and takes values above the prime,
// as RFC 7748 §5 asks.
var curve25519 = &montgomery{
	size: x25519.Size,
	public: func(out, scalar []byte) {
		x25519.KeyGen((*x25519.Key)(out), (*x25519.Key)(scalar))
	},
	shared: func(out, scalar, peer []byte) bool {
		return x25519.Shared((*x25519.Key)(out), (*x25519.Key)(scalar), (*x25519.Key)(peer))
	},
}

var curve448 = &montgomery{
	size: x448.Size,
	public: func(out, scalar []byte) {
		x448.KeyGen((*x448.Key)(out), (*x448.Key)(scalar))
	},
	shared: func(out, scalar, peer []byte) bool {
		return x448.Shared((*x448.Key)(out), (*x448.Key)(scalar), (*x448.Key)(peer))
	},
}

func (m *montgomery) sizes() sizes {
	return sizes{initiator: m.size, responder: m.size, shared: m.size, seed: m.size, encapsulateSeed: m.size}
}

// generate takes the seed as the scalar; every one is in range after clamping.
func (m *montgomery) generate(seed []byte) (key, Kind) {
	b := make([]byte, 2*m.size)
	k := &montgomeryKey{m, b[:m.size:m.size], b[m.size:]}
	copy(k.scalar, seed)
	m.public(k.share, k.scalar)
	return k, 0
}

func (m *montgomery) encapsulate(share, shared, seed, peer []byte) (_, _ []byte, _ Kind) {
	shared, kind := m.appendShared(shared, seed, peer)
	if kind != 0 {
		return nil, nil, kind
	}
	share, out := grow(share, m.size)
	m.public(out, seed)
	return share, shared, 0
}

// appendShared refuses a secret that is all zeros, without a branch on any other.
func (m *montgomery) appendShared(dst, scalar, peer []byte) ([]byte, Kind) {
	//= RFC 9846 §7.4.2
	dst, out := grow(dst, m.size)
	ok := m.shared(out, scalar, peer)
	if !ok || allZero(out) {
		return nil, KindPoint
	}
	return dst, 0
}

type montgomeryKey struct {
	on            *montgomery
	scalar, share []byte
}

func (k *montgomeryKey) appendShare(dst []byte) []byte { return append(dst, k.share...) }
func (k *montgomeryKey) clear()                        { clear(k.scalar) }

func (k *montgomeryKey) decapsulate(dst, peer []byte) ([]byte, Kind) {
	return k.on.appendShared(dst, k.scalar, peer)
}

// allZero looks at every byte, whatever it finds.
func allZero(b []byte) bool {
	var or byte
	for _, x := range b {
		or |= x
	}
	return subtle.ConstantTimeByteEq(or, 0) == 1
}

// grow appends n bytes to dst for the caller to fill, and returns them apart too.
func grow(dst []byte, n int) (all, tail []byte) {
	dst = slices.Grow(dst, n)
	all = dst[:len(dst)+n]
	return all, all[len(dst):]
}
