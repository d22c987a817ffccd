package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/record"
	"tacet/suites"
)

// alertScript answers with what node's client says of a server that greets it with an
// alert.
const alertScript = `
const tls = require('tls'), net = require('net');
const ask = n => new Promise(done => {
  const server = net.createServer(s => { s.on('error', () => {}); s.once('data', () => s.end(Buffer.from([21, 3, 3, 0, 2, 2, n]))); });
  server.listen(0, '127.0.0.1', () => {
    const s = tls.connect({port: server.address().port, host: '127.0.0.1'});
    s.on('error', e => done({code: e.code ?? '', reason: e.reason ?? ''}));
    s.on('close', () => server.close());
  });
});
Promise.all(Q.map(ask)).then(a => console.log(JSON.stringify(a)));`

// TestCodesOfAlerts compares the codes of every alert there can be with node's.
func TestCodesOfAlerts(t *testing.T) {
	var alerts []int
	for i := range 256 {
		alerts = append(alerts, i)
	}
	for i, answer := range recorded(t, "alerts", alertScript, alerts) {
		var want struct{ Code, Reason string }
		if err := json.Unmarshal(answer, &want); err != nil {
			t.Fatal(err)
		}
		err := &handshake.Error{Kind: handshake.KindAlertReceived, Alert: record.Alert(i)}
		if got := CodeOf(err); string(got) != want.Code || got.Reason() != want.Reason {
			t.Errorf("alert %d: %q (%q), node says %q (%q)", i, got, got.Reason(), want.Code, want.Reason)
		}
	}
}

// opensslReasons are the texts of the errors of OpenSSL's libssl, as on record; where
// openssl is installed, its own are compared.
func opensslReasons(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/sslreasons.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(text)), "\n")
	t.Run("live", func(t *testing.T) {
		version, err := exec.Command("openssl", "version").Output()
		if err != nil || !strings.HasPrefix(string(version), "OpenSSL 3.0.") {
			missing(t, fmt.Sprintf("openssl is %q and not 3.0", version))
		}
		var args []string
		for i := range 1200 {
			args = append(args, fmt.Sprintf("%X", 0x0A000001+i))
		}
		out, err := exec.Command("openssl", append([]string{"errstr"}, args...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		var live []string
		for line := range strings.Lines(string(out)) {
			reason := strings.TrimSpace(line[strings.LastIndex(line, ":")+1:])
			if reason != "" && !strings.HasPrefix(reason, "reason(") {
				live = append(live, reason)
			}
		}
		slices.Sort(live)
		if !slices.Equal(slices.Compact(live), want) {
			t.Errorf("on record are others:\n%s", strings.Join(live, "\n"))
		}
	})
	return want
}

// TestCodesOfKinds demands a code of every kind of failure, and that OpenSSL has the reason
// that it names.
func TestCodesOfKinds(t *testing.T) {
	reasons := []string{"asn1 lib"} // a reason of all libraries
	for _, r := range opensslReasons(t) {
		reasons = append(reasons, strings.ToLower(r))
	}
	for k := handshake.KindNone + 1; k < 255 && k.String() != "" && k != handshake.KindNotSecure; k++ {
		code, ok := codesOfKinds[k]
		if !ok && !causes[k] && k != handshake.KindAlertReceived {
			t.Errorf("%v has no code", k)
		}
		if r := code.Reason(); r != "" && !slices.Contains(reasons, r) {
			t.Errorf("%v: OpenSSL has no reason %q", k, r)
		}
	}
	for _, row := range codesOfFields {
		if !slices.Contains(reasons, row.code.Reason()) {
			t.Errorf("%v: OpenSSL has no reason %q", row.field, row.code.Reason())
		}
	}
	for k, code := range codesOfLists {
		if r := code.Reason(); r != "" && !slices.Contains(reasons, r) {
			t.Errorf("%v: OpenSSL has no reason %q", k, r)
		}
	}
}

// TestCodeOf checks codes against those that node 20 was seen to give.
func TestCodeOf(t *testing.T) {
	http := func(first record.Type) error {
		return &handshake.Error{Kind: handshake.KindHTTPRequest, Err: &record.Error{Kind: record.KindHTTP, Type: first}}
	}
	for _, c := range []struct {
		err  error
		want Code
	}{
		{nil, ""},
		{&handshake.Error{Kind: handshake.KindClosedInHandshake}, "ECONNRESET"},
		{http('G'), "ERR_SSL_HTTP_REQUEST"},
		{http('C'), "ERR_SSL_HTTPS_PROXY_REQUEST"},
		{&handshake.Error{Kind: handshake.KindBadRecordMAC}, "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC"},
		{&handshake.Error{Kind: handshake.KindVerification, Err: &cred.Error{Code: "CERT_HAS_EXPIRED"}}, "CERT_HAS_EXPIRED"},
		{&handshake.Error{Kind: handshake.KindVerification, Err: &AltNameError{Code: CodeAltNameInvalid}}, "ERR_TLS_CERT_ALTNAME_INVALID"},
		{&handshake.Error{Kind: handshake.KindRefused, Err: errors.New("no")}, ""},
		{&handshake.Error{Kind: handshake.KindRefused, Err: &Error{Code: "ERR_MULTIPLE_CALLBACK"}}, "ERR_MULTIPLE_CALLBACK"},
		{&handshake.Error{Kind: handshake.KindReadFailed, Err: syscall.ECONNRESET}, "ECONNRESET"},
		{&handshake.Error{Kind: handshake.KindTruncated, Err: io.ErrUnexpectedEOF}, "ECONNRESET"},
		{&handshake.Error{Kind: handshake.KindNotSecure}, ""},
		{&handshake.Error{Kind: handshake.KindClosed}, "ERR_STREAM_WRITE_AFTER_END"},
		{&suites.Error{Kind: suites.KindNoMatch}, "ERR_SSL_NO_CIPHER_MATCH"},
		{fmt.Errorf("read: %w", context.DeadlineExceeded), "ERR_TLS_HANDSHAKE_TIMEOUT"},
		{context.Canceled, "ABORT_ERR"},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, "ECONNREFUSED"},
		{&net.DNSError{Name: "nowhere.invalid", IsNotFound: true}, "ENOTFOUND"},
		{&Error{Err: syscall.EPIPE}, "EPIPE"},
		{io.ErrShortWrite, ""},
	} {
		if got := CodeOf(c.err); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
}

// TestErrorsAs: what a connection returns has a code that errors.Is knows, says what the engine
// says once, and still holds it.
func TestErrorsAs(t *testing.T) {
	expired := &cred.Error{Kind: cred.KindExpired, Code: cred.KindExpired.Code()}
	for _, c := range []struct {
		err           error
		code          Code
		message, text string
	}{
		{&handshake.Error{Kind: handshake.KindVerification, Err: expired}, CodeExpired, "certificate has expired",
			"tls: certificate is not trusted: certificate has expired (CERT_HAS_EXPIRED)"},
		{&handshake.Error{Kind: handshake.KindRecordVersion}, CodeWrongVersionNumber, "wrong version number",
			"tls: wrong version in record header (ERR_SSL_WRONG_VERSION_NUMBER)"},
		{&handshake.Error{Kind: handshake.KindAlertReceived, Alert: record.AlertUnknownCA}, CodeAlertUnknownCA, "tlsv1 alert unknown ca",
			"tls: received alert: unknown_ca (ERR_SSL_TLSV1_ALERT_UNKNOWN_CA)"},
		{io.ErrUnexpectedEOF, CodeConnectionReset, "", "unexpected EOF (ECONNRESET)"},
		{io.ErrShortWrite, "", "", "short write"},
	} {
		err := coded(c.err)
		var own *Error
		if !errors.As(err, &own) || own.Code != c.code || own.Message != c.message || err.Error() != c.text {
			t.Errorf("%v: %#v %q", c.err, own, err)
		}
		if c.code != "" && !errors.Is(err, c.code) || !errors.Is(err, c.err) || errors.Is(err, CodeRevoked) {
			t.Errorf("%v is something else", err)
		}
		if again := coded(fmt.Errorf("read: %w", err)); !errors.Is(again, err) || strings.Count(again.Error(), string(c.code)) > 1 && c.code != "" {
			t.Errorf("coded twice: %v", again)
		}
	}
	if coded(nil) != nil {
		t.Error("nothing has a code")
	}
	e := &Error{Code: "ERR_INVALID_ARG_VALUE", Option: "ticketKeys", Message: "must be exactly 48 bytes", Err: errors.New(strconv.Itoa(47))}
	if got, want := e.Error(), "ticketKeys: must be exactly 48 bytes: 47 (ERR_INVALID_ARG_VALUE)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
