package handshake

import (
	"tacet/handshake/keys"
	"tacet/handshake/msg"
)

// The end of a server's handshake up to TLS 1.2.

// waitClientCCS12 waits for the client's change_cipher_spec.
type waitClientCCS12 struct {
	keys *keys12
	keep keeping12
}

func (s *waitClientCCS12) changeCipherSpec(fx *effects) (state, error) {
	return to(s.change(fx))
}

func (s *waitClientCCS12) change(fx *effects) (afterClientCCS12, error) {
	if err := fx.readProtection(s.keys.client, keys.Secret{}); err != nil {
		return nil, err
	}
	return &waitClientFinished12{keys: s.keys, keep: s.keep}, nil
}

// waitClientFinished12 waits for the client's Finished and answers with the server's.
type waitClientFinished12 struct {
	keys *keys12
	keep keeping12
}

func (s *waitClientFinished12) step(fx *effects, m msg.Raw) (state, error) {
	return expect(fx, m, s.finished)
}

func (s *waitClientFinished12) finished(fx *effects, m *msg.Finished) (afterClientFinished12, error) {
	if err := fx.takeFinished12(m, s.keys, true); err != nil {
		return nil, err
	}
	if s.keep.id == nil {
		return s.keys.end(fx, s.keep), nil
	}
	kept := fx.conn.session(fx.now, s.keys.master.Bytes())
	kept.ID, kept.Lifetime, kept.IDContext = s.keep.id, fx.profile.lifetime, fx.profile.cfg.SessionContext
	if !kept.Resumable(fx.now) { // a hello may ask for a name that no session has room for
		return s.keys.end(fx, keeping12{}), nil
	}
	return &storingSession12{keys: s.keys, q: SessionStore{Session: kept}}, nil
}

// storingSession12 asks the application to store the session, before the client
// can offer it.
type storingSession12 struct {
	keys *keys12
	q    SessionStore
}

func (s *storingSession12) query() Query                       { return &s.q }
func (s *storingSession12) builtin(fx *effects) (Answer, bool) { return Answer{}, false }

func (s *storingSession12) answer(fx *effects, a Answer) (state, error) {
	if _, ok := a.value.(stored); !ok {
		return nil, misuse(KindWrongAnswer, "SessionStore")
	}
	return s.stored(fx), nil
}

func (s *storingSession12) stored(fx *effects) afterStored12 {
	return s.keys.end(fx, keeping12{})
}

// end sends the server's last flight.
func (k *keys12) end(fx *effects, keep keeping12) connected {
	if keep.ticket {
		fx.sendTicket12(k, nil)
	}
	fx.sendCCS()
	fx.writeProtection(k.server, keys.Secret{})
	fx.sendFinished12(k, false)
	fx.add(effect{kind: doComplete})
	return connected{}
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
