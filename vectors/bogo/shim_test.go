package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
)

// runner is what BoringSSL's runner is to the shim, with crypto/tls in its place.
type runner struct {
	t        *testing.T
	listener net.Listener
	config   *tls.Config
	client   bool // the runner's role
}

func newRunner(t *testing.T, client bool) *runner {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &runner{t: t, listener: l, client: client}
}

// serve takes one connection: it sends a message and wants it back inverted.
func (r *runner) serve(want tls.ConnectionState) error {
	conn, err := r.listener.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(2 * time.Minute))
	var id [8]byte
	if _, err := io.ReadFull(conn, id[:]); err != nil || binary.LittleEndian.Uint64(id[:]) != 77 {
		return fmt.Errorf("shim id %x: %w", id, err)
	}
	c := tls.Server(conn, r.config)
	if r.client {
		c = tls.Client(conn, r.config)
	}
	said := bytes.Repeat([]byte("bogo"), 700)
	if _, err := c.Write(said); err != nil {
		return err
	}
	heard := make([]byte, len(said))
	if _, err := io.ReadFull(c, heard); err != nil {
		return err
	}
	for i := range heard {
		heard[i] ^= 0xff
	}
	if st := c.ConnectionState(); !bytes.Equal(said, heard) || st.Version != want.Version || st.DidResume != want.DidResume {
		return fmt.Errorf("echo %v, version %x, resumed %v", bytes.Equal(said, heard), st.Version, st.DidResume)
	}
	return c.Close()
}

// files writes a certificate as the runner does, and returns the flags that name it.
func files(t *testing.T, c *cred.Credential, root *x509.Certificate) (own, trust []string) {
	dir := t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(c.Key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"cert": {Type: "CERTIFICATE", Bytes: c.Leaf.Raw}, "key": {Type: "PRIVATE KEY", Bytes: key}, "root": {Type: "CERTIFICATE", Bytes: root.Raw},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"-cert-file", filepath.Join(dir, "cert"), "-key-file", filepath.Join(dir, "key")},
		[]string{"-trust-cert", filepath.Join(dir, "root")}
}

// The shim, in both roles and all its modes, with a resumption.
func TestShim(t *testing.T) {
	ca := credtest.CA(t)
	leaf := ca.Leaf(t, credtest.P256, "example.org")
	own, trust := files(t, leaf, ca.Cert)
	pool := x509.NewCertPool()
	pool.AddCert(ca.Cert)
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS12, tls.VersionTLS13} {
		for _, client := range []bool{false, true} {
			for _, mode := range []string{"", "-async", "-tacet-fork", "-tacet-split -async", "-implicit-handshake -check-close-notify"} {
				t.Run(fmt.Sprintf("%x/client=%v/%s", version, !client, mode), func(t *testing.T) {
					r := newRunner(t, client)
					r.config = &tls.Config{
						MinVersion: version, MaxVersion: version, RootCAs: pool, ServerName: "example.org", ClientSessionCache: tls.NewLRUClientSessionCache(1),
						Time:         func() time.Time { return credtest.Now },
						Certificates: []tls.Certificate{{Certificate: leaf.Chain, PrivateKey: leaf.Key}},
					}
					port := r.listener.Addr().(*net.TCPAddr).Port
					args := append([]string{"-port", strconv.Itoa(port), "-shim-id", "77", "-resume-count", "1"}, strings.Fields(mode)...)
					if client {
						args = append(append(args, "-server"), own...)
					} else {
						args = append(append(args, "-host-name", "example.org", "-use-custom-verify-callback", "-verify-peer"), trust...)
						if version <= tls.VersionTLS12 { // crypto/tls renews tickets
							args = append(args, "-on-resume-expect-ticket-renewal")
						}
					}
					done := make(chan error, 1)
					go func() { done <- run(args) }()
					for _, resumed := range []bool{false, true} {
						if err := r.serve(tls.ConnectionState{Version: version, DidResume: resumed}); err != nil {
							t.Errorf("resumed=%v: %v", resumed, err)
							break
						}
					}
					r.listener.Close()
					if err := <-done; err != nil {
						t.Error("shim:", describe(err))
					}
				})
			}
		}
	}
}

func TestFlagsThatAreNotKnown(t *testing.T) {
	if err := run([]string{"-server", "-fly"}); err != unimplemented("fly") {
		t.Error(err)
	}
}
