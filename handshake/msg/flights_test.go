package msg

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tacet/record"
)

// conversation is what OpenSSL says to itself before the keys change, and what is
// known of it: it was told so, or its own libraries say so.
type conversation struct {
	name           string
	server, client string // options of s_server and s_client
	version        record.Version
	messages       string // the types, those of the client in small letters: see initials
	hint, identity string
	dh             int // bytes of dh_p
	group          uint16
	public, sealed int // bytes of the server's share, and of the client's or the encrypted secret
}

const secret = " -psk 0123456789abcdef0123456789abcdef"

// conversations has every form of the key exchange messages, and the messages
// that TLS 1.2 changed as they were before.
var conversations = []conversation{
	{"rsa-tls12", "-cert RSA", "-tls1_2 -cipher AES128-SHA", record.TLS12, "h H C D k T", "", "", 0, 0, 0, 256},
	{"dhe-rsa-tls10", "-cert RSA -dhparam DH", "-tls1 -cipher DHE-RSA-AES128-SHA", record.TLS10, "h H C K D k T", "", "", 128, 0, 128, 128},
	{"dhe-rsa-tls12", "-cert RSA", "-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256", record.TLS12, "h H C K D k T", "", "", 256, 0, 256, 256},
	{"ecdhe-rsa-tls10", "-cert RSA", "-tls1 -cipher ECDHE-RSA-AES128-SHA -groups X25519", record.TLS10, "h H C K D k T", "", "", 0, 29, 32, 32},
	{"ecdhe-rsa-tls12", "-cert RSA", "-tls1_2 -cipher ECDHE-RSA-AES128-SHA256 -groups P-256", record.TLS12, "h H C K D k T", "", "", 0, 23, 65, 65},
	{"ecdhe-ecdsa-tls10", "-cert EC", "-tls1 -cipher ECDHE-ECDSA-AES128-SHA -groups P-384:P-256", record.TLS10, "h H C K D k T", "", "", 0, 24, 97, 97},
	{"client-rsa-tls11", "-cert EC -Verify 1 -CAfile EC", "-tls1_1 -cipher ECDHE-ECDSA-AES128-SHA -groups X25519:P-256 -cert RSA", record.TLS11, "h H C K R D c k v T", "", "", 0, 29, 32, 32},
	{"client-ec-tls10", "-cert RSA -Verify 1 -CAfile RSA", "-tls1 -cipher AES128-SHA -cert EC", record.TLS10, "h H C R D c k v T", "", "", 0, 0, 0, 256},
	{"client-none-tls11", "-cert RSA -verify 1", "-tls1_1 -cipher AES128-SHA", record.TLS11, "h H C R D c k T", "", "", 0, 0, 0, 256},
	{"client-ec-tls12", "-cert EC -Verify 1 -CAfile RSA", "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA -groups X25519:P-256 -cert EC", record.TLS12, "h H C K R D c k v T", "", "", 0, 29, 32, 32},
	{"adh-tls12", "-nocert -dhparam DH", "-tls1_2 -cipher ADH-AES128-SHA256", record.TLS12, "h H K D k T", "", "", 128, 0, 128, 128},
	{"aecdh-tls10", "-nocert", "-tls1 -cipher AECDH-AES128-SHA -groups X25519", record.TLS10, "h H K D k T", "", "", 0, 29, 32, 32},
	{"psk-tls10", "-nocert" + secret, "-tls1 -cipher PSK-AES128-CBC-SHA -psk_identity me" + secret, record.TLS10, "h H D k T", "", "me", 0, 0, 0, 0},
	{"psk-hint-tls12", "-nocert -psk_hint who" + secret, "-tls1_2 -cipher PSK-AES128-GCM-SHA256 -psk_identity me" + secret, record.TLS12, "h H K D k T", "who", "me", 0, 0, 0, 0},
	{"dhe-psk-tls11", "-nocert -dhparam DH -psk_hint who" + secret, "-tls1_1 -cipher DHE-PSK-AES128-CBC-SHA -psk_identity me" + secret, record.TLS11, "h H K D k T", "who", "me", 128, 0, 128, 128},
	{"ecdhe-psk-tls12", "-nocert -psk_hint who" + secret, "-tls1_2 -cipher ECDHE-PSK-AES128-CBC-SHA256 -groups P-256 -psk_identity me" + secret, record.TLS12, "h H K D k T", "who", "me", 0, 23, 65, 65},
	{"ecdhe-psk-nohint-tls10", "-nocert" + secret, "-tls1 -cipher ECDHE-PSK-AES128-CBC-SHA -groups X25519 -psk_identity me" + secret, record.TLS10, "h H K D k T", "", "me", 0, 29, 32, 32},
	{"rsa-psk-tls12", "-cert RSA" + secret, "-tls1_2 -cipher RSA-PSK-AES128-GCM-SHA256 -psk_identity me" + secret, record.TLS12, "h H C D k T", "", "me", 0, 0, 0, 256},
	{"rsa-psk-hint-tls10", "-cert RSA -psk_hint who" + secret, "-tls1 -cipher RSA-PSK-AES128-CBC-SHA -psk_identity me" + secret, record.TLS10, "h H C K D k T", "who", "me", 0, 0, 0, 256},
}

// initials are the letters of conversation.messages.
var initials = map[Type]string{
	TypeClientHello: "h", TypeServerHello: "H", TypeCertificate: "C", TypeServerKeyExchange: "K", TypeCertificateRequest: "R",
	TypeServerHelloDone: "D", TypeClientKeyExchange: "k", TypeCertificateVerify: "v", TypeNewSessionTicket: "T",
}

// turn is one message and who says it.
type turn struct {
	client bool
	raw    Raw
}

func TestRecordedFlights(t *testing.T) {
	if *update {
		recordFlights(t)
	}
	for _, c := range conversations {
		t.Run(c.name, func(t *testing.T) {
			var d Dialect
			var letters []string
			heard := map[string]Message{}
			for _, turn := range readFlights(t, c.name) {
				m := read(t, turn.raw, d)
				d.Hear(m)
				letter := initials[m.Type()]
				if turn.client {
					letter = strings.ToLower(letter)
				}
				letters = append(letters, letter)
				heard[letter] = m
				hurt(t, turn.raw, d)
				if m.Type() > TypeServerHello {
					stretch(t, turn.raw, d, grammarOf(t, m.Type(), d))
				}
			}
			if got := strings.Join(letters, " "); got != c.messages || d.Version != c.version {
				t.Fatalf("%v: %s", d.Version, got)
			}
			c.check(t, heard, d)
		})
	}
}

// check compares what was read with what is known.
func (c *conversation) check(t *testing.T, heard map[string]Message, d Dialect) {
	client, _ := heard["k"].(*ClientKeyExchange)
	server, sent := heard["K"].(*ServerKeyExchange)
	if !sent {
		server = new(ServerKeyExchange)
	}
	form, _ := FormOf(d.Suite.Kx, d.Suite.Auth, d.Version)
	if sent != form.Sent(c.hint != "") {
		t.Errorf("ServerKeyExchange is there: %t", sent)
	}
	if string(server.Hint) != c.hint || string(client.Identity) != c.identity || server.Group != c.group ||
		len(server.P) != c.dh || len(server.Public) != c.public || len(client.Public) != c.sealed {
		t.Errorf("%+v\n%+v", server, client)
	}
	if !bytes.Equal(server.Params, server.AppendParams(nil)) {
		t.Errorf("Params is %x", server.Params)
	}
	if c.dh > 0 && !bytes.Equal(server.G, []byte{2}) {
		t.Errorf("g is %x", server.G)
	}
	if server.Form.Signed {
		hello, answer := heard["h"].(*ClientHello), heard["H"].(*ServerHello)
		signed := slices.Concat(hello.Random[:], answer.Random[:], server.Params)
		if err := verify(t, heard["C"].(*Certificate12), d.Version, server.Scheme, signed, server.Signature); err != nil {
			t.Errorf("the signature over Params: %v", err)
		}
	}
	if request, ok := heard["R"].(*CertificateRequest10); ok {
		own := strings.Contains(c.server, "-CAfile")
		if !bytes.Contains(request.Types, []byte{64}) || (request.Authorities.Len() == 1) != own {
			t.Errorf("%+v", request)
		}
	}
}

// verify checks a signature with the key of a chain's leaf as version v makes it.
func verify(t *testing.T, chain *Certificate12, v record.Version, scheme uint16, signed, signature []byte) error {
	t.Helper()
	var leaf *x509.Certificate
	for der := range chain.Chain.All() {
		var err error
		if leaf, err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
		break
	}
	hash := map[uint16]crypto.Hash{0: crypto.MD5SHA1, 0x0403: crypto.SHA256, 0x0804: crypto.SHA256, 0x0401: crypto.SHA256}[scheme]
	if hash == 0 || scheme == 0 != (v < record.TLS12) {
		return fmt.Errorf("scheme %#04x in %v", scheme, v)
	}
	sha := sha1.Sum(signed)
	digest := sha[:]
	if hash == crypto.SHA256 {
		h := hash.New()
		h.Write(signed)
		digest = h.Sum(nil)
	}
	switch key := leaf.PublicKey.(type) {
	case *ecdsa.PublicKey:
		if !ecdsa.VerifyASN1(key, digest, signature) {
			return errors.New("ECDSA")
		}
		return nil
	case *rsa.PublicKey:
		if scheme == 0x0804 {
			return rsa.VerifyPSS(key, hash, digest, signature, nil)
		}
		if scheme == 0 {
			half := md5.Sum(signed)
			digest = slices.Concat(half[:], digest)
		}
		return rsa.VerifyPKCS1v15(key, hash, digest, signature)
	}
	return errors.New("no key")
}

// hurt cuts a message at every byte, and makes it longer.
func hurt(t *testing.T, raw Raw, d Dialect) {
	t.Helper()
	body := raw.Body()
	for n := range len(body) + 1 {
		b := body[:n]
		if n == len(body) {
			b = append(bytes.Clone(body), 0)
		}
		err := d.New(raw.Type()).Parse(b)
		if hello := raw.Type() <= TypeServerHello; hello && err == nil && endsInHello(raw.Type(), b) {
			continue
		}
		if wantAlert(t, err, record.AlertDecodeError); t.Failed() {
			t.Fatalf("%v cut to %d of %d bytes", raw.Type(), n, len(body))
		}
	}
}

// endsInHello says whether a hello ends where its extensions would begin.
func endsInHello(typ Type, body []byte) bool {
	grammar := clientHelloGrammar[:4]
	if typ == TypeServerHello {
		grammar = serverHelloGrammar(InServerHello12)[:3]
	}
	_, ok := lengths(grammar, body)
	return ok
}

// stretch sets every length field off by one.
func stretch(t *testing.T, raw Raw, d Dialect, grammar []field) {
	t.Helper()
	found, ok := lengths(grammar, raw.Body())
	if !ok {
		t.Fatalf("%v does not follow the grammar: %x", raw.Type(), []byte(raw))
	}
	for _, l := range found {
		for _, delta := range []int{-1, 1} {
			b, ok := bump(raw.Body(), l, delta)
			if !ok {
				continue
			}
			err := d.New(raw.Type()).Parse(b)
			if movesCurveType(err, l) {
				continue
			}
			if wantAlert(t, err, record.AlertDecodeError); t.Failed() {
				t.Fatalf("%v: length at %d off by %d", raw.Type(), l.at, delta)
			}
		}
	}
}

// grammarOf finds the sample that is read as a message of typ is.
func grammarOf(t *testing.T, typ Type, d Dialect) []field {
	t.Helper()
	for _, s := range samples() {
		if reflect.DeepEqual(s.fresh(), d.New(typ)) {
			return s.grammar
		}
	}
	t.Fatalf("no sample of %v in %v", typ, d)
	return nil
}

func readFlights(t *testing.T, name string) (turns []turn) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".flights")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		who, digits, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		switch who {
		case "C>", "S>":
			turns = append(turns, turn{who == "C>", unhex(digits)})
		case "":
			last := &turns[len(turns)-1]
			last.raw = append(last.raw, unhex(digits)...)
		}
	}
	return turns
}
