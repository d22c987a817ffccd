package transport

import "testing"

// list makes rows of one option's values: an error of code "?" has none in node.
func listRows(option string, set func(*SecureContextOptions, string), values map[Code][]string) []optionRow {
	var rows []optionRow
	for _, code := range []Code{"", "?", CodeArgValue, CodeNoCipherMatch, CodeInvalidCommand, CodeOperationFailed} {
		for _, v := range values[code] {
			r := optionRow{name: v, option: option, code: code}
			set(&r.o, v)
			switch code {
			case "":
				r.option = ""
			case "?":
				r.code = ""
			}
			rows = append(rows, r)
		}
	}
	return rows
}

func TestCipherLists(t *testing.T) {
	checkOptions(t, "cipherlists", listRows("ciphers", func(o *SecureContextOptions, v string) { o.Ciphers = v }, map[Code][]string{
		"": {
			"DEFAULT", "ALL", "HIGH:!aNULL", "ECDHE-RSA-AES128-GCM-SHA256", "AES128-SHA:nope", "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256:AES128-SHA",
			"TLS_AES_128_GCM_SHA256:DEFAULT:@SECLEVEL=0", "DEFAULT@SECLEVEL=0", "ECDHE+AESGCM", "AES128-SHA,AES256-SHA", "AES128-SHA AES256-SHA", "AES128-SHA;AES256-SHA",
			"kRSA:@STRENGTH", "SUITEB128", "SUITEB192", "PSK", "PSK-AES128-CBC-SHA", "eNULL:@SECLEVEL=0", "TLS_AES_128_CCM_8_SHA256", "::AES128-SHA:",
			"DEFAULT:-ALL:AES128-SHA", "AES256-SHA:+AES256-SHA", "kRSA+AES", "TLS_AES_256_GCM_SHA384 ", "ADH:@SECLEVEL=0", "TLS_RSA_WITH_AES_128_CBC_SHA:nope",
		},
		CodeNoCipherMatch: {
			"nope", "aes128-sha", "TLS_NOPE", "TLS_AES_128_GCM_SHA256:@SECLEVEL=0", "@SECLEVEL=0", "!ALL", "DEFAULT:!ALL", "AES128-SHA:!TLS_X",
			"TLS_AES_128_GCM_SHA256:nope", "DES-CBC3-SHA", "SSLv2", "AES128-SHA:-AES128-SHA", "default",
		},
		CodeInvalidCommand: {"AES128-SHA:@SECLEVEL=9", "AES128-SHA:@NOPE", "AES128-SHA:@SECLEVEL=", "AES128-SHA:@SECLEVEL=-1", "AES128-SHA:/"},
		CodeArgValue:       {":", "::"},
	}))
}

func TestSigAlgs(t *testing.T) {
	checkOptions(t, "sigalgs", listRows("sigalgs", func(o *SecureContextOptions, v string) { o.SigAlgs = v }, map[Code][]string{
		"": {
			"RSA+SHA256", "RSA-PSS+SHA256", "PSS+SHA256", "ECDSA+SHA384", "RSA+SHA256:ECDSA+SHA256", "rsa_pss_rsae_sha256", "rsa_pss_pss_sha512",
			"ecdsa_secp256r1_sha256", "ed25519", "ed448", "rsa_pkcs1_sha256", "ed25519:RSA+SHA512", "RSA+sha256", "SHA256+RSA",
		},
		"?": {
			"nope", "RSA", "SHA256", "RSA+", "+SHA256", "RSA+NOPE", "RSA+SHA256:nope", "RSA+SHA256:RSA+SHA256", "RSA+SHA256:rsa_pkcs1_sha256", ":", "RSA+SHA256:",
			":RSA+SHA256", "RSA+SHA256,ECDSA+SHA256", "rsa+SHA256", "Ed25519", "ED25519", "RSA_PSS_RSAE_SHA256", "ecdsa+sha256", "RSA+SHA256+X",
		},
	}))
}

func TestECDHCurve(t *testing.T) {
	checkOptions(t, "ecdhcurves", listRows("ecdhCurve", func(o *SecureContextOptions, v string) { o.ECDHCurve = v }, map[Code][]string{
		"":                  {"auto", "P-256", "prime256v1", "secp384r1:X25519", "X25519 : P-521", "X448", "x25519", "ffdhe2048", "ffdhe3072:X25519"},
		CodeOperationFailed: {"nope", "P-256:nope", "p-256", "auto:P-256", "P-256:P-256", "P-256:prime256v1", ":", "P-256:", " ", "AUTO"},
	}))
}

func TestDHParam(t *testing.T) {
	checkOptions(t, "dhparams", []optionRow{
		{name: "auto", o: SecureContextOptions{DHParam: "auto"}},
		{name: "1024 bits", o: SecureContextOptions{DHParam: dhParams(t, 1024)}},
		{name: "1536 bits", o: SecureContextOptions{DHParam: dhParams(t, 1536)}},
		{name: "after a comment", o: SecureContextOptions{DHParam: "a comment\n" + dhParams(t, 1536)}},
		{name: "768 bits", o: SecureContextOptions{DHParam: dhParams(t, 768)}, option: "dhparam", code: CodeArgValue},
		{name: "512 bits", o: SecureContextOptions{DHParam: dhParams(t, 512)}, option: "dhparam", code: CodeArgValue},
		{name: "1024 bits at level 2", o: SecureContextOptions{DHParam: dhParams(t, 1024), Ciphers: "DEFAULT@SECLEVEL=2"}, option: "dhparam", code: CodeOperationFailed},
		{name: "rubbish", o: SecureContextOptions{DHParam: "rubbish"}, option: "dhparam", code: CodeArgValue, node: "ok", why: "nothing is taken and ignored"},
	})
}

func TestEngines(t *testing.T) {
	const why = "there are no engines: this is the code of a node that is built without them"
	checkOptions(t, "engines", []optionRow{
		{name: "clientCertEngine", o: SecureContextOptions{ClientCertEngine: "nope"}, option: "clientCertEngine", code: CodeNoEngines, node: "?", why: why},
		{name: "key of an engine", o: SecureContextOptions{PrivateKeyEngine: "nope", PrivateKeyIdentifier: "k"}, option: "privateKeyEngine", code: CodeNoEngines, node: "?", why: why},
		{name: "identifier alone", o: SecureContextOptions{PrivateKeyIdentifier: "k"}, option: "privateKeyEngine", code: CodeArgValue},
		{name: "engine alone", o: SecureContextOptions{PrivateKeyEngine: "nope"}, option: "privateKeyIdentifier", code: CodeArgValue, node: "ok", why: "nothing is taken and ignored"},
	})
}
