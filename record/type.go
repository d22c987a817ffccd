package record

import "strconv"

// Type is a record's content type (RFC 9846 §5.1).
type Type uint8

// The content types that are accepted; heartbeat (24) and the rest are not.
const (
	TypeChangeCipherSpec Type = 20
	TypeAlert            Type = 21
	TypeHandshake        Type = 22
	TypeApplicationData  Type = 23
)

// String returns the RFC's name of the type, such as "application_data", and
// "content type 24" for one that has none here.
func (t Type) String() string {
	switch t {
	case TypeChangeCipherSpec:
		return "change_cipher_spec"
	case TypeAlert:
		return "alert"
	case TypeHandshake:
		return "handshake"
	case TypeApplicationData:
		return "application_data"
	}
	return "content type " + strconv.Itoa(int(t))
}

// known says whether t may stand in a record's header.
func (t Type) known() bool { return TypeChangeCipherSpec <= t && t <= TypeApplicationData }

// Lengths in bytes (RFC 9846 §5.1, §5.2; RFC 5246 §6.2.3).
const (
	// HeaderLen is the length of a record's header: type, version, length.
	HeaderLen = 5
	// MaxPlaintext is the longest payload of one record.
	MaxPlaintext = 1 << 14
	// MaxCiphertext13 is the longest protected payload in TLS 1.3.
	MaxCiphertext13 = MaxPlaintext + 256
	// MaxCiphertext12 is the longest protected payload in TLS 1.2 and below.
	MaxCiphertext12 = MaxPlaintext + 2048
	// MaxOverhead is the most that any version lets a record be longer than
	// its payload: no record is longer than MaxPlaintext+MaxOverhead.
	// [Sealer.Overhead] is exact, and far less.
	MaxOverhead = HeaderLen + 2048
)
