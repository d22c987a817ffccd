package vectors

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"

	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/record"
	"tacet/suites"
)

// Raw as a Message's Type says that Body goes to the receiver as it is, record
// header included, outside of all protection.
const Raw record.Type = 0

// Message is one thing that a side says: a whole handshake message, header
// included, or the payload of a record of another type.
type Message struct {
	Client    bool // who says it
	Protected bool
	Type      record.Type
	Body      []byte
}

// Kind is the type of a handshake message.
func (m Message) Kind() msg.Type { return msg.Raw(m.Body).Type() }

// Tap stands between a client and a server that log their secrets. It opens each
// record as its sender sealed it, and seals it again as its receiver
// will open it; in between, Edit may change what is said. The two may hold
// different secrets, as they do once a hello was changed. The zero value is ready.
type Tap struct {
	// Edit gives what is delivered in m's place; nil delivers m itself. It may
	// keep m.Body.
	Edit func(m Message) []Message

	views      [2]view      // what each side knows; see index
	directions [2]direction // what each side says
}

// view is one side's knowledge of the connection.
type view struct {
	secrets                    map[string][]byte // by their label in the key log
	version                    record.Version
	suite                      *suites.Suite
	etm                        bool // encrypt_then_mac was answered
	clientRandom, serverRandom [32]byte
	heard                      transcript
}

// direction is what one side says.
type direction struct {
	in     []byte // said, not read yet
	hand   []byte // of a handshake message that is not whole yet
	open   record.Opener
	seal   record.Sealer
	header record.Version // of its last record without protection
	agreed record.Version // what the receiver of its next record knows of the version
	opened cursor         // keys of open
	sealed cursor         // keys of seal
}

// cursor says which keys are in use: 0 none, 1 the handshake's of TLS 1.3, 2 the
// application's, and one more for each KeyUpdate; up to TLS 1.2, one more for each
// change_cipher_spec.
type cursor struct{ epoch, installed int }

func index(client bool) int {
	if client {
		return 0
	}
	return 1
}

// Fork returns a copy that shares nothing that changes, but Edit.
func (t *Tap) Fork() *Tap {
	f := *t
	for i := range f.views {
		f.views[i].secrets = maps.Clone(t.views[i].secrets)
		f.views[i].heard.messages = bytes.Clone(t.views[i].heard.messages)
		f.directions[i].in = bytes.Clone(t.directions[i].in)
		f.directions[i].hand = bytes.Clone(t.directions[i].hand)
	}
	return &f
}

// KeyLog tells the tap a line of a side's key log.
func (t *Tap) KeyLog(client bool, line []byte) error {
	f := bytes.Fields(line)
	if len(f) != 3 {
		return fmt.Errorf("vectors: key log line %q", line)
	}
	secret, err := hex.DecodeString(string(f[2]))
	if err != nil {
		return fmt.Errorf("vectors: key log line %q: %w", line, err)
	}
	v := &t.views[index(client)]
	if v.secrets == nil {
		v.secrets = map[string][]byte{}
	}
	v.secrets[string(f[0])] = secret
	return nil
}

// Write tells the tap what a side says. p is not kept.
func (t *Tap) Write(client bool, p []byte) {
	d := &t.directions[index(client)]
	d.in = append(d.in, p...)
}

// Pending is how many bytes of a side are not read yet.
func (t *Tap) Pending(client bool) int { return len(t.directions[index(client)].in) }

// Protected reports whether what a side says next has to be protected.
func (t *Tap) Protected(client bool) bool { return t.directions[index(client)].sealed.epoch > 0 }

// Next reads one record of a side: what was said in it, and the bytes to
// deliver. Both are nil if no whole record is there. It fails on a record
// that does not open with the sender's secrets; wire is then the record as it came.
// Let the receiver step before the next record is read: its secrets may be needed.
func (t *Tap) Next(client bool) (wire []byte, said []Message, err error) {
	d := &t.directions[index(client)]
	n := 0
	if len(d.in) >= record.HeaderLen {
		n = record.HeaderLen + int(d.in[3])<<8 + int(d.in[4])
	}
	if n == 0 || len(d.in) < n {
		return nil, nil, nil
	}
	raw := d.in[:n:n]
	d.in = d.in[n:]
	whole, err := t.open(client, raw)
	if err != nil {
		return raw, nil, err
	}
	straight := len(d.hand) == 0
	said = d.split(whole)
	deliver, changed := t.edit(said)
	if !changed && (t.Edit == nil || straight && len(d.hand) == 0) { // the record stays as it was cut
		t.ready(client)
		wire = t.put([]byte{}, whole)
		for _, m := range said {
			t.delivered(m)
		}
		return wire, said, nil
	}
	return t.reseal(deliver), said, nil
}

// open opens a record with its sender's keys.
func (t *Tap) open(client bool, raw []byte) (Message, error) {
	d, v := &t.directions[index(client)], &t.views[index(client)]
	keyed := v.version < record.TLS13 || record.Type(raw[0]) == record.TypeApplicationData
	if keyed { // TLS 1.3 leaves change_cipher_spec, and alerts without keys, in the open
		if err := t.install(client, &d.opened, v, d.open.Install); err != nil {
			return Message{}, err
		}
	}
	if v.version >= record.TLS13 {
		d.open.SetVersion(record.TLS13)
	}
	d.open.AllowPlaintextAlert(true)
	got, err := d.open.Open(bytes.Clone(raw))
	if err == nil && !got.Protected {
		d.header = record.Version(raw[1])<<8 | record.Version(raw[2])
	}
	return Message{Client: client, Protected: got.Protected, Type: got.Type, Body: got.Payload}, err
}

// split cuts the payload of a record into messages.
func (d *direction) split(whole Message) (said []Message) {
	if whole.Type != record.TypeHandshake {
		return []Message{whole}
	}
	d.hand = append(d.hand, whole.Body...)
	for len(d.hand) >= msg.HeaderLen {
		n := msg.HeaderLen + int(d.hand[1])<<16 + int(d.hand[2])<<8 + int(d.hand[3])
		if len(d.hand) < n {
			break
		}
		m := whole
		m.Body = bytes.Clone(d.hand[:n])
		said = append(said, m)
		d.hand = d.hand[n:]
	}
	return said
}

// edit lets Edit change what was said.
func (t *Tap) edit(said []Message) (deliver []Message, changed bool) {
	for _, m := range said {
		t.sent(m)
		if t.Edit == nil {
			deliver = append(deliver, m)
			continue
		}
		for i, out := range t.Edit(m) {
			changed = changed || i > 0 || out.Type != m.Type || !bytes.Equal(out.Body, m.Body)
			deliver = append(deliver, out)
		}
	}
	return deliver, changed || len(deliver) != len(said)
}

// Seal makes a record of what is said in a side's name.
func (t *Tap) Seal(m Message) []byte { return t.reseal([]Message{m}) }

// reseal seals messages for their receiver. Handshake messages in a row share
// records, up to a change of keys.
func (t *Tap) reseal(list []Message) []byte {
	wire := []byte{}
	var run []Message
	flush := func() {
		if len(run) > 0 {
			wire = t.put(wire, join(run))
			run = run[:0]
		}
	}
	for _, m := range list {
		if len(run) > 0 && (m.Type != record.TypeHandshake || run[0].Type != record.TypeHandshake) {
			flush()
		}
		if len(run) == 0 {
			t.ready(m.Client)
		}
		run = append(run, m)
		if t.delivered(m) {
			flush()
		}
	}
	flush()
	return wire
}

// join makes one message of a run.
func join(run []Message) Message {
	m := run[0]
	m.Body = nil
	for _, part := range run {
		m.Body = append(m.Body, part.Body...)
	}
	return m
}

// ready installs the keys that the receiver opens a side's next record with, and
// its version.
// While it has none yet, the sender's stand for them.
func (t *Tap) ready(client bool) {
	d := &t.directions[index(client)]
	d.agreed = t.views[index(!client)].version
	if t.install(client, &d.sealed, &t.views[index(!client)], d.seal.Install) != nil {
		_ = t.install(client, &d.sealed, &t.views[index(client)], d.seal.Install)
	}
}

// put appends m in records that its receiver opens.
func (t *Tap) put(dst []byte, m Message) []byte {
	if m.Type == Raw {
		return append(dst, m.Body...)
	}
	d := &t.directions[index(m.Client)]
	s := &d.seal
	if !m.Protected {
		s = new(record.Sealer)
		s.SetHeaderVersion(d.header)
		if d.agreed != 0 {
			s.SetVersion(d.agreed)
		}
	}
	for body := m.Body; ; {
		n := min(len(body), record.MaxPlaintext)
		dst = s.Seal(dst, m.Type, body[:n])
		if body = body[n:]; len(body) == 0 {
			return dst
		}
	}
}

// install installs the keys of c's epoch, if that is not done yet.
func (t *Tap) install(client bool, c *cursor, v *view, install func(record.Protection)) error {
	if c.installed == c.epoch {
		return nil
	}
	p, err := v.protection(client, c.epoch)
	if err != nil {
		return err
	}
	install(p)
	c.installed = c.epoch
	return nil
}

// protection is how a side protects what it says in an epoch.
func (v *view) protection(client bool, epoch int) (record.Protection, error) {
	missing := fmt.Errorf("vectors: no secret of epoch %d", epoch)
	if v.suite == nil || v.version < v.suite.Min || v.version > v.suite.Max {
		return record.Protection{}, missing
	}
	hash := keys.FromCrypto(v.suite.Hash)
	if v.version < record.TLS13 {
		master := keys.MasterFromBytes(keys.PRFHash(v.version, v.suite), v.secrets[keys.LabelClientRandom])
		if master.IsZero() {
			return record.Protection{}, missing
		}
		c, s := master.Keys(v.suite, v.version, v.clientRandom[:], v.serverRandom[:], v.etm)
		return [2]record.Protection{c, s}[index(client)], nil
	}
	label := [2][2]string{
		{keys.LabelClientHandshake, keys.LabelServerHandshake}, {keys.LabelClientTraffic, keys.LabelServerTraffic},
	}[min(epoch, 2)-1][index(client)]
	secret := keys.SecretFromBytes(hash, v.secrets[label])
	if secret.IsZero() {
		return record.Protection{}, missing
	}
	for range epoch - 2 {
		secret = secret.Next()
	}
	return secret.Protection(v.suite), nil
}

// sent takes note of what a message as it is sent changes: the sender's keys.
func (t *Tap) sent(m Message) {
	d := &t.directions[index(m.Client)]
	t.views[index(m.Client)].heard.add(m)
	if t.views[index(m.Client)].hears(m) {
		t.directions[index(!m.Client)].sealed.epoch = 1
	}
	d.opened.advance(m, t.views[index(m.Client)].version)
}

// delivered takes note of what a message as it is delivered changes: the
// receiver's keys. It reports whether what the sender says next is under other keys.
func (t *Tap) delivered(m Message) bool {
	d := &t.directions[index(m.Client)]
	t.views[index(!m.Client)].heard.add(m)
	if t.views[index(!m.Client)].hears(m) {
		t.directions[index(!m.Client)].opened.epoch = 1
	}
	return d.sealed.advance(m, t.views[index(!m.Client)].version)
}

// advance moves to the epoch of what follows m; it reports whether that is another one.
func (c *cursor) advance(m Message, v record.Version) bool {
	was := c.epoch
	switch {
	case m.Type == record.TypeChangeCipherSpec && v != 0 && v < record.TLS13:
		c.epoch++
	case m.Type != record.TypeHandshake || v < record.TLS13 || len(m.Body) < msg.HeaderLen:
	case m.Kind() == msg.TypeServerHello && !m.retry():
		c.epoch = 1
	case m.Kind() == msg.TypeFinished:
		c.epoch = 2
	case m.Kind() == msg.TypeKeyUpdate && m.Protected:
		c.epoch++
	}
	return c.epoch != was
}

func (m Message) retry() bool {
	var hello msg.ServerHello
	return hello.Parse(msg.Raw(m.Body).Body()) == nil && hello.Retry()
}

// hears learns from the hellos. It reports whether m is a ServerHello of TLS 1.3,
// after which the client writes under new keys.
func (v *view) hears(m Message) bool {
	if m.Type != record.TypeHandshake || m.Protected && v.version >= record.TLS13 || len(m.Body) < msg.HeaderLen {
		return false // protected hellos are a renegotiation's
	}
	switch m.Kind() {
	case msg.TypeClientHello:
		var hello msg.ClientHello
		if hello.Parse(msg.Raw(m.Body).Body()) == nil {
			v.clientRandom = hello.Random
		}
	case msg.TypeServerHello:
		var hello msg.ServerHello
		if hello.Parse(msg.Raw(m.Body).Body()) != nil {
			return false
		}
		if hello.Retry() {
			v.version = record.TLS13
			return false
		}
		v.serverRandom, v.suite, v.version = hello.Random, suites.ByID(suites.ID(hello.Suite)), hello.Version
		v.etm = hello.Ext.Have(msg.ExtEncryptThenMAC)
		if hello.Ext.Have(msg.ExtSupportedVersions) {
			v.version = hello.Ext.SelectedVersion
		}
		return v.version >= record.TLS13
	}
	return false
}
