package msg

import (
	"fmt"
	"iter"
	"math/bits"

	"tacet/record"
)

// Ext is an extension's code (IANA "TLS ExtensionType Values").
type Ext uint16

// The extensions of the table.
const (
	ExtServerName              Ext = 0
	ExtMaxFragmentLength       Ext = 1
	ExtStatusRequest           Ext = 5
	ExtSupportedGroups         Ext = 10
	ExtECPointFormats          Ext = 11
	ExtSignatureAlgorithms     Ext = 13
	ExtALPN                    Ext = 16
	ExtSCT                     Ext = 18
	ExtPadding                 Ext = 21
	ExtEncryptThenMAC          Ext = 22
	ExtExtendedMasterSecret    Ext = 23
	ExtCompressCertificate     Ext = 27
	ExtRecordSizeLimit         Ext = 28
	ExtSessionTicket           Ext = 35
	ExtPreSharedKey            Ext = 41
	ExtEarlyData               Ext = 42
	ExtSupportedVersions       Ext = 43
	ExtCookie                  Ext = 44
	ExtPSKModes                Ext = 45
	ExtCertificateAuthorities  Ext = 47
	ExtOIDFilters              Ext = 48
	ExtPostHandshakeAuth       Ext = 49
	ExtSignatureAlgorithmsCert Ext = 50
	ExtKeyShare                Ext = 51
	ExtRenegotiationInfo       Ext = 0xff01
)

// Where is a set of messages, as the rows of the table name them.
type Where uint16

const (
	// InClientHello is a ClientHello judged by a server that can answer with TLS 1.3.
	InClientHello Where = 1 << iota
	// InClientHello12 is a ClientHello answered with TLS 1.2 or lower.
	InClientHello12
	InServerHello         // of TLS 1.3
	InServerHello12       // of TLS 1.2 and lower
	InRetry               // HelloRetryRequest
	InEncryptedExtensions // of TLS 1.3, which alone has it
	InCertificateRequest  // of TLS 1.3
	InCertificate         // an entry of a Certificate of TLS 1.3
	InNewSessionTicket    // of TLS 1.3

	// changeable marks what a second ClientHello may have otherwise than the first.
	changeable Where = 1 << 15

	helloEither       = InClientHello | InClientHello12
	serverHelloEither = InServerHello | InServerHello12
	// replies are the messages whose extensions answer those of another.
	replies = serverHelloEither | InRetry | InEncryptedExtensions | InCertificate
)

// message is the type of the message that in names.
func (in Where) message() Type {
	switch {
	case in&helloEither != 0:
		return TypeClientHello
	case in&InEncryptedExtensions != 0:
		return TypeEncryptedExtensions
	case in&InCertificateRequest != 0:
		return TypeCertificateRequest
	case in&InCertificate != 0:
		return TypeCertificate
	case in&InNewSessionTicket != 0:
		return TypeNewSessionTicket
	}
	return TypeServerHello
}

// Extensions holds the extensions of any message, in both directions. Which of
// the fields mean something, Have says; a builder fills fields and calls Set.
// Fields of a parsed message alias its body. Numbers tagged decimal are no codes.
type Extensions struct {
	have Set

	Wire         []byte // parsed only: the whole block without its length; see [RawExtensions]
	Unknown      int    // parsed only: how many extensions no row knows
	FirstUnknown Ext    // parsed only: the first of them, if Unknown > 0

	ServerName              []byte   // server_name of a client: the host_name; empty if it names none
	MaxFragmentLength       uint8    // max_fragment_length: 1 to 4, for 2^9 to 2^12 bytes
	StatusRequest           bool     // status_request of a client: OCSP is asked for
	OCSPResponse            []byte   // status_request in a Certificate entry: DER
	SupportedGroups         Uint16s  // supported_groups
	PointFormats            []byte   // ec_point_formats
	SignatureAlgorithms     Uint16s  // signature_algorithms
	SignatureAlgorithmsCert Uint16s  // signature_algorithms_cert
	ALPN                    Vector8  // application_layer_protocol_negotiation; a server's has one name
	SCTs                    Vector16 // signed_certificate_timestamp of a certificate's owner
	Padding                 int      // padding: number of zero bytes
	CertificateCompression  Uint16s  // compress_certificate
	RecordSizeLimit         uint16   `show:"decimal"` // record_size_limit: 64 bytes or more
	SessionTicket           []byte   // session_ticket of a client
	RenegotiationInfo       []byte   // renegotiation_info: renegotiated_connection

	SupportedVersions Uint16s        // supported_versions of a client
	SelectedVersion   record.Version // supported_versions of a server
	Cookie            []byte         // cookie
	PSKModes          []byte         // psk_key_exchange_modes: 0 psk_ke, 1 psk_dhe_ke
	PSK               OfferedPSKs    // pre_shared_key of a client
	SelectedPSK       uint16         `show:"decimal"` // pre_shared_key of a server: index of the identity
	MaxEarlyData      uint32         // early_data of a NewSessionTicket: bytes
	KeyShares         KeyShares      // key_share of a client
	ServerShare       KeyShare       // key_share of a ServerHello
	RetryGroup        uint16         // key_share of a HelloRetryRequest

	CertificateAuthorities Vector16   // certificate_authorities: DER names
	OIDFilters             OIDFilters // oid_filters
}

// OfferedPSKs is pre_shared_key of a client: as many binders as identities.
type OfferedPSKs struct {
	Identities PSKIdentities
	Binders    Vector8 // each 32 to 255 bytes
}

// Have says whether the extension is there. An id without a row never is.
func (x *Extensions) Have(id Ext) bool { return x.have.Has(id) }

// Set marks an extension as there, for Append. It panics on an id without a row.
func (x *Extensions) Set(id Ext) { x.have = x.have.With(id) }

// Clear takes the mark of Set away.
func (x *Extensions) Clear(id Ext) { x.have = x.have.Without(id) }

// Offered is the set of extensions that are there, for the Check of the reply.
func (x *Extensions) Offered() Set { return x.have }

// Set is a set of extensions that have a row: bit i is row i.
type Set uint64

// Has says whether id is in the set.
func (s Set) Has(id Ext) bool { return s&bit(id) != 0 }

// With adds an extension. It panics on an id without a row.
func (s Set) With(id Ext) Set {
	b := bit(id)
	if b == 0 {
		panic("msg: no such extension: " + id.String())
	}
	return s | b
}

// Without takes an extension out.
func (s Set) Without(id Ext) Set { return s &^ bit(id) }

// All iterates over the extensions in row order.
func (s Set) All() iter.Seq[Ext] {
	return func(yield func(Ext) bool) {
		for ; s != 0; s &= s - 1 {
			if !yield(table[bits.TrailingZeros64(uint64(s))].id) {
				return
			}
		}
	}
}

// String gives the name of RFC 9846 §4.3, or "Ext(0xhhhh)" for an id without a row.
func (id Ext) String() string {
	if i := rowOf(id); i >= 0 {
		return table[i].name
	}
	return fmt.Sprintf("Ext(%#04x)", uint16(id))
}

func (id Ext) ref() string {
	if i := rowOf(id); i >= 0 {
		return table[i].ref
	}
	return "RFC 9846 §4.3"
}
