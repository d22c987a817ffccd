package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/record"
	"tacet/suites"
)

// serverName is what certificates of these tests are for.
const serverName = "example.org"

// contextOf is a context that shows credentials and trusts the authority of tests.
func contextOf(t testing.TB, list ...*cred.Credential) *SecureContext {
	t.Helper()
	v := credtest.CA(t).Verifier()
	v.CAs = []*x509.Certificate{credtest.CA(t).Cert}
	var key session.TicketKey
	copy(key[:], t.Name())
	return &SecureContext{
		client: handshake.Config{Verifier: v, Credentials: list},
		server: handshake.Config{Verifier: v, Credentials: list, TicketKeys: []session.TicketKey{key}},
	}
}

// serverOf is a server for the name of tests.
func serverOf(t testing.TB, o ServerOptions, list ...*cred.Credential) *Server {
	t.Helper()
	if list == nil {
		list = []*cred.Credential{credtest.CA(t).Leaf(t, credtest.P256, serverName)}
	}
	s, err := newServer(o, contextOf(t, list...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// pair is what both sides of a connection came to.
type pair struct {
	client, server       *Socket
	clientErr, serverErr error
}

// wire is the two ends of a connection that holds what nobody reads yet.
func wire(t testing.TB) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return a, b
}

// connect runs a handshake.
func connect(t testing.TB, server *Server, o ConnectionOptions) *pair {
	t.Helper()
	a, b := wire(t)
	o.Socket = a
	if o.SecureContext == nil {
		o.SecureContext = contextOf(t)
	}
	p := &pair{}
	var err error
	if p.server, err = NewSocket(b, SocketOptions{Server: server}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { p.serverErr = server.secure(ctx, p.server) })
	p.client, p.clientErr = Connect(ctx, o)
	wg.Wait()
	t.Cleanup(func() {
		if p.client != nil {
			_ = p.client.Close()
		}
		_ = p.server.Close()
	})
	return p
}

// secured is connect where both sides have to succeed.
func (p *pair) secured(t testing.TB) *pair {
	t.Helper()
	if p.clientErr != nil || p.serverErr != nil {
		t.Fatalf("client: %v, server: %v", p.clientErr, p.serverErr)
	}
	return p
}

// exchange sends text both ways.
func (p *pair) exchange(t testing.TB) {
	t.Helper()
	for _, d := range []struct{ from, to *Socket }{{p.client, p.server}, {p.server, p.client}} {
		sent := make(chan error, 1)
		go func() {
			_, err := io.WriteString(d.from, "hello, world")
			sent <- err
		}()
		var b [12]byte
		if _, err := io.ReadFull(d.to, b[:]); err != nil || string(b[:]) != "hello, world" {
			t.Fatalf("%q, %v", b, err)
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
	}
}

func TestServer(t *testing.T) {
	const hello = "welcome"
	server := serverOf(t, ServerOptions{OnSecureConnection: func(s *Socket) {
		defer s.Close()
		_, _ = io.WriteString(s, hello)
	}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	s, err := Connect(t.Context(), ConnectionOptions{
		Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Servername: serverName, SecureContext: contextOf(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got, err := io.ReadAll(s)
	if err != nil || string(got) != hello {
		t.Errorf("%q, %v", got, err)
	}
	if s.BytesRead() != int64(len(hello)) || !s.Authorized() {
		t.Errorf("%d bytes, authorized %v", s.BytesRead(), s.Authorized())
	}
	_ = s.Close()
	if err := server.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve: %v", err)
	}
}

func TestPair(t *testing.T) {
	connect(t, serverOf(t, ServerOptions{}), ConnectionOptions{Servername: serverName}).secured(t).exchange(t)
}

func suitesOf(t testing.TB, list string) []*suites.Suite {
	t.Helper()
	parsed, err := suites.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Suites
}

// pskContext speaks pre-shared keys in one version.
func pskContext(t testing.TB, v record.Version) *SecureContext {
	t.Helper()
	c := contextOf(t)
	list := suitesOf(t, "PSK:TLS_AES_128_GCM_SHA256")
	c.client.Suites, c.client.MaxVersion = list, v
	c.server.Suites = list
	return c
}

func pskServer(t testing.TB, o ServerOptions) *Server {
	t.Helper()
	s, err := newServer(o, pskContext(t, record.TLS13))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// clientTLS is crypto/tls as a client that trusts the authority of tests.
func clientTLS(t testing.TB) *tls.Config { return &tls.Config{RootCAs: credtest.CA(t).Pool()} }
