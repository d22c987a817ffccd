package actor_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/record"
)

// TestHelloRequestOutlastsDeadline has a write deadline pass while nobody takes the
// HelloRequest: it is not for that, and no other Write is needed for it to go out.
func TestHelloRequestOutlastsDeadline(t *testing.T) {
	for _, emulated := range []bool{false, true} {
		for _, pumped := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				var x, y actor.Transport = a, b
				if emulated {
					x, y = bare(a), bare(b)
				}
				p := compile(t, record.TLS12, renewable)
				client, server := actor.Client(x, p.client, serverName, nil), actor.Server(y, p.server, &actor.Config{Pumped: pumped})
				if err := handshakeBoth(client, server); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				server.SetWriteDeadline(time.Now().Add(time.Second))
				done := make(chan error, 1)
				go func() { done <- server.Renegotiate(t.Context(), nil) }()
				time.Sleep(2 * time.Second)
				go io.Copy(io.Discard, client)
				if err := <-done; err != nil {
					t.Error(err)
				}
				client.Close()
				server.Close()
			})
		}
	}
}

// slow is a transport that lets all others go on before it reads: in a bubble, where time
// passes when nothing moves.
type slow struct{ net.Conn }

func (s slow) Read(p []byte) (int, error) {
	time.Sleep(time.Millisecond)
	return s.Conn.Read(p)
}

// TestWriteCountsThroughRenegotiations fails the transport at each write while a long Write is
// broken off again and again: what it counts the transport took.
func TestWriteCountsThroughRenegotiations(t *testing.T) {
	const all = 1 << 20
	p := compile(t, record.TLS12, renewable)
	at := func(t *testing.T, f fault, n int) (came bool, handshakes int32) {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			v := newValve(a, b, f, false, n)
			var secure atomic.Int32
			cfg := &actor.Config{OnEvent: func(ev handshake.Event) {
				if ev.Kind == handshake.Secure {
					secure.Add(1)
				}
			}}
			client, server := actor.Client(v, p.client, serverName, nil), actor.Server(slow{b}, p.server, cfg)
			if err := handshakeBoth(client, server); err != nil {
				t.Fatal(err)
			}
			v.arm(true)
			go io.Copy(io.Discard, client)
			received := make(chan []byte)
			go func() {
				for range 4 { // reading no more than it takes
					synctest.Wait()
					_ = server.Renegotiate(context.Background(), nil)
				}
				got, _ := io.ReadAll(server)
				received <- got
			}()
			wrote, err := client.Write(pattern(all, 3))
			select {
			case <-v.hit:
				came = true
			default:
			}
			if (err != nil) != came || err == nil && wrote != all {
				t.Errorf("Write: %d, %v", wrote, err)
			}
			client.Close()
			got := <-received
			if len(got) < wrote || !bytes.HasPrefix(pattern(all, 3), got) {
				t.Errorf("write %d, %v: Write counts %d bytes, of which %d came, or others: %v", n, f, wrote, len(got), err)
			}
			server.Close()
			handshakes = secure.Load()
		})
		return came, handshakes
	}
	for _, f := range []fault{fail, failPart} {
		most := int32(0)
		for n, came := 0, true; came && n < 100; n++ {
			var handshakes int32
			came, handshakes = at(t, f, n)
			most = max(most, handshakes)
		}
		if most != 5 {
			t.Errorf("%d handshakes at most", most)
		}
	}
}

// TestCloseTellsThroughRenegotiation closes at any point of a renegotiation that nothing holds
// up: the peer is told, by close_notify, whoever asked and however far it has come.
func TestCloseTellsThroughRenegotiation(t *testing.T) {
	renewing(t, func(t *testing.T, c *actor.Config, byServer bool) {
		p := compile(t, record.TLS12, renewable)
		for n := range 200 {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				starter, other := p.connect(t, a, b, c)
				if byServer {
					starter, other = other, starter
				}
				closes, told := starter, other
				if n%2 == 0 {
					closes, told = other, starter
				}
				go io.Copy(io.Discard, closes)
				ended := make(chan error, 1)
				go func() {
					_, err := told.Read(make([]byte, 1))
					ended <- err
				}()
				synctest.Wait()
				go starter.Renegotiate(context.Background(), nil)
				closed := make(chan struct{})
				go func() {
					for range n / 2 {
						starter.State() // let it come a bit further
					}
					closes.Close()
					close(closed)
				}()
				if err := <-ended; err != io.EOF {
					t.Errorf("round %d: %v", n, err)
				}
				<-closed
				told.Close()
			})
		}
	})
}

// TestCloseOvertakesRenegotiation closes in the moment in which a renegotiation begins: the peer
// is told, also if a Write was in flight, behind what a deadline has left.
func TestCloseOvertakesRenegotiation(t *testing.T) {
	for i := range 8 * 32 { // who comes first is decided anew each time
		c, writes, left := &actor.Config{Pumped: i&1 != 0}, i&2 != 0, i&4 != 0
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			client, server := compile(t, record.TLS12, renewable).connect(t, a, b, c)
			want := ""
			if left && !c.Pumped { // a pump would take it
				want = "left"
				client.SetWriteDeadline(time.Now().Add(time.Second))
				if n, err := io.WriteString(client, want); n != len(want) || !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("Write: %d, %v", n, err)
				}
				client.SetWriteDeadline(time.Time{})
			}
			wrote := make(chan error, 1)
			err := client.Do(t.Context(), func(e *handshake.Engine) error {
				if writes {
					go func() {
						_, err := client.Write([]byte("x"))
						wrote <- err
					}()
					synctest.Wait()
				}
				go client.Close()
				synctest.Wait()
				return e.Renegotiate(nil)
			})
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("Do: %v", err)
			}
			if got, err := io.ReadAll(server); err != nil || string(got) != want {
				t.Errorf("the peer reads %q, %v", got, err)
			}
			if writes {
				if err := <-wrote; !errors.Is(err, net.ErrClosed) {
					t.Errorf("Write: %v", err)
				}
			}
			server.Close()
		})
	}
}

// TestAlertOfPeerThatIsGone has the transport take no more of a renegotiation, but bring the
// reason: that is the error.
func TestAlertOfPeerThatIsGone(t *testing.T) {
	renewing(t, func(t *testing.T, c *actor.Config, byServer bool) {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			p := compile(t, record.TLS12, renewable)
			v := newValve(a, b, failPart, false, 0) // the hello
			client, server := actor.Client(v, p.client, serverName, c), actor.Server(b, p.server, nil)
			if err := handshakeBoth(client, server); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			v.arm(true)
			calls := []func() error{
				func() error { _, err := client.Read(make([]byte, 1)); return err },
				func() error { return client.Renegotiate(context.Background(), nil) },
			}
			if byServer {
				calls = calls[:1]
				go server.Renegotiate(context.Background(), nil)
			}
			errs := make(chan error)
			for _, f := range calls {
				go func() { errs <- f() }()
			}
			<-v.hit
			_ = server.Do(context.Background(), func(e *handshake.Engine) error {
				e.Abort(record.AlertAccessDenied)
				return nil
			})
			for range calls {
				if err := <-errs; !errors.Is(err, record.AlertAccessDenied) {
					t.Error(err)
				}
			}
			client.Close()
			server.Close()
		})
	})
}

// TestRenegotiateAfterAnother asks, as a server, in the midst of a renegotiation of the
// client's: what is awaited is one more.
func TestRenegotiateAfterAnother(t *testing.T) {
	for _, pumped := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			var secure atomic.Int32
			c := &actor.Config{Pumped: pumped, OnEvent: func(ev handshake.Event) {
				if ev.Kind == handshake.Secure {
					secure.Add(1)
				}
			}}
			p := compile(t, record.TLS12, renewable)
			v := newValve(a, b, stall, false, 1) // after its hello
			client, server := actor.Client(v, p.client, serverName, nil), actor.Server(b, p.server, c)
			if err := handshakeBoth(client, server); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			v.arm(true)
			go io.Copy(io.Discard, client)
			go io.Copy(io.Discard, server)
			go client.Renegotiate(context.Background(), nil)
			<-v.hit
			synctest.Wait()
			done := make(chan error, 1)
			go func() { done <- server.Renegotiate(context.Background(), nil) }()
			synctest.Wait()
			v.release()
			if err := <-done; err != nil || secure.Load() != 3 {
				t.Errorf("%v after %d handshakes", err, secure.Load())
			}
			client.Close()
			server.Close()
		})
	}
}

// TestRenegotiateOverSockets has a relay between two sockets pass on no more than so many bytes
// of a renegotiation one way, and closes both sides: all calls end.
func TestRenegotiateOverSockets(t *testing.T) {
	for i := range 8 {
		c, byServer, toServer := &actor.Config{Pumped: i&1 != 0}, i&2 != 0, i&4 != 0
		cuts := 0
		for at := 0; at < 2000; at += 97 {
			if cutSockets(t, c, byServer, toServer, at) {
				cuts++
			}
		}
		if cuts < 3 {
			t.Errorf("%+v by server %v, to server %v: cut %d times", c, byServer, toServer, cuts)
		}
	}
}

func cutSockets(t *testing.T, c *actor.Config, byServer, toServer bool, at int) (cut bool) {
	a, x := tcpLink(t)
	y, b := tcpLink(t)
	there, back := newRelay(x), newRelay(y)
	go io.Copy(y.(net.Conn), there)
	go io.Copy(x.(net.Conn), back)
	starter, other := compile(t, record.TLS12, renewable).connect(t, a, b, c)
	if byServer {
		starter, other = other, starter
	}
	if !toServer {
		there = back
	}
	there.limit(at)
	calls := make(chan error, 2)
	for _, conn := range []*actor.Conn{starter, other} {
		go func() {
			_, err := io.Copy(io.Discard, conn)
			calls <- err
		}()
	}
	done := make(chan error, 1)
	go func() { done <- starter.Renegotiate(context.Background(), nil) }()
	select {
	case <-there.cut:
		cut = true
	case err := <-done:
		if done <- err; err != nil {
			t.Errorf("Renegotiate: %v", err)
		}
	}
	starter.Close()
	other.Close()
	if err := <-done; cut && !errors.Is(err, net.ErrClosed) {
		blameless(t, "Renegotiate", err)
	}
	for range cap(calls) {
		blameless(t, "Read", <-calls)
	}
	return cut
}

// relay reads until there was enough.
type relay struct {
	io.Reader
	mu   sync.Mutex
	left int
	cut  chan struct{}
}

func newRelay(r io.Reader) *relay { return &relay{Reader: r, left: 1 << 30, cut: make(chan struct{})} }

func (r *relay) limit(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = n
}

func (r *relay) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	if n <= r.left {
		r.left -= n
		return n, err
	}
	select {
	case <-r.cut:
	default:
		close(r.cut)
	}
	n, r.left = r.left, 0
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}
