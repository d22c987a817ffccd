package peers

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// boringssl is BoringSSL's command bssl, which Debian calls bssl-tool.
type boringssl struct{}

func (boringssl) name() string { return "boringssl" }

func (boringssl) command() string {
	if missingProgram("bssl") == "" {
		return "bssl"
	}
	return "bssl-tool"
}

func (b boringssl) missing() string {
	if why := missingProgram(b.command()); why != "" {
		return why
	}
	return whyUnobservable()
}

func (boringssl) lacks(r *row) string {
	t := &r.terms
	switch {
	case t.renewal.asks != "":
		return "a way to ask for it"
	case t.kind == credtest.Ed448 || t.kind == credtest.RSAPSS || t.auth.kind == credtest.Ed448 || t.auth.kind == credtest.RSAPSS:
		return "Ed448 and keys for RSASSA-PSS alone"
	case t.sizes != (sizes{}) || t.staple || t.fallback:
		return "an option for it"
	case t.kind == credtest.RSA1024 || t.auth.kind == credtest.RSA1024 || t.dh != nil || t.noETM || t.noEMS || t.byID || t.modes != "" || r.psk():
		return "an option for it"
	case t.suite != nil && !boringHas(t.suite):
		return "other suites"
	case t.group != nil && boringCurves[t.group.ID()] == "":
		return "X448, and ML-KEM in some versions"
	case t.half != "":
		return "half closing: it ends when it is told that the other side does"
	case t.update == updateTheirs || t.sni && r.role == server:
		return "an option for it"
	case t.fault == faultName && r.role == client:
		return "a check of names in bssl client"
	}
	if r.role == client {
		return ""
	}
	switch {
	case t.accepted != nil || t.auth.ask == handshake.RequestClientCert || t.auth.stranger || t.auth.kind != "" && t.resume:
		return "an option for it in bssl server"
	case t.auth.kind == credtest.Ed25519 || t.auth.kind == credtest.P521:
		return "an option to accept it of a client"
	}
	return ""
}

var boringCurves = map[kx.ID]string{kx.X25519: "X25519", kx.P256: "P-256", kx.P384: "P-384", kx.P521: "P-521"}

// boringHas reports whether BoringSSL has a suite.
func boringHas(s *suites.Suite) bool {
	switch s.Kx {
	case suites.KxECDHE, suites.KxRSA:
		sha2 := s.BlockCipher() && s.MACName != "SHA1"
		return s.Auth != suites.AuthNone && s.Bits > 0 && !sha2 && !strings.Contains(s.Name, "CCM")
	case suites.KxAny:
		return !strings.Contains(s.Name, "CCM")
	}
	return false
}

// etmless: BoringSSL does not know encrypt_then_mac.
func (boringssl) etmless() {}

// flags are what bssl client and bssl server have in common.
func (boringssl) flags(r *row, curves ...kx.ID) []string {
	t := &r.terms
	names := map[record.Version]string{
		record.TLS10: "tls1", record.TLS11: "tls1.1", record.TLS12: "tls1.2", record.TLS13: "tls1.3",
	}
	least, most := r.span(r.role)
	args := []string{"-min-version", names[least], "-max-version", names[most]}
	if t.suite != nil && !t.suite.TLS13() {
		args = append(args, "-cipher", t.suite.OpenSSL)
	}
	if t.group != nil {
		curves = []kx.ID{t.group.ID()}
	}
	if len(curves) > 0 {
		var names []string
		for _, id := range curves {
			names = append(names, boringCurves[id])
		}
		args = append(args, "-curves", strings.Join(names, ":"))
	}
	return args
}

func (b boringssl) dial(r *row, addr string) talk {
	t := &r.terms
	var curves []kx.ID
	if t.retry {
		curves = []kx.ID{kx.X25519, retryGroup.ID()}
	}
	args := append([]string{"client", "-connect", addr, "-server-name", serverName, "-root-certs", r.caFile()}, b.flags(r, curves...)...)
	switch r.kind() { // which it has, but not by default
	case credtest.Ed25519:
		args = append(args, "-sigalgs", "ed25519:ecdsa_secp256r1_sha256")
	case credtest.P521:
		args = append(args, "-sigalgs", "ecdsa_secp521r1_sha512:ecdsa_secp256r1_sha256", "-curves", "X25519:P-256:P-521")
	}
	if t.offered != nil {
		args = append(args, "-alpn-protos", strings.Join(t.offered, ","))
	}
	if c := r.clientCredential(); c != nil {
		cert, key := r.pemFiles("client", c, t.auth.kind)
		args = append(args, "-cert", cert, "-key", key)
	}
	if t.resume {
		args = append(args, r.sessionFlags("-session-in", "-session-out")...)
	}
	return boringTalk{r.start(b.command(), nil, args...), r}
}

func (b boringssl) serve(r *row) talk {
	t := &r.terms
	var curves []kx.ID
	if t.retry {
		curves = []kx.ID{retryGroup.ID()}
	}
	cert, key := r.pemFiles("server", r.serverCredential(), r.kind())
	args := append([]string{"server", "-cert", cert, "-key", key}, b.flags(r, curves...)...)
	if t.auth.ask == handshake.RequireClientCert {
		args = append(args, "-require-any-client-cert")
	}
	if t.resume {
		args = append(args, "-loop")
	}
	return boringTalk{r.observed(func() *program {
		return r.start(b.command(), nil, append(args, "-accept", "0")...)
	}), r}
}

func (boringssl) says(r *row, e *end) []string {
	s := e.State()
	resumed := "no"
	if s.Resumed {
		resumed = "yes"
	}
	list := []string{
		fmt.Sprintf("Version: %v", s.Version), "Cipher: " + s.Suite.Name, "Resumed session: " + resumed,
		"Secure renegotiation: yes", "Extended master secret: yes", "ALPN protocol: " + s.ALPN,
	}
	if s.Group != nil && !s.Resumed {
		list = append(list, "ECDHE curve: "+boringCurves[s.Group.ID()])
	}
	if r.role == server {
		return append(list, "Client sent SNI: "+serverName)
	}
	return append(list, "Cert subject: CN = "+serverName)
}

func (boringssl) told(a record.Alert) string { return fmt.Sprintf("SSL alert number %d", a) }

func (boringssl) tells(r *row) []record.Alert { return nil }

// truncates: bssl closes its side of the transport without a close_notify.
func (boringssl) truncates() {}

// bulk: bssl sends 512 bytes a record.
func (boringssl) bulk(r *row) (size int64, lines bool) { return 4 << 20, false }

// boringTalk is a running bssl client or bssl server.
type boringTalk struct {
	*program
	row *row
}

func (p boringTalk) greet() string {
	p.say("boringssl says\n")
	return "boringssl says"
}

// awaitEnd ends a server that serves one after the other for ever.
func (p boringTalk) awaitEnd(ctx context.Context) error {
	if p.row.terms.resume && p.row.role == server {
		_ = p.cmd.Process.Kill()
	}
	return p.program.awaitEnd(ctx)
}

func (boringTalk) update(context.Context, bool) error {
	return errors.New("bssl cannot be told to")
}
