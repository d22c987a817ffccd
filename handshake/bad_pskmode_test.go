package handshake_test

import (
	"bytes"
	"testing"

	"tacet/handshake"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
)

// The modes of pre-shared keys in TLS 1.3, and what either side may make of them.

// modes are a victim's.
func modes(list ...handshake.PSKMode) func(*handshake.Config) {
	return func(c *handshake.Config) { c.PSKModes = list }
}

// lists says which modes mallory's hello lists.
func lists(list ...byte) deed {
	return bound(func(_ *mallory, m *msg.ClientHello) { m.Ext.PSKModes = list })
}

// keyAlone and keyWithShare tell that the session was resumed in that mode.
func keyAlone(t *testing.T, p *mallory) {
	if st := p.e.State(); !st.Resumed || st.Group != nil || st.Retried {
		t.Errorf("resumed %v, group %v, retried %v", st.Resumed, st.Group, st.Retried)
	}
}

func keyWithShare(t *testing.T, p *mallory) {
	if st := p.e.State(); !st.Resumed || st.Group == nil {
		t.Errorf("resumed %v, group %v", st.Resumed, st.Group)
	}
}

// withoutShares takes everything about key exchange out of her hello.
func withoutShares(m *msg.ClientHello) {
	m.Ext.Clear(msg.ExtKeyShare)
	m.Ext.Clear(msg.ExtSupportedGroups)
}

// unknownKey spoils the ticket.
func unknownKey(m *msg.ClientHello) {
	id := bytes.Clone(m.Ext.PSK.Identities)
	id[20] ^= 1
	m.Ext.PSK.Identities = id
}

// noGroup leaves no common group, and no share that fits.
func noGroup(m *msg.ClientHello) {
	m.Ext.SupportedGroups, m.Ext.KeyShares = u16s(uint16(kx.P521)), nil
}

func pskHello(fs ...func(*msg.ClientHello)) deed {
	return bound(func(_ *mallory, m *msg.ClientHello) {
		for _, f := range fs {
			f(m)
		}
	})
}

func bothModes(m *msg.ClientHello) { m.Ext.PSKModes = []byte{1, 0} }

var pskModeRows = []bad{
	//= RFC 9846 §4.3.9 type=test
	{name: "psk_ke where it is allowed", ref: "B55", in: []scene{s13("").pskOnly(), c13("").pskOnly()}, fine: keyAlone},
	{name: "psk_ke after another mode that nobody knows", ref: "RFC 9846 §4.3.9", in: []scene{s13("").pskOnly()}, do: lists(0x0b, 0), fine: keyAlone},
	{name: "a mode that nobody knows, alone", ref: "RFC 9846 §4.3.9", in: []scene{s13("").pskOnly()}, do: lists(0x0b), fine: fullHandshake},
	{name: "both modes: the server takes the share", ref: "RFC 9846 §4.3.9", in: []scene{s13("").pskOnly()}, do: lists(0, 1), fine: keyWithShare},
	{name: "both modes: the server prefers psk_ke", ref: "RFC 9846 §4.3.9", in: []scene{s13("").pskOnly().with(modes(handshake.PSKKE, handshake.PSKDHEKE))},
		do: lists(1, 0), fine: keyAlone},
	{name: "psk_dhe_ke where only psk_ke is allowed", ref: "RFC 9846 §4.3.9", in: []scene{s13("").pskOnly().with(modes(handshake.PSKKE))}, do: lists(1), fine: fullHandshake},
	{name: "psk_ke without key_share and supported_groups", ref: "RFC 9846 §9.2", in: []scene{s13("").pskOnly()}, do: pskHello(withoutShares), fine: keyAlone},
	{name: "psk_ke without a share asks for none", ref: "RFC 9846 §4.2.4", in: []scene{s13("").pskOnly()},
		do: pskHello(func(m *msg.ClientHello) { m.Ext.KeyShares = nil }), fine: keyAlone},
	{name: "psk_ke without a group in common", ref: "RFC 9846 §4.2.1", in: []scene{s13("").pskOnly()}, do: pskHello(noGroup), fine: keyAlone},
	{name: "both modes without a group in common", ref: "RFC 9846 §4.2.1", in: []scene{s13("").pskOnly()}, do: pskHello(noGroup, bothModes), fine: keyAlone},
	{name: "both modes, with a share after a HelloRetryRequest", ref: "RFC 9846 §4.2.4", in: []scene{s13("").retried().pskOnly().with(retriedBoth)},
		do: all(pskHello(bothModes), pskHelloAgain(bothModes)), fine: keyWithShare},
	{name: "psk_ke with an unknown key", ref: "RFC 9846 §4.3.11", in: []scene{s13("").pskOnly()}, do: pskHello(unknownKey), fine: fullHandshake},
	{name: "psk_ke with an unknown key, and a HelloRetryRequest", ref: "RFC 9846 §4.3.11", in: []scene{s13("").retried().pskOnly()},
		do: all(pskHello(unknownKey), pskHelloAgain(unknownKey)), fine: fullHandshake},
	{name: "psk_ke with the known key, once a share was asked for", ref: "RFC 9846 §4.2.4", in: []scene{s13("").retried().pskOnly()},
		do: pskHello(unknownKey), fine: fullHandshake},
	{name: "psk_ke with a certificate for the client where one is required", ref: "RFC 9846 §4.3.11", in: []scene{s13("").mutual().pskOnly()}, fine: fullHandshake},

	{name: "psk_ke with an unknown key, without a group in common", ref: "RFC 9846 §4.2.1", in: []scene{s13("choosingContext").pskOnly()},
		do: pskHello(unknownKey, noGroup), alert: record.AlertHandshakeFailure, kind: handshake.KindNoCommonGroup, field: "ClientHello supported_groups"},
	{name: "psk_ke with an unknown key, without key_share", ref: "RFC 9846 §9.2", in: []scene{s13("choosingContext").pskOnly()},
		do: pskHello(unknownKey, withoutShares), alert: record.AlertMissingExtension, kind: handshake.KindMissingExtension, field: "ClientHello key_share"},
	{name: "psk_ke with supported_groups and no key_share", ref: "RFC 9846 §9.2", in: []scene{s13("choosingContext").pskOnly()},
		do:    pskHello(func(m *msg.ClientHello) { m.Ext.Clear(msg.ExtKeyShare) }),
		alert: record.AlertMissingExtension, kind: handshake.KindMissingExtension, field: "extension key_share"},
	{name: "psk_ke with a wrong binder", ref: "RFC 9846 §4.3.11", in: []scene{s13("choosingContext").pskOnly()},
		do:    hello(func(m *msg.ClientHello) { m.Ext.PSK.Binders = msg.AppendVector8(nil, make([]byte, 32)) }),
		alert: record.AlertDecryptError, kind: handshake.KindBadBinder, field: "ClientHello pre_shared_key"},
	{name: "psk_ke without pre_shared_key and key_share", ref: "RFC 9846 §9.2", in: []scene{s13("choosingContext").pskOnly()},
		do: hello(func(m *msg.ClientHello) {
			withoutShares(m)
			m.Ext.Clear(msg.ExtPreSharedKey)
		}),
		alert: record.AlertMissingExtension, kind: handshake.KindMissingExtension, field: "extension supported_groups"},
	{name: "the second hello has other modes", ref: "B25", in: []scene{s13("waitClientHelloAgain").retried().pskOnly()},
		do:    all(pskHello(unknownKey), pskHelloAgain(bothModes)),
		alert: record.AlertIllegalParameter, kind: handshake.KindHelloChanged},

	{name: "a client has both modes, and the server takes the share", ref: "RFC 9846 §4.3.9", in: []scene{c13("").resumed().with(modes(dheOrPSK...))}, fine: keyWithShare},
	{name: "a client of psk_ke alone gets a certificate", ref: "RFC 9846 §4.3.9", in: []scene{c13("").with(modes(handshake.PSKKE))}, fine: fullHandshake},
	{name: "psk_ke after a share was asked for", ref: "RFC 9846 §4.3.8", in: []scene{c13("").retried().pskOnly()}, fine: func(t *testing.T, p *mallory) {
		if st := p.e.State(); !st.Resumed || !st.Retried || st.Group != nil {
			t.Errorf("resumed %v, retried %v, group %v", st.Resumed, st.Retried, st.Group)
		}
	}},
	{name: "key_share is missing beside a key, and psk_ke was not offered", ref: "RFC 9846 §4.3.11", in: []scene{
		c13("waitServerHello").pskOnly().with(modes(handshake.PSKDHEKE)), c13("waitServerHelloAgain").retried().pskOnly().with(modes(handshake.PSKDHEKE)),
		c13("waitServerHello").pskOnly().with(modes())},
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongPSKMode, field: "ServerHello key_share"},
	{name: "a share beside a key, and psk_dhe_ke was not offered", ref: "RFC 9846 §4.3.9", in: []scene{c13("waitServerHello").resumed().with(modes(handshake.PSKKE)),
		c13("waitServerHelloAgain").retried().resumed().with(modes(handshake.PSKKE))},
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongPSKMode, field: "ServerHello key_share"},
	{name: "neither key nor share, though psk_ke was offered", ref: "B26", in: []scene{c13("waitServerHello").pskOnly()}, do: drop("ServerHello", msg.ExtPreSharedKey),
		alert: record.AlertMissingExtension, kind: handshake.KindMissingExtension, field: "extension key_share"},
	{name: "psk_ke with a key out of range", ref: "RFC 9846 §4.3.11", in: []scene{c13("waitServerHello").pskOnly()}, do: serverHello(func(m *msg.ServerHello) { m.Ext.SelectedPSK = 1 }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongPSK, field: "ServerHello pre_shared_key"},
	{name: "psk_ke with a suite of another hash", ref: "RFC 9846 §4.3.11", in: []scene{c13("waitServerHello").pskOnly().with(moreSuites)}, do: serverHello(func(m *msg.ServerHello) { m.Suite = 0x1302 }),
		alert: record.AlertIllegalParameter, kind: handshake.KindWrongPSK, field: "ServerHello pre_shared_key"},
	{name: "psk_key_exchange_modes in ServerHello", ref: "RFC 9846 §4.3", in: []scene{c13("waitServerHello").pskOnly()}, do: add("ServerHello", msg.ExtPSKModes, 1, 0),
		alert: record.AlertIllegalParameter, kind: handshake.KindForbiddenExtension, field: "extension psk_key_exchange_modes"},
	{name: "a certificate beside a key alone", ref: "RFC 9846 §4.5.1", in: []scene{c13("waitServerFinished").pskOnly()}, do: change("Finished", func(msg.Raw) []byte { return frame(11, make([]byte, 4)) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "Certificate"},
}

// retriedBoth has the group of the second hello alone.
func retriedBoth(c *handshake.Config) { c.PSKModes, c.Groups = dheOrPSK, []kx.Group{kx.ByID(kx.P256)} }

// pskHelloAgain changes the second hello and binds it anew.
func pskHelloAgain(f func(*msg.ClientHello)) deed {
	return at("ClientHello again", func(p *mallory, raw msg.Raw) {
		var m msg.ClientHello
		must(p, m.Parse(raw.Body()))
		f(&m)
		p.tell(p.bind(m.Append(nil)))
	})
}

func TestBadPSKModes(t *testing.T) { runBad(t, pskModeRows) }
