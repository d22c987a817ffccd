package actor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/record"
)

// TestServerSessions: those used last stay, and none for longer than it is good for.
func TestServerSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := actor.NewServerSessions(3)
		store := func(id string, life time.Duration) *session.Session {
			s := &session.Session{Version: record.TLS12, ID: []byte(id), Created: time.Now(), Lifetime: life}
			c.Store(s)
			return s
		}
		has := func(want string) {
			t.Helper()
			got := ""
			for id := 'a'; id <= 'h'; id++ {
				if s := c.Load([]byte{byte(id)}); s != nil && string(s.ID) == string(id) {
					got += string(id)
				}
			}
			if got != want {
				t.Errorf("it has %q, want %q", got, want)
			}
		}
		a := store("a", time.Hour)
		store("b", time.Hour)
		store("c", time.Hour)
		if has("abc"); c.Load([]byte("a")) != a || c.Load(nil) != nil || c.Load(make([]byte, 32)) != nil {
			t.Error("not what was stored")
		}
		store("d", time.Hour) // in place of b, which was used least lately
		has("acd")
		if again := store("c", time.Hour); c.Load([]byte("c")) != again {
			t.Error("the older of two with an id")
		}
		store("", time.Hour)
		has("acd")
		c.Drop([]byte("c"))
		c.Drop([]byte("none"))
		has("ad")

		time.Sleep(time.Hour - time.Second)
		store("e", time.Hour)
		has("ade")
		time.Sleep(time.Second)
		has("e")
		// What has expired makes room before what has not, however lately it was used.
		time.Sleep(30 * time.Minute)
		store("f", time.Hour)
		store("g", time.Hour)
		time.Sleep(30*time.Minute - 2*time.Second)
		has("efg")
		c.Load([]byte("e"))
		time.Sleep(time.Second)
		store("h", time.Hour)
		has("fgh")
	})
}

// TestServerSessionsOfDifferentLives: none outlives its life behind one that was made before and
// lives longer, one of no life or of the future is none, and what is asked for is cleared up too.
func TestServerSessionsOfDifferentLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := actor.NewServerSessions(0)
		store := func(id string, made, life time.Duration) {
			c.Store(&session.Session{Version: record.TLS12, ID: []byte(id), Created: time.Now().Add(made), Lifetime: life, Secret: make([]byte, 48)})
		}
		kept := func() string { return fmt.Sprint(actor.Kept(c)) }
		store("long", 0, 3*time.Hour)
		store("short", 0, time.Hour)
		store("aged", -time.Hour, 2*time.Hour)
		store("dead", -time.Hour, time.Hour)
		store("never", 0, 0)
		store("future", time.Minute, time.Hour)
		if got := kept(); got != "[aged long short]" {
			t.Errorf("it has %s", got)
		}
		time.Sleep(time.Hour)
		if c.Load([]byte("short")) != nil || c.Load([]byte("long")) == nil {
			t.Error("not by their lives")
		}
		if got := kept(); got != "[long]" {
			t.Errorf("an hour later it has %s", got)
		}
	})
}

// TestServerSessionsAreBounded in bytes too, that clients with certificates decide about.
func TestServerSessionsAreBounded(t *testing.T) {
	c := actor.NewServerSessions(8)
	store := func(id string, certificate int) {
		c.Store(&session.Session{Version: record.TLS12, ID: []byte(id), Created: time.Now(), Lifetime: time.Hour, PeerChain: [][]byte{make([]byte, certificate)}})
	}
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		store(id, 2200)
	}
	if got := fmt.Sprint(actor.Kept(c)); got != "[b c d e]" {
		t.Errorf("it has %s", got)
	}
	store("huge", 1<<20)
	if got := fmt.Sprint(actor.Kept(c)); got != "[huge]" {
		t.Errorf("beside the largest there is %s", got)
	}
	c.Drop([]byte("huge"))
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		store(id, 100)
	}
	if got := fmt.Sprint(actor.Kept(c)); got != "[a b c d e]" {
		t.Errorf("then it has %s", got)
	}
}

// byID are profiles that keep sessions by id.
func byID(t *testing.T, v record.Version, adjust func(client, server *handshake.Config)) profiles {
	t.Helper()
	return compile(t, v, func(client, server *handshake.Config) {
		client.AskSession, server.AskSession, server.TicketKeys = true, true, nil
		if adjust != nil {
			adjust(client, server)
		}
	})
}

// resumes makes a connection that ends well, or by a record that is none, and says whether it was resumed.
func resumes(t *testing.T, p profiles, client actor.SessionCache, server actor.ServerSessions, badly bool) bool {
	t.Helper()
	a, b := tcpLink(t)
	c := actor.Client(a, p.client, serverName, &actor.Config{Sessions: client})
	s := actor.Server(b, p.server, &actor.Config{ServerSessions: server})
	if err := handshakeBoth(c, s); err != nil {
		t.Fatal(err)
	}
	if badly {
		if _, err := a.Write([]byte{23, 3, 3, 0, 1, 0}); err != nil {
			t.Fatal(err)
		}
	} else if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(s); (err != nil) != badly {
		t.Fatal(err)
	}
	if x, y := c.State().Resumed, s.State().Resumed; x != y {
		t.Fatalf("resumed: the client says %v, the server %v", x, y)
	}
	return s.State().Resumed
}

// TestResumptionByID resumes what the server has kept, until a connection fails.
func TestResumptionByID(t *testing.T) {
	//= RFC 5246 §7.2.2 type=test
	for _, v := range []record.Version{record.TLS10, record.TLS12} {
		t.Run(v.String(), func(t *testing.T) {
			p := byID(t, v, func(client, server *handshake.Config) {
				client.SecurityLevel, server.SecurityLevel = -1, -1
			})
			client, server := actor.NewSessionCache(0), actor.NewServerSessions(0)
			for i, step := range []struct{ badly, resumed bool }{
				{false, false}, {false, true}, {true, true}, {true, false}, {false, false}, {false, true},
			} {
				if got := resumes(t, p, client, server, step.badly); got != step.resumed {
					t.Errorf("connection %d: resumed %v", i, got)
				}
			}
			if resumes(t, p, client, actor.NewServerSessions(0), false) || resumes(t, p, client, nil, false) {
				t.Error("resumed from nowhere")
			}
		})
	}
}

// TestResumptionByIDIsNotUndone: who names a session that it has no key for has nothing
// forgotten, whatever it does then.
func TestResumptionByIDIsNotUndone(t *testing.T) {
	p := byID(t, record.TLS12, nil)
	client, server := actor.NewSessionCache(0), actor.NewServerSessions(0)
	resumes(t, p, client, server, false)
	own := client.Get(serverName)

	forged := *own
	forged.Secret = make([]byte, len(own.Secret))
	thief := actor.NewSessionCache(0)
	thief.Put(serverName, &forged)
	a, b := tcpLink(t)
	c := actor.Client(a, p.client, serverName, &actor.Config{Sessions: thief})
	s := actor.Server(b, p.server, &actor.Config{ServerSessions: server})
	if err := handshakeBoth(c, s); !errors.Is(err, record.AlertDecryptError) && !errors.Is(err, record.AlertBadRecordMAC) {
		t.Fatal(err)
	}
	if server.Load(own.ID) == nil {
		t.Error("forgotten by a handshake that failed")
	}
	// A name that it was not made for leads to a full handshake, whose session is in a ticket.
	renamed := *own
	renamed.ServerName = "client.example"
	thief.Put("client.example", &renamed)
	elsewhere := byID(t, record.TLS12, func(client, server *handshake.Config) {
		client.Verify, client.Verifier, server.TicketKeys = handshake.VerifyNone, nil, []session.TicketKey{{1}}
	})
	a, b = tcpLink(t)
	c = actor.Client(a, elsewhere.client, "client.example", &actor.Config{Sessions: thief})
	s = actor.Server(b, elsewhere.server, &actor.Config{ServerSessions: server})
	if err := handshakeBoth(c, s); err != nil || s.State().Resumed {
		t.Fatal(err)
	}
	if _, err := a.Write([]byte{23, 3, 3, 0, 1, 0}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(make([]byte, 1)); err == nil {
		t.Fatal("no error")
	}
	if server.Load(own.ID) == nil {
		t.Error("forgotten by a connection that was not its own")
	}
}

// latest is a SessionCache of the session that was put last, or of one that the test puts there.
type latest struct{ *session.Session }

func (l *latest) Get(string) *session.Session        { return l.Session }
func (l *latest) Put(_ string, own *session.Session) { l.Session = own }

// TestServerSessionsOfRenegotiations: a connection that fails has its own session forgotten, and
// no other, whatever its client does in a renegotiation.
func TestServerSessionsOfRenegotiations(t *testing.T) {
	p := byID(t, record.TLS12, func(client, server *handshake.Config) {
		server.Renegotiation, server.RenegotiationLimit = handshake.AllowRenegotiation, 9
	})
	distrusting := byID(t, record.TLS12, func(client, server *handshake.Config) {
		client.Verifier = credtest.Root(t, "elsewhere", credtest.P256).Verifier()
	})
	server := actor.NewServerSessions(0)
	victim := &latest{}
	resumes(t, p, victim, server, false)
	for _, row := range []struct {
		name  string
		again profiles // of the renegotiation; if it fails, that is the end
		fails bool
	}{
		{"a renegotiation that fails", distrusting, true},
		{"one that is complete", p, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			own := &latest{}
			resumes(t, p, own, server, false)
			a, b := tcpLink(t)
			c := actor.Client(a, p.client, serverName, &actor.Config{Sessions: own})
			s := actor.Server(b, p.server, &actor.Config{ServerSessions: server})
			if err := handshakeBoth(c, s); err != nil || !s.State().Resumed {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() {
				_, err := io.Copy(io.Discard, s)
				ended <- err
			}()
			mine := own.ID
			own.Session = victim.Session // whose session it would name
			if err := c.Renegotiate(t.Context(), row.again.client); (err != nil) != row.fails {
				t.Fatal(err)
			}
			if _, err := a.Write([]byte{23, 3, 3, 0, 1, 0}); err != nil && !row.fails {
				t.Fatal(err)
			}
			if err := <-ended; err == nil {
				t.Fatal("no error")
			}
			if server.Load(mine) != nil {
				t.Error("its own session is not forgotten")
			}
			if server.Load(victim.ID) == nil {
				t.Error("another's session is forgotten")
			}
		})
	}
}

// TestServerSessionsOfOthers: a session is resumed where the client was asked for as much, in
// the same context, and nowhere else.
func TestServerSessionsOfOthers(t *testing.T) {
	ca := credtest.CA(t)
	host := func(context string, auth handshake.ClientAuth) profiles {
		return byID(t, record.TLS12, func(client, server *handshake.Config) {
			client.Credentials = []*cred.Credential{ca.Leaf(t, credtest.P256, "client.example")}
			server.SessionContext, server.ClientAuth = []byte(context), auth
			if auth != handshake.NoClientCert {
				server.Verifier = ca.Verifier()
			}
		})
	}
	first := host("a", handshake.RequireClientCert)
	for _, row := range []struct {
		name    string
		then    profiles
		resumed bool
	}{
		{"itself", first, true},
		{"another context", host("b", handshake.RequireClientCert), false},
		{"no context", host("", handshake.RequireClientCert), false},
		{"another context, where none is asked for", host("b", handshake.NoClientCert), false},
		{"the same context, where none is asked for", host("a", handshake.NoClientCert), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			client, server := actor.NewSessionCache(0), actor.NewServerSessions(0)
			if resumes(t, first, client, server, false) {
				t.Fatal("resumed from nowhere")
			}
			if got := resumes(t, profiles{first.client, row.then.server}, client, server, false); got != row.resumed {
				t.Errorf("resumed %v", got)
			}
		})
	}
	open := host("", handshake.NoClientCert)
	client, server := actor.NewSessionCache(0), actor.NewServerSessions(0)
	resumes(t, open, client, server, false)
	if resumes(t, profiles{open.client, host("", handshake.RequireClientCert).server}, client, server, false) {
		t.Error("a session without certificate is resumed where one is required")
	}
}

// TestServerSessionsAtOnce: many connections share few places.
func TestServerSessionsAtOnce(t *testing.T) {
	p := byID(t, record.TLS12, nil)
	server := actor.NewServerSessions(3)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			client := actor.NewSessionCache(0)
			for n := range 4 {
				a, b := tcpLink(t)
				c := actor.Client(a, p.client, serverName, &actor.Config{Sessions: client})
				s := actor.Server(b, p.server, &actor.Config{ServerSessions: server})
				if err := handshakeBoth(c, s); err != nil {
					t.Error(err)
				}
				server.Drop(fmt.Append(nil, i, n))
				c.Close()
				s.Close()
			}
		})
	}
	group.Wait()
}

// TestServerSessionsOff: without anywhere to keep them, sessions are not kept, and
// nothing fails of it; whoever answers by itself is asked first.
func TestServerSessionsOff(t *testing.T) {
	p := byID(t, record.TLS12, nil)
	client := actor.NewSessionCache(0)
	for range 2 {
		if resumes(t, p, client, nil, false) {
			t.Error("resumed from nowhere")
		}
	}
	asked := 0
	a, b := tcpLink(t)
	store := actor.NewServerSessions(0)
	c := actor.Client(a, p.client, serverName, &actor.Config{Sessions: client})
	s := actor.Server(b, p.server, &actor.Config{ServerSessions: store, Answer: func(_ context.Context, q handshake.Query) (handshake.Answer, bool) {
		if q, ok := q.(*handshake.SessionStore); ok {
			asked++
			return q.Stored(), true
		}
		return handshake.Answer{}, false
	}})
	if err := handshakeBoth(c, s); err != nil || asked != 1 {
		t.Fatal(asked, err)
	}
	if own := client.Get(serverName); store.Load(own.ID) != nil {
		t.Error("kept all the same")
	}
}
