package keys

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tacet/record"
	"tacet/suites"
)

// conversation is one handshake between two crypto/tls peers as it went over
// the wire, with the secrets that the client logged.
type conversation struct {
	t                  *testing.T
	client, server     []byte // what each of them sent
	secrets            map[string][]byte
	state              tls.ConnectionState
	clientRand, svRand []byte
}

// tap copies what is written.
type tap struct {
	net.Conn
	sent bytes.Buffer
}

func (c *tap) Write(b []byte) (int, error) {
	c.sent.Write(b)
	return c.Conn.Write(b)
}

func converse(t *testing.T, cert tls.Certificate, version uint16, suite uint16) conversation {
	t.Helper()
	a, b := net.Pipe()
	clientEnd, serverEnd := &tap{Conn: a}, &tap{Conn: b}
	var log bytes.Buffer
	client := tls.Client(clientEnd, &tls.Config{
		InsecureSkipVerify: true, KeyLogWriter: &log, MinVersion: version, MaxVersion: version, CipherSuites: []uint16{suite},
	})
	server := tls.Server(serverEnd, &tls.Config{
		Certificates: []tls.Certificate{cert}, SessionTicketsDisabled: true, CipherSuites: []uint16{suite},
	})
	done := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(server, make([]byte, 4))
		done <- err
	}()
	if _, err := client.Write([]byte("ping")); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	c := conversation{t: t, client: clientEnd.sent.Bytes(), server: serverEnd.sent.Bytes(), state: client.ConnectionState()}
	a.Close()
	b.Close()
	c.secrets = parseKeyLog(t, log.String())
	// record header 5, message header 4, version 2, random 32
	c.clientRand, c.svRand = c.client[11:43], c.server[11:43]
	return c
}

func parseKeyLog(t *testing.T, log string) map[string][]byte {
	t.Helper()
	secrets := map[string][]byte{}
	for line := range strings.Lines(log) {
		f := strings.Fields(line)
		if len(f) != 3 || strings.HasPrefix(line, "#") {
			continue
		}
		secret, err := hex.DecodeString(f[2])
		if err != nil {
			t.Fatal(err)
		}
		random, err := hex.DecodeString(f[1])
		if err != nil {
			t.Fatal(err)
		}
		if got := string(AppendKeyLog(nil, f[0], random, secret)); got != strings.TrimSuffix(line, "\n") {
			t.Errorf("AppendKeyLog = %q, the peer wrote %q", got, line)
		}
		secrets[f[0]] = secret
	}
	return secrets
}

// messages opens all records of a direction; p is installed after its
// ChangeCipherSpec, or after its first record in TLS 1.3.
func (c conversation) messages(v record.Version, stream []byte, p record.Protection) (messages [][]byte) {
	c.t.Helper()
	var o record.Opener
	var flow []byte
	for first := true; len(stream) > 0; first = false {
		r, err := o.Open(bytes.Clone(stream))
		if err != nil || r.N == 0 {
			c.t.Fatalf("open: %v, %d bytes left", err, len(stream))
		}
		stream = stream[r.N:]
		if r.Type == record.TypeHandshake {
			flow = append(flow, r.Payload...)
		}
		if first {
			o.SetVersion(v)
		}
		if r.Type == record.TypeChangeCipherSpec && v < record.TLS13 || first && v == record.TLS13 {
			o.Install(p)
		}
		if r.Type == record.TypeHandshake && r.Protected && flow[len(flow)-36] == 20 || r.Protected && v < record.TLS13 {
			break // its Finished: in TLS 1.3 other keys follow
		}
	}
	for len(flow) > 0 {
		n := 4 + int(binary.BigEndian.Uint32(flow)&0xffffff)
		messages, flow = append(messages, flow[:n]), flow[n:]
	}
	return messages
}

// Both Finished messages of a live TLS 1.3 handshake must be what we compute,
// having decrypted them with keys from the logged secrets.
func TestTLS13AgainstCryptoTLS(t *testing.T) {
	//= RFC 9846 §7.3 type=test
	//= RFC 9846 §4.5.3 type=test
	c := converse(t, ecdsaCert(t), tls.VersionTLS13, 0)
	suite := suites.ByID(suites.ID(c.state.CipherSuite))
	h := FromCrypto(suite.Hash)
	if h != SHA256 {
		t.Fatalf("crypto/tls prefers %v; messages looks for a Finished of 32 bytes", suite.Name)
	}
	client := SecretFromBytes(h, c.secrets[LabelClientHandshake])
	server := SecretFromBytes(h, c.secrets[LabelServerHandshake])
	fromServer := c.messages(record.TLS13, c.server, server.Protection(suite))
	fromClient := c.messages(record.TLS13, c.client, client.Protection(suite))

	var transcript Transcript
	transcript.Write(fromClient[0])
	transcript.Pick(h)
	last := len(fromServer) - 1
	for _, m := range fromServer[:last] {
		transcript.Write(m)
	}
	if !server.VerifyFinished(fromServer[last][4:], transcript.Sum(nil)) {
		t.Error("server's Finished differs")
	}
	transcript.Write(fromServer[last])
	if !client.VerifyFinished(fromClient[1][4:], transcript.Sum(nil)) {
		t.Error("client's Finished differs")
	}
}

// Keys, both Finished messages and exports of live TLS 1.2 connections, from
// the logged master secret.
func TestTLS12AgainstCryptoTLS(t *testing.T) {
	//= RFC 5246 §6.3 type=test
	//= RFC 5246 §7.4.9 type=test
	cert := ecdsaCert(t)
	for _, id := range []suites.ID{0xc02b, 0xc02c, 0xcca9} {
		t.Run(id.String(), func(t *testing.T) {
			c := converse(t, cert, tls.VersionTLS12, uint16(id))
			suite := suites.ByID(id)
			h := FromCrypto(suite.Hash)
			master := MasterFromBytes(h, c.secrets[LabelClientRandom])
			client, server := master.Keys(suite, record.TLS12, c.clientRand, c.svRand, false)
			fromClient := c.messages(record.TLS12, c.client, client)
			fromServer := c.messages(record.TLS12, c.server, server)

			var transcript Transcript
			transcript.Write(fromClient[0])
			transcript.Pick(h)
			last := len(fromServer) - 1
			for _, m := range slices.Concat(fromServer[:last], fromClient[1:2]) {
				transcript.Write(m)
			}
			if !master.VerifyFinished(fromClient[2][4:], true, transcript.Sum(nil)) {
				t.Error("client's Finished differs")
			}
			transcript.Write(fromClient[2])
			if got := master.Finished(nil, false, transcript.Sum(nil)); !bytes.Equal(got, fromServer[last][4:]) {
				t.Error("server's Finished differs")
			}
			c.wantExports(func(label string, context []byte, n int) []byte {
				return master.Export(label, context, context != nil, c.clientRand, c.svRand, n)
			})
		})
	}
}

// The extended master secret of a live connection with RSA key exchange, whose
// premaster secret the test can decrypt.
func TestExtendedMasterAgainstCryptoTLS(t *testing.T) {
	//= RFC 7627 §4 type=test
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := converse(t, selfSigned(t, key, &key.PublicKey), tls.VersionTLS12, tls.TLS_RSA_WITH_AES_128_GCM_SHA256)
	logged := MasterFromBytes(SHA256, c.secrets[LabelClientRandom])
	client, server := logged.Keys(suites.ByID(0xc02b), record.TLS12, c.clientRand, c.svRand, false)
	fromClient := c.messages(record.TLS12, c.client, client)
	fromServer := c.messages(record.TLS12, c.server, server)
	//lint:ignore SA1019 it is what a TLS 1.2 server of this suite does
	premaster, err := rsa.DecryptPKCS1v15(nil, key, fromClient[1][6:])
	if err != nil {
		t.Fatal(err)
	}
	var transcript Transcript
	transcript.Write(fromClient[0])
	for _, m := range fromServer[:len(fromServer)-1] {
		transcript.Write(m)
	}
	transcript.Write(fromClient[1])
	transcript.Pick(SHA256)
	if got := NewExtendedMaster(SHA256, premaster, transcript.Sum(nil)); got != logged {
		t.Errorf("extended master secret = %x, the peer logged %x", got.Bytes(), logged.Bytes())
	}
}

func (c conversation) wantExports(export func(label string, context []byte, n int) []byte) {
	c.t.Helper()
	for _, context := range [][]byte{nil, {}, []byte("context")} {
		for _, n := range []int{1, 20, 100} {
			want, err := c.state.ExportKeyingMaterial("EXPORTER-tacet", context, n)
			if err != nil {
				c.t.Fatal(err)
			}
			if got := export("EXPORTER-tacet", context, n); !bytes.Equal(got, want) {
				c.t.Errorf("export of %d bytes, context %q: %x, want %x", n, context, got, want)
			}
		}
	}
}

// Exports of TLS 1.3, from the exporter secret that OpenSSL logs and crypto/tls does not.
func TestTLS13ExportAgainstCryptoTLS(t *testing.T) {
	//= RFC 9846 §7.5 type=test
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("skip: openssl is not installed, and crypto/tls logs no EXPORTER_SECRET")
	}
	cert := ecdsaCert(t)
	for _, name := range []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"} {
		t.Run(name, func(t *testing.T) {
			listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			log := filepath.Join(t.TempDir(), "keys")
			client := exec.CommandContext(t.Context(), openssl, "s_client", "-connect", listener.Addr().String(),
				"-tls1_3", "-ciphersuites", name, "-keylogfile", log)
			if err := client.Start(); err != nil {
				t.Fatal(err)
			}
			defer client.Wait()
			conn, err := listener.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(2 * time.Minute))
			io.ReadAll(conn) // the handshake, then the client's close: its standard input is empty
			text, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			secrets := parseKeyLog(t, string(text))
			c := conversation{t: t, state: conn.(*tls.Conn).ConnectionState()}
			s := SecretFromBytes(FromCrypto(suites.ByName(name).Hash), secrets[LabelExporter])
			c.wantExports(s.Export)
		})
	}
}

func ecdsaCert(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return selfSigned(t, key, &key.PublicKey)
}

func selfSigned(t *testing.T, private, public any) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
}
