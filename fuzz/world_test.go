package fuzz

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/vectors"
)

// side is one engine and what is on its way to it.
type side struct {
	e      *handshake.Engine
	client bool
	in     []byte
	said   []byte // all of it
	data   []byte // application data that came
	log    []string
	offer  *session.Session
	store  map[string]*session.Session // of a server; shared by forks, for it is never changed
	psk    string                      // IDENTITY:KEY
	last   *session.Session
	dead   bool // its terminal event came
}

// world is two engines face to face with a tap between them.
type world struct {
	c, s *side
	tap  *vectors.Tap
}

// fork gives a second world that goes on by itself.
func (w *world) fork() *world {
	return &world{c: w.c.fork(), s: w.s.fork(), tap: w.tap.Fork()}
}

func (s *side) fork() *side {
	f := *s
	f.e = s.e.Fork()
	f.in, f.said, f.data = bytes.Clone(s.in), bytes.Clone(s.said), bytes.Clone(s.data)
	f.log = append([]string(nil), s.log...)
	return &f
}

func (w *world) side(client bool) *side {
	if client {
		return w.c
	}
	return w.s
}

// step lets a side consume what it has, and gives what it says to the tap.
func (w *world) step(s *side) {
	for !s.dead {
		n, ev := s.e.Step(credtest.Now, s.in)
		if n < 0 || n > len(s.in) {
			panic(fmt.Sprintf("%d of %d bytes consumed", n, len(s.in)))
		}
		s.in = s.in[n:]
		switch ev.Kind {
		case handshake.NeedInput:
			w.fetch(s)
			return
		case handshake.QueryPending:
			if err := s.e.Answer(s.answer()); err != nil && s.e.Err() == nil {
				panic(err)
			}
			continue
		case handshake.PeerClosed, handshake.Failed:
			s.dead = true
		case handshake.Data:
			s.data = append(s.data, ev.Data...)
			continue
		case handshake.SessionReady:
			s.last = s.e.Session()
		case handshake.KeyLogged:
			if err := w.tap.KeyLog(s.client, ev.Data); err != nil {
				panic(err)
			}
			continue
		}
		s.log = append(s.log, ev.Kind.String())
	}
	w.fetch(s)
}

// answer is what a side answers its engine. A server's store is no one's: what it
// is to keep, it puts into a map of its own.
func (s *side) answer() handshake.Answer {
	identity, key, _ := strings.Cut(s.psk, ":")
	switch q := s.e.Query().(type) {
	case *handshake.SessionQuery:
		return q.Offer(s.offer)
	case *handshake.SessionLookup:
		return q.Found(s.store[string(q.ID)])
	case *handshake.SessionStore:
		s.store = map[string]*session.Session{string(q.Session.ID): q.Session}
		return q.Stored()
	case *handshake.PSKQuery:
		return q.Offer([]byte(identity), []byte(key))
	case *handshake.PSKLookup:
		if string(q.Identities[0]) == identity {
			return q.Found(0, []byte(key))
		}
		return q.None()
	default:
		panic(fmt.Sprintf("query %T", q))
	}
}

func (w *world) fetch(s *side) {
	out := s.e.AppendOut(nil)
	s.said = append(s.said, out...)
	w.tap.Write(s.client, out)
}

// hear delivers bytes to a side.
func (w *world) hear(s *side, wire []byte) {
	s.in = append(s.in, wire...)
	w.step(s)
}

// next delivers one record; it reports whether there was one.
func (w *world) next() (said []vectors.Message, ok bool) {
	for _, client := range []bool{true, false} {
		wire, said, _ := w.tap.Next(client)
		if wire != nil {
			w.hear(w.side(!client), wire)
			return said, true
		}
	}
	return nil, false
}

// run delivers all that is said.
func (w *world) run() {
	for ok := true; ok; {
		_, ok = w.next()
	}
}

// secure reports whether both sides are.
func (w *world) secure() bool { return w.c.e.Secure() && w.s.e.Secure() }

// outcome is all that anyone could see of a side.
func (s *side) outcome() string {
	return fmt.Sprintf("%s, %v\n%x\n%x\n%v", s.e.StateName(), s.e.Err(), s.said, s.data, s.log)
}

// conversation is a pair of profiles, which make any number of worlds.
type conversation struct {
	name   string
	client *handshake.ClientProfile
	server *handshake.ServerProfile
	cfg    [2]handshake.Config // client's, server's
	offer  *session.Session
	store  map[string]*session.Session
	psk    [2]string
	host   string
	again  bool // the client asks for another handshake after the first
}

// scripts are the conversations that targets start from; see ../vectors/testdata.
var scripts = []string{"full13", "retry13", "resumed13", "clientcert13", "full12", "resumed12", "clientcert12", "keyupdate13",
	"rsa10", "ecdhe11", "dhe12", "psk12", "dhepsk12", "byid12", "renegotiated12", "pskke13", "resumedke13"}

// conversations compiles them.
func conversations(t testing.TB) (list []*conversation) {
	t.Helper()
	for _, name := range scripts {
		list = append(list, converse(t, name))
	}
	return list
}

func converse(t testing.TB, name string) *conversation {
	t.Helper()
	s := script(t, name)
	c := &conversation{name: name, psk: [2]string{s.Client["psk"], s.Server["psk"]}, again: s.Server["renegotiation"] == "allow"}
	var err error
	if c.cfg[0], c.cfg[1], c.host, err = s.Configs(t); err == nil {
		c.client, err = c.cfg[0].CompileClient()
	}
	if err == nil {
		c.server, err = c.cfg[1].CompileServer()
	}
	if err != nil {
		t.Fatal(err)
	}
	if s.Resume != "" {
		w := converse(t, s.Resume).world()
		w.run()
		c.store = w.s.store
		if c.offer = w.c.last; c.offer == nil {
			t.Fatalf("%s gave no session", s.Resume)
		}
	}
	return c
}

func script(t testing.TB, name string) *vectors.Script {
	t.Helper()
	text, err := os.ReadFile("../vectors/testdata/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	s, err := vectors.Parse(name, text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func env(who byte) handshake.Env { return handshake.SeededEnv([32]byte{'f', 'u', 'z', 'z', who}) }

// world makes the two engines, and lets the client say its hello.
func (c *conversation) world() *world {
	w := &world{
		c:   &side{e: handshake.NewClient(c.client, c.host, env('c')), client: true, offer: c.offer, psk: c.psk[0]},
		s:   &side{e: handshake.NewServer(c.server, env('s')), store: c.store, psk: c.psk[1]},
		tap: &vectors.Tap{},
	}
	w.step(w.c)
	return w
}

// renegotiate lets the client ask for another handshake.
func (w *world) renegotiate(t testing.TB) {
	t.Helper()
	if err := w.c.e.Renegotiate(nil); err != nil {
		t.Fatal(err)
	}
	w.step(w.c)
}

// moment is a conversation stopped before a record is delivered.
type moment struct {
	*world
	conv *conversation
	said []vectors.Message // what the record says
}

// moments stops every conversation before each of its records, and before the
// quiet at its end.
func moments(t testing.TB) (list []moment) {
	t.Helper()
	for _, c := range conversations(t) {
		w := c.world()
		for again, ok := c.again, true; ok; {
			m := moment{world: w.fork(), conv: c}
			m.said, ok = w.next()
			list = append(list, m)
			if !ok && again {
				w.renegotiate(t)
				again, ok = false, true
			}
		}
		if !w.secure() {
			t.Fatalf("%s: %v, %v", c.name, w.c.e.Err(), w.s.e.Err())
		}
	}
	return list
}

// kindOf is the kind of an engine's error; KindNone without one.
func kindOf(err error) handshake.Kind {
	var e *handshake.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return handshake.KindNone
}
