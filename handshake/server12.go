package handshake

import (
	"bytes"

	"tacet/handshake/cred"
	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// begin12 answers a ClientHello in TLS ≤ 1.2.
func (a *answering) begin12(fx *effects, v record.Version) (afterChoice, error) {
	if err := a.check12(fx); err != nil {
		return nil, err
	}
	sess, current, err := a.resumable12(fx)
	if err != nil {
		return nil, err
	}
	if sess != nil {
		return a.resume12(fx, sess, !current)
	}
	return a.full12(fx)
}

// check12 checks what does not depend on the suite.
func (a *answering) check12(fx *effects) error {
	x := &a.hello.Ext
	if err := x.Check(msg.InClientHello12, 0); err != nil {
		return err
	}
	if len(x.RenegotiationInfo) != 0 {
		//= RFC 5746 §3.6
		return failure(KindRenegotiationInfo, "ClientHello renegotiation_info")
	}
	fx.conn.SecureRenegotiation = x.Have(msg.ExtRenegotiationInfo) || a.hello.Suites.Has(renegotiationSCSV)
	fx.conn.ExtendedMasterSecret = x.Have(msg.ExtExtendedMasterSecret)
	return a.protocol(fx)
}

// resumable12 finds the session of the hello's ticket, if it can be resumed.
func (a *answering) resumable12(fx *effects) (s *session.Session, current bool, err error) {
	//= RFC 5077 §3.4
	x := &a.hello.Ext
	if len(x.SessionTicket) == 0 || len(fx.profile.cfg.TicketKeys) == 0 {
		return nil, false, nil
	}
	s, current = fx.openTicket(x.SessionTicket)
	switch {
	case s == nil || s.ServerName != fx.conn.ServerName:
		return nil, false, nil
	case fx.profile.suite(uint16(s.Suite)) == nil || !a.hello.Suites.Has(uint16(s.Suite)):
		return nil, false, nil
	case s.ExtendedMaster && !fx.conn.ExtendedMasterSecret:
		//= RFC 7627 §5.3
		return nil, false, failure(KindExtendedMasterSecret, "ClientHello")
	case !s.ExtendedMaster && fx.conn.ExtendedMasterSecret:
		return nil, false, nil
	}
	return s, current, nil
}

// serverHello12 builds a ServerHello.
func (a *answering) serverHello12(fx *effects, suite *suites.Suite, ticket bool) *msg.ServerHello {
	//= RFC 5246 §7.4.1.3
	v := fx.conn.Version
	fx.conn.Suite = suite
	fx.agree(v)
	m := &msg.ServerHello{Version: v, Suite: uint16(suite.ID)}
	copy(m.Random[:], fx.draw(LabelServerRandom, 32))
	if fx.profile.max >= record.TLS13 {
		//= RFC 9846 §4.2.3
		copy(m.Random[24:], msg.DowngradeTLS12[:])
	}
	fx.conn.ServerRandom = m.Random
	a.answerCommon(fx, &m.Ext)
	if fx.conn.SecureRenegotiation {
		m.Ext.Set(msg.ExtRenegotiationInfo)
	}
	if fx.conn.ExtendedMasterSecret {
		m.Ext.Set(msg.ExtExtendedMasterSecret)
	}
	if ticket {
		m.Ext.Set(msg.ExtSessionTicket)
	}
	return m
}

// resume12 sends the short handshake.
func (a *answering) resume12(fx *effects, s *session.Session, renew bool) (afterChoice, error) {
	if err := fx.recall(s); err != nil {
		return nil, err
	}
	suite := suites.ByID(s.Suite)
	m := a.serverHello12(fx, suite, renew)
	m.SessionID = a.hello.SessionID
	fx.transcript.Pick(keys.FromCrypto(suite.Hash))
	fx.transcript.Write(a.raw)
	fx.send(m)
	k := fx.keys12(keys.MasterFromBytes(keys.FromCrypto(suite.Hash), s.Secret))
	if renew {
		fx.sendTicket12(k, s)
	}
	fx.sendCCS()
	fx.writeProtection(k.server, keys.Secret{})
	fx.sendFinished12(k, false)
	return &waitResumedClientCCS12{keys: k}, nil
}

// sendTicket12 sends a NewSessionTicket. was is the session that is resumed, or nil.
func (fx *effects) sendTicket12(k *keys12, was *session.Session) {
	s := fx.conn.session(fx.now, k.master.Bytes())
	if was != nil {
		s.Created = was.Created // renewing a ticket does not renew its session
	}
	fx.send(&msg.NewSessionTicket12{Lifetime: uint32(fx.profile.lifetime.Seconds()), Ticket: fx.sealTicket(s)})
}

// full12 picks suite, group and credential, and sends the first flight up to
// the signature.
func (a *answering) full12(fx *effects) (afterChoice, error) {
	group := a.group12(fx)
	for suite := range a.common(fx) {
		c, scheme, ok := a.credential(fx, suite.Auth)
		if group == nil || !ok {
			continue
		}
		return a.firstFlight12(fx, suite, group, c, scheme)
	}
	if group == nil {
		return nil, failure(KindNoCommonGroup, "ClientHello supported_groups")
	}
	return nil, failure(KindNoCommonSuite, "ClientHello.cipher_suites")
}

// group12 picks the first of the profile's groups that the client knows. A
// client that names none is held to know P-256.
func (a *answering) group12(fx *effects) kx.Group {
	//= RFC 8422 §4
	x := &a.hello.Ext
	if !x.Have(msg.ExtSupportedGroups) {
		return fx.profile.group(kx.P256)
	}
	for _, g := range fx.profile.groups {
		if !g.MinTLS13() && x.SupportedGroups.Has(uint16(g.ID())) {
			return g
		}
	}
	return nil
}

func (a *answering) firstFlight12(fx *effects, suite *suites.Suite, g kx.Group, c *cred.Credential, scheme cred.Scheme) (*signingServer12, error) {
	x := &a.hello.Ext
	secret, err := fx.generate(g, LabelServerShare)
	if err != nil {
		return nil, err
	}
	ticket := x.Have(msg.ExtSessionTicket) && len(fx.profile.cfg.TicketKeys) > 0
	m := a.serverHello12(fx, suite, ticket)
	fx.conn.Group = g
	if x.Have(msg.ExtECPointFormats) {
		m.Ext.PointFormats = []byte{0}
		m.Ext.Set(msg.ExtECPointFormats)
	}
	staple := x.StatusRequest && len(c.Staple) > 0
	if staple {
		m.Ext.Set(msg.ExtStatusRequest)
	}
	if x.Have(msg.ExtSCT) && len(c.SCTs) > 0 {
		m.Ext.SCTs = msg.AppendVector16(nil, c.SCTs...)
		m.Ext.Set(msg.ExtSCT)
	}
	fx.transcript.KeepRaw(fx.profile.cfg.ClientAuth != NoClientCert)
	fx.transcript.Pick(keys.FromCrypto(suite.Hash))
	fx.transcript.Write(a.raw)
	fx.send(m)
	fx.sendChain12(c)
	if staple {
		fx.send(&msg.CertificateStatus{Response: c.Staple})
	}
	kex := &msg.ServerECDHE{Group: uint16(g.ID()), Public: secret.AppendShare(nil), Scheme: uint16(scheme)}
	s := &signingServer12{kex: kex, secret: secret, ticket: ticket}
	s.q = fx.signQuery(c, scheme, fx.signedParams(kex.AppendParams(nil)))
	fx.shared(x.SignatureAlgorithms)
	return s, nil
}

// signingServer12 asks for the signature of ServerKeyExchange.
type signingServer12 struct {
	kex    *msg.ServerECDHE
	secret kx.Secret
	ticket bool
	q      SignQuery
}

func (s *signingServer12) query() Query                       { return &s.q }
func (s *signingServer12) builtin(fx *effects) (Answer, bool) { return fx.sign(&s.q) }

func (s *signingServer12) answer(fx *effects, a Answer) (state, error) {
	sig, err := fx.signature(&s.q, a)
	if err != nil {
		return nil, err
	}
	return s.signed(fx, sig), nil
}

func (s *signingServer12) signed(fx *effects, sig []byte) afterServerSignature12 {
	kex := *s.kex
	kex.Signature = sig
	fx.send(&kex)
	next := &waitClientKeyExchange{secret: s.secret, ticket: s.ticket}
	if fx.profile.cfg.ClientAuth == NoClientCert {
		fx.send(&msg.ServerHelloDone{})
		return next
	}
	fx.send(&msg.CertificateRequest12{
		Types: []byte{certTypeRSA, certTypeECDSA}, Schemes: fx.profile.schemesFor(fx.conn.Version),
		Authorities: fx.profile.authorities(),
	})
	fx.send(&msg.ServerHelloDone{})
	fx.conn.CertificateRequested = true
	return &waitClientCertificate12{next: next}
}

// waitClientCertificate12 waits for the Certificate that was requested.
type waitClientCertificate12 struct{ next *waitClientKeyExchange }

func (s *waitClientCertificate12) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.certificate)
}

func (s *waitClientCertificate12) certificate(fx *effects, m *msg.Certificate12) (afterClientCertificate12, error) {
	next := *s.next
	if m.Chain.Len() == 0 {
		fx.hear()
		return &next, fx.noClientCertificate()
	}
	if err := fx.takeChain12(m); err != nil {
		return nil, err
	}
	fx.hear()
	next.certificate = true
	return &next, nil
}

// waitClientKeyExchange waits for the client's share.
type waitClientKeyExchange struct {
	secret      kx.Secret
	ticket      bool // to be sent
	certificate bool // the client sent one, so CertificateVerify follows
}

func (s *waitClientKeyExchange) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.keyExchange)
}

func (s *waitClientKeyExchange) keyExchange(fx *effects, m *msg.ClientECDHE) (afterClientKeyExchange, error) {
	premaster, err := s.secret.Decapsulate(m.Public)
	if err != nil {
		return nil, badShare12(err, "ClientKeyExchange.ecdh_Yc")
	}
	fx.hear()
	k := fx.derive12(premaster)
	if s.certificate {
		return &waitClientCertificateVerify12{keys: k, ticket: s.ticket}, nil
	}
	fx.transcript.KeepRaw(false)
	return &waitClientCCS12{keys: k, ticket: s.ticket}, nil
}

// waitClientCertificateVerify12 waits for the proof of the client's key.
type waitClientCertificateVerify12 struct {
	keys   *keys12
	ticket bool
}

func (s *waitClientCertificateVerify12) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.certificateVerify)
}

func (s *waitClientCertificateVerify12) certificateVerify(fx *effects, m *msg.CertificateVerify) (afterClientVerify12, error) {
	//= RFC 5246 §7.4.8
	if err := fx.verifySignature(m.Scheme, bytes.Clone(fx.transcript.Raw()), m.Signature); err != nil {
		return nil, err
	}
	fx.transcript.KeepRaw(false)
	fx.hear()
	return &verifyingClient12{keys: s.keys, ticket: s.ticket, q: fx.verifyQuery()}, nil
}

// verifyingClient12 asks whether the client's chain is to be trusted.
type verifyingClient12 struct {
	keys   *keys12
	ticket bool
	q      VerifyQuery
}

func (s *verifyingClient12) query() Query                       { return &s.q }
func (s *verifyingClient12) builtin(fx *effects) (Answer, bool) { return fx.judge(&s.q) }

func (s *verifyingClient12) answer(fx *effects, a Answer) (state, error) {
	if err := fx.verdict(a); err != nil {
		return nil, err
	}
	return s.verified(), nil
}

func (s *verifyingClient12) verified() afterClientVerdict12 {
	return &waitClientCCS12{keys: s.keys, ticket: s.ticket}
}

// waitClientCCS12 waits for the client's change_cipher_spec.
type waitClientCCS12 struct {
	keys   *keys12
	ticket bool
}

func (s *waitClientCCS12) changeCipherSpec(fx *effects) (state, error) {
	return to(s.change(fx))
}

func (s *waitClientCCS12) change(fx *effects) (afterClientCCS12, error) {
	if err := fx.readProtection(s.keys.client, keys.Secret{}); err != nil {
		return nil, err
	}
	return &waitClientFinished12{keys: s.keys, ticket: s.ticket}, nil
}

// waitClientFinished12 waits for the client's Finished and answers with the server's.
type waitClientFinished12 struct {
	keys   *keys12
	ticket bool
}

func (s *waitClientFinished12) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.finished)
}

func (s *waitClientFinished12) finished(fx *effects, m *msg.Finished) (afterClientFinished12, error) {
	if err := fx.takeFinished12(m, s.keys, true); err != nil {
		return nil, err
	}
	if s.ticket {
		fx.sendTicket12(s.keys, nil)
	}
	fx.sendCCS()
	fx.writeProtection(s.keys.server, keys.Secret{})
	fx.sendFinished12(s.keys, false)
	fx.add(effect{kind: doComplete})
	return connected{}, nil
}

// waitResumedClientCCS12 waits for the client's change_cipher_spec.
type waitResumedClientCCS12 struct{ keys *keys12 }

func (s *waitResumedClientCCS12) changeCipherSpec(fx *effects) (state, error) {
	return to(s.change(fx))
}

func (s *waitResumedClientCCS12) change(fx *effects) (afterResumedClientCCS12, error) {
	if err := fx.readProtection(s.keys.client, keys.Secret{}); err != nil {
		return nil, err
	}
	return &waitResumedClientFinished12{keys: s.keys}, nil
}

// waitResumedClientFinished12 waits for the client's Finished.
type waitResumedClientFinished12 struct{ keys *keys12 }

func (s *waitResumedClientFinished12) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.finished)
}

func (s *waitResumedClientFinished12) finished(fx *effects, m *msg.Finished) (afterResumedClientFinished12, error) {
	if err := fx.takeFinished12(m, s.keys, true); err != nil {
		return nil, err
	}
	fx.add(effect{kind: doComplete})
	return connected{}, nil
}
