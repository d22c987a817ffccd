package actor

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"tacet/handshake"
	"tacet/record"
)

// Side is an end of a Pipe.
type Side uint8

// The ends.
const (
	ClientSide Side = iota
	ServerSide
)

// String is "client" or "server".
func (s Side) String() string { return [...]string{"client", "server"}[s] }

// Peer is the other end.
func (s Side) Peer() Side { return 1 - s }

// Pipe is two engines and what is in flight between them, in the hands of a
// test: nothing happens but by a Move. It has no goroutines and reads no clock, so the same
// engines and moves give the same bytes. Bytes that one end sends at once are
// one delivery. Use it from one goroutine at a time.
type Pipe struct {
	// Now is the time that the engines are given; tick moves advance it.
	Now time.Time
	// Manual leaves queries pending until an answer move. Otherwise they are
	// answered as soon as they are asked.
	Manual bool
	// Answer answers queries; false leaves one to the default of Config.Answer. It may be nil.
	Answer func(Side, handshake.Query) (handshake.Answer, bool)

	ends    [2]pipeEnd
	started bool
	moves   Schedule
	log     []Entry
}

// pipeEnd is one engine, what is on its way to it and what came out of it.
type pipeEnd struct {
	engine   *handshake.Engine
	flights  [][]byte // deliveries on their way here
	in       []byte   // delivered and not consumed
	received []byte   // application data
	events   []handshake.Event
	ended    bool // the transport to here has ended
	held     int  // turns of Run for which nothing is delivered here
}

// NewPipe makes a pipe of a client's and a server's engine that are at their
// beginning. Its time is the start of 2026 until Now is set.
func NewPipe(client, server *handshake.Engine) *Pipe {
	p := &Pipe{Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	p.ends[ClientSide].engine, p.ends[ServerSide].engine = client, server
	return p
}

// Engine is the engine of a side.
func (p *Pipe) Engine(s Side) *handshake.Engine { return p.ends[s].engine }

// Received is the application data that a side was given so far.
func (p *Pipe) Received(s Side) []byte { return p.ends[s].received }

// Events are the events of a side but NeedInput and data, in order. PeerClosed
// and Failed are among them once.
func (p *Pipe) Events(s Side) []handshake.Event { return p.ends[s].events }

// InFlight are the deliveries on their way to a side; the caller must not change them.
func (p *Pipe) InFlight(s Side) [][]byte { return p.ends[s].flights }

// Schedule is all moves so far. It may be replayed on a pipe with the same engines.
func (p *Pipe) Schedule() Schedule { return append(Schedule(nil), p.moves...) }

// Log is what happened, in order.
func (p *Pipe) Log() Log { return append(Log(nil), p.log...) }

// Errors of moves that are not possible; the pipe is then as it was.
var (
	ErrNothingInFlight = errors.New("actor: nothing is in flight to that side")
	ErrNoQuery         = errors.New("actor: no query is pending")
	ErrBadMove         = errors.New("actor: bad move")
)

// Do makes a move, and has the engines go on as far as that takes them.
func (p *Pipe) Do(m Move) error {
	p.start()
	if m.Op >= numOps || m.Side > ServerSide {
		return ErrBadMove
	}
	if err := ops[m.Op].do(p, &p.ends[m.Side], m); err != nil {
		return fmt.Errorf("%w: %v", err, m)
	}
	p.moves = append(p.moves, m)
	return nil
}

// Replay makes the moves of a schedule.
func (p *Pipe) Replay(s Schedule) error {
	for _, m := range s {
		if err := p.Do(m); err != nil {
			return err
		}
	}
	return nil
}

// Run delivers, to each side in turn, until nothing is in flight. The error is
// that of the first engine that failed, nil if none did.
func (p *Pipe) Run() error {
	p.start()
	for busy := true; busy; {
		busy = false
		for _, s := range []Side{ServerSide, ClientSide} {
			e := &p.ends[s]
			if len(e.flights) == 0 {
				continue
			}
			busy = true
			if e.held > 0 {
				e.held--
				continue
			}
			_ = p.Do(Move{Op: OpDeliver, Side: s}) // there is one in flight
		}
	}
	return p.Err()
}

// RunRandom is Run with the deliveries cut, joined and taken in an order that
// seed decides, and with pending answers given in between. No byte is lost or changed.
// The moves of script, if there are any, are made on the way, those of each side in their
// order: one that is not possible yet, such as a send in a handshake, waits until it is.
// The error of one that never is is returned.
func (p *Pipe) RunRandom(seed uint64, script ...Move) error {
	p.start()
	r := rand.New(rand.NewPCG(seed, seed))
	var plans [2]plan
	for _, m := range script {
		if m.Side > ServerSide {
			return ErrBadMove
		}
		plans[m.Side].moves = append(plans[m.Side].moves, m)
	}
	for {
		var legal []Move
		for s := range p.ends {
			legal = append(legal, p.faultless(Side(s), r)...)
		}
		n := len(legal) // from here on they are of the script
		for s := range plans {
			legal = append(legal, plans[s].next()...)
		}
		if len(legal) == 0 {
			return cmp.Or(p.Err(), plans[ClientSide].err, plans[ServerSide].err)
		}
		i := r.IntN(len(legal))
		err := p.Do(legal[i])
		switch {
		case i >= n && err != nil:
			plans[legal[i].Side].err = err
			continue
		case i >= n:
			plans[legal[i].Side].moves = plans[legal[i].Side].moves[1:]
		case err != nil:
			return err
		}
		plans[ClientSide].err, plans[ServerSide].err = nil, nil
	}
}

// plan is what a script has left for a side to do.
type plan struct {
	moves []Move
	err   error // of the first, which was not possible since the last move that was
}

// next is the first move, unless it waits.
func (p *plan) next() []Move {
	if p.err != nil || len(p.moves) == 0 {
		return nil
	}
	return p.moves[:1]
}

// faultless is a choice of what may be done to s without harm.
func (p *Pipe) faultless(s Side, r *rand.Rand) (legal []Move) {
	e := &p.ends[s]
	if len(e.flights) > 0 {
		legal = append(legal, Move{Op: OpDeliver, Side: s}, Move{Op: OpDeliver, Side: s})
		if n := len(e.flights[0]); n > 1 {
			legal = append(legal, Move{Op: OpCut, Side: s, N: 1 + r.IntN(n-1)})
		}
	}
	if len(e.flights) > 1 {
		legal = append(legal, Move{Op: OpJoin, Side: s})
	}
	if e.engine.Query() != nil {
		legal = append(legal, Move{Op: OpAnswerQuery, Side: s})
	}
	return legal
}

// Err is the error of the first engine that failed.
func (p *Pipe) Err() error {
	for _, entry := range p.log {
		if entry.Err != nil {
			return entry.Err
		}
	}
	return nil
}

// Fork makes a second world, which goes on by itself. Answer is shared.
func (p *Pipe) Fork() *Pipe {
	f := *p
	f.moves, f.log = p.Schedule(), p.Log()
	for i := range f.ends {
		e := &f.ends[i]
		e.engine = e.engine.Fork()
		e.in, e.received = bytes.Clone(e.in), bytes.Clone(e.received)
		e.events = append([]handshake.Event(nil), e.events...)
		e.flights = append([][]byte(nil), e.flights...)
		for j := range e.flights {
			e.flights[j] = bytes.Clone(e.flights[j])
		}
	}
	return &f
}

// start lets both engines begin: the client speaks first.
func (p *Pipe) start() {
	if p.started {
		return
	}
	p.started = true
	p.advance(ClientSide)
	p.advance(ServerSide)
}

// advance steps the engine of s until it wants something, and puts what it has
// to say in flight as one delivery.
func (p *Pipe) advance(s Side) {
	e := &p.ends[s]
	for p.step(s, e) {
	}
	out := e.engine.AppendOut(nil)
	if len(out) == 0 {
		return
	}
	p.transmit(s, out)
}

// transmit puts in flight what s sends.
func (p *Pipe) transmit(s Side, out []byte) {
	p.log = append(p.log, Entry{Side: s, Records: recordsOf(out)})
	if to := &p.ends[s.Peer()]; !to.ended {
		to.flights = append(to.flights, out)
	}
}

// step takes one event; false when the engine waits for something.
func (p *Pipe) step(s Side, e *pipeEnd) bool {
	n, ev := e.engine.Step(p.Now, e.in)
	data := ev.Data // a part of e.in
	e.in = e.in[n:]
	switch ev.Kind {
	case handshake.NeedInput:
		return false
	case handshake.QueryPending:
		return !p.Manual && p.answer(s, e) == nil
	case handshake.Data, handshake.EarlyData:
		e.received = append(e.received, data...)
		p.log = append(p.log, Entry{Side: s, Event: ev.Kind, Bytes: len(data)})
		return true
	}
	last := len(e.events) - 1
	ends := ev.Kind == handshake.PeerClosed || ev.Kind == handshake.Failed
	if ends && last >= 0 && e.events[last].Kind == ev.Kind {
		return false
	}
	e.events = append(e.events, ev)
	entry := Entry{Side: s, Event: ev.Kind, Type: ev.Type, Bytes: len(ev.Data)}
	if ev.Kind == handshake.Failed {
		entry.Err = e.engine.Err()
	}
	p.log = append(p.log, entry)
	return !ends
}

// answer answers the pending query of s.
func (p *Pipe) answer(s Side, e *pipeEnd) error {
	q := e.engine.Query()
	if q == nil {
		return ErrNoQuery
	}
	if p.Answer != nil {
		if a, ok := p.Answer(s, q); ok {
			return e.engine.Answer(a)
		}
	}
	return e.engine.Answer(defaultAnswer(q))
}

// recordsOf lists the records in bytes that an engine sent.
func recordsOf(b []byte) (list []WireRecord) {
	for len(b) >= record.HeaderLen {
		n := min(record.HeaderLen+int(b[3])<<8+int(b[4]), len(b))
		list = append(list, WireRecord{Type: record.Type(b[0]), Size: n})
		b = b[n:]
	}
	return list
}
