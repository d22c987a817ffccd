package transport

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"tacet/handshake/cred/credtest"
)

// certQuestion is what certScript is asked.
type certQuestion struct {
	Name string `json:"name"`
	Cert string `json:"cert"` // DER in base64
	Key  string `json:"key"`  // PEM, or ""
}

func questionOf(t *testing.T, c certCase) certQuestion {
	t.Helper()
	q := certQuestion{Name: c.name, Cert: base64.StdEncoding.EncodeToString(c.der)}
	if c.key != "" {
		q.Key = string(credtest.KeyPEM(t, c.key))
	}
	return q
}

// certScript answers with node's object of each certificate: from a handshake with
// it if it has the key, and in any case from X509Certificate, which has to be the same.
// Buffers are in base64, and raw, which is the question's, is left out.
const certScript = `
const tls = require('tls'), {X509Certificate} = require('crypto');
const shorten = text => JSON.stringify(JSON.parse(text), (k, v) =>
  k === 'raw' ? undefined : v?.type === 'Buffer' ? {type: 'Buffer', data: Buffer.from(v.data).toString('base64')} : v);
const shake = (cert, key) => new Promise((done, fail) => {
  const server = tls.createServer({cert, key, ciphers: 'DEFAULT@SECLEVEL=0'}, s => s.on('error', () => {}).end());
  server.on('tlsClientError', fail);
  server.listen(0, '127.0.0.1', () => {
    const s = tls.connect({port: server.address().port, host: '127.0.0.1', rejectUnauthorized: false, ciphers: 'DEFAULT@SECLEVEL=0'}, () => {
      done(JSON.stringify(s.getPeerCertificate()));
      s.destroy();
      server.close();
    });
    s.on('error', fail);
  });
});
const answer = async ({cert, key}) => {
  const der = Buffer.from(cert, 'base64');
  let text, live = false;
  try {
    text = JSON.stringify(new X509Certificate(der).toLegacyObject());
  } catch (e) {
    return {error: e.code ?? e.message};
  }
  if (key) {
    const pem = '-----BEGIN CERTIFICATE-----\n' + cert.match(/.{1,64}/g).join('\n') + '\n-----END CERTIFICATE-----\n';
    try {
      const shown = await shake(pem, key);
      if (shown !== text) return {error: 'a handshake shows ' + shown};
      live = true;
    } catch (e) {
      return {error: 'a handshake fails: ' + (e.code ?? e.message)};
    }
  }
  if (!Buffer.from(JSON.parse(text).raw.data).equals(der)) return {error: 'raw is another'};
  return {live, cert: JSON.parse(shorten(text))};
};
(async () => {
  const answers = [];
  for (const q of Q) answers.push(await answer(q));
  console.log(JSON.stringify(answers));
})();`

// shorten is what certScript does with JSON.
func shorten(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	rest := text
	for {
		before, after, found := bytes.Cut(rest, []byte(`{"type":"Buffer","data":[`))
		b.Write(before)
		if !found {
			return b.Bytes()
		}
		numbers, tail, _ := bytes.Cut(after, []byte("]}"))
		var data []uint
		if err := json.Unmarshal([]byte("["+string(numbers)+"]"), &data); err != nil {
			t.Fatal(err)
		}
		raw := make([]byte, len(data))
		for i, n := range data {
			raw[i] = byte(n)
		}
		b.WriteString(`{"type":"Buffer","data":"` + base64.StdEncoding.EncodeToString(raw) + `"}`)
		rest = tail
	}
}

// TestPeerCertificate compares what is told of certificates of all kinds with what
// node tells, down to the order of the fields.
func TestPeerCertificate(t *testing.T) {
	cases := certCases(t)
	var questions []certQuestion
	for _, c := range cases {
		questions = append(questions, questionOf(t, c))
	}
	live := 0
	for i, answer := range recorded(t, "certificates", certScript, questions) {
		var node struct {
			Error string
			Live  bool
			Cert  json.RawMessage
		}
		if err := json.Unmarshal(answer, &node); err != nil {
			t.Fatal(err)
		}
		if node.Live {
			live++
		}
		cert, err := NewPeerCertificate(cases[i].der)
		if (err != nil) != (node.Error != "") {
			t.Errorf("%s: %v, node says %q", cases[i].name, err, node.Error)
		}
		if err != nil || node.Error != "" {
			continue
		}
		if !bytes.Equal(cert.Raw, cases[i].der) {
			t.Errorf("%s: raw is another", cases[i].name)
		}
		cert.Raw = nil
		ours, err := json.Marshal(cert)
		if err != nil {
			t.Fatal(err)
		}
		if diff := sameJSON(t, shorten(t, ours), node.Cert); diff != "" {
			t.Errorf("%s: %s", cases[i].name, diff)
		}
	}
	t.Logf("%d certificates, %d of them in handshakes", len(cases), live)
	if live < 100 {
		t.Errorf("only %d handshakes", live)
	}
}

// TestName: a name keeps every attribute, in order, and gives those of a type.
func TestName(t *testing.T) {
	der := buildCert(credtest.CA(t).Cert.RawSubjectPublicKeyInfo, withSubject(nameOfParts(
		attributeOf("2.5.4.11", derUTF8, "a"), attributeOf("2.5.4.3", derUTF8, "x"), attributeOf("2.5.4.11", derUTF8, "b"), attributeOf("1.2.3.4", derUTF8, "y"))))
	cert, err := NewPeerCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Name{{"OU", "a"}, {"CN", "x"}, {"OU", "b"}, {"1.2.3.4", "y"}}); !slices.Equal(cert.Subject, want) {
		t.Errorf("%v, want %v", cert.Subject, want)
	}
	for typ, want := range map[string][]string{"OU": {"a", "b"}, "CN": {"x"}, "O": nil, "1.2.3.4": {"y"}} {
		if got := cert.Subject.Values(typ); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", typ, got, want)
		}
	}
	for _, bad := range [][]byte{nil, {0x30}, der[:len(der)/2], []byte("rubbish")} {
		if _, err := NewPeerCertificate(bad); !errors.Is(err, Code("ERR_OSSL_ASN1_WRONG_TAG")) {
			t.Errorf("%x: %v", bad, err)
		}
	}
}

// nodeCertificates tells of each certificate of Q, in PEM.
const nodeCertificates = `
const {X509Certificate} = require('node:crypto');
console.log(JSON.stringify(Q.map(pem => new X509Certificate(pem).toLegacyObject())));
`

// TestPeerCertificateOfRoots compares Mozilla's roots with what node makes of them.
func TestPeerCertificateOfRoots(t *testing.T) {
	var roots [][]byte
	var questions []string
	for root := range bundle.Roots() {
		roots = append(roots, root.Certificate)
		questions = append(questions, string(credtest.CertPEM(root.Certificate)))
	}
	for i, theirs := range askNode(t, nodeCertificates, questions) {
		p, err := NewPeerCertificate(roots[i])
		if err != nil {
			t.Fatal(err)
		}
		ours, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if where := sameJSON(t, ours, theirs); where != "" {
			t.Errorf("%v: %s", p.Subject, where)
		}
	}
}
