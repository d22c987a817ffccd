package handshake

import (
	"io"
	"reflect"
	"time"

	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/record"
)

var errTruncated = io.ErrUnexpectedEOF

// state is one vertex of the handshake graph. A state is never changed once it
// is returned, only replaced: forks share it (I3).
type state interface{ isState() }

// waiting is a state that waits for a message.
type waiting interface {
	state
	step(fx *effects, m msg.Raw) (state, error)
}

// waitingForCCS is a state that waits for the change_cipher_spec of TLS ≤ 1.2.
type waitingForCCS interface {
	state
	changeCipherSpec(fx *effects) (state, error)
}

// parked is a state that waits for an answer. While it does, nothing is consumed.
type parked interface {
	state
	query() Query
	// builtin answers where the profile decides; false asks the caller.
	builtin(fx *effects) (Answer, bool)
	answer(fx *effects, a Answer) (state, error)
}

// expect hands a message of type M to a handler and anything else to the exit.
func expect[M any, P interface {
	*M
	msg.Message
}, S state](fx *effects, raw msg.Raw, handle func(*effects, P) (S, error)) (state, error) {
	return expectIn(fx, raw, P(new(M)), handle)
}

// expectIn is expect for a message whose form is given beforehand.
func expectIn[M msg.Message, S state](fx *effects, raw msg.Raw, m M, handle func(*effects, M) (S, error)) (state, error) {
	if raw.Type() != m.Type() {
		return nil, unexpected(raw)
	}
	if err := m.Parse(raw.Body()); err != nil {
		return nil, err
	}
	return to(handle(fx, m))
}

// to makes a handler's result that of a step. On failure the handler's state may
// be a nil pointer, which a state must never hold.
func to[S state](next S, err error) (state, error) {
	if err != nil {
		return nil, err
	}
	return next, nil
}

func unexpected(raw msg.Raw) error { return failure(KindUnexpectedMessage, raw.Type().String()) }

// nameOf gives a state's name in edges.go.
func nameOf(s state) string {
	t := reflect.TypeOf(s)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// handshake is Step while the handshake lasts.
func (e *Engine) handshake(now time.Time, in []byte) (n int, ev Event) {
	fx := &e.hs.fx
	fx.now = now
	if !e.hs.begun {
		e.hs.begun = true
		if err := e.advance(e.hs.state); err != nil {
			e.fail(err)
		}
	}
	for {
		if len(e.events) > 0 || e.err != nil || e.Query() != nil {
			return n, e.next()
		}
		if e.hs == nil { // complete; what follows is not the handshake's
			return n, Event{Kind: NeedInput}
		}
		m, it, err := e.recv.read(nil, in[n:])
		n += m
		e.takeTraces()
		if err == nil {
			err = e.take(it)
		}
		if err != nil {
			e.fail(err)
			return n, e.next()
		}
		if len(e.events) > 0 {
			return n, e.pop()
		}
		if it.kind == itemNeed {
			return n, Event{Kind: NeedInput, Need: uint32(it.need)}
		}
	}
}

// next is the event to return when the engine cannot go on by itself.
func (e *Engine) next() Event {
	switch {
	case e.traces():
		return e.pop()
	case e.err != nil:
		return Event{Kind: Failed}
	}
	return Event{Kind: QueryPending}
}

// answer moves on from a parked state. An answer that is misuse leaves it parked.
func (e *Engine) answer(p parked, a Answer) error {
	if a.err != nil {
		return e.fail(refusal(a.err))
	}
	next, err := p.answer(&e.hs.fx, a)
	if own, ok := err.(*Error); ok && own.Kind.Class() == Misuse {
		return err // found before anything was done
	}
	if err == nil {
		err = e.advance(next)
	}
	if err != nil {
		return e.fail(err)
	}
	return nil
}

// advance moves to the next state, and on as far as the profile answers for
// itself. The effects wait until the engine waits for the peer, or is done: so
// messages in a row share records (I7), and whether and when an answer is asked
// for changes no byte.
func (e *Engine) advance(next state) error {
	fx := &e.hs.fx
	for {
		e.hs.state = next
		p, ok := next.(parked)
		if !ok {
			break
		}
		a, ok := p.builtin(fx)
		if !ok {
			return nil
		}
		if a.err != nil {
			return refusal(a.err)
		}
		var err error
		if next, err = p.answer(fx, a); err != nil {
			return err
		}
	}
	e.fold()
	return nil
}

// refusal is the error of a query that was refused.
func refusal(cause error) error {
	e := asError(cause)
	if e.Kind == KindInternal {
		e = &Error{Kind: KindRefused, Alert: alertOf(cause), Err: cause}
	}
	return e
}

// take hands one item to the state.
func (e *Engine) take(it item) error {
	switch it.kind {
	case itemMessage:
		return e.message(it.message)
	case itemCCS:
		return e.changeCipherSpec(it.data)
	case itemData:
		return e.dataBetween(it.data)
	case itemClose:
		return &Error{Kind: KindClosedInHandshake, Alert: record.AlertCloseNotify, Err: errTruncated}
	}
	return nil
}

func (e *Engine) message(m msg.Raw) error {
	e.recv.trace(record.TypeHandshake, m)
	e.takeTraces()
	if e.ignores(m) {
		return nil
	}
	return e.handle(m)
}

// handle hands a message to the state.
func (e *Engine) handle(m msg.Raw) error {
	fx := &e.hs.fx
	w, ok := e.hs.state.(waiting)
	if !ok {
		return unexpected(m)
	}
	fx.raw, fx.heard = m, false
	fx.aligned, fx.isAligned = e.recv.hand.Aligned()
	next, err := w.step(fx, m)
	if err != nil {
		return err
	}
	if !fx.heard {
		panic("handshake: " + nameOf(w) + " accepted a message without hearing it")
	}
	return e.advance(next)
}

func (e *Engine) changeCipherSpec(body []byte) error {
	fx := &e.hs.fx
	e.recv.trace(record.TypeChangeCipherSpec, body)
	e.takeTraces()
	if len(body) != 1 || body[0] != 1 {
		return failure(KindUnexpectedCCS, "change_cipher_spec")
	}
	if w, ok := e.hs.state.(waitingForCCS); ok {
		fx.aligned, fx.isAligned = e.recv.hand.Aligned()
		next, err := w.changeCipherSpec(fx)
		if err != nil {
			return err
		}
		return e.advance(next)
	}
	// TLS 1.3 drops them, for middleboxes' sake.
	//
	//= RFC 9846 §5
	t, ok := e.hs.state.(interface{ toleratesCCS() bool })
	if fx.ccs++; !ok || !t.toleratesCCS() || fx.before != nil || fx.ccs > maxDroppedCCS {
		return failure(KindUnexpectedCCS, "")
	}
	return nil
}

func (e *Engine) takeTraces() {
	e.events = append(e.events, e.recv.traced.take()...)
	e.events = append(e.events, e.send.traced.take()...)
}

// traces takes the traces, and reports whether there are events to hand out.
func (e *Engine) traces() bool {
	e.takeTraces()
	return len(e.events) > 0
}

// fold does what the effects say, in their order. It cannot fail: what can was
// checked by the step.
func (e *Engine) fold() {
	fx := &e.hs.fx
	list := fx.list[:fx.n]
	for i := range list {
		e.apply(&list[i])
	}
	fx.forget()
	if e.origin.conn.complete {
		fx.transcript.KeepRaw(false)
		if e.hs = nil; len(e.send.out) == 0 {
			e.send.out = nil // room for a flight
		}
		if e.recv.hand.Empty() { // a HelloRequest may share the record of Finished
			e.recv.hand.Reset()
		}
	}
}

func (e *Engine) apply(f *effect) {
	switch f.kind {
	case doSend:
		e.send.records(f.typ, e.hs.fx.out[f.lo:f.hi])
		if e.origin.conn.Version == 0 {
			//= RFC 9846 §5.1
			e.send.seal.SetHeaderVersion(min(e.hs.fx.profile.max, record.TLS12)) // only the first ClientHello's are 1.0
		}
	case doRead:
		k := &e.hs.fx.keys[f.lo]
		e.recv.open.Install(k.prot)
		e.recv.secret = k.secret
		e.recv.limit()
		// A client that failed before it had keys says so in plaintext.
		e.recv.open.AllowPlaintextAlert(!e.origin.conn.Client && e.origin.conn.Version >= record.TLS13)
	case doWrite:
		k := &e.hs.fx.keys[f.lo]
		e.send.seal.Install(k.prot)
		e.send.secret = k.secret
		e.send.limit = e.origin.conn.sendLimit
	case doVersion:
		e.recv.open.SetVersion(e.origin.conn.Version)
		e.send.seal.SetVersion(e.origin.conn.Version)
	case doEvent:
		e.events = append(e.events, *f.event)
	case doSession:
		e.session = f.session
		e.events = append(e.events, Event{Kind: SessionReady})
	case doProfile:
		p := e.hs.fx.profile
		e.send.fragment = uint16(p.fragment)
		e.follow(p)
	case doCCS:
		e.send.ccs = true
	case doLimit:
		// Until the keys change, what was agreed before holds for records beside: a
		// smaller one is never wrong, and larger ones may be on their way.
		if own := e.origin.conn.sendLimit; e.send.limit == 0 || own < e.send.limit {
			e.send.limit = own
		}
		if e.origin.conn.Version >= record.TLS13 {
			e.recv.limit()
		}
	case doSkip:
		if e.recv.skip == skipNothing {
			e.recv.skipBudget = MaxSkippedEarlyData
		}
		e.recv.skip = f.skip
	case doComplete:
		e.origin.conn.complete, e.send.secure = true, true
		e.recv.warnings, e.recv.skip, e.recv.asked = 0, skipNothing, false
		e.recv.open.AllowPlaintextAlert(false)
		e.events = append(e.events, Event{Kind: Secure})
	}
}

// forget drops the effects, and the secrets in them.
func (fx *effects) forget() {
	clear(fx.list[:fx.n])
	clear(fx.keys[:fx.nkeys])
	fx.n, fx.nkeys = 0, 0
	fx.out = fx.out[:0]
}

// fail makes err final: the alert goes out under the keys in force before the
// failed step, whose effects are dropped.
func (e *Engine) fail(err error) error {
	own := asError(err)
	own.State = e.StateName()
	if own.Kind.answered() && own.Alert != 0 && !e.send.closed {
		own.Sent = true
		if v := e.origin.conn.Version; v != 0 { // the peer holds records to it, though the step that settled it failed
			e.send.seal.SetVersion(v)
		}
		e.send.alert(record.LevelFatal, own.Alert)
	}
	e.die(own)
	return own
}

// die makes an error final without telling the peer.
func (e *Engine) die(err *Error) {
	if err.State == "" || e.hs != nil {
		err.State = e.StateName()
	}
	e.err, e.recv.err, e.send.err = err, err, err
	e.recv.clear()
	e.send.clear()
	e.origin = e.origin.withoutSecrets()
	e.recv.origin, e.send.origin = e.origin, e.origin
	if e.hs != nil {
		e.hs.fx.forget()
		e.hs = nil
	}
}

// withoutSecrets is a copy for an engine that is dead: a fork may live on with
// the original.
func (o *origin) withoutSecrets() *origin {
	dead := *o
	if !o.conn.complete { // nobody has proved to be the peer
		dead.conn.Verified, dead.conn.VerifiedChains, dead.conn.Resumed = false, nil, false
	}
	dead.resumption, dead.conn.exporter = nil, keys.Secret{}
	dead.conn.master, dead.conn.complete = nil, false
	return &dead
}
