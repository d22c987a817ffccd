package vectors

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/record"
)

// TestOpenSSL lets OpenSSL talk to the engines of the conversations that crypto/tls
// cannot have.
func TestOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	for _, name := range recorded(t) {
		s, err := openScript(name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Play(t, s, openScript)
		if err != nil {
			t.Fatal(err)
		}
		if s.Resume != "" || !foreign(s, r) {
			continue
		}
		for _, client := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/client=%t", name, client), func(t *testing.T) {
				if err := acceptedByOpenSSL(t, s, r, client); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// opensslArgs are what s_client and s_server need for a conversation.
func opensslArgs(s *Script, r *Result) []string {
	c := r.Server.Engine.State()
	args := []string{
		map[record.Version]string{record.TLS10: "-tls1", record.TLS11: "-tls1_1", record.TLS12: "-tls1_2", record.TLS13: "-tls1_3"}[c.Version], "-quiet",
	}
	if c.Version >= record.TLS13 {
		args = append(args, "-ciphersuites", c.Suite.OpenSSL)
	} else {
		args = append(args, "-cipher", c.Suite.OpenSSL+":@SECLEVEL=0")
	}
	if strings.Contains(s.Server["modes"], "psk_ke") {
		args = append(args, "-allow_no_dhe_kex")
	}
	if identity, key, ok := strings.Cut(s.Server["psk"], ":"); ok {
		args = append(args, "-psk_identity", identity, "-psk", hex.EncodeToString([]byte(key)))
	}
	return args
}

// acceptedByOpenSSL runs a handshake of one of the script's engines with OpenSSL.
// A client's first flight must be the recorded one; of a server's client, data must come.
func acceptedByOpenSSL(t *testing.T, s *Script, r *Result, client bool) error {
	c, srv, err := s.Engines(t)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var side *Side
	var conn net.Conn
	if client {
		side = &Side{Engine: c, client: true, psk: s.Client["psk"]}
		conn, err = dialServer(t, ctx, append(opensslArgs(s, r), serverFiles(t, s)...))
	} else {
		side = &Side{Engine: srv, psk: s.Server["psk"], store: map[string]*session.Session{}}
		conn, err = acceptClient(t, ctx, opensslArgs(s, r))
	}
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	first, err := side.converse(conn)
	if err == nil && client && !bytes.Equal(first, r.Flows[0].Bytes) {
		err = errors.New("flow 1 is not as recorded")
	}
	return err
}

// converse goes on until a client's handshake is over, or a server got data.
func (s *Side) converse(conn net.Conn) (first []byte, err error) {
	for buf := make([]byte, 1<<16); ; {
		for more := true; more; {
			n, ev := s.Engine.Step(credtest.Now, s.in)
			s.in = s.in[n:]
			switch s.note(ev); ev.Kind {
			case handshake.QueryPending:
				if err := s.answer(); err != nil {
					return first, err
				}
			case handshake.Failed:
				return first, s.Engine.Err()
			case handshake.NeedInput, handshake.PeerClosed:
				more = false
			}
		}
		out := s.Engine.AppendOut(nil)
		if first == nil {
			first = out
		}
		if len(out) > 0 { // a client that has said hello may be gone
			if _, err := conn.Write(out); err != nil {
				return first, err
			}
		}
		if s.client && s.Engine.Secure() || bytes.HasSuffix(s.Data, []byte("hello\n")) {
			return first, nil
		}
		n, err := conn.Read(buf)
		if s.in = append(s.in, buf[:n]...); err != nil {
			return first, err
		}
	}
}

// serverFiles are the certificate and group of s_server.
func serverFiles(t *testing.T, s *Script) []string {
	kind := credtest.P256
	if k := s.Server["cert"]; k != "" {
		kind = credtest.Kind(k)
	}
	file := func(name string, text []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	leaf := credtest.CA(t).Leaf(t, kind, DefaultName)
	return []string{"-cert", file("cert", credtest.CertPEM(leaf.Chain...)), "-key", file("key", credtest.KeyPEM(t, kind))}
}

// dialServer starts s_server and connects to it.
func dialServer(t *testing.T, ctx context.Context, args []string) (net.Conn, error) {
	for i, a := range args { // the port that it chose is told among the rest
		if a == "-quiet" {
			args = append(args[:i:i], args[i+1:]...)
			break
		}
	}
	cmd := exec.CommandContext(ctx, "openssl", append([]string{"s_server", "-accept", "127.0.0.1:0"}, args...)...)
	if _, err := cmd.StdinPipe(); err != nil { // open, or it would stop
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it serves for ever
		_ = cmd.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if where, ok := strings.CutPrefix(lines.Text(), "ACCEPT "); ok {
			go io.Copy(io.Discard, out)
			return new(net.Dialer).DialContext(ctx, "tcp", where)
		}
	}
	return nil, errors.New("openssl s_server does not say where it listens")
}

// acceptClient starts s_client, which says hello, and accepts it.
func acceptClient(t *testing.T, ctx context.Context, args []string) (net.Conn, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	cmd := exec.CommandContext(ctx, "openssl", append([]string{"s_client", "-connect", listener.Addr().String(), "-servername", DefaultName}, args...)...)
	cmd.Stdin = strings.NewReader("hello\n")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended by itself
		_ = cmd.Wait()
	})
	if deadline, ok := ctx.Deadline(); ok {
		listener.(*net.TCPListener).SetDeadline(deadline)
	}
	return listener.Accept()
}
