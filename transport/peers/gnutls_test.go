package peers

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"

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
	case t.renewal.refused && t.renewal.asks != r.role && !t.legacy || t.renewal.limited && r.role == server:
		return "an option to refuse it"
	case r.role == server && t.renewal.asks == server && (t.renewal.auth != handshake.NoClientCert || t.renewal.flows):
		return "a change of what it asks for, or a handshake of its own wish while it echoes"
	case t.renewal.kind != "":
		return "a client that changes its certificate, or a server that lets it"
	case t.group != nil && !known:
		return "ML-KEM, in 3.7"
	case t.sizes.fragment != 0 && r.version < record.TLS13:
		return "a max_fragment_length that it keeps to"
	case r.role == client && (t.sizes.fragment != 0 || t.sizes.ours != 0):
		return "an option for it, or loses what does not fit a record"
	case !gnutlsHas(r):
		return "other suites"
	case t.suite != nil && t.suite.Kx == suites.KxRSAPSK && t.auth.ask != handshake.NoClientCert:
		return "client certificates there"
	case t.modes == modesNoGroup && r.role == server:
		return "psk_ke for want of a group"
	case r.role == client && (t.external && !r.alone(false) || r.psk() && !t.external && t.suite.Kx != suites.KxPSK && t.suite.Kx != suites.KxRSAPSK):
		return "a gnutls-cli that lives to tell of it"
	case t.update == updateTheirs && r.role == server:
		return "a way to ask gnutls-serv for it"
	case t.half == halfOurs:
		return "half closing: it ends when it is told that the other side does"
	case t.half == halfTheirs && r.role == server:
		return "a way to ask gnutls-serv for it"
	}
	return ""
}

// forgets: an option has it do without RFC 5746.
func (gnutls) forgets() {}

// echoes: so does gnutls-serv.
func (gnutls) echoes() {}

// bears: gnutls-cli waits for an answer for 40 seconds, and gnutls-serv closes.
func (gnutls) bears() {}

func groupID(g kx.Group) kx.ID {
	if g == nil {
		return 0
	}
	return g.ID()
}

var gnutlsGroups = map[kx.ID]string{
	kx.X25519: "X25519", kx.X448: "X448", kx.P256: "SECP256R1", kx.P384: "SECP384R1", kx.P521: "SECP521R1",
	kx.FFDHE2048: "FFDHE2048", kx.FFDHE3072: "FFDHE3072", kx.FFDHE4096: "FFDHE4096", kx.FFDHE6144: "FFDHE6144", kx.FFDHE8192: "FFDHE8192",
}

// gnutlsSuites are GnuTLS's suites, with the first version of each.
var gnutlsSuites = sync.OnceValue(func() map[suites.ID]record.Version {
	out, err := exec.Command("gnutls-cli", "--list").Output()
	if err != nil {
		panic(err)
	}
	list := map[suites.ID]record.Version{}
	for line := range strings.Lines(string(out)) {
		var name string
		var hi, lo suites.ID
		var minor record.Version
		if n, _ := fmt.Sscanf(line, "TLS_%s\t0x%x, 0x%x\tTLS1.%d", &name, &hi, &lo, &minor); n == 4 {
			list[hi<<8|lo] = record.TLS10 + minor
		}
	}
	return list
})

// gnutlsHas reports whether GnuTLS has the row's suite in the row's version.
func gnutlsHas(r *row) bool {
	s := r.terms.suite
	if s == nil {
		return true
	}
	from, ok := gnutlsSuites()[s.ID]
	return ok && from <= r.version
}

// gnutlsCipher is a suite's cipher in the words of a priority string.
func gnutlsCipher(s *suites.Suite) string {
	bits, mode := "128", "CBC"
	if strings.Contains(s.Name, "AES_256") {
		bits = "256"
	}
	switch {
	case strings.Contains(s.Name, "CHACHA20"):
		return "CHACHA20-POLY1305"
	case s.Bits == 0:
		return "NULL"
	case strings.Contains(s.Name, "GCM"):
		mode = "GCM"
	case strings.Contains(s.Name, "CCM_8"):
		mode = "CCM-8"
	case strings.Contains(s.Name, "CCM"):
		mode = "CCM"
	}
	return "AES-" + bits + "-" + mode
}

// gnutlsExchange is a suite's key exchange in the words of a priority string.
func gnutlsExchange(s *suites.Suite) string {
	auth := map[suites.Auth]string{suites.AuthRSA: "RSA", suites.AuthECDSA: "ECDSA"}[s.Auth]
	switch s.Kx {
	case suites.KxECDHE:
		if s.Auth == suites.AuthNone {
			return "ANON-ECDH"
		}
		return "ECDHE-" + auth
	case suites.KxDHE:
		if s.Auth == suites.AuthNone {
			return "ANON-DH"
		}
		return "DHE-" + auth
	case suites.KxRSA:
		return "RSA"
	}
	return strings.ReplaceAll(s.Kx.String(), "PSK", "-PSK") // DHEPSK …
}

// gnutlsPriority is the row's priority string.
func gnutlsPriority(r *row, groups []kx.ID) string {
	t := &r.terms
	priority := "NORMAL:-VERS-ALL"
	least, most := r.span(r.role)
	for v := most; v >= least; v-- {
		priority += ":+VERS-" + gnutlsVersion(v)
	}
	if t.fallback {
		priority += ":%FALLBACK_SCSV"
	}
	if s := t.suite; s != nil {
		priority += ":-CIPHER-ALL:+" + gnutlsCipher(s)
		if !s.TLS13() {
			priority += ":-KX-ALL:+" + strings.TrimPrefix(gnutlsExchange(s), "-")
			priority += ":-MAC-ALL:+" + s.MACName
		}
	}
	// A client that has no key asks for one on its terminal; it has both modes anyway.
	if modes := t.modes != "" && (r.role == server || t.external); t.external || modes {
		if priority += ":+ECDHE-PSK"; modes {
			priority += ":+PSK"
		}
	}
	if t.modes == modesNoGroup {
		groups = []kx.ID{retryGroup.ID()}
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
	if t.legacy {
		priority += ":%DISABLE_SAFE_RENEGOTIATION"
	}
	if t.noETM {
		priority += ":%NO_ETM"
	}
	if t.noEMS {
		priority += ":%NO_SESSION_HASH"
	}
	if r.weak() {
		priority += ":%PROFILE_VERY_WEAK:+SIGN-RSA-SHA1:+SIGN-ECDSA-SHA1"
	}
	return priority
}

// flags are what gnutls-cli and gnutls-serv have in common.
func (gnutls) flags(r *row, groups ...kx.ID) []string {
	args := []string{
		"--priority=" + gnutlsPriority(r, groups), "--x509cafile=" + r.caFile(),
		"--keymatexport=" + exporterLabel, "--keymatexportsize=32",
	}
	if n := r.terms.sizes.theirs; n != 0 {
		args = append(args, fmt.Sprintf("--recordsize=%d", n))
	}
	if r.terms.byID {
		args = append(args, "--noticket")
	}
	return args
}

func gnutlsVersion(v record.Version) string {
	return fmt.Sprintf("TLS1.%d", v-record.TLS10)
}

func (g gnutls) dial(r *row, addr string) talk {
	t := &r.terms
	var groups []kx.ID
	args := []string{
		"--port=" + portOf(addr), "--sni-hostname=" + serverName, "--verify-hostname=" + serverName,
	}
	if t.update != "" || t.renewal.asks == client {
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
	if r.psk() {
		args = append(args, "--pskusername="+pskIdentity, "--pskkey="+hex.EncodeToString([]byte(pskKey)))
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
	if t.refuser != "" || t.renewal.refused {
		args = append(args, "--debug=5") // or it would not tell which alert it was told
	}
	if t.sni {
		cert, key := r.pemFiles("other", r.otherCredential(), credtest.OtherP256)
		args = append(args, "--x509certfile="+cert, "--x509keyfile="+key)
	}
	cert, key := r.pemFiles("server", r.serverCredential(), r.kind())
	args = append(args, "--x509certfile="+cert, "--x509keyfile="+key)
	if r.psk() {
		keys := r.write("psk", fmt.Appendf(nil, "%s:%x\n", pskIdentity, pskKey))
		args = append(args, "--pskpasswd="+keys)
	}
	if t.hint != "" {
		args = append(args, "--pskhint="+t.hint)
	}
	if t.staple {
		args = append(args, "--ocsp-response="+r.write("ocsp", r.staple()))
	}
	if t.dh != nil {
		args = append(args, "--dhparams="+r.write("dhparam.pem", dhParams(t.dh)))
	}
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
	p := r.announced(`IPv4 .*\.\.\.done|IPv4 .*(failed)`, func(port string) *program {
		return r.start("gnutls-serv", nil, append(args, "--port="+port)...)
	})
	return &gnutlsServer{program: p, row: r}
}

func (gnutls) says(r *row, e *end) []string {
	s := e.State()
	if r.renewed {
		return nil // it has told of the first handshake alone
	}
	list := []string{
		"Key material: " + e.exporter(),
		fmt.Sprintf(`Description: \(%s.*\(%s\)`, gnutlsVersion(r.version), gnutlsCipher(s.Suite)),
	}
	switch {
	case r.terms.legacy:
		list = append(list, `Options:( [^s,\n][^,\n]*,)* *\n`) // without the one below
	case r.version < record.TLS13:
		list = append(list, "Options:.* safe renegotiation,")
	}
	if s.ALPN != "" {
		list = append(list, "Application protocol: "+s.ALPN)
	}
	if s.Resumed {
		list = append(list, "This is a resumed session")
	} else if s.Group != nil && gnutlsGroups[s.Group.ID()] != "" && !r.anonymous() && !r.terms.external {
		list = append(list, `Description: .*-\(.*-`+gnutlsGroups[s.Group.ID()]+`\)`)
	}
	if r.role == client && r.certified() {
		list = append(list, "The certificate is trusted")
	}
	if r.role == client {
		return list
	}
	if r.certified() && !r.psk() {
		list = append(list, "Given server name.*: "+serverName)
	}
	if r.psk() {
		list = append(list, "Connected as '"+pskIdentity+"'")
	}
	for _, kind := range []string{handshake.BindingExporter, handshake.BindingUnique, handshake.BindingServerEndPoint} {
		ofPSK := r.psk() && kind == handshake.BindingServerEndPoint // which it does not tell, even of RSA_PSK
		if binding, err := s.ChannelBinding(kind); err == nil && !ofPSK {
			list = append(list, fmt.Sprintf("'%s': %x", kind, binding))
		}
	}
	return list
}

func (gnutls) told(a record.Alert) string {
	return fmt.Sprintf(`Received alert \[%d\]|Alert\[[12]\|%d\] - .* was received`, a, a)
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

// flows: gnutls-cli takes data only in a handshake that it was told to make, by a line of
// what it sends.
func (gnutls) flows(r *row) (sends, listens bool) {
	asks := r.terms.renewal.asks == r.role
	return !asks, asks || r.role == server
}

// renegotiate uses an inline command.
func (p gnutlsClient) renegotiate(*row, *end) { p.say("^renegotiate^\n") }

// renewed: nothing is said of it. The second secret is in the key log.
func (gnutlsClient) renewed(*row, *end) []string { return nil }

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

// bulk: gnutls-cli prints each byte by itself, and gnutls-serv echoes lines, each in a record
// of its own. It closes every connection after half a minute, in which slow machines must come
// to an end.
func (gnutls) bulk(r *row) (size int64, lines bool) {
	if r.role == client {
		return 1 << 20, false
	}
	return 5 << 20, true
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
	w := &p.row.terms.renewal
	if w.flows || p.greeted && (p.row.terms.update != "" || w.asks != "") {
		return said
	}
	p.greeted = true
	return asked
}

// renegotiate is a command that its client sends. What gnutls-serv says of it comes between
// its HelloRequest and its hello. If something fails, the next read tells of it.
func (p *gnutlsServer) renegotiate(_ *row, e *end) {
	_, _ = io.WriteString(e, "**REHANDSHAKE**\n")
	if e.reading != nil {
		_ = e.readThrough("Successfully executed command\n")
		e.peek()
	}
}

func (p *gnutlsServer) renewed(*row, *end) []string { return nil }

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

func (p *gnutlsServer) stream(context.Context, int64, int64) (sent, received string, err error) {
	return "", "", nil
}

func (p *gnutlsServer) update(context.Context, bool) error {
	return errors.New("gnutls-serv cannot be told to")
}
