package handshake_test

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// TestChannelBinding: both sides have the same, or neither has any.
func TestChannelBinding(t *testing.T) {
	//= RFC 5929 §3 type=test
	//= RFC 9266 §2 type=test
	for _, row := range []struct {
		name                       string
		set                        func(testing.TB, *config)
		resumed                    bool
		unique, endPoint, exporter int // lengths; 0: refused
	}{
		{"TLS 1.3", bothVersions(record.TLS13), false, 0, 32, 32},
		{"TLS 1.2", bothVersions(record.TLS12), false, 12, 32, 32},
		{"TLS 1.2 resumed", bothVersions(record.TLS12), true, 12, 0, 32},
		{"TLS 1.0", and(old(record.TLS10), suited("ECDHE-ECDSA-AES256-SHA")), false, 12, 32, 32},
		{"anonymous", and(bothVersions(record.TLS12), suited("ADH-AES128-SHA256"), nobody), false, 12, 0, 32},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := baseConfig(t)
			row.set(t, &c)
			p := newPair(t, c)
			if _, err := p.c.e.State().ChannelBinding(handshake.BindingExporter); !errors.Is(err, handshake.KindNotSecure) {
				t.Errorf("too early: %v", err)
			}
			p.secure()
			if row.resumed {
				c.session = p.c.sess[0]
				p = newPair(t, c).secure()
			}
			client, server := p.c.e.State(), p.s.e.State()
			for kind, length := range map[string]int{
				handshake.BindingUnique: row.unique, handshake.BindingServerEndPoint: row.endPoint, handshake.BindingExporter: row.exporter, "tls-other": 0,
			} {
				a, err := client.ChannelBinding(kind)
				b, err2 := server.ChannelBinding(kind)
				switch {
				case length == 0:
					if !errors.Is(err2, handshake.KindUnsupported) || b != nil {
						t.Errorf("%s: %x, %v", kind, b, err2)
					}
				case err != nil || err2 != nil || len(a) != length || !bytes.Equal(a, b):
					t.Errorf("%s: %x, %v; %x, %v", kind, a, err, b, err2)
				}
			}
		})
	}
}

// TestServerEndPoint takes the hash that signed the certificate, but none that is weak.
func TestServerEndPoint(t *testing.T) {
	//= RFC 5929 §4.1 type=test
	for _, row := range []struct {
		kind credtest.Kind // of the authority
		alg  x509.SignatureAlgorithm
		hash crypto.Hash // 0: there is none
	}{
		{credtest.P256, x509.ECDSAWithSHA256, crypto.SHA256},
		{credtest.P256, x509.ECDSAWithSHA1, crypto.SHA256},
		{credtest.P256, x509.ECDSAWithSHA384, crypto.SHA384},
		{credtest.RSA2048, x509.SHA512WithRSA, crypto.SHA512},
		{credtest.RSA2048, x509.SHA384WithRSA, crypto.SHA384},
		{credtest.Ed25519, x509.PureEd25519, 0},
	} {
		t.Run(row.alg.String(), func(t *testing.T) {
			template := credtest.LeafTemplate("example.org")
			template.SignatureAlgorithm = row.alg
			shown := credtest.Root(t, "a root", row.kind).Credential(t, template, credtest.P256)
			c := baseConfig(t)
			c.client.SecurityLevel, c.server.SecurityLevel = -1, -1
			c.client.Verify, c.server.Credentials = handshake.VerifyNone, []*cred.Credential{shown}
			got, err := newPair(t, c).secure().c.e.State().ChannelBinding(handshake.BindingServerEndPoint)
			if row.hash == 0 {
				if !errors.Is(err, handshake.KindUnsupported) {
					t.Errorf("%x, %v", got, err)
				}
				return
			}
			h := row.hash.New()
			h.Write(shown.Leaf.Raw)
			if !bytes.Equal(got, h.Sum(nil)) {
				t.Errorf("%x, %v", got, err)
			}
		})
	}
}

// TestUniqueAgainstCryptoTLS compares tls-unique with crypto/tls's, of both roles,
// in full handshakes and resumed ones.
func TestUniqueAgainstCryptoTLS(t *testing.T) {
	ca := credtest.CA(t)
	for _, client := range []bool{false, true} {
		own := handshake.Config{MaxVersion: record.TLS12, Verifier: ca.Verifier()}
		leaf := ca.Leaf(t, credtest.P256, "example.org")
		std := &tls.Config{MaxVersion: tls.VersionTLS12, ServerName: "example.org", RootCAs: ca.Pool(), Time: func() time.Time { return credtest.Now }, Certificates: []tls.Certificate{stdCert(leaf)}}
		var e *handshake.Engine
		a, b := tcpPair(t)
		peer := tls.Server(b, std)
		if client {
			p, err := own.CompileClient()
			if err != nil {
				t.Fatal(err)
			}
			e = handshake.NewClient(p, "example.org", seeded('u'))
		} else {
			own.Credentials = []*cred.Credential{leaf}
			p, err := own.CompileServer()
			if err != nil {
				t.Fatal(err)
			}
			e, peer = handshake.NewServer(p, seeded('u')), tls.Client(b, std)
		}
		done := make(chan error, 1)
		go func() {
			err := peer.Handshake()
			peer.CloseWrite()
			done <- err
		}()
		drive(e, a, "x")
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		got, err := e.State().ChannelBinding(handshake.BindingUnique)
		if want := peer.ConnectionState().TLSUnique; err != nil || len(want) == 0 || !bytes.Equal(got, want) {
			t.Errorf("client %v: %x, want %x: %v", client, got, want, err)
		}
		b.Close()
	}
}
