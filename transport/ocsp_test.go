package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// TestOCSP: who wants a response gets what the application says, and the end if it fails.
func TestOCSP(t *testing.T) {
	root := credtest.CA(t)
	broken := errors.New("broken")
	long := make([]byte, 1<<15)
	for _, v := range versions {
		for _, row := range []struct {
			name     string
			response []byte
			err      error
			silent   bool
			server   error // "" of client: none
			client   Code
		}{
			{name: "stapled", response: []byte("response")},
			{name: "nothing stapled"},
			{name: "empty", response: []byte{}},
			{name: "not asked for", response: []byte("response"), silent: true},
			{name: "the longest", response: long},
			{name: "too long", response: append(long, 0), server: handshake.KindWrongAnswer, client: CodeAlertInternalError},
			{name: "refused", err: broken, server: broken, client: CodeAlertInternalError},
			{name: "refused by an alert", err: fmt.Errorf("broken: %w", record.AlertAccessDenied), server: record.AlertAccessDenied, client: "ERR_SSL_TLSV1_ALERT_ACCESS_DENIED"},
		} {
			t.Run(v.String()+" "+row.name, func(t *testing.T) {
				leaf := root.Leaf(t, credtest.P256, serverName)
				asked, told := 0, [][]byte{}
				server := serverOf(t, ServerOptions{OnOCSPRequest: func(_ context.Context, cert, issuer []byte) ([]byte, error) {
					asked++
					if !bytes.Equal(cert, leaf.Leaf.Raw) || !bytes.Equal(issuer, root.Cert.Raw) {
						t.Error("asked of another certificate")
					}
					return row.response, row.err
				}}, leaf)
				context := contextOf(t)
				context.client.MaxVersion = v
				secure := false
				p := connect(t, server, ConnectionOptions{
					Servername: serverName, SecureContext: context, RequestOCSP: !row.silent, SocketEvents: SocketEvents{
						OnOCSPResponse: func(_ *Socket, r []byte) {
							if told = append(told, r); secure {
								t.Error("told after the connection was secure")
							}
						},
						OnSecureConnect: func(*Socket) { secure = true },
					},
				})
				if row.client != "" {
					if !errors.Is(p.serverErr, row.server) || CodeOf(p.clientErr) != row.client {
						t.Errorf("server: %v, client: %v", p.serverErr, p.clientErr)
					}
					return
				}
				want := 1
				if row.silent {
					want = 0
				}
				p.secured(t)
				if asked != want || len(told) != want || want == 1 && !bytes.Equal(told[0], row.response) {
					t.Errorf("asked %d times, told %q", asked, told)
				}
			})
		}
	}
}

// TestOCSPOfWhom: it is asked for the certificate that is shown, once, and not where none is.
func TestOCSPOfWhom(t *testing.T) {
	root, stranger := credtest.CA(t), credtest.Root(t, "stranger", credtest.P256)
	ecdsa, rsa := root.Leaf(t, credtest.P256, serverName), root.Leaf(t, credtest.RSA2048, serverName)
	other := stranger.Leaf(t, credtest.P384, "other.example")
	other.Chain = other.Chain[:1]
	contextOfOther := contextOf(t, other)
	for _, v := range versions {
		for _, row := range []struct {
			name    string
			list    []*cred.Credential
			o       ServerOptions
			set     func(*ConnectionOptions)
			resumed bool
			want    *cred.Credential // nil: it is not asked
			alone   bool             // its issuer is not known
		}{
			{name: "the first of two", list: []*cred.Credential{rsa, ecdsa}, want: rsa, set: func(o *ConnectionOptions) {
				o.SecureContext.client.Suites = suitesOf(t, "ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256")
			}},
			{name: "the second of two", list: []*cred.Credential{rsa, ecdsa}, want: ecdsa, set: func(o *ConnectionOptions) {
				o.SecureContext.client.Suites = suitesOf(t, "ECDHE-ECDSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256")
				o.SecureContext.client.Schemes = []cred.Scheme{cred.ECDSAP256SHA256}
			}},
			{name: "of a name", o: ServerOptions{SNICallback: func(_ context.Context, name string) (*SecureContext, error) {
				return contextOfOther, nil
			}}, want: other, alone: true},
			{name: "of SetKeyCert", o: ServerOptions{ALPNCallback: func(ctx context.Context, _ ALPNOffer) (string, error) {
				return "a", SocketFrom(ctx).SetKeyCert(contextOfOther)
			}}, set: func(o *ConnectionOptions) { o.ALPNProtocols = []string{"a"} }, want: other, alone: true},
			{name: "resumed", resumed: true},
		} {
			t.Run(v.String()+" "+row.name, func(t *testing.T) {
				var asked [][2][]byte
				row.o.OnOCSPRequest = func(_ context.Context, certificate, issuer []byte) ([]byte, error) {
					asked = append(asked, [2][]byte{certificate, issuer})
					return []byte("response"), nil
				}
				server := serverOf(t, row.o, row.list...)
				own := contextOf(t)
				own.client.MaxVersion = v
				o := ConnectionOptions{Servername: serverName, SecureContext: own, RequestOCSP: true, RejectUnauthorized: new(false)}
				if row.set != nil {
					row.set(&o)
				}
				if row.resumed {
					o.Session = sessionOf(t, server, v)
				}
				p := connect(t, server, o).secured(t)
				if p.client.IsSessionReused() != row.resumed {
					t.Fatal("resumed:", !row.resumed)
				}
				if row.want == nil && len(asked) == 0 {
					return
				}
				if len(asked) != 1 || row.want == nil || !bytes.Equal(asked[0][0], row.want.Chain[0]) || (asked[0][1] == nil) != row.alone {
					t.Errorf("asked %d times", len(asked))
				}
				if got := p.client.PeerCertificate(false).Raw; !slices.Equal(got, asked[0][0]) {
					t.Error("asked of another certificate than is shown")
				}
			})
		}
	}
}

// TestOCSPLate: the application may take its time, until the connection is closed.
func TestOCSPLate(t *testing.T) {
	for _, v := range versions {
		for _, closed := range []bool{false, true} {
			t.Run(fmt.Sprint(v, " closed ", closed), func(t *testing.T) {
				var secure atomic.Bool
				server := serverOf(t, ServerOptions{OnOCSPRequest: func(ctx context.Context, _, _ []byte) ([]byte, error) {
					late := make(chan bool)
					go func() { // as another process would
						if closed {
							_ = SocketFrom(ctx).Close()
						} else {
							late <- secure.Load()
						}
					}()
					select {
					case early := <-late:
						if early {
							t.Error("the client is secure before the answer")
						}
						return []byte("late"), nil
					case <-ctx.Done():
						return nil, ctx.Err()
					}
				}})
				own := contextOf(t)
				own.client.MaxVersion = v
				var told []byte
				p := connect(t, server, ConnectionOptions{Servername: serverName, SecureContext: own, RequestOCSP: true, SocketEvents: SocketEvents{
					OnOCSPResponse:  func(_ *Socket, b []byte) { told = b },
					OnSecureConnect: func(*Socket) { secure.Store(true) },
				}})
				if closed {
					if p.serverErr == nil || p.clientErr == nil {
						t.Errorf("server: %v, client: %v", p.serverErr, p.clientErr)
					}
					return
				}
				if p.secured(t); string(told) != "late" {
					t.Errorf("told %q", told)
				}
			})
		}
	}
}
