package actor_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"
	"testing/synctest"

	"tacet/actor"
	"tacet/handshake"
	"tacet/record"
)

// stream writes total bytes in pieces; between them it asks for key updates.
func stream(c *actor.Conn, total, piece int, update bool) error {
	for sent := 0; sent < total; sent += piece {
		if _, err := c.Write(make([]byte, piece)); err != nil {
			return err
		}
		if !update {
			continue
		}
		if err := c.UpdateKeys(true); err != nil {
			return err
		}
	}
	return c.CloseWrite()
}

// TestBothWriteAtOnce has both ends write on a pipe without buffer, each with a
// reader of its own, while key updates ask for answers both ways.
func TestBothWriteAtOnce(t *testing.T) {
	eachMode(t, func(t *testing.T, v record.Version, c *actor.Config) {
		inBubble(t, v, c, func(t *testing.T, client, server *actor.Conn) {
			results := make(chan error, 4)
			for _, end := range []*actor.Conn{client, server} {
				go func() { results <- stream(end, 1<<20, 100_000, v == record.TLS13) }()
				go func() {
					_, err := io.Copy(io.Discard, end)
					results <- err
				}()
			}
			for range 4 {
				if err := <-results; err != nil {
					t.Error(err)
				}
			}
		})
	})
}

// TestKeyUpdateUnderBlockedWrite asks a peer that is blocked in Write for a
// KeyUpdate: its reader must go on, and the answer must come with the next data.
func TestKeyUpdateUnderBlockedWrite(t *testing.T) {
	//= RFC 9846 §4.7.3 type=test
	updated := make(chan struct{}, 10)
	c := &actor.Config{OnEvent: func(ev handshake.Event) {
		if ev.Kind == handshake.KeyUpdated {
			updated <- struct{}{}
		}
	}}
	inBubble(t, record.TLS13, c, func(t *testing.T, client, server *actor.Conn) {
		go io.ReadFull(client, make([]byte, 1)) // takes the tickets, blocks no more
		go server.Write([]byte("t"))
		synctest.Wait()
		blocked := make(chan error, 1)
		go func() {
			_, err := server.Write(make([]byte, 1<<20))
			blocked <- err
		}()
		got := make(chan error, 1)
		go func() {
			_, err := io.ReadFull(server, make([]byte, 5))
			got <- err
		}()
		synctest.Wait()
		if err := client.UpdateKeys(true); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		if err := <-got; err != nil {
			t.Fatal(err)
		}
		<-updated // the server took the client's
		if n, err := io.ReadFull(client, make([]byte, 1<<20)); err != nil {
			t.Fatalf("after %d bytes: %v", n, err)
		}
		if err := <-blocked; err != nil {
			t.Fatal(err)
		}
		select {
		case <-updated: // the client took the server's answer
		default:
			t.Error("the KeyUpdate was not answered")
		}
	})
}

// TestKeyUpdateIsAnsweredOnce asks a peer that reads many times: one answer goes
// before its next data (RFC 9846 §4.7.3), and none without data.
func TestKeyUpdateIsAnsweredOnce(t *testing.T) {
	//= RFC 9846 §4.7.3 type=test
	eachMode(t, func(t *testing.T, v record.Version, c *actor.Config) {
		if v != record.TLS13 {
			t.Skip("TLS 1.3 only")
		}
		updated := make(chan struct{}, 10)
		c.OnEvent = func(ev handshake.Event) {
			if ev.Kind == handshake.KeyUpdated {
				updated <- struct{}{}
			}
		}
		inBubble(t, v, c, func(t *testing.T, client, server *actor.Conn) {
			go io.Copy(io.Discard, server)
			for range 3 {
				if err := client.UpdateKeys(true); err != nil {
					t.Fatal(err)
				}
				<-updated // the server took the client's
			}
			written := make(chan error, 1)
			go func() {
				_, err := server.Write([]byte("x"))
				written <- err
			}()
			if _, err := io.ReadFull(client, make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			if err := <-written; err != nil {
				t.Fatal(err)
			}
			if n := len(updated); n != 1 {
				t.Errorf("%d answers to three requests", n)
			}
			client.CloseWrite()
		})
	})
}

// TestConcurrentWritesDoNotMix has many goroutines write whole pieces of one byte value.
func TestConcurrentWritesDoNotMix(t *testing.T) {
	a, b := tcpLink(t)
	client, server := compile(t, record.TLS13, nil).connect(t, a, b, nil)
	const writers, pieces, size = 8, 20, 3000
	results := make(chan error, writers)
	for w := range writers {
		go func() {
			piece := make([]byte, size)
			for i := range piece {
				piece[i] = byte(w)
			}
			var err error
			for range pieces {
				_, werr := client.Write(piece)
				err = errors.Join(err, werr)
			}
			results <- err
		}()
	}
	piece := make([]byte, size)
	for range writers * pieces {
		if _, err := io.ReadFull(server, piece); err != nil {
			t.Fatal(err)
		}
		for _, x := range piece {
			if x != piece[0] {
				t.Fatal("two writes are mixed")
			}
		}
	}
	for range writers {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

// TestEventsOfBothDirections traces what is sent and received after the handshake.
func TestEventsOfBothDirections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		p := compile(t, record.TLS13, func(client, server *handshake.Config) {
			unverified(client, server)
			client.Trace = true
		})
		var seen []string
		client := actor.Client(a, p.client, serverName, &actor.Config{OnEvent: func(ev handshake.Event) {
			if ev.Kind == handshake.MessageSent || ev.Kind == handshake.MessageReceived {
				seen = append(seen, fmt.Sprint(ev.Kind, ev.Type, ev.Data[0]))
			}
		}})
		server := actor.Server(b, p.server, nil)
		if err := handshakeBoth(client, server); err != nil {
			t.Fatal(err)
		}
		seen = nil
		go io.Copy(io.Discard, server)
		if err := client.UpdateKeys(false); err != nil {
			t.Fatal(err)
		}
		if err := client.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		want := []string{fmt.Sprint(handshake.MessageSent, record.TypeHandshake, 24), fmt.Sprint(handshake.MessageSent, record.TypeAlert, 1)}
		if !slices.Equal(seen, want) {
			t.Errorf("%q, want %q", seen, want)
		}
		client.Close()
		server.Close()
	})
}
