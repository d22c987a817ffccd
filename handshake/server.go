package handshake

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"iter"

	"tacet/handshake/cred"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// waitClientHello is START of a server.
type waitClientHello struct{}

func (s *waitClientHello) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.clientHello)
}

func (s *waitClientHello) clientHello(fx *effects, m *msg.ClientHello) (afterClientHello, error) {
	fx.heard = true // the transcript hears it once its binders are checked
	if !fx.isAligned {
		return nil, failure(KindExcessHandshakeData, "ClientHello")
	}
	fx.conn.ClientRandom = m.Random
	fx.conn.ServerName = string(m.Ext.ServerName)
	next := &choosingContext{hello: m, raw: fx.raw}
	if fx.profile.cfg.AskHello {
		next.q = HelloQuery{Hello: m, Raw: fx.raw, ServerName: fx.conn.ServerName}
		for name := range m.Ext.ALPN.All() {
			next.q.Protocols = append(next.q.Protocols, string(name))
		}
	}
	return next, nil
}

// choosingContext asks what to do with a ClientHello, and then answers it.
type choosingContext struct {
	hello *msg.ClientHello
	raw   msg.Raw
	q     HelloQuery
}

func (s *choosingContext) query() Query { return &s.q }

func (s *choosingContext) builtin(fx *effects) (Answer, bool) {
	if fx.profile.cfg.AskHello {
		return Answer{}, false
	}
	return s.q.Choose(HelloChoice{}), true
}

func (s *choosingContext) answer(fx *effects, a Answer) (state, error) {
	c, ok := a.value.(HelloChoice)
	if !ok || c.Protocol != "" && !offersProtocol(s.hello, c.Protocol) {
		return nil, misuse(KindWrongAnswer, "HelloQuery")
	}
	if c.Profile != nil {
		chosen := fx.pinned(&c.Profile.profile)
		if chosen == nil {
			return nil, misuse(KindWrongAnswer, "HelloQuery: profile of other versions")
		}
		fx.profile = chosen
		fx.add(effect{kind: doProfile})
	}
	return to((&answering{hello: s.hello, raw: s.raw, choice: c}).begin(fx))
}

func offersProtocol(m *msg.ClientHello, name string) bool {
	for offered := range m.Ext.ALPN.All() {
		if string(offered) == name {
			return true
		}
	}
	return false
}

// answering is a ClientHello and what was decided of it, shared by the states
// in which the server answers it.
type answering struct {
	hello  *msg.ClientHello
	raw    msg.Raw
	choice HelloChoice
}

// begin picks the version, and with it the graph.
func (a *answering) begin(fx *effects) (afterChoice, error) {
	p := fx.profile
	v, err := a.version(p)
	//= RFC 7507 §3
	if v < p.max && a.hello.Suites.Has(fallbackSCSV) { // even where no version is common
		return nil, failure(KindFallback, "ClientHello.cipher_suites")
	}
	if err != nil {
		return nil, err
	}
	fx.conn.Version = v
	switch {
	case v < record.TLS13:
		return a.begin12(fx, v)
	case len(p.cfg.Credentials) == 0 && !p.cfg.AskPSK:
		return nil, failure(KindNoCertificate, "")
	}
	return a.begin13(fx)
}

// Signalling cipher suite values (RFC 7507 §2, RFC 5746 §3.3).
const (
	fallbackSCSV      = 0x5600
	renegotiationSCSV = 0x00ff
)

// version is the highest that both sides know.
func (a *answering) version(p *profile) (record.Version, error) {
	//= RFC 9846 §4.3.1
	h := a.hello
	if h.Version < record.TLS10 {
		return 0, failure(KindProtocolVersion, "ClientHello.legacy_version")
	}
	best := record.Version(0)
	if h.Ext.Have(msg.ExtSupportedVersions) {
		for v := range h.Ext.SupportedVersions.All() {
			if v := record.Version(v); p.min <= v && v <= p.max && v > best {
				best = v
			}
		}
	} else {
		best = min(h.Version, record.TLS12, p.max)
	}
	if best < p.min || best == 0 {
		return 0, failure(KindProtocolVersion, "ClientHello")
	}
	return best, nil
}

// protocol picks the ALPN protocol, "" for none.
func (a *answering) protocol(fx *effects) error {
	//= RFC 7301 §3.2
	own := fx.profile.cfg.ALPN
	switch {
	case fx.before != nil: // what the first handshake settled stands
		return nil
	case a.choice.NoProtocol || !a.hello.Ext.Have(msg.ExtALPN):
		return nil
	case a.choice.Protocol != "":
		fx.conn.ALPN = a.choice.Protocol
		return nil
	case len(own) == 0:
		return nil
	}
	for _, name := range own {
		if offersProtocol(a.hello, name) {
			fx.conn.ALPN = name
			return nil
		}
	}
	return failure(KindNoCommonProtocol, "ClientHello application_layer_protocol_negotiation")
}

// answerCommon adds what EncryptedExtensions and a ServerHello of TLS ≤ 1.2 have in common.
func (a *answering) answerCommon(fx *effects, x *msg.Extensions) {
	if fx.conn.ALPN != "" && fx.before == nil {
		x.ALPN = msg.AppendVector8(nil, fx.conn.ALPN)
		x.Set(msg.ExtALPN)
	}
	if fx.conn.ServerName != "" && !fx.conn.Resumed && !a.choice.Unacknowledged {
		x.ServerName = nil
		x.Set(msg.ExtServerName)
	}
}

// common iterates over the suites that both sides have for the version, in the
// order of whoever's preference counts.
func (a *answering) common(fx *effects) iter.Seq[*suites.Suite] {
	p, v := fx.profile, fx.conn.Version
	return func(yield func(*suites.Suite) bool) {
		if p.cfg.ClientPreference {
			for id := range a.hello.Suites.All() {
				if s := p.suite(id); s != nil && s.Min <= v && v <= s.Max && !yield(s) {
					return
				}
			}
			return
		}
		for _, s := range a.preferred(p) {
			if s.Min <= v && v <= s.Max && a.hello.Suites.Has(uint16(s.ID)) && !yield(s) {
				return
			}
		}
	}
}

// preferred are a server's suites in its order of preference.
func (a *answering) preferred(p *profile) []*suites.Suite {
	if p.chaChaFirst == nil {
		return p.suites
	}
	for id := range a.hello.Suites.All() {
		switch s := suites.ByID(suites.ID(id)); {
		case s == nil: // a signal, GREASE, or what nobody here knows
		case s.ChaCha20():
			return p.chaChaFirst
		default:
			return p.suites
		}
	}
	return p.suites
}

// credential picks the first credential that signs what the client verifies;
// those for the name asked for come first, and of them those whose chain is signed as
// the client wants. auth narrows it to the keys of a suite.
func (a *answering) credential(fx *effects, auth suites.Auth) (*cred.Credential, cred.Scheme, bool) {
	var (
		best   *cred.Credential
		scheme cred.Scheme
		most   = -1
	)
	for i, c := range fx.profile.cfg.Credentials {
		if auth != suites.AuthAny && (authOf(cred.PublicKey(c.Leaf)) != auth || !a.takesCurve(c)) {
			continue
		}
		s, ok := fx.pick(c, a.verifies(fx.conn.Version))
		if !ok {
			continue
		}
		if n := merit(fx.serves(c), fx.profile.signedFor(i, &a.hello.Ext)); n > most {
			best, scheme, most = c, s, n
		}
	}
	return best, scheme, best != nil
}

// takesCurve reports whether a client of TLS ≤ 1.2 takes the curve of an ECDSA certificate.
func (a *answering) takesCurve(c *cred.Credential) bool {
	//= RFC 8422 §5.1
	g, ok := curveOf(c.Leaf)
	if !ok || !a.hello.Ext.Have(msg.ExtSupportedGroups) {
		return true
	}
	return g != nil && a.hello.Ext.SupportedGroups.Has(uint16(g.ID()))
}

// curveOf is the group of an ECDSA certificate's curve, nil for one that no
// client could name; ok is false for certificates of other keys.
func curveOf(leaf *x509.Certificate) (g kx.Group, ok bool) {
	key, ok := leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return nil, false
	}
	return kx.ByName(key.Curve.Params().Name), true
}

// verifies reports whether the client verifies a scheme. A client of TLS 1.2
// that does not say takes SHA-1.
func (a *answering) verifies(v record.Version) func(uint16) bool {
	//= RFC 5246 §7.4.1.4.1
	if v < record.TLS13 && !a.hello.Ext.Have(msg.ExtSignatureAlgorithms) {
		return func(s uint16) bool { return cred.Scheme(s) == cred.RSAPKCS1SHA1 || cred.Scheme(s) == cred.ECDSASHA1 }
	}
	return a.hello.Ext.SignatureAlgorithms.Has
}

// noClientCertificate is what becomes of a client without a certificate.
func (fx *effects) noClientCertificate() error {
	if fx.profile.cfg.ClientAuth != RequireClientCert {
		return nil
	}
	e := failure(KindCertificateRequired, "Certificate.certificate_list")
	if fx.conn.Version < record.TLS13 {
		e.Alert = record.AlertHandshakeFailure
	}
	return e
}

// schemesFor lists the enabled schemes that may sign in a version.
func (p *profile) schemesFor(v record.Version) msg.Uint16s {
	var list msg.Uint16s
	for _, s := range p.schemes {
		if s.In(v) {
			list = msg.AppendUint16s(list, uint16(s))
		}
	}
	return list
}

// authorities are the names that a CertificateRequest gives: those of the CAs
// that the profile trusts, as far as it knows them.
func (p *profile) authorities() msg.Vector16 {
	if p.cfg.Verifier == nil {
		return nil
	}
	var names msg.Vector16
	for _, ca := range p.cfg.Verifier.CAs {
		if len(names)+2+len(ca.RawSubject) <= maxAuthorities && isCA(ca) {
			names = msg.AppendVector16(names, ca.RawSubject)
		}
	}
	return names
}

// maxAuthorities bounds the names in a CertificateRequest, in bytes.
const maxAuthorities = 1 << 14

func isCA(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) || c.IsCA }
