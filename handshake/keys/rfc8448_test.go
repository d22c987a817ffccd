package keys

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"tacet/record"
	"tacet/suites"
)

// trace is one section of testdata/rfc8448.txt.
type trace struct {
	t      *testing.T
	values map[string][]byte
}

func readTrace(t *testing.T, section string) trace {
	t.Helper()
	text, err := os.ReadFile("testdata/rfc8448.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, body, ok := strings.Cut(string(text), "= "+section+"\n")
	if !ok {
		t.Fatalf("no section %q", section)
	}
	body, _, _ = strings.Cut(body, "\n\n")
	tr := trace{t, map[string][]byte{}}
	name := ""
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, "\n")
		if v, ok := strings.CutPrefix(line, "  "); ok {
			b, err := hex.DecodeString(v)
			if err != nil {
				t.Fatal(err)
			}
			tr.values[name] = append(tr.values[name], b...)
			continue
		}
		name = strings.TrimSuffix(line, ":")
	}
	return tr
}

func (tr trace) get(name string) []byte {
	tr.t.Helper()
	v, ok := tr.values[name]
	if !ok {
		tr.t.Fatalf("no value %q", name)
	}
	return v
}

func (tr trace) want(name string, got []byte) {
	tr.t.Helper()
	if want := tr.get(name); !bytes.Equal(got, want) {
		tr.t.Errorf("%s = %x, want %x", name, got, want)
	}
}

func (tr trace) wantSecret(name string, got Secret) { tr.t.Helper(); tr.want(name, got.Bytes()) }

// wantRecord opens the named record under s and compares what comes out.
func (tr trace) wantRecord(name string, s Secret, want []byte) {
	tr.t.Helper()
	var o record.Opener
	o.SetVersion(record.TLS13)
	o.Install(s.Protection(suites.ByID(0x1301)))
	got, err := o.Open(bytes.Clone(tr.get(name)))
	if err != nil {
		tr.t.Errorf("%s: %v", name, err)
	} else if !bytes.Equal(got.Payload, want) {
		tr.t.Errorf("%s = %x, want %x", name, got.Payload, want)
	}
}

func (tr trace) finished(name string, s Secret, transcript *Transcript) {
	tr.t.Helper()
	th := transcript.Sum(nil)
	got := s.Finished([]byte{20, 0, 0, 32}, th)
	tr.want(name, got)
	if !s.VerifyFinished(tr.get(name)[4:], th) {
		tr.t.Errorf("%s does not verify", name)
	}
}

func TestSimpleTrace(t *testing.T) {
	//= RFC 8448 §3 type=test
	tr := readTrace(t, "simple 1-RTT (§3)")
	var hello Transcript
	hello.Write(tr.get("ClientHello"))
	hello.Pick(SHA256)
	hello.Write(tr.get("ServerHello"))

	early := NewEarly(SHA256, nil)
	hs := early.Handshake(tr.get("shared"))
	client, server := hs.ClientTraffic(hello.Sum(nil)), hs.ServerTraffic(hello.Sum(nil))
	tr.wantSecret("c hs traffic", client)
	tr.wantSecret("s hs traffic", server)

	for _, name := range []string{"EncryptedExtensions", "Certificate", "CertificateVerify"} {
		hello.Write(tr.get(name))
	}
	tr.finished("server Finished", server, &hello)
	hello.Write(tr.get("server Finished"))
	tr.finished("client Finished", client, &hello)
	tr.wantRecord("client Finished record", client, tr.get("client Finished"))

	app := hs.Application()
	th := hello.Sum(nil)
	tr.wantSecret("c ap traffic", app.ClientTraffic(th))
	tr.wantSecret("s ap traffic", app.ServerTraffic(th))
	tr.wantSecret("exp master", app.ExporterMaster(th))
	data := make([]byte, 50)
	for i := range data {
		data[i] = byte(i)
	}
	tr.wantRecord("client data record", app.ClientTraffic(th), data)

	hello.Write(tr.get("client Finished"))
	resumption := app.ResumptionMaster(hello.Sum(nil))
	tr.wantSecret("res master", resumption)
	tr.wantSecret("PSK", resumption.ResumptionPSK([]byte{0, 0}))
}

func TestResumedTrace(t *testing.T) {
	//= RFC 8448 §4 type=test
	tr := readTrace(t, "resumed 0-RTT (§4)")
	early := NewEarly(SHA256, readTrace(t, "simple 1-RTT (§3)").get("PSK"))
	binder := early.Binder(false)
	tr.wantSecret("binder key", binder)

	var hello Transcript
	th, ok := hello.PartialSum(nil, SHA256, tr.get("truncated ClientHello"))
	if !ok {
		t.Fatal("PartialSum of an empty transcript refused")
	}
	tr.want("truncated hash", th)
	tr.want("binders", binder.Finished([]byte{0, 33, 32}, th))

	hello.Write(append(bytes.Clone(tr.get("truncated ClientHello")), tr.get("binders")...))
	hello.Pick(SHA256)
	tr.wantSecret("c e traffic", early.ClientTraffic(hello.Sum(nil)))
	tr.wantSecret("e exp master", early.ExporterMaster(hello.Sum(nil)))
	tr.wantRecord("early data record", early.ClientTraffic(hello.Sum(nil)), []byte("ABCDEF"))

	hello.Write(tr.get("ServerHello"))
	hs := early.Handshake(tr.get("shared"))
	client, server := hs.ClientTraffic(hello.Sum(nil)), hs.ServerTraffic(hello.Sum(nil))
	tr.wantSecret("c hs traffic", client)
	tr.wantSecret("s hs traffic", server)

	hello.Write(tr.get("EncryptedExtensions"))
	tr.finished("server Finished", server, &hello)
	hello.Write(tr.get("server Finished"))
	tr.wantRecord("server flight record", server,
		append(bytes.Clone(tr.get("EncryptedExtensions")), tr.get("server Finished")...))

	app := hs.Application()
	tr.wantSecret("c ap traffic", app.ClientTraffic(hello.Sum(nil)))
	tr.wantSecret("s ap traffic", app.ServerTraffic(hello.Sum(nil)))
	tr.wantSecret("exp master", app.ExporterMaster(hello.Sum(nil)))
	hello.Write(tr.get("EndOfEarlyData"))
	tr.finished("client Finished", client, &hello)
	hello.Write(tr.get("client Finished"))
	tr.wantSecret("res master", app.ResumptionMaster(hello.Sum(nil)))
}

func TestRetryTrace(t *testing.T) {
	//= RFC 8448 §5 type=test
	//= RFC 9846 §4.1 type=test
	tr := readTrace(t, "HelloRetryRequest (§5)")
	var hello Transcript
	hello.Write(tr.get("ClientHello1"))
	hello.Pick(SHA256)
	hello.Retry()
	for _, name := range []string{"HelloRetryRequest", "ClientHello2", "ServerHello"} {
		hello.Write(tr.get(name))
	}
	th := hello.Sum(nil)
	tr.want("hello hash", th)
	early := NewEarly(SHA256, nil)
	hs := early.Handshake(tr.get("shared"))
	tr.wantSecret("c hs traffic", hs.ClientTraffic(th))
	tr.wantSecret("s hs traffic", hs.ServerTraffic(th))
}
