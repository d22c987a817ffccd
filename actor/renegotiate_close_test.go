package actor_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/record"
)

// TestCloseAtEndOfRenegotiation closes in the moment in which a renegotiation comes to its end: the
// peer is told.
func TestCloseAtEndOfRenegotiation(t *testing.T) {
	renewing(t, func(t *testing.T, c *actor.Config, byServer bool) {
		for _, closer := range ends {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				p := compile(t, record.TLS12, renewable)
				var closes *actor.Conn
				handshakes := 0
				own := *c
				own.OnSecure = func(*handshake.ConnectionState) error {
					if handshakes++; handshakes == 2 {
						go closes.Close()
						synctest.Wait()
					}
					return nil
				}
				configs := [2]*actor.Config{c, c}
				configs[closer] = &own
				conns := [2]*actor.Conn{actor.Client(a, p.client, serverName, configs[0]), actor.Server(b, p.server, configs[1])}
				closes = conns[closer]
				if err := handshakeBoth(conns[0], conns[1]); err != nil {
					t.Fatal(err)
				}
				ended := make(chan error, 2)
				for _, conn := range conns {
					go func() {
						_, err := conn.Read(make([]byte, 1))
						ended <- err
					}()
				}
				synctest.Wait()
				starter := conns[0]
				if byServer {
					starter = conns[1]
				}
				go starter.Renegotiate(context.Background(), nil)
				for range 2 {
					if err := <-ended; err != io.EOF && !errors.Is(err, net.ErrClosed) {
						t.Errorf("%v closes: %v", closer, err)
					}
				}
				conns[0].Close()
				conns[1].Close()
			})
		}
	})
}

// TestCloseLetsSpeechEnd closes while what a renegotiation says is held up for a moment, and a
// Write waits for its turn: it goes out whole, and close_notify behind it.
func TestCloseLetsSpeechEnd(t *testing.T) {
	renewing(t, func(t *testing.T, c *actor.Config, byServer bool) {
		for n := range 2 {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				p := compile(t, record.TLS12, renewable)
				v := newValve(a, b, stallPart, false, n)
				client, server := actor.Client(v, p.client, serverName, c), actor.Server(b, p.server, nil)
				if err := handshakeBoth(client, server); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				v.arm(true)
				ended := make(chan error, 1)
				go func() {
					_, err := server.Read(make([]byte, 1))
					ended <- err
				}()
				go io.Copy(io.Discard, client)
				starter := client
				if byServer {
					starter = server
				}
				go starter.Renegotiate(context.Background(), nil)
				<-v.hit
				wrote := make(chan error, 1)
				go func() {
					_, err := client.Write([]byte("x"))
					wrote <- err
				}()
				synctest.Wait()
				go client.Close()
				synctest.Wait()
				v.release()
				if err := <-ended; err != io.EOF {
					t.Errorf("write %d: the peer is told %v", n, err)
				}
				if err := <-wrote; !errors.Is(err, net.ErrClosed) {
					t.Errorf("write %d: Write: %v", n, err)
				}
				server.Close()
			})
		}
	})
}

// TestCloseEndsAnswerInRenegotiation closes while the application decides: it is told, and so is the peer.
func TestCloseEndsAnswerInRenegotiation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		p := compile(t, record.TLS12, func(client, server *handshake.Config) {
			renewable(client, server)
			server.AskHello = true
		})
		asked := 0
		client := actor.Client(a, p.client, serverName, nil)
		server := actor.Server(b, p.server, &actor.Config{
			Answer: func(ctx context.Context, _ handshake.Query) (handshake.Answer, bool) {
				if asked++; asked > 1 {
					<-ctx.Done()
				}
				return handshake.Answer{}, false
			},
		})
		if err := handshakeBoth(client, server); err != nil {
			t.Fatal(err)
		}
		go io.Copy(io.Discard, server)
		done := make(chan error, 1)
		go func() { done <- client.Renegotiate(context.Background(), nil) }()
		synctest.Wait()
		begun := time.Now()
		if err := server.Close(); err != nil || time.Since(begun) != 0 {
			t.Errorf("Close: %v after %v", err, time.Since(begun))
		}
		if err := <-done; !errors.Is(err, handshake.KindClosedInHandshake) {
			t.Errorf("Renegotiate: %v", err)
		}
		client.Close()
	})
}

// TestReadTakesWhatIsKept has a Read that waits for the pump get what comes in a renegotiation
// that is held up.
func TestReadTakesWhatIsKept(t *testing.T) {
	renewing(t, func(t *testing.T, c *actor.Config, byServer bool) {
		if byServer {
			return // whose client sends nothing in between
		}
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			p := compile(t, record.TLS12, renewable)
			v := newValve(a, b, stall, false, 0)
			client, server := actor.Client(v, p.client, serverName, c), actor.Server(b, p.server, nil)
			if err := handshakeBoth(client, server); err != nil {
				t.Fatal(err)
			}
			read := make(chan error, 1)
			go func() {
				_, err := io.ReadFull(client, make([]byte, 5))
				read <- err
			}()
			synctest.Wait()
			v.arm(true)
			go client.Renegotiate(context.Background(), nil)
			<-v.hit
			synctest.Wait()
			server.Write([]byte("early"))
			synctest.Wait()
			select {
			case err := <-read:
				if err != nil {
					t.Error(err)
				}
			default:
				t.Error("Read waits for the end of the renegotiation")
			}
			v.release()
			client.Close()
			server.Close()
			synctest.Wait()
		})
	})
}

// watched is a transport that tells its read deadline, and whose Read goes by none.
type watched struct {
	net.Conn
	until time.Time
}

func (w *watched) SetReadDeadline(t time.Time) error {
	w.until = t
	return nil
}

// TestInterruptionStands sets deadlines while Do waits for a reader that is slow to let go: it is to
// let go all the same.
func TestInterruptionStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		w := &watched{Conn: a}
		client, server := compile(t, record.TLS12, renewable).connect(t, w, b, nil)
		go io.Copy(io.Discard, client)
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- client.Do(ctx, func(*handshake.Engine) error { return nil }) }()
		synctest.Wait()
		for _, set := range []func(time.Time) error{client.SetReadDeadline, client.SetDeadline} {
			for _, at := range []time.Time{time.Now().Add(time.Hour), {}} {
				if err := set(at); err != nil || w.until.IsZero() || w.until.After(time.Now()) {
					t.Errorf("the transport's deadline is %v, %v", w.until, err)
				}
			}
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) || !w.until.IsZero() {
			t.Errorf("Do: %v, and the deadline stays %v", err, w.until)
		}
		a.Close()
		client.Close()
		server.Close()
	})
}

// TestDetachPerformsWhatIsDue detaches while a KeyUpdate is owed that could not be sent yet.
func TestDetachPerformsWhatIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		client, server := compile(t, record.TLS13, unverified).connect(t, a, b, &actor.Config{Pumped: true})
		wrote := make(chan error, 1)
		go func() {
			_, err := client.Write(make([]byte, 1<<16)) // the server's pump takes one buffer
			wrote <- err
		}()
		synctest.Wait()
		if err := server.UpdateKeys(true); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		got := make(chan *actor.Detached, 1)
		go func() {
			d, err := client.Detach(context.Background())
			if err != nil {
				t.Error(err)
			}
			got <- d
		}()
		synctest.Wait()
		go io.Copy(io.Discard, server)
		d := <-got
		sealed, err := d.Engine.Seal(nil, []byte("x"))
		if len(sealed) < 2*record.HeaderLen || err != nil {
			t.Fatal(err)
		}
		if first := record.HeaderLen + int(sealed[3])<<8 + int(sealed[4]); first == len(sealed) {
			t.Error("no KeyUpdate goes before the data")
		}
		<-wrote
		d.Transport.Close()
		server.Close()
	})
}
