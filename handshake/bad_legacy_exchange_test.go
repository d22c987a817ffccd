package handshake_test

import (
	"bytes"
	"math/big"
	"slices"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
)

// Key exchanges other than ECDHE, and what their messages hold.

const (
	rsaSuite    = "AES128-SHA"
	rsaPSKSuite = "RSA-PSK-AES128-CBC-SHA"
	dheSuite    = "DHE-RSA-AES128-SHA"
	dhePSKSuite = "DHE-PSK-AES128-CBC-SHA"
	pskSuite    = "PSK-AES128-CBC-SHA"
	ecPSKSuite  = "ECDHE-PSK-AES128-CBC-SHA"
	anonSuite   = "ADH-AES128-SHA"
)

// servers and clients are scenes of one role in every version up to TLS 1.2, with each suite.
func servers(state string, names ...string) (list []scene) {
	for _, suite := range names {
		list = append(list, s10(state).suited(suite), s11(state).suited(suite), s12(state).suited(suite))
	}
	return list
}

func clients(state string, names ...string) (list []scene) {
	for _, suite := range names {
		list = append(list, c10(state).suited(suite), c11(state).suited(suite), c12(state).suited(suite))
	}
	return list
}

func premaster(f func(secret []byte)) deed   { return func(p *mallory) { p.old.premaster = f } }
func encrypted(f func(b []byte) []byte) deed { return func(p *mallory) { p.old.encrypted = f } }
func offers(f func(h *msg.ClientHello)) deed {
	return func(p *mallory) { p.old.offers = func(_ *mallory, h *msg.ClientHello) { f(h) } }
}
func replies(f func(h *msg.ServerHello)) deed {
	return func(p *mallory) { p.old.answers = func(_ *mallory, h *msg.ServerHello) { f(h) } }
}
func params(f func(m *msg.ServerKeyExchange)) deed {
	return func(p *mallory) { p.old.params = f }
}

// unpadded is what a ciphertext of the block of PKCS #1 is that a function makes.
func unpadded(block func(size int) []byte) deed {
	return func(p *mallory) {
		p.old.encrypted = func([]byte) []byte {
			key := p.publicKey()
			m := new(big.Int).SetBytes(block(key.Size()))
			return m.Exp(m, big.NewInt(int64(key.E)), key.N).FillBytes(make([]byte, key.Size()))
		}
	}
}

// pkcs1 is a block: what begins it, padding of ones, a zero, and a secret of n bytes.
func pkcs1(first, second byte, n int) func(size int) []byte {
	return func(size int) []byte {
		b := bytes.Repeat([]byte{1}, size)
		b[0], b[1], b[size-n-1] = first, second, 0
		return b
	}
}

// rsaRows: whatever is wrong with the premaster secret is found at Finished alone,
// as a record that does not authenticate.
func rsaRows() []bad {
	oracle := servers("waitClientFinished12", rsaSuite, rsaPSKSuite)
	row := func(name string, do deed) bad {
		return bad{name: name, ref: "B65", in: oracle, do: do, alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC}
	}
	cut := func(n int) deed { return encrypted(func(b []byte) []byte { return b[n:] }) }
	return []bad{
		row("RSA: another version in the premaster secret", premaster(func(b []byte) { b[1]++ })),
		row("RSA: another major version in the premaster secret", premaster(func(b []byte) { b[0] = 2 })),
		row("RSA: version zero in the premaster secret", premaster(func(b []byte) { b[0], b[1] = 0, 0 })),
		row("RSA: a ciphertext with a bit changed", encrypted(func(b []byte) []byte { b[9] ^= 1; return b })),
		row("RSA: padding that does not begin with zero", unpadded(pkcs1(1, 2, 48))),
		row("RSA: padding of block type 1", unpadded(pkcs1(0, 1, 48))),
		row("RSA: padding of block type 0", unpadded(pkcs1(0, 0, 48))),
		row("RSA: a premaster secret of 47 bytes", unpadded(pkcs1(0, 2, 47))),
		row("RSA: a premaster secret of 49 bytes", unpadded(pkcs1(0, 2, 49))),
		row("RSA: an empty premaster secret", unpadded(pkcs1(0, 2, 0))),
		row("RSA: a premaster secret as long as the key lets it be", unpadded(pkcs1(0, 2, 245))),
		row("RSA: padding without an end", unpadded(func(size int) []byte { b := bytes.Repeat([]byte{1}, size); b[0], b[1] = 0, 2; return b })),
		row("RSA: padding of seven bytes", unpadded(func(size int) []byte { b := pkcs1(0, 2, 48)(size); b[9] = 0; return b })),
		row("RSA: a ciphertext of zero", encrypted(func(b []byte) []byte { clear(b); return b })),
		row("RSA: a ciphertext above the modulus", encrypted(func(b []byte) []byte { return bytes.Repeat([]byte{0xff}, len(b)) })),
		row("RSA: a ciphertext of one byte less", cut(1)),
		row("RSA: a ciphertext of one byte more", encrypted(func(b []byte) []byte { return append([]byte{0}, b...) })),
		row("RSA: a ciphertext of twice the length", encrypted(func(b []byte) []byte { return append(b, b...) })),
		row("RSA: a ciphertext of one byte", encrypted(func(b []byte) []byte { return b[:1] })),
		row("RSA: an empty ciphertext", cut(256)),
		{name: "RSA: the premaster secret holds the version offered, not the one agreed", ref: "RFC 5246 §7.4.7.1", in: servers("", rsaSuite),
			do: offers(func(h *msg.ClientHello) { h.Version = record.TLS12 }), fine: goesOn},
		{name: "RSA: the version agreed in the premaster secret, not the one offered", ref: "B65", in: []scene{s10("waitClientFinished12").suited(rsaSuite)},
			do:    all(offers(func(h *msg.ClientHello) { h.Version = record.TLS12 }), premaster(func(b []byte) { b[1] = 1 })),
			alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
		{name: "RSA: ClientKeyExchange without the length of its ciphertext", ref: "RFC 5246 §7.4.7.1", in: servers("waitClientKeyExchange", rsaSuite),
			do:    change("ClientKeyExchange", func(m msg.Raw) []byte { return frame(16, m[6:]) }),
			alert: record.AlertDecodeError, kind: handshake.KindDecode},
	}
}

// lengths puts every length field of a ClientKeyExchange off by one, and cuts and
// adds a byte at its end. first and second say how long the fields before are.
func lengthRows() (rows []bad) {
	for _, form := range []struct {
		suite, field string
		width        int // of the first length
	}{
		{rsaSuite, "ClientKeyExchange.encrypted_pre_master_secret", 2}, {dheSuite, "ClientKeyExchange.dh_Yc", 2}, {oldSHA, "ClientKeyExchange.ecdh_Yc", 1},
		{pskSuite, "ClientKeyExchange.psk_identity", 2}, {dhePSKSuite, "ClientKeyExchange.dh_Yc", 2},
		{ecPSKSuite, "ClientKeyExchange.ecdh_Yc", 1}, {rsaPSKSuite, "ClientKeyExchange.encrypted_pre_master_secret", 2},
	} {
		for _, c := range []struct {
			name, field string
			change      func(m msg.Raw) []byte
		}{
			{"a byte behind it", "ClientKeyExchange", func(m msg.Raw) []byte { return frame(16, append(bytes.Clone(m[4:]), 0)) }},
			{"cut by a byte", form.field, func(m msg.Raw) []byte { return frame(16, m[4:len(m)-1]) }},
			{"empty", "", func(msg.Raw) []byte { return frame(16, nil) }},
			{"a length of all ones", "", func(m msg.Raw) []byte {
				b := bytes.Clone(m[4:])
				for i := range form.width {
					b[i] = 0xff
				}
				return frame(16, b)
			}},
		} {
			rows = append(rows, bad{name: form.suite + ": ClientKeyExchange, " + c.name, ref: "B19", in: servers("waitClientKeyExchange", form.suite),
				do: change("ClientKeyExchange", c.change), alert: record.AlertDecodeError, kind: handshake.KindDecode, field: c.field})
		}
	}
	return rows
}

// fieldShares are degenerate shares of the group FFDHE2048.
func fieldShares() map[string][]byte {
	p, _ := kx.DHParams(kx.ByID(kx.FFDHE2048))
	n := new(big.Int).SetBytes(p)
	minus, plus := new(big.Int).Sub(n, big.NewInt(1)), new(big.Int).Add(n, big.NewInt(1))
	wide := func(v *big.Int) []byte { return v.FillBytes(make([]byte, len(p))) }
	return map[string][]byte{
		"0": wide(new(big.Int)), "1": wide(big.NewInt(1)), "p-1": wide(minus), "p": wide(n), "p+1": wide(plus),
		"all ones": bytes.Repeat([]byte{0xff}, len(p)), "0 in one byte": {0}, "1 in one byte": {1},
		"a byte longer than p": append([]byte{1}, p...),
	}
}

func fieldRows() (rows []bad) {
	for name, share := range fieldShares() {
		rows = append(rows,
			bad{name: "DHE: a client's share of " + name, ref: "RFC 7919 §5.1", in: servers("waitClientKeyExchange", dheSuite, dhePSKSuite, anonSuite),
				do:    func(p *mallory) { p.old.agreement = func(*mallory, []byte) []byte { return share } },
				alert: record.AlertIllegalParameter, kind: handshake.KindBadKeyShare, field: "ClientKeyExchange.dh_Yc"},
			bad{name: "DHE: a server's share of " + name, ref: "RFC 7919 §5.1", in: withState(dheStates, dheSuite, dhePSKSuite, anonSuite),
				do:    params(func(m *msg.ServerKeyExchange) { m.Public = share }),
				alert: record.AlertIllegalParameter, kind: handshake.KindBadKeyShare, field: "ServerKeyExchange.dh_Ys"},
		)
	}
	slices.SortFunc(rows, func(a, b bad) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	return rows
}

// dheStates is where a client makes its half of the key exchange.
var dheStates = map[string]string{dheSuite: "verifyingServer12", dhePSKSuite: "choosingPSK12", anonSuite: "waitAnonymousDone"}

func withState(states map[string]string, names ...string) (list []scene) {
	for _, suite := range names {
		list = append(list, clients(states[suite], suite)...)
	}
	return list
}

// leading makes her share, or the secret of it, begin with a zero, by trying.
func leadingZero(p *mallory, m *msg.ServerKeyExchange) {
	g := kx.ByID(kx.FFDHE2048)
	for m.Public[0] != 0 {
		secret, err := g.Generate(p.draw(handshake.LabelServerShare, g.SeedLen()))
		must(p, err)
		p.secret, m.Public = secret, secret.AppendShare(nil)
	}
	m.Public = bytes.TrimLeft(m.Public, "\x00")
}

func paramRows() []bad {
	p2048, _ := kx.DHParams(kx.ByID(kx.FFDHE2048))
	is := func(p, g []byte) deed { return params(func(m *msg.ServerKeyExchange) { m.P, m.G = p, g }) }
	odd := func(bits int) []byte {
		b := bytes.Repeat([]byte{0xff}, bits/8)
		return b
	}
	even := bytes.Clone(p2048)
	even[len(even)-1]--
	minus := bytes.Clone(p2048)
	minus[len(minus)-1]--
	in := clients("waitKeyExchange", dheSuite, dhePSKSuite, anonSuite)
	unfit := func(name string, do deed) bad {
		return bad{name: name, ref: "RFC 5246 §7.4.3", in: in, do: do, alert: record.AlertIllegalParameter, kind: handshake.KindBadKeyShare, field: "ServerKeyExchange.dh_p"}
	}
	weak := func(name string, do deed, in []scene) bad {
		return bad{name: name, ref: "RFC 7919 §4", in: in, do: do, alert: record.AlertHandshakeFailure, kind: handshake.KindWeakGroup, field: "ServerKeyExchange.dh_p"}
	}
	decode := func(name, field string, do deed) bad {
		return bad{name: name, ref: "B19", in: in, do: do, alert: record.AlertDecodeError, kind: handshake.KindDecode, field: field}
	}
	strict := []scene{c12("waitKeyExchange").suited(dheSuite).with(func(c *handshake.Config) { c.MinDHBits = 3072 })}
	return []bad{
		unfit("DHE: an even prime", is(even, []byte{2})),
		unfit("DHE: a prime of 8193 bits", is(append([]byte{1}, odd(8192)...), []byte{2})),
		unfit("DHE: a prime of 10,000 bits", is(odd(10000), []byte{2})),
		unfit("DHE: a prime of 504 bits", is(odd(504), []byte{2})),
		unfit("DHE: a prime of zero", is([]byte{0}, []byte{2})),
		unfit("DHE: generator 0", is(p2048, []byte{0})),
		unfit("DHE: generator 1", is(p2048, []byte{1})),
		unfit("DHE: generator p-1", is(p2048, minus)),
		unfit("DHE: generator p", is(p2048, p2048)),
		weak("DHE: a prime of 512 bits", is(odd(512), []byte{2}), in),
		weak("DHE: a prime of 1016 bits", is(odd(1016), []byte{2}), in),
		weak("DHE: a prime that is shorter than this client wants", params(func(*msg.ServerKeyExchange) {}), strict),
		decode("DHE: an empty prime", "ServerKeyExchange.params.dh_p", is(nil, []byte{2})),
		decode("DHE: an empty generator", "ServerKeyExchange.params.dh_g", is(p2048, nil)),
		decode("DHE: an empty server's share", "ServerKeyExchange.params.dh_Ys", params(func(m *msg.ServerKeyExchange) { m.Public = nil })),
		{name: "DHE: an empty client's share", ref: "B41", in: servers("waitClientKeyExchange", dheSuite, anonSuite),
			do:    func(p *mallory) { p.old.agreement = func(*mallory, []byte) []byte { return nil } },
			alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "ClientKeyExchange.dh_Yc"},
		{name: "DHE: zeros before prime, generator and share", ref: "RFC 5246 §7.4.3", in: clients("", dheSuite), do: params(func(m *msg.ServerKeyExchange) {
			m.P, m.G, m.Public = append([]byte{0}, m.P...), append([]byte{0, 0}, m.G...), append([]byte{0, 0, 0}, m.Public...)
		}), fine: goesOn},
		{name: "DHE: a server's share whose zeros are left out", ref: "RFC 5246 §7.4.3", in: []scene{c12("").suited(dheSuite), c10("").suited(anonSuite)},
			do: func(p *mallory) { p.old.params = func(m *msg.ServerKeyExchange) { leadingZero(p, m) } }, fine: goesOn},
		{name: "DHE: a client's share with zeros before it", ref: "RFC 5246 §7.4.7.2", in: servers("", dheSuite),
			do: func(p *mallory) {
				p.old.agreement = func(_ *mallory, b []byte) []byte { return append([]byte{0, 0}, b...) }
			}, fine: goesOn},
		{name: "DHE: a prime of 8192 bits", ref: "RFC 7919 §3", in: []scene{c12("").suited(dheSuite)}, do: func(p *mallory) {
			p.old.params = func(m *msg.ServerKeyExchange) {
				g := kx.ByID(kx.FFDHE8192)
				secret, err := g.Generate(p.draw(handshake.LabelServerShare, g.SeedLen()))
				must(p, err)
				p.secret, m.Public = secret, secret.AppendShare(nil)
				m.P, m.G = kx.DHParams(g)
			}
		}, fine: goesOn},
		{name: "ECDHE: explicit curve in a PSK suite", ref: "RFC 8422 §5.4", in: clients("waitKeyExchange", ecPSKSuite),
			do:    change("ServerKeyExchange", func(m msg.Raw) []byte { b := bytes.Clone(m); b[4+2+len("a hint")] = 1; return b }),
			alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter},
	}
}

func pskRows() []bad {
	found := "waitClientFinished12"
	all4 := []string{pskSuite, dhePSKSuite, ecPSKSuite, rsaPSKSuite}
	identity := func(b []byte) deed {
		return at("ClientKeyExchange", func(p *mallory, raw msg.Raw) {
			_, form := msg.FormOf(p.suite.Kx, p.suite.Auth, p.sc.v)
			m := msg.ClientKeyExchange{Form: form}
			must(p, m.Parse(raw.Body()))
			m.Identity = b
			p.tell(m.Append(nil))
		})
	}
	unknown := func(name string, b []byte) bad {
		return bad{name: name, ref: "RFC 4279 §2", in: servers(found, all4...), do: identity(b), alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC}
	}
	hint := func(b []byte) deed { return params(func(m *msg.ServerKeyExchange) { m.Hint = b }) }
	return []bad{
		unknown("PSK: an unknown identity", []byte("nobody")),
		unknown("PSK: an empty identity", nil),
		unknown("PSK: an identity of NUL", []byte{0}),
		unknown("PSK: an identity with a byte more", append(bytes.Clone(herIdentity), 0)),
		unknown("PSK: an identity of 4096 bytes", make([]byte, 4096)),
		{name: "PSK: an identity of 4097 bytes", ref: "RFC 4279 §5.3", in: servers("waitClientKeyExchange", all4...), do: identity(make([]byte, 4097)),
			alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "ClientKeyExchange.psk_identity"},
		{name: "PSK: an identity of 65,535 bytes", ref: "RFC 4279 §5.3", in: servers("waitClientKeyExchange", all4...), do: identity(make([]byte, 1<<16-1)),
			alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "ClientKeyExchange.psk_identity"},
		{name: "PSK: a hint of 65,535 bytes", ref: "RFC 4279 §5.2", in: clients("", pskSuite, ecPSKSuite), do: hint(bytes.Repeat([]byte{'h'}, 1<<16-1)),
			fine: func(t *testing.T, p *mallory) {
				if len(p.old.hint) != 1<<16-1 {
					t.Errorf("the application was told a hint of %d bytes", len(p.old.hint))
				}
			}},
		{name: "PSK: no hint", ref: "RFC 4279 §2", in: clients("", pskSuite, rsaPSKSuite, ecPSKSuite, dhePSKSuite), do: hint(nil),
			fine: func(t *testing.T, p *mallory) {
				if p.old.hint != "" {
					t.Errorf("the application was told %q", p.old.hint)
				}
			}},
		{name: "PSK: a hint that is cut", ref: "B19", in: clients("waitHint", pskSuite, rsaPSKSuite), do: change("ServerKeyExchange", func(m msg.Raw) []byte { return frame(12, m[4:len(m)-1]) }),
			alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "ServerKeyExchange.psk_identity_hint"},
		{name: "PSK: a byte behind the hint", ref: "B19", in: clients("waitHint", pskSuite, rsaPSKSuite), do: change("ServerKeyExchange", func(m msg.Raw) []byte { return frame(12, append(bytes.Clone(m[4:]), 0)) }),
			alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "ServerKeyExchange"},
		{name: "PSK: an empty ServerKeyExchange", ref: "B19", in: clients("waitHint", pskSuite, rsaPSKSuite), do: change("ServerKeyExchange", func(msg.Raw) []byte { return frame(12, nil) }),
			alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "ServerKeyExchange.psk_identity_hint"},
	}
}

// orderRows are messages that a suite does not have, or that are missing.
func orderRows() []bad {
	stray := func(t msg.Type, body ...byte) func(*mallory) { return func(p *mallory) { p.tell(frame(t, body)) } }
	row := func(name, field string, in []scene, do deed) bad {
		return bad{name: name, ref: "B46", in: in, do: do, alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: field}
	}
	request := stray(msg.TypeCertificateRequest, 1, 1, 0, 0)
	return []bad{
		row("ServerKeyExchange in an RSA suite", "ServerKeyExchange", clients("waitRequestOrDone", rsaSuite), before("ServerHelloDone", stray(msg.TypeServerKeyExchange, 0))),
		row("ServerKeyExchange left out of DHE", "ServerHelloDone", clients("waitKeyExchange", dheSuite, dhePSKSuite, anonSuite), skip("ServerKeyExchange")),
		row("ServerKeyExchange left out of ECDHE", "ServerHelloDone", clients("waitKeyExchange", oldSHA, ecPSKSuite), skip("ServerKeyExchange")),
		row("ServerKeyExchange twice in a PSK suite", "ServerKeyExchange", clients("waitAnonymousDone", pskSuite, dhePSKSuite), double("ServerKeyExchange")),
		row("Certificate in a suite without", "Certificate", append(clients("waitHint", pskSuite), clients("waitKeyExchange", dhePSKSuite, anonSuite)...), before("ServerKeyExchange", stray(msg.TypeCertificate, 0, 0, 0))),
		row("Certificate left out of an RSA suite", "ServerHelloDone", clients("waitCertificate12", rsaSuite), skip("Certificate")),
		row("Certificate left out of RSA_PSK", "ServerKeyExchange", clients("waitCertificate12", rsaPSKSuite), skip("Certificate")),
		row("CertificateRequest in a PSK suite", "CertificateRequest", clients("waitAnonymousDone", pskSuite, dhePSKSuite, ecPSKSuite), before("ServerHelloDone", request)),
		{name: "CertificateRequest in an anonymous suite", ref: "RFC 5246 §7.4.4", in: clients("waitAnonymousDone", anonSuite, "AECDH-AES128-SHA"), do: before("ServerHelloDone", request),
			alert: record.AlertHandshakeFailure, kind: handshake.KindAnonymousRequest, field: "CertificateRequest"},
		row("CertificateStatus that was not announced", "CertificateStatus", clients("waitRequestOrDone", rsaSuite), before("ServerHelloDone", stray(msg.TypeCertificateStatus, 1, 0, 0, 1, 0))),
		row("a client's Certificate in a PSK suite", "Certificate", servers("waitClientKeyExchange", pskSuite, anonSuite), before("ClientKeyExchange", stray(msg.TypeCertificate, 0, 0, 0))),
		row("ClientKeyExchange twice", "ClientKeyExchange", servers("waitClientCCS12", rsaSuite, dheSuite, pskSuite), double("ClientKeyExchange")),
		row("ClientKeyExchange left out", "Finished", servers("waitClientKeyExchange", rsaSuite, dheSuite, pskSuite), all(skip("ClientKeyExchange"), skip("CCS"), at("Finished", func(p *mallory, m msg.Raw) { p.plain(22, m) }))),
		row("CertificateVerify without a certificate", "CertificateVerify", servers("waitClientCCS12", rsaSuite, oldSHA), before("CCS", stray(msg.TypeCertificateVerify, 0, 1, 0))),
		row("NewSessionTicket that was not announced", "NewSessionTicket", clients("waitServerCCS12", rsaSuite), all(
			replies(func(h *msg.ServerHello) { h.Ext.Clear(msg.ExtSessionTicket) }), before("CCS", stray(msg.TypeNewSessionTicket, 0, 0, 0, 0, 0, 0)))),
	}
}

// certificates that do not fit the suite.
func unfitRows() []bad {
	signsOnly := func(t testing.TB, c *cred.Credential) *cred.Credential {
		template := credtest.LeafTemplate("example.org")
		template.KeyUsage = 1 // digitalSignature
		return credtest.CA(t).Credential(t, template, credtest.RSA2048)
	}
	ecdsa := func(t testing.TB, c *cred.Credential) *cred.Credential {
		return credtest.CA(t).Leaf(t, credtest.P256, "example.org")
	}
	with := func(list []scene, cert func(testing.TB, *cred.Credential) *cred.Credential) []scene {
		for i := range list {
			list[i].cert = cert
		}
		return list
	}
	row := func(name string, in []scene) bad {
		return bad{name: name, ref: "RFC 5246 §7.4.2", in: in, alert: record.AlertIllegalParameter, kind: handshake.KindWrongCertificateType}
	}
	return []bad{
		row("RSA key exchange with a certificate that only signs", with(clients("waitCertificate12", rsaSuite, rsaPSKSuite), signsOnly)),
		row("RSA key exchange with an ECDSA certificate", with(clients("waitCertificate12", rsaSuite, rsaPSKSuite), ecdsa)),
	}
}

func TestBadRSAKeyExchange(t *testing.T) { runBad(t, append(rsaRows(), unfitRows()...)) }

func TestBadClientKeyExchangeLengths(t *testing.T) { runBad(t, lengthRows()) }

func TestBadDHE(t *testing.T) { runBad(t, append(fieldRows(), paramRows()...)) }

func TestBadPSK12(t *testing.T) { runBad(t, pskRows()) }

func TestBadOrder12(t *testing.T) { runBad(t, orderRows()) }
