package credtest

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/netip"
	"slices"
	"testing"
	"time"

	"tacet/handshake/cred"
)

// The validity of everything that a template does not say otherwise, and a time within it.
var (
	NotBefore = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	NotAfter  = time.Date(2124, 1, 1, 0, 0, 0, 0, time.UTC)
	Now       = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
)

// Authority is a certificate authority: a root, or an intermediate below one.
type Authority struct {
	Cert  *x509.Certificate
	Key   crypto.Signer
	above []*Authority // issuers, the nearest first; a root has none
}

// CA returns the root "tacet test root", with a P-256 key.
func CA(t testing.TB) *Authority {
	t.Helper()
	return Root(t, "tacet test root", rootKey)
}

// Root returns a self-signed authority with a name and kind of key of its own.
func Root(t testing.TB, name string, kind Kind) *Authority {
	t.Helper()
	template := authorityTemplate(name)
	return SelfSigned(t, template, kind)
}

// SelfSigned returns what a template and a kind of key make, signed by itself.
func SelfSigned(t testing.TB, template *x509.Certificate, kind Kind) *Authority {
	t.Helper()
	key := Key(t, kind)
	return &Authority{Cert: create(t, template, template, publicInfo(t, kind), key), Key: key}
}

// Intermediate returns an authority below a, with a P-256 key that all intermediates of this
// package share, and the given common name.
func (a *Authority) Intermediate(t testing.TB, name string) *Authority {
	t.Helper()
	return a.Sub(t, authorityTemplate(name), intermediateKey)
}

// Sub returns what a template and a kind of key make, below a.
func (a *Authority) Sub(t testing.TB, template *x509.Certificate, kind Kind) *Authority {
	t.Helper()
	return &Authority{Cert: a.Issue(t, template, kind), Key: Key(t, kind), above: append([]*Authority{a}, a.above...)}
}

// Leaf returns a credential for a server or a client, issued by a: names are DNS names or IP
// addresses, the first one also the common name. Its chain holds the leaf and every
// intermediate, not the root.
func (a *Authority) Leaf(t testing.TB, kind Kind, names ...string) *cred.Credential {
	t.Helper()
	return a.Credential(t, LeafTemplate(names...), kind)
}

// Credential is Leaf with a template of one's own.
func (a *Authority) Credential(t testing.TB, template *x509.Certificate, kind Kind) *cred.Credential {
	t.Helper()
	chain := [][]byte{a.Issue(t, template, kind).Raw}
	for _, c := range a.Chain() {
		chain = append(chain, c.Raw)
	}
	c, err := cred.NewCredential(chain, Key(t, kind))
	if err != nil {
		t.Fatalf("credtest: %v", err)
	}
	return c
}

// Chain returns a and the authorities above it, without the root.
func (a *Authority) Chain() []*x509.Certificate {
	var chain []*x509.Certificate
	for _, b := range append([]*Authority{a}, a.above...) {
		if len(b.above) > 0 {
			chain = append(chain, b.Cert)
		}
	}
	return chain
}

// Issue signs what a template says, for the public key of a kind.
func (a *Authority) Issue(t testing.TB, template *x509.Certificate, kind Kind) *x509.Certificate {
	t.Helper()
	return create(t, template, a.Cert, publicInfo(t, kind), a.Key)
}

// Pool returns a pool with the authority's certificate alone.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.Cert)
	return pool
}

// Verifier returns a verifier that trusts the authority alone.
func (a *Authority) Verifier() *cred.Verifier {
	return cred.NewVerifier([]*x509.Certificate{a.Cert}, false)
}

// PEM returns the authority's certificate in PEM.
func (a *Authority) PEM() []byte { return CertPEM(a.Cert.Raw) }

// CRL returns a revocation list of the authority for the serial numbers of the certificates,
// from a day before Now to ten years after.
func (a *Authority) CRL(t testing.TB, revoked ...*x509.Certificate) *x509.RevocationList {
	t.Helper()
	return a.CRLBetween(t, Now.AddDate(0, 0, -1), Now.AddDate(10, 0, 0), revoked...)
}

// CRLBetween is CRL with times of one's own.
func (a *Authority) CRLBetween(t testing.TB, this, next time.Time, revoked ...*x509.Certificate) *x509.RevocationList {
	t.Helper()
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: this, NextUpdate: next}
	for _, c := range revoked {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: this})
	}
	der, err := x509.CreateRevocationList(nil, template, a.Cert, a.Key)
	if err != nil {
		t.Fatalf("credtest: revocation list: %v", err)
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		t.Fatalf("credtest: revocation list: %v", err)
	}
	return list
}

// CertPEM returns certificates in PEM.
func CertPEM(der ...[]byte) []byte {
	var text []byte
	for _, d := range der {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d})...)
	}
	return text
}

// LeafTemplate is the template of Leaf, to be changed and given to Credential or Issue.
func LeafTemplate(names ...string) *x509.Certificate {
	template := &x509.Certificate{
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, // for RSA key exchange
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	if len(names) > 0 {
		template.Subject.CommonName = names[0]
	}
	for _, name := range names {
		if ip, err := netip.ParseAddr(name); err == nil {
			template.IPAddresses = append(template.IPAddresses, ip.AsSlice())
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	return template
}

// AuthorityTemplate is the template of Root and Intermediate, to be changed and given to
// SelfSigned or Sub.
func AuthorityTemplate(name string) *x509.Certificate { return authorityTemplate(name) }

func authorityTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
}

// fill gives a copy of the template what every certificate needs.
func fill(template *x509.Certificate) *x509.Certificate {
	c := *template
	if c.NotBefore.IsZero() {
		c.NotBefore = NotBefore
	}
	if c.NotAfter.IsZero() {
		c.NotAfter = NotAfter
	}
	if c.SerialNumber == nil {
		sum := sha256.Sum256([]byte(c.Subject.String() + "|" + c.NotAfter.String()))
		sum[0] &= 0x7f
		c.SerialNumber = new(big.Int).SetBytes(sum[:8])
	}
	c.ExtraExtensions = slices.Clone(template.ExtraExtensions)
	return &c
}
