package peers

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// patience is how long a row may take. It is long: a row that hangs, hangs.
const patience = 30 * time.Second

// row is one case at one version with one peer in one role, while it runs.
type row struct {
	*testing.T
	terms    terms
	version  record.Version
	peer     peer
	role     role // of the peer
	ctx      context.Context
	dir      string // for files of this row
	sessions actor.SessionCache
	kept     keeping             // what the peer remembers from one connection of the row to the next
	ca       *credtest.Authority // which both sides trust
	stranger *credtest.Authority // which neither does
}

func TestMain(m *testing.M) {
	flag.Parse()
	// Rows wait for processes rather than compute.
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func TestPeers(t *testing.T) {
	peers, stop := all()
	t.Cleanup(stop)
	for _, p := range peers {
		t.Run(p.name(), func(t *testing.T) {
			t.Parallel()
			require(t, p)
			for _, o := range []role{client, server} {
				t.Run(string(o), func(t *testing.T) { runRole(t, p, o) })
			}
		})
	}
}

// require skips a test whose peer is not there, where that is allowed.
func require(t *testing.T, p peer) {
	t.Helper()
	switch why := p.missing(); {
	case why == "":
	case os.Getenv("CI") == "true":
		t.Fatalf("%s is missing: %s", p.name(), why)
	default:
		t.Skipf("%s is missing: %s", p.name(), why)
	}
}

func runRole(t *testing.T, p peer, o role) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		for _, c := range cases() {
			r := &row{terms: c, version: v, peer: p, role: o}
			if c.only != 0 && c.only != v || p.lacks(r) != "" {
				continue
			}
			t.Run(fmt.Sprintf("%v/%s", v, c.name), func(t *testing.T) {
				t.Parallel()
				r.T = t
				r.run()
			})
		}
	}
}

func (r *row) kind() credtest.Kind {
	if r.terms.kind == "" {
		return credtest.P256
	}
	return r.terms.kind
}

func (r *row) run() {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	r.ctx, r.dir = ctx, r.TempDir()
	r.sessions, r.kept = actor.NewSessionCache(1), keeping{}
	r.ca = credtest.CA(r)
	r.stranger = credtest.Root(r, "tacet test stranger", credtest.P256)
	if r.role == client {
		r.serve()
	} else {
		r.dial()
	}
}

// connections is how many connections a row has.
func (r *row) connections() int {
	if r.terms.resume {
		return 2
	}
	return 1
}

// keeping is what a peer keeps for the length of a row.
type keeping map[string]any

// loadOrStore is what is kept under a name: v, if nothing was yet.
func (k keeping) loadOrStore(name string, v any) any {
	if _, ok := k[name]; !ok {
		k[name] = v
	}
	return k[name]
}

// serve runs a row whose peer is the client.
func (r *row) serve() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.Fatal(err)
	}
	defer l.Close()
	again := r.terms.resume
	if s, ok := r.peer.(soloist); again && ok && s.reconnects() {
		r.playClient(l, r.peer.dial(r, l.Addr().String()))
		return
	}
	if again {
		t := r.peer.dial(r, l.Addr().String())
		e, err := r.accept(l)
		r.converse(e, err, t, false)
		r.check(e, t, false)
	}
	t := r.peer.dial(r, l.Addr().String())
	e, err := r.accept(l)
	r.finish(e, err, t)
}

// soloist is a peer whose client by itself connects a second time to resume.
type soloist interface{ reconnects() bool }

// playClient serves the two connections of one run of such a client.
func (r *row) playClient(l net.Listener, t talk) {
	first, err := r.accept(l)
	if err != nil {
		r.Fatalf("handshake: %v", err)
	}
	served := make(chan error, 1)
	go func() { served <- first.serveOnce() }()
	e, err := r.accept(l)
	r.finish(e, err, t)
	if err := <-served; err != nil {
		r.Errorf("first connection: %v", err)
	}
}

// serveOnce serves the first connection of a client that makes two, which may
// ask something there or not.
func (e *end) serveOnce() error {
	switch _, err := e.reader.ReadByte(); err {
	case nil:
		if _, err := e.Write([]byte(answer)); err != nil {
			return err
		}
	case io.EOF:
	default:
		return err
	}
	_ = e.CloseWrite() // the peer may not be there any more
	return e.readEnd()
}

// dial runs a row whose peer is the server.
func (r *row) dial() {
	t := r.peer.serve(r)
	if r.terms.resume {
		e, err := r.connect(t.addr())
		r.converse(e, err, t, false)
		r.check(e, nil, false)
	}
	e, err := r.connect(t.addr())
	r.finish(e, err, t)
}

// finish is the conversation of a row's last connection, and what is to be said of it.
func (r *row) finish(e *end, err error, t talk) {
	r.Helper()
	if r.terms.refuser != "" {
		r.refused(e, err, t)
		return
	}
	r.converse(e, err, t, true)
	r.check(e, t, r.terms.resume)
}

// What the two sides say to each other. It begins like HTTP for peers that speak
// nothing else.
const (
	question = "GET /tacet HTTP/1.0\r\n\r\n"
	asked    = "GET /tacet"
	answer   = "HTTP/1.0 200 OK\r\nContent-Length: 11\r\n\r\ntacet says\n"
	said     = "tacet says"
)

// converse sends something both ways, does what the row is for, and closes both
// sides. last says that the peer is to end after it.
func (r *row) converse(e *end, err error, t talk, last bool) {
	r.Helper()
	if err != nil {
		r.Fatalf("handshake: %v", err)
	}
	steps := r.script(e, t)
	if last || r.role == client {
		steps = append(steps, step{"the peer's end", func() error { return t.awaitEnd(r.ctx) }})
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			r.Fatalf("%s: %v", s.name, err)
		}
	}
}

// step is one step of a conversation.
type step struct {
	name string
	do   func() error
}

// script is a row's conversation.
func (r *row) script(e *end, t talk) []step {
	ask := step{"asking", func() error { _, err := e.Write([]byte(question)); return err }}
	tell := step{"answering", func() error { _, err := e.Write([]byte(answer)); return err }}
	isAsked := step{"being asked", func() error { return t.hear(r.ctx, asked) }}
	isTold := step{"being answered", func() error { return t.hear(r.ctx, said) }}
	listen := step{"listening", func() error { return e.readThrough(t.greet()) }}
	quit := step{"telling the peer to quit", func() error { t.quit(); return nil }}
	closed := step{"reading the peer's close_notify", func() error { return r.readEnd(e) }}
	closing := step{"closing", e.CloseWrite}
	gone := step{"closing too", func() error { _ = e.CloseWrite(); return nil }} // the peer may not be there any more
	bulk := step{"bulk both ways", func() error { return r.bulk(e, t) }}
	switch theirs := r.role == client; {
	case r.terms.half == halfOurs:
		heard := step{"the peer hears our end", func() error { return t.hear(r.ctx, endHeard) }}
		return []step{ask, isAsked, closing, heard, listen, quit, closed}
	case r.terms.half == halfTheirs:
		return []step{listen, quit, closed, tell, isTold, gone}
	case r.terms.bulk && theirs:
		return []step{bulk, quit, closed, gone}
	case r.terms.bulk:
		return []step{bulk, closing, closed}
	case r.terms.update != "" && theirs:
		return slices.Concat([]step{ask, isAsked, listen}, r.updating(e, t), []step{quit, closed, gone})
	case r.terms.update != "":
		return slices.Concat([]step{ask, isAsked, listen}, r.updating(e, t), []step{closing, closed})
	case theirs && r.isWaiting():
		return []step{listen, tell, isTold, closing, closed}
	case theirs:
		return []step{listen, tell, isTold, quit, closed, gone}
	}
	return []step{ask, isAsked, listen, gone, closed}
}

// waiting is a client that never closes first.
type waiting interface{ waits() }

func (r *row) isWaiting() bool {
	_, ok := r.peer.(waiting)
	return ok
}

// truncating is a peer that closes without close_notify.
type truncating interface{ truncates() }

// readEnd reads all that is left, and tells how it ends from how it must.
func (r *row) readEnd(e *end) error {
	err := e.readEnd()
	if _, ok := r.peer.(truncating); !ok {
		return err
	}
	if !errors.Is(err, handshake.KindTruncated) {
		return fmt.Errorf("the peer sends no close_notify, but it reads as %v", err)
	}
	return nil
}

// endHeard is what a peer that can hear our end without ending itself says of it.
const endHeard = "the other side has closed"

// updating is what a row "update" is for: keys are changed, and then both sides
// are still understood.
func (r *row) updating(e *end, t talk) []step {
	tell := step{"answering under new keys", func() error { _, err := e.Write([]byte(answer)); return err }}
	isTold := step{"being answered under new keys", func() error { return t.hear(r.ctx, said) }}
	listen := step{"listening under new keys", func() error { return e.readThrough(t.greet()) }}
	if r.terms.update == updateOurs {
		return []step{
			{"updating keys", func() error { return e.UpdateKeys(true) }}, tell, isTold, listen,
			{"the peer's update", func() error { return e.wantUpdates(1) }},
		}
	}
	return []step{
		{"the peer's update", func() error { return t.update(r.ctx, false) }}, listen,
		{"counting", func() error { return e.wantUpdates(1) }},
		{"the peer's request", func() error { return t.update(r.ctx, true) }}, listen,
		{"counting", func() error { return e.wantUpdates(2) }}, tell, isTold,
	}
}

func (e *end) wantUpdates(n int) error {
	if got := e.updated(); got != n {
		return fmt.Errorf("the peer has updated its keys %d times, want %d", got, n)
	}
	return nil
}

// bulk sends much both ways at once and compares hashes.
func (r *row) bulk(e *end, t talk) error {
	n, lines := bulkOf(r)
	type result struct {
		sum string
		err error
	}
	out := make(chan result, 1)
	go func() {
		sum, err := sendBulk(e, n, lines)
		out <- result{sum, err}
	}()
	in := make(chan result, 1)
	go func() {
		sum, err := readBulk(e.reader, n)
		in <- result{sum, err}
	}()
	sent, received, err := t.stream(r.ctx, n)
	if err != nil {
		return fmt.Errorf("peer: %w", err)
	}
	ours, theirs := <-out, <-in
	if err := errors.Join(ours.err, theirs.err); err != nil {
		return err
	}
	if sent == "" { // an echo
		sent, received = ours.sum, theirs.sum
	}
	if ours.sum != received || theirs.sum != sent {
		return fmt.Errorf("bytes differ: %s became %s, and %s became %s", ours.sum, received, sent, theirs.sum)
	}
	return nil
}

// check compares what both sides say of a connection that went well. t is nil
// if the peer is not asked.
func (r *row) check(e *end, t talk, resumed bool) {
	r.Helper()
	for _, f := range r.facts(e.State(), resumed) {
		if f.got != f.want {
			r.Errorf("%s is %v, want %v", f.name, f.got, f.want)
		}
	}
	if t == nil {
		return
	}
	report := t.String()
	for _, pattern := range r.peer.says(r, e) {
		if _, err := t.await(r.ctx, pattern); err != nil {
			r.Error(err)
		}
	}
	r.checkKeyLog(e.keys.String(), t.keyLog())
	if r.Failed() {
		r.Logf("the peer's report:\n%s", printable(report))
	}
}

// fact is something that this side says of a connection.
type fact struct {
	name      string
	got, want any
}

func (r *row) facts(s *handshake.ConnectionState, resumed bool) []fact {
	t := &r.terms
	list := []fact{
		{"version", s.Version, r.version}, {"Resumed", s.Resumed, resumed}, {"Retried", s.Retried, t.retry && !resumed},
		{"ServerName", s.ServerName, serverName}, {"ALPN", s.ALPN, t.agreed()},
		{"ExtendedMasterSecret", s.ExtendedMasterSecret, r.version < record.TLS13},
		{"SecureRenegotiation", s.SecureRenegotiation, r.version < record.TLS13},
	}
	if t.suite != nil {
		list = append(list, fact{"suite", s.Suite, t.suite})
	}
	if t.group != nil && !resumed {
		list = append(list, fact{"group", s.Group, t.group})
	}
	if t.scheme != 0 && r.role == server {
		list = append(list, fact{"PeerScheme", s.PeerScheme, t.scheme})
	}
	if t.scheme != 0 && r.role == client {
		list = append(list, fact{"Scheme", s.Scheme, t.scheme})
	}
	name := ""
	if len(s.PeerCertificates) > 0 {
		name = s.PeerCertificates[0].Subject.CommonName
	}
	want := serverName
	if r.role == client {
		if want = ""; t.auth.kind != "" {
			want = clientName
		}
	}
	return append(list, fact{"peer's name", name, want}, fact{"Verified", s.Verified, want != ""})
}

// agreed is the protocol that the row's sides must agree upon.
func (t *terms) agreed() string {
	for _, p := range t.accepted {
		if slices.Contains(t.offered, p) {
			return p
		}
	}
	return ""
}

// checkKeyLog compares the secrets of a connection in both sides' key logs.
func (r *row) checkKeyLog(ours, theirs string) {
	r.Helper()
	if k, ok := r.peer.(keyless); ok && k.noKeyLog(r) {
		return
	}
	got, compared := keyLines(theirs), 0
	for _, line := range keyLines(ours) {
		if strings.HasPrefix(line, exporterSecret) && !strings.Contains(theirs, exporterSecret) {
			continue // it came later than the others, and some do not log it
		}
		if compared++; !slices.Contains(got, line) {
			r.Errorf("the peer's key log lacks %q; it holds:\n%s", line, theirs)
		}
	}
	if want := map[record.Version]int{record.TLS12: 1, record.TLS13: 4}[r.version]; compared < want {
		r.Errorf("%d secrets compared, want %d", compared, want)
	}
}

const exporterSecret = "EXPORTER_SECRET"

// keyless is a peer that keeps no key log, at least not of some rows.
type keyless interface{ noKeyLog(r *row) bool }

// keyLines are the lines of a key log that speak of keys, in lower case but for the label.
func keyLines(log string) (lines []string) {
	for line := range strings.Lines(log) {
		if f := strings.Fields(line); len(f) == 3 && f[0] != "#" {
			lines = append(lines, f[0]+" "+strings.ToLower(f[1]+" "+f[2]))
		}
	}
	return lines
}

// refused is the end of a row that one side must refuse: the other must be told why.
func (r *row) refused(e *end, err error, t talk) {
	r.Helper()
	if err == nil { // TLS 1.3: the client is through before the server has looked at it
		_, _ = e.Write([]byte(question)) // which the server may not take any more
		err = e.readEnd()
	}
	a, sent, ok := alertOf(err)
	want := r.terms.alert(r.version)
	ours := r.terms.refuser == r.role.other()
	wants := r.peer.tells(r)
	if wants == nil {
		wants = []record.Alert{want}
	}
	switch {
	case !ours && len(wants) == 0 && !ok:
		// it is enough that the connection does not go on
	case !ok:
		r.Fatalf("%v; want an alert", err)
	case sent != ours:
		r.Fatalf("%v: the wrong side has refused", err)
	case ours && a != want:
		r.Fatalf("%v; want %v", err, want)
	case !ours && !slices.Contains(wants, a):
		r.Fatalf("%v; want one of %v", err, wants)
	}
	_ = e.Close()
	if ours {
		if _, err := t.await(r.ctx, r.peer.told(want)); err != nil {
			r.Error(err)
		}
	}
	t.quit()
	if err := t.awaitEnd(r.ctx); err != nil {
		r.Error(err)
	}
}
