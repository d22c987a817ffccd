package handshake

import (
	"slices"

	"tacet/record"
)

// EventKind says why Step returned.
type EventKind uint8

// The kinds of events. Query, Data, EarlyData and Failed must be handled; the
// others may be ignored, and a later version may add some that may be ignored.
const (
	// NeedInput: all that could be consumed is consumed. Need tells how many
	// bytes, counted from the first unconsumed one, complete the record.
	NeedInput EventKind = iota
	// Query: a decision is asked for. Engine.Query gives it; nothing is
	// consumed until Answer.
	QueryPending
	// Secure: the handshake is complete. Seal, Export and Split work from here on.
	Secure
	// Data: application data, a sub-slice of the input given to Step.
	Data
	// EarlyData: 0-RTT application data, which can be replayed (RFC 9846 §8).
	EarlyData
	// SessionReady: a session to resume later; Engine.Session gives it.
	SessionReady
	// KeyUpdated: the peer changed its keys (RFC 9846 §4.7.3).
	KeyUpdated
	// KeyLogged: Data is a line for an NSS key log, without newline. Only with Config.KeyLog.
	KeyLogged
	// MessageSent and MessageReceived: Data is a handshake message, an alert or
	// a change_cipher_spec body; Type tells which. Only with Config.Trace.
	MessageSent
	MessageReceived
	// RenegotiationRefused: the peer asked to renegotiate, and is told that this
	// side does not (RFC 5746 §4.2).
	RenegotiationRefused
	// PeerClosed: close_notify arrived. It speaks of reading only; Seal still works.
	// Repeats at every later call.
	PeerClosed
	// Rejoin: the two halves of a split engine must be joined to go on.
	Rejoin
	// Failed: the connection is dead; Engine.Err says why. Repeats at every later call.
	Failed
)

var eventNames = [...]string{
	NeedInput: "NeedInput", QueryPending: "Query", Secure: "Secure", Data: "Data", EarlyData: "EarlyData",
	SessionReady: "Session", KeyUpdated: "KeyUpdated", KeyLogged: "KeyLogged",
	MessageSent: "MessageSent", MessageReceived: "MessageReceived",
	RenegotiationRefused: "RenegotiationRefused", PeerClosed: "PeerClosed", Rejoin: "Rejoin", Failed: "Failed",
}

// String returns the kind's name.
func (k EventKind) String() string { return eventNames[k] }

// Event is one reason why Step stopped. It is small (40 bytes or less) and
// holds no pointer into the engine but Data of the Key log and trace kinds.
type Event struct {
	// Data is owned by whoever owns the input of Step when Kind is Data or
	// EarlyData, and by the caller otherwise.
	Data   []byte
	Kind   EventKind
	Type   record.Type // of a traced message
	Action Action
	Need   uint32
}

// Action is what reading found that writing has to do. It is a value that may
// be kept and merged with later ones for Sender.Perform, which does all of it.
// An Engine performs its own.
type Action uint16

// Bits of an Action. A fatal alert is held in the low byte with actAlert set.
const (
	actAlert           Action = 1 << 8  // send the fatal alert in the low byte, then nothing more
	actKeyUpdate       Action = 1 << 9  // answer a KeyUpdate(update_requested)
	actNoRenegotiation Action = 1 << 10 // send the warning no_renegotiation
	actDead            Action = 1 << 11 // the connection ended without a word to say
)

// Merge joins two actions into one that does both. The first fatal alert wins.
func (a Action) Merge(b Action) Action {
	if a&actAlert != 0 {
		b &^= 0xff
	}
	return a | b
}

func fatal(alert record.Alert) Action { return actAlert | Action(alert) }

// traces are events of messages, with Config.Trace, until they are handed out. They take
// a word of a connection that has none.
type traces struct{ events *[]Event }

func (t *traces) any() bool { return t.events != nil }

func (t *traces) add(kind EventKind, typ record.Type, body []byte) {
	events := append(t.take(), Event{Kind: kind, Type: typ, Data: append([]byte(nil), body...)})
	t.events = &events
}

// next takes the oldest, if there is one.
func (t *traces) next() (ev Event, ok bool) {
	events := t.take()
	if len(events) == 0 {
		return Event{}, false
	}
	if rest := events[1:]; len(rest) > 0 {
		t.events = &rest
	}
	return events[0], true
}

// take takes all.
func (t *traces) take() []Event {
	if t.events == nil {
		return nil
	}
	events := *t.events
	t.events = nil
	return events
}

// fork is a copy to which nothing is added that t gets.
func (t traces) fork() traces {
	if t.events == nil {
		return traces{}
	}
	events := slices.Clone(*t.events)
	return traces{&events}
}
