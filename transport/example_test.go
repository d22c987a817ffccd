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
	"time"

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
