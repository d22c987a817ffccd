package main

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"tacet/record"
	"tacet/transport"
)

// options are node's, as they stand on the command line of either side. Where a flag
// says what a field of package transport says, it sets that field.
type options struct {
	set    flagSet
	of     commandSet
	secure transport.SecureContextOptions
	client transport.ConnectionOptions
	server transport.ServerOptions

	certs, keys, pfx, cas, crls       list
	alpn, session, keylog, ocsp       string
	ticketKeys, dhparam               string
	psk                               preShared
	rejectUnauthorized                bool
	honorCipherOrder, trace, json     bool
	renegotiate, disableRenegotiation bool
	handshakeTimeout, sessionTimeout  int
	maxSendFragment                   int
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

// option is a row of the table of options.
type option struct {
	name string
	of   commandSet
	text string                 // names the value in backquotes
	at   func(*options) any     // where the value is kept
	take func(o *options) error // puts it into fields of package transport; nil if it is kept there
}

// table is all options. Those of a context either side takes, as in node, whether or not
// it has a use for them.
var table = []option{
	{"min-version", ofAll, "lowest `VERSION`, TLSv1.2 if not given; TLSv1 and TLSv1.1 need --ciphers with @SECLEVEL=0",
		func(o *options) any { return (*string)(&o.secure.MinVersion) }, nil},
	{"max-version", ofAll, "highest `VERSION`, TLSv1.3 if not given",
		func(o *options) any { return (*string)(&o.secure.MaxVersion) }, nil},
	{"secure-protocol", ofAll, "`METHOD` of OpenSSL, such as TLSv1_2_method, in place of versions",
		func(o *options) any { return &o.secure.SecureProtocol }, nil},
	{"secure-options", ofAll, "OpenSSL's SSL_OP_ `BITS`, such as 0x4000 for no tickets",
		func(o *options) any { return (*bits)(&o.secure.SecureOptions) }, nil},
	{"ciphers", ofAll, "cipher `LIST` of OpenSSL, with TLS_ names for TLS 1.3, and @SECLEVEL=n",
		func(o *options) any { return &o.secure.Ciphers }, nil},
	{"honor-cipher-order", ofAll, "of a server: follow its own order of ciphers, not the client's",
		func(o *options) any { return &o.honorCipherOrder }, (*options).takeOrder},
	{"ecdh-curve", ofAll, "groups, by colons: `LIST`",
		func(o *options) any { return &o.secure.ECDHCurve }, nil},
	{"dhparam", ofAll, "of a server: group of the DHE ciphers in PEM, or auto: `FILE`; none without",
		func(o *options) any { return &o.dhparam }, (*options).takeDH},
	{"min-dh-size", ofClients, "fewest `bits` of a server's DHE group, 1024 if not given",
		func(o *options) any { return &o.client.MinDHSize }, nil},
	{"sigalgs", ofAll, "signature schemes, by colons: `LIST`",
		func(o *options) any { return &o.secure.SigAlgs }, nil},
	{"alpn-protocols", ofAll, "protocols, by commas: `LIST`",
		func(o *options) any { return &o.alpn }, (*options).takeALPN},
	{"cert", ofAll, "certificate chain in PEM, leaf first: `FILE`; may be repeated",
		func(o *options) any { return &o.certs }, (*options).takeCerts},
	{"key", ofAll, "private key in PEM: `FILE`; may be repeated, and may be in the --cert instead",
		func(o *options) any { return &o.keys }, (*options).takeKeys},
	{"pfx", ofAll, "certificate chain and private key in PKCS #12: `FILE`; may be repeated",
		func(o *options) any { return &o.pfx }, (*options).takePFX},
	{"passphrase", ofAll, "`TEXT` that opens --key and --pfx",
		func(o *options) any { return &o.secure.Passphrase }, nil},
	{"ocsp", ofServe, "OCSP response in DER to staple to the certificate: `FILE`",
		func(o *options) any { return &o.ocsp }, (*options).takeStaple},
	{"request-ocsp", ofClients, "ask for a stapled OCSP response",
		func(o *options) any { return &o.client.RequestOCSP }, nil},
	{"ca", ofAll, "certificates to trust, in PEM, in place of Mozilla's: `FILE`; may be repeated",
		func(o *options) any { return &o.cas }, (*options).takeCA},
	{"allow-partial-trust-chain", ofAll, "trust a chain that ends in any certificate of --ca",
		func(o *options) any { return &o.secure.AllowPartialTrustChain }, nil},
	{"crl", ofAll, "revocation lists in PEM, one for every issuer: `FILE`; may be repeated",
		func(o *options) any { return &o.crls }, (*options).takeCRLs},
	{"request-cert", ofServe, "ask for a certificate",
		func(o *options) any { return &o.server.RequestCert }, nil},
	{"reject-unauthorized", ofAll, "end the handshake if the peer's certificate is not good",
		func(o *options) any { return &o.rejectUnauthorized }, (*options).takeRejection},
	{"servername", ofClients, "`NAME` to ask for and to check; HOST if not given, \"\" asks for none and checks HOST",
		func(o *options) any { return &o.client.Servername }, nil},
	{"psk", ofAll, "pre-shared key: `IDENTITY:HEX`; up to TLS 1.2 with a PSK cipher only",
		func(o *options) any { return &o.psk }, (*options).takePSK},
	{"psk-identity-hint", ofServe, "`TEXT` that tells a client up to TLS 1.2 which key is meant",
		func(o *options) any { return &o.server.PSKIdentityHint }, nil},
	{"session", ofClients, "resume the session in `FILE`, if there is one, and keep the last one there",
		func(o *options) any { return &o.session }, (*options).takeSession},
	{"session-id-context", ofAll, "of a server: `TEXT` that parts sessions, those of another are not resumed",
		func(o *options) any { return &o.secure.SessionIDContext }, nil},
	{"session-timeout", ofAll, "of a server: `seconds` that a session can be resumed for; 0 is five minutes",
		func(o *options) any { return &o.sessionTimeout }, (*options).takeSessionTimeout},
	{"ticket-keys", ofAll, "of a server: 48 bytes that seal session tickets, `HEX`; random if not given",
		func(o *options) any { return &o.ticketKeys }, (*options).takeTicketKeys},
	{"max-send-fragment", ofConnect | ofServe, "most `bytes` of data in a record",
		func(o *options) any { return &o.maxSendFragment }, (*options).checkFragment},
	{"renegotiate", ofAll, "up to TLS 1.2: shake hands once more; trace does so after what it has to say",
		func(o *options) any { return &o.renegotiate }, nil},
	{"disable-renegotiation", ofConnect | ofServe, "end a connection whose peer wants to renegotiate",
		func(o *options) any { return &o.disableRenegotiation }, nil},
	{"handshake-timeout", ofConnect | ofServe, "give a handshake up after so many `ms`; 0 is the default",
		func(o *options) any { return &o.handshakeTimeout }, (*options).takeHandshakeTimeout},
	{"keylog", ofConnect | ofServe, "append the secrets to `FILE`, for Wireshark",
		func(o *options) any { return &o.keylog }, (*options).takeKeylog},
	{"trace", ofConnect | ofServe, "show the messages on standard error",
		func(o *options) any { return &o.trace }, (*options).takeTrace},
	{"json", ofConnect | ofServe, "print the facts of each connection on standard output, one JSON object a line",
		func(o *options) any { return &o.json }, nil},
}

// defaultHandshakeTimeout is node's, in ms.
const defaultHandshakeTimeout = 120_000

// newOptions declares the options of a command. What stands in them before the command
// line is read is the defaults.
func newOptions(set flagSet, of commandSet) *options {
	set.std.out, set.std.err = &serial{w: set.std.out}, &serial{w: set.std.err} // of all connections
	o := &options{
		set: set, of: of, rejectUnauthorized: true, honorCipherOrder: true, handshakeTimeout: defaultHandshakeTimeout, maxSendFragment: record.MaxPlaintext,
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

// take puts the options into the fields of package transport.
func (o *options) take() error {
	for _, row := range table {
		if row.take == nil || row.of&o.of == 0 {
			continue
		}
		if err := row.take(o); err != nil {
			return &optionError{row.name, err}
		}
	}
	o.client.SecureContextOptions, o.server.SecureContextOptions = o.secure, o.secure
	return nil
}

// optionError is a fault of an option's value.
type optionError struct {
	option string
	err    error
}

func (e *optionError) Error() string { return "--" + e.option + ": " + e.err.Error() }
func (e *optionError) Unwrap() error { return e.err }

// flagged gives an error of package transport that names an option of node's the name
// of the flag.
func flagged(err error) error {
	var fault *transport.Error
	if !errors.As(err, &fault) || fault.Option == "" {
		return err
	}
	own := *fault
	own.Option = ""
	return &optionError{flagName(fault.Option), &own}
}

// flagName is an option of node's in kebab case: "min-dh-size" is minDHSize.
func flagName(option string) string {
	if option == "pskCallback" {
		return "psk"
	}
	var b strings.Builder
	letters := []rune(option)
	for i, r := range letters {
		begins := i > 0 && unicode.IsUpper(r) && (unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if begins {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// bits is a number of which each bit means something.
type bits transport.SecureOptions

func (b *bits) String() string { return fmt.Sprintf("%#x", uint64(*b)) }

// Set takes the option's value, in decimal, or in hex after 0x.
func (b *bits) Set(text string) error {
	n, err := strconv.ParseUint(text, 0, 64)
	*b = bits(n)
	return err
}
