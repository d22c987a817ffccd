package handshake_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/record"
)

// party is one side of a world.
type party struct {
	e        *handshake.Engine
	name     string
	sent     []byte // all that it has said
	consumed int    // of the peer's sent
	window   int    // how much more of it has arrived
	log      []string
	data     []byte
	sessions []*session.Session

	offer *session.Session
	creds []*cred.Credential
	check *cred.Verifier

	restless bool // Step may have more to say
	parked   bool // its last event was QueryPending
	psk      string
	doubts   bool   // about chains of sessions
	staple   string // "": the credential's
	store    map[string]*session.Session
	deaf     bool // its terminal event came
	ended    bool // EOF was said
	answers  []handshake.Answer
	instead  func(handshake.Query) (handshake.Answer, bool) // what the application answers to some

	secured int
	next    handshake.Profile // of a renegotiation
	given   []byte            // the last answer that the engine must not keep
	stage   int
}

// world is two parties under a schedule.
type world struct {
	c, s *party
	conv *conversation
	rnd  *rand.Rand
	how  schedule
	mute bool // the applications say nothing

	scraps [][]byte // slices whose calls have returned, scribbled over
	bad    string   // the first law seen broken on the way
}

// schedule says what a world does to its parties beyond what must be done.
type schedule struct {
	cut      bool // deliver pieces of any length, down to a byte
	bytewise bool // deliver every byte by itself
	scribble bool // overwrite every slice once its call has returned
	lazy     bool // fetch output at any time, answer later, poke the parked
}

// newWorld makes the parties of a conversation. asked says that all decisions
// are asked for.
func newWorld(t testing.TB, conv *conversation, asked bool) *world {
	t.Helper()
	c := baseConfig(t)
	conv.set(t, &c)
	w := &world{conv: conv, rnd: rand.New(rand.NewPCG(0, 0))}
	w.c = &party{name: "client", psk: c.psk, doubts: c.doubts, creds: c.client.Credentials, check: c.client.Verifier, restless: true}
	w.s = &party{name: "server", staple: c.staple, store: map[string]*session.Session{}, creds: c.server.Credentials, check: c.server.Verifier, restless: true}
	if conv.from != "" {
		w.c.offer = sessionOf(t, conv.from, asked, w.s)
		if c.forgets {
			clear(w.s.store)
		}
		c.client.AskSession = true
	}
	if asked {
		c.client.AskSession, c.client.AskVerify, c.client.AskCredential = true, c.client.Verify != handshake.VerifyNone, true
		c.server.AskHello, c.server.AskStaple, c.server.AskVerify = true, true, c.server.ClientAuth != handshake.NoClientCert
		c.client.Credentials, c.server.Credentials = hide(c.client.Credentials), hide(c.server.Credentials)
	}
	cp, err := c.client.CompileClient()
	if err != nil {
		t.Fatal(err)
	}
	sp, err := c.server.CompileServer()
	if err != nil {
		t.Fatal(err)
	}
	w.c.e = handshake.NewClient(cp, c.name, seeded('c', byte(len(conv.from))))
	w.s.e = handshake.NewServer(sp, seeded('s', byte(len(conv.from))))
	if c.again != nil {
		c.again(&c.server)
		c.server.AskVerify = asked && c.server.ClientAuth != handshake.NoClientCert
		if w.s.next, err = c.server.CompileServer(); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// sessionOf is the first session that a conversation gives its client. Who
// judged the server in it, the application or a verifier, judges on resumption.
func sessionOf(t testing.TB, name string, asked bool, server *party) *session.Session {
	t.Helper()
	for _, conv := range conversations() {
		if conv.name == name {
			w := newWorld(t, &conv, asked)
			w.run()
			if server.store = w.s.store; len(w.c.sessions) > 0 {
				return w.c.sessions[0]
			}
		}
	}
	t.Fatalf("%s gave no session", name)
	return nil
}

func (w *world) broken(format string, args ...any) {
	if w.bad == "" {
		w.bad = fmt.Sprintf(format, args...)
	}
}

func (w *world) peer(p *party) *party {
	if p == w.c {
		return w.s
	}
	return w.c
}

// stream is what has been sent to p, as far as the conversation lets it arrive.
func (w *world) stream(p *party) []byte {
	all := w.peer(p).sent
	if cut := w.conv.tamper.cut; cut > 0 && w.conv.tamper.toClient == (p == w.c) && len(all) > cut {
		return all[:cut]
	}
	return all
}

// input is a fresh copy of what has arrived at p and is not consumed yet.
func (w *world) input(p *party) []byte {
	in := bytes.Clone(w.stream(p)[p.consumed : p.consumed+p.window])
	if at := w.conv.tamper.flip - p.consumed; w.conv.tamper.flip > 0 && w.conv.tamper.toClient == (p == w.c) && 0 <= at && at < len(in) {
		in[at] ^= 0xff
	}
	return in
}

// arrive lets n more bytes arrive at p; it reports whether that changed anything.
func (w *world) arrive(p *party, n int) bool {
	n = min(n, len(w.stream(p))-p.consumed-p.window)
	p.window += n
	p.restless = p.restless || n > 0
	return n > 0
}

const ink = 0xa5

func scribble(b []byte) {
	b = b[:cap(b)]
	for i := range b {
		b[i] = ink
	}
}

// spoil scribbles over a slice whose call has returned, and remembers it for a
// while: whoever wrote to it later, has kept it.
func (w *world) spoil(b []byte) {
	scribble(b)
	w.scraps = append(w.scraps, b[:cap(b)])
	if len(w.scraps) > 8 {
		w.scraps = w.scraps[1:]
	}
}

func (w *world) checkScraps() {
	for _, b := range w.scraps {
		for i := range b {
			if b[i] != ink {
				w.broken("a slice was written to after its call")
				return
			}
		}
	}
}

// step lets p's engine consume what has arrived, once.
func (w *world) step(p *party) {
	in := w.input(p)
	pristine := bytes.Clone(in)
	n, ev := p.e.Step(credtest.Now, in)
	if !bytes.Equal(in[n:], pristine[n:]) && p.e.Err() == nil {
		w.broken("%s: Step changed bytes that it did not consume", p.name)
	}
	if p.parked && (n != 0 || ev.Kind != handshake.QueryPending) {
		w.broken("%s: parked, Step consumed %d and said %v", p.name, n, ev.Kind)
	}
	if ev.Kind == handshake.NeedInput && len(in)-n >= int(ev.Need) {
		w.broken("%s: Step wants %d bytes and had %d", p.name, ev.Need, len(in)-n)
	}
	p.parked = ev.Kind == handshake.QueryPending
	p.consumed += n
	p.window -= n
	p.restless = ev.Kind != handshake.NeedInput && ev.Kind != handshake.QueryPending
	w.see(p, ev)
	if w.how.scribble {
		w.spoil(in)
	}
}

// see logs an event, and lets the application react to it.
func (w *world) see(p *party, ev handshake.Event) {
	line := ev.Kind.String()
	switch ev.Kind {
	case handshake.NeedInput, handshake.QueryPending:
		return
	case handshake.PeerClosed, handshake.Failed:
		p.restless = false
		if p.deaf {
			return
		}
		p.deaf = true
		if ev.Kind == handshake.Failed {
			line = fmt.Sprint(line, " ", p.e.Err())
		}
	case handshake.SessionReady:
		p.sessions = append(p.sessions, p.e.Session())
	case handshake.Data, handshake.KeyLogged, handshake.MessageSent, handshake.MessageReceived:
		line = fmt.Sprintf("%s %v %x", line, ev.Type, ev.Data)
	}
	if ev.Kind == handshake.Data {
		p.data = append(p.data, ev.Data...)
	}
	p.log = append(p.log, line)
	if ev.Kind == handshake.Secure {
		p.secured++
	}
	if w.conv.again == nil || !w.conv.again(w, p, ev.Kind) {
		w.react(p, ev.Kind)
	}
}

const questionLen = 2500

// react is the two applications: the client asks at length, changing keys in
// between; the server answers and closes; the client has the last word.
func (w *world) react(p *party, kind handshake.EventKind) {
	tls13 := p.e.State().Version == record.TLS13
	switch {
	case w.mute:
	case p == w.c && kind == handshake.Secure:
		w.seal(p, bytes.Repeat([]byte("question "), questionLen/9))
		if tls13 {
			w.must(p, p.e.UpdateKeys(true))
			w.must(p, p.e.UpdateKeys(false))
		}
		w.seal(p, bytes.Repeat([]byte("?"), questionLen%9))
	case p == w.s && kind == handshake.Data && len(p.data) >= questionLen && p.stage == 0:
		p.stage++
		w.seal(p, []byte("the answer"))
		if tls13 {
			w.must(p, p.e.UpdateKeys(true))
		}
		w.seal(p, bytes.Repeat([]byte("!"), 1000))
		p.e.CloseWrite()
	case p == w.c && kind == handshake.PeerClosed:
		w.seal(p, []byte("the last word"))
		p.e.CloseWrite()
	}
}

func (w *world) must(p *party, err error) {
	if err != nil {
		w.broken("%s: %v", p.name, err)
	}
}

func (w *world) seal(p *party, plain []byte) {
	dst := w.room()
	pristine := bytes.Clone(plain)
	out, err := p.e.Seal(dst, plain)
	w.must(p, err)
	if !bytes.Equal(plain, pristine) {
		w.broken("%s: Seal changed its plaintext", p.name)
	}
	w.take(p, dst, out)
	if w.how.scribble {
		w.spoil(plain)
	}
}

// room is a slice to append to: sometimes nil, sometimes with contents and spare capacity.
func (w *world) room() []byte {
	if !w.how.scribble {
		return nil
	}
	dst := make([]byte, w.rnd.IntN(3), 3+w.rnd.IntN(1<<w.rnd.IntN(16)))
	for i := range dst {
		dst[i] = byte(i)
	}
	return dst
}

// take moves what was appended to dst to the peer.
func (w *world) take(p *party, dst, out []byte) {
	if len(out) < len(dst) || !bytes.Equal(out[:len(dst)], dst) {
		w.broken("%s: what was in dst has changed", p.name)
		return
	}
	p.sent = append(p.sent, out[len(dst):]...)
	if w.how.scribble {
		w.spoil(out)
	}
}

func (w *world) fetch(p *party) {
	dst := w.room()
	out := p.e.AppendOut(dst)
	w.take(p, dst, out)
}

// answer answers the pending query.
func (w *world) answer(p *party) {
	a := w.answerTo(p, p.e.Query())
	if err := p.e.Answer(a); err != nil && p.e.Err() == nil {
		w.broken("%s: Answer: %v", p.name, err)
	}
	if w.how.lazy {
		p.answers = append(p.answers, a)
	}
	if w.how.scribble {
		scribble(p.given)
	}
	p.parked, p.restless = false, true
}

func (w *world) answerTo(p *party, q handshake.Query) handshake.Answer {
	if p.instead != nil {
		if a, ok := p.instead(q); ok {
			return a
		}
	}
	switch q := q.(type) {
	case *handshake.SessionQuery:
		return q.Offer(p.offer)
	case *handshake.PSKQuery:
		if p.psk == "" {
			return q.None()
		}
		return q.Offer([]byte(p.psk), []byte("a key"))
	case *handshake.PSKLookup:
		if i := slices.IndexFunc(q.Identities, func(id []byte) bool { return string(id) == pskIdentity }); i >= 0 {
			return q.Found(i, []byte("a key"))
		}
		return q.None()
	case *handshake.HelloQuery:
		return q.Choose(handshake.HelloChoice{})
	case *handshake.SessionLookup:
		return q.Found(p.store[string(q.ID)])
	case *handshake.SessionStore:
		p.store[string(q.Session.ID)] = q.Session
		return q.Stored()
	case *handshake.DecryptQuery:
		return q.Decrypted(cred.DecryptPremaster(q.Credential.Key.(opaque).Signer.(crypto.Decrypter), q.Version, q.Ciphertext, &q.Random))
	case *handshake.CredentialQuery:
		if len(p.creds) == 0 {
			return q.Use(nil)
		}
		return q.Use(&cred.Credential{Chain: p.creds[0].Chain, Leaf: p.creds[0].Leaf, Key: opaque{p.creds[0].Key}})
	case *handshake.StapleQuery:
		if p.given = bytes.Clone(q.Credential.Staple); p.staple != "" {
			p.given = []byte(p.staple)
		}
		return q.Staple(p.given)
	case *handshake.SignQuery:
		sig, err := cred.Sign(q.Credential.Key.(opaque).Signer, q.Scheme, q.Content, q.Salt)
		w.must(p, err)
		p.given = sig
		return q.Signed(sig)
	case *handshake.VerifyQuery:
		return w.verdict(p, q)
	}
	w.broken("%s: query %T", p.name, q)
	return handshake.Answer{}
}

func (w *world) verdict(p *party, q *handshake.VerifyQuery) handshake.Answer {
	if q.OfSession && p.doubts {
		return q.Tolerate(errors.New("who knows"))
	}
	var chains [][]*x509.Certificate
	chains, err := p.check.Verify(q.Chain, q.ServerName, p == w.c, credtest.Now)
	if err != nil {
		return q.Refuse(err)
	}
	return q.Accept(chains)
}

// poke does what must change nothing: misuse of an engine.
func (w *world) poke(p *party) {
	if p.e.Err() != nil {
		return
	}
	foreign := []handshake.Answer{
		{}, new(handshake.SessionQuery).Offer(p.offer), new(handshake.HelloQuery).Choose(handshake.HelloChoice{}),
		new(handshake.PSKQuery).None(), new(handshake.PSKLookup).None(), new(handshake.CredentialQuery).Use(nil), new(handshake.SignQuery).Signed([]byte("x")),
		new(handshake.StapleQuery).Staple([]byte("x")),
		new(handshake.SessionLookup).Found(nil), new(handshake.SessionStore).Stored(), new(handshake.DecryptQuery).Decrypted([48]byte{}),
		new(handshake.VerifyQuery).Accept(nil), new(handshake.VerifyQuery).Refuse(record.AlertAccessDenied),
	}
	for _, a := range slices.Concat(foreign, p.answers, wrongAnswers(p.e.Query())) {
		if err := p.e.Answer(a); classOf(err) != handshake.Misuse {
			w.broken("%s: a stale or wrong answer: %v", p.name, err)
		}
	}
	if !p.e.Secure() {
		dst := w.room()
		out, err := p.e.Seal(dst, []byte("too early"))
		w.take(p, dst, out)
		if classOf(err) != handshake.Misuse {
			w.broken("%s: Seal too early: %v", p.name, err)
		}
		if _, err := p.e.Export("x", nil, 1); classOf(err) != handshake.Misuse {
			w.broken("%s: Export too early: %v", p.name, err)
		}
		if err := p.e.UpdateKeys(true); classOf(err) != handshake.Misuse {
			w.broken("%s: UpdateKeys too early: %v", p.name, err)
		}
		if _, _, err := p.e.Split(); classOf(err) != handshake.Misuse {
			w.broken("%s: Split too early: %v", p.name, err)
		}
	}
	if err := p.e.SetMaxSendFragment(handshake.MinSendFragment - 1); classOf(err) != handshake.Misuse {
		w.broken("%s: SetMaxSendFragment: %v", p.name, err)
	}
}

// wrongAnswers are those to a query that do not fit it.
func wrongAnswers(q handshake.Query) []handshake.Answer {
	long := make([]byte, 1<<16)
	switch q := q.(type) {
	case *handshake.HelloQuery:
		return []handshake.Answer{q.Choose(handshake.HelloChoice{Protocol: "that nobody offers"})}
	case *handshake.PSKQuery:
		return []handshake.Answer{q.Offer([]byte("x"), nil), q.Offer(long, []byte("x")), q.Offer([]byte("x"), long)}
	case *handshake.PSKLookup:
		return []handshake.Answer{q.Found(0, nil), q.Found(0, long), q.Found(len(q.Identities), []byte("x"))}
	case *handshake.CredentialQuery:
		return []handshake.Answer{q.Use(&cred.Credential{Chain: [][]byte{long}, Leaf: &x509.Certificate{}, Key: opaque{}})}
	case *handshake.StapleQuery:
		return []handshake.Answer{q.Staple(long)}
	case *handshake.SignQuery:
		return []handshake.Answer{q.Signed(nil), q.Signed(long)}
	}
	return nil
}

func classOf(err error) handshake.Class {
	if e, ok := err.(*handshake.Error); ok {
		return e.Kind.Class()
	}
	return 0xff
}

// move does one thing to p. It reports whether p is not at rest.
func (w *world) move(p *party) bool {
	w.checkScraps()
	if w.how.lazy && w.rnd.IntN(3) == 0 {
		w.poke(p)
	}
	switch {
	case p.e.Pending() > 0 && !(w.how.lazy && w.rnd.IntN(4) > 0):
		w.fetch(p)
	case p.parked:
		if w.how.lazy && w.rnd.IntN(4) > 0 {
			w.arrive(p, 1+w.rnd.IntN(100))
			w.step(p)
		} else {
			w.answer(p)
		}
	case p.deaf:
		return p.e.Pending() > 0
	case p.restless:
		w.step(p)
	case w.arrive(p, w.piece()):
	case w.atEnd(p):
		p.ended = true
		w.see(p, p.e.EOF())
	default:
		return p.e.Pending() > 0
	}
	return true
}

// atEnd reports whether a stream that is cut has been consumed to its end.
func (w *world) atEnd(p *party) bool {
	cut := w.conv.tamper.cut
	return cut > 0 && w.conv.tamper.toClient == (p == w.c) && !p.ended && len(w.stream(p)) == cut && p.consumed+p.window == cut
}

func (w *world) piece() int {
	switch {
	case w.how.bytewise:
		return 1
	case w.how.cut:
		return 1 + w.rnd.IntN(1<<w.rnd.IntN(15))
	}
	return 1 << 30
}

// run moves the parties until both are at rest.
func (w *world) run() *world {
	for w.tick() {
	}
	return w
}

// tick moves each party at least once. It reports whether one is not at rest.
func (w *world) tick() bool {
	first, second := w.c, w.s
	if w.how.lazy && w.rnd.IntN(2) == 0 {
		first, second = second, first
	}
	busy := w.move(first)
	for w.how.lazy && busy && w.rnd.IntN(3) > 0 {
		busy = w.move(first)
	}
	busy = w.move(second) || busy
	return w.bad == "" && (busy || w.move(first) || w.move(second))
}

// under gives a fresh world of the same conversation another schedule.
func (w *world) under(how schedule, seed uint64) *world {
	w.how, w.rnd = how, rand.New(rand.NewPCG(seed, 1))
	return w
}

// fork is a second world that shares nothing mutable with w.
func (w *world) fork() *world {
	f := *w
	f.rnd = rand.New(rand.NewPCG(w.rnd.Uint64(), 2))
	f.c, f.s = w.c.fork(), w.s.fork()
	f.scraps = slices.Clone(w.scraps)
	return &f
}

func (p *party) fork() *party {
	f := *p
	f.e = p.e.Fork()
	f.sent, f.data = bytes.Clone(p.sent), bytes.Clone(p.data)
	f.log, f.sessions, f.answers = slices.Clone(p.log), slices.Clone(p.sessions), slices.Clone(p.answers)
	f.store = maps.Clone(p.store)
	return &f
}

// outcome is all that the laws speak of.
func (w *world) outcome() string {
	var b bytes.Buffer
	fmt.Fprintln(&b, w.bad)
	for _, p := range []*party{w.c, w.s} {
		fmt.Fprintf(&b, "%s sent %x\n", p.name, p.sent)
		for _, line := range p.log {
			fmt.Fprintf(&b, "%s %s\n", p.name, line)
		}
		secret, err := p.e.Export("EXPERIMENTAL outcome", nil, 32)
		fmt.Fprintf(&b, "%s %s secure=%v %x %v\n", p.name, p.e.StateName(), p.e.Secure(), secret, err)
	}
	return b.String()
}

// differ tells where two outcomes part.
func differ(t testing.TB, what, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	w, g := bytes.Split([]byte(want), []byte("\n")), bytes.Split([]byte(got), []byte("\n"))
	for i := range min(len(w), len(g)) {
		if !bytes.Equal(w[i], g[i]) {
			t.Fatalf("%s: line %d\nwant %.400s\ngot  %.400s", what, i, w[i], g[i])
		}
	}
	t.Fatalf("%s: %d lines, want %d", what, len(g), len(w))
}
