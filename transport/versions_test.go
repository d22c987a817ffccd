package transport

import (
	"testing"

	"tacet/record"
)

// early is why we refuse at once what fails in each of node's handshakes.
const early = "no handshake could end well, which is an error of the options"

func TestVersions(t *testing.T) {
	checkOptions(t, "versions", []optionRow{
		{name: "none"},
		{name: "all", o: SecureContextOptions{MinVersion: TLS10, MaxVersion: TLS13}},
		{name: "one", o: SecureContextOptions{MinVersion: TLS12, MaxVersion: TLS12}},
		{name: "1.0 at level 0", o: SecureContextOptions{MinVersion: TLS10, MaxVersion: TLS10, Ciphers: "DEFAULT@SECLEVEL=0"}},
		{name: "1.1 at level 1", o: SecureContextOptions{MinVersion: TLS10, MaxVersion: TLS11}, option: "ciphers", code: CodeNoProtocols, node: "ok", why: early},
		{name: "SSLv3", o: SecureContextOptions{MinVersion: "SSLv3"}, option: "minVersion", code: CodeVersionInvalid},
		{name: "TLSv1.0", o: SecureContextOptions{MaxVersion: "TLSv1.0"}, option: "maxVersion", code: CodeVersionInvalid},
		{name: "lower case", o: SecureContextOptions{MaxVersion: "tlsv1.3"}, option: "maxVersion", code: CodeVersionInvalid},
		{name: "both bad", o: SecureContextOptions{MinVersion: "x", MaxVersion: "y"}, option: "minVersion", code: CodeVersionInvalid},
		{name: "none between", o: SecureContextOptions{MinVersion: TLS13, MaxVersion: TLS12}, option: "maxVersion", code: CodeNoProtocols, node: "ok", why: early},
		{name: "TLS 1.3 suites alone", o: SecureContextOptions{Ciphers: "TLS_AES_128_GCM_SHA256", MinVersion: TLS12}},
		{name: "TLS 1.3 suites up to 1.2", o: SecureContextOptions{Ciphers: "TLS_AES_128_GCM_SHA256", MaxVersion: TLS12}, option: "ciphers", code: CodeNoCiphers, node: "ok", why: early},
	})
	for _, tt := range []struct {
		o        SecureContextOptions
		min, max record.Version
	}{
		{SecureContextOptions{}, record.TLS12, record.TLS13},
		{SecureContextOptions{MinVersion: TLS10}, record.TLS12, record.TLS13}, // level 1 lets nothing below be
		{SecureContextOptions{MinVersion: TLS10, Ciphers: "DEFAULT@SECLEVEL=0"}, record.TLS10, record.TLS13},
		{SecureContextOptions{MaxVersion: TLS12}, record.TLS12, record.TLS12},
		{SecureContextOptions{Ciphers: "TLS_AES_128_GCM_SHA256"}, record.TLS13, record.TLS13},
		{SecureContextOptions{SecureOptions: OpNoTLSv1_3}, record.TLS12, record.TLS12},
		{SecureContextOptions{SecureProtocol: "TLS_method", Ciphers: "ALL@SECLEVEL=0"}, record.TLS10, record.TLS13},
		{SecureContextOptions{SecureProtocol: "SSLv23_method", Ciphers: "ALL@SECLEVEL=0"}, record.TLS10, record.TLS12},
		{SecureContextOptions{SecureProtocol: "TLSv1_1_method", Ciphers: "ALL@SECLEVEL=0"}, record.TLS11, record.TLS11},
		{SecureContextOptions{SecureProtocol: "TLS_method"}, record.TLS12, record.TLS13},
		{SecureContextOptions{Defaults: &Defaults{MinVersion: TLS13}}, record.TLS13, record.TLS13},
	} {
		c, err := NewSecureContext(tt.o)
		if err != nil {
			t.Errorf("%+v: %v", tt.o, err)
			continue
		}
		if cfg := c.clientConfig(); cfg.MinVersion != tt.min || cfg.MaxVersion != tt.max {
			t.Errorf("%+v: %v to %v, want %v to %v", tt.o, cfg.MinVersion, cfg.MaxVersion, tt.min, tt.max)
		}
	}
}

func TestSecureProtocol(t *testing.T) {
	level0 := func(method string) SecureContextOptions {
		return SecureContextOptions{SecureProtocol: method, Ciphers: "DEFAULT@SECLEVEL=0"}
	}
	rows := []optionRow{
		{name: "with minVersion", o: SecureContextOptions{SecureProtocol: "nope", MinVersion: TLS12}, option: "secureProtocol", code: CodeVersionConflict},
		{name: "with maxVersion", o: SecureContextOptions{SecureProtocol: "TLS_method", MaxVersion: TLS12}, option: "secureProtocol", code: CodeVersionConflict},
		{name: "with a bad version", o: SecureContextOptions{SecureProtocol: "TLS_method", MaxVersion: "x"}, option: "secureProtocol", code: CodeVersionConflict},
		{name: "1.0 at level 1", o: SecureContextOptions{SecureProtocol: "TLSv1_method"}, option: "ciphers", code: CodeNoProtocols, node: "ok", why: early},
	}
	for _, method := range []string{"SSLv2_method", "SSLv2_client_method", "SSLv3_method", "SSLv3_server_method", "TLSv1_3_method", "nope", "TLS", "_method", "TLS_Method", "DTLS_method"} {
		rows = append(rows, optionRow{name: method, o: level0(method), option: "secureProtocol", code: CodeMethodInvalid})
	}
	for _, stem := range []string{"TLS", "SSLv23", "TLSv1", "TLSv1_1", "TLSv1_2"} {
		for _, end := range []string{"_method", "_client_method", "_server_method"} {
			rows = append(rows, optionRow{name: stem + end, o: level0(stem + end)})
		}
	}
	checkOptions(t, "secureprotocol", rows)

	for method, wrong := range map[string]role{"TLS_method": anyRole, "TLS_client_method": serverRole, "TLS_server_method": clientRole} {
		c, err := NewSecureContext(SecureContextOptions{SecureProtocol: method})
		if err != nil {
			t.Fatal(err)
		}
		client, server := c.permits(clientRole), c.permits(serverRole)
		if (client != nil) != (wrong == clientRole) || (server != nil) != (wrong == serverRole) {
			t.Errorf("%s: as a client %v, as a server %v", method, client, server)
		}
		for _, err := range []error{client, server} {
			if err != nil && CodeOf(err) != CodeNoMethod {
				t.Errorf("%s: %v", method, err)
			}
		}
	}
}

func TestSecureOptions(t *testing.T) {
	rows := []optionRow{
		{name: "all versions", o: SecureContextOptions{SecureOptions: OpNoTLSv1_2 | OpNoTLSv1_3}, option: "secureOptions", code: CodeNoProtocols, node: "ok", why: early},
		{name: "TLS 1.2 between", o: SecureContextOptions{SecureOptions: OpNoTLSv1_2, MinVersion: TLS11}, option: "secureOptions", code: CodeArgValue, node: "ok",
			why: "node's clients then offer 1.1 and its servers take 1.3 too: nobody can mean that"},
		{name: "TLS 1.2 below", o: SecureContextOptions{SecureOptions: OpNoTLSv1_2}},
		{name: "old", o: SecureContextOptions{SecureOptions: OpNoSSLv3 | OpNoTLSv1 | OpNoTLSv1_1}},
		{name: "renegotiation", o: SecureContextOptions{SecureOptions: OpNoRenegotiation | OpNoSessionResumptionOnRenegotiation}},
		{name: "others taken", o: SecureContextOptions{SecureOptions: OpNoTicket | OpCipherServerPreference | OpNoCompression | OpLegacyServerConnect | OpNoEncryptThenMAC | OpPrioritizeChaCha}},
		{name: "keys without key exchange", o: SecureContextOptions{SecureOptions: OpAllowNoDHEKex}},
		{name: "keys without key exchange, and no tickets", o: SecureContextOptions{SecureOptions: OpAllowNoDHEKex | OpNoTicket}},
		{name: "keys without key exchange, and no TLS 1.3", o: SecureContextOptions{SecureOptions: OpAllowNoDHEKex, MaxVersion: TLS12}},
		{name: "keys without key exchange, and no cipher of TLS 1.3", o: SecureContextOptions{SecureOptions: OpAllowNoDHEKex, Ciphers: "ECDHE-RSA-AES128-GCM-SHA256"}},
	}
	for _, r := range refusedOptions {
		rows = append(rows, optionRow{name: r.name, o: SecureContextOptions{SecureOptions: r.bits}, option: "secureOptions", code: CodeArgValue, node: "ok",
			why: "nothing is taken and ignored"})
	}
	checkOptions(t, "secureoptions", rows)
}
