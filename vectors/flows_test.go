package vectors

import (
	"bytes"
	"crypto/tls"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
)

var update = flag.Bool("update", false, "renew the recorded transcripts")

// recorded lists the scripts whose bytes are recorded.
func recorded(t testing.TB) (list []string) {
	for _, name := range scripts(t) {
		if !strings.HasPrefix(name, "bad-") {
			list = append(list, name)
		}
	}
	return list
}

// TestTranscripts compares what is said with what was recorded, byte for byte.
func TestTranscripts(t *testing.T) {
	for _, name := range recorded(t) {
		t.Run(name, func(t *testing.T) {
			s, err := openScript(name)
			if err != nil {
				t.Fatal(err)
			}
			r, err := Play(t, s, openScript)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".flows")
			if *update {
				if err := os.WriteFile(file, r.Transcript(checks(t, s, r)...).Format(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			had, err := ParseTranscript(want)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Transcript(had.Comment...).Format(); !bytes.Equal(got, want) {
				t.Errorf("the conversation is not as recorded in %s (renew with -update): %s", file, difference(got, want))
			}
		})
	}
}

// difference is the first line in which two texts differ.
func difference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "got\n" + g[i] + "\nwant\n" + w[i]
		}
	}
	return "one is longer"
}

// checks says what has checked a conversation; it makes the checks.
func checks(t *testing.T, s *Script, r *Result) []string {
	list := []string{
		"The conversation of " + s.Name + ".txt, recorded by go test ./vectors -run Transcripts -update.",
		"Checked by:",
		"- TestReader: every record opens, and every Finished verifies, with the key log below and the standard library alone.",
	}
	for _, client := range []bool{true, false} {
		if ok, _ := acceptedByCryptoTLS(t, s, r, client); ok {
			who := "- crypto/tls " + runtime.Version() + ": a server took flow 1, byte for byte, and the rest of such a conversation."
			if !client {
				who = "- crypto/tls " + runtime.Version() + ": a client took a server of this configuration and seed."
			}
			list = append(list, who)
		}
		if s.Resume == "" && foreign(s, r) {
			version, err := exec.Command("openssl", "version").Output()
			if err == nil {
				err = acceptedByOpenSSL(t, s, r, client)
			}
			if err != nil {
				t.Fatal(err)
			}
			who := "- " + string(bytes.Join(bytes.Fields(version)[:2], []byte(" "))) + ": s_server took flow 1, byte for byte, and finished such a handshake."
			if !client {
				who = strings.NewReplacer("s_server took flow 1, byte for byte, and", "s_client", "such a handshake", "the handshake with a server of this configuration and seed").Replace(who)
			}
			list = append(list, who)
		}
	}
	return list
}

// TestCryptoTLS lets one engine of each recorded conversation, with its seed,
// talk to crypto/tls in the other's place. Where the header says so, it must work.
func TestCryptoTLS(t *testing.T) {
	for _, name := range recorded(t) {
		t.Run(name, func(t *testing.T) {
			s, err := openScript(name)
			if err != nil {
				t.Fatal(err)
			}
			r, err := Play(t, s, openScript)
			if err != nil {
				t.Fatal(err)
			}
			for _, client := range []bool{true, false} {
				if ok, err := acceptedByCryptoTLS(t, s, r, client); !ok && !foreign(s, r) {
					t.Errorf("client=%t: %v", client, err)
				}
			}
		})
	}
}

// foreign reports whether a conversation is one that crypto/tls cannot have: its
// tickets are other tickets, it has few suites, and no pre-shared keys.
func foreign(s *Script, r *Result) bool {
	id := uint16(r.Server.Engine.State().Suite.ID)
	is := func(c *tls.CipherSuite) bool { return c.ID == id }
	return s.Resume != "" || s.Server["psk"] != "" || !slices.ContainsFunc(tls.CipherSuites(), is) && !slices.ContainsFunc(tls.InsecureCipherSuites(), is)
}

// acceptedByCryptoTLS runs a handshake of one of the script's engines with
// crypto/tls. A client's first flight must be the recorded one.
func acceptedByCryptoTLS(t *testing.T, s *Script, r *Result, client bool) (bool, error) {
	if foreign(s, r) {
		return false, nil
	}
	cc, sc, name, err := s.Configs(t)
	if err != nil {
		return false, err
	}
	c, srv, err := s.Engines(t)
	if err != nil {
		return false, err
	}
	e, std := c, CryptoTLS(sc, false, name, credtest.CA(t).Pool())
	if !client {
		e, std = srv, CryptoTLS(cc, true, name, credtest.CA(t).Pool())
	}
	p := NewPeer(!client, std, func(c *tls.Conn) error {
		if err := c.Handshake(); err != nil {
			return err
		}
		_, err := c.Write([]byte("hello"))
		return err
	})
	defer p.Stop()
	own := &Side{Engine: e, store: map[string]*session.Session{}}
	var in, data []byte
	for first := true; ; first = false {
		for more := true; more; {
			n, ev := e.Step(credtest.Now, in)
			in = in[n:]
			if ev.Kind == handshake.Data {
				data = append(data, ev.Data...)
			}
			if e.Query() != nil {
				if err := own.answer(); err != nil {
					return false, err
				}
			}
			more = ev.Kind != handshake.NeedInput && ev.Kind != handshake.Failed && ev.Kind != handshake.PeerClosed
		}
		out := e.AppendOut(nil)
		if client && first && !bytes.Equal(out, r.Flows[0].Bytes) {
			return false, errors.New("flow 1 is not as recorded")
		}
		answer := p.Step(out)
		if len(answer) == 0 && len(out) == 0 {
			break
		}
		in = append(in, answer...)
	}
	if p.Err != nil || e.Err() != nil {
		return false, errors.Join(p.Err, e.Err())
	}
	return e.Secure() && p.Done && strings.HasSuffix(string(data), "hello"), nil
}
