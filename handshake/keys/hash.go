package keys

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
)

// Hash is the hash function of a cipher suite: the transcript, HKDF and PRF
// run on it. The zero value is no hash.
type Hash uint8

// The hashes that cipher suites name.
const (
	SHA256 Hash = iota + 1
	SHA384
)

// The largest sizes of any Hash, in bytes.
const (
	maxSize  = sha512.Size384
	maxBlock = sha512.BlockSize
)

// hashes holds, by Hash, what a hash's name and sizes are.
var hashes = [...]struct {
	name        string
	id          crypto.Hash
	size, block int
}{
	{name: "none"},
	SHA256: {"SHA256", crypto.SHA256, sha256.Size, sha256.BlockSize},
	SHA384: {"SHA384", crypto.SHA384, sha512.Size384, sha512.BlockSize},
}

// FromCrypto returns the Hash that c is, or 0 when no cipher suite runs on c.
func FromCrypto(c crypto.Hash) Hash {
	for h := SHA256; int(h) < len(hashes); h++ {
		if hashes[h].id == c {
			return h
		}
	}
	return 0
}

// Size is the length of a digest in bytes; 0 for the zero Hash.
func (h Hash) Size() int { return h.row().size }

// String is the hash's name as cipher suites end in it, such as "SHA256".
func (h Hash) String() string { return h.row().name }

// New returns a running hash; it is a [hash.Cloner]. It panics for the zero Hash.
func (h Hash) New() hash.Hash {
	switch h {
	case SHA256:
		return sha256.New()
	case SHA384:
		return sha512.New384()
	}
	panic("keys: no hash picked")
}

// sum sets out to the digest of b. The calls are direct, not through the
// table, so that neither argument leaves the caller's stack.
func (h Hash) sum(out *[maxSize]byte, b []byte) {
	switch h {
	case SHA256:
		d := sha256.Sum256(b)
		copy(out[:], d[:])
	case SHA384:
		*out = sha512.Sum384(b)
	default:
		panic("keys: no hash picked")
	}
}

func (h Hash) row() *struct {
	name        string
	id          crypto.Hash
	size, block int
} {
	if int(h) >= len(hashes) {
		return &hashes[0]
	}
	return &hashes[h]
}
