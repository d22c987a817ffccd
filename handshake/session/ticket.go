package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"slices"
)

// TicketKey is what a server seals its tickets under, in the layout of node's
// ticketKeys:
//
//	0        16          32          48
//	| name   | HMAC key  | AES key   |
type TicketKey [48]byte

// Name is the 16 bytes that open every ticket under k, in the clear. The slice
// aliases k.
func (k *TicketKey) Name() []byte { return k[:nameLen] }

func (k *TicketKey) macKey() []byte { return k[16:32] }
func (k *TicketKey) aesKey() []byte { return k[32:48] }

// Overhead is the most that a ticket is longer than its state, in bytes.
const Overhead = nameLen + ivLen + aes.BlockSize + macLen

const (
	nameLen = 16
	ivLen   = aes.BlockSize
	macLen  = sha256.Size
)

// Seal appends the ticket of state to dst:
//
//	| name 16 | iv 16 | AES-128-CBC(state, padding) | HMAC-SHA256 32 |
//
// The padding is PKCS #7's; the MAC is over all that stands before it. iv must
// be drawn at random for each ticket. state may not overlap the bytes that are
// appended; it is not kept.
func Seal(dst []byte, k *TicketKey, iv [16]byte, state []byte) []byte {
	//= RFC 5077 §4
	start := len(dst)
	dst = slices.Grow(dst, len(state)+Overhead)
	dst = append(dst, k.Name()...)
	dst = append(dst, iv[:]...)
	body := len(dst)
	dst = append(dst, state...)
	pad := aes.BlockSize - len(state)%aes.BlockSize
	for range pad {
		dst = append(dst, byte(pad))
	}
	cipher.NewCBCEncrypter(k.block(), iv[:]).CryptBlocks(dst[body:], dst[body:])
	return k.mac(dst, dst[start:])
}

// Open returns the state that Seal put into ticket under one of keys, and the
// index of that key: at 0, the current one, the ticket need not be renewed.
// The MAC is checked, in constant time, before anything is decrypted; ok is
// false for a ticket of other keys, altered or malformed. ticket is neither
// changed nor kept; state is the caller's.
func Open(keys []TicketKey, ticket []byte) (state []byte, index int, ok bool) {
	//= RFC 5077 §4
	body := len(ticket) - nameLen - ivLen - macLen
	if body < aes.BlockSize || body%aes.BlockSize != 0 {
		return nil, 0, false
	}
	sealed, mac := ticket[:len(ticket)-macLen], ticket[len(ticket)-macLen:]
	for i := range keys {
		k := &keys[i]
		// Keys may share a name, so the MAC decides. The name is public.
		if subtle.ConstantTimeCompare(k.Name(), ticket[:nameLen]) == 1 && k.verify(sealed, mac) {
			state, ok = k.decrypt(sealed)
			return state, i, ok
		}
	}
	return nil, 0, false
}

// decrypt opens what the MAC has vouched for; padding that is wrong even so
// was written by somebody else's Seal.
func (k *TicketKey) decrypt(sealed []byte) ([]byte, bool) {
	iv, body := sealed[nameLen:nameLen+ivLen], sealed[nameLen+ivLen:]
	state := make([]byte, len(body))
	cipher.NewCBCDecrypter(k.block(), iv).CryptBlocks(state, body)
	pad := int(state[len(state)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil, false
	}
	for _, b := range state[len(state)-pad:] {
		if int(b) != pad {
			return nil, false
		}
	}
	return state[:len(state)-pad], true
}

func (k *TicketKey) verify(sealed, mac []byte) bool {
	var want [macLen]byte
	return hmac.Equal(k.mac(want[:0], sealed), mac)
}

// mac appends the HMAC-SHA-256 of sealed. It is written out, for crypto/hmac
// allocates seven times and this once.
func (k *TicketKey) mac(dst, sealed []byte) []byte {
	//= RFC 2104 §2
	var outer [sha256.BlockSize + sha256.Size]byte
	inner := make([]byte, sha256.BlockSize, sha256.BlockSize+len(sealed))
	copy(inner, k.macKey())
	copy(outer[:], k.macKey())
	for i := range inner {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	sum := sha256.Sum256(append(inner, sealed...))
	copy(outer[sha256.BlockSize:], sum[:])
	sum = sha256.Sum256(outer[:])
	return append(dst, sum[:]...)
}

func (k *TicketKey) block() cipher.Block {
	b, err := aes.NewCipher(k.aesKey())
	if err != nil {
		panic("session: AES refuses a 16-byte key: " + err.Error())
	}
	return b
}
