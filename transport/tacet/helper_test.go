package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tacet/handshake/cred/credtest"
)

// patience is how long a test waits for what should come at once, on however busy a machine.
const patience = 2 * time.Minute

// tacet runs the command and gives what it printed.
func tacet(t *testing.T, args ...string) string {
	t.Helper()
	out, _ := tacetWith(t, 0, "", args...)
	return out
}

// tacetWith runs the command on an input, expecting a status.
func tacetWith(t *testing.T, want int, in string, args ...string) (out, told string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var o, e bytes.Buffer
	if got := run(ctx, args, stdio{strings.NewReader(in), &o, &e}); got != want {
		t.Fatalf("tacet %s: status %d, want %d: %s", strings.Join(args, " "), got, want, &e)
	}
	if ctx.Err() != nil {
		t.Fatalf("tacet %s did not end by itself", strings.Join(args, " "))
	}
	return o.String(), e.String()
}

// serving is "tacet serve" under way.
type serving struct {
	address string
	lines   chan string // what it prints after its first line
	stop    func() int  // ends it and gives its status
}

func startServe(t *testing.T, args ...string) *serving {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	done := make(chan int, 1)
	var told bytes.Buffer
	go func() {
		done <- run(ctx, append([]string{"serve"}, args...), stdio{nil, w, &told})
		w.Close()
	}()
	s := &serving{lines: make(chan string, 64)}
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, 1<<20)
	if !scan.Scan() {
		cancel()
		t.Fatalf("tacet serve %v ended with %d: %s", args, <-done, &told)
	}
	s.address = strings.TrimPrefix(scan.Text(), "listening ")
	go func() {
		for scan.Scan() {
			s.lines <- scan.Text()
		}
		close(s.lines)
	}()
	ended, status := false, 0
	s.stop = func() int {
		if !ended {
			cancel()
			status, ended = <-done, true
		}
		return status
	}
	t.Cleanup(func() {
		if code := s.stop(); code != 0 {
			t.Errorf("tacet serve %v ended with %d: %s", args, code, &told)
		}
	})
	return s
}

// object is JSON as it was read.
type object = map[string]any

// facts is the next line that a server prints.
func (s *serving) facts(t *testing.T) object {
	t.Helper()
	select {
	case line := <-s.lines:
		return parseFacts(t, line)
	case <-time.After(patience):
		t.Fatal("no facts")
	}
	return nil
}

func parseFacts(t *testing.T, line string) object {
	t.Helper()
	var o object
	if err := json.Unmarshal([]byte(line), &o); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return o
}

// at follows keys into an object.
func at(v any, keys ...string) any {
	for _, k := range keys {
		o, ok := v.(object)
		if !ok {
			return nil
		}
		v = o[k]
	}
	return v
}

// files writes a CA and a leaf for localhost where options can name them.
func files(t *testing.T, kind credtest.Kind) (ca, cert, key string) {
	t.Helper()
	dir := t.TempDir()
	authority := credtest.CA(t)
	leaf := authority.Leaf(t, kind, "localhost", "127.0.0.1")
	der, err := x509.MarshalPKCS8PrivateKey(leaf.Key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("ca.pem", authority.PEM()), write("cert.pem", credtest.CertPEM(leaf.Chain...)), write("key.pem", keyPEM(der))
}

// peer gives the path of a program, or skips the test.
func peer(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("skip: %s is not installed", name)
	}
	return path
}

// demoPool trusts the demo's root.
func demoPool(t *testing.T) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(demoRootPEM) {
		t.Fatal("no root")
	}
	return pool
}

// dialGo connects as crypto/tls does.
func dialGo(t *testing.T, address string, config *tls.Config) (*tls.Conn, error) {
	t.Helper()
	if config.RootCAs == nil {
		config.RootCAs = demoPool(t)
	}
	c, err := tls.Dial("tcp", address, config)
	if err == nil {
		t.Cleanup(func() { c.Close() })
		err = c.SetDeadline(time.Now().Add(patience))
	}
	return c, err
}
