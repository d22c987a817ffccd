package session

import (
	"crypto/x509"
	"slices"
	"time"

	"tacet/record"
	"tacet/suites"
)

// The longest that a session may be resumed; a longer Lifetime counts as this.
const (
	MaxLifetime   = 7 * 24 * time.Hour        // in TLS 1.3 (RFC 9846 §4.7.1)
	MaxLifetime12 = (1<<31 - 1) * time.Second // before, where RFC 5077 sets no limit: OpenSSL's
)

// Session is what two sides remember of a connection in order to resume it.
// The client's holds a Ticket or an ID; the server's is what its ticket seals,
// or what it stored under ID. Once made it is not changed: whoever shares one
// shares its slices.
type Session struct {
	// Version and Suite are what the connection used.
	Version record.Version
	Suite   suites.ID

	// Secret is the resumption PSK in TLS 1.3 (as long as the suite's hash),
	// the 48-byte master secret before.
	Secret []byte

	// ExtendedMaster says that Secret is an extended master secret (RFC 7627).
	ExtendedMaster bool

	// MaxFragmentLength is the code of RFC 6066 §4 that was agreed, 0 for none.
	MaxFragmentLength uint8

	// PSKIdentity is the identity of the external pre-shared key that
	// authenticated the connection, empty if none did; up to 65,535 bytes.
	PSKIdentity string

	// ServerName and ALPN are what was agreed; empty for none.
	ServerName, ALPN string

	// Created is when the ticket was issued or received. Encoded, it keeps
	// milliseconds and no time zone.
	Created time.Time

	// Lifetime is the server's, from Created; 0 cannot be resumed at all.
	// Encoded, it keeps whole seconds and is cut to the version's maximum.
	Lifetime time.Duration

	// AgeAdd obscures the ticket's age in TLS 1.3 (ticket_age_add).
	AgeAdd uint32

	// Ticket is the client's, opaque to it; up to 65,535 bytes.
	Ticket []byte

	// ID is the session id of TLS 1.2 and below, up to 32 bytes.
	ID []byte

	// PeerChain is the peer's certificates in DER, leaf first, and Verified
	// says that they were verified.
	PeerChain [][]byte
	Verified  bool

	// Certificates is PeerChain parsed, if that was done already, and VerifiedBy
	// is what verified it, if that is known. They are not encoded.
	Certificates []*x509.Certificate
	VerifiedBy   any

	// MaxEarlyData is how many bytes of early data the server takes; 0: none.
	MaxEarlyData uint32

	// IDContext is the server's session id context, up to 32 bytes: a session
	// is resumed only in the context it was made in.
	IDContext []byte

	// Extra is the application's, up to 65,535 bytes.
	Extra []byte
}

// Expired reports whether s is too old at now. A session from the future is
// expired too: a clock that went back says nothing of its age.
func (s *Session) Expired(now time.Time) bool {
	//= RFC 9846 §4.7.1
	age := now.Sub(s.Created)
	return age < 0 || age >= s.lifetime()
}

// lifetime is Lifetime within what the version allows.
func (s *Session) lifetime() time.Duration {
	if s.Version < record.TLS13 {
		return min(s.Lifetime, MaxLifetime12)
	}
	return min(s.Lifetime, MaxLifetime)
}

// Resumable reports whether s may be offered or taken at now: it is well
// formed, of a version and suite that are known, and not expired. Whether the
// suite is offered this time is for [Session.Fits].
func (s *Session) Resumable(now time.Time) bool {
	return s.check() == nil && !s.Expired(now)
}

// Fits reports whether s may be resumed under suite at version v. Up to TLS 1.2
// that must be its own suite; in TLS 1.3 one with its hash. A session of one
// version is never resumed in another.
func (s *Session) Fits(v record.Version, suite *suites.Suite) bool {
	//= RFC 9846 §4.3.11
	if s.Version != v || suite == nil {
		return false
	}
	if v < record.TLS13 {
		return s.Suite == suite.ID
	}
	own := suites.ByID(s.Suite)
	return own != nil && suite.TLS13() && own.Hash == suite.Hash
}

// ObfuscatedAge is the obfuscated_ticket_age that a client sends at now.
func (s *Session) ObfuscatedAge(now time.Time) uint32 {
	//= RFC 9846 §4.3.11.1
	return uint32(now.Sub(s.Created).Milliseconds()) + s.AgeAdd
}

// AgeSkew is how much older the client believes s to be than the server does
// at now, from the obfuscated age that it sent. Negative: younger. A server
// takes early data only when the skew is small.
func (s *Session) AgeSkew(now time.Time, obfuscated uint32) time.Duration {
	//= RFC 9846 §8.3
	claimed := time.Duration(obfuscated-s.AgeAdd) * time.Millisecond
	return claimed - now.Sub(s.Created)
}

// check says why s cannot be encoded, or was not encoded by us.
func (s *Session) check() error {
	suite := suites.ByID(s.Suite)
	switch {
	case s.Version < record.TLS10 || s.Version > record.TLS13:
		return errorf("version %#04x", uint16(s.Version))
	case suite == nil || s.Version < suite.Min || s.Version > suite.Max:
		return errorf("suite %#04x in %v", uint16(s.Suite), s.Version)
	case len(s.Secret) != secretLen(s.Version, suite):
		return errorf("secret of %d bytes", len(s.Secret))
	case s.MaxFragmentLength > 4:
		return errorf("max_fragment_length %d", s.MaxFragmentLength)
	case s.Lifetime < 0:
		return errorf("lifetime %v", s.Lifetime)
	}
	return s.checkLengths()
}

// secretLen is how long Secret is.
func secretLen(v record.Version, suite *suites.Suite) int {
	if v < record.TLS13 {
		return 48
	}
	return suite.Hash.Size()
}

// checkLengths holds every field to the bound that its doc names.
func (s *Session) checkLengths() error {
	if slices.ContainsFunc(s.PeerChain, func(der []byte) bool { return len(der) == 0 }) {
		return errorf("empty certificate")
	}
	for _, f := range [...]struct {
		name     string
		len, max int
	}{
		{"ServerName", len(s.ServerName), maxName},
		{"ALPN", len(s.ALPN), maxName},
		{"PSKIdentity", len(s.PSKIdentity), maxOpaque},
		{"Ticket", len(s.Ticket), maxOpaque},
		{"ID", len(s.ID), maxID},
		{"PeerChain", s.chainLen(), maxChain},
		{"IDContext", len(s.IDContext), maxID},
		{"Extra", len(s.Extra), maxOpaque},
	} {
		if f.len > f.max {
			return errorf("%s of %d bytes", f.name, f.len)
		}
	}
	return nil
}

// The bounds of the fields, in bytes.
const (
	maxName   = 1<<8 - 1
	maxID     = 32
	maxOpaque = 1<<16 - 1
	maxChain  = 1<<24 - 1
)
