package actor_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/record"
)

const serverName = "server.example"

// profiles are the two sides of a test's connections.
type profiles struct {
	client *handshake.ClientProfile
	server *handshake.ServerProfile
}

var versions = []record.Version{record.TLS12, record.TLS13}

// compile makes profiles that negotiate one version; adjust may change the configs.
func compile(t testing.TB, v record.Version, adjust func(client, server *handshake.Config)) profiles {
	t.Helper()
	ca := credtest.CA(t)
	client := handshake.Config{MinVersion: v, MaxVersion: v, Verifier: ca.Verifier()}
	server := handshake.Config{MinVersion: v, MaxVersion: v, TicketKeys: []session.TicketKey{{1, 2, 3}}}
	server.Credentials = append(server.Credentials, ca.Leaf(t, credtest.P256, serverName))
	if adjust != nil {
		adjust(&client, &server)
	}
	cp, err := client.CompileClient()
	if err != nil {
		t.Fatal(err)
	}
	sp, err := server.CompileServer()
	if err != nil {
		t.Fatal(err)
	}
	return profiles{cp, sp}
}

// unverified is an adjustment for tests in whose world certificates are not valid yet.
func unverified(client, _ *handshake.Config) {
	client.Verify = handshake.VerifyNone
	client.NoCompatibility = true
}

// pair makes the two ends of a connection over two ends of a transport.
func (p profiles) pair(ct, st actor.Transport, c *actor.Config) (client, server *actor.Conn) {
	return actor.Client(ct, p.client, serverName, c), actor.Server(st, p.server, c)
}

// connect is pair with the handshake done.
func (p profiles) connect(t testing.TB, ct, st actor.Transport, c *actor.Config) (client, server *actor.Conn) {
	t.Helper()
	client, server = p.pair(ct, st, c)
	if err := handshakeBoth(client, server); err != nil {
		t.Fatal(err)
	}
	return client, server
}

func handshakeBoth(a, b interface{ HandshakeContext(context.Context) error }) error {
	result := make(chan error, 1)
	go func() { result <- a.HandshakeContext(context.Background()) }()
	return errors.Join(b.HandshakeContext(context.Background()), <-result)
}

// link makes the two ends of a transport.
type link struct {
	name string
	make func(testing.TB) (a, b actor.Transport)
}

// links are all kinds of transport there are.
func links() []link {
	return []link{
		{"tcp", tcpLink},
		{"unix", unixLink},
		{"net.Pipe", pipeLink},
		{"wrapped", func(t testing.TB) (a, b actor.Transport) {
			a, b = tcpLink(t)
			return struct{ net.Conn }{a.(net.Conn)}, struct{ net.Conn }{b.(net.Conn)}
		}},
		{"duplex", func(testing.TB) (a, b actor.Transport) {
			r1, w1 := io.Pipe()
			r2, w2 := io.Pipe()
			return actor.Duplex(r1, w2), actor.Duplex(r2, w1)
		}},
		{"tls", func(t testing.TB) (a, b actor.Transport) {
			ta, tb := tcpLink(t)
			return compile(t, record.TLS13, nil).connect(t, ta, tb, nil)
		}},
	}
}

func pipeLink(testing.TB) (a, b actor.Transport) {
	x, y := net.Pipe()
	return x, y
}

func tcpLink(t testing.TB) (a, b actor.Transport) { return listenLink(t, "tcp", "127.0.0.1:0") }

func unixLink(t testing.TB) (a, b actor.Transport) {
	return listenLink(t, "unix", t.TempDir()+"/s")
}

func listenLink(t testing.TB, network, address string) (a, b actor.Transport) {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var wg sync.WaitGroup
	wg.Add(1)
	var accepted net.Conn
	var acceptErr error
	go func() {
		defer wg.Done()
		accepted, acceptErr = l.Accept()
	}()
	dialed, err := net.Dial(network, l.Addr().String())
	wg.Wait()
	if err := errors.Join(err, acceptErr); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		dialed.Close()
		accepted.Close()
	})
	return dialed, accepted
}
