package peers

import (
	"context"
	"encoding/hex"
	"fmt"
	"os/exec"
	"strings"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/kx"
	"tacet/record"
)

// openssl is the command openssl: s_client and s_server, of version 3.0 or later.
type openssl struct{}

func (openssl) name() string { return "openssl" }

func (openssl) missing() string { return missingProgram("openssl") }

// missingProgram tells why a program cannot be run.
func missingProgram(name string) string {
	if _, err := exec.LookPath(name); err != nil {
		return err.Error()
	}
	return ""
}

func (openssl) lacks(r *row) string {
	switch {
	case r.terms.renewal.limited && r.role == server:
		return "a limit of renegotiations"
	case r.terms.renewal.flows && r.role == client && r.terms.renewal.asks == client:
		return "a handshake of its own wish while there is data"
	case r.denied() && r.role == server || r.terms.renewal.kind != "":
		return "a command for it, or a server that asks a second time"
	case r.terms.group != nil && strings.Contains(r.terms.group.Name(), "MLKEM"):
		return "ML-KEM, in 3.0"
	case r.terms.sizes.ours != 0 || r.terms.sizes.theirs != 0:
		return "record_size_limit, in 3.0"
	case r.terms.half != "":
		return "half closing: it ends when it is told that the other side does"
	}
	return ""
}

// flags are what s_client and s_server have in common.
func (openssl) flags(r *row) []string {
	t := &r.terms
	least, most := r.span(r.role)
	args := []string{
		"-min_protocol", least.String(), "-max_protocol", most.String(), "-keymatexport", exporterLabel, "-keymatexportlen", "32", "-keylogfile", r.file("keys"),
		"-CAfile", r.caFile(), "-verify_return_error",
	}
	switch {
	case t.suite != nil && t.suite.TLS13():
		args = append(args, "-ciphersuites", t.suite.OpenSSL)
	default:
		args = append(args, "-cipher", r.ciphers())
	}
	if r.psk() {
		args = append(args, "-psk_identity", pskIdentity, "-psk", hex.EncodeToString([]byte(pskKey)))
	}
	if t.renewal.refused && t.renewal.asks != r.role {
		args = append(args, "-no_renegotiation")
	}
	if t.noETM {
		args = append(args, "-no_etm")
	}
	if t.byID {
		args = append(args, "-no_ticket")
	}
	if t.group != nil {
		args = append(args, "-groups", t.group.OpenSSL())
	}
	if t.modes != "" {
		args = append(args, "-allow_no_dhe_kex")
	}
	if t.modes == modesNoGroup {
		args = append(args, "-groups", retryGroup.OpenSSL())
	}
	if t.update != "" {
		args = append(args, "-msg")
	}
	return args
}

// ciphers is the cipher list of a program with OpenSSL.
func (r *row) ciphers() string {
	list := "DEFAULT"
	if s := r.terms.suite; s != nil && !s.TLS13() {
		list = s.OpenSSL
	}
	switch {
	case r.weak():
		list += ":@SECLEVEL=0"
	case !r.certified():
		list += fmt.Sprintf(":@SECLEVEL=%d", debianLevel)
	}
	return list
}

// environment is that of openssl: a configuration, for what there is no option for.
func (openssl) environment(r *row) []string {
	if !r.terms.noEMS {
		return nil
	}
	return []string{"OPENSSL_CONF=" + r.write("openssl.cnf", []byte(withoutEMS))}
}

const withoutEMS = `openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = default
[default]
Options = -ExtendedMasterSecret
`

func (o openssl) dial(r *row, addr string) talk {
	t := &r.terms
	args := append([]string{"s_client", "-connect", addr, "-servername", serverName, "-verify_hostname", serverName}, o.flags(r)...)
	if t.retry {
		args = append(args, "-groups", "X25519:"+retryGroup.OpenSSL())
	}
	if t.offered != nil {
		args = append(args, "-alpn", strings.Join(t.offered, ","))
	}
	if c := r.clientCredential(); c != nil {
		cert, key := r.pemFiles("client", c, t.auth.kind)
		args = append(args, "-cert", cert, "-key", key)
	}
	if t.resume {
		args = append(args, r.sessionFlags("-sess_in", "-sess_out")...)
	}
	if t.bulk && t.renewal.asks != client {
		args = append(args, "-nocommands")
	}
	if t.sizes.fragment != 0 {
		args = append(args, "-maxfraglen", fmt.Sprint(t.sizes.fragment))
	}
	if t.staple {
		args = append(args, "-status")
	}
	if t.fallback {
		args = append(args, "-fallback_scsv")
	}
	return opensslTalk{r.start("openssl", o.environment(r), args...)}
}

// sessionFlags has a client that is run twice keep its session, and then use it.
func (r *row) sessionFlags(in, out string) []string {
	file := r.file("session")
	if exists(file) {
		return []string{in, file}
	}
	return []string{out, file}
}

func (o openssl) serve(r *row) talk {
	t := &r.terms
	cert, key := r.pemFiles("server", r.serverCredential(), r.kind())
	args := append([]string{"s_server", "-accept", "127.0.0.1:0"}, o.flags(r)...)
	if t.sni {
		args = append(args, "-servername", serverName, "-cert2", cert, "-key2", key)
		cert, key = r.pemFiles("other", r.otherCredential(), credtest.OtherP256)
	}
	args = append(args, "-cert", cert, "-key", key, "-cert_chain", cert)
	if t.dh != nil {
		args = append(args, "-dhparam", r.write("dhparam.pem", dhParams(t.dh)))
	}
	if t.hint != "" {
		args = append(args, "-psk_hint", t.hint)
	}
	if t.renewal.asks == client && !t.renewal.refused {
		args = append(args, "-client_renegotiation")
	}
	if t.staple {
		args = append(args, "-status_file", r.write("ocsp", r.staple()))
	}
	if t.retry {
		args = append(args, "-groups", retryGroup.OpenSSL())
	}
	if t.accepted != nil {
		args = append(args, "-alpn", strings.Join(t.accepted, ","))
	}
	switch t.auth.ask {
	case handshake.RequestClientCert:
		args = append(args, "-verify", "5")
	case handshake.RequireClientCert:
		args = append(args, "-Verify", "5")
	}
	if t.resume {
		args = append(args, "-naccept", "2")
	} else {
		args = append(args, "-naccept", "1")
	}
	p := r.start("openssl", o.environment(r), args...)
	match, err := p.await(r.ctx, `ACCEPT (127\.0\.0\.1:\d+)\n`)
	if err != nil {
		r.Fatal(err)
	}
	p.host = match[1]
	return opensslTalk{p}
}

func (openssl) says(r *row, e *end) []string {
	s := e.State()
	switch {
	case r.renewed && r.role == server:
		return []string{fmt.Sprintf("%d server accepts that finished", 1+max(r.terms.renewal.times, 1))}
	case r.renewed:
		return nil
	}
	list := []string{"Keying material: " + strings.ToUpper(e.exporter())}
	if s.ALPN != "" {
		list = append(list, "ALPN protocol.*: "+s.ALPN)
	}
	if r.role == server {
		if s.Resumed {
			list = append(list, "(?i)Reused session-id")
		}
		if r.shows() {
			list = append(list, "subject=CN = "+clientName)
		}
		if r.terms.update == updateTheirs {
			list = append(list, "<<< TLS 1.3, Handshake.*KeyUpdate") // as it has requested
		}
		return append(list, "CIPHER is "+s.Suite.OpenSSL)
	}
	if r.terms.update == updateTheirs {
		list = append(list, "<<< TLS 1.3, Handshake.*KeyUpdate")
	}
	how := "New"
	if s.Resumed || r.terms.external { // which are the same to it
		how = "Reused"
	}
	if s.Group != nil && !s.Resumed {
		list = append(list, serverTempKey(s.Group))
	}
	if r.certified() && !s.Resumed {
		list = append(list, "subject=CN = "+serverName)
	}
	if r.terms.staple {
		list = append(list, `OCSP Response Status: successful`)
	}
	if r.terms.hint != "" {
		list = append(list, "PSK identity hint: "+r.terms.hint)
	}
	return append(list, fmt.Sprintf("%s, (TLS|SSL)v.*, Cipher is %s", how, s.Suite.OpenSSL), `Verify return code: 0 \(ok\)`)
}

// serverTempKey is what s_client says of the server's share.
func serverTempKey(g kx.Group) string {
	if p, _ := kx.DHParams(g); p != nil {
		return fmt.Sprintf("Server Temp Key: DH, %d bits", 8*len(p))
	}
	return "Server Temp Key:.*" + g.OpenSSL()
}

func (openssl) told(a record.Alert) string { return fmt.Sprintf("SSL alert number %d", a) }

func (openssl) tells(r *row) []record.Alert { return nil }

// opensslTalk is a running s_client or s_server.
type opensslTalk struct{ *program }

func (p opensslTalk) greet() string {
	p.say("openssl says\n")
	return "openssl says"
}

// update uses the commands k and K, which are a line each: what was typed with them would be lost.
func (p opensslTalk) update(ctx context.Context, request bool) error {
	command, sent := "k\n", `>>> TLS 1.3, Handshake.*KeyUpdate`
	if request {
		command, sent = "K\n", `(?s)`+sent+`.*`+sent
	}
	p.say(command)
	_, err := p.await(ctx, sent)
	return err
}

// flows: it takes data in a handshake only if it does not send any itself.
func (openssl) flows(*row) (sends, listens bool) { return false, true }

// renegotiate uses the commands R, and r of s_server, which are a line each.
func (p opensslTalk) renegotiate(r *row, _ *end) {
	command := "R\n"
	if r.role == server && r.terms.renewal.auth == handshake.NoClientCert {
		command = "r\n"
	}
	p.say(command)
}

// renewed: nothing is said at once. The second secret is in the key log.
func (opensslTalk) renewed(*row, *end) []string { return nil }

// noKeyLog tells that a second context of s_server logs no keys.
func (openssl) noKeyLog(r *row) bool { return r.terms.sni && r.role == server }
