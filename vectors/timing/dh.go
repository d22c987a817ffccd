package main

import (
	"math/rand/v2"

	"tacet/kx"
)

func sizedSeed(n int, last byte) []byte {
	b := make([]byte, n)
	b[n-1] = last
	return b
}

// dhSubjects: the private exponent, of which the fixed one is tiny.
func dhSubjects() []subject {
	return []subject{{name: "ffdhe2048: the private exponent", n: 10_000, prepare: func(rnd *rand.Rand) trial {
		g, b := kx.ByID(kx.FFDHE2048), &box{rnd: rnd}
		n := g.EncapsulateSeedLen()
		secret, err := g.Generate(b.random(g.SeedLen()))
		if err != nil {
			panic(err)
		}
		peer := secret.AppendShare(nil)
		return trial{
			run: func(seed []byte) {
				if _, _, err := g.Encapsulate(seed, peer); err != nil {
					panic(err)
				}
			},
			input: func(class int) []byte {
				if class == 0 {
					return sizedSeed(n, 3)
				}
				return b.random(n)
			},
		}
	}}}
}
