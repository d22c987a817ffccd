package handshake

import (
	"bytes"

	"tacet/handshake/cred"
	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/record"
	"tacet/suites"
)

// agreed12 is what both sides of a TLS ≤ 1.2 handshake know once ServerHello is
// said. It is shared by the states after it, and never changed.
type agreed12 struct {
	version record.Version // of the ClientHello
	id      []byte         // the session id that the server gave, of a full handshake
	ticket  bool           // a NewSessionTicket will come
	status  bool           // a CertificateStatus may come
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
	}
	if err := fx.takeProtocol(&m.Ext, o.hello.Ext.ALPN); err != nil {
		return nil, err
	}
	fx.agree(v)
	fx.conn.Suite, fx.conn.ServerRandom = suite, m.Random
	fx.conn.ExtendedMasterSecret = m.Ext.Have(msg.ExtExtendedMasterSecret)
	if err := fx.takeRenegotiationInfo(&m.Ext); err != nil {
		return nil, err
	}
	if err := fx.takeProtections(&m.Ext); err != nil {
		return nil, err
	}
	fx.transcript.Pick(keys.PRFHash(v, suite))
	fx.hear()
	for sct := range m.Ext.SCTs.All() {
		fx.conn.SCTs = append(fx.conn.SCTs, bytes.Clone(sct))
	}
	a := &agreed12{version: o.hello.Version, ticket: m.Ext.Have(msg.ExtSessionTicket), status: m.Ext.Have(msg.ExtStatusRequest)}
	if len(m.SessionID) > 0 && bytes.Equal(m.SessionID, o.hello.SessionID) {
		return o.resume12(fx, a)
	}
	a.id = bytes.Clone(m.SessionID)
	switch {
	case certified(suite):
		return &waitCertificate12{agreed: a}, nil
	case exchangeOf(suite).share != msg.NoShare:
		return &waitKeyExchange{agreed: a}, nil
	}
	return a.awaitHint(suite), nil
}

// takeProtections takes what the server answered of how records are protected.
func (fx *effects) takeProtections(x *msg.Extensions) error {
	//= RFC 7366 §3
	fx.conn.EncryptThenMAC = x.Have(msg.ExtEncryptThenMAC)
	if fx.conn.EncryptThenMAC && !fx.conn.Suite.BlockCipher() || fx.downgrades(fx.conn.Suite, fx.conn.EncryptThenMAC) {
		return failure(KindIllegalParameter, "ServerHello encrypt_then_mac")
	}
	return fx.takeSizes(x)
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
	case s.MaxFragmentLength != fx.conn.fragmentCode:
		//= RFC 6066 §4
		return nil, failure(KindIllegalParameter, "ServerHello max_fragment_length of the session")
	}
	if err := fx.recall(s); err != nil {
		return nil, err
	}
	k := fx.keys12(keys.MasterFromBytes(keys.PRFHash(s.Version, fx.conn.Suite), s.Secret))
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
	id             []byte                  // of the session, if the server gave one
}

func (fx *effects) keys12(master keys.Master) *keys12 {
	k := &keys12{master: master}
	c := fx.conn
	c.master = &master // not k's: the keys beside it shall not outlive the handshake
	k.client, k.server = master.Keys(c.Suite, c.Version, c.ClientRandom[:], c.ServerRandom[:], c.EncryptThenMAC)
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
	if err := fx.leafFits(); err != nil {
		return nil, err
	}
	fx.hear()
	next := s.agreed.awaitExchange(fx.conn.Suite)
	if s.agreed.status {
		return &waitStatus12{next: next}, nil
	}
	return next, nil
}

func (fx *effects) takeChain12(m *msg.Certificate12) error {
	ders := make([][]byte, 0, m.Chain.Len())
	for der := range m.Chain.All() {
		ders = append(ders, der)
	}
	return fx.peerChain(ders)
}

// leafFits checks that the server's key is one that the suite can use.
func (fx *effects) leafFits() error {
	leaf := fx.conn.PeerCertificates[0]
	if !suiteFits(fx.conn.Suite, cred.PublicKey(leaf)) {
		return failure(KindWrongCertificateType, "Certificate")
	}
	if exchangeOf(fx.conn.Suite).rsa && !cred.Encrypts(leaf) {
		return failure(KindWrongCertificateType, "Certificate: no RSA key that encrypts")
	}
	if g, ecdsa := curveOf(leaf); ecdsa && (g == nil || fx.profile.group(g.ID()) == nil) {
		//= RFC 8422 §5.3
		return failure(KindWrongGroup, "Certificate: curve")
	}
	return fx.renegotiates(leaf)
}

// awaitExchange is the vertex for what follows the certificate, and its status.
func (a *agreed12) awaitExchange(s *suites.Suite) afterStatus12 {
	switch x := exchangeOf(s); {
	case x.share != msg.NoShare:
		return &waitKeyExchange{agreed: a}
	case x.psk:
		return a.awaitHint(s)
	}
	return &waitRequestOrDone{agreed: a, exchange: &exchange12{}}
}

func (a *agreed12) awaitHint(s *suites.Suite) *waitHint {
	return &waitHint{agreed: a, next: a.awaitDone(s, &exchange12{})}
}

// awaitDone is the vertex for what follows the server's half of the key exchange.
func (a *agreed12) awaitDone(s *suites.Suite, x *exchange12) afterKeyExchange12 {
	//= RFC 5246 §7.4.4
	if certified(s) {
		return &waitRequestOrDone{agreed: a, exchange: x}
	}
	return &waitAnonymousDone{agreed: a, exchange: x}
}

// waitStatus12 waits for the CertificateStatus that the server announced but may
// leave out (RFC 6066 §8).
type waitStatus12 struct{ next afterStatus12 }

func (s *waitStatus12) step(fx *effects, m msg.Raw) (state, error) {
	if m.Type() == msg.TypeCertificateStatus {
		return expect(fx, m, s.status)
	}
	return s.next.step(fx, m)
}

func (s *waitStatus12) status(fx *effects, m *msg.CertificateStatus) (afterStatus12, error) {
	fx.hear()
	fx.conn.OCSPResponse = bytes.Clone(m.Response)
	return s.next, nil
}

// waitKeyExchange waits for the server's ServerKeyExchange.
type waitKeyExchange struct{ agreed *agreed12 }

func (s *waitKeyExchange) step(fx *effects, m msg.Raw) (state, error) {
	return expectIn(fx, m, fx.serverKeyExchange(), s.keyExchange)
}

// serverKeyExchange is the message, with the form that the suite gives it.
func (fx *effects) serverKeyExchange() *msg.ServerKeyExchange {
	suite := fx.conn.Suite
	return &msg.ServerKeyExchange{Form: exchangeOf(suite).serverForm(suite, fx.conn.Version)}
}

func (s *waitKeyExchange) keyExchange(fx *effects, m *msg.ServerKeyExchange) (afterKeyExchange12, error) {
	x, err := fx.takeParams(m)
	if err != nil {
		return nil, err
	}
	if m.Form.Signed {
		if err := fx.verifySignature12(m.Scheme, fx.signedParams(m.Params), m.Signature); err != nil {
			return nil, err
		}
	}
	fx.hear()
	return s.agreed.awaitDone(fx.conn.Suite, x), nil
}

// waitHint waits for the ServerKeyExchange of a server that gives a hint of which
// pre-shared key it means, or for what follows one that does not (RFC 4279 §2).
type waitHint struct {
	agreed *agreed12
	next   afterKeyExchange12 // without one
}

func (s *waitHint) step(fx *effects, m msg.Raw) (state, error) {
	if m.Type() == msg.TypeServerKeyExchange {
		return expectIn(fx, m, fx.serverKeyExchange(), s.hint)
	}
	return s.next.step(fx, m)
}

func (s *waitHint) hint(fx *effects, m *msg.ServerKeyExchange) (afterKeyExchange12, error) {
	fx.hear()
	return s.agreed.awaitDone(fx.conn.Suite, &exchange12{hint: m.Hint}), nil
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
	if m.Type() != msg.TypeCertificateRequest {
		return expect(fx, m, s.done)
	}
	if fx.conn.Version < record.TLS12 {
		return expect(fx, m, s.request10)
	}
	return expect(fx, m, s.request)
}

func (s *waitRequestOrDone) done(fx *effects, m *msg.ServerHelloDone) (afterHelloDone12, error) {
	return fx.verifyServer12(flight12{agreed: s.agreed, exchange: s.exchange})
}

// request12 is what a server said that it wants of a client's certificate.
type request12 struct {
	schemes     []cred.Scheme
	certSchemes []cred.Scheme // nil: not said
	authorities [][]byte
}

// Client certificate types (RFC 5246 §7.4.4, RFC 8422 §5.5).
const (
	certTypeRSA   = 1
	certTypeECDSA = 64
)

func (s *waitRequestOrDone) request(fx *effects, m *msg.CertificateRequest12) (afterRequest12, error) {
	//= RFC 5246 §7.4.4
	next := s.requested(fx, fx.usable(fx.shared(m.Schemes)), m.Types, m.Authorities)
	next.request.certSchemes = known(m.Schemes)
	return next, nil
}

// request10 is that up to TLS 1.1, where the kind of the key decides how it signs.
func (s *waitRequestOrDone) request10(fx *effects, m *msg.CertificateRequest10) (afterRequest12, error) {
	//= RFC 4346 §7.4.4
	return s.requested(fx, []cred.Scheme{cred.RSAPKCS1MD5SHA1, cred.ECDSASHA1}, m.Types, m.Authorities), nil
}

func (s *waitRequestOrDone) requested(fx *effects, schemes []cred.Scheme, types []byte, names msg.Vector16) *waitHelloDone {
	fx.hear()
	fx.conn.CertificateRequested = true
	r := &request12{}
	for _, scheme := range schemes {
		if bytes.IndexByte(types, certTypeOf(scheme)) >= 0 {
			r.schemes = append(r.schemes, scheme)
		}
	}
	for name := range names.All() {
		r.authorities = append(r.authorities, name)
	}
	return &waitHelloDone{agreed: s.agreed, exchange: s.exchange, request: r}
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
	request  *request12
}

func (s *waitHelloDone) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.done)
}

func (s *waitHelloDone) done(fx *effects, m *msg.ServerHelloDone) (afterHelloDone12, error) {
	return fx.verifyServer12(flight12{agreed: s.agreed, exchange: s.exchange, request: s.request})
}

// verifyServer12 takes the end of the flight of a server that showed a certificate.
func (fx *effects) verifyServer12(f flight12) (*verifyingServer12, error) {
	if err := fx.hearDone(); err != nil {
		return nil, err
	}
	return &verifyingServer12{flight: f, q: fx.verifyQuery()}, nil
}

func (fx *effects) hearDone() error {
	if !fx.isAligned {
		return failure(KindExcessHandshakeData, "ServerHelloDone")
	}
	fx.hear()
	return nil
}

// waitAnonymousDone waits for the ServerHelloDone of a server that shows no certificate.
type waitAnonymousDone struct {
	agreed   *agreed12
	exchange *exchange12
}

func (s *waitAnonymousDone) step(fx *effects, m msg.Raw) (state, error) {
	if m.Type() == msg.TypeCertificateRequest && fx.conn.Suite.Auth == suites.AuthNone {
		//= RFC 5246 §7.4.4
		return nil, failure(KindAnonymousRequest, m.Type().String())
	}
	return expect(fx, m, s.done)
}

func (s *waitAnonymousDone) done(fx *effects, m *msg.ServerHelloDone) (afterAnonymousDone12, error) {
	if err := fx.hearDone(); err != nil {
		return nil, err
	}
	if fx.conn.Suite.Auth == suites.AuthNone {
		fx.conn.VerifyError = failure(KindVerification, "the suite authenticates nobody")
	}
	f := flight12{agreed: s.agreed, exchange: s.exchange}
	return f.exchangeKeys(fx)
}

// suiteFits reports whether a suite's authentication is what a key does.
func suiteFits(s *suites.Suite, pub any) bool {
	switch kind := authOf(pub); s.Auth {
	case suites.AuthRSA, suites.AuthECDSA:
		return kind == s.Auth
	}
	return true
}
