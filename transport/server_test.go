package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// shows is the first name of the certificate that the client saw.
func shows(p *pair) string { return p.client.PeerCertificate(false).Subject.Values("CN")[0] }

func TestAddContext(t *testing.T) {
	ca := credtest.CA(t)
	server := serverOf(t, ServerOptions{}, ca.Leaf(t, credtest.P256, "default"))
	for i, pattern := range []string{"*.example.org", "a.example.org", "b*d.example.org", "*", "old", "old"} {
		if err := server.AddContext(pattern, contextOf(t, ca.Leaf(t, credtest.RSA2048, fmt.Sprint(i)))); err != nil {
			t.Fatal(err)
		}
	}
	if err := server.AddContext("", contextOf(t)); CodeOf(err) != "ERR_TLS_REQUIRED_SERVER_NAME" {
		t.Error(err)
	}
	for name, want := range map[string]string{
		"": "default", "a.example.org": "1", "A.example.org": "0", "x.example.org": "0",
		"x.y.example.org": "default", "bcd.example.org": "2", "bd.example.org": "2", "bcde.example.org": "0",
		"old": "5", "localhost": "3", "example.net": "default", "a.example.ORG": "default",
	} {
		p := connect(t, server, ConnectionOptions{Servername: name, RejectUnauthorized: new(false)}).secured(t)
		if got := shows(p); got != want {
			t.Errorf("%q is shown %q, not %q", name, got, want)
		}
	}
}

func TestMatchContext(t *testing.T) {
	for _, row := range []struct {
		pattern, name string
		want          bool
	}{
		{"*.x", ".x", true}, {"*.x", "a.b.x", false}, {"a*.x", "a.x", true}, {"a*.x", "ab.x", true}, {"*", "", true}, {"*", "a.b", false},
		{"*.*", "a.b", true}, {"a**b", "axyb", true}, {"a*b*c", "abbc", true}, {"a*b*c", "ab.c", false}, {"a.b", "aXb", false}, {"+", "+", true},
	} {
		if matchContext(row.pattern, row.name) != row.want {
			t.Errorf("%q and %q: not %v", row.pattern, row.name, row.want)
		}
	}
}

func TestSNICallback(t *testing.T) {
	ca := credtest.CA(t)
	broken := errors.New("broken")
	server := serverOf(t, ServerOptions{SNICallback: func(ctx context.Context, name string) (*SecureContext, error) {
		switch {
		case SocketFrom(ctx) == nil || name == "":
			return nil, errors.New("called without a socket or a name")
		case name == "none":
			return nil, nil
		case name == "broken":
			return nil, broken
		case name == "empty":
			return contextOf(t), nil
		}
		return contextOf(t, ca.Leaf(t, credtest.RSA2048, name)), nil
	}}, ca.Leaf(t, credtest.P256, "default"))
	if err := server.AddContext("a", contextOf(t, ca.Leaf(t, credtest.P256, "not asked"))); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"": "default", "none": "default", "empty": "default", "a": "a", "b.example": "b.example"} {
		p := connect(t, server, ConnectionOptions{Servername: name, RejectUnauthorized: new(false)}).secured(t)
		if got := shows(p); got != want {
			t.Errorf("%q is shown %q", name, got)
		}
	}
	if p := connect(t, server, ConnectionOptions{Servername: "broken"}); !errors.Is(p.serverErr, broken) || CodeOf(p.clientErr) != CodeAlertInternalError {
		t.Errorf("server: %v, client: %v", p.serverErr, p.clientErr)
	}
	bare, err := newServer(ServerOptions{SNICallback: func(context.Context, string) (*SecureContext, error) { return contextOf(t), nil }}, contextOf(t))
	if err != nil {
		t.Fatal(err)
	}
	if p := connect(t, bare, ConnectionOptions{Servername: "empty"}); CodeOf(p.serverErr) != CodeNoSignatureAlgorithm || CodeOf(p.clientErr) != CodeAlertHandshakeFailure {
		t.Errorf("server: %v, client: %v", p.serverErr, p.clientErr)
	}
}

// resumes connects once for a session and once with it, and says whether it was reused.
func resumes(t *testing.T, first, then *Server, version record.Version) bool {
	t.Helper()
	return offer(t, then, sessionOf(t, first, version), version).client.IsSessionReused()
}

// sessionOf connects for a session.
func sessionOf(t *testing.T, server *Server, version record.Version) []byte {
	t.Helper()
	context := contextOf(t)
	context.client.MaxVersion = version
	sessions := make(chan []byte, 4)
	connect(t, server, ConnectionOptions{
		Servername: serverName, SecureContext: context, SocketEvents: SocketEvents{OnSession: func(_ *Socket, s []byte) { sessions <- s }},
	}).secured(t)
	return <-sessions
}

// offer connects with a session.
func offer(t *testing.T, server *Server, session []byte, version record.Version) *pair {
	t.Helper()
	context := contextOf(t)
	context.client.MaxVersion = version
	return connect(t, server, ConnectionOptions{Servername: serverName, SecureContext: context, Session: session}).secured(t)
}

var versions = []record.Version{record.TLS12, record.TLS13}

func TestTicketKeys(t *testing.T) {
	one, two := bytes.Repeat([]byte{1}, 48), bytes.Repeat([]byte{2}, 48)
	keyed := func(keys ...[]byte) *Server {
		s := serverOf(t, ServerOptions{})
		if err := s.SetTicketKeys(keys[0], keys[1:]...); err != nil {
			t.Fatal(err)
		}
		if got := s.TicketKeys(); !bytes.Equal(got, keys[0]) {
			t.Errorf("keys %x", got)
		}
		return s
	}
	for _, v := range versions {
		for _, row := range []struct {
			name        string
			first, then *Server
			want        bool
		}{
			{"the same", keyed(one), keyed(one), true},
			{"others", keyed(one), keyed(two), false},
			{"as previous ones", keyed(one), keyed(two, one), true},
		} {
			if got := resumes(t, row.first, row.then, v); got != row.want {
				t.Errorf("%v, %s: resumed %v", v, row.name, got)
			}
		}
	}
	for _, bad := range [][]byte{nil, make([]byte, 47), make([]byte, 49)} {
		if err := keyed(one).SetTicketKeys(bad); CodeOf(err) != CodeArgValue {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
}

func TestTLSClientError(t *testing.T) {
	heard := make(chan error, 10)
	server := serverOf(t, ServerOptions{
		OnSecureConnection: func(s *Socket) { s.Close() },
		OnTLSClientError: func(err error, s *Socket) {
			if s.RemoteAddr() == nil {
				t.Error("without address")
			}
			heard <- err
		},
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	defer server.Close()
	for _, row := range []struct {
		said string
		code Code
	}{
		{"", CodeConnectionReset},
		{"GET / HTTP/1.1\r\n\r\n", CodeHTTPRequest},
		{"CONNECT x HTTP/1.1\r\n\r\n", CodeProxyRequest},
		{"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b", CodeWrongVersionNumber},
	} {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, row.said)
		if row.said == "" {
			_ = c.Close()
		}
		if err := <-heard; CodeOf(err) != row.code {
			t.Errorf("%q: %v (%s)", row.said, err, CodeOf(err))
		}
		_ = c.Close()
	}
}

// TestNegativeHandshakeTimeout: a time in which no handshake can be done is a mistake.
func TestNegativeHandshakeTimeout(t *testing.T) {
	var fault *Error
	if _, err := NewServer(ServerOptions{HandshakeTimeout: -1}); !errors.As(err, &fault) || fault.Code != CodeOutOfRange || fault.Option != "handshakeTimeout" {
		t.Error(err)
	}
}

// TestHandshakeTimeout: what comes slowly puts nothing off.
func TestHandshakeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		heard := make(chan error, 1)
		server := serverOf(t, ServerOptions{OnTLSClientError: func(err error, _ *Socket) { heard <- err }})
		a, b := net.Pipe()
		s, err := NewSocket(b, SocketOptions{Server: server})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		go func() {
			for _, c := range []byte("\x16\x03\x01\x01\x00\x01") {
				_, _ = a.Write([]byte{c})
				time.Sleep(50 * time.Second)
			}
		}()
		_ = server.secure(t.Context(), s)
		if err := <-heard; CodeOf(err) != CodeHandshakeTimeout {
			t.Error(err)
		}
		if d := time.Since(start); d != 2*time.Minute {
			t.Errorf("after %v", d)
		}
		if _, err := a.Read(make([]byte, 1)); err == nil {
			t.Error("the connection is open")
		}
		if server.Connections() != 0 {
			t.Error("it counts as a connection")
		}
		time.Sleep(10 * time.Minute)
	})
}

func TestMaxConnections(t *testing.T) {
	secure := make(chan *Socket)
	server := serverOf(t, ServerOptions{MaxConnections: 1, OnSecureConnection: func(s *Socket) { secure <- s }})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	defer server.Close()
	dial := func() (*Socket, error) {
		return Connect(t.Context(), ConnectionOptions{Port: l.Addr().(*net.TCPAddr).Port, Host: "127.0.0.1", Servername: serverName, SecureContext: contextOf(t)})
	}
	first, err := dial()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	held := <-secure
	if _, err := dial(); CodeOf(err) != CodeConnectionReset {
		t.Errorf("one too many: %v", err)
	}
	_ = held.Close()
	again, err := dial()
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
	_ = (<-secure).Close()
}

// TestShutdown: connections that are there go on until they end, or time is up.
func TestShutdown(t *testing.T) {
	for _, patient := range []bool{true, false} {
		server := serverOf(t, ServerOptions{})
		p := connect(t, server, ConnectionOptions{Servername: serverName}).secured(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- server.Shutdown(ctx) }()
		p.exchange(t)
		if patient {
			_ = p.server.Close()
		} else {
			cancel()
		}
		if err := <-done; (err == nil) != patient {
			t.Errorf("patient %v: %v", patient, err)
		}
		cancel()
		if server.Connections() != 0 {
			t.Error("there are connections")
		}
		if _, err := NewSocket(nil, SocketOptions{Server: server}); err == nil {
			t.Error("a closed server takes connections")
		}
	}
}

func TestKeylog(t *testing.T) {
	for _, v := range versions {
		var mu sync.Mutex
		lines := map[string][]string{}
		hear := func(who string, line []byte) {
			mu.Lock()
			defer mu.Unlock()
			lines[who] = append(lines[who], string(line))
		}
		context := contextOf(t)
		context.client.MaxVersion = v
		connect(t, serverOf(t, ServerOptions{OnKeylog: func(line []byte, s *Socket) { hear("server", line) }}), ConnectionOptions{
			Servername: serverName, SecureContext: context, SocketEvents: SocketEvents{OnKeylog: func(_ *Socket, line []byte) { hear("client", line) }},
		}).secured(t)
		for _, list := range lines {
			slices.Sort(list)
		}
		first := map[record.Version]string{record.TLS12: "CLIENT_RANDOM ", record.TLS13: "CLIENT_HANDSHAKE_TRAFFIC_SECRET "}[v]
		if len(lines["client"]) == 0 || !slices.Equal(lines["client"], lines["server"]) || !strings.HasPrefix(lines["client"][0], first) || !strings.HasSuffix(lines["client"][0], "\n") {
			t.Errorf("%v: %q", v, lines)
		}
	}
}
