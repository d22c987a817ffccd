package transport

import (
	"context"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// TestVerdictIsOfItsHandshake: a stranger's server, in place of one of which there is a session,
// renegotiates, and then begins to once more but shows another certificate. The session, which it
// never resumed, and what it did not complete prove nothing.
func TestVerdictIsOfItsHandshake(t *testing.T) {
	genuine := *credtest.CA(t).Leaf(t, credtest.P256, serverName)
	stranger := credtest.Root(t, "stranger", credtest.P256).Leaf(t, credtest.P256, serverName)
	genuine.Key = stranger.Key
	profile := func(c *cred.Credential) *handshake.ServerProfile {
		cfg := handshake.Config{Credentials: []*cred.Credential{c}, MaxVersion: record.TLS12, Renegotiation: handshake.AllowRenegotiation}
		p, err := cfg.CompileServer()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	a, b := wire(t)
	server := actor.Server(b, profile(stranger), nil)
	defer server.Close()
	own := contextOf(t)
	own.client.MaxVersion, own.client.Renegotiation = record.TLS12, handshake.AllowRenegotiation
	again := make(chan *Socket, 2)
	served := make(chan error, 1)
	go func() { served <- server.HandshakeContext(t.Context()) }()
	client, err := Connect(t.Context(), ConnectionOptions{
		Socket: a, SecureContext: own, Servername: serverName, RejectUnauthorized: new(false), Session: sessionOf(t, serverOf(t, ServerOptions{}), record.TLS12),
		SocketEvents: SocketEvents{OnSecureConnect: func(s *Socket) { again <- s }},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := <-served; err != nil || client.Authorized() {
		t.Fatalf("authorized %v, %v", client.Authorized(), err)
	}
	<-again
	busy := make(chan struct{})
	client.queue.add(func() { <-busy }) // the application takes its time over an event
	ended := reading(client)
	if err := server.Renegotiate(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-ended
		cancel()
	}()
	if err := server.Renegotiate(ctx, profile(&genuine)); err == nil {
		t.Fatal("the client took another's certificate")
	}
	close(busy)
	<-again
	if client.Authorized() || client.AuthorizationError() == nil {
		t.Error("authorized by the session with somebody else")
	}
}

// TestRenegotiatedWhileJudged: a renegotiation is told of though it is complete before the first
// handshake is judged.
func TestRenegotiatedWhileJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own, key := pskContext(t, record.TLS12), []byte("a key that both have")
		own.client.Renegotiation = handshake.AllowRenegotiation
		a, b := net.Pipe()
		server, err := NewSocket(b, SocketOptions{Server: pskServer(t, ServerOptions{
			PSKCallback: func(context.Context, string) ([]byte, error) { return key, nil },
		})})
		if err != nil {
			t.Fatal(err)
		}
		begin, again := make(chan bool, 2), make(chan bool, 2)
		var asked atomic.Bool
		go func() {
			<-begin
			if err := server.Renegotiate(t.Context(), RenegotiateOptions{}); err != nil {
				t.Error(err)
			}
		}()
		go server.Handshake()
		client, err := Connect(t.Context(), ConnectionOptions{
			Socket: a, SecureContext: own, Servername: serverName,
			PSKCallback: func(context.Context, string) (PSK, error) { return PSK{key, "who"}, nil },
			CheckServerIdentity: func(string, *PeerCertificate) error {
				if !asked.Swap(true) {
					synctest.Wait()
					begin <- true
					synctest.Wait()
				}
				return nil
			},
			SocketEvents: SocketEvents{
				OnSession:       func(*Socket, []byte) {}, // has the socket read ahead
				OnSecureConnect: func(*Socket) { again <- true },
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		<-again
		<-again
		client.Close()
		server.Close()
	})
}

// TestRenegotiatedNameHasItsContext: a client that asks for no name in a renegotiation is not
// held to the context of the name before.
func TestRenegotiatedNameHasItsContext(t *testing.T) {
	server := serverOf(t, ServerOptions{RequestCert: true})
	if err := server.AddContext("other", contextOf(t)); err != nil {
		t.Fatal(err)
	}
	v := &serverSide{server: server, by: server.current.Load(), auth: server.auth()}
	for _, name := range []string{"other", ""} {
		own, p, err := v.contextFor(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if chosen, err := v.showing(&Socket{}, own, p); err != nil || chosen != p || chosen == nil {
			t.Errorf("for %q another profile, %v", name, err)
		}
	}
}

// TestVerdictComesBeforeData: a client renegotiates as somebody else. Though the application takes
// its time over another event, what a server tells of it is true by when it reads what
// that one sends.
func TestVerdictComesBeforeData(t *testing.T) {
	own := contextOf(t, credtest.CA(t).Leaf(t, credtest.P256, serverName))
	own.server.Renegotiation, own.server.RenegotiationLimit = handshake.AllowRenegotiation, 3
	server, err := newServer(ServerOptions{RequestCert: true, RejectUnauthorized: new(false)}, own)
	if err != nil {
		t.Fatal(err)
	}
	good := credtest.CA(t).Leaf(t, credtest.P256, "client")
	bad := credtest.Root(t, "stranger", credtest.P256).Leaf(t, credtest.P256, "client")
	profile := func(c *cred.Credential) *handshake.ClientProfile {
		cfg := handshake.Config{Credentials: []*cred.Credential{c}, MaxVersion: record.TLS12, Verifier: credtest.CA(t).Verifier()}
		p, err := cfg.CompileClient()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	a, b := wire(t)
	s, err := NewSocket(b, SocketOptions{Server: server})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	client := actor.Client(a, profile(good), serverName, nil)
	defer client.Close()
	hears := func(says string, authorized bool) {
		t.Helper()
		if _, err := io.ReadFull(s, make([]byte, len(says))); err != nil {
			t.Fatal(err)
		}
		cert := s.PeerCertificate(false)
		if s.Authorized() != authorized || (s.AuthorizationError() == nil) != authorized || cert == nil {
			t.Errorf("%s: authorized %v, %v, %v", says, s.Authorized(), s.AuthorizationError(), cert)
		}
	}
	go client.Write([]byte("good"))
	hears("good", true)
	busy := make(chan struct{})
	defer close(busy)
	s.queue.add(func() { <-busy })
	for _, c := range []*cred.Credential{bad, good, bad} {
		done := make(chan error, 1)
		go func() {
			err := client.Renegotiate(t.Context(), profile(c))
			client.Write([]byte("as another"))
			done <- err
		}()
		hears("as another", c == good)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

// TestRenegotiationEventsInOrder: of each handshake a client is told first that it is secure, and
// then of its session, whoever asked for it.
func TestRenegotiationEventsInOrder(t *testing.T) {
	for _, who := range []string{"client", "server"} {
		t.Run(who, func(t *testing.T) {
			events := make(chan string, 8)
			tell := func(event string) {
				events <- event
			}
			p := renegotiable(t, ServerOptions{}, ConnectionOptions{SocketEvents: SocketEvents{
				OnSecureConnect: func(*Socket) { tell("secure") },
				OnSession:       func(*Socket, []byte) { tell("session") },
			}})
			asks := p.client
			if who == "server" {
				asks = p.server
			} else {
				reading(p.server)
			}
			var got []string
			for i := range 4 {
				if i > 0 {
					if err := asks.Renegotiate(t.Context(), RenegotiateOptions{}); err != nil && i < 4 {
						t.Fatal(err)
					}
				}
				got = append(got, <-events, <-events)
			}
			if want := slices.Repeat([]string{"secure", "session"}, 4); !slices.Equal(got, want) {
				t.Errorf("told %q", got)
			}
		})
	}
}
