package actor

import (
	"testing"

	"tacet/handshake"
	"tacet/handshake/session"
)

// dropping is told what is dropped, and has every session that it is asked for.
type dropping struct{ dropped string }

func (*dropping) Load(id []byte) *session.Session { return &session.Session{ID: id} }
func (*dropping) Store(*session.Session)          {}
func (d *dropping) Drop(id []byte)                { d.dropped += string(id) }

// TestOfferedIsNotOwn: an id that a client names is not the connection's session, whatever the
// handshake before has come to, until its own handshake is complete and resumed.
func TestOfferedIsNotOwn(t *testing.T) {
	const own, others, made = "own", "another's", "made"
	full, resumed := &handshake.ConnectionState{}, &handshake.ConnectionState{Resumed: true}
	look := func(id string) func(*Conn) {
		return func(c *Conn) { c.lookUp(&handshake.SessionLookup{ID: []byte(id)}) }
	}
	end := func(s *handshake.ConnectionState) func(*Conn) { return func(c *Conn) { c.own(s) } }
	keep := func(c *Conn) { c.keepSession(&handshake.SessionStore{Session: &session.Session{ID: []byte(made)}}) }
	for _, row := range []struct {
		name string
		what []func(*Conn)
		gone string
	}{
		{"named in a first handshake", []func(*Conn){look(others)}, ""},
		{"named, and a ticket in its place", []func(*Conn){look(others), end(full)}, ""},
		{"named, and another made", []func(*Conn){look(others), keep, end(full)}, made},
		{"made in a handshake that is not complete", []func(*Conn){keep}, ""},
		{"resumed", []func(*Conn){look(own), end(resumed)}, own},
		{"resumed, and another's named", []func(*Conn){look(own), end(resumed), look(others)}, own},
		{"made, and another's named", []func(*Conn){keep, end(full), look(others)}, made},
		{"resumed, and another's named in a full handshake", []func(*Conn){look(own), end(resumed), look(others), end(full)}, own},
		{"another's named, and then a ticket resumed", []func(*Conn){look(others), end(full), end(resumed)}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			var store dropping
			c := &Conn{cfg: &Config{ServerSessions: &store}}
			for _, f := range row.what {
				f(c)
			}
			if c.forget(&handshake.Error{Sent: true}); store.dropped != row.gone {
				t.Errorf("dropped %q, want %q", store.dropped, row.gone)
			}
		})
	}
}
