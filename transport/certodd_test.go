package transport

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"slices"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// oddCert is a certificate, and the kind of its key.
type oddCert struct {
	der  []byte
	kind credtest.Kind
}

// oddCerts are the certificates of certCases, and some more, properly signed by an authority
// that both sides trust, so that only what is odd about each decides.
func oddCerts(t *testing.T) (names []string, certs map[string]oddCert) {
	t.Helper()
	certs = map[string]oddCert{}
	root := credtest.CA(t)
	with := func(name string, kind credtest.Kind, by cred.Scheme, change ...func(*certSpec)) {
		if certs[name].der == nil {
			names = append(names, name)
		}
		info := root.Issue(t, credtest.LeafTemplate(serverName), kind).RawSubjectPublicKeyInfo
		spec := append([]func(*certSpec){withIssuer(root.Cert.RawSubject)}, change...)
		certs[name] = oddCert{signedAgain(t, buildCert(info, spec...), by), kind}
	}
	add := func(name string, change ...func(*certSpec)) {
		with(name, credtest.P256, cred.ECDSAP256SHA256, change...)
	}
	add("plain")
	nameCases(add)
	altNameCases(add)
	extensionCases(add)
	numberCases(add)
	for _, name := range []string{"plain", "serial number fb", "PrintableString with others"} { // and none of them if the signature is wrong
		der := slices.Clone(certs[name].der)
		der[len(der)-1] ^= 1
		names, certs[name+", changed"] = append(names, name+", changed"), oddCert{der, credtest.P256}
	}
	with("signed with SHA-1", credtest.P256, cred.ECDSASHA1, func(c *certSpec) { c.algorithm = sequence(objectID("1.2.840.10045.4.1")) })
	with("signed with SHA-384", credtest.P256, cred.ECDSAP384SHA384, func(c *certSpec) { c.algorithm = sequence(objectID("1.2.840.10045.4.3.3")) })
	withKey := func(name string, kind credtest.Kind, info []byte) {
		with(name, kind, cred.ECDSAP256SHA256, func(c *certSpec) { c.spki = info })
	}
	ec := credtest.Key(t, credtest.P256).Public().(*ecdsa.PublicKey)
	curve := sequence(objectID(oidEC), objectID("1.2.840.10045.3.1.7"))
	point, err := ec.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	size := len(point) / 2
	withKey("a compressed point", credtest.P256, keyInfo(curve, append([]byte{formCompressed | point[2*size]&1}, point[1:1+size]...)))
	plain := credtest.Key(t, credtest.RSA2048).Public().(*rsa.PublicKey)
	null, e := sequence(objectID(oidRSA), tlv(derNull)), tlv(derInteger, []byte{1, 0, 1})
	modulus := append([]byte{0}, plain.N.Bytes()...)
	withKey("RSA", credtest.RSA2048, keyInfo(null, sequence(tlv(derInteger, modulus), e)))
	withKey("RSA, a negative modulus", credtest.RSA2048, keyInfo(null, sequence(tlv(derInteger, plain.N.Bytes()), e)))
	withKey("RSA without NULL", credtest.RSA2048, keyInfo(sequence(objectID(oidRSA)), sequence(tlv(derInteger, modulus), e)))
	withKey("RSA by X.509's number", credtest.RSA2048, keyInfo(sequence(objectID(oidOldRSA), tlv(derNull)), sequence(tlv(derInteger, modulus), e)))
	withKey("RSA, a padded exponent", credtest.RSA2048, keyInfo(null, sequence(tlv(derInteger, modulus), tlv(derInteger, []byte{0, 1, 0, 1}))))
	return names, certs
}

// signedAgain is a certificate with the authority's signature, whatever is in it.
func signedAgain(t *testing.T, der []byte, by cred.Scheme) []byte {
	t.Helper()
	in := cryptobyte.String(der)
	var body, tbs, algorithm cryptobyte.String
	if !in.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1Element(&tbs, asn1.SEQUENCE) || !body.ReadASN1Element(&algorithm, asn1.SEQUENCE) {
		t.Fatal("a certificate that cannot be taken apart")
	}
	signature, err := signedBy(t, by, tbs)
	if err != nil {
		t.Fatal(err)
	}
	return sequence(tbs, algorithm, tlv(derBits, []byte{0}, signature))
}

// signedBy is the authority's signature by any scheme of ECDSA, of certificates that no
// curve is bound to.
func signedBy(t *testing.T, by cred.Scheme, tbs []byte) ([]byte, error) {
	t.Helper()
	h := map[cred.Scheme]crypto.Hash{cred.ECDSASHA1: crypto.SHA1, cred.ECDSAP256SHA256: crypto.SHA256, cred.ECDSAP384SHA384: crypto.SHA384}[by]
	d := h.New()
	d.Write(tbs)
	return credtest.CA(t).Key.Sign(rand.Reader, d.Sum(nil), h)
}

// oddScript has two nodes show each other each certificate: what the client says of it with
// rejectUnauthorized and without, and what the server does without. "unloadable" is one that node
// does not show.
const oddScript = `
const tls = require('tls'), net = require('net');
const pem = cert => '-----BEGIN CERTIFICATE-----\n' + cert.match(/.{1,64}/g).join('\n') + '\n-----END CERTIFICATE-----\n';
const code = e => e ? e.code || '?' : 'ok';
const talk = (server, client) => new Promise(done => {
  let told = {};
  const tell = (side, s) => { told[side] = told[side] || s; if (told.client && told.server) done(told); };
  const s = tls.createServer({rejectUnauthorized: false, ...server}, c => { tell('server', typeof c.authorizationError === 'string' ? c.authorizationError : code(c.authorizationError)); c.on('error', () => {}).end(); });
  s.on('tlsClientError', e => tell('server', code(e)));
  s.listen(0, '127.0.0.1', () => {
    const c = tls.connect({port: s.address().port, host: '127.0.0.1', checkServerIdentity() {}, ...client}, () => tell('client', typeof c.authorizationError === 'string' ? c.authorizationError : code(c.authorizationError)));
    c.on('error', e => tell('client', code(e))).on('close', () => s.close()).resume();
  });
});
(async () => {
  const answers = [];
  const {ca, good} = Q[0];
  for (const q of Q) {
    const odd = {cert: pem(q.cert), key: q.key, ciphers: 'DEFAULT@SECLEVEL=0'}, plain = {cert: good, key: Q[0].key};
    try { tls.createSecureContext(odd); } catch (e) { answers.push(['unloadable ' + code(e)]); continue; }
    answers.push([(await talk(odd, {ca})).client, (await talk(odd, {ca, rejectUnauthorized: false})).client,
      (await talk({...plain, ca, requestCert: true, maxVersion: 'TLSv1.2'}, {...odd, ca})).server]);
  }
  console.log(JSON.stringify(answers)); process.exit(0);
})();`

// odd is a peer that shows a certificate that a Credential of its own would not take.
type odd struct{ credential *cred.Credential }

func oddPeer(t *testing.T, o oddCert) odd {
	c := *credtest.CA(t).Leaf(t, o.kind, serverName)
	c.Chain = [][]byte{o.der}
	return odd{&c}
}

// serve is the odd peer as a server on one end of a pipe: conn is the other, and alert what it
// hears in the end.
func (o odd) run(t *testing.T, server bool) (conn net.Conn, alert func() record.Alert) {
	t.Helper()
	a, b := net.Pipe()
	config := handshake.Config{Credentials: []*cred.Credential{o.credential}, Verify: handshake.VerifyNone}
	var peer *actor.Conn
	if server {
		profile, err := config.CompileServer()
		if err != nil {
			t.Fatal(err)
		}
		peer = actor.Server(b, profile, nil)
	} else {
		profile, err := config.CompileClient()
		if err != nil {
			t.Fatal(err)
		}
		peer = actor.Client(b, profile, serverName, nil)
	}
	heard := make(chan record.Alert, 1)
	go func() {
		defer peer.Close()
		_, err := io.Copy(io.Discard, peer)
		var e *handshake.Error
		if errors.As(err, &e) && !e.Sent {
			heard <- e.Alert
			return
		}
		heard <- 0
	}()
	return a, func() record.Alert { return <-heard }
}

// oddVerdict is what we say of the certificate, in the words of oddScript, and the alert that
// the peer gets.
func oddVerdict(t *testing.T, o oddCert, server, reject bool) (string, record.Alert) {
	t.Helper()
	ca := SecureContextOptions{CA: [][]byte{credtest.CA(t).PEM()}}
	conn, alert := oddPeer(t, o).run(t, !server)
	var s *Socket
	var err error
	if server {
		leaf := withPair(t, ca, credtest.P256)
		var listener *Server
		if listener, err = NewServer(ServerOptions{SecureContextOptions: leaf, RequestCert: true, RejectUnauthorized: &reject}); err == nil {
			s, err = NewSocket(conn, SocketOptions{Server: listener})
		}
	} else {
		s, err = Connect(t.Context(), ConnectionOptions{SecureContextOptions: ca, Socket: conn, RejectUnauthorized: &reject,
			Servername: serverName, CheckServerIdentity: func(string, *PeerCertificate) error { return nil }})
	}
	if err == nil {
		err = s.Handshake()
	}
	if err == nil {
		err = s.AuthorizationError()
	}
	if s != nil {
		s.Close()
	}
	conn.Close()
	verdict := "ok"
	if err != nil {
		verdict = string(cmp.Or(CodeOf(err), "?"))
	}
	return verdict, alert()
}

// unread are the certificates that node shows and judges, and crypto/x509 does not read.
var unread = []string{
	"unknown attributes", "UniversalString", "a BIT STRING", "a SEQUENCE", "alternative name: Latin-1", "alternative name: UTF-8", "alternative name: addresses of wrong length",
	"alternative names twice", "alternative names that are none", "version 4", "an authority, said in BER", "a negative path length", "constraints that are none", "constraints twice",
	"an authority whose key usage is none", "an authority with names for it that are none", "an authority with purposes that are none", "an authority with key ids that are none",
	"an authority with name constraints that are none", "an authority with CRL points that are none", "an authority with policies that are none", "an authority with names twice",
	"purposes: unknown ones", "purposes that are none", "purposes twice", "information access that is none", "information access twice",
	"a compressed point", "RSA, a negative modulus", "RSA without NULL", "RSA, a padded exponent",
	"times 20240102030405.678Z 20240102030405.Z", "times 20240102030405 20240102030405+0100", "times 202401020304Z 2401020304Z", "times 240102030405 240102030405+0100",
	"times 240229000000Z 230229000000Z", "times 241301000000Z 240132000000Z", "times 240101240000Z 240101006000Z", "times 240101000060Z 240100000000Z", "times  rubbish",
	"times 240102030405z 24010203040506Z", "times 20240229000000Z 21000229000000Z", "times 2024010203Z 20240102030405,5Z", "times 240102030405-0000 240102030405+2400", "times 240630235959Z 240431000000Z",
}

// oddDifferences are the certificates of which a client and a server say other than node's.
var oddDifferences = map[string]struct{ ours, why string }{
	"alternative name: a directory name of unknown parts": {"ok", "what is in the extension is not used"},
	"alternative names of a kind that is none":            {"ok", "the name is passed over"},
	"constraints and more":                                {"ok", "it is no authority, and what follows is passed over"},
	"version 1, self-issued":                              {"ok", "the issuer is found by the signature, and it is trusted"},
	"an authority that may sign certificates":             {"ERR_SSL_WRONG_CERTIFICATE_TYPE", "its key may not sign a handshake (RFC 9846 §4.5.2)"},
	"a key usage without constraints":                     {"ERR_SSL_WRONG_CERTIFICATE_TYPE", "its key may not sign a handshake (RFC 9846 §4.5.2)"},
	"RSA by X.509's number":                               {"ERR_SSL_WRONG_SIGNATURE_TYPE", "the number was given up in 1993"},
	"an authority with an empty key usage":                {"ERR_SSL_WRONG_CERTIFICATE_TYPE", "its key may not sign a handshake (RFC 9846 §4.5.2)"},
	"an authority with a key usage of zeros":              {"ERR_SSL_WRONG_CERTIFICATE_TYPE", "its key may not sign a handshake (RFC 9846 §4.5.2)"},
	"Netscape's certificate type":                         {"ok", "nobody goes by it any more"},
	"an authority with key ids":                           {"ok", "the signature says who issued it, and not the key id"},
}

// TestOddCertificates: of certificates of every kind a client, with rejectUnauthorized and
// without, and a server say what node's say, but for oddDifferences. Those that crypto/x509 does not read,
// which are these and no others, end the handshake by bad_certificate, whatever
// rejectUnauthorized is.
func TestOddCertificates(t *testing.T) {
	names, certs := oddCerts(t)
	root := credtest.CA(t)
	var questions []map[string]any
	for _, name := range names {
		questions = append(questions, map[string]any{"cert": base64.StdEncoding.EncodeToString(certs[name].der), "key": string(credtest.KeyPEM(t, certs[name].kind))})
	}
	questions[0]["ca"], questions[0]["good"] = string(root.PEM()), string(credtest.CertPEM(certs[names[0]].der))
	judged, met := 0, 0
	for i, answer := range recorded(t, "oddcerts", oddScript, questions) {
		var node []string
		if err := json.Unmarshal(answer, &node); err != nil {
			t.Fatal(err)
		}
		name := names[i]
		shown := len(node) > 1 // or node has no opinion of it
		_, err := cred.ParseCertificate(certs[name].der)
		switch d, differs := oddDifferences[name]; {
		case slices.Contains(unread, name) || err != nil && !shown:
			met++
			if err == nil {
				t.Errorf("%s: it is read", name)
			}
			node = slices.Repeat([]string{"ERR_SSL_ASN1_LIB"}, 3)
		case !shown:
			t.Errorf("%s: it is read, where node says %s", name, node)
			continue
		case differs:
			met++
			node = slices.Repeat([]string{d.ours}, 3)
		}
		judged += len(node)
		checkOdd(t, name, certs[name], node, err != nil)
	}
	if judged < 450 || met < len(unread)+len(oddDifferences) {
		t.Errorf("%d verdicts, %d other than node's", judged, met)
	}
}

// checkOdd wants three verdicts on a certificate.
func checkOdd(t *testing.T, name string, o oddCert, want []string, unreadable bool) {
	t.Helper()
	for i, how := range []struct{ server, reject bool }{{false, true}, {false, false}, {true, false}} {
		verdict, alert := oddVerdict(t, o, how.server, how.reject)
		if verdict != want[i] || unreadable && alert != record.AlertBadCertificate {
			t.Errorf("%s (server %t, rejectUnauthorized %t): %s and %v, want %s", name, how.server, how.reject, verdict, alert, want[i])
		}
	}
}
