package transport

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"tacet/handshake/cred/credtest"
)

// liveRow is a connection of two sides, each ours or node's, with options that both know.
type liveRow struct {
	name     string
	server   ServerOptions // without certificate: that of the name, with a P-256 key
	client   ConnectionOptions
	contexts []liveContext
	ocsp     *liveStaple

	serverPSK, clientPSK PSK
	resume, keylog       bool
	byClient             bool // renegotiates
	byServer             *RenegotiateOptions
	disables             bool // the server's socket DisableRenegotiation
	// etm is whether our side must find encrypt_then_mac in force, which node does not tell.
	etm *bool
	// alone is whether our side must find that a pre-shared key did without key exchange.
	alone *bool
	// bare leaves out the client's ca and servername.
	bare bool
	// instead are facts in which we differ from node, by who tells them and their name.
	instead map[string]string
	// refuses are those who fail before the connection is secure where between two of
	// node's they do not, or fail for another reason: we tell the peer by an alert, at once.
	refuses map[string]Code
}

type liveContext struct {
	name string
	o    SecureContextOptions
}

func (r *liveRow) serverOptions() ServerOptions {
	o := r.server
	if psk := r.serverPSK; psk.Key != nil {
		o.PSKCallback = func(_ context.Context, identity string) ([]byte, error) {
			if identity == psk.Identity {
				return psk.Key, nil
			}
			return nil, nil
		}
	}
	return o
}

func (r *liveRow) clientOptions() ConnectionOptions {
	o := r.client
	if psk := r.clientPSK; psk.Key != nil {
		o.PSKCallback = func(context.Context, string) (PSK, error) { return psk, nil }
		o.CheckServerIdentity = func(string, *PeerCertificate) error { return nil }
	}
	return o
}

// protected checks how a socket of ours protects records, and came to its keys.
func (r *liveRow) protected(t *testing.T, s *Socket) {
	t.Helper()
	if r.etm != nil && s.state().EncryptThenMAC != *r.etm {
		t.Errorf("encrypt_then_mac is in force: %v", !*r.etm)
	}
	if r.alone != nil && (s.state().Group == nil) != *r.alone {
		t.Errorf("group %v", s.state().Group)
	}
}

// leafOf are the options of a certificate.
func leafOf(t testing.TB, ca *credtest.Authority, kind credtest.Kind, names ...string) SecureContextOptions {
	t.Helper()
	c := ca.Leaf(t, kind, names...)
	return SecureContextOptions{
		Cert: [][]byte{credtest.CertPEM(c.Chain...)}, Key: []KeyObject{{PEM: credtest.KeyPEM(t, kind)}},
	}
}

// TestLive: for the same options, each side says with node what it says between two of node's.
func TestLive(t *testing.T) {
	node := startNode(t)
	parties := map[string]party{"we": ours{}, "node": node}
	for _, row := range liveRows(t) {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			said := map[string][2]*report{}
			for _, pair := range [][2]string{{"node", "node"}, {"we", "node"}, {"node", "we"}} {
				said[strings.Join(pair[:], " to ")] = row.run(t, parties[pair[0]], parties[pair[1]])
			}
			want := said["node to node"]
			row.compare(t, ourClient, said["we to node"][0], want[0])
			row.compare(t, nodeServer, said["we to node"][1], want[1])
			row.compare(t, nodeClient, said["node to we"][0], want[0])
			row.compare(t, ourServer, said["node to we"][1], want[1])
		})
	}
}

// Those who tell of a connection of one of ours with one of node's.
const (
	ourClient  = "our client"
	ourServer  = "our server"
	nodeClient = "node's client with our server"
	nodeServer = "node's server with our client"
)

// run makes a connection, or two of which the second resumes the first, and says what
// the client and the server say of the last.
func (r *liveRow) run(t *testing.T, client, server party) [2]*report {
	port, next := server.serve(t, r)
	c := client.connect(t, r, port, "")
	s := next()
	if r.resume {
		session := c.Last
		if session == "" {
			session = c.Session
		}
		c = client.connect(t, r, port, session)
		s = next()
	}
	if c.Facts != nil && s.Facts != nil && !r.byClient && c.Facts.Exporter != s.Facts.Exporter {
		t.Errorf("exported %s and %s", c.Facts.Exporter, s.Facts.Exporter)
	}
	return [2]*report{c, s}
}

// compare holds a report to node's, field by field.
func (r *liveRow) compare(t *testing.T, who string, got, want *report) {
	t.Helper()
	if code, ok := r.refuses[who]; ok {
		if got.Facts != nil || got.Error != code {
			t.Errorf("%s: error %q, facts %v; not %q", who, got.Error, got.Facts, code)
		}
		return
	}
	a, b := r.flat(t, got), r.flat(t, want)
	names := make([]string, 0, len(a))
	for name := range a {
		names = append(names, name)
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if a[name] == b[name] || knownDifference(r, who, name, got, want) {
			continue
		}
		if value, ok := r.instead[who+": "+name]; ok && value == a[name] {
			continue
		}
		t.Errorf("%s: %s is %s, between two of node's %s", who, name, a[name], b[name])
	}
}

// knownDifference are facts in which we differ from node in every row, with the reason.
func knownDifference(r *liveRow, who, name string, got, want *report) bool {
	reused := want.Facts != nil && want.Facts.Reused
	switch name {
	case "peer", "issuer": // node's client forgets whom it made the session with
		return reused && who == ourClient
	case "ticket": // which is looked at before a renegotiation by some, and after it by others
		return r.byClient || r.byServer != nil
	case "servername": // node's server forgets the name of a resumed session up to TLS 1.2
		return reused && who == ourServer && want.Facts.Protocol != TLS13
	case "sigalgs": // what signs certificates alone in TLS 1.3 is in signature_algorithms_cert here (RFC 9846 §4.3.3)
		if who != nodeClient || want.Facts == nil || got.Facts == nil || want.Facts.Protocol != TLS13 {
			return false
		}
		rest := slices.DeleteFunc(common(want.Facts.SigAlgs), func(s string) bool { return strings.HasPrefix(s, "RSA+") })
		return slices.Equal(common(got.Facts.SigAlgs), rest)
	}
	return false
}

// common are those of a list of signature algorithms that this package has too: no
// SHA-224, and no DSA.
func common(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool {
		return strings.HasSuffix(s, "SHA224") || strings.HasSuffix(s, "SHA1") || strings.HasPrefix(s, "DSA")
	})
}

// flat are the fields of a report as text, without those that differ each time.
func (r *liveRow) flat(t *testing.T, told *report) map[string]string {
	t.Helper()
	own := *told
	own.Session, own.Last = "", ""
	if r.byClient || r.byServer != nil { // sessions and secureConnect come in any order then
		own.Events = slices.Sorted(slices.Values(own.Events))
	}
	if own.Facts != nil {
		f := *own.Facts
		f.Exporter, f.SigAlgs = "", common(f.SigAlgs)
		own.Facts = &f
	}
	text, err := json.Marshal(own)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]json.RawMessage
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{}
	if own.Facts != nil {
		var inner map[string]json.RawMessage
		if err := json.Unmarshal(tree["facts"], &inner); err != nil {
			t.Fatal(err)
		}
		for name, value := range inner {
			fields[name] = string(value)
		}
		delete(tree, "facts")
	}
	for name, value := range tree {
		fields[name] = string(value)
	}
	return fields
}

// liveRows are the rows, with what most have in common filled in.
func liveRows(t *testing.T) []*liveRow {
	ca := credtest.CA(t)
	usual := leafOf(t, ca, credtest.P256, serverName)
	var rows []*liveRow
	for _, r := range slices.Concat(liveVersions(t), liveNames(t, ca), liveTrust(t, ca), liveSessions(t), liveStaples(t, ca), liveContexts(t), livePSKModes(), liveRenegotiations(t, ca)) {
		if r.server.Cert == nil {
			r.server.Cert, r.server.Key = usual.Cert, usual.Key
		}
		if r.server.CA == nil {
			r.server.CA = [][]byte{ca.PEM()}
		}
		if !r.bare {
			if r.client.CA == nil {
				r.client.CA = [][]byte{ca.PEM()}
			}
			if r.client.Servername == "" {
				r.client.Servername = serverName
			}
		}
		rows = append(rows, r)
	}
	return rows
}

// liveVersions are rows of versions, ciphers and groups.
func liveVersions(t *testing.T) (rows []*liveRow) {
	ca := credtest.CA(t)
	rows = append(rows, &liveRow{name: "defaults"})
	for _, v := range []SecureVersion{TLS10, TLS11, TLS12, TLS13} {
		r := &liveRow{name: "only " + string(v)}
		r.client.MinVersion, r.client.MaxVersion = v, v
		if v < TLS12 {
			r.client.Ciphers, r.server.Ciphers, r.server.MinVersion = "DEFAULT:@SECLEVEL=0", "DEFAULT:@SECLEVEL=0", v
		}
		rows = append(rows, r)
	}
	rsa := leafOf(t, ca, credtest.RSA2048, serverName)
	for _, cipher := range []string{
		"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-RSA-AES256-SHA384", "ECDHE-RSA-AES128-SHA",
		"DHE-RSA-AES128-GCM-SHA256", "DHE-RSA-AES256-SHA", "AES128-GCM-SHA256", "AES256-SHA256", "AES256-SHA", "AES128-CCM8", "DHE-RSA-AES256-CCM",
	} {
		r := &liveRow{name: cipher}
		r.client.Ciphers, r.client.MaxVersion = cipher, TLS12
		r.server.Ciphers, r.server.Cert, r.server.Key, r.server.DHParam = "ALL", rsa.Cert, rsa.Key, "auto"
		rows = append(rows, r)
	}
	for _, cipher := range []string{"TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"} {
		r := &liveRow{name: cipher}
		r.client.Ciphers, r.server.Ciphers = cipher, cipher+":TLS_AES_256_GCM_SHA384"
		rows = append(rows, r)
	}
	for _, curve := range []string{"X25519", "X448", "P-256", "P-384", "P-521", "prime256v1:X25519"} {
		for _, v := range []SecureVersion{TLS12, TLS13} {
			r := &liveRow{name: curve + " in " + string(v)}
			r.client.ECDHCurve, r.client.MaxVersion = curve, v
			rows = append(rows, r)
			r = &liveRow{name: curve + " of the server in " + string(v)}
			r.server.ECDHCurve, r.client.MaxVersion = curve, v
			rows = append(rows, r)
		}
	}
	for _, kind := range []credtest.Kind{credtest.P384, credtest.P521, credtest.RSA2048, credtest.RSAPSS, credtest.Ed25519, credtest.Ed448} {
		for _, v := range []SecureVersion{TLS12, TLS13} {
			r := &liveRow{name: string(kind) + " in " + string(v)}
			leaf := leafOf(t, ca, kind, serverName)
			r.server.Cert, r.server.Key, r.client.MaxVersion = leaf.Cert, leaf.Key, v
			rows = append(rows, r)
		}
	}
	with := func(name string, f func(r *liveRow)) {
		r := &liveRow{name: name}
		f(r)
		rows = append(rows, r)
	}
	with("no version in common", func(r *liveRow) { r.client.MaxVersion, r.server.MinVersion = TLS12, TLS13 })
	with("no version in common, the client higher", func(r *liveRow) { r.server.MaxVersion, r.client.MinVersion = TLS12, TLS13 })
	with("no cipher in common", func(r *liveRow) { r.client.Ciphers, r.client.MaxVersion = "AES128-SHA", TLS12 })
	with("no cipher of TLS 1.3 in common", func(r *liveRow) {
		r.client.Ciphers, r.server.Ciphers = "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"
	})
	with("no group in common", func(r *liveRow) { r.client.ECDHCurve, r.server.ECDHCurve = "P-256", "X25519" })
	with("sigalgs", func(r *liveRow) { r.client.SigAlgs = "ECDSA+SHA384:ECDSA+SHA256" })
	with("sigalgs of the server", func(r *liveRow) { r.server.SigAlgs = "ECDSA+SHA384:ECDSA+SHA256" })
	with("no sigalg in common", func(r *liveRow) {
		r.client.SigAlgs = "RSA-PSS+SHA256"
	})
	with("the client's order", func(r *liveRow) {
		r.server.HonorCipherOrder, r.client.MaxVersion = new(false), TLS12
		r.client.Ciphers = "ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"
	})
	with("minDHSize", func(r *liveRow) { // which node finds too small once the handshake is complete
		r.refuses = map[string]Code{nodeServer: CodeAlertHandshakeFailure}
		r.instead = map[string]string{ourServer + ": error": `"ECONNRESET"`} // an end without close_notify
		r.server.Cert, r.server.Key, r.server.DHParam = rsa.Cert, rsa.Key, "auto"
		r.client.Ciphers, r.client.MaxVersion, r.client.MinDHSize = "DHE-RSA-AES128-GCM-SHA256", TLS12, 3072
	})
	with("no certificate in TLS 1.2", func(r *liveRow) {
		r.server.Cert, r.client.MaxVersion = [][]byte{}, TLS12
	})
	with("no certificate in TLS 1.3", func(r *liveRow) { r.server.Cert = [][]byte{} })
	return rows
}

// liveNames are rows of server names and protocols.
func liveNames(t *testing.T, ca *credtest.Authority) (rows []*liveRow) {
	contexts := func(patterns ...string) (list []liveContext) {
		for _, p := range patterns {
			list = append(list, liveContext{p, leafOf(t, ca, credtest.P384, p)})
		}
		return list
	}
	for _, row := range []struct {
		name     string
		patterns []string
	}{
		{"a.example.org", []string{"*.example.org", "a.example.org"}}, {"a.example.org", []string{"a.example.org", "*.example.org"}},
		{"b.a.example.org", []string{"*.example.org"}}, {"A.example.org", []string{"a.example.org"}}, {"example.org", []string{"*"}},
		{"bcd.example.org", []string{"b*d.example.org"}}, {"localhost", []string{"*"}},
	} {
		for _, v := range []SecureVersion{TLS12, TLS13} {
			r := &liveRow{name: row.name + " of " + strings.Join(row.patterns, ",") + " in " + string(v), contexts: contexts(row.patterns...)}
			r.client.Servername, r.client.RejectUnauthorized, r.client.MaxVersion = row.name, new(false), v
			rows = append(rows, r)
		}
	}
	for _, row := range []struct {
		name           string
		client, server []string
	}{
		{"ALPN", []string{"a", "b"}, []string{"b", "a"}}, {"ALPN of the client alone", []string{"a"}, nil},
		{"ALPN of the server alone", nil, []string{"a"}}, {"no ALPN in common", []string{"a"}, []string{"b"}},
	} {
		for _, v := range []SecureVersion{TLS12, TLS13} {
			r := &liveRow{name: row.name + " in " + string(v)}
			r.client.ALPNProtocols, r.server.ALPNProtocols, r.client.MaxVersion = row.client, row.server, v
			rows = append(rows, r)
		}
	}
	return rows
}

// liveTrust are rows of who trusts whom.
func liveTrust(t *testing.T, ca *credtest.Authority) (rows []*liveRow) {
	stranger := credtest.Root(t, "stranger", credtest.P256)
	for _, v := range []SecureVersion{TLS12, TLS13} {
		with := func(name string, f func(r *liveRow)) {
			r := &liveRow{name: name + " in " + string(v)}
			r.client.MaxVersion = v
			f(r)
			rows = append(rows, r)
		}
		for _, reject := range []*bool{nil, new(false)} {
			suffix := map[bool]string{true: "", false: ", tolerated"}[reject == nil]
			// Node looks at certificates once the handshake is complete, and then just closes.
			early := func(r *liveRow, code Code) {
				if reject == nil {
					r.refuses = map[string]Code{nodeServer: code}
					if v == TLS12 {
						r.instead = map[string]string{ourServer + ": error": `"ECONNRESET"`} // an end without close_notify
					}
				}
			}
			with("another name"+suffix, func(r *liveRow) {
				early(r, "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE")
				r.client.Servername, r.client.RejectUnauthorized = "example.net", reject
			})
			with("no name, but a host"+suffix, func(r *liveRow) {
				early(r, "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE")
				r.bare, r.client.CA, r.client.RejectUnauthorized = true, [][]byte{ca.PEM()}, reject
			})
			with("unknown issuer"+suffix, func(r *liveRow) {
				early(r, CodeAlertUnknownCA)
				r.client.CA, r.client.RejectUnauthorized = [][]byte{stranger.PEM()}, reject
			})
			for _, who := range []struct {
				name string
				o    SecureContextOptions
			}{
				{"good client", leafOf(t, ca, credtest.P256, "client")},
				{"good RSA client", leafOf(t, ca, credtest.RSA2048, "client")},
				{"bad client", leafOf(t, stranger, credtest.P256, "client")},
				{"client without certificate", SecureContextOptions{}},
			} {
				with(who.name+suffix, func(r *liveRow) {
					r.client.Cert, r.client.Key = who.o.Cert, who.o.Key
					r.server.RequestCert, r.server.RejectUnauthorized = true, reject
					if who.name == "bad client" && reject == nil {
						r.refuses = map[string]Code{ourServer: CodeLeafSignature}
						r.instead = map[string]string{nodeClient + ": error": `"ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"`}
						if v == TLS13 {
							r.instead[ourClient+": error"] = `"ECONNRESET"` // an end without close_notify
						}
					}
				})
			}
		}
		with("client that is not asked", func(r *liveRow) {
			o := leafOf(t, ca, credtest.P256, "client")
			r.client.Cert, r.client.Key = o.Cert, o.Key
		})
	}
	return rows
}

// liveSessions are rows of resumption, key logs and pre-shared keys.
func liveSessions(t *testing.T) (rows []*liveRow) {
	for _, v := range []SecureVersion{TLS12, TLS13} {
		with := func(name string, f func(r *liveRow)) {
			r := &liveRow{name: name + " in " + string(v)}
			r.client.MaxVersion = v
			f(r)
			rows = append(rows, r)
		}
		with("resumption", func(r *liveRow) { r.resume = true })
		with("resumption without tickets", func(r *liveRow) {
			r.resume, r.server.SecureOptions = true, OpNoTicket
			// Of sessions that nobody keeps we give none.
			r.instead = map[string]string{nodeClient + ": events": `["secureConnect"]`}
		})
		with("resumption with a client certificate", func(r *liveRow) {
			o := leafOf(t, credtest.CA(t), credtest.P256, "client")
			r.client.Cert, r.client.Key, r.server.RequestCert, r.resume = o.Cert, o.Key, true, true
			r.server.SessionIDContext = "context"
		})
		with("key log", func(r *liveRow) {
			r.keylog = true
			if v == TLS13 { // in the order in which we derive them
				r.instead = map[string]string{ourClient + ": events": `["CLIENT_HANDSHAKE_TRAFFIC_SECRET","SERVER_HANDSHAKE_TRAFFIC_SECRET",` +
					`"CLIENT_TRAFFIC_SECRET_0","SERVER_TRAFFIC_SECRET_0","EXPORTER_SECRET","secureConnect","session","session"]`}
			}
		})
		key := PSK{[]byte("0123456789abcdef0123456789abcdef"), "me"}
		ciphers := "PSK-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256"
		with("PSK", func(r *liveRow) {
			r.clientPSK, r.serverPSK, r.client.Ciphers, r.server.Ciphers = key, key, ciphers, ciphers
			if v == TLS13 { // node takes it for a session, which it is not
				r.instead = map[string]string{
					ourClient + ": reused": "false", ourServer + ": reused": "false", nodeClient + ": events": `["secureConnect","session","session"]`,
				}
			}
		})
		with("unknown PSK", func(r *liveRow) {
			r.clientPSK, r.serverPSK, r.client.Ciphers, r.server.Ciphers = PSK{key.Key, "you"}, key, ciphers, ciphers
		})
		with("wrong PSK", func(r *liveRow) {
			r.clientPSK, r.serverPSK, r.client.Ciphers, r.server.Ciphers = PSK{make([]byte, 32), "me"}, key, ciphers, ciphers
			if v == TLS13 {
				r.refuses = map[string]Code{nodeClient: "ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR"}
			} else {
				r.refuses = map[string]Code{ourServer: CodeBadRecordMAC}
			}
		})
	}
	return rows
}

// liveRenegotiations are rows of renegotiation. Node resumes in it, which we never do,
// unless it is told not to.
func liveRenegotiations(t *testing.T, ca *credtest.Authority) (rows []*liveRow) {
	for _, row := range []struct {
		name   string
		server *RenegotiateOptions
		cert   bool
	}{
		{"the client renegotiates", nil, false},
		{"the server renegotiates", &RenegotiateOptions{}, false},
		{"the server renegotiates for a certificate", &RenegotiateOptions{RequestCert: new(true)}, true},
		{"the server renegotiates for a certificate that is not there", &RenegotiateOptions{RequestCert: new(true), RejectUnauthorized: new(false)}, false},
	} {
		r := &liveRow{name: row.name, byClient: row.server == nil, byServer: row.server}
		r.client.MaxVersion, r.client.SecureOptions, r.server.SecureOptions = TLS12, OpNoSessionResumptionOnRenegotiation, OpNoSessionResumptionOnRenegotiation
		if row.cert {
			o := leafOf(t, ca, credtest.P256, "client")
			r.client.Cert, r.client.Key = o.Cert, o.Key
		}
		rows = append(rows, r)
	}
	return rows
}
