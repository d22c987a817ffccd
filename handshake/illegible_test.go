package handshake_test

import (
	"fmt"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/record"
)

// A session may come from a store, or in a ticket from another program of a fleet. One
// whose chain does not parse leads to a full handshake.

func illegible(s *session.Session) *session.Session {
	other := *s
	other.PeerChain, other.Certificates = [][]byte{[]byte("no certificate")}, nil
	return &other
}

// versionsAndModes runs a test for each version and way to verify.
func versionsAndModes(t *testing.T, f func(t *testing.T, v record.Version, set func(*handshake.Config))) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		for _, mode := range []handshake.VerifyMode{handshake.VerifyRequired, handshake.VerifyRecord, handshake.VerifyNone} {
			for _, asks := range []bool{false, true} {
				t.Run(fmt.Sprintf("%v/mode %v, asks %v", v, mode, asks), func(t *testing.T) {
					f(t, v, func(c *handshake.Config) { c.Verify, c.AskVerify = mode, asks })
				})
			}
		}
	}
}

// offersAndAccepts answers for the application.
func offersAndAccepts(s *session.Session) func(*handshake.Engine, handshake.Query) bool {
	return func(e *handshake.Engine, q handshake.Query) bool {
		switch q := q.(type) {
		case *handshake.SessionQuery:
			return e.Answer(q.Offer(s)) == nil
		case *handshake.VerifyQuery:
			return e.Answer(q.Accept(nil)) == nil
		}
		return false
	}
}

func TestIllegibleChainOfSession(t *testing.T) {
	versionsAndModes(t, func(t *testing.T, v record.Version, set func(*handshake.Config)) {
		c := baseConfig(t)
		c.client.MaxVersion, c.client.AskSession = v, true
		set(&c.client)
		c.client.Reverify = c.client.AskVerify || c.client.Verify != handshake.VerifyNone
		p := newPair(t, c)
		p.c.ans = offersAndAccepts(nil)
		p.secure()
		for _, s := range []*session.Session{p.c.sess[0], illegible(p.c.sess[0])} {
			c.seed++
			again := newPair(t, c)
			again.c.ans = offersAndAccepts(s)
			if resumed := again.secure().c.e.State().Resumed; resumed != (s == p.c.sess[0]) {
				t.Error("resumed", resumed)
			}
		}
	})
}

func TestIllegibleChainInTicket(t *testing.T) {
	versionsAndModes(t, func(t *testing.T, v record.Version, set func(*handshake.Config)) {
		c := baseConfig(t)
		c.client.MaxVersion = v
		c.client.Credentials = []*cred.Credential{credtest.CA(t).Leaf(t, credtest.P256, "client")}
		c.server.ClientAuth, c.server.Verifier = handshake.RequestClientCert, credtest.CA(t).Verifier()
		set(&c.server)
		p := newPair(t, c)
		p.s.ans = offersAndAccepts(nil)
		p.secure()
		state, _, ok := session.Open([]session.TicketKey{ticketKey}, p.c.sess[0].Ticket)
		own, err := session.Parse(state)
		if !ok || err != nil {
			t.Fatal(err)
		}
		for _, inside := range []*session.Session{own, illegible(own)} {
			key, s := ticketKey, *p.c.sess[0]
			s.Ticket = session.Seal(nil, &key, [16]byte{9}, inside.Marshal())
			c.session = &s
			c.seed++
			again := newPair(t, c)
			again.s.ans = offersAndAccepts(nil)
			if resumed := again.secure().s.e.State().Resumed; resumed != (inside == own) {
				t.Error("resumed", resumed)
			}
		}
	})
}
