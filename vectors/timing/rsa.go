package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	mrand "math/rand/v2"
	"slices"

	"tacet/handshake/cred"
	"tacet/handshake/keys"
	"tacet/record"
)

// vault is an RSA key and what is encrypted to it.
type vault struct {
	key *rsa.PrivateKey
	rnd *mrand.Rand
}

func newVault(rnd *mrand.Rand) *vault {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return &vault{key, rnd}
}

func (v *vault) random(n int) []byte { return (&box{rnd: v.rnd}).random(n) }

// premaster is the ciphertext of a premaster secret of a version.
func (v *vault) premaster(version record.Version) []byte {
	secret := [cred.PremasterLen]byte(v.random(cred.PremasterLen))
	secret[0], secret[1] = byte(version>>8), byte(version)
	out, err := cred.EncryptPremaster(&v.key.PublicKey, v.random(cred.EncryptSeedLen(&v.key.PublicKey)), &secret)
	if err != nil {
		panic(err)
	}
	return out
}

// noise is a ciphertext of no padding at all.
func (v *vault) noise() []byte {
	n := new(big.Int).SetBytes(v.random(v.key.Size()))
	return n.Mod(n, v.key.N).FillBytes(make([]byte, v.key.Size()))
}

// padded is the ciphertext of good padding around a secret of another length.
func (v *vault) padded(length int) []byte {
	//lint:ignore SA1019 RSA key exchange has no other (RFC 5246 §7.4.7.1)
	out, err := rsa.EncryptPKCS1v15(rand.Reader, &v.key.PublicKey, v.random(length))
	if err != nil {
		panic(err)
	}
	return out
}

// exchange is what a server does with a ciphertext: whatever it holds, there is a master secret.
func (v *vault) exchange() func(in []byte) {
	var random [cred.PremasterLen]byte
	seed := make([]byte, 32)
	return func(in []byte) {
		secret := cred.DecryptPremaster(v.key, record.TLS12, in, &random)
		keys.NewMaster(keys.SHA256, secret[:], seed, seed)
	}
}

// naive goes on with good padding only: the oracle of Bleichenbacher.
func (v *vault) naive() func(in []byte) {
	seed := make([]byte, 32)
	return func(in []byte) {
		//lint:ignore SA1019 RSA key exchange has no other (RFC 5246 §7.4.7.1)
		secret, err := rsa.DecryptPKCS1v15(nil, v.key, in)
		if err != nil || len(secret) != cred.PremasterLen {
			return
		}
		for range 40 { // as long as the rest of a handshake takes, from the master secret on
			keys.NewMaster(keys.SHA256, secret, seed, seed)
		}
		sha256.Sum256(secret)
	}
}

func rsaSubjects() (list []subject) {
	add := func(name string, control bool, run func(v *vault) func([]byte), random func(v *vault) []byte) {
		list = append(list, subject{name: name, control: control, n: 20_000, prepare: func(rnd *mrand.Rand) trial {
			v := newVault(rnd)
			fixed := v.premaster(record.TLS12)
			return trial{run: run(v), input: func(class int) []byte {
				if class == 0 {
					return slices.Clone(fixed)
				}
				return random(v)
			}}
		}})
	}
	add("control, naive RSA: whether the padding is bad", true, (*vault).naive, (*vault).noise)
	add("RSA: which good ciphertext it is", false, (*vault).exchange, func(v *vault) []byte { return v.premaster(record.TLS12) })
	add("RSA: whether the padding is bad", false, (*vault).exchange, (*vault).noise)
	add("RSA: whether the version is bad", false, (*vault).exchange, func(v *vault) []byte { return v.premaster(record.TLS10) })
	add("RSA: whether the length is bad", false, (*vault).exchange, func(v *vault) []byte { return v.padded(1 + v.rnd.IntN(100)) })
	return list
}
