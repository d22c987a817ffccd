package transport

import (
	"crypto"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/record"
	"tacet/suites"
)

// SecureContext is what [NewSecureContext] makes of options: credentials, trust and
// what may be agreed upon. It is immutable, and any number of servers and sockets may
// share one, at once.
type SecureContext struct {
	client, server handshake.Config
	only           role // the one that secureProtocol names, if it names one
}

// role is which ends of a connection a context may be used for.
type role string

const (
	anyRole    role = ""
	clientRole role = "client"
	serverRole role = "server"
)

// NewSecureContext checks and compiles options. What they hold is copied; a Signer is
// kept. Its error is an *[Error] that names the first option at fault, in the order
// in which node looks at them: versions, secureOptions, ciphers, ca, cert, key,
// sigalgs, privateKeyIdentifier, ecdhCurve, dhparam, crl, sessionIdContext, pfx,
// clientCertEngine, ticketKeys, sessionTimeout; and last those that do not go
// together. It uses the time of none: a certificate that has expired is taken.
func NewSecureContext(o SecureContextOptions) (*SecureContext, error) {
	b := &builder{o: &o, defaults: o.Defaults.filled(), config: handshake.Config{ParseCertificate: actor.ParseCertificate}}
	for _, step := range b.steps() {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return b.context()
}

// clientConfig is what a client starts from; the caller's own copy. Its Verifier
// checks chains only: names are the socket's affair.
func (c *SecureContext) clientConfig() handshake.Config { return copied(c.client) }

// serverConfig is what a server starts from; the caller's own copy. It has TicketKeys
// unless secureOptions forbid tickets, and SessionContext if the options have one.
func (c *SecureContext) serverConfig() handshake.Config { return copied(c.server) }

// permits is an *Error for a role that secureProtocol names not: OpenSSL finds it in
// the first handshake.
func (c *SecureContext) permits(r role) error {
	if c.only != anyRole && c.only != r {
		return fault("secureProtocol", CodeNoMethod, "is a method of a "+string(c.only)+" only")
	}
	return nil
}

// copied is c with slices of its own.
func copied(c handshake.Config) handshake.Config {
	c.Suites, c.Groups, c.Schemes = slices.Clone(c.Suites), slices.Clone(c.Groups), slices.Clone(c.Schemes)
	c.Credentials, c.TicketKeys = slices.Clone(c.Credentials), slices.Clone(c.TicketKeys)
	c.SessionContext, c.PSKModes = slices.Clone(c.SessionContext), slices.Clone(c.PSKModes)
	return c
}

// verify judges a peer's chain, leaf first, by ca, crl and the security level of
// ciphers, as the engine does by itself. server says that the peer is one. The error
// is a *cred.Error.
func (c *SecureContext) verify(chain []*x509.Certificate, server bool, now time.Time) ([][]*x509.Certificate, error) {
	chains, err := c.client.Verifier.Verify(chain, "", server, now)
	if err != nil {
		return nil, err
	}
	for _, found := range chains {
		if err = cred.PermittedChain(found, max(c.client.SecurityLevel, 0)); err == nil { // -1 is none
			return chains, nil
		}
	}
	return nil, err
}

// context is what the steps have made, after the checks of what goes together.
func (b *builder) context() (*SecureContext, error) {
	c := &SecureContext{client: b.config, server: b.config, only: b.only}
	c.client.Suites = offerable(b.config.Suites, b.config.Schemes)
	c.client.LegacyServers = b.o.SecureOptions&OpLegacyServerConnect != 0
	c.client.RenegotiationLimit, c.client.RenegotiationWindow = serverRenegLimit, serverRenegWindow
	s := &c.server
	s.DH, s.AutoDH, s.TicketKeys, s.SessionContext = b.dh, b.autoDH, b.ticketKeys, b.sessionContext
	s.ClientPreference, s.SessionLifetime = b.clientPreference, b.lifetime
	s.PrioritizeChaCha = !b.clientPreference && b.o.SecureOptions&OpPrioritizeChaCha != 0
	s.Suites = b.servable()
	c.client.PSKModes, s.PSKModes = b.pskModes(), b.pskModes()
	try := c.client
	try.Verify, try.AskPSK = handshake.VerifyNone, slices.ContainsFunc(try.Suites, takesPSK)
	if _, err := try.CompileClient(); err != nil && c.only != serverRole {
		return nil, configFault(err)
	}
	try = c.server
	try.AskHello, try.AskPSK = true, slices.ContainsFunc(try.Suites, takesPSK)
	dropModes(&try)
	if _, err := try.CompileServer(); err != nil && c.only != clientRole {
		return nil, configFault(err)
	}
	return c, nil
}

// pskModes are those of OpAllowNoDHEKex, in OpenSSL's order; nil without it, and where
// there is no TLS 1.3.
func (b *builder) pskModes() []handshake.PSKMode {
	if b.o.SecureOptions&OpAllowNoDHEKex == 0 || b.max < record.TLS13 || !slices.ContainsFunc(b.config.Suites, (*suites.Suite).TLS13) {
		return nil
	}
	return []handshake.PSKMode{handshake.PSKDHEKE, handshake.PSKKE}
}

// dropModes forgets the modes of keys where there are no keys.
func dropModes(server *handshake.Config) {
	if len(server.TicketKeys) == 0 && !server.AskPSK {
		server.PSKModes = nil
	}
}

func takesPSK(s *suites.Suite) bool { return s.Kx.PSK() }

// offerable are the suites without those whose server would have to sign with a key of
// which sigalgs has no scheme, so that no server chooses them.
func offerable(list []*suites.Suite, schemes []cred.Scheme) []*suites.Suite {
	if schemes == nil {
		return list
	}
	signs := func(rsa bool) bool {
		return slices.ContainsFunc(schemes, func(s cred.Scheme) bool { return s.RSA() == rsa })
	}
	return slices.DeleteFunc(slices.Clone(list), func(s *suites.Suite) bool {
		return s.Auth == suites.AuthRSA && !signs(true) || s.Auth == suites.AuthECDSA && !signs(false)
	})
}

// servable are the suites without those of RSA key exchange, if a key that signs for
// the RSA certificate decrypts nothing.
func (b *builder) servable() []*suites.Suite {
	if !slices.ContainsFunc(b.config.Credentials, func(c *cred.Credential) bool {
		_, decrypts := c.Key.(crypto.Decrypter)
		return cred.Encrypts(c.Leaf) && !decrypts
	}) {
		return b.config.Suites
	}
	return slices.DeleteFunc(slices.Clone(b.config.Suites), func(s *suites.Suite) bool {
		return s.Kx == suites.KxRSA || s.Kx == suites.KxRSAPSK
	})
}

// configFault names the option of a fault that the engine found.
func configFault(err error) error {
	var e *handshake.ConfigError
	if !errors.As(err, &e) {
		return err
	}
	row, ok := configOptions[e.Field]
	if !ok {
		return err
	}
	return fault(row.option, row.code, e.Reason)
}

// configOptions are the options that fill the fields of a handshake.Config.
var configOptions = map[string]struct {
	option string
	code   Code
}{
	"MinVersion":  {"minVersion", CodeNoProtocols},
	"MaxVersion":  {"maxVersion", CodeNoProtocols},
	"Suites":      {"ciphers", CodeNoCiphers},
	"AskPSK":      {"ciphers", CodeNoCiphers},
	"Groups":      {"ecdhCurve", CodeNoGroups},
	"Schemes":     {"sigalgs", CodeNoSignatureAlgorithm},
	"Credentials": {"cert", CodeKeyTooSmall},
}
