package handshake_test

import (
	"bytes"
	"testing"

	"tacet/handshake"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/record"
	"tacet/suites"
)

// Hellos of TLS 1.0 to 1.2: versions, ids, sizes, protections, and resumption.

// upTo lets the victim speak every version up to one.
func upTo(v record.Version) func(*handshake.Config) {
	return func(c *handshake.Config) { c.MinVersion, c.MaxVersion = record.TLS10, v }
}

// with13 adds TLS 1.3 to what the victim speaks.
func with13(c *handshake.Config) {
	list, err := suites.Parse("TLS_AES_128_GCM_SHA256")
	if err != nil {
		panic(err)
	}
	c.Suites = append(c.Suites, list.Suites[0])
	upTo(record.TLS13)(c)
}

func each(list []scene, set func(*handshake.Config)) []scene {
	for i := range list {
		list[i].have = set
	}
	return list
}

func sentinel(s [8]byte) deed {
	return replies(func(h *msg.ServerHello) { copy(h.Random[24:], s[:]) })
}

// says checks the end of a server's random.
func says(want []byte) func(*testing.T, *mallory) {
	return func(t *testing.T, p *mallory) {
		if tail := p.srand[24:]; want != nil != bytes.HasPrefix(tail, []byte("DOWNGRD")) || want != nil && !bytes.Equal(tail, want) {
			t.Errorf("the random ends in %q", tail)
		}
	}
}

func downgradeRows() []bad {
	old := []scene{c10("waitServerHello").suited(oldSHA), c11("waitServerHello").suited(oldSHA)}
	all := append(old[:2:2], c12("waitServerHello").suited(oldSHA))
	found := func(name string, in []scene, s [8]byte) bad {
		return bad{name: name, ref: "B32", in: in, do: sentinel(s), alert: record.AlertIllegalParameter, kind: handshake.KindDowngrade, field: "ServerHello.random"}
	}
	fine := func(name string, in []scene, do deed) bad {
		return bad{name: name, ref: "B32", in: in, do: do, fine: goesOn}
	}
	tells := func(name string, in []scene, want []byte) bad {
		return bad{name: name, ref: "B32", in: in, fine: says(want)}
	}
	versions := []scene{s10("").suited(oldSHA), s11("").suited(oldSHA)}
	scsv := offers(func(h *msg.ClientHello) { h.Suites = msg.AppendUint16s(h.Suites, 0x5600) })
	return []bad{
		found("the sentinel of TLS 1.1 to a client of TLS 1.2", each(clone(old), upTo(record.TLS12)), msg.DowngradeTLS11),
		found("the sentinel of TLS 1.1 to a client of TLS 1.3", each(clone(all), with13), msg.DowngradeTLS11),
		found("the sentinel of TLS 1.2 to a client of TLS 1.3", each(clone(all), with13), msg.DowngradeTLS12),
		fine("the sentinel of TLS 1.1 to a client that knows no more", []scene{c10("").suited(oldSHA), c11("").suited(oldSHA)}, sentinel(msg.DowngradeTLS11)),
		fine("the sentinel of TLS 1.2 to a client of TLS 1.2", each([]scene{c10("").suited(oldSHA), c12("").suited(oldSHA)}, upTo(record.TLS12)), sentinel(msg.DowngradeTLS12)),
		tells("a server of TLS 1.3 tells of a downgrade to 1.0 and 1.1", each(clone(versions), with13), msg.DowngradeTLS11[:]),
		tells("a server of TLS 1.2 tells of a downgrade to 1.0 and 1.1", each(clone(versions), upTo(record.TLS12)), msg.DowngradeTLS11[:]),
		tells("a server of TLS 1.3 tells of a downgrade to 1.2", each([]scene{s12("").suited(oldSHA)}, with13), msg.DowngradeTLS12[:]),
		tells("a server of TLS 1.2 tells of none at 1.2", each([]scene{s12("").suited(oldSHA)}, upTo(record.TLS12)), nil),
		tells("a server of TLS 1.1 tells of none", each(clone(versions), upTo(record.TLS11)), nil),
		{name: "TLS_FALLBACK_SCSV below the best version", ref: "B33", do: scsv,
			in: append(each([]scene{s10("choosingContext").suited(oldSHA), s11("choosingContext").suited(oldSHA)}, upTo(record.TLS12)),
				each([]scene{s10("choosingContext").suited(oldSHA), s12("choosingContext").suited(oldSHA)}, with13)...),
			alert: record.AlertInappropriateFallback, kind: handshake.KindFallback, field: "ClientHello.cipher_suites"},
		{name: "TLS_FALLBACK_SCSV at the best version", ref: "B33", do: scsv, in: inEvery(func(s scene) scene { s.client = false; return s.suited(oldSHA) }), fine: goesOn},
	}
}

func clone(list []scene) []scene { return append([]scene(nil), list...) }

func versionRows() []bad {
	hello := func(v record.Version) deed { return offers(func(h *msg.ClientHello) { h.Version = v }) }
	server := func(v record.Version) deed {
		return change("ServerHello", func(m msg.Raw) []byte { m[4], m[5] = byte(v>>8), byte(v); return m })
	}
	wrong := func(name string, do deed, in ...scene) bad {
		return bad{name: name, ref: "B31", in: in, do: do, alert: record.AlertProtocolVersion, kind: handshake.KindWrongVersion, field: "ServerHello.version"}
	}
	none := func(name string, v record.Version, in ...scene) bad {
		return bad{name: name, ref: "B31", in: in, do: hello(v), alert: record.AlertProtocolVersion, kind: handshake.KindProtocolVersion}
	}
	ssl2 := func(b ...byte) deed {
		return at("ClientHello", func(p *mallory, _ msg.Raw) { p.deliver(append(b, make([]byte, 64)...)) })
	}
	greets := inEvery(func(s scene) scene { s.client, s.state = false, "waitClientHello"; return s.suited(oldSHA) })
	refused := bad{alert: record.AlertProtocolVersion, kind: handshake.KindSSLv2Hello, ref: "B37", in: greets}
	sslv2 := func(name string, do deed) bad { row := refused; row.name, row.do = name, do; return row }
	return []bad{
		wrong("ServerHello of a version below those offered", server(record.TLS10), c11("waitServerHello").suited(oldSHA), c12("waitServerHello").suited(oldSHA)),
		wrong("ServerHello of a version above those offered", server(record.TLS12), c10("waitServerHello").suited(oldSHA), c11("waitServerHello").suited(oldSHA)),
		wrong("ServerHello of SSL 3.0", server(0x300), c10("waitServerHello").suited(oldSHA)),
		none("ClientHello below what this server speaks", record.TLS10, s11("choosingContext").suited(oldSHA), s12("choosingContext").suited(oldSHA)),
		none("ClientHello of SSL 3.0", 0x300, s10("choosingContext").suited(oldSHA)),
		{name: "ClientHello of a version that is not known", ref: "B31", in: servers("", oldSHA), do: offers(func(h *msg.ClientHello) { h.Version = 0x3ff }), fine: goesOn},
		sslv2("SSLv2 hello of SSL 2.0", ssl2(0x80, 64, 1, 0, 2)),
		sslv2("SSLv2 hello of TLS 1.0", ssl2(0x80, 64, 1, 3, 1)),
		sslv2("SSLv2 hello of TLS 1.2", ssl2(0x80, 64, 1, 3, 3)),
		sslv2("SSLv2 hello whose length looks like a version", ssl2(0x80, 3, 1, 3, 1)),
		{name: "a suite of TLS 1.2 for TLS 1.0", ref: "RFC 5246 §A.5", in: each([]scene{c10("waitServerHello").suited(oldSHA), c11("waitServerHello").suited(oldSHA)}, func(c *handshake.Config) {
			list, _ := suites.Parse("ECDHE-ECDSA-AES128-SHA256")
			c.Suites = append(c.Suites, list.Suites[len(list.Suites)-1])
			upTo(record.TLS12)(c)
		}), do: replySuite(0xc023), alert: record.AlertIllegalParameter, kind: handshake.KindWrongSuite, field: "ServerHello.cipher_suite"},
		{name: "no suite of the version in common", ref: "B23", in: []scene{s10("choosingContext").suited(oldSHA), s11("choosingContext").suited(oldSHA)},
			do:    offers(func(h *msg.ClientHello) { h.Suites = u16s(0xc023, 0xc02b) }),
			alert: record.AlertHandshakeFailure, kind: handshake.KindNoCommonSuite, field: "ClientHello.cipher_suites"},
		{name: "a compression method in TLS 1.0", ref: "B22", in: clients("waitServerHello", oldSHA), do: replies(func(h *msg.ServerHello) { h.Compression = 1 }),
			alert: record.AlertIllegalParameter, kind: handshake.KindWrongCompression, field: "ServerHello.compression_method"},
		{name: "signature_algorithms in a hello of TLS 1.0", ref: "RFC 5246 §7.4.1.4.1", in: servers("", oldSHA, rsaSuite), do: offers(func(h *msg.ClientHello) {
			h.Ext.SignatureAlgorithms = schemes()
			h.Ext.Set(msg.ExtSignatureAlgorithms)
		}), fine: goesOn},
	}
}

// replySuite names another suite than the one that mallory goes on with.
func replySuite(id uint16) deed {
	return change("ServerHello", func(m msg.Raw) []byte {
		at := 4 + 2 + 32 + 1 + int(m[38])
		m[at], m[at+1] = byte(id>>8), byte(id)
		return m
	})
}

func idRows() []bad {
	long := func(step string) deed {
		return change(step, func(m msg.Raw) []byte {
			b := append(bytes.Clone(m[4:38]), 33)
			return frame(m.Type(), append(append(b, make([]byte, 33)...), m[39+int(m[38]):]...))
		})
	}
	row := func(name, field string, in []scene, do deed, alert record.Alert, kind handshake.Kind) bad {
		return bad{name: name, ref: "B21", in: in, do: do, alert: alert, kind: kind, field: field}
	}
	byID := func(state string) []scene {
		return []scene{c10(state).suited(oldSHA).byID().resumed(), c11(state).suited(oldSHA).byID().resumed(), c12(state).suited(oldSHA).byID().resumed()}
	}
	echoes := func(f func(id []byte) []byte) deed {
		return replies(func(h *msg.ServerHello) { h.SessionID = f(bytes.Clone(h.SessionID)) })
	}
	return []bad{
		row("a client's session id of 33 bytes", "ClientHello.legacy_session_id", servers("waitClientHello", oldSHA), long("ClientHello"), record.AlertDecodeError, handshake.KindDecode),
		row("a server's session id of 33 bytes", "ServerHello.legacy_session_id_echo", clients("waitServerHello", oldSHA), long("ServerHello"), record.AlertDecodeError, handshake.KindDecode),
		row("the id of the session with a bit changed, and then the short handshake", "", byID("waitCertificate12"), echoes(func(id []byte) []byte { id[0] ^= 1; return id }),
			record.AlertUnexpectedMessage, handshake.KindUnexpectedCCS),
		row("the id of the session cut by a byte, and then the short handshake", "", byID("waitCertificate12"), echoes(func(id []byte) []byte { return id[1:] }),
			record.AlertUnexpectedMessage, handshake.KindUnexpectedCCS),
		row("no id, and then the short handshake", "", byID("waitCertificate12"), echoes(func([]byte) []byte { return nil }),
			record.AlertUnexpectedMessage, handshake.KindUnexpectedCCS),
		row("an id echoed that resumes nothing", "ServerHello.session_id", each(clients("waitServerHello", oldSHA), with13),
			func(p *mallory) {
				p.old.answers = func(p *mallory, h *msg.ServerHello) { h.SessionID = p.offer.SessionID }
			}, record.AlertIllegalParameter, handshake.KindWrongSessionID),
		{name: "an unknown id, of a client", ref: "B56", in: servers("", oldSHA, rsaSuite), do: offers(func(h *msg.ClientHello) { h.SessionID = bytes.Repeat([]byte{1}, 32) }), fine: fullHandshake},
	}
}

// storedAs changes the session that the victim finds, or offers.
func storedAs(f func(s *session.Session)) func(*session.Session) *session.Session {
	return func(s *session.Session) *session.Session {
		with := *s
		f(&with)
		return &with
	}
}

func resumeRows() []bad {
	id := func(s scene, f func(s *session.Session)) scene { return s.suited(oldSHA).byID().session(storedAs(f)) }
	full := func(name string, f func(s *session.Session)) bad {
		return bad{name: name, ref: "B56", in: []scene{id(s10(""), f), id(s11(""), f), id(s12(""), f)}, fine: fullHandshake}
	}
	shut := func(name string, in []scene, do deed, kind handshake.Kind, alert record.Alert, field string) bad {
		return bad{name: name, ref: "B56", in: in, do: do, alert: alert, kind: kind, field: field}
	}
	resumes := func(state string, with func(scene) scene) []scene {
		return []scene{with(c10(state)).resumed(), with(c11(state)).resumed(), with(c12(state)).resumed()}
	}
	ticket := func(s scene) scene { return s.suited(oldSHA) }
	byID := func(s scene) scene { return s.suited(oldSHA).byID() }
	two := func(s scene) scene {
		return s.suited(oldSHA).byID().with(func(c *handshake.Config) {
			list, _ := suites.Parse("ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0")
			c.Suites = append(c.Suites, list.Suites[len(list.Suites)-1])
		})
	}
	downs := func(s scene) scene { return s.suited(oldSHA).byID().with(upTo(record.TLS12)) }
	noEMS := storedAs(func(s *session.Session) { s.ExtendedMaster = false })
	fragments := func(s scene) scene { return s.suited(oldSHA).byID().fragment(2).resumed() }
	drops := replies(func(h *msg.ServerHello) { h.Ext.Clear(msg.ExtMaxFragmentLength) })
	return []bad{
		full("by id: a session of another version", func(s *session.Session) {
			if s.Version++; s.Version > record.TLS12 {
				s.Version = record.TLS11
			}
		}),
		full("by id: a session of a suite that is not offered", func(s *session.Session) { s.Suite = 0xc00a }),
		full("by id: a session of another name", func(s *session.Session) { s.ServerName = "elsewhere.test" }),
		full("by id: a session of another context", func(s *session.Session) { s.IDContext = []byte("other") }),
		full("by id: an expired session", func(s *session.Session) { s.Lifetime = 1 }),
		full("by id: a session with max_fragment_length, offered without", func(s *session.Session) { s.MaxFragmentLength = 1 }),
		full("by id: a session without extended master secret, offered with", func(s *session.Session) { s.ExtendedMaster = false }),
		shut("by id: a session with extended master secret, offered without", returning("findingSession12", byID), offers(func(h *msg.ClientHello) { h.Ext.Clear(msg.ExtExtendedMasterSecret) }),
			handshake.KindExtendedMasterSecret, record.AlertHandshakeFailure, "ClientHello"),
		shut("resumed with another version", []scene{downs(c10("waitServerHello")).session(storedAs(func(s *session.Session) { s.Version = record.TLS12 })), downs(c12("waitServerHello")).session(storedAs(func(s *session.Session) { s.Version = record.TLS10 }))},
			nil, handshake.KindIllegalParameter, record.AlertIllegalParameter, "ServerHello.server_version of the session"),
		shut("resumed with another suite", resumes("waitServerHello", two), replySuite(0xc00a), handshake.KindWrongSuite, record.AlertIllegalParameter, "ServerHello.cipher_suite of the session"),
		shut("resumed without extended master secret", append(resumes("waitServerHello", byID), resumes("waitServerHello", ticket)...),
			replies(func(h *msg.ServerHello) { h.Ext.Clear(msg.ExtExtendedMasterSecret) }), handshake.KindExtendedMasterSecret, record.AlertHandshakeFailure, "ServerHello"),
		shut("a session without extended master secret, resumed with", []scene{c10("waitServerHello").suited(oldSHA).byID().session(noEMS), c12("waitServerHello").suited(oldSHA).session(noEMS)},
			nil, handshake.KindExtendedMasterSecret, record.AlertHandshakeFailure, "ServerHello"),
		shut("resumed without the session's max_fragment_length", []scene{fragments(c10("waitServerHello")), fragments(c12("waitServerHello"))}, drops,
			handshake.KindIllegalParameter, record.AlertIllegalParameter, "ServerHello max_fragment_length of the session"),
		shut("resumed with another max_fragment_length", []scene{fragments(c10("waitServerHello")), fragments(c12("waitServerHello"))},
			replies(func(h *msg.ServerHello) { h.Ext.MaxFragmentLength = 3 }), handshake.KindIllegalParameter, record.AlertIllegalParameter, "max_fragment_length"),
		shut("Finished left out of a resumption", resumes("waitResumedCCS12", byID), all(skip("CCS"), at("Finished", func(p *mallory, m msg.Raw) { p.plain(22, m) })),
			handshake.KindUnexpectedMessage, record.AlertUnexpectedMessage, "Finished"),
		shut("Certificate in a resumption", resumes("waitResumedCCS12", byID), before("CCS", sends(22, 11, 0, 0, 3, 0, 0, 0)), handshake.KindUnexpectedMessage, record.AlertUnexpectedMessage, "Certificate"),
		{name: "a ticket of a client that is not the server's is followed by an id", ref: "B55", in: returning("", byID)[:1], do: offers(func(h *msg.ClientHello) { h.Ext.Set(msg.ExtSessionTicket) }), fine: resumedIt},
	}
}

func returning(state string, with func(scene) scene) []scene {
	return []scene{with(s10(state)).resumed(), with(s11(state)).resumed(), with(s12(state)).resumed()}
}

func sizeRows() []bad {
	answer := func(ids ...msg.Ext) deed {
		return replies(func(h *msg.ServerHello) {
			h.Ext.MaxFragmentLength, h.Ext.RecordSizeLimit = 1, 1000
			set(&h.Ext, ids...)
		})
	}
	row := func(name, ref string, in []scene, do deed, kind handshake.Kind, alert record.Alert, field string) bad {
		return bad{name: name, ref: ref, in: in, do: do, alert: alert, kind: kind, field: field}
	}
	limits := func(c *handshake.Config) { c.RecordSizeLimit = 2000 }
	bothSizes := func(c *handshake.Config) { c.RecordSizeLimit, c.MaxFragmentLength = 2000, 1 }
	gcm := []scene{c12("waitServerHello").suited("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA")}
	fragment := func(state string) []scene {
		return []scene{c10(state).suited(oldSHA).fragment(1), c12(state).suited(oldSHA).fragment(1), s10(state).suited(oldSHA).fragment(1), s12(state).suited(oldSHA).etm().fragment(1)}
	}
	return []bad{
		row("encrypt_then_mac answered for a suite without CBC", "B67", gcmOffering(gcm), answer(msg.ExtEncryptThenMAC), handshake.KindIllegalParameter, record.AlertIllegalParameter, "ServerHello encrypt_then_mac"),
		row("encrypt_then_mac answered that was not offered", "B67", []scene{c12("waitServerHello").suited("ECDHE-ECDSA-AES128-GCM-SHA256")}, answer(msg.ExtEncryptThenMAC),
			handshake.KindUnsolicitedExtension, record.AlertUnsupportedExtension, "extension encrypt_then_mac"),
		row("encrypt_then_mac answered that is not wanted", "B67", each(clients("waitServerHello", oldSHA), withoutETM), answer(msg.ExtEncryptThenMAC),
			handshake.KindUnsolicitedExtension, record.AlertUnsupportedExtension, "extension encrypt_then_mac"),
		row("encrypt_then_mac that is not empty", "B67", append(servers("waitClientHello", oldSHA), clients("waitServerHello", oldSHA)...),
			all(add("ClientHello", msg.ExtEncryptThenMAC, 0), put("ServerHello", msg.ExtEncryptThenMAC, []byte{0})), handshake.KindDecode, record.AlertDecodeError, ""),
		row("extended_master_secret that is not empty", "B57", append(servers("waitClientHello", oldSHA), clients("waitServerHello", oldSHA)...),
			all(put("ClientHello", msg.ExtExtendedMasterSecret, []byte{0}), put("ServerHello", msg.ExtExtendedMasterSecret, []byte{0})), handshake.KindDecode, record.AlertDecodeError, ""),
		row("max_fragment_length answered that was not offered", "RFC 6066 §4", clients("waitServerHello", oldSHA), answer(msg.ExtMaxFragmentLength), handshake.KindUnsolicitedExtension, record.AlertUnsupportedExtension, "extension max_fragment_length"),
		row("another max_fragment_length than was offered", "RFC 6066 §4", []scene{c10("waitServerHello").suited(oldSHA).fragment(2), c12("waitServerHello").suited(oldSHA).fragment(2)},
			answer(msg.ExtMaxFragmentLength), handshake.KindIllegalParameter, record.AlertIllegalParameter, "max_fragment_length"),
		row("max_fragment_length of no known code", "RFC 6066 §4", append(servers("waitClientHello", oldSHA), c12("waitServerHello").suited(oldSHA).fragment(2)),
			all(put("ClientHello", msg.ExtMaxFragmentLength, []byte{5}), put("ServerHello", msg.ExtMaxFragmentLength, []byte{5})), handshake.KindIllegalParameter, record.AlertIllegalParameter, ""),
		row("max_fragment_length of two bytes", "RFC 6066 §4", append(servers("waitClientHello", oldSHA), c12("waitServerHello").suited(oldSHA).fragment(2)),
			all(put("ClientHello", msg.ExtMaxFragmentLength, []byte{2, 2}), put("ServerHello", msg.ExtMaxFragmentLength, []byte{2, 2})), handshake.KindDecode, record.AlertDecodeError, ""),
		row("record_size_limit answered that was not offered", "RFC 8449 §5", clients("waitServerHello", oldSHA), answer(msg.ExtRecordSizeLimit), handshake.KindUnsolicitedExtension, record.AlertUnsupportedExtension, "extension record_size_limit"),
		row("record_size_limit below 64", "RFC 8449 §4", append(servers("waitClientHello", oldSHA), each(clients("waitServerHello", oldSHA), limits)...),
			all(put("ClientHello", msg.ExtRecordSizeLimit, []byte{0, 63}), put("ServerHello", msg.ExtRecordSizeLimit, []byte{0, 63})), handshake.KindIllegalParameter, record.AlertIllegalParameter, ""),
		row("record_size_limit and max_fragment_length answered both", "RFC 8449 §5", each(clients("waitServerHello", oldSHA), bothSizes), answer(msg.ExtRecordSizeLimit, msg.ExtMaxFragmentLength),
			handshake.KindIllegalParameter, record.AlertIllegalParameter, "max_fragment_length beside record_size_limit"),
		row("a record longer than max_fragment_length", "RFC 6066 §4", fragment("connected"), atEnd(func(p *mallory) { p.record(23, make([]byte, 513)) }), handshake.KindRecordOverflow, record.AlertRecordOverflow, ""),
		row("a record longer than record_size_limit", "RFC 8449 §4", append(each(clients("connected", oldSHA), limits), each(servers("connected", oldSHA), limits)...),
			all(offers(limitOf(1000)), answer(msg.ExtRecordSizeLimit), atEnd(func(p *mallory) { p.record(23, make([]byte, 2001)) })), handshake.KindRecordOverflow, record.AlertRecordOverflow, ""),
		{name: "a record as long as max_fragment_length", ref: "RFC 6066 §4", in: fragment(""), do: atEnd(func(p *mallory) { p.ping(string(make([]byte, 512))) }), fine: goesOn},
		{name: "a record as long as record_size_limit", ref: "RFC 8449 §4", in: append(each(clients("", oldSHA), limits), each(servers("", oldSHA), limits)...),
			do: all(offers(limitOf(1000)), answer(msg.ExtRecordSizeLimit), atEnd(func(p *mallory) { p.ping(string(make([]byte, 2000))) })), fine: goesOn},
		{name: "encrypt_then_mac is not answered for AEAD", ref: "B67", in: []scene{s12("").suited("ECDHE-ECDSA-AES128-GCM-SHA256").etm(), s12("").suited("AES128-GCM-SHA256").etm()},
			fine: func(t *testing.T, p *mallory) {
				if p.hello.Ext.Have(msg.ExtEncryptThenMAC) {
					t.Error("it is")
				}
			}},
		{name: "encrypt_then_mac is not answered where it is not wanted", ref: "RFC 7366 §2", in: each([]scene{s10("").suited(oldSHA).etm(), s12("").suited(rsaSuite).etm()}, withoutETM),
			fine: func(t *testing.T, p *mallory) {
				if p.hello.Ext.Have(msg.ExtEncryptThenMAC) {
					t.Error("it is")
				}
			}},
		{name: "encrypt_then_mac is answered for CBC", ref: "B67", in: []scene{s10("").suited(oldSHA).etm(), s12("").suited(rsaSuite).etm()},
			fine: func(t *testing.T, p *mallory) {
				if !p.hello.Ext.Have(msg.ExtEncryptThenMAC) {
					t.Error("it is not")
				}
			}},
	}
}

func withoutETM(c *handshake.Config) { c.NoEncryptThenMAC = true }

// gcmOffering lets clients offer a CBC suite too, and with it encrypt_then_mac.
func gcmOffering(in []scene) []scene {
	return each(in, func(c *handshake.Config) {
		list, _ := suites.Parse("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
		c.Suites = list.Suites[len(list.Suites)-2:]
	})
}

func limitOf(n uint16) func(h *msg.ClientHello) {
	return func(h *msg.ClientHello) {
		h.Ext.RecordSizeLimit = n
		h.Ext.Set(msg.ExtRecordSizeLimit)
	}
}

func TestBadDowngrade12(t *testing.T) { runBad(t, downgradeRows()) }

func TestBadVersion12(t *testing.T) { runBad(t, versionRows()) }

func TestBadSessionID(t *testing.T) { runBad(t, append(idRows(), resumeRows()...)) }

func TestBadSizes12(t *testing.T) { runBad(t, sizeRows()) }
