package handshake

// Split gives the two halves of a connection that is Secure, which may run at
// the same time on two goroutines. The engine is spent: its methods answer with
// misuse, but State and Export go on working. All pending events must have been
// taken from Step before.
func (e *Engine) Split() (*Receiver, *Sender, error) {
	switch {
	case e.spent:
		return nil, nil, misuse(KindSplit, "Split")
	case e.err != nil:
		return nil, nil, e.err
	case e.hs != nil || len(e.events) > 0:
		return nil, nil, misuse(KindNotSecure, "Split")
	}
	r, s := new(Receiver), new(Sender)
	*r, *s = e.recv, e.send
	e.spent = true
	e.recv, e.send = Receiver{origin: e.origin}, Sender{origin: e.origin}
	return r, s, nil
}

// Join makes an engine of two halves again, and spends them. They must be the
// halves of one connection.
func Join(r *Receiver, s *Sender) (*Engine, error) {
	if r == nil || s == nil || r.origin == nil || r.origin != s.origin {
		return nil, misuse(KindBadArgument, "Join: halves of two connections")
	}
	e := &Engine{recv: *r, send: *s, origin: r.origin}
	e.err = r.err
	if e.err == nil {
		e.err = s.err
	}
	*r, *s = Receiver{}, Sender{}
	return e, nil
}
