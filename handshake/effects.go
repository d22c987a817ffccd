package handshake

import (
	"time"

	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/record"
)

// effectKind says what an effect does when the driver folds it.
type effectKind uint8

const (
	doSend     effectKind = iota // seal fx.out[lo:hi] as records of type typ
	doRead                       // install read keys
	doWrite                      // install write keys
	doVersion                    // the version is negotiated: records are held to it
	doEvent                      // hand an event to the caller
	doSession                    // hand a session to the caller
	doLimit                      // records are bounded as the two sides agreed
	doSkip                       // skip a rejected client's early data
	doCCS                        // a change_cipher_spec goes before the next record
	doProfile                    // another profile is in force
	doComplete                   // the handshake is complete
)

// effect is one line of the ordered list that a step leaves to the driver (DESIGN §3).
type effect struct {
	kind    effectKind
	typ     record.Type
	skip    skipMode
	lo, hi  int // doSend: a part of fx.out; doRead and doWrite: lo is an index of fx.keys
	event   *Event
	session *session.Session
}

// traffic is what one direction's records are protected by from some point on.
type traffic struct {
	prot   record.Protection
	secret keys.Secret // TLS 1.3
}

// Bounds of one step's effects. The longest step is a TLS 1.3 server's flight
// with a key log and a trace; no step changes keys more than three times.
const (
	maxEffects = 24
	maxKeys    = 4
)

// effects is what a step works with: what it may read (the profile, the time),
// the transcript, which moves at once, and the list of what the driver will do
// if the step succeeds. If it fails, nothing of the list is done.
type effects struct {
	now     time.Time
	profile *profile
	before  *before // the handshake before a renegotiation; nil: this is the first
	env     Env
	origin  *origin
	conn    *ConnectionState // origin's, for short

	transcript keys.Transcript
	raw        msg.Raw // the message being handled
	heard      bool    // it is in the transcript
	aligned    msg.Aligned
	isAligned  bool

	list  [maxEffects]effect
	keys  [maxKeys]traffic
	n     int
	nkeys int
	out   []byte // messages to send, one after the other
	draws [numLabels]uint32
	drawn [128]byte // Env.Rand writes here, for its argument escapes
	sum   [64]byte
	ccs   uint8 // change_cipher_spec records dropped so far

	requested bool // a HelloRequest crossed the hello of a renegotiation
	tracing   bool
}

func (fx *effects) add(e effect) {
	fx.list[fx.n] = e // a panic here is a broken invariant, found by tests
	fx.n++
}

// hear takes the message being handled into the transcript.
func (fx *effects) hear() {
	fx.transcript.Write(fx.raw)
	fx.heard = true
}

// send takes a message into the transcript and sends it.
func (fx *effects) send(m msg.Message) {
	lo := len(fx.out)
	fx.out = m.Append(fx.out)
	fx.sendRaw(lo)
}

// sendRaw does what send does for the message that starts at lo in fx.out.
func (fx *effects) sendRaw(lo int) {
	fx.transcript.Write(fx.out[lo:])
	fx.sendUnheard(lo)
}

// sendUnheard sends the message that starts at lo in fx.out, leaving the transcript as it is.
func (fx *effects) sendUnheard(lo int) {
	if fx.tracing {
		fx.trace(MessageSent, record.TypeHandshake, fx.out[lo:])
	}
	if last := fx.lastAct(); last != nil && last.kind == doSend && last.typ == record.TypeHandshake {
		last.hi = len(fx.out) // messages in a row share records (I7)
		return
	}
	fx.add(effect{kind: doSend, typ: record.TypeHandshake, lo: lo, hi: len(fx.out)})
}

// lastAct is the last effect that is more than an event, or nil: what is
// reported must not change what is sent.
func (fx *effects) lastAct() *effect {
	for i := fx.n - 1; i >= 0; i-- {
		if fx.list[i].kind != doEvent {
			return &fx.list[i]
		}
	}
	return nil
}

// sendCCS sends a change_cipher_spec record.
func (fx *effects) sendCCS() {
	lo := len(fx.out)
	fx.out = append(fx.out, 1)
	if fx.tracing {
		fx.trace(MessageSent, record.TypeChangeCipherSpec, fx.out[lo:])
	}
	fx.add(effect{kind: doSend, typ: record.TypeChangeCipherSpec, lo: lo, hi: len(fx.out)})
}

func (fx *effects) trace(kind EventKind, typ record.Type, body []byte) {
	fx.event(Event{Kind: kind, Type: typ, Data: append([]byte(nil), body...)})
}

func (fx *effects) event(ev Event) { fx.add(effect{kind: doEvent, event: &ev}) }

// readKeys installs TLS 1.3 read keys. No handshake bytes may be left over
// under the old ones.
func (fx *effects) readKeys(secret keys.Secret) error {
	//= RFC 9846 §5.1
	return fx.readProtection(secret.Protection(fx.conn.Suite), secret)
}

func (fx *effects) readProtection(p record.Protection, secret keys.Secret) error {
	if !fx.isAligned {
		return failure(KindExcessHandshakeData, fx.raw.Type().String())
	}
	fx.aligned.Must()
	fx.install(doRead, p, secret)
	return nil
}

func (fx *effects) install(kind effectKind, p record.Protection, secret keys.Secret) {
	fx.keys[fx.nkeys] = traffic{p, secret}
	fx.add(effect{kind: kind, lo: fx.nkeys})
	fx.nkeys++
}

// writeKeys installs TLS 1.3 write keys.
func (fx *effects) writeKeys(secret keys.Secret) {
	fx.writeProtection(secret.Protection(fx.conn.Suite), secret)
}

func (fx *effects) writeProtection(p record.Protection, secret keys.Secret) {
	fx.install(doWrite, p, secret)
}

// keyLog makes an event of a secret, if the profile asks for it.
func (fx *effects) keyLog(label string, secret []byte) {
	if fx.profile.cfg.KeyLog {
		fx.event(Event{Kind: KeyLogged, Data: keys.AppendKeyLog(nil, label, fx.conn.ClientRandom[:], secret)})
	}
}

// draw gives n fresh random bytes, that the next draw may overwrite.
func (fx *effects) draw(label Label, n int) []byte {
	p := fx.drawn[:]
	if n > len(p) {
		p = make([]byte, n)
	}
	p = p[:n]
	fx.env.Rand(label, fx.draws[label], p)
	fx.draws[label]++
	return p
}

// hash gives the transcript's hash, which the next call overwrites.
func (fx *effects) hash() []byte { return fx.transcript.Sum(fx.sum[:0]) }

// agree records the version and suite.
func (fx *effects) agree(v record.Version) {
	fx.conn.Version = v
	fx.add(effect{kind: doVersion})
}
