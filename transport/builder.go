package transport

import (
	"crypto/x509"
	"time"

	"tacet/handshake"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
)

// builder makes a SecureContext, one option after the other.
type builder struct {
	o        *SecureContextOptions
	defaults Defaults

	config   handshake.Config // what both roles have
	only     role
	min, max record.Version

	// What servers have.
	clientPreference bool
	dh               kx.Group
	autoDH           bool
	ticketKeys       []session.TicketKey
	sessionContext   []byte
	lifetime         time.Duration

	cas       []*x509.Certificate // of ca and pfx
	mozilla   bool                // and Mozilla's beside them
	crls      []*x509.RevocationList
	certified []*certified
}

// steps are in the order in which node looks at the options.
func (b *builder) steps() []func() error {
	return []func() error{
		b.versions, b.secureOptions, b.renegotiations, b.ciphers, b.ca, b.cert, b.key, b.sigAlgs, b.engineKey, b.ecdhCurve,
		b.dhParam, b.crl, b.sessionIDContext, b.pfx, b.clientCertEngine, b.tickets, b.sessionTimeout,
		b.bound, b.trust, b.credentials,
	}
}

// fault is an error of an option.
func fault(option string, code Code, message string) error {
	return &Error{Code: code, Message: message, Option: option}
}

// faultOf is fault with a cause.
func faultOf(option string, code Code, message string, cause error) error {
	return &Error{Code: code, Message: message, Option: option, Err: cause}
}
