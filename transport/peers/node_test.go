package peers

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/kx"
	"tacet/record"
)

// node is Node's tls, of version 20 or later: one process for all rows, which
// runs testdata/peer.mjs.
type node struct{ *nodeProcess }

func (node) name() string { return "node" }

func (node) missing() string { return missingProgram("node") }

func (node) lacks(r *row) string {
	t := &r.terms
	switch {
	case t.group != nil && strings.Contains(t.group.Name(), "MLKEM"):
		return "ML-KEM, in 20"
	case t.sizes.ours != 0 || t.sizes.theirs != 0 || r.role == client && (t.sizes.fragment != 0 || t.fallback):
		return "an option for it"
	case t.renewal.asks == server && r.role == server && t.renewal.times > 1:
		return "a second renegotiation of a server's own wish: it counts as the client's"
	case t.renewal.kind != "" && r.role == client:
		return "a client that changes its certificate"
	case t.update == updateTheirs:
		return "a way to ask for it"
	}
	return ""
}

func (n node) dial(r *row, addr string) talk {
	options := n.options(r)
	options["ca"] = string(r.ca.PEM())
	options["servername"] = serverName
	if r.anonymous() {
		options["rejectUnauthorized"] = false
	}
	options["requestOCSP"] = r.terms.staple
	if r.terms.offered != nil {
		options["ALPNProtocols"] = r.terms.offered
	}
	if c := r.clientCredential(); c != nil {
		n.present(r, options, c, r.terms.auth.kind)
	}
	if r.terms.retry {
		options["ecdhCurve"] = "X25519:" + retryGroup.OpenSSL()
	}
	return n.open(r, map[string]any{
		"op": "dial", "port": portOf(addr), "options": options, "connections": 1, "session": r.Name(),
	})
}

func (n node) serve(r *row) talk {
	options := n.options(r)
	options["ca"] = string(r.ca.PEM())
	names := []map[string]any{}
	if r.terms.sni {
		other := map[string]any{"name": serverName}
		n.present(r, other, r.serverCredential(), r.kind())
		names = append(names, other)
		n.present(r, options, r.otherCredential(), credtest.OtherP256)
	} else {
		n.present(r, options, r.serverCredential(), r.kind())
	}
	options["names"] = names
	if r.terms.staple {
		options["staple"] = hex.EncodeToString(r.staple())
	}
	if options["dhparam"] = "auto"; r.terms.dh != nil {
		options["dhparam"] = string(dhParams(r.terms.dh))
	}
	if r.terms.accepted != nil {
		options["ALPNProtocols"] = r.terms.accepted
	}
	options["requestCert"] = r.terms.auth.ask != handshake.NoClientCert
	options["rejectUnauthorized"] = r.terms.auth.ask == handshake.RequireClientCert
	if r.terms.retry {
		options["ecdhCurve"] = retryGroup.OpenSSL()
	}
	t := n.open(r, map[string]any{"op": "listen", "options": options, "connections": r.connections()})
	match, err := t.await(r.ctx, `listening on (\d+)\n`)
	if err != nil {
		r.Fatal(err)
	}
	t.host = "127.0.0.1:" + match[1]
	return t
}

// OpenSSL's options that crypto.constants does not name.
const (
	opNoEMS           = 1 << 0
	opNoRenegotiation = 1 << 30
	opNoTicket        = 1 << 14
	opNoETM           = 1 << 19
	opAllowNoDHEKex   = 1 << 10
)

// options are what both roles are told.
func (node) options(r *row) map[string]any {
	least, most := r.span(r.role)
	options := map[string]any{"minVersion": least.String(), "maxVersion": most.String(), "ciphers": r.ciphers()}
	if s := r.terms.suite; s != nil && s.TLS13() {
		options["ciphers"] = s.OpenSSL
	} else if s == nil && !r.weak() {
		delete(options, "ciphers")
	}
	if r.psk() {
		options["psk"] = map[string]string{
			"identity": pskIdentity, "key": hex.EncodeToString([]byte(pskKey)), "hint": r.terms.hint,
		}
	}
	bits := 0
	for bit, set := range map[int]bool{
		opNoTicket: r.terms.byID, opNoETM: r.terms.noETM, opNoEMS: r.terms.noEMS,
		opAllowNoDHEKex:   r.terms.modes != "",
		opNoRenegotiation: r.terms.renewal.refused && r.terms.renewal.asks != r.role,
	} {
		if set {
			bits |= bit
		}
	}
	if bits != 0 {
		options["secureOptions"] = bits
	}
	if r.terms.modes == modesNoGroup {
		options["ecdhCurve"] = retryGroup.OpenSSL()
	}
	if r.terms.group != nil {
		options["ecdhCurve"] = r.terms.group.OpenSSL()
	}
	return options
}

func (node) present(r *row, options map[string]any, c *cred.Credential, kind credtest.Kind) {
	options["cert"] = string(credtest.CertPEM(c.Chain...))
	options["key"] = string(keyPEM(r, kind))
}

func (node) says(r *row, e *end) []string {
	list := factLines(r, e)
	if e.State().Resumed { // of which it tells no certificate
		list = slices.DeleteFunc(list, func(p string) bool { return strings.Contains(p, "^peer=") })
	}
	if r.role == client && r.terms.staple {
		list = append(list, fmt.Sprintf("(?m)^ocsp=%x$", r.staple()))
	}
	if r.role == client && !r.anonymous() || r.shows() {
		list = append(list, "(?m)^authorized=true$")
	}
	if g := e.State().Group; g != nil && r.role == client && !e.State().Resumed {
		if p, _ := kx.DHParams(g); p != nil {
			list = append(list, fmt.Sprintf(`"type":"DH","size":%d`, 8*len(p)))
		} else {
			list = append(list, `"name":"`+g.OpenSSL()+`"`)
		}
	}
	list = append(list, fmt.Sprintf("(?m)^finished=%x %x$", e.State().PeerFinished, e.State().Finished))
	return list
}

func (node) told(a record.Alert) string { return fmt.Sprintf("SSL alert number %d", a) }

// tells: Node looks at what OpenSSL thinks of a certificate after the handshake,
// and then just closes.
func (node) tells(r *row) []record.Alert {
	if r.terms.fault != "" || r.terms.auth.stranger {
		return []record.Alert{}
	}
	return nil
}

// nodeProcess is the process.
type nodeProcess struct {
	once  sync.Once
	cmd   *exec.Cmd
	in    *json.Encoder
	pipe  io.Closer
	err   error
	mu    sync.Mutex
	talks map[int]*nodeTalk
}

// start starts the process, which ends with the tests.
func (n *nodeProcess) start() error {
	n.once.Do(func() {
		n.talks = map[int]*nodeTalk{}
		n.cmd = exec.Command("node", "testdata/peer.mjs")
		n.cmd.Stderr = struct{ io.Writer }{os.Stderr} // not the file itself: node would make it non-blocking, and what the tests print would be lost
		in, err := n.cmd.StdinPipe()
		if err != nil {
			n.err = err
			return
		}
		out, err := n.cmd.StdoutPipe()
		if err != nil {
			n.err = err
			return
		}
		n.in, n.pipe, n.err = json.NewEncoder(in), in, n.cmd.Start()
		if n.err == nil {
			go n.listen(out)
		}
	})
	return n.err
}

// stop ends the process.
func (n *nodeProcess) stop() {
	if n.cmd != nil && n.cmd.Process != nil {
		_ = n.cmd.Process.Kill()
		_ = n.cmd.Wait()
	}
}

// nodeMessage is what the process writes.
type nodeMessage struct {
	ID             int
	Say, Keys      string
	Port           int
	Sent, Received string
	End            bool
}

// listen hands what the process says to whom it concerns.
func (n *nodeProcess) listen(out io.Reader) {
	lines := json.NewDecoder(bufio.NewReader(out))
	for {
		var m nodeMessage
		if err := lines.Decode(&m); err != nil {
			n.mu.Lock()
			defer n.mu.Unlock()
			for _, t := range n.talks {
				t.printf("node has ended: %v\n", err)
				t.end()
			}
			return
		}
		n.mu.Lock()
		t := n.talks[m.ID]
		n.mu.Unlock()
		if t != nil {
			t.take(m)
		}
	}
}

func (n *nodeProcess) command(c any) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.in.Encode(c)
}

// open begins a talk.
func (n *nodeProcess) open(r *row, command map[string]any) *nodeTalk {
	r.Helper()
	if err := n.start(); err != nil {
		r.Fatal(err)
	}
	t := &nodeTalk{process: n, results: make(chan nodeMessage, 1)}
	n.mu.Lock()
	t.id = len(n.talks) + 1
	n.talks[t.id] = t
	n.mu.Unlock()
	command["id"], command["half"], command["bulk"] = t.id, r.terms.half != "", r.terms.bulk
	if err := n.command(command); err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() {
		if r.Failed() {
			r.Logf("node:\n%s", printable(t.String()))
		}
	})
	return t
}

// nodeTalk is a connection of the process, or a server.
type nodeTalk struct {
	screen
	process *nodeProcess
	id      int
	host    string
	keys    screen
	results chan nodeMessage
}

func (t *nodeTalk) take(m nodeMessage) {
	switch {
	case m.Keys != "":
		t.keys.printf("%s", m.Keys)
	case m.Port != 0:
		t.printf("listening on %d\n", m.Port)
	case m.Received != "":
		t.results <- m
	case m.End:
		t.end()
	default:
		t.printf("%s", m.Say)
	}
}

func (t *nodeTalk) addr() string { return t.host }

func (t *nodeTalk) do(op string) { t.send(map[string]any{"id": t.id, "op": op}) }

func (t *nodeTalk) send(command map[string]any) {
	if err := t.process.command(command); err != nil {
		t.printf("error=%v\n", err)
	}
}

func (t *nodeTalk) greet() string {
	t.do("greet")
	return "node says"
}

func (t *nodeTalk) hear(ctx context.Context, text string) error {
	_, err := t.await(ctx, regexp.QuoteMeta(text))
	return err
}

func (t *nodeTalk) quit() { t.do("quit") }

func (t *nodeTalk) keyLog() string { return t.keys.String() }

func (t *nodeTalk) stream(ctx context.Context, send, receive int64) (sent, received string, err error) {
	t.send(map[string]any{"id": t.id, "op": "stream", "size": send, "receive": receive})
	select {
	case m := <-t.results:
		return m.Sent, m.Received, nil
	case <-ctx.Done():
		return "", "", ctx.Err()
	}
}

func (t *nodeTalk) renegotiate(r *row, _ *end) {
	w := &r.terms.renewal
	options := map[string]any{}
	if w.auth != handshake.NoClientCert {
		options["requestCert"], options["rejectUnauthorized"] = true, w.auth == handshake.RequireClientCert
	}
	command := map[string]any{"id": t.id, "op": "renegotiate", "options": options}
	t.send(command)
}

func (t *nodeTalk) renewed(r *row, e *end) []string {
	t.do("tell")
	return r.peer.says(r, e)
}

// flows: Node takes no data in a handshake of its own wish, and as a client only if it
// does not send any itself. What a server of it takes comes before the client's hello.
func (node) flows(r *row) (sends, listens bool) {
	asks := r.terms.renewal.asks == r.role
	return asks || r.role == server, !asks
}

// hangsUp: Node leaves it to the application to end a socket whose client renegotiates
// too often.
func (node) hangsUp() {}

func (t *nodeTalk) update(context.Context, bool) error {
	return errors.New("node has no way to update keys")
}
