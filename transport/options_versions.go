package transport

import (
	"fmt"
	"strings"

	"tacet/handshake"
	"tacet/record"
)

// SecureOptions is a set of OpenSSL's SSL_OP_ bits, with the numbers of node's
// crypto.constants. Those that are named here have an effect, or say what holds in
// any case; each other one is an error.
type SecureOptions uint64

const (
	// OpNoTicket: a server makes and takes no tickets.
	OpNoTicket SecureOptions = 1 << 14
	// OpCipherServerPreference: a server's order of ciphers counts (honorCipherOrder).
	OpCipherServerPreference SecureOptions = 1 << 22
	// OpPrioritizeChaCha lets a server whose own order counts put ChaCha20-Poly1305 first
	// for a client that does.
	OpPrioritizeChaCha SecureOptions = 1 << 21

	OpNoTLSv1   SecureOptions = 1 << 26 // not that version; those left have to be in a row
	OpNoTLSv1_2 SecureOptions = 1 << 27 // like OpNoTLSv1
	OpNoTLSv1_1 SecureOptions = 1 << 28 // like OpNoTLSv1
	OpNoTLSv1_3 SecureOptions = 1 << 29 // like OpNoTLSv1
	// OpNoRenegotiation: the peer's wish to renegotiate is refused.
	OpNoRenegotiation SecureOptions = 1 << 30
	// OpLegacyServerConnect: a client talks to servers up to TLS 1.2 that do not know
	// RFC 5746, before whose handshake an attacker may have put another.
	OpLegacyServerConnect SecureOptions = 1 << 2
	// OpAllowNoDHEKex: TLS 1.3 may use a ticket or a pre-shared key without key exchange,
	// and so without forward secrecy: a client offers it as its second choice, a server takes
	// it from clients that want nothing else, or with which it has no group in common.
	OpAllowNoDHEKex SecureOptions = 1 << 10

	// OpNoSessionResumptionOnRenegotiation: no renegotiation resumes a session.
	OpNoSessionResumptionOnRenegotiation SecureOptions = 1 << 16
	// OpNoCompression: records are not compressed.
	OpNoCompression SecureOptions = 1 << 17
	// OpNoEncryptThenMAC: CBC suites up to TLS 1.2 protect records by MAC-then-encrypt, as
	// before RFC 7366. A connection that has had better keeps it when it renegotiates.
	OpNoEncryptThenMAC SecureOptions = 1 << 19
	// OpNoSSLv3: SSL 3.0 is not spoken.
	OpNoSSLv3 SecureOptions = 1 << 25
)

// refusedOptions are bits that programs of node's may set, and that would change
// nothing here or only make a connection weaker.
var refusedOptions = []struct {
	bits SecureOptions
	name string
}{
	{0x80000850, "SSL_OP_ALL"}, // before its parts
	{1 << 11, "SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS"},
	{1 << 12, "SSL_OP_NO_QUERY_MTU"},
	{1 << 13, "SSL_OP_COOKIE_EXCHANGE"},
	{1 << 15, "SSL_OP_CISCO_ANYCONNECT"},
	{1 << 18, "SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION"},
	{1 << 23, "SSL_OP_TLS_ROLLBACK_BUG"},
	{1 << 31, "SSL_OP_CRYPTOPRO_TLSEXT_BUG"},
}

// knownOptions are the bits that are taken.
const knownOptions = OpNoTicket | OpCipherServerPreference | OpNoTLSv1 | OpNoTLSv1_1 | OpNoTLSv1_2 | OpNoTLSv1_3 |
	OpNoRenegotiation | OpLegacyServerConnect | OpNoSessionResumptionOnRenegotiation | OpNoCompression | OpNoSSLv3 |
	OpNoEncryptThenMAC | OpPrioritizeChaCha | OpAllowNoDHEKex

// noVersion is the bit that forbids a version.
var noVersion = map[record.Version]SecureOptions{
	record.TLS10: OpNoTLSv1, record.TLS11: OpNoTLSv1_1, record.TLS12: OpNoTLSv1_2, record.TLS13: OpNoTLSv1_3,
}

// methods are the versions that each secureProtocol opens, without the end of its
// name: "_method", "_client_method" or "_server_method".
var methods = map[string]struct{ min, max record.Version }{
	"TLS":     {record.TLS10, record.TLS13},
	"SSLv23":  {record.TLS10, record.TLS12},
	"TLSv1":   {record.TLS10, record.TLS10},
	"TLSv1_1": {record.TLS11, record.TLS11},
	"TLSv1_2": {record.TLS12, record.TLS12},
}

// versions reads minVersion and maxVersion, or secureProtocol in their place.
func (b *builder) versions() error {
	if b.o.SecureProtocol != "" {
		return b.method(b.o.SecureProtocol)
	}
	for _, end := range []struct {
		option, bound string
		given, other  SecureVersion
		into          *record.Version
	}{
		{"minVersion", "minimum", b.o.MinVersion, b.defaults.MinVersion, &b.min},
		{"maxVersion", "maximum", b.o.MaxVersion, b.defaults.MaxVersion, &b.max},
	} {
		v := end.given
		if v == "" {
			v = end.other
		}
		var ok bool
		if *end.into, ok = v.version(); !ok {
			return fault(end.option, CodeVersionInvalid, fmt.Sprintf("%q is not a valid %s TLS protocol version", v, end.bound))
		}
	}
	return nil
}

// method reads secureProtocol.
func (b *builder) method(name string) error {
	for _, v := range []SecureVersion{b.o.MinVersion, b.o.MaxVersion} {
		if v != "" {
			return fault("secureProtocol", CodeVersionConflict, fmt.Sprintf("TLS protocol version %q conflicts with secureProtocol %q", v, name))
		}
	}
	stem, isMethod := strings.CutSuffix(name, "_method")
	for _, r := range []role{clientRole, serverRole} {
		if s, ok := strings.CutSuffix(stem, "_"+string(r)); ok {
			stem, b.only = s, r
		}
	}
	m, known := methods[stem]
	switch {
	case isMethod && (stem == "SSLv2" || stem == "SSLv3"):
		return fault("secureProtocol", CodeMethodInvalid, stem+" methods disabled")
	case !isMethod || !known:
		return fault("secureProtocol", CodeMethodInvalid, "Unknown method: "+name)
	}
	b.min, b.max = m.min, m.max
	return nil
}

// secureOptions reads the bits, and honorCipherOrder, which is one.
func (b *builder) secureOptions() error {
	o := b.o.SecureOptions
	for _, r := range refusedOptions {
		if o&r.bits == r.bits {
			return fault("secureOptions", CodeArgValue, r.name+" has no effect here")
		}
	}
	if rest := o &^ knownOptions; rest != 0 {
		return fault("secureOptions", CodeArgValue, fmt.Sprintf("the bits %#x are unknown", uint64(rest)))
	}
	honor := b.o.HonorCipherOrder != nil && *b.o.HonorCipherOrder
	b.clientPreference = !honor && o&OpCipherServerPreference == 0
	b.config.NoEncryptThenMAC = o&OpNoEncryptThenMAC != 0
	b.config.Renegotiation = handshake.AllowRenegotiation
	if o&OpNoRenegotiation != 0 {
		b.config.Renegotiation = handshake.RefuseRenegotiation
	}
	return b.narrow(o)
}

// narrow takes the versions away that the bits forbid.
func (b *builder) narrow(o SecureOptions) error {
	if b.min > b.max {
		return fault("maxVersion", CodeNoProtocols, fmt.Sprintf("%v is below minVersion %v", b.max, b.min))
	}
	var left []record.Version
	for v := b.min; v <= b.max; v++ {
		if o&noVersion[v] == 0 {
			left = append(left, v)
		}
	}
	if len(left) == 0 {
		return fault("secureOptions", CodeNoProtocols, "no protocol version is left")
	}
	b.min, b.max = left[0], left[len(left)-1]
	if int(b.max-b.min) != len(left)-1 {
		return fault("secureOptions", CodeArgValue, fmt.Sprintf("a version between %v and %v is left out", b.min, b.max))
	}
	return nil
}

// renegotiations reads CLIENT_RENEG_LIMIT and CLIENT_RENEG_WINDOW.
func (b *builder) renegotiations() error {
	c, limit := &b.config, b.defaults.ClientRenegLimit
	switch {
	case limit == -1:
		c.Renegotiation = handshake.ForbidRenegotiation
	case limit < 0 || limit > 254:
		return fault("Defaults.ClientRenegLimit", CodeOutOfRange, "is not -1 to 254")
	case b.defaults.ClientRenegWindow < 0:
		return fault("Defaults.ClientRenegWindow", CodeOutOfRange, "is negative")
	}
	c.RenegotiationLimit, c.RenegotiationWindow = max(limit, 0), b.defaults.ClientRenegWindow
	return nil
}

// bound settles the versions, once ciphers have told the security level: those below
// TLS 1.2 rest on SHA-1 and MD5, which no level but 0 permits.
func (b *builder) bound() error {
	c := &b.config
	if c.SecurityLevel > 0 && b.max < record.TLS12 {
		return fault("ciphers", CodeNoProtocols, fmt.Sprintf("%v needs @SECLEVEL=0", b.max))
	}
	if c.SecurityLevel > 0 {
		b.min = max(b.min, record.TLS12)
	}
	c.MinVersion, c.MaxVersion = b.min, b.max
	return nil
}
