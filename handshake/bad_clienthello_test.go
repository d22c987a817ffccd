package handshake_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
)

var (
	hello13  = []scene{s13("waitClientHello")}
	hello12  = []scene{s12("waitClientHello")}
	hellos   = []scene{s13("waitClientHello"), s12("waitClientHello")}
	choice13 = []scene{s13("choosingContext")}
	choice12 = []scene{s12("choosingContext")}
	choices  = []scene{s13("choosingContext"), s12("choosingContext")}
	good13   = []scene{s13("")}
	good12   = []scene{s12("")}
	good     = []scene{s13(""), s12("")}
)

// hello edits the values of a ClientHello.
func hello(f func(m *msg.ClientHello)) deed { return edit("ClientHello", f) }

// body replaces an extension of the ClientHello.
func body(id msg.Ext, b ...byte) deed { return put("ClientHello", id, append([]byte{}, b...)) }

// helloBytes changes a ClientHello behind its random: session id, suites, compression.
func helloBytes(sid, suites, compression []byte) deed {
	return change("ClientHello", func(m msg.Raw) []byte {
		b := append(bytes.Clone(m[4:38]), sid...)
		b = append(append(b, suites...), compression...)
		return frame(msg.TypeClientHello, append(b, m[extensionsAt(m):]...))
	})
}

var (
	noSession = []byte{0}
	oneSuite  = vec16(0x13, 0x01, 0xc0, 0x2b)
	null      = []byte{1, 0}
)

// manyExtensions fills a hello with unknown extensions.
func manyExtensions(n, size int) deed {
	return change("ClientHello", func(m msg.Raw) []byte {
		return extend(m, func(list []extension) []extension {
			for i := range n {
				list = append([]extension{{msg.Ext(0x4000 + i), make([]byte, size)}}, list...)
			}
			return list
		})
	})
}

// largest makes a ClientHello as large as the format allows.
func largest(p *mallory, m msg.Raw) {
	room := 1<<16 - 1 - (len(m) - extensionsAt(m) - 2) - 4
	m = extend(m, func(list []extension) []extension { return append([]extension{{0x4a4a, make([]byte, room)}}, list...) })
	at := 38 + 1 + int(m[38])
	n := int(binary.BigEndian.Uint16(m[at:]))
	suites := bytes.Clone(m[at+2 : at+2+n])
	for i := 0; len(suites) < 1<<16-2; i++ {
		suites = binary.BigEndian.AppendUint16(suites, uint16(0x7000+i%0x800))
	}
	b := append(append(bytes.Clone(m[4:at]), vec16(suites...)...), append(vec8(append(make([]byte, 1), bytes.Repeat([]byte{0}, 254)...)...), m[at+2+n+2:]...)...)
	if p.sc.v == record.TLS13 { // TLS 1.3 takes null alone
		b = append(append(bytes.Clone(m[4:at]), vec16(suites...)...), m[at+2+n:]...)
	}
	p.tell(frame(msg.TypeClientHello, b))
}

func only13(list ...uint16) deed {
	return hello(func(m *msg.ClientHello) { m.Ext.SupportedVersions = u16s(list...) })
}

func groups(list ...uint16) deed {
	return hello(func(m *msg.ClientHello) { m.Ext.SupportedGroups = u16s(list...) })
}

func suitesAre(list ...uint16) deed {
	return hello(func(m *msg.ClientHello) { m.Suites = u16s(list...) })
}

var sniHost = append([]byte{0}, vec16([]byte("example.org")...)...)

func protocolsOf(names ...string) []byte { return vec16(msg.AppendVector8(nil, names...)...) }

func speaks(names ...string) func(*handshake.Config) {
	return func(c *handshake.Config) { c.ALPN = names }
}

var helloRows = []bad{
	{name: "ClientHello in records of one byte", ref: "B14", in: good, fine: goesOn,
		do: at("ClientHello", func(p *mallory, m msg.Raw) {
			p.hush(m)
			for i := range m {
				p.record(22, m[i:i+1])
			}
		})},
	{name: "ClientHello of the largest size", ref: "B15", in: good, do: at("ClientHello", largest), fine: goesOn},
	{name: "ClientHello announced as 2^24-1", ref: "B16", in: hellos, do: before("ClientHello", sends(22, 1, 0xff, 0xff, 0xff)),
		alert: record.AlertDecodeError, kind: handshake.KindMessageTooLong, field: "ClientHello.length"},
	{name: "ClientHello announced as longer than the format allows", ref: "B16", in: hellos,
		do: before("ClientHello", func(p *mallory) {
			n := msg.LimitHello + 1
			p.record(22, []byte{1, byte(n >> 16), byte(n >> 8), byte(n)})
		}),
		alert: record.AlertDecodeError, kind: handshake.KindMessageTooLong, field: "ClientHello.length"},
	{name: "unknown message announced as 2^24-1", ref: "B16 B20", in: hellos, do: before("ClientHello", sends(22, 77, 0xff, 0xff, 0xff)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage},
	{name: "a byte behind ClientHello", ref: "B17", in: hellos, do: at("ClientHello", func(p *mallory, m msg.Raw) { p.record(22, append(m, 1)) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindExcessHandshakeData, field: "ClientHello"},
	{name: "two ClientHellos in a record", ref: "B17 B46", in: hellos, do: at("ClientHello", func(p *mallory, m msg.Raw) { p.record(22, append(bytes.Clone(m), m...)) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindExcessHandshakeData, field: "ClientHello"},
	{name: "change_cipher_spec within ClientHello", ref: "B18", in: hellos, do: at("ClientHello", func(p *mallory, m msg.Raw) { p.record(22, m[:50]); p.record(20, []byte{1}) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindInterleaved},
	{name: "warning within ClientHello", ref: "B18", in: hellos, do: at("ClientHello", func(p *mallory, m msg.Raw) { p.record(22, m[:50]); p.record(21, []byte{1, 90}) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindInterleaved},
	{name: "ClientHello with a trailing byte", ref: "B19", in: hellos, do: change("ClientHello", func(m msg.Raw) []byte { return frame(1, append(m[4:], 0)) }),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "ClientHello"},
	{name: "empty ClientHello", ref: "B19", in: hellos, do: change("ClientHello", func(msg.Raw) []byte { return frame(1, nil) }),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "ClientHello.legacy_version"},
	{name: "ServerHello at first", ref: "B20", in: hellos, do: change("ClientHello", func(m msg.Raw) []byte { return frame(2, m[4:]) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "ServerHello"},
	{name: "Finished at first, of garbage", ref: "B20", in: hellos, do: change("ClientHello", func(msg.Raw) []byte { return frame(20, []byte{1, 2, 3}) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "Finished"},
	{name: "message of an unknown type at first", ref: "B20", in: hellos, do: change("ClientHello", func(msg.Raw) []byte { return frame(99, []byte{1, 2, 3}) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage},
	{name: "HelloRequest at first", ref: "B51", in: hellos, do: before("ClientHello", sends(22, 0, 0, 0, 0)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "HelloRequest"},

	{name: "session id of 33 bytes", ref: "B21", in: hellos, do: helloBytes(vec8(make([]byte, 33)...), oneSuite, null),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "ClientHello.legacy_session_id"},
	{name: "session id of 32 bytes", ref: "B21", in: good, do: helloBytes(vec8(make([]byte, 32)...), oneSuite, null), fine: goesOn},
	{name: "no session id", ref: "B21", in: good, do: helloBytes(noSession, oneSuite, null), fine: goesOn},
	{name: "compression without null", ref: "B22", in: hellos, do: helloBytes(noSession, oneSuite, vec8(1, 2)),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "ClientHello.legacy_compression_methods"},
	{name: "compression beside null", ref: "B22", in: choice13, do: helloBytes(noSession, oneSuite, vec8(1, 0)),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongCompression, field: "ClientHello.legacy_compression_methods"},
	{name: "null twice", ref: "B22", in: choice13, do: helloBytes(noSession, oneSuite, vec8(0, 0)),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongCompression, field: "ClientHello.legacy_compression_methods"},
	{name: "compression beside null in TLS 1.2", ref: "B22", in: good12, do: helloBytes(noSession, oneSuite, vec8(1, 0)), fine: goesOn},
	{name: "no compression methods", ref: "B22", in: hellos, do: helloBytes(noSession, oneSuite, vec8()),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "ClientHello.legacy_compression_methods"},
	{name: "no cipher suites", ref: "B23", in: hellos, do: helloBytes(noSession, vec16(), null),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "ClientHello.cipher_suites"},
	{name: "cipher suites of odd length", ref: "B23", in: hellos, do: helloBytes(noSession, vec16(0x13, 1, 0xc0, 0x2b, 0), null),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "ClientHello.cipher_suites"},
	{name: "unknown, GREASE and signalling suites", ref: "B23", in: good, fine: goesOn,
		do: suitesAre(0x0a0a, 0xfafa, 0x00ff, 0x1399, 0xc000, 0xffff, suite13, suiteECDSA)},
	{name: "only unknown suites", ref: "B23", in: choices, do: suitesAre(0x0a0a, 0x1399, 0x00ff),
		alert: record.AlertHandshakeFailure, kind: handshake.KindNoCommonSuite, field: "ClientHello.cipher_suites"},
	{name: "only suites of TLS 1.2", ref: "B23", in: choice13, do: suitesAre(suiteECDSA, suiteRSA),
		alert: record.AlertHandshakeFailure, kind: handshake.KindNoCommonSuite, field: "ClientHello.cipher_suites"},
	{name: "only suites of TLS 1.3", ref: "B23", in: choice12, do: suitesAre(suite13, 0x1302),
		alert: record.AlertHandshakeFailure, kind: handshake.KindNoCommonSuite, field: "ClientHello.cipher_suites"},
	{name: "only suites for other certificates", ref: "B23", in: choice12, do: suitesAre(suiteRSA),
		alert: record.AlertHandshakeFailure, kind: handshake.KindNoCommonSuite, field: "ClientHello.cipher_suites"},
	{name: "export, NULL, anonymous and RC4 suites", ref: "B38", in: choices, do: suitesAre(0x0000, 0x0001, 0x0003, 0x0004, 0x0005, 0x0018, 0x0034, 0xc006, 0xc007, 0xc015, 0xc018),
		alert: record.AlertHandshakeFailure, kind: handshake.KindNoCommonSuite},
	{name: "export, NULL, anonymous and RC4 suites in a mix", ref: "B38", in: good12, do: suitesAre(0xc007, 0xc006, 0xc018, 0x0034, 0x0005, suiteECDSA),
		fine: func(t *testing.T, p *mallory) {
			if p.hello.Suite != suiteECDSA {
				t.Errorf("suite %#04x", p.hello.Suite)
			}
		}},

	{name: "500 unknown extensions", ref: "B24", in: good, do: manyExtensions(500, 3), fine: goesOn},
	{name: "GREASE extensions", ref: "B24", in: good, do: all(add("ClientHello", 0x0a0a), add("ClientHello", 0xfafa, 0)), fine: goesOn},
	{name: "extensions in another order", ref: "B24", in: good, fine: goesOn,
		do: change("ClientHello", func(m msg.Raw) []byte {
			return extend(m, func(list []extension) []extension { slices.Reverse(list); return list })
		})},
	{name: "a known extension twice", ref: "B24", in: hellos, do: twice("ClientHello", msg.ExtSignatureAlgorithms),
		alert: record.AlertIllegalParameter, kind: handshake.KindDuplicateExtension, field: "extension signature_algorithms"},
	{name: "an unknown extension twice", ref: "B24", in: hellos,
		do: change("ClientHello", func(m msg.Raw) []byte {
			return extend(m, func(list []extension) []extension {
				return append(list, extension{0x1234, nil}, extension{0x1234, []byte{1}})
			})
		}),
		alert: record.AlertIllegalParameter, kind: handshake.KindDuplicateExtension, field: "extension Ext(0x1234)"},
	{name: "an unknown extension twice among 300", ref: "B24", in: hellos,
		do: change("ClientHello", func(m msg.Raw) []byte {
			return extend(m, func(list []extension) []extension {
				for i := range 300 {
					list = append(list, extension{msg.Ext(0x5000 + i), nil})
				}
				return append(list, extension{0x5007, nil})
			})
		}),
		alert: record.AlertIllegalParameter, kind: handshake.KindDuplicateExtension, field: "extension Ext(0x5007)"},
	{name: "an extension that no ClientHello may have", ref: "RFC 9846 §4.3", in: choices, do: add("ClientHello", msg.ExtOIDFilters, 0, 0),
		alert: record.AlertIllegalParameter, kind: handshake.KindForbiddenExtension, field: "extension oid_filters"},
	{name: "no extensions", ref: "B31", in: []scene{s13("choosingContext").with(func(c *handshake.Config) { c.MinVersion = record.TLS13 })},
		do:    change("ClientHello", func(m msg.Raw) []byte { return frame(1, m[4:extensionsAt(m)]) }),
		alert: record.AlertProtocolVersion, kind: handshake.KindProtocolVersion},

	{name: "signature_algorithms is missing", ref: "B29", in: choice13, do: drop("ClientHello", msg.ExtSignatureAlgorithms),
		alert: record.AlertMissingExtension, kind: handshake.KindMissingExtension, field: "extension signature_algorithms"},
	{name: "signature_algorithms is empty", ref: "B29", in: hellos, do: body(msg.ExtSignatureAlgorithms, 0, 0),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension signature_algorithms.supported_signature_algorithms"},
	{name: "signature_algorithms has no body", ref: "B29", in: hellos, do: body(msg.ExtSignatureAlgorithms),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension signature_algorithms.supported_signature_algorithms"},
	{name: "signature_algorithms of odd length", ref: "B29", in: hellos, do: body(msg.ExtSignatureAlgorithms, 0, 3, 4, 3, 8),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension signature_algorithms.supported_signature_algorithms"},
	{name: "signature_algorithms with a trailing byte", ref: "B29", in: hellos, do: body(msg.ExtSignatureAlgorithms, 0, 2, 4, 3, 8),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension signature_algorithms"},
	{name: "no signature scheme in common", ref: "B29", in: choice13, do: body(msg.ExtSignatureAlgorithms, 0, 4, 0x0a, 0x0a, 0x0b, 0x0b),
		alert: record.AlertHandshakeFailure, kind: handshake.KindNoCommonScheme, field: "ClientHello signature_algorithms"},
	{name: "no signature scheme in common that the key signs by", ref: "B29", in: choice13, do: body(msg.ExtSignatureAlgorithms, 0, 4, 0x0a, 0x0a, 8, 4),
		alert: record.AlertHandshakeFailure, kind: handshake.KindNoCertificate, field: "ClientHello signature_algorithms"},
	{name: "no signature scheme in common in TLS 1.2", ref: "B29", in: choice12, do: body(msg.ExtSignatureAlgorithms, 0, 4, 0x0a, 0x0a, 8, 4),
		alert: record.AlertHandshakeFailure, kind: handshake.KindNoCommonSuite},
	{name: "32 thousand signature schemes", ref: "B29", in: good, fine: goesOn,
		do: hello(func(m *msg.ClientHello) {
			m.Ext.SignatureAlgorithms = append(bytes.Repeat([]byte{0xfe, 0x01}, 32000), 4, 3)
		})},
	{name: "PKCS#1 first", ref: "B30", in: []scene{s13("").with(rsaServer)}, do: body(msg.ExtSignatureAlgorithms, vec16(4, 1, 5, 1, 8, 4)...),
		fine: func(t *testing.T, p *mallory) {
			if s := p.e.State().Scheme; s != cred.RSAPSSRSAESHA256 {
				t.Errorf("signed with %v", s)
			}
		}},
	{name: "PKCS#1 alone", ref: "B30", in: []scene{s13("choosingContext").with(rsaServer)}, do: body(msg.ExtSignatureAlgorithms, vec16(4, 1, 5, 1, 2, 1)...),
		alert: record.AlertHandshakeFailure, kind: handshake.KindNoCertificate, field: "ClientHello signature_algorithms"},

	{name: "unknown and draft versions beside", ref: "B31", in: good13, do: only13(0x0a0a, 0x7f1c, 0x0305, 0xffff, 0x0304, 0x0303), fine: goesOn},
	{name: "only unknown and draft versions", ref: "B31", in: choice13, do: only13(0x0a0a, 0x7f1c, 0x0305),
		alert: record.AlertProtocolVersion, kind: handshake.KindProtocolVersion},
	{name: "only old versions", ref: "B31", in: choice13, do: only13(0x0302, 0x0301, 0x0300),
		alert: record.AlertProtocolVersion, kind: handshake.KindProtocolVersion},
	{name: "no versions", ref: "B31", in: hello13, do: body(msg.ExtSupportedVersions, 0),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension supported_versions.versions"},
	{name: "versions of odd length", ref: "B31", in: hello13, do: body(msg.ExtSupportedVersions, 3, 3, 4, 3),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension supported_versions.versions"},
	{name: "legacy_version is ignored beside supported_versions", ref: "B31", in: good13, fine: goesOn,
		do: hello(func(m *msg.ClientHello) { m.Version = 0x0399 })},
	{name: "legacy_version 3.0", ref: "B31", in: choices, do: hello(func(m *msg.ClientHello) { m.Version = 0x0300 }),
		alert: record.AlertProtocolVersion, kind: handshake.KindProtocolVersion, field: "ClientHello.legacy_version"},
	{name: "TLS 1.0", ref: "B31", in: choice12, do: hello(func(m *msg.ClientHello) { m.Version = record.TLS10 }),
		alert: record.AlertProtocolVersion, kind: handshake.KindProtocolVersion},
	{name: "TLS 1.1", ref: "B31", in: choice12, do: hello(func(m *msg.ClientHello) { m.Version = record.TLS11 }),
		alert: record.AlertProtocolVersion, kind: handshake.KindProtocolVersion},
	{name: "a legacy_version of the future is TLS 1.2", ref: "B31", in: good12, fine: goesOn,
		do: hello(func(m *msg.ClientHello) { m.Version = 0x0399 })},
	{name: "the sentinel of a server that knows TLS 1.3", ref: "B32", in: good12, fine: func(t *testing.T, p *mallory) {
		if [8]byte(p.hello.Random[24:]) != msg.DowngradeTLS12 {
			t.Errorf("random ends in %x", p.hello.Random[24:])
		}
	}},
	{name: "no sentinel of a server that knows TLS 1.2 at most", ref: "B32", in: []scene{s12("").with(atMost12)}, fine: func(t *testing.T, p *mallory) {
		if tail := [8]byte(p.hello.Random[24:]); tail == msg.DowngradeTLS12 || tail == msg.DowngradeTLS11 {
			t.Errorf("random ends in %x", tail)
		}
	}},
	{name: "fallback below the best version", ref: "B33", in: choice12, do: suitesAre(suiteECDSA, 0x5600),
		alert: record.AlertInappropriateFallback, kind: handshake.KindFallback, field: "ClientHello.cipher_suites"},
	{name: "fallback to the best version", ref: "B33", in: []scene{s13(""), s12("").with(atMost12)}, do: suitesAre(suite13, suiteECDSA, 0x5600), fine: goesOn},

	{name: "empty host name", ref: "B34", in: hellos, do: body(msg.ExtServerName, vec16(0, 0, 0)...),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension server_name.host_name"},
	{name: "empty list of names", ref: "B34", in: hellos, do: body(msg.ExtServerName, 0, 0),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension server_name.server_name_list"},
	{name: "empty server_name", ref: "B34", in: hellos, do: body(msg.ExtServerName),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension server_name.server_name_list"},
	{name: "bytes behind the names", ref: "B34", in: hellos, do: body(msg.ExtServerName, append(vec16(sniHost...), 0)...),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension server_name"},
	{name: "two host names", ref: "B34", in: hellos, do: body(msg.ExtServerName, vec16(append(sniHost, sniHost...)...)...),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "extension server_name.host_name"},
	{name: "a name with NUL", ref: "B34", in: hellos, do: body(msg.ExtServerName, vec16(append([]byte{0}, vec16('a', 0, 'b')...)...)...),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "extension server_name.host_name"},
	{name: "a name of another type beside", ref: "B34", in: good, do: body(msg.ExtServerName, vec16(append([]byte{7, 0, 1, 'x'}, sniHost...)...)...), fine: goesOn},
	{name: "a name that the server does not know is served", ref: "B34, our default", in: good, do: body(msg.ExtServerName, vec16(append([]byte{0}, vec16([]byte("elsewhere.test")...)...)...)...), fine: goesOn},

	{name: "empty ALPN", ref: "B35", in: hellos, do: body(msg.ExtALPN),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension application_layer_protocol_negotiation.protocol_name_list"},
	{name: "empty list of protocols", ref: "B35", in: hellos, do: body(msg.ExtALPN, 0, 0),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension application_layer_protocol_negotiation.protocol_name_list"},
	{name: "empty protocol name", ref: "B35", in: hellos, do: body(msg.ExtALPN, vec16(2, 'h', '2', 0)...),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension application_layer_protocol_negotiation.protocol_name_list"},
	{name: "protocol name past the list", ref: "B35", in: hellos, do: body(msg.ExtALPN, vec16(9, 'h', '2')...),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension application_layer_protocol_negotiation.protocol_name_list"},
	{name: "no common protocol", ref: "B35", in: []scene{s13("choosingContext").with(speaks("h2")), s12("choosingContext").with(speaks("h2"))}, do: body(msg.ExtALPN, protocolsOf("h3", "spdy")...),
		alert: record.AlertNoApplicationProtocol, kind: handshake.KindNoCommonProtocol, field: "ClientHello application_layer_protocol_negotiation"},
	{name: "the answer has one protocol", ref: "B35", in: []scene{s13("").with(speaks("h2", "http/1.1")), s12("").with(speaks("h2", "http/1.1"))}, do: body(msg.ExtALPN, protocolsOf("http/1.1", "h2")...),
		fine: func(t *testing.T, p *mallory) {
			answer := p.hello.Ext.ALPN
			if p.sc.v == record.TLS13 {
				answer = p.ee.Ext.ALPN
			}
			if !bytes.Equal(answer, []byte("\x02h2")) {
				t.Errorf("answer %q", answer)
			}
		}},

	{name: "point formats without uncompressed", ref: "B36", in: choice12, do: body(msg.ExtECPointFormats, 2, 1, 2),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "extension ec_point_formats.ec_point_format_list"},
	{name: "no point formats", ref: "B36", in: hello12, do: body(msg.ExtECPointFormats, 0),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension ec_point_formats.ec_point_format_list"},
	{name: "point formats without uncompressed in TLS 1.3", ref: "B36", in: good13, do: body(msg.ExtECPointFormats, 1, 1), fine: goesOn},

	{name: "extended_master_secret with a body", ref: "B57", in: hellos, do: body(msg.ExtExtendedMasterSecret, 0),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension extended_master_secret"},
	{name: "a first hello with renegotiation_info of an earlier one", ref: "B59 RFC 5746 §3.6", in: choice12, do: body(msg.ExtRenegotiationInfo, vec8(make([]byte, 12)...)...),
		alert: record.AlertHandshakeFailure, kind: handshake.KindRenegotiationInfo, field: "ClientHello renegotiation_info"},
	{name: "renegotiation_info whose length is wrong", ref: "RFC 5746 §3.6", in: hello12, do: body(msg.ExtRenegotiationInfo, 1),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension renegotiation_info.renegotiated_connection"},
	{name: "encrypt_then_mac is not answered", ref: "B24", in: good12, do: body(msg.ExtEncryptThenMAC), fine: func(t *testing.T, p *mallory) {
		if p.hello.Ext.Have(msg.ExtEncryptThenMAC) {
			t.Error("it is")
		}
	}},
	{name: "heartbeat is not negotiated", ref: "B52", in: good, do: add("ClientHello", 15, 1), fine: func(t *testing.T, p *mallory) {
		if p.hello.Ext.Unknown+p.ee.Ext.Unknown > 0 {
			t.Error("it is")
		}
	}},

	{name: "key_share is missing", ref: "B26", in: choice13, do: drop("ClientHello", msg.ExtKeyShare),
		alert: record.AlertMissingExtension, kind: handshake.KindMissingExtension, field: "extension key_share"},
	{name: "supported_groups is missing", ref: "B26", in: choice13, do: drop("ClientHello", msg.ExtSupportedGroups),
		alert: record.AlertMissingExtension, kind: handshake.KindMissingExtension, field: "extension supported_groups"},
	{name: "no shares", ref: "B26", in: good13, do: body(msg.ExtKeyShare, 0, 0), fine: func(t *testing.T, p *mallory) {
		if !p.e.State().Retried {
			t.Error("no HelloRetryRequest")
		}
	}},
	{name: "empty key_share", ref: "B26", in: hello13, do: body(msg.ExtKeyShare),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension key_share.client_shares"},
	{name: "a share cut short", ref: "B26 B40", in: hello13, do: body(msg.ExtKeyShare, vec16(0, 0x1d, 0, 32, 1, 2, 3)...),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension key_share.client_shares"},
	{name: "a share for a group that is not offered", ref: "B27", in: choice13, do: groups(uint16(kx.P256)),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "ClientHello key_share: group not in supported_groups"},
	{name: "two shares for a group", ref: "B27", in: hello13,
		do:    hello(func(m *msg.ClientHello) { m.Ext.KeyShares = append(m.Ext.KeyShares, m.Ext.KeyShares...) }),
		alert: record.AlertIllegalParameter, kind: handshake.KindDuplicateExtension, field: "extension key_share.client_shares"},
	{name: "obsolete, reserved and unknown groups", ref: "B27 B28", in: good, do: groups(0, 1, 0x0016, 0x001f, 0x0a0a, 0xfe00, 0xff01, 0xff02, 0xffff, uint16(kx.X25519), uint16(kx.P256)), fine: isX25519},
	{name: "an unknown group's share of any size", ref: "B28", in: good13, fine: isX25519,
		do: hello(func(m *msg.ClientHello) {
			m.Ext.SupportedGroups = u16s(0x0a0a, 0x0999, uint16(kx.X25519))
			list := msg.AppendKeyShare(nil, 0x0a0a, []byte{0})
			list = msg.AppendKeyShare(list, 0x0999, make([]byte, 5000))
			m.Ext.KeyShares = append(list, m.Ext.KeyShares...)
		})},
	{name: "only unknown groups", ref: "B28", in: choice13, do: all(hello(func(m *msg.ClientHello) {
		m.Ext.SupportedGroups = u16s(0x0a0a, 0x0999)
		m.Ext.KeyShares = msg.AppendKeyShare(nil, 0x0999, make([]byte, 50))
	})), alert: record.AlertHandshakeFailure, kind: handshake.KindNoCommonGroup, field: "ClientHello supported_groups"},
	{name: "only unknown groups in TLS 1.2", ref: "B28", in: choice12, do: groups(0x0a0a, 0x0999, 0xff02),
		alert: record.AlertHandshakeFailure, kind: handshake.KindNoCommonGroup, field: "ClientHello supported_groups"},
	{name: "no groups", ref: "RFC 9846 §4.3.7", in: hellos, do: body(msg.ExtSupportedGroups, 0, 0),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension supported_groups.named_group_list"},
	{name: "groups of odd length", ref: "RFC 9846 §4.3.7", in: hellos, do: body(msg.ExtSupportedGroups, 0, 3, 0, 0x1d, 0),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension supported_groups.named_group_list"},
	{name: "only ML-KEM in TLS 1.2", ref: "B39", in: []scene{s12("choosingContext").with(everyGroup)}, do: groups(uint16(kx.X25519MLKEM768), uint16(kx.SecP256r1MLKEM768), uint16(kx.SecP384r1MLKEM1024)),
		alert: record.AlertHandshakeFailure, kind: handshake.KindNoCommonGroup, field: "ClientHello supported_groups"},
	{name: "ML-KEM first in TLS 1.2", ref: "B39", in: []scene{s12("").with(everyGroup)}, do: groups(uint16(kx.X25519MLKEM768), uint16(kx.X25519), uint16(kx.P256)), fine: isX25519},
}

func isX25519(t *testing.T, p *mallory) {
	if g := p.e.State().Group; g.ID() != kx.X25519 {
		t.Errorf("group %v", g.Name())
	}
}

func everyGroup(c *handshake.Config) { c.Groups = slices.Collect(kx.All()) }

func atMost12(c *handshake.Config) { c.MaxVersion = record.TLS12 }

func rsaServer(c *handshake.Config) { c.Credentials[0] = rsaLeaf }

var rsaLeaf *cred.Credential

func TestBadClientHello(t *testing.T) {
	rsaLeaf = credtest.CA(t).Leaf(t, credtest.RSA2048, "example.org")
	runBad(t, helloRows)
}
