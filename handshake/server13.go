package handshake

import (
	"math"
	"time"

	"tacet/handshake/cred"
	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// begin13 answers a first ClientHello in TLS 1.3.
func (a *answering) begin13(fx *effects) (afterChoice, error) {
	if err := a.check13(fx); err != nil {
		return nil, err
	}
	if err := a.suite13(fx); err != nil {
		return nil, err
	}
	if mode, ok := a.pskMode(fx); ok && mode == PSKKE {
		return a.beginPSKOnly(fx)
	}
	g, shared, err := a.share13(fx)
	switch {
	case err != nil:
		return nil, err
	case !shared:
		return a.retry(fx, g), nil
	}
	return a.answer13(fx, g)
}

// check13 checks a ClientHello and picks the protocol.
func (a *answering) check13(fx *effects) error {
	//= RFC 9846 §4.2.2
	h := a.hello
	if !h.OnlyNullCompression() {
		return failure(KindWrongCompression, "ClientHello.legacy_compression_methods")
	}
	if err := h.Ext.Check(msg.InClientHello, 0); err != nil {
		return err
	}
	if !h.Ext.KeyShares.Within(h.Ext.SupportedGroups) {
		return failure(KindIllegalParameter, "ClientHello key_share: group not in supported_groups")
	}
	return a.protocol(fx)
}

// suite13 picks the first common suite; for a client that may have an external
// key and no ticket of ours, the first that such a key can be used with.
func (a *answering) suite13(fx *effects) error {
	var first *suites.Suite
	for s := range a.common(fx) {
		if first == nil {
			first = s
			if t, _, _ := a.ticket(fx, keys.FromCrypto(s.Hash)); t != nil || !fx.profile.takesPSK() || !a.offersPSK(fx) {
				break
			}
		}
		if keys.FromCrypto(s.Hash) == keys.SHA256 {
			first = s
			break
		}
	}
	if fx.conn.Suite = first; first == nil {
		return failure(KindNoCommonSuite, "ClientHello.cipher_suites")
	}
	return nil
}

// share13 picks the group, and tells whether the client sent a share of it: the first of
// the profile's that it did, else the first that it knows; that one in any case by
// GroupPreference.
func (a *answering) share13(fx *effects) (kx.Group, bool, error) {
	//= RFC 9846 §4.3.8
	first := a.group13(fx)
	for _, g := range fx.profile.groups {
		_, sent := a.hello.Ext.KeyShares.Find(uint16(g.ID()))
		if sent || fx.profile.cfg.GroupPreference && g == first {
			return g, sent, nil
		}
	}
	if first != nil {
		return first, false, nil
	}
	return nil, false, failure(KindNoCommonGroup, "ClientHello supported_groups")
}

// group13 is the first of the profile's groups that the client knows, or nil.
func (a *answering) group13(fx *effects) kx.Group {
	for _, g := range fx.profile.groups {
		if a.hello.Ext.SupportedGroups.Has(uint16(g.ID())) {
			return g
		}
	}
	return nil
}

// retry sends a HelloRetryRequest for a group.
func (a *answering) retry(fx *effects, g kx.Group) *waitClientHelloAgain {
	//= RFC 9846 §4.2.4
	fx.agree(record.TLS13)
	fx.conn.Retried = true
	fx.transcript.Pick(keys.FromCrypto(fx.conn.Suite.Hash))
	fx.transcript.Write(a.raw)
	fx.transcript.Retry()
	m := &msg.ServerHello{Version: record.TLS12, Random: msg.RetryRandom, SessionID: a.hello.SessionID, Suite: uint16(fx.conn.Suite.ID)}
	m.Ext.SelectedVersion = record.TLS13
	m.Ext.Set(msg.ExtSupportedVersions)
	m.Ext.RetryGroup = uint16(g.ID())
	m.Ext.Set(msg.ExtKeyShare)
	fx.send(m)
	if len(a.hello.SessionID) > 0 {
		fx.sendCCS()
	}
	if a.hello.Ext.Have(msg.ExtEarlyData) {
		fx.add(effect{kind: doSkip, skip: skipData})
	}
	return &waitClientHelloAgain{first: a, group: g}
}

// waitClientHelloAgain waits for the answer to a HelloRetryRequest.
type waitClientHelloAgain struct {
	during13
	first *answering
	group kx.Group
}

func (s *waitClientHelloAgain) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.clientHello)
}

func (s *waitClientHelloAgain) clientHello(fx *effects, m *msg.ClientHello) (afterClientHelloAgain, error) {
	fx.heard = true // once its binders are checked
	if err := s.sameHello(m); err != nil {
		return nil, err
	}
	a := &answering{hello: m, raw: fx.raw, choice: s.first.choice}
	if err := a.check13(fx); err != nil {
		return nil, err
	}
	fx.add(effect{kind: doSkip, skip: skipNothing})
	return a.answer13(fx, s.group)
}

// sameHello checks that the second hello differs from the first only where it may.
func (s *waitClientHelloAgain) sameHello(m *msg.ClientHello) error {
	//= RFC 9846 §4.2.2
	if err := s.first.hello.CheckRetry(m); err != nil {
		return &Error{Kind: KindHelloChanged, Err: err}
	}
	switch {
	case m.Ext.Have(msg.ExtEarlyData):
		return failure(KindHelloChanged, "ClientHello early_data")
	case m.Ext.Have(msg.ExtCookie):
		return failure(KindHelloChanged, "ClientHello cookie: none was sent")
	}
	id := uint16(s.group.ID())
	if _, ok := m.Ext.KeyShares.Find(id); !ok || m.Ext.KeyShares.Len() != 1 {
		return failure(KindHelloChanged, "ClientHello key_share: not the one asked for")
	}
	return nil
}

// afterAnswer13 is what may follow a ClientHello, first or second, and
// afterKnownPSK what may once it is known whether a key is taken.
type (
	afterAnswer13 interface {
		afterChoice
		afterClientHelloAgain
	}
	afterKnownPSK interface {
		afterAnswer13
		afterFoundPSK
		afterFoundPSKOnly
	}
)

// acceptedPSK is the pre-shared key that a server takes; its binder was checked.
type acceptedPSK struct {
	index    int
	age      uint32 // obfuscated, as the client says
	early    keys.Early
	session  *session.Session // of a ticket; nil for an external key
	identity string           // of an external key
}

// answer13 answers a ClientHello, once it is known whether a key is taken.
func (a *answering) answer13(fx *effects, g kx.Group) (afterAnswer13, error) {
	hash := keys.FromCrypto(fx.conn.Suite.Hash)
	psk, err := a.resumable(fx, hash)
	if err != nil {
		return nil, err
	}
	if psk == nil && a.mayKnow(fx) {
		return &findingPSK{hello: a, group: g, q: a.lookup(fx)}, nil
	}
	return a.answerWith(fx, g, psk)
}

// findingPSK asks for the key of one of the identities offered.
type findingPSK struct {
	hello *answering
	group kx.Group
	q     PSKLookup
}

func (s *findingPSK) query() Query                       { return &s.q }
func (s *findingPSK) builtin(fx *effects) (Answer, bool) { return Answer{}, false }

func (s *findingPSK) answer(fx *effects, a Answer) (state, error) {
	return to(s.found(fx, a))
}

func (s *findingPSK) found(fx *effects, a Answer) (afterFoundPSK, error) {
	psk, err := s.hello.external(fx, &s.q, a)
	if err != nil {
		return nil, err
	}
	return s.hello.answerWith(fx, s.group, psk)
}

// answerWith sends ServerHello and what follows, up to the signature; with a
// key there is none. Without a group the key does alone.
func (a *answering) answerWith(fx *effects, g kx.Group, psk *acceptedPSK) (afterKnownPSK, error) {
	early := keys.NewEarly(keys.FromCrypto(fx.conn.Suite.Hash), nil)
	sign := &signingServer{}
	switch {
	case psk == nil:
		if err := sign.choose(fx, a); err != nil {
			return nil, err
		}
	case psk.session != nil:
		skew := psk.session.AgeSkew(fx.now, psk.age).Milliseconds()
		early, fx.conn.ticketAgeSkew = psk.early, int32(max(math.MinInt32, min(skew, math.MaxInt32)))
		if err := fx.recall(psk.session); err != nil {
			return nil, err
		}
	default:
		early, fx.conn.PSKIdentity = psk.early, psk.identity
	}
	agreed, err := a.serverHello13(fx, g, early, psk)
	if err != nil {
		return nil, err
	}
	a.encryptedExtensions(fx)
	fx.conn.Group = g
	if psk != nil {
		return &waitClientFinished{finishing: serverFinished13(fx, agreed, a, psk.session)}, nil
	}
	sign.agreed, sign.hello = agreed, a
	return sign.begin(fx), nil
}

// serverHello13 sends ServerHello and enters the handshake stage.
func (a *answering) serverHello13(fx *effects, g kx.Group, early keys.Early, psk *acceptedPSK) (*agreed13, error) {
	//= RFC 9846 §4.2.3
	if g == nil && psk == nil { // or the secrets would come of nothing
		return nil, failure(KindInternal, "neither a group nor a pre-shared key")
	}
	share, shared, err := a.exchange13(fx, g)
	if err != nil {
		return nil, err
	}
	fx.agree(record.TLS13)
	fx.transcript.Pick(keys.FromCrypto(fx.conn.Suite.Hash))
	fx.transcript.Write(a.raw)
	m := &msg.ServerHello{Version: record.TLS12, SessionID: a.hello.SessionID, Suite: uint16(fx.conn.Suite.ID)}
	copy(m.Random[:], fx.draw(LabelServerRandom, 32))
	fx.conn.ServerRandom = m.Random
	m.Ext.SelectedVersion = record.TLS13
	m.Ext.Set(msg.ExtSupportedVersions)
	if g != nil {
		m.Ext.ServerShare = msg.KeyShare{Group: uint16(g.ID()), Data: share}
		m.Ext.Set(msg.ExtKeyShare)
	}
	if psk != nil {
		m.Ext.SelectedPSK = uint16(psk.index)
		m.Ext.Set(msg.ExtPreSharedKey)
	}
	fx.send(m)
	if len(a.hello.SessionID) > 0 && !fx.conn.Retried {
		fx.sendCCS()
	}
	agreed := &agreed13{offered: a.hello.Ext.Offered()}
	agreed.derive(fx, early, shared)
	if err := fx.readKeys(agreed.client); err != nil {
		return nil, err
	}
	fx.writeKeys(agreed.server)
	if a.hello.Ext.Have(msg.ExtEarlyData) {
		fx.add(effect{kind: doSkip, skip: skipUndecryptable})
	}
	return agreed, nil
}

func (a *answering) encryptedExtensions(fx *effects) {
	var m msg.EncryptedExtensions
	a.answerCommon(fx, &m.Ext)
	fx.answerSizes(&a.hello.Ext, &m.Ext)
	fx.send(&m)
}

// takesPSK reports whether a server takes external keys in TLS 1.3. Where a certificate
// is required it does not: with a key nobody would ask for one.
func (p *profile) takesPSK() bool { return p.cfg.AskPSK && p.cfg.ClientAuth != RequireClientCert }

// maxIdentities bounds how many PSKs of one hello are tried.
const maxIdentities = 8

// resumable is the first ticket of the hello that can be resumed, its binder
// checked, or nil. Nothing is sent before.
func (a *answering) resumable(fx *effects, hash keys.Hash) (*acceptedPSK, error) {
	//= RFC 9846 §4.3.11
	s, index, age := a.ticket(fx, hash)
	if s == nil {
		return nil, nil
	}
	psk := &acceptedPSK{index: index, age: age, early: keys.NewEarly(hash, s.Secret), session: s}
	return psk, a.checkBinder(fx, psk)
}

// ticket finds the first ticket of the hello that can be resumed with a suite
// of a hash.
func (a *answering) ticket(fx *effects, hash keys.Hash) (s *session.Session, index int, age uint32) {
	if !a.offersPSK(fx) || len(fx.profile.cfg.TicketKeys) == 0 {
		return nil, 0, 0
	}
	for identity, age := range a.hello.Ext.PSK.Identities.All() {
		if index >= maxIdentities {
			break
		}
		if s, _ := fx.openTicket(identity); s != nil && keys.FromCrypto(suites.ByID(s.Suite).Hash) == hash {
			return s, index, age
		}
		index++
	}
	return nil, 0, 0
}

// checkBinder checks that the client has the key.
func (a *answering) checkBinder(fx *effects, psk *acceptedPSK) error {
	//= RFC 9846 §4.3.11.2
	binder := psk.early.Binder(psk.session == nil)
	truncated := a.raw[:len(a.raw)-msg.BindersLen(a.hello)]
	sum, ok := fx.transcript.PartialSum(nil, binder.Hash(), truncated)
	if !ok {
		return failure(KindInternal, "binder of another hash")
	}
	i := 0
	for b := range a.hello.Ext.PSK.Binders.All() {
		if i == psk.index && binder.VerifyFinished(b, sum) {
			return nil
		}
		i++
	}
	return failure(KindBadBinder, "ClientHello pre_shared_key")
}

// signingServer asks for the signature of the server's CertificateVerify.
type signingServer struct {
	agreed *agreed13
	hello  *answering
	cred   *cred.Credential
	scheme cred.Scheme
	q      SignQuery
}

// choose picks the credential, before anything is sent.
func (s *signingServer) choose(fx *effects, a *answering) (err error) {
	if !a.hello.Ext.Have(msg.ExtSignatureAlgorithms) {
		return failure(KindMissingExtension, "ClientHello signature_algorithms")
	}
	fx.shared(a.hello.Ext.SignatureAlgorithms)
	if len(fx.profile.cfg.Credentials) == 0 {
		return failure(KindNoCertificate, "")
	}
	c, scheme, ok := a.credential(fx, suites.AuthAny)
	switch {
	case !ok && len(fx.conn.SharedSchemes) > 0:
		return failure(KindNoCertificate, "ClientHello signature_algorithms") // for what is shared
	case !ok:
		return failure(KindNoCommonScheme, "ClientHello signature_algorithms")
	}
	s.cred, s.scheme = c, scheme
	return nil
}

// begin asks for a staple, if the client did.
func (s *signingServer) begin(fx *effects) afterKnownPSK {
	if s.hello.hello.Ext.StatusRequest {
		return &stapling{sign: s, q: StapleQuery{Credential: s.cred}}
	}
	return s.ask(fx, nil)
}

// ask sends CertificateRequest, if one is due, and Certificate with what is stapled to it.
// It leaves s as it is, which a fork that waits for its staple shares (I3).
func (s *signingServer) ask(fx *effects, staple []byte) *signingServer {
	p := fx.profile
	if p.cfg.ClientAuth != NoClientCert {
		var m msg.CertificateRequest13
		//= RFC 9846 §4.3.3
		m.Ext.SignatureAlgorithms = p.schemesFor(record.TLS13) // what is then accepted
		m.Ext.Set(msg.ExtSignatureAlgorithms)
		if certs := p.certSchemes(m.Ext.SignatureAlgorithms); certs != nil { // some sign certificates alone
			m.Ext.SignatureAlgorithmsCert = certs
			m.Ext.Set(msg.ExtSignatureAlgorithmsCert)
		}
		if names := p.authorities(); len(names) > 0 {
			m.Ext.CertificateAuthorities = names
			m.Ext.Set(msg.ExtCertificateAuthorities)
		}
		fx.send(&m)
		fx.conn.CertificateRequested = true
	}
	fx.sendChain13(s.cred, staple, s.hello.hello.Ext.Offered())
	next := *s
	next.q = fx.signQuery(s.cred, s.scheme, fx.signedContent(true))
	return &next
}

func (s *signingServer) query() Query                       { return &s.q }
func (s *signingServer) builtin(fx *effects) (Answer, bool) { return fx.sign(&s.q) }

func (s *signingServer) answer(fx *effects, a Answer) (state, error) {
	sig, err := fx.signature(&s.q, a)
	if err != nil {
		return nil, err
	}
	return to(s.signed(fx, sig))
}

func (s *signingServer) signed(fx *effects, sig []byte) (afterServerSignature, error) {
	fx.sendCertificateVerify(s.scheme, sig)
	f := serverFinished13(fx, s.agreed, s.hello, nil)
	if fx.conn.CertificateRequested {
		return &waitClientCertificate{finishing: f}, nil
	}
	return &waitClientFinished{finishing: f}, nil
}

// serverFinishing13 is what a server still needs once it has sent Finished.
type serverFinishing13 struct {
	finishing13
	tickets  int           // to send
	lifetime time.Duration // theirs
}

// serverFinished13 sends the server's Finished and its application keys. was is the
// session that is resumed, or nil.
func serverFinished13(fx *effects, agreed *agreed13, a *answering, was *session.Session) *serverFinishing13 {
	fx.sendFinished13(agreed.server)
	f := &serverFinishing13{finishing13: finishing13{agreed: agreed}}
	f.derive(fx)
	fx.writeKeys(f.server)
	p := fx.profile
	if len(p.cfg.TicketKeys) == 0 || !p.resumes(a.hello) {
		return f
	}
	//= RFC 9846 §4.7.1
	if f.tickets, f.lifetime = p.tickets, min(p.lifetime, session.MaxLifetime); was != nil {
		f.tickets = p.cfg.ResumptionTickets
		f.lifetime = min(f.lifetime, was.Lifetime-fx.now.Sub(was.Created)).Truncate(time.Second)
	}
	return f
}

// waitClientCertificate is WAIT_CERT of a server.
type waitClientCertificate struct {
	during13
	finishing *serverFinishing13
}

func (s *waitClientCertificate) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.certificate)
}

func (s *waitClientCertificate) certificate(fx *effects, m *msg.Certificate13) (afterClientCertificate, error) {
	if m.Entries.Len() > 0 {
		if err := fx.takeChain13(m, 0); err != nil {
			return nil, err
		}
		fx.hear()
		return &waitClientCertificateVerify{finishing: s.finishing}, nil
	}
	if len(m.Context) != 0 {
		return nil, failure(KindIllegalParameter, "Certificate.certificate_request_context")
	}
	fx.hear()
	return &waitClientFinished{finishing: s.finishing}, fx.noClientCertificate()
}

// waitClientCertificateVerify is WAIT_CV of a server.
type waitClientCertificateVerify struct {
	during13
	finishing *serverFinishing13
}

func (s *waitClientCertificateVerify) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.certificateVerify)
}

func (s *waitClientCertificateVerify) certificateVerify(fx *effects, m *msg.CertificateVerify) (afterClientVerify, error) {
	if err := fx.verifySignature(m.Scheme, fx.signedContent(false), m.Signature); err != nil {
		return nil, err
	}
	fx.hear()
	return &verifyingClient{finishing: s.finishing, q: fx.verifyQuery()}, nil
}

// verifyingClient asks whether the client's chain is to be trusted.
type verifyingClient struct {
	finishing *serverFinishing13
	q         VerifyQuery
}

func (s *verifyingClient) query() Query                       { return &s.q }
func (s *verifyingClient) builtin(fx *effects) (Answer, bool) { return fx.judge(&s.q) }

func (s *verifyingClient) answer(fx *effects, a Answer) (state, error) {
	if err := fx.verdict(a); err != nil {
		return nil, err
	}
	return s.verified(), nil
}

func (s *verifyingClient) verified() afterClientVerdict {
	return &waitClientFinished{finishing: s.finishing}
}

// waitClientFinished is WAIT_FINISHED of a server.
type waitClientFinished struct {
	during13
	finishing *serverFinishing13
}

func (s *waitClientFinished) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.finished)
}

func (s *waitClientFinished) finished(fx *effects, m *msg.Finished) (afterClientFinished, error) {
	f := s.finishing
	if err := fx.checkFinished13(m, f.agreed.client); err != nil {
		return nil, err
	}
	fx.hear()
	if err := fx.readKeys(f.client); err != nil {
		return nil, err
	}
	if f.tickets > 0 && f.lifetime > 0 {
		resumption := f.app.ResumptionMaster(fx.hash())
		fx.sendTickets13(f.tickets, f.lifetime, func(nonce []byte) []byte {
			psk := resumption.ResumptionPSK(nonce)
			return psk.Bytes()
		})
	}
	fx.add(effect{kind: doComplete})
	return connected{}, nil
}
