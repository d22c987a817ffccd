package suites

import (
	"bufio"
	"bytes"
	"crypto"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tacet/record"
)

// The files of testdata come from OpenSSL 3.0 and node 20; -update asks the
// programs installed here again.
var update = flag.Bool("update", false, "renew testdata with the openssl and node in PATH")

// every is the cipher string that selects all that OpenSSL has.
const every = "ALL:COMPLEMENTOFALL"

// every13 is all that it has for TLS 1.3, where no word means more than one suite.
const every13 = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"

// golden is a file of testdata, one record a line, lines that begin with '#' left
// out. With -update it is written from make's lines first.
func golden(t testing.TB, file, program string, make func() []string) []string {
	path := filepath.Join("testdata", file)
	if *update {
		text := "# Made by go test -update: " + version(t, program) + "\n" + strings.Join(make(), "\n") + "\n"
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return fileLines(t, file)
}

// fileLines is a file of testdata without the lines that begin with '#'.
func fileLines(t testing.TB, file string) []string {
	f, err := os.Open(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []string
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		if line := sc.Text(); !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func version(t testing.TB, program string) string {
	arg := map[string]string{"openssl": "version", "node": "--version"}[program]
	out, err := exec.Command(program, arg).Output()
	if err != nil {
		t.Fatal(err)
	}
	return program + ": " + strings.TrimSpace(string(out))
}

// openssl runs "openssl ciphers" and gives its output, or what of it tells the error.
func openssl(t testing.TB, args ...string) (out string, failed bool) {
	cmd := exec.Command("openssl", append([]string{"ciphers"}, args...)...)
	cmd.Env = append(os.Environ(), "OPENSSL_CONF="+os.DevNull)
	b, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return strings.TrimSpace(string(b)), false
	case !errors.As(err, &exit):
		t.Fatal(err)
	}
	for _, kind := range []Kind{KindNoMatch, KindCommand} {
		if strings.Contains(string(b), kind.String()) {
			return kind.String(), true
		}
	}
	t.Fatalf("openssl ciphers %q: %s", args, b)
	return "", true
}

// runNode gives a script of testdata its input as JSON, and the lines that it prints.
func runNode(t testing.TB, script string, input any) []string {
	in, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", filepath.Join("testdata", script))
	cmd.Stdin = bytes.NewReader(in)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// opensslRows are all suites of OpenSSL's as rows of our table: what the engine must
// be able to order without a change, once their lines stand in it.
func opensslRows(t testing.TB) []row {
	lines := golden(t, "openssl-suites.txt", "openssl", func() []string {
		out, _ := openssl(t, "-V", "-stdname", "-ciphersuites", every13, every+"@SECLEVEL=0")
		return strings.Split(out, "\n")
	})
	rows := make([]row, len(lines))
	for i, line := range lines {
		rows[i] = opensslRow(t, line)
	}
	return rows
}

// opensslRow reads a line such as
//
//	0xC0,0x2C - TLS_… - ECDHE-… TLSv1.2 Kx=ECDH Au=ECDSA Enc=AESGCM(256) Mac=AEAD
func opensslRow(t testing.TB, line string) row {
	f := strings.Fields(line)
	if len(f) != 10 {
		t.Fatalf("%q: %d fields", line, len(f))
	}
	since := map[string]record.Version{"SSLv3": ssl30, "TLSv1": record.TLS10, "TLSv1.2": record.TLS12, "TLSv1.3": record.TLS13}
	hash := crypto.SHA256
	if strings.HasSuffix(f[2], "SHA384") {
		hash = crypto.SHA384
	}
	return row{
		id: parseID(t, f[0]), name: f[2], openssl: f[4], since: since[f[5]], hash: hash,
		kx:   Kx(index(t, kxNames[:], strings.TrimPrefix(f[6], "Kx="))),
		auth: Auth(index(t, authNames[:], strings.TrimPrefix(f[7], "Au="))),
		bulk: bulkID(slices.IndexFunc(bulks[:], func(b bulk) bool { return "Enc="+b.name == f[8] })),
		mac:  macID(slices.IndexFunc(macs[:], func(m mac) bool { return "Mac="+m.name == f[9] })),
	}
}

func parseID(t testing.TB, s string) ID {
	n, err := strconv.ParseUint(strings.ReplaceAll(s, ",0x", ""), 0, 16)
	if err != nil {
		t.Fatal(err)
	}
	return ID(n)
}

func index(t testing.TB, names []string, name string) int {
	i := slices.Index(names, name)
	if i < 0 {
		t.Fatalf("unknown word %q", name)
	}
	return i
}

// ids writes suites as four hexadecimal digits each.
func ids(suites []*Suite) string {
	words := make([]string, len(suites))
	for i, s := range suites {
		words[i] = fmt.Sprintf("%04x", uint16(s.ID))
	}
	return strings.Join(words, " ")
}

// opensslIDs is ids of the output of "openssl ciphers -V", TLS 1.3 left out.
func opensslIDs(t testing.TB, out string) string {
	var words []string
	for line := range strings.SplitSeq(out, "\n") {
		if f := strings.Fields(line); len(f) > 0 && !strings.HasPrefix(f[0], "0x13") {
			words = append(words, fmt.Sprintf("%04x", uint16(parseID(t, f[0]))))
		}
	}
	return strings.Join(words, " ")
}

// ours keeps of ids those that the table has.
func ours(ids string) string {
	var kept []string
	for word := range strings.FieldsSeq(ids) {
		if n, _ := strconv.ParseUint(word, 16, 16); ByID(ID(n)) != nil {
			kept = append(kept, word)
		}
	}
	return strings.Join(kept, " ")
}
