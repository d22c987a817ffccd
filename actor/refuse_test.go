package actor_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/session"
	"tacet/record"
)

// TestOnSecureRefuses a handshake, the first or another, on either side: the reason is every call's
// error, the peer has the alert, nothing that came under the new keys is read, and what comes
// later neither.
func TestOnSecureRefuses(t *testing.T) {
	broken := errors.New("not good enough")
	for _, row := range []struct {
		v      record.Version
		number int // of the handshake that is refused
		why    error
		alert  record.Alert
	}{
		{record.TLS13, 1, broken, record.AlertHandshakeFailure},
		{record.TLS13, 1, fmt.Errorf("%w: %w", broken, record.AlertAccessDenied), record.AlertAccessDenied},
		{record.TLS12, 1, broken, record.AlertHandshakeFailure},
		{record.TLS12, 2, broken, record.AlertHandshakeFailure},
		{record.TLS12, 3, fmt.Errorf("%w: %w", broken, record.AlertAccessDenied), record.AlertAccessDenied},
	} {
		for _, side := range ends {
			for _, pumped := range []bool{false, true} {
				t.Run(fmt.Sprintf("%v handshake %d %v %s %v", row.v, row.number, side, mode(pumped), row.alert), func(t *testing.T) {
					a, b := tcpLink(t)
					number := 0
					refusing := &actor.Config{Pumped: pumped, OnSecure: func(*handshake.ConnectionState) error {
						if number++; number == row.number {
							return row.why
						}
						return nil
					}}
					var configs [2]*actor.Config
					configs[side] = refusing
					p := compile(t, row.v, renewable)
					conns := [2]*actor.Conn{actor.Client(a, p.client, serverName, configs[0]), actor.Server(b, p.server, configs[1])}
					own, other := conns[side], conns[1-side]
					ended := make(chan error, 1)
					go func() { // the other writes as soon as it may
						for range row.number - 1 {
							if _, err := other.Write([]byte("a")); err != nil {
								ended <- err
								return
							}
							if err := other.Renegotiate(t.Context(), nil); err != nil {
								ended <- err
								return
							}
						}
						_, _ = other.Write([]byte("b"))
						_, err := io.Copy(io.Discard, other)
						ended <- err
					}()
					got, err := io.ReadAll(own)
					if want := "aa"[:row.number-1]; string(got) != want {
						t.Errorf("read %q, want %q", got, want)
					}
					if !errors.Is(err, broken) || !errors.Is(err, handshake.KindRefused) {
						t.Error(err)
					}
					if _, again := own.Write([]byte("x")); !errors.Is(again, broken) {
						t.Error(again)
					}
					var e *handshake.Error
					if err := <-ended; !errors.As(err, &e) || e.Kind != handshake.KindAlertReceived || e.Alert != row.alert {
						t.Errorf("the other: %v", err)
					}
					own.Close()
					other.Close()
				})
			}
		}
	}
}

// TestOnSecurePanics: what came before OnSecure has said anything is not read, however often one tries.
func TestOnSecurePanics(t *testing.T) {
	a, b := tcpLink(t)
	p := compile(t, record.TLS12, nil)
	asked := 0
	client := actor.Client(a, p.client, serverName, &actor.Config{OnSecure: func(*handshake.ConnectionState) error {
		asked++
		panic("no verdict")
	}})
	server := actor.Server(b, p.server, nil)
	wrote := make(chan error, 1)
	go func() {
		_, err := server.Write([]byte("unjudged"))
		wrote <- err
	}()
	read := func() (n int, panicked any) {
		defer func() { panicked = recover() }()
		n, _ = client.Read(make([]byte, 16))
		return n, nil
	}
	for range 3 {
		if n, panicked := read(); n != 0 || panicked == nil {
			t.Errorf("read %d bytes without a verdict", n)
		}
		if asked == 1 {
			if err := <-wrote; err != nil {
				t.Error(err)
			}
		}
	}
	if asked != 3 {
		t.Errorf("asked %d times", asked)
	}
	client.Close()
	server.Close()
}

// TestRefusedSession: a session of a handshake that OnSecure refuses is not kept, and one of
// a handshake that it takes is, once.
func TestRefusedSession(t *testing.T) {
	for _, refuse := range []bool{true, false} {
		kept := &keeping{SessionCache: actor.NewSessionCache(4)}
		cfg := &actor.Config{Sessions: kept, OnSecure: func(*handshake.ConnectionState) error {
			if kept.times > 0 {
				t.Error("kept before the verdict")
			}
			if refuse {
				return errors.New("not good enough")
			}
			return nil
		}}
		p := compile(t, record.TLS12, func(client, _ *handshake.Config) {
			client.AskSession = true
		})
		a, b := tcpLink(t)
		client, server := actor.Client(a, p.client, serverName, cfg), actor.Server(b, p.server, nil)
		done := make(chan error, 1)
		go func() { done <- server.Handshake() }()
		if err := client.Handshake(); (err != nil) != refuse {
			t.Error(err)
		}
		<-done
		if want := map[bool]int{false: 1}[refuse]; kept.times != want {
			t.Errorf("refused %v: kept %d times, want %d", refuse, kept.times, want)
		}
		client.Close()
		server.Close()
	}
}

// keeping counts what is kept.
type keeping struct {
	actor.SessionCache
	times int
}

func (k *keeping) Put(name string, s *session.Session) {
	k.times++
	k.SessionCache.Put(name, s)
}
