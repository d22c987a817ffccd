package handshake_test

import (
	"testing"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/record"
	"tacet/suites"
)

// What keeps a session from being resumed, one rule a test.

// TestExpiredLeaf: no verdict outlives the leaf, whoever gave it.
func TestExpiredLeaf(t *testing.T) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		for _, asks := range []bool{false, true} {
			template := credtest.LeafTemplate("example.org")
			template.NotAfter = credtest.Now.Add(time.Hour)
			c := baseConfig(t)
			c.client.MaxVersion, c.client.AskVerify = v, asks
			c.server.Credentials = []*cred.Credential{credtest.CA(t).Credential(t, template, credtest.P256)}
			p := newPair(t, c)
			p.c.ans = offersAndAccepts(nil)
			p.secure()
			c.session = p.c.sess[0]
			for after, resumed := range map[time.Duration]bool{59 * time.Minute: true, 61 * time.Minute: false} {
				c.seed++
				again := newPair(t, c)
				again.c.ans, again.now = offersAndAccepts(c.session), again.now.Add(after)
				for range 4 {
					again.turn(again.c, again.s)
					again.turn(again.s, again.c)
				}
				if got := again.c.e.State().Resumed; got != resumed {
					t.Errorf("%v, application asked %v, after %v: resumed %v", v, asks, after, got)
				}
			}
		}
	}
}

// TestSessionWithoutChain: there is nothing to verify anew of a session that a key vouches for.
func TestSessionWithoutChain(t *testing.T) {
	c := baseConfig(t)
	p := pskPair(t, c, "key", "key").secure()
	c.session, c.seed = p.c.sess[0], 1
	c.client.AskVerify, c.client.Reverify, c.client.AskPSK, c.server.AskPSK = true, true, true, true
	again := newPair(t, c).secure() // which answers no VerifyQuery
	if st := again.c.e.State(); !st.Resumed || st.PSKIdentity != pskIdentity {
		t.Errorf("resumed %v, identity %q", st.Resumed, st.PSKIdentity)
	}
}

// TestStrangersIdentity: a server that asks for no certificates takes nobody's from a session.
func TestStrangersIdentity(t *testing.T) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		for _, mode := range []handshake.VerifyMode{handshake.VerifyRequired, handshake.VerifyRecord, handshake.VerifyNone} {
			for _, auth := range []handshake.ClientAuth{handshake.NoClientCert, handshake.RequestClientCert} {
				c := baseConfig(t)
				c.client.MaxVersion = v
				c.client.Credentials = []*cred.Credential{credtest.CA(t).Leaf(t, credtest.P256, "client")}
				c.server.ClientAuth, c.server.Verifier, c.server.Verify = handshake.RequestClientCert, credtest.CA(t).Verifier(), mode
				c.session = newPair(t, c).secure().c.sess[0]
				c.server.ClientAuth, c.seed = auth, 1
				st := newPair(t, c).secure().s.e.State()
				if asks := auth != handshake.NoClientCert; st.Resumed != asks || len(st.PeerCertificates) > 0 != asks {
					t.Errorf("%v, mode %v, policy %v: resumed %v, %d certificates", v, mode, auth, st.Resumed, len(st.PeerCertificates))
				}
			}
		}
	}
}

// TestSessionOfKeyAtServers: an identity that a key proved is one host's to know, and
// only while it goes by keys.
func TestSessionOfKeyAtServers(t *testing.T) {
	for _, row := range []struct {
		name string
		asks bool // for keys
		want bool
	}{{"example.org", true, true}, {"other.example", true, false}, {"example.org", false, false}} {
		c := baseConfig(t)
		c.client.Verify, c.client.Suites = handshake.VerifyNone, []*suites.Suite{suites.ByName("TLS_AES_128_GCM_SHA256")}
		p := pskPair(t, c, "key", "key").secure()
		s := *p.c.sess[0]
		s.ServerName = row.name // the client is the attacker
		c.name, c.session, c.seed, c.server.AskPSK = row.name, &s, 1, row.asks
		again := newPair(t, c)
		again.s.ans = func(e *handshake.Engine, q handshake.Query) bool {
			lookup, ok := q.(*handshake.PSKLookup)
			return ok && e.Answer(lookup.None()) == nil
		}
		if st := again.secure().s.e.State(); st.Resumed != row.want || (st.PSKIdentity != "") != row.want {
			t.Errorf("%+v: resumed %v, identity %q", row, st.Resumed, st.PSKIdentity)
		}
	}
}

// TestSessionNeverVerified: where verification is required now, a session of a server that
// nobody verified is not offered, although its chain would do.
func TestSessionNeverVerified(t *testing.T) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		c := baseConfig(t)
		c.client.MaxVersion, c.client.Verify = v, handshake.VerifyNone
		c.session = newPair(t, c).secure().c.sess[0]
		c.client.Verify, c.seed = handshake.VerifyRequired, 1
		if st := newPair(t, c).secure().c.e.State(); st.Resumed || !st.Verified {
			t.Errorf("%v: resumed %v, verified %v", v, st.Resumed, st.Verified)
		}
	}
}

// TestSuiteOfSessionDisabled: a suite that the server has given up is not brought back by a session.
func TestSuiteOfSessionDisabled(t *testing.T) {
	c := baseConfig(t)
	c.client.MaxVersion = record.TLS12
	strong, weak := suites.ByName("ECDHE-ECDSA-AES256-GCM-SHA384"), suites.ByName("ECDHE-ECDSA-AES128-GCM-SHA256")
	c.client.Suites, c.server.Suites = []*suites.Suite{weak, strong}, []*suites.Suite{weak, strong}
	c.session = newPair(t, c).secure().c.sess[0]
	c.server.Suites, c.seed = []*suites.Suite{strong}, 1
	if st := newPair(t, c).secure().s.e.State(); st.Resumed || st.Suite != strong {
		t.Errorf("resumed %v, %v", st.Resumed, st.Suite)
	}
}

// TestRenewedTicketDiesWithItsSession: a ticket that is renewed, for its key is no more the
// first, or in TLS 1.3 after each resumption, makes no session live on.
func TestRenewedTicketDiesWithItsSession(t *testing.T) {
	//= RFC 9846 §4.7.1 type=test
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		c := baseConfig(t)
		c.client.MaxVersion = v
		c.server.SessionLifetime = 2 * time.Hour
		c.session = newPair(t, c).secure().c.sess[0]
		c.server.TicketKeys, c.server.ResumptionTickets = append([]session.TicketKey{{9}}, ticketKey), 1
		for _, at := range []struct {
			after   time.Duration
			resumed bool
		}{{90 * time.Minute, true}, {119 * time.Minute, true}, {121 * time.Minute, false}} {
			c.seed++
			p := newPair(t, c)
			p.now = p.now.Add(at.after)
			if got := p.secure().s.e.State().Resumed; got != at.resumed {
				t.Errorf("%v after %v: resumed %v", v, at.after, got)
			}
			if len(p.c.sess) > 0 && at.resumed && c.seed == 1 {
				again := *p.c.sess[0]
				again.Lifetime = 7 * 24 * time.Hour // whatever the client makes of it
				c.session = &again
			}
			c.server.TicketKeys = c.server.TicketKeys[:1] // the first key alone is left: tickets of the renewal
		}
	}
}
