package handshake

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"tacet/handshake/cred"
	"tacet/handshake/msg"
	"tacet/record"
)

// What the parked vertices have in common: the profile's answer to a query, and
// what becomes of an answer.

// judge is the profile's verdict on the peer's chain.
func (fx *effects) judge(q *VerifyQuery) (Answer, bool) {
	cfg := &fx.profile.cfg
	switch {
	case cfg.AskVerify:
		return Answer{}, false
	case cfg.Verify == VerifyNone:
		return q.Tolerate(nil), true
	}
	chains, err := fx.profile.verify(q.Chain, q.ServerName, fx.conn.Client, fx.now)
	switch {
	case err == nil:
		return q.Accept(chains), true
	case cfg.Verify == VerifyRecord:
		return q.Tolerate(err), true
	}
	return q.Refuse(err), true
}

// verify is what Verifier and the security level say of a chain.
func (p *profile) verify(chain []*x509.Certificate, name string, server bool, now time.Time) ([][]*x509.Certificate, error) {
	chains, err := p.cfg.Verifier.Verify(chain, name, server, now)
	if err == nil {
		err = p.permits(chains)
	}
	return chains, err
}

// Verify is the verdict of Config.Verifier and Config.SecurityLevel on a server's
// chain, the leaf first, whatever its names: for who answers a VerifyQuery and
// checks those by itself.
func (p *ClientProfile) Verify(chain []*x509.Certificate, now time.Time) ([][]*x509.Certificate, error) {
	return p.verify(chain, "", true, now)
}

// permits says what the security level and CertSchemes hold against all chains that were found.
func (p *profile) permits(chains [][]*x509.Certificate) (err error) {
	for _, chain := range chains {
		if err = cred.PermittedChain(chain, p.level); err == nil {
			err = cred.CheckSigned(chain, true, p.takes)
		}
		if err == nil {
			return nil
		}
	}
	return err
}

// verdict takes the answer to a VerifyQuery.
func (fx *effects) verdict(a Answer) error {
	switch v := a.value.(type) {
	case [][]*x509.Certificate:
		fx.conn.Verified, fx.conn.VerifiedChains = true, v
		fx.conn.verifiedBy = fx.profile.judgedBy()
	case tolerated:
		fx.conn.VerifyError = v.err
	default:
		return misuse(KindWrongAnswer, "VerifyQuery")
	}
	return nil
}

// verifyQuery asks about the chain in fx.conn.
func (fx *effects) verifyQuery() VerifyQuery {
	q := VerifyQuery{Chain: fx.conn.PeerCertificates, OCSPResponse: fx.conn.OCSPResponse, SCTs: fx.conn.SCTs}
	if fx.conn.Client {
		q.ServerName = fx.conn.ServerName
	}
	return q
}

// sign signs with a key that is at hand.
func (fx *effects) sign(q *SignQuery) (Answer, bool) {
	switch q.Credential.Key.(type) {
	case *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey:
	default:
		return Answer{}, false // a key that may block, or that is elsewhere
	}
	sig, err := cred.Sign(q.Credential.Key, q.Scheme, q.Content, q.Salt)
	if err != nil {
		return q.Refuse(&Error{Kind: KindSigner, Err: err}), true
	}
	return q.Signed(sig), true
}

// signature takes the answer to a SignQuery.
func (fx *effects) signature(q *SignQuery, a Answer) ([]byte, error) {
	sig, ok := a.value.([]byte)
	if !ok || len(sig) == 0 || len(sig) > 1<<16-1 {
		return nil, misuse(KindWrongAnswer, "SignQuery")
	}
	fx.conn.Credential, fx.conn.Scheme = q.Credential, q.Scheme
	return sig, nil
}

// signQuery asks for a signature over content.
func (fx *effects) signQuery(c *cred.Credential, s cred.Scheme, content []byte) SignQuery {
	q := SignQuery{Credential: c, Scheme: s, Content: content}
	if n := cred.SaltLen(s); n > 0 {
		q.Salt = append(q.Salt, fx.draw(LabelSalt, n)...)
	}
	return q
}

// sendCertificateVerify sends what was signed.
func (fx *effects) sendCertificateVerify(s cred.Scheme, sig []byte) {
	if fx.conn.Version < record.TLS12 {
		fx.send(&msg.CertificateVerify10{Signature: sig})
		return
	}
	fx.send(&msg.CertificateVerify{Scheme: uint16(s), Signature: sig})
}

// credential is the profile's credential for a server's CertificateRequest: the
// first that fits the schemes and was issued by one of the authorities that the
// server names, else the first that fits the schemes; of those equal in this, the first
// whose chain is signed as the server wants.
func (fx *effects) credential(q *CredentialQuery) (Answer, bool) {
	if fx.profile.cfg.AskCredential {
		return Answer{}, false
	}
	var best *cred.Credential
	most := -1
	for i, c := range fx.profile.cfg.Credentials {
		if s, ok := fx.pick(c, q.offers); !ok || !q.offers(uint16(s)) {
			continue
		}
		// The names are a hint: servers list roots, and chains have intermediates.
		if n := merit(issuedBy(c, q.Authorities), fx.profile.signedAs(i, q.CertSchemes)); n > most {
			best, most = c, n
		}
	}
	return q.Use(best), true
}

func (q *CredentialQuery) offers(scheme uint16) bool {
	for _, s := range q.Schemes {
		if uint16(s) == scheme {
			return true
		}
	}
	return false
}

// pick is the scheme to sign with, of those that the peer offers.
func (fx *effects) pick(c *cred.Credential, peer func(uint16) bool) (cred.Scheme, bool) {
	return c.Pick(fx.conn.Version, peer, fx.profile.schemes)
}

// issuedBy reports whether a certificate of the chain was issued by one of the names.
func issuedBy(c *cred.Credential, names [][]byte) bool {
	if len(names) == 0 {
		return true
	}
	for _, der := range c.Chain {
		cert, err := cred.ParseCertificate(der)
		if err != nil {
			return false
		}
		for _, name := range names {
			if string(cert.RawIssuer) == string(name) {
				return true
			}
		}
	}
	return false
}

// chosenCredential takes the answer to a CredentialQuery; nil means none.
func (fx *effects) chosenCredential(q *CredentialQuery, a Answer) (*cred.Credential, cred.Scheme, error) {
	c, ok := a.value.(*cred.Credential)
	if !ok {
		return nil, 0, misuse(KindWrongAnswer, "CredentialQuery")
	}
	if c == nil {
		return nil, 0, nil
	}
	scheme, ok := fx.pick(c, q.offers)
	if !ok || !q.offers(uint16(scheme)) || !fits(c, c.Staple) {
		return nil, 0, misuse(KindWrongAnswer, "CredentialQuery: the key fits none of the server's schemes")
	}
	return c, scheme, nil
}

// shared keeps what both sides can sign with, in the peer's order.
func (fx *effects) shared(peer msg.Uint16s) []cred.Scheme {
	both := make([]cred.Scheme, 0, len(fx.profile.schemes))
	for v := range peer.All() {
		if s := cred.Scheme(v); fx.profile.enables(s) && len(both) < cap(both) {
			both = append(both, s)
		}
	}
	fx.conn.SharedSchemes = both
	return both
}

// usable are those that may sign in the negotiated version.
func (fx *effects) usable(list []cred.Scheme) []cred.Scheme {
	var usable []cred.Scheme
	for _, s := range list {
		if s.In(fx.conn.Version) {
			usable = append(usable, s)
		}
	}
	return usable
}

// peerChain parses a chain of which it keeps copies, and puts it into fx.conn.
func (fx *effects) peerChain(ders [][]byte) error {
	size := 0
	for _, der := range ders {
		size += len(der)
	}
	buf := make([]byte, 0, size)
	own := make([][]byte, len(ders))
	for i, der := range ders {
		buf = append(buf, der...)
		own[i] = buf[len(buf)-len(der) : len(buf) : len(buf)]
	}
	chain, err := fx.profile.cfg.ParseCertificate.Chain(own)
	if err != nil {
		return &Error{Kind: KindBadCertificate, Field: "Certificate", Err: err}
	}
	fx.conn.PeerCertificates = chain
	return nil
}

// verifySignature12 checks a signature of the peer's leaf up to TLS 1.2. Before
// TLS 1.2 the key says how it signs, and scheme is not looked at.
func (fx *effects) verifySignature12(scheme uint16, content, sig []byte) error {
	if fx.conn.Version >= record.TLS12 {
		return fx.verifySignature(scheme, content, sig)
	}
	//= RFC 4346 §4.7
	s := cred.LegacyScheme(cred.PublicKey(fx.conn.PeerCertificates[0]))
	if s == 0 {
		return failure(KindWrongCertificateType, "Certificate: key of TLS 1.2")
	}
	return fx.verifyWith(s, content, sig)
}

// verifySignature checks a signature of the peer's leaf.
func (fx *effects) verifySignature(scheme uint16, content, sig []byte) error {
	s := cred.Scheme(scheme)
	if !fx.profile.enables(s) || !s.In(fx.conn.Version) {
		return &Error{Kind: KindWrongScheme, Field: fx.raw.Type().String() + ".algorithm", Err: fmt.Errorf("%v in %v", s, fx.conn.Version)}
	}
	return fx.verifyWith(s, content, sig)
}

func (fx *effects) verifyWith(s cred.Scheme, content, sig []byte) error {
	leaf, message := fx.conn.PeerCertificates[0], fx.raw.Type().String()
	//= RFC 9846 §4.5.1.2
	if !cred.AllowsKey(leaf, x509.KeyUsageDigitalSignature) {
		return failure(KindWrongCertificateType, "Certificate: key usage without digitalSignature")
	}
	pub := cred.PublicKey(leaf)
	if err := cred.Verify(pub, s, fx.conn.Version, content, sig); err != nil {
		if e := asError(err); e.Kind == KindWrongScheme {
			return blame(err, message+".algorithm")
		}
		return blame(err, message+".signature")
	}
	fx.conn.PeerScheme = s
	return nil
}

func (p *profile) enables(s cred.Scheme) bool {
	for _, own := range p.schemes {
		if own == s {
			return true
		}
	}
	return false
}

// signedContent is what a TLS 1.3 CertificateVerify signs, at this point of the transcript.
func (fx *effects) signedContent(server bool) []byte {
	return cred.SignedContent(nil, server, fx.hash())
}

func alertOf(err error) record.Alert {
	var a record.Alert
	if errors.As(err, &a) {
		return a
	}
	return record.AlertHandshakeFailure
}

// connected is the end of the handshake.
type connected struct{}
