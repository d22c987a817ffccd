package vectors

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"tacet/handshake/cred"
	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// trace is one of RFC 8448's.
type trace struct {
	clientKeys, serverKeys [][]byte
	records                []Flow
}

func readTrace(t testing.TB, name string) *trace {
	t.Helper()
	text, err := os.ReadFile("rfc8448/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	tr := &trace{}
	octets := func(s string) []byte {
		b, err := hex.DecodeString(strings.TrimSpace(s))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for line := range strings.Lines(string(text)) {
		switch f := strings.Fields(line); {
		case len(f) == 0 || line[0] == '#':
		case f[0] == "client":
			tr.clientKeys = append(tr.clientKeys, octets(f[2]))
		case f[0] == "server":
			tr.serverKeys = append(tr.serverKeys, octets(f[2]))
		case f[0] == "C>", f[0] == "S>":
			tr.records = append(tr.records, Flow{Client: f[0] == "C>"})
		default:
			last := &tr.records[len(tr.records)-1]
			last.Bytes = append(last.Bytes, octets(line)...)
		}
	}
	return tr
}

// witness follows a trace with both sides' private keys, checking all that can be checked.
type witness struct {
	t          *testing.T
	tr         *trace
	psk        keys.Secret
	hello      msg.ClientHello
	transcript keys.Transcript
	open       [2]record.Opener
	base       [2]keys.Secret // handshake traffic secrets
	handshake  keys.Handshake
	app        keys.Application
	next       [2]keys.Secret // of the epoch after EndOfEarlyData or Finished
	chain      [2]*x509.Certificate
	early      bool
	resumption keys.Secret
	seen       []string
	heard      map[msg.Type]msg.Raw // what the server said protected, if it is made
}

const traceHash = keys.SHA256 // all traces have TLS_AES_128_GCM_SHA256

func (w *witness) install(who int, s keys.Secret) {
	w.open[who].SetVersion(record.TLS13)
	w.open[who].Install(s.Protection(suites.ByID(0x1301)))
}

func (w *witness) sum() []byte { return w.transcript.Sum(nil) }

// watch reads the whole trace.
func (w *witness) watch() {
	w.t.Helper()
	var hand msg.Reassembler
	for i, f := range w.tr.records {
		who := index(f.Client)
		got, err := w.open[who].Open(bytes.Clone(f.Bytes))
		if err != nil || got.N != len(f.Bytes) {
			w.t.Fatalf("record %d: %v", i, err)
		}
		if got.Type != record.TypeHandshake {
			m := Message{Type: got.Type, Body: got.Payload}
			w.seen = append(w.seen, m.name())
			continue
		}
		hand.Add(got.Payload)
		for {
			m, err := hand.Next()
			if err != nil {
				w.t.Fatalf("record %d: %v", i, err)
			}
			if m == nil {
				break
			}
			w.seen = append(w.seen, Message{Type: record.TypeHandshake, Body: m}.name())
			w.message(who, m)
		}
	}
}

func (w *witness) parse(raw msg.Raw, m msg.Message) {
	w.t.Helper()
	if err := m.Parse(raw.Body()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *witness) message(who int, raw msg.Raw) {
	w.t.Helper()
	if who == 1 && w.heard != nil {
		w.heard[raw.Type()] = raw
	}
	switch raw.Type() {
	case msg.TypeClientHello:
		w.clientHello(raw)
		return
	case msg.TypeServerHello:
		w.serverHello(raw)
		return
	case msg.TypeCertificate:
		var m msg.Certificate13
		w.parse(raw, &m)
		for der := range m.Entries.All() {
			chain, err := cred.ParseChain([][]byte{der})
			if err != nil {
				w.t.Fatal(err)
			}
			w.chain[who] = chain[0]
		}
	case msg.TypeCertificateVerify:
		var m msg.CertificateVerify
		w.parse(raw, &m)
		content := cred.SignedContent(nil, who == 1, w.sum())
		if err := cred.Verify(cred.PublicKey(w.chain[who]), cred.Scheme(m.Scheme), record.TLS13, content, m.Signature); err != nil {
			w.t.Error(err)
		}
	case msg.TypeFinished:
		w.finished(who, raw)
		return
	case msg.TypeEndOfEarlyData:
		w.install(0, w.base[0])
	case msg.TypeNewSessionTicket:
		var m msg.NewSessionTicket13
		w.parse(raw, &m)
		w.psk = w.resumption.ResumptionPSK(m.Nonce)
		return // not part of the transcript
	}
	w.transcript.Write(raw)
}

func (w *witness) clientHello(raw msg.Raw) {
	w.parse(raw, &w.hello)
	if n := msg.BindersLen(&w.hello); n > 0 {
		sum, _ := w.transcript.PartialSum(nil, traceHash, raw[:len(raw)-n])
		early := keys.NewEarly(traceHash, w.psk.Bytes())
		binder := early.Binder(false)
		for b := range w.hello.Ext.PSK.Binders.All() {
			if !binder.VerifyFinished(b, sum) {
				w.t.Error("the binder does not verify")
			}
		}
		w.transcript.Write(raw)
		w.transcript.Pick(traceHash)
		w.early = true
		w.install(0, early.ClientTraffic(w.sum()))
		return
	}
	w.transcript.Write(raw)
}

func (w *witness) serverHello(raw msg.Raw) {
	var m msg.ServerHello
	w.parse(raw, &m)
	w.transcript.Pick(traceHash)
	if m.Retry() {
		w.transcript.Retry()
		w.transcript.Write(raw)
		return
	}
	w.transcript.Write(raw)
	early := keys.NewEarly(traceHash, nil)
	if m.Ext.Have(msg.ExtPreSharedKey) {
		early = keys.NewEarly(traceHash, w.psk.Bytes())
	}
	w.handshake = early.Handshake(w.shared(&m))
	w.base[0], w.base[1] = w.handshake.ClientTraffic(w.sum()), w.handshake.ServerTraffic(w.sum())
	w.install(1, w.base[1])
	if !w.early {
		w.install(0, w.base[0])
	}
}

// shared is the shared secret, computed on both sides, whose shares must be those of the trace.
func (w *witness) shared(m *msg.ServerHello) []byte {
	g := kx.ByID(kx.ID(m.Ext.ServerShare.Group))
	secret, err := g.Generate(w.tr.clientKeys[len(w.tr.clientKeys)-1])
	if err != nil {
		w.t.Fatal(err)
	}
	sent, _ := w.hello.Ext.KeyShares.Find(uint16(g.ID()))
	share, shared, err := g.Encapsulate(w.tr.serverKeys[0], sent)
	if err != nil || !bytes.Equal(share, m.Ext.ServerShare.Data) || !bytes.Equal(secret.AppendShare(nil), sent) {
		w.t.Fatalf("shares are not those of the private keys: %v", err)
	}
	again, err := secret.Decapsulate(share)
	if err != nil || !bytes.Equal(again, shared) {
		w.t.Fatalf("shared secrets differ: %v", err)
	}
	return shared
}

func (w *witness) finished(who int, raw msg.Raw) {
	if !w.base[who].VerifyFinished(raw.Body(), w.sum()) {
		w.t.Error("Finished does not verify")
	}
	w.transcript.Write(raw)
	if who == 1 {
		w.app = w.handshake.Application()
		w.next[0], w.next[1] = w.app.ClientTraffic(w.sum()), w.app.ServerTraffic(w.sum())
	} else {
		w.resumption = w.app.ResumptionMaster(w.sum())
	}
	w.install(who, w.next[who])
}

// TestRFC8448 follows each trace from its first record to its last.
func TestRFC8448(t *testing.T) {
	data := `data 50`
	tests := []struct{ name, says string }{
		{"simple", "ClientHello ServerHello EncryptedExtensions Certificate CertificateVerify Finished Finished NewSessionTicket " + data + " " + data + " alert close_notify alert close_notify"},
		{"resumed", `ClientHello data "ABCDEF" ServerHello EncryptedExtensions Finished EndOfEarlyData Finished ` + data + " " + data + " alert close_notify alert close_notify"},
		{"retry", "ClientHello HelloRetryRequest ClientHello ServerHello EncryptedExtensions Certificate CertificateVerify Finished Finished alert close_notify alert close_notify"},
		{"clientauth", "ClientHello ServerHello EncryptedExtensions CertificateRequest Certificate CertificateVerify Finished Certificate CertificateVerify Finished alert close_notify alert close_notify"},
		{"compatibility", "ClientHello ServerHello change_cipher_spec EncryptedExtensions Certificate CertificateVerify Finished change_cipher_spec Finished alert close_notify alert close_notify"},
	}
	var psk keys.Secret // §4 resumes §3
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := &witness{t: t, tr: readTrace(t, tc.name), psk: psk}
			w.watch()
			psk = w.psk
			if got := strings.Join(w.seen, " "); got != tc.says {
				t.Errorf("the trace says\n%s\nnot\n%s", got, tc.says)
			}
		})
	}
}
