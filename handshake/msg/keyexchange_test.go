package msg

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"tacet/record"
	"tacet/suites"
)

func serverIn(form KeyExchangeForm) func() Message {
	return func() Message { return &ServerKeyExchange{Form: form} }
}

func clientIn(form KeyExchangeForm) func() Message {
	return func() Message { return &ClientKeyExchange{Form: form} }
}

func TestServerKeyExchangeSyntax(t *testing.T) {
	//= RFC 8422 §5.4 type=test
	check(t, serverIn(KeyExchangeForm{Share: ECShare, Signed: true, Scheme: true}), []rule{
		{"named curve", "03 001d 01 aa 0804 0001 bb", 0, 0, ""},
		{"explicit curve", "01 001d 01 aa 0804 0001 bb", KindIllegal, illegalParameter, "ServerKeyExchange.params.curve_type"},
		{"empty point", "03 001d 00 0804 0001 bb", KindSyntax, decodeError, "ServerKeyExchange.params.public"},
		{"signature cut", "03 001d 01 aa 0804 0002 bb", KindSyntax, decodeError, "ServerKeyExchange.signature"},
		{"no signature", "03 001d 01 aa", KindSyntax, decodeError, "ServerKeyExchange.algorithm"},
		{"no scheme", "03 001d 01 aa 0001 bb", KindSyntax, decodeError, "ServerKeyExchange.signature"},
		{"nothing", "", KindSyntax, decodeError, "ServerKeyExchange.params.curve_type"},
		{"trailing bytes", "03 001d 01 aa 0804 0001 bb 00", KindTrailing, decodeError, "ServerKeyExchange"},
	})
	check(t, serverIn(KeyExchangeForm{Share: ECShare, Signed: true}), []rule{
		{"as TLS 1.1 signs", "03 001d 01 aa 0001 bb", 0, 0, ""},
		{"as TLS 1.2 signs", "03 001d 01 aa 0804 0001 bb", KindSyntax, decodeError, "ServerKeyExchange.signature"},
	})
	check(t, serverIn(KeyExchangeForm{Share: ECShare}), []rule{
		{"anonymous", "03 001d 01 aa", 0, 0, ""},
		{"anonymous and signed", "03 001d 01 aa 0001 bb", KindTrailing, decodeError, "ServerKeyExchange"},
	})
	//= RFC 5246 §7.4.3 type=test
	check(t, serverIn(KeyExchangeForm{Share: DHShare}), []rule{
		{"anonymous", "0001 17 0001 05 0001 08", 0, 0, ""},
		{"long numbers", behind(2, "ff"+zeros(65534)) + "0001 02" + behind(2, zeros(65535)), 0, 0, ""},
		{"no p", "0000 0001 05 0001 08", KindSyntax, decodeError, "ServerKeyExchange.params.dh_p"},
		{"no g", "0001 17 0000 0001 08", KindSyntax, decodeError, "ServerKeyExchange.params.dh_g"},
		{"no Ys", "0001 17 0001 05 0000", KindSyntax, decodeError, "ServerKeyExchange.params.dh_Ys"},
		{"signed all the same", "0001 17 0001 05 0001 08 0001 aa", KindTrailing, decodeError, "ServerKeyExchange"},
	})
	check(t, serverIn(KeyExchangeForm{Share: DHShare, Signed: true}), []rule{
		{"as TLS 1.0 signs", "0001 17 0001 05 0001 08 0001 aa", 0, 0, ""},
		{"no signature", "0001 17 0001 05 0001 08", KindSyntax, decodeError, "ServerKeyExchange.signature"},
	})
	//= RFC 4279 §2 type=test
	check(t, serverIn(KeyExchangeForm{Hint: true}), []rule{
		{"a hint", "0002 6161", 0, 0, ""},
		{"an empty hint", "0000", 0, 0, ""},
		{"the longest hint", behind(2, zeros(65535)), 0, 0, ""},
		{"nothing", "", KindSyntax, decodeError, "ServerKeyExchange.psk_identity_hint"},
		{"hint cut", "0002 61", KindSyntax, decodeError, "ServerKeyExchange.psk_identity_hint"},
		{"params behind", "0001 61 0001 17 0001 05 0001 08", KindTrailing, decodeError, "ServerKeyExchange"},
	})
	//= RFC 4279 §3 type=test
	check(t, serverIn(KeyExchangeForm{Hint: true, Share: DHShare}), []rule{
		{"hint and params", "0001 61 0001 17 0001 05 0001 08", 0, 0, ""},
		{"hint alone", "0001 61", KindSyntax, decodeError, "ServerKeyExchange.params.dh_p"},
		{"params alone", "0001 17 0001 05 0001 08", KindSyntax, decodeError, "ServerKeyExchange.params.dh_Ys"},
	})
	//= RFC 5489 §2 type=test
	check(t, serverIn(KeyExchangeForm{Hint: true, Share: ECShare}), []rule{
		{"hint and params", "0001 61 03 0017 01 aa", 0, 0, ""},
		{"no hint and params", "0000 03 0017 01 aa", 0, 0, ""},
		{"params alone", "03 0017 01 aa", KindSyntax, decodeError, "ServerKeyExchange.psk_identity_hint"},
	})
}

func TestClientKeyExchangeSyntax(t *testing.T) {
	//= RFC 8422 §5.7 type=test
	check(t, clientIn(KeyExchangeForm{Share: ECShare}), []rule{
		{"point", "01 aa", 0, 0, ""},
		{"empty point", "00", KindSyntax, decodeError, "ClientKeyExchange.ecdh_Yc"},
		{"nothing", "", KindSyntax, decodeError, "ClientKeyExchange.ecdh_Yc"},
		{"trailing bytes", "01 aa 00", KindTrailing, decodeError, "ClientKeyExchange"},
	})
	//= RFC 5246 §7.4.7.2 type=test
	check(t, clientIn(KeyExchangeForm{Share: DHShare}), []rule{
		{"number", "0001 05", 0, 0, ""},
		{"empty number", "0000", KindSyntax, decodeError, "ClientKeyExchange.dh_Yc"},
		{"length of one byte", "01 aa", KindSyntax, decodeError, "ClientKeyExchange.dh_Yc"},
	})
	//= RFC 5246 §7.4.7.1 type=test
	check(t, clientIn(KeyExchangeForm{Share: RSAShare}), []rule{
		{"encrypted", behind(2, zeros(256)), 0, 0, ""},
		{"empty, which decrypts to nothing", "0000", 0, 0, ""},
		{"without length, as in SSL 3.0", zeros(256), KindTrailing, decodeError, "ClientKeyExchange"},
		{"cut", "0100" + zeros(255), KindSyntax, decodeError, "ClientKeyExchange.encrypted_pre_master_secret"},
	})
	//= RFC 4279 §2 type=test
	check(t, clientIn(KeyExchangeForm{Hint: true}), []rule{
		{"identity", "0002 6161", 0, 0, ""},
		{"empty identity", "0000", 0, 0, ""},
		{"the longest identity", behind(2, zeros(65535)), 0, 0, ""},
		{"identity cut", "0002 61", KindSyntax, decodeError, "ClientKeyExchange.psk_identity"},
		{"a share behind", "0001 61 01 aa", KindTrailing, decodeError, "ClientKeyExchange"},
	})
	//= RFC 4279 §4 type=test
	check(t, clientIn(KeyExchangeForm{Hint: true, Share: RSAShare}), []rule{
		{"both", "0001 61" + behind(2, zeros(256)), 0, 0, ""},
		{"identity alone", "0001 61", KindSyntax, decodeError, "ClientKeyExchange.encrypted_pre_master_secret"},
	})
}

func TestSyntax10(t *testing.T) {
	//= RFC 4346 §7.4.4 type=test
	check(t, empty[CertificateRequest10], []rule{
		{"types alone", "01 01 0000", 0, 0, ""},
		{"a name", "02 01 40 0004 0002 3000", 0, 0, ""},
		{"no types", "00 0000", KindSyntax, decodeError, "CertificateRequest.certificate_types"},
		{"empty name", "01 01 0002 0000", KindSyntax, decodeError, "CertificateRequest.certificate_authorities"},
		{"no names", "01 01", KindSyntax, decodeError, "CertificateRequest.certificate_authorities"},
		{"as in TLS 1.2", "01 01 0002 0403 0000", KindSyntax, decodeError, "CertificateRequest.certificate_authorities"},
		{"trailing bytes", "01 01 0000 00", KindTrailing, decodeError, "CertificateRequest"},
	})
	//= RFC 4346 §7.4.8 type=test
	check(t, empty[CertificateVerify10], []rule{
		{"signature", "0001 aa", 0, 0, ""},
		{"as in TLS 1.2", "0804 0001 aa", KindSyntax, decodeError, "CertificateVerify.signature"},
		{"nothing", "", KindSyntax, decodeError, "CertificateVerify.signature"},
		{"trailing bytes", "0001 aa 00", KindTrailing, decodeError, "CertificateVerify"},
	})
}

// TestHello10: hellos of TLS 1.0 know no extensions, and all lengths of session ids.
func TestHello10(t *testing.T) {
	//= RFC 4346 §7.4.1.2 type=test
	//= RFC 5746 §3.3 type=test
	//= RFC 7507 §2 type=test
	start := "0301" + strings.Repeat("11", 32)
	for n := range 34 {
		id := behind(1, zeros(n))
		client, server := new(ClientHello), new(ServerHello)
		clientErr := client.Parse(unhex(start + id + "0006 002f 00ff 5600" + "02 01 00"))
		serverErr := server.Parse(unhex(start + id + "002f 00"))
		if fits := n <= 32; (clientErr == nil) != fits || (serverErr == nil) != fits {
			t.Errorf("session id of %d bytes: %v, %v", n, clientErr, serverErr)
		} else if !fits {
			continue
		}
		if client.Version != record.TLS10 || client.Suites.Len() != 3 || client.Ext.Offered() != 0 || client.OnlyNullCompression() {
			t.Errorf("%+v", client)
		}
		if err := errors.Join(client.Ext.Check(InClientHello12, 0), server.Ext.Check(InServerHello12, 0)); err != nil {
			t.Error(err)
		}
		if again := Raw(server.Append(nil)); !bytes.Equal(again.Body(), unhex(start+id+"002f 00")) {
			t.Errorf("appended: %x", []byte(again))
		}
	}
}

// TestServerExtensions12 has the rules that an answer up to TLS 1.2 can break.
func TestServerExtensions12(t *testing.T) {
	//= RFC 7627 §5.1 type=test
	//= RFC 7366 §2 type=test
	//= RFC 5746 §3.2 type=test
	//= RFC 5077 §3.2 type=test
	//= RFC 6066 §4 type=test
	//= RFC 8449 §4 type=test
	refused := func(id Ext, body string, k Kind, alert record.Alert, field string) rule {
		return rule{id.String() + " " + body, inServerHello(ext(id, body)), k, alert, strings.TrimSuffix("extension "+id.String()+"."+field, ".")}
	}
	check(t, empty[ServerHello], []rule{
		refused(ExtExtendedMasterSecret, "", 0, 0, ""),
		refused(ExtExtendedMasterSecret, "00", KindTrailing, decodeError, ""),
		refused(ExtEncryptThenMAC, "", 0, 0, ""),
		refused(ExtEncryptThenMAC, "00", KindTrailing, decodeError, ""),
		refused(ExtSessionTicket, "", 0, 0, ""),
		refused(ExtSessionTicket, "00", KindTrailing, decodeError, ""),
		refused(ExtRenegotiationInfo, "00", 0, 0, ""),
		refused(ExtRenegotiationInfo, "", KindSyntax, decodeError, "renegotiated_connection"),
		refused(ExtRenegotiationInfo, "0000", KindTrailing, decodeError, ""),
		refused(ExtMaxFragmentLength, "01", 0, 0, ""),
		refused(ExtMaxFragmentLength, "04", 0, 0, ""),
		refused(ExtMaxFragmentLength, "00", KindIllegal, illegalParameter, "max_fragment_length"),
		refused(ExtMaxFragmentLength, "05", KindIllegal, illegalParameter, "max_fragment_length"),
		refused(ExtMaxFragmentLength, "0101", KindTrailing, decodeError, ""),
		refused(ExtRecordSizeLimit, "0040", 0, 0, ""),
		refused(ExtRecordSizeLimit, "ffff", 0, 0, ""),
		refused(ExtRecordSizeLimit, "003f", KindIllegal, illegalParameter, "record_size_limit"),
		refused(ExtRecordSizeLimit, "40", KindSyntax, decodeError, "record_size_limit"),
	})
	var hello ServerHello
	const nextProtocol = Ext(13172)
	if err := hello.Parse(unhex(inServerHello(ext(nextProtocol, "")))); err != nil {
		t.Fatal(err)
	}
	wantAlert(t, hello.Ext.Check(InServerHello12, ^Set(0)), record.AlertUnsupportedExtension)
}

// TestFormOf reads the names of all suites as the RFCs do.
func TestFormOf(t *testing.T) {
	//= RFC 5246 §7.4.3 type=test
	//= RFC 4279 §2 type=test
	//= RFC 5489 §2 type=test
	for s := range suites.All() {
		exchange, _, old := strings.Cut(strings.TrimPrefix(s.Name, "TLS_"), "_WITH_")
		if !old {
			continue
		}
		for _, v := range []record.Version{record.TLS10, record.TLS11, record.TLS12} {
			var server, client KeyExchangeForm
			switch {
			case strings.Contains(exchange, "ECDH"):
				server.Share, client.Share = ECShare, ECShare
			case strings.Contains(exchange, "DH"):
				server.Share, client.Share = DHShare, DHShare
			case strings.HasPrefix(exchange, "RSA"):
				client.Share = RSAShare
			}
			server.Hint = strings.Contains(exchange, "PSK")
			client.Hint = server.Hint
			server.Signed = strings.HasSuffix(exchange, "DHE_RSA") || strings.HasSuffix(exchange, "_ECDSA")
			server.Scheme = server.Signed && v == record.TLS12
			gotServer, gotClient := FormOf(s.Kx, s.Auth, v)
			if gotServer != server || gotClient != client {
				t.Errorf("%s in %v: %+v, %+v", s.Name, v, gotServer, gotClient)
			}
			always, hinted := strings.Contains(exchange, "DH"), strings.Contains(exchange, "PSK")
			if server.Sent(false) != always || server.Sent(true) != (always || hinted) {
				t.Errorf("%s: sent %t, with a hint %t", s.Name, server.Sent(false), server.Sent(true))
			}
		}
	}
}

// TestDialect: what cannot be told, no message is made for.
func TestDialect(t *testing.T) {
	var d Dialect
	for typ, want := range map[Type]bool{TypeClientHello: true, TypeServerHello: true, TypeServerKeyExchange: false, TypeClientKeyExchange: false} {
		if got := d.New(typ) != nil; got != want {
			t.Errorf("%v without a suite: %t", typ, got)
		}
	}
	if got := string(Dump(nil, unhex("0c000001aa"), tls12)); got != "ServerKeyExchange, 5 bytes\n  body: aa\n" {
		t.Errorf("shown as %q", got)
	}
	d.Hear(&ClientHello{Version: record.TLS12})
	d.Hear(&ServerHello{Version: record.TLS11, Suite: 0xc013})
	if d.Version != record.TLS11 || d.Suite.OpenSSL != "ECDHE-RSA-AES128-SHA" {
		t.Errorf("%+v", d)
	}
	if m, ok := d.New(TypeServerKeyExchange).(*ServerKeyExchange); !ok || m.Form != (KeyExchangeForm{Share: ECShare, Signed: true}) {
		t.Errorf("%+v", m)
	}
	d.Hear(&ServerHello{Version: record.TLS12, Suite: 0x002f})
	if m := d.New(TypeServerKeyExchange); m != nil {
		t.Errorf("RSA has %+v", m)
	}
	d.Hear(&ServerHello{Version: record.TLS12, Suite: 0x0041}) // Camellia, which no row knows
	if d.Suite != nil || d.New(TypeClientKeyExchange) != nil {
		t.Errorf("%+v", d)
	}
	hello := &ServerHello{Version: record.TLS12, Suite: 0x1301}
	hello.Ext.SelectedVersion = record.TLS13
	hello.Ext.Set(ExtSupportedVersions)
	d.Hear(hello)
	if d.Version != record.TLS13 || d.New(TypeServerKeyExchange) != nil || d.New(TypeEncryptedExtensions) == nil {
		t.Errorf("%+v", d)
	}
}
