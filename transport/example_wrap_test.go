package transport_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/net/websocket"

	"tacet/actor"
	"tacet/transport"
)

// Over a connection that is there already.
func ExampleConnect_conn() {
	ctx, options, serve := exampleWrap()
	address := exampleListen(serve)
	conn, err := net.Dial("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	options.Socket = conn
	s, err := transport.Connect(ctx, options)
	exampleHear(s, err)
	// Output: hello
}

// Over two files, such as the two pipes of a child process.
func ExampleConnect_files() {
	ctx, options, serve := exampleWrap()
	input, theirs, err := os.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	theirInput, output, err := os.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	go serve(actor.Duplex(theirInput, theirs))
	options.Socket = actor.Duplex(input, output) // an *os.File each
	s, err := transport.Connect(ctx, options)
	exampleHear(s, err)
	// Output: hello
}

// Over pipes in memory.
func ExampleConnect_pipes() {
	ctx, options, serve := exampleWrap()
	r1, w1 := io.Pipe()
	r2, w2 := io.Pipe()
	go serve(actor.Duplex(r2, w1))
	options.Socket = actor.Duplex(r1, w2)
	s, err := transport.Connect(ctx, options)
	exampleHear(s, err)
	// Output: hello
}

// Over a WebSocket's net.Conn, through whatever lets only HTTP pass.
func ExampleConnect_webSocket() {
	ctx, options, serve := exampleWrap()
	h := httptest.NewServer(websocket.Handler(func(c *websocket.Conn) {
		c.PayloadType = websocket.BinaryFrame
		serve(c)
	}))
	defer h.Close()
	url := "ws" + strings.TrimPrefix(h.URL, "http")
	ws, err := websocket.Dial(url, "", "http://example.org")
	if err != nil {
		log.Fatal(err)
	}
	ws.PayloadType = websocket.BinaryFrame
	options.Socket = ws
	s, err := transport.Connect(ctx, options)
	exampleHear(s, err)
	// Output: hello
}

// Over a channel of an ssh connection.
func ExampleConnect_ssh() {
	ctx, options, serve := exampleWrap()
	client := exampleSSH(serve)
	defer client.Close()
	channel, requests, err := client.OpenChannel("tls", nil)
	if err != nil {
		log.Fatal(err)
	}
	go ssh.DiscardRequests(requests)
	options.Socket = channel
	s, err := transport.Connect(ctx, options)
	exampleHear(s, err)
	// Output: hello
}

// Over another socket: TLS in TLS, as through a proxy.
func ExampleConnect_socket() {
	ctx, options, serve := exampleWrap()
	a, b := net.Pipe()
	go serve(exampleSocket(b)) // a proxy that speaks TLS, and behind it the server
	options.Socket = a
	outer, err := transport.Connect(ctx, options)
	if err != nil {
		log.Fatal(err)
	}
	options.Socket = outer
	s, err := transport.Connect(ctx, options)
	exampleHear(s, err)
	// Output: hello
}

// exampleRoot is the certificate of all these servers, which is its own root.
var exampleRoot = sync.OnceValues(exampleCertificate)

// exampleWrap is what a client of example.org wants, and a server that says hello.
func exampleWrap() (context.Context, transport.ConnectionOptions, func(io.ReadWriteCloser)) {
	root, _ := exampleRoot()
	options := transport.ConnectionOptions{
		SecureContextOptions: transport.SecureContextOptions{CA: [][]byte{root}}, Servername: "example.org",
	}
	return context.Background(), options, func(c io.ReadWriteCloser) {
		s := exampleSocket(c)
		io.WriteString(s, "hello") // the handshake happens here
		s.CloseWrite()
		io.Copy(io.Discard, s)
	}
}

// exampleSocket is the server's end.
func exampleSocket(c io.ReadWriteCloser) *transport.Socket {
	cert, key := exampleRoot()
	s, err := transport.NewSocket(c, transport.SocketOptions{
		SecureContextOptions: transport.SecureContextOptions{Cert: [][]byte{cert}, Key: []transport.KeyObject{{PEM: key}}},
		IsServer:             true,
	})
	if err != nil {
		log.Fatal(err)
	}
	return s
}

// exampleHear prints what the server says.
func exampleHear(s *transport.Socket, err error) {
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	text, err := io.ReadAll(s)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", text)
}

// exampleListen serves one connection of TCP.
func exampleListen(serve func(io.ReadWriteCloser)) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		defer l.Close()
		if c, err := l.Accept(); err == nil {
			serve(c)
		}
	}()
	return l.Addr().String()
}

// exampleSSH is a client of an ssh server that serves on each channel.
func exampleSSH(serve func(io.ReadWriteCloser)) *ssh.Client {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	host, err := ssh.NewSignerFromKey(key)
	if err != nil {
		log.Fatal(err)
	}
	address := exampleListen(func(c io.ReadWriteCloser) {
		config := &ssh.ServerConfig{NoClientAuth: true}
		config.AddHostKey(host)
		_, channels, requests, err := ssh.NewServerConn(c.(net.Conn), config)
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
			go serve(channel)
		}
	})
	client, err := ssh.Dial("tcp", address, &ssh.ClientConfig{HostKeyCallback: ssh.FixedHostKey(host.PublicKey())})
	if err != nil {
		log.Fatal(err)
	}
	return client
}
