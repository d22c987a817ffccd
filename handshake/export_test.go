package handshake

import (
	"time"

	"tacet/handshake/msg"
	"tacet/record"
)

// This file holds the doors through which the tests of the laws reach below
// the record layer.

// Inject hands the engine a message as if a record with nothing after it had
// brought it.
func (e *Engine) Inject(now time.Time, m msg.Raw) error {
	if e.err != nil {
		return e.err
	}
	e.recv.hand.Reset()
	if e.hs == nil {
		_, err := e.recv.message(now, m)
		return err
	}
	e.hs.fx.now = now
	return e.message(m)
}

// InjectCCS hands the engine a change_cipher_spec that is not protected.
func (e *Engine) InjectCCS() error {
	if e.hs == nil {
		return failure(KindUnexpectedCCS, "")
	}
	e.recv.hand.Reset()
	return e.changeCipherSpec([]byte{1})
}

// SealRecord makes body due as one record of any type, under the write keys:
// what a hostile peer does.
func (e *Engine) SealRecord(typ record.Type, body []byte) {
	e.send.out = e.send.seal.Seal(e.send.out, typ, body)
}

// SealMessage is SealRecord for a handshake message.
func (e *Engine) SealMessage(m msg.Message) { e.SealRecord(record.TypeHandshake, m.Append(nil)) }

// NextKeys changes the write keys without telling the peer.
func (e *Engine) NextKeys() {
	e.send.secret = e.send.secret.Next()
	e.send.seal.Install(e.send.secret.Protection(e.origin.conn.Suite))
}

// Buffered is how many bytes of handshake messages the engine holds.
func (e *Engine) Buffered() int { return e.recv.hand.Buffered() }

// MaxDroppedCCS is maxDroppedCCS.
const MaxDroppedCCS = maxDroppedCCS
