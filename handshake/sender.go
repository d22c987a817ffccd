package handshake

import (
	"slices"

	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/record"
)

// Sender is the writing half of a connection, an Engine's own or one that Split
// gave. It has one owner, who need not be the Receiver's.
type Sender struct {
	seal     record.Sealer
	origin   *origin
	secret   keys.Secret // TLS 1.3: the write traffic secret
	secure   bool
	closed   bool // close_notify is sent, or a fatal alert
	ccs      bool // a change_cipher_spec goes before the next record (RFC 9846 §E.4)
	update   bool // a KeyUpdate goes before the next application data
	refused  bool // no_renegotiation was said since the last application data
	tracing  bool
	out      []byte // sealed and due
	err      *Error
	traced   traces // what was sent after the handshake
	fragment uint16 // most plaintext in a record
	limit    uint16 // that the peer takes; 0: any
}

// AppendOut appends to dst all that is due to the peer and returns it. dst is not kept.
func (s *Sender) AppendOut(dst []byte) []byte {
	dst = append(dst, s.out...)
	if s.out = s.out[:0]; s.secure {
		s.out = nil // only a handshake has more to say soon
	}
	return dst
}

// Pending is how many bytes AppendOut would append.
func (s *Sender) Pending() int { return len(s.out) }

// Seal appends plain to dst as application data, in as many records as it
// takes, after all else that is due (I7). plain is not kept and must not
// overlap dst's free space. Empty plain makes no record. On error nothing of plain is
// sealed; what was due is appended all the same.
func (s *Sender) Seal(dst, plain []byte) ([]byte, error) {
	dst = s.AppendOut(dst)
	if err := s.writable(); err != nil {
		return dst, err
	}
	s.refused = s.refused && len(plain) == 0
	most := s.most()
	if s.seal.SplitsFirst() && len(plain) > 1 {
		most = 1 // what follows has an IV that nobody could foresee (CVE-2011-3389)
	}
	for len(plain) > 0 {
		if s.update || s.seal.Left() <= rekeyMargin {
			if err := s.rekey(); err != nil {
				return dst, err
			}
			dst = s.AppendOut(dst)
		}
		n := min(len(plain), most)
		dst = s.seal.Seal(dst, record.TypeApplicationData, plain[:n])
		plain, most = plain[n:], s.most()
	}
	return dst, nil
}

// SealedSize is how many bytes Seal would append for n bytes of plaintext, what
// is due included, unless it has to change keys in between. In CBC suites it is an upper bound.
func (s *Sender) SealedSize(n int) int {
	records := (n + s.most() - 1) / s.most()
	if s.seal.SplitsFirst() {
		records++
	}
	size := len(s.out) + n + records*s.seal.Overhead()
	if s.update && n > 0 {
		size += keyUpdateLen + s.seal.Overhead()
	}
	return size
}

// keyUpdateLen is the length of a KeyUpdate message.
const keyUpdateLen = 5

// most is the most plaintext of the next record.
func (s *Sender) most() int {
	if s.limit != 0 && s.limit < s.fragment {
		return int(s.limit)
	}
	return int(s.fragment)
}

func (s *Sender) writable() error {
	switch {
	case s.err != nil:
		return s.err
	case !s.secure:
		return misuse(KindNotSecure, "Seal")
	case s.closed:
		return misuse(KindClosed, "Seal")
	}
	return nil
}

// rekeyMargin is how many records of a key's budget are kept for alerts and KeyUpdates.
const rekeyMargin = 8

// rekey changes keys before a usage limit is reached.
func (s *Sender) rekey() error {
	//= RFC 9846 §5.5
	if s.origin.conn.Version >= record.TLS13 {
		return s.UpdateKeys(false)
	}
	s.err = &Error{Kind: KindKeyExhausted, State: "connected", Alert: record.AlertInternalError, Sent: true}
	s.alert(record.LevelFatal, record.AlertInternalError)
	s.clear()
	return s.err
}

// UpdateKeys sends a KeyUpdate and changes the write keys.
func (s *Sender) UpdateKeys(request bool) error {
	//= RFC 9846 §4.7.3
	if err := s.writable(); err != nil {
		return err
	}
	if s.origin.conn.Version < record.TLS13 {
		return misuse(KindUnsupported, "UpdateKeys")
	}
	s.update = false
	var buf [keyUpdateLen]byte
	m := msg.KeyUpdate{Request: request}
	raw := m.Append(buf[:0])
	s.trace(record.TypeHandshake, raw)
	s.out = s.seal.Seal(s.out, record.TypeHandshake, raw)
	next := s.secret.Next()
	s.secret = next
	s.seal.Install(next.Protection(s.origin.conn.Suite))
	return nil
}

// Perform does what a Receiver's event asks of the writing side. A KeyUpdate
// that is asked for goes before the next application data, one for as many as
// were asked for until then (RFC 9846 §4.7.3). Performing a merged Action does
// all of it; the zero Action does nothing.
func (s *Sender) Perform(a Action) {
	if s.err != nil || s.closed && a&actAlert == 0 {
		return
	}
	if a&actKeyUpdate != 0 && s.secure {
		s.update = true
	}
	if a&actNoRenegotiation != 0 && !s.refused {
		s.refused = true
		s.alert(record.LevelWarning, record.AlertNoRenegotiation)
	}
	switch {
	case a&actAlert != 0:
		s.Abort(record.Alert(a))
	case a&actDead != 0:
		s.err = &Error{Kind: KindReadFailed, State: "connected"}
		s.clear()
	}
}

// Abort sends a fatal alert; nothing can be sent after it.
func (s *Sender) Abort(alert record.Alert) {
	if s.err != nil {
		return
	}
	s.alert(record.LevelFatal, alert)
	s.err = &Error{Kind: KindAborted, Alert: alert, Sent: !s.closed, State: "connected"}
	s.clear()
}

// CloseWrite sends close_notify; nothing can be sealed after it.
func (s *Sender) CloseWrite() {
	//= RFC 9846 §6.1
	if s.err == nil && !s.closed {
		s.alert(record.LevelWarning, record.AlertCloseNotify)
		s.closed = true
	}
}

// alert seals one alert. It is the only place that does (I4).
func (s *Sender) alert(level record.Level, alert record.Alert) {
	if s.closed {
		return
	}
	s.compatibility()
	body := [2]byte{byte(level), byte(alert)}
	s.trace(record.TypeAlert, body[:])
	s.out = s.seal.Seal(s.out, record.TypeAlert, body[:])
}

func (s *Sender) trace(typ record.Type, body []byte) {
	if s.tracing {
		s.traced.add(MessageSent, typ, body)
	}
}

// Traced gives the MessageSent events of alerts and KeyUpdates since the last
// call, with Config.Trace. An Engine hands out its own by Step.
func (s *Sender) Traced() []Event { return s.traced.take() }

// compatibility sends the change_cipher_spec that goes before a client's first
// protected record, be it a flight or an alert.
func (s *Sender) compatibility() {
	//= RFC 9846 §E.4
	if s.ccs {
		s.ccs = false
		s.out = s.seal.Seal(s.out, record.TypeChangeCipherSpec, []byte{1})
		s.trace(record.TypeChangeCipherSpec, []byte{1})
	}
}

// records seals body as records of type typ.
func (s *Sender) records(typ record.Type, body []byte) {
	s.compatibility()
	most := s.most()
	s.out = slices.Grow(s.out, len(body)+(1+len(body)/most)*s.seal.Overhead())
	for len(body) > 0 {
		n := min(len(body), most)
		s.out = s.seal.Seal(s.out, typ, body[:n])
		body = body[n:]
	}
}

// SetMaxSendFragment sets the most plaintext in a record, 512 to 16384 bytes,
// from the next record on.
func (s *Sender) SetMaxSendFragment(n int) error {
	if n < MinSendFragment || n > record.MaxPlaintext {
		return misuse(KindBadArgument, "SetMaxSendFragment")
	}
	s.fragment = uint16(n)
	return nil
}

// Err is why writing failed, nil if it did not: an *Error.
func (s *Sender) Err() error {
	if s.err == nil {
		return nil
	}
	return s.err
}

// clear forgets all secrets; what is due stays.
func (s *Sender) clear() {
	s.seal.Clear()
	s.secret.Clear()
}

// State tells what is known of the connection; it does not change.
func (s *Sender) State() *ConnectionState { return &s.origin.conn }

// Idle lets the AEAD go until the next record.
func (s *Sender) Idle() { s.seal.Idle() }
