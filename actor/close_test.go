package actor_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/record"
)

// inBubble runs f in a synctest bubble with a connection over net.Pipe, whose
// goroutines must all have ended when f returns.
func inBubble(t *testing.T, v record.Version, c *actor.Config, f func(t *testing.T, client, server *actor.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		p := compile(t, v, unverified)
		client, server := p.connect(t, a, b, c)
		f(t, client, server)
		a.Close()
		b.Close()
		client.Close()
		server.Close()
	})
}

func eachMode(t *testing.T, f func(t *testing.T, v record.Version, c *actor.Config)) {
	for _, v := range versions {
		for _, pumped := range []bool{false, true} {
			t.Run(v.String()+mode(pumped), func(t *testing.T) { f(t, v, &actor.Config{Pumped: pumped}) })
		}
	}
}

// TestCloseUnblocks closes under blocked calls, which must end with net.ErrClosed.
func TestCloseUnblocks(t *testing.T) {
	eachMode(t, func(t *testing.T, v record.Version, c *actor.Config) {
		inBubble(t, v, c, func(t *testing.T, client, server *actor.Conn) {
			read, written := make(chan error, 1), make(chan error, 1)
			go func() {
				_, err := client.Read(make([]byte, 10))
				read <- err
			}()
			go func() {
				_, err := client.Write(make([]byte, 1<<20)) // the server never reads
				written <- err
			}()
			synctest.Wait()
			if err := client.Close(); err != nil {
				t.Error(err)
			}
			for _, result := range []chan error{read, written} {
				if err := <-result; !errors.Is(err, net.ErrClosed) {
					t.Errorf("blocked call: %v, want net.ErrClosed", err)
				}
			}
			if _, err := client.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Read after Close: %v", err)
			}
			if err := client.Close(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("second Close: %v", err)
			}
		})
	})
}

// TestCloseNotify closes each side: the other reads io.EOF, for ever, and may still write.
func TestCloseNotify(t *testing.T) {
	//= RFC 9846 §6.1 type=test
	eachMode(t, func(t *testing.T, v record.Version, c *actor.Config) {
		inBubble(t, v, c, func(t *testing.T, client, server *actor.Conn) {
			half := make(chan error, 1)
			go func() { half <- client.CloseWrite() }()
			for range 2 {
				if _, err := server.Read(make([]byte, 1)); err != io.EOF {
					t.Errorf("Read after close_notify: %v, want io.EOF", err)
				}
			}
			if err := <-half; err != nil {
				t.Error(err)
			}
			if _, err := client.Write([]byte("x")); !errors.Is(err, handshake.KindClosed) {
				t.Errorf("Write after CloseWrite: %v", err)
			}
			go server.Write([]byte("still here"))
			if got, err := io.ReadAll(io.LimitReader(client, 10)); err != nil || string(got) != "still here" {
				t.Errorf("read %q, %v", got, err)
			}
			go server.Close()
			if _, err := client.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("Read after Close of the peer: %v, want io.EOF", err)
			}
		})
	})
}

// TestCloseIsBounded closes while the peer never reads.
func TestCloseIsBounded(t *testing.T) {
	eachMode(t, func(t *testing.T, v record.Version, c *actor.Config) {
		if c.Pumped {
			t.Skip("a pumped peer reads")
		}
		inBubble(t, v, c, func(t *testing.T, client, server *actor.Conn) {
			start := time.Now()
			client.Close()
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("Close took %v", d)
			}
		})
	})
}

// TestTruncation ends the transport without close_notify.
func TestTruncation(t *testing.T) {
	//= RFC 9846 §6.1 type=test
	for _, accept := range []bool{false, true} {
		eachMode(t, func(t *testing.T, v record.Version, c *actor.Config) {
			c.AcceptTruncation = accept
			inBubble(t, v, c, func(t *testing.T, client, server *actor.Conn) {
				server.NetConn().Close()
				_, err := client.Read(make([]byte, 1))
				switch {
				case accept && err != io.EOF:
					t.Errorf("accepted truncation: %v, want io.EOF", err)
				case !accept && (!errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, handshake.KindTruncated)):
					t.Errorf("truncation: %v", err)
				}
				if _, again := client.Read(make([]byte, 1)); again != err {
					t.Errorf("then %v, which is not the same", again)
				}
			})
		})
	}
}

// TestContextEndsHandshake cancels a handshake that gets no answer.
func TestContextEndsHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		client, _ := compile(t, record.TLS13, unverified).pair(a, b, nil)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		go io.Copy(io.Discard, b)
		waiter := make(chan error, 1)
		go func() {
			_, err := client.Read(make([]byte, 1))
			waiter <- err
		}()
		err := client.HandshakeContext(ctx)
		if err != context.DeadlineExceeded {
			t.Errorf("HandshakeContext: %v", err)
		}
		client.Close()
		if err := <-waiter; err == nil {
			t.Error("Read succeeded")
		}
	})
}

// TestHandshakeTimeout lets Config.HandshakeTimeout run out; the error is final.
func TestHandshakeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		_, server := compile(t, record.TLS13, unverified).pair(a, b, &actor.Config{HandshakeTimeout: time.Second})
		start := time.Now()
		for range 2 {
			if err := server.Handshake(); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Handshake: %v", err)
			}
		}
		if d := time.Since(start); d != time.Second {
			t.Errorf("it took %v", d)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestHandshakeResumesAfterDeadline lets deadlines pass in mid-handshake and goes on.
func TestHandshakeResumesAfterDeadline(t *testing.T) {
	for _, v := range versions {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			client, server := compile(t, v, unverified).pair(a, b, nil)
			client.SetDeadline(time.Now().Add(time.Second))
			for range 2 {
				if err := client.Handshake(); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("Handshake with nobody there: %v", err)
				}
			}
			client.SetDeadline(time.Time{})
			if err := handshakeBoth(client, server); err != nil {
				t.Error(err)
			}
			a.Close()
			b.Close()
		})
	}
}

// TestWaiterHasItsOwnDeadline blocks a Write behind a Read that runs the handshake.
func TestWaiterHasItsOwnDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		_, server := compile(t, record.TLS13, unverified).pair(a, b, nil)
		read := make(chan error, 1)
		go func() {
			_, err := server.Read(make([]byte, 1))
			read <- err
		}()
		synctest.Wait()
		written := make(chan error, 1)
		go func() {
			_, err := server.Write([]byte("x"))
			written <- err
		}()
		synctest.Wait()
		server.SetWriteDeadline(time.Now().Add(time.Second))
		if err := <-written; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Write: %v", err)
		}
		server.Close()
		if err := <-read; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read: %v", err)
		}
	})
}

// TestCloseEndsAnswer closes under an application that takes its time.
func TestCloseEndsAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		p := compile(t, record.TLS13, func(client, server *handshake.Config) {
			unverified(client, server)
			server.AskHello = true
		})
		asked := make(chan struct{})
		client := actor.Client(a, p.client, serverName, nil)
		server := actor.Server(b, p.server, &actor.Config{
			Answer: func(ctx context.Context, q handshake.Query) (handshake.Answer, bool) {
				close(asked)
				<-ctx.Done()
				return q.(*handshake.HelloQuery).Refuse(ctx.Err()), true
			},
		})
		results := make(chan error, 2)
		go func() { results <- client.Handshake() }()
		go func() { results <- server.Handshake() }()
		<-asked
		server.Close()
		for range 2 {
			if err := <-results; err == nil {
				t.Error("a handshake succeeded")
			}
		}
		client.Close()
	})
}

// TestNoGoroutines counts goroutines and finds none that belong to connections.
func TestNoGoroutines(t *testing.T) {
	p := compile(t, record.TLS13, nil)
	before := runtime.NumGoroutine()
	for range 20 {
		a, b := tcpLink(t)
		client, server := p.connect(t, a, b, nil)
		for begun := time.Now(); runtime.NumGoroutine() > before; runtime.Gosched() { // the test's own may be ending
			if time.Since(begun) > time.Minute {
				t.Fatalf("%d goroutines with a connection, %d before", runtime.NumGoroutine(), before)
			}
		}
		client.Close()
		server.Close()
	}
}

// TestPumpServesWhileNobodyReads has a pumped client that never reads take tickets,
// data up to one buffer, and at last close_notify.
func TestPumpServesWhileNobodyReads(t *testing.T) {
	sessions := make(chan struct{}, 10)
	closed := make(chan struct{}, 1)
	c := &actor.Config{Pumped: true, OnEvent: func(ev handshake.Event) {
		switch ev.Kind {
		case handshake.SessionReady:
			sessions <- struct{}{}
		case handshake.PeerClosed:
			closed <- struct{}{}
		}
	}}
	inBubble(t, record.TLS13, c, func(t *testing.T, client, server *actor.Conn) {
		<-sessions
		<-sessions
		if _, err := server.Write([]byte("one")); err != nil { // nobody reads, yet it is taken
			t.Fatal(err)
		}
		buf := make([]byte, 10)
		if n, err := client.Read(buf); err != nil || string(buf[:n]) != "one" {
			t.Fatalf("%q, %v", buf[:n], err)
		}
		time.Sleep(time.Second) // in the bubble: the pump takes over again
		if err := server.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		<-closed
		time.Sleep(time.Second)
		for range 2 {
			if _, err := client.Read(buf); err != io.EOF {
				t.Errorf("Read: %v, want io.EOF", err)
			}
		}
	})
}

// TestPumpLeavesPlaintext has the last bytes arrive with the end of the stream,
// and be read one after the other when the server is gone.
func TestPumpLeavesPlaintext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := memoryLink()
		client, server := compile(t, record.TLS12, unverified).connect(t, a, b, &actor.Config{Pumped: true})
		for _, text := range []string{"a", "bc"} {
			if _, err := server.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		server.Close()
		synctest.Wait()
		for _, want := range "abc" {
			var one [1]byte
			if n, err := client.Read(one[:]); n != 1 || err != nil || rune(one[0]) != want {
				t.Fatalf("%q, %v, want %q", one[:n], err, want)
			}
			time.Sleep(time.Second) // in the bubble: the pump would take over again
		}
		if _, err := client.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("Read: %v, want io.EOF", err)
		}
		client.Close()
	})
}
