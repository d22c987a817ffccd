package transport

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"tacet/handshake/cred/credtest"
)

// limitRow is a server whose client renegotiates again and again.
type limitRow struct {
	name     string
	disables bool // DisableRenegotiation
	options  SecureOptions
	old      bool // TLS 1.0
	asks     int  // how often the client does

	renewed int    // how often it is granted
	code    Code   // of the server's error
	told    string // what our server tells the client by it
}

var limitRows = []limitRow{
	{name: "as often as one may", asks: 3, renewed: 3},
	{name: "once too often", asks: 4, renewed: 3, code: CodeSessionAttack, told: "SSL alert number 100"},
	{name: "once too often in TLS 1.0", old: true, asks: 4, renewed: 3, code: CodeSessionAttack, told: "SSL alert number 100"},
	{name: "disabled", disables: true, asks: 1, code: CodeRenegotiationOff, told: "SSL alert number 100"},
	// s_client takes the warning for the end, and says so.
	{name: "refused", options: OpNoRenegotiation, asks: 1, code: "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", told: "no renegotiation"},
}

// TestLiveRenegotiationLimit: a client of OpenSSL's that renegotiates is stopped where a
// server of node's stops it that ends what it is warned of, and both say the same.
func TestLiveRenegotiationLimit(t *testing.T) {
	openssl, node := findOpenSSL(t), startNode(t)
	o := leafOf(t, credtest.CA(t), credtest.P256, serverName)
	for _, row := range limitRows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := &liveRow{name: row.name, byClient: true, disables: row.disables}
			r.server.SecureContextOptions = o
			r.server.SecureOptions, r.server.MaxVersion = row.options, TLS12
			args := []string{"-tls1_2"}
			if row.old {
				r.server.MinVersion, r.server.MaxVersion, r.server.Ciphers = TLS10, TLS10, "DEFAULT:@SECLEVEL=0"
				args = []string{"-tls1", "-cipher", r.server.Ciphers}
			}
			said := map[string]*report{}
			for name, p := range map[string]party{"our server": ours{}, "node's server": node} {
				port, next := p.serve(t, r)
				renewed, screen := renewOften(t, openssl, port, row.asks, args)
				said[name] = next()
				if code := said[name].Error; renewed != row.renewed || code != row.code {
					t.Errorf("%s grants %d and says %q, not %d and %q\n%s", name, renewed, code, row.renewed, row.code, screen)
				}
				if name == "our server" && !strings.Contains(screen, row.told) {
					t.Errorf("the client is not told %q:\n%s", row.told, screen)
				}
			}
			r.compare(t, ourServer, said["our server"], said["node's server"])
		})
	}
}

// findOpenSSL finds the command openssl; without it the test is skipped, and fails with CI=true.
func findOpenSSL(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("openssl")
	switch {
	case err != nil && os.Getenv("CI") == "true":
		t.Fatal("openssl is not installed")
	case err != nil:
		t.Skip("SKIPPED: openssl is not installed")
	}
	return path
}

// renewOften has s_client ask for so many renegotiations, each after the one before, and
// tells how many there were, and what was on the screen after the first handshake.
func renewOften(t *testing.T, openssl string, port, times int, args []string) (renewed int, screen string) {
	t.Helper()
	args = append([]string{"s_client", "-msg", "-connect", fmt.Sprintf("127.0.0.1:%d", port)}, args...)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, openssl, args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines, shown := bufio.NewScanner(out), strings.Builder{}
	reach := func(pattern string) bool {
		for re := regexp.MustCompile(pattern); lines.Scan(); {
			if shown.WriteString(lines.Text() + "\n"); re.MatchString(lines.Text()) {
				return true
			}
		}
		return false
	}
	if !reach("Verify return code") || !reach("^ +17 03") { // the record of what the server says first
		t.Fatalf("no connection:\n%s", &shown)
	}
	shown.Reset()
	for range times {
		_, _ = fmt.Fprintln(in, "R") // it wants it alone, and may have ended
		if !reach("RENEGOTIATING$") || !reach("<<< TLS .*, Finished$") {
			break
		}
		renewed++
	}
	_ = in.Close()
	for lines.Scan() {
		shown.WriteString(lines.Text() + "\n")
	}
	_ = cmd.Wait()
	return renewed, shown.String()
}
