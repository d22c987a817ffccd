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
	fx.agree(v)
	x := &a.hello.Ext
	switch {
	case !fx.mayResume():
		return a.full12(fx)
	case len(x.SessionTicket) > 0 && len(fx.profile.cfg.TicketKeys) > 0:
		//= RFC 5077 §3.4
		s, current := fx.openTicket(x.SessionTicket)
		return a.resumeOrNot(fx, s, !current)
	case len(x.SessionTicket) == 0 && len(a.hello.SessionID) > 0 && fx.profile.cfg.AskSession:
		return &findingSession12{answering: *a, q: SessionLookup{ID: a.hello.SessionID}}, nil
	}
	return a.full12(fx)
}

// check12 checks what does not depend on the suite.
func (a *answering) check12(fx *effects) error {
	x := &a.hello.Ext
	if err := x.Check(msg.InClientHello12, 0); err != nil {
		return err
	}
	fx.conn.ExtendedMasterSecret = x.Have(msg.ExtExtendedMasterSecret)
	if err := a.checkRenegotiation(fx); err != nil {
		return err
	}
	return a.protocol(fx)
}

// findingSession12 asks for the session with the id that a client offers.
type findingSession12 struct {
	answering
	q SessionLookup
}

func (s *findingSession12) query() Query                       { return &s.q }
func (s *findingSession12) builtin(fx *effects) (Answer, bool) { return Answer{}, false }

func (s *findingSession12) answer(fx *effects, a Answer) (state, error) {
	found, ok := a.value.(*session.Session)
	if !ok {
		return nil, misuse(KindWrongAnswer, "SessionLookup")
	}
	return to(s.found(fx, found))
}

func (s *findingSession12) found(fx *effects, found *session.Session) (afterSession12, error) {
	if !fx.fresh(found) {
		found = nil
	}
	return s.resumeOrNot(fx, found, false)
}

// resumeOrNot resumes a session, if there is one that fits the hello.
func (a *answering) resumeOrNot(fx *effects, s *session.Session, renew bool) (afterSession12, error) {
	switch {
	case s == nil || s.ServerName != fx.conn.ServerName:
		return a.full12(fx)
	case fx.profile.suite(uint16(s.Suite)) == nil || !a.hello.Suites.Has(uint16(s.Suite)):
		return a.full12(fx)
	case s.MaxFragmentLength != fx.offeredFragment(&a.hello.Ext):
		//= RFC 6066 §4
		return a.full12(fx)
	case s.ExtendedMaster && !fx.conn.ExtendedMasterSecret:
		//= RFC 7627 §5.3
		return nil, failure(KindExtendedMasterSecret, "ClientHello")
	case !s.ExtendedMaster && fx.conn.ExtendedMasterSecret:
		return a.full12(fx)
	}
	return a.resume12(fx, s, renew)
}

// serverHello12 builds a ServerHello.
func (a *answering) serverHello12(fx *effects, suite *suites.Suite, ticket bool) *msg.ServerHello {
	//= RFC 5246 §7.4.1.3
	v := fx.conn.Version
	fx.conn.Suite = suite
	m := &msg.ServerHello{Version: v, Suite: uint16(suite.ID)}
	copy(m.Random[:], fx.draw(LabelServerRandom, 32))
	//= RFC 9846 §4.2.3
	switch most := fx.profile.max; {
	case v < record.TLS12 && most >= record.TLS12:
		copy(m.Random[24:], msg.DowngradeTLS11[:])
	case v == record.TLS12 && most >= record.TLS13:
		copy(m.Random[24:], msg.DowngradeTLS12[:])
	}
	fx.conn.ServerRandom = m.Random
	a.answerCommon(fx, &m.Ext)
	fx.answerRenegotiation(&m.Ext)
	if fx.conn.ExtendedMasterSecret {
		m.Ext.Set(msg.ExtExtendedMasterSecret)
	}
	//= RFC 7366 §3
	if a.hello.Ext.Have(msg.ExtEncryptThenMAC) && suite.BlockCipher() && fx.encryptsFirst() {
		fx.conn.EncryptThenMAC = true
		m.Ext.Set(msg.ExtEncryptThenMAC)
	}
	fx.answerSizes(&a.hello.Ext, &m.Ext)
	if ticket {
		m.Ext.Set(msg.ExtSessionTicket)
	}
	return m
}

// resume12 sends the short handshake.
func (a *answering) resume12(fx *effects, s *session.Session, renew bool) (afterSession12, error) {
	if err := fx.recall(s); err != nil {
		return nil, err
	}
	suite := suites.ByID(s.Suite)
	m := a.serverHello12(fx, suite, renew)
	m.SessionID = a.hello.SessionID
	hash := keys.PRFHash(fx.conn.Version, suite)
	fx.transcript.Pick(hash)
	fx.transcript.Write(a.raw)
	fx.send(m)
	k := fx.keys12(keys.MasterFromBytes(hash, s.Secret))
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
	s.Lifetime = fx.profile.lifetime
	if was != nil {
		s.Created = was.Created // renewing a ticket does not renew its session
	}
	fx.send(&msg.NewSessionTicket12{Lifetime: uint32(fx.profile.lifetime.Seconds()), Ticket: fx.sealTicket(s)})
}

// keeping12 is how a server of TLS ≤ 1.2 lets a full handshake be resumed.
type keeping12 struct {
	ticket bool
	id     []byte // the session's, that the application is to store; nil: none
}

// full12 picks suite, group and credential, and asks for a staple, if the client did.
func (a *answering) full12(fx *effects) (afterSession12, error) {
	c, err := a.choose12(fx)
	switch {
	case err != nil:
		return nil, err
	case c.credential != nil && a.hello.Ext.StatusRequest:
		return &stapling12{answering: *a, choice: c, q: StapleQuery{Credential: c.credential}}, nil
	}
	return a.show12(fx, c, nil)
}

// show12 sends the first flight up to the signature.
func (a *answering) show12(fx *effects, c *choice12, staple []byte) (_ afterStaple12, err error) {
	x := &a.hello.Ext
	half := &serverHalf12{credential: c.credential, offered: a.hello.Version}
	if c.group != nil {
		if half.secret, err = fx.generate(c.group, LabelServerShare); err != nil {
			return nil, err
		}
	}
	half.keep.ticket = x.Have(msg.ExtSessionTicket) && len(fx.profile.cfg.TicketKeys) > 0
	m := a.serverHello12(fx, c.suite, half.keep.ticket)
	if fx.profile.cfg.AskSession && !half.keep.ticket && fx.mayResume() {
		half.keep.id = bytes.Clone(fx.draw(LabelSessionID, 32))
		m.SessionID = half.keep.id
	}
	fx.conn.Group = c.group
	if x.Have(msg.ExtECPointFormats) && exchangeOf(c.suite).share == msg.ECShare {
		m.Ext.PointFormats = []byte{0}
		m.Ext.Set(msg.ExtECPointFormats)
	}
	fx.transcript.KeepRaw(fx.profile.cfg.ClientAuth != NoClientCert)
	fx.transcript.Pick(keys.PRFHash(fx.conn.Version, c.suite))
	fx.transcript.Write(a.raw)
	a.sendHelloAndChain(fx, m, c.credential, staple)
	fx.shared(x.SignatureAlgorithms)
	return half.begin(fx, c), nil
}

// sendHelloAndChain sends ServerHello and, if there is a credential, Certificate
// and what is stapled to it.
func (a *answering) sendHelloAndChain(fx *effects, m *msg.ServerHello, c *cred.Credential, staple []byte) {
	if c == nil {
		fx.send(m)
		return
	}
	if len(staple) > 0 {
		m.Ext.Set(msg.ExtStatusRequest)
	}
	if a.hello.Ext.Have(msg.ExtSCT) && len(c.SCTs) > 0 {
		m.Ext.SCTs = msg.AppendVector16(nil, c.SCTs...)
		m.Ext.Set(msg.ExtSCT)
	}
	fx.conn.Credential = c
	fx.send(m)
	fx.sendChain12(c)
	if len(staple) > 0 {
		fx.send(&msg.CertificateStatus{Response: staple})
	}
}

// serverHalf12 is the server's half of a key exchange, and what it does after
// it. It is copied, never changed.
type serverHalf12 struct {
	secret      kx.Secret        // of a group, nil if there is none
	credential  *cred.Credential // what the server showed, nil if nothing
	offered     record.Version   // of the ClientHello
	keep        keeping12
	certificate bool // the client sent one, so CertificateVerify follows
}

// begin sends ServerKeyExchange, if the suite has one.
func (h *serverHalf12) begin(fx *effects, c *choice12) afterStaple12 {
	form := exchangeOf(c.suite).serverForm(c.suite, fx.conn.Version)
	kex := &msg.ServerKeyExchange{Form: form, Scheme: uint16(c.scheme)}
	if form.Hint {
		kex.Hint = []byte(fx.profile.cfg.PSKHint)
	}
	if h.secret != nil {
		kex.Group, kex.Public = uint16(c.group.ID()), h.secret.AppendShare(nil)
		kex.P, kex.G = kx.DHParams(c.group)
	}
	switch {
	case form.Signed:
		s := &signingServer12{kex: kex, half: h}
		s.q = fx.signQuery(c.credential, c.scheme, fx.signedParams(kex.AppendParams(nil)))
		return s
	case h.secret != nil || len(kex.Hint) > 0:
		fx.send(kex)
	}
	return h.request(fx)
}

// signingServer12 asks for the signature of ServerKeyExchange.
type signingServer12 struct {
	kex  *msg.ServerKeyExchange
	half *serverHalf12
	q    SignQuery
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
	return s.half.request(fx)
}

// request ends the first flight, with a CertificateRequest if there is to be one.
// Where no certificate is shown, none may be asked for.
func (h *serverHalf12) request(fx *effects) afterServerFlight12 {
	//= RFC 5246 §7.4.4
	next := &waitClientKeyExchange{half: h}
	if fx.profile.cfg.ClientAuth == NoClientCert || !certified(fx.conn.Suite) {
		fx.transcript.KeepRaw(false)
		fx.send(&msg.ServerHelloDone{})
		return next
	}
	types, names := []byte{certTypeRSA, certTypeECDSA}, fx.profile.authorities()
	if fx.conn.Version < record.TLS12 {
		fx.send(&msg.CertificateRequest10{Types: types, Authorities: names})
	} else {
		fx.send(&msg.CertificateRequest12{Types: types, Schemes: fx.profile.schemesFor(fx.conn.Version), Authorities: names})
	}
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
	if m.Chain.Len() == 0 {
		fx.hear()
		return s.next, fx.noClientCertificate()
	}
	if err := fx.takeChain12(m); err != nil {
		return nil, err
	}
	fx.hear()
	half := *s.next.half
	half.certificate = true
	return &waitClientKeyExchange{half: &half}, nil
}

// waitClientKeyExchange waits for the client's half of the key exchange.
type waitClientKeyExchange struct{ half *serverHalf12 }

func (s *waitClientKeyExchange) step(fx *effects, m msg.Raw) (state, error) {
	return expectIn(fx, m, fx.clientKeyExchange(), s.keyExchange)
}

// clientKeyExchange is the message, with the form that the suite gives it.
func (fx *effects) clientKeyExchange() *msg.ClientKeyExchange {
	return &msg.ClientKeyExchange{Form: exchangeOf(fx.conn.Suite).clientForm()}
}

func (s *waitClientKeyExchange) keyExchange(fx *effects, m *msg.ClientKeyExchange) (afterClientKeyExchange, error) {
	if len(m.Identity) > MaxPSKIdentity {
		return nil, failure(KindIllegalParameter, "ClientKeyExchange.psk_identity")
	}
	e := &exchanged12{half: s.half, identity: bytes.Clone(m.Identity)}
	if m.Form.Share == msg.RSAShare {
		fx.hear()
		return e.decrypt(fx, m.Public), nil
	}
	if s.half.secret != nil {
		g := fx.conn.Group
		shared, err := s.half.secret.Decapsulate(shareOf(g, m.Public))
		if err != nil {
			return nil, cutShort(g, m.Public, badShare12(g, err, "ClientKeyExchange.ecdh_Yc", "ClientKeyExchange.dh_Yc"))
		}
		e.shared = shared
	}
	fx.hear()
	return e.find(fx), nil
}

// exchanged12 is what a server knows once it heard ClientKeyExchange.
type exchanged12 struct {
	half     *serverHalf12
	identity []byte // of the pre-shared key, if the suite takes one
	shared   []byte // of the group, or the premaster secret of RSA
}

// decrypt asks for the decryption of a premaster secret. Whatever goes wrong
// with it gives the random one that is drawn here, and is found at Finished.
func (e *exchanged12) decrypt(fx *effects, ciphertext []byte) *decryptingPremaster {
	//= RFC 5246 §7.4.7.1
	q := DecryptQuery{Credential: e.half.credential, Version: e.half.offered, Ciphertext: bytes.Clone(ciphertext)}
	copy(q.Random[:], fx.draw(LabelPremaster, len(q.Random)))
	return &decryptingPremaster{exchanged: *e, q: q}
}

// decryptingPremaster asks for the decryption of the premaster secret of RSA.
type decryptingPremaster struct {
	exchanged exchanged12
	q         DecryptQuery
}

func (s *decryptingPremaster) query() Query                       { return &s.q }
func (s *decryptingPremaster) builtin(fx *effects) (Answer, bool) { return s.q.builtin() }

func (s *decryptingPremaster) answer(fx *effects, a Answer) (state, error) {
	premaster, ok := a.value.(*[48]byte)
	if !ok {
		return nil, misuse(KindWrongAnswer, "DecryptQuery")
	}
	return s.decrypted(fx, premaster), nil
}

func (s *decryptingPremaster) decrypted(fx *effects, premaster *[48]byte) afterDecryption {
	e := s.exchanged
	e.shared = bytes.Clone(premaster[:])
	return e.find(fx)
}

// find asks for the pre-shared key, if the suite takes one.
func (e *exchanged12) find(fx *effects) afterDecryption {
	if !exchangeOf(fx.conn.Suite).psk {
		return e.derive(fx, nil)
	}
	q := PSKLookup{Version: fx.conn.Version, Identities: [][]byte{e.identity}}
	return &findingPSK12{exchanged: *e, q: q}
}

// findingPSK12 asks for the key of the identity that the client named. Without
// one the handshake goes on with a random key, which fails as a wrong key does:
// who has a key here is nobody's to find out.
type findingPSK12 struct {
	exchanged exchanged12
	q         PSKLookup
}

func (s *findingPSK12) query() Query                       { return &s.q }
func (s *findingPSK12) builtin(fx *effects) (Answer, bool) { return Answer{}, false }

func (s *findingPSK12) answer(fx *effects, a Answer) (state, error) {
	//= RFC 4279 §2
	k, ok := a.value.(foundKey)
	if !ok || k.index > 0 || !k.fits() {
		return nil, misuse(KindWrongAnswer, "PSKLookup")
	}
	return s.found(fx, k), nil
}

func (s *findingPSK12) found(fx *effects, k foundKey) afterFoundPSK12 {
	if k.index < 0 {
		k.key = fx.draw(LabelDecoy, 32)
	}
	fx.conn.PSKIdentity = string(s.exchanged.identity)
	return s.exchanged.derive(fx, k.key)
}

// derive makes the keys.
func (e *exchanged12) derive(fx *effects, psk []byte) afterFoundPSK12 {
	k := fx.derive12(exchangeOf(fx.conn.Suite).premaster(bytes.Clone(e.shared), psk))
	if e.half.certificate {
		return &waitClientCertificateVerify12{keys: k, keep: e.half.keep}
	}
	fx.transcript.KeepRaw(false)
	return &waitClientCCS12{keys: k, keep: e.half.keep}
}

// waitClientCertificateVerify12 waits for the proof of the client's key.
type waitClientCertificateVerify12 struct {
	keys *keys12
	keep keeping12
}

func (s *waitClientCertificateVerify12) step(fx *effects, m msg.Raw) (state, error) {
	if fx.conn.Version < record.TLS12 {
		return expect(fx, m, s.certificateVerify10)
	}
	return expect(fx, m, s.certificateVerify)
}

func (s *waitClientCertificateVerify12) certificateVerify(fx *effects, m *msg.CertificateVerify) (afterClientVerify12, error) {
	//= RFC 5246 §7.4.8
	return s.verify(fx, m.Scheme, m.Signature)
}

// certificateVerify10 is that up to TLS 1.1, where the key says how it signs.
func (s *waitClientCertificateVerify12) certificateVerify10(fx *effects, m *msg.CertificateVerify10) (afterClientVerify12, error) {
	//= RFC 4346 §7.4.8
	return s.verify(fx, 0, m.Signature)
}

func (s *waitClientCertificateVerify12) verify(fx *effects, scheme uint16, sig []byte) (afterClientVerify12, error) {
	if err := fx.verifySignature12(scheme, bytes.Clone(fx.transcript.Raw()), sig); err != nil {
		return nil, err
	}
	fx.transcript.KeepRaw(false)
	fx.hear()
	return &verifyingClient12{keys: s.keys, keep: s.keep, q: fx.verifyQuery()}, nil
}

// verifyingClient12 asks whether the client's chain is to be trusted.
type verifyingClient12 struct {
	keys *keys12
	keep keeping12
	q    VerifyQuery
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
	return &waitClientCCS12{keys: s.keys, keep: s.keep}
}
