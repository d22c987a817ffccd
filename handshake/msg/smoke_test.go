package msg

import (
	"bytes"
	"testing"
)

func TestSmoke(t *testing.T) {
	var ch ClientHello
	ch.Version = 0x0303
	ch.Suites = AppendUint16s(nil, 0x1301, 0x1302)
	ch.Compression = []byte{0}
	ch.Ext.ServerName = []byte("example.org")
	ch.Ext.Set(ExtServerName)
	ch.Ext.ALPN = AppendVector8(nil, "h2", "http/1.1")
	ch.Ext.Set(ExtALPN)
	ch.Ext.KeyShares = AppendKeyShare(nil, 29, make([]byte, 32))
	ch.Ext.Set(ExtKeyShare)
	ch.Ext.PSK.Identities = AppendPSKIdentity(nil, []byte("id"), 7)
	ch.Ext.PSK.Binders = AppendVector8(nil, make([]byte, 32))
	ch.Ext.Set(ExtPreSharedKey)
	raw := ch.Append(nil)
	var got ClientHello
	if err := got.Parse(Raw(raw).Body()); err != nil {
		t.Fatal(err)
	}
	PatchBinders(raw, bytes.Repeat([]byte{9}, 32))
	if BindersLen(&got) != 35 || !bytes.Equal(got.Append(nil), raw) {
		t.Fatal("round trip")
	}
	body := Raw(raw).Body()
	if n := testing.AllocsPerRun(10, func() { new(ClientHello).Parse(body) }); n > 1 {
		t.Fatal(n)
	}
}
