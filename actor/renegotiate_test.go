package actor_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// renewable has both sides renegotiate as often as they are asked.
func renewable(client, server *handshake.Config) {
	unverified(client, server)
	for _, c := range []*handshake.Config{client, server} {
		c.Renegotiation, c.RenegotiationLimit = handshake.AllowRenegotiation, 254
	}
}

// renewing are the sides and modes of a renegotiation.
func renewing(t *testing.T, f func(t *testing.T, c *actor.Config, byServer bool)) {
	for _, pumped := range []bool{false, true} {
		for _, byServer := range []bool{false, true} {
			by := " by the client"
			if byServer {
				by = " by the server"
			}
			t.Run(mode(pumped)+by, func(t *testing.T) { f(t, &actor.Config{Pumped: pumped}, byServer) })
		}
	}
}

// renewBubble runs f in a bubble with a connection over net.Pipe whose starter is named first.
func renewBubble(t *testing.T, adjust func(client, server *handshake.Config), f func(t *testing.T, starter, other *actor.Conn)) {
	renewing(t, func(t *testing.T, c *actor.Config, byServer bool) {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			starter, other := compile(t, record.TLS12, func(client, server *handshake.Config) {
				renewable(client, server)
				if adjust != nil {
					adjust(client, server)
				}
			}).connect(t, a, b, c)
			if byServer {
				starter, other = other, starter
			}
			f(t, starter, other)
			a.Close()
			b.Close()
			starter.Close()
			other.Close()
		})
	})
}

// pattern is n bytes that are not the same again soon.
func pattern(n int, key byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i>>8)*31 + byte(i)*7 + key
	}
	return b
}

// TestRenegotiateUnderLoad renegotiates over every kind of transport while both
// ends write and read all the time: every byte arrives, in order.
func TestRenegotiateUnderLoad(t *testing.T) {
	for _, l := range links() {
		t.Run(l.name, func(t *testing.T) {
			renewing(t, func(t *testing.T, c *actor.Config, byServer bool) {
				a, b := l.make(t)
				starter, other := compile(t, record.TLS12, renewable).connect(t, a, b, c)
				if byServer {
					starter, other = other, starter
				}
				var wg sync.WaitGroup
				for i, c := range []*actor.Conn{starter, other} {
					wg.Go(func() {
						for data := pattern(1<<20, byte(i)); len(data) > 0; {
							n, err := c.Write(data[:min(len(data), 30000)])
							if data = data[n:]; err != nil {
								t.Error(err)
								return
							}
						}
					})
					wg.Go(func() {
						got := make([]byte, 1<<20)
						if n, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, pattern(1<<20, byte(1-i))) {
							t.Errorf("after %d bytes: %v", n, err)
						}
						go c.Read(got) // who does not read does not answer
					})
				}
				for range 5 {
					was := starter.State()
					if err := starter.Renegotiate(t.Context(), nil); err != nil {
						t.Fatal(err)
					}
					now := starter.State()
					if now == was || now.ClientRandom == was.ClientRandom || bytes.Equal(now.Finished, was.Finished) {
						t.Error("the state is that of before")
					}
				}
				wg.Wait()
				starter.Close()
				other.Close()
			})
		})
	}
}

// TestRenegotiateByBoth has both ends ask again and again, at once, over net.Pipe.
func TestRenegotiateByBoth(t *testing.T) {
	renewBubble(t, nil, func(t *testing.T, a, b *actor.Conn) {
		go io.Copy(io.Discard, a)
		go io.Copy(io.Discard, b)
		var wg sync.WaitGroup
		for _, c := range []*actor.Conn{a, b} {
			wg.Go(func() {
				for range 20 {
					if err := c.Renegotiate(t.Context(), nil); err != nil {
						t.Error(err)
						return
					}
				}
			})
			wg.Go(func() {
				for range 20 {
					if _, err := c.Write(make([]byte, 1000)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	})
}

// TestRenegotiateUnderBlockedWrites begins while both ends are blocked in a Write
// that the other does not read yet.
func TestRenegotiateUnderBlockedWrites(t *testing.T) {
	renewBubble(t, nil, func(t *testing.T, starter, other *actor.Conn) {
		var wg sync.WaitGroup
		for i, c := range []*actor.Conn{starter, other} {
			wg.Go(func() {
				if n, err := c.Write(pattern(1<<19, byte(i))); n != 1<<19 || err != nil {
					t.Errorf("Write: %d, %v", n, err)
				}
			})
		}
		synctest.Wait()
		wg.Go(func() {
			if err := starter.Renegotiate(t.Context(), nil); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		for i, c := range []*actor.Conn{starter, other} {
			wg.Go(func() {
				got := make([]byte, 1<<19)
				if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, pattern(1<<19, byte(1-i))) {
					t.Error("read something else", err)
				}
				go c.Read(got[:1]) // who does not read does not answer
			})
		}
		wg.Wait()
	})
}

// TestRenegotiateKeeps has nobody read on the side that begins: what was on its
// way is there afterwards, before what comes then.
func TestRenegotiateKeeps(t *testing.T) {
	renewBubble(t, nil, func(t *testing.T, starter, other *actor.Conn) {
		go func() {
			for i := range 10 {
				other.Write(pattern(9000, byte(i)))
			}
			echo(other)
		}()
		synctest.Wait()
		if err := starter.Renegotiate(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			got := make([]byte, 9000)
			if _, err := io.ReadFull(starter, got); err != nil || !bytes.Equal(got, pattern(9000, byte(i))) {
				t.Fatalf("piece %d is another, %v", i, err)
			}
		}
		roundTrip(t, starter, "and on")
	})
}

// TestRenegotiateKeepsWithinBounds sends more than is kept: Renegotiate waits for a Read.
func TestRenegotiateKeepsWithinBounds(t *testing.T) {
	const most, all = 1<<20 + 1<<14, 3 << 20
	renewBubble(t, nil, func(t *testing.T, starter, other *actor.Conn) {
		var sent counter
		go func() {
			io.Copy(other, io.TeeReader(bytes.NewReader(make([]byte, all)), &sent))
			echo(other)
		}()
		synctest.Wait()
		done := make(chan error, 1)
		go func() { done <- starter.Renegotiate(t.Context(), nil) }()
		synctest.Wait()
		if n := sent.n; n > most+2<<17+1<<16 {
			t.Errorf("%d bytes are kept", n)
		}
		if _, err := io.CopyN(io.Discard, starter, all); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		roundTrip(t, starter, "and on")
	})
}

type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) { c.n += len(p); return len(p), nil }

// TestRenegotiateShowsNewFacts asks for the client's certificate the second time.
func TestRenegotiateShowsNewFacts(t *testing.T) {
	leaf := credtest.CA(t).Leaf(t, credtest.P256, "client")
	asks := func(client, server *handshake.Config) {
		renewable(client, server)
		client.Credentials = append(client.Credentials, leaf)
		server.ClientAuth, server.Verify = handshake.RequireClientCert, handshake.VerifyNone
	}
	var events []handshake.EventKind
	c := &actor.Config{OnEvent: func(ev handshake.Event) { events = append(events, ev.Kind) }}
	a, b := tcpLink(t)
	both := compile(t, record.TLS12, asks)
	server := actor.Server(b, compile(t, record.TLS12, renewable).server, c)
	client := actor.Client(a, both.client, serverName, nil)
	if err := handshakeBoth(client, server); err != nil {
		t.Fatal(err)
	}
	go echo(client)
	if got := server.State().PeerCertificates; got != nil {
		t.Fatal("a certificate before it was asked for")
	}
	if err := server.Renegotiate(t.Context(), both.server); err != nil {
		t.Fatal(err)
	}
	if got := server.State().PeerCertificates; len(got) == 0 || got[0].Subject.CommonName != "client" {
		t.Errorf("the client's chain is %v", got)
	}
	roundTrip(t, server, "under new keys")
	here, err1 := server.Export("label", nil, 32)
	there, err2 := client.Export("label", nil, 32)
	if err := errors.Join(err1, err2); err != nil || !bytes.Equal(here, there) {
		t.Error("exporters differ", err)
	}
	secure := 0
	for _, kind := range events {
		if kind == handshake.Secure {
			secure++
		}
	}
	if secure != 2 {
		t.Errorf("events: %v", events)
	}
	client.Close()
	server.Close()
}

// TestRenegotiateRefused names each reason not to.
func TestRenegotiateRefused(t *testing.T) {
	a, b := tcpLink(t)
	client, server := compile(t, record.TLS13, nil).pair(a, b, nil)
	if err := client.Renegotiate(t.Context(), nil); !errors.Is(err, handshake.KindNotSecure) {
		t.Errorf("before the handshake: %v", err)
	}
	if err := handshakeBoth(client, server); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*actor.Conn{client, server} {
		if err := c.Renegotiate(t.Context(), nil); !errors.Is(err, handshake.KindUnsupported) {
			t.Errorf("in TLS 1.3: %v", err)
		}
	}
	go echo(server)
	roundTrip(t, client, "no harm done")
	client.Close()
	if err := client.Renegotiate(t.Context(), nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestRenegotiateWrongProfile is misuse, and changes nothing.
func TestRenegotiateWrongProfile(t *testing.T) {
	renewBubble(t, nil, func(t *testing.T, starter, other *actor.Conn) {
		p := compile(t, record.TLS12, renewable)
		wrong := handshake.Profile(p.client)
		if starter.State().Client {
			wrong = p.server
		}
		if err := starter.Renegotiate(t.Context(), wrong); !errors.Is(err, handshake.KindBadArgument) {
			t.Errorf("Renegotiate: %v", err)
		}
		go echo(other)
		roundTrip(t, starter, "and on")
	})
}

// TestRenegotiateDeclined asks a peer that does not renegotiate: all calls say so.
func TestRenegotiateDeclined(t *testing.T) {
	decline := func(client, server *handshake.Config) {
		client.Renegotiation, server.Renegotiation = handshake.RefuseRenegotiation, handshake.RefuseRenegotiation
	}
	renewBubble(t, decline, func(t *testing.T, starter, other *actor.Conn) {
		go echo(other)
		if err := starter.Renegotiate(t.Context(), nil); !errors.Is(err, handshake.KindNoRenegotiation) {
			t.Errorf("Renegotiate: %v", err)
		}
		if _, err := starter.Read(make([]byte, 1)); !errors.Is(err, handshake.KindNoRenegotiation) {
			t.Errorf("Read: %v", err)
		}
		if _, err := starter.Write(make([]byte, 1)); !errors.Is(err, handshake.KindNoRenegotiation) && !errors.Is(err, handshake.KindReadFailed) {
			t.Errorf("Write: %v", err)
		}
	})
}

// TestSetRenegotiation changes the policy while a Read is blocked.
func TestSetRenegotiation(t *testing.T) {
	renewBubble(t, nil, func(t *testing.T, starter, other *actor.Conn) {
		read := make(chan error, 1)
		go func() {
			_, err := other.Read(make([]byte, 1))
			read <- err
		}()
		synctest.Wait()
		other.SetRenegotiation(handshake.ForbidRenegotiation)
		if err := starter.Renegotiate(t.Context(), nil); !errors.Is(err, handshake.KindAlertReceived) {
			t.Errorf("Renegotiate: %v", err)
		}
		if err := <-read; !errors.Is(err, handshake.KindRenegotiationForbidden) {
			t.Errorf("Read: %v", err)
		}
	})
}

// TestSetRenegotiationStands through a renegotiation of one's own.
func TestSetRenegotiationStands(t *testing.T) {
	renewBubble(t, nil, func(t *testing.T, starter, other *actor.Conn) {
		go echo(other)
		starter.SetRenegotiation(handshake.ForbidRenegotiation)
		if starter.State().Client { // a client's own is no wish of the peer's; a server is asked by its client
			if err := starter.Renegotiate(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		roundTrip(t, starter, "and on")
		go starter.Read(make([]byte, 1))
		if err := other.Renegotiate(t.Context(), nil); err == nil {
			t.Error("the policy is forgotten")
		}
	})
}

// TestRenegotiateUnanswered ends a server's wait for a client that says nothing; the
// connection goes on.
func TestRenegotiateUnanswered(t *testing.T) {
	renewing(t, func(t *testing.T, c *actor.Config, byServer bool) {
		if !byServer {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			client, server := compile(t, record.TLS12, renewable).connect(t, a, b, &actor.Config{})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			hold := make(chan struct{})
			go func() {
				<-hold
				echo(client)
			}()
			if err := server.Renegotiate(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Renegotiate: %v", err)
			}
			close(hold)
			roundTrip(t, server, "and on")
			client.Close()
			server.Close()
		})
	})
}

// TestRenegotiateContext ends in the middle of the handshake: that is final.
func TestRenegotiateContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		client, server := compile(t, record.TLS12, renewable).connect(t, a, b, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := client.Renegotiate(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Renegotiate: %v", err)
		}
		for what, f := range map[string]func([]byte) (int, error){"Read": client.Read, "Write": client.Write} {
			if _, err := f(make([]byte, 1)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", what, err)
			}
		}
		client.Close()
		server.Close()
	})
}
