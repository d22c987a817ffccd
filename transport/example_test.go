package transport_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/net/websocket"

	"tacet/actor"
	"tacet/transport"
)

// A server, and a client of it.
func ExampleConnect() {
	certPEM, keyPEM := exampleCertificate()

	server, err := transport.NewServer(transport.ServerOptions{
		SecureContextOptions: transport.SecureContextOptions{
			Cert: [][]byte{certPEM}, Key: []transport.KeyObject{{PEM: keyPEM}},
		},
		OnSecureConnection: func(s *transport.Socket) {
			defer s.Close()
			fmt.Fprintf(s, "welcome to %s", s.Servername())
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go server.Serve(l)
	defer server.Close()

	s, err := transport.Connect(context.Background(), transport.ConnectionOptions{
		SecureContextOptions: transport.SecureContextOptions{CA: [][]byte{certPEM}},
		Host:                 "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Servername: "example.org",
	})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	text, err := io.ReadAll(s)
	fmt.Printf("%s, over %s: %v\n", text, s.Protocol(), err)
	// Output: welcome to example.org, over TLSv1.3: <nil>
}

// An HTTPS server of net/http that speaks HTTP/1.1 and HTTP/2.
func ExampleServer_Listener() {
	certPEM, keyPEM := exampleCertificate()
	server, err := transport.NewServer(transport.ServerOptions{
		SecureContextOptions: transport.SecureContextOptions{
			Cert: [][]byte{certPEM}, Key: []transport.KeyObject{{PEM: keyPEM}},
		},
		ALPNProtocols: []string{"h2", "http/1.1"},
	})
	if err != nil {
		log.Fatal(err)
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	h := &http.Server{
		Protocols:   new(http.Protocols),
		ConnContext: transport.ConnContext,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := transport.SocketFrom(r.Context()) // r.TLS is of crypto/tls, and nil here
			fmt.Fprintf(w, "%s, agreed upon as %s", r.Proto, s.ALPNProtocol())
		}),
	}
	h.Protocols.SetHTTP1(true)
	h.Protocols.SetUnencryptedHTTP2(true) // net/http knows it by its first bytes
	go h.Serve(server.Listener(inner))
	defer h.Close()

	fmt.Println(exampleGet("https://"+inner.Addr().String(), certPEM))
	// Output: HTTP/2.0, agreed upon as h2
}

// Over two pipes of the operating system, or any two halves.
func ExampleNewSocket_pipes() {
	r1, w1, err := os.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	r2, w2, err := os.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	exampleConversation(actor.Duplex(r1, w2), actor.Duplex(r2, w1))
	// Output: hello
}

// Over pipes in memory.
func ExampleNewSocket_memory() {
	r1, w1 := io.Pipe()
	r2, w2 := io.Pipe()
	exampleConversation(actor.Duplex(r1, w2), actor.Duplex(r2, w1))
	// Output: hello
}

// Over a WebSocket's net.Conn, through whatever lets only HTTP pass.
func ExampleNewSocket_webSocket() {
	accepted, done := make(chan net.Conn), make(chan struct{})
	h := httptest.NewServer(websocket.Handler(func(c *websocket.Conn) {
		c.PayloadType = websocket.BinaryFrame
		accepted <- c
		<-done
	}))
	defer h.Close()
	defer close(done)
	c, err := websocket.Dial("ws"+strings.TrimPrefix(h.URL, "http"), "", h.URL)
	if err != nil {
		log.Fatal(err)
	}
	c.PayloadType = websocket.BinaryFrame
	exampleConversation(c, <-accepted)
	// Output: hello
}

// Over a channel of an ssh connection.
func ExampleNewSocket_ssh() {
	a, b := exampleTCP()
	accepted := make(chan ssh.Channel)
	host := exampleHostKey()
	go func() {
		config := &ssh.ServerConfig{NoClientAuth: true}
		config.AddHostKey(host)
		_, channels, requests, err := ssh.NewServerConn(b, config)
		if err != nil {
			log.Fatal(err)
		}
		go ssh.DiscardRequests(requests)
		for c := range channels {
			channel, requests, err := c.Accept()
			if err != nil {
				log.Fatal(err)
			}
			go ssh.DiscardRequests(requests)
			accepted <- channel
		}
	}()
	conn, channels, requests, err := ssh.NewClientConn(a, "", &ssh.ClientConfig{HostKeyCallback: ssh.FixedHostKey(host.PublicKey())})
	if err != nil {
		log.Fatal(err)
	}
	channel, more, err := ssh.NewClient(conn, channels, requests).OpenChannel("tls", nil)
	if err != nil {
		log.Fatal(err)
	}
	go ssh.DiscardRequests(more)
	exampleConversation(channel, <-accepted)
	// Output: hello
}

// Over another socket: TLS in TLS, as through a proxy.
func ExampleNewSocket_socket() {
	certPEM, keyPEM := exampleCertificate()
	a, b := net.Pipe()
	outer, err := transport.NewSocket(a, transport.SocketOptions{
		SecureContextOptions: transport.SecureContextOptions{CA: [][]byte{certPEM}},
	})
	if err != nil {
		log.Fatal(err)
	}
	outer.SetServername("example.org")
	proxy, err := transport.NewSocket(b, transport.SocketOptions{
		SecureContextOptions: transport.SecureContextOptions{Cert: [][]byte{certPEM}, Key: []transport.KeyObject{{PEM: keyPEM}}},
		IsServer:             true,
	})
	if err != nil {
		log.Fatal(err)
	}
	exampleConversation(outer, proxy)
	// Output: hello
}

// exampleConversation is a client that hears what a server says, over a and b.
func exampleConversation(a, b io.ReadWriteCloser) {
	certPEM, keyPEM := exampleCertificate()
	server, err := transport.NewSocket(b, transport.SocketOptions{
		SecureContextOptions: transport.SecureContextOptions{Cert: [][]byte{certPEM}, Key: []transport.KeyObject{{PEM: keyPEM}}},
		IsServer:             true,
	})
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		io.WriteString(server, "hello") // the handshake happens here
		server.CloseWrite()
	}()
	client, err := transport.Connect(context.Background(), transport.ConnectionOptions{
		SecureContextOptions: transport.SecureContextOptions{CA: [][]byte{certPEM}},
		Socket:               a, Servername: "example.org",
	})
	if err != nil {
		log.Fatal(err)
	}
	text, err := io.ReadAll(client)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", text)
}

// exampleCertificate makes a certificate for example.org and 127.0.0.1 that is its own root.
func exampleCertificate() (certPEM, keyPEM []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "example.org"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"example.org"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		log.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		log.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

// exampleTCP is the two ends of a connection.
func exampleTCP() (client, server net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		log.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		log.Fatal(err)
	}
	return client, server
}

// exampleHostKey is an ssh server's key.
func exampleHostKey() ssh.Signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		log.Fatal(err)
	}
	return signer
}

// exampleGet is what an HTTP client of the standard library is answered.
func exampleGet(url string, root []byte) string {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(root)
	h := httptest.NewUnstartedServer(nil) // for its client's settings
	h.EnableHTTP2 = true
	h.StartTLS()
	defer h.Close()
	client := h.Client()
	client.Transport.(*http.Transport).TLSClientConfig.RootCAs = pool
	r, err := client.Get(url)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(r.Body); err != nil {
		log.Fatal(err)
	}
	return text.String()
}
