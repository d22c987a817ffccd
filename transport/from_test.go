package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"

	"tacet/transport"
)

// exampleMeet connects a client to a server over memory, and returns both once the
// client is secure.
func exampleMeet(server *transport.Server, o transport.ConnectionOptions) (*transport.Socket, error) {
	a, b := net.Pipe()
	s, err := transport.NewSocket(b, transport.SocketOptions{Server: server})
	if err != nil {
		return nil, err
	}
	go func() { io.Copy(s, s); s.Close() }() // the handshake happens in the first Read
	o.Socket = a
	return transport.Connect(context.Background(), o)
}

// The names of a server: contexts by name, or asked for one by one.
func ExampleServer_AddContext() {
	certPEM, keyPEM := exampleCertificate()
	exampleContext := transport.SecureContextOptions{Cert: [][]byte{certPEM}, Key: []transport.KeyObject{{PEM: keyPEM}}}
	server, err := transport.NewServer(transport.ServerOptions{SecureContextOptions: exampleContext})
	if err != nil {
		log.Fatal(err)
	}

	secureContext, err := transport.NewSecureContext(exampleContext)
	if err != nil {
		log.Fatal(err)
	}
	if err := server.AddContext("*.example.org", secureContext); err != nil {
		log.Fatal(err)
	}

	s, err := exampleMeet(server, transport.ConnectionOptions{
		SecureContextOptions: transport.SecureContextOptions{CA: [][]byte{certPEM}}, Servername: "example.org",
	})
	fmt.Println(s.Authorized(), err)
	// Output: true <nil>
}

// Pre-shared keys in place of certificates.
func ExampleConnect_preSharedKey() {
	key := []byte("sixteen bytes ok")

	server, err := transport.NewServer(transport.ServerOptions{
		SecureContextOptions: transport.SecureContextOptions{Ciphers: "PSK", MaxVersion: transport.TLS12},
		PSKIdentityHint:      "which key",
		PSKCallback: func(ctx context.Context, identity string) ([]byte, error) {
			return map[string][]byte{"device 7": key}[identity], nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	s, err := exampleMeet(server, transport.ConnectionOptions{
		SecureContextOptions: transport.SecureContextOptions{Ciphers: "PSK", MaxVersion: transport.TLS12},
		PSKCallback: func(ctx context.Context, hint string) (transport.PSK, error) {
			return transport.PSK{Identity: "device 7", Key: key}, nil
		},
		CheckServerIdentity: func(string, *transport.PeerCertificate) error { return nil },
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.Cipher().Name)
	// Output: ECDHE-PSK-CHACHA20-POLY1305
}

// What is wrong with a certificate, told by node's code.
func ExampleSocket_AuthorizationError() {
	certPEM, keyPEM := exampleCertificate()
	server, err := transport.NewServer(transport.ServerOptions{
		SecureContextOptions: transport.SecureContextOptions{Cert: [][]byte{certPEM}, Key: []transport.KeyObject{{PEM: keyPEM}}},
	})
	if err != nil {
		log.Fatal(err)
	}

	_, err = exampleMeet(server, transport.ConnectionOptions{Servername: "example.org"}) // trusts Mozilla's roots
	fmt.Println(errors.Is(err, transport.CodeSelfSignedLeaf), transport.CodeOf(err))

	s, err := exampleMeet(server, transport.ConnectionOptions{Servername: "example.org", RejectUnauthorized: new(false)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.Authorized(), transport.CodeOf(s.AuthorizationError()))
	// Output:
	// true DEPTH_ZERO_SELF_SIGNED_CERT
	// false DEPTH_ZERO_SELF_SIGNED_CERT
}

// A session that is resumed, and what it cannot be seen by.
func ExampleSocket_Session() {
	certPEM, keyPEM := exampleCertificate()
	server, err := transport.NewServer(transport.ServerOptions{
		SecureContextOptions: transport.SecureContextOptions{Cert: [][]byte{certPEM}, Key: []transport.KeyObject{{PEM: keyPEM}}},
	})
	if err != nil {
		log.Fatal(err)
	}

	sessions := make(chan []byte, 2)
	o := transport.ConnectionOptions{
		SecureContextOptions: transport.SecureContextOptions{CA: [][]byte{certPEM}}, Servername: "example.org",
		SocketEvents: transport.SocketEvents{
			OnSession: func(_ *transport.Socket, session []byte) { sessions <- session },
		},
	}
	if _, err = exampleMeet(server, o); err != nil {
		log.Fatal(err)
	}
	o.Session = <-sessions
	s, err := exampleMeet(server, o)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.IsSessionReused())
	// Output: true
}

// Bytes that both sides derive, and the size of records.
func ExampleSocket_ExportKeyingMaterial() {
	certPEM, keyPEM := exampleCertificate()
	server, err := transport.NewServer(transport.ServerOptions{
		SecureContextOptions: transport.SecureContextOptions{Cert: [][]byte{certPEM}, Key: []transport.KeyObject{{PEM: keyPEM}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	s, err := exampleMeet(server, transport.ConnectionOptions{
		SecureContextOptions: transport.SecureContextOptions{CA: [][]byte{certPEM}}, Servername: "example.org",
	})
	if err != nil {
		log.Fatal(err)
	}

	secret, err := s.ExportKeyingMaterial(32, "EXPORTER-my-protocol", nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := s.SetMaxSendFragment(1024); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(secret))
	// Output: 32
}

// Another handshake on a connection up to TLS 1.2.
func ExampleSocket_Renegotiate() {
	certPEM, keyPEM := exampleCertificate()
	server, err := transport.NewServer(transport.ServerOptions{
		SecureContextOptions: transport.SecureContextOptions{Cert: [][]byte{certPEM}, Key: []transport.KeyObject{{PEM: keyPEM}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	s, err := exampleMeet(server, transport.ConnectionOptions{
		SecureContextOptions: transport.SecureContextOptions{CA: [][]byte{certPEM}, MaxVersion: transport.TLS12}, Servername: "example.org",
	})
	if err != nil {
		log.Fatal(err)
	}

	before := s.Finished()
	if err := s.Renegotiate(ctx, transport.RenegotiateOptions{}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(before) != string(s.Finished()))
	// Output: true
}
