package record

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	_ "unsafe" // for linkname
)

// peerSuites are the suites that crypto/tls is asked to speak.
var peerSuites = []struct {
	id    uint16
	hash  crypto.Hash
	suite testSuite
}{
	{tls.TLS_AES_128_GCM_SHA256, crypto.SHA256, testSuites[0]},
	{tls.TLS_AES_256_GCM_SHA384, crypto.SHA384, testSuites[1]},
	{tls.TLS_CHACHA20_POLY1305_SHA256, crypto.SHA256, testSuites[2]},
	{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, crypto.SHA256, testSuites[3]},
	{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, crypto.SHA384, testSuites[4]},
	{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, crypto.SHA256, testSuites[5]},
}

// expandLabel is HKDF-Expand-Label with an empty context (RFC 9846 §7.1).
func expandLabel(t *testing.T, h crypto.Hash, secret []byte, label string, n int) []byte {
	label = "tls13 " + label
	info := []byte{byte(n >> 8), byte(n), byte(len(label))}
	info = append(append(info, label...), 0)
	out, err := hkdf.Expand(h.New, secret, string(info), n)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// prf12 is TLS 1.2's PRF (RFC 5246 §5).
func prf12(h crypto.Hash, secret []byte, label string, seed []byte, n int) []byte {
	seed = append([]byte(label), seed...)
	mac := func(parts ...[]byte) []byte {
		var m hash.Hash = hmac.New(h.New, secret)
		for _, p := range parts {
			m.Write(p)
		}
		return m.Sum(nil)
	}
	var out []byte
	for a := mac(seed); len(out) < n; a = mac(a) {
		out = append(out, mac(a, seed)...)
	}
	return out[:n]
}

// tap is a net.Conn that remembers what was written to it.
type tap struct {
	net.Conn
	mu      sync.Mutex
	written []byte
	sink    bool // writes go nowhere, once both ends are quiet
}

func (c *tap) Write(p []byte) (int, error) {
	if c.sink {
		return len(p), nil
	}
	c.mu.Lock()
	c.written = append(c.written, p...)
	c.mu.Unlock()
	return c.Conn.Write(p)
}

func (c *tap) log() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.written)
}

func testCertificate(t testing.TB) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"example"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// peers is a connection of two crypto/tls ends that has shaken hands.
type peers struct {
	client, server       *tls.Conn
	fromClient, toClient *tap
	keyLog               map[string]string // by label: the secret
}

func connect(t testing.TB, id uint16, version Version) *peers {
	c, s := net.Pipe()
	t.Cleanup(func() { c.Close(); s.Close() })
	p := &peers{fromClient: &tap{Conn: c}, toClient: &tap{Conn: s}, keyLog: map[string]string{}}
	var keyLog bytes.Buffer
	conf := &tls.Config{
		MinVersion: uint16(version), MaxVersion: uint16(version), CipherSuites: []uint16{id},
		InsecureSkipVerify: true, KeyLogWriter: &keyLog, SessionTicketsDisabled: true, DynamicRecordSizingDisabled: true,
	}
	server := conf.Clone()
	server.KeyLogWriter = nil
	server.Certificates = []tls.Certificate{testCertificate(t)}
	p.client, p.server = tls.Client(p.fromClient, conf), tls.Server(p.toClient, server)
	done := make(chan error)
	go func() { done <- p.server.Handshake() }()
	if err := p.client.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(keyLog.String()) {
		f := strings.Fields(line)
		p.keyLog[f[0]] = f[2]
	}
	return p
}

func (p *peers) secret(t *testing.T, label string) []byte {
	b, err := hex.DecodeString(p.keyLog[label])
	if err != nil || len(b) == 0 {
		t.Fatalf("no %s in the key log", label)
	}
	return b
}

// protections13 are those that a label's secrets give, client's and server's.
func (p *peers) protections13(t *testing.T, h crypto.Hash, s testSuite, label string) (client, server Protection) {
	one := func(label string) Protection {
		secret := p.secret(t, label)
		return s.make(s.new, expandLabel(t, h, secret, "key", s.keyLen), expandLabel(t, h, secret, "iv", s.ivLen), 0)
	}
	return one("CLIENT_" + label), one("SERVER_" + label)
}

// protections12 are those of the master secret (RFC 5246 §6.3).
func (p *peers) protections12(t *testing.T, h crypto.Hash, s testSuite) (client, server Protection) {
	// Each hello is the first record: header 5, type 1, length 3, version 2, random 32.
	clientRandom, serverRandom := p.fromClient.log()[11:43], p.toClient.log()[11:43]
	seed := append(bytes.Clone(serverRandom), clientRandom...)
	b := prf12(h, p.secret(t, "CLIENT_RANDOM"), "key expansion", seed, 2*(s.keyLen+s.ivLen))
	k, iv := b[:2*s.keyLen], b[2*s.keyLen:]
	return s.make(s.new, k[:s.keyLen], iv[:s.ivLen], 0), s.make(s.new, k[s.keyLen:], iv[s.ivLen:], 0)
}

// readLog opens all the records of a log and returns the application data.
// first is installed after ServerHello or change_cipher_spec, second (if the
// version is 1.3) after Finished.
func readLog(t *testing.T, log []byte, version Version, first, second Protection) ([]byte, Opener) {
	var o Opener
	var data []byte
	for i := 0; len(log) > 0; i++ {
		if i == 1 {
			o.SetVersion(version)
		}
		got, err := o.Open(log)
		if err != nil || got.N == 0 {
			t.Fatalf("record %d: %+v, %v", i, got, err)
		}
		log = log[got.N:]
		switch {
		case version == TLS13 && i == 0, version == TLS12 && got.Type == TypeChangeCipherSpec:
			o.Install(first)
		case version == TLS13 && got.Type == TypeHandshake && finishedLast(got.Payload):
			o.Install(second)
		case got.Type == TypeApplicationData:
			data = append(data, got.Payload...)
		}
	}
	return data, o
}

// finishedLast says whether a Finished message ends the payload.
func finishedLast(payload []byte) bool {
	for len(payload) >= 4 {
		n := int(binary.BigEndian.Uint32(payload) & 0xffffff)
		if payload[0] == 20 {
			return true
		}
		payload = payload[min(4+n, len(payload)):]
	}
	return false
}

// TestCryptoTLS opens every record of a handshake and of data between two ends
// of crypto/tls, then takes the client's place and is read by the server.
func TestCryptoTLS(t *testing.T) {
	//= RFC 9846 §5.3 type=test
	//= RFC 7905 §2 type=test
	for _, peer := range peerSuites {
		t.Run(peer.suite.name, func(t *testing.T) {
			onlySuite13(t, peer.id)
			p := connect(t, peer.id, peer.suite.version)
			if got := p.client.ConnectionState().CipherSuite; got != peer.id {
				t.Fatalf("crypto/tls chose %s", tls.CipherSuiteName(got))
			}
			exchange(t, p.client, p.server, pattern(40000))
			exchange(t, p.server, p.client, pattern(100))

			var client, server, client2, server2 Protection
			if peer.suite.version == TLS13 {
				client, server = p.protections13(t, peer.hash, peer.suite, "HANDSHAKE_TRAFFIC_SECRET")
				client2, server2 = p.protections13(t, peer.hash, peer.suite, "TRAFFIC_SECRET_0")
			} else {
				client, server = p.protections12(t, peer.hash, peer.suite)
			}
			got, o := readLog(t, p.fromClient.log(), peer.suite.version, client, client2)
			if !bytes.Equal(got, pattern(40000)) {
				t.Errorf("client's data: %d bytes", len(got))
			}
			got, _ = readLog(t, p.toClient.log(), peer.suite.version, server, server2)
			if !bytes.Equal(got, pattern(100)) {
				t.Errorf("server's data: %d bytes", len(got))
			}
			w := Sealer{half: o.half}
			impersonate(t, p, &w)
		})
	}
}

// impersonate writes to the server what the client would have sent next.
func impersonate(t *testing.T, p *peers, w *Sealer) {
	var want, wire []byte
	for _, n := range []int{0, 1, 1350, MaxPlaintext, 3} {
		want = append(want, pattern(n)...)
		wire = w.Seal(wire, TypeApplicationData, pattern(n))
	}
	wire = w.Seal(wire, TypeAlert, []byte{byte(LevelWarning), byte(AlertCloseNotify)})
	go p.fromClient.Conn.Write(wire)
	go io.Copy(io.Discard, p.fromClient) // an alert must not block on the pipe
	got, err := io.ReadAll(p.server)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("server read %d bytes of %d: %v", len(got), len(want), err)
	}
}

// BenchmarkSealCryptoTLS is crypto/tls writing the records of BenchmarkSeal to nowhere.
func BenchmarkSealCryptoTLS(b *testing.B) {
	for _, peer := range peerSuites {
		for _, n := range benchLengths {
			b.Run(fmt.Sprintf("%s/%d", peer.suite.name, n), func(b *testing.B) {
				onlySuite13(b, peer.id)
				p := connect(b, peer.id, peer.suite.version)
				p.fromClient.sink = true
				plain := pattern(n)
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					p.client.Write(plain)
				}
			})
		}
	}
}

func exchange(t *testing.T, from, to *tls.Conn, message []byte) {
	go from.Write(message)
	got := make([]byte, len(message))
	if _, err := io.ReadFull(to, got); err != nil || !bytes.Equal(got, message) {
		t.Fatal("crypto/tls does not understand itself", err)
	}
}

// crypto/tls lets no Config choose TLS 1.3 suites; its lists are open to linkname.
//
//go:linkname suites13 crypto/tls.defaultCipherSuitesTLS13
var suites13 []uint16

//go:linkname suites13NoAES crypto/tls.defaultCipherSuitesTLS13NoAES
var suites13NoAES []uint16

// onlySuite13 makes id the only TLS 1.3 suite of crypto/tls until the test ends.
func onlySuite13(t testing.TB, id uint16) {
	a, b := suites13, suites13NoAES
	t.Cleanup(func() { suites13, suites13NoAES = a, b })
	suites13, suites13NoAES = []uint16{id}, []uint16{id}
}
