package handshake_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/record"
)

// The explorer walks through every conversation with all decisions asked for
// and every message traced, so that each call moves one edge at most, and
// compares what the engine does with the relation of edges.go.

// legal is what each vertex takes, from the figures of RFC 9846 Appendix A,
// RFC 5246 §7.3, RFC 5077 §3.3, RFC 4279 §2 and RFC 6066 §8, and not from our code.
// Where it depends on the key exchange, there is a row for each.
var legal = map[string][]string{
	"waitClientHello":       {"ClientHello"},
	"waitServerHello":       {"ServerHello"},
	"waitServerHelloAgain":  {"ServerHello"},
	"waitClientHelloAgain":  {"ClientHello"},
	"connected client 1.3":  {"NewSessionTicket", "KeyUpdate"},
	"connected server 1.3":  {"KeyUpdate"},
	"connected client 1.2":  {"HelloRequest"},
	"connected server 1.2":  {"ClientHello"},
	"waitResumedFinished12": {"Finished"},

	"waitEncryptedExtensions":     {"EncryptedExtensions"},
	"waitCertificateOrRequest":    {"CertificateRequest", "Certificate"},
	"waitCertificate":             {"Certificate"},
	"waitCertificateVerify":       {"CertificateVerify"},
	"waitServerFinished":          {"Finished"},
	"waitClientCertificate":       {"Certificate"},
	"waitClientCertificateVerify": {"CertificateVerify"},
	"waitClientFinished":          {"Finished"},

	"waitCertificate12":    {"Certificate"},
	"waitStatus12 ECDH":    {"CertificateStatus", "ServerKeyExchange"},
	"waitStatus12 DH":      {"CertificateStatus", "ServerKeyExchange"},
	"waitStatus12 RSA":     {"CertificateStatus", "CertificateRequest", "ServerHelloDone"},
	"waitStatus12 RSAPSK":  {"CertificateStatus", "ServerKeyExchange", "CertificateRequest", "ServerHelloDone"},
	"waitHint PSK":         {"ServerKeyExchange", "ServerHelloDone"},
	"waitHint RSAPSK":      {"ServerKeyExchange", "CertificateRequest", "ServerHelloDone"},
	"waitKeyExchange":      {"ServerKeyExchange"},
	"waitRequestOrDone":    {"CertificateRequest", "ServerHelloDone"},
	"waitHelloDone":        {"ServerHelloDone"},
	"waitAnonymousDone":    {"ServerHelloDone"},
	"waitTicket12":         {"NewSessionTicket"},
	"waitServerCCS12":      {ccsLabel},
	"waitServerFinished12": {"Finished"},
	"waitResumedTicket12":  {"NewSessionTicket"},
	"waitResumedCCS12":     {ccsLabel},

	"waitClientCertificate12":       {"Certificate"},
	"waitClientKeyExchange":         {"ClientKeyExchange"},
	"waitClientCertificateVerify12": {"CertificateVerify"},
	"waitClientCCS12":               {ccsLabel},
	"waitClientFinished12":          {"Finished"},
	"waitResumedClientCCS12":        {ccsLabel},
	"waitResumedClientFinished12":   {"Finished"},
}

// dropsCCS are the vertices at which TLS 1.3 may drop a change_cipher_spec:
// after the first ClientHello and before the peer's Finished (RFC 9846 §5).
var dropsCCS = []string{
	"waitServerHello", "waitServerHelloAgain", "waitEncryptedExtensions", "waitCertificateOrRequest", "waitCertificate",
	"waitCertificateVerify", "waitServerFinished", "waitClientHelloAgain", "waitClientCertificate",
	"waitClientCertificateVerify", "waitClientFinished",
}

// TestLegalIsEdges compares the figures with edges.go.
func TestLegalIsEdges(t *testing.T) {
	r := readRelation(t)
	for _, v := range r.vertices {
		if !strings.HasPrefix(v, "wait") {
			continue
		}
		want, got := legalAt(v), slices.Sorted(slices.Values(r.labels(v)))
		if !slices.Equal(want, got) {
			t.Errorf("%s takes %v, by the RFCs %v", v, got, want)
		}
	}
	for v := range legal {
		v, _, _ = strings.Cut(v, " ")
		if !strings.HasPrefix(v, "connected") && !slices.Contains(r.vertices, v) {
			t.Errorf("%s is no vertex", v)
		}
	}
}

// legalAt is what a vertex takes, whatever the key exchange.
func legalAt(vertex string) []string {
	var list []string
	for v, labels := range legal {
		if name, _, _ := strings.Cut(v, " "); name == vertex {
			list = append(list, labels...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// explored are the conversations that the explorer walks through.
func explored() []conversation {
	var list []conversation
	for _, conv := range conversations() {
		conv.set = and(conv.set, watched)
		list = append(list, conv)
	}
	for _, have := range []bool{false, true} {
		list = append(list, conversation{name: fmt.Sprint("no tickets, client certificate ", have), secure: true,
			set: and(bothVersions(record.TLS12), noTickets, watched, clientCert(handshake.RequestClientCert, have))})
	}
	for _, psk := range []string{"", pskIdentity} {
		set := and(bothVersions(record.TLS13), watched, doubtful)
		if psk != "" {
			set = and(set, externalKey(psk))
		}
		list = append(list, conversation{name: "doubtful session, key " + psk, from: fmt.Sprintf("%v/full", record.TLS13), secure: true, set: set})
	}
	return list
}

// explorer gathers what was seen.
type explorer struct {
	t       *testing.T
	r       *relation
	visited map[string]bool
	walked  map[[2]string]bool
}

// TestExplorer visits every vertex and walks along every edge, and nowhere
// else; and wherever an engine waits it tries all messages on forks.
func TestExplorer(t *testing.T) {
	x := &explorer{t, readRelation(t), map[string]bool{}, map[[2]string]bool{}}
	for _, conv := range explored() {
		t.Run(conv.name, func(t *testing.T) {
			x.t = t
			x.walk(newWorld(t, &conv, true))
		})
	}
	x.t = t
	x.withoutStatus()
	for _, v := range x.r.vertices {
		if !x.visited[v] {
			t.Errorf("%s was not visited", v)
		}
	}
	for _, e := range x.r.edges {
		if !x.walked[[2]string{e.by, e.to}] {
			t.Errorf("no conversation goes from %s to %s", e.from, e.to)
		}
	}
}

// walk runs a world to its end and probes both engines at every step.
func (x *explorer) walk(w *world) {
	seen := map[string]bool{}
	for busy := true; busy && w.bad == ""; {
		busy = false
		for _, p := range []*party{w.c, w.s} {
			if at := p.e.StateName(); !seen[at+p.name] {
				seen[at+p.name] = true
				x.probe(p)
			}
			from := p.e.StateName()
			busy = w.move(p) || busy
			x.moved(from, p.e.StateName())
		}
	}
	if w.bad != "" {
		x.t.Error(w.bad)
	}
}

// moved notes a step from one vertex to another.
func (x *explorer) moved(from, to string) {
	x.visited[from], x.visited[to] = true, true
	if from == to || to == "failed" {
		return
	}
	if from == "connected" && !x.r.has(from, to) { // a server's client begins: two edges at once
		x.moved(from, "waitClientHello")
		from = "waitClientHello"
	}
	if !x.r.has(from, to) {
		x.t.Errorf("edges.go has nothing from %s to %s", from, to)
	}
	x.walked[[2]string{from, to}] = true
}

// probe tries all messages on forks of p's engine.
func (x *explorer) probe(p *party) {
	at := p.e.StateName()
	if at == "failed" || !strings.HasPrefix(at, "wait") && at != "connected" {
		return // the parked consume nothing: the laws see to that
	}
	if st := p.e.State(); p.e.Secure() {
		at += map[bool]string{true: " client ", false: " server "}[st.Client] + max(st.Version, record.TLS12).String()[len("TLSv"):]
	} else if st.Suite != nil && legal[at+" "+st.Suite.Kx.String()] != nil {
		at += " " + st.Suite.Kx.String()
	}
	want := legal[at]
	for typ := range 256 {
		typ := msg.Type(typ)
		f := p.e.Fork()
		err := f.Inject(credtest.Now, msg.Raw{byte(typ), 0, 0, 0})
		refused := errors.Is(err, handshake.KindUnexpectedMessage) || errors.Is(err, handshake.KindAnonymousRequest)
		if refused == slices.Contains(want, typ.String()) {
			x.t.Errorf("%s, %v: %v", at, typ, err)
		}
		var own *handshake.Error
		if err != nil && !(errors.As(err, &own) || strings.HasPrefix(err.Error(), "msg: ") || errors.As(err, new(*msg.Error))) {
			x.t.Errorf("%s, %v: %T %v", at, typ, err, err)
		}
	}
	x.probeCCS(at, p)
}

// probeCCS tries a change_cipher_spec on a fork.
func (x *explorer) probeCCS(at string, p *party) {
	f := p.e.Fork()
	before := f.StateName()
	err := f.InjectCCS()
	moved := err == nil && f.StateName() != before
	dropped := err == nil && !moved
	if moved != slices.Contains(legal[at], ccsLabel) || dropped != slices.Contains(dropsCCS, at) {
		x.t.Errorf("%s, change_cipher_spec: moved %v, dropped %v, %v", at, moved, dropped, err)
	}
	if moved && !x.r.has(before, f.StateName()) {
		x.t.Errorf("edges.go has nothing from %s to %s", before, f.StateName())
	}
}

// withoutStatus walks the one edge that no server of ours takes: it
// acknowledges a request for an OCSP response and then sends none.
func (x *explorer) withoutStatus() {
	conv := conversation{set: and(bothVersions(record.TLS12), stapled, watched)}
	w := newWorld(x.t, &conv, true)
	for w.c.e.StateName() != "waitStatus12" {
		if a, b := w.move(w.c), w.move(w.s); !a && !b {
			x.t.Fatal("no CertificateStatus is awaited")
		}
	}
	for rest := w.s.sent[5:]; len(rest) > 4; {
		n := 4 + int(rest[1])<<16 + int(rest[2])<<8 + int(rest[3])
		if msg.Type(rest[0]) == msg.TypeServerKeyExchange {
			from := w.c.e.StateName()
			if err := w.c.e.Inject(credtest.Now, rest[:n:n]); err != nil {
				x.t.Error(err)
			}
			x.moved(from, w.c.e.StateName())
			return
		}
		rest = rest[n:]
	}
	x.t.Error("no ServerKeyExchange was sent")
}
