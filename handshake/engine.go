package handshake

import (
	"time"

	"tacet/handshake/keys"
	"tacet/handshake/session"
	"tacet/record"
)

// Engine is one side of a TLS connection. It has one owner: no two of its
// methods may run at once. To read and write on two goroutines, Split it.
type Engine struct {
	recv    Receiver
	send    Sender
	origin  *origin
	hs      *block // what only the handshake needs; nil once it is over
	events  []Event
	session *session.Session
	err     *Error
	spent   bool // split: its halves have taken over
}

// origin is what both halves of a connection share: from Secure on, nothing in
// it changes.
type origin struct {
	conn       ConnectionState
	env        Env
	profile    *profile     // what a renegotiation goes by
	resumption *keys.Secret // TLS 1.3 client: what tickets' PSKs derive from; not written to
	past       *before      // what the handshakes before this one settled, nil if there were none
}

// block is the part of an engine that is dropped when the handshake completes.
type block struct {
	fx    effects
	state state
	begun bool // by a first Step
}

// NewClient makes a client's engine. serverName is the name to ask for (SNI, if
// it is a host name) and to check the certificate against; "" asks for none and
// checks none. It says nothing until its first Step, which may be Step(now, nil).
func NewClient(p *ClientProfile, serverName string, env Env) *Engine {
	e := newEngine(&p.profile, env, 512)
	e.origin.conn.Client = true
	e.origin.conn.ServerName = serverName
	e.send.seal.SetHeaderVersion(record.TLS10) // a first ClientHello's records
	e.hs.state = &loadingSession{q: SessionQuery{ServerName: serverName}}
	return e
}

// NewServer makes a server's engine.
func NewServer(p *ServerProfile, env Env) *Engine {
	e := newEngine(&p.profile, env, 2048)
	e.hs.state = &waitClientHello{}
	return e
}

// newEngine makes an engine whose flights are expected to be some bytes long.
func newEngine(p *profile, env Env, flight int) *Engine {
	e := &Engine{origin: &origin{env: env}}
	e.begin(e.origin, p, flight)
	e.send.out = make([]byte, 0, flight)
	e.send.fragment = uint16(p.fragment)
	return e
}

// begin makes ready for a handshake, the first or another.
func (e *Engine) begin(o *origin, p *profile, flight int) {
	e.hs = new(block)
	fx := &e.hs.fx
	fx.profile, fx.env, fx.origin, fx.conn = p, o.env, o, &o.conn
	fx.out = make([]byte, 0, flight)
	e.origin, e.recv.origin, e.send.origin = o, o, o
	e.follow(p)
}

// follow has the connection go by a profile, beside its handshake, which does already.
func (e *Engine) follow(p *profile) {
	e.origin.profile = p
	e.recv.follow(p)
	e.SetTrace(e.recv.tracing || p.cfg.Trace)
}

// Step consumes bytes that came from the peer, opening records in place, until
// there is something to say. It returns how many bytes of in it consumed, and
// one event. now is the current time. After every Step, fetch AppendOut.
//
// With events of kind Data, ev.Data is a part of in; in must stay as it is until
// the data is used. The engine keeps nothing of in. Call again with the
// unconsumed rest until the event is NeedInput, then with that rest and more
// bytes. in may be nil.
func (e *Engine) Step(now time.Time, in []byte) (n int, ev Event) {
	switch {
	case e.spent:
		e.err = failure(KindSplit, "Step")
		return 0, Event{Kind: Failed}
	case e.traces():
		return 0, e.pop()
	case e.err != nil:
		return 0, Event{Kind: Failed}
	case e.hs != nil:
		return e.handshake(now, in)
	}
	n, ev = e.recv.Step(now, in)
	switch {
	case ev.Kind == Rejoin && e.send.closed: // there is no way to say yes
		if ev = e.recv.decline(); ev.Kind != Failed {
			return n, ev
		}
	case ev.Kind == Rejoin:
		if e.renegotiate(now); e.err != nil {
			return n, e.next()
		}
		m, ev := e.handshake(now, in[n:])
		return n + m, ev
	}
	if ev.Kind == Failed && e.send.closed {
		e.recv.err.Sent = false // nothing follows close_notify
	}
	if ev.Action != 0 {
		e.send.Perform(ev.Action)
	}
	if ev.Kind == Failed {
		e.die(e.recv.err)
	}
	return n, ev
}

func (e *Engine) pop() Event {
	ev := e.events[0]
	e.events = e.events[1:]
	if len(e.events) == 0 {
		e.events = nil
	}
	return ev
}

// AppendOut appends to dst all that is due to the peer and returns it. The
// engine does not keep dst.
func (e *Engine) AppendOut(dst []byte) []byte { return e.send.AppendOut(dst) }

// Pending is how many bytes AppendOut would append.
func (e *Engine) Pending() int { return len(e.send.out) }

// Seal appends plain to dst as application data, in as many records as it
// takes, after all else that is due. plain is not kept and must not overlap dst's
// free space. Before Secure and after CloseWrite it is misuse.
func (e *Engine) Seal(dst, plain []byte) ([]byte, error) {
	if e.spent {
		return dst, misuse(KindSplit, "Seal")
	}
	dst, err := e.send.Seal(dst, plain)
	if e.err == nil && e.send.err != nil {
		e.die(e.send.err)
	}
	return dst, err
}

// Query is what the engine is parked on, nil if it is not.
func (e *Engine) Query() Query {
	if p := e.parked(); p != nil {
		return p.query()
	}
	return nil
}

// parked is the state, if it waits for an answer of the caller's.
func (e *Engine) parked() parked {
	if e.hs == nil || !e.hs.begun {
		return nil
	}
	p, _ := e.hs.state.(parked)
	return p
}

// Answer answers the pending query and goes on with the handshake as far as the
// answer takes it. What follows comes from AppendOut and Step. An answer to
// another query is refused as misuse, and the engine stays parked.
func (e *Engine) Answer(a Answer) error {
	if e.err != nil {
		return e.err
	}
	p := e.parked()
	if p == nil || a.to == nil {
		return misuse(KindNoQuery, "Answer")
	}
	if p.query().asked() != a.to {
		return misuse(KindStaleAnswer, "Answer")
	}
	return e.answer(p, a)
}

// Session is what the last SessionReady event speaks of, nil if there was none.
func (e *Engine) Session() *session.Session {
	if e.session != nil {
		return e.session
	}
	return e.recv.session
}

// Err is why the connection is dead, nil if it is not: an *Error.
func (e *Engine) Err() error {
	if e.err == nil {
		return nil
	}
	return e.err
}

// State tells what is known of the connection. The result is filled in as the
// handshake goes and does not change after Secure.
func (e *Engine) State() *ConnectionState { return &e.origin.conn }

// StateName names the vertex of the handshake that the engine is at, as in
// edges.go; "connected" after it and "failed" after a failure.
func (e *Engine) StateName() string {
	switch {
	case e.err != nil:
		return "failed"
	case e.hs == nil:
		return "connected"
	}
	return nameOf(e.hs.state)
}

// Secure reports whether the handshake is complete.
func (e *Engine) Secure() bool { return e.origin.conn.complete && e.err == nil }

// Export is State().Export. After a failure there is nothing to export.
func (e *Engine) Export(label string, context []byte, length int) ([]byte, error) {
	if e.err != nil && !e.spent {
		return nil, e.err
	}
	return e.origin.conn.Export(label, context, length)
}

// EOF tells the engine that the transport ended. Without close_notify before it
// that is a truncation, and Step then says Failed with KindTruncated. It sends
// nothing. After PeerClosed it changes nothing.
func (e *Engine) EOF() Event {
	if e.err == nil && !e.spent {
		if e.recv.EOF(); e.recv.err != nil {
			e.die(e.recv.err)
		}
	}
	return Event{Kind: e.terminal()}
}

func (e *Engine) terminal() EventKind {
	if e.err != nil {
		return Failed
	}
	return PeerClosed
}

// CloseWrite sends close_notify. Nothing can be sealed after it; reading goes on.
// During the handshake it ends the connection with user_canceled before it.
func (e *Engine) CloseWrite() {
	//= RFC 9846 §6.1
	if e.spent {
		return
	}
	if e.hs != nil && e.err == nil {
		e.send.alert(record.LevelWarning, record.AlertUserCanceled)
		e.send.CloseWrite()
		e.die(&Error{Kind: KindAborted, State: e.StateName(), Alert: record.AlertCloseNotify, Sent: true})
		return
	}
	e.send.CloseWrite()
}

// Abort ends the connection with a fatal alert.
func (e *Engine) Abort(alert record.Alert) {
	if e.err == nil && !e.spent {
		e.fail(&Error{Kind: KindAborted, Alert: alert})
	}
}

// Refuse ends the connection over what its handshake has come to, as the answer to a query
// does that is refused: with the alert that why wraps, and else handshake_failure.
func (e *Engine) Refuse(why error) {
	if e.err == nil && !e.spent {
		e.fail(refusal(why))
	}
}

// UpdateKeys changes the keys that this side writes with, and asks the peer to
// change its own if request is set (RFC 9846 §4.7.3). TLS 1.3 only.
func (e *Engine) UpdateKeys(request bool) error { return e.send.UpdateKeys(request) }

// SetMaxSendFragment sets the most plaintext in a record, 512 to 16384 bytes,
// from the next record on.
func (e *Engine) SetMaxSendFragment(n int) error { return e.send.SetMaxSendFragment(n) }

// SetTrace says whether there is an event of each message from now on, whatever
// Config.Trace says.
func (e *Engine) SetTrace(on bool) {
	e.recv.tracing, e.send.tracing = on, on
	if e.hs != nil {
		e.hs.fx.tracing = on
	}
}

// Idle lets go of what can be made again from the keys (the AEADs): for
// connections that will rest. The next record costs a microsecond more.
func (e *Engine) Idle() {
	e.recv.Idle()
	e.send.Idle()
}

// Fork returns a copy that shares nothing mutable with e: a second world that
// goes on by itself, for tests and exploration. The Env is shared; two worlds
// that go different ways with it draw the same randomness. Sending with both to
// real peers would reuse nonces.
func (e *Engine) Fork() *Engine {
	f := *e
	f.events = append([]Event(nil), e.events...)
	f.send.out = append([]byte(nil), e.send.out...)
	f.recv.hand = e.recv.hand.Fork()
	f.recv.traced, f.send.traced = e.recv.traced.fork(), e.send.traced.fork()
	f.recv.open.Unshare()
	f.send.seal.Unshare()
	if e.hs == nil {
		return &f
	}
	o, hs := *e.origin, *e.hs
	f.origin, f.hs, f.recv.origin, f.send.origin = &o, &hs, &o, &o
	hs.fx.origin, hs.fx.conn = &o, &o.conn
	hs.fx.transcript = e.hs.fx.transcript.Fork()
	hs.fx.out = append([]byte(nil), e.hs.fx.out...)
	return &f
}
