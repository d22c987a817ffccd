package handshake_test

import (
	"bytes"
	"slices"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
)

// What a client meets: the server's first flight.

var (
	hello13C = []scene{c13("waitServerHello")}
	hello12C = []scene{c12("waitServerHello")}
	helloC   = []scene{c13("waitServerHello"), c12("waitServerHello")}
	retryC   = []scene{c13("waitServerHello").retried()}
	againC   = []scene{c13("waitServerHelloAgain").retried()}
	both     = []scene{c12("waitServerHello").with(upTo13), c13("waitServerHello").with(from12)}
)

func upTo13(c *handshake.Config) { c.MaxVersion = record.TLS13 }

func from12(c *handshake.Config) { c.MinVersion = record.TLS12 }

func serverHello(f func(m *msg.ServerHello)) deed { return edit("ServerHello", f) }

func retryRequest(f func(m *msg.ServerHello)) deed { return edit("HelloRetryRequest", f) }

// shares makes a client send a share of a group beside another.
func shares(id kx.ID) func(*handshake.Config) {
	return func(c *handshake.Config) {
		other := kx.ByID(kx.X25519)
		if id == kx.X25519 {
			other = kx.ByID(kx.P256)
		}
		c.Groups = []kx.Group{kx.ByID(id), other}
		c.KeyShares = c.Groups
	}
}

func serverShareRows() []bad {
	rows := shareRows(func(id kx.ID, name string, share []byte) bad {
		return bad{name: "ServerHello", in: []scene{c13("waitServerHello").with(shares(id))},
			do:    serverHello(func(m *msg.ServerHello) { m.Ext.ServerShare = msg.KeyShare{Group: uint16(id), Data: share} }),
			alert: record.AlertIllegalParameter, kind: handshake.KindBadKeyShare, field: "ServerHello key_share"}
	})
	return append(rows, shareRows(func(id kx.ID, name string, share []byte) bad {
		return bad{name: "ServerKeyExchange", in: []scene{c12("verifyingServer12").with(prefers(id))}, do: resigned(func(m *msg.ServerKeyExchange) { m.Group, m.Public = uint16(id), share }),
			alert: record.AlertIllegalParameter, kind: handshake.KindBadKeyShare, field: "ServerKeyExchange.public"}
	})...)
}

// resigned changes a ServerKeyExchange and signs what it says then.
func resigned(f func(m *msg.ServerKeyExchange)) deed {
	return at("ServerKeyExchange", func(p *mallory, raw msg.Raw) {
		m := signedECDHE
		must(p, m.Parse(raw.Body()))
		f(&m)
		p.content = p.params(&m)
		m.Signature = p.sign()
		p.tell(m.Append(nil))
	})
}

var clientRows = []bad{
	{name: "ServerHello of TLS 1.1", ref: "RFC 9846 §4.2.3", in: helloC, do: serverHello(func(m *msg.ServerHello) { m.Version = record.TLS11; m.Ext.Clear(msg.ExtSupportedVersions) }),
		alert: record.AlertProtocolVersion, kind: handshake.KindWrongVersion, field: "ServerHello.version"},
	{name: "ServerHello of TLS 1.2 to a client of TLS 1.3 alone", ref: "RFC 9846 §4.2.3", in: hello13C, do: drop("ServerHello", msg.ExtSupportedVersions),
		alert: record.AlertProtocolVersion, kind: handshake.KindWrongVersion, field: "ServerHello.version"},
	{name: "legacy_version 3.4", ref: "RFC 9846 §4.3.1", in: helloC, do: serverHello(func(m *msg.ServerHello) { m.Version = record.TLS13; m.Ext.Clear(msg.ExtSupportedVersions) }),
		alert: record.AlertProtocolVersion, kind: handshake.KindWrongVersion, field: "ServerHello.legacy_version"},
	{name: "legacy_version 3.1 beside supported_versions", ref: "RFC 9846 §4.3.1", in: hello13C, do: serverHello(func(m *msg.ServerHello) { m.Version = record.TLS10 }),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "ServerHello.version"},
	{name: "supported_versions says TLS 1.2", ref: "RFC 9846 §4.3.1", in: hello13C, do: serverHello(func(m *msg.ServerHello) { m.Ext.SelectedVersion = record.TLS12 }),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "ServerHello.version"},
	{name: "supported_versions says a version that was not offered", ref: "RFC 9846 §4.3.1", in: hello13C, do: serverHello(func(m *msg.ServerHello) { m.Ext.SelectedVersion = 0x7f1c }),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "ServerHello.version"},
	{name: "supported_versions of a client that did not offer it", ref: "RFC 9846 §4.3", in: hello12C, do: put("ServerHello", msg.ExtSupportedVersions, []byte{3, 4}),
		alert: record.AlertUnsupportedExtension, kind: handshake.KindUnsolicitedExtension, field: "ServerHello supported_versions"},
	{name: "downgrade to TLS 1.2", ref: "B32", in: []scene{c12("waitServerHello").with(upTo13)}, do: serverHello(func(m *msg.ServerHello) { copy(m.Random[24:], msg.DowngradeTLS12[:]) }),
		alert: record.AlertIllegalParameter, kind: handshake.KindDowngrade, field: "ServerHello.random"},
	{name: "downgrade to TLS 1.1 by the sentinel", ref: "B32", in: []scene{c12("waitServerHello").with(upTo13)}, do: serverHello(func(m *msg.ServerHello) { copy(m.Random[24:], msg.DowngradeTLS11[:]) }),
		alert: record.AlertIllegalParameter, kind: handshake.KindDowngrade, field: "ServerHello.random"},
	{name: "the sentinel is not looked at by a client of TLS 1.2", ref: "B32", in: []scene{c12("")}, do: at("ServerHello", func(p *mallory, m msg.Raw) {
		copy(m[4+2+24:], msg.DowngradeTLS12[:])
		p.srand = bytes.Clone(m[6:38])
		p.tell(m)
	}), fine: goesOn},
	{name: "another session id", ref: "RFC 9846 §4.2.3", in: hello13C, do: serverHello(func(m *msg.ServerHello) { m.SessionID = make([]byte, 32) }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongSessionID, field: "ServerHello.legacy_session_id_echo"},
	{name: "no session id", ref: "RFC 9846 §4.2.3", in: hello13C, do: serverHello(func(m *msg.ServerHello) { m.SessionID = nil }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongSessionID, field: "ServerHello.legacy_session_id_echo"},
	{name: "session id of 33 bytes", ref: "B21", in: helloC, do: change("ServerHello", func(m msg.Raw) []byte {
		return frame(2, slices.Concat(m[4:38], vec8(make([]byte, 33)...), m[39+int(m[38]):]))
	}), alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "ServerHello.legacy_session_id_echo"},
	{name: "compression", ref: "B22", in: helloC, do: serverHello(func(m *msg.ServerHello) { m.Compression = 1 }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongCompression},
	{name: "a suite that was not offered", ref: "B23", in: helloC, do: serverHello(func(m *msg.ServerHello) { m.Suite = 0x1303 }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongSuite, field: "ServerHello.cipher_suite"},
	{name: "an unknown suite", ref: "B23", in: helloC, do: serverHello(func(m *msg.ServerHello) { m.Suite = 0x0a0a }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongSuite, field: "ServerHello.cipher_suite"},
	{name: "a suite of the other version", ref: "B23", in: both, do: serverHello(func(m *msg.ServerHello) { m.Suite ^= suite13 ^ suiteECDSA }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongSuite, field: "ServerHello.cipher_suite"},
	{name: "NULL suite", ref: "B38", in: helloC, do: serverHello(func(m *msg.ServerHello) { m.Suite = 0xc006 }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongSuite, field: "ServerHello.cipher_suite"},
	{name: "a suite for another certificate", ref: "RFC 5246 §7.4.2", in: []scene{c12("waitCertificate12")}, do: at("ServerHello", func(p *mallory, raw msg.Raw) {
		p.hello.Suite = suiteRSA
		p.tell(p.hello.Append(nil))
	}), alert: record.AlertIllegalParameter, kind: handshake.KindWrongCertificateType, field: "Certificate"},
	{name: "no extensions", ref: "RFC 9846 §4.2.3", in: hello13C, do: change("ServerHello", func(m msg.Raw) []byte { return frame(2, m[4:extensionsAt(m)]) }),
		alert: record.AlertProtocolVersion, kind: handshake.KindWrongVersion},
	{name: "an extension twice", ref: "B24", in: helloC, do: change("ServerHello", func(m msg.Raw) []byte {
		return extend(m, func(list []extension) []extension { return append(list, list[0]) })
	}), alert: record.AlertIllegalParameter, kind: handshake.KindDuplicateExtension},
	{name: "an unknown extension", ref: "RFC 9846 §4.3", in: helloC, do: add("ServerHello", 0x4444, 1),
		alert: record.AlertUnsupportedExtension, kind: handshake.KindUnsolicitedExtension, field: "extension Ext(0x4444)"},
	{name: "an extension that was not offered", ref: "RFC 9846 §4.3", in: hello12C, do: add("ServerHello", msg.ExtALPN, protocolsOf("h2")...),
		alert: record.AlertUnsupportedExtension, kind: handshake.KindUnsolicitedExtension, field: "extension application_layer_protocol_negotiation"},
	{name: "encrypt_then_mac that was not offered", ref: "RFC 9846 §4.3", in: hello12C, do: add("ServerHello", msg.ExtEncryptThenMAC),
		alert: record.AlertUnsupportedExtension, kind: handshake.KindUnsolicitedExtension, field: "extension encrypt_then_mac"},
	{name: "an extension of EncryptedExtensions", ref: "RFC 9846 §4.3", in: hello13C, do: add("ServerHello", msg.ExtServerName),
		alert: record.AlertIllegalParameter, kind: handshake.KindForbiddenExtension, field: "extension server_name"},
	{name: "an extension of the ClientHello alone", ref: "RFC 9846 §4.3", in: helloC, do: add("ServerHello", msg.ExtSignatureAlgorithms, 0, 2, 4, 3),
		alert: record.AlertIllegalParameter, kind: handshake.KindForbiddenExtension, field: "extension signature_algorithms"},
	{name: "extended_master_secret with a body", ref: "B57", in: hello12C, do: put("ServerHello", msg.ExtExtendedMasterSecret, []byte{0}),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension extended_master_secret"},
	{name: "renegotiation_info of an earlier handshake", ref: "B59 RFC 5746 §3.4", in: hello12C, do: put("ServerHello", msg.ExtRenegotiationInfo, vec8(make([]byte, 24)...)),
		alert: record.AlertHandshakeFailure, kind: handshake.KindRenegotiationInfo, field: "ServerHello renegotiation_info"},
	{name: "point formats without uncompressed", ref: "B36", in: hello12C, do: put("ServerHello", msg.ExtECPointFormats, vec8(1)),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "extension ec_point_formats.ec_point_format_list"},
	{name: "the client's own session id in TLS 1.2, without a session", ref: "RFC 5246 §7.4.1.3", in: []scene{c12("waitServerHello").with(upTo13)}, do: at("ServerHello", func(p *mallory, raw msg.Raw) {
		p.hello.SessionID = p.offer.SessionID
		p.tell(p.hello.Append(nil))
	}), alert: record.AlertIllegalParameter, kind: handshake.KindWrongSessionID, field: "ServerHello.session_id"},
	{name: "resumption with another suite", ref: "B56", in: []scene{c12("waitServerHello").resumed()}, do: serverHello(func(m *msg.ServerHello) { m.Suite = suiteRSA }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongSuite, field: "ServerHello.cipher_suite of the session"},
	//= RFC 7627 §5.3 type=test
	{name: "resumption without extended master secret", ref: "B57", in: []scene{c12("waitServerHello").resumed()}, do: drop("ServerHello", msg.ExtExtendedMasterSecret),
		alert: record.AlertHandshakeFailure, kind: handshake.KindExtendedMasterSecret, field: "ServerHello"},
	{name: "resumption of a session without extended master secret, with it", ref: "B57", in: []scene{c12("waitServerHello").session(func(s *session.Session) *session.Session {
		with := *s
		with.ExtendedMaster = false
		return &with
	})}, alert: record.AlertHandshakeFailure, kind: handshake.KindExtendedMasterSecret, field: "ServerHello"},

	{name: "key_share is missing", ref: "B26", in: hello13C, do: drop("ServerHello", msg.ExtKeyShare),
		alert: record.AlertMissingExtension, kind: handshake.KindMissingExtension, field: "extension key_share"},
	{name: "an empty share", ref: "B40", in: hello13C, do: put("ServerHello", msg.ExtKeyShare, []byte{0, 0x1d, 0, 0}),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension key_share.key_exchange"},
	{name: "a share with bytes behind", ref: "B40", in: hello13C, do: change("ServerHello", func(m msg.Raw) []byte {
		return extend(m, func(list []extension) []extension {
			for i := range list {
				if list[i].id == msg.ExtKeyShare {
					list[i].body = append(list[i].body, 0)
				}
			}
			return list
		})
	}), alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension key_share"},
	{name: "a share for a group without one", ref: "B27", in: hello13C, do: serverHello(func(m *msg.ServerHello) { m.Ext.ServerShare.Group = uint16(kx.P256) }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongGroup, field: "ServerHello key_share"},
	{name: "a share for a group that was not offered", ref: "B27", in: hello13C, do: serverHello(func(m *msg.ServerHello) { m.Ext.ServerShare.Group = uint16(kx.P521) }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongGroup, field: "ServerHello key_share"},
	{name: "pre_shared_key that was not offered", ref: "RFC 9846 §4.3.11", in: hello13C, do: put("ServerHello", msg.ExtPreSharedKey, []byte{0, 0}),
		alert: record.AlertUnsupportedExtension, kind: handshake.KindUnsolicitedExtension, field: "extension pre_shared_key"},
	{name: "a pre-shared key out of range", ref: "RFC 9846 §4.3.11", in: []scene{c13("waitServerHello").resumed()}, do: serverHello(func(m *msg.ServerHello) { m.Ext.SelectedPSK = 1 }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongPSK, field: "ServerHello pre_shared_key"},

	{name: "HelloRetryRequest for a group that was not offered", ref: "RFC 9846 §4.2.4", in: retryC, do: retryRequest(func(m *msg.ServerHello) { m.Ext.RetryGroup = uint16(kx.P521) }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongGroup, field: "HelloRetryRequest.selected_group"},
	{name: "HelloRetryRequest for an unknown group", ref: "B27", in: retryC, do: retryRequest(func(m *msg.ServerHello) { m.Ext.RetryGroup = 0x0a0a }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongGroup, field: "HelloRetryRequest.selected_group"},
	{name: "HelloRetryRequest for the share that was sent", ref: "RFC 9846 §4.2.4", in: retryC, do: retryRequest(func(m *msg.ServerHello) { m.Ext.RetryGroup = uint16(kx.X25519) }),
		alert: record.AlertIllegalParameter, kind: handshake.KindUselessRetry, field: "HelloRetryRequest.selected_group"},
	{name: "HelloRetryRequest that asks for nothing", ref: "RFC 9846 §4.2.4", in: retryC, do: drop("HelloRetryRequest", msg.ExtKeyShare),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter},
	{name: "HelloRetryRequest without supported_versions", ref: "RFC 9846 §4.2.4", in: retryC, do: drop("HelloRetryRequest", msg.ExtSupportedVersions),
		alert: record.AlertMissingExtension, kind: handshake.KindMissingExtension, field: "extension supported_versions"},
	{name: "HelloRetryRequest of another session id", ref: "RFC 9846 §4.2.4", in: retryC, do: retryRequest(func(m *msg.ServerHello) { m.SessionID = nil }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongSessionID},
	{name: "HelloRetryRequest of a suite that was not offered", ref: "RFC 9846 §4.2.4", in: retryC, do: retryRequest(func(m *msg.ServerHello) { m.Suite = 0x1302 }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongSuite},
	{name: "HelloRetryRequest with compression", ref: "RFC 9846 §4.2.4", in: retryC, do: retryRequest(func(m *msg.ServerHello) { m.Compression = 1 }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongCompression},
	{name: "HelloRetryRequest with an unknown extension", ref: "RFC 9846 §4.2.4", in: retryC, do: add("HelloRetryRequest", 0x4444),
		alert: record.AlertUnsupportedExtension, kind: handshake.KindUnsolicitedExtension},
	{name: "HelloRetryRequest with an empty cookie", ref: "RFC 9846 §4.3.2", in: retryC, do: put("HelloRetryRequest", msg.ExtCookie, []byte{0, 0}),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension cookie.cookie"},
	{name: "HelloRetryRequest to a client of TLS 1.2", ref: "RFC 9846 §4.2.4", in: hello12C, do: serverHello(func(m *msg.ServerHello) { m.Random = msg.RetryRandom }),
		alert: record.AlertUnsupportedExtension, kind: handshake.KindUnsolicitedExtension},
	{name: "a byte behind HelloRetryRequest", ref: "B17", in: retryC, do: at("HelloRetryRequest", func(p *mallory, m msg.Raw) { p.record(22, append(m, 2)) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindExcessHandshakeData, field: "HelloRetryRequest"},
	{name: "a second HelloRetryRequest", ref: "B25", in: againC, do: at("ServerHello", func(p *mallory, _ msg.Raw) {
		m := p.log[0]
		p.tell(m)
	}), alert: record.AlertUnexpectedMessage, kind: handshake.KindSecondRetry},
	{name: "another suite after HelloRetryRequest", ref: "RFC 9846 §4.2.3", in: []scene{c13("waitServerHelloAgain").retried().with(moreSuites)}, do: serverHello(func(m *msg.ServerHello) { m.Suite = 0x1303 }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongSuite, field: "ServerHello.cipher_suite"},
	{name: "TLS 1.2 after HelloRetryRequest", ref: "RFC 9846 §4.2.3", in: []scene{c13("waitServerHelloAgain").retried().with(from12)}, do: drop("ServerHello", msg.ExtSupportedVersions),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "ServerHello.version"},
	{name: "another group after HelloRetryRequest", ref: "RFC 9846 §4.3.8", in: againC, do: serverHello(func(m *msg.ServerHello) {
		m.Ext.ServerShare = msg.KeyShare{Group: uint16(kx.X25519), Data: make([]byte, 32)}
	}),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongGroup, field: "ServerHello key_share"},
	{name: "a message behind ServerHello", ref: "B17", in: hello13C, do: at("ServerHello", func(p *mallory, m msg.Raw) { p.record(22, append(m, frame(8, []byte{0, 0})...)) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindExcessHandshakeData, field: "ServerHello"},
	{name: "EncryptedExtensions in plaintext", ref: "B48", in: []scene{c13("waitEncryptedExtensions")}, do: at("EncryptedExtensions", func(p *mallory, m msg.Raw) { p.plain(22, m) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindPlaintextRecord},
}

func moreSuites(c *handshake.Config) { c.Suites = nil }

var flightRows = []bad{
	{name: "EncryptedExtensions with an unknown extension", ref: "RFC 9846 §4.4.1", in: []scene{c13("waitEncryptedExtensions")}, do: add("EncryptedExtensions", 0x4444),
		alert: record.AlertUnsupportedExtension, kind: handshake.KindUnsolicitedExtension, field: "extension Ext(0x4444)"},
	{name: "EncryptedExtensions with ALPN that was not offered", ref: "RFC 9846 §4.4.1", in: []scene{c13("waitEncryptedExtensions")}, do: add("EncryptedExtensions", msg.ExtALPN, protocolsOf("h2")...),
		alert: record.AlertUnsupportedExtension, kind: handshake.KindUnsolicitedExtension},
	{name: "EncryptedExtensions with key_share", ref: "RFC 9846 §4.4.1", in: []scene{c13("waitEncryptedExtensions")}, do: add("EncryptedExtensions", msg.ExtKeyShare, 0, 0x1d, 0, 1, 1),
		alert: record.AlertIllegalParameter, kind: handshake.KindForbiddenExtension, field: "extension key_share"},
	{name: "EncryptedExtensions with early_data that was not offered", ref: "RFC 9846 §4.3.10", in: []scene{c13("waitEncryptedExtensions")}, do: add("EncryptedExtensions", msg.ExtEarlyData),
		alert: record.AlertUnsupportedExtension, kind: handshake.KindUnsolicitedExtension, field: "extension early_data"},
	{name: "EncryptedExtensions with an extension twice", ref: "B24", in: []scene{c13("waitEncryptedExtensions")}, do: all(put("EncryptedExtensions", msg.ExtServerName, []byte{}), change("EncryptedExtensions", func(m msg.Raw) []byte {
		return extend(m, func([]extension) []extension {
			return []extension{{msg.ExtServerName, nil}, {msg.ExtServerName, nil}}
		})
	})), alert: record.AlertIllegalParameter, kind: handshake.KindDuplicateExtension, field: "extension server_name"},
	{name: "EncryptedExtensions with a server_name that says something", ref: "B34", in: []scene{c13("waitEncryptedExtensions")}, do: add("EncryptedExtensions", msg.ExtServerName, 0),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension server_name"},
	{name: "two protocols", ref: "B35", in: []scene{c13("waitEncryptedExtensions").with(speaks("h2", "h3"))}, do: add("EncryptedExtensions", msg.ExtALPN, protocolsOf("h2", "h3")...),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension application_layer_protocol_negotiation.protocol_name_list"},
	{name: "two protocols in TLS 1.2", ref: "B35", in: []scene{c12("waitServerHello").with(speaks("h2", "h3"))}, do: add("ServerHello", msg.ExtALPN, protocolsOf("h2", "h3")...),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension application_layer_protocol_negotiation.protocol_name_list"},
	{name: "a protocol that was not offered", ref: "B35", in: []scene{c13("waitEncryptedExtensions").with(speaks("h2"))}, do: add("EncryptedExtensions", msg.ExtALPN, protocolsOf("h3")...),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongProtocol, field: "application_layer_protocol_negotiation"},
	{name: "a protocol that was not offered in TLS 1.2", ref: "B35", in: []scene{c12("waitServerHello").with(speaks("h2"))}, do: add("ServerHello", msg.ExtALPN, protocolsOf("h3")...),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongProtocol, field: "application_layer_protocol_negotiation"},

	{name: "CertificateRequest with a context", ref: "RFC 9846 §4.4.2", in: []scene{c13("waitCertificateOrRequest").mutual()}, do: edit("CertificateRequest", func(m *msg.CertificateRequest13) { m.Context = []byte{1} }),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "CertificateRequest.certificate_request_context"},
	{name: "CertificateRequest without signature_algorithms", ref: "B29", in: []scene{c13("waitCertificateOrRequest").mutual()}, do: drop("CertificateRequest", msg.ExtSignatureAlgorithms),
		alert: record.AlertMissingExtension, kind: handshake.KindMissingExtension, field: "extension signature_algorithms"},
	{name: "CertificateRequest with key_share", ref: "RFC 9846 §4.3", in: []scene{c13("waitCertificateOrRequest").mutual()}, do: add("CertificateRequest", msg.ExtKeyShare, 0, 0x1d),
		alert: record.AlertIllegalParameter, kind: handshake.KindForbiddenExtension, field: "extension key_share"},
	{name: "CertificateRequest with an extension twice", ref: "B24", in: []scene{c13("waitCertificateOrRequest").mutual()}, do: twice("CertificateRequest", msg.ExtSignatureAlgorithms),
		alert: record.AlertIllegalParameter, kind: handshake.KindDuplicateExtension},
	{name: "CertificateRequest twice", ref: "B46", in: []scene{c13("waitCertificate").mutual(), c12("waitHelloDone").mutual()}, do: double("CertificateRequest"),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "CertificateRequest"},
	{name: "CertificateRequest of a resumed handshake", ref: "B46", in: []scene{c13("waitServerFinished").resumed()}, do: before("Finished", sends(22, 13, 0, 0, 11, 0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "CertificateRequest"},
	{name: "CertificateRequest without types", ref: "RFC 5246 §7.4.4", in: []scene{c12("waitRequestOrDone").mutual()}, do: edit("CertificateRequest", func(m *msg.CertificateRequest12) { m.Types = nil }),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "CertificateRequest.certificate_types"},
	{name: "CertificateRequest without schemes", ref: "B29", in: []scene{c12("waitRequestOrDone").mutual()}, do: edit("CertificateRequest", func(m *msg.CertificateRequest12) { m.Schemes = nil }),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "CertificateRequest.supported_signature_algorithms"},

	{name: "a server without certificate", ref: "B63", in: []scene{c13("waitCertificateOrRequest")}, do: edit("Certificate", func(m *msg.Certificate13) { m.Entries = nil }),
		alert: record.AlertDecodeError, kind: handshake.KindEmptyChain, field: "Certificate.certificate_list"},
	{name: "a server without certificate in TLS 1.2", ref: "B63", in: []scene{c12("waitCertificate12")}, do: edit("Certificate", func(m *msg.Certificate12) { m.Chain = nil }),
		alert: record.AlertDecodeError, kind: handshake.KindEmptyChain, field: "Certificate.certificate_list"},
	{name: "a server's certificate with a context", ref: "RFC 9846 §4.5.1", in: []scene{c13("waitCertificateOrRequest")}, do: edit("Certificate", func(m *msg.Certificate13) { m.Context = []byte{1} }),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "Certificate.certificate_request_context"},
	{name: "a staple that was not asked for", ref: "RFC 9846 §4.5.1", in: []scene{c13("waitCertificateOrRequest")}, do: put("Certificate", msg.ExtStatusRequest, []byte{1, 0, 0, 1, 9}),
		alert: record.AlertUnsupportedExtension, kind: handshake.KindUnsolicitedExtension, field: "extension status_request"},
	{name: "a certificate's extension twice", ref: "B24", in: []scene{c13("waitCertificateOrRequest")}, do: change("Certificate", func(m msg.Raw) []byte {
		return extend(m, func(list []extension) []extension { return []extension{{0x4444, nil}, {0x4444, nil}} })
	}), alert: record.AlertIllegalParameter, kind: handshake.KindDuplicateExtension},
	{name: "a certificate that does not parse", ref: "B63", in: []scene{c13("waitCertificateOrRequest"), s13("waitClientCertificate").mutual()}, do: edit("Certificate", func(m *msg.Certificate13) { m.Entries = msg.AppendCertificateEntry(nil, []byte{0x30, 3, 1, 2, 3}, nil) }),
		alert: record.AlertBadCertificate, kind: handshake.KindBadCertificate, field: "Certificate"},
	{name: "a certificate that does not parse in TLS 1.2", ref: "B63", in: []scene{c12("waitCertificate12"), s12("waitClientCertificate12").mutual()}, do: edit("Certificate", func(m *msg.Certificate12) { m.Chain = msg.AppendVector24(nil, []byte{0x30, 3, 1, 2, 3}) }),
		alert: record.AlertBadCertificate, kind: handshake.KindBadCertificate, field: "Certificate"},
	{name: "bytes behind a certificate", ref: "B63", in: []scene{c13("waitCertificateOrRequest"), s13("waitClientCertificate").mutual()}, do: at("Certificate", func(p *mallory, _ msg.Raw) {
		p.tell((&msg.Certificate13{Entries: msg.AppendCertificateEntry(nil, append(bytes.Clone(p.cred.Chain[0]), 0), nil)}).Append(nil))
	}), alert: record.AlertBadCertificate, kind: handshake.KindBadCertificate, field: "Certificate"},
	{name: "an empty certificate", ref: "B63", in: []scene{c13("waitCertificateOrRequest"), s13("waitClientCertificate").mutual()}, do: edit("Certificate", func(m *msg.Certificate13) { m.Entries = []byte{0, 0, 0, 0, 0} }),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "Certificate.certificate_list.cert_data"},
	{name: "an empty certificate in TLS 1.2", ref: "B63", in: []scene{c12("waitCertificate12"), s12("waitClientCertificate12").mutual()}, do: edit("Certificate", func(m *msg.Certificate12) { m.Chain = []byte{0, 0, 0} }),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "Certificate.certificate_list"},
	{name: "a certificate of an unknown issuer", ref: "RFC 9846 §4.5.1", in: []scene{c13("verifyingServer").of(nobodys)},
		alert: record.AlertUnknownCA, kind: handshake.KindVerification},
	{name: "a certificate of an unknown issuer in TLS 1.2", ref: "RFC 5246 §7.4.2", in: []scene{c12("verifyingServer12").of(nobodys)},
		alert: record.AlertUnknownCA, kind: handshake.KindVerification},
	{name: "a client's certificate of an unknown issuer", ref: "RFC 9846 §4.5.1", in: []scene{s13("verifyingClient").mutual().of(nobodys), s12("verifyingClient12").mutual().of(nobodys)},
		alert: record.AlertUnknownCA, kind: handshake.KindVerification},
	{name: "Certificate announced as longer than the limit", ref: "B16", in: []scene{c12("waitCertificate12"), c13("waitCertificateOrRequest"), s13("waitClientCertificate").mutual()}, do: before("Certificate", sends(22, 11, 2, 0, 0)),
		alert: record.AlertDecodeError, kind: handshake.KindMessageTooLong, field: "Certificate.length"},

	{name: "ServerKeyExchange of explicit curves", ref: "RFC 8422 §5.4", in: []scene{c12("waitKeyExchange")}, do: change("ServerKeyExchange", func(m msg.Raw) []byte { m[4] = 1; return m }),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "ServerKeyExchange.params.curve_type"},
	{name: "ServerKeyExchange of a group that was not offered", ref: "B27", in: []scene{c12("waitKeyExchange")}, do: resigned(func(m *msg.ServerKeyExchange) { m.Group = uint16(kx.P521) }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongGroup, field: "ServerKeyExchange.namedcurve"},
	{name: "ServerKeyExchange of ML-KEM", ref: "B39", in: []scene{c12("waitKeyExchange").with(everyGroup)}, do: resigned(func(m *msg.ServerKeyExchange) { m.Group = uint16(kx.X25519MLKEM768) }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongGroup, field: "ServerKeyExchange.namedcurve"},
	{name: "ServerKeyExchange of an empty share", ref: "B40", in: []scene{c12("waitKeyExchange")}, do: resigned(func(m *msg.ServerKeyExchange) { m.Public = nil }),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "ServerKeyExchange.params.public"},
	{name: "ServerKeyExchange left out", ref: "B46", in: []scene{c12("waitKeyExchange")}, do: skip("ServerKeyExchange"),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "ServerHelloDone"},
	{name: "ServerHelloDone with a body", ref: "RFC 5246 §7.4.5", in: []scene{c12("waitRequestOrDone")}, do: change("ServerHelloDone", func(msg.Raw) []byte { return frame(14, []byte{0}) }),
		alert: record.AlertDecodeError, kind: handshake.KindMessageTooLong, field: "ServerHelloDone.length"},
	{name: "a ticket that was not announced", ref: "RFC 5077 §3.3", in: []scene{c12("waitServerCCS12")}, do: drop("ServerHello", msg.ExtSessionTicket),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "NewSessionTicket"},
	{name: "a ticket that was announced and does not come", ref: "RFC 5077 §3.3", in: []scene{c12("waitTicket12"), c12("waitResumedTicket12").resumed()}, do: skip("NewSessionTicket"),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedCCS},
	{name: "CertificateStatus that was not announced", ref: "RFC 6066 §8", in: []scene{c12("waitKeyExchange")}, do: before("ServerKeyExchange", sends(22, 22, 0, 0, 5, 1, 0, 0, 1, 9)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "CertificateStatus"},
	{name: "CertificateStatus of another kind", ref: "RFC 6066 §8", in: []scene{c12("waitStatus12").with(staples)}, do: status(2, 0, 0, 1, 9),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "CertificateStatus.status_type"},
	{name: "CertificateStatus that is empty", ref: "RFC 6066 §8", in: []scene{c12("waitStatus12").with(staples)}, do: status(1, 0, 0, 0),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "CertificateStatus.response"},
	{name: "CertificateStatus with bytes behind", ref: "RFC 6066 §8", in: []scene{c12("waitStatus12").with(staples)}, do: status(1, 0, 0, 1, 9, 9),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "CertificateStatus"},
	{name: "CertificateStatus twice", ref: "B46", in: []scene{c12("waitKeyExchange").with(staples)}, do: all(status(1, 0, 0, 1, 9), before("ServerKeyExchange", times(2, sends(22, frame(22, []byte{1, 0, 0, 1, 9})...)))),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "CertificateStatus"},
	{name: "CertificateStatus that was announced may stay away", ref: "RFC 6066 §8", in: []scene{c12("").with(staples)}, do: add("ServerHello", msg.ExtStatusRequest), fine: goesOn},
	{name: "ClientHello from a server", ref: "B46", in: helloC, do: before("ServerHello", sends(22, 1, 0, 0, 0)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "ClientHello"},
	{name: "message_hash on the wire", ref: "B46", in: helloC, do: before("ServerHello", sends(22, 254, 0, 0, 2, 1, 2)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage},
	{name: "CompressedCertificate that was not offered", ref: "RFC 8879 §4", in: []scene{c13("waitCertificateOrRequest"), s13("waitClientCertificate").mutual()}, do: before("Certificate", sends(22, 25, 0, 0, 9, 0, 1, 0, 0, 9, 0, 0, 1, 7)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "CompressedCertificate"},
}

func staples(c *handshake.Config) { c.RequestOCSP = true }

// status announces a CertificateStatus and says it, with a body.
func status(body ...byte) deed {
	return all(add("ServerHello", msg.ExtStatusRequest), before("ServerKeyExchange", sends(22, frame(22, body)...)))
}

// of gives mallory another certificate.
func (s scene) of(f func(testing.TB, *cred.Credential) *cred.Credential) scene { s.cert = f; return s }

// nobodys is a certificate of an issuer that the victim does not know.
func nobodys(t testing.TB, _ *cred.Credential) *cred.Credential {
	return credtest.Root(t, "nobody", credtest.P256).Leaf(t, credtest.P256, "example.org")
}

func TestBadClient(t *testing.T) {
	runBad(t, clientRows)
	runBad(t, flightRows)
	runBad(t, serverShareRows())
}
