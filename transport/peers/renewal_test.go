package peers

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/record"
	"tacet/suites"
)

// renewal is what a case says of a renegotiation (RFC 5746).
type renewal struct {
	asks    role // who asks for it; "": nobody
	refused bool // the other side says no_renegotiation
	times   int  // how often it is asked for, 0: once
	limited bool // the last time is once too often for a server
	forbids bool // this side has come to forbid it
	flows   bool // while much is sent

	auth   handshake.ClientAuth // what the server wants of its client then, if it is more than before
	kind   credtest.Kind        // of the client's key then; "": as before
	suites []*suites.Suite      // that this side has before and then
}

// exists reports whether there is such a row: what this side changes, it changes when it asks.
func (r *row) exists() bool {
	w := &r.terms.renewal
	ours := w.asks != r.role
	_, forgets := r.peer.(forgetful)
	return (w.suites == nil || ours) && (!w.forbids || !ours) && (!r.terms.legacy || forgets && r.terms.refuser != r.role)
}

// denied reports whether the client lacks the certificate that the server comes to insist on.
func (r *row) denied() bool {
	return r.terms.renewal.auth == handshake.RequireClientCert && r.terms.auth.kind == ""
}

// renewalCases are those of renegotiations.
func renewalCases() (list []terms) {
	for _, asks := range []role{client, server} {
		name := fmt.Sprintf("renegotiation/%s asks", asks)
		list = append(list,
			terms{name: name, at: up12, renewal: renewal{asks: asks}},
			terms{name: name + ", RSA and CBC", at: up12, renewal: renewal{asks: asks, times: 2},
				suite: named("AES128-SHA"), kind: credtest.RSA2048},
			terms{name: name + ", data in flight", at: up12, renewal: renewal{asks: asks, flows: true}, bulk: true},
			terms{name: name + ", refused", at: up12, renewal: renewal{asks: asks, refused: true}},
			terms{name: name + ", forbidden", at: up12, renewal: renewal{asks: asks, forbids: true}},
			terms{name: name + ", other certificate", at: up12, renewal: renewal{asks: asks, kind: credtest.RSA2048},
				auth: auth{ask: handshake.RequireClientCert, kind: credtest.P256}},
			terms{name: name + ", other cipher", at: up12,
				renewal: renewal{asks: asks, suites: []*suites.Suite{named("ECDHE-ECDSA-AES128-SHA"), named("ECDHE-ECDSA-AES256-SHA")}}},
			terms{name: name + ", from AEAD to CBC", at: only12,
				renewal: renewal{asks: asks, suites: []*suites.Suite{named("ECDHE-ECDSA-AES128-GCM-SHA256"), named("ECDHE-ECDSA-AES256-SHA")}}},
			terms{name: name + ", from AEAD to AEAD", at: only12,
				renewal: renewal{asks: asks, suites: []*suites.Suite{named("ECDHE-ECDSA-AES256-GCM-SHA384"), named("ECDHE-ECDSA-CHACHA20-POLY1305")}}},
		)
	}
	require, request := renewal{asks: server, auth: handshake.RequireClientCert}, renewal{asks: server, auth: handshake.RequestClientCert}
	return append(list,
		terms{name: "renegotiation/server asks, client certificate", at: up12, renewal: require, auth: auth{kind: credtest.P256}},
		terms{name: "renegotiation/server asks, client certificate optional", at: up12, renewal: request, auth: auth{kind: credtest.P256}},
		terms{name: "renegotiation/server asks, client certificate optional, none", at: up12, renewal: request},
		terms{name: "renegotiation/server asks, client certificate, none", at: up12, renewal: require},
		terms{name: "renegotiation/once too often", at: up12, renewal: renewal{asks: client, times: 4, limited: true}},
	)
}

// shows reports whether the row's client has shown its certificate by now.
func (r *row) shows() bool {
	a := r.terms.auth
	return a.kind != "" && (a.ask != handshake.NoClientCert || r.renewed && r.terms.renewal.auth != handshake.NoClientCert)
}

// suite is the one that this side insists on, nil if on none.
func (r *row) suite() *suites.Suite {
	list := r.terms.renewal.suites
	switch {
	case list == nil:
		return r.terms.suite
	case r.renewed:
		return list[1]
	}
	return list[0]
}

// again is this side's profile of a renegotiation.
func (r *row) again() handshake.Profile {
	if r.role == client {
		return r.serverProfile()
	}
	return r.clientProfile()
}

// renewer is a talk of a peer that renegotiates.
type renewer interface {
	// renegotiate has the peer ask for a renegotiation.
	renegotiate(r *row, e *end)
	// renewed are patterns of what the peer says once there was one.
	renewed(r *row, e *end) []string
}

// renewing is what a row of renegotiations is for.
func (r *row) renewing(e *end, t talk) []step {
	w := r.terms.renewal
	steps := []step{{"what is said of the first handshake", func() error { r.check(e, t, false); return nil }}}
	for i := range max(w.times, 1) {
		last := i+1 == max(w.times, 1)
		steps = append(steps, r.renewOnce(e, t, w.refused || w.forbids || w.limited && last || r.denied())...)
	}
	return steps
}

// renewOnce is one renegotiation. If this side asks, there is data on its way in
// both directions.
func (r *row) renewOnce(e *end, t talk, refused bool) []step {
	greeting := ""
	var before *handshake.ConnectionState
	note := step{"the state before", func() error { before = e.State(); return nil }}
	greet := step{"the peer's greeting", func() error { greeting = t.greet(); return nil }}
	tell := step{"answering", func() error { _, err := e.Write([]byte(answer)); return err }}
	isTold := step{"being answered", func() error { return t.hear(r.ctx, said) }}
	listen := step{"listening", func() error { return e.readThrough(greeting + "\n") }}
	renewed := step{"what is said of it", func() error { return r.isRenewed(e, t, before) }}
	ask := step{"renegotiating", func() error {
		r.renewed = true
		return e.Renegotiate(r.ctx, r.again())
	}}
	asked := step{"the peer's renegotiation", func() error {
		r.renewed = true
		return e.readRenewal(r.ctx, func() { t.(renewer).renegotiate(r, e) })
	}}
	hearing := []step{greet, listen}
	if _, ok := r.peer.(echo); ok && r.role == server {
		hearing = []step{tell, greet, listen}
	}
	switch ours := r.terms.renewal.asks != r.role; {
	case r.outlives():
		return r.unasked(e, t)
	case refused && !ours && r.isPatient():
		return slices.Concat(hearing, r.declining(e, t))
	case refused:
		return r.refusing(e, t, ours)
	case ours:
		return []step{note, tell, greet, ask, isTold, listen, renewed}
	}
	return slices.Concat([]step{note}, hearing, []step{asked}, hearing, []step{tell, isTold, renewed})
}

// echo is a peer whose server says what it is told, and nothing else.
type echo interface{ echoes() }

// refusing is a renegotiation that one side does not want.
func (r *row) refusing(e *end, t talk, ours bool) []step {
	hangUp := step{"hanging up", func() error { _ = e.Close(); return nil }} // which the peer may have done
	if !ours {
		return []step{{"refusing", func() error {
			if r.terms.renewal.forbids {
				e.SetRenegotiation(handshake.ForbidRenegotiation)
			}
			t.(renewer).renegotiate(r, e)
			return r.isRefused(e.readEnd())
		}}, hangUp}
	}
	return []step{{"being refused", func() error {
		r.renewed = r.denied()
		err := e.Renegotiate(r.ctx, r.again())
		if err == nil { // it was too late
			err = e.readEnd()
		}
		return r.isRefused(err)
	}}, hangUp}
}

// readRenewal has the peer renegotiate, and reads until it has.
func (e *end) readRenewal(ctx context.Context, ask func()) error {
	through := e.nextHandshake()
	e.peek()
	ask()
	if err := awaitFirst(ctx, through, e); err != nil {
		return err
	}
	return e.Do(ctx, func(*handshake.Engine) error { return nil }) // it is said before the state is there
}

// awaitFirst waits for something that has to happen before the read that goes on ends.
func awaitFirst[T any](ctx context.Context, what <-chan T, e *end) error {
	select {
	case <-what:
		return nil
	case err := <-e.reading:
		e.reading = nil
		select {
		case <-what: // and then there was something to read
			return err
		default:
			return errors.Join(errors.New("the peer says something else than that it renegotiates"), err)
		}
	case <-ctx.Done():
		return errors.New("the peer does not renegotiate")
	}
}

// isRenewed tells whether there was another handshake, of which both sides say the same.
func (r *row) isRenewed(e *end, t talk, before *handshake.ConnectionState) error {
	s := e.State()
	if s.ClientRandom == before.ClientRandom || slices.Equal(s.Finished, before.Finished) {
		return errors.New("there was none")
	}
	for _, f := range r.facts(s, false) {
		if f.got != f.want {
			r.Errorf("after renegotiation %s is %v, want %v", f.name, f.got, f.want)
		}
	}
	for _, pattern := range t.(renewer).renewed(r, e) {
		if _, err := t.await(r.ctx, pattern); err != nil {
			return err
		}
	}
	return nil
}

// abrupt is a peer whose server hangs up on who renegotiates when it must not.
type abrupt interface{ hangsUp() }

// isRefused tells whether an error is that of a renegotiation that one side does not want.
func (r *row) isRefused(err error) error {
	w := &r.terms.renewal
	_, hangsUp := r.peer.(abrupt)
	ours := w.asks != r.role
	a, sent, _ := alertOf(err)
	switch {
	case r.denied() && a == record.AlertHandshakeFailure && sent == (r.role == client):
	case r.denied(): // or for another reason
		return fmt.Errorf("a client without certificate ends with %w", err)
	case w.forbids && errors.Is(err, handshake.KindRenegotiationForbidden):
	case !ours && w.limited && errors.Is(err, handshake.KindRenegotiationAttack):
	case !ours && w.refused && !sent && a == record.AlertHandshakeFailure: // how OpenSSL takes no_renegotiation
	case ours && w.limited && hangsUp && errors.Is(err, handshake.KindTruncated):
	case ours && w.refused && errors.Is(err, handshake.KindNoRenegotiation):
	default:
		return fmt.Errorf("renegotiation ends with %w", err)
	}
	return nil
}
