package handshake

import (
	"testing"
	"time"

	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
)

// TestMayOffer: what keeps a client from offering a session, one thing a row.
func TestMayOffer(t *testing.T) {
	old := named("ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA")
	new13 := named("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384")
	for _, row := range []struct {
		name string
		set  func(c *Config, s *session.Session)
		want bool
	}{
		{"TLS 1.2, by ticket", func(c *Config, s *session.Session) {}, true},
		{"TLS 1.2, by id", func(c *Config, s *session.Session) { s.Ticket, s.ID = nil, []byte("id") }, true},
		{"by id, where no tickets are wanted", func(c *Config, s *session.Session) { s.Ticket, s.ID, c.Tickets = nil, []byte("id"), -1 }, true},
		{"TLS 1.3", func(c *Config, s *session.Session) {
			s.Version, s.Suite, s.Secret = record.TLS13, new13[0].ID, make([]byte, 32)
		}, true},
		{"TLS 1.1", func(c *Config, s *session.Session) { s.Version, c.MinVersion = record.TLS11, record.TLS11 }, true},
		{"below the least version", func(c *Config, s *session.Session) { s.Version = record.TLS11 }, false},
		{"above the greatest", func(c *Config, s *session.Session) { c.MinVersion, c.MaxVersion = record.TLS11, record.TLS11 }, false},
		{"by nothing", func(c *Config, s *session.Session) { s.Ticket = nil }, false},
		{"by ticket, where none is wanted", func(c *Config, s *session.Session) { c.Tickets = -1 }, false},
		{"another name", func(c *Config, s *session.Session) { s.ServerName = "other.example" }, false},
		{"expired", func(c *Config, s *session.Session) { s.Created = credtest.Now.Add(-2 * time.Hour) }, false},
		{"a suite that is not enabled", func(c *Config, s *session.Session) { c.Suites = append(old[1:2:2], new13...) }, false},
		{"no suite of its hash", func(c *Config, s *session.Session) {
			s.Version, s.Suite, s.Secret, c.Suites = record.TLS13, new13[0].ID, make([]byte, 32), append(old[:2:2], new13[1])
		}, false},
		{"another max_fragment_length", func(c *Config, s *session.Session) { c.MaxFragmentLength = 1 }, false},
		{"nobody was verified", func(c *Config, s *session.Session) { c.Verify = VerifyRequired }, false},
	} {
		c := Config{Verifier: credtest.CA(t).Verifier(), Verify: VerifyNone, SecurityLevel: -1, Suites: append(old[:2:2], new13...), Groups: []kx.Group{kx.ByID(kx.X25519)}}
		s := session.Session{Version: record.TLS12, Suite: old[0].ID, Secret: make([]byte, 48), Ticket: []byte("a ticket"),
			ServerName: "example.org", Created: credtest.Now, Lifetime: time.Hour}
		row.set(&c, &s)
		p, err := c.CompileClient()
		if err != nil {
			t.Fatal(row.name, err)
		}
		fx := &effects{profile: &p.profile, conn: &ConnectionState{Client: true, ServerName: "example.org"}, now: credtest.Now}
		if got := fx.mayOffer(&s); got != row.want {
			t.Errorf("%s: %v", row.name, got)
		}
		if fx.before = new(before); fx.mayOffer(&s) {
			t.Errorf("%s: offered when it renegotiates", row.name)
		}
	}
}
