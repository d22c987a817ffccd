package transport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/net/nettest"
	"golang.org/x/net/websocket"

	"tacet/actor"
	"tacet/handshake/cred/credtest"
)

// duplex is a kind of what carries bytes both ways.
type duplex struct {
	name string
	make func(*testing.T) (client, server io.ReadWriteCloser)
}

func duplexes() []duplex {
	return []duplex{
		{"TCP", func(t *testing.T) (io.ReadWriteCloser, io.ReadWriteCloser) { return both(wire(t)) }},
		{"net.Pipe", func(*testing.T) (io.ReadWriteCloser, io.ReadWriteCloser) { return both(net.Pipe()) }},
		{"io.Pipe", pipes},
		{"os.Pipe", filePipes},
		{"socketpair", socketPair},
		{"WebSocket", webSocket},
		{"ssh", sshChannel},
		{"Socket", overSocket},
	}
}

func both(a, b net.Conn) (io.ReadWriteCloser, io.ReadWriteCloser) { return a, b }

func pipes(*testing.T) (client, server io.ReadWriteCloser) {
	r1, w1 := io.Pipe()
	r2, w2 := io.Pipe()
	return actor.Duplex(r1, w2), actor.Duplex(r2, w1)
}

func filePipes(t *testing.T) (client, server io.ReadWriteCloser) {
	t.Helper()
	r1, w1, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r2, w2, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return actor.Duplex(r1, w2), actor.Duplex(r2, w1)
}

// webSocket makes a connection of each message of which carries what one Write wrote.
func webSocket(t *testing.T) (client, server io.ReadWriteCloser) {
	t.Helper()
	accepted, done := make(chan net.Conn), make(chan struct{})
	h := httptest.NewServer(websocket.Handler(func(c *websocket.Conn) {
		c.PayloadType = websocket.BinaryFrame
		accepted <- c
		<-done
	}))
	t.Cleanup(func() { close(done); h.Close() })
	c, err := websocket.Dial("ws"+strings.TrimPrefix(h.URL, "http"), "", h.URL)
	if err != nil {
		t.Fatal(err)
	}
	c.PayloadType = websocket.BinaryFrame
	return c, <-accepted
}

// sshChannel makes a channel of an ssh connection.
func sshChannel(t *testing.T) (client, server io.ReadWriteCloser) {
	t.Helper()
	a, b := wire(t)
	host, err := ssh.NewSignerFromSigner(credtest.Key(t, credtest.Ed25519))
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{NoClientAuth: true}
	config.AddHostKey(host)
	accepted := make(chan ssh.Channel)
	go func() {
		_, channels, requests, err := ssh.NewServerConn(b, config)
		if err != nil {
			t.Error(err)
			close(accepted)
			return
		}
		go ssh.DiscardRequests(requests)
		for c := range channels {
			channel, requests, err := c.Accept()
			if err != nil {
				t.Error(err)
			}
			go ssh.DiscardRequests(requests)
			accepted <- channel
		}
	}()
	conn, channels, requests, err := ssh.NewClientConn(a, "", &ssh.ClientConfig{HostKeyCallback: ssh.FixedHostKey(host.PublicKey())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go ssh.DiscardRequests(requests)
	go func() {
		for c := range channels {
			_ = c.Reject(ssh.Prohibited, "")
		}
	}()
	channel, requests, err := conn.OpenChannel("tls", nil)
	if err != nil {
		t.Fatal(err)
	}
	go ssh.DiscardRequests(requests)
	return channel, <-accepted
}

// overSocket makes TLS to carry TLS in.
func overSocket(t *testing.T) (client, server io.ReadWriteCloser) {
	p := connect(t, serverOf(t, ServerOptions{}), ConnectionOptions{Servername: serverName}).secured(t)
	return p.client, p.server
}

// TestNewSocket: a connection over each kind of duplex, whose both sides say something long,
// end their direction and hear the other's end.
func TestNewSocket(t *testing.T) {
	for _, d := range duplexes() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			a, b := d.make(t)
			server, err := NewSocket(b, SocketOptions{Server: serverOf(t, ServerOptions{})})
			if err != nil {
				t.Fatal(err)
			}
			client, err := NewSocket(a, SocketOptions{SecureContext: contextOf(t)})
			if err != nil {
				t.Fatal(err)
			}
			if err := client.SetServername(serverName); err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			defer client.Close()
			if client.NetConn() != a || server.NetConn() != b || client.RemoteAddr() == nil {
				t.Error("it is over something else")
			}
			long := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
			results := make(chan error, 4)
			for _, s := range []*Socket{client, server} {
				go func() {
					_, err := s.Write(long)
					results <- errors.Join(err, s.CloseWrite())
				}()
				go func() {
					got, err := io.ReadAll(s)
					if !bytes.Equal(got, long) {
						err = errors.Join(err, errors.New("something else came"))
					}
					results <- err
				}()
			}
			for range 4 {
				if err := <-results; err != nil {
					t.Error(err)
				}
			}
			if client.BytesRead() != int64(len(long)) || client.BytesWritten() != int64(len(long)) {
				t.Errorf("%d bytes read, %d written", client.BytesRead(), client.BytesWritten())
			}
		})
	}
}

// TestSocketIsConn runs the standard test of net.Conn.
func TestSocketIsConn(t *testing.T) {
	server := serverOf(t, ServerOptions{})
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		a, b := net.Pipe()
		s, err := NewSocket(b, SocketOptions{Server: server})
		if err != nil {
			return nil, nil, nil, err
		}
		done := make(chan error)
		go func() { done <- s.Handshake() }()
		c, err := Connect(t.Context(), ConnectionOptions{Socket: a, Servername: serverName, SecureContext: contextOf(t)})
		if err == nil {
			err = <-done
		}
		return c, s, func() { a.Close(); b.Close(); s.Close(); c.Close() }, err
	})
}

// TestServerSocket: the server's side without a Server.
func TestServerSocket(t *testing.T) {
	var lines int
	own := contextOf(t, credtest.CA(t).Leaf(t, credtest.P256, serverName))
	a, b := net.Pipe()
	server, err := NewSocket(b, SocketOptions{
		IsServer: true, SecureContext: own, RequestCert: true, RejectUnauthorized: new(false), ALPNProtocols: []string{"a"},
		SocketEvents: SocketEvents{OnKeylog: func(*Socket, []byte) { lines++ }},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	secured := make(chan bool, 1)
	go func() { secured <- server.Handshake() == nil }()
	client, err := Connect(t.Context(), ConnectionOptions{
		Socket: a, Servername: serverName, ALPNProtocols: []string{"a"},
		SecureContext: contextOf(t, credtest.CA(t).Leaf(t, credtest.P256, "client")),
	})
	if err != nil || !<-secured {
		t.Fatal(err)
	}
	defer client.Close()
	if !server.Authorized() || server.ALPNProtocol() != "a" || lines == 0 {
		t.Errorf("authorized %v, protocol %q, %d lines", server.Authorized(), server.ALPNProtocol(), lines)
	}
	go io.Copy(io.Discard, server)
	if err := client.SetServername("x"); CodeOf(err) != "ERR_TLS_INVALID_STATE" {
		t.Error(err)
	}
	if err := server.SetServername("x"); CodeOf(err) != "ERR_TLS_SNI_FROM_SERVER" {
		t.Error(err)
	}
	if _, err := NewSocket(nil, SocketOptions{IsServer: true, SecureContext: own}); CodeOf(err) != CodeArgValue {
		t.Error(err)
	}
}

// TestDeadlines: they hold for the handshake, which goes on when they are moved.
func TestDeadlines(t *testing.T) {
	a, b := net.Pipe()
	client, err := NewSocket(a, SocketOptions{SecureContext: contextOf(t), RejectUnauthorized: new(false)})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_ = client.SetDeadline(time.Unix(1, 0))
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	if _, err := client.Write(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	_ = client.SetDeadline(time.Time{})
	server, err := NewSocket(b, SocketOptions{Server: serverOf(t, ServerOptions{})})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go io.Copy(server, server)
	if _, err := client.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := client.Read(make([]byte, 1)); n != 1 {
		t.Error(err)
	}
}
