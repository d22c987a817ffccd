package actor_test

import (
	"bytes"
	"io"
	"math/rand"
	"testing"

	"tacet/record"
)

// TestRoundTrip sends a stream of odd pieces both ways at once over each kind of transport.
func TestRoundTrip(t *testing.T) {
	for _, l := range links() {
		for _, v := range []record.Version{record.TLS12, record.TLS13} {
			t.Run(l.name+"/"+v.String(), func(t *testing.T) {
				a, b := l.make(t)
				client, server := compile(t, v, nil).pair(a, b, nil)
				want := make([]byte, 300_000)
				rand.New(rand.NewSource(1)).Read(want)
				results := make(chan error, 4)
				send := func(w interface {
					io.Writer
					CloseWrite() error
				}) {
					for rest, n := want, 1; len(rest) > 0; n = n*3 + 1 {
						m, err := w.Write(rest[:min(n, len(rest))])
						if err != nil {
							results <- err
							return
						}
						rest = rest[m:]
					}
					results <- w.CloseWrite()
				}
				receive := func(r io.Reader) {
					got, err := io.ReadAll(r)
					if err == nil && !bytes.Equal(got, want) {
						t.Errorf("got %d bytes, which are not the %d sent", len(got), len(want))
					}
					results <- err
				}
				go send(client)
				go send(server)
				go receive(client)
				go receive(server)
				for range 4 {
					if err := <-results; err != nil {
						t.Error(err)
					}
				}
				if got := client.State().Version; got != v {
					t.Errorf("version %v, want %v", got, v)
				}
				for _, c := range []io.Closer{client, server} {
					if err := c.Close(); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}
