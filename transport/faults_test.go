package transport

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tacet/handshake/cred/credtest"
)

// failure is a connection that fails, and how both sides tell of it: as node's do, in
// answers on record. finder is who finds the failure, by whom the codes are others if it is ours.
type failure struct {
	name           string
	client, server SecureContextOptions
	alpn           []string // of the client; the server has "b"
	requestCert    bool
	host           string // that the client expects

	finder role
	ours   codes
	why    string
}

// codes are those of both sides, "" for one that sees no fault.
type codes struct{ Client, Server Code }

func faults(t *testing.T) []failure {
	ca := credtest.CA(t)
	trust := SecureContextOptions{CA: [][]byte{ca.PEM()}}
	shown := withPair(t, trust, credtest.P256)
	max12 := func(o SecureContextOptions) SecureContextOptions { o.MaxVersion = TLS12; return o }
	min13 := func(o SecureContextOptions) SecureContextOptions { o.MinVersion = TLS13; return o }
	ciphers := func(o SecureContextOptions, list string) SecureContextOptions { o.Ciphers = list; return max12(o) }
	groups := func(o SecureContextOptions, list string) SecureContextOptions { o.ECDHCurve = list; return o }
	schemes := func(o SecureContextOptions, list string) SecureContextOptions { o.SigAlgs = list; return o }
	ended := credtest.LeafTemplate("localhost")
	ended.NotAfter = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	expired := trust
	expired.Cert, expired.Key = [][]byte{credtest.CertPEM(ca.Issue(t, ended, credtest.P256).Raw)}, []KeyObject{{PEM: credtest.KeyPEM(t, credtest.P256)}}
	const tells = "the peer is told by an alert, and the application of the reason"
	list := []failure{
		{name: "no common version", client: max12(trust), server: min13(shown)},
		{name: "no common cipher", client: ciphers(trust, "ECDHE-ECDSA-AES128-GCM-SHA256"), server: ciphers(shown, "ECDHE-ECDSA-AES256-GCM-SHA384")},
		{name: "no cipher for the key", client: ciphers(trust, "ECDHE-RSA-AES128-GCM-SHA256"), server: shown},
		{name: "no common group", client: groups(min13(trust), "P-384"), server: groups(shown, "P-256")},
		{name: "no common scheme, 1.3", client: schemes(min13(trust), "ECDSA+SHA256"), server: schemes(shown, "ECDSA+SHA384")},
		{name: "no scheme for the key, 1.3", client: schemes(min13(trust), "RSA-PSS+SHA256"), server: shown},
		{name: "no certificate, 1.3", client: min13(trust), server: trust},
		{name: "no certificate, 1.2", client: max12(trust), server: trust},
		{name: "another name", client: trust, server: shown, host: "other.example", finder: clientRole,
			ours: codes{CodeAltNameInvalid, "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE"}, why: tells},
	}
	for _, v := range []struct {
		name string
		only func(SecureContextOptions) SecureContextOptions
	}{{"1.2", max12}, {"1.3", min13}} {
		name, version := v.name, v.only
		list = append(list, []failure{
			{name: "no common protocol, " + name, client: version(trust), server: shown, alpn: []string{"a"}},
			{name: "no client certificate, " + name, client: version(trust), server: shown, requestCert: true},
			{name: "an expired client certificate, " + name, client: version(expired), server: shown, requestCert: true, finder: serverRole,
				ours: codes{"ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED", CodeExpired}, why: tells},
			{name: "an expired server certificate, " + name, client: version(trust), server: expired, finder: clientRole,
				ours: codes{CodeExpired, "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED"}, why: tells},
			{name: "an unknown root, " + name, client: version(SecureContextOptions{}), server: shown, finder: clientRole, // ca is sent along
				ours: codes{CodeSelfSignedInChain, CodeAlertUnknownCA}, why: tells},
		}...)
	}
	return list
}

// faultScript has functions for both sides: each ends with a code, "" for none.
const faultScript = fixScript + `
const serve = (q, port, done) => {
  let code = '';
  const server = tls.createServer({...fixed(q.server), ALPNProtocols: ['b'], requestCert: q.requestCert}, s => {
    s.on('error', e => { code = e.code ?? e.message; }).on('close', () => done(code)).end('x').resume();
  });
  server.on('tlsClientError', e => done(e.code ?? e.message));
  server.listen(0, '127.0.0.1', () => port(server.address().port));
  return server;
};
const connect = (q, port, done) => {
  let code = '';
  const s = tls.connect({...fixed(q.client), host: '127.0.0.1', port, servername: q.host, ALPNProtocols: q.alpn ?? undefined});
  s.on('error', e => { code = e.code ?? e.message; }).on('close', () => done(code)).resume();
};
`

const bothScript = faultScript + `
Promise.all(Q.map(q => new Promise(done => {
  const both = {};
  const set = (k, v) => { both[k] ??= v; if ('client' in both && 'server' in both) { server.close(); done({client: both.client, server: both.server}); } };
  const server = serve(q, port => connect(q, port, code => set('client', code)), code => set('server', code));
}))).then(a => console.log(JSON.stringify(a)));`

const clientsScript = faultScript + `
Promise.all(Q.map(q => new Promise(done => connect(q, q.port, done)))).then(a => console.log(JSON.stringify(a)));`

const serversScript = faultScript + `
Promise.all(Q.map((q, i) => new Promise(done => { serve(q, done, code => console.log(JSON.stringify({row: i, code}))); })))
  .then(ports => console.log(JSON.stringify({ports})));`

// question is what faultScript is told of a fault.
func (f failure) question() map[string]any {
	host := f.host
	if host == "" {
		host = "localhost"
	}
	return map[string]any{"client": nodeOptions(f.client), "server": nodeOptions(f.server), "alpn": f.alpn, "requestCert": f.requestCert, "host": host}
}

// serve is our server's side, on a listener that it closes after one connection.
func (f failure) serve(t *testing.T) (addr string, code <-chan Code) {
	t.Helper()
	heard := make(chan Code, 2)
	s, err := NewServer(ServerOptions{SecureContextOptions: f.server, ALPNProtocols: []string{"b"}, RequestCert: f.requestCert,
		OnTLSClientError: func(err error, _ *Socket) { heard <- CodeOf(err) },
		OnSecureConnection: func(s *Socket) {
			defer s.Close()
			_, _ = io.WriteString(s, "x")
			_ = s.CloseWrite()
			heard <- codeOfEnd(s)
		}})
	if err != nil {
		t.Fatalf("%s: %v", f.name, err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	t.Cleanup(func() { _ = s.Close() })
	return l.Addr().String(), heard
}

// connect is our client's side.
func (f failure) connect(t *testing.T, addr string) Code {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Connect(ctx, ConnectionOptions{SecureContextOptions: f.client, Socket: c, Servername: f.question()["host"].(string), ALPNProtocols: f.alpn})
	if err != nil {
		return CodeOf(err)
	}
	defer s.Close()
	return codeOfEnd(s)
}

// codeOfEnd reads to the end. An end of the transport alone is one to node, and an
// error to us.
func codeOfEnd(s *Socket) Code {
	_, err := io.Copy(io.Discard, s)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		return ""
	}
	return CodeOf(err)
}

// expect is what both sides say, if client and server are ours.
func (f failure) expect(node codes, client, server bool) codes {
	if f.finder == clientRole && client || f.finder == serverRole && server {
		return f.ours
	}
	return node
}

// TestFaults compares the codes of both sides of connections that fail with node's.
func TestFaults(t *testing.T) {
	list := faults(t)
	var questions []map[string]any
	for _, f := range list {
		questions = append(questions, f.question())
	}
	var want []codes
	for i, answer := range recorded(t, "faults", bothScript, questions) {
		var node codes
		if err := json.Unmarshal(answer, &node); err != nil {
			t.Fatal(err)
		}
		want = append(want, node)
		addr, heard := list[i].serve(t)
		got := codes{Client: list[i].connect(t, addr)}
		got.Server = <-heard
		if expect := list[i].expect(node, true, true); got != expect {
			t.Errorf("%s: %q, want %q", list[i].name, got, expect)
		}
	}
	t.Run("node's clients", func(t *testing.T) { nodeClients(t, list, questions, want) })
	t.Run("node's servers", func(t *testing.T) { nodeServers(t, list, questions, want) })
}

func nodeClients(t *testing.T, list []failure, questions []map[string]any, want []codes) {
	var heard []<-chan Code
	for i, f := range list {
		addr, code := f.serve(t)
		_, questions[i]["port"], _ = strings.Cut(addr, ":")
		heard = append(heard, code)
	}
	for i, answer := range askNode(t, clientsScript, questions) {
		var got codes
		if err := json.Unmarshal(answer, &got.Client); err != nil {
			t.Fatal(err)
		}
		got.Server = <-heard[i]
		if expect := list[i].expect(want[i], false, true); got != expect {
			t.Errorf("%s: %q, want %q", list[i].name, got, expect)
		}
	}
}

func nodeServers(t *testing.T, list []failure, questions []map[string]any, want []codes) {
	lines := nodeLines(t, serversScript, questions)
	var ports struct{ Ports []int }
	nextLine(t, lines, &ports)
	got := make([]codes, len(list))
	for i, f := range list {
		got[i].Client = f.connect(t, net.JoinHostPort("127.0.0.1", strconv.Itoa(ports.Ports[i])))
		var told struct {
			Row  int
			Code Code
		}
		nextLine(t, lines, &told)
		got[told.Row].Server = told.Code
	}
	for i, f := range list {
		if expect := f.expect(want[i], true, false); got[i] != expect {
			t.Errorf("%s: %q, want %q", f.name, got[i], expect)
		}
	}
}

// nodeLines runs a script that goes on, and gives its lines.
func nodeLines(t *testing.T, script string, questions any) *bufio.Scanner {
	t.Helper()
	in, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), nodeProgram(t), "--no-warnings", "-e", "const Q = JSON.parse(require('fs').readFileSync(0, 'utf8'));\n"+script)
	cmd.Stdin = strings.NewReader(string(in))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<22)
	return lines
}

func nextLine(t *testing.T, lines *bufio.Scanner, v any) {
	t.Helper()
	if !lines.Scan() {
		t.Fatal("node ended")
	}
	if err := json.Unmarshal(lines.Bytes(), v); err != nil {
		t.Fatal(err)
	}
}
