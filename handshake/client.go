package handshake

import (
	"crypto/x509"
	"net/netip"
	"strings"

	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// offer is what the client has said so far. It is shared by the states that
// wait for the answer, and never changed.
type offer struct {
	hello   *msg.ClientHello
	groups  []kx.ID // of which shares were sent
	secrets []kx.Secret
	session *session.Session // offered, or nil
	psk     *offeredPSK      // offered in TLS 1.3, or nil: the session's, or an external one
	retry   *msg.ServerHello // the HelloRetryRequest, if there was one
}

// offeredPSK is the one pre-shared key that a client offers.
type offeredPSK struct {
	identity []byte
	age      uint32 // obfuscated
	early    keys.Early
	external bool
}

func (p *offeredPSK) binder() keys.Secret { return p.early.Binder(p.external) }

// loadingSession asks for a session to resume.
type loadingSession struct{ q SessionQuery }

func (s *loadingSession) query() Query { return &s.q }

func (s *loadingSession) builtin(fx *effects) (Answer, bool) {
	if fx.profile.cfg.AskSession {
		return Answer{}, false
	}
	return s.q.Offer(nil), true
}

func (s *loadingSession) answer(fx *effects, a Answer) (state, error) {
	sess, ok := a.value.(*session.Session)
	if !ok {
		return nil, misuse(KindWrongAnswer, "SessionQuery")
	}
	return to(s.loaded(fx, sess))
}

func (s *loadingSession) loaded(fx *effects, sess *session.Session) (afterSession, error) {
	switch {
	case !fx.mayOffer(sess):
		return fx.withoutSession()
	case fx.profile.cfg.Reverify && fx.profile.cfg.AskVerify && len(sess.PeerChain) > 0:
		chain, err := fx.chainOf(sess) // which parses, or the session would not be offered
		q := VerifyQuery{Chain: chain, ServerName: fx.conn.ServerName, OfSession: true}
		return &verifyingSession{session: sess, q: q}, err
	}
	return fx.sayHello(&offer{session: sess})
}

// withoutSession goes on to what else there may be to offer.
func (fx *effects) withoutSession() (afterSessionVerdict, error) {
	if fx.profile.offersPSK() {
		return &choosingPSK{q: PSKQuery{Version: record.TLS13, ServerName: fx.conn.ServerName}}, nil
	}
	return fx.sayHello(&offer{})
}

// verifyingSession asks the application anew whether the chain of a session is to be
// trusted; see judgeAgain for the Verifier.
type verifyingSession struct {
	session *session.Session
	q       VerifyQuery
}

func (s *verifyingSession) query() Query                       { return &s.q }
func (s *verifyingSession) builtin(fx *effects) (Answer, bool) { return Answer{}, false }

func (s *verifyingSession) answer(fx *effects, a Answer) (state, error) {
	switch a.value.(type) {
	case [][]*x509.Certificate:
		return to(s.verified(fx, true))
	case tolerated:
		return to(s.verified(fx, false))
	}
	return nil, misuse(KindWrongAnswer, "VerifyQuery")
}

func (s *verifyingSession) verified(fx *effects, good bool) (afterSessionVerdict, error) {
	if !good {
		return fx.withoutSession()
	}
	return fx.sayHello(&offer{session: s.session})
}

// choosingPSK asks for an external pre-shared key to offer.
type choosingPSK struct{ q PSKQuery }

func (s *choosingPSK) query() Query                       { return &s.q }
func (s *choosingPSK) builtin(fx *effects) (Answer, bool) { return Answer{}, false }

func (s *choosingPSK) answer(fx *effects, a Answer) (state, error) {
	k, none, err := s.q.chosen(a)
	if err != nil {
		return nil, err
	}
	return to(s.chosen(fx, k, none))
}

func (s *choosingPSK) chosen(fx *effects, k offeredKey, none bool) (afterPSK, error) {
	o := &offer{}
	if !none {
		o.psk = &offeredPSK{identity: k.identity, early: keys.NewEarly(keys.SHA256, k.key), external: true}
	}
	return fx.sayHello(o)
}

// sayHello sends the first ClientHello.
func (fx *effects) sayHello(o *offer) (*waitServerHello, error) {
	p := fx.profile
	fx.transcript.KeepRaw(p.min < record.TLS13 && (len(p.cfg.Credentials) > 0 || p.cfg.AskCredential))
	if s := o.session; s != nil && s.Version >= record.TLS13 {
		early := keys.NewEarly(keys.FromCrypto(suites.ByID(s.Suite).Hash), s.Secret)
		o.psk = &offeredPSK{identity: s.Ticket, age: s.ObfuscatedAge(fx.now), early: early}
	}
	if err := fx.generateShares(o, p.shares); err != nil {
		return nil, err
	}
	o.hello = fx.newHello(o)
	if !o.hello.Fits() {
		o.forgetSession()
	}
	fx.conn.ClientRandom = o.hello.Random
	if err := fx.sendHello(o); err != nil {
		return nil, err
	}
	return &waitServerHello{offer: o}, nil
}

// forgetSession takes a session out of the hello, whose ticket is too long for it.
func (o *offer) forgetSession() {
	o.session, o.psk = nil, nil
	o.hello.Ext.SessionTicket = nil
	o.hello.Ext.Clear(msg.ExtPreSharedKey)
}

// mayOffer reports whether a session can still be resumed with this profile
// and peer. One whose peer was not verified is not offered where it must be:
// it would never be.
func (fx *effects) mayOffer(s *session.Session) bool {
	p := fx.profile
	if s == nil || len(s.Ticket) == 0 && len(s.ID) == 0 || !s.Resumable(fx.now) || s.Version < p.min || s.Version > p.max {
		return false
	}
	if s.ServerName != fx.conn.ServerName || !fx.trusts(s) || !fx.mayResume() {
		return false
	}
	if s.Version < record.TLS13 {
		return p.suite(uint16(s.Suite)) != nil && (p.takesTickets() || len(s.Ticket) == 0) && s.MaxFragmentLength == p.cfg.MaxFragmentLength
	}
	return p.suiteOf(suites.ByID(s.Suite).Hash) != nil
}

// suite returns the enabled suite with an id, or nil.
func (p *profile) suite(id uint16) *suites.Suite {
	for _, s := range p.suites {
		if uint16(s.ID) == id {
			return s
		}
	}
	return nil
}

// maxSeedTries bounds how often a seed that makes no key is drawn anew; one in
// 2^32 fails for P-256, less for the others.
const maxSeedTries = 8

// generateShares makes key pairs for groups.
func (fx *effects) generateShares(o *offer, groups []kx.Group) error {
	if fx.profile.max < record.TLS13 {
		return nil
	}
	for _, g := range groups {
		secret, err := fx.generate(g, LabelClientShare)
		if err != nil {
			return err
		}
		o.groups, o.secrets = append(o.groups, g.ID()), append(o.secrets, secret)
	}
	return nil
}

func (fx *effects) generate(g kx.Group, label Label) (secret kx.Secret, err error) {
	for range maxSeedTries {
		if secret, err = g.Generate(fx.draw(label, g.SeedLen())); err == nil {
			return secret, nil
		}
	}
	return nil, &Error{Kind: KindInternal, Err: err}
}

// newHello builds a first ClientHello.
func (fx *effects) newHello(o *offer) *msg.ClientHello {
	//= RFC 9846 §4.2.2
	p := fx.profile
	h := &msg.ClientHello{Version: min(p.max, record.TLS12), Compression: []byte{0}}
	copy(h.Random[:], fx.draw(LabelClientRandom, 32))
	switch s := o.session; {
	case s != nil && s.Version < record.TLS13 && len(s.Ticket) == 0:
		h.SessionID = s.ID
	case s != nil && s.Version < record.TLS13, p.max >= record.TLS13 && !p.cfg.NoCompatibility:
		h.SessionID = append(h.SessionID, fx.draw(LabelSessionID, 32)...)
	}
	h.Suites = p.wire.suites
	fx.extendHello(&h.Ext)
	if p.min < record.TLS13 {
		o.extend12(fx, &h.Ext)
	}
	if p.max >= record.TLS13 {
		o.extend13(fx, &h.Ext)
	}
	return h
}

// extendHello adds the extensions of every version.
func (fx *effects) extendHello(x *msg.Extensions) {
	p := fx.profile
	if name := hostName(fx.conn.ServerName); name != "" {
		x.ServerName = []byte(name)
		x.Set(msg.ExtServerName)
	}
	if x.SupportedGroups = p.wire.groups; p.max < record.TLS13 {
		x.SupportedGroups = p.wire.groups12
	}
	if len(x.SupportedGroups) > 0 {
		x.Set(msg.ExtSupportedGroups)
	}
	if p.max >= record.TLS12 {
		x.SignatureAlgorithms = p.wire.schemes
		x.Set(msg.ExtSignatureAlgorithms)
		if x.SignatureAlgorithmsCert = p.certSchemes(p.wire.schemes); x.SignatureAlgorithmsCert != nil {
			x.Set(msg.ExtSignatureAlgorithmsCert)
		}
	}
	p.offerSizes(x)
	if len(p.wire.alpn) > 0 && fx.before == nil { // a protocol is for the whole connection
		x.ALPN = p.wire.alpn
		x.Set(msg.ExtALPN)
	}
	if p.cfg.RequestOCSP {
		x.StatusRequest = true
		x.Set(msg.ExtStatusRequest)
		x.Set(msg.ExtSCT)
	}
}

// hostName is what may stand in server_name: no IP address, no final dot.
func hostName(name string) string {
	//= RFC 6066 §3
	name = strings.TrimSuffix(name, ".")
	if name == "" || len(name) > maxServerNameLength {
		return ""
	}
	if last := name[len(name)-1]; '0' <= last && last <= '9' || strings.ContainsAny(name, ":[") {
		if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
			return ""
		}
	}
	return name
}

// extend12 adds what only TLS ≤ 1.2 looks at.
func (o *offer) extend12(fx *effects, x *msg.Extensions) {
	p := fx.profile
	x.Set(msg.ExtExtendedMasterSecret)
	x.RenegotiationInfo = fx.before.offered()
	x.Set(msg.ExtRenegotiationInfo)
	if p.hasCurve() {
		x.PointFormats = []byte{0}
		x.Set(msg.ExtECPointFormats)
	}
	if p.takesTickets() {
		x.Set(msg.ExtSessionTicket)
		if o.session != nil && o.session.Version < record.TLS13 {
			x.SessionTicket = o.session.Ticket
		}
	}
	if p.blockCiphers && fx.encryptsFirst() {
		x.Set(msg.ExtEncryptThenMAC)
	}
}

// extend13 adds what only TLS 1.3 looks at.
func (o *offer) extend13(fx *effects, x *msg.Extensions) {
	x.SupportedVersions = fx.profile.wire.versions
	x.Set(msg.ExtSupportedVersions)
	x.PSKModes = fx.profile.wire.pskModes
	x.Set(msg.ExtPSKModes)
	o.extendShares(x)
	if o.psk != nil {
		o.psk.extend(x)
	}
}

func (o *offer) extendShares(x *msg.Extensions) {
	x.KeyShares = nil
	for i, id := range o.groups {
		if i == 0 {
			x.KeyShares = make([]byte, 0, 64*len(o.groups))
		}
		x.KeyShares = msg.AppendKeyShare(x.KeyShares, uint16(id), o.secrets[i].AppendShare(nil))
	}
	x.Set(msg.ExtKeyShare)
}

// extend offers the key, with zeros in its binder's place.
func (p *offeredPSK) extend(x *msg.Extensions) {
	x.PSK.Identities = msg.AppendPSKIdentity(nil, p.identity, p.age)
	binder := p.binder()
	x.PSK.Binders = msg.AppendVector8(nil, make([]byte, binder.Hash().Size()))
	x.Set(msg.ExtPreSharedKey)
}

// sendHello sends the offer's hello, with its binder.
func (fx *effects) sendHello(o *offer) error {
	//= RFC 9846 §4.3.11.2
	lo := len(fx.out)
	fx.out = o.hello.Append(fx.out)
	raw := fx.out[lo:]
	if n := msg.BindersLen(o.hello); n > 0 {
		binder := o.psk.binder()
		sum, ok := fx.transcript.PartialSum(nil, binder.Hash(), raw[:len(raw)-n])
		if !ok {
			return failure(KindInternal, "binder of another hash")
		}
		msg.PatchBinders(raw, binder.Finished(nil, sum))
	}
	fx.sendRaw(lo)
	return nil
}

// waitServerHello is WAIT_SH.
type waitServerHello struct{ offer *offer }

func (s *waitServerHello) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.serverHello)
}

// toleratesCCS: while the version is open a dropped change_cipher_spec is
// remembered, for TLS 1.2 forbids it here.
func (s *waitServerHello) toleratesCCS() bool { return true }

func (s *waitServerHello) serverHello(fx *effects, m *msg.ServerHello) (afterServerHello, error) {
	v, err := s.offer.version(fx, m)
	switch {
	case err != nil:
		return nil, err
	case m.Retry():
		return s.offer.again(fx, m)
	case v >= record.TLS13:
		return s.offer.accept13(fx, m)
	case fx.ccs > 0:
		return nil, failure(KindUnexpectedCCS, "")
	}
	return s.offer.accept12(fx, m, v)
}

// version checks what the server picked. It checks nothing else.
func (o *offer) version(fx *effects, m *msg.ServerHello) (record.Version, error) {
	//= RFC 9846 §4.3.1
	p := fx.profile
	v := m.Version
	if m.Ext.Have(msg.ExtSupportedVersions) || m.Retry() {
		if !o.hello.Ext.Have(msg.ExtSupportedVersions) {
			return 0, failure(KindUnsolicitedExtension, "ServerHello supported_versions")
		}
		where := msg.InServerHello
		if m.Retry() {
			where = msg.InRetry
		}
		if err := m.Ext.Check(where, o.hello.Ext.Offered()); err != nil {
			return 0, err
		}
		if m.Version != record.TLS12 || m.Ext.SelectedVersion != record.TLS13 {
			return 0, failure(KindIllegalParameter, "ServerHello.version")
		}
		v = m.Ext.SelectedVersion
	} else if v >= record.TLS13 {
		return 0, failure(KindWrongVersion, "ServerHello.legacy_version")
	}
	if v < p.min || v > p.max {
		return 0, failure(KindWrongVersion, "ServerHello.version")
	}
	fx.conn.Version = v // the alert that may follow is in it
	return v, o.downgraded(p, m, v)
}

// downgraded looks for the sentinel of a server that knows a higher version
// than an attacker let it see.
func (o *offer) downgraded(p *profile, m *msg.ServerHello, v record.Version) error {
	//= RFC 9846 §4.2.3
	tail := [8]byte(m.Random[24:])
	if v < p.max && p.max >= record.TLS13 && (tail == msg.DowngradeTLS12 || tail == msg.DowngradeTLS11) ||
		v < record.TLS12 && p.max >= record.TLS12 && tail == msg.DowngradeTLS11 {
		return failure(KindDowngrade, "ServerHello.random")
	}
	return nil
}

// common checks what a ServerHello of TLS 1.3 and a HelloRetryRequest have in common.
func (o *offer) common(fx *effects, m *msg.ServerHello) error {
	//= RFC 9846 §4.2.3
	suite := fx.profile.suite(m.Suite)
	switch {
	case string(m.SessionID) != string(o.hello.SessionID):
		return failure(KindWrongSessionID, "ServerHello.legacy_session_id_echo")
	case m.Compression != 0:
		return failure(KindWrongCompression, "ServerHello.legacy_compression_method")
	case suite == nil || !suite.TLS13():
		return failure(KindWrongSuite, "ServerHello.cipher_suite")
	}
	fx.conn.Suite = suite
	return nil
}

// again answers a HelloRetryRequest.
func (o *offer) again(fx *effects, m *msg.ServerHello) (afterServerHello, error) {
	//= RFC 9846 §4.2.4
	if err := o.common(fx, m); err != nil {
		return nil, err
	}
	if !fx.isAligned { // it is the server's whole flight
		return nil, failure(KindExcessHandshakeData, "HelloRetryRequest")
	}
	second := &offer{retry: m, groups: o.groups, secrets: o.secrets}
	hello := *o.hello
	second.hello = &hello
	if m.Ext.Have(msg.ExtCookie) {
		hello.Ext.Cookie = append([]byte(nil), m.Ext.Cookie...)
		hello.Ext.Set(msg.ExtCookie)
	}
	if m.Ext.Have(msg.ExtKeyShare) {
		if err := second.reshare(fx, kx.ID(m.Ext.RetryGroup)); err != nil {
			return nil, err
		}
	}
	fx.agree(record.TLS13)
	fx.conn.Retried = true
	fx.transcript.KeepRaw(false)
	hash := keys.FromCrypto(fx.conn.Suite.Hash)
	fx.transcript.Pick(hash)
	fx.transcript.Retry()
	fx.hear()
	hello.Ext.Clear(msg.ExtPreSharedKey)
	if second.retain(o, hash); second.psk != nil {
		second.psk.extend(&hello.Ext)
	}
	if !hello.Fits() {
		return nil, failure(KindIllegalParameter, "HelloRetryRequest cookie")
	}
	if len(hello.SessionID) > 0 {
		fx.sendCCS()
	}
	if err := fx.sendHello(second); err != nil {
		return nil, err
	}
	return &waitServerHelloAgain{offer: second}, nil
}

// retain offers again, after a HelloRetryRequest that settled the hash, the key
// that the first hello offered, if it is of that hash.
func (o *offer) retain(first *offer, hash keys.Hash) {
	//= RFC 9846 §4.2.4
	if first.psk == nil {
		return
	}
	if binder := first.psk.binder(); binder.Hash() == hash {
		o.psk, o.session = first.psk, first.session
	}
}

// reshare makes the share that a HelloRetryRequest asks for.
func (o *offer) reshare(fx *effects, id kx.ID) error {
	g := fx.profile.group(id)
	if g == nil {
		return failure(KindWrongGroup, "HelloRetryRequest.selected_group")
	}
	for _, had := range o.groups {
		if had == id {
			return failure(KindUselessRetry, "HelloRetryRequest.selected_group")
		}
	}
	o.groups, o.secrets = nil, nil
	if err := fx.generateShares(o, []kx.Group{g}); err != nil {
		return err
	}
	o.extendShares(&o.hello.Ext)
	return nil
}

// waitServerHelloAgain is WAIT_SH after a HelloRetryRequest.
type waitServerHelloAgain struct{ offer *offer }

func (s *waitServerHelloAgain) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.serverHello)
}

func (s *waitServerHelloAgain) toleratesCCS() bool { return true }

func (s *waitServerHelloAgain) serverHello(fx *effects, m *msg.ServerHello) (afterServerHelloAgain, error) {
	v, err := s.offer.version(fx, m)
	switch {
	case m.Retry():
		return nil, failure(KindSecondRetry, "")
	case err != nil:
		return nil, err
	case v < record.TLS13:
		return nil, failure(KindIllegalParameter, "ServerHello.version")
	case m.Suite != s.offer.retry.Suite:
		return nil, failure(KindWrongSuite, "ServerHello.cipher_suite")
	}
	return s.offer.accept13(fx, m)
}
