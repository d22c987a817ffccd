package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"tacet/handshake/cred/credtest"
)

// listening serves a greeting on a listener until the test is over.
func listening(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	server := serverOf(t, ServerOptions{OnSecureConnection: func(s *Socket) {
		defer s.Close()
		_, _ = io.WriteString(s, s.Servername())
	}}, credtest.CA(t).Leaf(t, credtest.P256, serverName, "localhost", "127.0.0.1"))
	go server.Serve(l)
	t.Cleanup(func() { _ = server.Close() })
	return l
}

// TestConnect: where to, whom for, and what is said (SNI).
func TestConnect(t *testing.T) {
	l := listening(t, "tcp", "127.0.0.1:0")
	port := l.Addr().(*net.TCPAddr).Port
	lookup := func(_ context.Context, host string) ([]netip.Addr, error) {
		if host != serverName {
			return nil, errors.New("another host")
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.1")}, nil
	}
	for _, row := range []struct {
		name     string
		o        ConnectionOptions
		said     string // as server name
		identity string // asked of CheckServerIdentity
	}{
		{"host", ConnectionOptions{Host: "127.0.0.1", Port: port}, "", "127.0.0.1"},
		{"no host", ConnectionOptions{Port: port, Lookup: func(ctx context.Context, host string) ([]netip.Addr, error) { return lookup(ctx, serverName) }}, "", "localhost"},
		{"lookup", ConnectionOptions{Host: serverName, Port: port, Lookup: lookup}, "", serverName},
		{"servername", ConnectionOptions{Host: "127.0.0.1", Port: port, Servername: serverName}, serverName, serverName},
	} {
		row.o.SecureContext = contextOf(t)
		asked := ""
		row.o.CheckServerIdentity = func(host string, cert *PeerCertificate) error {
			asked = host
			if cert.IssuerCertificate == nil {
				t.Error("the certificate is not detailed")
			}
			return CheckServerIdentity(host, cert)
		}
		secure := 0
		row.o.OnSecureConnect = func(*Socket) { secure++ }
		s, err := Connect(t.Context(), row.o)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		text, err := io.ReadAll(s)
		if string(text) != row.said || err != nil || asked != row.identity || secure != 1 || !s.Authorized() {
			t.Errorf("%s: said %q, %v, asked of %q", row.name, text, err, asked)
		}
		_ = s.Close()
	}
}

func TestConnectPath(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: without Unix sockets")
	}
	path := filepath.Join(t.TempDir(), "s")
	listening(t, "unix", path)
	s, err := Connect(t.Context(), ConnectionOptions{Path: path, Port: 1, Host: "example.net", Servername: serverName, SecureContext: contextOf(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if text, err := io.ReadAll(s); string(text) != serverName {
		t.Errorf("%q, %v", text, err)
	}
}

func TestConnectErrors(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	port := silent.Addr().(*net.TCPAddr).Port
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = dead.Close()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, row := range []struct {
		name string
		ctx  context.Context
		o    ConnectionOptions
		code Code
		is   error
	}{
		{"nowhere", t.Context(), ConnectionOptions{}, "ERR_MISSING_ARGS", nil},
		{"a port too high", t.Context(), ConnectionOptions{Port: 65536}, "ERR_SOCKET_BAD_PORT", nil},
		{"nobody listens", t.Context(), ConnectionOptions{Host: "127.0.0.1", Port: dead.Addr().(*net.TCPAddr).Port}, "ECONNREFUSED", nil},
		{"no such path", t.Context(), ConnectionOptions{Path: filepath.Join(t.TempDir(), "none")}, "ENOENT", nil},
		{"no address", t.Context(), ConnectionOptions{Port: port, Lookup: func(context.Context, string) ([]netip.Addr, error) { return nil, nil }}, "ENOTFOUND", nil},
		{"canceled", canceled, ConnectionOptions{Host: "127.0.0.1", Port: port}, "ABORT_ERR", context.Canceled},
		{"a protocol too long", t.Context(), ConnectionOptions{Port: port, ALPNProtocols: []string{string(make([]byte, 256))}}, CodeOutOfRange, nil},
		{"an empty protocol", t.Context(), ConnectionOptions{Port: port, ALPNProtocols: []string{""}}, CodeArgValue, nil},
		{"a negative timeout", t.Context(), ConnectionOptions{Port: port, Timeout: -1}, CodeOutOfRange, nil},
	} {
		row.o.SecureContext = contextOf(t)
		s, err := Connect(row.ctx, row.o)
		if s != nil || CodeOf(err) != row.code || row.is != nil && !errors.Is(err, row.is) {
			t.Errorf("%s: %v (%s)", row.name, err, CodeOf(err))
		}
	}
}

// TestLostBeforeSecure: node's words for a peer that goes away.
func TestLostBeforeSecure(t *testing.T) {
	a, b := wire(t)
	_ = b.Close()
	_, err := Connect(t.Context(), ConnectionOptions{Socket: a, SecureContext: contextOf(t)})
	var e *Error
	if !errors.As(err, &e) || e.Code != CodeConnectionReset || e.Message != "Client network socket disconnected before secure TLS connection was established" {
		t.Error(err)
	}
}

// TestConnectGivesUp: ctx ends a handshake, and its transport with it.
func TestConnectGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		go io.Copy(io.Discard, b)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		_, err := Connect(ctx, ConnectionOptions{Socket: a, SecureContext: contextOf(t)})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if _, err := b.Write([]byte{1}); err == nil {
			t.Error("the transport is open")
		}
	})
}

// TestTimeout: OnTimeout is told of silence, again after each word.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		server, err := NewSocket(b, SocketOptions{Server: serverOf(t, ServerOptions{})})
		if err != nil {
			t.Fatal(err)
		}
		go io.Copy(io.Discard, server)
		told := make(chan time.Time, 3)
		s, err := Connect(t.Context(), ConnectionOptions{
			Socket: a, Servername: serverName, SecureContext: contextOf(t), Timeout: time.Minute, RejectUnauthorized: new(false),
			SocketEvents: SocketEvents{OnTimeout: func(*Socket) { told <- time.Now() }},
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			time.Sleep(30 * time.Second)
			if _, err := s.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		last := time.Now()
		if d := (<-told).Sub(last); d != time.Minute {
			t.Errorf("after %v", d)
		}
		if _, err := s.Write([]byte("x")); err != nil {
			t.Error("the connection is closed:", err)
		}
		<-told
		_ = s.Close()
		_ = server.Close()
		time.Sleep(time.Hour)
		if len(told) > 0 {
			t.Error("told of a closed socket")
		}
	})
}

// TestHTTP: net/http over a Listener, HTTP/1.1 and HTTP/2 by ALPN, to clients of crypto/tls.
func TestHTTP(t *testing.T) {
	leaf := credtest.CA(t).Leaf(t, credtest.P256, "127.0.0.1")
	server := serverOf(t, ServerOptions{ALPNProtocols: []string{"h2", "http/1.1"}}, leaf)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &http.Server{
		Protocols: new(http.Protocols), ConnContext: ConnContext,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s by %s", r.Proto, SocketFrom(r.Context()).ALPNProtocol())
		}),
	}
	h.Protocols.SetHTTP1(true)
	h.Protocols.SetUnencryptedHTTP2(true)
	go h.Serve(server.Listener(inner))
	defer h.Close()
	// Who says nothing keeps nobody waiting.
	silent, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, row := range []struct {
		two  bool
		want string
	}{{true, "HTTP/2.0 by h2"}, {false, "HTTP/1.1 by http/1.1"}} {
		transport := &http.Transport{Protocols: new(http.Protocols), TLSClientConfig: clientTLS(t)}
		if !row.two {
			transport.TLSClientConfig.NextProtos = []string{"http/1.1"}
		}
		transport.Protocols.SetHTTP1(!row.two)
		transport.Protocols.SetHTTP2(row.two)
		r, err := (&http.Client{Transport: transport}).Get("https://" + inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r.Body)
		if string(text) != row.want {
			t.Errorf("%q, %v", text, err)
		}
		transport.CloseIdleConnections()
	}
}

// TestListenerClose: Accept ends, and what nobody accepts is closed.
func TestListenerClose(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := serverOf(t, ServerOptions{})
	l := server.Listener(inner)
	s, err := Connect(t.Context(), ConnectionOptions{Host: "127.0.0.1", Port: inner.Addr().(*net.TCPAddr).Port, Servername: serverName, SecureContext: contextOf(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if _, err := s.Read(make([]byte, 1)); err == nil {
		t.Error("a connection that nobody accepted goes on")
	}
}

// TestTimeoutAtOnce: OnTimeout may close the socket before Connect has begun to talk.
func TestTimeoutAtOnce(t *testing.T) {
	for range 20 {
		a, b := net.Pipe()
		go io.Copy(io.Discard, b)
		_, err := Connect(t.Context(), ConnectionOptions{
			Socket: a, SecureContext: contextOf(t), Timeout: 1,
			SocketEvents: SocketEvents{OnTimeout: func(s *Socket) { _ = s.Close() }},
		})
		if !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	}
}
