package transport

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"tacet/handshake/cred/credtest"
)

// intruders are first bytes of peers that speak no TLS, or none that is right.
func intruders() []string {
	hello := "\x03\x03" + strings.Repeat("r", 32) + "\x00\x00\x02\x13\x01\x01\x00"
	const (
		versions = "\x00\x2b\x00\x03\x02\x03\x04"
		groups   = "\x00\x0a\x00\x04\x00\x02\x00\x17"
		schemes  = "\x00\x0d\x00\x04\x00\x02\x04\x03"
		shares   = "\x00\x33\x00\x02\x00\x00"
	)
	with := func(extensions ...string) string { // a hello of TLS 1.3
		all := strings.Join(extensions, "")
		body := hello + "\x00" + string(rune(len(all))) + all
		return "\x16\x03\x01\x00" + string(rune(len(body)+4)) + "\x01\x00\x00" + string(rune(len(body))) + body
	}
	return []string{
		with(versions, groups, schemes), with(versions, groups, shares), with(versions, schemes, shares), with(versions, schemes, shares, groups, groups),
		with(versions, groups, schemes, shares, "\x00\x00\x00\x03\x00\x05\x00"), with(versions, groups, schemes, "\x00\x33\x00\x07\x00\x05\x00\x18\x00\x01\x04"),
		with("\x00\x2b\x00\x03\x02\x03\x00", groups, schemes, shares), with(versions, groups, "\x00\x0d\x00\x00", shares), with("\xff\x01\x00\x02\x01\x00"),
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.0\r\n\r\n", "HEAD / HTTP/1.1\r\n\r\n", "PUT / HTTP/1.1\r\n\r\n", "DELETE / HTTP/1.1\r\n\r\n", "OPTIONS * HTTP/1.1\r\n\r\n",
		"CONNECT a:443 HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "220 mail.example ESMTP\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b", strings.Repeat("\xff", 20), strings.Repeat("\x00", 20),
		"\x80\x2e\x01\x00\x02" + strings.Repeat("x", 60),                                      // SSL 2.0
		"\x16\x02\x00\x00\x05hello", "\x16\x03\x04\x00\x05hello", "\x16\x04\x00\x00\x05hello", // versions
		"\x16\x03\x03\xff\xff" + strings.Repeat("x", 40), "\x16\x03\x01\x48\x01" + strings.Repeat("x", 40), // lengths
		"\x17\x03\x03\x00\x05hello", "\x14\x03\x03\x00\x01\x01", "\x18\x03\x03\x00\x05hello", "\x63\x03\x03\x00\x05hello", // types
		"\x15\x03\x03\x00\x02\x02\x28", "\x15\x03\x03\x00\x02\x01\x5a", "\x15\x03\x03\x00\x02\x01\x00", "\x15\x03\x03\x00\x02\x03\x28", "\x15\x03\x03\x00\x01\x02", // alerts
		"\x16\x03\x01\x00\x05\x63\x00\x00\x01\x00", "\x16\x03\x01\x00\x04\x00\x00\x00\x00", "\x16\x03\x01\x00\x04\x14\x00\x00\x00", // messages
		"\x16\x03\x01\x00\x04\x01\x00\x00\x00", "\x16\x03\x01\x00\x04\x02\x00\x00\x00", "\x16\x03\x01\x00\x04\x01\xff\xff\xff", "\x16\x03\x01\x00\x04\x02\xff\xff\xff",
		"\x16\x03\x01\x00\x2f\x01\x00\x00\x2b" + hello, "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x02" + hello[1:], "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b" + hello[:len(hello)-1] + "\x01",
		"\x16\x03\x01\x00\x00", "\x16\x03\x01", "", // ends too early
	}
}

// otherwise are the codes of ours where they are not node's.
var otherwise = map[string]struct {
	ours codes
	why  string
}{
	"\x80\x2e\x01\x00\x02" + strings.Repeat("x", 60): {codes{CodeUnsupportedProtocol, CodeUnsupportedProtocol}, "SSL 2.0 is known, and never read"},
	"\x14\x03\x03\x00\x01\x01":                       {codes{CodeConnectionReset, unexpected}, "a client drops change_cipher_spec (RFC 9846 §5)"},
	"\x15\x03\x03\x00\x02\x02\x28":                   {codes{CodeAlertHandshakeFailure, CodeAlertHandshakeFailure}, earlyAlert},
	"\x15\x03\x03\x00\x02\x01\x5a":                   {codes{CodeConnectionReset, CodeConnectionReset}, earlyAlert},
	"\x15\x03\x03\x00\x02\x01\x00":                   {codes{CodeConnectionReset, CodeConnectionReset}, earlyAlert},
	"\x15\x03\x03\x00\x02\x03\x28":                   {codes{"ERR_SSL_UNKNOWN_ALERT_TYPE", "ERR_SSL_UNKNOWN_ALERT_TYPE"}, earlyAlert},
	"\x15\x03\x03\x00\x01\x02":                       {codes{"ERR_SSL_INVALID_ALERT", "ERR_SSL_INVALID_ALERT"}, earlyAlert},
	"\x16\x03\x01\x00\x04\x00\x00\x00\x00":           {codes{unexpected, unexpected}, "before its ServerHello a server has nothing to renegotiate"},
	"\x16\x03\x01\x00\x04\x01\x00\x00\x00":           {codes{unexpected, "ERR_SSL_LENGTH_MISMATCH"}, "OpenSSL has several reasons for what does not parse"},
	"\x16\x03\x01\x00\x04\x01\xff\xff\xff":           {codes{tooLong, tooLong}, "the length is looked at first"},
	"\x16\x03\x01\x00\x04\x02\xff\xff\xff":           {codes{tooLong, tooLong}, "the length is looked at first"},
	"\x16\x03\x01\x00\x00":                           {codes{"ERR_SSL_BAD_LENGTH", "ERR_SSL_BAD_LENGTH"}, "handshake records are not empty (RFC 9846 §5.1)"},
}

const (
	earlyAlert = "an alert says what it says, even if nothing came before"
	unexpected = Code("ERR_SSL_UNEXPECTED_MESSAGE")
	tooLong    = Code("ERR_SSL_EXCESSIVE_MESSAGE_SIZE")
)

// intruderScript answers with the codes of a server and of a client that get the bytes,
// and then the end.
const intruderScript = `
const tls = require('tls'), net = require('net');
const atServer = q => new Promise(done => {
  const server = tls.createServer({cert: q.cert, key: q.key}, s => s.on('error', () => {}));
  server.on('tlsClientError', e => { done(e.code ?? ''); server.close(); });
  server.listen(0, '127.0.0.1', () => { const s = net.connect(server.address().port, '127.0.0.1', () => s.end(Buffer.from(q.bytes, 'base64'))); s.on('error', () => {}).resume(); });
});
const atClient = q => new Promise(done => {
  const server = net.createServer(s => { s.on('error', () => {}).once('data', () => s.end(Buffer.from(q.bytes, 'base64'))); });
  server.listen(0, '127.0.0.1', () => {
    const s = tls.connect({port: server.address().port, host: '127.0.0.1'});
    s.on('error', e => { done(e.code ?? ''); server.close(); });
  });
});
Promise.all(Q.map(async q => ({server: await atServer(q), client: await atClient(q)}))).then(a => console.log(JSON.stringify(a)));`

// TestNotTLS compares the codes of both sides where the peer says what is not TLS with node's.
func TestNotTLS(t *testing.T) {
	o := withPair(t, SecureContextOptions{CA: [][]byte{credtest.CA(t).PEM()}}, credtest.P256)
	var questions []map[string]any
	for _, s := range intruders() {
		questions = append(questions, map[string]any{
			"cert": string(o.Cert[0]), "key": string(o.Key[0].PEM), "bytes": base64.StdEncoding.EncodeToString([]byte(s)),
		})
	}
	server, err := NewServer(ServerOptions{SecureContextOptions: o})
	if err != nil {
		t.Fatal(err)
	}
	for i, answer := range recorded(t, "nottls", intruderScript, questions) {
		var node codes
		if err := json.Unmarshal(answer, &node); err != nil {
			t.Fatal(err)
		}
		said := intruders()[i]
		a, b := net.Pipe()
		accepted, err := NewSocket(a, SocketOptions{Server: server})
		if err != nil {
			t.Fatal(err)
		}
		go intrude(b, said, false)
		got := codes{Server: CodeOf(accepted.Handshake())}
		_ = accepted.Close()
		a, b = net.Pipe()
		go intrude(b, said, true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		_, err = Connect(ctx, ConnectionOptions{Socket: a, SecureContextOptions: SecureContextOptions{CA: o.CA}})
		cancel()
		want := node
		if o, ok := otherwise[said]; ok {
			want = o.ours
		}
		if got.Client = CodeOf(err); got != want {
			t.Errorf("%q: %q, want %q, node says %q", said, got, want, node)
		}
	}
}

// intrude says something, once it has heard something if it is to, and ends. What it is
// told meanwhile it hears.
func intrude(c net.Conn, said string, hears bool) {
	defer c.Close()
	if hears {
		_, _ = c.Read(make([]byte, 1<<12))
	}
	go io.Copy(io.Discard, c)
	_, _ = io.WriteString(c, said)
}
