package actor_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"math/rand"
	"net"
	"testing"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// standard makes a crypto/tls configuration that stands for either side of profiles.
func standard(t testing.TB, v record.Version) *tls.Config {
	ca := credtest.CA(t)
	leaf := ca.Leaf(t, credtest.P256, serverName)
	return &tls.Config{
		MinVersion: uint16(v), MaxVersion: uint16(v), RootCAs: ca.Pool(), ServerName: serverName,
		Certificates: []tls.Certificate{{Certificate: leaf.Chain, PrivateKey: leaf.Key}},
	}
}

// halfCloser is what both implementations' connections are.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// exchange sends want both ways at once and compares what arrives.
func exchange(t *testing.T, a, b halfCloser, want []byte) {
	t.Helper()
	results := make(chan error, 4)
	for _, c := range []halfCloser{a, b} {
		go func() {
			_, err := c.Write(want)
			results <- errors.Join(err, c.CloseWrite())
		}()
		go func() {
			got, err := io.ReadAll(c)
			if err == nil && !bytes.Equal(got, want) {
				err = errors.New("other bytes than were sent")
			}
			results <- err
		}()
	}
	for range 4 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

// TestCryptoTLS talks with crypto/tls in both roles.
func TestCryptoTLS(t *testing.T) {
	want := make([]byte, 500_000)
	rand.New(rand.NewSource(2)).Read(want)
	for _, v := range versions {
		p := compile(t, v, nil)
		for _, pumped := range []bool{false, true} {
			c := &actor.Config{Pumped: pumped}
			t.Run(v.String()+mode(pumped)+"/client", func(t *testing.T) {
				a, b := tcpLink(t)
				peer := tls.Server(b.(net.Conn), standard(t, v))
				exchange(t, actor.Client(a, p.client, serverName, c), peer, want)
			})
			t.Run(v.String()+mode(pumped)+"/server", func(t *testing.T) {
				a, b := tcpLink(t)
				peer := tls.Client(a.(net.Conn), standard(t, v))
				exchange(t, actor.Server(b, p.server, c), peer, want)
			})
		}
	}
}

// TestCryptoTLSErrors has crypto/tls refuse, and says what it refused.
func TestCryptoTLSErrors(t *testing.T) {
	a, b := tcpLink(t)
	strange := standard(t, record.TLS13)
	strange.RootCAs = nil
	p := compile(t, record.TLS13, nil)
	go tls.Client(a.(net.Conn), strange).Handshake()
	server := actor.Server(b, p.server, nil)
	_, err := server.Read(make([]byte, 1))
	if !errors.Is(err, handshake.KindAlertReceived) || !errors.Is(err, record.AlertBadCertificate) && !errors.Is(err, record.AlertUnknownCA) {
		t.Errorf("server: %v", err)
	}
}

// TestCopy copies with io.Copy, which uses ReadFrom and WriteTo.
func TestCopy(t *testing.T) {
	want := make([]byte, 1<<20+77)
	rand.New(rand.NewSource(3)).Read(want)
	eachMode(t, func(t *testing.T, v record.Version, c *actor.Config) {
		a, b := tcpLink(t)
		client, server := compile(t, v, nil).pair(a, b, c)
		sent := make(chan error, 1)
		go func() {
			n, err := client.ReadFrom(bytes.NewReader(want))
			if err == nil && n != int64(len(want)) {
				err = errors.New("short count")
			}
			sent <- errors.Join(err, client.CloseWrite())
		}()
		var got bytes.Buffer
		if n, err := server.WriteTo(&got); err != nil || n != int64(got.Len()) {
			t.Errorf("WriteTo: %d, %v", n, err)
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Error("other bytes than were sent")
		}
	})
}
