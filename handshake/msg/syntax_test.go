package msg

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"tacet/record"
)

// unhex reads hex digits; blanks are free.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func zeros(n int) string { return strings.Repeat("00", n) }

// helloStart is legacy_version and random of either hello.
var helloStart = "0303" + strings.Repeat("11", 32)

// inHello is a ClientHello with a block of extensions, in hex.
func inHello(block string) string {
	return helloStart + "00" + "0002 1301" + "01 00" + behind(2, block)
}

// inServerHello is a ServerHello with a block of extensions; inRetry is a HelloRetryRequest.
func inServerHello(block string) string { return helloStart + "00 1301 00" + behind(2, block) }

func inRetry(block string) string {
	return "0303" + hex.EncodeToString(RetryRandom[:]) + "00 1301 00" + behind(2, block)
}

// behind puts hex digits behind their length of n bytes.
func behind(n int, s string) string {
	b := unhex(s)
	return hex.EncodeToString([]byte{byte(len(b) >> 16), byte(len(b) >> 8), byte(len(b))}[3-n:]) + hex.EncodeToString(b)
}

func ext(id Ext, body string) string {
	return hex.EncodeToString([]byte{byte(id >> 8), byte(id)}) + behind(2, body)
}

// rule is a body that breaks one rule, or none (kind 0).
type rule struct {
	name  string
	body  string // hex
	kind  Kind
	alert record.Alert
	field string
}

const (
	decodeError      = record.AlertDecodeError
	illegalParameter = record.AlertIllegalParameter
)

func check(t *testing.T, fresh func() Message, rules []rule) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			err := fresh().Parse(unhex(r.body))
			if r.kind == 0 {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want %v", err, r.kind)
			}
			if e.Kind != r.kind || e.Alert() != r.alert || e.Field != r.field {
				t.Errorf("got %s: %v, alert %v\nwant %s: %v, alert %v", e.Field, e.Kind, e.Alert(), r.field, r.kind, r.alert)
			}
			if e.Message != fresh().Type() || !strings.HasPrefix(e.Ref, "RFC ") {
				t.Errorf("message %v, ref %q", e.Message, e.Ref)
			}
		})
	}
}

func TestClientHelloSyntax(t *testing.T) {
	//= RFC 9846 §4.2.2 type=test
	session, suites, null := behind(1, zeros(32)), "0002 1301", "01 00"
	check(t, empty[ClientHello], []rule{
		{"whole, no extensions block", helloStart + session + suites + null, 0, 0, ""},
		{"empty extensions block", helloStart + session + suites + null + "0000", 0, 0, ""},
		{"nothing", "", KindSyntax, decodeError, "ClientHello.legacy_version"},
		{"random cut", "0303" + zeros(31), KindSyntax, decodeError, "ClientHello.random"},
		{"session id of 33", helloStart + behind(1, zeros(33)) + suites + null, KindSyntax, decodeError, "ClientHello.legacy_session_id"},
		{"no suites", helloStart + session + "0000" + null, KindSyntax, decodeError, "ClientHello.cipher_suites"},
		{"half a suite", helloStart + session + "0003 130113" + null, KindSyntax, decodeError, "ClientHello.cipher_suites"},
		{"one byte of suites", helloStart + session + "0001 13" + null, KindSyntax, decodeError, "ClientHello.cipher_suites"},
		{"GREASE and SCSV suites", helloStart + session + "0008 0a0a 00ff 5600 1301" + null, 0, 0, ""},
		{"no compression methods", helloStart + session + suites + "00", KindSyntax, decodeError, "ClientHello.legacy_compression_methods"},
		{"compression without null", helloStart + session + suites + "01 01", KindIllegal, illegalParameter, "ClientHello.legacy_compression_methods"},
		{"compression with null among others", helloStart + session + suites + "02 01 00", 0, 0, ""},
		{"half an extensions length", helloStart + session + suites + null + "00", KindSyntax, decodeError, "ClientHello.extensions"},
		{"bytes behind extensions", helloStart + session + suites + null + "0000 00", KindTrailing, decodeError, "ClientHello"},
		{"extension header cut", inHello("0000 00"), KindSyntax, decodeError, "ClientHello.extensions"},
		{"extension body cut", inHello("fafa 0002 00"), KindSyntax, decodeError, "ClientHello.extensions"},
		{"syntax before values", helloStart + session + suites + "01 01" + "0001 00", KindSyntax, decodeError, "ClientHello.extensions"},
	})
}

func TestClientHelloExtensionSyntax(t *testing.T) {
	var rules []rule
	add := func(name string, id Ext, body string, k Kind, field string) {
		r := rule{name: id.String() + ": " + name, body: inHello(ext(id, body))}
		if k != 0 {
			r.kind, r.alert, r.field = k, faults[k].alert, strings.TrimSuffix("extension "+id.String()+"."+field, ".")
		}
		rules = append(rules, r)
	}
	host := "00" + behind(2, hex.EncodeToString([]byte("a.example")))
	//= RFC 6066 §3 type=test
	add("one name", ExtServerName, behind(2, host), 0, "")
	add("nothing", ExtServerName, "", KindSyntax, "server_name_list")
	add("empty list", ExtServerName, "0000", KindSyntax, "server_name_list")
	add("empty name", ExtServerName, behind(2, "00 0000"), KindSyntax, "host_name")
	add("name cut", ExtServerName, behind(2, "00 0003 6161"), KindSyntax, "host_name")
	add("trailing bytes in the list", ExtServerName, behind(2, host+"00"), KindSyntax, "host_name")
	add("trailing bytes", ExtServerName, behind(2, host)+"00", KindTrailing, "")
	add("two host names", ExtServerName, behind(2, host+host), KindIllegal, "host_name")
	add("NUL in the name", ExtServerName, behind(2, "00"+behind(2, "610062")), KindIllegal, "host_name")
	add("two names and trailing bytes", ExtServerName, behind(2, host+host)+"00", KindTrailing, "")
	add("unknown name type beside a host", ExtServerName, behind(2, "01 0002 0000"+host), 0, "")
	add("unknown name type alone", ExtServerName, behind(2, "07 0001 61"), 0, "")

	//= RFC 7301 §3.1 type=test
	add("two names", ExtALPN, behind(2, "02 6832 01 78"), 0, "")
	add("nothing", ExtALPN, "", KindSyntax, "protocol_name_list")
	add("empty list", ExtALPN, "0000", KindSyntax, "protocol_name_list")
	add("empty name", ExtALPN, behind(2, "02 6832 00"), KindSyntax, "protocol_name_list")
	add("name cut", ExtALPN, behind(2, "02 68"), KindSyntax, "protocol_name_list")
	add("trailing bytes", ExtALPN, behind(2, "02 6832")+"00", KindTrailing, "")

	//= RFC 9846 §4.3.7 type=test
	//= RFC 9846 §4.3.3 type=test
	for _, id := range []Ext{ExtSupportedGroups, ExtSignatureAlgorithms, ExtSignatureAlgorithmsCert} {
		field := map[bool]string{true: "named_group_list", false: "supported_signature_algorithms"}[id == ExtSupportedGroups]
		add("two", id, "0004 001d 0403", 0, "")
		add("nothing", id, "", KindSyntax, field)
		add("empty list", id, "0000", KindSyntax, field)
		add("odd length", id, "0003 001d 04", KindSyntax, field)
		add("length over the end", id, "0004 001d", KindSyntax, field)
		add("trailing bytes", id, "0002 001d 00", KindTrailing, "")
		add("as many as fit", id, behind(2, strings.Repeat("0403", 32755)), 0, "")
	}

	//= RFC 9846 §4.3.1 type=test
	add("two", ExtSupportedVersions, "04 0304 0303", 0, "")
	add("drafts, GREASE and unknown", ExtSupportedVersions, "08 7f1c 1a1a 0505 0304", 0, "")
	add("nothing", ExtSupportedVersions, "", KindSyntax, "versions")
	add("empty list", ExtSupportedVersions, "00", KindSyntax, "versions")
	add("odd length", ExtSupportedVersions, "03 0304 03", KindSyntax, "versions")
	add("trailing bytes", ExtSupportedVersions, "02 0304 00", KindTrailing, "")

	//= RFC 9846 §4.3.8 type=test
	add("no shares", ExtKeyShare, "0000", 0, "")
	add("two", ExtKeyShare, behind(2, "001d 0001 aa 0017 0002 bbbb"), 0, "")
	add("nothing", ExtKeyShare, "", KindSyntax, "client_shares")
	add("half a length", ExtKeyShare, "00", KindSyntax, "client_shares")
	add("empty share", ExtKeyShare, behind(2, "001d 0000"), KindSyntax, "client_shares")
	add("share cut", ExtKeyShare, behind(2, "001d 0002 aa"), KindSyntax, "client_shares")
	add("group alone", ExtKeyShare, behind(2, "001d"), KindSyntax, "client_shares")
	add("trailing bytes", ExtKeyShare, "0000 00", KindTrailing, "")
	add("a group twice", ExtKeyShare, behind(2, "001d 0001 aa 0017 0001 bb 001d 0001 aa"), KindDuplicate, "client_shares")

	//= RFC 8422 §5.1.2 type=test
	add("one", ExtECPointFormats, "01 00", 0, "")
	add("without uncompressed", ExtECPointFormats, "02 01 02", 0, "")
	add("nothing", ExtECPointFormats, "", KindSyntax, "ec_point_format_list")
	add("empty list", ExtECPointFormats, "00", KindSyntax, "ec_point_format_list")

	//= RFC 7627 §5.1 type=test
	//= RFC 7366 §2 type=test
	//= RFC 9846 §4.3.6 type=test
	//= RFC 6962 §3.3.1 type=test
	for _, id := range []Ext{ExtExtendedMasterSecret, ExtEncryptThenMAC, ExtPostHandshakeAuth, ExtEarlyData, ExtSCT} {
		add("empty", id, "", 0, "")
		add("not empty", id, "00", KindTrailing, "")
	}

	//= RFC 5077 §3.2 type=test
	add("a ticket", ExtSessionTicket, zeros(200), 0, "")
	add("none", ExtSessionTicket, "", 0, "")
	//= RFC 7685 §3 type=test
	add("padding", ExtPadding, zeros(500), 0, "")
	add("none", ExtPadding, "", 0, "")

	//= RFC 5746 §3.2 type=test
	add("first handshake", ExtRenegotiationInfo, "00", 0, "")
	add("nothing", ExtRenegotiationInfo, "", KindSyntax, "renegotiated_connection")
	add("length over the end", ExtRenegotiationInfo, "0c 00", KindSyntax, "renegotiated_connection")
	add("trailing bytes", ExtRenegotiationInfo, "00 00", KindTrailing, "")

	//= RFC 6066 §8 type=test
	add("OCSP", ExtStatusRequest, "01 0000 0000", 0, "")
	add("OCSP with a responder and extensions", ExtStatusRequest, "01 0003 0001 aa 0001 bb", 0, "")
	add("another type", ExtStatusRequest, "02 aabbcc", 0, "")
	add("nothing", ExtStatusRequest, "", KindSyntax, "status_type")
	add("OCSP cut", ExtStatusRequest, "01 0000 00", KindSyntax, "request_extensions")
	add("empty responder", ExtStatusRequest, "01 0002 0000 0000", KindSyntax, "responder_id_list")
	add("trailing bytes", ExtStatusRequest, "01 0000 0000 00", KindTrailing, "")

	//= RFC 6066 §4 type=test
	add("largest", ExtMaxFragmentLength, "04", 0, "")
	add("zero", ExtMaxFragmentLength, "00", KindIllegal, "max_fragment_length")
	add("five", ExtMaxFragmentLength, "05", KindIllegal, "max_fragment_length")
	add("two bytes", ExtMaxFragmentLength, "0505", KindTrailing, "")
	add("nothing", ExtMaxFragmentLength, "", KindSyntax, "max_fragment_length")
	//= RFC 8449 §4 type=test
	add("least", ExtRecordSizeLimit, "0040", 0, "")
	add("below the least", ExtRecordSizeLimit, "003f", KindIllegal, "record_size_limit")
	add("one byte", ExtRecordSizeLimit, "40", KindSyntax, "record_size_limit")
	add("three bytes", ExtRecordSizeLimit, "003f00", KindTrailing, "")

	//= RFC 8879 §3 type=test
	add("one", ExtCompressCertificate, "02 0002", 0, "")
	add("empty list", ExtCompressCertificate, "00", KindSyntax, "algorithms")
	add("odd length", ExtCompressCertificate, "03 000200", KindSyntax, "algorithms")
	//= RFC 9846 §4.3.4 type=test
	add("one", ExtCertificateAuthorities, "0003 0001 30", 0, "")
	add("empty list", ExtCertificateAuthorities, "0000", KindSyntax, "authorities")
	add("empty name", ExtCertificateAuthorities, "0002 0000", KindSyntax, "authorities")
	//= RFC 9846 §4.3.2 type=test
	add("one", ExtCookie, "0001 aa", 0, "")
	add("empty", ExtCookie, "0000", KindSyntax, "cookie")
	//= RFC 9846 §4.3.9 type=test
	add("both", ExtPSKModes, "02 0001", 0, "")
	add("empty list", ExtPSKModes, "00", KindSyntax, "ke_modes")
	add("trailing bytes", ExtPSKModes, "01 01 00", KindTrailing, "")

	//= RFC 9846 §4.3.11 type=test
	identity, binder := "0001 aa 00000000", behind(1, zeros(32))
	psk := func(identities, binders string) string { return behind(2, identities) + behind(2, binders) }
	add("one", ExtPreSharedKey, psk(identity, binder), 0, "")
	add("nothing", ExtPreSharedKey, "", KindSyntax, "identities")
	add("no identities", ExtPreSharedKey, psk("", binder), KindSyntax, "identities")
	add("empty identity", ExtPreSharedKey, psk("0000 00000000"+identity, binder+binder), KindSyntax, "identities")
	add("age cut", ExtPreSharedKey, psk("0002 aaaa 000000", binder), KindSyntax, "identities")
	add("no binders", ExtPreSharedKey, psk(identity, ""), KindSyntax, "binders")
	add("more binders", ExtPreSharedKey, psk(identity, binder+binder), KindIllegal, "binders")
	add("more identities", ExtPreSharedKey, psk(identity+identity, binder), KindIllegal, "binders")
	add("trailing bytes", ExtPreSharedKey, psk(identity, binder)+"00", KindTrailing, "")
	check(t, empty[ClientHello], rules)
}

func TestServerHelloSyntax(t *testing.T) {
	//= RFC 9846 §4.2.3 type=test
	check(t, empty[ServerHello], []rule{
		{"no extensions block", helloStart + "00 1301 00", 0, 0, ""},
		{"session id of 33", helloStart + behind(1, zeros(33)) + "1301 00", KindSyntax, decodeError, "ServerHello.legacy_session_id_echo"},
		{"suite cut", helloStart + "00 13", KindSyntax, decodeError, "ServerHello.cipher_suite"},
		{"no compression", helloStart + "00 1301", KindSyntax, decodeError, "ServerHello.legacy_compression_method"},
		{"bytes behind extensions", inServerHello("") + "00", KindTrailing, decodeError, "ServerHello"},
		{"version", inServerHello(ext(ExtSupportedVersions, "0304")), 0, 0, ""},
		{"version as a list", inServerHello(ext(ExtSupportedVersions, "02 0304")), KindTrailing, decodeError, "extension supported_versions"},
		{"share", inServerHello(ext(ExtKeyShare, "001d 0001 aa")), 0, 0, ""},
		{"empty share", inServerHello(ext(ExtKeyShare, "001d 0000")), KindSyntax, decodeError, "extension key_share.key_exchange"},
		{"only a group", inServerHello(ext(ExtKeyShare, "001d")), KindSyntax, decodeError, "extension key_share.key_exchange"},
		{"group in a retry", inRetry(ext(ExtKeyShare, "001d")), 0, 0, ""},
		{"share in a retry", inRetry(ext(ExtKeyShare, "001d 0001 aa")), KindTrailing, decodeError, "extension key_share"},
		{"empty cookie", inRetry(ext(ExtCookie, "0000")), KindSyntax, decodeError, "extension cookie.cookie"},
		{"one protocol", inServerHello(ext(ExtALPN, "0003 02 6832")), 0, 0, ""},
		{"two protocols", inServerHello(ext(ExtALPN, "0006 02 6832 02 6833")), KindSyntax, decodeError, "extension application_layer_protocol_negotiation.protocol_name_list"},
		{"no protocol", inServerHello(ext(ExtALPN, "0000")), KindSyntax, decodeError, "extension application_layer_protocol_negotiation.protocol_name_list"},
		{"empty server_name", inServerHello(ext(ExtServerName, "")), 0, 0, ""},
		{"server_name with a name", inServerHello(ext(ExtServerName, "0004 00 0001 61")), KindTrailing, decodeError, "extension server_name"},
		{"session_ticket with a ticket", inServerHello(ext(ExtSessionTicket, "00")), KindTrailing, decodeError, "extension session_ticket"},
		{"status_request with a body", inServerHello(ext(ExtStatusRequest, "01")), KindTrailing, decodeError, "extension status_request"},
		{"extended_master_secret with a body", inServerHello(ext(ExtExtendedMasterSecret, "00")), KindTrailing, decodeError, "extension extended_master_secret"},
		{"empty point formats", inServerHello(ext(ExtECPointFormats, "00")), KindSyntax, decodeError, "extension ec_point_formats.ec_point_format_list"},
		{"empty list of SCTs", inServerHello(ext(ExtSCT, "0000")), KindSyntax, decodeError, "extension signed_certificate_timestamp.sct_list"},
		{"index", inServerHello(ext(ExtPreSharedKey, "00")), KindSyntax, decodeError, "extension pre_shared_key.selected_identity"},
	})
}

func TestCertificateSyntax(t *testing.T) {
	//= RFC 9846 §4.5.1 type=test
	check(t, empty[Certificate12], []rule{
		{"none", "000000", 0, 0, ""},
		{"one", behind(3, "000001 30"), 0, 0, ""},
		{"nothing", "", KindSyntax, decodeError, "Certificate.certificate_list"},
		{"empty certificate", behind(3, "000000"), KindSyntax, decodeError, "Certificate.certificate_list"},
		{"certificate cut", behind(3, "000002 30"), KindSyntax, decodeError, "Certificate.certificate_list"},
		{"list cut", "000005 000001 30", KindSyntax, decodeError, "Certificate.certificate_list"},
		{"trailing bytes", "000000 00", KindTrailing, decodeError, "Certificate"},
	})
	check(t, empty[Certificate13], []rule{
		{"none", "00 000000", 0, 0, ""},
		{"one", "00" + behind(3, "000001 30 0000"), 0, 0, ""},
		{"two", "02 aaaa" + behind(3, "000001 30 0000 000001 30"+behind(2, ext(0xfafa, ""))), 0, 0, ""},
		{"nothing", "", KindSyntax, decodeError, "Certificate.certificate_request_context"},
		{"no list", "00", KindSyntax, decodeError, "Certificate.certificate_list"},
		{"empty certificate", "00" + behind(3, "000000 0000"), KindSyntax, decodeError, "Certificate.certificate_list.cert_data"},
		{"no extensions block", "00" + behind(3, "000001 30"), KindSyntax, decodeError, "Certificate.certificate_list.extensions"},
		{"extension cut", "00" + behind(3, "000001 30 0002 0005"), KindSyntax, decodeError, "Certificate.extensions"},
		{"duplicate in one entry", "00" + behind(3, "000001 30"+behind(2, ext(7, "")+ext(7, ""))), KindDuplicate, illegalParameter, "extension Ext(0x0007)"},
		{"the same in two entries", "00" + behind(3, "000001 30"+behind(2, ext(7, ""))+"000001 30"+behind(2, ext(7, ""))), 0, 0, ""},
		{"empty staple in the second entry", "00" + behind(3, "000001 30 0000 000001 30"+behind(2, ext(ExtStatusRequest, "01 000000"))), KindSyntax, decodeError, "extension status_request.response"},
		{"staple of another type", "00" + behind(3, "000001 30"+behind(2, ext(ExtStatusRequest, "02 000001 30"))), KindIllegal, illegalParameter, "extension status_request.status_type"},
		{"trailing bytes", "00 000000 00", KindTrailing, decodeError, "Certificate"},
	})
	check(t, empty[CertificateStatus], []rule{
		{"OCSP", "01 000001 30", 0, 0, ""},
		{"empty response", "01 000000", KindSyntax, decodeError, "CertificateStatus.response"},
		{"another type", "02 000001 30", KindIllegal, illegalParameter, "CertificateStatus.status_type"},
		{"nothing", "", KindSyntax, decodeError, "CertificateStatus.status_type"},
		{"trailing bytes", "01 000001 30 00", KindTrailing, decodeError, "CertificateStatus"},
	})
	check(t, empty[CertificateRequest12], []rule{
		{"any authority", "01 40 0002 0403 0000", 0, 0, ""},
		{"no types", "00 0002 0403 0000", KindSyntax, decodeError, "CertificateRequest.certificate_types"},
		{"no schemes", "01 40 0000 0000", KindSyntax, decodeError, "CertificateRequest.supported_signature_algorithms"},
		{"odd schemes", "01 40 0003 040304 0000", KindSyntax, decodeError, "CertificateRequest.supported_signature_algorithms"},
		{"empty authority", "01 40 0002 0403 0002 0000", KindSyntax, decodeError, "CertificateRequest.certificate_authorities"},
		{"no authorities field", "01 40 0002 0403", KindSyntax, decodeError, "CertificateRequest.certificate_authorities"},
	})
	check(t, empty[CertificateRequest13], []rule{
		{"no extensions", "00 0000", 0, 0, ""},
		{"no extensions block", "00", KindSyntax, decodeError, "CertificateRequest.extensions"},
		{"empty schemes", "00" + behind(2, ext(ExtSignatureAlgorithms, "0000")), KindSyntax, decodeError, "extension signature_algorithms.supported_signature_algorithms"},
		{"OID filters", "00" + behind(2, ext(ExtOIDFilters, behind(2, "01 aa 0000"))), 0, 0, ""},
		{"empty OID", "00" + behind(2, ext(ExtOIDFilters, behind(2, "00 0000"))), KindSyntax, decodeError, "extension oid_filters.filters"},
		{"SCT with a body", "00" + behind(2, ext(ExtSCT, "00")), KindTrailing, decodeError, "extension signed_certificate_timestamp"},
	})
	check(t, empty[CertificateVerify], []rule{
		{"signature", "0804 0001 aa", 0, 0, ""},
		{"empty signature", "0804 0000", 0, 0, ""},
		{"nothing", "", KindSyntax, decodeError, "CertificateVerify.algorithm"},
		{"signature cut", "0804 0002 aa", KindSyntax, decodeError, "CertificateVerify.signature"},
		{"trailing bytes", "0804 0001 aa 00", KindTrailing, decodeError, "CertificateVerify"},
	})
}

func TestOtherSyntax(t *testing.T) {
	//= RFC 9846 §4.4.1 type=test
	check(t, empty[EncryptedExtensions], []rule{
		{"none", "0000", 0, 0, ""},
		{"no block", "", KindSyntax, decodeError, "EncryptedExtensions.extensions"},
		{"early_data with a body", behind(2, ext(ExtEarlyData, "00")), KindTrailing, decodeError, "extension early_data"},
		{"empty groups", behind(2, ext(ExtSupportedGroups, "0000")), KindSyntax, decodeError, "extension supported_groups.named_group_list"},
		{"trailing bytes", "0000 00", KindTrailing, decodeError, "EncryptedExtensions"},
	})
	//= RFC 5077 §3.3 type=test
	check(t, empty[NewSessionTicket12], []rule{
		{"no ticket after all", "00000000 0000", 0, 0, ""},
		{"lifetime cut", "000000", KindSyntax, decodeError, "NewSessionTicket.ticket_lifetime_hint"},
		{"trailing bytes", "00000000 0000 00", KindTrailing, decodeError, "NewSessionTicket"},
	})
	//= RFC 9846 §4.7.1 type=test
	start := "00000e10 00000000 00 0001 aa"
	check(t, empty[NewSessionTicket13], []rule{
		{"unknown extensions", start + behind(2, ext(0xfafa, "00")), 0, 0, ""},
		{"empty ticket", "00000e10 00000000 00 0000 0000", KindSyntax, decodeError, "NewSessionTicket.ticket"},
		{"no extensions block", start, KindSyntax, decodeError, "NewSessionTicket.extensions"},
		{"early_data", start + behind(2, ext(ExtEarlyData, "00004000")), 0, 0, ""},
		{"early_data empty", start + behind(2, ext(ExtEarlyData, "")), KindSyntax, decodeError, "extension early_data.max_early_data_size"},
		{"early_data long", start + behind(2, ext(ExtEarlyData, "0000400000")), KindTrailing, decodeError, "extension early_data"},
	})
	//= RFC 9846 §4.7.3 type=test
	check(t, empty[KeyUpdate], []rule{
		{"update_not_requested", "00", 0, 0, ""},
		{"update_requested", "01", 0, 0, ""},
		{"2", "02", KindIllegal, illegalParameter, "KeyUpdate.request_update"},
		{"255", "ff", KindIllegal, illegalParameter, "KeyUpdate.request_update"},
		{"empty", "", KindSyntax, decodeError, "KeyUpdate.request_update"},
		{"long", "0000", KindTrailing, decodeError, "KeyUpdate"},
		{"long and illegal", "0200", KindTrailing, decodeError, "KeyUpdate"},
	})
	//= RFC 9846 §4.5.3 type=test
	check(t, empty[Finished], []rule{
		{"any length", zeros(12), 0, 0, ""},
		{"empty", "", 0, 0, ""},
		{"a long hash", zeros(64), 0, 0, ""},
		{"longer than any hash", zeros(65), KindTrailing, decodeError, "Finished"},
	})
	//= RFC 8879 §4 type=test
	check(t, empty[CompressedCertificate], []rule{
		{"brotli", "0002 000010 000001 aa", 0, 0, ""},
		{"empty", "0002 000010 000000", KindSyntax, decodeError, "CompressedCertificate.compressed_certificate_message"},
	})
	//= RFC 5246 §7.4.1.1 type=test
	//= RFC 5246 §7.4.5 type=test
	//= RFC 9846 §4.6 type=test
	for _, fresh := range []func() Message{empty[HelloRequest], empty[ServerHelloDone], empty[EndOfEarlyData]} {
		check(t, fresh, []rule{
			{"empty", "", 0, 0, ""},
			{"not empty", "00", KindTrailing, decodeError, fresh().Type().String()},
		})
	}
}
