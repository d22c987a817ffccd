package transport

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// members are those of node's page, by its sections, in the order of the table. Errors
// have no section there.
var members = [...]struct{ section, names string }{
	{"Functions", "checkServerIdentity connect createSecureContext createServer getCiphers createSecurePair"},
	{"Type aliases", "SecureVersion"},
	{"Variables", "CLIENT_RENEG_LIMIT CLIENT_RENEG_WINDOW DEFAULT_CIPHERS DEFAULT_ECDH_CURVE DEFAULT_MAX_VERSION DEFAULT_MIN_VERSION rootCertificates"},
	{"Server", "Server addContext setSecureContext getTicketKeys setTicketKeys " +
		"event:tlsClientError event:newSession event:OCSPRequest event:resumeSession event:secureConnection event:keylog " +
		"addListener on once prependListener prependOnceListener emit"},
	{"TLSSocket", "TLSSocket alpnProtocol authorizationError authorized encrypted disableRenegotiation enableTrace exportKeyingMaterial " +
		"getCertificate getCipher getEphemeralKeyInfo getFinished getPeerCertificate getPeerFinished getPeerX509Certificate getProtocol getSession " +
		"getSharedSigalgs getTLSTicket getX509Certificate isSessionReused renegotiate setMaxSendFragment " +
		"event:OCSPResponse event:secureConnect event:session event:keylog addListener on once prependListener prependOnceListener emit"},
	{"Certificate", "C ST L O OU CN"},
	{"CommonConnectionOptions", "secureContext enableTrace requestCert ALPNProtocols SNICallback rejectUnauthorized"},
	{"ConnectionOptions", "host port path socket checkServerIdentity servername session minDHSize lookup timeout pskCallback"},
	{"EphemeralKeyInfo", "type name size"},
	{"KeyObject", "pem passphrase"},
	{"PeerCertificate", "ca raw subject issuer valid_from valid_to serialNumber fingerprint fingerprint256 fingerprint512 ext_key_usage " +
		"subjectaltname infoAccess bits exponent modulus pubkey asn1Curve nistCurve issuerCertificate"},
	{"PxfObject", "buf passphrase"},
	{"SecureContextOptions", "ALPNCallback allowPartialTrustChain ca cert sigalgs ciphers clientCertEngine crl dhparam ecdhCurve honorCipherOrder key " +
		"privateKeyEngine privateKeyIdentifier maxVersion minVersion passphrase pfx secureOptions secureProtocol sessionIdContext ticketKeys sessionTimeout"},
	{"TlsOptions", "handshakeTimeout sessionTimeout ticketKeys pskIdentityHint pskCallback"},
	{"TLSSocketOptions", "isServer server session requestOCSP"},
	{"Errors", "error.code error.reason"},
}

// parityRow is a member of node's, as testdata/parity.txt has it.
type parityRow struct {
	section, member string
	names, tests    []string // nil: left out by decision
	notes           string
}

func parityRows(t *testing.T) (rows []parityRow) {
	t.Helper()
	text, err := os.ReadFile("testdata/parity.txt")
	if err != nil {
		t.Fatal(err)
	}
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "## "); ok {
			section = name
			continue
		} else if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line+" ", "|")
		const fields = 4
		if len(f) != fields {
			t.Fatalf("testdata/parity.txt: %q has %d fields", line, len(f))
		}
		row := parityRow{section, strings.TrimSpace(f[0]), strings.Fields(f[1]), strings.Fields(f[2]), strings.TrimSpace(f[3])}
		if slices.Equal(row.names, []string{"-"}) {
			row.names = nil
		}
		if left := row.names == nil; left && row.notes == "" || left == (len(row.tests) > 0) {
			t.Errorf("testdata/parity.txt: %q needs a test, or a reason why it is left out", line)
		}
		rows = append(rows, row)
	}
	return rows
}

// declared are the exported names of this package: those of its declarations, and with their type
// before them those of methods and fields.
func declared(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, f := range parsed(t, ".", false) {
		for _, d := range f.Decls {
			declare(names, d)
		}
	}
	return names
}

func declare(names map[string]bool, d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil {
			typ := d.Recv.List[0].Type
			if star, ok := typ.(*ast.StarExpr); ok {
				typ = star.X
			}
			name = fmt.Sprint(typ) + "." + name
		}
		names[name] = true
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			declareSpec(names, spec)
		}
	}
}

func declareSpec(names map[string]bool, spec ast.Spec) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, n := range spec.Names {
			names[n.Name] = true
		}
	case *ast.TypeSpec:
		names[spec.Name.Name] = true
		if s, ok := spec.Type.(*ast.StructType); ok {
			for _, field := range s.Fields.List {
				for _, n := range field.Names {
					names[spec.Name.Name+"."+n.Name] = true
				}
			}
		}
	}
}

func parsed(t *testing.T, folder string, tests bool) (list []*ast.File) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(folder, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") != tests {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	return list
}

// testFolders are where tests are that rows name, by what stands before their names.
var testFolders = map[string]string{
	"": ".", "peers.": "peers", "tacet.": "tacet", "cred.": "../handshake/cred", "handshake.": "../handshake", "actor.": "../actor",
}

// testNames are the tests that there are.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for prefix, folder := range testFolders {
		for _, f := range parsed(t, folder, true) {
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
					names[prefix+fn.Name.Name] = true
				}
			}
		}
	}
	return names
}

// TestParity: PARITY.md has a row of every member on node's page, and says of each what
// there is of it now. With -update it is written anew.
func TestParity(t *testing.T) {
	rows := parityRows(t)
	i := 0
	for _, m := range members {
		for name := range strings.FieldsSeq(m.names) {
			name = strings.Replace(name, ":", " ", 1)
			if i == len(rows) || rows[i].section != m.section || rows[i].member != name {
				t.Fatalf("testdata/parity.txt: row %d is not %s's %s", i+1, m.section, name)
			}
			i++
		}
	}
	if i != len(rows) {
		t.Fatalf("testdata/parity.txt: %s's %s is not on node's page", rows[i].section, rows[i].member)
	}
	want := parityPage(rows, declared(t), testNames(t))
	if *update {
		if err := os.WriteFile("PARITY.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("PARITY.md")
	if err != nil {
		t.Fatal(err)
	}
	a, b := strings.Split(string(have), "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("PARITY.md is stale: %q ought to be %q. Run go test -run TestParity -update", a[i], b[i])
		}
	}
	if len(a) != len(b) {
		t.Fatal("PARITY.md is stale. Run go test -run TestParity -update")
	}
}

// parityPage writes the table, and counts.
func parityPage(rows []parityRow, names, tests map[string]bool) string {
	var b strings.Builder
	var shown, built, open, left int
	section := ""
	for _, r := range rows {
		if r.section != section {
			section = r.section
			fmt.Fprintf(&b, "\n## %s\n\n| node | Go | shown by | notes |\n|---|---|---|---|\n", section)
		}
		goNames, all := nameList(r.names, names)
		testList, some := testList(r.tests, tests)
		switch {
		case r.names == nil:
			left++
			goNames, testList = "left out", ""
		case all && some:
			shown++
		case all:
			built++
		default:
			open++
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.member, goNames, testList, r.notes)
	}
	head := fmt.Sprintf(`# node:tls, member by member

Made by TestParity of testdata/parity.txt and of what this package declares: "not
yet" are names that it does not have. The tests compare with node 20: live where it
is installed, and with its answers on record elsewhere. Of %d members

- %d are built and shown by a test,
- %d are declared and shown by none yet,
- %d are not built yet, or not in full,
- %d are left out by decision.
`, len(rows), shown, built, open, left)
	return head + b.String()
}

// nameList writes names, and whether all of them exist.
func nameList(list []string, have map[string]bool) (string, bool) {
	all := true
	var parts []string
	for _, n := range list {
		text := "`" + n + "`"
		if !have[n] {
			text, all = "not yet: "+text, false
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", "), all
}

// testList writes those tests that exist, and whether there is one.
func testList(list []string, have map[string]bool) (string, bool) {
	var parts []string
	for _, n := range list {
		if have[n] {
			parts = append(parts, "`"+n+"`")
		}
	}
	if parts == nil {
		return "no test yet", false
	}
	return strings.Join(parts, ", "), true
}
