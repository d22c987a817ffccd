package actor_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
)

// Wrap any stream as a client. stream may be a net.Conn, an ssh channel, a pair
// of pipes: whatever reads, writes and closes.
func ExampleClient() {
	stream, verifier := exampleServer() // actor.SystemVerifier() trusts what the system trusts

	profile, err := handshake.Config{Verifier: verifier}.CompileClient()
	if err != nil {
		log.Fatal(err)
	}
	conn := actor.Client(stream, profile, "example.org", nil)
	defer conn.Close()
	if _, err := io.WriteString(conn, "hello"); err != nil { // the handshake happens here
		log.Fatal(err)
	}
	reply := make([]byte, 15)
	if _, err := io.ReadFull(conn, reply); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s over %v\n", reply, conn.State().Version)
	// Output: you said: hello over TLSv1.3
}

// Wrap any stream as a server.
func ExampleServer() {
	credential, verifier := exampleCredential() // cred.LoadPEM(certPEM, keyPEM, nil)
	a, b := net.Pipe()

	profile, err := handshake.Config{Credentials: []*cred.Credential{credential}}.CompileServer()
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		conn := actor.Server(b, profile, nil)
		defer conn.Close()
		io.WriteString(conn, "welcome")
	}()

	client, err := handshake.Config{Verifier: verifier}.CompileClient()
	if err != nil {
		log.Fatal(err)
	}
	text, err := io.ReadAll(actor.Client(a, client, "example.org", nil))
	fmt.Printf("%s %v\n", text, err)
	// Output: welcome <nil>
}

// An HTTPS server with net/http: a listener whose handshakes do not block Accept.
func ExampleNewListener() {
	credential, verifier := exampleCredential()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}

	profile, err := handshake.Config{Credentials: []*cred.Credential{credential}, ALPN: []string{"http/1.1"}}.CompileServer()
	if err != nil {
		log.Fatal(err)
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "hello,", r.URL.Path) })
	go http.Serve(actor.NewListener(inner, profile, nil), handler)

	fmt.Print(exampleGet(inner.Addr().String(), verifier))
	// Output: hello, /tacet
}

// A deterministic test of one's own protocol: whatever way the bytes are cut,
// delayed and joined, the other side must understand the same, and what fails
// once fails again with the same seed.
func ExamplePipe() {
	for seed := range uint64(50) {
		pipe := exampleEngines()
		if err := pipe.RunRandom(seed); err != nil { // the handshake
			log.Fatal(err)
		}
		pipe.Do(actor.Move{Op: actor.OpSend, Side: actor.ClientSide, Text: "HELLO tacet\n"})
		if err := pipe.RunRandom(seed); err != nil {
			log.Fatal(err)
		}
		if got := string(pipe.Received(actor.ServerSide)); got != "HELLO tacet\n" {
			log.Fatalf("seed %d: the server heard %q\n%s", seed, got, pipe.Log())
		}
	}
	fmt.Println("50 worlds agree")
	// Output: 50 worlds agree
}

func exampleEngines() *actor.Pipe {
	credential, verifier := exampleCredential()
	client, err := handshake.Config{Verifier: verifier}.CompileClient()
	if err != nil {
		log.Fatal(err)
	}
	server, err := handshake.Config{Credentials: []*cred.Credential{credential}}.CompileServer()
	if err != nil {
		log.Fatal(err)
	}
	pipe := actor.NewPipe(
		handshake.NewClient(client, "example.org", handshake.SeededEnv([32]byte{'c'})),
		handshake.NewServer(server, handshake.SeededEnv([32]byte{'s'})))
	pipe.Now = time.Now() // the certificate is of today
	return pipe
}

// exampleServer is the far end of a stream: a server that repeats what it hears.
func exampleServer() (net.Conn, *cred.Verifier) {
	credential, verifier := exampleCredential()
	profile, err := handshake.Config{Credentials: []*cred.Credential{credential}}.CompileServer()
	if err != nil {
		log.Fatal(err)
	}
	near, far := net.Pipe()
	go func() {
		conn := actor.Server(far, profile, nil)
		defer conn.Close()
		buf := make([]byte, 5)
		if n, err := conn.Read(buf); err == nil {
			fmt.Fprintf(conn, "you said: %s", buf[:n])
		}
		io.Copy(io.Discard, conn)
	}()
	return near, verifier
}

func exampleGet(address string, verifier *cred.Verifier) string {
	tcp, err := net.Dial("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	profile, err := handshake.Config{Verifier: verifier}.CompileClient()
	if err != nil {
		log.Fatal(err)
	}
	conn := actor.Client(tcp, profile, "example.org", nil)
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get("http://example.org/tacet")
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	return string(body)
}

// exampleCredential makes a certificate for example.org, and a verifier that trusts it.
func exampleCredential() (*cred.Credential, *cred.Verifier) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "example.org"}, DNSNames: []string{"example.org"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		log.Fatal(err)
	}
	credential, err := cred.NewCredential([][]byte{der}, key)
	if err != nil {
		log.Fatal(err)
	}
	return credential, cred.NewVerifier([]*x509.Certificate{credential.Leaf}, false)
}
