package handshake

import (
	"errors"
	"strings"

	"tacet/handshake/cred"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
)

// Class tells whose fault an error is.
type Class uint8

// The classes of errors.
const (
	// PeerMisbehaved: the peer broke the protocol, or someone between did.
	PeerMisbehaved Class = iota
	// CannotAgree: both sides are right, but have nothing in common.
	CannotAgree
	// Misuse: the caller did what it must not. The connection lives on.
	Misuse
	// Ended: the peer or the transport ended the connection.
	Ended
)

// Kind is what went wrong, at least as exactly as an alert says it. A Kind is
// an error, so that errors.Is(err, handshake.KindTruncated) works.
type Kind uint8

// The kinds of errors; the table kinds gives each its class and alert.
const (
	KindNone Kind = iota
	// Records.
	KindRecordOverflow
	KindBadRecordMAC
	KindRecordType
	KindRecordVersion
	KindEmptyRecord
	KindNoContentType
	KindPlaintextRecord
	KindHTTPRequest
	KindSSLv2Hello
	KindKeyExhausted
	KindTooManyEmptyRecords
	KindTooManyWarnings
	KindTooManyKeyUpdates
	KindTooManyTickets
	KindTooMuchSkippedData
	// Order.
	KindUnexpectedMessage
	KindAnonymousRequest
	KindUnexpectedCCS
	KindInterleaved
	KindExcessHandshakeData
	KindDataInHandshake
	// Messages.
	KindDecode
	KindIllegalParameter
	KindDuplicateExtension
	KindForbiddenExtension
	KindUnsolicitedExtension
	KindMissingExtension
	KindPSKNotLast
	KindMessageTooLong
	// Negotiation.
	KindProtocolVersion
	KindFallback
	KindDowngrade
	KindNoCommonSuite
	KindNoCommonGroup
	KindNoCommonScheme
	KindNoCommonProtocol
	KindNoCertificate
	KindWrongSuite
	KindWrongGroup
	KindWrongVersion
	KindWrongCompression
	KindWrongSessionID
	KindWrongScheme
	KindWrongProtocol
	KindSecondRetry
	KindUselessRetry
	KindHelloChanged
	KindWrongPSK
	KindWrongPSKMode
	KindRenegotiationInfo
	KindLegacyServer
	KindExtendedMasterSecret
	KindCertificateChanged
	KindNoPSK
	KindWeakGroup
	KindNoRenegotiation
	KindRenegotiationForbidden
	KindRenegotiationAttack
	// Cryptography.
	KindBadKeyShare
	KindBadSignature
	KindBadFinished
	KindBadFinishedLength
	KindBadBinder
	// Certificates.
	KindEmptyChain
	KindCertificateRequired
	KindBadCertificate
	KindVerification
	KindWrongCertificateType
	// The end.
	KindAlertReceived
	KindTruncated
	KindClosedInHandshake
	KindReadFailed
	KindAborted
	KindRefused
	KindSigner
	KindInternal
	// Misuse of the API.
	KindNotSecure
	KindSplit
	KindClosed
	KindNoQuery
	KindStaleAnswer
	KindWrongAnswer
	KindBadArgument
	KindUnsupported
	numKinds
)

type kindRow struct {
	text  string
	class Class
	alert record.Alert
}

// kinds is the one table from kinds of errors to alerts (I4).
var kinds = [numKinds]kindRow{
	KindNone: {"no error", Misuse, record.AlertInternalError},

	KindRecordOverflow:      {"record too long", PeerMisbehaved, record.AlertRecordOverflow},
	KindBadRecordMAC:        {"record does not authenticate", PeerMisbehaved, record.AlertBadRecordMAC},
	KindRecordType:          {"unknown record type", PeerMisbehaved, record.AlertUnexpectedMessage},
	KindRecordVersion:       {"wrong version in record header", PeerMisbehaved, record.AlertProtocolVersion},
	KindEmptyRecord:         {"empty record", PeerMisbehaved, record.AlertUnexpectedMessage},
	KindNoContentType:       {"record without content type", PeerMisbehaved, record.AlertUnexpectedMessage},
	KindPlaintextRecord:     {"unprotected record", PeerMisbehaved, record.AlertUnexpectedMessage},
	KindHTTPRequest:         {"HTTP request instead of TLS", PeerMisbehaved, record.AlertProtocolVersion},
	KindSSLv2Hello:          {"SSLv2 hello", PeerMisbehaved, record.AlertProtocolVersion},
	KindKeyExhausted:        {"usage limit of a key reached", CannotAgree, record.AlertInternalError},
	KindTooManyEmptyRecords: {"too many empty records", PeerMisbehaved, record.AlertUnexpectedMessage},
	KindTooManyWarnings:     {"too many warning alerts", PeerMisbehaved, record.AlertUnexpectedMessage},
	KindTooManyKeyUpdates:   {"too many KeyUpdates", PeerMisbehaved, record.AlertUnexpectedMessage},
	KindTooManyTickets:      {"too many NewSessionTickets", PeerMisbehaved, record.AlertUnexpectedMessage},
	KindTooMuchSkippedData:  {"too much early data to skip", PeerMisbehaved, record.AlertUnexpectedMessage},

	KindAnonymousRequest:    {"a server without certificate asks for one", PeerMisbehaved, record.AlertHandshakeFailure},
	KindUnexpectedMessage:   {"unexpected message", PeerMisbehaved, record.AlertUnexpectedMessage},
	KindUnexpectedCCS:       {"unexpected change_cipher_spec", PeerMisbehaved, record.AlertUnexpectedMessage},
	KindInterleaved:         {"record between the parts of a handshake message", PeerMisbehaved, record.AlertUnexpectedMessage},
	KindExcessHandshakeData: {"handshake bytes across a key change", PeerMisbehaved, record.AlertUnexpectedMessage},
	KindDataInHandshake:     {"application data during the handshake", PeerMisbehaved, record.AlertUnexpectedMessage},

	KindDecode:               {"message does not parse", PeerMisbehaved, record.AlertDecodeError},
	KindIllegalParameter:     {"illegal value", PeerMisbehaved, record.AlertIllegalParameter},
	KindDuplicateExtension:   {"duplicate extension", PeerMisbehaved, record.AlertIllegalParameter},
	KindForbiddenExtension:   {"extension not allowed in this message", PeerMisbehaved, record.AlertIllegalParameter},
	KindUnsolicitedExtension: {"extension that was not offered", PeerMisbehaved, record.AlertUnsupportedExtension},
	KindMissingExtension:     {"missing extension", PeerMisbehaved, record.AlertMissingExtension},
	KindPSKNotLast:           {"pre_shared_key is not the last extension", PeerMisbehaved, record.AlertIllegalParameter},
	KindMessageTooLong:       {"message too long", PeerMisbehaved, record.AlertDecodeError},

	KindProtocolVersion:        {"no common version", CannotAgree, record.AlertProtocolVersion},
	KindFallback:               {"inappropriate fallback", CannotAgree, record.AlertInappropriateFallback},
	KindDowngrade:              {"downgrade sentinel in ServerHello", PeerMisbehaved, record.AlertIllegalParameter},
	KindNoCommonSuite:          {"no common cipher suite", CannotAgree, record.AlertHandshakeFailure},
	KindNoCommonGroup:          {"no common group", CannotAgree, record.AlertHandshakeFailure},
	KindNoCommonScheme:         {"no common signature scheme", CannotAgree, record.AlertHandshakeFailure},
	KindNoCommonProtocol:       {"no common ALPN protocol", CannotAgree, record.AlertNoApplicationProtocol},
	KindNoCertificate:          {"no usable certificate", CannotAgree, record.AlertHandshakeFailure},
	KindWrongSuite:             {"cipher suite was not offered", PeerMisbehaved, record.AlertIllegalParameter},
	KindWrongGroup:             {"group was not offered", PeerMisbehaved, record.AlertIllegalParameter},
	KindWrongVersion:           {"version was not offered", PeerMisbehaved, record.AlertProtocolVersion},
	KindWrongCompression:       {"compression method is not null", PeerMisbehaved, record.AlertIllegalParameter},
	KindWrongSessionID:         {"session id does not match", PeerMisbehaved, record.AlertIllegalParameter},
	KindWrongScheme:            {"signature scheme was not offered", PeerMisbehaved, record.AlertIllegalParameter},
	KindWrongProtocol:          {"ALPN protocol was not offered", PeerMisbehaved, record.AlertIllegalParameter},
	KindSecondRetry:            {"second HelloRetryRequest", PeerMisbehaved, record.AlertUnexpectedMessage},
	KindUselessRetry:           {"HelloRetryRequest changes nothing", PeerMisbehaved, record.AlertIllegalParameter},
	KindHelloChanged:           {"second ClientHello differs from the first", PeerMisbehaved, record.AlertIllegalParameter},
	KindWrongPSK:               {"pre-shared key was not offered", PeerMisbehaved, record.AlertIllegalParameter},
	KindWrongPSKMode:           {"pre-shared key in a mode that was not offered", PeerMisbehaved, record.AlertIllegalParameter},
	KindLegacyServer:           {"server without RFC 5746", CannotAgree, record.AlertHandshakeFailure},
	KindRenegotiationInfo:      {"wrong renegotiation_info", PeerMisbehaved, record.AlertHandshakeFailure},
	KindExtendedMasterSecret:   {"extended_master_secret differs from the session's", PeerMisbehaved, record.AlertHandshakeFailure},
	KindCertificateChanged:     {"renegotiation with another certificate", PeerMisbehaved, record.AlertIllegalParameter},
	KindNoPSK:                  {"no pre-shared key", CannotAgree, record.AlertHandshakeFailure},
	KindWeakGroup:              {"group is too weak", CannotAgree, record.AlertHandshakeFailure},
	KindNoRenegotiation:        {"peer does not renegotiate", CannotAgree, record.AlertHandshakeFailure},
	KindRenegotiationForbidden: {"renegotiation is forbidden", PeerMisbehaved, record.AlertNoRenegotiation},
	KindRenegotiationAttack:    {"too many renegotiations", PeerMisbehaved, record.AlertNoRenegotiation},

	KindBadKeyShare:       {"bad key share", PeerMisbehaved, record.AlertIllegalParameter},
	KindBadSignature:      {"signature does not verify", PeerMisbehaved, record.AlertDecryptError},
	KindBadFinished:       {"Finished does not verify", PeerMisbehaved, record.AlertDecryptError},
	KindBadFinishedLength: {"Finished of wrong length", PeerMisbehaved, record.AlertDecodeError},
	KindBadBinder:         {"PSK binder does not verify", PeerMisbehaved, record.AlertDecryptError},

	KindEmptyChain:           {"server sent no certificate", PeerMisbehaved, record.AlertDecodeError},
	KindCertificateRequired:  {"client sent no certificate", CannotAgree, record.AlertCertificateRequired},
	KindBadCertificate:       {"certificate does not parse", PeerMisbehaved, record.AlertBadCertificate},
	KindVerification:         {"certificate is not trusted", CannotAgree, record.AlertBadCertificate},
	KindWrongCertificateType: {"certificate does not fit the cipher suite", PeerMisbehaved, record.AlertIllegalParameter},

	KindAlertReceived:     {"received alert", Ended, 0},
	KindTruncated:         {"transport ended without close_notify", Ended, 0},
	KindClosedInHandshake: {"peer closed during the handshake", Ended, 0},
	KindReadFailed:        {"reading failed", Ended, 0},
	KindAborted:           {"aborted", Ended, record.AlertInternalError},
	KindRefused:           {"refused by the application", CannotAgree, record.AlertHandshakeFailure},
	KindSigner:            {"signing failed", CannotAgree, record.AlertInternalError},
	KindInternal:          {"internal error", Ended, record.AlertInternalError},

	KindNotSecure:   {"handshake is not complete", Misuse, 0},
	KindSplit:       {"engine is split", Misuse, 0},
	KindClosed:      {"writing side is closed", Misuse, 0},
	KindNoQuery:     {"no query is pending", Misuse, 0},
	KindStaleAnswer: {"answer to another query", Misuse, 0},
	KindWrongAnswer: {"answer that does not fit", Misuse, 0},
	KindBadArgument: {"bad argument", Misuse, 0},
	KindUnsupported: {"not supported by this version", Misuse, 0},
}

// String says in a few words what went wrong.
func (k Kind) String() string { return kinds[k].text }

// Error is String, so that a Kind can be a target of errors.Is.
func (k Kind) Error() string { return "handshake: " + kinds[k].text }

// Class tells whose fault it is.
func (k Kind) Class() Class { return kinds[k].class }

// Error is every error of an engine. Except for those of class Misuse, it is
// final: the engine gives the same error from then on.
type Error struct {
	Kind Kind
	// Alert is what was sent (Sent) or received; 0, with Sent false, if none was.
	Alert record.Alert
	Sent  bool
	// State is the vertex of the handshake, as named in edges.go; "connected" after it.
	State string
	// Field is the message or field at fault, if there is one: "ClientHello.session_id".
	Field string
	// Ref is the section of the RFC that says so, if known.
	Ref string
	// Err is the cause, nil if there is none.
	Err error
}

// Error tells all that is known.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("tls: ")
	b.WriteString(e.Kind.String())
	for _, part := range []struct{ before, text, after string }{
		{": ", e.Field, ""}, {" (state ", e.State, ")"}, {" [", e.Ref, "]"},
	} {
		if part.text != "" {
			b.WriteString(part.before + part.text + part.after)
		}
	}
	switch {
	case e.Kind == KindAlertReceived:
		b.WriteString(": " + e.Alert.String())
	case e.Sent:
		b.WriteString(", sent alert " + e.Alert.String())
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the Kind or the record.Alert of e.
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case Kind:
		return e.Kind == t
	case record.Alert:
		return e.Alert == t && kinds[e.Kind].alert != 0 || e.Kind == KindAlertReceived && e.Alert == t
	}
	return false
}

// failure makes an error of a kind about a field; the driver adds state and alert.
func failure(k Kind, field string) *Error { return &Error{Kind: k, Field: field} }

// misuse makes an error that leaves the connection as it is.
func misuse(k Kind, what string) error { return &Error{Kind: k, Field: what} }

// asError turns an error of any package of the engine into an *Error with its
// kind, and the alert that is to be sent.
func asError(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		e := *own
		if e.Alert == 0 && e.Kind != KindAlertReceived {
			e.Alert = kinds[e.Kind].alert
		}
		return &e
	}
	e := &Error{Kind: KindInternal, Err: err}
	var (
		rec  *record.Error
		wire *msg.Error
		cert *cred.Error
		kxe  *kx.Error
	)
	switch {
	case errors.As(err, &rec):
		e.Kind, e.Alert = recordKinds[rec.Kind], rec.Alert()
		if e.Kind == KindPlaintextRecord && rec.Type == record.TypeChangeCipherSpec {
			e.Kind = KindUnexpectedCCS // one that no TLS 1.3 sends
		}
	case errors.As(err, &wire):
		e.Kind, e.Alert, e.Field, e.Ref, e.Err = messageKinds[wire.Kind], wire.Alert(), wire.Field, wire.Ref, nil
	case errors.As(err, &cert):
		e.Kind, e.Alert = certificateKind(cert), cert.Alert()
	case errors.As(err, &kxe):
		e.Kind = KindBadKeyShare
	}
	if e.Alert == 0 {
		e.Alert = kinds[e.Kind].alert
	}
	return e
}

// blame makes an error of another package one about a field.
func blame(err error, field string) error {
	e := asError(err)
	if e.Field == "" {
		e.Field = field
	}
	return e
}

var recordKinds = map[record.Kind]Kind{
	record.KindOverflow: KindRecordOverflow, record.KindBadMAC: KindBadRecordMAC, record.KindType: KindRecordType,
	record.KindVersion: KindRecordVersion, record.KindEmpty: KindEmptyRecord, record.KindNoContent: KindNoContentType,
	record.KindPlaintext: KindPlaintextRecord, record.KindHTTP: KindHTTPRequest, record.KindSSLv2: KindSSLv2Hello,
	record.KindExhausted: KindKeyExhausted,
}

var messageKinds = map[msg.Kind]Kind{
	msg.KindSyntax: KindDecode, msg.KindTrailing: KindDecode, msg.KindIllegal: KindIllegalParameter,
	msg.KindDuplicate: KindDuplicateExtension, msg.KindForbidden: KindForbiddenExtension,
	msg.KindUnsolicited: KindUnsolicitedExtension, msg.KindMissing: KindMissingExtension,
	msg.KindNotLast: KindPSKNotLast, msg.KindTooLong: KindMessageTooLong, msg.KindUnexpectedType: KindUnexpectedMessage,
}

func certificateKind(e *cred.Error) Kind {
	switch e.Alert() {
	case record.AlertDecryptError:
		return KindBadSignature
	case record.AlertIllegalParameter:
		return KindWrongScheme
	}
	return KindVerification
}
