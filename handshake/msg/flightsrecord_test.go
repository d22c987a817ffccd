package msg

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// materials are the files that conversations name in capitals, and how they are made.
var materials = map[string]string{
	"RSA": "openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=rsa.example -keyout FILE -out FILE.crt",
	"EC":  "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=ec.example -keyout FILE -out FILE.crt",
	"DH":  "openssl dhparam -2 -out FILE 1024",
}

// recordFlights lets OpenSSL talk to itself and writes down all that it says in clear.
func recordFlights(t *testing.T) {
	dir := t.TempDir()
	for name, line := range materials {
		file := filepath.Join(dir, name)
		run(t, strings.ReplaceAll(line, "FILE", file))
		if crt, err := os.ReadFile(file + ".crt"); err == nil {
			key, _ := os.ReadFile(file)
			os.WriteFile(file, append(key, crt...), 0o600)
		}
	}
	for _, c := range conversations {
		server := "openssl s_server -accept 127.0.0.1:0 -cipher @SECLEVEL=0:ALL:COMPLEMENTOFALL " + c.server
		client := "openssl s_client -connect PROXY " + strings.Replace(c.client, "-cipher ", "-cipher @SECLEVEL=0:", 1)
		var out strings.Builder
		fmt.Fprintf(&out, "# %s\n# %s\n# %s\n", server, client, version("openssl"))
		for _, turn := range converse(t, dir, server, client) {
			digits := fmt.Sprintf("%x", []byte(turn.raw))
			out.WriteString(map[bool]string{true: "C>", false: "S>"}[turn.client])
			for ; digits != ""; digits = digits[min(len(digits), 96):] {
				out.WriteString(" " + digits[:min(len(digits), 96)] + "\n")
			}
		}
		if err := os.WriteFile("testdata/"+c.name+".flights", []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func run(t *testing.T, line string) {
	t.Helper()
	args := strings.Fields(line)
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
}

// converse runs both with a proxy between them.
func converse(t *testing.T, dir, server, client string) []turn {
	t.Helper()
	start := func(line string) (*exec.Cmd, io.Reader) {
		args := strings.Fields(line)
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		out, err := cmd.StdoutPipe()
		if err == nil && args[1] == "s_server" { // which leaves when it has no more to read
			_, err = cmd.StdinPipe()
		}
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		return cmd, out
	}
	serving, out := start(server)
	defer serving.Wait()
	defer serving.Process.Kill()
	address := ""
	for lines := bufio.NewScanner(out); address == "" && lines.Scan(); {
		address, _ = strings.CutPrefix(lines.Text(), "ACCEPT ")
		if address == lines.Text() {
			address = ""
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	asking, said := start(strings.Replace(client, "PROXY", listener.Addr().String(), 1))
	near, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	far, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	var p proxy
	var both sync.WaitGroup
	both.Go(func() { p.carry(near, far, true) })
	both.Go(func() { p.carry(far, near, false) })
	io.Copy(io.Discard, said)
	asking.Wait()
	serving.Process.Kill()
	both.Wait()
	return p.turns
}

// proxy writes down the handshake messages that pass before change_cipher_spec.
type proxy struct {
	mu    sync.Mutex
	turns []turn
}

func (p *proxy) carry(from, to net.Conn, client bool) {
	defer to.Close()
	var r Reassembler
	for clear := true; ; {
		record := make([]byte, 5)
		if _, err := io.ReadFull(from, record); err != nil {
			return
		}
		record = append(record, make([]byte, int(record[3])<<8+int(record[4]))...)
		if _, err := io.ReadFull(from, record[5:]); err != nil {
			return
		}
		if clear = clear && record[0] == 22; clear {
			r.Add(record[5:])
			p.mu.Lock()
			for m, _ := r.Next(); m != nil; m, _ = r.Next() {
				p.turns = append(p.turns, turn{client, m})
			}
			p.mu.Unlock()
		}
		to.Write(record)
	}
}
