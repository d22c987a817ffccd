package kx_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tacet/kx"
)

// rational is floor(2^bits * c) of a constant given by a series with guard bits.
func rational(bits uint, series func(one *big.Int) *big.Int) *big.Int {
	const guard = 64
	one := new(big.Int).Lsh(big.NewInt(1), bits+guard)
	return new(big.Int).Rsh(series(one), guard)
}

func seriesE(one *big.Int) *big.Int {
	sum, term := new(big.Int), new(big.Int).Set(one)
	for n := int64(1); term.Sign() > 0; n++ {
		sum.Add(sum, term)
		term.Div(term, big.NewInt(n))
	}
	return sum
}

func arctan(one *big.Int, x int64) *big.Int { // of 1/x
	term := new(big.Int).Div(one, big.NewInt(x))
	sum := new(big.Int).Set(term)
	for n, sign := int64(3), int64(-1); term.Sign() > 0; n, sign = n+2, -sign {
		term.Div(term, big.NewInt(x*x))
		sum.Add(sum, new(big.Int).Div(term, big.NewInt(sign*n)))
	}
	return sum
}

func seriesPi(one *big.Int) *big.Int { // Machin
	sum := new(big.Int).Mul(arctan(one, 5), big.NewInt(4))
	sum.Sub(sum, arctan(one, 239))
	return sum.Mul(sum, big.NewInt(4))
}

// TestPrimesByFormula: 2^b - 2^(b-64) + (floor(2^(b-130) c) + X) 2^64 - 1.
func TestPrimesByFormula(t *testing.T) {
	//= RFC 7919 §A type=test
	//= RFC 3526 §2 type=test
	for _, tt := range []struct {
		g      kx.Group
		bits   uint
		x      int64
		series func(*big.Int) *big.Int
	}{
		{kx.ByID(kx.FFDHE2048), 2048, 560316, seriesE}, {kx.ByID(kx.FFDHE3072), 3072, 2625351, seriesE},
		{kx.ByID(kx.FFDHE4096), 4096, 5736041, seriesE}, {kx.ByID(kx.FFDHE6144), 6144, 15705020, seriesE},
		{kx.ByID(kx.FFDHE8192), 8192, 10965728, seriesE},
		{kx.AutoDH(1024), 1024, 129093, seriesPi}, {kx.AutoDH(2048), 2048, 124476, seriesPi},
		{kx.AutoDH(3072), 3072, 1690314, seriesPi}, {kx.AutoDH(4096), 4096, 240904, seriesPi}, {kx.AutoDH(7680), 8192, 4743158, seriesPi},
	} {
		one := big.NewInt(1)
		want := new(big.Int).Lsh(one, tt.bits)
		want.Sub(want, new(big.Int).Lsh(one, tt.bits-64))
		middle := rational(tt.bits-130, tt.series)
		middle.Add(middle, big.NewInt(tt.x))
		want.Add(want, middle.Lsh(middle, 64))
		want.Sub(want, one)
		p, g := kx.DHParams(tt.g)
		if new(big.Int).SetBytes(p).Cmp(want) != 0 || !bytes.Equal(g, []byte{2}) {
			t.Errorf("%s of %d bits is not its RFC's", tt.g.Name(), tt.bits)
		}
		if !testing.Short() && tt.bits <= 3072 {
			q := new(big.Int).Rsh(want, 1)
			if !want.ProbablyPrime(2) || !q.ProbablyPrime(2) {
				t.Errorf("%d bits: no safe prime", tt.bits)
			}
		}
	}
}

func TestDHParamsOfCurves(t *testing.T) {
	for g := range kx.All() {
		if p, _ := kx.DHParams(g); (p != nil) != (g.Type() == "DH") {
			t.Errorf("%s: p of %d bytes", g.Name(), len(p))
		}
	}
}

// TestFieldRefuses: shares outside 2…p-2 (RFC 7919 §5.1).
func TestFieldRefuses(t *testing.T) {
	p, g := kx.DHParams(kx.ByID(kx.FFDHE2048))
	custom, err := kx.NewDH(p, g)
	if err != nil {
		t.Fatal(err)
	}
	prime := new(big.Int).SetBytes(p)
	number := func(n *big.Int) []byte { return n.FillBytes(make([]byte, len(p))) }
	for _, group := range []kx.Group{kx.ByID(kx.FFDHE2048), custom} {
		secret := mustGenerate(t, group, bytes.Repeat([]byte{7}, group.SeedLen()))
		for _, tt := range []struct {
			name  string
			share []byte
			kind  kx.Kind
		}{
			{"0", number(new(big.Int)), kx.KindPoint},
			{"1", number(big.NewInt(1)), kx.KindPoint},
			{"2", number(big.NewInt(2)), 0},
			{"p-2", number(new(big.Int).Sub(prime, big.NewInt(2))), 0},
			{"p-1", number(new(big.Int).Sub(prime, big.NewInt(1))), kx.KindPoint},
			{"p", number(prime), kx.KindPoint},
			{"all ones", bytes.Repeat([]byte{255}, len(p)), kx.KindPoint},
			{"short", p[1:], kx.KindLength},
			{"long", append([]byte{0}, number(big.NewInt(4))...), kx.KindLength},
			{"empty", nil, kx.KindLength},
		} {
			_, err := secret.Decapsulate(tt.share)
			_, _, err2 := group.Encapsulate(bytes.Repeat([]byte{9}, group.EncapsulateSeedLen()), tt.share)
			for _, err := range []error{err, err2} {
				if (err == nil) != (tt.kind == 0) || err != nil && !errors.Is(err, &kx.Error{Kind: tt.kind}) {
					t.Errorf("%s, share %s: %v", group.Name(), tt.name, err)
				}
			}
		}
	}
}

// TestSmallSubgroup: a made-up group with a subgroup of order 3 gives no secret of it.
func TestSmallSubgroup(t *testing.T) {
	// p = 6k+1 for some prime p: y = a^((p-1)/3) has order 3, and a share of y in
	// such a group confines the secret to {1, y, y^2}: only 1 can be told.
	p, ok := new(big.Int).SetString(testPrime, 16)
	third, rest := new(big.Int).DivMod(new(big.Int).Sub(p, big.NewInt(1)), big.NewInt(3), new(big.Int))
	if !ok || rest.Sign() != 0 || !p.ProbablyPrime(5) {
		t.Fatal("the test's prime is none of the form 6k+1")
	}
	y := new(big.Int).Exp(big.NewInt(2), third, p)
	group, err := kx.NewDH(p.Bytes(), []byte{5})
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range 30 {
		seed := bytes.Repeat([]byte{byte(i + 1)}, group.SeedLen())
		if _, _, err := group.Encapsulate(seed, y.FillBytes(make([]byte, len(p.Bytes())))); err != nil {
			refused++
		}
	}
	if refused == 0 || refused == 30 {
		t.Errorf("%d of 30 secrets refused; about a third are 1", refused)
	}
}

// testPrime is the largest prime of 520 bits that is one more than a multiple of 6.
const testPrime = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" +
	"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffcf7"

func TestNewDHRefuses(t *testing.T) {
	p, g := kx.DHParams(kx.ByID(kx.FFDHE2048))
	even := bytes.Clone(p)
	even[len(even)-1] &= 0xfe
	less := bytes.Clone(p)
	less[len(less)-1]--
	for _, tt := range []struct {
		name string
		p, g []byte
	}{
		{"even", even, g}, {"empty", nil, g}, {"one", []byte{1}, g}, {"generator 0", p, nil}, {"generator 1", p, []byte{1}},
		{"generator p-1", p, less}, {"generator p", p, p}, {"511 bits", append([]byte{0x7f}, bytes.Repeat([]byte{0xff}, 63)...), g},
		{"8193 bits", append([]byte{1}, bytes.Repeat([]byte{0xff}, 1024)...), g},
	} {
		if _, err := kx.NewDH(tt.p, tt.g); !errors.Is(err, &kx.Error{Kind: kx.KindGroup}) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if got, err := kx.NewDH(append([]byte{0, 0}, p...), append([]byte{0}, g...)); err != nil || got.Bits() != 2048 || got.ID() != 0 {
		t.Errorf("leading zeros: %v %v", got, err)
	}
}

// TestNewDHKnowsItsPrimes: a server's parameters are mostly those of an RFC, whose
// primes allow short exponents; others get longer ones, within a bound.
func TestNewDHKnowsItsPrimes(t *testing.T) {
	groups := []kx.Group{kx.AutoDH(1024), kx.AutoDH(2048), kx.AutoDH(3072), kx.AutoDH(4096), kx.AutoDH(8192)}
	for _, id := range []kx.ID{kx.FFDHE2048, kx.FFDHE3072, kx.FFDHE4096, kx.FFDHE6144, kx.FFDHE8192} {
		groups = append(groups, kx.ByID(id))
	}
	for _, known := range groups {
		p, g := kx.DHParams(known)
		got, err := kx.NewDH(p, g)
		if err != nil || got.SeedLen() != known.SeedLen() || got.SeedLen() > 64 {
			t.Errorf("%s: exponents of %d bytes, not %d: %v", known.Name(), got.SeedLen(), known.SeedLen(), err)
		}
		other, err := kx.NewDH(p, []byte{5})
		if err != nil || other.SeedLen() != min(len(p), 128) {
			t.Errorf("%s with another generator: exponents of %d bytes: %v", known.Name(), other.SeedLen(), err)
		}
	}
}

// TestFieldAgreesWithNode: an agreement with OpenSSL's, by node, in both roles.
func TestFieldAgreesWithNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	custom, err := kx.NewDH(bytes.Clone(mustHex(t, testPrime)), []byte{5})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range []kx.Group{kx.ByID(kx.FFDHE2048), kx.ByID(kx.FFDHE3072), kx.AutoDH(2048), custom} {
		p, gen := kx.DHParams(g)
		seed, eseed := make([]byte, g.SeedLen()), make([]byte, g.EncapsulateSeedLen())
		rand.Read(seed)
		rand.Read(eseed)
		secret := mustGenerate(t, g, seed)
		script := `const d=require("crypto").createDiffieHellman(Buffer.from(process.argv[1],"hex"),Buffer.from(process.argv[2],"hex"));
d.generateKeys();console.log(d.getPublicKey("hex"));console.log(d.computeSecret(Buffer.from(process.argv[3],"hex")).toString("hex"))`
		out, err := exec.Command(node, "-e", script, hex.EncodeToString(p), hex.EncodeToString(gen), hex.EncodeToString(secret.AppendShare(nil))).Output()
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Fields(string(out))
		peer := padded(mustHex(t, lines[0]), len(p))
		shared, err := secret.Decapsulate(peer)
		if err != nil || !bytes.Equal(shared, padded(mustHex(t, lines[1]), len(p))) {
			t.Errorf("%s of %d bits: %x %v, node has %s", g.Name(), g.Bits(), shared, err, lines[1])
		}
	}
}

func padded(b []byte, n int) []byte { return append(make([]byte, n-len(b)), b...) }

func mustHex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The files were made by "openssl dhparam 512", "openssl dhparam -dsaparam 1024"
// and "openssl genpkey -genparam -algorithm DHX" of OpenSSL 3.0.
func TestParseDHParams(t *testing.T) {
	for name, bits := range map[string]int{"dh512.pem": 512, "dsa1024.pem": 1024, "x942.pem": 2048} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		g, err := kx.ParseDHParams(text)
		if err != nil || g.Bits() != bits {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p, _ := kx.DHParams(g); new(big.Int).SetBytes(p).ProbablyPrime(4) == false {
			t.Errorf("%s: not a prime", name)
		}
	}
	for name, text := range map[string]string{
		"nothing": "", "another block": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"no DER":     "-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n",
		"negative":   "-----BEGIN DH PARAMETERS-----\nMAYCAf8CAQI=\n-----END DH PARAMETERS-----\n",
		"too small":  "-----BEGIN DH PARAMETERS-----\nMAYCARcCAQU=\n-----END DH PARAMETERS-----\n",
		"rest":       "-----BEGIN DH PARAMETERS-----\nMAYCARcCAQUA\n-----END DH PARAMETERS-----\n",
		"half X9.42": "-----BEGIN X9.42 DH PARAMETERS-----\nMAYCARcCAQU=\n-----END X9.42 DH PARAMETERS-----\n",
	} {
		if g, err := kx.ParseDHParams([]byte(text)); err == nil {
			t.Errorf("%s: %v", name, g)
		}
	}
}

func FuzzParseDHParams(f *testing.F) {
	for _, name := range []string{"dh512.pem", "x942.pem"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		g, err := kx.ParseDHParams(text)
		if err == nil && (g.Bits() < kx.MinDHBits || g.Bits() > kx.MaxDHBits) {
			t.Errorf("a group of %d bits", g.Bits())
		}
	})
}

// TestPermitted: the levels of "openssl ciphers -s @SECLEVEL=n" and SSL_set1_groups.
func TestPermitted(t *testing.T) {
	for id, most := range map[kx.ID]int{
		kx.P256: 3, kx.X25519: 3, kx.X448: 4, kx.P384: 4, kx.P521: 5, kx.FFDHE2048: 2, kx.FFDHE3072: 3, kx.FFDHE4096: 3, kx.FFDHE8192: 4,
		kx.X25519MLKEM768: 4, kx.SecP256r1MLKEM768: 4, kx.SecP384r1MLKEM1024: 5,
	} {
		for level := range 6 {
			if got := kx.ByID(id).Permitted(level); got != (level <= most) {
				t.Errorf("%v at level %d: %v", id, level, got)
			}
		}
	}
}
