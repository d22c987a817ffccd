package redis

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
)

// KeyLen is the length of Options.Key, in bytes.
const KeyLen = 32

var errKey = errors.New("redis: Options.Key is not 32 bytes long")

// newSealer is what values are sealed with: AES-256-GCM with nonces drawn at
// random, under a key that is used for nothing else.
func newSealer(key []byte) (cipher.AEAD, error) {
	if len(key) != KeyLen {
		return nil, errKey
	}
	own, err := hkdf.Key(sha256.New, key, nil, "tacet sessions in redis, version 1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(own)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal binds a value to the name that it is stored under, so that nobody can put
// one in another's place.
func (s *Store) seal(name string, value []byte) []byte {
	return s.sealer.Seal(nil, nil, value, []byte(name))
}

// open gives the value of a name, nil if it is none of ours.
func (s *Store) open(name string, sealed []byte) []byte {
	value, err := s.sealer.Open(nil, nil, sealed, []byte(name))
	if err != nil {
		s.told(errForeign)
		return nil
	}
	return value
}

var errForeign = errors.New("redis: a value that was not sealed under Options.Key for its name")
