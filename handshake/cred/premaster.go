package cred

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/subtle"
	"crypto/x509"
	"errors"

	"filippo.io/bigmod"

	"tacet/record"
)

// PremasterLen is the length of the premaster secret of RSA key exchange, in bytes.
const PremasterLen = 48

// Encrypts reports whether RSA key exchange may encrypt to a certificate: its key
// is a plain RSA key, and its key usage, if it says any, has keyEncipherment.
func Encrypts(leaf *x509.Certificate) bool {
	//= RFC 5246 §7.4.2
	_, plain := PublicKey(leaf).(*rsa.PublicKey)
	return plain && AllowsKey(leaf, x509.KeyUsageKeyEncipherment)
}

// DecryptPremaster decrypts the premaster secret of a ClientKeyExchange. v is the
// version that the ClientHello offered, with which the secret has to begin. If
// anything is wrong with the ciphertext, its padding, the length or the version of
// what is in it, the result is random, which the caller has drawn afresh; nothing but
// the result tells, in the same time for keys of the standard library (RFC 5246
// §7.4.7.1). A Decrypter of another kind is given PKCS1v15DecryptOptions with a
// SessionKeyLen, and random to read, and has itself to see to its time.
func DecryptPremaster(key crypto.Decrypter, v record.Version, ciphertext []byte, random *[PremasterLen]byte) [PremasterLen]byte {
	//= RFC 5246 §7.4.7.1
	secret := *random
	good := 1
	if own, ok := key.(*rsa.PrivateKey); ok {
		// Bad padding leaves secret as it is; only a length that anybody can see is an error.
		//lint:ignore SA1019 RSA key exchange has no other (RFC 5246 §7.4.7.1)
		_ = rsa.DecryptPKCS1v15SessionKey(nil, own, ciphertext, secret[:])
	} else {
		//lint:ignore SA1019 RSA key exchange has no other (RFC 5246 §7.4.7.1)
		plain, err := key.Decrypt(bytes.NewReader(random[:]), ciphertext, &rsa.PKCS1v15DecryptOptions{SessionKeyLen: PremasterLen})
		if err != nil || len(plain) != PremasterLen {
			plain = random[:]
		}
		copy(secret[:], plain)
	}
	good &= subtle.ConstantTimeByteEq(secret[0], byte(v>>8))
	good &= subtle.ConstantTimeByteEq(secret[1], byte(v))
	result := *random
	subtle.ConstantTimeCopy(good, result[:], secret[:])
	return result
}

// paddingSlack is how many drawn bytes there are beyond the padding, for the zeros
// among them: more than that many in 500 are as likely as a guessed key.
const paddingSlack = 64

// EncryptSeedLen is how many uniform bytes EncryptPremaster wants for a key.
func EncryptSeedLen(pub *rsa.PublicKey) int { return max(pub.Size()-PremasterLen-3, 0) + paddingSlack }

// EncryptPremaster encrypts a premaster secret with padding of PKCS #1 v1.5 that
// it takes from seed, of EncryptSeedLen bytes. Neither is kept. The error tells of
// a key that is too short, or that is none.
func EncryptPremaster(pub *rsa.PublicKey, seed []byte, premaster *[PremasterLen]byte) ([]byte, error) {
	//= RFC 8017 §7.2.1
	size := pub.Size()
	switch {
	case size < PremasterLen+11:
		return nil, errors.New("cred: RSA key is too short for a premaster secret")
	case pub.N.Bit(0) == 0: // a certificate may hold any number, and encryptRaw panics
		return nil, errors.New("cred: RSA modulus is even")
	}
	block := make([]byte, 2, size)
	block[1] = 2
	for _, b := range seed {
		if b != 0 && len(block) < size-PremasterLen-1 {
			block = append(block, b)
		}
	}
	if len(block) < size-PremasterLen-1 {
		return nil, errors.New("cred: too many zeros in the seed of RSA padding")
	}
	block = append(append(block, 0), premaster[:]...)
	defer clear(block)
	return encryptRaw(pub, block)
}

// encryptRaw is RSAEP (RFC 8017 §5.1.1) in a time that tells nothing of m.
func encryptRaw(pub *rsa.PublicKey, m []byte) ([]byte, error) {
	mod, err := bigmod.NewModulus(pub.N.Bytes())
	if err != nil {
		return nil, err
	}
	n, err := bigmod.NewNat().SetBytes(m, mod)
	if err != nil {
		return nil, err
	}
	return bigmod.NewNat().ExpShortVarTime(n, uint(pub.E), mod).Bytes(mod), nil // the time tells E
}
