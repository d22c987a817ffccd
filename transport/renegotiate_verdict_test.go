package transport

import (
	"context"
	"net"
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
				synctest.Wait()
				begin <- true
				synctest.Wait()
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
