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

// The second ClientHello, tickets and the client's second flight, as a server
// of TLS 1.3 meets them.

var (
	again     = []scene{s13("waitClientHelloAgain").retried()}
	resuming  = []scene{s13("choosingContext").resumed()}
	resumable = []scene{s13("").resumed()}
)

// helloAgain edits the values of the second ClientHello.
func helloAgain(f func(m *msg.ClientHello)) deed { return edit("ClientHello again", f) }

// shareOf replaces the share for a group, which mallory offers alone.
func shareOf(id kx.ID, share []byte) deed {
	return hello(func(m *msg.ClientHello) {
		m.Ext.SupportedGroups = u16s(uint16(id), uint16(kx.P256))
		m.Ext.KeyShares = msg.AppendKeyShare(nil, uint16(id), share)
	})
}

// badShares are what no peer may send as a share, by group.
func badShares(id kx.ID) map[string][]byte {
	g := kx.ByID(id)
	secret, err := g.Generate(bytes.Repeat([]byte{1}, g.SeedLen()))
	if err != nil {
		panic(err)
	}
	good := secret.AppendShare(nil)
	bad := map[string][]byte{
		"a byte short": good[1:], "a byte long": append(bytes.Clone(good), 0), "one byte": {4},
		"nothing but zeros": make([]byte, len(good)),
	}
	if id == kx.X25519 {
		bad["low order 1"] = append([]byte{1}, make([]byte, 31)...)
		bad["low order p"] = append(append([]byte{0xed}, bytes.Repeat([]byte{0xff}, 30)...), 0x7f)
		bad["low order p-1, top bit set"] = append(append([]byte{0xec}, bytes.Repeat([]byte{0xff}, 30)...), 0xff)
		bad["low order 8"] = []byte{0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00}
		return bad
	}
	n := len(good)
	off := bytes.Clone(good)
	off[n-1] ^= 1
	bad["off the curve"] = off
	bad["(0,0)"] = append([]byte{4}, make([]byte, n-1)...)
	bad["infinity"] = []byte{0}
	bad["compressed"] = append([]byte{2 + good[n-1]&1}, good[1:1+n/2]...)
	bad["hybrid"] = append([]byte{6 + good[n-1]&1}, good[1:]...)
	bad["x of all ones"] = append(append([]byte{4}, bytes.Repeat([]byte{0xff}, n/2)...), good[1+n/2:]...)
	return bad
}

// curves are the groups with a row for each bad share.
var curves = []kx.ID{kx.X25519, kx.P256, kx.P384, kx.P521}

// shareRows are the bad shares of every curve, in every message that has one.
func shareRows(make func(id kx.ID, name string, share []byte) bad) []bad {
	var rows []bad
	for _, id := range curves {
		shares := badShares(id)
		var names []string
		for name := range shares {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			row := make(id, name, shares[name])
			row.name = row.name + " " + id.String() + ": " + name
			row.ref = "B41"
			if id == kx.X25519 {
				row.ref = "B40"
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func helloShareRows() []bad {
	return shareRows(func(id kx.ID, _ string, share []byte) bad {
		return bad{name: "ClientHello", in: []scene{s13("choosingContext").with(everyGroup)}, do: shareOf(id, share),
			alert: record.AlertIllegalParameter, kind: handshake.KindBadKeyShare, field: "ClientHello key_share"}
	})
}

// bound makes a hello anew from edited values, with the right binder.
func bound(f func(p *mallory, m *msg.ClientHello)) deed {
	return at("ClientHello", func(p *mallory, raw msg.Raw) {
		var m msg.ClientHello
		must(p, m.Parse(raw.Body()))
		f(p, &m)
		p.tell(p.bind(m.Append(nil)))
	})
}

// fullHandshake tells that the offer to resume was passed over.
func fullHandshake(t *testing.T, p *mallory) {
	if p.e.State().Resumed {
		t.Error("resumed")
	}
}

func resumedIt(t *testing.T, p *mallory) {
	if !p.e.State().Resumed {
		t.Error("not resumed")
	}
}

// unknownTicket is the scene's session with a ticket that the server cannot use.
func ticketOf(f func(s *session.Session) []byte) func(*session.Session) *session.Session {
	return func(s *session.Session) *session.Session {
		with := *s
		with.Ticket = f(s)
		return &with
	}
}

// seal13 is a ticket of the server's own, of a changed session.
func sealed(f func(s *session.Session)) func(*session.Session) *session.Session {
	return ticketOf(func(s *session.Session) []byte {
		state, _, ok := session.Open([]session.TicketKey{ticketKey}, s.Ticket)
		if !ok {
			panic("the ticket is not the server's")
		}
		inside, err := session.Parse(state)
		if err != nil {
			panic(err)
		}
		f(inside)
		key := ticketKey
		return session.Seal(nil, &key, [16]byte{9}, inside.Marshal())
	})
}

// early offers early data, and sends some that the server cannot open.
func early(n, size int) deed {
	return all(
		bound(func(_ *mallory, m *msg.ClientHello) { m.Ext.Set(msg.ExtEarlyData) }),
		at("CCS", func(p *mallory, _ msg.Raw) {
			for range n {
				p.plain(23, bytes.Repeat([]byte{0x5e}, size))
			}
		}))
}

// earlyRetried offers early data before a HelloRetryRequest, and sends some
// before the second hello.
func earlyRetried(n, size int) deed {
	return all(
		hello(func(m *msg.ClientHello) { m.Ext.Set(msg.ExtEarlyData) }),
		at("CCS", func(p *mallory, _ msg.Raw) {
			for range n {
				p.plain(23, bytes.Repeat([]byte{0x5e}, size))
			}
		}))
}

var server13Rows = []bad{
	{name: "the second hello changes the version", ref: "B25", in: again, do: helloAgain(func(m *msg.ClientHello) { m.Version = record.TLS11 }),
		alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged},
	{name: "the second hello changes random", ref: "B25", in: again, do: helloAgain(func(m *msg.ClientHello) { m.Random[3] ^= 1 }),
		alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged},
	{name: "the second hello changes the session id", ref: "B25", in: again, do: helloAgain(func(m *msg.ClientHello) { m.SessionID = m.SessionID[1:] }),
		alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged},
	{name: "the second hello changes the suites", ref: "B25", in: again, do: helloAgain(func(m *msg.ClientHello) { m.Suites = u16s(suite13, 0x1303) }),
		alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged},
	{name: "the second hello changes the groups", ref: "B25", in: again, do: helloAgain(func(m *msg.ClientHello) { m.Ext.SupportedGroups = u16s(uint16(kx.P256)) }),
		alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged},
	{name: "the second hello changes the versions", ref: "B25", in: again, do: helloAgain(func(m *msg.ClientHello) { m.Ext.SupportedVersions = u16s(0x0304, 0x0303) }),
		alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged},
	{name: "the second hello changes the server name", ref: "B25", in: again, do: helloAgain(func(m *msg.ClientHello) { m.Ext.ServerName = []byte("example.com") }),
		alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged},
	{name: "the second hello has one more extension", ref: "B25", in: again, do: add("ClientHello again", 0x4444, 1),
		alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged},
	{name: "the second hello has one extension less", ref: "B25", in: again, do: drop("ClientHello again", msg.ExtServerName),
		alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged},
	{name: "the second hello in another order", ref: "B25, refused by our choice", in: again,
		do: change("ClientHello again", func(m msg.Raw) []byte {
			return extend(m, func(list []extension) []extension { slices.Reverse(list); return list })
		}), alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged},
	{name: "the second hello is the first", ref: "B25", in: again, do: at("ClientHello again", func(p *mallory, _ msg.Raw) { p.tell(p.log[0]) }),
		alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged, field: "ClientHello key_share: not the one asked for"},
	{name: "the second hello has another share", ref: "B25", in: again, do: at("ClientHello again", func(p *mallory, raw msg.Raw) {
		p.tell(extend(raw, func(list []extension) []extension {
			return with(list, msg.ExtKeyShare, vec16(append([]byte{0, 0x1d}, vec16(make([]byte, 32)...)...)...))
		}))
	}), alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged, field: "ClientHello key_share: not the one asked for"},
	{name: "the second hello has two shares", ref: "B25", in: again,
		do: helloAgain(func(m *msg.ClientHello) {
			m.Ext.KeyShares = msg.AppendKeyShare(m.Ext.KeyShares, uint16(kx.X25519), make([]byte, 32))
		}),
		alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged, field: "ClientHello key_share: not the one asked for"},
	{name: "the second hello has no shares", ref: "B25", in: again, do: helloAgain(func(m *msg.ClientHello) { m.Ext.KeyShares = nil }),
		alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged, field: "ClientHello key_share: not the one asked for"},
	{name: "the second hello has no key_share", ref: "B25, as one without the share asked for", in: again, do: drop("ClientHello again", msg.ExtKeyShare),
		alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged, field: "ClientHello key_share: not the one asked for"},
	{name: "the second hello has a cookie", ref: "RFC 9846 §4.3.2", in: again, do: put("ClientHello again", msg.ExtCookie, vec16(1, 2, 3)),
		alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged, field: "ClientHello cookie: none was sent"},
	{name: "the second hello has early_data", ref: "RFC 9846 §4.3.10", in: again, do: put("ClientHello again", msg.ExtEarlyData, []byte{}),
		alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged, field: "ClientHello early_data"},
	{name: "the second hello does not parse", ref: "B19", in: again, do: change("ClientHello again", func(m msg.Raw) []byte { return frame(1, m[4:len(m)-1]) }),
		alert: record.AlertDecodeError, kind: handshake.KindDecode},
	{name: "a byte behind the second hello", ref: "B17", in: again, do: at("ClientHello again", func(p *mallory, m msg.Raw) { p.record(22, append(m, 1)) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindExcessHandshakeData},
	{name: "Finished instead of the second hello", ref: "B46", in: again, do: change("ClientHello again", func(msg.Raw) []byte { return frame(20, make([]byte, 32)) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "Finished"},
	{name: "a bad share in the second hello", ref: "B41", in: again, do: helloAgain(func(m *msg.ClientHello) {
		m.Ext.KeyShares = msg.AppendKeyShare(nil, uint16(kx.P256), append([]byte{4}, make([]byte, 64)...))
	}), alert: record.AlertIllegalParameter, kind: handshake.KindBadKeyShare, field: "ClientHello key_share"},
	{name: "padding may come in the second hello", ref: "B25", in: []scene{s13("").retried()}, do: put("ClientHello again", msg.ExtPadding, make([]byte, 100)), fine: goesOn},
	{name: "an empty share", ref: "B40", in: hello13, do: body(msg.ExtKeyShare, vec16(0, 0x1d, 0, 0)...),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension key_share.client_shares"},
	{name: "a hybrid share of the wrong length", ref: "B40", in: []scene{s13("choosingContext").with(everyGroup)}, do: shareOf(kx.X25519MLKEM768, make([]byte, 1215)),
		alert: record.AlertIllegalParameter, kind: handshake.KindBadKeyShare, field: "ClientHello key_share"},
	{name: "an ML-KEM key that is not reduced", ref: "B40", in: []scene{s13("choosingContext").with(everyGroup)}, do: shareOf(kx.X25519MLKEM768, bytes.Repeat([]byte{0xff}, 1216)),
		alert: record.AlertIllegalParameter, kind: handshake.KindBadKeyShare, field: "ClientHello key_share"},

	{name: "binder of zeros", ref: "RFC 9846 §4.3.11", in: resuming,
		do:    change("ClientHello", func(m msg.Raw) []byte { return append(m[:len(m)-32], make([]byte, 32)...) }),
		alert: record.AlertDecryptError, kind: handshake.KindBadBinder, field: "ClientHello pre_shared_key"},
	{name: "binder with a bit changed", ref: "RFC 9846 §4.3.11", in: resuming,
		do:    change("ClientHello", func(m msg.Raw) []byte { m[len(m)-1] ^= 0x80; return m }),
		alert: record.AlertDecryptError, kind: handshake.KindBadBinder, field: "ClientHello pre_shared_key"},
	{name: "binder of another length", ref: "RFC 9846 §4.3.11", in: resuming,
		do:    hello(func(m *msg.ClientHello) { m.Ext.PSK.Binders = msg.AppendVector8(nil, make([]byte, 33)) }),
		alert: record.AlertDecryptError, kind: handshake.KindBadBinder, field: "ClientHello pre_shared_key"},
	{name: "binder too short for any", ref: "RFC 9846 §4.3.11", in: []scene{s13("choosingContext").resumed()},
		do:    hello(func(m *msg.ClientHello) { m.Ext.PSK.Binders = msg.AppendVector8(nil, make([]byte, 31)) }),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension pre_shared_key.binders"},
	{name: "more identities than binders", ref: "RFC 9846 §4.3.11", in: []scene{s13("waitClientHello").resumed()},
		do: hello(func(m *msg.ClientHello) {
			m.Ext.PSK.Identities = append(m.Ext.PSK.Identities, m.Ext.PSK.Identities...)
		}),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "extension pre_shared_key.binders"},
	{name: "an empty identity", ref: "RFC 9846 §4.3.11", in: []scene{s13("waitClientHello").resumed()},
		do:    hello(func(m *msg.ClientHello) { m.Ext.PSK.Identities = append([]byte{0, 0}, 1, 2, 3, 4, 0, 1, 9, 1, 2, 3, 4) }),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension pre_shared_key.identities"},
	{name: "pre_shared_key is not last", ref: "RFC 9846 §4.3.11", in: []scene{s13("waitClientHello").resumed()},
		do: change("ClientHello", func(m msg.Raw) []byte {
			return extend(m, func(list []extension) []extension { return append(list, extension{0x1234, nil}) })
		}),
		alert: record.AlertIllegalParameter, kind: handshake.KindPSKNotLast, field: "extension pre_shared_key"},
	{name: "pre_shared_key without modes", ref: "RFC 9846 §4.3.9", in: resuming, do: bound(func(_ *mallory, m *msg.ClientHello) { m.Ext.Clear(msg.ExtPSKModes) }),
		alert: record.AlertMissingExtension, kind: handshake.KindMissingExtension, field: "extension psk_key_exchange_modes"},
	{name: "no modes at all", ref: "RFC 9846 §4.3.9", in: hello13, do: body(msg.ExtPSKModes, 0),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "extension psk_key_exchange_modes.ke_modes"},
	{name: "a wrong binder behind an unknown ticket is not looked at", ref: "B55", in: resumable, fine: resumedIt,
		do: bound(func(p *mallory, m *msg.ClientHello) {
			m.Ext.PSK.Identities = append(msg.AppendPSKIdentity(nil, []byte("unknown"), 0), m.Ext.PSK.Identities...)
			m.Ext.PSK.Binders = msg.AppendVector8(nil, make([]byte, 32), make([]byte, 32))
		})},
	{name: "resumption of a ticket with psk_dhe_ke", ref: "B55", in: resumable, fine: resumedIt},
	{name: "psk_ke alone", ref: "B55", in: resumable, do: bound(func(_ *mallory, m *msg.ClientHello) { m.Ext.PSKModes = []byte{0} }), fine: fullHandshake},
	{name: "a changed ticket", ref: "B55", in: []scene{s13("").session(ticketOf(func(s *session.Session) []byte {
		b := bytes.Clone(s.Ticket)
		b[len(b)/2] ^= 1
		return b
	}))}, fine: fullHandshake},
	{name: "a ticket of TLS 1.2", ref: "B55", in: []scene{s13("").session(sealed(func(s *session.Session) {
		s.Version, s.Suite, s.Secret = record.TLS12, suiteECDSA, make([]byte, 48)
	}))}, fine: fullHandshake},
	{name: "a ticket that has expired", ref: "B55", in: []scene{s13("").session(sealed(func(s *session.Session) { s.Created = s.Created.AddDate(-1, 0, 0) }))}, fine: fullHandshake},
	{name: "a ticket of another hash", ref: "B55", in: []scene{s13("").session(sealed(func(s *session.Session) { s.Suite, s.Secret = 0x1302, make([]byte, 48) }))}, fine: fullHandshake},
	{name: "a ticket of random bytes", ref: "B55", in: []scene{s13("").session(ticketOf(func(*session.Session) []byte { return []byte("no ticket") }))}, fine: fullHandshake},

	{name: "early data is skipped", ref: "B54", in: resumable, do: early(4, 4000), fine: resumedIt},
	{name: "more early data than is skipped", ref: "B54", in: []scene{s13("waitClientFinished").resumed()}, do: early(5, 4000),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "early data after a record that opens", ref: "B54", in: []scene{s13("connected").resumed()},
		do:    all(early(1, 100), atEnd(sendsPlain(23, make([]byte, 100)...))),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "early data that was not offered", ref: "B54", in: []scene{s13("waitClientFinished")}, do: before("CCS", sendsPlain(23, make([]byte, 100)...)),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "early data is skipped before the second hello", ref: "B54", in: []scene{s13("").retried()}, do: all(earlyRetried(4, 4000), helloAgain(func(m *msg.ClientHello) { m.Ext.Clear(msg.ExtEarlyData) })), fine: goesOn},
	{name: "more early data than is skipped before the second hello", ref: "B54", in: again, do: earlyRetried(5, 4000),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindTooMuchSkippedData},
	{name: "early data after the second hello", ref: "B54", in: []scene{s13("waitClientFinished").retried()},
		do: all(earlyRetried(1, 4000), helloAgain(func(m *msg.ClientHello) { m.Ext.Clear(msg.ExtEarlyData) }),
			before("Finished", sendsPlain(23, make([]byte, 100)...))),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},

	{name: "no certificate where one is required", ref: "B63", in: []scene{s13("waitClientCertificate").mutual()}, do: edit("Certificate", func(m *msg.Certificate13) { m.Entries = nil }),
		alert: record.AlertCertificateRequired, kind: handshake.KindCertificateRequired, field: "Certificate.certificate_list"},
	{name: "no certificate where one is requested", ref: "B63", in: []scene{s13("").mutual().with(requested), s12("").mutual().with(requested)}, fine: goesOn,
		do: at("Certificate", func(p *mallory, m msg.Raw) {
			p.cred, p.asked = nil, true
			if p.sc.v == record.TLS13 {
				p.tell((&msg.Certificate13{}).Append(nil))
				p.hooks["CertificateVerify"] = func(*mallory, msg.Raw) {}
			} else {
				p.tell((&msg.Certificate12{}).Append(nil))
			}
		})},
	{name: "a client's certificate with a context", ref: "RFC 9846 §4.5.1", in: []scene{s13("waitClientCertificate").mutual()}, do: edit("Certificate", func(m *msg.Certificate13) { m.Context = []byte{1} }),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "Certificate.certificate_request_context"},
	{name: "a client's certificate with a staple that was not asked for", ref: "RFC 9846 §4.5.1", in: []scene{s13("waitClientCertificate").mutual()}, do: put("Certificate", msg.ExtStatusRequest, []byte{1, 0, 0, 1, 9}),
		alert: record.AlertUnsupportedExtension, kind: handshake.KindUnsolicitedExtension, field: "extension status_request"},
	{name: "the request lists what is accepted", ref: "B64", in: []scene{s13("").mutual(), s12("").mutual()}, fine: func(t *testing.T, p *mallory) {
		for s := range p.schemes.All() {
			if !cred.Scheme(s).In(p.sc.v) || !slices.Contains(cred.DefaultSchemes(), cred.Scheme(s)) {
				t.Errorf("%v is requested", cred.Scheme(s))
			}
		}
		if p.schemes.Len() == 0 || !p.schemes.Has(uint16(p.e.State().PeerScheme)) {
			t.Errorf("%d schemes, signed with %v", p.schemes.Len(), p.e.State().PeerScheme)
		}
	}},
	{name: "a second Finished", ref: "B46", in: []scene{s13("connected")}, do: atEnd(func(p *mallory) { p.tell(p.log[len(p.log)-1]) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "Finished"},
	{name: "EndOfEarlyData", ref: "B46", in: []scene{s13("waitClientFinished"), s13("waitClientFinished").resumed()}, do: before("Finished", sends(22, 5, 0, 0, 0)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "EndOfEarlyData"},
}

func requested(c *handshake.Config) { c.ClientAuth = handshake.RequestClientCert }

func TestBadServer13(t *testing.T) {
	runBad(t, server13Rows)
	runBad(t, helloShareRows())
}

// TestSchemesOfRequests: each scheme that a CertificateRequest lists is accepted (B64).
func TestSchemesOfRequests(t *testing.T) {
	//= RFC 9846 §4.4.2 type=test
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		s := scene{v: v, state: ""}.mutual()
		p := s.meet(t)
		p.run(nil)
		for scheme := range p.schemes.All() {
			kind, ok := kindFor(cred.Scheme(scheme))
			if !ok {
				t.Errorf("%v: no key signs by %v", v, cred.Scheme(scheme))
				continue
			}
			q := s.key(kind).meet(t)
			q.scheme = cred.Scheme(scheme)
			q.run(nil)
			if err := q.e.Err(); err != nil || q.e.State().PeerScheme != q.scheme {
				t.Errorf("%v: %v by a key of %s: %v", v, q.scheme, kind, err)
			}
		}
	}
}

// kindFor is a kind of key that signs by a scheme.
func kindFor(s cred.Scheme) (credtest.Kind, bool) {
	kind, ok := map[cred.Scheme]credtest.Kind{
		cred.ECDSAP256SHA256: credtest.P256, cred.ECDSAP384SHA384: credtest.P384, cred.ECDSAP521SHA512: credtest.P521,
		cred.Ed25519: credtest.Ed25519, cred.Ed448: credtest.Ed448, cred.ECDSASHA1: credtest.P256, cred.RSAPKCS1SHA1: credtest.RSA2048,
		cred.RSAPSSRSAESHA256: credtest.RSA2048, cred.RSAPSSRSAESHA384: credtest.RSA2048, cred.RSAPSSRSAESHA512: credtest.RSA2048,
		cred.RSAPKCS1SHA256: credtest.RSA2048, cred.RSAPKCS1SHA384: credtest.RSA2048, cred.RSAPKCS1SHA512: credtest.RSA2048,
		cred.RSAPSSPSSSHA256: credtest.RSAPSS, cred.RSAPSSPSSSHA384: credtest.RSAPSS, cred.RSAPSSPSSSHA512: credtest.RSAPSS,
	}[s]
	return kind, ok
}
