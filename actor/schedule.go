package actor

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tacet/handshake"
	"tacet/record"
)

// Op is a kind of Move.
type Op uint8

// The moves. Those on deliveries are about the first one on its way to Side.
const (
	OpDeliver     Op = iota // Side gets it
	OpCut                   // it is cut after N bytes into two
	OpJoin                  // it and the next become one
	OpDelay                 // Run delivers nothing to Side for N turns
	OpDrop                  // it is lost
	OpCorrupt               // its byte N is changed by XOR with X
	OpEnd                   // the transport to Side ends; what is in flight is lost
	OpAnswerQuery           // Side's pending query is answered
	OpSend                  // Side sends Text
	OpCloseWrite            // Side sends close_notify
	OpUpdateKeys            // Side changes its keys; N is 1 to ask the peer to do so too
	OpRenegotiate           // Side asks for another handshake, under the profile in force
	OpTick                  // N milliseconds pass
	numOps
)

// Move is one thing that a test does to a Pipe.
type Move struct {
	Op   Op
	Side Side
	N    int
	X    byte
	Text string
}

// Schedule is a run of a Pipe as a value. Printed, it can be parsed again.
type Schedule []Move

// op is a row of the table of moves: its name and what it does to e, the end of m.Side.
type op struct {
	name string
	do   func(p *Pipe, e *pipeEnd, m Move) error
}

var ops = [numOps]op{
	OpDeliver:     {"deliver", inFlight(deliver)},
	OpCut:         {"cut", inFlight(cut)},
	OpJoin:        {"join", inFlight(join)},
	OpDelay:       {"delay", delay},
	OpDrop:        {"drop", inFlight(drop)},
	OpCorrupt:     {"corrupt", inFlight(corrupt)},
	OpEnd:         {"end", end},
	OpAnswerQuery: {"answer", answerQuery},
	OpSend:        {"send", send},
	OpCloseWrite:  {"close", closeWrite},
	OpUpdateKeys:  {"update", updateKeys},
	OpRenegotiate: {"renegotiate", renegotiate},
	OpTick:        {"tick", tick},
}

// inFlight is for moves that need a delivery.
func inFlight(do func(p *Pipe, e *pipeEnd, m Move) error) func(*Pipe, *pipeEnd, Move) error {
	return func(p *Pipe, e *pipeEnd, m Move) error {
		if len(e.flights) == 0 {
			return ErrNothingInFlight
		}
		return do(p, e, m)
	}
}

func deliver(p *Pipe, e *pipeEnd, m Move) error {
	e.in = append(append([]byte(nil), e.in...), e.flights[0]...)
	e.flights = e.flights[1:]
	p.advance(m.Side)
	return nil
}

func cut(_ *Pipe, e *pipeEnd, m Move) error {
	first := e.flights[0]
	if m.N < 1 || m.N >= len(first) {
		return ErrBadMove
	}
	e.flights = append([][]byte{first[:m.N:m.N], first[m.N:]}, e.flights[1:]...)
	return nil
}

func join(_ *Pipe, e *pipeEnd, _ Move) error {
	if len(e.flights) < 2 {
		return ErrNothingInFlight
	}
	both := append(append([]byte(nil), e.flights[0]...), e.flights[1]...)
	e.flights = append([][]byte{both}, e.flights[2:]...)
	return nil
}

func delay(_ *Pipe, e *pipeEnd, m Move) error {
	e.held += m.N
	return nil
}

func drop(_ *Pipe, e *pipeEnd, _ Move) error {
	e.flights = e.flights[1:]
	return nil
}

func corrupt(_ *Pipe, e *pipeEnd, m Move) error {
	if m.N < 0 || m.N >= len(e.flights[0]) {
		return ErrBadMove
	}
	e.flights[0][m.N] ^= m.X
	return nil
}

func end(p *Pipe, e *pipeEnd, m Move) error {
	e.flights, e.ended = nil, true
	e.engine.EOF()
	p.advance(m.Side)
	return nil
}

func answerQuery(p *Pipe, e *pipeEnd, m Move) error {
	if err := p.answer(m.Side, e); err != nil {
		return err
	}
	p.advance(m.Side)
	return nil
}

func send(p *Pipe, e *pipeEnd, m Move) error {
	out, err := e.engine.Seal(nil, []byte(m.Text))
	if err != nil || len(out) == 0 {
		return err
	}
	p.transmit(m.Side, out)
	return nil
}

func closeWrite(p *Pipe, e *pipeEnd, m Move) error {
	e.engine.CloseWrite()
	p.advance(m.Side)
	return nil
}

func updateKeys(p *Pipe, e *pipeEnd, m Move) error {
	if err := e.engine.UpdateKeys(m.N == 1); err != nil {
		return err
	}
	p.advance(m.Side)
	return nil
}

func renegotiate(p *Pipe, e *pipeEnd, m Move) error {
	if err := e.engine.Renegotiate(nil); err != nil {
		return err
	}
	p.advance(m.Side)
	return nil
}

func tick(p *Pipe, _ *pipeEnd, m Move) error {
	p.Now = p.Now.Add(time.Duration(m.N) * time.Millisecond)
	return nil
}

// String is the move as ParseSchedule reads it: "cut server 17 0 \"\"" without
// what is zero at its end.
func (m Move) String() string {
	name := "?"
	if m.Op < numOps {
		name = ops[m.Op].name
	}
	s := name + " " + m.Side.String()
	switch {
	case m.Text != "":
		return s + " " + strconv.Itoa(m.N) + " " + strconv.Itoa(int(m.X)) + " " + strconv.Quote(m.Text)
	case m.X != 0:
		return s + " " + strconv.Itoa(m.N) + " " + strconv.Itoa(int(m.X))
	case m.N != 0:
		return s + " " + strconv.Itoa(m.N)
	}
	return s
}

// String is one move a line.
func (s Schedule) String() string {
	var b strings.Builder
	for _, m := range s {
		b.WriteString(m.String() + "\n")
	}
	return b.String()
}

// ParseSchedule reads what Schedule.String gives. Empty lines are skipped.
func ParseSchedule(text string) (Schedule, error) {
	var s Schedule
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		m, err := parseMove(line)
		if err != nil {
			return nil, fmt.Errorf("%w: %q", err, line)
		}
		s = append(s, m)
	}
	return s, nil
}

func parseMove(line string) (m Move, err error) {
	words := strings.SplitN(line, " ", 5)
	if len(words) < 2 {
		return m, ErrBadMove
	}
	for m.Op = 0; m.Op < numOps && ops[m.Op].name != words[0]; {
		m.Op++
	}
	if words[1] == ServerSide.String() {
		m.Side = ServerSide
	}
	if m.Op == numOps || words[1] != m.Side.String() {
		return m, ErrBadMove
	}
	if len(words) > 2 {
		m.N, err = strconv.Atoi(words[2])
	}
	if len(words) > 3 && err == nil {
		var x uint64
		x, err = strconv.ParseUint(words[3], 10, 8)
		m.X = byte(x)
	}
	if len(words) > 4 && err == nil {
		m.Text, err = strconv.Unquote(words[4])
	}
	return m, err
}

// WireRecord is a record as it is seen on the wire.
type WireRecord struct {
	Type record.Type // the one in the header
	Size int         // in bytes, with the header
}

// Entry is a line of a Pipe's log: either Side sent Records, or its engine had
// an event.
type Entry struct {
	Side    Side
	Records []WireRecord
	Event   handshake.EventKind // without Records
	Type    record.Type         // of a traced message
	Bytes   int                 // length of the event's data
	Err     error               // of Failed
}

// String is the entry as a line: "client → server  handshake 512".
func (e Entry) String() string {
	if e.Records != nil {
		parts := make([]string, len(e.Records))
		for i, r := range e.Records {
			parts[i] = fmt.Sprintf("%v %d", r.Type, r.Size)
		}
		return fmt.Sprintf("%v → %v  %s", e.Side, e.Side.Peer(), strings.Join(parts, ", "))
	}
	s := fmt.Sprintf("%v           %v", e.Side, e.Event)
	if e.Bytes > 0 {
		s += fmt.Sprintf(" %d", e.Bytes)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Log is what happened on a Pipe.
type Log []Entry

// String is one entry a line.
func (l Log) String() string {
	var b strings.Builder
	for _, e := range l {
		b.WriteString(e.String() + "\n")
	}
	return b.String()
}
