package transport

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"testing"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
)

// trustScript serves a chain to a client with options, and says why the client does
// not trust it: a code, or "ok".
const trustScript = fixScript + `
const one = q => new Promise(done => {
  const server = tls.createServer(fix(q.server), s => s.on('error', () => {}).end());
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1', () => {
    let options;
    try { options = fixed(q.client); tls.createSecureContext(options); } catch (e) { server.close(); return done(e.code || '?'); }
    const s = tls.connect({...options, host: '127.0.0.1', port: server.address().port, rejectUnauthorized: false, checkServerIdentity: () => {}}, () => {
      const e = s.authorizationError;
      s.destroy(); server.close();
      done(s.authorized ? 'ok' : e);
    });
    s.on('error', e => { server.close(); done('connection: ' + (e.code || e.message)); });
  });
});
(async () => { const a = []; for (const q of Q) a.push(await one(q)); console.log(JSON.stringify(a)); process.exit(0); })();`

func TestTrust(t *testing.T) {
	root, other := credtest.CA(t), credtest.Root(t, "another root", credtest.P384)
	between := root.Intermediate(t, "between")
	leaf := between.Leaf(t, credtest.P256, "localhost")
	join := func(texts ...[]byte) []byte { return bytes.Join(texts, []byte("a comment\n")) }
	lists := func(texts ...[]byte) [][]byte { return texts }
	crl := func(a *credtest.Authority, revoked ...*cred.Credential) []byte {
		list := a.CRL(t)
		for _, c := range revoked {
			list = a.CRL(t, c.Leaf)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: list.Raw})
	}
	stale := between.CRLBetween(t, credtest.Now.AddDate(-1, 0, 0), credtest.Now.AddDate(0, -1, 0))
	expired := pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: stale.Raw})
	rows := []struct {
		name string
		sent [][]byte // DER
		o    SecureContextOptions
		want Code // "" if it is trusted
		node Code // what node says instead
	}{
		{"mozilla", leaf.Chain, SecureContextOptions{}, CodeNoLocalIssuer, ""},
		{"nothing", leaf.Chain, SecureContextOptions{CA: [][]byte{}}, CodeNoLocalIssuer, ""},
		{"its root", leaf.Chain, SecureContextOptions{CA: lists(root.PEM())}, "", ""},
		{"two in one text", leaf.Chain, SecureContextOptions{CA: lists(join(other.PEM(), root.PEM()))}, "", ""},
		{"two texts", leaf.Chain, SecureContextOptions{CA: lists(other.PEM(), root.PEM())}, "", ""},
		{"another root", leaf.Chain, SecureContextOptions{CA: lists(other.PEM())}, CodeNoLocalIssuer, ""},
		{"no PEM", leaf.Chain, SecureContextOptions{CA: lists([]byte("rubbish"))}, CodeNoLocalIssuer, ""},
		{"empty text", leaf.Chain, SecureContextOptions{CA: lists([]byte{})}, CodeNoLocalIssuer, ""},
		{"DER", leaf.Chain, SecureContextOptions{CA: lists(root.Cert.Raw)}, CodeNoLocalIssuer, ""},
		{"leaf alone", leaf.Chain[:1], SecureContextOptions{CA: lists(root.PEM())}, CodeLeafSignature, ""},
		{"leaf alone, the rest in ca", leaf.Chain[:1], SecureContextOptions{CA: lists(root.PEM(), between.PEM())}, "", ""},
		{"intermediate alone in ca", leaf.Chain, SecureContextOptions{CA: lists(between.PEM())}, CodeNoIssuer, ""},
		{"intermediate alone in ca, partial", leaf.Chain, SecureContextOptions{CA: lists(between.PEM()), AllowPartialTrustChain: true}, "", ""},
		{"leaf in ca", leaf.Chain, SecureContextOptions{CA: lists(credtest.CertPEM(leaf.Chain[0]))}, CodeNoLocalIssuer, ""},
		{"leaf in ca, partial", leaf.Chain, SecureContextOptions{CA: lists(credtest.CertPEM(leaf.Chain[0])), AllowPartialTrustChain: true}, "", ""},
		{"self-signed", [][]byte{root.Cert.Raw}, SecureContextOptions{CA: lists(other.PEM())}, CodeSelfSignedLeaf, ""},
		{"trusted certificate form", leaf.Chain, SecureContextOptions{CA: lists(bytes.ReplaceAll(root.PEM(), []byte("CERTIFICATE"), []byte("X509 CERTIFICATE")))}, "", ""},
		{"lists of both", leaf.Chain, SecureContextOptions{CA: lists(root.PEM()), CRL: lists(crl(root), crl(between))}, "", ""},
		{"lists in one text", leaf.Chain, SecureContextOptions{CA: lists(root.PEM()), CRL: lists(join(crl(root), crl(between)))}, "", CodeNoCRL}, // it reads the first alone
		{"list of the root alone", leaf.Chain, SecureContextOptions{CA: lists(root.PEM()), CRL: lists(crl(root))}, CodeNoCRL, ""},
		{"list of the intermediate alone", leaf.Chain, SecureContextOptions{CA: lists(root.PEM()), CRL: lists(crl(between))}, CodeNoCRL, ""},
		{"revoked", leaf.Chain, SecureContextOptions{CA: lists(root.PEM()), CRL: lists(crl(root), crl(between, leaf))}, CodeRevoked, ""},
		{"intermediate revoked", leaf.Chain, SecureContextOptions{CA: lists(root.PEM()), CRL: lists(crl(root, &cred.Credential{Leaf: between.Cert}), crl(between))}, CodeRevoked, ""},
		{"list expired", leaf.Chain, SecureContextOptions{CA: lists(root.PEM()), CRL: lists(crl(root), expired)}, CodeCRLExpired, ""},
		{"list of another", leaf.Chain, SecureContextOptions{CA: lists(root.PEM()), CRL: lists(crl(other))}, CodeNoCRL, ""},
		{"no list", leaf.Chain, SecureContextOptions{CA: lists(root.PEM()), CRL: [][]byte{}}, "", ""},
		{"list is rubbish", leaf.Chain, SecureContextOptions{CA: lists(root.PEM()), CRL: lists([]byte("rubbish"))}, CodeOperationFailed, ""},
		{"list is empty", leaf.Chain, SecureContextOptions{CA: lists(root.PEM()), CRL: lists([]byte{})}, CodeOperationFailed, ""},
		{"list is a certificate", leaf.Chain, SecureContextOptions{CA: lists(root.PEM()), CRL: lists(root.PEM())}, CodeOperationFailed, ""},
		{"level 2", leaf.Chain, SecureContextOptions{CA: lists(root.PEM()), Ciphers: "DEFAULT@SECLEVEL=2"}, "", ""},
		{"RSA 1024", between.Leaf(t, credtest.RSA1024, "a").Chain, SecureContextOptions{CA: lists(root.PEM())}, "", ""},
		{"RSA 1024 at level 2", between.Leaf(t, credtest.RSA1024, "a").Chain, SecureContextOptions{CA: lists(root.PEM()), Ciphers: "DEFAULT@SECLEVEL=2"}, CodeUnspecified, ""},
	}
	var questions []any
	for _, r := range rows {
		key := credtest.KeyPEM(t, credtest.P256)
		switch {
		case bytes.Equal(r.sent[0], root.Cert.Raw):
			key = credtest.KeyPEM(t, "ca")
		case cred.PublicKey(mustParse(t, r.sent[0])) != nil && !isKeyOf(credtest.Key(t, credtest.P256), mustParse(t, r.sent[0])):
			key = credtest.KeyPEM(t, credtest.RSA1024)
		}
		questions = append(questions, map[string]any{
			"server": nodeOptions(SecureContextOptions{Cert: [][]byte{credtest.CertPEM(r.sent...)}, Key: []KeyObject{{PEM: key}}}), "client": nodeOptions(r.o),
		})
	}
	answers := recorded(t, "trust", trustScript, questions)
	for i, r := range rows {
		c, err := NewSecureContext(r.o)
		if err == nil {
			chain, e := cred.ParseChain(r.sent)
			if e != nil {
				t.Fatal(e)
			}
			_, err = c.verify(chain, true, credtest.Now.AddDate(0, 1, 0))
		}
		var node string
		if err := json.Unmarshal(answers[i], &node); err != nil {
			t.Fatal(err)
		}
		if node == "ok" {
			node = ""
		}
		if CodeOf(err) != r.want || (err == nil) != (r.want == "") || node != string(cmp.Or(r.node, r.want)) {
			t.Errorf("%s: %q (%v), want %q; node says %q", r.name, CodeOf(err), err, r.want, node)
		}
	}
}

func mustParse(t *testing.T, der []byte) *x509.Certificate {
	t.Helper()
	c, err := cred.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
