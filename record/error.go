package record

import "strconv"

// Kind is why a record was refused.
type Kind uint8

// The reasons to refuse a record.
const (
	_ Kind = iota
	// KindOverflow is a record, or what it protects, past its limit.
	KindOverflow
	// KindBadMAC is a record that does not authenticate or is too short to.
	KindBadMAC
	// KindType is a content type that is unknown, or not allowed inside a protected record.
	KindType
	// KindVersion is a version field that no TLS has (on the first record) or
	// that is not the negotiated one (in TLS 1.2 and below).
	KindVersion
	// KindEmpty is a handshake, alert or change_cipher_spec record without content.
	KindEmpty
	// KindNoContent is a TLS 1.3 record that is nothing but padding.
	KindNoContent
	// KindPlaintext is an unprotected record where TLS 1.3 has keys, or a
	// change_cipher_spec there that is not the one byte 0x01.
	KindPlaintext
	// KindHTTP is a first record that is an HTTP request, or a CONNECT to a
	// proxy (Error.Type is then 'C').
	KindHTTP
	// KindSSLv2 is a first record that is an SSL 2.0 ClientHello.
	KindSSLv2
	// KindExhausted is a key that has protected as many records as it may.
	KindExhausted
)

// kinds gives each kind its words and the alert that answers it.
var kinds = [...]struct {
	words string
	alert Alert
}{
	0:             {"no error", AlertInternalError},
	KindOverflow:  {"record overflow", AlertRecordOverflow},
	KindBadMAC:    {"bad record MAC", AlertBadRecordMAC},
	KindType:      {"unexpected content type", AlertUnexpectedMessage},
	KindVersion:   {"wrong version number", AlertProtocolVersion},
	KindEmpty:     {"empty record", AlertUnexpectedMessage},
	KindNoContent: {"record without content", AlertUnexpectedMessage},
	KindPlaintext: {"unprotected record", AlertUnexpectedMessage},
	KindHTTP:      {"HTTP request", AlertProtocolVersion},
	KindSSLv2:     {"SSLv2 hello", AlertProtocolVersion},
	KindExhausted: {"key exhausted", AlertInternalError},
}

// String returns a few words, such as "bad record MAC".
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k].words
	}
	return "kind " + strconv.Itoa(int(k))
}

// Error is a refused record: the reason, and the header as it was received.
// Length is that of the payload on the wire. Where the bytes are not TLS at
// all (KindHTTP, KindSSLv2) the three fields are what a header would have held there.
type Error struct {
	Kind    Kind
	Type    Type
	Version Version
	Length  int
}

// Alert returns the alert with which the record is to be answered.
func (e *Error) Alert() Alert {
	if int(e.Kind) < len(kinds) {
		return kinds[e.Kind].alert
	}
	return AlertInternalError
}

// Error returns the kind and the record's header.
func (e *Error) Error() string {
	return "record: " + e.Kind.String() + " (" + e.Type.String() + ", version " +
		e.Version.String() + ", length " + strconv.Itoa(e.Length) + ")"
}

// Unwrap returns the alert, so that errors.Is finds it.
func (e *Error) Unwrap() error { return e.Alert() }
