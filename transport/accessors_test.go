package transport

import (
	"encoding/json"
	"net"
	"testing"

	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// accessorScript has node tell what every accessor gives on both sides of a connection, before the
// handshake, after it and once the socket is closed. What is null, undefined or empty is "", but for
// an empty ephemeral key.
const accessorScript = `
const tls = require('tls'), {Duplex} = require('stream');
class Nowhere extends Duplex { _read() {} _write(c, e, done) { done(); } }
const told = s => {
  const some = v => v && (typeof v !== 'object' || Object.keys(v).length > 0) ? 'some' : '';
  const of = f => { try { return f(); } catch (e) { return e.code || ''; } };
  return {
    authorized: s.authorized, alpn: s.alpnProtocol || '', servername: s.servername || '', encrypted: s.encrypted, connecting: s.secureConnecting,
    certificate: some(s.getCertificate()), peerCertificate: some(s.getPeerCertificate()), x509: s.getX509Certificate() ? 'some' : '',
    cipher: s.getCipher()?.standardName || '', ephemeral: s.getEphemeralKeyInfo() ? s.getEphemeralKeyInfo().type || '{}' : '',
    finished: s.getFinished()?.length || 0, peerFinished: s.getPeerFinished()?.length || 0, protocol: s.getProtocol() || '',
    sharedSigalgs: (s.getSharedSigalgs() || []).length > 0, reused: !!s.isSessionReused(),
    exported: of(() => s.exportKeyingMaterial(16, 'label').length),
  };
};
const ask = q => new Promise(done => {
  const before = {client: told(new tls.TLSSocket(new Nowhere(), {secureContext: tls.createSecureContext(q)})), server: told(new tls.TLSSocket(new Nowhere(), {isServer: true, secureContext: tls.createSecureContext(q)}))};
  const secure = {}, closed = {};
  const over = side => s => { secure[side] = told(s); s.on('close', () => {
    closed[side] = told(s);
    if (closed.client && closed.server) { server.close(); done({before, secure, closed}); }
  }).end().resume(); };
  const server = tls.createServer({...q, ALPNProtocols: ['a']}, over('server'));
  server.listen(0, '127.0.0.1', () => {
    const s = tls.connect({...q, port: server.address().port, host: '127.0.0.1', servername: q.name, ALPNProtocols: ['a']}, () => over('client')(s));
  });
});
(async () => { const answers = []; for (const q of Q) answers.push(await ask(q)); console.log(JSON.stringify(answers)); })();`

// accessed is what the script tells of a socket.
type accessed struct {
	Authorized      bool   `json:"authorized"`
	ALPN            string `json:"alpn"`
	Servername      string `json:"servername"`
	Encrypted       bool   `json:"encrypted"`
	Connecting      bool   `json:"connecting"`
	Certificate     string `json:"certificate"`
	PeerCertificate string `json:"peerCertificate"`
	X509            string `json:"x509"`
	Cipher          string `json:"cipher"`
	Ephemeral       string `json:"ephemeral"`
	Finished        int    `json:"finished"`
	PeerFinished    int    `json:"peerFinished"`
	Protocol        string `json:"protocol"`
	SharedSigalgs   bool   `json:"sharedSigalgs"`
	Reused          bool   `json:"reused"`
	Exported        any    `json:"exported"`
}

func access(s *Socket) accessed {
	some := func(is bool) string { return map[bool]string{true: "some"}[is] }
	a := accessed{
		Authorized: s.Authorized(), ALPN: s.ALPNProtocol(), Servername: s.Servername(), Encrypted: s.Encrypted(), Connecting: s.SecureConnecting(),
		Certificate: some(s.Certificate() != nil), PeerCertificate: some(s.PeerCertificate(false) != nil), X509: some(s.X509Certificate() != nil),
		Finished: len(s.Finished()), PeerFinished: len(s.PeerFinished()), Protocol: string(s.Protocol()),
		SharedSigalgs: len(s.SharedSigalgs()) > 0, Reused: s.IsSessionReused(),
	}
	if c := s.Cipher(); c != nil {
		a.Cipher = c.StandardName
	}
	if e := s.EphemeralKeyInfo(); e != nil {
		if a.Ephemeral = e.Type; e.Type == "" {
			a.Ephemeral = "{}"
		}
	}
	material, err := s.ExportKeyingMaterial(16, "label", nil)
	if a.Exported = float64(len(material)); err != nil {
		a.Exported = string(CodeOf(err))
	}
	return a
}

// TestAccessorsInTime: what accessors give before the handshake, after it and after Close, is what
// node's give.
func TestAccessorsInTime(t *testing.T) {
	ca := credtest.CA(t)
	leaf := ca.Leaf(t, credtest.P256, serverName)
	pair := SecureContextOptions{CA: [][]byte{ca.PEM()}, Cert: [][]byte{credtest.CertPEM(leaf.Chain[0])}, Key: []KeyObject{{PEM: credtest.KeyPEM(t, credtest.P256)}}}
	versions := []record.Version{record.TLS12, record.TLS13}
	var questions []map[string]any
	for _, v := range versions {
		questions = append(questions, map[string]any{
			"ca": string(ca.PEM()), "cert": string(pair.Cert[0]), "key": string(pair.Key[0].PEM), "maxVersion": v.String(), "name": serverName,
		})
	}
	for i, answer := range recorded(t, "accessors", accessorScript, questions) {
		var node struct{ Before, Secure, Closed map[string]accessed }
		if err := json.Unmarshal(answer, &node); err != nil {
			t.Fatal(err)
		}
		o := pair
		o.MaxVersion, o.ECDHCurve = SecureVersion(versions[i].String()), "X25519:P-256" // node has no hybrids
		check := func(when, side string, s *Socket, want accessed) {
			t.Helper()
			got := access(s)
			switch when {
			case "before":
				want.Protocol = versions[i].String() // node says TLS 1.3, whatever may be
			case "closed":
				want.Exported = "ERR_TLS_INVALID_STATE" // node throws a TypeError
			}
			if got != want {
				t.Errorf("%v, %s of %s:\n%+v, node\n%+v", versions[i], when, side, got, want)
			}
		}
		for side, want := range node.Before {
			a, b := net.Pipe()
			defer b.Close()
			s, err := NewSocket(a, SocketOptions{SecureContextOptions: o, IsServer: side == "server"})
			if err != nil {
				t.Fatal(err)
			}
			check("before", side, s, want)
			_ = s.Close()
		}
		server, err := NewServer(ServerOptions{SecureContextOptions: o, ALPNProtocols: []string{"a"}})
		if err != nil {
			t.Fatal(err)
		}
		own, err := NewSecureContext(o)
		if err != nil {
			t.Fatal(err)
		}
		p := connect(t, server, ConnectionOptions{SecureContext: own, Servername: serverName, ALPNProtocols: []string{"a"}}).secured(t)
		for _, when := range []string{"secure", "closed"} {
			want := map[string]map[string]accessed{"secure": node.Secure, "closed": node.Closed}[when]
			check(when, "client", p.client, want["client"])
			check(when, "server", p.server, want["server"])
			_, _ = p.client.Close(), p.server.Close()
		}
	}
}
