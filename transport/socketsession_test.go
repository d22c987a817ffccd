package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"

	"tacet/handshake/cred/credtest"
	"tacet/record"
)

func TestSession(t *testing.T) {
	for _, v := range versions {
		t.Run(v.String(), func(t *testing.T) {
			server := serverOf(t, ServerOptions{})
			context := contextOf(t)
			context.client.MaxVersion = v
			var mu sync.Mutex
			var order []string
			note := func(what string) {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, what)
			}
			sessions := make(chan []byte, 4)
			o := ConnectionOptions{Servername: serverName, SecureContext: context, SocketEvents: SocketEvents{
				OnSession:       func(_ *Socket, s []byte) { note("session"); sessions <- s },
				OnSecureConnect: func(*Socket) { note("secure") },
			}}
			p := connect(t, server, o).secured(t)
			got := <-sessions
			mu.Lock()
			first := order[0]
			mu.Unlock()
			if first != "secure" || len(p.client.Session()) == 0 || len(p.client.TLSTicket()) == 0 || p.server.Session() != nil || p.server.TLSTicket() != nil {
				t.Errorf("first %q, a session of %d bytes", first, len(p.client.Session()))
			}
			if v == record.TLS13 {
				<-sessions // two tickets
			}
			o.Session = got
			p = connect(t, server, o).secured(t)
			if !p.client.IsSessionReused() || !p.server.IsSessionReused() || !p.client.Authorized() {
				t.Errorf("reused %v and %v", p.client.IsSessionReused(), p.server.IsSessionReused())
			}
			if v == record.TLS12 && len(p.client.EphemeralKeyInfo().Type) != 0 {
				t.Error("a resumed connection up to TLS 1.2 has a key exchange")
			}
			for _, garbage := range [][]byte{[]byte("garbage"), {}, got[:len(got)-1]} {
				o.Session = garbage
				if p = connect(t, server, o).secured(t); p.client.IsSessionReused() {
					t.Errorf("%q was resumed", garbage)
				}
			}
		})
	}
}

// TestSessionIsJudgedAgain: a session does not make a server good that would not be so now.
func TestSessionIsJudgedAgain(t *testing.T) {
	for _, v := range versions {
		server := serverOf(t, ServerOptions{}, credtest.CA(t).Leaf(t, credtest.P256, serverName, "other.example"))
		session := sessionOf(t, server, v)
		stranger := credtest.Root(t, "stranger", credtest.P256)
		for _, row := range []struct {
			name   string
			change func(*ConnectionOptions)
			reused bool
			code   Code
		}{
			{"as it was", func(*ConnectionOptions) {}, true, ""},
			{"refused by the application", func(o *ConnectionOptions) {
				o.CheckServerIdentity = func(string, *PeerCertificate) error { return &Error{Code: "MINE"} }
			}, false, "MINE"},
			{"trusted no more", func(o *ConnectionOptions) { o.SecureContext.client.Verifier = stranger.Verifier() }, false, CodeLeafSignature},
			{"not trusted and tolerated", func(o *ConnectionOptions) {
				o.SecureContext.client.Verifier, o.RejectUnauthorized = stranger.Verifier(), new(false)
			}, true, ""},
			{"another name", func(o *ConnectionOptions) { o.Servername = "other.example" }, false, ""},
		} {
			context := contextOf(t)
			context.client.MaxVersion = v
			o := ConnectionOptions{Servername: serverName, SecureContext: context, Session: session}
			row.change(&o)
			p := connect(t, server, o)
			if CodeOf(p.clientErr) != row.code {
				t.Errorf("%v, %s: %v", v, row.name, p.clientErr)
				continue
			}
			if p.client == nil {
				continue
			}
			if p.client.IsSessionReused() != row.reused {
				t.Errorf("%v, %s: reused %v", v, row.name, p.client.IsSessionReused())
			}
			if tolerated := o.RejectUnauthorized != nil; p.client.Authorized() == tolerated || tolerated && CodeOf(p.client.AuthorizationError()) != CodeLeafSignature {
				t.Errorf("%v, %s: authorized %v, %v", v, row.name, p.client.Authorized(), p.client.AuthorizationError())
			}
		}
	}
}

// TestSessionOfAnotherCertificate: a session that does not pass any more keeps nobody
// from a handshake that does.
func TestSessionOfAnotherCertificate(t *testing.T) {
	for _, v := range versions {
		old := serverOf(t, ServerOptions{}, credtest.CA(t).Leaf(t, credtest.P256, serverName, "old.example"))
		renewed := serverOf(t, ServerOptions{}, credtest.CA(t).Leaf(t, credtest.P256, serverName, "new.example"))
		context := contextOf(t)
		context.client.MaxVersion = v
		p := connect(t, renewed, ConnectionOptions{
			Servername: serverName, SecureContext: context, Session: sessionOf(t, old, v),
			CheckServerIdentity: func(_ string, cert *PeerCertificate) error { return CheckServerIdentity("new.example", cert) },
		}).secured(t)
		if p.client.IsSessionReused() {
			t.Errorf("%v: resumed", v)
		}
	}
}

// withoutTickets is a server that keeps sessions by their ids.
func withoutTickets(t *testing.T, o ServerOptions) *Server {
	t.Helper()
	context := contextOf(t, credtest.CA(t).Leaf(t, credtest.P256, serverName))
	context.server.TicketKeys = nil
	s, err := newServer(o, context)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNewSession(t *testing.T) {
	kept := map[string][]byte{}
	server := withoutTickets(t, ServerOptions{
		OnNewSession: func(ctx context.Context, id, data []byte) {
			if SocketFrom(ctx) == nil || len(id) != 32 {
				t.Errorf("id %x", id)
			}
			kept[string(id)] = data
		},
		OnResumeSession: func(_ context.Context, id []byte) ([]byte, error) { return kept[string(id)], nil },
	})
	if server.TicketKeys() != nil {
		t.Error("there are ticket keys")
	}
	got := sessionOf(t, server, record.TLS12)
	if len(kept) != 1 {
		t.Fatalf("%d sessions", len(kept))
	}
	p := offer(t, server, got, record.TLS12)
	if !p.client.IsSessionReused() || !p.server.IsSessionReused() || p.client.TLSTicket() != nil {
		t.Error("not resumed")
	}
	if len(kept) != 1 {
		t.Error("a resumed session was stored")
	}
}

func TestResumeSession(t *testing.T) {
	broken := errors.New("broken")
	for _, row := range []struct {
		name string
		data []byte
		err  error
	}{{"none", nil, nil}, {"garbage", []byte("garbage"), nil}, {"an error", nil, broken}} {
		asked := 0
		server := withoutTickets(t, ServerOptions{
			OnNewSession:    func(context.Context, []byte, []byte) {},
			OnResumeSession: func(context.Context, []byte) ([]byte, error) { asked++; return row.data, row.err },
		})
		session := sessionOf(t, server, record.TLS12)
		context := contextOf(t)
		context.client.MaxVersion = record.TLS12
		p := connect(t, server, ConnectionOptions{Servername: serverName, SecureContext: context, Session: session})
		if !errors.Is(p.serverErr, row.err) || (p.clientErr == nil) != (row.err == nil) || asked != 1 {
			t.Errorf("%s: server %v, client %v, asked %d times", row.name, p.serverErr, p.clientErr, asked)
		}
		if p.client != nil && p.client.IsSessionReused() {
			t.Errorf("%s: resumed", row.name)
		}
	}
}

func TestAuthorization(t *testing.T) {
	ca, stranger := credtest.CA(t), credtest.Root(t, "stranger", credtest.P256)
	good, bad := ca.Leaf(t, credtest.P256, "client"), stranger.Leaf(t, credtest.P256, "client")
	for _, v := range versions {
		for _, row := range []struct {
			name       string
			request    bool
			reject     *bool
			context    *SecureContext
			authorized bool
			why, code  Code
		}{
			{"not asked", false, nil, contextOf(t, good), false, "", ""},
			{"good", true, nil, contextOf(t, good), true, "", ""},
			{"good and tolerated", true, new(false), contextOf(t, good), true, "", ""},
			{"bad", true, nil, contextOf(t, bad), false, "", CodeLeafSignature},
			{"bad and tolerated", true, new(false), contextOf(t, bad), false, CodeLeafSignature, ""},
			{"none", true, nil, contextOf(t), false, "", CodeNoPeerCertificate},
			{"none and tolerated", true, new(false), contextOf(t), false, CodeNoIssuer, ""},
		} {
			t.Run(v.String()+" "+row.name, func(t *testing.T) {
				row.context.client.MaxVersion = v
				server := serverOf(t, ServerOptions{RequestCert: row.request, RejectUnauthorized: row.reject})
				p := connect(t, server, ConnectionOptions{Servername: serverName, SecureContext: row.context})
				if CodeOf(p.serverErr) != row.code {
					t.Fatalf("server: %v", p.serverErr)
				}
				if row.code != "" {
					if bad := row.name == "bad"; bad && CodeOf(p.server.AuthorizationError()) != row.code {
						t.Errorf("the reason is %v", p.server.AuthorizationError())
					}
					return
				}
				if p.server.Authorized() != row.authorized || CodeOf(p.server.AuthorizationError()) != row.why {
					t.Errorf("authorized %v, %v", p.server.Authorized(), p.server.AuthorizationError())
				}
			})
		}
	}
}

func TestPSK(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	broken := errors.New("broken")
	allow := func(string, *PeerCertificate) error { return nil }
	for _, v := range versions {
		for _, row := range []struct {
			name           string
			client         PSK
			err            error
			server         []byte
			serverErr      error
			check          func(string, *PeerCertificate) error
			atClient, code Code
			failed         bool
		}{
			{"the same key", PSK{key, "me"}, nil, key, nil, allow, "", "", false},
			{"nobody checks the server", PSK{key, "me"}, nil, key, nil, nil, CodeAltNameInvalid, "", true},
			{"a long key", PSK{make([]byte, 513), "me"}, nil, key, nil, allow, CodeArgValue, "", true},
			{"a long identity", PSK{key, string(make([]byte, 257))}, nil, key, nil, allow, CodeArgValue, "", true},
			{"the client fails", PSK{}, broken, key, nil, allow, "", "", true},
			{"the server fails", PSK{key, "me"}, nil, nil, broken, allow, "", "", true},
		} {
			t.Run(v.String()+" "+row.name, func(t *testing.T) {
				server := pskServer(t, ServerOptions{PSKIdentityHint: "hint", PSKCallback: func(ctx context.Context, identity string) ([]byte, error) {
					if identity != "me" || SocketFrom(ctx) == nil {
						t.Errorf("identity %q", identity)
					}
					return row.server, row.serverErr
				}})
				p := connect(t, server, ConnectionOptions{
					SecureContext: pskContext(t, v), CheckServerIdentity: row.check,
					PSKCallback: func(_ context.Context, hint string) (PSK, error) {
						if v == record.TLS12 && hint != "hint" {
							t.Errorf("hint %q", hint)
						}
						return row.client, row.err
					},
				})
				if (p.clientErr != nil) != row.failed || row.atClient != "" && CodeOf(p.clientErr) != row.atClient {
					t.Fatalf("client: %v, server: %v", p.clientErr, p.serverErr)
				}
				if !row.failed {
					p.exchange(t)
					if !p.client.Authorized() || p.client.PeerCertificate(true) != nil {
						t.Error("not authorized")
					}
				}
			})
		}
	}
}

// TestPSKIsNoCertificate: where a client has to show a certificate, no key stands in for it.
func TestPSKIsNoCertificate(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	for _, v := range versions {
		for _, reject := range []bool{true, false} {
			server := pskServer(t, ServerOptions{
				RequestCert: true, RejectUnauthorized: new(reject),
				PSKCallback: func(context.Context, string) ([]byte, error) { return key, nil },
			})
			p := connect(t, server, ConnectionOptions{
				SecureContext: pskContext(t, v), CheckServerIdentity: func(string, *PeerCertificate) error { return nil },
				PSKCallback: func(context.Context, string) (PSK, error) { return PSK{key, "me"}, nil },
			})
			switch {
			case reject && (p.serverErr == nil || CodeOf(p.clientErr) != CodeAlertHandshakeFailure):
				t.Errorf("%v: client: %v, server: %v", v, p.clientErr, p.serverErr)
			case !reject && p.secured(t).server.Authorized():
				t.Errorf("%v: authorized", v)
			}
		}
	}
}

// TestUnknownPSK: the client of TLS 1.2 hears that its identity is not known.
func TestUnknownPSK(t *testing.T) {
	server := pskServer(t, ServerOptions{PSKCallback: func(context.Context, string) ([]byte, error) { return nil, nil }})
	p := connect(t, server, ConnectionOptions{
		SecureContext: pskContext(t, record.TLS12),
		PSKCallback:   func(context.Context, string) (PSK, error) { return PSK{make([]byte, 32), "me"}, nil },
	})
	if CodeOf(p.serverErr) != CodeNoPSKIdentity || CodeOf(p.clientErr) != CodeAlertUnknownPSKIdentity {
		t.Errorf("server: %v, client: %v", p.serverErr, p.clientErr)
	}
	p = connect(t, server, ConnectionOptions{
		SecureContext: pskContext(t, record.TLS12),
		PSKCallback:   func(context.Context, string) (PSK, error) { return PSK{}, nil },
	})
	if CodeOf(p.clientErr) != CodeNoPSKIdentity || CodeOf(p.serverErr) != CodeAlertHandshakeFailure {
		t.Errorf("without a key: server: %v, client: %v", p.serverErr, p.clientErr)
	}
}

func TestMinDHSize(t *testing.T) {
	context := contextOf(t, credtest.CA(t).Leaf(t, credtest.RSA2048, serverName))
	context.server.Suites, context.server.AutoDH, context.server.MaxVersion = suitesOf(t, "DHE"), true, record.TLS12
	server, err := newServer(ServerOptions{}, context)
	if err != nil {
		t.Fatal(err)
	}
	for size, code := range map[int]Code{0: "", 2048: "", 2049: CodeDHSize} {
		client := contextOf(t)
		client.client.Suites = suitesOf(t, "DHE")
		p := connect(t, server, ConnectionOptions{Servername: serverName, SecureContext: client, MinDHSize: size})
		if CodeOf(p.clientErr) != code {
			t.Errorf("%d: %v", size, p.clientErr)
		}
		if code == "" {
			if info := p.client.EphemeralKeyInfo(); *info != (EphemeralKeyInfo{Type: "DH", Size: 2048}) {
				t.Errorf("%+v", info)
			}
		}
	}
	_, err = Connect(t.Context(), ConnectionOptions{SecureContext: contextOf(t), MinDHSize: -1, Port: 1})
	if e := (*Error)(nil); !errors.As(err, &e) || e.Option != "minDHSize" {
		t.Error(err)
	}
}

func TestSecurePair(t *testing.T) {
	server := serverOf(t, ServerOptions{})
	one, wire, err := NewSecurePair(SocketOptions{Server: server})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer one.Close()
		_, _ = io.WriteString(one, "through")
	}()
	s, err := Connect(t.Context(), ConnectionOptions{Socket: wire, Servername: serverName, SecureContext: contextOf(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got, err := io.ReadAll(s); string(got) != "through" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestEnableTrace(t *testing.T) {
	var log bytes.Buffer
	var mu sync.Mutex
	p := connect(t, serverOf(t, ServerOptions{}), ConnectionOptions{Servername: serverName, EnableTrace: lockedWriter{&mu, &log}}).secured(t)
	mu.Lock()
	text := log.String()
	mu.Unlock()
	for _, want := range []string{"> ClientHello", "< ServerHello", "< EncryptedExtensions", "< Certificate", "> Finished", serverName, "cipher_suite: TLS_AES_256_GCM_SHA384"} {
		if !bytes.Contains([]byte(text), []byte(want)) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	var late bytes.Buffer
	if err := p.client.EnableTrace(&late); err != nil {
		t.Fatal(err)
	}
	_ = p.client.Close()
	if !bytes.Contains(late.Bytes(), []byte("close_notify")) {
		t.Errorf("late: %q", late.Bytes())
	}
}

type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
