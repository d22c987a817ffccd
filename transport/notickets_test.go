package transport

import "testing"

// TestNoTicketsForKeys: a server whose options say that there are no tickets makes none,
// whatever keys it is given.
func TestNoTicketsForKeys(t *testing.T) {
	for _, row := range []struct {
		options SecureOptions
		tickets bool
	}{{0, true}, {OpNoTicket, false}} {
		s, err := NewServer(ServerOptions{SecureContextOptions: SecureContextOptions{SecureOptions: row.options}})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if keys := s.TicketKeys(); (len(keys) > 0) != row.tickets {
				t.Errorf("options %x: keys %x", row.options, keys)
			}
			if err := s.SetTicketKeys(make([]byte, 48)); err != nil {
				t.Fatal(err)
			}
		}
	}
}
