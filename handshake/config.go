package handshake

import (
	"fmt"
	"time"

	"tacet/handshake/cred"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// ClientAuth says whether a server asks for a certificate.
type ClientAuth uint8

// The policies of client authentication.
const (
	// NoClientCert: none is asked for.
	NoClientCert ClientAuth = iota
	// RequestClientCert: one is asked for; a client may have none.
	RequestClientCert
	// RequireClientCert: a client without one is refused (certificate_required,
	// handshake_failure up to TLS 1.2), one with a pre-shared key too.
	RequireClientCert
)

// VerifyMode says what becomes of a peer's chain.
type VerifyMode uint8

// The modes of verification.
const (
	// VerifyRequired: a chain that Verifier refuses ends the handshake.
	VerifyRequired VerifyMode = iota
	// VerifyRecord: the verdict is kept as ConnectionState.VerifyError, and the
	// handshake goes on whatever it is (node's rejectUnauthorized: false).
	VerifyRecord
	// VerifyNone: the chain is not looked at. The peer is not authenticated.
	VerifyNone
)

// RenegotiationPolicy says what becomes of a peer's wish to renegotiate.
type RenegotiationPolicy uint8

// The policies of renegotiation. This side's own Renegotiate does not ask them.
// Without RFC 5746 there is no renegotiation, whatever the policy.
const (
	// RefuseRenegotiation: the peer is told no_renegotiation, and all goes on.
	RefuseRenegotiation RenegotiationPolicy = iota
	// AllowRenegotiation: there is one.
	AllowRenegotiation
	// ForbidRenegotiation: the wish ends the connection.
	ForbidRenegotiation
)

// Config says how engines behave. It is compiled once, by CompileClient or
// CompileServer, into a profile that any number of engines share; changing it
// afterwards changes nothing. The zero value of each field is its default.
type Config struct {
	// MinVersion and MaxVersion bound the protocol; 0 means TLS 1.2 and TLS 1.3.
	// TLS 1.0 and 1.1 need SecurityLevel -1.
	MinVersion, MaxVersion record.Version
	// SecurityLevel is OpenSSL's (@SECLEVEL), 1 to 5: the least strength of suites,
	// groups, signatures and keys, about 80, 112, 128, 192 and 256 bits. 0 means 1;
	// -1 means OpenSSL's level 0, which permits all.
	SecurityLevel int
	// Suites are the cipher suites in order of preference, as suites.Parse gives
	// them; nil means suites.Default.
	Suites []*suites.Suite
	// ClientPreference lets a server follow the client's order of suites.
	ClientPreference bool
	// PrioritizeChaCha lets a server that follows its own order put its suites with
	// ChaCha20-Poly1305 first for a client whose first suite, of those that this module
	// knows, is one (OpenSSL's SSL_OP_PRIORITIZE_CHACHA): it says so because it has no
	// AES instructions. Beside ClientPreference, and of a client, it is an error.
	PrioritizeChaCha bool
	// Groups are the key exchange groups in order of preference; nil means
	// DefaultGroups. KeyShares are those a TLS 1.3 client sends a share of in
	// its first hello; nil means the first group, and X25519 beside a hybrid.
	Groups    []kx.Group
	KeyShares []kx.Group
	// GroupPreference has a TLS 1.3 server insist on the first of Groups that the client
	// knows, and ask for a share of it where there is none: a round trip more. Without it a
	// group that there is a share of comes first. Of a client it is an error.
	GroupPreference bool
	// DH is the group of a server's DHE suites up to TLS 1.2 (dhparam); AutoDH takes
	// one as strong as the certificate. Without either there is no DHE.
	DH     kx.Group
	AutoDH bool
	// MinDHBits is the least length of a server's DHE prime that a client takes, in
	// bits; 0 means 1024.
	MinDHBits int
	// Schemes are the signature schemes accepted from the peer and used, in
	// order of preference; nil means cred.DefaultSchemes().
	Schemes []cred.Scheme
	// CertSchemes are the signature schemes that the peer's certificates may be signed
	// with, where those are others than Schemes (signature_algorithms_cert, RFC 9846
	// §4.3.3); nil says no more than Schemes, and refuses none for its scheme. Verifier
	// refuses a chain that is signed otherwise, but for its trust anchor. Up to TLS 1.2
	// a server has no way to say them. Whom AskVerify asks checks them by itself.
	CertSchemes []cred.Scheme
	// ALPN are the protocol names in order of preference, 1 to 255 bytes each.
	ALPN []string
	// UnofferedProtocol lets a client go on with a server whose ALPN answer is none of
	// ALPN (RFC 7301 §3.2 has servers choose of what is offered). Where ALPN is empty
	// nothing is asked, and every answer is refused all the same. Of a server it is an error.
	UnofferedProtocol bool
	// Credentials are the certificates with keys. A server picks the first that
	// fits the name asked for and the client's schemes, else the first that fits the schemes;
	// of those equal in this, the first whose chain is signed as the client wants.
	Credentials []*cred.Credential
	// Verifier checks the peer's chain. Needed by a client, and by a server with
	// ClientAuth, unless Verify is VerifyNone or AskVerify is set.
	Verifier *cred.Verifier
	Verify   VerifyMode
	// ParseCertificate parses the certificates of peers; nil means cred.ParseCertificate. It
	// may return again what it returned for the same bytes, as actor.ParseCertificate does,
	// to this connection and others, which do not change it. It must tell the same of the same
	// bytes, keeps what it is given, and is called from any number of goroutines.
	ParseCertificate cred.Parser
	// Reverify has a client verify the chain in a session anew before it is offered, or ask
	// with AskVerify: for what has expired or was revoked meanwhile. Otherwise the verdict of
	// the same Verifier stands as long as the leaf is valid. Where verification is required,
	// a session that does not pass is not offered, and a full handshake follows; VerifyRecord
	// keeps the verdict. A server's Verifier judges what a ticket holds anew in any case; of a
	// server, and where nothing is verified, Reverify is an error.
	Reverify bool
	// ClientAuth is a server's policy.
	ClientAuth ClientAuth
	// AskHello, AskSession, AskPSK, AskCredential, AskStaple, AskVerify ask the application
	// by a query where otherwise the profile decides. AskSession asks a client for a
	// session to offer, and a server to look up and store sessions by id (up to TLS 1.2,
	// where no ticket is used). Without AskPSK no external pre-shared key is offered or
	// taken, and no suite that needs one. It lets a server do without Credentials.
	// AskStaple asks a server for what to staple to a certificate, instead of its Staple.
	// AskVerify is not asked on resumption, where the application's verdict of then stands
	// as long as the leaf is valid, but with Reverify: whoever verifies differently keeps
	// sessions apart.
	AskHello, AskSession, AskPSK, AskCredential, AskStaple, AskVerify bool
	// PSKModes are the ways in which TLS 1.3 uses a pre-shared key, an external one or a
	// ticket's; nil means PSKDHEKE alone. A client offers all of them; a server takes the
	// first that the client offers and, for PSKDHEKE, has a common group for. With PSKKE
	// there is no forward secrecy: who learns the key, ever, reads what was recorded. A client
	// sends its KeyShares all the same, for a server that knows no key of its; to send none,
	// let them be empty and not nil. A server needs TicketKeys or AskPSK for it. Empty and not
	// nil, with a mode twice, and without TLS 1.3 it is an error.
	PSKModes []PSKMode
	// PSKHint tells clients up to TLS 1.2 which pre-shared key is meant, at most
	// MaxPSKHint bytes; "" says nothing.
	PSKHint string
	// SessionContext is in a server's sessions, at most 32 bytes: only one made in the
	// same context is resumed (OpenSSL's session id context).
	SessionContext []byte
	// TicketKeys seal a server's session tickets: the first seals, all open.
	// nil: no tickets, no resumption.
	TicketKeys []session.TicketKey
	// Tickets is how many a TLS 1.3 server sends after a full handshake; 0 means 2, -1 none.
	// A client with -1 neither asks for tickets up to TLS 1.2 nor offers one.
	Tickets int
	// ResumptionTickets is how many it sends after a resumption, 0 to 16: clients use a
	// ticket once, so that nobody can tell that they are the same (RFC 9846 §C.4). All
	// live no longer than the first did.
	ResumptionTickets int
	// SessionLifetime is how long a session may be resumed, in whole seconds up to
	// MaxSessionLifetime; 0 means two hours. In TLS 1.3 it is seven days at most (RFC 9846
	// §4.7.1). What a server says to its client bounds it too.
	SessionLifetime time.Duration
	// MaxSendFragment is the most plaintext in a record, 512 to 16384; 0 means 16384.
	MaxSendFragment int
	// MaxFragmentLength is the code of max_fragment_length that a client offers
	// (RFC 6066 §4): 1 to 4 for 512 to 4096 bytes; 0: none. Servers agree to what is offered.
	MaxFragmentLength uint8
	// RecordSizeLimit is the most that this side takes in a record (RFC 8449), 64 to
	// 16385 bytes, the last of which only TLS 1.3 uses; 0: not said, and not asked for.
	RecordSizeLimit int
	// Renegotiation is what becomes of a peer's wish to renegotiate (up to TLS 1.2).
	// More than RenegotiationLimit of them, each within RenegotiationWindow of the one
	// before, end the connection: 0 means 3, and 10 minutes. A client's own are not counted; a
	// server's are, for a hello does not say whether it was asked for.
	Renegotiation       RenegotiationPolicy
	RenegotiationLimit  int
	RenegotiationWindow time.Duration // in whole seconds
	// LegacyServers lets a client go on with a server up to TLS 1.2 that does not know
	// RFC 5746: an attacker may then have put a handshake of its own before the client's.
	LegacyServers bool
	// Fallback lets a client say that it tried a higher version before (RFC 7507).
	Fallback bool
	// RequestOCSP lets a client ask for a stapled OCSP response, and SCTs.
	RequestOCSP bool
	// NoCompatibility leaves out what TLS 1.3 sends for middleboxes only: the
	// session id and change_cipher_spec (RFC 9846 Appendix E.4).
	NoCompatibility bool
	// NoEncryptThenMAC: encrypt_then_mac is neither offered nor answered, and CBC suites
	// protect records by MAC-then-encrypt, as before RFC 7366. A connection whose records
	// have once been protected the other way does not heed it when it renegotiates.
	NoEncryptThenMAC bool
	// KeyLog makes an event of each secret, for a key log file. It breaks secrecy.
	KeyLog bool
	// Trace makes an event of each message sent and received.
	Trace bool
}

// ConfigError is what CompileClient and CompileServer fail with.
type ConfigError struct {
	Field  string // the field of Config
	Reason string
}

// Error names the field and the reason.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("handshake: Config.%s: %s", e.Field, e.Reason)
}

// Limits of Config.
const (
	MinSendFragment     = 512
	MaxSessionLifetime  = session.MaxLifetime12 // 2^31-1 seconds; seven days of it count in TLS 1.3
	defaultLifetime     = 2 * time.Hour
	defaultTickets      = 2
	maxTickets          = 16
	maxServerNameLength = 255
	// MaxPSKIdentity is the longest identity of an external pre-shared key, in bytes.
	MaxPSKIdentity = 1 << 12
	// MaxPSK is the longest external pre-shared key, in bytes.
	MaxPSK = 1 << 9
	// MaxPSKHint is the longest Config.PSKHint, in bytes.
	MaxPSKHint     = 1 << 8
	maxContext     = 32      // RFC 5246 §7.4.1.2, of ids
	maxALPN        = 1 << 15 // of a hello's 2^16-1 bytes of extensions
	maxStapled     = 1 << 15 // of the same in a certificate's entry, or a ServerHello
	maxChainLength = 1 << 23 // of a message's 2^24-1 bytes
)

// DefaultGroups are the groups of a Config that names none.
func DefaultGroups() []kx.Group {
	return []kx.Group{kx.ByID(kx.X25519MLKEM768), kx.ByID(kx.X25519), kx.ByID(kx.P256), kx.ByID(kx.P384), kx.ByID(kx.P521)}
}
