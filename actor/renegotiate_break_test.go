package actor_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"tacet/actor"
	"tacet/record"
)

// stalled runs f in a bubble with a side that waits in a renegotiation for a peer that does
// not read, and what its calls come to. That all goroutines end is the bubble's to see.
func stalled(t *testing.T, f func(t *testing.T, waits, peer *actor.Conn, transport net.Conn, calls map[string]chan error)) {
	renewing(t, func(t *testing.T, c *actor.Config, byServer bool) {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			p := compile(t, record.TLS12, renewable)
			waits, peer := actor.Client(a, p.client, serverName, c), actor.Server(b, p.server, nil)
			if byServer {
				waits, peer = actor.Server(a, p.server, c), actor.Client(b, p.client, serverName, nil)
			}
			if err := handshakeBoth(waits, peer); err != nil {
				t.Fatal(err)
			}
			calls := map[string]chan error{}
			for _, call := range []struct {
				name string
				f    func() error
			}{
				{"Renegotiate", func() error { return waits.Renegotiate(t.Context(), nil) }},
				{"Read", func() error { _, err := waits.Read(make([]byte, 1)); return err }},
				{"Write", func() error { _, err := waits.Write(make([]byte, 1)); return err }},
			} {
				done := make(chan error, 1)
				calls[call.name] = done
				go func() { done <- call.f() }()
				synctest.Wait()
			}
			f(t, waits, peer, b, calls)
			waits.Close()
			peer.Close()
		})
	})
}

// TestCloseInRenegotiation breaks all calls off, and takes no longer than last words may.
func TestCloseInRenegotiation(t *testing.T) {
	stalled(t, func(t *testing.T, waits, _ *actor.Conn, _ net.Conn, calls map[string]chan error) {
		begun := time.Now()
		if err := waits.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took > 11*time.Second {
			t.Errorf("Close took %v", took)
		}
		for name, done := range calls {
			if err := <-done; !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestTransportFailsInRenegotiation ends all calls, and those to come.
func TestTransportFailsInRenegotiation(t *testing.T) {
	stalled(t, func(t *testing.T, waits, _ *actor.Conn, transport net.Conn, calls map[string]chan error) {
		transport.Close()
		for name, done := range calls {
			if err := <-done; err == nil {
				t.Errorf("%s came to a good end", name)
			}
		}
		if _, err := waits.Read(make([]byte, 1)); err == nil {
			t.Error("Read came to a good end")
		}
		if _, err := waits.Write(make([]byte, 1)); err == nil {
			t.Error("Write came to a good end")
		}
	})
}

// TestDeadlinesInRenegotiation end the calls they are for; the renegotiation goes on once the
// peer reads, and so does Write.
func TestDeadlinesInRenegotiation(t *testing.T) {
	stalled(t, func(t *testing.T, waits, peer *actor.Conn, _ net.Conn, calls map[string]chan error) {
		waits.SetDeadline(time.Now().Add(time.Second))
		time.Sleep(2 * time.Second) // of the bubble's
		for _, name := range []string{"Read", "Write"} {
			if err := <-calls[name]; !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: %v", name, err)
			}
		}
		waits.SetDeadline(time.Time{})
		go io.Copy(io.Discard, peer)
		if _, err := waits.Write([]byte("x")); err != nil { // and what the deadline kept from going out
			t.Errorf("Write: %v", err)
		}
		if err := <-calls["Renegotiate"]; err != nil {
			t.Errorf("Renegotiate: %v", err)
		}
		if n, err := waits.Write(make([]byte, 100)); n != 100 || err != nil {
			t.Errorf("Write: %d, %v", n, err)
		}
	})
}
