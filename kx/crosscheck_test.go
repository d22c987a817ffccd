package kx_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/mlkem"
	"crypto/mlkem/mlkemtest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"tacet/kx"
)

// stdlib maps groups to the standard library's curves.
var stdlib = map[kx.ID]ecdh.Curve{
	kx.X25519: ecdh.X25519(), kx.P256: ecdh.P256(), kx.P384: ecdh.P384(), kx.P521: ecdh.P521(),
}

// reference is Diffie-Hellman by crypto/ecdh alone: the share of seed, and its secret with peer.
func reference(t testing.TB, c ecdh.Curve, seed, peer []byte) (share, shared []byte) {
	t.Helper()
	k, err := c.NewPrivateKey(seed)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.NewPublicKey(peer)
	if err != nil {
		t.Fatal(err)
	}
	shared, err = k.ECDH(p)
	if err != nil {
		t.Fatal(err)
	}
	return k.PublicKey().Bytes(), shared
}

// small returns n random bytes that are a scalar on every curve.
func small(n int) []byte {
	b := draw(n)
	b[0] &= 0x7f
	if n == 66 {
		b[0] = 0
	}
	return b
}

func TestAgainstECDH(t *testing.T) {
	for id, curve := range stdlib {
		g := kx.ByID(id)
		for range 50 {
			a, b := small(g.SeedLen()), small(g.SeedLen())
			offer := mustGenerate(t, g, a).AppendShare(nil)
			wantShare, want := reference(t, curve, b, offer)
			share, shared, err := g.Encapsulate(b, offer)
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "share", share, wantShare)
			wantEqual(t, "secret", shared, want)
			wantOffer, _ := reference(t, curve, a, share)
			wantEqual(t, "offer", offer, wantOffer)
		}
	}
}

// The hybrids are put together again here from crypto/ecdh and crypto/mlkem, in
// the order of draft-ietf-tls-ecdhe-mlkem §4.
func TestHybridsAgainstStandardLibrary(t *testing.T) {
	t.Run("X25519MLKEM768", func(t *testing.T) {
		seed, eseed := draw(64+32), draw(32+32)
		offer, share, shared := hybridRun(t, kx.X25519MLKEM768, seed, eseed)
		ek, c, k := mlkem768Reference(t, seed[:64], eseed[:32])
		wantEqual(t, "offer's ML-KEM", offer[:1184], ek)
		wantEqual(t, "share's ML-KEM", share[:1088], c)
		wantEqual(t, "secret's ML-KEM", shared[:32], k)
		x, xs := reference(t, ecdh.X25519(), eseed[32:], offer[1184:])
		wantEqual(t, "share's X25519", share[1088:], x)
		wantEqual(t, "secret's X25519", shared[32:], xs)
		x, _ = reference(t, ecdh.X25519(), seed[64:], share[1088:])
		wantEqual(t, "offer's X25519", offer[1184:], x)
	})
	t.Run("SecP256r1MLKEM768", func(t *testing.T) {
		seed, eseed := append(small(32), draw(64)...), append(small(32), draw(32)...)
		offer, share, shared := hybridRun(t, kx.SecP256r1MLKEM768, seed, eseed)
		ek, c, k := mlkem768Reference(t, seed[32:], eseed[32:])
		x, xs := reference(t, ecdh.P256(), eseed[:32], offer[:65])
		wantEqual(t, "share", share, append(x, c...))
		wantEqual(t, "secret", shared, append(xs, k...))
		x, _ = reference(t, ecdh.P256(), seed[:32], share[:65])
		wantEqual(t, "offer", offer, append(x, ek...))
	})
	t.Run("SecP384r1MLKEM1024", func(t *testing.T) {
		seed, eseed := append(small(48), draw(64)...), append(small(48), draw(32)...)
		offer, share, shared := hybridRun(t, kx.SecP384r1MLKEM1024, seed, eseed)
		dk, err := mlkem.NewDecapsulationKey1024(seed[48:])
		if err != nil {
			t.Fatal(err)
		}
		k, c, err := mlkemtest.Encapsulate1024(dk.EncapsulationKey(), eseed[48:])
		if err != nil {
			t.Fatal(err)
		}
		x, xs := reference(t, ecdh.P384(), eseed[:48], offer[:97])
		wantEqual(t, "share", share, append(x, c...))
		wantEqual(t, "secret", shared, append(xs, k...))
		x, _ = reference(t, ecdh.P384(), seed[:48], share[:97])
		wantEqual(t, "offer", offer, append(x, dk.EncapsulationKey().Bytes()...))
	})
}

func hybridRun(t *testing.T, id kx.ID, seed, eseed []byte) (offer, share, shared []byte) {
	t.Helper()
	g := kx.ByID(id)
	s := mustGenerate(t, g, seed)
	offer = s.AppendShare(nil)
	share, shared, err := g.Encapsulate(eseed, offer)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Decapsulate(share)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "agreement", got, shared)
	return offer, share, shared
}

func mlkem768Reference(t *testing.T, seed, m []byte) (ek, c, k []byte) {
	t.Helper()
	dk, err := mlkem.NewDecapsulationKey768(seed)
	if err != nil {
		t.Fatal(err)
	}
	k, c, err = mlkemtest.Encapsulate768(dk.EncapsulationKey(), m)
	if err != nil {
		t.Fatal(err)
	}
	return dk.EncapsulationKey().Bytes(), c, k
}

// The secret of a forged ciphertext is that of FIPS 203, not just another one.
func TestImplicitRejectionAgainstStandardLibrary(t *testing.T) {
	g := kx.ByID(kx.X25519MLKEM768)
	seed := draw(g.SeedLen())
	s := mustGenerate(t, g, seed)
	dk, err := mlkem.NewDecapsulationKey768(seed[:64])
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		share := append(draw(1088), resize([]byte{9}, 32)...)
		got, err := s.Decapsulate(share)
		if err != nil {
			t.Fatal(err)
		}
		want, err := dk.Decapsulate(share[:1088])
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "rejection secret", got[:32], want)
	}
}

// der are the fixed heads of PKCS #8 and SubjectPublicKeyInfo (RFC 8410).
var der = map[kx.ID]struct{ private, public string }{
	kx.X25519: {"302e020100300506032b656e04220420", "302a300506032b656e032100"},
	kx.X448:   {"3046020100300506032b656f043a0438", "3042300506032b656f033900"},
}

// X448 has no second implementation in Go; OpenSSL is it.
func TestAgainstOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("no openssl on this machine")
	}
	for id, head := range der {
		g := kx.ByID(id)
		for range 3 {
			dir := t.TempDir()
			a, b := draw(g.SeedLen()), draw(g.SeedLen())
			offer := mustGenerate(t, g, a).AppendShare(nil)
			private, public := filepath.Join(dir, "private"), filepath.Join(dir, "public")
			os.WriteFile(private, append(unhex(t, head.private), b...), 0o600)
			os.WriteFile(public, append(unhex(t, head.public), offer...), 0o600)
			want, err := exec.Command(openssl, "pkeyutl", "-derive", "-keyform", "DER", "-inkey", private,
				"-peerform", "DER", "-peerkey", public).Output()
			if err != nil {
				t.Fatal(err)
			}
			share, shared, err := g.Encapsulate(b, offer)
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "secret", shared, want)
			spki, err := exec.Command(openssl, "pkey", "-inform", "DER", "-in", private, "-pubout", "-outform", "DER").Output()
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "share", share, bytes.TrimPrefix(spki, unhex(t, head.public)))
		}
	}
}
