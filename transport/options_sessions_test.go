package transport

import (
	"strings"
	"testing"
	"time"

	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// optionsServer is a server of options, with a certificate and ticket keys that all have.
func optionsServer(t *testing.T, o SecureContextOptions) *Server {
	t.Helper()
	leaf := leafOf(t, credtest.CA(t), credtest.P256, serverName)
	o.Cert, o.Key, o.TicketKeys = leaf.Cert, leaf.Key, make([]byte, 48)
	s, err := NewServer(ServerOptions{SecureContextOptions: o})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSessionIDContextOption(t *testing.T) {
	checkOptions(t, "sessionidcontext", []optionRow{
		{name: "32 bytes", o: SecureContextOptions{SessionIDContext: strings.Repeat("x", 32)}},
		{name: "33 bytes", o: SecureContextOptions{SessionIDContext: strings.Repeat("x", 33)}, option: "sessionIdContext", code: CodeContextIDTooLong, node: "?", why: "node has no code for it"},
	})
	for _, v := range versions {
		for _, row := range []struct {
			first, then string
			want        bool
		}{{"a", "a", true}, {"a", "b", false}, {"", "", true}, {"", "a", false}, {programContext(), "", true}} {
			first, then := optionsServer(t, SecureContextOptions{SessionIDContext: row.first}), optionsServer(t, SecureContextOptions{SessionIDContext: row.then})
			if got := resumes(t, first, then, v); got != row.want {
				t.Errorf("%v: a session of %q under %q: resumed %t", v, row.first, row.then, got)
			}
		}
	}
}

// TestSessionTimeoutOption: what the option may be, and what it makes of the engine.
func TestSessionTimeoutOption(t *testing.T) {
	checkOptions(t, "sessiontimeout", []optionRow{
		{name: "a second", o: SecureContextOptions{SessionTimeout: time.Second}},
		{name: "seven days", o: SecureContextOptions{SessionTimeout: 7 * 24 * time.Hour}},
		{name: "eight days", o: SecureContextOptions{SessionTimeout: 8 * 24 * time.Hour}},
		{name: "2^31-1 seconds", o: SecureContextOptions{SessionTimeout: (1<<31 - 1) * time.Second}},
		{name: "2^31 seconds", o: SecureContextOptions{SessionTimeout: 1 << 31 * time.Second}, option: "sessionTimeout", code: CodeOutOfRange},
		{name: "negative", o: SecureContextOptions{SessionTimeout: -time.Second}, option: "sessionTimeout", code: CodeOutOfRange},
		{name: "half a second", o: SecureContextOptions{SessionTimeout: 1500 * time.Millisecond}, option: "sessionTimeout", code: CodeOutOfRange},
	})
	for given, want := range map[time.Duration]time.Duration{0: 5 * time.Minute, 8 * 24 * time.Hour: 8 * 24 * time.Hour, 10 * time.Second: 10 * time.Second} {
		c, err := NewSecureContext(SecureContextOptions{SessionTimeout: given})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.serverConfig().SessionLifetime; got != want {
			t.Errorf("%v: sessions live %v", given, got)
		}
	}
}

func TestHonorCipherOrder(t *testing.T) {
	const one, two = "TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES256-GCM-SHA384"
	for _, v := range []SecureVersion{TLS12, TLS13} {
		for _, row := range []struct {
			honor *bool
			bits  SecureOptions
			want  string // of the server's list or the client's
		}{{nil, 0, "AES128"}, {new(true), 0, "AES128"}, {new(false), 0, "AES256"}, {new(false), OpCipherServerPreference, "AES128"}} {
			server := optionsServer(t, SecureContextOptions{Ciphers: one + ":" + two, HonorCipherOrder: row.honor, SecureOptions: row.bits})
			context, err := NewSecureContext(SecureContextOptions{Ciphers: two + ":" + one, MaxVersion: v, CA: [][]byte{credtest.CA(t).PEM()}})
			if err != nil {
				t.Fatal(err)
			}
			p := connect(t, server, ConnectionOptions{Servername: serverName, SecureContext: context}).secured(t)
			if got := strings.ReplaceAll(p.client.Cipher().StandardName, "AES_", "AES"); !strings.Contains(got, row.want) {
				t.Errorf("%s, %v: %s", v, row, got)
			}
		}
	}
}

// TestOpaqueKeys: a key that only signs and decrypts serves as well as one at hand.
func TestOpaqueKeys(t *testing.T) {
	for _, row := range []struct {
		cipher string
		kind   credtest.Kind
		max    record.Version
	}{
		{"AES128-GCM-SHA256", credtest.RSA2048, record.TLS12}, {"ECDHE-RSA-AES128-GCM-SHA256", credtest.RSA2048, record.TLS12},
		{"ECDHE-ECDSA-AES128-GCM-SHA256", credtest.P256, record.TLS12}, {"TLS_AES_128_GCM_SHA256", credtest.RSAPSS, record.TLS13},
	} {
		leaf := leafOf(t, credtest.CA(t), row.kind, serverName)
		key := opaque{credtest.Key(t, row.kind)}
		leaf.Key = []KeyObject{{Signer: key}}
		if row.kind == credtest.RSA2048 {
			leaf.Key = []KeyObject{{Signer: decrypter{key}}}
		}
		leaf.Ciphers = row.cipher
		server, err := NewServer(ServerOptions{SecureContextOptions: leaf})
		if err != nil {
			t.Fatal(err)
		}
		context := contextOf(t)
		context.client.MaxVersion = row.max
		p := connect(t, server, ConnectionOptions{Servername: serverName, SecureContext: context}).secured(t)
		p.exchange(t)
		if got := p.client.Cipher().Name; got != row.cipher {
			t.Errorf("%s, not %s", got, row.cipher)
		}
	}
}
