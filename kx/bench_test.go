package kx_test

import (
	"bytes"
	"crypto/mlkem"
	"crypto/rand"
	"testing"

	"tacet/kx"
)

func BenchmarkGenerate(b *testing.B) {
	for g := range kx.All() {
		b.Run(g.Name(), func(b *testing.B) {
			seed, share := constant(g.SeedLen()), make([]byte, 0, g.InitiatorShareLen())
			b.ReportAllocs()
			for b.Loop() {
				share = mustGenerate(b, g, seed).AppendShare(share[:0])
			}
		})
	}
}

func BenchmarkEncapsulate(b *testing.B) {
	for g := range kx.All() {
		b.Run(g.Name(), func(b *testing.B) {
			_, offer := initiate(b, g)
			seed := constant(g.EncapsulateSeedLen())
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := g.Encapsulate(seed, offer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecapsulate(b *testing.B) {
	for g := range kx.All() {
		b.Run(g.Name(), func(b *testing.B) {
			s, offer := initiate(b, g)
			share, _, err := g.Encapsulate(constant(g.EncapsulateSeedLen()), offer)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Decapsulate(share); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStandardLibrary is the yardstick: the same three steps by crypto/ecdh
// and crypto/mlkem, for the curves and for ML-KEM-768 alone.
func BenchmarkStandardLibrary(b *testing.B) {
	for id, curve := range stdlib {
		k, _ := curve.GenerateKey(rand.Reader)
		public := k.PublicKey().Bytes()
		b.Run("Generate/"+id.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				k, _ := curve.GenerateKey(rand.Reader)
				k.PublicKey().Bytes()
			}
		})
		b.Run("Encapsulate/"+id.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				reference(b, curve, constant(len(k.Bytes())), public)
			}
		})
	}
	dk, _ := mlkem.NewDecapsulationKey768(constant(64))
	_, c := dk.EncapsulationKey().Encapsulate()
	b.Run("Generate/ML-KEM-768", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			dk, _ := mlkem.NewDecapsulationKey768(constant(64))
			dk.EncapsulationKey().Bytes()
		}
	})
	b.Run("Encapsulate/ML-KEM-768", func(b *testing.B) {
		public := dk.EncapsulationKey().Bytes()
		b.ReportAllocs()
		for b.Loop() {
			ek, _ := mlkem.NewEncapsulationKey768(public)
			ek.Encapsulate()
		}
	})
	b.Run("Decapsulate/ML-KEM-768", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			dk.Decapsulate(bytes.Clone(c))
		}
	})
}
