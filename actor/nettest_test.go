package actor_test

import (
	"net"
	"testing"

	"golang.org/x/net/nettest"

	"tacet/actor"
	"tacet/handshake"
	"tacet/record"
)

// TestConn runs the standard test of net.Conn over each kind of transport, both
// versions, both modes, with each end as the one that is tried hardest.
func TestConn(t *testing.T) {
	for _, l := range links() {
		for _, v := range versions {
			for _, pumped := range []bool{false, true} {
				for _, role := range []string{"client", "server"} {
					if testing.Short() && (role == "server" || l.name != "tcp" && l.name != "net.Pipe") {
						continue
					}
					t.Run(l.name+"/"+v.String()+mode(pumped)+"/"+role, func(t *testing.T) {
						t.Parallel()
						testConn(t, l, v, &actor.Config{Pumped: pumped}, role)
					})
				}
			}
		}
	}
}

func testConn(t *testing.T, l link, v record.Version, c *actor.Config, first string) {
	p := compile(t, v, func(_, server *handshake.Config) {
		if l.name == "wrapped" || l.name == "tls" {
			// BasicIO closes a TCP socket without reading: with tickets in it, or on
			// their way when the transport is not a socket of net's, that is a reset.
			// Close avoids it only if it knows the socket.
			server.Tickets = -1
		}
	})
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		a, b := l.make(t)
		client, server := p.pair(a, b, c)
		stop = func() {
			a.Close() // first, for nobody reads what Close has to say
			b.Close()
			client.Close()
			server.Close()
		}
		err = handshakeBoth(client, server)
		if first == "server" {
			return server, client, stop, err
		}
		return client, server, stop, err
	})
}

func mode(pumped bool) string {
	if pumped {
		return "/pumped"
	}
	return "/borrowed"
}
