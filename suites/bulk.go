package suites

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"math"

	"golang.org/x/crypto/chacha20poly1305"

	"tacet/record"
)

// bulkID is a bulk cipher: an index into bulks and a member of a selector's set.
type bulkID uint8

const (
	null bulkID = iota
	tripleDES
	aes128CBC
	aes256CBC
	aes128GCM
	aes256GCM
	aes128CCM
	aes256CCM
	aes128CCM8
	aes256CCM8
	chacha20
	camellia128
	camellia256
	aria128GCM
	aria256GCM
	numBulks
)

// newAEAD makes an AEAD of a key.
type newAEAD = func(key []byte) (cipher.AEAD, error)

// bulk is what a bulk cipher brings to each suite that uses it. Ciphers that
// OpenSSL's words speak of but that no row uses have their names, strength and classes
// only: the cipher-string engine needs no more.
type bulk struct {
	name   string // as "openssl ciphers -v" prints it
	bits   int    // strength_bits
	grade  set    // OpenSSL's classes
	keyLen int
	salt12 int    // fixed IV in TLS 1.2, bytes
	expl12 int    // explicit nonce in TLS 1.2, bytes
	limit  uint64 // full-size records under one key

	new       newAEAD                                // nil if the suite has a MAC of its own
	block     func(key []byte) (cipher.Block, error) // for CBC
	protect12 func(new newAEAD, key, iv []byte, limit uint64) record.Protection
}

// gcmLimit is RFC 9846 §5.5's 2^24.5 full-size records, rounded down to a power of
// two. Of CCM it says nothing; ccmLimit is what DTLS 1.3 has for records of the same
// size: after q of them, of 2^10 blocks that CCM encrypts twice, an attacker's
// advantage is (2^11·q)²/2^128, and 2^-60 at q = 2^23 (RFC 9147 §B.1). CCM_8 has the
// same; its limit of 2^7 is on forgeries, and in TLS the first one ends the connection.
// noLimit leaves it to the sequence number.
const (
	gcmLimit = 1 << 24
	ccmLimit = 1 << 23
	noLimit  = math.MaxUint64
)

const (
	fips   = gradeHigh | gradeFIPS
	rarely = gradeHigh | gradeOptional
)

var bulks = [numBulks]bulk{
	null:        {name: "None", bits: 0, grade: gradeNone, limit: noLimit},
	tripleDES:   {name: "3DES(168)", bits: 112, grade: gradeMedium | gradeOptional, keyLen: 24, limit: noLimit},
	aes128CBC:   {name: "AES(128)", bits: 128, grade: fips, keyLen: 16, limit: noLimit, block: aes.NewCipher},
	aes256CBC:   {name: "AES(256)", bits: 256, grade: fips, keyLen: 32, limit: noLimit, block: aes.NewCipher},
	aes128GCM:   {name: "AESGCM(128)", bits: 128, grade: fips, keyLen: 16, salt12: 4, expl12: 8, limit: gcmLimit, new: newGCM, protect12: record.AEAD12Explicit},
	aes256GCM:   {name: "AESGCM(256)", bits: 256, grade: fips, keyLen: 32, salt12: 4, expl12: 8, limit: gcmLimit, new: newGCM, protect12: record.AEAD12Explicit},
	aes128CCM:   {name: "AESCCM(128)", bits: 128, grade: rarely, keyLen: 16, salt12: 4, expl12: 8, limit: ccmLimit, new: newCCM, protect12: record.AEAD12Explicit},
	aes256CCM:   {name: "AESCCM(256)", bits: 256, grade: rarely, keyLen: 32, salt12: 4, expl12: 8, limit: ccmLimit, new: newCCM, protect12: record.AEAD12Explicit},
	aes128CCM8:  {name: "AESCCM8(128)", bits: 128, grade: rarely, keyLen: 16, salt12: 4, expl12: 8, limit: ccmLimit, new: newCCM8, protect12: record.AEAD12Explicit},
	aes256CCM8:  {name: "AESCCM8(256)", bits: 256, grade: rarely, keyLen: 32, salt12: 4, expl12: 8, limit: ccmLimit, new: newCCM8, protect12: record.AEAD12Explicit},
	chacha20:    {name: "CHACHA20/POLY1305(256)", bits: 256, grade: gradeHigh, keyLen: 32, salt12: 12, limit: noLimit, new: chacha20poly1305.New, protect12: record.AEAD12XOR},
	camellia128: {name: "Camellia(128)", bits: 128, grade: rarely, keyLen: 16, limit: noLimit},
	camellia256: {name: "Camellia(256)", bits: 256, grade: rarely, keyLen: 32, limit: noLimit},
	aria128GCM:  {name: "ARIAGCM(128)", bits: 128, grade: rarely, keyLen: 16, salt12: 4, expl12: 8, limit: gcmLimit},
	aria256GCM:  {name: "ARIAGCM(256)", bits: 256, grade: rarely, keyLen: 32, salt12: 4, expl12: 8, limit: gcmLimit},
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// macID is a record MAC.
type macID uint8

const (
	macAEAD macID = iota
	macMD5
	macSHA1
	macSHA256
	macSHA384
)

// mac is what a record MAC brings to each suite that uses it.
type mac struct {
	name   string // as "openssl ciphers -v" prints it
	keyLen int
	new    func() hash.Hash
}

var macs = [...]mac{
	macAEAD:   {"AEAD", 0, nil},
	macMD5:    {"MD5", md5.Size, md5.New},
	macSHA1:   {"SHA1", sha1.Size, sha1.New},
	macSHA256: {"SHA256", sha256.Size, sha256.New},
	macSHA384: {"SHA384", sha512.Size384, sha512.New384},
}
