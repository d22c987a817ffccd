package handshake

import (
	"bytes"

	"tacet/handshake/cred"
	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// agreed12 is what both sides of a TLS ≤ 1.2 handshake know once ServerHello is
// said. It is shared by the states after it, and never changed.
type agreed12 struct {
	offered msg.Set // of the ClientHello
	ticket  bool    // a NewSessionTicket will come
	status  bool    // a CertificateStatus may come
}

// accept12 takes a ServerHello of TLS ≤ 1.2.
func (o *offer) accept12(fx *effects, m *msg.ServerHello, v record.Version) (afterServerHello, error) {
	//= RFC 5246 §7.4.1.3
	if err := m.Ext.Check(msg.InServerHello12, o.hello.Ext.Offered()); err != nil {
		return nil, err
	}
	suite := fx.profile.suite(m.Suite)
	switch {
	case m.Compression != 0:
		return nil, failure(KindWrongCompression, "ServerHello.compression_method")
	case suite == nil || v < suite.Min || v > suite.Max:
		return nil, failure(KindWrongSuite, "ServerHello.cipher_suite")
	case len(m.Ext.RenegotiationInfo) != 0:
		return nil, failure(KindRenegotiationInfo, "ServerHello renegotiation_info")
	}
	if err := fx.takeProtocol(&m.Ext, o.hello.Ext.ALPN); err != nil {
		return nil, err
	}
	fx.agree(v)
	fx.conn.Suite, fx.conn.ServerRandom = suite, m.Random
	fx.conn.ExtendedMasterSecret = m.Ext.Have(msg.ExtExtendedMasterSecret)
	fx.conn.SecureRenegotiation = m.Ext.Have(msg.ExtRenegotiationInfo)
	fx.transcript.Pick(keys.FromCrypto(suite.Hash))
	fx.hear()
	for sct := range m.Ext.SCTs.All() {
		fx.conn.SCTs = append(fx.conn.SCTs, bytes.Clone(sct))
	}
	a := &agreed12{
		offered: o.hello.Ext.Offered(),
		ticket:  m.Ext.Have(msg.ExtSessionTicket), status: m.Ext.Have(msg.ExtStatusRequest),
	}
	if len(m.SessionID) > 0 && bytes.Equal(m.SessionID, o.hello.SessionID) {
		return o.resume12(fx, a)
	}
	return &waitCertificate12{agreed: a}, nil
}

// resume12 takes up the session that the server agreed to by echoing the session id.
func (o *offer) resume12(fx *effects, a *agreed12) (afterServerHello, error) {
	//= RFC 5077 §3.4
	s := o.session
	switch {
	case s == nil || s.Version >= record.TLS13:
		return nil, failure(KindWrongSessionID, "ServerHello.session_id")
	case s.Version != fx.conn.Version:
		return nil, failure(KindIllegalParameter, "ServerHello.server_version of the session")
	case s.Suite != fx.conn.Suite.ID:
		return nil, failure(KindWrongSuite, "ServerHello.cipher_suite of the session")
	case s.ExtendedMaster != fx.conn.ExtendedMasterSecret:
		//= RFC 7627 §5.3
		return nil, failure(KindExtendedMasterSecret, "ServerHello")
	}
	if err := fx.recall(s); err != nil {
		return nil, err
	}
	master := keys.MasterFromBytes(keys.FromCrypto(fx.conn.Suite.Hash), s.Secret)
	k := fx.keys12(master)
	if a.ticket {
		return &waitResumedTicket12{keys: k}, nil
	}
	return &waitResumedCCS12{keys: k}, nil
}

// keys12 is what the master secret of a connection gives.
type keys12 struct {
	master         keys.Master
	client, server record.Protection
	ticket         *msg.NewSessionTicket12 // the client's, if one came
}

func (fx *effects) keys12(master keys.Master) *keys12 {
	k := &keys12{master: master}
	fx.conn.master = &master // not k's: the keys beside it shall not outlive the handshake
	k.client, k.server = master.Keys(fx.conn.Suite, fx.conn.Version, fx.conn.ClientRandom[:], fx.conn.ServerRandom[:])
	fx.keyLog(keys.LabelClientRandom, master.Bytes())
	return k
}

// waitCertificate12 waits for the server's Certificate.
type waitCertificate12 struct{ agreed *agreed12 }

func (s *waitCertificate12) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.certificate)
}

func (s *waitCertificate12) certificate(fx *effects, m *msg.Certificate12) (afterCertificate12, error) {
	//= RFC 5246 §7.4.2
	if m.Chain.Len() == 0 {
		return nil, failure(KindEmptyChain, "Certificate.certificate_list")
	}
	if err := fx.takeChain12(m); err != nil {
		return nil, err
	}
	fx.hear()
	if s.agreed.status {
		return &waitStatusOrKeyExchange{agreed: s.agreed}, nil
	}
	return &waitKeyExchange{agreed: s.agreed}, nil
}

func (fx *effects) takeChain12(m *msg.Certificate12) error {
	ders := make([][]byte, 0, m.Chain.Len())
	for der := range m.Chain.All() {
		ders = append(ders, der)
	}
	return fx.peerChain(ders)
}

// waitStatusOrKeyExchange waits for the CertificateStatus that the server
// announced but may leave out (RFC 6066 §8).
type waitStatusOrKeyExchange struct{ agreed *agreed12 }

func (s *waitStatusOrKeyExchange) step(fx *effects, m msg.Raw) (state, error) {
	if m.Type() == msg.TypeCertificateStatus {
		return expect(fx, m, s.status)
	}
	return (&waitKeyExchange{agreed: s.agreed}).step(fx, m)
}

func (s *waitStatusOrKeyExchange) status(fx *effects, m *msg.CertificateStatus) (afterStatus12, error) {
	fx.hear()
	fx.conn.OCSPResponse = bytes.Clone(m.Response)
	return &waitKeyExchange{agreed: s.agreed}, nil
}

// waitKeyExchange waits for the server's ServerKeyExchange.
type waitKeyExchange struct{ agreed *agreed12 }

func (s *waitKeyExchange) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.keyExchange)
}

// exchange12 is the server's half of an ECDHE key exchange.
type exchange12 struct {
	group kx.Group
	share []byte
}

func (s *waitKeyExchange) keyExchange(fx *effects, m *msg.ServerECDHE) (afterKeyExchange12, error) {
	//= RFC 8422 §5.4
	g := fx.profile.group(kx.ID(m.Group))
	if g == nil || g.MinTLS13() {
		return nil, failure(KindWrongGroup, "ServerKeyExchange.namedcurve")
	}
	leaf := fx.conn.PeerCertificates[0]
	if !suiteFits(fx.conn.Suite, cred.PublicKey(leaf)) {
		return nil, failure(KindWrongCertificateType, "Certificate")
	}
	if g, ecdsa := curveOf(leaf); ecdsa && (g == nil || fx.profile.group(g.ID()) == nil) {
		//= RFC 8422 §5.3
		return nil, failure(KindWrongGroup, "Certificate: curve")
	}
	if err := fx.verifySignature(m.Scheme, fx.signedParams(m.Params), m.Signature); err != nil {
		return nil, err
	}
	fx.hear()
	fx.conn.Group = g
	return &waitRequestOrDone{agreed: s.agreed, exchange: &exchange12{group: g, share: m.Public}}, nil
}

// signedParams is what a ServerKeyExchange signs.
func (fx *effects) signedParams(params []byte) []byte {
	b := make([]byte, 0, 64+len(params))
	b = append(b, fx.conn.ClientRandom[:]...)
	b = append(b, fx.conn.ServerRandom[:]...)
	return append(b, params...)
}

// waitRequestOrDone waits for the server's CertificateRequest or ServerHelloDone.
type waitRequestOrDone struct {
	agreed   *agreed12
	exchange *exchange12
}

func (s *waitRequestOrDone) step(fx *effects, m msg.Raw) (state, error) {
	if m.Type() == msg.TypeCertificateRequest {
		return expect(fx, m, s.request)
	}
	return expect(fx, m, (&waitHelloDone{agreed: s.agreed, exchange: s.exchange}).done)
}

// request12 is what a server said that it wants of a client's certificate.
type request12 struct {
	schemes     []cred.Scheme
	authorities [][]byte
}

// Client certificate types (RFC 5246 §7.4.4, RFC 8422 §5.5).
const (
	certTypeRSA   = 1
	certTypeECDSA = 64
)

func (s *waitRequestOrDone) request(fx *effects, m *msg.CertificateRequest12) (afterRequest12, error) {
	//= RFC 5246 §7.4.4
	fx.hear()
	fx.conn.CertificateRequested = true
	r := &request12{}
	for _, scheme := range fx.usable(fx.shared(m.Schemes)) {
		if bytes.IndexByte(m.Types, certTypeOf(scheme)) >= 0 {
			r.schemes = append(r.schemes, scheme)
		}
	}
	for name := range m.Authorities.All() {
		r.authorities = append(r.authorities, name)
	}
	return &waitHelloDone{agreed: s.agreed, exchange: s.exchange, request: r}, nil
}

func certTypeOf(s cred.Scheme) byte {
	if s.RSA() {
		return certTypeRSA
	}
	return certTypeECDSA
}

// waitHelloDone waits for the server's ServerHelloDone.
type waitHelloDone struct {
	agreed   *agreed12
	exchange *exchange12
	request  *request12 // nil: none came
}

func (s *waitHelloDone) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.done)
}

func (s *waitHelloDone) done(fx *effects, m *msg.ServerHelloDone) (afterHelloDone12, error) {
	if !fx.isAligned {
		return nil, failure(KindExcessHandshakeData, "ServerHelloDone")
	}
	fx.hear()
	return &verifyingServer12{agreed: s.agreed, exchange: s.exchange, request: s.request, q: fx.verifyQuery()}, nil
}

// verifyingServer12 asks whether the server's chain is to be trusted.
type verifyingServer12 struct {
	agreed   *agreed12
	exchange *exchange12
	request  *request12
	q        VerifyQuery
}

func (s *verifyingServer12) query() Query                       { return &s.q }
func (s *verifyingServer12) builtin(fx *effects) (Answer, bool) { return fx.judge(&s.q) }

func (s *verifyingServer12) answer(fx *effects, a Answer) (state, error) {
	if err := fx.verdict(a); err != nil {
		return nil, err
	}
	return to(s.verified(fx))
}

func (s *verifyingServer12) verified(fx *effects) (afterServerVerdict12, error) {
	if s.request == nil {
		k, err := s.exchange.exchange(fx)
		if err != nil {
			return nil, err
		}
		return finish12(fx, s.agreed, k), nil
	}
	c := &choosingCredential12{agreed: s.agreed, exchange: s.exchange}
	c.q = CredentialQuery{Version: fx.conn.Version, Schemes: s.request.schemes, Authorities: s.request.authorities}
	return c, nil
}

// exchange sends ClientKeyExchange and derives the keys.
func (x *exchange12) exchange(fx *effects) (*keys12, error) {
	//= RFC 8422 §5.7
	share, premaster, err := fx.encapsulate(x.group, LabelClientShare, x.share)
	if err != nil {
		return nil, badShare12(err, "ServerKeyExchange.public")
	}
	fx.send(&msg.ClientECDHE{Public: share})
	return fx.derive12(premaster), nil
}

// encapsulate answers the peer's share.
func (fx *effects) encapsulate(g kx.Group, label Label, peer []byte) (share, shared []byte, err error) {
	for range maxSeedTries {
		share, shared, err = g.Encapsulate(fx.draw(label, g.EncapsulateSeedLen()), peer)
		if !isSeedFault(err) {
			return share, shared, err
		}
	}
	return nil, nil, &Error{Kind: KindInternal, Err: err}
}

// derive12 makes the master secret once ClientKeyExchange is in the transcript.
func (fx *effects) derive12(premaster []byte) *keys12 {
	//= RFC 7627 §4
	hash := keys.FromCrypto(fx.conn.Suite.Hash)
	var master keys.Master
	if fx.conn.ExtendedMasterSecret {
		master = keys.NewExtendedMaster(hash, premaster, fx.hash())
	} else {
		master = keys.NewMaster(hash, premaster, fx.conn.ClientRandom[:], fx.conn.ServerRandom[:])
	}
	clear(premaster)
	return fx.keys12(master)
}

// afterClientFlight12 is what may follow the client's second flight, whoever ends it.
type afterClientFlight12 interface {
	afterServerVerdict12
	afterCredential12
	afterClientSignature12
}

// finish12 sends change_cipher_spec and Finished.
func finish12(fx *effects, a *agreed12, k *keys12) afterClientFlight12 {
	fx.sendCCS()
	fx.writeProtection(k.client, keys.Secret{})
	fx.sendFinished12(k, true)
	if a.ticket {
		return &waitTicket12{keys: k}
	}
	return &waitServerCCS12{keys: k}
}

func (fx *effects) sendFinished12(k *keys12, client bool) {
	fx.conn.Finished = k.master.Finished(fx.conn.verifyData[0][:0], client, fx.hash())
	fx.send(&msg.Finished{Verify: fx.conn.Finished})
}

// choosingCredential12 asks for the client's certificate.
type choosingCredential12 struct {
	agreed   *agreed12
	exchange *exchange12
	q        CredentialQuery
}

func (s *choosingCredential12) query() Query                       { return &s.q }
func (s *choosingCredential12) builtin(fx *effects) (Answer, bool) { return fx.credential(&s.q) }

func (s *choosingCredential12) answer(fx *effects, a Answer) (state, error) {
	c, scheme, err := fx.chosenCredential(&s.q, a)
	if err != nil {
		return nil, err
	}
	return to(s.chosen(fx, c, scheme))
}

func (s *choosingCredential12) chosen(fx *effects, c *cred.Credential, scheme cred.Scheme) (afterCredential12, error) {
	fx.sendChain12(c)
	k, err := s.exchange.exchange(fx)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return finish12(fx, s.agreed, k), nil
	}
	next := &signingClient12{agreed: s.agreed, keys: k}
	next.q = fx.signQuery(c, scheme, bytes.Clone(fx.transcript.Raw()))
	return next, nil
}

// sendChain12 sends a chain; that of a nil credential is empty.
func (fx *effects) sendChain12(c *cred.Credential) {
	var m msg.Certificate12
	if c != nil {
		m.Chain = msg.AppendVector24(nil, c.Chain...)
	}
	fx.send(&m)
}

// signingClient12 asks for the signature of the client's CertificateVerify.
type signingClient12 struct {
	agreed *agreed12
	keys   *keys12
	q      SignQuery
}

func (s *signingClient12) query() Query                       { return &s.q }
func (s *signingClient12) builtin(fx *effects) (Answer, bool) { return fx.sign(&s.q) }

func (s *signingClient12) answer(fx *effects, a Answer) (state, error) {
	sig, err := fx.signature(&s.q, a)
	if err != nil {
		return nil, err
	}
	return s.signed(fx, sig), nil
}

func (s *signingClient12) signed(fx *effects, sig []byte) afterClientSignature12 {
	fx.sendCertificateVerify(s.q.Scheme, sig)
	return finish12(fx, s.agreed, s.keys)
}

// waitTicket12 waits for the server's NewSessionTicket.
type waitTicket12 struct{ keys *keys12 }

func (s *waitTicket12) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.ticket)
}

func (s *waitTicket12) ticket(fx *effects, m *msg.NewSessionTicket12) (afterTicket12, error) {
	return &waitServerCCS12{keys: s.keys.withTicket(fx, m)}, nil
}

func (k *keys12) withTicket(fx *effects, m *msg.NewSessionTicket12) *keys12 {
	fx.hear()
	with := *k
	with.ticket = m
	return &with
}

// waitServerCCS12 waits for the server's change_cipher_spec.
type waitServerCCS12 struct{ keys *keys12 }

func (s *waitServerCCS12) changeCipherSpec(fx *effects) (state, error) {
	return to(s.change(fx))
}

func (s *waitServerCCS12) change(fx *effects) (afterServerCCS12, error) {
	if err := fx.readProtection(s.keys.server, keys.Secret{}); err != nil {
		return nil, err
	}
	return &waitServerFinished12{keys: s.keys}, nil
}

// waitServerFinished12 waits for the server's Finished.
type waitServerFinished12 struct{ keys *keys12 }

func (s *waitServerFinished12) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.finished)
}

func (s *waitServerFinished12) finished(fx *effects, m *msg.Finished) (afterServerFinished12, error) {
	if err := fx.takeFinished12(m, s.keys, false); err != nil {
		return nil, err
	}
	fx.keepTicket(s.keys)
	fx.add(effect{kind: doComplete})
	return connected{}, nil
}

// takeFinished12 checks and hears the peer's Finished.
func (fx *effects) takeFinished12(m *msg.Finished, k *keys12, client bool) error {
	//= RFC 5246 §7.4.9
	if len(m.Verify) != finishedLen12 {
		return failure(KindBadFinishedLength, "Finished.verify_data")
	}
	if !k.master.VerifyFinished(m.Verify, client, fx.hash()) {
		return failure(KindBadFinished, "Finished.verify_data")
	}
	if !fx.isAligned {
		return failure(KindExcessHandshakeData, "Finished")
	}
	fx.conn.PeerFinished = append(fx.conn.verifyData[1][:0], m.Verify...)
	fx.hear()
	return nil
}

const finishedLen12 = 12

// keepTicket makes a session of the ticket that came, if one did.
func (fx *effects) keepTicket(k *keys12) {
	if k.ticket == nil || len(k.ticket.Ticket) == 0 {
		return
	}
	s := fx.conn.session(fx.now, k.master.Bytes())
	s.Ticket = bytes.Clone(k.ticket.Ticket)
	s.Lifetime = ticketLifetime(k.ticket.Lifetime, fx.profile.lifetime)
	fx.add(effect{kind: doSession, session: s})
}

// waitResumedTicket12 waits for the NewSessionTicket of a resumed session.
type waitResumedTicket12 struct{ keys *keys12 }

func (s *waitResumedTicket12) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.ticket)
}

func (s *waitResumedTicket12) ticket(fx *effects, m *msg.NewSessionTicket12) (afterResumedTicket12, error) {
	return &waitResumedCCS12{keys: s.keys.withTicket(fx, m)}, nil
}

// waitResumedCCS12 waits for the server's change_cipher_spec.
type waitResumedCCS12 struct{ keys *keys12 }

func (s *waitResumedCCS12) changeCipherSpec(fx *effects) (state, error) {
	return to(s.change(fx))
}

func (s *waitResumedCCS12) change(fx *effects) (afterResumedCCS12, error) {
	if err := fx.readProtection(s.keys.server, keys.Secret{}); err != nil {
		return nil, err
	}
	return &waitResumedFinished12{keys: s.keys}, nil
}

// waitResumedFinished12 waits for the server's Finished and answers with the client's.
type waitResumedFinished12 struct{ keys *keys12 }

func (s *waitResumedFinished12) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.finished)
}

func (s *waitResumedFinished12) finished(fx *effects, m *msg.Finished) (afterResumedFinished12, error) {
	if err := fx.takeFinished12(m, s.keys, false); err != nil {
		return nil, err
	}
	fx.sendCCS()
	fx.writeProtection(s.keys.client, keys.Secret{})
	fx.sendFinished12(s.keys, true)
	fx.keepTicket(s.keys)
	fx.add(effect{kind: doComplete})
	return connected{}, nil
}

// suiteFits reports whether a suite's authentication is what a key does.
func suiteFits(s *suites.Suite, pub any) bool {
	switch kind := authOf(pub); s.Auth {
	case suites.AuthRSA, suites.AuthECDSA:
		return kind == s.Auth
	}
	return true
}
