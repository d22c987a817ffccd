package peers

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// gotls is Go's crypto/tls, in this process.
type gotls struct{}

func (gotls) name() string { return "gotls" }

func (gotls) missing() string { return "" }

func (gotls) lacks(r *row) string {
	t := &r.terms
	switch {
	case t.renewal.asks != "" && (r.role == server || t.renewal.asks == client):
		return "a way to ask for it, and a server that does it"
	case t.kind == credtest.Ed448 || t.auth.kind == credtest.Ed448:
		return "Ed448"
	case t.kind == credtest.RSAPSS || t.auth.kind == credtest.RSAPSS:
		return "keys for RSASSA-PSS alone"
	case t.group != nil && (t.group.ID() == kx.X448 || strings.HasPrefix(t.group.Name(), "MLKEM")):
		return "X448, and ML-KEM without a curve"
	case t.sizes.ours != 0 || t.sizes.theirs != 0 || t.sizes.fragment != 0:
		return "limits on records"
	case t.fallback && r.role == client:
		return "an option for it"
	case t.update == updateTheirs:
		return "a way to ask for it"
	case t.group != nil && !isCurve(t.group):
		return "finite fields"
	case t.suite != nil && !gotlsHas(t.suite) || r.psk():
		return "other suites, and pre-shared keys"
	case t.noEMS || t.noETM || t.byID || t.modes != "":
		return "an option for it"
	case r.version < record.TLS12 && (t.kind == credtest.Ed25519 || t.auth.kind == credtest.Ed25519):
		return "Ed25519 there"
	}
	return ""
}

// gotlsHas reports whether crypto/tls has a suite that it lets be chosen.
func gotlsHas(s *suites.Suite) bool {
	for _, c := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if c.ID == uint16(s.ID) {
			return true
		}
	}
	return false
}

// stamps: of the servers only crypto/tls can be given timestamps.
func (gotls) stamps() {}

// etmless: crypto/tls does not know encrypt_then_mac.
func (gotls) etmless() {}

func (g gotls) config(r *row, t *gotlsTalk) *tls.Config {
	least, most := r.span(r.role)
	cfg := &tls.Config{
		MinVersion: uint16(least), MaxVersion: uint16(most),
		RootCAs: r.pool(), ClientCAs: r.pool(), ServerName: serverName, KeyLogWriter: &t.keys,
	}
	if r.terms.group != nil {
		cfg.CurvePreferences = []tls.CurveID{tls.CurveID(r.terms.group.ID())}
	}
	if r.terms.suite != nil {
		cfg.CipherSuites = []uint16{uint16(r.terms.suite.ID)}
	}
	return cfg
}

func goCertificate(c *cred.Credential) tls.Certificate {
	return tls.Certificate{Certificate: c.Chain, PrivateKey: c.Key, OCSPStaple: c.Staple, SignedCertificateTimestamps: c.SCTs}
}

func (g gotls) dial(r *row, addr string) talk {
	r.Helper()
	t := newGotlsTalk(r)
	cfg := g.config(r, t)
	cfg.NextProtos = r.terms.offered
	if r.terms.retry {
		cfg.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveID(retryGroup.ID())}
	}
	if c := r.clientCredential(); c != nil { // even if the server knows nothing of its authority
		cert := goCertificate(c)
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if r.terms.renewal.kind != "" {
				cert = goCertificate(r.clientCredential())
			}
			return &cert, nil
		}
	}
	if w := r.terms.renewal; w.asks != "" && !w.refused {
		cfg.Renegotiation = tls.RenegotiateFreelyAsClient
	}
	if r.terms.resume {
		cfg.ClientSessionCache, _ = r.kept.loadOrStore("cache", tls.NewLRUClientSessionCache(4)).(tls.ClientSessionCache)
	}
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		r.Fatal(err)
	}
	t.run(1, func() (*tls.Conn, error) { return tls.Client(nc, cfg), nil })
	return t
}

func (g gotls) serve(r *row) talk {
	r.Helper()
	t := newGotlsTalk(r)
	cfg := g.config(r, t)
	cfg.NextProtos = r.terms.accepted
	if r.terms.retry {
		cfg.CurvePreferences = []tls.CurveID{tls.CurveID(retryGroup.ID())}
	}
	if r.terms.sni {
		cfg.Certificates = append(cfg.Certificates, goCertificate(r.otherCredential()))
	}
	cfg.Certificates = append(cfg.Certificates, goCertificate(r.serverCredential()))
	cfg.ClientAuth = map[handshake.ClientAuth]tls.ClientAuthType{
		handshake.NoClientCert: tls.NoClientCert, handshake.RequestClientCert: tls.VerifyClientCertIfGiven,
		handshake.RequireClientCert: tls.RequireAndVerifyClientCert,
	}[r.terms.auth.ask]
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = l.Close() })
	t.host = l.Addr().String()
	t.run(r.connections(), func() (*tls.Conn, error) {
		nc, err := l.Accept()
		if err != nil {
			return nil, err
		}
		return tls.Server(nc, cfg), nil
	})
	return t
}

func (gotls) says(r *row, e *end) []string {
	list := factLines(r, e)
	if w := r.terms.renewal; w.asks != "" && !w.refused { // when it exports nothing
		list = slices.DeleteFunc(list, func(p string) bool { return strings.Contains(p, "exporter=") })
	}
	if r.role == client && r.terms.staple {
		list = append(list, fmt.Sprintf("(?m)^ocsp=%x sct=%x$", r.staple(), timestamp))
	}
	if g := e.State().Group; g != nil && (r.version >= record.TLS13 || !e.State().Resumed) {
		list = append(list, "group="+tls.CurveID(g.ID()).String())
	}
	return list
}

func (gotls) told(a record.Alert) string {
	return regexp.QuoteMeta("remote error: " + tls.AlertError(a).Error())
}

// tells: a client of crypto/tls has one alert for all that it does not trust.
func (gotls) tells(r *row) []record.Alert {
	if r.terms.fault != "" {
		return []record.Alert{record.AlertBadCertificate}
	}
	return nil
}

// noKeyLog tells that nothing is logged of a session resumed in TLS 1.2.
func (gotls) noKeyLog(r *row) bool { return r.terms.resume && r.version < record.TLS13 }

// gotlsTalk is a crypto/tls connection, or several, one after the other.
type gotlsTalk struct {
	screen
	row  *row
	keys screen
	host string
	live chan *tls.Conn // holds the connection while there is one
	bulk chan func(*tls.Conn)
	bye  chan struct{} // closed by quit
}

func newGotlsTalk(r *row) *gotlsTalk {
	t := &gotlsTalk{row: r, live: make(chan *tls.Conn, 1), bulk: make(chan func(*tls.Conn), 1), bye: make(chan struct{})}
	r.Cleanup(func() {
		if r.Failed() {
			r.Logf("crypto/tls:\n%s", printable(t.String()))
		}
	})
	return t
}

// run keeps up n connections in a goroutine that ends with the row.
func (t *gotlsTalk) run(n int, next func() (*tls.Conn, error)) {
	var done sync.WaitGroup
	done.Go(func() {
		defer t.end()
		for range n {
			c, err := next()
			if err != nil {
				t.printf("error=%v\n", err)
				return
			}
			t.keep(c)
		}
	})
	t.row.Cleanup(done.Wait)
}

// keep keeps up one connection until the other side has closed it.
func (t *gotlsTalk) keep(c *tls.Conn) {
	defer c.Close()
	t.row.Cleanup(func() { _ = c.NetConn().Close() }) // or a broken row would not end
	if err := c.HandshakeContext(t.row.ctx); err != nil {
		t.printf("error=%v\n", err)
		return
	}
	t.tell(c.ConnectionState())
	t.live <- c
	if t.row.terms.bulk {
		(<-t.bulk)(c)
	}
	_, err := io.Copy(&t.screen, c)
	if err != nil && !errors.Is(err, net.ErrClosed) {
		t.printf("error=%v\n", err)
	} else {
		t.printf("%s\n", endHeard)
	}
	if t.row.terms.half == halfOurs {
		select {
		case <-t.bye:
		case <-t.row.ctx.Done():
		}
	}
	select {
	case <-t.live:
	default: // quit has taken it
	}
}

func (t *gotlsTalk) tell(s tls.ConnectionState) {
	exporter, err := s.ExportKeyingMaterial(exporterLabel, nil, 32)
	peer := ""
	if len(s.PeerCertificates) > 0 {
		peer = s.PeerCertificates[0].Subject.CommonName
	}
	if s.OCSPResponse != nil {
		t.printf("ocsp=%x sct=%x\n", s.OCSPResponse, bytes.Join(s.SignedCertificateTimestamps, nil))
	}
	t.printf("protocol=%v\ncipher=%s\nalpn=%s\nreused=%v\nexporter=%s\npeer=%s\nservername=%s\ngroup=%v\n%v\n",
		record.Version(s.Version), tls.CipherSuiteName(s.CipherSuite), s.NegotiatedProtocol, s.DidResume,
		hex.EncodeToString(exporter), peer, s.ServerName, s.CurveID, err)
}

// current waits for a connection to be there.
func (t *gotlsTalk) current() *tls.Conn {
	select {
	case c := <-t.live:
		t.live <- c
		return c
	case <-t.row.ctx.Done():
		return nil
	}
}

func (t *gotlsTalk) addr() string { return t.host }

func (t *gotlsTalk) greet() string {
	if c := t.current(); c != nil {
		if _, err := io.WriteString(c, "crypto/tls says\n"); err != nil {
			t.printf("error=%v\n", err)
		}
	}
	return "crypto/tls says"
}

func (t *gotlsTalk) hear(ctx context.Context, text string) error {
	_, err := t.await(ctx, regexp.QuoteMeta(text))
	return err
}

func (t *gotlsTalk) quit() {
	close(t.bye)
	select {
	case c := <-t.live:
		if t.row.terms.half == halfTheirs {
			_ = c.CloseWrite()
		} else {
			_ = c.Close()
		}
	default: // it has never been, or is no more
	}
}

func (t *gotlsTalk) keyLog() string { return t.keys.String() }

func (t *gotlsTalk) stream(ctx context.Context, send, receive int64) (sent, received string, err error) {
	done := make(chan struct{})
	t.bulk <- func(c *tls.Conn) {
		defer close(done)
		var sending sync.WaitGroup
		var sendErr, readErr error
		sending.Go(func() { sent, sendErr = sendBulk(c, send, false) })
		received, readErr = readBulk(c, receive)
		sending.Wait()
		err = errors.Join(sendErr, readErr)
	}
	select {
	case <-done:
		return sent, received, err
	case <-ctx.Done():
		return "", "", ctx.Err()
	}
}

// flows: crypto/tls takes no data in a handshake.
func (gotls) flows(*row) (sends, listens bool) { return true, false }

// renegotiate is not asked for.
func (t *gotlsTalk) renegotiate(*row, *end) {}

func (t *gotlsTalk) renewed(r *row, e *end) []string {
	if c := t.current(); c != nil {
		t.tell(c.ConnectionState())
	}
	return r.peer.says(r, e)
}

func (t *gotlsTalk) update(context.Context, bool) error {
	return errors.New("crypto/tls updates its keys when it likes to")
}
