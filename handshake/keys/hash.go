package keys

import (
	"crypto"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"

	"tacet/record"
	"tacet/suites"
)

// Hash is the hash function of a cipher suite: the transcript, HKDF and PRF
// run on it. The zero value is no hash.
type Hash uint8

// The hashes that cipher suites name, and what TLS 1.0 and 1.1 use whatever the
// suite: MD5 and SHA-1 side by side. MD5SHA1 makes transcripts and PRFs, not HMACs.
const (
	SHA256 Hash = iota + 1
	SHA384
	MD5SHA1
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
	SHA256:   {"SHA256", crypto.SHA256, sha256.Size, sha256.BlockSize},
	SHA384:   {"SHA384", crypto.SHA384, sha512.Size384, sha512.BlockSize},
	MD5SHA1:  {"MD5-SHA1", crypto.MD5SHA1, md5.Size + sha1.Size, md5.BlockSize},
	hashMD5:  {"MD5", crypto.MD5, md5.Size, md5.BlockSize},
	hashSHA1: {"SHA1", crypto.SHA1, sha1.Size, sha1.BlockSize},
}

// The halves of MD5SHA1, for its PRF.
const (
	hashMD5 Hash = iota + MD5SHA1 + 1
	hashSHA1
)

// PRFHash is the hash of the PRF, the transcript and Finished of a suite up to TLS 1.2.
func PRFHash(v record.Version, s *suites.Suite) Hash {
	//= RFC 4346 §5
	//= RFC 5246 §5
	if v < record.TLS12 {
		return MD5SHA1
	}
	return FromCrypto(s.Hash)
}

// FromCrypto returns the Hash that c is, or 0 when no cipher suite runs on c.
func FromCrypto(c crypto.Hash) Hash {
	for h := SHA256; h <= SHA384; h++ {
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
	case MD5SHA1:
		return &md5SHA1{md5.New(), sha1.New()}
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
	case hashMD5:
		d := md5.Sum(b)
		copy(out[:], d[:])
	case hashSHA1:
		d := sha1.Sum(b)
		copy(out[:], d[:])
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

// md5SHA1 is both hashes of the same bytes; its digest is one behind the other.
type md5SHA1 struct{ md5, sha1 hash.Hash }

func (h *md5SHA1) Write(p []byte) (int, error) {
	h.md5.Write(p)
	return h.sha1.Write(p)
}

func (h *md5SHA1) Sum(b []byte) []byte { return h.sha1.Sum(h.md5.Sum(b)) }
func (h *md5SHA1) Size() int           { return md5.Size + sha1.Size }
func (h *md5SHA1) BlockSize() int      { return md5.BlockSize }

func (h *md5SHA1) Reset() {
	h.md5.Reset()
	h.sha1.Reset()
}

// Clone implements [hash.Cloner].
func (h *md5SHA1) Clone() (hash.Cloner, error) {
	return &md5SHA1{clone(h.md5), clone(h.sha1)}, nil
}
