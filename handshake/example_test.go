package handshake_test

import (
	"fmt"
	"log"
	"testing"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
)

// An engine stepped by hand: two sides in memory, every byte and every event in
// the hands of the caller. With seeded Envs the run is the same each time.
func Example() {
	client, server := exampleEngines()
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

	toServer, toClient := []byte(nil), []byte(nil)
	turn := func(name string, e *handshake.Engine, in []byte, out *[]byte) []byte {
		for {
			n, ev := e.Step(now, in)
			in = in[n:]
			*out = e.AppendOut(*out)
			switch ev.Kind {
			case handshake.NeedInput:
				return in
			case handshake.Failed:
				log.Fatal(e.Err())
			case handshake.Data:
				fmt.Printf("%s: %v %q\n", name, ev.Kind, ev.Data)
			default:
				fmt.Printf("%s: %v\n", name, ev.Kind)
			}
		}
	}
	for !client.Secure() || !server.Secure() {
		toClient = turn("client", client, toClient, &toServer)
		toServer = turn("server", server, toServer, &toClient)
	}
	toServer, _ = client.Seal(toServer, []byte("hello"))
	turn("server", server, toServer, &toClient)
	// Output:
	// client: Secure
	// server: Secure
	// server: Data "hello"
}

func exampleEngines() (client, server *handshake.Engine) {
	verifier, credential := exampleKeys()
	c := handshake.Config{Verifier: verifier}
	s := handshake.Config{}
	s.Credentials = append(s.Credentials, credential)
	cp, err := c.CompileClient()
	if err != nil {
		log.Fatal(err)
	}
	sp, err := s.CompileServer()
	if err != nil {
		log.Fatal(err)
	}
	return handshake.NewClient(cp, "example.org", handshake.SeededEnv([32]byte{1})),
		handshake.NewServer(sp, handshake.SeededEnv([32]byte{2}))
}

// exampleKeys are test certificates; in earnest, cred.LoadPEM reads files.
func exampleKeys() (*cred.Verifier, *cred.Credential) {
	t := new(testing.T)
	ca := credtest.CA(t)
	return ca.Verifier(), ca.Leaf(t, credtest.P256, "example.org")
}
