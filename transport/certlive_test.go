package transport

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
)

// shownScript is what a node does that has certificates to show: c1.example is the
// first of them.
const shownScript = `
const tls = require('tls');
const pem = cert => '-----BEGIN CERTIFICATE-----\n' + cert.match(/.{1,64}/g).join('\n') + '\n-----END CERTIFICATE-----\n';
const own = q => ({cert: pem(q.cert), key: q.key});
`

const shownByServer = shownScript + `
const contexts = Q.map(q => tls.createSecureContext(own(q)));
const server = tls.createServer({SNICallback: (name, done) => done(null, contexts[parseInt(name.slice(1))])}, s => s.on('error', () => {}).end());
server.listen(0, '127.0.0.1', () => console.log(server.address().port));`

const shownByClients = shownScript + `
(async () => {
  const answers = [];
  for (const [i, q] of Q.entries()) answers.push(await new Promise(done => {
    const s = tls.connect({...own(q), host: '127.0.0.1', port: q.port, servername: 'c' + i + '.example', rejectUnauthorized: false});
    s.on('error', e => done(e.message)).on('close', () => done('')).resume();
  }));
  console.log(JSON.stringify(answers));
})();`

// shown are the certificates of certCases that crypto/x509 reads and whose keys we have and may
// sign, and what node tells of each, by the answers on record.
func shown(t *testing.T) (questions []map[string]any, told []json.RawMessage) {
	t.Helper()
	cases := certCases(t)
	var all []certQuestion
	for _, c := range cases {
		all = append(all, questionOf(t, c))
	}
	for i, answer := range onRecord(t, "certificates", all) {
		var node struct{ Cert json.RawMessage }
		if err := json.Unmarshal(answer, &node); err != nil {
			t.Fatal(err)
		}
		c, err := cred.ParseCertificate(cases[i].der)
		if err != nil || cases[i].key == "" || node.Cert == nil || !cred.AllowsKey(c, x509.KeyUsageDigitalSignature) {
			continue
		}
		questions = append(questions, map[string]any{"cert": base64.StdEncoding.EncodeToString(cases[i].der), "key": string(credtest.KeyPEM(t, cases[i].key))})
		told = append(told, node.Cert)
	}
	if len(told) < 100 {
		t.Errorf("only %d certificates", len(told))
	}
	return questions, told
}

// compareShown compares what a socket tells of its peer with what node tells.
func compareShown(t *testing.T, s *Socket, node json.RawMessage) {
	t.Helper()
	for _, detailed := range []bool{false, true} {
		cert := s.PeerCertificate(detailed)
		if cert == nil {
			t.Errorf("%s: nothing", s.Servername())
			return
		}
		cert.Raw, cert.IssuerCertificate = nil, nil
		ours, err := json.Marshal(cert)
		if err != nil {
			t.Error(err)
			return
		}
		if diff := sameJSON(t, shorten(t, ours), node); diff != "" {
			t.Errorf("%s: %s", s.Servername(), diff)
		}
	}
}

// TestPeerCertificateLive compares the certificates that node shows in handshakes, as a
// server and as a client.
func TestPeerCertificateLive(t *testing.T) {
	questions, told := shown(t)
	t.Logf("%d certificates", len(told))
	t.Run("servers", func(t *testing.T) {
		lines := nodeLines(t, shownByServer, questions)
		var port int
		nextLine(t, lines, &port)
		for i := range told {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			s, err := Connect(ctx, ConnectionOptions{Host: "127.0.0.1", Port: port, Servername: "c" + strconv.Itoa(i) + ".example", RejectUnauthorized: new(bool)})
			cancel()
			if err != nil {
				t.Errorf("%d: %v: %s", i, err, questions[i]["cert"])
				continue
			}
			compareShown(t, s, told[i])
			_ = s.Close()
		}
	})
	t.Run("clients", func(t *testing.T) { shownToServer(t, questions, told) })
}

func shownToServer(t *testing.T, questions []map[string]any, told []json.RawMessage) {
	var seen sync.Map
	server, err := NewServer(ServerOptions{
		SecureContextOptions: withPair(t, SecureContextOptions{CA: [][]byte{credtest.CA(t).PEM()}}, credtest.P256),
		RequestCert:          true, RejectUnauthorized: new(bool),
		OnSecureConnection: func(s *Socket) {
			defer s.Close()
			number, _, _ := strings.Cut(strings.TrimPrefix(s.Servername(), "c"), ".")
			if i, err := strconv.Atoi(number); err == nil && i < len(told) {
				compareShown(t, s, told[i])
				seen.Store(i, true)
			}
		},
		OnTLSClientError: func(err error, s *Socket) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	defer server.Close()
	for _, q := range questions {
		_, q["port"], _ = strings.Cut(l.Addr().String(), ":")
	}
	for i, answer := range askNode(t, shownByClients, questions) {
		if _, ok := seen.Load(i); !ok || string(answer) != `""` {
			t.Errorf("%d: %s", i, answer)
		}
	}
}
