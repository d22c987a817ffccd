package msg

// row is one extension. All that is particular to it stands in its row and in
// the methods of its codec; the walker does the rest.
type row struct {
	id    Ext
	name  string
	where Where // the messages that may hold it
	free  Where // replies that may hold it without having been asked
	codec codec
	ref   string
}

// codec reads and writes the body of one extension. Codecs are empty structs.
type codec interface {
	// parse reads a body into x, all of it. in may name several messages
	// between which nothing but Check can tell.
	parse(in Where, x *Extensions, body []byte) fault
	append(in Where, x *Extensions, dst []byte) []byte
	// check judges what parse cannot: in is one message now, and the extension
	// may be absent (KindMissing).
	check(in Where, x *Extensions) fault
}

// table is RFC 9846 §4.3 Table 1 and the extensions of the hellos of TLS 1.2.
// Row order is wire order; pre_shared_key must be last. What is changeable,
// RFC 9846 §4.2.2 lists.
//
// supported_groups in a ServerHello of TLS 1.2 has no meaning, but some servers
// send it.
var table = [...]row{
	//= RFC 9846 §4.3
	{ExtServerName, "server_name", helloEither | InServerHello12 | InEncryptedExtensions, 0, serverName{}, "RFC 6066 §3"},
	{ExtExtendedMasterSecret, "extended_master_secret", helloEither | InServerHello12, 0, extendedMasterSecret{}, "RFC 7627 §5.1"},
	{ExtRenegotiationInfo, "renegotiation_info", helloEither | InServerHello12, 0, renegotiationInfo{}, "RFC 5746 §3.2"},
	{ExtSupportedGroups, "supported_groups", helloEither | InServerHello12 | InEncryptedExtensions, 0, supportedGroups{}, "RFC 9846 §4.3.7"},
	{ExtECPointFormats, "ec_point_formats", helloEither | InServerHello12, 0, pointFormats{}, "RFC 8422 §5.1.2"},
	{ExtSessionTicket, "session_ticket", helloEither | InServerHello12, 0, sessionTicket{}, "RFC 5077 §3.2"},
	{ExtALPN, "application_layer_protocol_negotiation", helloEither | InServerHello12 | InEncryptedExtensions, 0, alpn{}, "RFC 7301 §3.1"},
	{ExtStatusRequest, "status_request", helloEither | InServerHello12 | InCertificateRequest | InCertificate, 0, statusRequest{}, "RFC 6066 §8"},
	{ExtEncryptThenMAC, "encrypt_then_mac", helloEither | InServerHello12, 0, encryptThenMAC{}, "RFC 7366 §2"},
	{ExtSignatureAlgorithms, "signature_algorithms", helloEither | InCertificateRequest, 0, signatureAlgorithms{}, "RFC 9846 §4.3.3"},
	{ExtSignatureAlgorithmsCert, "signature_algorithms_cert", helloEither | InCertificateRequest, 0, signatureAlgorithmsCert{}, "RFC 9846 §4.3.3"},
	{ExtSCT, "signed_certificate_timestamp", helloEither | InServerHello12 | InCertificateRequest | InCertificate, 0, sct{}, "RFC 6962 §3.3.1"},
	{ExtMaxFragmentLength, "max_fragment_length", helloEither | InServerHello12 | InEncryptedExtensions, 0, maxFragmentLength{}, "RFC 6066 §4"},
	{ExtRecordSizeLimit, "record_size_limit", helloEither | InServerHello12 | InEncryptedExtensions, 0, recordSizeLimit{}, "RFC 8449 §4"},
	{ExtCompressCertificate, "compress_certificate", helloEither | InCertificateRequest, 0, compressCertificate{}, "RFC 8879 §3"},
	{ExtCertificateAuthorities, "certificate_authorities", helloEither | InCertificateRequest, 0, certificateAuthorities{}, "RFC 9846 §4.3.4"},
	{ExtOIDFilters, "oid_filters", InCertificateRequest, 0, oidFilters{}, "RFC 9846 §4.3.5"},
	{ExtPostHandshakeAuth, "post_handshake_auth", helloEither, 0, postHandshakeAuth{}, "RFC 9846 §4.3.6"},
	{ExtSupportedVersions, "supported_versions", helloEither | InServerHello | InRetry, 0, supportedVersions{}, "RFC 9846 §4.3.1"},
	{ExtPSKModes, "psk_key_exchange_modes", helloEither, 0, pskModes{}, "RFC 9846 §4.3.9"},
	{ExtEarlyData, "early_data", helloEither | changeable | InEncryptedExtensions | InNewSessionTicket, 0, earlyData{}, "RFC 9846 §4.3.10"},
	{ExtCookie, "cookie", helloEither | changeable | InRetry, InRetry, cookie{}, "RFC 9846 §4.3.2"},
	{ExtKeyShare, "key_share", helloEither | changeable | InServerHello | InRetry, 0, keyShare{}, "RFC 9846 §4.3.8"},
	{ExtPadding, "padding", helloEither | changeable, 0, padding{}, "RFC 7685 §3"},
	{ExtPreSharedKey, "pre_shared_key", helloEither | changeable | InServerHello, 0, preSharedKey{}, "RFC 9846 §4.3.11"},
}

// lowRows maps the ids below 64 to their row plus 1, so that the walker does not search.
var lowRows = func() (index [64]uint8) {
	for i := range table {
		if id := table[i].id; id < 64 {
			index[id] = uint8(i + 1)
		}
	}
	return index
}()

// highRows are the rows of the other ids.
var highRows = func() (rows []uint8) {
	for i := range table {
		if table[i].id >= 64 {
			rows = append(rows, uint8(i))
		}
	}
	return rows
}()

// rowOf gives the row of an extension, -1 if it has none.
func rowOf(id Ext) int {
	if id < 64 {
		return int(lowRows[id]) - 1
	}
	for _, i := range highRows {
		if table[i].id == id {
			return int(i)
		}
	}
	return -1
}

func bit(id Ext) Set {
	if i := rowOf(id); i >= 0 {
		return 1 << i
	}
	return 0
}
