package vectors

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"iter"
	"net"
	"slices"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// Peer is a connection of crypto/tls that is stepped like an engine: it runs
// only while Step or EOF is called, on the caller's turn. Stop must be called.
type Peer struct {
	Conn *tls.Conn
	Err  error // of the application; io.EOF and such count
	Done bool  // the application has returned
	Keys []byte

	wire wire
	next func() (struct{}, bool)
	stop func()
}

// wire is what the peer believes to be a network.
type wire struct {
	in, out bytes.Buffer
	eof     bool
	yield   func(struct{}) bool
}

// NewPeer makes a client or a server. app is its application, which begins with
// Conn.Handshake; c's KeyLogWriter is set.
func NewPeer(client bool, c *tls.Config, app func(*tls.Conn) error) *Peer {
	p := &Peer{}
	c = c.Clone()
	c.KeyLogWriter = keyLog{p}
	p.Conn = tls.Server(&p.wire, c)
	if client {
		p.Conn = tls.Client(&p.wire, c)
	}
	p.next, p.stop = iter.Pull(func(yield func(struct{}) bool) {
		p.wire.yield = yield
		p.Err = app(p.Conn)
		p.Done = true
	})
	return p
}

// Step gives the peer more bytes, and returns what it says.
func (p *Peer) Step(in []byte) []byte {
	p.wire.in.Write(in)
	p.next()
	out := bytes.Clone(p.wire.out.Bytes())
	p.wire.out.Reset()
	return out
}

// EOF ends what the peer can read, and returns its last words.
func (p *Peer) EOF() []byte {
	p.wire.eof = true
	return p.Step(nil)
}

// Stop lets the peer go.
func (p *Peer) Stop() { p.stop() }

type keyLog struct{ p *Peer }

func (k keyLog) Write(line []byte) (int, error) {
	k.p.Keys = append(k.p.Keys, line...)
	return len(line), nil
}

func (w *wire) Read(b []byte) (int, error) {
	for w.in.Len() == 0 {
		if w.eof || !w.yield(struct{}{}) {
			return 0, io.EOF
		}
	}
	return w.in.Read(b)
}

func (w *wire) Write(b []byte) (int, error)    { return w.out.Write(b) }
func (*wire) Close() error                     { return nil }
func (*wire) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*wire) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*wire) SetDeadline(time.Time) error      { return nil }
func (*wire) SetReadDeadline(time.Time) error  { return nil }
func (*wire) SetWriteDeadline(time.Time) error { return nil }

// CryptoTLS is a configuration of crypto/tls that does what one of the engine
// does, for a side of certificates of credtest.
func CryptoTLS(c handshake.Config, client bool, name string, roots *x509.CertPool) *tls.Config {
	std := &tls.Config{
		MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13, ServerName: name, RootCAs: roots, ClientCAs: roots,
		NextProtos: c.ALPN, Time: func() time.Time { return credtest.Now }, SessionTicketsDisabled: client || c.TicketKeys == nil,
	}
	if c.MinVersion != 0 {
		std.MinVersion = uint16(c.MinVersion)
	}
	if c.MaxVersion != 0 {
		std.MaxVersion = uint16(c.MaxVersion)
	}
	for _, g := range c.Groups {
		std.CurvePreferences = append(std.CurvePreferences, tls.CurveID(g.ID()))
	}
	for _, s := range c.Suites {
		if s.Min <= record.TLS12 {
			std.CipherSuites = append(std.CipherSuites, uint16(s.ID))
		}
	}
	for _, own := range c.Credentials {
		std.Certificates = append(std.Certificates, stdCertificate(own))
	}
	std.InsecureSkipVerify = client && c.Verify != handshake.VerifyRequired
	std.ClientAuth = map[handshake.ClientAuth]tls.ClientAuthType{
		handshake.RequestClientCert: tls.VerifyClientCertIfGiven, handshake.RequireClientCert: tls.RequireAndVerifyClientCert,
	}[c.ClientAuth]
	return std
}

func stdCertificate(c *cred.Credential) tls.Certificate {
	return tls.Certificate{Certificate: slices.Clone(c.Chain), PrivateKey: c.Key, Leaf: c.Leaf}
}
