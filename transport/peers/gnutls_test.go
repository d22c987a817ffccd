package peers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// gnutls is GnuTLS's commands gnutls-cli and gnutls-serv, of version 3.7 or later.
type gnutls struct{}

func (gnutls) name() string { return "gnutls" }

func (gnutls) missing() string {
	if why := missingProgram("gnutls-cli"); why != "" {
		return why
	}
	return missingProgram("gnutls-serv")
}

func (gnutls) lacks(r *row) string {
	t := &r.terms
	_, known := gnutlsGroups[groupID(t.group)]
	switch {
	case t.group != nil && !known:
		return "ML-KEM, in 3.7"
	case t.update == updateTheirs && r.role == server:
		return "a way to ask gnutls-serv for it"
	case t.half == halfOurs:
		return "half closing: it ends when it is told that the other side does"
	case t.half == halfTheirs && r.role == server:
		return "a way to ask gnutls-serv for it"
	}
	return ""
}

func groupID(g kx.Group) kx.ID {
	if g == nil {
		return 0
	}
	return g.ID()
}

var gnutlsGroups = map[kx.ID]string{
	kx.X25519: "X25519", kx.X448: "X448", kx.P256: "SECP256R1", kx.P384: "SECP384R1", kx.P521: "SECP521R1",
}

// gnutlsCipher is a suite's cipher in the words of a priority string.
func gnutlsCipher(s *suites.Suite) string {
	switch {
	case strings.Contains(s.Name, "CHACHA20"):
		return "CHACHA20-POLY1305"
	case strings.Contains(s.Name, "AES_256_GCM"):
		return "AES-256-GCM"
	}
	return "AES-128-GCM"
}

// flags are what gnutls-cli and gnutls-serv have in common.
func (gnutls) flags(r *row, groups ...kx.ID) []string {
	t := &r.terms
	priority := "NORMAL:-VERS-ALL:+VERS-" + gnutlsVersion(r.version)
	if t.suite != nil {
		priority += ":-CIPHER-ALL:+" + gnutlsCipher(t.suite)
	}
	if t.group != nil {
		groups = []kx.ID{t.group.ID()}
	}
	if len(groups) > 0 {
		priority += ":-GROUP-ALL"
	}
	for _, id := range groups {
		priority += ":+GROUP-" + gnutlsGroups[id]
	}
	return []string{
		"--priority=" + priority, "--x509cafile=" + r.caFile(),
		"--keymatexport=" + exporterLabel, "--keymatexportsize=32",
	}
}

func gnutlsVersion(v record.Version) string {
	return map[record.Version]string{record.TLS12: "TLS1.2", record.TLS13: "TLS1.3"}[v]
}

func (g gnutls) dial(r *row, addr string) talk {
	t := &r.terms
	var groups []kx.ID
	args := []string{
		"--port=" + portOf(addr), "--sni-hostname=" + serverName, "--verify-hostname=" + serverName,
	}
	if t.update != "" {
		args = append(args, "--inline-commands")
	}
	if t.retry {
		groups = []kx.ID{kx.X25519, retryGroup.ID()}
		args = append(args, "--single-key-share")
	}
	args = append(args, g.flags(r, groups...)...)
	for _, p := range t.offered {
		args = append(args, "--alpn="+p)
	}
	if c := r.clientCredential(); c != nil {
		cert, key := r.pemFiles("client", c, t.auth.kind)
		args = append(args, "--x509certfile="+cert, "--x509keyfile="+key)
	}
	if t.resume {
		args = append(args, "--resume", "--waitresumption")
	}
	return gnutlsClient{r.start("gnutls-cli", nil, append(args, "127.0.0.1")...)}
}

// reconnects: gnutls-cli --resume makes both connections.
func (gnutls) reconnects() bool { return true }

func (g gnutls) serve(r *row) talk {
	t := &r.terms
	var groups []kx.ID
	if t.retry {
		groups = []kx.ID{retryGroup.ID()}
	}
	args := append([]string{"--echo"}, g.flags(r, groups...)...)
	if t.refuser != "" {
		args = append(args, "--debug=5") // or it would not tell which alert it was told
	}
	if t.sni {
		cert, key := r.pemFiles("other", r.otherCredential(), credtest.OtherP256)
		args = append(args, "--x509certfile="+cert, "--x509keyfile="+key)
	}
	cert, key := r.pemFiles("server", r.serverCredential(), r.kind())
	args = append(args, "--x509certfile="+cert, "--x509keyfile="+key)
	for _, p := range t.accepted {
		args = append(args, "--alpn="+p)
	}
	if t.accepted != nil {
		args = append(args, "--alpn-fatal")
	}
	switch t.auth.ask {
	case handshake.NoClientCert:
		args = append(args, "--disable-client-cert")
	case handshake.RequireClientCert:
		args = append(args, "--require-client-cert", "--verify-client-cert")
	case handshake.RequestClientCert:
		args = append(args, "--verify-client-cert")
	}
	p := r.listening(`IPv4 .*\.\.\.done`, func(port string) *program {
		return r.start("gnutls-serv", nil, append(args, "--port="+port)...)
	})
	return &gnutlsServer{program: p, row: r}
}

func (gnutls) says(r *row, e *end) []string {
	s := e.State()
	list := []string{
		"Key material: " + e.exporter(),
		fmt.Sprintf(`Description: \(%s-X.509\).*\(%s\)`, gnutlsVersion(r.version), gnutlsCipher(s.Suite)),
	}
	if s.ALPN != "" {
		list = append(list, "Application protocol: "+s.ALPN)
	}
	if s.Resumed {
		list = append(list, "This is a resumed session")
	} else {
		list = append(list, `Description: .*-\(ECDHE.*-`+gnutlsGroups[s.Group.ID()]+`\)`)
	}
	if r.role == client {
		list = append(list, "The certificate is trusted")
	} else {
		list = append(list, "Given server name.*: "+serverName)
	}
	return list
}

func (gnutls) told(a record.Alert) string {
	return fmt.Sprintf(`Received alert \[%d\]|Alert\[2\|%d\] - .* was received`, a, a)
}

// tells: a client of GnuTLS has one alert for all that it does not trust, and
// gnutls-serv has its own views.
func (gnutls) tells(r *row) []record.Alert {
	t := &r.terms
	switch {
	case t.fault != "":
		return []record.Alert{record.AlertBadCertificate}
	case t.auth.stranger:
		return []record.Alert{record.AlertAccessDenied}
	case t.versions:
		return []record.Alert{record.AlertHandshakeFailure}
	case t.auth.ask == handshake.RequireClientCert && r.version < record.TLS13:
		return []record.Alert{record.AlertDecodeError}
	}
	return nil
}

// noKeyLog tells that nothing is logged of a session resumed in TLS 1.2.
func (gnutls) noKeyLog(r *row) bool { return r.terms.resume && r.version < record.TLS13 }

// gnutlsClient is a running gnutls-cli.
type gnutlsClient struct{ *program }

func (p gnutlsClient) greet() string {
	p.say("gnutls says\n")
	return "gnutls says"
}

// update uses the inline command ^rekey^, which always requests the same.
func (p gnutlsClient) update(ctx context.Context, request bool) error {
	p.say("^rekey^\n")
	pattern := "Rekey was completed"
	if request {
		pattern = "(?s)" + pattern + ".*" + pattern
	}
	_, err := p.await(ctx, pattern)
	return err
}

// bulk: gnutls-cli prints each byte by itself, and gnutls-serv echoes lines.
func (gnutls) bulk(r *row) (size int64, lines bool) {
	if r.role == client {
		return 1 << 20, false
	}
	return bulkSize, true
}

// gnutlsServer is a running gnutls-serv, which echoes. It prints into a buffer
// that it empties when it ends.
type gnutlsServer struct {
	*program
	row     *row
	greeted bool
}

// greet is the echo of what this side has said last.
func (p *gnutlsServer) greet() string {
	if p.greeted && p.row.terms.update != "" {
		return said
	}
	p.greeted = true
	return asked
}

func (p *gnutlsServer) hear(context.Context, string) error { return nil }

func (p *gnutlsServer) quit() {}

func (p *gnutlsServer) awaitEnd(ctx context.Context) error {
	if p.row.terms.refuser != "" { // this it prints at once
		if _, err := p.await(ctx, "Error in handshake|Error while receiving"); err != nil {
			return err
		}
	}
	_ = p.cmd.Process.Signal(os.Interrupt) // it may have ended already
	return p.program.awaitEnd(ctx)
}

func (p *gnutlsServer) stream(context.Context, int64) (sent, received string, err error) {
	return "", "", nil
}

func (p *gnutlsServer) update(context.Context, bool) error {
	return errors.New("gnutls-serv cannot be told to")
}
