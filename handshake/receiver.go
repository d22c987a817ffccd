package handshake

import (
	"time"

	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/record"
)

// Bounds on what a peer may send without getting anywhere (I5). Each counts
// what came since the last application data.
const (
	MaxEmptyRecords   = 32 // records without content
	MaxWarnings       = 4  // warning alerts (CVE-2016-8610); renegotiation requests count too
	MaxKeyUpdates     = 32 // KeyUpdates
	MaxSessionTickets = 32 // NewSessionTickets
	// MaxSkippedEarlyData is how much rejected early data a server skips, in
	// bytes of ciphertext (RFC 9846 §4.3.10).
	MaxSkippedEarlyData = 1 << 14
	// maxDroppedCCS is how many change_cipher_spec records of TLS 1.3 are dropped.
	maxDroppedCCS = 32
)

// skipMode says which records of a client's rejected early data are skipped.
type skipMode uint8

const (
	skipNothing       skipMode = iota
	skipUndecryptable          // until a record decrypts
	skipData                   // application_data records, until the second ClientHello
)

// Receiver is the reading half of a connection, an Engine's own or one that
// Split gave. It has one owner, who need not be the Sender's.
type Receiver struct {
	open    record.Opener
	hand    msg.Reassembler
	origin  *origin
	secret  keys.Secret // TLS 1.3: the read traffic secret
	tracing bool

	skip     skipMode
	empties  uint8
	warnings uint8
	updates  uint8
	tickets  uint8
	closed   bool // close_notify came
	asked    bool // this side asked for a renegotiation

	renewals uint8 // renegotiations, each soon after the one before
	policy   RenegotiationPolicy
	ruled    bool // by SetRenegotiation, not by the profile

	session *session.Session
	err     *Error
	traced  traces

	skipBudget int32    // bytes of ciphertext
	renewed    uint32   // when the last renegotiation began, in Unix seconds, of a server
	rejoin     *msg.Raw // the message that asks for a renegotiation, until it begins
}

// itemKind is what the record layer brought.
type itemKind uint8

const (
	itemNeed itemKind = iota
	itemMessage
	itemData
	itemCCS
	itemClose
)

type item struct {
	kind    itemKind
	need    int
	message msg.Raw
	data    []byte // of itemData, a part of the input; of itemCCS, its body
}

// read opens records until there is something to say: a whole handshake
// message, data, a change_cipher_spec, or the need for more.
func (r *Receiver) read(dst, in []byte) (n int, it item, err error) {
	for {
		m, err := r.hand.Next()
		if err != nil {
			return n, item{}, err
		}
		if m != nil {
			return n, item{kind: itemMessage, message: m}, nil
		}
		o, err := r.open.OpenInto(dst, in[n:])
		switch {
		case err != nil && r.skips(o.N, err):
			n += o.N
			continue
		case err != nil:
			return n, item{}, err
		case o.N == 0:
			return n, item{kind: itemNeed, need: o.Need}, nil
		}
		n += o.N
		if o.Protected {
			r.skip = skipNothing
			r.open.AllowPlaintextAlert(false) // the peer has keys
		}
		it, more, err := r.sort(&o)
		if err != nil || !more {
			return n, it, err
		}
	}
}

// skips reports whether a record that was refused is early data to skip, and counts it.
func (r *Receiver) skips(n int, err error) bool {
	//= RFC 9846 §4.3.10
	refused, ok := err.(*record.Error)
	if !ok || r.skip != skipUndecryptable || refused.Kind != record.KindBadMAC || n == 0 {
		return false
	}
	return r.spend(n - record.HeaderLen)
}

// limit bounds the plaintext of records as was agreed.
func (r *Receiver) limit() {
	n := int(r.origin.conn.recvLimit)
	if n == 0 {
		n = record.MaxPlaintext
	}
	r.open.SetLimit(n)
}

func (r *Receiver) spend(n int) bool {
	r.skipBudget -= int32(n)
	return r.skipBudget >= 0
}

// sort says what a record is; more means that it alone says nothing.
func (r *Receiver) sort(o *record.Opened) (it item, more bool, err error) {
	if o.Type == record.TypeHandshake {
		r.hand.Add(o.Payload)
		return item{}, true, nil
	}
	if o.Type == record.TypeAlert {
		if it, more, err = r.alert(o.Payload); !more || r.hand.Empty() {
			return it, more, err // the end is the end, also within a message
		}
	}
	if !r.hand.Empty() {
		return item{}, false, failure(KindInterleaved, o.Type.String())
	}
	if o.Type == record.TypeChangeCipherSpec {
		return item{kind: itemCCS, data: o.Payload}, false, nil
	}
	if r.skip == skipData && !o.Protected {
		if !r.spend(len(o.Payload)) {
			return item{}, false, failure(KindTooMuchSkippedData, "")
		}
		return item{}, true, nil
	}
	if len(o.Payload) > 0 || !r.origin.conn.complete {
		return item{kind: itemData, data: o.Payload}, false, nil
	}
	if r.empties++; r.empties > MaxEmptyRecords {
		return item{}, false, failure(KindTooManyEmptyRecords, "")
	}
	return item{}, true, nil
}

// alert sorts an alert record: fatal ones are errors.
func (r *Receiver) alert(body []byte) (it item, more bool, err error) {
	//= RFC 9846 §6
	if len(body) != 2 {
		return item{}, false, failure(KindDecode, "alert")
	}
	level, alert := record.Level(body[0]), record.Alert(body[1])
	r.trace(record.TypeAlert, body)
	tls13 := r.origin.conn.Version >= record.TLS13
	switch {
	case alert == record.AlertCloseNotify:
		return item{kind: itemClose}, false, nil
	case level != record.LevelWarning && level != record.LevelFatal:
		return item{}, false, failure(KindIllegalParameter, "alert.level")
	case level == record.LevelWarning && alert == record.AlertNoRenegotiation && r.asked:
		return item{}, false, failure(KindNoRenegotiation, "")
	case level == record.LevelWarning && (!tls13 || alert == record.AlertUserCanceled):
		if r.warnings++; r.warnings > MaxWarnings {
			return item{}, false, failure(KindTooManyWarnings, alert.String())
		}
		return item{}, true, nil
	}
	return item{}, false, &Error{Kind: KindAlertReceived, Alert: alert}
}

func (r *Receiver) trace(typ record.Type, body []byte) {
	if r.tracing {
		r.traced.add(MessageReceived, typ, body)
	}
}

// Step is Engine.Step after the handshake: it consumes and opens, and says what
// came. ev.Action is for the Sender to Perform. It draws no randomness and
// needs no Sender.
func (r *Receiver) Step(now time.Time, in []byte) (n int, ev Event) {
	return r.StepInto(now, in, nil)
}

// StepInto is Step, opening a record of application data into dst where it
// fits with one byte to spare; ev.Data is then a part of dst, and else of in.
// Records of any kind may write to dst.
func (r *Receiver) StepInto(now time.Time, in, dst []byte) (n int, ev Event) {
	for {
		if ev, ok := r.traced.next(); ok {
			return n, ev
		}
		switch {
		case r.err != nil:
			return n, Event{Kind: Failed, Action: r.action()}
		case r.closed:
			return n, Event{Kind: PeerClosed}
		case r.rejoin != nil:
			return n, Event{Kind: Rejoin}
		}
		m, it, err := r.read(dst, in[n:])
		n += m
		if err != nil {
			r.fail(err)
			continue
		}
		switch it.kind {
		case itemNeed:
			if r.traced.any() {
				continue
			}
			return n, Event{Kind: NeedInput, Need: uint32(it.need)}
		case itemData:
			r.empties, r.warnings, r.updates, r.tickets = 0, 0, 0, 0
			return n, Event{Kind: Data, Data: it.data}
		case itemClose:
			r.closed = true
			r.open.Clear()
		case itemCCS:
			r.fail(failure(KindUnexpectedCCS, ""))
		case itemMessage:
			r.trace(record.TypeHandshake, it.message)
			ev, err := r.message(now, it.message)
			if err != nil {
				r.fail(err)
				continue
			}
			if r.hand.Empty() {
				r.hand.Reset()
			}
			if ev.Kind != NeedInput {
				return n, ev
			}
		}
	}
}

func (r *Receiver) action() Action {
	if r.err.Sent {
		return fatal(r.err.Alert)
	}
	return actDead
}

// fail makes err final. The alert is the Sender's to send.
func (r *Receiver) fail(err error) {
	e := asError(err)
	e.State = "connected"
	e.Sent = e.Kind.answered() && e.Alert != 0
	r.err = e
	r.clear()
}

// answered reports whether an error of kind k is told to the peer.
func (k Kind) answered() bool { return kinds[k].alert != 0 }

// clear forgets all secrets.
func (r *Receiver) clear() {
	r.open.Clear()
	r.secret.Clear()
	r.hand.Reset()
}

// EOF tells that the transport ended: a truncation, unless close_notify came.
func (r *Receiver) EOF() Event {
	if r.err == nil && !r.closed {
		r.err = &Error{Kind: KindTruncated, State: "connected", Err: errTruncated}
		r.clear()
	}
	if r.err != nil {
		return Event{Kind: Failed, Action: r.action()}
	}
	return Event{Kind: PeerClosed}
}

// Err is why reading failed, nil if it did not: an *Error.
func (r *Receiver) Err() error {
	if r.err == nil {
		return nil
	}
	return r.err
}

// Session is what the last SessionReady event speaks of.
func (r *Receiver) Session() *session.Session { return r.session }

// State tells what is known of the connection; it does not change.
func (r *Receiver) State() *ConnectionState { return &r.origin.conn }

// Idle lets the AEAD go until the next record.
func (r *Receiver) Idle() { r.open.Idle() }
