package record

import (
	"iter"
	"strconv"
)

// Level is the level byte of an alert (RFC 9846 §6, RFC 5246 §7.2). TLS 1.3
// sends it and goes by the description alone.
type Level uint8

// The alert levels.
const (
	LevelWarning Level = 1
	LevelFatal   Level = 2
)

// String returns "warning" or "fatal", and "level 3" for what is neither.
func (l Level) String() string {
	switch l {
	case LevelWarning:
		return "warning"
	case LevelFatal:
		return "fatal"
	}
	return "level " + strconv.Itoa(int(l))
}

// Alert is an alert description (RFC 9846 §6). It is an error, so that
// errors.Is(err, record.AlertHandshakeFailure) asks what an error says or was told.
type Alert uint8

// Every description of the IANA registry of TLS alerts.
const (
	AlertCloseNotify                  Alert = 0
	AlertUnexpectedMessage            Alert = 10
	AlertBadRecordMAC                 Alert = 20
	AlertDecryptionFailed             Alert = 21
	AlertRecordOverflow               Alert = 22
	AlertDecompressionFailure         Alert = 30
	AlertHandshakeFailure             Alert = 40
	AlertNoCertificate                Alert = 41
	AlertBadCertificate               Alert = 42
	AlertUnsupportedCertificate       Alert = 43
	AlertCertificateRevoked           Alert = 44
	AlertCertificateExpired           Alert = 45
	AlertCertificateUnknown           Alert = 46
	AlertIllegalParameter             Alert = 47
	AlertUnknownCA                    Alert = 48
	AlertAccessDenied                 Alert = 49
	AlertDecodeError                  Alert = 50
	AlertDecryptError                 Alert = 51
	AlertTooManyCIDsRequested         Alert = 52
	AlertExportRestriction            Alert = 60
	AlertProtocolVersion              Alert = 70
	AlertInsufficientSecurity         Alert = 71
	AlertInternalError                Alert = 80
	AlertInappropriateFallback        Alert = 86
	AlertUserCanceled                 Alert = 90
	AlertNoRenegotiation              Alert = 100
	AlertMissingExtension             Alert = 109
	AlertUnsupportedExtension         Alert = 110
	AlertCertificateUnobtainable      Alert = 111
	AlertUnrecognizedName             Alert = 112
	AlertBadCertificateStatusResponse Alert = 113
	AlertBadCertificateHashValue      Alert = 114
	AlertUnknownPSKIdentity           Alert = 115
	AlertCertificateRequired          Alert = 116
	AlertGeneralError                 Alert = 117
	AlertNoApplicationProtocol        Alert = 120
	AlertECHRequired                  Alert = 121
)

// alerts is the one table of alerts, by code. A warning leaves the connection
// usable in TLS 1.2 and below; close_notify and user_canceled are the only
// descriptions that TLS 1.3 sends at that level (RFC 9846 §6.1).
var alerts = [...]struct {
	code    Alert
	level   Level
	name    string
	meaning string
	ref     string
}{
	{AlertCloseNotify, LevelWarning, "close_notify", "the sender will write no more", "RFC 9846 §6.1"},
	{AlertUnexpectedMessage, LevelFatal, "unexpected_message", "a message or record that is out of place", "RFC 9846 §6.2"},
	{AlertBadRecordMAC, LevelFatal, "bad_record_mac", "a record that does not authenticate", "RFC 9846 §6.2"},
	{AlertDecryptionFailed, LevelFatal, "decryption_failed", "reserved: bad CBC padding, once told apart from a bad MAC", "RFC 2246 §7.2.2"},
	{AlertRecordOverflow, LevelFatal, "record_overflow", "a record longer than its limit", "RFC 9846 §6.2"},
	{AlertDecompressionFailure, LevelFatal, "decompression_failure", "reserved: input that does not decompress", "RFC 5246 §7.2.2"},
	{AlertHandshakeFailure, LevelFatal, "handshake_failure", "no acceptable set of parameters", "RFC 9846 §6.2"},
	{AlertNoCertificate, LevelWarning, "no_certificate", "reserved: SSL 3.0's client without a certificate", "RFC 6101 §5.4.2"},
	{AlertBadCertificate, LevelFatal, "bad_certificate", "a certificate that is corrupt or does not verify", "RFC 9846 §6.2"},
	{AlertUnsupportedCertificate, LevelFatal, "unsupported_certificate", "a certificate of an unsupported type", "RFC 9846 §6.2"},
	{AlertCertificateRevoked, LevelFatal, "certificate_revoked", "a certificate that its signer revoked", "RFC 9846 §6.2"},
	{AlertCertificateExpired, LevelFatal, "certificate_expired", "a certificate that has expired or is not yet valid", "RFC 9846 §6.2"},
	{AlertCertificateUnknown, LevelFatal, "certificate_unknown", "a certificate that is unacceptable for another reason", "RFC 9846 §6.2"},
	{AlertIllegalParameter, LevelFatal, "illegal_parameter", "a field that is well formed and wrong", "RFC 9846 §6.2"},
	{AlertUnknownCA, LevelFatal, "unknown_ca", "a chain that ends at no trust anchor", "RFC 9846 §6.2"},
	{AlertAccessDenied, LevelFatal, "access_denied", "a valid credential that has no access", "RFC 9846 §6.2"},
	{AlertDecodeError, LevelFatal, "decode_error", "a message that does not parse", "RFC 9846 §6.2"},
	{AlertDecryptError, LevelFatal, "decrypt_error", "a signature, Finished or binder that does not verify", "RFC 9846 §6.2"},
	{AlertTooManyCIDsRequested, LevelFatal, "too_many_cids_requested", "more DTLS connection ids requested than will be given", "RFC 9147 §9"},
	{AlertExportRestriction, LevelFatal, "export_restriction", "reserved: a key longer than export rules allowed", "RFC 2246 §7.2.2"},
	{AlertProtocolVersion, LevelFatal, "protocol_version", "a version that is known and not supported", "RFC 9846 §6.2"},
	{AlertInsufficientSecurity, LevelFatal, "insufficient_security", "parameters weaker than the sender requires", "RFC 9846 §6.2"},
	{AlertInternalError, LevelFatal, "internal_error", "a failure that is not the peer's", "RFC 9846 §6.2"},
	{AlertInappropriateFallback, LevelFatal, "inappropriate_fallback", "a retry at a lower version than both support", "RFC 7507 §3"},
	{AlertUserCanceled, LevelWarning, "user_canceled", "the handshake was given up for a reason outside the protocol", "RFC 9846 §6.1"},
	{AlertNoRenegotiation, LevelWarning, "no_renegotiation", "a renegotiation that the sender declines", "RFC 5246 §7.2.2"},
	{AlertMissingExtension, LevelFatal, "missing_extension", "a message without an extension that it must have", "RFC 9846 §6.2"},
	{AlertUnsupportedExtension, LevelFatal, "unsupported_extension", "an extension that was not offered or has no place there", "RFC 9846 §6.2"},
	{AlertCertificateUnobtainable, LevelFatal, "certificate_unobtainable", "reserved: a client certificate URL that gave nothing", "RFC 6066 §5"},
	{AlertUnrecognizedName, LevelFatal, "unrecognized_name", "no server of the name in server_name", "RFC 9846 §6.2"},
	{AlertBadCertificateStatusResponse, LevelFatal, "bad_certificate_status_response", "an OCSP response that is invalid or unacceptable", "RFC 9846 §6.2"},
	{AlertBadCertificateHashValue, LevelFatal, "bad_certificate_hash_value", "reserved: a certificate unlike the hash of its URL", "RFC 6066 §5"},
	{AlertUnknownPSKIdentity, LevelFatal, "unknown_psk_identity", "no acceptable pre-shared key identity", "RFC 9846 §6.2"},
	{AlertCertificateRequired, LevelFatal, "certificate_required", "a client certificate was desired and not sent", "RFC 9846 §6.2"},
	{AlertGeneralError, LevelFatal, "general_error", "an error that no other alert describes", "RFC 9846 §6.2"},
	{AlertNoApplicationProtocol, LevelFatal, "no_application_protocol", "no application protocol in common", "RFC 7301 §3.2"},
	{AlertECHRequired, LevelFatal, "ech_required", "a server did not take the encrypted hello", "RFC 9849 §5"},
}

// alertRow is the row of the table at each code, plus one; 0: no such alert.
var alertRow = func() (rows [256]uint8) {
	for i, a := range alerts {
		rows[a.code] = uint8(i + 1)
	}
	return rows
}()

// Alerts iterates the registered alerts in the order of their codes.
func Alerts() iter.Seq[Alert] {
	return func(yield func(Alert) bool) {
		for _, a := range alerts {
			if !yield(a.code) {
				return
			}
		}
	}
}

// String returns the RFC's name, such as "handshake_failure", and "alert 255"
// for a code that is not registered.
func (a Alert) String() string {
	if row := alertRow[a]; row != 0 {
		return alerts[row-1].name
	}
	return "alert " + strconv.Itoa(int(a))
}

// Error returns "alert handshake_failure" and the like. Package fmt prefers it to String.
func (a Alert) Error() string {
	if !a.Registered() {
		return a.String()
	}
	return "alert " + a.String()
}

// Registered says whether IANA lists the alert.
func (a Alert) Registered() bool { return alertRow[a] != 0 }

// Meaning returns one clause that says what the alert tells, or "".
func (a Alert) Meaning() string {
	if row := alertRow[a]; row != 0 {
		return alerts[row-1].meaning
	}
	return ""
}

// Ref returns the RFC and section that define the alert, or "".
func (a Alert) Ref() string {
	if row := alertRow[a]; row != 0 {
		return alerts[row-1].ref
	}
	return ""
}

// Level returns the level at which the alert is sent. What is not registered is fatal.
func (a Alert) Level() Level {
	if row := alertRow[a]; row != 0 {
		return alerts[row-1].level
	}
	return LevelFatal
}
