package msg

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"testing"
)

// oneWay is a connection on which a ClientHello comes and nothing goes.
type oneWay struct {
	net.Conn
	in io.Reader
}

func (c *oneWay) Read(p []byte) (int, error)  { return c.in.Read(p) }
func (c *oneWay) Write(p []byte) (int, error) { return len(p), nil }
func (c *oneWay) Close() error                { return nil }

// goReads says whether crypto/tls can parse a ClientHello.
func goReads(body []byte) (read bool) {
	n := len(body)
	message := append([]byte{1, byte(n >> 16), byte(n >> 8), byte(n)}, body...)
	n = len(message)
	records := append([]byte{22, 3, 1, byte(n >> 8), byte(n)}, message...)
	config := &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		read = true
		return nil, errors.New("enough")
	}}
	tls.Server(&oneWay{in: bytes.NewReader(records)}, config).Handshake()
	return read
}

// unreadByGo are the extensions that crypto/tls skips without reading them.
var unreadByGo = []Ext{ExtMaxFragmentLength, ExtRecordSizeLimit, ExtPostHandshakeAuth, ExtEncryptThenMAC,
	ExtCompressCertificate, ExtCertificateAuthorities, ExtPadding}

// stricter says whether we refuse with reason what crypto/tls reads: an
// extension that it skips, or a value that it judges later or not at all.
func stricter(e *Error) bool {
	switch e.Field {
	case "ClientHello.legacy_session_id", "ClientHello.cipher_suites", "ClientHello.legacy_compression_methods": // vectors too short or long
		return true
	case "extension server_name.host_name", "extension key_share.client_shares", "extension pre_shared_key.binders":
		return e.Kind == KindIllegal || e.Kind == KindDuplicate
	}
	return slices.Contains(unreadByGo, e.Ext) && e.Field[:9] == "extension"
}

// laxer says whether we accept with reason what crypto/tls refuses: a status
// request of a type other than OCSP is opaque (RFC 6066 §8), and whether a name
// may end in a dot is the application's to say.
func laxer(m *ClientHello) bool {
	return m.Ext.Have(ExtStatusRequest) && !m.Ext.StatusRequest || bytes.HasSuffix(m.Ext.ServerName, []byte("."))
}

// TestDifferential changes recorded ClientHellos and compares with crypto/tls:
// the two differ only where we say why.
func TestDifferential(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.hello")
	for i, file := range files {
		whole := readHello(t, file).Body()
		if err := new(ClientHello).Parse(whole); err != nil || !goReads(whole) {
			t.Errorf("%s: %v", file, err)
		}
		rnd := rand.New(rand.NewPCG(1, uint64(i)))
		for range 1000 {
			body := slices.Clone(whole)
			for range 1 + rnd.IntN(3) {
				body[34+rnd.IntN(len(body)-34)] = byte(rnd.IntN(256)) >> rnd.IntN(8)
			}
			compareWithGo(t, body)
		}
	}
}

func compareWithGo(t *testing.T, body []byte) {
	t.Helper()
	var m ClientHello
	var e *Error
	err := m.Parse(body)
	switch goes := goReads(body); {
	case errors.As(err, &e) && goes && !stricter(e):
		t.Errorf("crypto/tls reads it, we say %v\n%x", err, body)
	case err == nil && !goes && !laxer(&m):
		t.Errorf("we read it, crypto/tls does not\n%x", body)
	}
}

// FuzzDifferential is TestDifferential without end.
func FuzzDifferential(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.hello")
	for _, file := range files {
		f.Add([]byte(readHello(f, file).Body()))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) <= 16000 { // one record
			compareWithGo(t, body)
		}
	})
}
