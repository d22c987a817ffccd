package kx_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"tacet/kx"
)

// wycheproofDir names the environment variable that holds the directory
// testvectors_v1 of a checkout of Project Wycheproof (github.com/C2SP/wycheproof).
const wycheproofDir = "WYCHEPROOF"

// wycheproofTest has the fields of the schemas that the tests here read.
type wycheproofTest struct {
	TcID                            int
	Flags                           []string
	Result, Public, Private, Shared string
	Seed, EK, C, M, K               string
}

func wycheproof(t *testing.T, file string, f func(t *testing.T, v wycheproofTest)) {
	dir := os.Getenv(wycheproofDir)
	if dir == "" {
		t.Skip("set " + wycheproofDir + " to run Wycheproof's vectors")
	}
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		NumberOfTests int
		TestGroups    []struct{ Tests []wycheproofTest }
	}
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, group := range all.TestGroups {
		for _, v := range group.Tests {
			n++
			f(t, v)
		}
	}
	if n == 0 || n != all.NumberOfTests {
		t.Errorf("%s: ran %d tests of %d", file, n, all.NumberOfTests)
	}
}

// Vectors called acceptable are settled: an all-zero secret and a compressed
// point are refused, all others are taken.
func TestWycheproofCurves(t *testing.T) {
	for file, id := range map[string]kx.ID{
		"x25519_test.json":                 kx.X25519,
		"x448_test.json":                   kx.X448,
		"ecdh_secp256r1_ecpoint_test.json": kx.P256,
		"ecdh_secp384r1_ecpoint_test.json": kx.P384,
		"ecdh_secp521r1_ecpoint_test.json": kx.P521,
	} {
		g := kx.ByID(id)
		t.Run(g.Name(), func(t *testing.T) {
			wycheproof(t, file, func(t *testing.T, v wycheproofTest) {
				scalar, peer, want := wycheproofScalar(t, v.Private, g.SeedLen()), unhex(t, v.Public), unhex(t, v.Shared)
				compressed := len(peer) == 1+g.SharedLen()
				refuse := v.Result == "invalid" || compressed || v.Result == "acceptable" && allZero(want)
				_, shared, err := g.Encapsulate(scalar, peer)
				got, err2 := mustGenerate(t, g, scalar).Decapsulate(peer)
				if refuse != (err != nil) || refuse != (err2 != nil) {
					t.Errorf("tcId %d (%s %v): %v, %v", v.TcID, v.Result, v.Flags, err, err2)
				}
				if !refuse && (!bytes.Equal(shared, want) || !bytes.Equal(got, want)) {
					t.Errorf("tcId %d: %x, %x; want %x", v.TcID, shared, got, want)
				}
			})
		})
	}
}

func allZero(b []byte) bool { return bytes.Count(b, []byte{0}) == len(b) }

// wycheproofScalar brings a number, written with or without leading zeros, to n bytes.
func wycheproofScalar(t *testing.T, s string, n int) []byte {
	b := unhex(t, s)
	if len(b) != n {
		b = bytes.TrimLeft(b, "\x00")
	}
	return append(make([]byte, n-len(b)), b...)
}

// mlkemIn tells where ML-KEM stands in a hybrid: the offsets in seed and shares,
// and a good other half to go with it.
var mlkemIn = map[string]struct {
	group               kx.ID
	seed, share, shared int
}{
	"mlkem_768":  {kx.SecP256r1MLKEM768, 32, 65, 32},
	"mlkem_1024": {kx.SecP384r1MLKEM1024, 48, 97, 48},
}

func TestWycheproofMLKEM(t *testing.T) {
	for prefix, in := range mlkemIn {
		g := kx.ByID(in.group)
		other := bytes.Repeat([]byte{1}, in.seed) // the scalar of the curve's half
		point := mustGenerate(t, g, resize(other, g.SeedLen())).AppendShare(nil)[:in.share]
		with := func(head []byte, tail string) []byte { return append(bytes.Clone(head), unhex(t, tail)...) }

		t.Run(prefix+"/keygen", func(t *testing.T) {
			wycheproof(t, prefix+"_keygen_seed_test.json", func(t *testing.T, v wycheproofTest) {
				s := mustGenerate(t, g, with(other, v.Seed))
				wantEqual(t, "encapsulation key", s.AppendShare(nil)[in.share:], unhex(t, v.EK))
			})
		})
		t.Run(prefix+"/encapsulate", func(t *testing.T) {
			wycheproof(t, prefix+"_encaps_test.json", func(t *testing.T, v wycheproofTest) {
				share, shared, err := g.Encapsulate(with(other, v.M), with(point, v.EK))
				if (err == nil) != (v.Result == "valid") {
					t.Fatalf("tcId %d (%s %v): %v", v.TcID, v.Result, v.Flags, err)
				}
				if err == nil {
					wantEqual(t, "ciphertext", share[in.share:], unhex(t, v.C))
					wantEqual(t, "secret", shared[in.shared:], unhex(t, v.K))
				}
			})
		})
		t.Run(prefix+"/decapsulate", func(t *testing.T) {
			wycheproof(t, prefix+"_test.json", func(t *testing.T, v wycheproofTest) {
				seed := with(other, v.Seed)
				if len(seed) != g.SeedLen() {
					return // our own seeds are never of another length
				}
				got, err := mustGenerate(t, g, seed).Decapsulate(with(point, v.C))
				if (err == nil) != (v.Result == "valid") {
					t.Fatalf("tcId %d (%s %v): %v", v.TcID, v.Result, v.Flags, err)
				}
				if err == nil {
					wantEqual(t, "secret", got[in.shared:], unhex(t, v.K))
				}
			})
		})
	}
}
