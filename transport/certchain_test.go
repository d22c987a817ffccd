package transport

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
)

// chainScript answers with node's object of each peer and of who issued it, as a client and as a
// server see it. A certificate that is its own issuer has "itself" for one.
const chainScript = `
const tls = require('tls');
const plain = text => JSON.stringify(text, (k, v) => v?.type === 'Buffer' ? {type: 'Buffer', data: Buffer.from(v.data).toString('base64')} : v);
const show = s => {
  const cert = s.getPeerCertificate(true);
  for (let c = cert; c.issuerCertificate; c = c.issuerCertificate) if (c.issuerCertificate === c) { c.issuerCertificate = 'itself'; break; }
  return plain(cert);
};
const ask = q => new Promise((done, fail) => {
  const own = {cert: q.cert, key: q.key}, trust = {ca: q.ca, rejectUnauthorized: false, requestCert: true};
  let client, server;
  const listener = tls.createServer({...own, ...trust}, s => {
    server = show(s);
    s.on('error', () => {}).end('x');
  });
  listener.on('tlsClientError', fail);
  listener.listen(0, '127.0.0.1', () => {
    const s = tls.connect({port: listener.address().port, host: '127.0.0.1', ...own, ...trust}, () => { client = show(s); });
    s.on('error', fail).on('close', () => {
      listener.close();
      if (client !== server) fail(new Error('the client sees ' + client + ', the server ' + server));
      done(JSON.parse(client));
    }).resume();
  });
});
(async () => {
  const answers = [];
  for (const q of Q) answers.push(await ask(q).catch(e => ({error: e.message})));
  console.log(JSON.stringify(answers));
})();`

// certChain is what a peer sends, and the option ca of who looks at it.
type certChain struct {
	name      string
	sent, cas []*x509.Certificate
}

// chainMaker makes certificates that are signed by nobody: only names, key ids and
// usages count here.
type chainMaker struct {
	*testing.T
	leafKey, caKey, rsaKey []byte
}

func (m chainMaker) make(subject, issuer string, change ...func(*certSpec)) *x509.Certificate {
	m.Helper()
	key := m.caKey
	if subject == "leaf" {
		key = m.leafKey
	}
	der := buildCert(key, append([]func(*certSpec){withSubject(commonName(subject)), withIssuer(commonName(issuer))}, change...)...)
	c, err := cred.ParseCertificate(der)
	if err != nil {
		m.Fatal(err)
	}
	return c
}

func withRSAKey(m chainMaker) func(*certSpec) { return func(c *certSpec) { c.spki = m.rsaKey } }

func withKeyIDs(own, authority string) func(*certSpec) {
	return withExtensions(extensionOf(oidSubjectKeyID, tlv(derOctets, []byte(own))), extensionOf(oidAuthorityKeyID, sequence(implicit(0, []byte(authority)))))
}

func withUsage(bits ...byte) func(*certSpec) {
	return withExtensions(criticalExtension(oidKeyUsage, tlv(derBits, bits)))
}

func withYears(from, to string) func(*certSpec) {
	return withTimes(tlv(derTime, []byte(from+"0101000000Z")), tlv(derTime, []byte(to+"0101000000Z")))
}

func certChains(t *testing.T) []certChain {
	root := credtest.CA(t)
	info := func(k credtest.Kind) []byte {
		return root.Issue(t, credtest.LeafTemplate("x"), k).RawSubjectPublicKeyInfo
	}
	m := chainMaker{t, info(credtest.P256), info(credtest.P384), info(credtest.RSA2048)}
	type list = []*x509.Certificate
	leaf, inter, top := m.make("leaf", "inter"), m.make("inter", "root"), m.make("root", "root")
	stranger := m.make("stranger", "stranger")
	noSign := withUsage(7, 0x80)
	circleA, circleB := m.make("a", "b"), m.make("b", "a")
	old, older, young := m.make("inter", "old", withYears("1990", "2001")), m.make("inter", "older", withYears("1990", "2000")), m.make("inter", "young")
	return []certChain{
		{"a root at hand", list{leaf, inter}, list{top}},
		{"all at hand", list{leaf}, list{top, inter}},
		{"all sent", list{leaf, inter, top}, list{stranger}},
		{"all sent and at hand", list{leaf, inter, top}, list{inter, top}},
		{"nothing at hand", list{leaf}, list{stranger}},
		{"a root missing", list{leaf, inter}, list{stranger}},
		{"an intermediate missing", list{leaf}, list{top}},
		{"a stranger in between", list{leaf, stranger, inter}, list{top}},
		{"the wrong order", list{leaf, top, inter}, list{stranger}},
		{"the wrong order, with the root at hand", list{leaf, top, inter}, list{top}},
		{"an intermediate twice", list{leaf, inter, inter}, list{top}},
		{"a leaf of its own", list{m.make("leaf", "leaf")}, list{stranger}},
		{"a leaf of its own, at hand", list{m.make("leaf", "leaf")}, list{m.make("leaf", "leaf")}},
		{"a leaf of its own that may not sign", list{m.make("leaf", "leaf", noSign)}, list{stranger}},
		{"a leaf of its own that may not sign, at hand", list{m.make("leaf", "leaf", noSign)}, list{m.make("leaf", "leaf", noSign)}},
		{"a root that may not sign", list{leaf, inter}, list{m.make("root", "root", noSign)}},
		{"an intermediate that may not sign", list{leaf, m.make("inter", "root", noSign)}, list{top}},
		{"an intermediate that may not sign, at hand", list{leaf}, list{m.make("inter", "root", noSign), top}},
		{"key ids that fit", list{m.make("leaf", "inter", withKeyIDs("l", "i")), m.make("inter", "root", withKeyIDs("j", "r")), m.make("inter", "other", withKeyIDs("i", "o"))}, list{m.make("other", "other", withKeyIDs("o", "o")), top}},
		{"key ids that do not", list{m.make("leaf", "inter", withKeyIDs("l", "i")), m.make("inter", "root", withKeyIDs("j", "r"))}, list{top}},
		{"a key of another kind", list{leaf, m.make("inter", "rsa", withRSAKey(m)), inter}, list{top}},
		{"a key of another kind, at hand", list{leaf}, list{m.make("inter", "rsa", withRSAKey(m))}},
		{"expired issuers and a valid one", list{leaf}, list{old, young, older}},
		{"expired issuers", list{leaf}, list{older, old}},
		{"an expired issuer sent", list{leaf, old}, list{young}},
		{"two that issue each other, sent", list{m.make("leaf", "a"), circleA, circleB}, list{stranger}},
		{"a root that is another's", list{leaf, m.make("inter", "root"), m.make("root", "cross")}, list{m.make("cross", "cross"), top}},
	}
}

// TestCertificateChains compares who issued whom, in handshakes in which both sides
// show the chain.
func TestCertificateChains(t *testing.T) {
	type question struct {
		Cert string   `json:"cert"`
		Key  string   `json:"key"`
		CA   []string `json:"ca"`
	}
	chains := certChains(t)
	var questions []question
	for _, c := range chains {
		q := question{Key: string(credtest.KeyPEM(t, credtest.P256))}
		for _, s := range c.sent {
			q.Cert += string(credtest.CertPEM(s.Raw))
		}
		for _, ca := range c.cas {
			q.CA = append(q.CA, string(credtest.CertPEM(ca.Raw)))
		}
		questions = append(questions, q)
	}
	for i, answer := range recorded(t, "chains", chainScript, questions) {
		got, err := detailedCertificate(chains[i].sent, chains[i].cas, credtest.Now)
		if err != nil {
			t.Errorf("%s: %v", chains[i].name, err)
			continue
		}
		ours, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if diff := sameJSON(t, shorten(t, selfMarked(t, ours, got)), answer); diff != "" {
			t.Errorf("%s: %s", chains[i].name, diff)
		}
	}
}

// selfMarked is the JSON of a chain with what JSON cannot say: that the last is its own issuer.
func selfMarked(t *testing.T, text []byte, cert *PeerCertificate) []byte {
	t.Helper()
	depth := 1
	for ; cert.IssuerCertificate != nil; cert = cert.IssuerCertificate {
		if cert.IssuerCertificate == cert {
			at := len(text) - depth
			return append(append(append([]byte(nil), text[:at]...), `,"issuerCertificate":"itself"`...), text[at:]...)
		}
		depth++
	}
	return text
}

// TestCertificateCircle: authorities at hand that issue each other do not hold node's
// question up for ever, as they do node.
func TestCertificateCircle(t *testing.T) {
	info := credtest.CA(t).Cert.RawSubjectPublicKeyInfo
	m := chainMaker{t, info, info, info}
	got, err := detailedCertificate([]*x509.Certificate{m.make("leaf", "a")}, []*x509.Certificate{m.make("a", "b"), m.make("b", "a")}, credtest.Now)
	if err != nil {
		t.Fatal(err)
	}
	depth := 0
	for ; got != nil; got = got.IssuerCertificate {
		depth++
	}
	if depth != 3 {
		t.Errorf("%d certificates", depth)
	}
}

// TestCertificateChainOfMozilla: without ca, Mozilla's roots complete a chain.
func TestCertificateChainOfMozilla(t *testing.T) {
	context, err := NewSecureContext(SecureContextOptions{})
	if err != nil {
		t.Fatal(err)
	}
	known := trustedBy(context.clientConfig().Verifier)
	if len(known) < 100 {
		t.Fatalf("only %d certificates at hand", len(known))
	}
	root := known[0]
	m := chainMaker{T: t, leafKey: credtest.CA(t).Cert.RawSubjectPublicKeyInfo}
	leaf := m.make("leaf", "", withIssuer(root.RawSubject))
	leaf.SignatureAlgorithm = root.SignatureAlgorithm // of its kind of key
	got, err := certificateOf([]*x509.Certificate{leaf}, known, true)
	if err != nil {
		t.Fatal(err)
	}
	want, err := NewPeerCertificate(root.Raw)
	if err != nil {
		t.Fatal(err)
	}
	if top := got.IssuerCertificate; top == nil || top.Fingerprint256 != want.Fingerprint256 || top.IssuerCertificate != top {
		t.Errorf("%v issued it, want %v", top, want.Subject)
	}
}

// TestCheckChain: the check reads little and tells all.
func TestCheckChain(t *testing.T) {
	ca := credtest.CA(t)
	inter := ca.Intermediate(t, "inter")
	chain := []*x509.Certificate{inter.Issue(t, credtest.LeafTemplate("a.example", "192.0.2.1"), credtest.P256), inter.Cert}
	cas := []*x509.Certificate{ca.Cert}
	for _, host := range []string{"a.example", "192.0.2.1", "A.example."} {
		if err := checkChain(host, chain, cas); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	err := checkChain("b.example", chain, cas)
	var wrong *AltNameError
	if !errors.As(err, &wrong) || wrong.Host != "b.example" || wrong.Reason != "Host: b.example. is not in the cert's altnames: DNS:a.example, IP Address:192.0.2.1" {
		t.Fatalf("%#v", err)
	}
	want, err := certificateOf(chain, cas, true)
	if err != nil {
		t.Fatal(err)
	}
	if want.IssuerCertificate.IssuerCertificate == nil || !reflect.DeepEqual(wrong.Cert, want) {
		t.Errorf("it tells of %+v", wrong.Cert)
	}
	if allocs := testing.AllocsPerRun(10, func() { _ = checkChain("a.example", chain, cas) }); allocs > 120 { // about 45, and 240 more with the details that only an error tells
		t.Errorf("%v allocations", allocs)
	}
}
