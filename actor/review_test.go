package actor_test

import (
	"context"
	"crypto"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// drainAll reads c to its end in a goroutine of its own.
func drainAll(wg *sync.WaitGroup, c *actor.Conn) {
	wg.Go(func() { _, _ = io.Copy(io.Discard, c) })
}

// TestDoOnBothEnds has both ends of a pipe write from Do at once: each must go
// on reading what the other writes.
func TestDoOnBothEnds(t *testing.T) {
	for _, pumped := range []bool{false, true} {
		inBubble(t, record.TLS13, &actor.Config{Pumped: pumped}, func(t *testing.T, client, server *actor.Conn) {
			var readers, doers sync.WaitGroup
			drainAll(&readers, client)
			drainAll(&readers, server)
			synctest.Wait()
			for _, c := range []*actor.Conn{client, server} {
				doers.Go(func() {
					err := c.Do(t.Context(), func(e *handshake.Engine) error { return e.UpdateKeys(false) })
					if err != nil {
						t.Error(err)
					}
				})
			}
			doers.Wait()
			client.Close()
			server.Close()
			readers.Wait()
		})
	}
}

// TestDoAbort ends the connection within Do: the peer is told, and both ends
// stay dead.
func TestDoAbort(t *testing.T) {
	eachMode(t, func(t *testing.T, v record.Version, c *actor.Config) {
		inBubble(t, v, c, func(t *testing.T, client, server *actor.Conn) {
			told := make(chan error, 1)
			go func() {
				_, err := server.Read(make([]byte, 1))
				told <- err
			}()
			err := client.Do(t.Context(), func(e *handshake.Engine) error {
				e.Abort(record.AlertAccessDenied)
				return nil
			})
			if !errors.Is(err, handshake.KindAborted) {
				t.Errorf("Do: %v", err)
			}
			if err := <-told; !errors.Is(err, record.AlertAccessDenied) {
				t.Errorf("server: %v", err)
			}
			if _, err := client.Read(make([]byte, 1)); !errors.Is(err, handshake.KindAborted) {
				t.Errorf("Read: %v", err)
			}
			if _, err := client.Write(make([]byte, 1)); !errors.Is(err, handshake.KindAborted) {
				t.Errorf("Write: %v", err)
			}
		})
	})
}

// TestDoGivenUpLeavesReader asks for a role with a context that has ended: a
// blocked Read, which has no deadline, must not fail by it.
func TestDoGivenUpLeavesReader(t *testing.T) {
	eachMode(t, func(t *testing.T, v record.Version, c *actor.Config) {
		inBubble(t, v, c, func(t *testing.T, client, server *actor.Conn) {
			type result struct {
				n   int
				err error
			}
			read := make(chan result, 1)
			go func() {
				n, err := client.Read(make([]byte, 1))
				read <- result{n, err}
			}()
			synctest.Wait()
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			for range 100 {
				_ = client.Do(ctx, func(*handshake.Engine) error { return nil })
			}
			synctest.Wait()
			if _, err := server.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			if r := <-read; r.n != 1 || r.err != nil {
				t.Errorf("Read: %d, %v", r.n, r.err)
			}
		})
	})
}

// TestDetachEndsPump detaches while the pump holds plaintext that nobody reads:
// its goroutine must end without Close (the bubble sees to it).
func TestDetachEndsPump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		client, server := compile(t, record.TLS13, unverified).connect(t, a, b, &actor.Config{Pumped: true})
		if _, err := server.Write([]byte("unread")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		d, err := client.Detach(t.Context())
		if err != nil || string(d.Plaintext) != "unread" {
			t.Fatalf("%q, %v", d.Plaintext, err)
		}
		if err := client.Do(t.Context(), func(*handshake.Engine) error { return nil }); !errors.Is(err, actor.ErrDetached) {
			t.Errorf("Do: %v", err)
		}
		if err := client.SetDeadline(time.Unix(1, 0)); !errors.Is(err, actor.ErrDetached) {
			t.Errorf("SetDeadline: %v", err)
		}
		go server.NetConn().Read(make([]byte, 1))
		if _, err := d.Transport.Write([]byte("x")); err != nil {
			t.Errorf("the transport after SetDeadline of the connection: %v", err)
		}
		d.Transport.Close()
		server.Close()
	})
}

// TestAnswerPanics has the application's Answer panic: the panic must reach the
// caller of Handshake, and leave a connection that can be closed.
func TestAnswerPanics(t *testing.T) {
	a, b := net.Pipe()
	p := compile(t, record.TLS13, func(_, server *handshake.Config) { server.AskHello = true })
	client := actor.Client(a, p.client, serverName, nil)
	server := actor.Server(b, p.server, &actor.Config{
		Answer: func(context.Context, handshake.Query) (handshake.Answer, bool) { panic("application") },
	})
	done := make(chan error, 1)
	go func() { done <- client.Handshake() }()
	func() {
		defer func() {
			if r := recover(); r != "application" {
				t.Errorf("recovered %v", r)
			}
		}()
		_ = server.Handshake()
	}()
	if server.State() == nil {
		t.Error("somebody still drives the handshake")
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err == nil {
		t.Error("client's handshake succeeded")
	}
	client.Close()
}

// TestCloseFreesWaiters closes while Answer ignores its context: who waits for
// the handshake must not wait for that.
func TestCloseFreesWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		p := compile(t, record.TLS13, func(client, server *handshake.Config) {
			unverified(client, server)
			server.AskHello = true
		})
		release := make(chan struct{})
		client := actor.Client(a, p.client, serverName, nil)
		server := actor.Server(b, p.server, &actor.Config{
			Answer: func(context.Context, handshake.Query) (handshake.Answer, bool) {
				<-release
				return handshake.Answer{}, false
			},
		})
		var driver sync.WaitGroup
		driver.Go(func() { _ = server.Handshake() })
		driver.Go(func() { _ = client.Handshake() })
		synctest.Wait()
		results := make(chan error, 2)
		go func() { _, err := server.Read(make([]byte, 1)); results <- err }()
		go func() { _, err := server.Write(make([]byte, 1)); results <- err }()
		synctest.Wait()
		server.Close()
		synctest.Wait()
		select {
		case err := <-results:
			if !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
			if err := <-results; !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		default:
			t.Error("Read and Write wait for an application that takes its time")
		}
		close(release)
		driver.Wait()
		client.Close()
	})
}

// needy is a key of its own kind that needs randomness, and more than one salt.
type needy struct{ crypto.Signer }

func (k needy) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if rand == nil {
		return nil, errors.New("no randomness")
	}
	if _, err := io.ReadFull(rand, make([]byte, 1000)); err != nil {
		return nil, err
	}
	return k.Signer.Sign(rand, digest, opts)
}

// TestForeignSigner signs by default with keys that are not of the standard
// library and need randomness.
func TestForeignSigner(t *testing.T) {
	for _, kind := range []credtest.Kind{credtest.P256, credtest.RSA2048} {
		for _, v := range versions {
			p := compile(t, v, func(_, server *handshake.Config) {
				own := *credtest.CA(t).Leaf(t, kind, serverName)
				own.Key = needy{own.Key}
				server.Credentials = []*cred.Credential{&own}
			})
			a, b := tcpLink(t)
			p.connect(t, a, b, nil)
		}
	}
}

// TestFailedHandshakeState asks for the state of a handshake that failed after
// the peer's certificate was accepted: nobody has proved to be the peer.
func TestFailedHandshakeState(t *testing.T) {
	p := compile(t, record.TLS12, nil)
	a, b := net.Pipe()
	client, server := p.pair(&firstReadOnly{Conn: a}, b, nil)
	served := make(chan error, 1)
	go func() { served <- server.Handshake() }()
	if err := client.Handshake(); !errors.Is(err, handshake.KindTruncated) {
		t.Errorf("client: %v", err)
	}
	s := client.State()
	if s == nil || len(s.PeerCertificates) == 0 {
		t.Fatal("no certificates in the state")
	}
	if s.Verified || s.VerifiedChains != nil {
		t.Error("the state of a failed handshake says that the peer is verified")
	}
	client.Close()
	<-served
	server.Close()
}

// firstReadOnly ends after one Read: a server's first flight.
type firstReadOnly struct {
	net.Conn
	done bool
}

func (f *firstReadOnly) Read(p []byte) (int, error) {
	if f.done {
		return 0, io.EOF
	}
	f.done = true
	return f.Conn.Read(p)
}

// TestWriteCountsWhatWentOut breaks the transport under a Write: what was not
// taken is not counted.
func TestWriteCountsWhatWentOut(t *testing.T) {
	for _, v := range versions {
		a, b := net.Pipe()
		f := &faulty{Conn: a, read: -1, write: -1}
		client, server := compile(t, v, nil).connect(t, f, b, nil)
		go io.Copy(io.Discard, server)
		f.mu.Lock()
		f.write = 300_000
		f.mu.Unlock()
		n, err := client.Write(make([]byte, 1<<20))
		if !errors.Is(err, errFault) || n > 300_000 {
			t.Errorf("Write: %d, %v; the transport took 300000 bytes", n, err)
		}
		a.Close()
		b.Close()
	}
}

// endsAlways is a transport that says io.EOF also when it is closed here.
type endsAlways struct{ net.Conn }

func (e endsAlways) Read(p []byte) (int, error) {
	n, err := e.Conn.Read(p)
	if errors.Is(err, io.ErrClosedPipe) {
		err = io.EOF
	}
	return n, err
}

// TestOwnCloseIsNoEnd closes a transport that then says io.EOF: a blocked Read
// returns net.ErrClosed, and never io.EOF.
func TestOwnCloseIsNoEnd(t *testing.T) {
	eachMode(t, func(t *testing.T, v record.Version, c *actor.Config) {
		c.AcceptTruncation = true
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			client, server := compile(t, v, unverified).connect(t, endsAlways{a}, b, c)
			go io.Copy(io.Discard, server)
			read := make(chan error, 1)
			go func() { _, err := client.Read(make([]byte, 1)); read <- err }()
			synctest.Wait()
			client.Close()
			if err := <-read; !errors.Is(err, net.ErrClosed) {
				t.Errorf("Read: %v", err)
			}
			server.Close()
		})
	})
}
