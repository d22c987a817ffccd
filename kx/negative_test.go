package kx_test

import (
	"bytes"
	"errors"
	"math/big"
	"slices"
	"testing"

	"tacet/kx"
)

// littleEndian returns n in size bytes.
func littleEndian(n *big.Int, size int) []byte {
	b := n.FillBytes(make([]byte, size))
	slices.Reverse(b)
	return b
}

func pow2(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n) }

// prime25519 is 2^255-19, prime448 is 2^448-2^224-1.
var (
	prime25519 = new(big.Int).Sub(pow2(255), big.NewInt(19))
	prime448   = new(big.Int).Sub(new(big.Int).Sub(pow2(448), pow2(224)), big.NewInt(1))
)

// lowOrder25519 holds every encoding of a u-coordinate of small order, on the
// curve and its twist, with the top bit clear.
func lowOrder25519(t *testing.T) [][]byte {
	p := prime25519
	list := [][]byte{
		unhex(t, "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
		unhex(t, "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
	}
	for _, n := range []*big.Int{big.NewInt(0), big.NewInt(1), new(big.Int).Sub(p, big.NewInt(1)), p, new(big.Int).Add(p, big.NewInt(1))} {
		list = append(list, littleEndian(n, 32))
	}
	return list
}

// An input that would make the secret all zeros is refused by both sides, alone
// and as part of a hybrid.
func TestLowOrder25519(t *testing.T) {
	//= RFC 9846 §7.4.2 type=test
	for _, u := range lowOrder25519(t) {
		for _, top := range []byte{0, 0x80} {
			u := bytes.Clone(u)
			u[31] |= top
			wantRefused(t, kx.ByID(kx.X25519), u, kx.KindPoint)
			wantHybridRefused(t, kx.ByID(kx.X25519MLKEM768), func(share []byte) { copy(share[len(share)-32:], u) })
		}
	}
}

func TestLowOrder448(t *testing.T) {
	//= RFC 9846 §7.4.2 type=test
	for _, n := range []*big.Int{big.NewInt(0), big.NewInt(1), new(big.Int).Sub(prime448, big.NewInt(1)),
		prime448, new(big.Int).Add(prime448, big.NewInt(1))} {
		wantRefused(t, kx.ByID(kx.X448), littleEndian(n, 56), kx.KindPoint)
	}
}

// wantHybridRefused spoils good shares of both sides and checks that each is refused.
func wantHybridRefused(t *testing.T, g kx.Group, spoil func(share []byte)) {
	t.Helper()
	s, offer := initiate(t, g)
	share, _, err := g.Encapsulate(bytes.Repeat([]byte{0x3c}, g.EncapsulateSeedLen()), offer)
	if err != nil {
		t.Fatal(err)
	}
	spoil(offer)
	spoil(share)
	a, b, err := g.Encapsulate(draw(g.EncapsulateSeedLen()), offer)
	wantKind(t, err, g, kx.KindPoint)
	c, err := s.Decapsulate(share)
	wantKind(t, err, g, kx.KindPoint)
	if a != nil || b != nil || c != nil {
		t.Fatal("a refused share left something")
	}
}

// A u-coordinate above the prime counts modulo the prime, and X25519 drops the
// top bit (RFC 7748 §5).
func TestNonCanonical(t *testing.T) {
	for _, tt := range []struct {
		group kx.ID
		prime *big.Int
		max   int64 // the largest k with prime+k encodable
		top   byte
	}{{kx.X25519, prime25519, 18, 0x80}, {kx.X448, prime448, 40, 0}} {
		g := kx.ByID(tt.group)
		s, _ := initiate(t, g)
		for k := int64(2); k <= tt.max; k++ {
			plain := littleEndian(big.NewInt(k), g.InitiatorShareLen())
			want, err := s.Decapsulate(plain)
			if err != nil {
				t.Fatalf("u=%d: %v", k, err)
			}
			above := littleEndian(new(big.Int).Add(tt.prime, big.NewInt(k)), g.InitiatorShareLen())
			for _, u := range [][]byte{plain, above} {
				u[len(u)-1] |= tt.top
				got, err := s.Decapsulate(u)
				if err != nil {
					t.Fatalf("%x: %v", u, err)
				}
				wantEqual(t, "secret", got, want)
			}
		}
	}
}

// weierstrass are the parameters of the NIST curves, from SP 800-186.
var weierstrass = []struct {
	group    kx.ID
	size     int
	p, n     *big.Int
	hybrids  []kx.ID // that begin with a point of the curve
	scalarOK int     // bits of a scalar's first byte
}{
	{kx.P256, 32, fromHex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"),
		fromHex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"), []kx.ID{kx.SecP256r1MLKEM768}, 8},
	{kx.P384, 48, fromHex("fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff"),
		fromHex("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"), []kx.ID{kx.SecP384r1MLKEM1024}, 8},
	{kx.P521, 66, new(big.Int).Sub(pow2(521), big.NewInt(1)),
		fromHex("01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"), nil, 1},
}

func fromHex(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 16)
	if !ok {
		panic(s)
	}
	return n
}

// badPoints spoils a good uncompressed point x, y in every way that keeps its length.
func badPoints(p *big.Int, size int, good []byte) map[string][]byte {
	x, y := new(big.Int).SetBytes(good[1:1+size]), new(big.Int).SetBytes(good[1+size:])
	max := new(big.Int).Sub(pow2(uint(8*size)), big.NewInt(1))
	point := func(form byte, x, y *big.Int) []byte {
		b := make([]byte, 1+2*size)
		b[0] = form
		x.FillBytes(b[1 : 1+size])
		y.FillBytes(b[1+size:])
		return b
	}
	zero, one := new(big.Int), big.NewInt(1)
	bad := map[string][]byte{
		"y off by one":        point(4, x, new(big.Int).Xor(y, one)),
		"x off by one":        point(4, new(big.Int).Xor(x, one), y),
		"swapped":             point(4, y, x),
		"(0,0)":               point(4, zero, zero),
		"(0,1)":               point(4, zero, one),
		"(p,p)":               point(4, p, p),
		"all ones":            point(4, max, max),
		"y is p":              point(4, x, p),
		"infinity, padded":    point(0, zero, zero),
		"form 0":              point(0, x, y),
		"form 1":              point(1, x, y),
		"compressed, padded":  point(2|byte(y.Bit(0)), x, zero),
		"compressed form, y":  point(2|byte(y.Bit(0)), x, y),
		"hybrid form":         point(6|byte(y.Bit(0)), x, y),
		"hybrid form, parity": point(7^byte(y.Bit(0)), x, y),
		"form 0x84":           point(0x84, x, y),
	}
	if y2 := new(big.Int).Add(y, p); y2.Cmp(max) <= 0 {
		bad["y not reduced"] = point(4, x, y2)
	}
	if x2 := new(big.Int).Add(x, p); x2.Cmp(max) <= 0 {
		bad["x not reduced"] = point(4, x2, y)
	}
	return bad
}

func TestBadPoints(t *testing.T) {
	//= RFC 9846 §4.3.8.2 type=test
	for _, c := range weierstrass {
		g := kx.ByID(c.group)
		_, good := initiate(t, g)
		for name, share := range badPoints(c.p, c.size, good) {
			t.Run(g.Name()+"/"+name, func(t *testing.T) {
				wantRefused(t, g, share, kx.KindPoint)
				for _, h := range c.hybrids {
					wantHybridRefused(t, kx.ByID(h), func(s []byte) { copy(s, share) })
				}
			})
		}
		for name, share := range map[string][]byte{
			"empty":       {},
			"infinity":    {0},
			"compressed":  append([]byte{2 | good[len(good)-1]&1}, good[1:1+c.size]...),
			"truncated":   good[:len(good)-1],
			"padded":      append(bytes.Clone(good), 0),
			"padded left": append([]byte{0}, good...),
		} {
			t.Run(g.Name()+"/"+name, func(t *testing.T) { wantRefused(t, g, share, kx.KindLength) })
		}
	}
}

// A seed that is no scalar is refused, never reduced; unused bits of P-521's
// first byte are dropped so that seeds are refused as seldom as elsewhere.
func TestSeedRange(t *testing.T) {
	for _, c := range weierstrass {
		g := kx.ByID(c.group)
		_, offer := initiate(t, g)
		for _, tt := range []struct {
			name string
			seed *big.Int
			ok   bool
		}{
			{"0", new(big.Int), false},
			{"1", big.NewInt(1), true},
			{"n-1", new(big.Int).Sub(c.n, big.NewInt(1)), true},
			{"n", c.n, false},
			{"n+1", new(big.Int).Add(c.n, big.NewInt(1)), false},
			{"ones", new(big.Int).Sub(pow2(uint(8*c.size)), big.NewInt(1)), false},
		} {
			seed := tt.seed.FillBytes(make([]byte, c.size))
			_, err := g.Generate(seed)
			_, _, err2 := g.Encapsulate(seed, offer)
			for _, err := range []error{err, err2} {
				if tt.ok && err != nil {
					t.Errorf("%v, seed %s: %v", c.group, tt.name, err)
				}
				if !tt.ok {
					wantKind(t, err, g, kx.KindSeed)
					if !errors.Is(err, kx.ErrSeed) {
						t.Errorf("%v does not ask for another seed", err)
					}
				}
			}
			checkHybridSeeds(t, c.hybrids, seed, tt.ok)
		}
	}
	g := kx.ByID(kx.P521)
	low, high := bytes.Repeat([]byte{1}, 66), bytes.Repeat([]byte{1}, 66)
	high[0] = 0xff
	wantEqual(t, "masked", mustGenerate(t, g, high).AppendShare(nil), mustGenerate(t, g, low).AppendShare(nil))
}

// checkHybridSeeds puts scalar in front of a good seed for the rest.
func checkHybridSeeds(t *testing.T, hybrids []kx.ID, scalar []byte, ok bool) {
	t.Helper()
	for _, id := range hybrids {
		h := kx.ByID(id)
		_, offer := initiate(t, h)
		_, err := h.Generate(append(bytes.Clone(scalar), make([]byte, h.SeedLen()-len(scalar))...))
		_, _, err2 := h.Encapsulate(append(bytes.Clone(scalar), make([]byte, h.EncapsulateSeedLen()-len(scalar))...), offer)
		for _, err := range []error{err, err2} {
			if ok && err != nil {
				t.Error(err)
			}
			if !ok {
				wantKind(t, err, h, kx.KindSeed)
			}
		}
	}
}

// Leading zeros of a secret stay: one in 256 has some, and all have full length.
func TestLeadingZeros(t *testing.T) {
	for g := range kx.All() {
		if g.MinTLS13() || g.Bits() > 2048 { // larger fields differ in nothing but time
			continue
		}
		_, offer := initiate(t, g)
		seed := make([]byte, g.EncapsulateSeedLen())
		for i := 0; ; i++ {
			seed[8], seed[9] = byte(i>>8)+1, byte(i)
			_, shared, err := g.Encapsulate(seed, offer)
			if err != nil {
				t.Fatal(err)
			}
			if len(shared) != g.SharedLen() {
				t.Fatalf("%v: %d bytes", g.ID(), len(shared))
			}
			if shared[0] == 0 {
				break
			}
			if i > 5000 {
				t.Fatalf("%v: no leading zero in %d secrets", g.ID(), i)
			}
		}
	}
}

// An encapsulation key with a coefficient of 3329 or more fails the modulus check
// of FIPS 203 §7.2.
func TestUnreducedEncapsulationKey(t *testing.T) {
	for _, tt := range []struct {
		group kx.ID
		at, n int // where the coefficients lie
	}{
		{kx.X25519MLKEM768, 0, 3 * 384},
		{kx.SecP256r1MLKEM768, 65, 3 * 384},
		{kx.SecP384r1MLKEM1024, 97, 4 * 384},
	} {
		g := kx.ByID(tt.group)
		_, offer := initiate(t, g)
		for at := 0; at < tt.n; at += 3 * 16 {
			for _, spoil := range []func(b []byte){
				func(b []byte) { b[0], b[1] = 0x01, b[1]&0xf0|0x0d }, // 3329 in the low twelve bits
				func(b []byte) { b[1], b[2] = b[1]&0x0f|0x10, 0xd0 }, // 3329 in the high twelve bits
				func(b []byte) { b[1], b[2] = b[1]|0xf0, 0xff },      // 4095
			} {
				share := bytes.Clone(offer)
				spoil(share[tt.at+at:])
				_, _, err := g.Encapsulate(draw(g.EncapsulateSeedLen()), share)
				wantKindOrSeed(t, err, g, kx.KindPoint)
			}
		}
	}
}

// wantKindOrSeed is wantKind where a random seed may be refused first.
func wantKindOrSeed(t *testing.T, err error, g kx.Group, kind kx.Kind) {
	t.Helper()
	if !errors.Is(err, kx.ErrSeed) {
		wantKind(t, err, g, kind)
	}
}

// A forged ciphertext is not an error but another secret (implicit rejection).
func TestForgedCiphertext(t *testing.T) {
	for id, at := range ciphertextAt {
		g := kx.ByID(id)
		s, offer := initiate(t, g)
		share, shared, err := g.Encapsulate(bytes.Repeat([]byte{0x3c}, g.EncapsulateSeedLen()), offer)
		if err != nil {
			t.Fatal(err)
		}
		for _, bit := range []int{at, at + 500, at + 1087} {
			forged := bytes.Clone(share)
			forged[bit] ^= 4
			got, err := s.Decapsulate(forged)
			if err != nil || len(got) != g.SharedLen() || bytes.Equal(got, shared) {
				t.Errorf("%v: %x, %v", id, got, err)
			}
		}
	}
}
