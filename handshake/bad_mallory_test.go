package handshake_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// mallory is a peer that speaks TLS by a script and not by a state machine: she
// is honest but for the steps that a case hooks. What she really said goes into
// her transcript, so that a changed message is refused for itself and not for a
// Finished that no longer fits. She seals her records with her own code, as
// package record would not seal most of what a case wants.
type mallory struct {
	t  testing.TB
	sc scene
	e  *handshake.Engine // the victim

	bytewise bool            // deliver byte by byte
	watch    func()          // called after each of them
	hooks    map[string]hook // by step
	env      handshake.Env
	draws    [16]uint32
	log      []msg.Raw // the handshake messages she said

	lock   lock           // what her records are protected by
	header record.Version // of her records; 0: what is right
	open   record.Opener  // of the victim's records
	next12 *record.Protection
	hand   msg.Reassembler
	tr     keys.Transcript
	in     []byte // said by the victim, not opened yet
	rest   []byte // said by her, not consumed by the victim
	sent   []byte // all that she said

	cred     *cred.Credential
	sess     *session.Session
	secret   kx.Secret
	suite    *suites.Suite
	hash     keys.Hash
	crand    []byte
	srand    []byte
	content  []byte      // what her next signature signs
	scheme   cred.Scheme // and how
	rd, wr   keys.Secret // TLS 1.3: traffic secrets, the victim's and hers
	asked    bool        // the victim asked for a certificate
	schemes  msg.Uint16s // and for signatures by these schemes
	hello    msg.ServerHello
	offer    msg.ClientHello // the victim's
	ee       msg.EncryptedExtensions
	old      elder
	done     bool // the handshake is over
	updates  int  // KeyUpdates of the victim since
	got      []byte
	want     []byte
	pong     []byte
	warnings []record.Alert
	fatal    []record.Alert
	after    int // records of the victim's after its fatal alert
}

// hook takes over a step: m is the message that would be said, nil if the step
// is not a handshake message.
type hook func(p *mallory, m msg.Raw)

// stopped unwinds the script once the victim has failed.
type stopped struct{}

// lock is AES-128-GCM as TLS 1.2 and 1.3 use it; the zero value protects nothing.
type lock struct {
	aead  cipher.AEAD
	cbc   *cbcLock // instead, in its suites
	iv    []byte   // 12 bytes, or 4 in TLS 1.2
	seq   uint64
	tls13 bool
}

func newLock(key, iv []byte, tls13 bool) lock {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return lock{aead: aead, iv: bytes.Clone(iv), tls13: tls13}
}

func lock13(s keys.Secret) lock {
	key, iv := make([]byte, 16), make([]byte, 12)
	keys.ExpandLabel(key, s.Hash(), s.Bytes(), "key", nil)
	keys.ExpandLabel(iv, s.Hash(), s.Bytes(), "iv", nil)
	return newLock(key, iv, true)
}

func header(typ record.Type, v record.Version, n int) []byte {
	return []byte{byte(typ), byte(v >> 8), byte(v), byte(n >> 8), byte(n)}
}

// seal makes one record. pad counts the zeros behind a TLS 1.3 content type.
func (l *lock) seal(typ record.Type, v record.Version, plain []byte, pad int) []byte {
	if l.cbc != nil {
		return l.cbc.seal(typ, plain)
	}
	if l.aead == nil || l.tls13 && typ == record.TypeChangeCipherSpec {
		return append(header(typ, v, len(plain)), plain...)
	}
	if l.tls13 {
		return l.sealInner(v, append(append(bytes.Clone(plain), byte(typ)), make([]byte, pad)...))
	}
	var nonce [12]byte
	copy(nonce[:], l.iv)
	binary.BigEndian.PutUint64(nonce[4:], l.seq)
	aad := binary.BigEndian.AppendUint64(nil, l.seq)
	aad = append(aad, header(typ, v, len(plain))...)
	l.seq++
	body := l.aead.Seal(bytes.Clone(nonce[4:]), nonce[:], plain, aad)
	return append(header(typ, v, len(body)), body...)
}

// sealInner protects a TLSInnerPlaintext of TLS 1.3 as it is.
func (l *lock) sealInner(v record.Version, inner []byte) []byte {
	var nonce [12]byte
	binary.BigEndian.PutUint64(nonce[4:], l.seq)
	for i := range nonce {
		nonce[i] ^= l.iv[i]
	}
	l.seq++
	head := header(record.TypeApplicationData, v, len(inner)+16)
	return append(head, l.aead.Seal(nil, nonce[:], inner, head)...)
}

// version is what stands in the header of her records.
func (p *mallory) version() record.Version {
	if p.header != 0 {
		return p.header
	}
	return min(p.sc.v, record.TLS12)
}

// draw gives n bytes that no other draw gives.
func (p *mallory) draw(label handshake.Label, n int) []byte {
	b := make([]byte, n)
	p.env.Rand(label, p.draws[label], b)
	p.draws[label]++
	return b
}

// fork is a second mallory with a second victim.
func (p *mallory) fork() *mallory {
	f := *p
	f.e = p.e.Fork()
	f.tr = p.tr.Fork()
	f.hand = p.hand.Fork()
	f.in, f.rest, f.sent = bytes.Clone(p.in), bytes.Clone(p.rest), bytes.Clone(p.sent)
	return &f
}

// deliver hands bytes to the victim.
func (p *mallory) deliver(b []byte) {
	p.sent = append(p.sent, b...)
	if !p.bytewise {
		p.step(b)
		return
	}
	for i := range b {
		p.step(b[i : i+1])
		if p.watch != nil {
			p.watch()
		}
	}
}

// step lets the victim consume what it can. If it fails, the script ends.
func (p *mallory) step(b []byte) {
	p.rest = append(p.rest, b...)
	for {
		n, ev := p.e.Step(credtest.Now, p.rest)
		p.rest = p.rest[n:]
		if ev.Kind == handshake.Data {
			p.got = append(p.got, ev.Data...)
		}
		p.in = p.e.AppendOut(p.in)
		switch ev.Kind {
		case handshake.NeedInput, handshake.PeerClosed:
			return
		case handshake.Failed:
			panic(stopped{})
		case handshake.QueryPending:
			p.answer()
		}
	}
}

// answer gives a client the session that the scene resumes.
func (p *mallory) answer() {
	if p.sc.leg.suite != "" {
		p.decide()
		return
	}
	q, ok := p.e.Query().(*handshake.SessionQuery)
	if !ok {
		p.t.Fatalf("the victim asks %T", p.e.Query())
	}
	if err := p.e.Answer(q.Offer(p.sess)); err != nil {
		p.t.Fatal(err)
	}
	p.in = p.e.AppendOut(p.in)
}

// record sends one record.
func (p *mallory) record(typ record.Type, body []byte) {
	p.deliver(p.lock.seal(typ, p.version(), body, 0))
}

// plain sends one record that is not protected.
func (p *mallory) plain(typ record.Type, body []byte) {
	p.deliver(append(header(typ, p.version(), len(body)), body...))
}

// tell says a handshake message, whole, in one record or as many as it needs.
func (p *mallory) tell(m []byte) {
	p.hush(m)
	for len(m) > record.MaxPlaintext {
		p.record(record.TypeHandshake, m[:record.MaxPlaintext])
		m = m[record.MaxPlaintext:]
	}
	p.record(record.TypeHandshake, m)
}

// hush takes a message into the transcript as if it had been said.
func (p *mallory) hush(m []byte) {
	p.log = append(p.log, m)
	p.tr.Write(m)
}

// say is one step of the script.
func (p *mallory) say(step string, m msg.Message) { p.sayRaw(step, m.Append(nil)) }

func (p *mallory) sayRaw(step string, m msg.Raw) {
	if h := p.hooks[step]; h != nil {
		h(p, m)
		return
	}
	p.tell(m)
}

func (p *mallory) sayCCS() {
	if h := p.hooks["CCS"]; h != nil {
		h(p, nil)
		return
	}
	p.record(record.TypeChangeCipherSpec, []byte{1})
}

// next is the victim's next handshake message, which is not heard yet.
func (p *mallory) next() msg.Raw {
	p.t.Helper()
	for {
		m, err := p.hand.Next()
		if err != nil {
			p.t.Fatal(err)
		}
		if m != nil {
			return bytes.Clone(m)
		}
		if !p.openOne() {
			p.t.Fatalf("the victim is silent in %s, %v", p.e.StateName(), p.e.Err())
		}
	}
}

// hear takes the victim's next message into the transcript.
func (p *mallory) hear(want msg.Type) msg.Raw {
	p.t.Helper()
	m := p.next()
	if m.Type() != want {
		p.t.Fatalf("the victim says %v, not %v", m.Type(), want)
	}
	p.tr.Write(m)
	return m
}

// openOne opens the victim's next record; false: there is none.
func (p *mallory) openOne() bool {
	p.t.Helper()
	if len(p.in) == 0 {
		return false
	}
	o, err := p.open.Open(p.in)
	if err != nil || o.N == 0 {
		p.t.Fatalf("%d bytes of the victim's do not open: %v (alert sent %v)", len(p.in), err, p.e.Err())
	}
	p.in = p.in[o.N:]
	if len(p.fatal) > 0 {
		p.after++
	}
	switch o.Type {
	case record.TypeChangeCipherSpec:
		if p.next12 != nil {
			p.open.Install(*p.next12)
		}
	case record.TypeHandshake:
		p.hand.Add(o.Payload)
	case record.TypeApplicationData:
		p.pong = append(p.pong, o.Payload...)
	case record.TypeAlert:
		p.noteAlert(o.Payload)
	}
	if p.done {
		p.afterwards()
	}
	return true
}

func (p *mallory) noteAlert(body []byte) {
	p.t.Helper()
	switch {
	case len(body) != 2:
		p.t.Fatalf("alert of %d bytes", len(body))
	case record.Level(body[0]) == record.LevelFatal:
		p.fatal = append(p.fatal, record.Alert(body[1]))
	default:
		p.warnings = append(p.warnings, record.Alert(body[1]))
	}
}

// afterwards follows the victim's key changes once the handshake is over.
func (p *mallory) afterwards() {
	for {
		m, _ := p.hand.Next()
		if m == nil {
			return
		}
		if m.Type() == msg.TypeKeyUpdate {
			p.updates++
			p.rd = p.rd.Next()
			p.open.Install(p.rd.Protection(p.suite))
		}
	}
}
