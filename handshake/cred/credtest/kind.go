package credtest

import (
	"crypto"
	"embed"
	"iter"
	"testing"

	"tacet/handshake/cred"
)

// Kind is a kind of private key, of which there is one embedded.
type Kind string

// The kinds of keys. RSAPSS is an RSA key of 2048 bits whose certificates say
// RSASSA-PSS; OtherP256 is a second P-256 key.
const (
	P256      Kind = "p256"
	P384      Kind = "p384"
	P521      Kind = "p521"
	RSA1024   Kind = "rsa1024"
	RSA2048   Kind = "rsa2048"
	RSA3072   Kind = "rsa3072"
	RSAPSS    Kind = "rsapss"
	Ed25519   Kind = "ed25519"
	Ed448     Kind = "ed448"
	OtherP256 Kind = "p256b"
)

const (
	rootKey         Kind = "ca"
	intermediateKey Kind = "intermediate"
)

// Kinds yields every kind that a leaf may have at OpenSSL's security level 2: all but RSA1024.
func Kinds() iter.Seq[Kind] {
	return func(yield func(Kind) bool) {
		for _, k := range []Kind{P256, P384, P521, RSA2048, RSA3072, RSAPSS, Ed25519, Ed448} {
			if !yield(k) {
				return
			}
		}
	}
}

//go:embed testdata/*.pem
var keys embed.FS

// KeyPEM returns the embedded private key in PKCS#8 PEM.
func KeyPEM(t testing.TB, k Kind) []byte {
	t.Helper()
	text, err := keys.ReadFile("testdata/" + string(k) + ".pem")
	if err != nil {
		t.Fatalf("credtest: no key of kind %q: %v", k, err)
	}
	return text
}

// Key returns the embedded private key of a kind.
func Key(t testing.TB, k Kind) crypto.Signer {
	t.Helper()
	key, err := cred.ParsePrivateKey(KeyPEM(t, k), nil)
	if err != nil {
		t.Fatalf("credtest: key %q: %v", k, err)
	}
	return key
}
