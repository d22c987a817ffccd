package peers

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// newConn is the one place that says how an engine is driven.
func (r *row) newConn(nc net.Conn, e *end) *actor.Conn {
	cfg := &actor.Config{Sessions: r.sessions, ServerSessions: r.stored, KeyLog: actor.NewKeyLog(&e.keys), OnEvent: e.event, Answer: r.answer}
	if r.role == client {
		return actor.Server(nc, r.serverProfile(), cfg)
	}
	return actor.Client(nc, r.clientProfile(), serverName, cfg)
}

// answer answers as this side's application.
func (r *row) answer(_ context.Context, q handshake.Query) (handshake.Answer, bool) {
	switch q := q.(type) {
	case *handshake.CredentialQuery:
		// A certificate that the server has not asked for (left to itself, a client
		// shows none that is of no authority that the server names), or another than before.
		return q.Use(r.clientCredential()), true
	case *handshake.PSKQuery:
		if q.Hint != r.terms.hint {
			r.Errorf("the server gives the hint %q, want %q", q.Hint, r.terms.hint)
		}
		return q.Offer([]byte(pskIdentity), []byte(pskKey)), true
	case *handshake.PSKLookup:
		for i, id := range q.Identities {
			if string(id) == pskIdentity {
				return q.Found(i, []byte(pskKey)), true
			}
		}
		return q.None(), true
	}
	return handshake.Answer{}, false
}

// end is this module's end of a row's connection.
type end struct {
	*actor.Conn
	reader *bufio.Reader
	tap    *tap
	keys   screen

	mu      sync.Mutex
	updates int           // KeyUpdates received
	next    chan struct{} // closed at the end of the next handshake, nil if nobody waits

	refusals chan bool    // a value for each wish of the peer to renegotiate that was declined
	reading  <-chan error // the end of a read that goes on, nil if none does
}

func (e *end) event(ev handshake.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case ev.Kind == handshake.KeyUpdated:
		e.updates++
	case ev.Kind == handshake.RenegotiationRefused:
		e.refusals <- true
	case ev.Kind == handshake.Secure && e.next != nil:
		close(e.next)
		e.next = nil
	}
}

// nextHandshake is closed at the end of the next handshake.
func (e *end) nextHandshake() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.next = make(chan struct{})
	return e.next
}

func (e *end) updated() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.updates
}

// secure makes an end over a transport and runs its handshake.
func (r *row) secure(nc net.Conn) (*end, error) {
	e := &end{tap: &tap{Conn: nc}, refusals: make(chan bool, handshake.MaxWarnings)}
	nc = e.tap
	if r.terms.downgrade {
		nc = &downgrader{Conn: nc, mine: r.role == server, to: r.version}
	}
	e.Conn = r.newConn(nc, e)
	deadline, _ := r.ctx.Deadline()
	if err := e.SetDeadline(deadline); err != nil {
		return nil, err
	}
	r.Cleanup(func() { _ = e.Close() })
	e.reader = bufio.NewReader(e.Conn)
	return e, e.HandshakeContext(r.ctx)
}

// connect is the client's part of a row.
func (r *row) connect(addr string) (*end, error) {
	nc, err := new(net.Dialer).DialContext(r.ctx, "tcp", addr)
	if err != nil {
		r.Fatal(err)
	}
	return r.secure(nc)
}

// accept is the server's part of a row.
func (r *row) accept(l net.Listener) (*end, error) {
	type accepted struct {
		nc  net.Conn
		err error
	}
	result := make(chan accepted, 1)
	go func() {
		nc, err := l.Accept()
		result <- accepted{nc, err}
	}()
	select {
	case a := <-result:
		if a.err != nil {
			r.Fatal(a.err)
		}
		return r.secure(a.nc)
	case <-r.ctx.Done():
		r.Fatal("the peer does not connect")
		return nil, nil
	}
}

// peek begins a read, which takes nothing, and goes on until something comes.
func (e *end) peek() {
	reading := make(chan error, 1)
	e.reading = reading
	go func() {
		_, err := e.reader.Peek(1)
		reading <- err
	}()
}

// readThrough reads up to and with text.
func (e *end) readThrough(text string) error {
	if e.reading != nil {
		if err := <-e.reading; err != nil {
			return err
		}
		e.reading = nil
	}
	var got strings.Builder
	for !strings.Contains(got.String(), text) {
		b, err := e.reader.ReadByte()
		if err != nil {
			return fmt.Errorf("reading up to %q: %w", text, err)
		}
		got.WriteByte(b)
	}
	return nil
}

// readEnd reads all that is left, which must end in close_notify.
func (e *end) readEnd() error {
	_, err := io.Copy(io.Discard, e.reader)
	if err != nil {
		return fmt.Errorf("reading to the end: %w", err)
	}
	return nil
}

// exporterLabel is what every row exports 32 bytes for, without context.
const exporterLabel = "EXPERIMENTAL"

func (e *end) exporter() string {
	b, err := e.Export(exporterLabel, nil, 32)
	if err != nil {
		return err.Error()
	}
	return hex.EncodeToString(b)
}

// alertOf is the alert in an error, and whether it was sent from here.
func alertOf(err error) (a record.Alert, sent, ok bool) {
	var he *handshake.Error
	if !errors.As(err, &he) || he.Alert == 0 {
		return 0, false, false
	}
	return he.Alert, he.Sent, he.Sent || he.Kind == handshake.KindAlertReceived
}

func (r *row) config() handshake.Config {
	t := &r.terms
	cfg := handshake.Config{
		Verifier: r.ca.Verifier(), KeyLog: true, AskPSK: r.psk(),
	}
	cfg.MinVersion, cfg.MaxVersion = r.span(r.role.other())
	if w := t.renewal; w.asks == r.role && (!w.refused || t.legacy) {
		cfg.Renegotiation = handshake.AllowRenegotiation
	}
	cfg.NoEncryptThenMAC, cfg.PSKModes = t.ownMTE, r.pskModes()
	cfg.RecordSizeLimit, cfg.MaxSendFragment = t.sizes.ours, t.sizes.sent
	switch {
	case r.weak():
		cfg.SecurityLevel = -1
	case !r.certified(): // then it decides upon the group of DHE
		cfg.SecurityLevel = debianLevel
	}
	if t.versions {
		v := record.TLS12 + record.TLS13 - r.version
		cfg.MinVersion, cfg.MaxVersion = v, v
	}
	if s := r.suite(); s != nil {
		cfg.Suites = []*suites.Suite{s}
	}
	if t.group != nil {
		cfg.Groups = []kx.Group{t.group}
	}
	if t.modes == modesNoGroup { // the peer has retryGroup
		cfg.Groups = []kx.Group{kx.ByID(kx.X25519)}
	}
	if t.scheme != 0 { // the authority's certificates are signed with the other
		cfg.Schemes = []cred.Scheme{t.scheme, cred.ECDSAP256SHA256}
	}
	return cfg
}

func (r *row) clientProfile() *handshake.ClientProfile {
	cfg := r.config()
	t := &r.terms
	cfg.ALPN = t.offered
	cfg.AskSession = t.resume
	cfg.Fallback, cfg.RequestOCSP = t.fallback, t.staple
	cfg.LegacyServers = t.legacy && t.refuser == ""
	if n := t.sizes.fragment; n != 0 {
		cfg.MaxFragmentLength = fragmentCode(n)
	}
	if t.retry {
		cfg.Groups = []kx.Group{kx.ByID(kx.X25519), retryGroup}
		cfg.KeyShares = cfg.Groups[:1]
	}
	if r.anonymous() {
		cfg.Verify = handshake.VerifyRecord
	}
	if c := r.clientCredential(); c != nil {
		cfg.Credentials = append(cfg.Credentials, c)
		cfg.AskCredential = t.auth.stranger || t.renewal.kind != ""
	}
	p, err := cfg.CompileClient()
	if err != nil {
		r.Fatal(err)
	}
	return p
}

func (r *row) serverProfile() *handshake.ServerProfile {
	cfg := r.config()
	t := &r.terms
	cfg.ALPN = t.accepted
	if cfg.ClientAuth = t.auth.ask; r.renewed {
		cfg.ClientAuth = max(cfg.ClientAuth, t.renewal.auth)
	}
	if t.byID {
		cfg.AskSession = true
	} else {
		cfg.TicketKeys = []session.TicketKey{{1, 2, 3}}
	}
	cfg.DH, cfg.AutoDH, cfg.PSKHint = t.dh, t.dh == nil, t.hint
	if t.retry {
		cfg.Groups = []kx.Group{retryGroup}
	}
	if t.sni {
		cfg.Credentials = append(cfg.Credentials, r.otherCredential())
	}
	if r.certified() {
		cfg.Credentials = append(cfg.Credentials, r.serverCredential())
	}
	p, err := cfg.CompileServer()
	if err != nil {
		r.Fatal(err)
	}
	return p
}
