package cred_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
)

func pemOf(certs ...*x509.Certificate) string {
	var b bytes.Buffer
	for _, c := range certs {
		b.Write(credtest.CertPEM(c.Raw))
	}
	return b.String()
}

func crlPEM(l *x509.RevocationList) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: l.Raw}))
}

// keyPEM returns the key of the case's leaf.
func (c *chainCase) keyPEM(t *testing.T) []byte {
	kind := c.kind
	if kind == "" {
		kind = credtest.P256
	}
	return credtest.KeyPEM(t, kind)
}

// TestChainsAgainstNode shows every chain to node in a live handshake.
func TestChainsAgainstNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	type request struct {
		Name      string   `json:"name"`
		Cert      string   `json:"cert"`
		Key       string   `json:"key"`
		CA        []string `json:"ca"`
		CRL       []string `json:"crl"`
		Client    bool     `json:"client"`
		Partial   bool     `json:"partial"`
		PlainCert string   `json:"plainCert"`
		PlainKey  string   `json:"plainKey"`
	}
	plain := credtest.Root(t, "server of the client cases", credtest.P256)
	cases := chainCases(t)
	var requests []request
	for _, c := range cases {
		if c.notInNode {
			continue
		}
		r := request{Name: c.name, Cert: pemOf(c.sent...), Key: string(c.keyPEM(t)), CA: []string{}, CRL: []string{}, Client: c.client,
			Partial: c.partial, PlainCert: string(plain.PEM()), PlainKey: string(credtest.KeyPEM(t, credtest.P256))}
		for _, ca := range c.cas {
			r.CA = append(r.CA, pemOf(ca))
		}
		for _, l := range c.crls {
			r.CRL = append(r.CRL, crlPEM(l))
		}
		requests = append(requests, r)
	}
	in, err := json.Marshal(requests)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, filepath.Join("testdata", "verdicts.mjs"))
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	verdicts := map[string]string{}
	if err := json.Unmarshal(out, &verdicts); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		want := c.want
		if c.lenient {
			want = ""
		}
		if got, ok := verdicts[c.name]; ok && got != want {
			t.Errorf("%s: node says %q, the table %q", c.name, got, want)
		}
	}
	if len(verdicts) != len(requests) {
		t.Errorf("node answered %d of %d cases", len(verdicts), len(requests))
	}
}

// TestChainsAgainstOpenSSL asks "openssl verify", which prints every fault and stops at most: the
// number of our kind must be among them, or the one that the case says it stops at.
func TestChainsAgainstOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	for _, c := range chainCases(t) {
		t.Run(c.name, func(t *testing.T) {
			out := c.opensslVerify(t, openssl)
			_, err := c.verifier().Verify(c.sent, "", !c.client, credtest.Now)
			if err == nil || c.lenient {
				if !strings.Contains(out, ": OK") {
					t.Errorf("openssl refuses:\n%s", out)
				}
				return
			}
			var e *cred.Error
			if !errors.As(err, &e) {
				t.Fatalf("not an *Error: %v", err)
			}
			number := e.Kind.OpenSSL()
			if c.stop != 0 {
				number = c.stop
			}
			if !strings.Contains(out, fmt.Sprintf("error %d at ", number)) {
				t.Errorf("openssl does not see %d (%v):\n%s", number, e.Kind, out)
			}
		})
	}
}

func (c *chainCase) opensslVerify(t *testing.T, openssl string) string {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	purpose := "sslserver"
	if c.client {
		purpose = "sslclient"
	}
	args := []string{"verify", "-no-CApath", "-no-CAstore", "-purpose", purpose, "-auth_level", "1",
		"-attime", fmt.Sprint(credtest.Now.Unix()), "-untrusted", file("untrusted", pemOf(c.sent...))}
	if len(c.cas) > 0 {
		args = append(args, "-CAfile", file("ca", pemOf(c.cas...)))
	} else {
		args = append(args, "-no-CAfile")
	}
	if c.partial {
		args = append(args, "-partial_chain")
	}
	if len(c.crls) > 0 {
		var text string
		for _, l := range c.crls {
			text += crlPEM(l)
		}
		args = append(args, "-crl_check_all", "-CRLfile", file("crl", text))
	}
	cmd := exec.Command(openssl, append(args, file("leaf", pemOf(c.sent[0])))...)
	cmd.WaitDelay = 10 * time.Second
	out, _ := cmd.CombinedOutput() // it fails whenever it refuses
	return string(out)
}
