package transport

import (
	"cmp"
	"time"

	"tacet/record"
	"tacet/suites"
)

// SecureVersion is a protocol version by node's name. "" means the default.
type SecureVersion string

// The versions.
const (
	TLS10 SecureVersion = "TLSv1"
	TLS11 SecureVersion = "TLSv1.1"
	TLS12 SecureVersion = "TLSv1.2"
	TLS13 SecureVersion = "TLSv1.3"
)

// version is the version of the record layer; false for none.
func (v SecureVersion) version() (record.Version, bool) { return record.ParseVersion(string(v)) }

// What node's variables of the same names hold when it starts.
const (
	DefaultCiphers        = suites.Default
	DefaultECDHCurve      = "auto"
	DefaultMaxVersion     = TLS13
	DefaultMinVersion     = TLS12
	ClientRenegLimit      = 3
	ClientRenegWindow     = 10 * time.Minute
	DefaultSessionTimeout = 5 * time.Minute
)

// What a client takes of a server's renegotiations. Node's clients take any number.
const (
	serverRenegLimit  = 254
	serverRenegWindow = time.Minute
)

// Defaults are what node keeps in variables of the module tls, that programs assign
// to: DEFAULT_CIPHERS and its like. Here they are a value, which options point to,
// so that who changes them changes them for nobody else and races with nobody. They
// are read when a context is made. The zero value of each field is node's own.
type Defaults struct {
	Ciphers    string        // DEFAULT_CIPHERS
	ECDHCurve  string        // DEFAULT_ECDH_CURVE
	MaxVersion SecureVersion // DEFAULT_MAX_VERSION
	MinVersion SecureVersion // DEFAULT_MIN_VERSION
	// ClientRenegLimit is CLIENT_RENEG_LIMIT: how many renegotiations a server lets a
	// client begin, up to 254, each within ClientRenegWindow of the one before. One
	// more ends the connection with ERR_TLS_SESSION_ATTACK. -1 means none.
	ClientRenegLimit int
	// ClientRenegWindow is CLIENT_RENEG_WINDOW.
	ClientRenegWindow time.Duration
}

// filled is d with node's values where d has none.
func (d *Defaults) filled() Defaults {
	if d == nil {
		d = &Defaults{}
	}
	return Defaults{
		Ciphers:           cmp.Or(d.Ciphers, DefaultCiphers),
		ECDHCurve:         cmp.Or(d.ECDHCurve, DefaultECDHCurve),
		MaxVersion:        cmp.Or(d.MaxVersion, DefaultMaxVersion),
		MinVersion:        cmp.Or(d.MinVersion, DefaultMinVersion),
		ClientRenegLimit:  cmp.Or(d.ClientRenegLimit, ClientRenegLimit),
		ClientRenegWindow: cmp.Or(d.ClientRenegWindow, ClientRenegWindow),
	}
}
