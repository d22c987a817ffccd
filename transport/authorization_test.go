package transport

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"tacet/handshake/cred/credtest"
)

// trial is a chain that both sides of a connection show each other, and what both trust.
// What each makes of the other is compared; package cred has more chains, and
// holds its verdicts to node's and OpenSSL's.
type trial struct {
	name      string
	sent      []*x509.Certificate
	kind      credtest.Kind // of the leaf's key, P256 when empty
	cas       []*x509.Certificate
	crls      []*x509.RevocationList
	partial   bool
	anonymous bool   // the client shows none
	ciphers   string // of the client
}

func trials(t *testing.T) []trial {
	type list = []*x509.Certificate
	type lists = []*x509.RevocationList
	root, other := credtest.CA(t), credtest.Root(t, "another root", credtest.OtherP256)
	inter := root.Intermediate(t, "inter")
	past, future := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2123, 1, 1, 0, 0, 0, 0, time.UTC)
	leaf := func(a *credtest.Authority, change func(*x509.Certificate)) *x509.Certificate {
		template := credtest.LeafTemplate(serverName)
		change(template)
		return a.Issue(t, template, credtest.P256)
	}
	sub := func(name string, change func(*x509.Certificate)) *credtest.Authority {
		template := credtest.AuthorityTemplate(name)
		change(template)
		return root.Sub(t, template, "intermediate")
	}
	same := func(*x509.Certificate) {}
	good, below := leaf(root, same), leaf(inter, same)
	short := sub("short", func(c *x509.Certificate) { c.MaxPathLenZero = true })
	shorter := short.Intermediate(t, "below short")
	narrow := sub("narrow", func(c *x509.Certificate) {
		c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = []string{"example.net"}, true
	})
	self := credtest.SelfSigned(t, credtest.LeafTemplate(serverName), credtest.P256).Cert
	weak := root.Issue(t, credtest.LeafTemplate(serverName), credtest.RSA1024)
	ended := credtest.LeafTemplate(serverName)
	ended.NotAfter = past
	old, root2048 := root.Issue(t, ended, credtest.RSA1024), credtest.Root(t, "RSA root", credtest.RSA2048)
	now := func(a *credtest.Authority, c ...*x509.Certificate) *x509.RevocationList {
		return a.CRLBetween(t, past, future, c...)
	}
	trust := list{root.Cert}
	return []trial{
		{name: "good", sent: list{below, inter.Cert}, cas: trust},
		{name: "no client certificate", sent: list{good}, cas: trust, anonymous: true},
		{name: "expired", sent: list{leaf(root, func(c *x509.Certificate) { c.NotAfter = past })}, cas: trust},
		{name: "not yet valid", sent: list{leaf(root, func(c *x509.Certificate) { c.NotBefore = future })}, cas: trust},
		{name: "self-signed", sent: list{self}, cas: trust},
		{name: "self-signed and trusted", sent: list{self}, cas: list{self}},
		{name: "an untrusted root sent", sent: list{below, inter.Cert, root.Cert}, cas: list{other.Cert}},
		{name: "an unknown issuer", sent: list{good}, cas: list{other.Cert}},
		{name: "an unknown root", sent: list{below, inter.Cert}, cas: list{other.Cert}},
		{name: "an intermediate at hand", sent: list{below}, cas: list{root.Cert, inter.Cert}},
		{name: "an intermediate trusted alone", sent: list{below}, cas: list{inter.Cert}},
		{name: "an intermediate trusted alone, partially", sent: list{below}, cas: list{inter.Cert}, partial: true},
		{name: "for servers only", sent: list{leaf(root, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })}, cas: trust},
		{name: "for clients only", sent: list{leaf(root, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })}, cas: trust},
		{name: "an issuer that is no authority", sent: list{leaf(sub("none", func(c *x509.Certificate) { c.IsCA = false }), same), sub("none", func(c *x509.Certificate) { c.IsCA = false }).Cert}, cas: trust},
		{name: "a path too long", sent: list{leaf(shorter, same), shorter.Cert, short.Cert}, cas: trust},
		{name: "a name outside of constraints", sent: list{leaf(narrow, same), narrow.Cert}, cas: trust},
		{name: "not revoked", sent: list{below, inter.Cert}, cas: trust, crls: lists{now(root), now(inter)}},
		{name: "revoked", sent: list{good}, cas: trust, crls: lists{now(root, good)}},
		{name: "an intermediate revoked", sent: list{below, inter.Cert}, cas: trust, crls: lists{now(root, inter.Cert), now(inter)}},
		{name: "a list missing", sent: list{below, inter.Cert}, cas: trust, crls: lists{now(root)}},
		{name: "a list expired", sent: list{good}, cas: trust, crls: lists{root.CRLBetween(t, credtest.NotBefore, past)}},
		{name: "a key of 1024 bits", sent: list{weak}, kind: credtest.RSA1024, cas: trust},
		{name: "a key too weak for the level", sent: list{weak}, kind: credtest.RSA1024, cas: trust, anonymous: true, ciphers: "DEFAULT@SECLEVEL=2"},
		{name: "an expired one too weak for the level", sent: list{old}, kind: credtest.RSA1024, cas: trust, anonymous: true, ciphers: "DEFAULT@SECLEVEL=2"},
		{name: "an authority too weak for the level", sent: list{leaf(root2048, same)}, cas: list{root2048.Cert}, anonymous: true, ciphers: "DEFAULT@SECLEVEL=3"},
		{name: "strong enough for the level", sent: list{below, inter.Cert}, cas: trust, anonymous: true, ciphers: "DEFAULT@SECLEVEL=3"},
		{name: "nothing trusted", sent: list{good}},
	}
}

// options are those of both sides.
func (c trial) options(t *testing.T) SecureContextOptions {
	o := SecureContextOptions{CA: [][]byte{}, AllowPartialTrustChain: c.partial}
	var chain [][]byte
	for _, s := range c.sent {
		chain = append(chain, s.Raw)
	}
	if c.kind == "" {
		c.kind = credtest.P256
	}
	o.Cert, o.Key = [][]byte{credtest.CertPEM(chain...)}, []KeyObject{{PEM: credtest.KeyPEM(t, c.kind)}}
	for _, ca := range c.cas {
		o.CA = append(o.CA, credtest.CertPEM(ca.Raw))
	}
	for _, l := range c.crls {
		o.CRL = append(o.CRL, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: l.Raw}))
	}
	return o
}

// trialScript answers with what each side makes of the other, "" if it is authorized, and with
// the message of the client's error if it does not tolerate that.
// createServer does not hand allowPartialTrustChain on, so that the server is given a
// context by SNI.
const trialScript = `
const tls = require('tls');
const told = s => s.authorized ? '' : String(s.authorizationError?.code ?? s.authorizationError);
const ask = q => new Promise((done, fail) => {
  const own = {cert: q.cert, key: q.key, ca: q.ca, crl: q.crl ?? undefined, allowPartialTrustChain: q.partial, rejectUnauthorized: false, requestCert: true};
  const both = {message: ''};
  const server = tls.createServer(own, s => { both.server ??= told(s); s.on('error', () => {}).end('x'); });
  server.on('tlsClientError', e => { if (!('client' in both)) fail(e); });
  server.listen(0, '127.0.0.1', () => {
    const mine = q.anonymous ? {...own, cert: undefined, key: undefined} : own;
    const s = tls.connect({port: server.address().port, host: '127.0.0.1', ...mine, ciphers: q.ciphers, checkServerIdentity: () => {}}, () => { both.client = told(s); });
    s.on('error', fail).on('close', () => {
      const again = tls.connect({port: server.address().port, host: '127.0.0.1', ...mine, ciphers: q.ciphers, rejectUnauthorized: true, checkServerIdentity: () => {}}, () => again.end());
      again.on('error', e => { both.message = e.message; }).on('close', () => { server.close(); done(both); }).resume();
    }).resume();
  });
});
(async () => {
  const answers = [];
  for (const q of Q) answers.push(await ask(q).catch(e => ({client: 'fails: ' + (e.code ?? e.message)})));
  console.log(JSON.stringify(answers));
})();`

// TestAuthorizationErrors compares the reasons for which both sides of a connection do not
// trust each other with node's.
func TestAuthorizationErrors(t *testing.T) {
	type question struct {
		Cert      string   `json:"cert"`
		Key       string   `json:"key"`
		CA        []string `json:"ca"`
		CRL       []string `json:"crl"`
		Partial   bool     `json:"partial"`
		Anonymous bool     `json:"anonymous"`
		Ciphers   string   `json:"ciphers,omitempty"`
	}
	texts := func(list [][]byte) (all []string) {
		for _, b := range list {
			all = append(all, string(b))
		}
		return all
	}
	list := trials(t)
	var questions []question
	for _, c := range list {
		o := c.options(t)
		q := question{string(o.Cert[0]), string(o.Key[0].PEM), texts(o.CA), texts(o.CRL), c.partial, c.anonymous, c.ciphers}
		if q.CA == nil {
			q.CA = []string{}
		}
		questions = append(questions, q)
	}
	for i, answer := range recorded(t, "authorization", trialScript, questions) {
		var node struct{ Client, Server, Message string }
		if err := json.Unmarshal(answer, &node); err != nil {
			t.Fatal(err)
		}
		client, server := list[i].run(t)
		if message := list[i].refused(t); message != node.Message {
			t.Errorf("%s: the client says %q, node's %q", list[i].name, message, node.Message)
		}
		if list[i].partial && node.Server == string(CodeNoIssuer) {
			node.Server = "" // node's createServer loses allowPartialTrustChain
		}
		if client != Code(node.Client) || server != Code(node.Server) {
			t.Errorf("%s: the client says %q, the server %q; node's %q and %q", list[i].name, client, server, node.Client, node.Server)
		}
	}
}

// run gives what each side makes of the other.
func (c trial) run(t *testing.T) (client, server Code) {
	t.Helper()
	tolerant := false
	s, err := NewServer(ServerOptions{SecureContextOptions: c.options(t), RequestCert: true, RejectUnauthorized: &tolerant})
	if err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	a, b := net.Pipe()
	o := c.clientOptions(t, a)
	o.RejectUnauthorized = &tolerant
	accepted, err := NewSocket(b, SocketOptions{Server: s})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { err = accepted.HandshakeContext(ctx) })
	connected, clientErr := Connect(ctx, o)
	wg.Wait()
	if err != nil || clientErr != nil {
		t.Fatalf("%s: %v, %v", c.name, clientErr, err)
	}
	client, server = CodeOf(connected.AuthorizationError()), CodeOf(accepted.AuthorizationError())
	if connected.Authorized() != (client == "") || accepted.Authorized() != (server == "") {
		t.Errorf("%s: authorized, and %q or %q", c.name, client, server)
	}
	_ = a.Close()
	_ = b.Close()
	return client, server
}

func (c trial) clientOptions(t *testing.T, transport net.Conn) ConnectionOptions {
	o := ConnectionOptions{Socket: transport, SecureContextOptions: c.options(t),
		CheckServerIdentity: func(string, *PeerCertificate) error { return nil }}
	if o.Ciphers = c.ciphers; c.anonymous {
		o.Cert, o.Key = nil, nil
	}
	return o
}

// refused is the message of a client that does not tolerate what it finds.
func (c trial) refused(t *testing.T) string {
	t.Helper()
	server, err := NewSecureContext(c.options(t))
	if err != nil {
		t.Fatal(err)
	}
	a, b := net.Pipe()
	defer b.Close()
	accepted, err := NewSocket(b, SocketOptions{SecureContext: server, IsServer: true})
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, accepted)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := Connect(ctx, c.clientOptions(t, a))
	if err == nil {
		_ = s.Close()
		return ""
	}
	var own *Error
	if !errors.As(err, &own) || CodeOf(err) != own.Code {
		t.Errorf("%s: %#v", c.name, err)
		return ""
	}
	return own.Message
}
