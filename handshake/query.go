package handshake

import (
	"crypto/rsa"
	"crypto/x509"

	"tacet/handshake/cred"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/record"
)

// Query is a decision that the engine asks for: *HelloQuery, *SessionQuery,
// *SessionLookup, *SessionStore, *PSKQuery, *PSKLookup, *CredentialQuery, *StapleQuery,
// *SignQuery, *DecryptQuery or *VerifyQuery. The query makes its own answers;
// Engine.Answer takes them, at once or later.
type Query interface{ asked() *ask }

// Answer is what a query was answered with. An answer belongs to the query that
// made it; given to another engine, or too late, it is refused as misuse.
type Answer struct {
	to    *ask
	value any
	err   error
}

// ask is the identity of a query: the engine is parked on exactly one.
type ask struct{ _ byte }

func (a *ask) asked() *ask { return a }

func (a *ask) with(v any) Answer { return Answer{to: a, value: v} }

// Refuse makes an answer that ends the handshake. err becomes the cause of the
// connection's error; if it is or wraps a record.Alert, that alert is sent.
func (a *ask) Refuse(err error) Answer { return Answer{to: a, err: err} }

// HelloQuery asks a server what to do with a ClientHello: with Config.AskHello.
type HelloQuery struct {
	ask
	// Hello is the parsed message and Raw its bytes, header included. Both are
	// valid until the answer; for a second hello after a HelloRetryRequest the
	// first answer stands and nothing is asked.
	Hello *msg.ClientHello
	Raw   []byte
	// ServerName is the name asked for, "" if none.
	ServerName string
	// Protocols are the ALPN names offered, nil if none.
	Protocols []string
}

// HelloChoice answers a HelloQuery.
type HelloChoice struct {
	// Profile takes the place of the one that the engine was made with; nil keeps it.
	Profile *ServerProfile
	// Protocol is the ALPN protocol to answer; it must be one of those offered.
	// "" leaves the choice to the profile, unless NoProtocol.
	Protocol string
	// NoProtocol: answer no ALPN extension, whatever the profile says.
	NoProtocol bool
	// Unacknowledged: the name asked for made no difference, and server_name is
	// not answered (RFC 6066 §3).
	Unacknowledged bool
}

// Choose answers with c.
func (q *HelloQuery) Choose(c HelloChoice) Answer { return q.with(c) }

// SessionQuery asks a client for a session to resume: with Config.AskSession.
type SessionQuery struct {
	ask
	ServerName string
}

// Offer answers with a session; nil means none. One that does not fit (expired,
// of another name, a version or suite not enabled) is not offered to the server.
func (q *SessionQuery) Offer(s *session.Session) Answer { return q.with(s) }

// SessionLookup asks a server for the session with an id that a client of TLS
// ≤ 1.2 offers: with Config.AskSession.
type SessionLookup struct {
	ask
	ID []byte // 1 to 32 bytes, valid until the answer
}

// Found answers with the session that was stored under the ID; nil means none.
// One that does not fit (expired, of another version or context, a suite that is
// not enabled) is not resumed.
func (q *SessionLookup) Found(s *session.Session) Answer { return q.with(s) }

// SessionStore asks a server to store a session of TLS ≤ 1.2 under its ID: with
// Config.AskSession. The handshake ends once it is stored.
type SessionStore struct {
	ask
	Session *session.Session
}

// Stored answers that it is, or that it will not be: then the client's offer of
// it leads to a full handshake.
func (q *SessionStore) Stored() Answer { return q.with(stored{}) }

type stored struct{}

// PSKQuery asks a client for an external pre-shared key: with Config.AskPSK, when
// it may offer one in TLS 1.3 (and offers no session), and when the server picked
// a suite up to TLS 1.2 that takes one.
type PSKQuery struct {
	ask
	// Version is the negotiated version, or TLS 1.3 when it is not negotiated yet.
	Version    record.Version
	ServerName string
	// Hint is what the server of TLS ≤ 1.2 says of which key it means, "" if nothing.
	Hint string
}

// chosen takes an answer.
func (q *PSKQuery) chosen(a Answer) (k offeredKey, none bool, err error) {
	k, ok := a.value.(offeredKey)
	none = ok && k.identity == nil && k.key == nil
	least := 0
	if q.Version >= record.TLS13 {
		least = 1
	}
	if !ok || !none && (len(k.identity) < least || len(k.identity) > MaxPSKIdentity || len(k.key) < 1 || len(k.key) > MaxPSK) {
		return k, false, misuse(KindWrongAnswer, "PSKQuery")
	}
	return k, none, nil
}

// Offer answers with a key and the identity that it is known by, up to
// MaxPSKIdentity bytes and in TLS 1.3 not empty, both kept until the handshake is over. The key is 1 to
// MaxPSK bytes; in TLS 1.3 it is used with SHA-256 (RFC 9846 §4.3.11).
func (q *PSKQuery) Offer(identity, key []byte) Answer { return q.with(offeredKey{identity, key}) }

// None answers that there is no key. In TLS 1.3 the server then has to show a
// certificate; up to TLS 1.2 the handshake ends.
func (q *PSKQuery) None() Answer { return q.with(offeredKey{}) }

type offeredKey struct{ identity, key []byte }

// PSKLookup asks a server which of the identities that a client offers it has a
// key for: with Config.AskPSK. In TLS 1.3 it is asked when none is a ticket that it
// resumes, and to answer None goes on with a certificate, if there is one. Up to
// TLS 1.2 None goes on with a random key, and fails as a wrong key does: neither
// tells who is known. (To tell, Refuse with record.AlertUnknownPSKIdentity.)
type PSKLookup struct {
	ask
	Version record.Version
	// Identities are those offered, in the client's order: at most eight, up to
	// TLS 1.2 just one. Valid until the answer.
	Identities [][]byte
}

// Found answers with the key, 1 to MaxPSK bytes, of the identity with an index. The client proves
// that it has it before anything is sent.
func (q *PSKLookup) Found(index int, key []byte) Answer { return q.with(foundKey{index, key}) }

// None answers that no identity is known.
func (q *PSKLookup) None() Answer { return q.with(foundKey{index: -1}) }

type foundKey struct {
	index int // negative: none
	key   []byte
}

// fits reports whether a key, if there is one, is of a length that keys have.
func (k foundKey) fits() bool { return k.index < 0 || len(k.key) >= 1 && len(k.key) <= MaxPSK }

// CredentialQuery asks a client for a certificate: with Config.AskCredential,
// when the server requests one.
type CredentialQuery struct {
	ask
	// Version is the negotiated version, Schemes what the server verifies, in its order.
	Version record.Version
	Schemes []cred.Scheme
	// CertSchemes is what the server takes in certificates; nil, up to TLS 1.1, does not say.
	CertSchemes []cred.Scheme
	// Authorities are the distinguished names (DER) of the CAs that the server names; may be empty.
	Authorities [][]byte
}

// Use answers with a credential; nil means that the client has none.
func (q *CredentialQuery) Use(c *cred.Credential) Answer { return q.with(c) }

// StapleQuery asks a server for an OCSP response to the certificate that it shows:
// with Config.AskStaple, when the client asks for one (RFC 6066 §8, RFC 9846 §4.5.1.1).
// It is asked once in a full handshake, when the certificate is chosen and before
// anything is sent, and not in one that resumes or goes by a pre-shared key alone.
type StapleQuery struct {
	ask
	// Credential is the one chosen: its Chain has the issuer after the leaf, if the
	// server shows it.
	Credential *cred.Credential
}

// Staple answers with an OCSPResponse in DER, which is sent as it is and not looked at;
// nil or empty staples none. It and the credential's SCTs may have 32,768 bytes together.
// The engine makes no copy until Answer returns.
func (q *StapleQuery) Staple(response []byte) Answer { return q.with(response) }

// SignQuery asks for a signature by a key that the engine does not hold, that
// is of a Credential with a nil Key or one that is not of the standard library.
type SignQuery struct {
	ask
	Credential *cred.Credential
	Scheme     cred.Scheme
	// Content is the message to sign, not its digest. Valid until the answer.
	Content []byte
	// Salt is what RSA-PSS should use as salt, if the signer lets itself be told.
	Salt []byte
}

// Signed answers with a signature, of which the engine makes no copy until it returns.
func (q *SignQuery) Signed(sig []byte) Answer { return q.with(sig) }

// DecryptQuery asks for the decryption of an RSA premaster secret (RFC 5246
// §7.4.7.1) by a key that the engine does not hold, as SignQuery does.
type DecryptQuery struct {
	ask
	Credential *cred.Credential
	Version    record.Version // of the ClientHello
	Ciphertext []byte         // valid until the answer
	Random     [48]byte       // what takes the place of a premaster secret that is not right
}

// Decrypted answers with what cred.DecryptPremaster makes of the query's fields:
// nothing about the answer, nor how long it takes, may depend on whether the
// ciphertext was good.
func (q *DecryptQuery) Decrypted(premaster [48]byte) Answer { return q.with(&premaster) }

// builtin decrypts with a key that is at hand.
func (q *DecryptQuery) builtin() (Answer, bool) {
	key, ok := q.Credential.Key.(*rsa.PrivateKey)
	if !ok {
		return Answer{}, false
	}
	return q.Decrypted(cred.DecryptPremaster(key, q.Version, q.Ciphertext, &q.Random)), true
}

// VerifyQuery asks for the verdict on the peer's chain: with Config.AskVerify.
type VerifyQuery struct {
	ask
	// Chain is the peer's chain, leaf first; never empty. Other connections may share the
	// certificates (Config.ParseCertificate): nobody changes them.
	Chain []*x509.Certificate
	// ServerName is the name to check (client only).
	ServerName string
	// OfSession: the chain is that of a session, which a client offers if it is
	// accepted; with Config.Reverify. Tolerate leaves the session be, and the server
	// has to show a chain, about which there is another query.
	OfSession bool
	// OCSPResponse and SCTs are what was stapled to the leaf.
	OCSPResponse []byte
	SCTs         [][]byte
}

// Accept answers that the chain is good. chains, which may be nil, is kept as
// ConnectionState.VerifiedChains.
func (q *VerifyQuery) Accept(chains [][]*x509.Certificate) Answer { return q.with(chains) }

// Tolerate answers that the chain is not good, for the reason err, but that the
// handshake shall go on; err is kept as ConnectionState.VerifyError.
func (q *VerifyQuery) Tolerate(err error) Answer { return q.with(tolerated{err}) }

type tolerated struct{ err error }
