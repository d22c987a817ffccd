package handshake

// Stapling by the server: a vertex in each graph, where the certificate is chosen and
// nothing is sent yet. Up to TLS 1.2 ServerHello says already whether there is a staple.

// builtin answers with what the credential has, unless the profile asks.
func (q *StapleQuery) builtin(fx *effects) (Answer, bool) {
	return q.Staple(q.Credential.Staple), !fx.profile.cfg.AskStaple
}

// stapled takes an answer.
func (q *StapleQuery) stapled(a Answer) ([]byte, error) {
	response, ok := a.value.([]byte)
	if !ok || !fits(q.Credential, response) {
		return nil, misuse(KindWrongAnswer, "StapleQuery")
	}
	return response, nil
}

// stapling asks what to staple to the certificate that a server of TLS 1.3 shows.
type stapling struct {
	sign *signingServer
	q    StapleQuery
}

func (s *stapling) query() Query                       { return &s.q }
func (s *stapling) builtin(fx *effects) (Answer, bool) { return s.q.builtin(fx) }

func (s *stapling) answer(fx *effects, a Answer) (state, error) {
	response, err := s.q.stapled(a)
	if err != nil {
		return nil, err
	}
	return s.stapled(fx, response), nil
}

func (s *stapling) stapled(fx *effects, response []byte) afterStaple { return s.sign.ask(fx, response) }

// stapling12 asks what to staple to the certificate that a server of TLS ≤ 1.2 shows.
type stapling12 struct {
	answering
	choice *choice12
	q      StapleQuery
}

func (s *stapling12) query() Query                       { return &s.q }
func (s *stapling12) builtin(fx *effects) (Answer, bool) { return s.q.builtin(fx) }

func (s *stapling12) answer(fx *effects, a Answer) (state, error) {
	response, err := s.q.stapled(a)
	if err != nil {
		return nil, err
	}
	return to(s.stapled(fx, response))
}

func (s *stapling12) stapled(fx *effects, response []byte) (afterStaple12, error) {
	return s.show12(fx, s.choice, response)
}
