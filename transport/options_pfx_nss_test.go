package transport

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tacet/handshake/cred/credtest"
)

// nssFile is a file that NSS wrote, in BER.
type nssFile struct {
	kind       credtest.Kind
	cipher     string // as pk12util takes it, "" for its own choice
	passphrase string
}

// nssFiles are those of testdata/pfx-nss.txt.
var nssFiles = []nssFile{
	{credtest.P256, "", "secret"},
	{credtest.RSA2048, "", "secret"},
	{credtest.P256, "", "пароль"},
	{credtest.P256, "AES-128-CBC", "secret"},
	{credtest.P256, "DES-EDE3-CBC", "secret"},
	{credtest.P256, "PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC", "secret"},
	{credtest.RSA2048, "PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC", "secret"},
}

// export has NSS write a file.
func (f nssFile) export(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	in := filepath.Join(dir, "in.p12")
	if err := os.WriteFile(in, makePFX(t, f.kind, "-in chain.pem -name site -passout pass:secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %q: %v: %s", name, args, err, out)
		}
	}
	run("certutil", "-N", "-d", "sql:.", "--empty-password")
	run("pk12util", "-i", in, "-d", "sql:.", "-W", "secret")
	args := []string{"-o", "out.p12", "-n", "site", "-d", "sql:.", "-W", f.passphrase}
	if f.cipher != "" {
		args = append(args, "-c", f.cipher, "-C", f.cipher)
	}
	run("pk12util", args...)
	ber, err := os.ReadFile(filepath.Join(dir, "out.p12"))
	if err != nil {
		t.Fatal(err)
	}
	return ber
}

// nssOnRecord are the files of nssFiles. -update has them made anew.
func nssOnRecord(t *testing.T) (files [][]byte) {
	t.Helper()
	const file = "testdata/pfx-nss.txt"
	if *update {
		text := "# PKCS #12 files made by NSS's pk12util, each of the kind of key, by the cipher and with the passphrase that head it.\n"
		for _, f := range nssFiles {
			text += fmt.Sprintf("== %s, %q, %q\n%s", f.kind, f.cipher, f.passphrase, pem.EncodeToMemory(&pem.Block{Type: "PKCS12", Bytes: f.export(t)}))
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	rest, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for block, rest := pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
		files = append(files, block.Bytes)
	}
	if len(files) != len(nssFiles) {
		t.Fatalf("%s has %d files, not %d: renew it by -update", file, len(files), len(nssFiles))
	}
	return files
}

// TestPFXOfNSS: files in BER, with lengths that are not told before and strings in pieces, are read as
// node reads them; RC2 too, which node does not.
func TestPFXOfNSS(t *testing.T) {
	var questions []map[string]any
	files := nssOnRecord(t)
	for i, ber := range files {
		if ber[1] != 0x80 {
			t.Errorf("%+v: not of indefinite length", nssFiles[i])
		}
		questions = append(questions, nodeOptions(SecureContextOptions{PFX: []PFXObject{{ber, nssFiles[i].passphrase}}}))
	}
	for i, answer := range recorded(t, "pfx-nss", codeScript, questions) {
		f := nssFiles[i]
		var node string
		if err := json.Unmarshal(answer, &node); err != nil {
			t.Fatal(err)
		}
		if rc2 := strings.Contains(f.cipher, "RC2"); (node != "ok") != rc2 {
			t.Errorf("%+v: node says %s", f, node)
		}
		c, err := NewSecureContext(SecureContextOptions{PFX: []PFXObject{{files[i], f.passphrase}}})
		if err != nil {
			t.Errorf("%+v: %v", f, err)
			continue
		}
		chain := c.serverConfig().Credentials[0].Chain
		if own := credtest.CA(t).Intermediate(t, "between").Leaf(t, f.kind, "localhost").Chain[0]; len(chain) < 2 || !bytes.Equal(chain[0], own) {
			t.Errorf("%+v: %d certificates, or another first", f, len(chain))
		}
		if _, err := NewSecureContext(SecureContextOptions{PFX: []PFXObject{{files[i], "wrong"}}}); err == nil {
			t.Errorf("%+v: read with a wrong passphrase", f)
		}
	}
}
