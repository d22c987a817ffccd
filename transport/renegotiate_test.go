package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// reading has a side read all the time, as one has to that lets the peer renegotiate.
func reading(s *Socket) <-chan error {
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, s)
		ended <- err
	}()
	return ended
}

// renegotiable is a connection of TLS 1.2.
func renegotiable(t *testing.T, server ServerOptions, client ConnectionOptions, list ...func(*SecureContext)) *pair {
	t.Helper()
	own := contextOf(t, credtest.CA(t).Leaf(t, credtest.P256, serverName))
	own.server.Renegotiation = 1 // what NewSecureContext says
	s, err := newServer(server, own)
	if err != nil {
		t.Fatal(err)
	}
	if client.SecureContext == nil {
		client.SecureContext = contextOf(t, credtest.CA(t).Leaf(t, credtest.P256, "client"))
	}
	client.SecureContext.client.MaxVersion, client.SecureContext.client.Renegotiation = record.TLS12, 1
	client.Servername = serverName
	return connect(t, s, client).secured(t)
}

func TestRenegotiate(t *testing.T) {
	for _, who := range []string{"client", "server"} {
		t.Run(who, func(t *testing.T) {
			secure := make(chan bool, 8)
			p := renegotiable(t, ServerOptions{}, ConnectionOptions{SocketEvents: SocketEvents{OnSecureConnect: func(*Socket) { secure <- true }}})
			<-secure
			asks, other := p.client, p.server
			if who == "server" {
				asks, other = other, asks
			}
			reading(other)
			before := asks.Finished()
			if err := asks.Renegotiate(t.Context(), RenegotiateOptions{}); err != nil {
				t.Fatal(err)
			}
			<-secure
			if len(before) == 0 || bytes.Equal(before, asks.Finished()) {
				t.Error("the Finished is the one of before")
			}
			if _, err := asks.Write([]byte("x")); err != nil || !p.client.Authorized() {
				t.Error(err)
			}
		})
	}
}

// TestRenegotiateForCertificate: a server asks for a certificate only once there is a need.
func TestRenegotiateForCertificate(t *testing.T) {
	for _, row := range []struct {
		name   string
		client *SecureContext
		o      RenegotiateOptions
		failed bool
	}{
		{"good", contextOf(t, credtest.CA(t).Leaf(t, credtest.P256, "client")), RenegotiateOptions{RequestCert: new(true)}, false},
		{"none", contextOf(t), RenegotiateOptions{RequestCert: new(true)}, true},
		{"none and tolerated", contextOf(t), RenegotiateOptions{RequestCert: new(true), RejectUnauthorized: new(false)}, false},
		{"bad", contextOf(t, credtest.Root(t, "stranger", credtest.P256).Leaf(t, credtest.P256, "client")), RenegotiateOptions{RequestCert: new(true)}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := renegotiable(t, ServerOptions{}, ConnectionOptions{SecureContext: row.client})
			if p.server.Authorized() {
				t.Error("authorized without being asked")
			}
			reading(p.client)
			err := p.server.Renegotiate(t.Context(), row.o)
			if (err != nil) != row.failed {
				t.Fatal(err)
			}
			if has := row.name == "good"; err == nil && (p.server.Authorized() != has || (p.server.PeerCertificate(false) != nil) != has) {
				t.Errorf("authorized %v, certificate %v", p.server.Authorized(), p.server.PeerCertificate(false))
			}
		})
	}
}

// TestRenegotiateTooSoon: what is wrong to ask for, by node's codes.
func TestRenegotiateTooSoon(t *testing.T) {
	p := connect(t, serverOf(t, ServerOptions{}), ConnectionOptions{Servername: serverName}).secured(t)
	if err := p.client.Renegotiate(t.Context(), RenegotiateOptions{}); CodeOf(err) != "ERR_SSL_WRONG_SSL_VERSION" {
		t.Error(err)
	}
	p.exchange(t)
	a, b := net.Pipe()
	defer b.Close()
	s, err := NewSocket(a, SocketOptions{SecureContext: contextOf(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Renegotiate(t.Context(), RenegotiateOptions{}); CodeOf(err) != "ERR_TLS_INVALID_STATE" {
		t.Error(err)
	}
	_ = s.Close()
	if err := s.Renegotiate(t.Context(), RenegotiateOptions{}); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	p = renegotiable(t, ServerOptions{}, ConnectionOptions{})
	if err := p.client.Renegotiate(t.Context(), RenegotiateOptions{RequestCert: new(true)}); CodeOf(err) != CodeArgValue {
		t.Error(err)
	}
	if err := p.client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if err := p.client.Renegotiate(t.Context(), RenegotiateOptions{}); CodeOf(err) != "ERR_STREAM_WRITE_AFTER_END" {
		t.Errorf("after the end: %v", err)
	}
	if _, err := p.client.Write([]byte("x")); CodeOf(err) != "ERR_STREAM_WRITE_AFTER_END" {
		t.Errorf("a write after the end: %v", err)
	}
}

// TestRenegotiationLimit: the fourth of a client in ten minutes ends the connection.
func TestRenegotiationLimit(t *testing.T) {
	p := renegotiable(t, ServerOptions{}, ConnectionOptions{})
	ended := reading(p.server)
	for i := range ClientRenegLimit {
		if err := p.client.Renegotiate(t.Context(), RenegotiateOptions{}); err != nil {
			t.Fatalf("renegotiation %d: %v", i+1, err)
		}
	}
	if err := p.client.Renegotiate(t.Context(), RenegotiateOptions{}); err == nil {
		t.Error("one too many was done")
	}
	if err := <-ended; CodeOf(err) != CodeSessionAttack {
		t.Error(err)
	}
}

func TestDisableRenegotiation(t *testing.T) {
	p := renegotiable(t, ServerOptions{}, ConnectionOptions{})
	if err := p.server.DisableRenegotiation(); err != nil {
		t.Fatal(err)
	}
	ended := reading(p.server)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := p.client.Renegotiate(ctx, RenegotiateOptions{}); err == nil {
		t.Error("renegotiated")
	}
	if err := <-ended; CodeOf(err) != CodeRenegotiationOff {
		t.Error(err)
	}
}
