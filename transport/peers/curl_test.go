package peers

import (
	"context"
	"errors"
	"slices"
	"strings"

	"tacet/record"
)

// curl is the command curl, built with OpenSSL: a client only.
type curl struct{}

func (curl) name() string { return "curl" }

func (curl) missing() string { return missingProgram("curl") }

func (curl) lacks(r *row) string {
	t := &r.terms
	switch {
	case t.renewal.asks != "":
		return "a way to ask for it"
	case r.role == server:
		return "a server"
	case t.sizes != (sizes{}) || t.staple || t.fallback || t.downgrade:
		return "an option for it"
	case r.version < record.TLS12 || r.psk() || r.anonymous() || r.weak() || t.noEMS || t.noETM || t.byID || t.modes != "":
		return "an option for it"
	case t.group != nil && strings.Contains(t.group.Name(), "MLKEM"):
		return "ML-KEM, with OpenSSL 3.0"
	case t.resume && r.version < record.TLS13:
		return "session tickets of TLS 1.2"
	case t.bulk || t.half != "" || t.update != "":
		return "a conversation of other than a request and an answer"
	case t.offered != nil && !slices.Equal(t.offered, []string{"http/1.1"}):
		return "a choice of protocols"
	}
	return ""
}

func (curl) serve(r *row) talk {
	r.Fatal("curl does not serve")
	return nil
}

func (curl) dial(r *row, addr string) talk {
	t := &r.terms
	version := strings.TrimPrefix(r.version.String(), "TLSv")
	args := []string{
		"--silent", "--show-error", "--verbose", "--tlsv" + version, "--tls-max", version,
		"--cacert", r.caFile(), "--resolve", serverName + ":" + portOf(addr) + ":127.0.0.1",
	}
	if t.offered != nil {
		args = append(args, "--http1.1")
	} else {
		args = append(args, "--http1.0", "--no-alpn")
	}
	switch {
	case t.suite != nil && t.suite.TLS13():
		args = append(args, "--tls13-ciphers", t.suite.OpenSSL)
	case t.suite != nil:
		args = append(args, "--ciphers", t.suite.OpenSSL)
	}
	switch {
	case t.group != nil:
		args = append(args, "--curves", t.group.OpenSSL())
	case t.retry:
		args = append(args, "--curves", "X25519:"+retryGroup.OpenSSL())
	}
	if c := r.clientCredential(); c != nil {
		cert, key := r.pemFiles("client", c, t.auth.kind)
		args = append(args, "--cert", cert, "--key", key)
	}
	url := "https://" + serverName + ":" + portOf(addr) + "/tacet"
	for range r.connections() {
		args = append(args, url)
	}
	return curlTalk{r.start("curl", nil, args...)}
}

// reconnects: curl uses its sessions for as long as it runs, which is for two URLs then.
func (curl) reconnects() bool { return true }

func (curl) says(r *row, e *end) []string {
	s := e.State()
	list := []string{"SSL connection using " + s.Version.String() + " / " + s.Suite.OpenSSL}
	if s.ALPN != "" {
		list = append(list, "ALPN: server accepted "+s.ALPN)
	}
	if s.Resumed {
		list = append(list, "SSL re-using session ID")
	}
	return append(list, "SSL certificate verify ok", "subject: CN="+serverName)
}

// told: it says what an alert is for, without its number.
func (curl) told(a record.Alert) string {
	return "alert " + strings.ReplaceAll(a.String(), "_", " ")
}

// tells: curl looks at the name after the handshake, and then just closes.
func (curl) tells(r *row) []record.Alert {
	if r.terms.fault == faultName {
		return []record.Alert{}
	}
	return nil
}

// curlTalk is a running curl.
type curlTalk struct{ *program }

// greet is the request that curl makes anyway.
func (curlTalk) greet() string { return asked }

func (curlTalk) quit() {}

func (curlTalk) stream(context.Context, int64, int64) (sent, received string, err error) {
	return "", "", errors.New("curl streams nothing")
}

func (curlTalk) update(context.Context, bool) error {
	return errors.New("curl cannot be told to")
}
