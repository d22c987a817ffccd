package kx

import "crypto/ecdh"

// nist is Diffie-Hellman on a curve of SP 800-186, with points uncompressed and
// the x-coordinate as the secret, leading zeros and all.
type nist struct {
	curve ecdh.Curve
	size  int  // of a scalar and a coordinate
	mask  byte // the bits of a scalar's first byte that the order leaves
}

var (
	p256 = &nist{ecdh.P256(), 32, 0xff}
	p384 = &nist{ecdh.P384(), 48, 0xff}
	p521 = &nist{ecdh.P521(), 66, 0x01}
)

func (c *nist) sizes() sizes {
	point := 1 + 2*c.size
	return sizes{initiator: point, responder: point, shared: c.size, seed: c.size, encapsulateSeed: c.size}
}

func (c *nist) generate(seed []byte) (key, Kind) {
	k, kind := c.private(seed)
	if kind != 0 {
		return nil, kind
	}
	return &nistKey{c, k}, 0
}

func (c *nist) encapsulate(share, shared, seed, peer []byte) (_, _ []byte, _ Kind) {
	k, kind := c.private(seed)
	if kind != 0 {
		return nil, nil, kind
	}
	shared, kind = c.appendShared(shared, k, peer)
	if kind != 0 {
		return nil, nil, kind
	}
	return append(share, k.PublicKey().Bytes()...), shared, 0
}

// private makes a key by rejection: a uniform seed that is no scalar is refused,
// never reduced, so that keys are uniform too.
func (c *nist) private(seed []byte) (*ecdh.PrivateKey, Kind) {
	var scalar [66]byte
	b := scalar[:c.size]
	copy(b, seed)
	b[0] &= c.mask
	k, err := c.curve.NewPrivateKey(b)
	clear(b)
	if err != nil {
		return nil, KindSeed
	}
	return k, 0
}

// appendShared checks that peer is an uncompressed point of the curve; the group
// orders are prime, so that no further check of its order is due.
func (c *nist) appendShared(dst []byte, k *ecdh.PrivateKey, peer []byte) ([]byte, Kind) {
	//= RFC 9846 §4.3.8.2
	//= RFC 9846 §7.4.2
	p, err := c.curve.NewPublicKey(peer)
	if err != nil {
		return nil, KindPoint
	}
	x, err := k.ECDH(p)
	if err != nil {
		return nil, KindPoint
	}
	dst = append(dst, x...)
	clear(x)
	return dst, 0
}

type nistKey struct {
	on  *nist
	key *ecdh.PrivateKey
}

func (k *nistKey) appendShare(dst []byte) []byte { return append(dst, k.key.PublicKey().Bytes()...) }

// clear drops the key, whose bytes the standard library does not give away.
func (k *nistKey) clear() { k.key = nil }

func (k *nistKey) decapsulate(dst, peer []byte) ([]byte, Kind) {
	return k.on.appendShared(dst, k.key, peer)
}
