package handshake

import (
	"fmt"
	"slices"

	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
)

// PSKMode is a way to use a pre-shared key in TLS 1.3 (RFC 9846 §4.3.9).
type PSKMode uint8

// The modes, with their codes.
const (
	// PSKKE is psk_ke: the key does alone, without forward secrecy (RFC 9846 §2.2).
	PSKKE PSKMode = 0
	// PSKDHEKE is psk_dhe_ke: the key beside a key exchange.
	PSKDHEKE PSKMode = 1
)

// String gives the RFC's name, or "PSKMode(n)".
func (m PSKMode) String() string {
	switch m {
	case PSKKE:
		return "psk_ke"
	case PSKDHEKE:
		return "psk_dhe_ke"
	}
	return fmt.Sprintf("PSKMode(%d)", uint8(m))
}

func (p *profile) compilePSKModes() error {
	if p.cfg.PSKModes == nil {
		p.pskModes = []PSKMode{PSKDHEKE}
		return nil
	}
	p.pskModes = slices.Clone(p.cfg.PSKModes)
	p.cfg.PSKModes = p.pskModes
	switch {
	case len(p.pskModes) == 0:
		return &ConfigError{"PSKModes", "is empty"}
	case slices.Max(p.pskModes) > PSKDHEKE:
		return &ConfigError{"PSKModes", fmt.Sprintf("holds %v", slices.Max(p.pskModes))}
	case p.max < record.TLS13:
		return &ConfigError{"PSKModes", "has no meaning below TLS 1.3"}
	}
	if m := repeated(p.pskModes, func(m PSKMode) PSKMode { return m }); m != nil {
		return &ConfigError{"PSKModes", fmt.Sprintf("holds %v twice", *m)}
	}
	return nil
}

// modeOf is the mode that a ServerHello with a pre-shared key picks.
func modeOf(m *msg.ServerHello) PSKMode {
	//= RFC 9846 §4.3.9
	if m.Ext.Have(msg.ExtKeyShare) {
		return PSKDHEKE
	}
	return PSKKE
}

// resumes reports whether the client could use a ticket with this server.
func (p *profile) resumes(m *msg.ClientHello) bool {
	//= RFC 9846 §4.3.9
	return slices.ContainsFunc(p.pskModes, func(mode PSKMode) bool { return slices.Contains(m.Ext.PSKModes, byte(mode)) })
}

// offersPSK reports whether the hello offers a key in a mode that can be used.
func (a *answering) offersPSK(fx *effects) bool {
	_, ok := a.pskMode(fx)
	return ok
}

// pskMode is the mode in which a key that the hello offers can be used, if there is one:
// the first of the profile's that the client has too. After a HelloRetryRequest there is a
// share, and it is used.
func (a *answering) pskMode(fx *effects) (PSKMode, bool) {
	//= RFC 9846 §4.3.9
	x := &a.hello.Ext
	if !x.Have(msg.ExtPreSharedKey) {
		return 0, false
	}
	for _, mode := range fx.profile.pskModes {
		possible := mode == PSKKE && !fx.conn.Retried || mode == PSKDHEKE && a.group13(fx) != nil
		if possible && slices.Contains(x.PSKModes, byte(mode)) {
			return mode, true
		}
	}
	return 0, false
}

// afterBegunPSKOnly is what may follow a first hello with a key that does alone,
// whether or not it has to be asked for.
type afterBegunPSKOnly interface {
	afterChoice
	afterFoundPSKOnly
}

// beginPSKOnly answers a first hello whose key, if it is known, does alone.
func (a *answering) beginPSKOnly(fx *effects) (afterChoice, error) {
	psk, err := a.resumable(fx, keys.FromCrypto(fx.conn.Suite.Hash))
	if err != nil {
		return nil, err
	}
	if psk == nil && a.mayKnow(fx) {
		return &findingPSKOnly{hello: a, q: a.lookup(fx)}, nil
	}
	return a.answerPSKOnly(fx, psk)
}

// answerPSKOnly answers with the key alone; without one with a certificate, for which
// a share may have to be asked for first.
func (a *answering) answerPSKOnly(fx *effects, psk *acceptedPSK) (afterBegunPSKOnly, error) {
	//= RFC 9846 §4.3.11
	if psk != nil {
		return a.answerWith(fx, nil, psk)
	}
	if !a.hello.Ext.Have(msg.ExtKeyShare) {
		return nil, failure(KindMissingExtension, "ClientHello key_share")
	}
	g, shared, err := a.share13(fx)
	switch {
	case err != nil:
		return nil, err
	case !shared:
		return a.retry(fx, g), nil
	}
	return a.answerWith(fx, g, nil)
}

// findingPSKOnly asks for the key of one of the identities offered, to use it alone.
type findingPSKOnly struct {
	hello *answering
	q     PSKLookup
}

func (s *findingPSKOnly) query() Query                       { return &s.q }
func (s *findingPSKOnly) builtin(fx *effects) (Answer, bool) { return Answer{}, false }

func (s *findingPSKOnly) answer(fx *effects, a Answer) (state, error) {
	return to(s.found(fx, a))
}

func (s *findingPSKOnly) found(fx *effects, a Answer) (afterFoundPSKOnly, error) {
	psk, err := s.hello.external(fx, &s.q, a)
	if err != nil {
		return nil, err
	}
	return s.hello.answerPSKOnly(fx, psk)
}

// mayKnow reports whether the application may know an external key that is offered.
func (a *answering) mayKnow(fx *effects) bool {
	return fx.profile.takesPSK() && a.offersPSK(fx) && keys.FromCrypto(fx.conn.Suite.Hash) == keys.SHA256
}

// lookup asks for the key of an identity of the hello.
func (a *answering) lookup(fx *effects) PSKLookup {
	q := PSKLookup{Version: fx.conn.Version}
	for identity := range a.hello.Ext.PSK.Identities.All() {
		if len(q.Identities) < maxIdentities {
			q.Identities = append(q.Identities, identity)
		}
	}
	return q
}

// external is the key that an answer gives, its binder checked; nil if it gives none.
func (a *answering) external(fx *effects, q *PSKLookup, key Answer) (*acceptedPSK, error) {
	k, ok := key.value.(foundKey)
	switch {
	case !ok || k.index >= len(q.Identities) || !k.fits():
		return nil, misuse(KindWrongAnswer, "PSKLookup")
	case k.index < 0:
		return nil, nil
	}
	psk := &acceptedPSK{index: k.index, early: keys.NewEarly(keys.SHA256, k.key), identity: string(q.Identities[k.index])}
	return psk, a.checkBinder(fx, psk)
}

// exchange13 makes the server's share and the secret of the key exchange; without a
// group there is neither.
func (a *answering) exchange13(fx *effects, g kx.Group) (share, shared []byte, err error) {
	if g == nil {
		return nil, nil, nil
	}
	peer, _ := a.hello.Ext.KeyShares.Find(uint16(g.ID()))
	if share, shared, err = fx.encapsulate(g, LabelServerShare, peer); err != nil {
		return nil, nil, blame(err, "ClientHello key_share")
	}
	return share, shared, nil
}
