package handshake_test

import (
	"testing"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
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
