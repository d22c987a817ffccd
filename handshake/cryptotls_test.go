package handshake_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// drive runs an engine over a net.Conn until it is secure, sends a greeting,
// and reads until the peer closes or it fails.
func drive(e *handshake.Engine, c net.Conn, greeting string) (got []byte, err error) {
	defer c.Close()
	buf := make([]byte, 0, 1<<15)
	said := false
	for {
		n, ev := e.Step(credtest.Now, buf)
		if ev.Kind == handshake.Data {
			got = append(got, ev.Data...)
		}
		buf = buf[n:]
		if out := e.AppendOut(nil); len(out) > 0 {
			if _, err := c.Write(out); err != nil {
				return got, err
			}
		}
		switch ev.Kind {
		case handshake.Failed:
			return got, e.Err()
		case handshake.PeerClosed:
			return got, nil
		case handshake.NeedInput:
			if e.Secure() && !said {
				said = true
				out, _ := e.Seal(nil, []byte(greeting))
				c.Write(out)
			}
			if len(got) >= len(greeting) && e.State().Client {
				e.CloseWrite()
				c.Write(e.AppendOut(nil))
				return got, nil
			}
			buf = append(make([]byte, 0, 1<<15), buf...)
			n, err := c.Read(buf[len(buf):cap(buf)])
			if err != nil {
				e.EOF()
				return got, err
			}
			buf = buf[:len(buf)+n]
		}
	}
}

func stdCert(c *cred.Credential) tls.Certificate {
	return tls.Certificate{Certificate: c.Chain, PrivateKey: c.Key, Leaf: c.Leaf}
}

type cryptoCase struct {
	name     string
	min, max record.Version // where there is such a case
	tacet    func(*handshake.Config)
	std      func(*tls.Config)
	kind     credtest.Kind
	mtls     bool
}

// cryptoSuites is a case for each suite that both sides have, in each version of it.
func cryptoSuites() (cases []cryptoCase) {
	for _, known := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		s := suites.ByID(suites.ID(known.ID))
		if s == nil { // RC4, 3DES
			continue
		}
		kind := credtest.RSA2048
		if s.Auth == suites.AuthECDSA {
			kind = credtest.P256
		}
		cases = append(cases, cryptoCase{name: s.Name, kind: kind, min: s.Min, max: s.Max,
			tacet: func(c *handshake.Config) { c.Suites = []*suites.Suite{s} },
			std:   func(c *tls.Config) { c.CipherSuites = []uint16{known.ID} }})
	}
	return cases
}

func cryptoCases() []cryptoCase {
	cases := cryptoSuites()
	for _, id := range []kx.ID{kx.X25519, kx.P256, kx.P384, kx.P521, kx.X25519MLKEM768, kx.SecP256r1MLKEM768, kx.SecP384r1MLKEM1024} {
		// An RSA key: OpenSSL and we bind ECDSA certificates to the client's groups, crypto/tls does not.
		c := cryptoCase{name: "group " + id.String(), kind: credtest.RSA2048, tacet: func(c *handshake.Config) { c.Groups = []kx.Group{kx.ByID(id)} },
			std: func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.CurveID(id)} }}
		if kx.ByID(id).MinTLS13() {
			c.min = record.TLS13
		}
		cases = append(cases, c)
	}
	cases = append(cases, cryptoCase{name: "retry", kind: credtest.P256, min: record.TLS13,
		tacet: func(c *handshake.Config) {
			c.Groups = []kx.Group{kx.ByID(kx.X25519), kx.ByID(kx.P384)}
		},
		std: func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.CurveP521, tls.CurveP384} }})
	for k := range credtest.Kinds() {
		if k == credtest.Ed448 || k == credtest.RSAPSS { // crypto/tls knows neither
			continue
		}
		min := record.TLS10
		if k == credtest.Ed25519 { // crypto/tls does not use it before
			min = record.TLS12
		}
		cases = append(cases, cryptoCase{name: "key " + string(k), kind: k, min: min}, cryptoCase{name: "client certificate " + string(k), kind: k, min: min, mtls: true})
	}
	return cases
}

func TestCryptoTLS(t *testing.T) {
	for v := record.TLS10; v <= record.TLS13; v++ {
		for _, tc := range cryptoCases() {
			if v < tc.min || tc.max != 0 && v > tc.max {
				continue
			}
			for _, client := range []bool{true, false} {
				t.Run(fmt.Sprintf("%v/%s/client=%v", v, tc.name, client), func(t *testing.T) { runCryptoTLS(t, v, tc, client) })
			}
		}
	}
}

func runCryptoTLS(t *testing.T, v record.Version, tc cryptoCase, client bool) {
	ca := credtest.CA(t)
	leaf := ca.Leaf(t, tc.kind, "example.org")
	cfg := handshake.Config{MaxVersion: v, MinVersion: v, Verifier: ca.Verifier(), SecurityLevel: -1}
	pool := x509.NewCertPool()
	pool.AddCert(ca.Cert)
	std := &tls.Config{MinVersion: uint16(v), MaxVersion: uint16(v), RootCAs: pool, ClientCAs: pool, ServerName: "example.org", Time: func() time.Time { return credtest.Now }}
	if tc.tacet != nil {
		tc.tacet(&cfg)
	}
	if tc.std != nil {
		tc.std(std)
	}
	if client || tc.mtls {
		std.Certificates = []tls.Certificate{stdCert(leaf)}
	}
	if !client || tc.mtls {
		cfg.Credentials = append(cfg.Credentials, leaf)
	}
	if tc.mtls {
		std.ClientAuth = tls.RequireAndVerifyClientCert
		if !client {
			cfg.ClientAuth = handshake.RequireClientCert
		}
	}
	var e *handshake.Engine
	if client {
		p, err := cfg.CompileClient()
		if err != nil {
			t.Fatal(err)
		}
		e = handshake.NewClient(p, "example.org", seeded(1))
	} else {
		p, err := cfg.CompileServer()
		if err != nil {
			t.Fatal(err)
		}
		e = handshake.NewServer(p, seeded(2))
	}
	a, b := tcpPair(t)
	done := make(chan error, 1)
	go func() {
		conn := tls.Server(b, std)
		if !client {
			conn = tls.Client(b, std)
		}
		_, err := conn.Write([]byte("hello from crypto/tls"))
		if err == nil {
			var got []byte
			got, err = io.ReadAll(io.LimitReader(conn, 16))
			if err == nil && string(got) != "hello from tacet" {
				err = fmt.Errorf("got %q", got)
			}
		}
		if !client {
			conn.Close()
		}
		done <- err
	}()
	got, err := drive(e, a, "hello from tacet")
	if err2 := <-done; err2 != nil || err != nil {
		t.Fatalf("tacet: %v; crypto/tls: %v", err, err2)
	}
	if !bytes.HasPrefix(got, []byte("hello from crypto/tls")) {
		t.Fatalf("got %q", got)
	}
}

// tcpPair is a connection over the loopback.
func tcpPair(t *testing.T) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}
