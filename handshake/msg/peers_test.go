package msg

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tacet/record"
)

// The peer here is crypto/tls: it writes every message of both versions, and
// says what it read from the ClientHello.

func authority(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"server.example"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der, der}, PrivateKey: key, OCSPStaple: []byte("staple"), SignedCertificateTimestamps: [][]byte{[]byte("one"), []byte("other")}}
}

// world is a pair of configurations that make every message appear.
func world(t *testing.T, hello func(*tls.ClientHelloInfo)) (client, server *tls.Config) {
	cert := authority(t)
	names := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	leaf.RawSubject = []byte{0x30, 0x00}
	names.AddCert(leaf)
	server = &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAnyClientCert, ClientCAs: names, NextProtos: []string{"h2"},
		GetConfigForClient: func(info *tls.ClientHelloInfo) (*tls.Config, error) { hello(info); return nil, nil }}
	client = &tls.Config{ServerName: "server.example", InsecureSkipVerify: true, Certificates: []tls.Certificate{cert},
		NextProtos: []string{"h2", "http/1.1"}, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	return client, server
}

// flight collects what one side says.
type flight struct {
	net.Conn
	mu   sync.Mutex
	sent []byte
}

func (f *flight) Write(p []byte) (int, error) {
	f.mu.Lock()
	f.sent = append(f.sent, p...)
	f.mu.Unlock()
	return f.Conn.Write(p)
}

// plain gives the handshake bytes before the first change_cipher_spec.
func (f *flight) plain() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []byte
	for b := f.sent; len(b) >= 5 && b[0] == 22; {
		n := 5 + int(b[3])<<8 + int(b[4])
		out = append(out, b[5:n]...)
		b = b[n:]
	}
	return out
}

// cut gives the messages of a stream of handshake bytes.
func cut(t *testing.T, b []byte) (messages []Raw) {
	t.Helper()
	var r Reassembler
	r.Add(b)
	for {
		m, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if m == nil {
			break
		}
		messages = append(messages, m)
	}
	if !r.Empty() {
		t.Fatalf("%d bytes left over", r.Buffered())
	}
	return messages
}

// read parses a message and says that appending it gives the same bytes, but
// for extensions that no row knows and the order of extensions.
func read(t *testing.T, raw Raw, d Dialect) Message {
	t.Helper()
	m := d.New(raw.Type())
	if m == nil {
		t.Fatalf("no %v in %v", raw.Type(), d)
	}
	if err := m.Parse(raw.Body()); err != nil {
		t.Fatalf("%v\n%x", err, []byte(raw))
	}
	again := d.New(raw.Type())
	if err := again.Parse(Raw(m.Append(nil)).Body()); err != nil {
		t.Fatalf("appended: %v", err)
	}
	if x := extensionsOf(m); x == nil && !bytes.Equal(m.Append(nil), raw) {
		t.Errorf("%v appended:\n%x\nwant\n%x", raw.Type(), m.Append(nil), []byte(raw))
	} else if x != nil && x.Unknown == 0 && len(m.Append(nil)) != len(raw) {
		t.Errorf("%v appended has %d bytes, want %d", raw.Type(), len(m.Append(nil)), len(raw))
	}
	return m
}

func types(messages []Raw) string {
	var names []string
	for _, m := range messages {
		names = append(names, m.Type().String())
	}
	return strings.Join(names, " ")
}

func TestMessagesOfTLS12(t *testing.T) {
	var info *tls.ClientHelloInfo
	clientConfig, serverConfig := world(t, func(i *tls.ClientHelloInfo) { info = i })
	clientConfig.MaxVersion = tls.VersionTLS12
	a, b := net.Pipe()
	client, server := &flight{Conn: a}, &flight{Conn: b}
	done := make(chan error, 1)
	go func() { done <- tls.Server(server, serverConfig).Handshake() }()
	if err := tls.Client(client, clientConfig).Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	said, answered := cut(t, client.plain()), cut(t, server.plain())
	if got := types(said); got != "ClientHello Certificate ClientKeyExchange CertificateVerify" {
		t.Fatal(got)
	}
	if got := types(answered); got != "ServerHello Certificate CertificateStatus ServerKeyExchange CertificateRequest ServerHelloDone NewSessionTicket" {
		t.Fatal(got)
	}
	tls12 := tls12
	for _, raw := range append(answered, said...) {
		tls12.Hear(read(t, raw, tls12))
	}
	hello := read(t, said[0], tls12).(*ClientHello)
	compareHello(t, hello, info)
	if err := hello.Ext.Check(InClientHello12, 0); err != nil {
		t.Error(err)
	}
	answer := read(t, answered[0], tls12).(*ServerHello)
	if err := answer.Ext.Check(InServerHello12, hello.Ext.Offered()); err != nil {
		t.Error(err)
	}
	if answer.Ext.SCTs.Len() != 2 || !answer.Ext.Have(ExtStatusRequest) || [8]byte(answer.Random[24:]) == DowngradeTLS11 {
		t.Errorf("%+v", answer)
	}
	chain := slices.Collect(read(t, answered[1], tls12).(*Certificate12).Chain.All())
	if !slices.EqualFunc(chain, serverConfig.Certificates[0].Certificate, bytes.Equal) {
		t.Error("not the server's chain")
	}
	if got := read(t, answered[2], tls12).(*CertificateStatus).Response; string(got) != "staple" {
		t.Errorf("staple %q", got)
	}
	kx := read(t, answered[3], tls12).(*ServerKeyExchange)
	if !bytes.Equal(kx.Params, kx.AppendParams(nil)) || !bytes.HasPrefix(answered[3].Body(), kx.Params) {
		t.Error("not what is signed")
	}
}

func TestDowngradeSentinel(t *testing.T) {
	//= RFC 9846 §4.2.3 type=test
	clientConfig, serverConfig := world(t, func(*tls.ClientHelloInfo) {})
	clientConfig.MaxVersion = tls.VersionTLS12
	a, b := net.Pipe()
	server := &flight{Conn: b}
	go tls.Client(a, clientConfig).Handshake()
	tls.Server(server, serverConfig).Handshake()
	hello := read(t, cut(t, server.plain())[0], tls12).(*ServerHello)
	if [8]byte(hello.Random[24:]) != DowngradeTLS12 {
		t.Errorf("%x", hello.Random)
	}
}

// compareHello compares what we read with what crypto/tls read.
func compareHello(t *testing.T, m *ClientHello, info *tls.ClientHelloInfo) {
	t.Helper()
	if string(m.Ext.ServerName) != info.ServerName {
		t.Errorf("server_name %q, want %q", m.Ext.ServerName, info.ServerName)
	}
	sameCodes(t, "suites", m.Suites, info.CipherSuites)
	sameCodes(t, "groups", m.Ext.SupportedGroups, info.SupportedCurves)
	sameCodes(t, "schemes", m.Ext.SignatureAlgorithms, info.SignatureSchemes)
	if m.Ext.Have(ExtSupportedVersions) {
		sameCodes(t, "versions", m.Ext.SupportedVersions, info.SupportedVersions)
	}
	var names []string
	for name := range m.Ext.ALPN.All() {
		names = append(names, string(name))
	}
	if !slices.Equal(names, info.SupportedProtos) {
		t.Errorf("protocols %q, want %q", names, info.SupportedProtos)
	}
	var ids []uint16
	for id := range RawExtensions(m.Ext.Wire) {
		ids = append(ids, uint16(id))
	}
	if !slices.Equal(ids, info.Extensions) {
		t.Errorf("extensions %v, want %v", ids, info.Extensions)
	}
}

func sameCodes[C ~uint16](t *testing.T, what string, got Uint16s, want []C) {
	t.Helper()
	if !slices.EqualFunc(slices.Collect(got.All()), want, func(a uint16, b C) bool { return a == uint16(b) }) {
		t.Errorf("%s: % x, want %x", what, []byte(got), want)
	}
}

// quic runs a handshake of TLS 1.3 without records and gives what each said.
func quic(t *testing.T, clientConfig, serverConfig *tls.Config) (said, answered []Raw) {
	t.Helper()
	clientConfig.MinVersion, serverConfig.MinVersion = tls.VersionTLS13, tls.VersionTLS13
	client := tls.QUICClient(&tls.QUICConfig{TLSConfig: clientConfig})
	server := tls.QUICServer(&tls.QUICConfig{TLSConfig: serverConfig})
	defer client.Close()
	defer server.Close()
	for _, q := range []*tls.QUICConn{client, server} {
		q.SetTransportParameters([]byte("parameters"))
		if err := q.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	var clientBytes, serverBytes []byte
	ticket := false
	for moved := true; moved; {
		a, _ := pump(t, client, server, &clientBytes)
		b, complete := pump(t, server, client, &serverBytes)
		if moved = a || b; complete && !ticket {
			ticket, moved = true, true
			if err := server.SendSessionTicket(tls.QUICSessionTicketOptions{EarlyData: true}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return cut(t, clientBytes), cut(t, serverBytes)
}

func pump(t *testing.T, from, to *tls.QUICConn, sent *[]byte) (moved, complete bool) {
	t.Helper()
	for {
		switch e := from.NextEvent(); e.Kind {
		case tls.QUICNoEvent:
			return moved, complete
		case tls.QUICHandshakeDone:
			complete = true
		case tls.QUICWriteData:
			moved = true
			*sent = append(*sent, e.Data...)
			if err := to.HandleData(e.Level, bytes.Clone(e.Data)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestMessagesOfTLS13(t *testing.T) {
	var info *tls.ClientHelloInfo
	clientConfig, serverConfig := world(t, func(i *tls.ClientHelloInfo) { info = i })
	said, answered := quic(t, clientConfig, serverConfig)
	if got := types(said); got != "ClientHello Certificate CertificateVerify Finished" {
		t.Fatal(got)
	}
	if got := types(answered); got != "ServerHello EncryptedExtensions CertificateRequest Certificate CertificateVerify Finished NewSessionTicket" {
		t.Fatal(got)
	}
	for _, raw := range append(said, answered...) {
		read(t, raw, tls13)
	}
	hello := read(t, said[0], tls13).(*ClientHello)
	compareHello(t, hello, info)
	offered := hello.Ext.Offered()
	answer := read(t, answered[0], tls13).(*ServerHello)
	share, ok := hello.Ext.KeyShares.Find(answer.Ext.ServerShare.Group)
	if answer.Retry() || answer.Ext.SelectedVersion != record.TLS13 || !ok || len(share) == 0 {
		t.Errorf("%+v", answer)
	}
	request := read(t, answered[2], tls13).(*CertificateRequest13)
	chain := read(t, answered[3], tls13).(*Certificate13)
	ticket := read(t, answered[6], tls13).(*NewSessionTicket13)
	for name, err := range map[string]error{
		"ClientHello":        hello.Ext.Check(InClientHello, 0),
		"ServerHello":        answer.Ext.Check(InServerHello, offered),
		"CertificateRequest": request.Ext.Check(InCertificateRequest, 0),
		"Certificate":        chain.Check(offered),
		"client Certificate": read(t, said[1], tls13).(*Certificate13).Check(request.Ext.Offered()),
		"NewSessionTicket":   ticket.Ext.Check(InNewSessionTicket, 0),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if string(chain.Leaf.OCSPResponse) != "staple" || chain.Leaf.SCTs.Len() != 2 || chain.Entries.Len() != 2 {
		t.Errorf("%+v", chain.Leaf)
	}
	if ticket.Ext.MaxEarlyData != 0xffffffff || !ticket.Ext.Have(ExtEarlyData) {
		t.Errorf("%+v", ticket)
	}
	// QUIC's own extension is one that no row knows.
	encrypted := read(t, answered[1], tls13).(*EncryptedExtensions)
	if encrypted.Ext.FirstUnknown != 57 || string(encrypted.Ext.ALPN) != "\x02h2" {
		t.Errorf("%+v", encrypted.Ext)
	}

	resumed(t, clientConfig, serverConfig)
}

// resumed makes the same client come again, and then to a server that wants
// another group.
func resumed(t *testing.T, clientConfig, serverConfig *tls.Config) {
	serverConfig = serverConfig.Clone()
	serverConfig.GetConfigForClient = nil
	said, answered := quic(t, clientConfig, serverConfig)
	hello := read(t, said[0], tls13).(*ClientHello)
	answer := read(t, answered[0], tls13).(*ServerHello)
	if hello.Ext.PSK.Identities.Len() != 1 || hello.Ext.PSK.Binders.Len() != 1 || BindersLen(hello) != 2+1+32 {
		t.Errorf("%+v", hello.Ext.PSK)
	}
	if err := hello.Ext.Check(InClientHello, 0); err != nil {
		t.Error(err)
	}
	if !answer.Ext.Have(ExtPreSharedKey) || answer.Ext.SelectedPSK != 0 {
		t.Errorf("%+v", answer.Ext)
	}
	clientConfig.ClientSessionCache = nil
	serverConfig.CurvePreferences = []tls.CurveID{tls.CurveP384}
	said, answered = quic(t, clientConfig, serverConfig)
	if got := types(said[:2]); got != "ClientHello ClientHello" {
		t.Fatal(got)
	}
	first, second := read(t, said[0], tls13).(*ClientHello), read(t, said[1], tls13).(*ClientHello)
	retry := read(t, answered[0], tls13).(*ServerHello)
	if err := retry.Ext.Check(InRetry, first.Ext.Offered()); err != nil || !retry.Retry() || retry.Ext.RetryGroup != uint16(tls.CurveP384) {
		t.Errorf("%+v: %v", retry, err)
	}
	if err := first.CheckRetry(second); err != nil {
		t.Error(err)
	}
}
