package actor_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/record"
)

// echo sends back what comes.
func echo(c *actor.Conn) { _, _ = io.Copy(c, c) }

func roundTrip(t *testing.T, c *actor.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != text {
		t.Fatalf("sent %q, got %q, %v", text, got, err)
	}
}

// TestDo runs in the owner while a Read is blocked, which must go on afterwards.
func TestDo(t *testing.T) {
	eachMode(t, func(t *testing.T, v record.Version, c *actor.Config) {
		inBubble(t, v, c, func(t *testing.T, client, server *actor.Conn) {
			go echo(server)
			got := make(chan byte)
			go func() {
				one := make([]byte, 1)
				for {
					if _, err := client.Read(one); err != nil {
						close(got)
						return
					}
					got <- one[0]
				}
			}()
			synctest.Wait()
			for i := range byte(3) {
				err := client.Do(context.Background(), func(e *handshake.Engine) error {
					if !e.Secure() {
						t.Error("the engine is not secure")
					}
					if v == record.TLS13 {
						return e.UpdateKeys(true)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := client.Write([]byte{i}); err != nil {
					t.Fatal(err)
				}
				if x := <-got; x != i {
					t.Errorf("read %d, want %d", x, i)
				}
			}
			mine := errors.New("mine")
			if err := client.Do(context.Background(), func(*handshake.Engine) error { return mine }); err != mine {
				t.Errorf("Do: %v", err)
			}
			client.Close()
			<-got
		})
	})
}

// TestDoEarly runs before the handshake, which its error does not end.
func TestDoEarly(t *testing.T) {
	a, b := tcpLink(t)
	client, server := compile(t, record.TLS13, nil).pair(a, b, nil)
	mine := errors.New("mine")
	err := client.Do(context.Background(), func(e *handshake.Engine) error {
		if e.Secure() {
			t.Error("the engine is secure")
		}
		return mine
	})
	if err != mine {
		t.Fatal(err)
	}
	if err := handshakeBoth(client, server); err != nil {
		t.Fatal(err)
	}
}

// TestDoGivesUp ends the wait for a blocked Write.
func TestDoGivesUp(t *testing.T) {
	inBubble(t, record.TLS12, nil, func(t *testing.T, client, server *actor.Conn) {
		go client.Write(make([]byte, 1<<20))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := client.Do(ctx, func(*handshake.Engine) error { return nil }); err != context.DeadlineExceeded {
			t.Errorf("Do: %v", err)
		}
	})
}

// TestDetach takes the engines away in the middle of a stream and goes on by hand.
func TestDetach(t *testing.T) {
	for _, v := range versions {
		t.Run(v.String(), func(t *testing.T) {
			a, b := tcpLink(t)
			client, server := compile(t, v, nil).connect(t, a, b, nil)
			if _, err := io.WriteString(client, "read and unread"); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(server, make([]byte, 5)); err != nil {
				t.Fatal(err)
			}
			blocked := make(chan error, 1)
			go func() {
				_, err := client.Read(make([]byte, 1))
				blocked <- err
			}()
			d, err := server.Detach(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if string(d.Plaintext) != "and unread" && string(d.Plaintext) != " and unread" {
				t.Errorf("plaintext %q", d.Plaintext)
			}
			if !d.Engine.Secure() || d.Transport != b {
				t.Error("not the engine and transport of the connection")
			}
			if _, err := server.Write([]byte("x")); err != actor.ErrDetached {
				t.Errorf("Write: %v", err)
			}
			if _, err := server.Read(make([]byte, 1)); err != actor.ErrDetached {
				t.Errorf("Read: %v", err)
			}
			if err := server.Close(); err != nil {
				t.Error(err)
			}
			out, err := d.Engine.Seal(d.Unsent, []byte("!"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Transport.Write(out); err != nil {
				t.Fatal(err)
			}
			if err := <-blocked; err != nil {
				t.Error(err)
			}
			go func() {
				_, err := client.Read(make([]byte, 1))
				blocked <- err
			}()
			if _, err := client.Detach(context.Background()); err != nil {
				t.Fatal(err)
			}
			if err := <-blocked; err != actor.ErrDetached {
				t.Errorf("blocked Read: %v", err)
			}
		})
	}
}

// TestResumption takes sessions from the cache, TLS 1.3 ones once each.
func TestResumption(t *testing.T) {
	for _, v := range versions {
		t.Run(v.String(), func(t *testing.T) {
			p := compile(t, v, func(client, _ *handshake.Config) { client.AskSession = true })
			cache := actor.NewSessionCache(0)
			for i := range 3 {
				a, b := tcpLink(t)
				client := actor.Client(a, p.client, serverName, &actor.Config{Sessions: cache})
				server := actor.Server(b, p.server, nil)
				go echo(server)
				roundTrip(t, client, "hello")
				if got := client.State().Resumed; got != (i > 0) {
					t.Errorf("connection %d: resumed %v", i, got)
				}
				client.Close()
			}
		})
	}
}

// TestKeyLog shares one writer among connections: whole lines, each once.
func TestKeyLog(t *testing.T) {
	p := compile(t, record.TLS13, func(client, server *handshake.Config) { client.KeyLog, server.KeyLog = true, true })
	var log bytes.Buffer
	c := &actor.Config{KeyLog: actor.NewKeyLog(&log)}
	var wg sync.WaitGroup
	for range 4 {
		a, b := tcpLink(t)
		wg.Go(func() { p.connect(t, a, b, c) })
	}
	wg.Wait()
	count := make(map[string]int)
	for line := range strings.Lines(log.String()) {
		if len(strings.Fields(line)) != 3 || !strings.HasSuffix(line, "\n") {
			t.Fatalf("line %q", line)
		}
		count[line]++
	}
	for line, n := range count {
		if n != 2 {
			t.Errorf("the sides disagree: %d times %q", n, line)
		}
	}
	if len(count) < 4*4 {
		t.Errorf("%d secrets", len(count))
	}
}

// TestListener serves a client beside one that says nothing.
func TestListener(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := compile(t, record.TLS13, nil)
	l := actor.NewListener(inner, p.server, nil)
	silent, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	go func() {
		nc, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		c := actor.Client(nc, p.client, serverName, nil)
		defer c.Close()
		io.WriteString(c, "hello")
	}()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	c.Close()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v", err)
	}
	if _, err := silent.Read(make([]byte, 1)); err == nil {
		t.Error("the silent client's connection is still open")
	}
}

// TestOnSecure is told of each handshake, before State is, and before Read gives what came under
// its keys.
func TestOnSecure(t *testing.T) {
	renewing(t, func(t *testing.T, _ *actor.Config, byServer bool) {
		a, b := tcpLink(t)
		p := compile(t, record.TLS12, renewable)
		var server *actor.Conn
		var told []*handshake.ConnectionState
		cfg := &actor.Config{OnSecure: func(s *handshake.ConnectionState) error {
			if was := server.State(); was == s || len(told) > 0 && was != told[len(told)-1] {
				t.Error("State told before")
			}
			told = append(told, s)
			return nil
		}}
		client := actor.Client(a, p.client, serverName, nil)
		server = actor.Server(b, p.server, cfg)
		if err := handshakeBoth(client, server); err != nil {
			t.Fatal(err)
		}
		go echo(server)
		for range 2 {
			if err := client.Renegotiate(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			roundTrip(t, client, "under new keys")
		}
		if len(told) != 3 || told[2] != server.State() {
			t.Errorf("told of %d handshakes", len(told))
		}
		client.Close()
		server.Close()
	})
}
