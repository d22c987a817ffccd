package handshake

import (
	"bytes"

	"tacet/handshake/cred"
	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/kx"
)

// flight12 is what a client's second flight up to TLS 1.2 is made of. It is
// copied, never changed.
type flight12 struct {
	agreed     *agreed12
	exchange   *exchange12
	request    *request12       // nil: no certificate is asked for
	credential *cred.Credential // nil: there is none
	scheme     cred.Scheme
}

// verifyingServer12 asks whether the server's chain is to be trusted.
type verifyingServer12 struct {
	flight flight12
	q      VerifyQuery
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
	r := s.flight.request
	if r == nil {
		return s.flight.exchangeKeys(fx)
	}
	c := &choosingCredential12{flight: s.flight}
	c.q = CredentialQuery{Version: fx.conn.Version, Schemes: r.schemes, CertSchemes: r.certSchemes, Authorities: r.authorities}
	return c, nil
}

// choosingCredential12 asks for the client's certificate.
type choosingCredential12 struct {
	flight flight12
	q      CredentialQuery
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
	f := s.flight
	f.credential, f.scheme = c, scheme
	switch {
	case c == nil:
		return f.exchangeKeys(fx)
	case exchangeOf(fx.conn.Suite).psk:
		return f.askPSK(fx), nil
	}
	return f.proved(fx, offeredKey{})
}

// sendChain12 sends a chain; that of a nil credential is empty.
func (fx *effects) sendChain12(c *cred.Credential) {
	var m msg.Certificate12
	if c != nil {
		m.Chain = msg.AppendVector24(nil, c.Chain...)
	}
	fx.send(&m)
}

// exchangeKeys goes on to ClientKeyExchange, or asks for the key that it takes,
// where there is no certificate to prove.
func (f *flight12) exchangeKeys(fx *effects) (afterClientChain12, error) {
	if exchangeOf(fx.conn.Suite).psk {
		return f.askPSK(fx), nil
	}
	return f.unproved(fx, offeredKey{})
}

func (f *flight12) askPSK(fx *effects) *choosingPSK12 {
	q := PSKQuery{Version: fx.conn.Version, ServerName: fx.conn.ServerName, Hint: string(f.exchange.hint)}
	return &choosingPSK12{flight: *f, q: q}
}

// choosingPSK12 asks for the pre-shared key that the suite takes.
type choosingPSK12 struct {
	flight flight12
	q      PSKQuery
}

func (s *choosingPSK12) query() Query                       { return &s.q }
func (s *choosingPSK12) builtin(fx *effects) (Answer, bool) { return Answer{}, false }

func (s *choosingPSK12) answer(fx *effects, a Answer) (state, error) {
	k, none, err := s.q.chosen(a)
	switch {
	case err != nil:
		return nil, err
	case none:
		return nil, failure(KindNoPSK, "")
	}
	return to(s.chosen(fx, k))
}

func (s *choosingPSK12) chosen(fx *effects, k offeredKey) (afterPSK12, error) {
	fx.conn.PSKIdentity = string(k.identity)
	if s.flight.credential == nil {
		return s.flight.unproved(fx, k)
	}
	return s.flight.proved(fx, k)
}

// exchanged sends ClientKeyExchange and derives the keys.
func (f *flight12) exchanged(fx *effects, k offeredKey) (*keys12, error) {
	x := exchangeOf(fx.conn.Suite)
	public, shared, err := f.exchange.agree(fx, f.agreed.version)
	if err != nil {
		return nil, err
	}
	fx.send(&msg.ClientKeyExchange{Form: x.clientForm(), Identity: k.identity, Public: public})
	secrets := fx.derive12(x.premaster(shared, k.key))
	secrets.id = f.agreed.id
	return secrets, nil
}

// unproved ends the flight without a CertificateVerify.
func (f *flight12) unproved(fx *effects, k offeredKey) (afterClientFlight12, error) {
	secrets, err := f.exchanged(fx, k)
	if err != nil {
		return nil, err
	}
	return finish12(fx, f.agreed, secrets), nil
}

// proved goes on to what proves that the client has the key of its certificate.
func (f *flight12) proved(fx *effects, k offeredKey) (*signingClient12, error) {
	secrets, err := f.exchanged(fx, k)
	if err != nil {
		return nil, err
	}
	next := &signingClient12{agreed: f.agreed, keys: secrets}
	next.q = fx.signQuery(f.credential, f.scheme, bytes.Clone(fx.transcript.Raw()))
	return next, nil
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
	hash := keys.PRFHash(fx.conn.Version, fx.conn.Suite)
	var master keys.Master
	if fx.conn.ExtendedMasterSecret {
		master = keys.NewExtendedMaster(hash, premaster, fx.hash())
	} else {
		master = keys.NewMaster(hash, premaster, fx.conn.ClientRandom[:], fx.conn.ServerRandom[:])
	}
	clear(premaster)
	return fx.keys12(master)
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
	fx.keepSession(s.keys)
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

// keepSession makes a session of the ticket that came, or of the id that the
// server gave, if it did either.
func (fx *effects) keepSession(k *keys12) {
	hasTicket := k.ticket != nil && len(k.ticket.Ticket) > 0
	if !hasTicket && len(k.id) == 0 {
		return
	}
	s := fx.conn.session(fx.now, k.master.Bytes())
	if s.Lifetime = fx.profile.lifetime; hasTicket {
		s.Ticket = bytes.Clone(k.ticket.Ticket)
		s.Lifetime = ticketLifetime(k.ticket.Lifetime, fx.profile.lifetime)
	} else {
		s.ID = k.id
	}
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
	fx.keepSession(s.keys)
	fx.add(effect{kind: doComplete})
	return connected{}, nil
}
