package cred_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"net"
	"testing"
	"time"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
)

// chainCase is a chain that a peer sends, and what the verifier trusts.
type chainCase struct {
	name    string
	sent    []*x509.Certificate // leaf first
	kind    credtest.Kind       // of the leaf's key, P256 when empty
	cas     []*x509.Certificate
	crls    []*x509.RevocationList
	partial bool
	client  bool   // the peer is a client
	want    string // node's code, "" for a good chain

	stop      int  // the X509_V_ERR at which "openssl verify" stops, if not at the code's
	alsoPool  bool // the code is the same when CAs are known as a pool only
	notInNode bool // node cannot be made to send such a chain
	lenient   bool // OpenSSL and node let it pass
}

var (
	longAgo = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)  // before any run of the tests
	farOff  = time.Date(2123, 12, 1, 0, 0, 0, 0, time.UTC) // after any
)

// maker holds what the cases share.
type maker struct {
	testing.TB
	root, other, inter *credtest.Authority
}

func newMaker(t testing.TB) *maker {
	root := credtest.CA(t)
	return &maker{TB: t, root: root, other: credtest.Root(t, "another root", credtest.OtherP256), inter: root.Intermediate(t, "inter")}
}

type tweak func(*x509.Certificate)

func (m *maker) leaf(a *credtest.Authority, tweaks ...tweak) *x509.Certificate {
	return a.Issue(m, m.template(tweaks...), credtest.P256)
}

func (m *maker) template(tweaks ...tweak) *x509.Certificate {
	template := credtest.LeafTemplate("example.com")
	for _, f := range tweaks {
		f(template)
	}
	return template
}

func (m *maker) sub(a *credtest.Authority, name string, tweaks ...tweak) *credtest.Authority {
	template := credtest.AuthorityTemplate(name)
	for _, f := range tweaks {
		f(template)
	}
	return a.Sub(m, template, "intermediate")
}

// self returns a self-signed certificate.
func (m *maker) self(name string, tweaks ...tweak) *credtest.Authority {
	template := credtest.AuthorityTemplate(name)
	for _, f := range tweaks {
		f(template)
	}
	return credtest.SelfSigned(m, template, credtest.P256)
}

func expired(c *x509.Certificate)       { c.NotAfter = longAgo }
func notYet(c *x509.Certificate)        { c.NotBefore = farOff }
func notCA(c *x509.Certificate)         { c.IsCA = false }
func noConstraints(c *x509.Certificate) { c.BasicConstraintsValid, c.IsCA = false, false }
func noKeyUsage(c *x509.Certificate)    { c.KeyUsage = 0 }
func noCertSign(c *x509.Certificate)    { c.KeyUsage = x509.KeyUsageDigitalSignature }
func noCRLSign(c *x509.Certificate)     { c.KeyUsage = x509.KeyUsageCertSign }
func pathLen0(c *x509.Certificate)      { c.MaxPathLenZero = true }
func keyUsage(u x509.KeyUsage) tweak    { return func(c *x509.Certificate) { c.KeyUsage = u } }
func noEKU(c *x509.Certificate)         { c.ExtKeyUsage = nil }
func eku(u ...x509.ExtKeyUsage) tweak   { return func(c *x509.Certificate) { c.ExtKeyUsage = u } }
func named(name string) tweak           { return func(c *x509.Certificate) { c.Subject.CommonName = name } }
func critical(c *x509.Certificate) {
	c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: true, Value: []byte{5, 0}}}
}
func permitted(domain string) tweak {
	return func(c *x509.Certificate) {
		c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = []string{domain}, true
	}
}
func excluded(domain string) tweak {
	return func(c *x509.Certificate) {
		c.ExcludedDNSDomains, c.PermittedDNSDomainsCritical = []string{domain}, true
	}
}
func excludedIP(c *x509.Certificate) {
	c.ExcludedIPRanges = []*net.IPNet{{IP: net.IP{127, 0, 0, 0}, Mask: net.CIDRMask(8, 32)}}
}

// corrupt returns the certificate with its signature's last byte changed.
func (m *maker) corrupt(c *x509.Certificate) *x509.Certificate {
	der := append([]byte(nil), c.Raw...)
	der[len(der)-1] ^= 1
	return m.parse(der)
}

func (m *maker) parse(der []byte) *x509.Certificate {
	c, err := cred.ParseCertificate(der)
	if err != nil {
		m.Fatal(err)
	}
	return c
}

func list(c ...*x509.Certificate) []*x509.Certificate        { return c }
func lists(l ...*x509.RevocationList) []*x509.RevocationList { return l }

// chainCases is the table of chains. The codes are node 20's; TestChainsAgainstNode and
// TestChainsAgainstOpenSSL ask the programs themselves.
func chainCases(t testing.TB) []chainCase {
	m := newMaker(t)
	root, inter := m.root, m.inter
	trust := list(root.Cert)
	good := m.leaf(root)
	viaInter := m.leaf(inter)
	oldRoot := m.self("old root", expired)
	namesake := credtest.AuthorityTemplate(root.Cert.Subject.CommonName)
	notCA(namesake) // so that it has no key id
	namesakeRSA := credtest.SelfSigned(t, namesake, credtest.RSA2048)
	selfLeaf := credtest.SelfSigned(t, m.template(), credtest.P256).Cert
	var cases []chainCase
	add := func(c ...chainCase) { cases = append(cases, c...) }

	add(
		chainCase{name: "good, by the root", sent: list(good), cas: trust, alsoPool: true},
		chainCase{name: "good, by an intermediate", sent: list(viaInter, inter.Cert), cas: trust, alsoPool: true},
		chainCase{name: "good, root sent too", sent: list(viaInter, inter.Cert, root.Cert), cas: trust, alsoPool: true},
		chainCase{name: "good, intermediate at hand", sent: list(viaInter), cas: list(root.Cert, inter.Cert)},
		chainCase{name: "good, in any order and with a stranger", sent: list(viaInter, m.other.Cert, inter.Cert), cas: trust},
		chainCase{name: "good, self-signed leaf trusted", sent: list(selfLeaf), cas: list(selfLeaf)},
		chainCase{name: "good, client", sent: list(good), cas: trust, client: true},
		chainCase{name: "good, partial chain", sent: list(viaInter), cas: list(inter.Cert), partial: true},
		chainCase{name: "good, leaf itself trusted, partial", sent: list(viaInter), cas: list(viaInter), partial: true},
		chainCase{name: "good, root's new key under its old one", sent: rollover(m, m.root.Cert.SubjectKeyId), cas: trust},
		chainCase{name: "the same without key ids", sent: rollover(m, nil), cas: trust, want: "SELF_SIGNED_CERT_IN_CHAIN"},
		chainCase{name: "good, Ed448 leaf", sent: list(root.Issue(t, m.template(), credtest.Ed448)), kind: credtest.Ed448, cas: trust},
		chainCase{name: "good, RSA-PSS leaf", sent: list(root.Issue(t, m.template(), credtest.RSAPSS)), kind: credtest.RSAPSS, cas: trust},
		chainCase{name: "good, name constraints kept", sent: constrained(m, permitted("example.com")), cas: trust},
	)
	add(
		chainCase{name: "issuer unknown", sent: list(good), cas: list(m.other.Cert), want: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", stop: 20, alsoPool: true},
		chainCase{name: "nothing trusted", sent: list(good), want: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", stop: 20, alsoPool: true},
		chainCase{name: "intermediate missing", sent: list(viaInter), cas: trust, want: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", stop: 20, alsoPool: true},
		chainCase{name: "wrong intermediate sent", sent: list(viaInter, m.sub(root, "stranger").Cert), cas: trust, want: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", stop: 20, alsoPool: true},
		chainCase{name: "root of the chain unknown", sent: list(viaInter, inter.Cert), cas: list(m.other.Cert), want: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", alsoPool: true},
		chainCase{name: "intermediate trusted but not its root", sent: list(viaInter), cas: list(inter.Cert), want: "UNABLE_TO_GET_ISSUER_CERT"},
		chainCase{name: "leaf trusted but not its root", sent: list(good), cas: list(good), want: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", stop: 20},
		chainCase{name: "self-signed leaf", sent: list(selfLeaf), cas: trust, want: "DEPTH_ZERO_SELF_SIGNED_CERT", alsoPool: true},
		chainCase{name: "self-signed CA as leaf", sent: list(m.self("ca as leaf").Cert), cas: trust, want: "DEPTH_ZERO_SELF_SIGNED_CERT"},
		chainCase{name: "self-signed leaf, expired", sent: list(m.self("old leaf", expired).Cert), cas: trust, want: "CERT_HAS_EXPIRED", alsoPool: true},
		chainCase{name: "sent root not trusted", sent: list(viaInter, inter.Cert, root.Cert), cas: list(m.other.Cert), want: "SELF_SIGNED_CERT_IN_CHAIN", alsoPool: true},
		chainCase{name: "leaf and untrusted root", sent: list(good, root.Cert), want: "SELF_SIGNED_CERT_IN_CHAIN"},
		chainCase{name: "leaf expired", sent: list(m.leaf(root, expired)), cas: trust, want: "CERT_HAS_EXPIRED", alsoPool: true},
		chainCase{name: "leaf not yet valid", sent: list(m.leaf(root, notYet)), cas: trust, want: "CERT_NOT_YET_VALID", alsoPool: true},
		chainCase{name: "intermediate expired", sent: below(m, m.sub(root, "old", expired)), cas: trust, want: "CERT_HAS_EXPIRED", alsoPool: true},
		chainCase{name: "intermediate not yet valid", sent: below(m, m.sub(root, "young", notYet)), cas: trust, want: "CERT_NOT_YET_VALID"},
		chainCase{name: "root expired", sent: list(m.leaf(oldRoot)), cas: list(oldRoot.Cert), want: "CERT_HAS_EXPIRED", alsoPool: true},
		chainCase{name: "leaf expired and issuer unknown", sent: list(m.leaf(root, expired)), cas: list(m.other.Cert), want: "CERT_HAS_EXPIRED", stop: 20},
		chainCase{name: "leaf expired below an unknown root", sent: list(m.leaf(inter, expired), inter.Cert), cas: list(m.other.Cert), want: "CERT_HAS_EXPIRED", stop: 20},
		chainCase{name: "leaf expired, intermediate not yet valid", sent: list(m.leaf(m.sub(root, "young", notYet), expired), m.sub(root, "young", notYet).Cert), cas: trust, want: "CERT_HAS_EXPIRED", stop: 9},
		chainCase{name: "unknown intermediate expired on top", sent: below(m, m.sub(root, "old", expired)), cas: list(m.other.Cert), want: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"},
		chainCase{name: "issuer's namesake with a key of another kind", sent: list(good), cas: list(namesakeRSA.Cert), want: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", stop: 20, alsoPool: true},
		chainCase{name: "good, an issuer's namesake with a key of another kind at hand too", sent: list(good), cas: list(namesakeRSA.Cert, root.Cert)},
		chainCase{name: "two CAs that sign each other", sent: circle(m), cas: list(m.other.Cert), want: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"},
		chainCase{name: "leaf's signature wrong", sent: list(m.corrupt(good)), cas: trust, want: "CERT_SIGNATURE_FAILURE"},
		chainCase{name: "intermediate's signature wrong", sent: list(viaInter, m.corrupt(inter.Cert)), cas: trust, want: "CERT_SIGNATURE_FAILURE"},
		chainCase{name: "signature wrong and expired", sent: list(m.corrupt(m.leaf(root, expired))), cas: trust, want: "CERT_HAS_EXPIRED", stop: 7},
	)
	add(extensionCases(m)...)
	add(revocationCases(m)...)
	add(dividedCases(m)...)
	return cases
}

// below returns a leaf of a, and a and what is above.
func below(m *maker, a *credtest.Authority, tweaks ...tweak) []*x509.Certificate {
	return append(list(m.leaf(a, tweaks...)), a.Chain()...)
}

// rollover returns a leaf of the root's new key, and the root's certificate for it under the old
// key: self-issued but not self-signed, which only the authority key id tells.
func rollover(m *maker, keyID []byte) []*x509.Certificate {
	template := credtest.AuthorityTemplate(m.root.Cert.Subject.CommonName)
	template.AuthorityKeyId = keyID
	return below(m, m.root.Sub(m, template, credtest.OtherP256))
}

// circle returns a leaf below two authorities, each of which is certified by the other.
func circle(m *maker) []*x509.Certificate {
	a, b := credtest.Root(m, "circle a", credtest.P256), credtest.Root(m, "circle b", credtest.P384)
	aByB := b.Sub(m, credtest.AuthorityTemplate("circle a"), credtest.P256)
	bByA := a.Sub(m, credtest.AuthorityTemplate("circle b"), credtest.P384)
	return list(m.leaf(a), aByB.Cert, bByA.Cert)
}

func constrained(m *maker, tweaks ...tweak) []*x509.Certificate {
	return below(m, m.sub(m.root, "constrained", tweaks...))
}

func extensionCases(m *maker) []chainCase {
	root, inter, trust := m.root, m.inter, list(m.root.Cert)
	short := m.sub(root, "short", pathLen0)
	weak := root.Issue(m, m.template(), credtest.RSA1024)
	clientOnly, serverOnly := eku(x509.ExtKeyUsageClientAuth), eku(x509.ExtKeyUsageServerAuth)
	shortRoot := m.self("short root", pathLen0)
	return []chainCase{
		{name: "issuer is no CA", sent: below(m, m.sub(root, "no CA", notCA)), cas: trust, want: "INVALID_PURPOSE", alsoPool: true},
		{name: "a leaf as issuer", sent: below(m, root.Sub(m, m.template(named("issuing leaf")), "intermediate")), cas: trust, want: "UNSPECIFIED"},
		{name: "issuer without basic constraints or key usage", sent: below(m, m.sub(root, "bare", noConstraints, noKeyUsage)), cas: trust, want: "INVALID_PURPOSE"},
		{name: "issuer without basic constraints", sent: below(m, m.sub(root, "bare", noConstraints)), cas: trust, want: "INVALID_CA"},
		{name: "issuer may not sign certificates", sent: below(m, m.sub(root, "no sign", noCertSign)), cas: trust, want: "UNSPECIFIED", alsoPool: true},
		{name: "path length 0 exceeded", sent: below(m, m.sub(short, "below short")), cas: trust, want: "PATH_LENGTH_EXCEEDED", alsoPool: true},
		{name: "path length 0 of the root exceeded", sent: below(m, m.sub(shortRoot, "below")), cas: list(shortRoot.Cert), want: "PATH_LENGTH_EXCEEDED"},
		{name: "path length 0 kept", sent: below(m, short), cas: trust},
		{name: "server with client purpose", sent: list(m.leaf(root, clientOnly)), cas: trust, want: "INVALID_PURPOSE", alsoPool: true},
		{name: "client with server purpose", sent: list(m.leaf(root, serverOnly)), cas: trust, client: true, want: "INVALID_PURPOSE", alsoPool: true},
		{name: "server with code signing purpose", sent: list(m.leaf(root, eku(x509.ExtKeyUsageCodeSigning))), cas: trust, want: "INVALID_PURPOSE"},
		{name: "any purpose stands for nothing", sent: list(m.leaf(root, eku(x509.ExtKeyUsageAny))), cas: trust, want: "INVALID_PURPOSE"},
		{name: "no extended key usage", sent: list(m.leaf(root, noEKU)), cas: trust},
		{name: "intermediate with client purpose", sent: below(m, m.sub(root, "client CA", clientOnly)), cas: trust, want: "INVALID_PURPOSE", alsoPool: true},
		{name: "key usage without signature", sent: list(m.leaf(root, keyUsage(x509.KeyUsageDataEncipherment))), cas: trust, want: "INVALID_PURPOSE", notInNode: true},
		{name: "client key usage encipherment only", sent: list(m.leaf(root, keyUsage(x509.KeyUsageKeyEncipherment))), cas: trust, client: true, want: "INVALID_PURPOSE", notInNode: true},
		{name: "purpose wrong and issuer unknown", sent: list(m.leaf(root, clientOnly)), cas: list(m.other.Cert), want: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", stop: 20},
		{name: "purpose wrong below an unknown root", sent: list(m.leaf(inter, clientOnly), inter.Cert), cas: list(m.other.Cert), want: "INVALID_PURPOSE", stop: 20},
		{name: "unknown critical extension in the leaf", sent: list(m.leaf(root, critical)), cas: trust, want: "UNSPECIFIED", alsoPool: true},
		{name: "unknown critical extension in an issuer", sent: below(m, m.sub(root, "critical", critical)), cas: trust, want: "UNSPECIFIED"},
		{name: "name not permitted", sent: constrained(m, permitted("example.net")), cas: trust, want: "UNSPECIFIED", alsoPool: true},
		{name: "name not permitted and purpose wrong", sent: below(m, m.sub(root, "constrained", permitted("example.net")), clientOnly), cas: trust, want: "UNSPECIFIED", stop: 26},
		{name: "name not permitted and expired", sent: below(m, m.sub(root, "constrained", permitted("example.net")), expired), cas: trust, want: "UNSPECIFIED", stop: 10},
		{name: "name excluded", sent: constrained(m, excluded("example.com")), cas: trust, want: "UNSPECIFIED", stop: 48},
		{name: "address not excluded", sent: constrained(m, excludedIP), cas: trust},
		{name: "leaf key of 1024 bits at level 1", sent: list(weak), kind: credtest.RSA1024, cas: trust},
	}
}

func revocationCases(m *maker) []chainCase {
	root, inter, trust := m.root, m.inter, list(m.root.Cert)
	leaf, viaInter := m.leaf(root), m.leaf(inter)
	chain := list(viaInter, inter.Cert)
	past := func(a *credtest.Authority, c ...*x509.Certificate) *x509.RevocationList {
		return a.CRLBetween(m, credtest.NotBefore, longAgo, c...)
	}
	future := m.root.CRLBetween(m, farOff, credtest.NotAfter)
	now := func(a *credtest.Authority, c ...*x509.Certificate) *x509.RevocationList {
		return a.CRLBetween(m, longAgo, farOff, c...)
	}
	silent := m.sub(root, "no CRLs", noCRLSign)
	namesake := credtest.Root(m, root.Cert.Subject.CommonName, credtest.OtherP256)
	forger := func() *x509.RevocationList {
		der := append([]byte(nil), now(root).Raw...)
		der[len(der)-1] ^= 1
		l, err := x509.ParseRevocationList(der)
		if err != nil {
			m.Fatal(err)
		}
		return l
	}
	return []chainCase{
		{name: "good, with a list", sent: list(leaf), cas: trust, crls: lists(now(root)), alsoPool: true},
		{name: "good, with a list for each issuer", sent: chain, cas: trust, crls: lists(now(root), now(inter))},
		{name: "good, a current list beside an old one", sent: list(leaf), cas: trust, crls: lists(past(root, leaf), now(root))},
		{name: "leaf revoked", sent: list(leaf), cas: trust, crls: lists(now(root, leaf)), want: "CERT_REVOKED", alsoPool: true},
		{name: "leaf revoked by an intermediate", sent: chain, cas: trust, crls: lists(now(root), now(inter, viaInter)), want: "CERT_REVOKED"},
		{name: "intermediate revoked", sent: chain, cas: trust, crls: lists(now(root, inter.Cert), now(inter)), want: "CERT_REVOKED"},
		{name: "root revoked by itself", sent: list(leaf), cas: trust, crls: lists(now(root, root.Cert)), want: "CERT_REVOKED"},
		{name: "no list of the intermediate", sent: chain, cas: trust, crls: lists(now(root)), want: "UNABLE_TO_GET_CRL", alsoPool: true},
		{name: "no list of the root", sent: chain, cas: trust, crls: lists(now(inter)), want: "UNABLE_TO_GET_CRL"},
		{name: "a stranger's list", sent: list(leaf), cas: trust, crls: lists(now(m.other)), want: "UNABLE_TO_GET_CRL"},
		{name: "a list of the root's namesake", sent: list(leaf), cas: trust, crls: lists(now(namesake)), want: "UNABLE_TO_GET_CRL"},
		{name: "list expired", sent: list(leaf), cas: trust, crls: lists(past(root)), want: "CRL_HAS_EXPIRED", alsoPool: true},
		{name: "list expired and leaf revoked", sent: list(leaf), cas: trust, crls: lists(past(root, leaf)), want: "CRL_HAS_EXPIRED"},
		{name: "list expired and root revoked", sent: list(leaf), cas: trust, crls: lists(past(root, root.Cert)), want: "CERT_REVOKED"},
		{name: "list not yet valid", sent: list(leaf), cas: trust, crls: lists(future), want: "CRL_NOT_YET_VALID"},
		{name: "list's signature wrong", sent: list(leaf), cas: trust, crls: lists(forger()), want: "CRL_SIGNATURE_FAILURE"},
		{name: "issuer may not sign lists", sent: below(m, silent), cas: trust, crls: lists(now(root), silentCRL(m, silent)), want: "UNSPECIFIED"},
		{name: "revoked and expired", sent: list(m.leaf(root, expired)), cas: trust, crls: lists(now(root, m.leaf(root, expired))), want: "CERT_HAS_EXPIRED", stop: 23},
		{name: "revoked, client", sent: list(leaf), cas: trust, crls: lists(now(root, leaf)), client: true, want: "CERT_REVOKED"},
		{name: "unknown root, with lists", sent: chain, cas: list(m.other.Cert), crls: lists(now(root), now(inter)), want: "UNABLE_TO_GET_CRL", stop: 20},
	}
}

// silentCRL signs a list with an authority whose key usage forbids it: crypto/x509 refuses to
// for the certificate, but not for one that says otherwise.
func silentCRL(m *maker, a *credtest.Authority) *x509.RevocationList {
	able := *a.Cert
	able.KeyUsage |= x509.KeyUsageCRLSign
	return (&credtest.Authority{Cert: &able, Key: a.Key}).CRLBetween(m, longAgo, farOff)
}

func (c *chainCase) verifier() *cred.Verifier {
	v := cred.NewVerifier(c.cas, c.partial)
	v.CRLs = c.crls
	return v
}

func code(err error) string {
	var e *cred.Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return "not an *Error: " + err.Error()
	}
	return ""
}

func TestVerifierNamesTheFault(t *testing.T) {
	//= RFC 5280 §6.3.3 type=test
	for _, c := range chainCases(t) {
		t.Run(c.name, func(t *testing.T) {
			chains, err := c.verifier().Verify(c.sent, "", !c.client, credtest.Now)
			if got := code(err); got != c.want {
				t.Errorf("code %q, want %q (%v)", got, c.want, err)
			}
			if (len(chains) > 0) != (c.want == "") {
				t.Errorf("%d chains", len(chains))
			}
			if !c.alsoPool {
				return
			}
			v := c.verifier()
			v.CAs = nil
			if _, err := v.Verify(c.sent, "", !c.client, credtest.Now); code(err) != c.want {
				t.Errorf("with a pool alone: code %q, want %q (%v)", code(err), c.want, err)
			}
		})
	}
}
