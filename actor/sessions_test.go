package actor_test

import (
	"testing"

	"tacet/actor"
	"tacet/handshake/session"
	"tacet/record"
)

// TestSessionCache: the newest first, TLS 1.3 once, four a name, the names used last.
func TestSessionCache(t *testing.T) {
	//= RFC 9846 §C.4 type=test
	c := actor.NewSessionCache(2)
	put := func(name string, v record.Version, n int) []*session.Session {
		made := make([]*session.Session, n)
		for i := range made {
			made[i] = &session.Session{Version: v, ServerName: name}
			c.Put(name, made[i])
		}
		return made
	}
	a := put("a", record.TLS13, 6)
	for i := range 4 {
		if got := c.Get("a"); got != a[5-i] {
			t.Errorf("Get %d: not the newest that is left", i)
		}
	}
	if c.Get("a") != nil || c.Get("none") != nil {
		t.Error("a session from nowhere")
	}
	b := put("b", record.TLS12, 1)
	for range 2 {
		if c.Get("b") != b[0] {
			t.Error("a TLS 1.2 session is not kept")
		}
	}
	put("c", record.TLS12, 1)
	c.Get("b")
	put("d", record.TLS12, 1)
	if c.Get("c") != nil || c.Get("b") == nil || c.Get("d") == nil {
		t.Error("not the name used least lately was dropped")
	}
}
