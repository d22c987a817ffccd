package actor_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/record"
)

// TestFailureUnderBlockedWrites spoils a record while both ends are blocked in
// Write: every call ends, in a bounded time, with the reason.
func TestFailureUnderBlockedWrites(t *testing.T) {
	eachMode(t, func(t *testing.T, v record.Version, c *actor.Config) {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			spoiled := &corrupting{a, -1}
			client, server := compile(t, v, func(client, server *handshake.Config) {
				unverified(client, server)
				server.Tickets = -1
			}).connect(t, spoiled, b, c)
			synctest.Wait()
			start := time.Now()
			spoiled.at = 20
			written := make(chan error, 2)
			write := func(c *actor.Conn) {
				for { // one may be heard to its end by who has failed and says so
					if _, err := c.Write(make([]byte, 1<<20)); err != nil {
						written <- err
						return
					}
				}
			}
			go write(client)
			synctest.Wait()
			go write(server)
			_, err := io.Copy(io.Discard, client)
			if !errors.Is(err, handshake.KindBadRecordMAC) {
				t.Errorf("client's Read: %v", err)
			}
			time.Sleep(time.Minute) // of the bubble's clock
			client.Close()
			<-written
			<-written
			server.Close()
			if d := time.Since(start); d > 80*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	})
}

// TestFailureOverHalfPipes has the client refuse the certificate over transports
// whose deadlines are emulated; no goroutine may stay (the bubble sees to it).
func TestFailureOverHalfPipes(t *testing.T) {
	for _, v := range versions {
		synctest.Test(t, func(t *testing.T) {
			r1, w1 := io.Pipe()
			r2, w2 := io.Pipe()
			client, server := compile(t, v, nil).pair(actor.Duplex(r1, w2), actor.Duplex(r2, w1), nil)
			result := make(chan error, 1)
			go func() { result <- server.Handshake() }()
			err := client.Handshake() // the certificate is not valid yet in the bubble's year
			var own *handshake.Error
			if !errors.As(err, &own) || !own.Sent {
				t.Errorf("client: %v", err)
			}
			if err := <-result; !errors.Is(err, handshake.KindAlertReceived) {
				t.Errorf("server: %v", err)
			}
			client.SetDeadline(time.Time{})
			client.Close()
			server.Close()
		})
	}
}

// TestPumpEndsAtForeignDeadline sets a deadline of the transport behind a pumped
// connection's back: the pump must end, and not ask again for ever.
func TestPumpEndsAtForeignDeadline(t *testing.T) {
	inBubble(t, record.TLS13, &actor.Config{Pumped: true}, func(t *testing.T, client, _ *actor.Conn) {
		synctest.Wait()
		client.NetConn().(net.Conn).SetReadDeadline(time.Unix(1, 0))
		var te *actor.TransportError
		if _, err := client.Read(make([]byte, 1)); !errors.As(err, &te) {
			t.Errorf("Read: %v", err)
		}
	})
}

// TestEverythingAtOnce has all methods run beside each other, and then Close.
func TestEverythingAtOnce(t *testing.T) {
	for _, l := range links() {
		for _, pumped := range []bool{false, true} {
			t.Run(l.name+mode(pumped), func(t *testing.T) {
				a, b := l.make(t)
				client, server := compile(t, record.TLS13, nil).pair(a, b, &actor.Config{Pumped: pumped})
				var readers, calls sync.WaitGroup
				for _, c := range []*actor.Conn{client, server} {
					drainAll(&readers, c)
					for _, f := range []func() error{
						func() error { _, err := c.Write(make([]byte, 20000)); return err },
						func() error { _, err := c.Write(nil); return err },
						func() error { _, err := c.Read(nil); return err },
						func() error { return c.SetReadDeadline(time.Now().Add(time.Hour)) },
						func() error { return c.SetWriteDeadline(time.Time{}) },
						func() error {
							return c.Do(t.Context(), func(e *handshake.Engine) error {
								if e.Secure() {
									return e.UpdateKeys(false)
								}
								return nil
							})
						},
						func() error { c.State(); return c.Handshake() },
						func() error { _, _ = c.Export("x", nil, 32); return nil },
					} {
						calls.Go(func() {
							for range 20 {
								if err := f(); err != nil {
									t.Error(err)
									return
								}
							}
						})
					}
				}
				calls.Wait()
				for _, c := range []*actor.Conn{client, server} {
					if err := c.CloseWrite(); err != nil {
						t.Error(err)
					}
				}
				readers.Wait()
				client.Close()
				server.Close()
			})
		}
	}
}

// TestWriteDeadlineInHandshake has a Write that makes the handshake with a peer
// that says nothing, and the other way round a Read with one that does not listen.
func TestWriteDeadlineInHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, write := range []bool{true, false} {
			a, b := net.Pipe()
			client, _ := compile(t, record.TLS13, unverified).pair(a, b, nil)
			done := make(chan error, 1)
			if write {
				go io.Copy(io.Discard, b)
				client.SetWriteDeadline(time.Now().Add(time.Second))
				go func() { _, err := client.Write([]byte("x")); done <- err }()
			} else {
				client.SetReadDeadline(time.Now().Add(time.Second))
				go func() { _, err := client.Read(make([]byte, 1)); done <- err }()
			}
			time.Sleep(2 * time.Second) // of the bubble's clock
			select {
			case err := <-done:
				if !isTimeout(err) {
					t.Errorf("write %v: %v", write, err)
				}
			default:
				t.Errorf("write %v: the deadline has passed and nothing happens", write)
			}
			client.Close()
			b.Close()
		}
	})
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// TestDeadlinePastThenCleared sets deadlines in the past and clears them.
func TestDeadlinePastThenCleared(t *testing.T) {
	for _, l := range links() {
		for _, pumped := range []bool{false, true} {
			t.Run(l.name+mode(pumped), func(t *testing.T) {
				a, b := l.make(t)
				client, server := compile(t, record.TLS13, nil).connect(t, a, b, &actor.Config{Pumped: pumped})
				go echo(server)
				for range 3 {
					client.SetDeadline(time.Unix(1, 0))
					if _, err := client.Read(make([]byte, 1)); !isTimeout(err) {
						t.Errorf("Read: %v", err)
					}
					if n, err := client.Write(make([]byte, 1)); n != 0 || !isTimeout(err) {
						t.Errorf("Write: %d, %v", n, err)
					}
					client.SetDeadline(time.Time{})
					roundTrip(t, client, "still there")
				}
				client.Close()
				server.Close()
			})
		}
	}
}

// TestCloseTwiceAtOnce has one Close succeed and the others say net.ErrClosed.
func TestCloseTwiceAtOnce(t *testing.T) {
	eachMode(t, func(t *testing.T, v record.Version, c *actor.Config) {
		a, b := tcpLink(t)
		client, _ := compile(t, v, nil).connect(t, a, b, c)
		results := make(chan error, 4)
		for range cap(results) {
			go func() { results <- client.Close() }()
		}
		good := 0
		for range cap(results) {
			if err := <-results; err == nil {
				good++
			} else if !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		}
		if good != 1 {
			t.Errorf("%d of %d succeeded", good, cap(results))
		}
	})
}

// TestListenerBackPressure lets connections wait to be accepted, and closes.
func TestListenerBackPressure(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := compile(t, record.TLS13, nil)
	l := actor.NewListener(inner, p.server, nil)
	var clients []*actor.Conn
	for range 5 {
		nc, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c := actor.Client(nc, p.client, serverName, nil)
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept: %v", err)
	}
	for _, c := range clients { // each was told, by close_notify
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("a connection that nobody accepted is open")
		}
		c.Close()
	}
}

// TestVerifyRefusedByDefault asks a client that has no Answer.
func TestVerifyRefusedByDefault(t *testing.T) {
	p := compile(t, record.TLS13, func(client, _ *handshake.Config) { client.Verifier, client.AskVerify = nil, true })
	a, b := tcpLink(t)
	client, server := p.pair(a, b, nil)
	if err := handshakeBoth(client, server); !errors.Is(err, handshake.KindRefused) {
		t.Error(err)
	}
	client.Close()
	server.Close()
}
