package transport

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// liveScript is node's side of what follows.
//
//go:embed testdata/live.js
var liveScript string

// facts are what a side tells of a connection once it is secure, by node's names.
type facts struct {
	Protocol           SecureVersion     `json:"protocol"`
	Cipher             *Cipher           `json:"cipher"`
	Ephemeral          *EphemeralKeyInfo `json:"ephemeral"`
	ALPN               string            `json:"alpn"`
	Servername         string            `json:"servername"`
	Authorized         bool              `json:"authorized"`
	AuthorizationError Code              `json:"authorizationError"`
	Reused             bool              `json:"reused"`
	Certificate        *string           `json:"certificate"`
	Peer               *string           `json:"peer"`
	Issuer             *string           `json:"issuer"`
	SigAlgs            []string          `json:"sigalgs"`
	Finished           int               `json:"finished"`
	Exporter           string            `json:"exporter"`
}

// report is what a side tells of a connection when it is over.
type report struct {
	Facts   *facts   `json:"facts"`  // nil if it never was secure
	Error   Code     `json:"error"`  // "" if there was none
	Events  []string `json:"events"` // in order
	Session string   `json:"session,omitempty"`
	Ticket  bool     `json:"ticket"`
	Last    string   `json:"last,omitempty"` // the last session event's
}

// party makes the sides of connections: ours, or node's.
type party interface {
	serve(t *testing.T, row *liveRow) (port int, next func() *report)
	connect(t *testing.T, row *liveRow, port int, session string) *report
}

// factsOf asks a socket.
func factsOf(s *Socket) *facts {
	sum := func(c *PeerCertificate) *string {
		if c == nil {
			return nil
		}
		return &c.Fingerprint256
	}
	f := &facts{
		Protocol: s.Protocol(), Cipher: s.Cipher(), Ephemeral: s.EphemeralKeyInfo(), ALPN: s.ALPNProtocol(), Servername: s.Servername(),
		Authorized: s.Authorized(), AuthorizationError: CodeOf(s.AuthorizationError()), Reused: s.IsSessionReused(),
		Certificate: sum(s.Certificate()), Peer: sum(s.PeerCertificate(false)), SigAlgs: s.SharedSigalgs(), Finished: len(s.Finished()),
	}
	if c := s.PeerCertificate(true); c != nil {
		f.Issuer = sum(c.IssuerCertificate)
	}
	material, _ := s.ExportKeyingMaterial(16, "EXPORTER-live", []byte("c"))
	f.Exporter = hex.EncodeToString(material)
	return f
}

// ours is this package as a party.
type ours struct{}

func (ours) serve(t *testing.T, row *liveRow) (int, func() *report) {
	reports := make(chan *report, 8)
	var mu sync.Mutex
	var events []string
	o := row.serverOptions()
	if row.ocsp != nil {
		o.OnOCSPRequest = func(_ context.Context, certificate, issuer []byte) ([]byte, error) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, asked(t, certificate, issuer))
			return row.ocsp.response, row.ocsp.err()
		}
	}
	take := func() []string {
		mu.Lock()
		defer mu.Unlock()
		list := append([]string{}, events...)
		events = nil
		return list
	}
	o.OnTLSClientError = func(err error, _ *Socket) { reports <- &report{Error: CodeOf(err), Events: take()} }
	o.OnSecureConnection = func(s *Socket) {
		r := &report{Events: take()}
		if row.byServer != nil {
			if err := s.Renegotiate(context.Background(), *row.byServer); err != nil {
				r.Events = append(r.Events, string(CodeOf(err)))
			}
		}
		if row.disables {
			if err := s.DisableRenegotiation(); err != nil {
				r.Events = append(r.Events, string(CodeOf(err)))
			}
		}
		r.Facts = factsOf(s)
		row.protected(t, s)
		_, _ = s.Write([]byte("S"))
		_, err := io.Copy(io.Discard, s)
		r.Error = CodeOf(err)
		_ = s.Close()
		reports <- r
	}
	server, err := NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range row.contexts {
		context, err := NewSecureContext(c.o)
		if err == nil {
			err = server.AddContext(c.name, context)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go server.Serve(l)
	return l.Addr().(*net.TCPAddr).Port, func() *report { return await(t, reports, "our server") }
}

func (ours) connect(t *testing.T, row *liveRow, port int, session string) *report {
	o := row.clientOptions()
	o.Host, o.Port = "127.0.0.1", port
	if session != "" {
		o.Session, _ = hex.DecodeString(session)
	}
	r := &report{Events: []string{}}
	var mu sync.Mutex
	note := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		r.Events = append(r.Events, what)
	}
	o.OnSecureConnect = func(s *Socket) { note("secureConnect") }
	o.OnSession = func(s *Socket, b []byte) { note("session"); r.Last = hex.EncodeToString(b) }
	o.OnOCSPResponse = func(_ *Socket, b []byte) {
		text := "null"
		if b != nil {
			text = string(b)
		}
		note("OCSPResponse " + text)
	}
	if row.keylog {
		o.OnKeylog = func(_ *Socket, line []byte) { note(strings.Fields(string(line))[0]) }
	}
	s, err := Connect(t.Context(), o)
	if err != nil {
		r.Error = CodeOf(err)
		return r
	}
	if row.byClient {
		if err := s.Renegotiate(t.Context(), RenegotiateOptions{}); err != nil {
			note(string(CodeOf(err)))
		}
	}
	r.Facts = factsOf(s)
	_, _ = s.Write([]byte("C"))
	var b [1]byte
	if _, err = io.ReadFull(s, b[:]); err == nil {
		row.protected(t, s)
		r.Facts = factsOf(s) // the server may have renegotiated
		r.Session, r.Ticket = hex.EncodeToString(s.Session()), s.Protocol() != TLS13 && s.TLSTicket() != nil
		_ = s.CloseWrite()
		_, err = io.Copy(io.Discard, s)
	}
	if err != io.EOF {
		r.Error = CodeOf(err)
	}
	_ = s.Close()
	told := make(chan struct{})
	s.queue.add(func() { close(told) }) // behind all that there is to be told
	<-told
	return r
}

// await waits for what a side tells.
func await(t *testing.T, c <-chan *report, who string) *report {
	t.Helper()
	select {
	case r := <-c:
		return r
	case <-time.After(time.Minute):
		t.Fatal("nothing heard of", who)
		return nil
	}
}

// nodeParty is a process of node as a party.
type nodeParty struct {
	mu    sync.Mutex
	in    *json.Encoder
	next  int
	ports map[int]chan int
	told  map[int]chan *report
}

// startNode starts node; without it the test is skipped, and fails with CI=true.
func startNode(t *testing.T) *nodeParty {
	t.Helper()
	path, err := exec.LookPath("node")
	if err == nil {
		var v []byte
		if v, err = exec.Command(path, "--version").Output(); err == nil && !strings.HasPrefix(string(v), nodeVersion) {
			t.Skipf("SKIPPED: node is %s and not %sx", v, nodeVersion)
		}
	}
	switch {
	case err != nil && os.Getenv("CI") == "true":
		t.Fatal("node is not installed")
	case err != nil:
		t.Skip("SKIPPED: node is not installed")
	}
	cmd := exec.Command(path, "--no-warnings", "-e", fixScript+liveScript)
	cmd.Stderr = struct{ io.Writer }{os.Stderr} // not the file itself: node would make it non-blocking, and what the tests print would be lost
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n := &nodeParty{in: json.NewEncoder(in), ports: map[int]chan int{}, told: map[int]chan *report{}}
	go n.read(out)
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return n
}

func (n *nodeParty) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var said struct {
			ID, Port int
			R        *report
		}
		if json.Unmarshal(lines.Bytes(), &said) != nil {
			panic("node said " + lines.Text())
		}
		n.mu.Lock()
		port, told := n.ports[said.ID], n.told[said.ID]
		n.mu.Unlock()
		if said.R != nil {
			told <- said.R
		} else {
			port <- said.Port
		}
	}
}

// ask sends a command.
func (n *nodeParty) ask(t *testing.T, command map[string]any) (port <-chan int, told <-chan *report) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.next++
	command["id"] = n.next
	p, c := make(chan int, 1), make(chan *report, 8)
	n.ports[n.next], n.told[n.next] = p, c
	if err := n.in.Encode(command); err != nil {
		t.Fatal(err)
	}
	return p, c
}

func (n *nodeParty) serve(t *testing.T, row *liveRow) (int, func() *report) {
	o := row.serverOptions()
	q := nodeOptions(o.SecureContextOptions)
	if o.ALPNProtocols != nil {
		q["ALPNProtocols"] = o.ALPNProtocols
	}
	if o.RequestCert {
		q["requestCert"] = true
	}
	if o.RejectUnauthorized != nil {
		q["rejectUnauthorized"] = *o.RejectUnauthorized
	}
	if o.PSKIdentityHint != "" {
		q["pskIdentityHint"] = o.PSKIdentityHint
	}
	command := map[string]any{"op": "serve", "options": q}
	var contexts []any
	for _, c := range row.contexts {
		contexts = append(contexts, []any{c.name, nodeOptions(c.o)})
	}
	command["contexts"], command["disables"] = contexts, row.disables
	if row.ocsp != nil {
		command["ocsp"] = map[string]any{"response": row.ocsp.text(), "code": row.ocsp.code}
	}
	if again := row.byServer; again != nil {
		q := map[string]any{}
		if again.RequestCert != nil {
			q["requestCert"] = *again.RequestCert
		}
		if again.RejectUnauthorized != nil {
			q["rejectUnauthorized"] = *again.RejectUnauthorized
		}
		command["renegotiate"] = q
	}
	if row.serverPSK.Key != nil {
		command["psk"] = map[string]string{"identity": row.serverPSK.Identity, "key": hex.EncodeToString(row.serverPSK.Key)}
	}
	port, told := n.ask(t, command)
	select {
	case p := <-port:
		return p, func() *report { return await(t, told, "node's server") }
	case <-time.After(time.Minute):
		t.Fatal("node's server does not listen")
		return 0, nil
	}
}

func (n *nodeParty) connect(t *testing.T, row *liveRow, port int, session string) *report {
	o := row.clientOptions()
	q := nodeOptions(o.SecureContextOptions)
	q["host"] = "127.0.0.1"
	if o.ALPNProtocols != nil {
		q["ALPNProtocols"] = o.ALPNProtocols
	}
	if o.Servername != "" {
		q["servername"] = o.Servername
	}
	if o.RejectUnauthorized != nil {
		q["rejectUnauthorized"] = *o.RejectUnauthorized
	}
	if o.MinDHSize != 0 {
		q["minDHSize"] = o.MinDHSize
	}
	if o.RequestOCSP {
		q["requestOCSP"] = true
	}
	if session != "" {
		q["session"] = session
	}
	command := map[string]any{"op": "connect", "port": port, "options": q, "keylog": row.keylog, "renegotiate": row.byClient}
	if row.clientPSK.Key != nil {
		command["psk"] = map[string]string{"identity": row.clientPSK.Identity, "key": hex.EncodeToString(row.clientPSK.Key)}
	}
	_, told := n.ask(t, command)
	return await(t, told, "node's client")
}
