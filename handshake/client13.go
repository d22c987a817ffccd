package handshake

import (
	"slices"

	"tacet/handshake/cred"
	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/record"
)

// agreed13 is what both sides of a TLS 1.3 handshake know once ServerHello is
// said. It is shared by the states after it, and never changed.
type agreed13 struct {
	offered  msg.Set // of the ClientHello
	alpn     msg.Vector8
	psk      bool // in use, so that no certificates are shown
	schedule keys.Handshake
	client   keys.Secret // client_handshake_traffic_secret
	server   keys.Secret // server_handshake_traffic_secret
}

// during13 is embedded by the states of TLS 1.3 in which a change_cipher_spec is dropped.
type during13 struct{}

func (during13) toleratesCCS() bool { return true }

// accept13 takes a ServerHello of TLS 1.3.
func (o *offer) accept13(fx *effects, m *msg.ServerHello) (*waitEncryptedExtensions, error) {
	//= RFC 9846 §4.2.3
	if err := o.common(fx, m); err != nil {
		return nil, err
	}
	hash := keys.FromCrypto(fx.conn.Suite.Hash)
	early, err := o.chosenPSK(fx, m, hash)
	if err != nil {
		return nil, err
	}
	shared, err := o.agreeKey(fx, m)
	if err != nil {
		return nil, err
	}
	fx.agree(record.TLS13)
	fx.conn.ServerRandom = m.Random
	fx.transcript.KeepRaw(false)
	fx.transcript.Pick(hash)
	fx.hear()
	a := &agreed13{offered: o.hello.Ext.Offered(), alpn: o.hello.Ext.ALPN, psk: m.Ext.Have(msg.ExtPreSharedKey)}
	a.derive(fx, early, shared)
	if len(o.hello.SessionID) > 0 && o.retry == nil {
		fx.add(effect{kind: doCCS})
	}
	if err := fx.readKeys(a.server); err != nil {
		return nil, err
	}
	fx.writeKeys(a.client)
	return &waitEncryptedExtensions{agreed: a}, nil
}

// derive enters the handshake stage of the key schedule.
func (a *agreed13) derive(fx *effects, early keys.Early, shared []byte) {
	//= RFC 9846 §7.1
	a.schedule = early.Handshake(shared)
	clear(shared)
	th := fx.hash()
	a.client = a.schedule.ClientTraffic(th)
	a.server = a.schedule.ServerTraffic(th)
	fx.keyLog(keys.LabelClientHandshake, a.client.Bytes())
	fx.keyLog(keys.LabelServerHandshake, a.server.Bytes())
}

// chosenPSK is the stage that the key schedule starts from.
func (o *offer) chosenPSK(fx *effects, m *msg.ServerHello, hash keys.Hash) (keys.Early, error) {
	//= RFC 9846 §4.3.11
	if !m.Ext.Have(msg.ExtPreSharedKey) {
		return keys.NewEarly(hash, nil), nil
	}
	binder := o.psk.binder()
	if m.Ext.SelectedPSK != 0 || binder.Hash() != hash {
		return keys.Early{}, failure(KindWrongPSK, "ServerHello pre_shared_key")
	}
	if o.psk.external {
		fx.conn.PSKIdentity = string(o.psk.identity)
		return o.psk.early, nil
	}
	return o.psk.early, fx.recall(o.session)
}

// recall restores what a resumed session knew of the peer.
func (fx *effects) recall(s *session.Session) error {
	fx.conn.Resumed, fx.conn.PSKIdentity = true, s.PSKIdentity
	if len(s.PeerChain) == 0 {
		return nil
	}
	switch cfg := &fx.profile.cfg; {
	case cfg.Verify == VerifyRequired: // or it would not be resumed
		fx.conn.Verified, fx.conn.verifiedBy = s.Verified, s.VerifiedBy
	case cfg.Verify == VerifyRecord || cfg.AskVerify:
		fx.conn.VerifyError = fx.judgeAgain(s)
		fx.conn.Verified, fx.conn.verifiedBy = fx.conn.VerifyError == nil, s.VerifiedBy
	}
	if fx.conn.PeerCertificates = s.Certificates; len(s.Certificates) == 0 {
		return fx.peerChain(s.PeerChain)
	}
	return nil
}

// agreeKey finishes the key exchange with the server's share; there is none, and
// no secret of it, where a pre-shared key does alone.
func (o *offer) agreeKey(fx *effects, m *msg.ServerHello) ([]byte, error) {
	//= RFC 9846 §4.3.8
	psk, mode := m.Ext.Have(msg.ExtPreSharedKey), modeOf(m)
	switch {
	case psk && !slices.Contains(fx.profile.pskModes, mode):
		return nil, failure(KindWrongPSKMode, "ServerHello key_share")
	case psk && mode == PSKKE:
		return nil, nil
	}
	for i, id := range o.groups {
		if uint16(id) == m.Ext.ServerShare.Group {
			fx.conn.Group = fx.profile.group(id)
			shared, err := o.secrets[i].Decapsulate(m.Ext.ServerShare.Data)
			if err != nil {
				return nil, blame(err, "ServerHello key_share")
			}
			return shared, nil
		}
	}
	return nil, failure(KindWrongGroup, "ServerHello key_share")
}

// waitEncryptedExtensions is WAIT_EE.
type waitEncryptedExtensions struct {
	during13
	agreed *agreed13
}

func (s *waitEncryptedExtensions) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.encryptedExtensions)
}

func (s *waitEncryptedExtensions) encryptedExtensions(fx *effects, m *msg.EncryptedExtensions) (afterEncryptedExtensions, error) {
	if err := m.Ext.Check(msg.InEncryptedExtensions, s.agreed.offered); err != nil {
		return nil, err
	}
	if err := fx.takeProtocol(&m.Ext, s.agreed.alpn); err != nil {
		return nil, err
	}
	if err := fx.takeSizes(&m.Ext); err != nil {
		return nil, err
	}
	fx.hear()
	if s.agreed.psk {
		return &waitServerFinished{agreed: s.agreed}, nil
	}
	return &waitCertificateOrRequest{agreed: s.agreed}, nil
}

// takeProtocol takes the server's ALPN answer, one of the names offered if no other
// is let through.
func (fx *effects) takeProtocol(x *msg.Extensions, offered msg.Vector8) error {
	//= RFC 7301 §3.1
	if !x.Have(msg.ExtALPN) {
		return nil
	}
	for name := range x.ALPN.All() {
		for own := range offered.All() {
			if string(own) == string(name) || fx.profile.cfg.UnofferedProtocol {
				fx.conn.ALPN = string(name)
				return nil
			}
		}
	}
	return failure(KindWrongProtocol, "application_layer_protocol_negotiation")
}

// waitCertificateOrRequest is WAIT_CERT_CR.
type waitCertificateOrRequest struct {
	during13
	agreed *agreed13
}

func (s *waitCertificateOrRequest) step(fx *effects, m msg.Raw) (state, error) {
	if m.Type() == msg.TypeCertificateRequest {
		return expect(fx, m, s.certificateRequest)
	}
	return expect(fx, m, (&waitCertificate{agreed: s.agreed}).certificate)
}

// request13 is what a server said that it wants of a client's certificate.
type request13 struct {
	schemes     []cred.Scheme
	certSchemes []cred.Scheme
	offers      msg.Set
	authorities [][]byte
}

func (s *waitCertificateOrRequest) certificateRequest(fx *effects, m *msg.CertificateRequest13) (afterCertificateRequest, error) {
	if len(m.Context) != 0 {
		return nil, failure(KindIllegalParameter, "CertificateRequest.certificate_request_context")
	}
	if err := m.Ext.Check(msg.InCertificateRequest, 0); err != nil {
		return nil, err
	}
	fx.hear()
	fx.conn.CertificateRequested = true
	list, _ := takenInCertificates(&m.Ext)
	r := &request13{schemes: fx.usable(fx.shared(m.Ext.SignatureAlgorithms)), certSchemes: known(list), offers: m.Ext.Offered()}
	for name := range m.Ext.CertificateAuthorities.All() {
		r.authorities = append(r.authorities, name)
	}
	return &waitCertificate{agreed: s.agreed, request: r}, nil
}

// waitCertificate is WAIT_CERT.
type waitCertificate struct {
	during13
	agreed  *agreed13
	request *request13 // nil: none came
}

func (s *waitCertificate) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.certificate)
}

func (s *waitCertificate) certificate(fx *effects, m *msg.Certificate13) (afterCertificate, error) {
	//= RFC 9846 §4.5.1
	if m.Entries.Len() == 0 {
		return nil, failure(KindEmptyChain, "Certificate.certificate_list")
	}
	if err := fx.takeChain13(m, s.agreed.offered); err != nil {
		return nil, err
	}
	fx.hear()
	return &waitCertificateVerify{agreed: s.agreed, request: s.request}, nil
}

// takeChain13 keeps the peer's chain and what is stapled to its leaf.
func (fx *effects) takeChain13(m *msg.Certificate13, offered msg.Set) error {
	if len(m.Context) != 0 {
		return failure(KindIllegalParameter, "Certificate.certificate_request_context")
	}
	if err := m.Check(offered); err != nil {
		return err
	}
	fx.staple(m.Leaf.OCSPResponse, m.Leaf.SCTs)
	ders := make([][]byte, 0, m.Entries.Len())
	for der := range m.Entries.All() {
		ders = append(ders, der)
	}
	return fx.peerChain(ders)
}

func (fx *effects) staple(ocsp []byte, scts msg.Vector16) {
	fx.conn.OCSPResponse = append([]byte(nil), ocsp...)
	for sct := range scts.All() {
		fx.conn.SCTs = append(fx.conn.SCTs, append([]byte(nil), sct...))
	}
}

// waitCertificateVerify is WAIT_CV.
type waitCertificateVerify struct {
	during13
	agreed  *agreed13
	request *request13
}

func (s *waitCertificateVerify) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.certificateVerify)
}

func (s *waitCertificateVerify) certificateVerify(fx *effects, m *msg.CertificateVerify) (afterCertificateVerify, error) {
	//= RFC 9846 §4.5.2
	if err := fx.verifySignature(m.Scheme, fx.signedContent(true), m.Signature); err != nil {
		return nil, err
	}
	fx.hear()
	return &verifyingServer{agreed: s.agreed, request: s.request, q: fx.verifyQuery()}, nil
}

// verifyingServer asks whether the server's chain is to be trusted.
type verifyingServer struct {
	agreed  *agreed13
	request *request13
	q       VerifyQuery
}

func (s *verifyingServer) query() Query                       { return &s.q }
func (s *verifyingServer) builtin(fx *effects) (Answer, bool) { return fx.judge(&s.q) }

func (s *verifyingServer) answer(fx *effects, a Answer) (state, error) {
	if err := fx.verdict(a); err != nil {
		return nil, err
	}
	return s.verified(), nil
}

func (s *verifyingServer) verified() afterServerVerdict {
	return &waitServerFinished{agreed: s.agreed, request: s.request}
}

// waitServerFinished is WAIT_FINISHED.
type waitServerFinished struct {
	during13
	agreed  *agreed13
	request *request13
}

func (s *waitServerFinished) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.finished)
}

func (s *waitServerFinished) finished(fx *effects, m *msg.Finished) (afterServerFinished, error) {
	if err := fx.checkFinished13(m, s.agreed.server); err != nil {
		return nil, err
	}
	if !fx.isAligned {
		return nil, failure(KindExcessHandshakeData, "Finished")
	}
	fx.hear()
	f := &finishing13{agreed: s.agreed}
	f.derive(fx)
	if s.request == nil {
		return f.finish(fx)
	}
	c := &choosingCredential{finishing: f, request: s.request}
	c.q = CredentialQuery{Version: record.TLS13, Schemes: s.request.schemes, CertSchemes: s.request.certSchemes, Authorities: s.request.authorities}
	return c, nil
}

// checkFinished13 verifies the peer's Finished, which is not in the transcript yet.
func (fx *effects) checkFinished13(m *msg.Finished, base keys.Secret) error {
	//= RFC 9846 §4.5.3
	if len(m.Verify) != base.Hash().Size() {
		return failure(KindBadFinishedLength, "Finished.verify_data")
	}
	if !base.VerifyFinished(m.Verify, fx.hash()) {
		return failure(KindBadFinished, "Finished.verify_data")
	}
	fx.conn.PeerFinished = append(fx.conn.verifyData[1][:0], m.Verify...)
	return nil
}

// finishing13 holds the secrets of after the handshake, once the server's Finished is in the transcript.
type finishing13 struct {
	agreed *agreed13
	app    keys.Application
	client keys.Secret // client_application_traffic_secret_0
	server keys.Secret // server_application_traffic_secret_0
}

func (f *finishing13) derive(fx *effects) {
	//= RFC 9846 §7.1
	f.app = f.agreed.schedule.Application()
	th := fx.hash()
	f.client = f.app.ClientTraffic(th)
	f.server = f.app.ServerTraffic(th)
	fx.conn.exporter = f.app.ExporterMaster(th)
	fx.keyLog(keys.LabelClientTraffic, f.client.Bytes())
	fx.keyLog(keys.LabelServerTraffic, f.server.Bytes())
	fx.keyLog(keys.LabelExporter, fx.conn.exporter.Bytes())
}

// finish sends the client's Finished.
func (f *finishing13) finish(fx *effects) (connected, error) {
	fx.sendFinished13(f.agreed.client)
	resumption := f.app.ResumptionMaster(fx.hash())
	fx.origin.resumption = &resumption
	if err := fx.readKeys(f.server); err != nil {
		return connected{}, err
	}
	fx.writeKeys(f.client)
	fx.add(effect{kind: doComplete})
	return connected{}, nil
}

func (fx *effects) sendFinished13(base keys.Secret) {
	fx.conn.Finished = base.Finished(fx.conn.verifyData[0][:0], fx.hash())
	fx.send(&msg.Finished{Verify: fx.conn.Finished})
}

// choosingCredential asks for the client's certificate.
type choosingCredential struct {
	finishing *finishing13
	request   *request13
	q         CredentialQuery
}

func (s *choosingCredential) query() Query                       { return &s.q }
func (s *choosingCredential) builtin(fx *effects) (Answer, bool) { return fx.credential(&s.q) }

func (s *choosingCredential) answer(fx *effects, a Answer) (state, error) {
	c, scheme, err := fx.chosenCredential(&s.q, a)
	if err != nil {
		return nil, err
	}
	return to(s.chosen(fx, c, scheme))
}

func (s *choosingCredential) chosen(fx *effects, c *cred.Credential, scheme cred.Scheme) (afterCredential, error) {
	if c == nil {
		fx.send(&msg.Certificate13{})
		return s.finishing.finish(fx)
	}
	var staple []byte
	if s.request.offers.Has(msg.ExtStatusRequest) {
		staple = c.Staple
	}
	fx.sendChain13(c, staple, s.request.offers)
	next := &signingClient{finishing: s.finishing}
	next.q = fx.signQuery(c, scheme, fx.signedContent(false))
	return next, nil
}

// chainSize is how long a chain is on the wire, without extensions.
func chainSize(c *cred.Credential) int {
	n := 0
	for _, der := range c.Chain {
		n += 3 + len(der) + 2
	}
	return n
}

// fits reports whether the messages have room for a credential with a staple.
func fits(c *cred.Credential, staple []byte) bool {
	stapled := len(staple)
	for _, sct := range c.SCTs {
		stapled += 2 + len(sct)
	}
	return stapled <= maxStapled && chainSize(c) <= maxChainLength
}

// sendChain13 sends a chain, with a staple, if it is not empty, and, if the peer asked
// for them, SCTs of its leaf.
func (fx *effects) sendChain13(c *cred.Credential, staple []byte, asked msg.Set) {
	var leaf msg.Extensions
	if len(staple) > 0 {
		leaf.OCSPResponse = staple
		leaf.Set(msg.ExtStatusRequest)
	}
	if len(c.SCTs) > 0 && asked.Has(msg.ExtSCT) {
		leaf.SCTs = msg.AppendVector16(nil, c.SCTs...)
		leaf.Set(msg.ExtSCT)
	}
	m := msg.Certificate13{Entries: make([]byte, 0, chainSize(c)+len(staple)+64)}
	for i, der := range c.Chain {
		ext := &leaf
		if i > 0 {
			ext = nil
		}
		m.Entries = msg.AppendCertificateEntry(m.Entries, der, ext)
	}
	fx.send(&m)
}

// signingClient asks for the signature of the client's CertificateVerify.
type signingClient struct {
	finishing *finishing13
	q         SignQuery
}

func (s *signingClient) query() Query                       { return &s.q }
func (s *signingClient) builtin(fx *effects) (Answer, bool) { return fx.sign(&s.q) }

func (s *signingClient) answer(fx *effects, a Answer) (state, error) {
	sig, err := fx.signature(&s.q, a)
	if err != nil {
		return nil, err
	}
	return to(s.signed(fx, sig))
}

func (s *signingClient) signed(fx *effects, sig []byte) (afterClientSignature, error) {
	fx.sendCertificateVerify(s.q.Scheme, sig)
	return s.finishing.finish(fx)
}
