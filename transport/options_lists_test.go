package transport

import (
	"encoding/json"
	"slices"
	"testing"
)

// listsScript gives the groups and the signature schemes of node's ClientHello.
const listsScript = fixScript + `
const {Duplex} = require('stream');
const one = q => new Promise(done => {
  const sink = new Duplex({read() {}, write(b, e, cb) {
    let p = 5 + 4 + 34; p += 1 + b[p]; p += 2 + b.readUInt16BE(p); p += 1 + b[p]; p += 2;
    const found = {};
    while (p < b.length) {
      const id = b.readUInt16BE(p), n = b.readUInt16BE(p + 2); p += 4;
      if (id === 10 || id === 13) { found[id] = []; for (let i = p + 2; i < p + n; i += 2) found[id].push(b.readUInt16BE(i)); }
      p += n;
    }
    cb(); done({groups: found[10], schemes: found[13]});
  }});
  tls.connect({...fixed(q), socket: sink}).on('error', () => {});
});
(async () => { const a = []; for (const q of Q) a.push(await one(q)); console.log(JSON.stringify(a)); process.exit(0); })();`

// TestLists: the lists of ecdhCurve and sigalgs mean what they mean in node, in its order.
func TestLists(t *testing.T) {
	var rows []SecureContextOptions
	for _, list := range []string{
		"P-256", "prime256v1:X25519", "X25519:P-256", "P-521:P-384:P-256:X448:X25519", "secp384r1", "X448 : secp521r1", "ffdhe2048", "X25519:ffdhe3072:ffdhe4096",
		"ffdhe8192:ffdhe6144:P-256", "x25519:x448",
	} {
		rows = append(rows, SecureContextOptions{ECDHCurve: list})
	}
	for _, list := range []string{
		"RSA+SHA256", "ECDSA+SHA256", "ECDSA+SHA384:ECDSA+SHA512", "RSA-PSS+SHA256", "PSS+SHA384", "SHA512+RSA", "ed25519:ed448", "rsa_pss_pss_sha256:rsa_pss_rsae_sha256",
		"ecdsa_secp521r1_sha512:rsa_pkcs1_sha384", "RSA+sha256:ECDSA+SHA256:ed25519", "rsa_pss_rsae_sha512:rsa_pss_pss_sha384", "ed448:RSA+SHA512:RSA-PSS+SHA512",
	} {
		rows = append(rows, SecureContextOptions{SigAlgs: list})
	}
	var questions []map[string]any
	for _, o := range rows {
		questions = append(questions, nodeOptions(o))
	}
	for i, answer := range recorded(t, "lists", listsScript, questions) {
		var node struct{ Groups, Schemes []uint16 }
		if err := json.Unmarshal(answer, &node); err != nil {
			t.Fatal(err)
		}
		c, err := NewSecureContext(rows[i])
		if err != nil {
			t.Errorf("%+v: %v", rows[i], err)
			continue
		}
		var groups, schemes []uint16
		cfg := c.clientConfig()
		for _, g := range cfg.Groups {
			groups = append(groups, uint16(g.ID()))
		}
		for _, s := range cfg.Schemes {
			schemes = append(schemes, uint16(s))
		}
		switch o := rows[i]; {
		case o.ECDHCurve != "" && !slices.Equal(groups, node.Groups):
			t.Errorf("ecdhCurve %q: %x, node's %x", o.ECDHCurve, groups, node.Groups)
		case o.SigAlgs != "" && !slices.Equal(schemes, node.Schemes):
			t.Errorf("sigalgs %q: %x, node's %x", o.SigAlgs, schemes, node.Schemes)
		}
	}
}
