package main

import (
	"math/big"
	"math/rand/v2"

	"tacet/kx"
)

func sizedSeed(n int, last byte) []byte {
	b := make([]byte, n)
	b[n-1] = last
	return b
}

// dhSubjects: the private exponent, of which the fixed one is tiny. The control is
// what big numbers of no constant time make of it.
func dhSubjects() []subject {
	group := kx.ByID(kx.FFDHE2048)
	secret, err := group.Generate(sizedSeed(group.SeedLen(), 5))
	if err != nil {
		panic(err)
	}
	peer := secret.AppendShare(nil)
	p, _ := kx.DHParams(group)
	prime, base := new(big.Int).SetBytes(p), new(big.Int).SetBytes(peer)
	naive := func(seed []byte) { new(big.Int).Exp(base, new(big.Int).SetBytes(seed), prime) }
	ours := func(seed []byte) {
		if _, _, err := group.Encapsulate(seed, peer); err != nil {
			panic(err)
		}
	}
	return []subject{
		{name: "control, naive DH: the private exponent", control: true, n: 10_000, prepare: exponents(naive)},
		{name: "ffdhe2048: the private exponent", n: 10_000, prepare: exponents(ours)},
	}
}

// exponents are tiny or random.
func exponents(run func(seed []byte)) func(rnd *rand.Rand) trial {
	n := kx.ByID(kx.FFDHE2048).EncapsulateSeedLen()
	return func(rnd *rand.Rand) trial {
		b := &box{rnd: rnd}
		return trial{run: run, input: func(class int) []byte {
			if class == 0 {
				return sizedSeed(n, 3)
			}
			return b.random(n)
		}}
	}
}
