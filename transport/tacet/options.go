package main

import (
	"flag"
	"fmt"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/record"
)

// options are node's, as they stand on the command line of either side.
type options struct {
	set                                        flagSet
	side                                       role
	draw                                       bool // a command's own wish: tell all
	certs, keys, pfx, cas, crls, ocsp          list
	passphrase, ciphers, ecdhCurve, sigalgs    string
	minVersion, maxVersion, alpn, keylog       string
	dhparam, pskIdentityHint, sessionIDContext string
	ticketKeys, servername, session            string
	psk                                        preShared
	rejectUnauthorized, useSystemCA            bool
	requestCert, honorCipherOrder, requestOCSP bool
	trace, json                                bool
	handshakeTimeout, sessionTimeout           int
	maxSendFragment, minDHSize                 int
}

// commandSet says which commands have an option.
type commandSet uint8

const (
	ofConnect commandSet = 1 << iota
	ofTrace
	ofServe
	ofClients = ofConnect | ofTrace
	ofAll     = ofClients | ofServe
)

// option is a row of the table of options, in the order in which they are taken:
// of several faults the first is told.
type option struct {
	name string
	of   commandSet
	text string                                        // names the value in backquotes
	at   func(*options) any                            // where the value is kept
	take func(*options, *handshake.Config) (err error) // nil if it stands in no Config
}

// table is all options.
var table = []option{
	{"min-version", ofAll, "lowest `VERSION`; TLSv1 and TLSv1.1 need --ciphers with @SECLEVEL=0",
		func(o *options) any { return &o.minVersion }, (*options).takeMinVersion},
	{"max-version", ofAll, "highest `VERSION`",
		func(o *options) any { return &o.maxVersion }, (*options).takeMaxVersion},
	{"ciphers", ofAll, "cipher `LIST` of OpenSSL, with TLS_ names for TLS 1.3, and @SECLEVEL=n",
		func(o *options) any { return &o.ciphers }, (*options).takeCiphers},
	{"honor-cipher-order", ofServe, "follow the server's order of ciphers, not the client's",
		func(o *options) any { return &o.honorCipherOrder }, (*options).takeOrder},
	{"ecdh-curve", ofAll, "groups, by colons: `LIST`",
		func(o *options) any { return &o.ecdhCurve }, (*options).takeGroups},
	{"dhparam", ofServe, "group of the DHE ciphers in PEM, or auto: `FILE`; none without",
		func(o *options) any { return &o.dhparam }, (*options).takeDH},
	{"min-dh-size", ofClients, "fewest `bits` of a server's DHE group",
		func(o *options) any { return &o.minDHSize }, (*options).takeMinDH},
	{"sigalgs", ofAll, "signature schemes, by colons: `LIST`",
		func(o *options) any { return &o.sigalgs }, (*options).takeSchemes},
	{"alpn-protocols", ofAll, "protocols, by commas: `LIST`",
		func(o *options) any { return &o.alpn }, (*options).takeALPN},
	{"cert", ofAll, "certificate chain in PEM, leaf first: `FILE`; may be repeated",
		func(o *options) any { return &o.certs }, (*options).takeCredentials},
	{"key", ofAll, "private key in PEM of the --cert in the same place: `FILE`; without one it is in the --cert",
		func(o *options) any { return &o.keys }, nil},
	{"pfx", ofAll, "certificate chain and private key in PKCS #12: `FILE`; may be repeated",
		func(o *options) any { return &o.pfx }, (*options).takePFX},
	{"passphrase", ofAll, "`TEXT` that opens --key and --pfx",
		func(o *options) any { return &o.passphrase }, nil},
	{"ocsp", ofServe, "OCSP response in DER to staple to the --cert or --pfx in the same place: `FILE`; may be repeated",
		func(o *options) any { return &o.ocsp }, (*options).takeStaples},
	{"request-ocsp", ofClients, "ask for a stapled OCSP response",
		func(o *options) any { return &o.requestOCSP }, (*options).takeRequestOCSP},
	{"ca", ofAll, "certificates to trust, in PEM, in place of Mozilla's: `FILE`; may be repeated",
		func(o *options) any { return &o.cas }, (*options).takeVerifier},
	{"use-system-ca", ofAll, "trust the system's certificates in place of Mozilla's",
		func(o *options) any { return &o.useSystemCA }, nil},
	{"crl", ofAll, "revocation lists in PEM, one for every issuer: `FILE`; may be repeated",
		func(o *options) any { return &o.crls }, (*options).takeCRLs},
	{"request-cert", ofServe, "ask for a certificate",
		func(o *options) any { return &o.requestCert }, nil},
	{"reject-unauthorized", ofAll, "end the handshake if the peer's certificate is not good",
		func(o *options) any { return &o.rejectUnauthorized }, (*options).takeVerification},
	{"servername", ofClients, "`NAME` to ask for and to check; HOST if not given, \"\" asks for none and checks HOST",
		func(o *options) any { return &o.servername }, (*options).takeServername},
	{"psk", ofAll, "pre-shared key: `IDENTITY:HEX`; up to TLS 1.2 with a PSK cipher only",
		func(o *options) any { return &o.psk }, (*options).takePSK},
	{"psk-identity-hint", ofServe, "`TEXT` that tells a client up to TLS 1.2 which key is meant",
		func(o *options) any { return &o.pskIdentityHint }, (*options).takePSKHint},
	{"session", ofClients, "resume the session in `FILE`, if there is one, and keep the last one there",
		func(o *options) any { return &o.session }, (*options).takeSession},
	{"session-id-context", ofServe, "`TEXT` that parts sessions: those of another are not resumed",
		func(o *options) any { return &o.sessionIDContext }, (*options).takeSessionContext},
	{"session-timeout", ofServe, "`seconds` that a session can be resumed for; 0 is two hours",
		func(o *options) any { return &o.sessionTimeout }, (*options).takeSessionTimeout},
	{"ticket-keys", ofServe, "48 bytes that seal session tickets: `HEX`; random if not given",
		func(o *options) any { return &o.ticketKeys }, (*options).takeTicketKeys},
	{"max-send-fragment", ofAll, "most `bytes` of data in a record",
		func(o *options) any { return &o.maxSendFragment }, (*options).takeFragment},
	{"handshake-timeout", ofConnect | ofServe, "give a handshake up after so many `ms`",
		func(o *options) any { return &o.handshakeTimeout }, nil},
	{"keylog", ofConnect | ofServe, "append the secrets to `FILE`, for Wireshark",
		func(o *options) any { return &o.keylog }, (*options).takeKeyLog},
	{"trace", ofConnect | ofServe, "show the messages on standard error",
		func(o *options) any { return &o.trace }, (*options).takeTrace},
	{"json", ofConnect | ofServe, "print the facts of each connection on standard output, one JSON object a line",
		func(o *options) any { return &o.json }, nil},
}

// newOptions declares the options of a command. What stands in them before the command
// line is read is the defaults.
func newOptions(set flagSet, of commandSet) *options {
	o := &options{
		set: set, minVersion: record.TLS12.String(), maxVersion: record.TLS13.String(), ecdhCurve: "auto",
		rejectUnauthorized: true, honorCipherOrder: true, handshakeTimeout: 120_000, maxSendFragment: record.MaxPlaintext, minDHSize: 1024,
	}
	if of == ofServe {
		o.side = server
	}
	for _, row := range table {
		if row.of&of == 0 {
			continue
		}
		switch p := row.at(o).(type) {
		case *string:
			set.StringVar(p, row.name, *p, row.text)
		case *bool:
			set.BoolVar(p, row.name, *p, row.text)
		case *int:
			set.IntVar(p, row.name, *p, row.text)
		case flag.Value:
			set.Var(p, row.name, row.text)
		}
	}
	return o
}

// optionError is a fault of an option's value.
type optionError struct {
	option string
	err    error
}

func (e *optionError) Error() string { return "--" + e.option + ": " + e.err.Error() }
func (e *optionError) Unwrap() error { return e.err }

// config is what the options make of a Config. Those that the command does not have
// are at their defaults, and say nothing.
func (o *options) config() (handshake.Config, error) {
	var c handshake.Config
	for _, row := range table {
		if row.take == nil || o.set.Lookup(row.name) == nil {
			continue
		}
		if err := row.take(o, &c); err != nil {
			return c, &optionError{row.name, err}
		}
	}
	c.KeyLog, c.Trace = c.KeyLog || o.draw, c.Trace || o.draw
	return c, nil
}

// clientProfile compiles the options for a client. A nameless one has to answer
// for the server's certificate itself, by verifier.
func (o *options) clientProfile() (p *handshake.ClientProfile, verifier *cred.Verifier, err error) {
	c, err := o.config()
	if err == nil {
		p, err = c.CompileClient()
	}
	return p, c.Verifier, err
}

func (o *options) serverProfile() (*handshake.ServerProfile, error) {
	c, err := o.config()
	if err != nil {
		return nil, err
	}
	return c.CompileServer()
}

// name is what the client asks for.
func (o *options) name(host string) string {
	if o.set.given("servername") {
		return o.servername
	}
	return host
}

// nameless reports whether the client is to ask for no name.
func (o *options) nameless() bool { return o.set.given("servername") && o.servername == "" }

func (o *options) timeout() time.Duration {
	return time.Duration(o.handshakeTimeout) * time.Millisecond
}

func parseVersion(s string) (record.Version, error) {
	v, ok := record.ParseVersion(s)
	if !ok {
		return 0, fmt.Errorf("%q is not TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3", s)
	}
	return v, nil
}
