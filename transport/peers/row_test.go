package peers

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"tacet/actor"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// patience is how long a row may take. It is long: a row that hangs, hangs, and 64 MiB both
// ways take a minute of a busy machine with the race detector.
const patience = 15 * time.Minute

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
	stored   actor.ServerSessions
	renewed  bool // there was a renegotiation
	stapled  sync.Once
	response []byte                 // of OCSP
	ports    func() (string, error) // for programs that must be told one; nil: freePort
	kept     keeping                // what the peer remembers from one connection of the row to the next
	ca       *credtest.Authority    // which both sides trust
	stranger *credtest.Authority    // which neither does
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
	for _, v := range versions {
		for _, c := range cases() {
			r := &row{terms: c, version: v, peer: p, role: o}
			if !c.isAt(v) || !r.exists() || p.lacks(r) != "" {
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
	r.sessions, r.stored, r.kept = actor.NewSessionCache(1), actor.NewServerSessions(1), keeping{}
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
