package transport

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"tacet/handshake/cred/credtest"
)

// pfxWays are arguments of openssl pkcs12 -export, each for a file of a P-256 key. leaf.pem
// has the certificate, chain.pem it and its issuers, others.pem the issuers alone.
var pfxWays = []string{
	"-in chain.pem -passout pass:secret",
	"-in leaf.pem -passout pass:secret",
	"-in leaf.pem -certfile others.pem -passout pass:secret -name site -caname issuer -caname root",
	"-in reversed.pem -passout pass:secret",
	"-in chain.pem -passout pass:secret -name жук -CSP CSP -LMK -keyex",
	"-in chain.pem -passout pass:",
	"-in chain.pem -passout pass:пароль𝄞",
	"-in chain.pem -passout pass:secret -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1",
	"-in chain.pem -passout pass: -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1",
	"-in chain.pem -passout pass:пароль𝄞 -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1",
	"-in chain.pem -passout pass:secret -keypbe PBE-SHA1-2DES -certpbe PBE-SHA1-2DES",
	"-in chain.pem -passout pass:secret -legacy",
	"-in chain.pem -passout pass:secret -legacy -keypbe PBE-SHA1-RC2-40 -certpbe PBE-SHA1-RC2-128",
	"-in chain.pem -passout pass:secret -legacy -keypbe PBE-SHA1-RC4-128",
	"-in chain.pem -passout pass:secret -keypbe AES-128-CBC -certpbe AES-192-CBC",
	"-in chain.pem -passout pass:secret -keypbe DES-EDE3-CBC -certpbe DES-EDE3-CBC",
	"-in chain.pem -passout pass:secret -keypbe CAMELLIA-256-CBC",
	"-in chain.pem -passout pass:secret -keypbe NONE",
	"-in chain.pem -passout pass:secret -certpbe NONE",
	"-in chain.pem -passout pass:secret -keypbe NONE -certpbe NONE",
	"-in chain.pem -passout pass: -keypbe NONE -certpbe NONE -nomac",
	"-in chain.pem -passout pass:secret -nomac",
	"-in chain.pem -passout pass:secret -macalg sha1",
	"-in chain.pem -passout pass:secret -macalg sha224",
	"-in chain.pem -passout pass:secret -macalg sha384",
	"-in chain.pem -passout pass:secret -macalg sha512",
	"-in chain.pem -passout pass:secret -macalg sha3-256",
	"-in chain.pem -passout pass:secret -noiter -nomaciter",
	"-in chain.pem -passout pass:secret -iter 100000",
	"-in chain.pem -passout pass:secret -nokeys",
	"-in leaf.pem -passout pass:secret -nocerts",
}

// pfxFiles are the files of testdata/pfx.txt by what each is made of: a kind of key, and
// arguments of pfxWays. -update makes them anew.
func pfxFiles(t *testing.T) map[string][]byte {
	t.Helper()
	const file = "testdata/pfx.txt"
	if *update {
		text := "# PKCS #12 files made by openssl pkcs12 -export, each of the kind of key and by the arguments that head it.\n"
		for k := range credtest.Kinds() {
			ways := pfxWays[:1]
			if k == credtest.P256 {
				ways = pfxWays
			} else {
				ways = append(slices.Clip(ways), "-in chain.pem -passout pass:secret -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1", "-in chain.pem -passout pass: -keypbe NONE -certpbe NONE -nomac")
			}
			for _, way := range ways {
				text += fmt.Sprintf("== %s %s\n%s", k, way, pem.EncodeToMemory(&pem.Block{Type: "PKCS12", Bytes: makePFX(t, k, way)}))
			}
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, part := range strings.Split(string(text), "\n== ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		block, _ := pem.Decode([]byte(body))
		files[name] = block.Bytes
	}
	return files
}

func makePFX(t *testing.T, k credtest.Kind, way string) []byte {
	t.Helper()
	dir := t.TempDir()
	between := credtest.CA(t).Intermediate(t, "between")
	leaf := credtest.CertPEM(between.Leaf(t, k, "localhost").Chain[0])
	others := slices.Concat(between.PEM(), credtest.CA(t).PEM())
	for name, text := range map[string][]byte{
		"key.pem": credtest.KeyPEM(t, k), "leaf.pem": leaf, "others.pem": others, "chain.pem": slices.Concat(leaf, others), "reversed.pem": slices.Concat(others, leaf),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := append([]string{"pkcs12", "-export", "-out", "file.p12", "-inkey", "key.pem"}, strings.Fields(way)...)
	cmd := exec.Command("openssl", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl %q: %v: %s", args, err, out)
	}
	der, err := os.ReadFile(filepath.Join(dir, "file.p12"))
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// pfxDifferences are what we say of files where node says other, by the arguments that made them.
var pfxDifferences = map[string]struct{ code, why string }{
	"-in chain.pem -passout pass:secret -legacy":                                                   {"ok", "RC2: it is a file of the user's own"},
	"-in chain.pem -passout pass:secret -legacy -keypbe PBE-SHA1-RC2-40 -certpbe PBE-SHA1-RC2-128": {"ok", "RC2 again"},
	"-in chain.pem -passout pass:secret -keypbe CAMELLIA-256-CBC":                                  {string(CodeUnsupported), "there is no Camellia"},
	"-in chain.pem -passout pass:secret -macalg sha3-256":                                          {string(CodeUnsupported), "nobody uses SHA-3 there"},
}

type pfxRow struct {
	way        string
	kind       credtest.Kind
	der        []byte
	passphrase string
}

// pfxRows are the files, each with its passphrase; those of P-256 with a wrong one and none too.
func pfxRows(t *testing.T) []pfxRow {
	var rows []pfxRow
	files := pfxFiles(t)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		kind, way, _ := strings.Cut(name, " ")
		_, after, _ := strings.Cut(way, "pass:")
		right, _, _ := strings.Cut(after, " ")
		passphrases := []string{right}
		if kind == string(credtest.P256) {
			passphrases = slices.Compact([]string{right, "", "wrong"})
		}
		for _, passphrase := range passphrases {
			rows = append(rows, pfxRow{way, credtest.Kind(kind), files[name], passphrase})
		}
	}
	const plain = " -in chain.pem -passout pass: -keypbe NONE -certpbe NONE -nomac"
	a, b := files["p256"+plain], files["ed25519"+plain]
	return append(rows, pfxRow{"P-256 and Ed25519", credtest.P256, joinPFX(t, a, b), ""}, pfxRow{"Ed25519 and P-256", credtest.Ed25519, joinPFX(t, b, a), ""},
		pfxRow{"twice the same", credtest.P256, joinPFX(t, a, a), ""}, pfxRow{"a passphrase that none asks for", credtest.P256, joinPFX(t, a), "secret"})
}

// TestPFXFiles: files of every kind of key, and sealed in every way that openssl has, are
// read where node reads them; the certificate of the key comes first in the chain.
func TestPFXFiles(t *testing.T) {
	rows := pfxRows(t)
	var questions []map[string]any
	for _, r := range rows {
		questions = append(questions, nodeOptions(SecureContextOptions{PFX: []PFXObject{{r.der, r.passphrase}}}))
	}
	differ := 0
	for i, answer := range recorded(t, "pfx-files", codeScript, questions) {
		r := rows[i]
		c, err := NewSecureContext(SecureContextOptions{PFX: []PFXObject{{r.der, r.passphrase}}})
		said := "ok"
		var e *Error
		if errors.As(err, &e) {
			said = string(cmp.Or(e.Code, "?"))
		}
		var want string
		if err := json.Unmarshal(answer, &want); err != nil {
			t.Fatal(err)
		}
		if d, ok := pfxDifferences[r.way]; ok && said != want {
			differ, want = differ+1, d.code
		}
		if said != want {
			t.Errorf("%s, %s, passphrase %q: %s (%v), want %s", r.kind, r.way, r.passphrase, said, err, want)
		}
		if err == nil {
			chain := c.serverConfig().Credentials[0].Chain
			if own := credtest.CA(t).Intermediate(t, "between").Leaf(t, r.kind, "localhost").Chain[0]; !bytes.Equal(chain[0], own) {
				t.Errorf("%s, %s: another certificate than that of its key comes first", r.kind, r.way)
			}
		}
	}
	if differ < len(pfxDifferences) {
		t.Errorf("of %d differences %d were met", len(pfxDifferences), differ)
	}
}

// joinPFX is a file without a MAC of all that is in two such.
func joinPFX(t *testing.T, files ...[]byte) []byte {
	t.Helper()
	const data = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
	tag := asn1.Tag(0).ContextSpecific().Constructed()
	var all []byte
	for _, der := range files {
		in := cryptobyte.String(der)
		var pfx, safe, content, octets, contents cryptobyte.String
		if !in.ReadASN1(&pfx, asn1.SEQUENCE) || !pfx.SkipASN1(asn1.INTEGER) || !pfx.ReadASN1(&safe, asn1.SEQUENCE) || !safe.SkipASN1(asn1.OBJECT_IDENTIFIER) ||
			!safe.ReadASN1(&content, tag) || !content.ReadASN1(&octets, asn1.OCTET_STRING) || !octets.ReadASN1(&contents, asn1.SEQUENCE) {
			t.Fatal("a file that cannot be taken apart")
		}
		all = append(all, contents...)
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(3)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes([]byte(data))
			b.AddASN1(tag, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.OCTET_STRING, func(b *cryptobyte.Builder) {
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(all) })
				})
			})
		})
	})
	return b.BytesOrPanic()
}
