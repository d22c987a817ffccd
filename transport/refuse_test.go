package transport

import (
	"context"
	"errors"
	"io"
	"testing"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// TestRenegotiatedWithoutCertificate: a server whose certificate was good goes on without any, by a
// key that both have. Its name is not shown by that: a client that rejects what is not authorized
// ends the connection before it reads anything, and one that does not is told.
func TestRenegotiatedWithoutCertificate(t *testing.T) {
	key := []byte("a key that both have")
	psk := func(_ context.Context, q handshake.Query) (handshake.Answer, bool) {
		if q, ok := q.(*handshake.PSKLookup); ok {
			return q.Found(0, key), true
		}
		return handshake.Answer{}, false
	}
	profile := func(keyed bool, list string) *handshake.ServerProfile {
		cfg := handshake.Config{
			Credentials: []*cred.Credential{credtest.CA(t).Leaf(t, credtest.P256, serverName)}, AskPSK: keyed,
			Suites: suitesOf(t, list), MaxVersion: record.TLS12, Renegotiation: handshake.AllowRenegotiation,
		}
		p, err := cfg.CompileServer()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, row := range []struct {
		name   string
		reject *bool
		check  func(string, *PeerCertificate) error
		code   Code
	}{
		{"with no say of its own", nil, nil, CodeAltNameInvalid},
		{"that takes it", nil, func(string, *PeerCertificate) error { return nil }, ""},
		{"that tolerates it", new(false), nil, CodeAltNameInvalid},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, b := wire(t)
			server := actor.Server(b, profile(false, "ECDHE-ECDSA-AES128-GCM-SHA256"), &actor.Config{Answer: psk})
			defer server.Close()
			served := make(chan error, 1)
			go func() { // it writes as soon as it may
				_, err := server.Write([]byte("good"))
				if err == nil {
					err = server.Renegotiate(t.Context(), profile(true, "PSK"))
				}
				if err == nil {
					_, _ = server.Write([]byte("by a key"))
					_, err = io.Copy(io.Discard, server)
				}
				served <- err
			}()
			own := contextOf(t)
			own.client.Suites = suitesOf(t, "PSK:ECDHE-ECDSA-AES128-GCM-SHA256")
			own.client.MaxVersion, own.client.Renegotiation = record.TLS12, handshake.AllowRenegotiation
			secure := make(chan bool, 2)
			client, err := Connect(t.Context(), ConnectionOptions{
				Socket: a, SecureContext: own, Servername: serverName, RejectUnauthorized: row.reject, CheckServerIdentity: row.check,
				PSKCallback:  func(context.Context, string) (PSK, error) { return PSK{key, "who"}, nil },
				SocketEvents: SocketEvents{OnSecureConnect: func(s *Socket) { secure <- s.Authorized() }},
			})
			if err != nil {
				t.Fatal(err)
			}
			if !<-secure {
				t.Error("its certificate is not good")
			}
			got := make([]byte, len("goodby a key"))
			n, err := io.ReadFull(client, got)
			refused := row.code != "" && row.reject == nil
			if want := map[bool]string{false: "goodby a key", true: "good"}[refused]; string(got[:n]) != want || (err != nil) != refused {
				t.Errorf("read %q, %v", got[:n], err)
			}
			if client.Authorized() != (row.code == "") || CodeOf(client.AuthorizationError()) != row.code || refused && CodeOf(err) != row.code {
				t.Errorf("authorized %v, %v; %v", client.Authorized(), client.AuthorizationError(), err)
			}
			if !refused && <-secure != (row.code == "") {
				t.Error("the application is told something else")
			}
			client.Close()
			if err := <-served; refused != errors.Is(err, record.AlertAccessDenied) {
				t.Errorf("the server: %v", err)
			}
			if len(secure) != 0 {
				t.Error("told of a handshake that was refused")
			}
		})
	}
}
