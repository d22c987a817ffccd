package msg

import (
	"encoding/hex"
	commandline "flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = commandline.Bool("update", false, "record testdata/*.hello again with the programs installed here")

// clients are the command lines whose ClientHellos are in testdata; PORT is a
// port that takes a ClientHello and closes.
var clients = map[string]string{
	"openssl":        "openssl s_client -connect 127.0.0.1:PORT -servername a.example -alpn h2,http/1.1 -status",
	"openssl-tls12":  "openssl s_client -connect 127.0.0.1:PORT -tls1_2 -servername a.example",
	"openssl-seclv0": "openssl s_client -connect 127.0.0.1:PORT -tls1 -cipher DEFAULT@SECLEVEL=0 -noservername",
	"openssl-psk":    "openssl s_client -connect 127.0.0.1:PORT -psk 0123456789abcdef -psk_identity someone",
	"openssl-groups": "openssl s_client -connect 127.0.0.1:PORT -groups X448:P-521 -sigalgs ed448:RSA-PSS+SHA512 -maxfraglen 512",
	"gnutls":         "gnutls-cli --insecure --port PORT 127.0.0.1",
	"gnutls-tls12":   "gnutls-cli --insecure --priority NORMAL:-VERS-TLS1.3 --sni-hostname a.example --recordsize 1024 --port PORT 127.0.0.1",
	"gnutls-bare":    "gnutls-cli --insecure --priority NORMAL:-VERS-ALL:+VERS-TLS1.0:%NO_EXTENSIONS --port PORT 127.0.0.1",
	"curl":           "curl --connect-to a.example:443:127.0.0.1:PORT https://a.example/",
	"node":           "node -e require('tls').connect({port:PORT,servername:'a.example',ALPNProtocols:['x']}).on('error',()=>0)",
}

// TestRecordedHellos reads ClientHellos of other stacks.
func TestRecordedHellos(t *testing.T) {
	if *update {
		for name, line := range clients {
			recordHello(t, name, line)
		}
	}
	files, err := filepath.Glob("testdata/*.hello")
	if err != nil || len(files) != len(clients) {
		t.Fatalf("%d files for %d clients: %v", len(files), len(clients), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw := readHello(t, file)
			m := parsedHelloRaw(t, raw)
			in := InClientHello
			if strings.Contains(file, "tls12") || strings.Contains(file, "seclv0") || strings.Contains(file, "bare") {
				in = InClientHello12
			}
			if err := m.Ext.Check(in, 0); err != nil {
				t.Error(err)
			}
			if got := string(m.Ext.ServerName); m.Ext.Have(ExtServerName) && got != "a.example" {
				t.Errorf("server_name %q", got)
			}
			bare := strings.Contains(file, "bare")
			if m.Suites.Len() == 0 || m.Ext.SupportedGroups.Len() == 0 != bare || m.Ext.Wire == nil != bare {
				t.Errorf("%+v", m)
			}
			if m.Ext.Unknown == 0 && len(m.Append(nil)) != len(raw) {
				t.Errorf("appended has %d bytes, want %d", len(m.Append(nil)), len(raw))
			}
			for n := range raw.Body() {
				if new(ClientHello).Parse(raw.Body()[:n]) == nil && !endsBeforeExtensions(raw.Body(), n) {
					t.Errorf("accepted when cut to %d of %d bytes", n, len(raw.Body()))
				}
			}
		})
	}
}

func endsBeforeExtensions(body []byte, n int) bool {
	_, ok := lengths(clientHelloGrammar[:4], body[:n])
	return ok
}

func readHello(t testing.TB, file string) Raw {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var digits strings.Builder
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			digits.WriteString(strings.TrimSpace(line))
		}
	}
	return Raw(unhex(digits.String()))
}

// recordHello runs a client against a port and keeps the first handshake message.
func recordHello(t *testing.T, name, line string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	args := strings.Fields(strings.ReplaceAll(line, "PORT", port))
	client := exec.Command(args[0], args[1:]...)
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	listener.(*net.TCPListener).SetDeadline(time.Now().Add(10 * time.Second))
	conn, err := listener.Accept()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var header [5]byte
	io.ReadFull(conn, header[:])
	message := make([]byte, int(header[3])<<8+int(header[4]))
	if _, err := io.ReadFull(conn, message); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	conn.Close()
	client.Wait()

	var out strings.Builder
	fmt.Fprintf(&out, "# ClientHello of: %s\n# %s\n", line, version(args[0]))
	for digits := hex.EncodeToString(message); digits != ""; {
		n := min(len(digits), 64)
		out.WriteString(digits[:n] + "\n")
		digits = digits[n:]
	}
	if err := os.WriteFile("testdata/"+name+".hello", []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func version(program string) string {
	option := map[string]string{"openssl": "version"}[program]
	if option == "" {
		option = "--version"
	}
	out, _ := exec.Command(program, option).Output()
	first, _, _ := strings.Cut(string(out), "\n")
	return first
}
