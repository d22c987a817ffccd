package handshake

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"testing"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/record"
)

// signers are two roots with keys of different kinds, whom all trust.
type signers struct {
	ecdsa, rsa *credtest.Authority
	both       *cred.Verifier
}

func newSigners(t *testing.T) signers {
	s := signers{ecdsa: credtest.CA(t), rsa: credtest.Root(t, "a root of RSA", credtest.RSA2048)}
	s.both = cred.NewVerifier([]*x509.Certificate{s.ecdsa.Cert, s.rsa.Cert}, false)
	return s
}

// meet runs a handshake whose server asks for a certificate, and says whether it went well.
func (s signers) meet(t *testing.T, v record.Version, set func(client, server *Config)) (*duo, bool) {
	t.Helper()
	d := newDuo(t, func(client, server *Config) {
		client.MaxVersion, client.Verifier, server.Verifier, server.ClientAuth = v, s.both, s.both, RequestClientCert
		client.Credentials = []*cred.Credential{s.ecdsa.Leaf(t, credtest.P256, "client.example.org")}
		set(client, server)
	})
	var toClient []byte
	for range 4 {
		toClient = d.say(d.s, d.say(d.c, toClient))
	}
	return d, d.c.Secure() && d.s.Secure()
}

var (
	ofRSA   = []cred.Scheme{cred.RSAPKCS1SHA256, cred.RSAPSSRSAESHA256}
	ofECDSA = []cred.Scheme{cred.ECDSAP256SHA256}
	ofOther = []cred.Scheme{cred.Ed25519}
)

// TestChainsAsAsked: of credentials that do otherwise, each side shows that whose chain is
// signed as the other wants, and the first if none is; a name counts for more.
func TestChainsAsAsked(t *testing.T) {
	//= RFC 9846 §4.5.1.2 type=test
	s := newSigners(t)
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		for _, row := range []struct {
			name          string
			peer, schemes []cred.Scheme // of who asks: CertSchemes and Schemes
			rsaName       string        // in the certificate that RSA signs
			want          *credtest.Authority
		}{
			{"no word of it", nil, nil, "example.org", s.ecdsa},
			{"RSA", ofRSA, nil, "example.org", s.rsa},
			{"ECDSA", ofECDSA, nil, "example.org", s.ecdsa},
			{"RSA, ECDSA in handshakes", ofRSA, ofECDSA, "example.org", s.rsa},
			{"ECDSA in handshakes, and so everywhere", nil, ofECDSA, "example.org", s.ecdsa},
			{"neither", ofOther, nil, "example.org", s.ecdsa},
			{"RSA, which is for another name", ofRSA, nil, "example.net", s.ecdsa},
		} {
			asks := func(c *Config) { // and takes what comes, to see it
				c.CertSchemes, c.Schemes, c.Verify = row.peer, row.schemes, VerifyRecord
			}
			list := []*cred.Credential{s.ecdsa.Leaf(t, credtest.P256, "example.org"), s.rsa.Leaf(t, credtest.P256, row.rsaName)}
			d, ok := s.meet(t, v, func(client, server *Config) { asks(client); server.Credentials = list })
			if !ok {
				t.Fatalf("%v, %s: %v, %v", v, row.name, d.c.Err(), d.s.Err())
			}
			state := d.c.State()
			if got := state.PeerCertificates[0].Issuer.CommonName; got != row.want.Cert.Subject.CommonName {
				t.Errorf("%v, %s: the server's certificate is by %s", v, row.name, got)
			}
			if refused := row.peer != nil && !slices.ContainsFunc(row.peer, isOf(row.want)); (state.VerifyError != nil) != refused {
				t.Errorf("%v, %s: the verdict is %v", v, row.name, state.VerifyError)
			}
			if v == record.TLS12 && row.peer != nil || row.rsaName != "example.org" {
				continue // where a server cannot say it, and clients ask for no name
			}
			d, ok = s.meet(t, v, func(client, server *Config) { asks(server); client.Credentials = list })
			if !ok {
				t.Fatalf("%v, %s: %v, %v", v, row.name, d.c.Err(), d.s.Err())
			}
			if got := d.s.State().PeerCertificates[0].Issuer.CommonName; got != row.want.Cert.Subject.CommonName {
				t.Errorf("%v, %s: the client's certificate is by %s", v, row.name, got)
			}
		}
	}
}

// isOf reports whether an authority signs with a scheme.
func isOf(a *credtest.Authority) func(cred.Scheme) bool {
	return func(s cred.Scheme) bool {
		return (a.Cert.PublicKeyAlgorithm == x509.RSA) == s.RSA() && s != cred.Ed25519
	}
}

// TestChainsRefused: a chain that is signed otherwise is refused, by either side.
func TestChainsRefused(t *testing.T) {
	s := newSigners(t)
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		for _, list := range [][]cred.Scheme{nil, ofECDSA, ofRSA} {
			for _, client := range []bool{false, true} {
				d, ok := s.meet(t, v, func(c, server *Config) {
					if client {
						c.CertSchemes = list
					} else {
						server.CertSchemes = list
					}
				})
				if refuses := slices.Equal(list, ofRSA); ok == refuses {
					t.Errorf("%v, %v, client %v: %v, %v", v, list, client, d.c.Err(), d.s.Err())
				} else if refuses && client {
					d.fails(d.c, KindVerification, record.AlertBadCertificate)
				} else if refuses {
					d.fails(d.s, KindVerification, record.AlertBadCertificate)
				}
			}
		}
	}
}

// TestPartialAnchorsAreTaken: a trust anchor may be signed with anything, be it the end of a
// partial chain, an intermediate, or the leaf itself.
func TestPartialAnchorsAreTaken(t *testing.T) {
	//= RFC 9846 §4.5.1.2 type=test
	root := credtest.Root(t, "a root of RSA", credtest.RSA2048)
	between := root.Sub(t, credtest.AuthorityTemplate("between"), credtest.P256)
	below, above := between.Leaf(t, credtest.P256, "example.org"), root.Leaf(t, credtest.P256, "example.org")
	for _, row := range []struct {
		name   string
		shows  *cred.Credential
		trusts *x509.Certificate
		fine   bool
	}{
		{"the intermediate", below, between.Cert, true},
		{"the root", below, root.Cert, false},
		{"the leaf", above, above.Leaf, true},
		{"what signed it", above, root.Cert, false},
	} {
		for _, v := range []record.Version{record.TLS12, record.TLS13} {
			d := newDuo(t, func(client, server *Config) {
				client.MaxVersion, client.CertSchemes = v, ofECDSA
				client.Verifier = cred.NewVerifier([]*x509.Certificate{row.trusts}, true)
				server.Credentials = []*cred.Credential{row.shows}
			})
			var toClient []byte
			for range 4 {
				toClient = d.say(d.s, d.say(d.c, toClient))
			}
			if d.c.Secure() != row.fine {
				t.Errorf("%v, trusting %s: %v", v, row.name, d.c.Err())
			}
		}
	}
}

// TestCertSchemesAreSaid: where they differ from Schemes, and nowhere else.
func TestCertSchemesAreSaid(t *testing.T) {
	//= RFC 9846 §4.3.3 type=test
	ids := func(list ...cred.Scheme) (u msg.Uint16s) {
		for _, s := range list {
			u = msg.AppendUint16s(u, uint16(s))
		}
		return u
	}
	for _, row := range []struct {
		name           string
		schemes, certs []cred.Scheme
		hello, request msg.Uint16s // nil: not there
	}{
		{"none", ofECDSA, nil, nil, nil},
		{"the same", ofECDSA, ofECDSA, nil, nil},
		{"others", ofECDSA, []cred.Scheme{cred.RSAPKCS1SHA256, cred.ECDSAP256SHA256}, ids(cred.RSAPKCS1SHA256, cred.ECDSAP256SHA256), ids(cred.RSAPKCS1SHA256, cred.ECDSAP256SHA256)},
		{"those of a handshake that sign certificates alone", []cred.Scheme{cred.ECDSAP256SHA256, cred.RSAPKCS1SHA256}, nil, nil, ids(cred.ECDSAP256SHA256, cred.RSAPKCS1SHA256)},
		{"fewer", []cred.Scheme{cred.ECDSAP256SHA256, cred.RSAPKCS1SHA256}, ofECDSA, ids(cred.ECDSAP256SHA256), nil},
	} {
		said := map[msg.Type][]byte{}
		d := newDuo(t, func(client, server *Config) {
			client.Schemes, client.CertSchemes, server.Schemes, server.CertSchemes = row.schemes, row.certs, row.schemes, row.certs
			client.Trace, server.Trace, client.Verify = true, true, VerifyRecord
			server.Verifier, server.ClientAuth = client.Verifier, RequestClientCert
		})
		hear := func(e *Engine, in []byte) []byte {
			for {
				n, ev := e.Step(credtest.Now, in)
				in = in[n:]
				switch {
				case ev.Kind == MessageSent && ev.Type == record.TypeHandshake:
					said[msg.Raw(ev.Data).Type()] = bytes.Clone(ev.Data[4:])
				case ev.Kind == NeedInput || ev.Kind == Failed:
					return e.AppendOut(nil)
				}
			}
		}
		hear(d.c, hear(d.s, hear(d.c, nil)))
		if !d.c.Secure() {
			t.Fatal(row.name, d.c.Err(), d.s.Err())
		}
		var hello msg.ClientHello
		var request msg.CertificateRequest13
		if err := errors.Join(hello.Parse(said[msg.TypeClientHello]), request.Parse(said[msg.TypeCertificateRequest])); err != nil {
			t.Fatal(row.name, err)
		}
		for _, m := range []struct {
			name string
			x    *msg.Extensions
			want msg.Uint16s
		}{{"ClientHello", &hello.Ext, row.hello}, {"CertificateRequest", &request.Ext, row.request}} {
			if m.x.Have(msg.ExtSignatureAlgorithmsCert) != (m.want != nil) || !bytes.Equal(m.x.SignatureAlgorithmsCert, m.want) {
				t.Errorf("%s: %s says %x, want %x", row.name, m.name, m.x.SignatureAlgorithmsCert, m.want)
			}
		}
	}
}

// TestCertSchemesOfSessions: a session of a chain that is not taken any more is not offered.
func TestCertSchemesOfSessions(t *testing.T) {
	s := newSigners(t)
	v := &cred.Verifier{}
	*v = *s.both
	chain := []*x509.Certificate{s.ecdsa.Leaf(t, credtest.P256, "example.org").Leaf}
	for _, row := range []struct {
		now  []cred.Scheme
		want bool
	}{{nil, true}, {ofECDSA, true}, {ofRSA, false}} {
		before, err := Config{Verifier: v}.CompileClient()
		if err != nil {
			t.Fatal(err)
		}
		now, err := Config{Verifier: v, CertSchemes: row.now}.CompileClient()
		if err != nil {
			t.Fatal(err)
		}
		fx := &effects{profile: &now.profile, conn: &ConnectionState{Client: true, ServerName: "example.org"}, now: credtest.Now}
		old := &session.Session{Verified: true, VerifiedBy: before.judgedBy(), Certificates: chain}
		if err := fx.judgeAgain(old); (err == nil) != row.want {
			t.Errorf("%v: %v", row.now, err)
		}
	}
}
