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

// Join makes an engine of two halves again, and spends them: using them is
// misuse from then on. They must be the halves of one connection. Where one has
// failed the engine has, and the peer is told.
func Join(r *Receiver, s *Sender) (*Engine, error) {
	switch {
	case r == nil || s == nil || r.origin == nil || r.origin != s.origin:
		return nil, misuse(KindBadArgument, "Join: halves of two connections")
	case r.spent() || s.spent():
		return nil, misuse(KindSplit, "Join")
	}
	if r.err != nil {
		s.Perform(r.action())
	}
	e := &Engine{recv: *r, send: *s, origin: r.origin}
	*r = Receiver{origin: r.origin, err: failure(KindSplit, "Receiver")}
	*s = Sender{origin: s.origin, err: failure(KindSplit, "Sender")}
	switch {
	case e.recv.err != nil:
		e.die(e.recv.err)
	case e.send.err != nil:
		e.die(e.send.err)
	}
	return e, nil
}

func (r *Receiver) spent() bool { return r.err != nil && r.err.Kind == KindSplit }
func (s *Sender) spent() bool   { return s.err != nil && s.err.Kind == KindSplit }
