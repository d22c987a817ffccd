package peers

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/kx"
	"tacet/record"
)

// nss is NSS's commands tstclnt and selfserv. Their certificates are in databases,
// which certutil, pk12util and openssl make.
type nss struct{ *nssDatabases }

func (nss) name() string { return "nss" }

func (nss) missing() string {
	for _, p := range []string{"tstclnt", "selfserv", "certutil", "pk12util", "openssl"} {
		if why := missingProgram(p); why != "" {
			return why
		}
	}
	return ""
}

func (nss) lacks(r *row) string {
	t := &r.terms
	unknown := func(k credtest.Kind) bool {
		return k == credtest.Ed25519 || k == credtest.Ed448 || k == credtest.RSAPSS
	}
	switch {
	case t.renewal.asks != "":
		return "a way to ask for it"
	case t.sizes != (sizes{}) || t.staple || t.fallback && r.role == client:
		return "an option for it"
	case t.downgrade && r.role == client:
		return "an alert in a record of the version that the server has said"
	case t.kind == credtest.RSA1024 || t.auth.kind == credtest.RSA1024 || t.dh != nil || t.noETM || t.noEMS || t.byID || t.modes != "":
		return "an option for it"
	case t.suite != nil && (strings.Contains(t.suite.Name, "CCM") || r.anonymous()) || r.psk():
		return "CCM, anonymous suites and pre-shared keys"
	case unknown(t.kind) || unknown(t.auth.kind):
		return "Ed25519, Ed448, and keys for RSASSA-PSS alone of OpenSSL's making"
	case t.group != nil && nssGroups[t.group.ID()] == "":
		return "X448, and ML-KEM in 3.87"
	case t.bulk || t.update != "" || t.half != "":
		return "a conversation of other than a request and an answer"
	case r.role == client && t.offered != nil:
		return "an option for it in tstclnt"
	case r.role == server && (t.sni || t.offered != nil && t.accepted == nil):
		return "an option for it in selfserv"
	case r.role == server && t.accepted != nil && t.accepted[len(t.accepted)-1] != "http/1.1":
		return "other protocols than HTTP/1.1 in selfserv"
	}
	return ""
}

var nssGroups = map[kx.ID]string{kx.FFDHE2048: "FF2048", kx.FFDHE3072: "FF3072", kx.X25519: "x25519", kx.P256: "P256", kx.P384: "P384", kx.P521: "P521"}

// flags are what tstclnt and selfserv have in common.
func (n nss) flags(r *row, c *cred.Credential, kind credtest.Kind) []string {
	t := &r.terms
	least, most := r.span(r.role)
	args := []string{"-d", n.database(r, c, kind), "-V", fmt.Sprintf("tls1.%d:tls1.%d", least-record.TLS10, most-record.TLS10), "-u", "-v", "-x", exporterLabel + ":32", "-G"}
	if t.suite != nil && !t.resume { // with both, tstclnt frees what it must not
		args = append(args, "-c", fmt.Sprintf(":%04X", uint16(t.suite.ID)))
	}
	switch {
	case t.group != nil:
		args = append(args, "-I", nssGroups[t.group.ID()])
	case t.retry && r.role == client:
		args = append(args, "-I", "x25519,"+nssGroups[retryGroup.ID()])
	case t.retry:
		args = append(args, "-I", nssGroups[retryGroup.ID()])
	}
	return args
}

func (n nss) dial(r *row, addr string) talk {
	t := &r.terms
	c := r.clientCredential()
	args := []string{"-4", "-h", "127.0.0.1", "-p", portOf(addr), "-a", serverName, "-A", r.write("request", []byte(question))}
	args = append(args, n.flags(r, c, t.auth.kind)...)
	if c != nil {
		args = append(args, "-n", nssNickname)
	}
	if t.resume {
		args = append(args, "-L", "2")
	}
	return nssTalk{r.start("tstclnt", nil, args...), r}
}

// reconnects: tstclnt keeps its sessions for as long as it runs.
func (nss) reconnects() bool { return true }

func (n nss) serve(r *row) talk {
	t := &r.terms
	args := n.flags(r, r.serverCredential(), r.kind())
	if r.kind() == credtest.RSA2048 || r.kind() == credtest.RSA3072 {
		args = append(args, "-n", nssNickname)
	} else {
		args = append(args, "-e", nssNickname)
	}
	if t.accepted != nil {
		args = append(args, "-Q")
	}
	switch t.auth.ask {
	case handshake.RequestClientCert:
		args = append(args, "-r")
	case handshake.RequireClientCert:
		args = append(args, "-r", "-r")
	}
	return nssTalk{r.announced("About to call accept", func(port string) *program {
		return r.start("selfserv", nil, append(args, "-p", port)...)
	}), r}
}

func (nss) says(r *row, e *end) []string {
	s := e.State()
	minor := fmt.Sprintf("3.%d", r.version-0x0300)
	cipher := "AES-GCM"
	switch {
	case strings.Contains(s.Suite.Name, "CHACHA20"):
		cipher = "CHACHA20POLY1305"
	case s.Suite.BlockCipher():
		cipher = "AES"
	case s.Suite.Bits == 0:
		cipher = "NULL"
	}
	list := []string{
		fmt.Sprintf("SSL version %s using %d-bit %s", minor, s.Suite.Bits, cipher),
		"Extended Master Secret: Yes",
	}
	if r.role == client {
		list = append(list, "subject DN: CN="+serverName)
	} else if r.terms.auth.kind != "" {
		list = append(list, "subject DN: CN="+clientName)
	}
	// In TLS 1.2 tstclnt exports too early, and selfserv with SHA-256 alone.
	if r.version >= record.TLS13 || r.role == server && s.Suite.Hash == crypto.SHA256 {
		list = append(list, nssHex(e.exporter()))
	}
	if s.Resumed {
		list = append(list, "1 stateless resumes")
	}
	return list
}

// nssHex is a pattern of bytes in the form that NSS prints them: 16 a line, with colons between.
func nssHex(hex string) string {
	var pattern strings.Builder
	for i := 0; i+2 <= len(hex); i += 2 {
		pattern.WriteString(hex[i:i+2] + `:?\s*`)
	}
	return pattern.String()
}

// nssAlerts are NSS's errors of alerts: tstclnt tells the name, selfserv the number.
var nssAlerts = map[record.Alert]string{
	record.AlertHandshakeFailure: "SSL_ERROR_HANDSHAKE_FAILURE_ALERT|error -12227", record.AlertUnknownCA: "SSL_ERROR_UNKNOWN_CA_ALERT|error -12195",
	record.AlertCertificateRequired: "SSL_ERROR_RX_CERTIFICATE_REQUIRED_ALERT", record.AlertProtocolVersion: "SSL_ERROR_PROTOCOL_VERSION_ALERT|error -12190",
	record.AlertBadCertificate: "SSL_ERROR_BAD_CERT_ALERT|error -12271", record.AlertCertificateExpired: "SSL_ERROR_EXPIRED_CERT_ALERT|error -12269",
}

func (nss) told(a record.Alert) string { return nssAlerts[a] }

// tells: in TLS 1.2 selfserv thinks of no certificate as a bad one.
func (nss) tells(r *row) []record.Alert {
	if r.role == server && r.terms.auth.ask == handshake.RequireClientCert && r.terms.auth.kind == "" && r.version < record.TLS13 {
		return []record.Alert{record.AlertBadCertificate}
	}
	return nil
}

// etmless: NSS does not know encrypt_then_mac.
func (nss) etmless() {}

// noKeyLog tells that distributions build NSS without it.
func (nss) noKeyLog(*row) bool { return true }

// nssTalk is a running tstclnt or selfserv.
type nssTalk struct {
	*program
	row *row
}

// greet is the request of tstclnt, or the echo of ours in selfserv's answer.
func (nssTalk) greet() string { return asked }

func (p nssTalk) hear(ctx context.Context, text string) error {
	if p.row.role == server {
		return nil // selfserv does not show it
	}
	return p.program.hear(ctx, text)
}

// waits: tstclnt ends when the other side has closed.
func (nss) waits() {}

func (nssTalk) quit() {}

// awaitEnd ends selfserv, which serves for ever.
func (p nssTalk) awaitEnd(ctx context.Context) error {
	if p.row.role == server {
		if p.row.terms.refuser != "" {
			if _, err := p.await(ctx, "returned error"); err != nil {
				return err
			}
		}
		_ = p.cmd.Process.Signal(os.Interrupt) // it may have ended already
	}
	return p.program.awaitEnd(ctx)
}

func (nssTalk) stream(context.Context, int64, int64) (sent, received string, err error) {
	return "", "", errors.New("NSS streams nothing")
}

func (nssTalk) update(context.Context, bool) error { return errors.New("NSS cannot be told to") }

const (
	nssNickname = "tacet"
	nssPassword = "tacet"
)

// nssDatabases are the databases made so far: one for each certificate.
type nssDatabases struct {
	mu   sync.Mutex
	dir  string
	made map[string]string
}

func (n *nssDatabases) stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	_ = os.RemoveAll(n.dir)
}

// database is one with the row's authority and a certificate, if there is one.
func (n *nssDatabases) database(r *row, c *cred.Credential, kind credtest.Kind) string {
	r.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	key := ""
	if c != nil {
		key = string(bytes.Join(c.Chain, nil))
	}
	if n.made == nil {
		dir, err := os.MkdirTemp("", "tacet-nss-")
		if err != nil {
			r.Fatal(err)
		}
		n.dir, n.made = dir, map[string]string{}
	}
	if db, ok := n.made[key]; ok {
		return db
	}
	dir := filepath.Join(n.dir, fmt.Sprint(len(n.made)))
	if err := os.Mkdir(dir, 0o700); err != nil {
		r.Fatal(err)
	}
	db := "sql:" + dir
	r.mustRun("certutil", "-N", "-d", db, "--empty-password")
	r.mustRun("certutil", "-A", "-d", db, "-n", "root", "-t", "CT,C,", "-i", r.caFile())
	if c != nil {
		cert, key := r.pemFiles("nss", c, kind)
		p12 := r.file("nss.p12")
		r.mustRun("openssl", "pkcs12", "-export", "-in", cert, "-inkey", key, "-name", nssNickname, "-out", p12, "-passout", "pass:"+nssPassword)
		r.mustRun("pk12util", "-i", p12, "-d", db, "-W", nssPassword)
	}
	n.made[key] = db
	return db
}

// mustRun runs a program to its end.
func (r *row) mustRun(name string, args ...string) {
	r.Helper()
	if out, err := exec.CommandContext(r.ctx, name, args...).CombinedOutput(); err != nil {
		r.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}
