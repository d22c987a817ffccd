package kx

import (
	"bytes"

	circl1024 "github.com/cloudflare/circl/kem/mlkem/mlkem1024"
	circl768 "github.com/cloudflare/circl/kem/mlkem/mlkem768"
)

// mlkem is ML-KEM of FIPS 203. The initiator's share is an encapsulation key,
// the responder's a ciphertext. It serves as a part of hybrids.
type mlkem struct {
	public, ciphertext int // sizes
	derive             func(seed []byte) (encapsulator, decapsulator)
	parse              func(public []byte) (encapsulator, error)
}

// encapsulator and decapsulator are what the parameter sets have in common; both
// fill what they are given.
type (
	encapsulator interface {
		Pack(public []byte)
		EncapsulateTo(ciphertext, shared, seed []byte)
	}
	decapsulator interface {
		DecapsulateTo(shared, ciphertext []byte)
	}
)

const (
	mlkemSeed            = 64 // d and z
	mlkemEncapsulateSeed = 32 // m
	mlkemShared          = 32
)

var mlkem768 = &mlkem{
	public:     circl768.PublicKeySize,
	ciphertext: circl768.CiphertextSize,
	derive:     func(seed []byte) (encapsulator, decapsulator) { return circl768.NewKeyFromSeed(seed) },
	parse: func(public []byte) (encapsulator, error) {
		p := new(circl768.PublicKey)
		return p, p.Unpack(public)
	},
}

var mlkem1024 = &mlkem{
	public:     circl1024.PublicKeySize,
	ciphertext: circl1024.CiphertextSize,
	derive:     func(seed []byte) (encapsulator, decapsulator) { return circl1024.NewKeyFromSeed(seed) },
	parse: func(public []byte) (encapsulator, error) {
		p := new(circl1024.PublicKey)
		return p, p.Unpack(public)
	},
}

func (m *mlkem) sizes() sizes {
	return sizes{initiator: m.public, responder: m.ciphertext, shared: mlkemShared,
		seed: mlkemSeed, encapsulateSeed: mlkemEncapsulateSeed}
}

func (m *mlkem) generate(seed []byte) (key, Kind) {
	defer settle()
	public, private := m.derive(seed)
	return &mlkemKey{m, public, private}, 0
}

// encapsulate refuses a key with a coefficient that is not reduced, the modulus
// check of FIPS 203 §7.2.
func (m *mlkem) encapsulate(share, shared, seed, peer []byte) (_, _ []byte, _ Kind) {
	defer settle()
	p, err := m.parse(peer)
	if err != nil {
		return nil, nil, KindPoint
	}
	share, ciphertext := grow(share, m.ciphertext)
	shared, secret := grow(shared, mlkemShared)
	p.EncapsulateTo(ciphertext, secret, seed)
	return share, shared, 0
}

type mlkemKey struct {
	of      *mlkem
	public  encapsulator
	private decapsulator
}

func (k *mlkemKey) appendShare(dst []byte) []byte {
	defer settle()
	dst, out := grow(dst, k.of.public)
	k.public.Pack(out)
	return dst
}

// decapsulate cannot fail: a forged ciphertext gives a secret that nobody else
// knows (implicit rejection), and the handshake ends at its first MAC.
func (k *mlkemKey) decapsulate(dst, peer []byte) ([]byte, Kind) {
	defer settle()
	dst, out := grow(dst, mlkemShared)
	k.private.DecapsulateTo(out, peer)
	return dst, 0
}

// clear drops the key, whose fields are not ours to zero.
func (k *mlkemKey) clear() { k.public, k.private = nil, nil }

// settle leaves the vector unit as Go's own code leaves it. circl's AVX2 routines end
// without VZEROUPPER, and until the thread executes one, the SSE instructions of what
// comes next wait for the upper halves of their registers: SHA-256 has been seen to take
// fifty times as long on an AMD EPYC. A search in over 32 bytes executes one wherever
// there is AVX2, and costs a few nanoseconds where there is none.
func settle() { _ = bytes.IndexByte(searched[:], 1) }

var searched [64]byte
