package actor_test

import (
	"math/rand"
	"testing"

	"tacet/actor"
	"tacet/record"
)

// TestRoundTrip sends a stream of odd pieces both ways at once over each kind of
// transport, in both modes. The first Read or Write makes the handshake.
func TestRoundTrip(t *testing.T) {
	want := make([]byte, 300_000)
	rand.New(rand.NewSource(1)).Read(want)
	for _, l := range links() {
		t.Run(l.name, func(t *testing.T) {
			eachMode(t, func(t *testing.T, v record.Version, c *actor.Config) {
				a, b := l.make(t)
				client, server := compile(t, v, nil).pair(a, b, c)
				exchange(t, odd{client}, odd{server}, want)
				if got := client.State().Version; got != v {
					t.Errorf("version %v, want %v", got, v)
				}
				for _, c := range []*actor.Conn{client, server} {
					if err := c.Close(); err != nil {
						t.Error(err)
					}
				}
			})
		})
	}
}

// odd is a connection that writes in pieces of 1, 4, 13, 40 … bytes.
type odd struct{ *actor.Conn }

func (o odd) Write(p []byte) (n int, err error) {
	for piece := 1; n < len(p) && err == nil; piece = piece*3 + 1 {
		var m int
		m, err = o.Conn.Write(p[n:min(n+piece, len(p))])
		n += m
	}
	return n, err
}
