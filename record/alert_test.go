package record

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// ianaAlerts is the registry "TLS Alerts" of IANA's TLS parameters.
var ianaAlerts = map[Alert]string{
	0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed",
	22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate",
	42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked",
	45: "certificate_expired", 46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca",
	49: "access_denied", 50: "decode_error", 51: "decrypt_error", 52: "too_many_cids_requested",
	60: "export_restriction", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
	86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension",
	110: "unsupported_extension", 111: "certificate_unobtainable", 112: "unrecognized_name",
	113: "bad_certificate_status_response", 114: "bad_certificate_hash_value", 115: "unknown_psk_identity",
	116: "certificate_required", 117: "general_error", 120: "no_application_protocol", 121: "ech_required",
}

func TestAlerts(t *testing.T) {
	//= RFC 9846 §6 type=test
	all := slices.Collect(Alerts())
	if !slices.IsSorted(all) || len(all) != len(ianaAlerts) {
		t.Errorf("%d alerts, want %d in order", len(all), len(ianaAlerts))
	}
	for code := range 256 {
		a := Alert(code)
		name, registered := ianaAlerts[a]
		if !registered {
			name = fmt.Sprintf("alert %d", code)
		}
		if a.String() != name || registered && a.Error() != "alert "+name || a.Registered() != registered || (a.Meaning() != "") != registered || (a.Ref() != "") != registered {
			t.Errorf("alert %d: %q, registered %v, %q, %q", code, a, a.Registered(), a.Meaning(), a.Ref())
		}
		warns := slices.Contains([]Alert{AlertCloseNotify, AlertNoCertificate, AlertUserCanceled, AlertNoRenegotiation}, a)
		if (a.Level() == LevelWarning) != warns {
			t.Errorf("%v is sent at level %v", a, a.Level())
		}
	}
	for range Alerts() {
		break
	}
	if got := AlertHandshakeFailure.Error(); got != "alert handshake_failure" {
		t.Error(got)
	}
	if got := Alert(255).Error(); got != "alert 255" {
		t.Error(got)
	}
}

func TestErrorIsAlert(t *testing.T) {
	//= RFC 9846 §6.2 type=test
	want := map[Kind]Alert{
		KindOverflow: 22, KindBadMAC: 20, KindType: 10, KindVersion: 70, KindEmpty: 10,
		KindNoContent: 10, KindPlaintext: 10, KindHTTP: 70, KindSSLv2: 70, KindExhausted: 80,
	}
	for k := Kind(1); int(k) < len(kinds); k++ {
		err := fmt.Errorf("read: %w", &Error{Kind: k})
		if a, ok := want[k]; !ok || !errors.Is(err, a) || errors.Is(err, AlertCloseNotify) {
			t.Errorf("kind %v: %v", k, err)
		}
	}
	e := &Error{Kind: 99}
	if e.Alert() != AlertInternalError || e.Kind.String() != "kind 99" {
		t.Error(e)
	}
	e = &Error{Kind: KindOverflow, Type: 22, Version: TLS12, Length: 65535}
	if got := e.Error(); got != "record: record overflow (handshake, version TLSv1.2, length 65535)" {
		t.Error(got)
	}
}

func TestNames(t *testing.T) {
	for v := TLS10; v <= TLS13; v++ {
		if got, ok := ParseVersion(v.String()); !ok || got != v {
			t.Errorf("%v parses as %v, %v", v, got, ok)
		}
	}
	for _, s := range []string{"", "TLSv1.0", "tlsv1.2", "TLSv1.4", "0x0303"} {
		if v, ok := ParseVersion(s); ok {
			t.Errorf("%q parses as %v", s, v)
		}
	}
	for _, test := range []struct {
		got  fmt.Stringer
		want string
	}{
		{TLS10, "TLSv1"}, {TLS11, "TLSv1.1"}, {TLS12, "TLSv1.2"}, {TLS13, "TLSv1.3"},
		{Version(0x0300), "0x0300"}, {Version(0), "0x0000"}, {Version(0xfefd), "0xfefd"},
		{TypeChangeCipherSpec, "change_cipher_spec"}, {TypeAlert, "alert"}, {TypeHandshake, "handshake"},
		{TypeApplicationData, "application_data"}, {Type(24), "content type 24"},
		{LevelWarning, "warning"}, {LevelFatal, "fatal"}, {Level(0), "level 0"},
	} {
		if test.got.String() != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}
