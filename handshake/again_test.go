package handshake

import (
	"errors"
	"strings"
	"testing"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/record"
	"tacet/suites"
)

// named are suites by their OpenSSL names.
func named(names ...string) (list []*suites.Suite) {
	for _, n := range names {
		list = append(list, suites.ByName(n))
	}
	return list
}

const (
	oldCBC  = "ECDHE-ECDSA-AES128-SHA"
	newAEAD = "ECDHE-ECDSA-AES128-GCM-SHA256"
	nobody  = "AECDH-AES128-SHA"
)

// again lets the handshake that a side began come to its end.
func (d *duo) again() {
	d.t.Helper()
	toServer := d.say(d.c, d.s.AppendOut(nil))
	for range 4 {
		toServer = d.say(d.c, d.say(d.s, toServer))
	}
}

// A server that forbids its clients to renegotiate may ask for it: the policy is
// for the peer's wishes.
func TestForbidsAndAsks(t *testing.T) {
	d := newDuo(t, func(client, server *Config) {
		renegotiating(client, server)
		server.Renegotiation = ForbidRenegotiation
	})
	d.connect()
	if err := d.s.Renegotiate(nil); err != nil {
		t.Fatal(err)
	}
	if d.again(); !d.s.Secure() || d.s.origin.past.handshakes != 1 {
		t.Fatal(d.c.Err(), d.s.Err())
	}
	if err := d.c.Renegotiate(nil); err != nil {
		t.Fatal(err)
	}
	d.again()
	d.fails(d.s, KindRenegotiationForbidden, record.AlertNoRenegotiation)
}

// Records do not go back from encrypt-then-MAC to MAC-then-encrypt, by way of an
// AEAD neither.
func TestEncryptThenMACStands(t *testing.T) {
	//= RFC 7366 §3.1 type=test
	for _, detour := range []bool{false, true} {
		for _, client := range []bool{false, true} {
			var own Config
			d := newDuo(t, func(client, server *Config) {
				renegotiating(client, server)
				client.Suites, server.Suites = named(oldCBC), named(oldCBC, newAEAD)
				own = *client
			})
			d.connect()
			if !d.s.State().EncryptThenMAC {
				t.Fatal("no encrypt-then-MAC to begin with")
			}
			renegotiate := func(forgets bool, suite string) {
				own.Suites = named(suite)
				p, err := own.CompileClient()
				if err != nil {
					t.Fatal(err)
				}
				if err := d.c.Renegotiate(p); err != nil {
					t.Fatal(err)
				}
				if forgets {
					d.c.hs.fx.profile.blockCiphers = false // so that it is not offered
				}
				d.again()
			}
			if detour {
				if renegotiate(false, newAEAD); !d.c.Secure() || d.c.State().EncryptThenMAC {
					t.Fatal(d.c.Err(), d.s.Err())
				}
			}
			if client { // its server has forgotten
				o := *d.s.origin
				o.past, o.conn.EncryptThenMAC = nil, false
				d.s.origin, d.s.recv.origin, d.s.send.origin = &o, &o, &o
			}
			if renegotiate(true, oldCBC); client {
				d.fails(d.c, KindIllegalParameter, record.AlertIllegalParameter)
			} else {
				d.fails(d.s, KindNoCommonSuite, record.AlertHandshakeFailure)
			}
		}
	}
}

// A profile that wants no encrypt-then-MAC is not heeded where it is in force, on either
// side, though an AEAD came between; without it before, it is.
func TestEncryptThenMACStandsUnwanted(t *testing.T) {
	//= RFC 7366 §3.1 type=test
	for _, row := range []struct {
		before, client, detour bool
	}{{before: true, client: true}, {before: true}, {before: true, client: true, detour: true}, {before: true, detour: true}, {client: true}, {}} {
		var own [2]Config
		d := newDuo(t, func(client, server *Config) {
			renegotiating(client, server)
			client.Suites, server.Suites = named(oldCBC), named(oldCBC, newAEAD)
			client.NoEncryptThenMAC = !row.before
			own = [2]Config{*client, *server}
		})
		d.connect()
		renegotiate := func(suite string) {
			own[0].Suites = named(suite)
			p, err := own[0].CompileClient()
			if err != nil {
				t.Fatal(err)
			}
			s, err := own[1].CompileServer()
			if err != nil {
				t.Fatal(err)
			}
			if err := d.s.Renegotiate(s); err != nil {
				t.Fatal(err)
			}
			if err := d.c.Renegotiate(p); err != nil {
				t.Fatal(err)
			}
			d.again()
		}
		if row.detour {
			if renegotiate(newAEAD); d.c.State().EncryptThenMAC {
				t.Error("an AEAD with encrypt_then_mac")
			}
		}
		own[0].NoEncryptThenMAC, own[1].NoEncryptThenMAC = row.client, !row.client
		renegotiate(oldCBC)
		for _, e := range []*Engine{d.c, d.s} {
			if s := e.State(); !e.Secure() || e.origin.past == nil || s.Suite.OpenSSL != oldCBC || s.EncryptThenMAC != row.before {
				t.Errorf("%+v: %v with encrypt_then_mac %v (%v)", row, s.Suite, s.EncryptThenMAC, e.Err())
			}
		}
	}
}

// Who the server is stays settled, though a handshake in between showed nobody.
func TestCertificateStands(t *testing.T) {
	ca := credtest.CA(t)
	var own Config
	d := newDuo(t, func(client, server *Config) {
		renegotiating(client, server)
		client.Verify, client.SecurityLevel, server.SecurityLevel = VerifyNone, -1, -1
		client.Suites, server.Suites = named(newAEAD, nobody), named(newAEAD)
		client.RenegotiationLimit = 5
		own = *server
	})
	d.connect()
	renegotiate := func(suite string, leaf *cred.Credential) {
		own.Suites, own.Credentials = named(suite), []*cred.Credential{leaf}
		p, err := own.CompileServer()
		if err != nil {
			t.Fatal(err)
		}
		if err := d.s.Renegotiate(p); err != nil {
			t.Fatal(err)
		}
		d.again()
	}
	first := own.Credentials[0]
	for range 2 {
		if renegotiate(nobody, first); !d.c.Secure() || len(d.c.State().PeerCertificates) > 0 {
			t.Fatal(d.c.Err(), d.s.Err())
		}
	}
	if renegotiate(newAEAD, first); !d.c.Secure() {
		t.Fatal(d.c.Err(), d.s.Err())
	}
	own.RenegotiationLimit = 9
	renegotiate(nobody, first)
	renegotiate(newAEAD, ca.Leaf(t, credtest.OtherP256, "example.org"))
	d.fails(d.c, KindCertificateChanged, record.AlertIllegalParameter)
}

// What could not be encoded, nor resumed, is not given to the application to store:
// a server name is as long as a client likes.
func TestStoresWhatResumes(t *testing.T) {
	for _, n := range []int{255, 256} {
		d := newDuo(t, func(client, server *Config) {
			tls12(client, server)
			server.AskSession, server.TicketKeys = true, nil
		})
		stored := false
		d.reply = func(q Query) Answer {
			stored = true
			return q.(*SessionStore).Stored()
		}
		flight := d.say(d.s, d.say(d.c, nil))
		d.s.origin.conn.ServerName = strings.Repeat("n", n)
		d.say(d.c, d.say(d.s, d.say(d.c, flight)))
		if !d.c.Secure() || stored != (n <= 255) {
			t.Errorf("a name of %d bytes: stored %v; %v", n, stored, d.s.Err())
		}
	}
}

// Wishes to renegotiate are bounded after close_notify too.
func TestWishesAfterClose(t *testing.T) {
	d := newDuo(t, renegotiating)
	d.connect()
	d.c.CloseWrite()
	d.c.AppendOut(nil)
	for range MaxWarnings {
		d.s.SealMessage(&msg.HelloRequest{})
	}
	if d.say(d.c, d.s.AppendOut(nil)); d.c.Err() != nil {
		t.Fatal(d.c.Err())
	}
	d.s.SealMessage(&msg.HelloRequest{})
	out := d.say(d.c, d.s.AppendOut(nil))
	if !errors.Is(d.c.Err(), KindTooManyWarnings) || len(out) > 0 {
		t.Errorf("%v, said %x", d.c.Err(), out)
	}
}

// TestRenegotiationResumesNothing: not even for a client that offers a session then; nor
// does the server store one of it.
func TestRenegotiationResumesNothing(t *testing.T) {
	for _, byID := range []bool{false, true} {
		var stored *session.Session
		stores := 0
		d := newDuo(t, func(client, server *Config) {
			renegotiating(client, server)
			if server.AskSession = byID; !byID {
				server.TicketKeys = []session.TicketKey{{1}}
			}
		})
		d.reply = func(q Query) Answer {
			switch q := q.(type) {
			case *SessionLookup:
				return q.Found(stored)
			case *SessionStore:
				stored = q.Session
				stores++
				return q.Stored()
			}
			panic(q)
		}
		d.connect()
		offered := d.c.Session()
		if err := d.c.Renegotiate(nil); err != nil || offered == nil {
			t.Fatal(err, offered)
		}
		fx := &d.c.hs.fx
		fx.now = credtest.Now
		next, err := fx.sayHello(&offer{session: offered})
		if err != nil {
			t.Fatal(err)
		}
		d.c.hs.begun, d.c.hs.state = true, next
		d.c.fold()
		toServer := d.c.AppendOut(nil)
		for range 4 {
			toServer = d.say(d.c, d.say(d.s, toServer))
		}
		if st := d.s.State(); !d.s.Secure() || !d.c.Secure() || st.Resumed {
			t.Errorf("by id %v: resumed %v; %v, %v", byID, st.Resumed, d.c.Err(), d.s.Err())
		}
		if byID && stores != 1 {
			t.Errorf("%d sessions are stored, where the first handshake's alone can be of use", stores)
		}
	}
}
