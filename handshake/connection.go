package handshake

import (
	"crypto/x509"
	"time"

	"tacet/handshake/cred"
	"tacet/handshake/keys"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// ConnectionState is all that can be told of a connection. The engine fills it
// in as the handshake goes; from Secure on it does not change. Until then it
// tells what was said, not by whom: only Finished proves who the peer is. Slices and
// pointers in it are shared and must not be written to.
type ConnectionState struct {
	// Client tells the side: whether this engine is the client.
	Client bool
	// Version is the negotiated version, 0 before it is.
	Version record.Version
	// Resumed: the handshake resumed a session. Retried: there was a HelloRetryRequest.
	Resumed, Retried bool
	// ExtendedMasterSecret tells that RFC 7627 was in force (up to TLS 1.2).
	ExtendedMasterSecret bool
	// EncryptThenMAC tells that RFC 7366 was in force (CBC suites up to TLS 1.2).
	EncryptThenMAC bool
	// SecureRenegotiation tells that the peer knows RFC 5746 (up to TLS 1.2).
	SecureRenegotiation bool
	complete            bool
	ticketAgeSkew       int32 // milliseconds
	// Suite and Group are what was negotiated; Group is nil for key exchange without one,
	// as with a pre-shared key in mode PSKKE.
	Suite *suites.Suite
	Group kx.Group
	// ServerName is the name in the ClientHello, "" if none.
	ServerName string
	// ALPN is the negotiated protocol, "" if none.
	ALPN string
	// PSKIdentity is that of the external pre-shared key that authenticates the
	// connection, or the one that it resumes; "" if none does.
	PSKIdentity string
	// PeerCertificates is the peer's chain, leaf first, nil if it sent none. Other connections
	// may share the certificates (Config.ParseCertificate): nobody changes them.
	PeerCertificates []*x509.Certificate
	// VerifiedChains are the chains to a root that verification found.
	VerifiedChains [][]*x509.Certificate
	// VerifyError is why the chain was not verified, when Config.Verify is VerifyRecord.
	VerifyError error
	// Verified: the peer's chain was verified, now or when the resumed session was made.
	Verified bool
	// CertificateRequested: the server asked for a client certificate.
	CertificateRequested bool
	// PeerScheme and Scheme are the signature schemes of the peer and of this side, 0 if none signed.
	PeerScheme, Scheme cred.Scheme
	// Credential is what this side presented, nil if nothing.
	Credential *cred.Credential
	// SharedSchemes are those offered by the peer that are enabled here, in the
	// peer's order, whether or not the version uses them (server, or client that
	// was asked for a certificate).
	SharedSchemes []cred.Scheme
	// OCSPResponse and SCTs are what was stapled to the peer's leaf.
	OCSPResponse []byte
	SCTs         [][]byte
	// Finished and PeerFinished are the verify_data of both sides.
	Finished, PeerFinished []byte
	// ClientRandom and ServerRandom are the randoms of the hellos.
	ClientRandom, ServerRandom [32]byte

	verifiedBy any // what verified the peer, as session.Session.VerifiedBy

	verifyData [2][48]byte // what Finished and PeerFinished are slices of

	sendLimit, recvLimit uint16 // most plaintext in a record, as agreed; 0: any
	fragmentCode         uint8  // of max_fragment_length, 0 if none was agreed

	exporter keys.Secret  // TLS 1.3
	master   *keys.Master // up to TLS 1.2
}

// TicketAgeSkew is how much older a client of TLS 1.3 believes the ticket that it
// resumes to be than this server does, in milliseconds and up to 24 days: more than
// the transport's delay, in either direction, hints at a replay or at a clock that is
// wrong (RFC 9846 §8.3). It is 0 of all other connections.
func (c *ConnectionState) TicketAgeSkew() time.Duration {
	return time.Duration(c.ticketAgeSkew) * time.Millisecond
}

// MaxExport is the most bytes that Export gives at once.
const MaxExport = 1 << 14

// Export derives keying material for the application (RFC 5705, RFC 9846 §7.5):
// length bytes, 1 to MaxExport, and in TLS 1.3 no more than 255 digests of the
// suite's hash, 8,160 bytes for SHA-256. A nil context differs from an empty one up to
// TLS 1.2 and does not in TLS 1.3. Labels that TLS itself uses are refused up to TLS 1.2.
func (c *ConnectionState) Export(label string, context []byte, length int) ([]byte, error) {
	//= RFC 9846 §7.5
	switch {
	case !c.complete:
		return nil, misuse(KindNotSecure, "Export")
	case length < 1 || length > MaxExport:
		return nil, misuse(KindBadArgument, "Export: length")
	case len(context) > 1<<16-1:
		return nil, misuse(KindBadArgument, "Export: context")
	}
	if c.Version >= record.TLS13 {
		if len(label) > 255-len("tls13 ") {
			return nil, misuse(KindBadArgument, "Export: label")
		}
		if most := 255 * c.exporter.Hash().Size(); length > most { // RFC 5869 §2.3
			return nil, misuse(KindBadArgument, "Export: length")
		}
		return c.exporter.Export(label, context, length), nil
	}
	if reservedLabels[label] {
		return nil, misuse(KindBadArgument, "Export: label is reserved")
	}
	return c.master.Export(label, context, context != nil, c.ClientRandom[:], c.ServerRandom[:], length), nil
}

// reservedLabels are those of TLS itself (RFC 5705 §4).
var reservedLabels = map[string]bool{
	"client finished": true, "server finished": true, "master secret": true,
	"extended master secret": true, "key expansion": true,
}
