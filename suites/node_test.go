package suites

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// nodeLists are values of node's option ciphers that show how it parts TLS 1.3 from
// the rest. Those of lists join them.
var nodeLists = []string{
	"", ":", "::", Default,
	"TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384",
	"TLS_AES_128_GCM_SHA256:TLS_AES_128_GCM_SHA256", "TLS_FOO", "TLS_AES_128_GCM_SHA256:TLS_FOO", "TLS_FOO:AES128-SHA", "!TLS_AES_128_GCM_SHA256",
	"TLS_AES_256_GCM_SHA384:!TLS_AES_256_GCM_SHA384", "TLS_aes_128_gcm_sha256", "!TLS_AES_128_GCM_SHA256:DEFAULT",
	" TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256 ", "TLS_AES_128_GCM_SHA256\t:DEFAULT", "TLS_AES_128_GCM_SHA256,TLS_AES_256_GCM_SHA384",
	"AES128-SHA TLS_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256;TLS_AES_128_GCM_SHA256",
	"ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256", "AES128-SHA", "-TLS_AES_128_GCM_SHA256:ALL",
	"TLS_AES_128_GCM_SHA256:@SECLEVEL=0", "TLS_AES_128_GCM_SHA256:DEFAULT:@SECLEVEL=0", "TLS_AES_128_GCM_SHA256:@SECLEVEL=4:ALL", "ALL:@SECLEVEL=4", "ALL:@SECLEVEL=3", "eNULL:@SECLEVEL=0", "eNULL", "aNULL:eNULL:@SECLEVEL=0", "aNULL",
	"TLS_AES_128_GCM_SHA256:!ALL", "TLS_RSA_WITH_AES_128_CBC_SHA:FOO", "TLS_AES_128_GCM_SHA256:FOO", "TLS_AES_128_GCM_SHA256:*", "ALL:@SECLEVEL=5",
	"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:DEFAULT", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:AES128-SHA",
	"TLS_RSA_WITH_AES_128_CBC_SHA:TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256", "PSK", "PSK-AES128-CBC-SHA:TLS_AES_128_GCM_SHA256",
	"TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256:TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256:AESCCM8:@SECLEVEL=0", "TLS_AES_128_CCM_SHA256:DEFAULT",
	"AESCCM:-AESCCM8", "DEFAULT:AESCCM:@SECLEVEL=4", "eNULL:aNULL:PSK:@SECLEVEL=0", "!TLS_AES_128_CCM_SHA256:AES128-SHA",
	"tls_aes_128_gcm_sha256", "TLSv1.2", "TLS_", "!TLS_", "TLS", ":TLS_AES_128_GCM_SHA256:", "AES128-SHA::AES256-SHA", "DEFAULT", ":DEFAULT", "TLS_AES_128_GCM_SHA256:DEFAULT",
}

// nodeCodes are the codes of the errors that node throws.
var nodeCodes = map[Kind]string{
	KindNoMatch: "ERR_SSL_NO_CIPHER_MATCH",
	KindCommand: "ERR_SSL_INVALID_COMMAND",
	KindEmpty:   "ERR_INVALID_ARG_VALUE",
}

// TestNode parses what node parses, over all of OpenSSL's suites, and wants the
// ClientHello that node sends.
func TestNode(t *testing.T) {
	all := preference(build(opensslRows(t)))
	for _, line := range golden(t, "node-hellos.txt", "node", func() []string { return runNode(t, "hellos.js", append(nodeLists, lists...)) }) {
		quoted, want, _ := strings.Cut(line, " => ")
		var list string
		if err := json.Unmarshal([]byte(quoted), &list); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if got := hello(all, list); got != tidy(want) {
			t.Errorf("%s over OpenSSL's rows\n got %s\nwant %s", quoted, got, want)
		}
		got := hello(table, list)
		if got == "error: "+nodeCodes[KindNoMatch] && !strings.HasPrefix(want, "error: ") {
			continue // a list of nothing but suites that are not here
		}
		if !strings.HasPrefix(want, "error: ") && want != "none" {
			want = ours(tidy(want))
		}
		if got != want {
			t.Errorf("%s over our rows\n got %s\nwant %s", quoted, got, want)
		}
	}
}

// TestNodeSuites: each row has the names and the version that node's getCipher gives
// after a handshake, and tls.getCiphers has no suite but SRP's that the table lacks.
func TestNodeSuites(t *testing.T) {
	lines := golden(t, "node-suites.txt", "node", func() []string {
		var names []string
		for s := range All() {
			names = append(names, s.OpenSSL)
		}
		return runNode(t, "suites.js", names)
	})
	_, ciphers, _ := strings.Cut(lines[0], " => ")
	for name := range strings.FieldsSeq(ciphers) {
		if ByName(name) == nil && !strings.HasPrefix(name, "srp-") {
			t.Errorf("tls.getCiphers has %s, the table has not", name)
		}
	}
	for i, s := range table {
		if want := s.OpenSSL + " => " + s.OpenSSL + " " + s.Name + " " + s.Since; lines[1+i] != want {
			t.Errorf("%s, want %s", want, lines[1+i])
		}
	}
}

// hello is what a client with a list would offer, in the words of the golden file.
func hello(suites []*Suite, list string) string {
	l, err := parse(suites, list)
	if err != nil {
		return "error: " + nodeCodes[kindOf(err)]
	}
	offer := slices.DeleteFunc(l.Suites, func(s *Suite) bool {
		return !s.Permitted(l.SecLevel) || s.Kx == kxSRP || l.Only13 && !s.TLS13()
	})
	// OpenSSL's client refuses to begin if no suite fits its highest version.
	if !slices.ContainsFunc(offer, (*Suite).TLS13) {
		return "none"
	}
	return ids(offer)
}

// tidy drops TLS_EMPTY_RENEGOTIATION_INFO_SCSV and what OpenSSL says twice.
func tidy(ids string) string {
	if strings.HasPrefix(ids, "error: ") {
		return ids
	}
	var kept []string
	for id := range strings.FieldsSeq(ids) {
		if id != "00ff" && !slices.Contains(kept, id) {
			kept = append(kept, id)
		}
	}
	return strings.Join(kept, " ")
}
