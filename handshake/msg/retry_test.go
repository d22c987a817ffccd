package msg

import (
	"errors"
	"testing"

	"tacet/record"
)

func parsedHello(t *testing.T, m ClientHello) *ClientHello {
	t.Helper()
	got := new(ClientHello)
	if err := got.Parse(Raw(m.Append(nil)).Body()); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCheckRetry(t *testing.T) {
	//= RFC 9846 §4.2.2 type=test
	base := ClientHello{Version: record.TLS12, Random: array32(1), SessionID: fill(32, 2), Suites: AppendUint16s(nil, 0x1301, 0x1302), Compression: []byte{0}, Ext: clientExtensions()}
	for _, c := range []struct {
		name   string
		change func(*ClientHello)
		field  string
	}{
		{"nothing", func(m *ClientHello) {}, ""},
		{"key_share", func(m *ClientHello) { m.Ext.KeyShares = AppendKeyShare(nil, 24, fill(97, 4)) }, ""},
		{"no early_data", func(m *ClientHello) { m.Ext.Clear(ExtEarlyData) }, ""},
		{"no cookie", func(m *ClientHello) { m.Ext.Clear(ExtCookie) }, ""},
		{"no pre_shared_key", func(m *ClientHello) { m.Ext.Clear(ExtPreSharedKey) }, ""},
		{"padding", func(m *ClientHello) { m.Ext.Padding = 100 }, ""},
		{"version", func(m *ClientHello) { m.Version = record.TLS11 }, "ClientHello.legacy_version"},
		{"random", func(m *ClientHello) { m.Random[31]++ }, "ClientHello.random"},
		{"session id", func(m *ClientHello) { m.SessionID = nil }, "ClientHello.legacy_session_id"},
		{"suites", func(m *ClientHello) { m.Suites = m.Suites[:2] }, "ClientHello.cipher_suites"},
		{"compression", func(m *ClientHello) { m.Compression = []byte{0, 1} }, "ClientHello.legacy_compression_methods"},
		{"groups", func(m *ClientHello) { m.Ext.SupportedGroups = AppendUint16s(nil, 24) }, "extension supported_groups"},
		{"versions", func(m *ClientHello) { m.Ext.SupportedVersions = AppendUint16s(nil, 0x0304) }, "extension supported_versions"},
		{"one less", func(m *ClientHello) { m.Ext.Clear(ExtALPN) }, "extension application_layer_protocol_negotiation"},
	} {
		first, second := base, base
		c.change(&second)
		a, b := parsedHello(t, first), parsedHello(t, second)
		for _, pair := range [][2]*ClientHello{{a, b}, {b, a}} {
			err := pair[0].CheckRetry(pair[1])
			var e *Error
			switch {
			case c.field == "" && err != nil:
				t.Errorf("%s: %v", c.name, err)
			case c.field != "" && (!errors.As(err, &e) || e.Alert() != record.AlertIllegalParameter):
				t.Errorf("%s: got %v", c.name, err)
			case c.field != "" && c.name != "one less" && e.Field != c.field:
				t.Errorf("%s: got %v, want %s", c.name, err, c.field)
			}
		}
	}
}

func TestCheckRetryOrder(t *testing.T) {
	ems, sct := ext(ExtExtendedMasterSecret, ""), ext(ExtSCT, "")
	var a, b, c ClientHello
	for m, block := range map[*ClientHello]string{&a: ems + sct, &b: sct + ems, &c: ems + sct + ext(0xfafa, "")} {
		if err := m.Parse(unhex(inHello(block))); err != nil {
			t.Fatal(err)
		}
	}
	wantAlert(t, a.CheckRetry(&b), record.AlertIllegalParameter)
	wantAlert(t, a.CheckRetry(&c), record.AlertIllegalParameter)
	wantAlert(t, c.CheckRetry(&a), record.AlertIllegalParameter)
}

func TestBinders(t *testing.T) {
	//= RFC 9846 §4.3.11.2 type=test
	m := ClientHello{Suites: AppendUint16s(nil, 0x1301), Compression: []byte{0}, Ext: clientExtensions()}
	m.Ext.PSK.Binders = AppendVector8(nil, make([]byte, 32), make([]byte, 48))
	raw := m.Append(nil)
	if got, want := BindersLen(&m), 2+1+32+1+48; got != want {
		t.Fatalf("binders have %d bytes, want %d", got, want)
	}
	// The rest of the message is what a binder covers: its lengths are final.
	covered := string(raw[:len(raw)-BindersLen(&m)])
	PatchBinders(raw, fill(32, 5), fill(48, 6))
	if string(raw[:len(covered)]) != covered {
		t.Error("what the binders cover changed")
	}
	got := parsedHelloRaw(t, raw)
	if want := string(AppendVector8(nil, fill(32, 5), fill(48, 6))); string(got.Ext.PSK.Binders) != want {
		t.Errorf("%x", got.Ext.PSK.Binders)
	}
	if BindersLen(&ClientHello{}) != 0 {
		t.Error("binders without pre_shared_key")
	}
	for _, wrong := range [][][]byte{{}, {fill(32, 5)}, {fill(48, 5), fill(32, 6)}, {fill(32, 5), fill(49, 6)}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%d binders that do not fit were patched", len(wrong))
				}
			}()
			PatchBinders(raw, wrong...)
		}()
	}
}

func parsedHelloRaw(t *testing.T, raw []byte) *ClientHello {
	t.Helper()
	m := new(ClientHello)
	if err := m.Parse(Raw(raw).Body()); err != nil {
		t.Fatal(err)
	}
	return m
}
