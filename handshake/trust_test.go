package handshake_test

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"math/big"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// TestEvenModulus: a server whose certificate holds an even number for an RSA key is
// refused, by a client that does not verify it too.
func TestEvenModulus(t *testing.T) {
	ca := credtest.CA(t)
	key := credtest.Key(t, credtest.RSA2048)
	even := *key.Public().(*rsa.PublicKey)
	even.N = new(big.Int).Add(even.N, big.NewInt(1))
	template := credtest.LeafTemplate("example.org")
	template.SerialNumber = big.NewInt(1)
	der, err := x509.CreateCertificate(nil, template, ca.Cert, &even, ca.Key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	c := baseConfig(t)
	c.client.Verify, c.client.MaxVersion = handshake.VerifyNone, record.TLS12
	c.client.Suites = []*suites.Suite{suites.ByName("AES128-GCM-SHA256")}
	c.server.Suites = c.client.Suites
	c.server.Credentials = []*cred.Credential{{Chain: [][]byte{der}, Leaf: leaf, Key: key}}
	p := newPair(t, c)
	p.run()
	if err := p.c.e.Err(); !errors.Is(err, handshake.KindWrongCertificateType) {
		t.Error(err)
	}
}

// TestKeyIsNoCertificate: where clients have to show a certificate a pre-shared key
// is none, in no version.
func TestKeyIsNoCertificate(t *testing.T) {
	ca := credtest.CA(t)
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		c := baseConfig(t)
		c.client.MinVersion, c.client.MaxVersion = v, v
		c.server.ClientAuth, c.server.Verifier = handshake.RequireClientCert, ca.Verifier()
		if v < record.TLS13 {
			c.client.Suites = []*suites.Suite{suites.ByName("ECDHE-PSK-CHACHA20-POLY1305"), suites.ByName("ECDHE-ECDSA-AES128-GCM-SHA256")}
			c.server.Suites = c.client.Suites
		}
		p := pskPair(t, c, "key", "key")
		for range 4 {
			p.turn(p.c, p.s)
			p.turn(p.s, p.c)
		}
		if p.s.e.Secure() || !errors.Is(p.s.e.Err(), handshake.KindCertificateRequired) {
			t.Errorf("%v: server %v", v, p.s.e.Err())
		}
	}
}

// TestSessionOfKeyAndChain: a session of RSA_PSK has a pre-shared key and a chain. The
// key does not vouch for the chain where that has to be verified.
func TestSessionOfKeyAndChain(t *testing.T) {
	ca, other := credtest.CA(t), credtest.Root(t, "another root", credtest.P256)
	c := baseConfig(t)
	c.client.MaxVersion = record.TLS12
	c.client.Suites = []*suites.Suite{suites.ByName("RSA-PSK-AES128-GCM-SHA256")}
	c.client.Credentials = []*cred.Credential{other.Leaf(t, credtest.P256, "client")}
	c.server.Suites = c.client.Suites
	c.server.Credentials = []*cred.Credential{ca.Leaf(t, credtest.RSA2048, "example.org")}
	c.server.ClientAuth, c.server.Verify, c.server.Verifier = handshake.RequireClientCert, handshake.VerifyRecord, ca.Verifier()
	p := pskPair(t, c, "key", "key").secure()
	if p.s.e.State().Verified || len(p.c.sess) != 1 {
		t.Fatal("the client is verified, or got no session")
	}
	// The host now insists.
	c.session, c.seed, c.server.Verify = p.c.sess[0], 1, handshake.VerifyRequired
	p = pskPair(t, c, "key", "key")
	offersKey := p.c.ans
	p.c.ans = func(e *handshake.Engine, q handshake.Query) bool {
		if sq, ok := q.(*handshake.SessionQuery); ok {
			return e.Answer(sq.Offer(c.session)) == nil
		}
		return offersKey(e, q)
	}
	for range 4 {
		p.turn(p.c, p.s)
		p.turn(p.s, p.c)
	}
	if st := p.s.e.State(); p.s.e.Secure() {
		t.Errorf("secure: resumed %v, verified %v", st.Resumed, st.Verified)
	}
}

// TestResumedLevel: a chain that the security level does not permit is not taken from
// a session either, whoever verified it then.
func TestResumedLevel(t *testing.T) {
	ca := credtest.CA(t)
	same := ca.Verifier()
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		for name, verifier := range map[string]*cred.Verifier{"same verifier": same, "another": ca.Verifier()} {
			t.Run(v.String()+"/"+name, func(t *testing.T) {
				c := baseConfig(t)
				c.client.MaxVersion, c.client.Verifier = v, same
				c.client.Suites = []*suites.Suite{suites.ByName("TLS_AES_256_GCM_SHA384"), suites.ByName("ECDHE-RSA-AES256-GCM-SHA384")}
				c.client.Groups = []kx.Group{kx.ByID(kx.P384)}
				c.server.Credentials = []*cred.Credential{ca.Leaf(t, credtest.RSA2048, "example.org")}
				p := newPair(t, c).secure()
				p.run()
				c.session, c.seed = p.c.sess[0], 1
				p = newPair(t, c).secure()
				if !p.c.e.State().Resumed {
					t.Fatal("not resumed at the same level")
				}
				c.client.SecurityLevel, c.client.Verifier = 3, verifier // which wants 3072 bits
				p = newPair(t, c)
				for range 4 {
					p.turn(p.c, p.s)
					p.turn(p.s, p.c)
				}
				if st := p.c.e.State(); p.c.e.Secure() {
					t.Errorf("secure: resumed %v, verified %v", st.Resumed, st.Verified)
				}
			})
		}
	}
}

// TestSessionOfKeyAlone: a client that has to verify its server and knows of no
// pre-shared keys does not resume a session that only a key vouches for.
func TestSessionOfKeyAlone(t *testing.T) {
	c := baseConfig(t)
	p := pskPair(t, c, "key", "key").secure()
	p.run()
	if len(p.c.sess) == 0 || p.c.sess[0].PSKIdentity != pskIdentity {
		t.Fatal("no session of the key")
	}
	c.session, c.seed, c.server.AskPSK = p.c.sess[0], 1, true
	p = newPair(t, c).secure()
	if st := p.c.e.State(); st.Resumed || !st.Verified {
		t.Errorf("resumed %v, verified %v", st.Resumed, st.Verified)
	}
}
