package handshake_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/record"
)

// Renegotiation: what of a first handshake is bad here too, and what is bad here alone.

// renewing are scenes in which a second handshake fails in a state: whoever asks for it.
func renewing(client bool, state string) []scene {
	at := func(v record.Version) scene { return scene{client: client, v: v, state: state} }
	return []scene{
		at(record.TLS10).suited(oldSHA).again(), at(record.TLS11).suited(rsaSuite).again(),
		at(record.TLS12).suited(oldSHA).asking(), at(record.TLS12).suited(oldSHA).etm().again(),
	}
}

func renewingBoth(server, client string) []scene {
	return append(renewing(false, server), renewing(true, client)...)
}

// secondHello changes her hello of the renegotiation.
func secondHello(f func(h *msg.ClientHello)) deed {
	return func(p *mallory) {
		p.old.offers = func(p *mallory, h *msg.ClientHello) {
			if p.old.round > 0 {
				f(h)
			}
		}
	}
}

func secondReply(f func(h *msg.ServerHello)) deed {
	return func(p *mallory) {
		p.old.answers = func(p *mallory, h *msg.ServerHello) {
			if p.old.round > 0 {
				f(h)
			}
		}
	}
}

// withoutFirst leaves the extended master secret out of the first handshake alone.
func withoutFirst(p *mallory) {
	p.old.offers = func(p *mallory, h *msg.ClientHello) {
		if p.old.round == 0 {
			h.Ext.Clear(msg.ExtExtendedMasterSecret)
		}
	}
	p.old.answers = func(p *mallory, h *msg.ServerHello) {
		if p.old.round == 0 {
			h.Ext.Clear(msg.ExtExtendedMasterSecret)
		}
	}
}

func infoRows() []bad {
	row := func(name string, in []scene, do deed, field string) bad {
		return bad{name: name, ref: "RFC 5746 §3.5", in: in, do: do, alert: record.AlertHandshakeFailure, kind: handshake.KindRenegotiationInfo, field: field + " renegotiation_info"}
	}
	first := func(do deed) func(string) bad {
		return func(name string) bad {
			return row(name, servers("choosingContext", oldSHA, rsaSuite), do, "ClientHello")
		}
	}
	again := func(name string, f func(h *msg.ClientHello)) bad {
		return row(name, renewing(false, "choosingContext"), secondHello(f), "ClientHello")
	}
	answered := func(name string, f func(h *msg.ServerHello)) bad {
		return row(name, renewing(true, "waitServerHello"), secondReply(f), "ServerHello")
	}
	return []bad{
		first(offers(func(h *msg.ClientHello) { h.Ext.RenegotiationInfo = make([]byte, 12) }))("a first ClientHello with verify_data"),
		row("a first ServerHello with verify_data", clients("waitServerHello", oldSHA, rsaSuite), replies(func(h *msg.ServerHello) { h.Ext.RenegotiationInfo = make([]byte, 24) }), "ServerHello"),
		again("a second ClientHello without renegotiation_info", func(h *msg.ClientHello) { h.Ext.Clear(msg.ExtRenegotiationInfo) }),
		again("a second ClientHello with SCSV in its place", func(h *msg.ClientHello) {
			h.Ext.Clear(msg.ExtRenegotiationInfo)
			h.Suites = msg.AppendUint16s(h.Suites, 0x00ff)
		}),
		again("a second ClientHello with SCSV beside renegotiation_info", func(h *msg.ClientHello) { h.Suites = msg.AppendUint16s(h.Suites, 0x00ff) }),
		again("a second ClientHello with empty renegotiation_info", func(h *msg.ClientHello) { h.Ext.RenegotiationInfo = nil }),
		again("a second ClientHello with a bit of verify_data changed", func(h *msg.ClientHello) { h.Ext.RenegotiationInfo = flip(h.Ext.RenegotiationInfo, 11) }),
		again("a second ClientHello with verify_data cut by a byte", func(h *msg.ClientHello) { h.Ext.RenegotiationInfo = h.Ext.RenegotiationInfo[:11] }),
		again("a second ClientHello with the verify_data of both", func(h *msg.ClientHello) {
			h.Ext.RenegotiationInfo = append(bytes.Clone(h.Ext.RenegotiationInfo), make([]byte, 12)...)
		}),
		answered("a second ServerHello without renegotiation_info", func(h *msg.ServerHello) { h.Ext.Clear(msg.ExtRenegotiationInfo) }),
		answered("a second ServerHello with empty renegotiation_info", func(h *msg.ServerHello) { h.Ext.RenegotiationInfo = nil }),
		answered("a second ServerHello with the client's verify_data alone", func(h *msg.ServerHello) { h.Ext.RenegotiationInfo = h.Ext.RenegotiationInfo[:12] }),
		answered("a second ServerHello with a bit of the client's verify_data changed", func(h *msg.ServerHello) { h.Ext.RenegotiationInfo = flip(h.Ext.RenegotiationInfo, 0) }),
		answered("a second ServerHello with a bit of its own verify_data changed", func(h *msg.ServerHello) { h.Ext.RenegotiationInfo = flip(h.Ext.RenegotiationInfo, 23) }),
		answered("a second ServerHello with both verify_data the other way round", func(h *msg.ServerHello) {
			b := h.Ext.RenegotiationInfo
			h.Ext.RenegotiationInfo = append(bytes.Clone(b[12:]), b[:12]...)
		}),
		{name: "renegotiation_info whose length is off", ref: "B19", in: append(servers("waitClientHello", oldSHA), clients("waitServerHello", oldSHA)...),
			do:    all(put("ClientHello", msg.ExtRenegotiationInfo, []byte{1}), put("ServerHello", msg.ExtRenegotiationInfo, []byte{1})),
			alert: record.AlertDecodeError, kind: handshake.KindDecode},
		{name: "a first ClientHello with SCSV and renegotiation_info", ref: "RFC 5746 §3.6", in: servers("", oldSHA), do: offers(func(h *msg.ClientHello) { h.Suites = msg.AppendUint16s(h.Suites, 0x00ff) }), fine: securely(true)},
		{name: "a first ClientHello with SCSV alone", ref: "RFC 5746 §3.6", in: servers("", oldSHA), do: offers(func(h *msg.ClientHello) {
			h.Ext.Clear(msg.ExtRenegotiationInfo)
			h.Suites = msg.AppendUint16s(h.Suites, 0x00ff)
		}), fine: securely(true)},
		{name: "a first ServerHello without renegotiation_info", ref: "RFC 5746 §4.1", in: clients("waitServerHello", oldSHA), do: replies(func(h *msg.ServerHello) { h.Ext.Clear(msg.ExtRenegotiationInfo) }),
			alert: record.AlertHandshakeFailure, kind: handshake.KindLegacyServer, field: "ServerHello"},
		{name: "a first hello without either", ref: "RFC 5746 §3.6", in: append(servers("", oldSHA), each(clients("", oldSHA), func(c *handshake.Config) { c.LegacyServers = true })...),
			do: all(offers(func(h *msg.ClientHello) { h.Ext.Clear(msg.ExtRenegotiationInfo) }), replies(func(h *msg.ServerHello) { h.Ext.Clear(msg.ExtRenegotiationInfo) })), fine: securely(false)},
	}
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 0x10
	return b
}

// securely checks what the victim believes of its peer, and what it answered.
func securely(want bool) func(*testing.T, *mallory) {
	return func(t *testing.T, p *mallory) {
		if s := p.e.State(); s.SecureRenegotiation != want || !p.sc.client && p.hello.Ext.Have(msg.ExtRenegotiationInfo) != want {
			t.Errorf("secure renegotiation %v, answered %v", s.SecureRenegotiation, p.hello.Ext.Have(msg.ExtRenegotiationInfo))
		}
	}
}

// changeRows are what a second handshake may not change, or must.
func changeRows() []bad {
	other := func(p *mallory) {
		p.hooks["between"] = func(p *mallory, _ msg.Raw) {
			p.cred = credtest.CA(p.t).Leaf(p.t, p.sc.kindOr(credtest.P256), "example.org", "www.example.org")
		}
	}
	row := func(name, ref string, in []scene, do deed, alert record.Alert, kind handshake.Kind, field string) bad {
		return bad{name: name, ref: ref, in: in, do: do, alert: alert, kind: kind, field: field}
	}
	lower := []scene{c11("waitServerHello").suited(oldSHA).again(), c12("waitServerHello").suited(oldSHA).again()}
	lowerServer := []scene{s11("choosingContext").suited(oldSHA).again(), s12("choosingContext").suited(oldSHA).again()}
	return []bad{
		row("renegotiation with another certificate of the server", "RFC 5746 §5", renewing(true, "waitCertificate12"), other, record.AlertIllegalParameter, handshake.KindCertificateChanged, "Certificate"),
		row("renegotiation at a lower version, of a server", "RFC 5246 §7.4.1.3", each(lower, upTo(record.TLS12)), change("ServerHello again", func(m msg.Raw) []byte { m[5] = 1; return m }),
			record.AlertProtocolVersion, handshake.KindWrongVersion, "ServerHello.version"),
		row("renegotiation at a lower version, of a client", "RFC 5246 §7.4.1.2", each(lowerServer, func(c *handshake.Config) { upTo(record.TLS12)(c); c.Renegotiation = handshake.AllowRenegotiation }),
			secondHello(func(h *msg.ClientHello) { h.Version = record.TLS10 }), record.AlertProtocolVersion, handshake.KindProtocolVersion, "ClientHello"),
		row("renegotiation without extended master secret, of a client", "RFC 7627 §5.4", renewing(false, "choosingContext"), secondHello(func(h *msg.ClientHello) { h.Ext.Clear(msg.ExtExtendedMasterSecret) }),
			record.AlertHandshakeFailure, handshake.KindExtendedMasterSecret, "ClientHello"),
		row("renegotiation without extended master secret, of a server", "RFC 7627 §5.4", renewing(true, "waitServerHello"), secondReply(func(h *msg.ServerHello) { h.Ext.Clear(msg.ExtExtendedMasterSecret) }),
			record.AlertHandshakeFailure, handshake.KindExtendedMasterSecret, "ServerHello"),
		row("renegotiation with an extended master secret that was not there before, of a client", "RFC 7627 §5.4", renewing(false, "choosingContext"), withoutFirst,
			record.AlertHandshakeFailure, handshake.KindExtendedMasterSecret, "ClientHello"),
		row("renegotiation with an extended master secret that was not there before, of a server", "RFC 7627 §5.4", renewing(true, "waitServerHello"), withoutFirst,
			record.AlertHandshakeFailure, handshake.KindExtendedMasterSecret, "ServerHello"),
		row("more renegotiations than the limit", "RFC 5746 §4.2", each([]scene{s12("waitClientHello").suited(oldSHA).again().again(), s10("waitClientHello").suited(oldSHA).again().again()},
			func(c *handshake.Config) { c.Renegotiation, c.RenegotiationLimit = handshake.AllowRenegotiation, 1 }), nil, record.AlertNoRenegotiation, handshake.KindRenegotiationAttack, ""),
		row("more renegotiations of a server than the limit", "RFC 5246 §7.4.1.1", each([]scene{c12("loadingSession").suited(oldSHA).again().again(), c10("loadingSession").suited(oldSHA).again().again()},
			func(c *handshake.Config) { c.Renegotiation, c.RenegotiationLimit = handshake.AllowRenegotiation, 1 }), nil, record.AlertNoRenegotiation, handshake.KindRenegotiationAttack, ""),
		row("a fourth renegotiation of a server", "RFC 5246 §7.4.1.1", []scene{c12("loadingSession").suited(oldSHA).again().again().again().again()}, nil,
			record.AlertNoRenegotiation, handshake.KindRenegotiationAttack, ""),
		{name: "a client's own renegotiations beyond the limit", ref: "RFC 5746 §4.2", in: each([]scene{c12("").suited(oldSHA).asking().asking()},
			func(c *handshake.Config) { c.RenegotiationLimit = 1 }), fine: goesOn},
		{name: "as many renegotiations as the limit", ref: "RFC 5746 §4.2", in: each([]scene{s12("").suited(oldSHA).again().again(), c12("").suited(oldSHA).again().again()},
			func(c *handshake.Config) { c.Renegotiation, c.RenegotiationLimit = handshake.AllowRenegotiation, 2 }), fine: goesOn},
		{name: "a renegotiation resumes nothing", ref: "RFC 5746 §3.5", in: []scene{s12("").suited(oldSHA).again(), s12("").suited(oldSHA).byID().again()},
			do: secondHello(func(h *msg.ClientHello) { h.SessionID = bytes.Repeat([]byte{0x1d}, 32) }), fine: fullHandshake},
		{name: "renegotiation with TLS_FALLBACK_SCSV", ref: "B33", in: each([]scene{s10("").suited(oldSHA).again()}, func(c *handshake.Config) { c.Renegotiation = handshake.AllowRenegotiation }),
			do: secondHello(func(h *msg.ClientHello) { h.Suites = msg.AppendUint16s(h.Suites, 0x5600) }), fine: goesOn},
	}
}

// policyRows are renegotiations that the victim does not want, or wants in vain.
func policyRows() []bad {
	asks := func(p *mallory) {
		if p.sc.client {
			p.askAgain()
			return
		}
		p.record(record.TypeHandshake, p.log[0])
	}
	forbids := func(c *handshake.Config) { c.Renegotiation = handshake.ForbidRenegotiation }
	allows := func(c *handshake.Config) { c.Renegotiation = handshake.AllowRenegotiation }
	connected := func(state string) []scene { return append(servers(state, oldSHA), clients(state, rsaSuite)...) }
	declines := func(n int) func(*testing.T, *mallory) {
		return func(t *testing.T, p *mallory) {
			if len(p.warnings) != n {
				t.Errorf("warnings %v", p.warnings)
			}
			for _, a := range p.warnings {
				if a != record.AlertNoRenegotiation {
					t.Errorf("warning %v", a)
				}
			}
		}
	}
	says := func(level record.Level, a record.Alert) deed {
		return all(at("HelloRequest", nothing), at("ClientHello again", func(p *mallory, _ msg.Raw) { p.record(record.TypeAlert, []byte{byte(level), byte(a)}) }),
			at("ServerHello again", func(p *mallory, _ msg.Raw) { p.record(record.TypeAlert, []byte{byte(level), byte(a)}) }))
	}
	return []bad{
		{name: "renegotiation is declined", ref: "B59", in: connected(""), do: atEnd(asks), fine: declines(1)},
		{name: "renegotiation is declined without RFC 5746, whatever the policy", ref: "B59", in: append(each(servers("", oldSHA), allows), each(clients("", rsaSuite), func(c *handshake.Config) { allows(c); c.LegacyServers = true })...),
			do: all(offers(func(h *msg.ClientHello) { h.Ext.Clear(msg.ExtRenegotiationInfo) }), replies(func(h *msg.ServerHello) { h.Ext.Clear(msg.ExtRenegotiationInfo) }), atEnd(asks)), fine: declines(1)},
		{name: "renegotiation is declined five times in a row", ref: "B50 B59", in: connected("connected"), do: atEnd(times(5, asks)), alert: record.AlertUnexpectedMessage, kind: handshake.KindTooManyWarnings},
		{name: "renegotiation that is forbidden", ref: "B59", in: each(connected("connected"), forbids), do: atEnd(asks), alert: record.AlertNoRenegotiation, kind: handshake.KindRenegotiationForbidden},
		{name: "HelloRequest of a client", ref: "B51", in: each(servers("connected", oldSHA, rsaSuite), allows), do: atEnd(sends(22, 0, 0, 0, 0)), alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "HelloRequest"},
		{name: "ClientHello of a server", ref: "B46", in: each(clients("connected", oldSHA), allows), do: atEnd(sends(22, 1, 0, 0, 0)), alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "ClientHello"},
		{name: "ServerHello of a server that was not asked", ref: "B46", in: each(clients("connected", oldSHA), allows), do: atEnd(func(p *mallory) { p.record(22, p.log[0]) }), alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "ServerHello"},
		{name: "HelloRequest with a body", ref: "B19", in: each(clients("connected", oldSHA), allows), do: atEnd(sends(22, 0, 0, 0, 1, 0)), alert: record.AlertDecodeError, kind: handshake.KindMessageTooLong},
		{name: "a byte behind HelloRequest", ref: "B17", in: each(clients("connected", oldSHA), allows), do: atEnd(sends(22, 0, 0, 0, 0, 0)), alert: record.AlertUnexpectedMessage, kind: handshake.KindExcessHandshakeData},
		{name: "a byte behind a second ClientHello", ref: "B17", in: each(servers("connected", oldSHA), allows), do: atEnd(func(p *mallory) { p.record(22, append(bytes.Clone(p.log[0]), 0)) }), alert: record.AlertUnexpectedMessage, kind: handshake.KindExcessHandshakeData},
		{name: "no_renegotiation to who asked", ref: "RFC 5246 §7.2.2", in: []scene{c10("waitServerHello").suited(oldSHA).asking(), c12("waitServerHello").suited(oldSHA).asking(), s10("connected").suited(oldSHA).asking(), s12("connected").suited(oldSHA).asking()},
			do: says(record.LevelWarning, record.AlertNoRenegotiation), alert: record.AlertHandshakeFailure, kind: handshake.KindNoRenegotiation},
		{name: "a fatal alert to who asked", ref: "B50", in: []scene{c10("waitServerHello").suited(oldSHA).asking(), s12("connected").suited(oldSHA).asking()},
			do: says(record.LevelFatal, record.AlertHandshakeFailure), alert: record.AlertHandshakeFailure, kind: handshake.KindAlertReceived, quiet: true},
	}
}

func nothing(*mallory, msg.Raw) {}

// midRows are messages out of place in a renegotiation.
func midRows() []bad {
	ccs := func(name string, in []scene, do deed) bad {
		return bad{name: name, ref: "B45", in: in, do: do, alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedCCS}
	}
	row := func(name, ref string, in []scene, do deed, kind handshake.Kind, field string) bad {
		return bad{name: name, ref: ref, in: in, do: do, alert: record.AlertUnexpectedMessage, kind: kind, field: field}
	}
	mac := func(name string, in []scene, do deed) bad {
		return bad{name: name, ref: "B45, as a record that does not authenticate", in: in, do: do, alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC}
	}
	finishing := renewingBoth("waitClientFinished12", "waitServerFinished12")
	return []bad{
		ccs("change_cipher_spec before a second ServerHello", renewing(true, "waitServerHello"), before("ServerHello again", sends(20, 1))),
		ccs("change_cipher_spec before a second Certificate", renewing(true, "waitCertificate12"), before("Certificate again", sends(20, 1))),
		ccs("change_cipher_spec before a second ClientHello", renewing(false, "connected")[:2], before("ClientHello again", sends(20, 1))),
		ccs("change_cipher_spec before a second ClientKeyExchange", renewing(false, "waitClientKeyExchange"), before("ClientKeyExchange again", sends(20, 1))),
		ccs("change_cipher_spec of 2 in a renegotiation", renewingBoth("waitClientCCS12", "waitServerCCS12")[:4], at("CCS again", func(p *mallory, _ msg.Raw) { p.record(20, []byte{2}) })),
		ccs("change_cipher_spec twice in a renegotiation, the second under the new keys", finishing, before("Finished again", sends(20, 1))),
		mac("change_cipher_spec twice in a renegotiation, the second under the old keys", finishing, at("CCS again", func(p *mallory, _ msg.Raw) { times(2, sends(20, 1))(p) })),
		mac("change_cipher_spec in plaintext in a renegotiation", renewingBoth("waitClientCCS12", "waitTicket12")[:4], at("CCS again", func(p *mallory, _ msg.Raw) { p.plain(20, []byte{1}) })),
		mac("a second ClientHello in plaintext", renewing(false, "connected")[:2], at("ClientHello again", func(p *mallory, m msg.Raw) { p.plain(22, m) })),
		mac("HelloRequest in plaintext", renewing(true, "connected")[:2], at("HelloRequest", func(p *mallory, m msg.Raw) { p.plain(22, m) })),
		mac("a second Finished under the old keys", finishing, func(p *mallory) {
			old := lock{}
			p.hooks["CCS again"] = func(p *mallory, _ msg.Raw) { p.record(20, []byte{1}); old = p.lock }
			p.hooks["Finished again"] = func(p *mallory, m msg.Raw) { p.deliver(old.seal(22, p.sc.v, m, 0)) }
		}),
		row("a second Finished without change_cipher_spec", "B45", renewingBoth("waitClientCCS12", "waitServerCCS12"), func(p *mallory) {
			old := lock{}
			p.hooks["CCS again"] = func(p *mallory, _ msg.Raw) { old = p.lock }
			p.hooks["Finished again"] = func(p *mallory, m msg.Raw) { p.deliver(old.seal(22, p.sc.v, m, 0)) }
		}, handshake.KindUnexpectedMessage, "Finished"),
		row("data of a client behind its second ClientHello", "B6", renewing(false, "waitClientKeyExchange"), before("ClientKeyExchange again", leak), handshake.KindDataInHandshake, ""),
		row("data of a client between change_cipher_spec and its second Finished", "B6", renewing(false, "waitClientFinished12"), before("Finished again", leak), handshake.KindDataInHandshake, ""),
		row("data of a server behind its second ServerHello", "B6", renewing(true, "waitCertificate12"), before("Certificate again", leak), handshake.KindDataInHandshake, ""),
		row("data of a server between change_cipher_spec and its second Finished", "B6", renewing(true, "waitServerFinished12"), before("Finished again", leak), handshake.KindDataInHandshake, ""),
		row("data within a second ClientHello", "B18", renewing(false, "connected")[:2], at("ClientHello again", func(p *mallory, m msg.Raw) { p.record(22, m[:40]); leak(p) }), handshake.KindInterleaved, ""),
		row("data within a second ServerHello", "B18", renewing(true, "waitServerHello"), at("ServerHello again", func(p *mallory, m msg.Raw) { p.record(22, m[:20]); leak(p) }), handshake.KindInterleaved, ""),
		row("HelloRequest behind a second ServerHello", "B46", renewing(true, "waitCertificate12"), before("Certificate again", sends(22, 0, 0, 0, 0)), handshake.KindUnexpectedMessage, "HelloRequest"),
		row("two HelloRequests before a second ServerHello", "B46", renewing(true, "waitServerHello"), before("ServerHello again", times(2, sends(22, 0, 0, 0, 0))), handshake.KindUnexpectedMessage, "HelloRequest"),
		row("a third ClientHello in a renegotiation", "B46", renewing(false, "waitClientKeyExchange"), before("ClientKeyExchange again", func(p *mallory) { p.record(22, p.log[0]) }), handshake.KindUnexpectedMessage, "ClientHello"),
		row("33 empty records before a second ServerHello", "B5", renewing(true, "waitServerHello"), before("ServerHello again", times(33, sends(23))), handshake.KindTooManyEmptyRecords, ""),
		{name: "a second Finished with a bit changed", ref: "B47", in: finishing, do: edit("Finished again", func(m *msg.Finished) { m.Verify[3] ^= 1 }), alert: record.AlertDecryptError, kind: handshake.KindBadFinished, field: "Finished.verify_data"},
		{name: "the first Finished once more", ref: "B47", in: finishing, do: func(p *mallory) {
			p.hooks["Finished again"] = func(p *mallory, m msg.Raw) {
				was := p.old.verify[1]
				if !p.sc.client {
					was = p.old.verify[0]
				}
				p.tell(frame(20, was))
			}
		}, alert: record.AlertDecryptError, kind: handshake.KindBadFinished, field: "Finished.verify_data"},
		{name: "one HelloRequest before a second ServerHello", ref: "RFC 5246 §7.4.1.1", in: renewing(true, ""), do: before("ServerHello again", sends(22, 0, 0, 0, 0)), fine: goesOn},
		{name: "data of a server before its second ServerHello", ref: "RFC 5246 §7.4.1.1", in: renewing(true, ""), do: before("ServerHello again", func(p *mallory) { p.ping("on its way"); p.record(23, nil); p.ping("and more") }), fine: goesOn},
		{name: "data of a client before its second ClientHello", ref: "RFC 5246 §7.4.1.1", in: renewing(false, ""), do: before("ClientHello again", func(p *mallory) { p.ping("on its way") }), fine: goesOn},
		{name: "a second handshake in records of one byte", ref: "B14", in: renewingBoth("", ""), do: func(p *mallory) {
			for _, step := range []string{"ClientHello again", "ServerHello again", "Certificate again", "ClientKeyExchange again", "Finished again"} {
				p.hooks[step] = func(p *mallory, m msg.Raw) {
					p.hush(m)
					for i := range m {
						p.record(22, m[i:i+1])
					}
				}
			}
		}, fine: goesOn},
	}
}

// authRows are client certificates and signatures of TLS 1.0 to 1.2, in a first and a second handshake.
func authRows() []bad {
	old := func(state string, names ...string) (list []scene) {
		for _, suite := range names {
			list = append(list, s10(state).suited(suite).mutual(), s11(state).suited(suite).mutual())
		}
		return list
	}
	oldClients := func(state string, names ...string) []scene {
		var list []scene
		for _, suite := range names {
			list = append(list, c10(state).suited(suite), c11(state).suited(suite))
		}
		return list
	}
	row := func(name, ref string, in []scene, do deed, alert record.Alert, kind handshake.Kind, field string) bad {
		return bad{name: name, ref: ref, in: in, do: do, alert: alert, kind: kind, field: field}
	}
	tail := func(step string, f func(sig []byte) []byte) deed { // the signature is the last field
		return at(step, func(p *mallory, m msg.Raw) {
			n := int(m[len(m)-len(p.sign())-2])<<8 | int(m[len(m)-len(p.sign())-1])
			head, sig := bytes.Clone(m[4:len(m)-n-2]), f(bytes.Clone(m[len(m)-n:]))
			p.tell(frame(m.Type(), append(head, vec16(sig...)...)))
		})
	}
	verify := func(name string, f func(sig []byte) []byte) bad {
		return row("CertificateVerify of TLS 1.0: "+name, "B60", old("waitClientCertificateVerify12", oldSHA, rsaSuite), tail("CertificateVerify", f), record.AlertDecryptError, handshake.KindBadSignature, "CertificateVerify.signature")
	}
	kex := func(name string, f func(sig []byte) []byte) bad {
		return row("ServerKeyExchange of TLS 1.0: "+name, "B60", oldClients("waitKeyExchange", "ECDHE-RSA-AES128-SHA", oldSHA, dheSuite), tail("ServerKeyExchange", f), record.AlertDecryptError, handshake.KindBadSignature, "ServerKeyExchange.signature")
	}
	off := func(step string, by int) deed {
		return at(step, func(p *mallory, m msg.Raw) {
			b, sig := bytes.Clone(m[4:]), len(p.sign())
			binary.BigEndian.PutUint16(b[len(b)-sig-2:], uint16(sig+by))
			p.tell(frame(m.Type(), b))
		})
	}
	with := func(list []scene, cert func(testing.TB, *cred.Credential) *cred.Credential) []scene {
		for i := range list {
			list[i].cert = cert
		}
		return list
	}
	requests := func(body ...byte) deed {
		return change("CertificateRequest", func(msg.Raw) []byte { return frame(13, body) })
	}
	asked := []scene{c10("waitRequestOrDone").suited(oldSHA).mutual(), c11("waitRequestOrDone").suited(rsaSuite).mutual()}
	required := inEvery(func(s scene) scene {
		s.client, s.state = false, "waitClientCertificate12"
		return s.suited(rsaSuite).mutual()
	})
	secondly := []scene{s10("waitClientCertificateVerify12").suited(oldSHA).mutual().again(), s12("waitClientCertificateVerify12").suited(oldSHA).mutual().asking()}
	return []bad{
		verify("a bit changed", func(sig []byte) []byte { sig[len(sig)-1] ^= 1; return sig }),
		verify("empty", func([]byte) []byte { return nil }),
		verify("cut by a byte", func(sig []byte) []byte { return sig[:len(sig)-1] }),
		verify("a byte behind", func(sig []byte) []byte { return append(sig, 0) }),
		kex("a bit changed", func(sig []byte) []byte { sig[len(sig)-1] ^= 1; return sig }),
		kex("empty", func([]byte) []byte { return nil }),
		kex("cut by a byte", func(sig []byte) []byte { return sig[:len(sig)-1] }),
		kex("a byte behind", func(sig []byte) []byte { return append(sig, 0) }),
		row("ServerKeyExchange of TLS 1.0 signed with SHA-1 alone", "RFC 4346 §7.4.3", oldClients("waitKeyExchange", "ECDHE-RSA-AES128-SHA"), func(p *mallory) {
			p.old.params = func(*msg.ServerKeyExchange) { p.scheme = cred.RSAPKCS1SHA1 }
		}, record.AlertDecryptError, handshake.KindBadSignature, "ServerKeyExchange.signature"),
		row("ServerKeyExchange of TLS 1.0 signed with SHA-256", "RFC 4346 §7.4.3", oldClients("waitKeyExchange", "ECDHE-RSA-AES128-SHA", oldSHA), func(p *mallory) {
			p.old.params = func(*msg.ServerKeyExchange) {
				if p.scheme = cred.RSAPKCS1SHA256; p.sc.kind == "" {
					p.scheme = cred.ECDSAP256SHA256
				}
			}
		}, record.AlertDecryptError, handshake.KindBadSignature, "ServerKeyExchange.signature"),
		row("ServerKeyExchange of TLS 1.0 over other parameters", "RFC 4346 §7.4.3", oldClients("waitKeyExchange", "ECDHE-RSA-AES128-SHA", oldSHA, dheSuite), at("ServerKeyExchange", func(p *mallory, m msg.Raw) {
			form, _ := msg.FormOf(p.suite.Kx, p.suite.Auth, p.sc.v)
			kex := msg.ServerKeyExchange{Form: form}
			must(p, kex.Parse(m.Body()))
			kex.Public[len(kex.Public)-1] ^= 1
			p.tell(kex.Append(nil))
		}), record.AlertDecryptError, handshake.KindBadSignature, "ServerKeyExchange.signature"),
		row("ServerKeyExchange of TLS 1.0 that names a scheme", "RFC 4346 §7.4.3", oldClients("waitKeyExchange", oldSHA), at("ServerKeyExchange", func(p *mallory, m msg.Raw) {
			at := len(m) - len(p.sign()) - 2
			p.tell(frame(12, append(append(bytes.Clone(m[4:at]), 2, 3), m[at:]...)))
		}), record.AlertDecodeError, handshake.KindDecode, ""),
		row("the length of a ServerKeyExchange's signature is one too many", "B19", oldClients("waitKeyExchange", oldSHA, dheSuite), off("ServerKeyExchange", 1), record.AlertDecodeError, handshake.KindDecode, "ServerKeyExchange.signature"),
		row("the length of a ServerKeyExchange's signature is one too few", "B19", oldClients("waitKeyExchange", oldSHA, dheSuite), off("ServerKeyExchange", -1), record.AlertDecodeError, handshake.KindDecode, "ServerKeyExchange"),
		row("the length of a CertificateVerify's signature is one too many", "B60", old("waitClientCertificateVerify12", oldSHA, rsaSuite), off("CertificateVerify", 1), record.AlertDecodeError, handshake.KindDecode, "CertificateVerify.signature"),
		row("the length of a CertificateVerify's signature is one too few", "B60", old("waitClientCertificateVerify12", oldSHA, rsaSuite), off("CertificateVerify", -1), record.AlertDecodeError, handshake.KindDecode, "CertificateVerify"),
		row("CertificateVerify of TLS 1.0 that names a scheme", "B60", old("waitClientCertificateVerify12", oldSHA), change("CertificateVerify", func(m msg.Raw) []byte { return frame(15, append([]byte{2, 3}, m[4:]...)) }), record.AlertDecodeError, handshake.KindDecode, ""),
		row("CertificateVerify of TLS 1.2 without a scheme", "B60", []scene{s12("waitClientCertificateVerify12").suited(oldSHA).mutual()}, change("CertificateVerify", func(m msg.Raw) []byte { return frame(15, m[6:]) }), record.AlertDecodeError, handshake.KindDecode, ""),
		row("a client's Ed25519 key in TLS 1.0", "RFC 8422 §5.10", with(old("waitClientCertificateVerify12", oldSHA), func(t testing.TB, _ *cred.Credential) *cred.Credential {
			return credtest.CA(t).Leaf(t, credtest.Ed25519, "example.org")
		}), func(p *mallory) { p.scheme = 0; p.hooks["CertificateVerify"] = nil; unsigned(p) }, record.AlertIllegalParameter, handshake.KindWrongCertificateType, ""),
		row("CertificateRequest of TLS 1.2 in TLS 1.0", "RFC 4346 §7.4.4", asked, requests(1, 1, 0, 2, 4, 1, 0, 0), record.AlertDecodeError, handshake.KindDecode, ""),
		row("CertificateRequest without types", "RFC 4346 §7.4.4", asked, requests(0, 0, 0), record.AlertDecodeError, handshake.KindDecode, "CertificateRequest.certificate_types"),
		row("CertificateRequest that is cut", "B19", asked, requests(1, 1, 0), record.AlertDecodeError, handshake.KindDecode, "CertificateRequest.certificate_authorities"),
		row("no certificate where one is required", "B63", required, change("Certificate", func(msg.Raw) []byte { return frame(11, []byte{0, 0, 0}) }), record.AlertHandshakeFailure, handshake.KindCertificateRequired, "Certificate.certificate_list"),
		row("Certificate left out", "B46", required, skip("Certificate"), record.AlertUnexpectedMessage, handshake.KindUnexpectedMessage, "ClientKeyExchange"),
		row("CertificateVerify left out of TLS 1.0", "B46", old("waitClientCertificateVerify12", oldSHA, rsaSuite), skip("CertificateVerify"), record.AlertUnexpectedMessage, handshake.KindUnexpectedCCS, ""),
		row("a second CertificateVerify with a bit changed", "B60", secondly, tail("CertificateVerify again", func(sig []byte) []byte { sig[len(sig)-1] ^= 1; return sig }), record.AlertDecryptError, handshake.KindBadSignature, "CertificateVerify.signature"),
		row("a second CertificateVerify over the first handshake", "B60", secondly, func(p *mallory) {
			var first []byte
			p.hooks["CertificateVerify"] = func(p *mallory, m msg.Raw) { first = m; p.tell(m) }
			p.hooks["CertificateVerify again"] = func(p *mallory, _ msg.Raw) { p.tell(first) }
		}, record.AlertDecryptError, handshake.KindBadSignature, "CertificateVerify.signature"),
	}
}

// unsigned says a CertificateVerify without a signature that could be made.
func unsigned(p *mallory) {
	p.old.mute = true
	p.hooks["CertificateVerify"] = func(p *mallory, _ msg.Raw) { p.tell(frame(15, vec16(make([]byte, 64)...))) }
}

func TestBadRenegotiationInfo(t *testing.T) { runBad(t, infoRows()) }

func TestBadRenegotiation(t *testing.T) { runBad(t, append(changeRows(), policyRows()...)) }

func TestBadRenegotiationOrder(t *testing.T) { runBad(t, midRows()) }

func TestBadAuthentication12(t *testing.T) { runBad(t, authRows()) }
