package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// TestSocketFacts: what both sides tell of a connection, before it, during and after it.
func TestSocketFacts(t *testing.T) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		t.Run(v.String(), func(t *testing.T) {
			server := serverOf(t, ServerOptions{ALPNProtocols: []string{"h2", "http/1.1"}})
			context := contextOf(t)
			context.client.MaxVersion = v
			p := connect(t, server, ConnectionOptions{
				Servername: serverName, SecureContext: context, ALPNProtocols: []string{"http/1.1"},
			}).secured(t)
			for _, s := range []*Socket{p.client, p.server} {
				if s.ALPNProtocol() != "http/1.1" || s.Servername() != serverName || s.Protocol() != SecureVersion(v.String()) || !s.Encrypted() || s.SecureConnecting() {
					t.Errorf("%q %q %q", s.ALPNProtocol(), s.Servername(), s.Protocol())
				}
				if c := s.Cipher(); c == nil || c.Name == "" || !strings.HasPrefix(c.StandardName, "TLS_") || c.Version != v.String() {
					t.Errorf("cipher %+v", c)
				}
				if s.IsSessionReused() {
					t.Error("reused")
				}
			}
			if !bytes.Equal(p.client.Finished(), p.server.PeerFinished()) || !bytes.Equal(p.server.Finished(), p.client.PeerFinished()) || len(p.client.Finished()) == 0 {
				t.Error("Finished of both sides differ")
			}
			theirs, own := p.client.PeerCertificate(false), p.server.Certificate()
			if theirs == nil || own == nil || theirs.Fingerprint256 != own.Fingerprint256 || theirs.IssuerCertificate != nil {
				t.Errorf("%+v and %+v", theirs, own)
			}
			if root := p.client.PeerCertificate(true).IssuerCertificate; root == nil || root.IssuerCertificate != root || !root.CA {
				t.Errorf("issuer %+v", root)
			}
			if !p.client.PeerX509Certificate().Equal(p.server.X509Certificate()) || p.client.X509Certificate() != nil || p.client.Certificate() != nil {
				t.Error("certificates of package x509 differ")
			}
			if p.server.PeerCertificate(false) != nil || p.server.PeerX509Certificate() != nil {
				t.Error("a client without certificate has one")
			}
			if info := p.client.EphemeralKeyInfo(); info == nil || p.server.EphemeralKeyInfo() != nil {
				t.Errorf("key %+v", info)
			}
			if list := p.server.SharedSigalgs(); len(list) == 0 || list[0] != "ECDSA+SHA256" || len(p.client.SharedSigalgs()) != 0 {
				t.Errorf("signature algorithms %q, of a client %q", list, p.client.SharedSigalgs())
			}
			_ = p.client.Close()
			if c := p.client; c.ALPNProtocol() != "http/1.1" || c.Servername() != serverName || c.IsSessionReused() || c.Certificate() != nil {
				t.Error("a closed socket forgets what node's remembers")
			}
			if c := p.client; c.Cipher() != nil || c.Protocol() != "" || c.Finished() != nil || c.PeerCertificate(true) != nil || c.EphemeralKeyInfo() != nil || !c.Authorized() {
				t.Error("a closed socket tells what it ought not")
			}
		})
	}
}

// TestBeforeHandshake: what a socket tells that has not begun is node's.
func TestBeforeHandshake(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	s, err := NewSocket(a, SocketOptions{SecureContext: contextOf(t)})
	if err != nil {
		t.Fatal(err)
	}
	if s.Protocol() != TLS13 || s.Cipher() != nil || s.Authorized() || s.AuthorizationError() != nil || !s.SecureConnecting() || s.Session() != nil {
		t.Error("it tells of what is not yet")
	}
	if text, _ := json.Marshal(s.EphemeralKeyInfo()); string(text) != "{}" {
		t.Errorf("key %s", text)
	}
	if _, err := s.ExportKeyingMaterial(10, "label", nil); CodeOf(err) != "ERR_TLS_INVALID_STATE" {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// TestServernames: what is asked for of what there is to check.
func TestServernames(t *testing.T) {
	server := serverOf(t, ServerOptions{})
	for _, row := range []struct{ name, server, client string }{
		{"a.example", "a.example", "a.example"}, {"A.Example", "A.Example", "A.Example"}, {"a.example.", "a.example", "a.example."}, {"localhost", "localhost", "localhost"},
		{"1.2.3.4", "", ""}, {"::1", "", ""}, {"[::1]", "", ""}, {strings.Repeat("x", 256), "", ""}, {"", "", ""},
	} {
		p := connect(t, server, ConnectionOptions{Servername: row.name, RejectUnauthorized: new(false)}).secured(t)
		if p.server.Servername() != row.server || p.client.Servername() != row.client {
			t.Errorf("%q: the server has %q, the client %q", row.name, p.server.Servername(), p.client.Servername())
		}
	}
	a, b := net.Pipe()
	defer b.Close()
	if _, err := Connect(t.Context(), ConnectionOptions{Socket: a, Servername: "a\x00b"}); CodeOf(err) != CodeArgValue {
		t.Error(err)
	}
	s, err := NewSocket(a, SocketOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetServername("a\x00b"); CodeOf(err) != CodeArgValue {
		t.Error(err)
	}
	_ = s.Close()
}

// TestCertificateBeforeHandshake is the first that there is to show.
func TestCertificateBeforeHandshake(t *testing.T) {
	own := contextOf(t, credtest.CA(t).Leaf(t, credtest.P256, serverName))
	for _, isServer := range []bool{false, true} {
		a, b := net.Pipe()
		s, err := NewSocket(a, SocketOptions{SecureContext: own, IsServer: isServer})
		if err != nil {
			t.Fatal(err)
		}
		if c, x := s.Certificate(), s.X509Certificate(); c == nil || x == nil || !bytes.Equal(c.Raw, x.Raw) {
			t.Errorf("%v and %v", c, x)
		}
		s.Close()
		if s.Certificate() != nil || s.X509Certificate() != nil {
			t.Error("a closed socket has one")
		}
		b.Close()
	}
}

// TestSettingsInAnyOrder: what is set before the handshake does not keep other things from being
// set, and holds.
func TestSettingsInAnyOrder(t *testing.T) {
	client, b, counted, context := countedClient(t)
	for name, err := range map[string]error{
		"deadline": client.SetDeadline(time.Now().Add(-time.Hour)), "another": client.SetWriteDeadline(time.Time{}),
		"fragment": client.SetMaxSendFragment(512), "renegotiation": client.DisableRenegotiation(),
		"servername": client.SetServername(serverName), "session": client.SetSession(nil), "certificate": client.SetKeyCert(context),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := client.SetKeyCert(nil); CodeOf(err) != "ERR_TLS_INVALID_CONTEXT" {
		t.Error(err)
	}
	server, err := NewSocket(b, SocketOptions{Server: serverOf(t, ServerOptions{})})
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, server)
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after its deadline: %v", err)
	}
	if err := client.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Write(make([]byte, 512)); err != nil || client.Servername() != serverName {
		t.Fatal(err)
	}
	if n := <-counted.lengths; n != 512+8+16 {
		t.Errorf("a record of %d bytes", n)
	}
	_ = client.Close()
	_ = server.Close()
	for name, err := range map[string]error{
		"deadline": client.SetDeadline(time.Time{}), "fragment": client.SetMaxSendFragment(512), "renegotiation": client.DisableRenegotiation(),
		"servername": client.SetServername("x"), "session": client.SetSession(nil), "certificate": client.SetKeyCert(context),
	} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s of a closed socket: %v", name, err)
		}
	}
}

func TestExportKeyingMaterial(t *testing.T) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		context := contextOf(t)
		context.client.MaxVersion = v
		p := connect(t, serverOf(t, ServerOptions{}), ConnectionOptions{Servername: serverName, SecureContext: context}).secured(t)
		for _, row := range []struct {
			length  int
			label   string
			context []byte
			code    Code
		}{
			{128, "EXPORTER-test", nil, ""},
			{128, "EXPORTER-test", []byte{}, ""},
			{1, "", []byte("context"), ""},
			{0, "label", nil, "ERR_OUT_OF_RANGE"},
			{-1, "label", nil, "ERR_OUT_OF_RANGE"},
			{12, "client finished", nil, map[record.Version]Code{record.TLS12: "ERR_SSL_TLS_ILLEGAL_EXPORTER_LABEL"}[v]},
		} {
			ours, err := p.client.ExportKeyingMaterial(row.length, row.label, row.context)
			theirs, err2 := p.server.ExportKeyingMaterial(row.length, row.label, row.context)
			if CodeOf(err) != row.code || CodeOf(err2) != row.code || !bytes.Equal(ours, theirs) || err == nil && len(ours) != row.length {
				t.Errorf("%v %+v: %x and %x, %v", v, row, ours, theirs, err)
			}
		}
	}
}

// records counts the application data of each record that is written.
type records struct {
	net.Conn
	lengths chan int
}

func (r records) Write(p []byte) (int, error) {
	for rest := p; len(rest) >= 5; {
		n := int(rest[3])<<8 | int(rest[4])
		if rest[0] == byte(record.TypeApplicationData) {
			r.lengths <- n
		}
		rest = rest[5+n:]
	}
	return r.Conn.Write(p)
}

// countedClient is a client of TLS 1.2 whose records are counted, what its server is to be of,
// and its context.
func countedClient(t *testing.T) (client *Socket, other net.Conn, counted records, context *SecureContext) {
	t.Helper()
	a, other := net.Pipe()
	counted, context = records{a, make(chan int, 100)}, contextOf(t)
	context.client.MaxVersion = record.TLS12
	client, err := NewSocket(counted, SocketOptions{SecureContext: context})
	if err != nil {
		t.Fatal(err)
	}
	return client, other, counted, context
}

func TestSetMaxSendFragment(t *testing.T) {
	for _, early := range []bool{false, true} {
		client, b, counted, _ := countedClient(t)
		_ = client.SetServername(serverName)
		server, err := NewSocket(b, SocketOptions{Server: serverOf(t, ServerOptions{})})
		if err != nil {
			t.Fatal(err)
		}
		go io.Copy(io.Discard, server)
		for _, bad := range []int{-1, 0, 511, 16385} {
			if err := client.SetMaxSendFragment(bad); CodeOf(err) != "ERR_OUT_OF_RANGE" {
				t.Errorf("%d: %v", bad, err)
			}
		}
		if !early {
			if err := client.Handshake(); err != nil {
				t.Fatal(err)
			}
		}
		if err := client.SetMaxSendFragment(512); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Write(make([]byte, 1024)); err != nil {
			t.Fatal(err)
		}
		const overhead = 8 + 16 // of AES-GCM in TLS 1.2
		for range 2 {
			if n := <-counted.lengths; n != 512+overhead {
				t.Errorf("a record of %d bytes", n)
			}
		}
		_ = client.Close()
		_ = server.Close()
	}
}

func TestALPN(t *testing.T) {
	pick := func(want string, err error) func(context.Context, ALPNOffer) (string, error) {
		return func(ctx context.Context, offer ALPNOffer) (string, error) {
			if strings.Join(offer.Protocols, ",") != "a,b" || offer.Servername != serverName || SocketFrom(ctx) == nil {
				t.Errorf("offered %+v", offer)
			}
			return want, err
		}
	}
	for _, row := range []struct {
		name      string
		protocols []string
		callback  func(context.Context, ALPNOffer) (string, error)
		offer     []string
		want      string
		code      Code // of the server
		client    Code
	}{
		{"the server's order", []string{"b", "a"}, nil, []string{"a", "b"}, "b", "", ""},
		{"none offered", []string{"b"}, nil, nil, "", "", ""},
		{"none known", nil, nil, []string{"a"}, "", "", ""},
		{"none in common", []string{"c"}, nil, []string{"a"}, "", CodeNoProtocol, "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL"},
		{"callback", nil, pick("a", nil), []string{"a", "b"}, "a", "", ""},
		{"callback refuses", nil, pick("", nil), []string{"a", "b"}, "", CodeNoProtocol, "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL"},
		{"callback picks another", nil, pick("c", nil), []string{"a", "b"}, "", "ERR_TLS_ALPN_CALLBACK_INVALID_RESULT", "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL"},
		{"callback is not asked", nil, pick("c", nil), nil, "", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := connect(t, serverOf(t, ServerOptions{ALPNProtocols: row.protocols, ALPNCallback: row.callback}),
				ConnectionOptions{Servername: serverName, ALPNProtocols: row.offer})
			if CodeOf(p.serverErr) != row.code || CodeOf(p.clientErr) != row.client {
				t.Fatalf("server: %v, client: %v", p.serverErr, p.clientErr)
			}
			if row.code == "" && (p.client.ALPNProtocol() != row.want || p.server.ALPNProtocol() != row.want) {
				t.Errorf("%q and %q", p.client.ALPNProtocol(), p.server.ALPNProtocol())
			}
		})
	}
	_, err := NewServer(ServerOptions{ALPNProtocols: []string{"a"}, ALPNCallback: pick("a", nil)})
	if CodeOf(err) != "ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS" {
		t.Error(err)
	}
}

// TestSetKeyCert: a callback may change what certificate is shown.
func TestSetKeyCert(t *testing.T) {
	other := contextOf(t, credtest.CA(t).Leaf(t, credtest.RSA2048, serverName, "other.example"))
	server := serverOf(t, ServerOptions{ALPNCallback: func(ctx context.Context, _ ALPNOffer) (string, error) {
		return "a", SocketFrom(ctx).SetKeyCert(other)
	}})
	p := connect(t, server, ConnectionOptions{Servername: serverName, ALPNProtocols: []string{"a"}}).secured(t)
	if alt := p.client.PeerCertificate(false).SubjectAltName; !strings.Contains(alt, "other.example") {
		t.Error(alt)
	}
	if err := p.server.SetKeyCert(other); CodeOf(err) != "ERR_TLS_INVALID_STATE" {
		t.Error(err)
	}
}
