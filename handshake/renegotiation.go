package handshake

import (
	"bytes"
	"crypto/subtle"
	"crypto/x509"
	"time"

	"tacet/handshake/msg"
	"tacet/record"
	"tacet/suites"
)

// before is what a renegotiation has to know of the handshakes before it
// (RFC 5746). It is never changed.
type before struct {
	client, server []byte // verify_data of the two sides
	extended       bool   // RFC 7627 was
	handshakes     uint16 // how many they were
	// Of any handshake before, for one in between may have had neither:
	encryptThenMAC bool              // RFC 7366 was in force
	leaf           *x509.Certificate // the last that the server showed
}

func (o *origin) before() *before {
	c := &o.conn
	b := &before{handshakes: 1, extended: c.ExtendedMasterSecret, encryptThenMAC: c.EncryptThenMAC}
	if o.past != nil {
		b.handshakes += o.past.handshakes
		b.encryptThenMAC, b.leaf = b.encryptThenMAC || o.past.encryptThenMAC, o.past.leaf
	}
	b.client, b.server = bytes.Clone(c.Finished), bytes.Clone(c.PeerFinished)
	if !c.Client {
		b.client, b.server = b.server, b.client
	}
	if c.Client && len(c.PeerCertificates) > 0 {
		b.leaf = c.PeerCertificates[0]
	}
	return b
}

// offered is what a client's renegotiation_info holds, answer what a server's does.
func (b *before) offered() []byte {
	if b == nil {
		return nil
	}
	return b.client
}

func (b *before) answer() []byte {
	if b == nil {
		return nil
	}
	return append(bytes.Clone(b.client), b.server...)
}

// takeRenegotiationInfo takes the server's renegotiation_info.
func (fx *effects) takeRenegotiationInfo(x *msg.Extensions) error {
	//= RFC 5746 §3.4
	//= RFC 5746 §3.5
	have := x.Have(msg.ExtRenegotiationInfo)
	if have && subtle.ConstantTimeCompare(x.RenegotiationInfo, fx.before.answer()) != 1 || fx.before != nil && !have {
		return failure(KindRenegotiationInfo, "ServerHello renegotiation_info")
	}
	fx.conn.SecureRenegotiation = have
	if !have && !fx.profile.cfg.LegacyServers {
		//= RFC 5746 §4.1
		return failure(KindLegacyServer, "ServerHello")
	}
	return fx.sameProtection("ServerHello")
}

// checkRenegotiation judges the client's renegotiation_info.
func (a *answering) checkRenegotiation(fx *effects) error {
	//= RFC 5746 §3.6
	//= RFC 5746 §3.7
	x := &a.hello.Ext
	have, signalled := x.Have(msg.ExtRenegotiationInfo), a.hello.Suites.Has(renegotiationSCSV)
	switch {
	case have && subtle.ConstantTimeCompare(x.RenegotiationInfo, fx.before.offered()) != 1,
		fx.before != nil && (!have || signalled):
		return failure(KindRenegotiationInfo, "ClientHello renegotiation_info")
	}
	fx.conn.SecureRenegotiation = have || signalled
	return fx.sameProtection("ClientHello")
}

// sameProtection refuses a renegotiation that gives up the extended master secret,
// which bound the handshakes together, or finds it: no stack learns it in between.
func (fx *effects) sameProtection(message string) error {
	//= RFC 7627 §5.4
	if fx.before != nil && fx.before.extended != fx.conn.ExtendedMasterSecret {
		return failure(KindExtendedMasterSecret, message)
	}
	return nil
}

// downgrades reports whether a suite would protect records by MAC-then-encrypt, after
// they were by encrypt-then-MAC.
func (fx *effects) downgrades(s *suites.Suite, encryptThenMAC bool) bool {
	//= RFC 7366 §3.1
	return fx.before != nil && fx.before.encryptThenMAC && !encryptThenMAC && s.BlockCipher()
}

// encryptsFirst reports whether this side wants encrypt-then-MAC: where it was in force
// it stands, whatever the profile says.
func (fx *effects) encryptsFirst() bool {
	//= RFC 7366 §3.1
	return !fx.profile.cfg.NoEncryptThenMAC || fx.before != nil && fx.before.encryptThenMAC
}

// answerRenegotiation adds the server's renegotiation_info.
func (fx *effects) answerRenegotiation(x *msg.Extensions) {
	if fx.conn.SecureRenegotiation {
		x.RenegotiationInfo = fx.before.answer()
		x.Set(msg.ExtRenegotiationInfo)
	}
}

// renegotiates refuses another server certificate than that of the handshake
// before: who the server is was settled then.
func (fx *effects) renegotiates(leaf *x509.Certificate) error {
	if b := fx.before; b != nil && b.leaf != nil && !b.leaf.Equal(leaf) {
		return failure(KindCertificateChanged, "Certificate")
	}
	return nil
}

// mayResume reports whether this handshake may resume a session. A renegotiation
// does not: whoever asks for one wants new keys or another identity.
func (fx *effects) mayResume() bool {
	return fx.before == nil
}

// Profile is a *ClientProfile or a *ServerProfile.
type Profile interface{ compiled() *profile }

func (p *ClientProfile) compiled() *profile { return &p.profile }
func (p *ServerProfile) compiled() *profile { return &p.profile }

// Renegotiate begins another handshake on the connection, up to TLS 1.2 and with
// RFC 5746 only: a client's begins at its next Step, a server's once the client
// answers the HelloRequest that is due. p, of this side's role, takes the place
// of the profile in force; nil keeps it. Another Secure event tells of its end.
// From a client's hello on, and for a server from when that comes, Seal is misuse
// until then; a peer that does not renegotiate ends the connection, with
// KindNoRenegotiation.
func (e *Engine) Renegotiate(p Profile) error {
	//= RFC 5746 §3.5
	//= RFC 5246 §7.4.1.1
	switch c := &e.origin.conn; {
	case e.err != nil:
		return e.err
	case e.spent:
		return misuse(KindSplit, "Renegotiate")
	case e.send.closed:
		return misuse(KindClosed, "Renegotiate")
	case e.hs != nil || e.recv.closed:
		return misuse(KindNotSecure, "Renegotiate")
	case c.Version >= record.TLS13 || !c.SecureRenegotiation:
		return misuse(KindUnsupported, "Renegotiate")
	}
	own, err := e.profileFor(p)
	if err != nil {
		return err
	}
	asked := e.recv.asked
	e.recv.asked = true
	if e.origin.conn.Client {
		e.again(own)
		return nil
	}
	o := *e.origin // which a fork may share
	o.profile = own
	e.origin, e.recv.origin, e.send.origin = &o, &o, &o
	if !asked { // one HelloRequest is enough until the client answers
		e.send.requestHello()
	}
	return nil
}

// profileFor is the profile of a renegotiation, at the version of the connection.
func (e *Engine) profileFor(p Profile) (*profile, error) {
	own := e.origin.profile
	switch p := p.(type) {
	case *ClientProfile:
		if own = p.compiled(); !e.origin.conn.Client {
			return nil, misuse(KindBadArgument, "Renegotiate: profile of the other role")
		}
	case *ServerProfile:
		if own = p.compiled(); e.origin.conn.Client {
			return nil, misuse(KindBadArgument, "Renegotiate: profile of the other role")
		}
	}
	if own = own.at(e.origin.conn.Version); own == nil {
		return nil, misuse(KindBadArgument, "Renegotiate: profile of other versions")
	}
	return own, nil
}

// again begins a handshake under the keys of the one before.
func (e *Engine) again(p *profile) {
	old := e.origin
	o := &origin{env: old.env, past: old.before()}
	o.conn.Client, o.conn.Version, o.conn.ALPN = old.conn.Client, old.conn.Version, old.conn.ALPN
	e.begin(o, p, 2048)
	e.send.secure = false
	fx := &e.hs.fx
	fx.before = o.past
	for i := range fx.draws {
		fx.draws[i] = uint32(o.past.handshakes) << 16 // what is drawn now was not before
	}
	o.conn.ServerName = old.conn.ServerName
	if o.conn.Client {
		e.recv.rejoin = nil // a HelloRequest that is not heeded yet is now
	}
	e.hs.state = o.another()
}

// another is where another handshake begins.
func (o *origin) another() afterConnected {
	if o.conn.Client {
		return &loadingSession{q: SessionQuery{ServerName: o.conn.ServerName}}
	}
	return &waitClientHello{}
}

// renegotiate does what the peer asks for, in the message that stopped the receiver.
func (e *Engine) renegotiate(now time.Time) {
	m := *e.recv.rejoin
	e.recv.rejoin = nil
	e.again(e.origin.profile.at(e.origin.conn.Version))
	fx := &e.hs.fx
	fx.now = now
	err := e.counted(now)
	if err == nil && e.origin.conn.Client {
		return // HelloRequest: the hello comes with the step that goes on
	}
	if e.hs.begun = true; err == nil {
		err = e.handle(m)
	}
	if err != nil {
		e.fail(err)
	}
}

// counted holds the renegotiations that a peer asks for to their limit: each costs
// this side a key exchange and a chain to verify, or a signature, and need not cost a
// peer as much that keeps to keys and messages of its own making.
func (e *Engine) counted(now time.Time) error {
	cfg := &e.hs.fx.profile.cfg
	seconds := uint32(now.Unix())
	if int64(int32(seconds-e.recv.renewed)) > int64(cfg.RenegotiationWindow/time.Second) {
		e.recv.renewals = 0
	}
	e.recv.renewed = seconds
	if e.recv.renewals++; int(e.recv.renewals) > cfg.RenegotiationLimit {
		return failure(KindRenegotiationAttack, "")
	}
	return nil
}

// SetRenegotiation says from now on what becomes of a peer's wish to renegotiate,
// whatever the profile says.
func (r *Receiver) SetRenegotiation(p RenegotiationPolicy) { r.policy, r.ruled = p, true }

// SetRenegotiation is that of the Receiver, at any time.
func (e *Engine) SetRenegotiation(p RenegotiationPolicy) { e.recv.SetRenegotiation(p) }

// follow takes the policy of a profile, unless there is another.
func (r *Receiver) follow(p *profile) {
	if !r.ruled {
		r.policy = p.cfg.Renegotiation
	}
}

// renegotiation takes a peer's wish to renegotiate. Declined ones are answered
// as often as warnings are tolerated.
func (r *Receiver) renegotiation(m msg.Raw) (Event, error) {
	//= RFC 5746 §4.2
	asks := msg.TypeHelloRequest
	if !r.origin.conn.Client {
		asks = msg.TypeClientHello
	}
	switch {
	case m.Type() != asks:
		return Event{}, unexpected(m)
	case asks == msg.TypeHelloRequest && len(m.Body()) != 0:
		return Event{}, failure(KindDecode, "HelloRequest")
	case r.policy == ForbidRenegotiation && !r.asked:
		return Event{}, failure(KindRenegotiationForbidden, "")
	case r.origin.conn.SecureRenegotiation && (r.policy == AllowRenegotiation || r.asked):
		if _, ok := r.hand.Aligned(); !ok {
			return Event{}, failure(KindExcessHandshakeData, m.Type().String())
		}
		asked := bytes.Clone(m)
		r.rejoin = (*msg.Raw)(&asked)
		return Event{Kind: Rejoin}, nil
	}
	if r.warnings++; r.warnings > MaxWarnings {
		return Event{}, failure(KindTooManyWarnings, m.Type().String())
	}
	return Event{Kind: RenegotiationRefused, Action: actNoRenegotiation}, nil
}

// decline takes back a Rejoin that nothing comes of, and counts it.
func (r *Receiver) decline() Event {
	m := *r.rejoin
	r.rejoin = nil
	if r.warnings++; r.warnings > MaxWarnings {
		r.fail(failure(KindTooManyWarnings, m.Type().String()))
		return Event{Kind: Failed, Action: r.action()}
	}
	return Event{Kind: RenegotiationRefused}
}

// requestHello sends a HelloRequest.
func (s *Sender) requestHello() {
	var buf [4]byte
	raw := (&msg.HelloRequest{}).Append(buf[:0])
	s.trace(record.TypeHandshake, raw)
	s.out = s.seal.Seal(s.out, record.TypeHandshake, raw)
}

// dataBetween takes application data that comes in a handshake: a server's, on
// its way when its client began to renegotiate.
func (e *Engine) dataBetween(data []byte) error {
	fx := &e.hs.fx
	if _, ok := e.hs.state.(*waitServerHello); !ok || fx.before == nil {
		return failure(KindDataInHandshake, "")
	}
	if len(data) > 0 {
		e.events = append(e.events, Event{Kind: Data, Data: data})
		return nil
	}
	if e.recv.empties++; e.recv.empties > MaxEmptyRecords {
		return failure(KindTooManyEmptyRecords, "")
	}
	return nil
}

// ignores reports whether a message is a HelloRequest that crossed the hello of a
// client that renegotiates already.
func (e *Engine) ignores(m msg.Raw) bool {
	//= RFC 5246 §7.4.1.1
	fx := &e.hs.fx
	_, waits := e.hs.state.(*waitServerHello)
	return waits && fx.before != nil && m.Type() == msg.TypeHelloRequest && len(m.Body()) == 0 && fx.crossed()
}

// crossed allows one such HelloRequest.
func (fx *effects) crossed() bool {
	first := !fx.requested
	fx.requested = true
	return first
}

// pinned is a profile for this handshake: a renegotiation stays at its version.
func (fx *effects) pinned(p *profile) *profile {
	if fx.before == nil {
		return p
	}
	return p.at(fx.conn.Version)
}
