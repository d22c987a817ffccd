package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// options are node's, as they stand on the command line of either side.
type options struct {
	set                                          flagSet
	certs, keys, pfx, cas, crls                  list
	passphrase, ciphers, ecdhCurve, sigalgs      string
	minVersion, maxVersion, alpn, keylog         string
	ticketKeys, servername, session              string
	psk                                          preShared
	rejectUnauthorized, useSystemCA, trace, json bool
	draw                                         bool // a command's own wish: tell all
	requestCert, honorCipherOrder, requestOCSP   bool
	handshakeTimeout, sessionTimeout             int
	maxSendFragment                              int
}

// both declares the options that both sides have: what is to be agreed upon.
func (o *options) both(set flagSet) {
	o.set = set
	set.Var(&o.certs, "cert", "certificate chain in PEM, leaf first: `FILE`; may be repeated")
	set.Var(&o.keys, "key", "private key in PEM of the --cert in the same place: `FILE`; without one it is in the --cert")
	set.Var(&o.pfx, "pfx", "certificate chain and private key in PKCS #12: `FILE`; may be repeated")
	set.StringVar(&o.passphrase, "passphrase", "", "`TEXT` that opens --key and --pfx")
	set.Var(&o.cas, "ca", "certificates to trust, in PEM, in place of Mozilla's: `FILE`; may be repeated")
	set.BoolVar(&o.useSystemCA, "use-system-ca", false, "trust the system's certificates in place of Mozilla's")
	set.Var(&o.crls, "crl", "revocation lists in PEM, one for every issuer: `FILE`; may be repeated")
	set.StringVar(&o.ciphers, "ciphers", "", "cipher `LIST` of OpenSSL, with TLS_ names for TLS 1.3")
	set.StringVar(&o.ecdhCurve, "ecdh-curve", "auto", "groups, by colons: `LIST`")
	set.StringVar(&o.sigalgs, "sigalgs", "", "signature schemes, by colons: `LIST`")
	set.StringVar(&o.minVersion, "min-version", record.TLS12.String(), "lowest `VERSION`")
	set.StringVar(&o.maxVersion, "max-version", record.TLS13.String(), "highest `VERSION`")
	set.StringVar(&o.alpn, "alpn-protocols", "", "protocols, by commas: `LIST`")
	set.BoolVar(&o.rejectUnauthorized, "reject-unauthorized", true, "end the handshake if the peer's certificate is not good")
	set.Var(&o.psk, "psk", "pre-shared key of TLS 1.3: `IDENTITY:HEX`")
	set.IntVar(&o.maxSendFragment, "max-send-fragment", record.MaxPlaintext, "most `bytes` of data in a record")
}

// watched declares the options that say what is to be seen of a connection.
func (o *options) watched(set flagSet) {
	set.IntVar(&o.handshakeTimeout, "handshake-timeout", 120_000, "give a handshake up after so many `ms`")
	set.StringVar(&o.keylog, "keylog", "", "append the secrets to `FILE`, for Wireshark")
	set.BoolVar(&o.trace, "trace", false, "show the messages on standard error")
	set.BoolVar(&o.json, "json", false, "print the facts of each connection on standard output, one JSON object a line")
}

func (o *options) client(set flagSet) {
	o.both(set)
	set.StringVar(&o.servername, "servername", "", "`NAME` to ask for and to check; HOST if not given, \"\" asks for none and checks HOST")
	set.BoolVar(&o.requestOCSP, "request-ocsp", false, "ask for a stapled OCSP response")
}

func (o *options) server(set flagSet) {
	o.both(set)
	o.watched(set)
	set.BoolVar(&o.requestCert, "request-cert", false, "ask for a certificate")
	set.StringVar(&o.ticketKeys, "ticket-keys", "", "48 bytes that seal session tickets: `HEX`; random if not given")
	set.IntVar(&o.sessionTimeout, "session-timeout", 0, "`seconds` that a session can be resumed for; 0 is two hours")
	set.BoolVar(&o.honorCipherOrder, "honor-cipher-order", true, "follow the server's order of ciphers, not the client's")
}

// optionError is a fault of an option's value.
type optionError struct {
	option string
	err    error
}

func (e *optionError) Error() string { return "--" + e.option + ": " + e.err.Error() }
func (e *optionError) Unwrap() error { return e.err }

// config is what both sides make of the options.
func (o *options) config() (handshake.Config, error) {
	c := handshake.Config{AskPSK: o.psk.key != nil, KeyLog: o.keylog != "" || o.draw, Trace: o.trace || o.draw, MaxSendFragment: o.maxSendFragment}
	for _, step := range []struct {
		option string
		take   func(*handshake.Config) error
	}{
		{"min-version", o.takeMinVersion}, {"max-version", o.takeMaxVersion}, {"ciphers", o.takeCiphers},
		{"ecdh-curve", o.takeGroups}, {"sigalgs", o.takeSchemes}, {"alpn-protocols", o.takeALPN},
		{"cert", o.takeCredentials}, {"pfx", o.takePFX}, {"ca", o.takeVerifier},
	} {
		if err := step.take(&c); err != nil {
			return c, &optionError{step.option, err}
		}
	}
	return c, nil
}

// clientProfile compiles the options for a client. A nameless one has to answer
// for the server's certificate itself, by verifier.
func (o *options) clientProfile() (p *handshake.ClientProfile, verifier *cred.Verifier, err error) {
	c, err := o.config()
	if err != nil {
		return nil, nil, err
	}
	c.AskSession, c.RequestOCSP = o.session != "", o.requestOCSP
	c.AskVerify = o.nameless()
	if !o.rejectUnauthorized {
		c.Verify = handshake.VerifyRecord
	}
	p, err = c.CompileClient()
	return p, c.Verifier, err
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

func (o *options) serverProfile() (*handshake.ServerProfile, error) {
	c, err := o.config()
	if err != nil {
		return nil, err
	}
	if len(c.Credentials) == 0 && !c.AskPSK {
		fmt.Fprintln(o.set.std.err, "tacet: no --cert: serving the demo's certificate, whose key is public")
		mine, err := demoCredential()
		if err != nil {
			return nil, err
		}
		c.Credentials = []*cred.Credential{mine}
	}
	if c.TicketKeys, err = o.tickets(); err != nil {
		return nil, &optionError{"ticket-keys", err}
	}
	c.ClientPreference = !o.honorCipherOrder
	c.SessionLifetime = time.Duration(o.sessionTimeout) * time.Second
	c.ClientAuth, c.Verify = o.clientAuth()
	return c.CompileServer()
}

// clientAuth is what --request-cert and --reject-unauthorized say together.
func (o *options) clientAuth() (handshake.ClientAuth, handshake.VerifyMode) {
	switch {
	case !o.requestCert:
		return handshake.NoClientCert, handshake.VerifyRequired
	case o.rejectUnauthorized:
		return handshake.RequireClientCert, handshake.VerifyRequired
	}
	return handshake.RequestClientCert, handshake.VerifyRecord
}

func (o *options) tickets() ([]session.TicketKey, error) {
	var key session.TicketKey
	if o.ticketKeys == "" {
		_, err := rand.Read(key[:])
		return []session.TicketKey{key}, err
	}
	b, err := hex.DecodeString(o.ticketKeys)
	if err != nil {
		return nil, err
	}
	if copy(key[:], b) != len(key) || len(b) != len(key) {
		return nil, fmt.Errorf("must be exactly %d bytes", len(key))
	}
	return []session.TicketKey{key}, nil
}

func (o *options) takeMinVersion(c *handshake.Config) (err error) {
	c.MinVersion, err = parseVersion(o.minVersion)
	return err
}

func (o *options) takeMaxVersion(c *handshake.Config) (err error) {
	c.MaxVersion, err = parseVersion(o.maxVersion)
	return err
}

func parseVersion(s string) (record.Version, error) {
	v, ok := record.ParseVersion(s)
	if !ok {
		return 0, fmt.Errorf("%q is not TLSv1.2 or TLSv1.3", s)
	}
	return v, nil
}

func (o *options) takeCiphers(c *handshake.Config) error {
	l, err := suites.Parse(o.ciphers)
	if err != nil {
		return err
	}
	c.Suites = make([]*suites.Suite, 0, len(l.Suites))
	for _, s := range l.Suites {
		if s.Permitted(l.SecLevel) {
			c.Suites = append(c.Suites, s)
		}
	}
	if l.Only13 {
		c.MinVersion = max(c.MinVersion, record.TLS13)
	}
	return nil
}

// takeGroups leaves "auto" to the engine, whose groups include hybrids.
func (o *options) takeGroups(c *handshake.Config) (err error) {
	if o.ecdhCurve != "auto" {
		c.Groups, err = kx.ParseList(o.ecdhCurve)
	}
	return err
}

func (o *options) takeSchemes(c *handshake.Config) (err error) {
	if o.sigalgs != "" {
		c.Schemes, err = cred.ParseSchemes(o.sigalgs)
	}
	return err
}

func (o *options) takeALPN(c *handshake.Config) error {
	if o.alpn != "" {
		c.ALPN = strings.Split(o.alpn, ",")
	}
	return nil
}
