package msg

import "fmt"

// Type is a handshake message type (RFC 9846 §4, IANA "TLS HandshakeType").
type Type uint8

// The types of the table, and message_hash.
const (
	TypeHelloRequest          Type = 0
	TypeClientHello           Type = 1
	TypeServerHello           Type = 2 // a HelloRetryRequest too
	TypeNewSessionTicket      Type = 4
	TypeEndOfEarlyData        Type = 5
	TypeEncryptedExtensions   Type = 8
	TypeCertificate           Type = 11
	TypeServerKeyExchange     Type = 12
	TypeCertificateRequest    Type = 13
	TypeServerHelloDone       Type = 14
	TypeCertificateVerify     Type = 15
	TypeClientKeyExchange     Type = 16
	TypeFinished              Type = 20
	TypeCertificateURL        Type = 21
	TypeCertificateStatus     Type = 22
	TypeKeyUpdate             Type = 24
	TypeCompressedCertificate Type = 25
	TypeMessageHash           Type = 254 // only in transcripts, never on the wire
)

// Limits of message bodies, in bytes. Together with one record they bound what
// a [Reassembler] holds, whatever the peer announces.
const (
	// LimitHello is the largest body that the format of a ClientHello allows:
	// fixed fields, session id, suites, compression methods, extensions.
	LimitHello = 2 + 32 + 1 + 32 + 2 + 65534 + 1 + 255 + 2 + 65535
	// LimitServerHello is the largest body that its format allows.
	LimitServerHello = 2 + 32 + 1 + 32 + 2 + 1 + 2 + 65535
	// LimitCertificate holds for a chain, compressed or not, and for an OCSP
	// response; it is the default of OpenSSL's SSL_CTX_set_max_cert_list.
	LimitCertificate = 100 << 10
	// LimitCertificateRequest is the largest body that both formats allow.
	LimitCertificateRequest = 1 + 255 + 2 + 65534 + 2 + 65535
	// LimitTicket is the largest body that both formats allow.
	LimitTicket = 4 + 4 + 1 + 255 + 2 + 65535 + 2 + 65535
	// LimitServerKeyExchange has room for the parameters of any group and for
	// the longest signature.
	LimitServerKeyExchange = 100 << 10
	// LimitOpaque is the largest body that is one vector with a two-byte length
	// after a two-byte code.
	LimitOpaque = 2 + 2 + 65535
	// LimitClientKeyExchange has room for the longest identity beside the share of any group.
	LimitClientKeyExchange = 100 << 10
	// LimitFinished is the longest hash; the engine checks the exact length.
	LimitFinished = 64
	// LimitUnknown holds for types that no row names. They are never legal;
	// small ones are cut out so that the engine can say in which state.
	LimitUnknown = 1 << 10
)

// kind is one row of the table of message types. make12, for TLS 1.2 and lower,
// and make13 give an empty message to parse into; nil where there is none.
type kind struct {
	typ            Type
	name           string
	limit          int
	ref            string
	make12, make13 func(Dialect) Message
}

// plain makes a message that is the same in every dialect.
func plain[M any, P interface {
	*M
	Message
}](Dialect) Message {
	return P(new(M))
}

var kinds = [...]kind{
	{TypeHelloRequest, "HelloRequest", 0, "RFC 5246 §7.4.1.1", plain[HelloRequest], nil},
	{TypeClientHello, "ClientHello", LimitHello, "RFC 9846 §4.2.2", plain[ClientHello], plain[ClientHello]},
	{TypeServerHello, "ServerHello", LimitServerHello, "RFC 9846 §4.2.3", plain[ServerHello], plain[ServerHello]},
	{TypeNewSessionTicket, "NewSessionTicket", LimitTicket, "RFC 9846 §4.7.1", plain[NewSessionTicket12], plain[NewSessionTicket13]},
	{TypeEndOfEarlyData, "EndOfEarlyData", 0, "RFC 9846 §4.6", nil, plain[EndOfEarlyData]},
	{TypeEncryptedExtensions, "EncryptedExtensions", 2 + 65535, "RFC 9846 §4.4.1", nil, plain[EncryptedExtensions]},
	{TypeCertificate, "Certificate", LimitCertificate, "RFC 9846 §4.5.1", plain[Certificate12], plain[Certificate13]},
	{TypeServerKeyExchange, "ServerKeyExchange", LimitServerKeyExchange, "RFC 5246 §7.4.3", serverKeyExchange, nil},
	{TypeCertificateRequest, "CertificateRequest", LimitCertificateRequest, "RFC 9846 §4.4.2", certificateRequest, plain[CertificateRequest13]},
	{TypeServerHelloDone, "ServerHelloDone", 0, "RFC 5246 §7.4.5", plain[ServerHelloDone], nil},
	{TypeCertificateVerify, "CertificateVerify", LimitOpaque, "RFC 9846 §4.5.2", certificateVerify, plain[CertificateVerify]},
	{TypeClientKeyExchange, "ClientKeyExchange", LimitClientKeyExchange, "RFC 5246 §7.4.7", clientKeyExchange, nil},
	{TypeFinished, "Finished", LimitFinished, "RFC 9846 §4.5.3", plain[Finished], plain[Finished]},
	{TypeCertificateURL, "CertificateURL", LimitUnknown, "RFC 6066 §5", nil, nil},
	{TypeCertificateStatus, "CertificateStatus", LimitCertificate, "RFC 6066 §8", plain[CertificateStatus], nil},
	{TypeKeyUpdate, "KeyUpdate", 1, "RFC 9846 §4.7.3", nil, plain[KeyUpdate]},
	{TypeCompressedCertificate, "CompressedCertificate", LimitCertificate, "RFC 8879 §4", nil, plain[CompressedCertificate]},
	{TypeMessageHash, "MessageHash", LimitUnknown, "RFC 9846 §4.1", nil, nil},
}

func (t Type) row() *kind {
	for i := range kinds {
		if kinds[i].typ == t {
			return &kinds[i]
		}
	}
	return nil
}

// String gives the RFC's name, or "Type(n)" for a type without a row.
func (t Type) String() string {
	if k := t.row(); k != nil {
		return k.name
	}
	return fmt.Sprintf("Type(%d)", uint8(t))
}

// Limit is the most bytes that the body of such a message may have.
func (t Type) Limit() int {
	if k := t.row(); k != nil {
		return k.limit
	}
	return LimitUnknown
}

// Known says whether t is a type that either version puts on the wire.
func (t Type) Known() bool {
	k := t.row()
	return k != nil && (k.make12 != nil || k.make13 != nil)
}

func (t Type) ref() string {
	if k := t.row(); k != nil {
		return k.ref
	}
	return "RFC 9846 §4"
}

// HeaderLen is the length of a message header: type and 24-bit length.
const HeaderLen = 4

// Raw is one whole handshake message, header and body, as received or sent.
type Raw []byte

// Type is the message's type.
func (r Raw) Type() Type { return Type(r[0]) }

// Body is the message without its header; it aliases r.
func (r Raw) Body() []byte { return r[HeaderLen:] }

// Message is a handshake message that can be read and written.
//
// Parse resets the message and reads a body (no header). The message then
// aliases body, which the caller must leave alone while the message is in use.
// It fails with an [*Error]. Append writes header and body behind dst; it
// panics if a field is longer than its length prefix can say. Struct tags name
// the fields as the RFCs do, for [Fields].
type Message interface {
	Type() Type               // in the header
	Parse(body []byte) error  // reads a body
	Append(dst []byte) []byte // writes header and body behind dst
}
