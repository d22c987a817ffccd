package handshake_test

import (
	"bytes"
	"crypto/rsa"
	"fmt"
	"testing"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// legacy is what a scene up to TLS 1.2 may have beside: one suite of any kind
// and what goes with it. mallory then follows the scripts of bad_legacy_script_test.go.
type legacy struct {
	suite    string // OpenSSL's name; "": none of this
	etm      bool   // she offers, or answers, encrypt_then_mac
	byID     bool   // sessions are resumed by id, not by ticket
	rounds   int    // renegotiations
	asks     bool   // which the victim asks for, not she
	fragment uint8  // max_fragment_length that is offered and answered
}

func s10(state string) scene { return scene{v: record.TLS10, state: state} }
func s11(state string) scene { return scene{v: record.TLS11, state: state} }
func c10(state string) scene { return scene{client: true, v: record.TLS10, state: state} }
func c11(state string) scene { return scene{client: true, v: record.TLS11, state: state} }

// suited gives the suite.
func (s scene) suited(suite string) scene {
	s.leg.suite = suite
	if s.leg.parsed().Auth == suites.AuthRSA {
		s.kind = credtest.RSA2048
	}
	return s
}

func (s scene) etm() scene             { s.leg.etm = true; return s }
func (s scene) byID() scene            { s.leg.byID = true; return s }
func (s scene) again() scene           { s.leg.rounds++; return s }
func (s scene) asking() scene          { s.leg.asks = true; return s.again() }
func (s scene) fragment(n uint8) scene { s.leg.fragment = n; return s }

func (l *legacy) parsed() *suites.Suite {
	list, err := suites.Parse(l.suite + ":@SECLEVEL=0")
	if err != nil {
		panic(err)
	}
	for _, s := range list.Suites {
		if !s.TLS13() {
			return s
		}
	}
	panic("no suite " + l.suite)
}

func (l *legacy) String() string {
	text := l.suite
	for _, part := range []struct {
		on   bool
		name string
	}{{l.etm, " etm"}, {l.byID, " id"}, {l.rounds > 0 && !l.asks, " again"}, {l.asks, " asking"}} {
		if part.on {
			text += part.name
		}
	}
	return text
}

// configure sets the victim's Config.
func (l *legacy) configure(t testing.TB, s *scene, c *handshake.Config) {
	if l.suite == "" {
		return
	}
	suite := l.parsed()
	c.Suites, c.SecurityLevel, c.MinVersion, c.MaxVersion = []*suites.Suite{suite}, -1, s.v, s.v
	c.AskPSK = suite.Kx.PSK()
	if l.rounds > 0 && !l.asks {
		c.Renegotiation = handshake.AllowRenegotiation
	}
	if s.client {
		c.MaxFragmentLength = l.fragment
		if suite.Auth == suites.AuthNone {
			c.Verifier, c.Verify = nil, handshake.VerifyNone
		}
		return
	}
	c.DH = kx.ByID(kx.FFDHE2048)
	if suite.Auth == suites.AuthRSA {
		c.Credentials = []*cred.Credential{credtest.CA(t).Leaf(t, credtest.RSA2048, "example.org")}
	}
	if l.byID {
		c.TicketKeys, c.AskSession = nil, true
	}
}

// session is one that the victim would resume.
func (l *legacy) session(t testing.TB, s *scene) *session.Session {
	t.Helper()
	own := &session.Session{
		Version: s.v, Suite: l.parsed().ID, Secret: bytes.Repeat([]byte{0x5e}, 48), ExtendedMaster: true, ServerName: "example.org",
		Created: credtest.Now.Add(-time.Minute), Lifetime: time.Hour, MaxFragmentLength: l.fragment,
	}
	if s.client {
		own.PeerChain, own.Verified = credtest.CA(t).Leaf(t, s.kindOr(credtest.P256), "example.org").Chain, true
	}
	if l.byID {
		own.ID = bytes.Repeat([]byte{0x1d}, 32)
		return own
	}
	key := ticketKey
	own.Ticket = session.Seal(nil, &key, [16]byte{7}, own.Marshal())
	return own
}

func (s *scene) kindOr(k credtest.Kind) credtest.Kind {
	if s.kind != "" {
		return s.kind
	}
	return k
}

// The pre-shared key of scenes whose suite takes one.
var (
	herIdentity = []byte("mallory")
	herKey      = []byte("the key that mallory has")
)

// decide answers what a victim asks in such a scene.
func (p *mallory) decide() {
	var a handshake.Answer
	switch q := p.e.Query().(type) {
	case *handshake.SessionQuery:
		a = q.Offer(p.sess)
	case *handshake.SessionLookup:
		if a = q.Found(nil); p.sess != nil && bytes.Equal(q.ID, p.sess.ID) {
			a = q.Found(p.sess)
		}
	case *handshake.SessionStore:
		a = q.Stored()
	case *handshake.PSKQuery:
		p.old.hint, a = q.Hint, q.Offer(herIdentity, herKey)
	case *handshake.PSKLookup:
		if a = q.None(); bytes.Equal(q.Identities[0], herIdentity) {
			a = q.Found(0, herKey)
		}
	default:
		p.t.Fatalf("the victim asks %T", q)
	}
	if err := p.e.Answer(a); err != nil && p.e.Err() == nil {
		p.t.Fatal(err)
	}
	p.in = p.e.AppendOut(p.in)
}

// publicKey is the RSA key of the victim's certificate.
func (p *mallory) publicKey() *rsa.PublicKey {
	key, ok := cred.PublicKey(p.old.leaf).(*rsa.PublicKey)
	if !ok {
		p.t.Fatal(fmt.Errorf("the victim's key is a %T", cred.PublicKey(p.old.leaf)))
	}
	return key
}
