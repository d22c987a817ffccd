package handshake_test

import (
	"bytes"
	"testing"

	"tacet/handshake"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
)

// The client's second flight of TLS 1.2, change_cipher_spec and Finished of
// both sides and versions, and resumption by TLS 1.2 tickets.

func keyExchangeRows() []bad {
	return shareRows(func(id kx.ID, _ string, share []byte) bad {
		row := bad{name: "ClientKeyExchange", in: []scene{s12("waitClientKeyExchange").with(prefers(id))}, do: clientShare(id, share),
			alert: record.AlertIllegalParameter, kind: handshake.KindBadKeyShare, field: "ClientKeyExchange.ecdh_Yc"}
		return cutShort(row, id, share)
	})
}

// prefers makes a group the victim's first; P-256 is the curve of the servers' keys.
func prefers(id kx.ID) func(*handshake.Config) {
	return func(c *handshake.Config) {
		c.Groups = []kx.Group{kx.ByID(id)}
		if id != kx.P256 {
			c.Groups = append(c.Groups, kx.ByID(kx.P256))
		}
	}
}

// cutShort: an uncompressed point of the wrong length does not parse.
func cutShort(row bad, id kx.ID, share []byte) bad {
	//= RFC 8422 §5.7 type=test
	if id != kx.X25519 && id != kx.X448 && share[0] == 4 && len(share) != kx.ByID(id).InitiatorShareLen() {
		row.alert, row.kind = record.AlertDecodeError, handshake.KindDecode
	}
	return row
}

// clientShare offers a group, and says a share of it.
func clientShare(id kx.ID, share []byte) deed {
	return all(groups(uint16(id), uint16(kx.P256)), edit("ClientKeyExchange", func(m *msg.ClientKeyExchange) { m.Public = share }))
}

// ems makes a ticket that says whether its session has an extended master secret.
func ems(on bool) func(*session.Session) *session.Session {
	return sealed(func(s *session.Session) { s.ExtendedMaster = on })
}

var finishedRows = []bad{
	{name: "Finished with a bit changed", ref: "B47", in: append(finishing13, finishing12...), do: edit("Finished", func(m *msg.Finished) { m.Verify[0] ^= 1 }),
		alert: record.AlertDecryptError, kind: handshake.KindBadFinished, field: "Finished.verify_data"},
	{name: "Finished with the last bit changed", ref: "B47", in: append(finishing13, finishing12...), do: edit("Finished", func(m *msg.Finished) { m.Verify[len(m.Verify)-1] ^= 0x80 }),
		alert: record.AlertDecryptError, kind: handshake.KindBadFinished, field: "Finished.verify_data"},
	{name: "Finished of zeros", ref: "B47", in: append(finishing13, finishing12...), do: edit("Finished", func(m *msg.Finished) { clear(m.Verify) }),
		alert: record.AlertDecryptError, kind: handshake.KindBadFinished, field: "Finished.verify_data"},
	{name: "Finished a byte short", ref: "B47", in: append(finishing13, finishing12...), do: edit("Finished", func(m *msg.Finished) { m.Verify = m.Verify[1:] }),
		alert: record.AlertDecodeError, kind: handshake.KindBadFinishedLength, field: "Finished.verify_data"},
	{name: "Finished a byte long", ref: "B47", in: append(finishing13, finishing12...), do: edit("Finished", func(m *msg.Finished) { m.Verify = append(m.Verify, 0) }),
		alert: record.AlertDecodeError, kind: handshake.KindBadFinishedLength, field: "Finished.verify_data"},
	{name: "Finished that is empty", ref: "B47", in: append(finishing13, finishing12...), do: edit("Finished", func(m *msg.Finished) { m.Verify = nil }),
		alert: record.AlertDecodeError, kind: handshake.KindBadFinishedLength, field: "Finished.verify_data"},
	{name: "Finished longer than any hash", ref: "B47 B16", in: append(finishing13, finishing12...), do: edit("Finished", func(m *msg.Finished) { m.Verify = make([]byte, 65) }),
		alert: record.AlertDecodeError, kind: handshake.KindMessageTooLong, field: "Finished.length"},
	{name: "a byte behind Finished", ref: "B17", in: append(finishing13, finishing12...), do: at("Finished", func(p *mallory, m msg.Raw) { p.record(22, append(m, 0)) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindExcessHandshakeData, field: "Finished"},
	{name: "a message behind Finished", ref: "B17", in: append(finishing13, finishing12...), do: at("Finished", func(p *mallory, m msg.Raw) { p.record(22, append(m, 0, 0, 0, 0)) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindExcessHandshakeData, field: "Finished"},
	{name: "Finished in plaintext", ref: "B48", in: finishing13, do: at("Finished", func(p *mallory, m msg.Raw) { p.plain(22, m) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindPlaintextRecord},
	{name: "Finished in plaintext after change_cipher_spec", ref: "B48, as a record that does not authenticate", in: finishing12, do: at("Finished", func(p *mallory, m msg.Raw) { p.plain(22, m) }),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "a plaintext message after the handshake", ref: "B48", in: connected13, do: atEnd(sendsPlain(22, 24, 0, 0, 1, 0)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindPlaintextRecord},
	{name: "a plaintext alert after the handshake", ref: "B48", in: connected13, do: atEnd(sendsPlain(21, 2, 40)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindPlaintextRecord},
	{name: "a plaintext alert after the handshake of TLS 1.2", ref: "B48, as a record that does not authenticate", in: connected12, do: atEnd(sendsPlain(21, 2, 40)),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "a plaintext alert of a client without keys", ref: "B49", in: []scene{s13("waitClientFinished"), s13("waitClientCertificate").mutual()}, do: before("CCS", sendsPlain(21, 2, 48)),
		alert: record.AlertUnknownCA, kind: handshake.KindAlertReceived, quiet: true},
	{name: "a plaintext alert to a client", ref: "B48", in: []scene{c13("waitEncryptedExtensions")}, do: before("EncryptedExtensions", sendsPlain(21, 2, 48)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindPlaintextRecord},
}

var ccsRows = []bad{
	{name: "change_cipher_spec before ClientHello", ref: "B44 B45", in: greeting, do: before("ClientHello", sends(20, 1)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedCCS},
	{name: "a change_cipher_spec before ServerHello is dropped", ref: "B44", in: []scene{c13("")}, do: before("ServerHello", sends(20, 1)), fine: goesOn},
	{name: "change_cipher_spec before ServerHello of TLS 1.2", ref: "B45, told at ServerHello, when the version is known", in: []scene{c12("waitServerHello").with(func(c *handshake.Config) { c.MaxVersion = record.TLS13 })}, do: before("ServerHello", sends(20, 1)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedCCS},
	{name: "change_cipher_spec before every message is dropped", ref: "B44", in: []scene{s13(""), s13("").retried(), s13("").mutual(), c13(""), c13("").retried(), c13("").mutual()},
		do: func(p *mallory) {
			for _, step := range []string{"ClientHello again", "Certificate", "CertificateVerify", "Finished", "EncryptedExtensions", "CertificateRequest"} {
				before(step, sends(20, 1))(p)
			}
			if p.sc.retry && p.sc.client {
				before("ServerHello", sends(20, 1))(p)
			}
		}, fine: goesOn},
	{name: "no change_cipher_spec in TLS 1.3", ref: "B44", in: []scene{s13(""), c13("")}, do: skip("CCS"), fine: goesOn},
	{name: "change_cipher_spec of 2", ref: "B44 B45", in: []scene{s13("waitClientFinished"), c13("waitEncryptedExtensions"), s12("waitClientCCS12"), c12("waitServerCCS12")},
		do: at("CCS", func(p *mallory, _ msg.Raw) { p.record(20, []byte{2}) }), alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedCCS},
	{name: "change_cipher_spec of two bytes", ref: "B44 B45", in: []scene{s12("waitClientCCS12"), c12("waitServerCCS12"), c13("waitEncryptedExtensions")},
		do: at("CCS", func(p *mallory, _ msg.Raw) { p.record(20, []byte{1, 1}) }), alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedCCS},
	{name: "change_cipher_spec of two bytes once there are keys", ref: "B44", in: finishing13,
		do: before("Finished", sends(20, 1, 1)), alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedCCS},
	{name: "change_cipher_spec of 2 once there are keys", ref: "B44", in: finishing13,
		do: before("Finished", sends(20, 2)), alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedCCS},
	{name: "empty change_cipher_spec", ref: "B44 B45", in: []scene{s12("waitClientCCS12"), c12("waitServerCCS12")},
		do: at("CCS", func(p *mallory, _ msg.Raw) { p.record(20, nil) }), alert: record.AlertUnexpectedMessage, kind: handshake.KindEmptyRecord},
	{name: "change_cipher_spec after Finished", ref: "B44 B45", in: connectedAll, do: atEnd(sends(20, 1)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedCCS},
	{name: "32 change_cipher_spec are dropped", ref: "B44", in: []scene{s13(""), c13("")}, do: at("CCS", func(p *mallory, _ msg.Raw) { times(32, sends(20, 1))(p) }), fine: goesOn},
	{name: "33 change_cipher_spec", ref: "B44", in: []scene{s13("waitClientFinished"), c13("waitEncryptedExtensions")}, do: at("CCS", func(p *mallory, _ msg.Raw) { times(33, sends(20, 1))(p) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedCCS},
	{name: "change_cipher_spec too early", ref: "B45", in: []scene{s12("waitClientKeyExchange"), s12("waitClientCertificate12").mutual()},
		do: all(before("ClientKeyExchange", sends(20, 1)), before("Certificate", sends(20, 1))), alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedCCS},
	{name: "change_cipher_spec before CertificateVerify", ref: "B45", in: []scene{s12("waitClientCertificateVerify12").mutual()},
		do: before("CertificateVerify", sends(20, 1)), alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedCCS},
	{name: "the server's change_cipher_spec too early", ref: "B45", in: []scene{c12("waitCertificate12")},
		do: before("Certificate", sends(20, 1)), alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedCCS},
	{name: "the server's change_cipher_spec before ServerHelloDone", ref: "B45", in: []scene{c12("waitRequestOrDone")},
		do: before("ServerHelloDone", sends(20, 1)), alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedCCS},
	{name: "the server's change_cipher_spec before its ticket", ref: "B45", in: []scene{c12("waitTicket12"), c12("waitResumedTicket12").resumed()},
		do: before("NewSessionTicket", sends(20, 1)), alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedCCS},
	{name: "Finished without change_cipher_spec", ref: "B45", in: []scene{s12("waitClientCCS12"), c12("waitServerCCS12"), s12("waitResumedClientCCS12").resumed(), c12("waitResumedCCS12").resumed()},
		do:    all(skip("CCS"), at("Finished", func(p *mallory, m msg.Raw) { p.plain(22, m) })),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "Finished"},
	{name: "Finished under keys, without change_cipher_spec", ref: "B45", in: []scene{s12("waitClientCCS12"), c12("waitServerCCS12")},
		do: skip("CCS"), alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage},
	{name: "change_cipher_spec twice, the second protected", ref: "B45", in: finishing12, do: before("Finished", sends(20, 1)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedCCS},
	{name: "change_cipher_spec twice, the second in plaintext", ref: "B45, as a record that does not authenticate", in: finishing12, do: before("Finished", sendsPlain(20, 1)),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "change_cipher_spec within a message", ref: "B18 B45", in: []scene{s12("waitClientKeyExchange")},
		do:    at("ClientKeyExchange", func(p *mallory, m msg.Raw) { p.record(22, m[:9]); p.record(20, []byte{1}) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindInterleaved},
	{name: "a part of Finished before change_cipher_spec", ref: "B17 B45", in: []scene{s12("waitClientCCS12"), c12("waitServerCCS12")},
		do:    before("CCS", sendsPlain(22, 20, 0)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindInterleaved},
}

var server12Rows = []bad{
	{name: "an empty ClientKeyExchange", ref: "B41", in: []scene{s12("waitClientKeyExchange")}, do: change("ClientKeyExchange", func(msg.Raw) []byte { return frame(16, nil) }),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "ClientKeyExchange.ecdh_Yc"},
	{name: "an empty share in ClientKeyExchange", ref: "B41", in: []scene{s12("waitClientKeyExchange")}, do: change("ClientKeyExchange", func(msg.Raw) []byte { return frame(16, []byte{0}) }),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "ClientKeyExchange.ecdh_Yc"},
	{name: "bytes behind the share in ClientKeyExchange", ref: "B41", in: []scene{s12("waitClientKeyExchange")}, do: change("ClientKeyExchange", func(m msg.Raw) []byte { return frame(16, append(m[4:], 0)) }),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "ClientKeyExchange"},
	{name: "no certificate where one is required in TLS 1.2", ref: "B63", in: []scene{s12("waitClientCertificate12").mutual()}, do: edit("Certificate", func(m *msg.Certificate12) { m.Chain = nil }),
		alert: record.AlertHandshakeFailure, kind: handshake.KindCertificateRequired, field: "Certificate.certificate_list"},
	{name: "Certificate left out", ref: "B46", in: []scene{s12("waitClientCertificate12").mutual()}, do: skip("Certificate"),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "ClientKeyExchange"},
	{name: "Certificate that was not asked for", ref: "B46", in: []scene{s12("waitClientKeyExchange")}, do: before("ClientKeyExchange", sends(22, 11, 0, 0, 3, 0, 0, 0)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "Certificate"},
	{name: "CertificateVerify left out", ref: "B46", in: []scene{s12("waitClientCertificateVerify12").mutual()}, do: skip("CertificateVerify"),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedCCS},
	{name: "CertificateVerify left out in TLS 1.3", ref: "B46", in: []scene{s13("waitClientCertificateVerify").mutual()}, do: skip("CertificateVerify"),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "Finished"},
	{name: "HelloRequest in the handshake", ref: "B51", in: []scene{s12("waitClientKeyExchange")}, do: before("ClientKeyExchange", sends(22, 0, 0, 0, 0)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "HelloRequest"},
	{name: "ClientHello again in the handshake", ref: "B59 B46", in: []scene{s12("waitClientKeyExchange")}, do: before("ClientKeyExchange", func(p *mallory) { p.record(22, p.log[0]) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "ClientHello"},

	{name: "resumption of a TLS 1.2 ticket", ref: "B56", in: []scene{s12("").resumed()}, fine: resumedIt},
	{name: "a session with extended master secret, resumed without", ref: "B57", in: []scene{s12("choosingContext").resumed()}, do: hello(func(m *msg.ClientHello) { m.Ext.Clear(msg.ExtExtendedMasterSecret) }),
		alert: record.AlertHandshakeFailure, kind: handshake.KindExtendedMasterSecret, field: "ClientHello"},
	{name: "a session without extended master secret, offered with", ref: "B57", in: []scene{s12("").session(ems(false))}, fine: fullHandshake},
	{name: "extended master secret is answered", ref: "B57", in: []scene{s12("")}, fine: func(t *testing.T, p *mallory) {
		if !p.hello.Ext.Have(msg.ExtExtendedMasterSecret) {
			t.Error("it is not")
		}
	}},
	{name: "a ticket whose suite is not offered", ref: "B56", in: []scene{s12("").session(sealed(func(s *session.Session) { s.Suite = suiteRSA }))},
		do: suitesAre(suiteECDSA), fine: fullHandshake},
	{name: "a TLS 1.3 ticket in TLS 1.2", ref: "B55 B56", in: []scene{s12("").session(sealed(func(s *session.Session) { s.Version, s.Suite, s.Secret = record.TLS13, suite13, make([]byte, 32) }))}, fine: fullHandshake},
	{name: "a changed TLS 1.2 ticket", ref: "B55 B56", in: []scene{s12("").session(ticketOf(func(s *session.Session) []byte {
		b := bytes.Clone(s.Ticket)
		b[20] ^= 1
		return b
	}))}, fine: fullHandshake},
	{name: "a TLS 1.2 ticket for another name", ref: "B56", in: []scene{s12("").session(sealed(func(s *session.Session) { s.ServerName = "elsewhere.test" }))}, fine: fullHandshake},
	{name: "ALPN is negotiated anew", ref: "B56", in: []scene{s12("").resumed().with(speaks("h2")), s13("").resumed().with(speaks("h2"))},
		do: at("ClientHello", func(p *mallory, raw msg.Raw) {
			m := extend(raw, func(list []extension) []extension { return with(list, msg.ExtALPN, protocolsOf("h2")) })
			if p.sc.v == record.TLS13 {
				m = p.bind(m)
			}
			p.tell(m)
		}), fine: func(t *testing.T, p *mallory) {
			if s := p.e.State(); !s.Resumed || s.ALPN != "h2" {
				t.Errorf("resumed %v, ALPN %q", s.Resumed, s.ALPN)
			}
		}},
}

func TestBadFinished(t *testing.T) { runBad(t, finishedRows) }

func TestBadChangeCipherSpec(t *testing.T) { runBad(t, ccsRows) }

func TestBadServer12(t *testing.T) {
	runBad(t, server12Rows)
	runBad(t, keyExchangeRows())
}
