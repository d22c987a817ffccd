package vectors

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
)

// The engines in the place of one side of a trace, drawing what that side drew.
// Their hellos hold the trace's values in an order of their own, so that
// the secrets part there: what is sealed in the trace is for TestRFC8448, and is
// sealed anew here.

// traceEnv draws what a side of a trace drew.
type traceEnv map[handshake.Label][][]byte

func (e traceEnv) Rand(label handshake.Label, draw uint32, p []byte) {
	clear(p)
	if list := e[label]; int(draw) < len(list) {
		copy(p, list[draw])
	}
}

// plain gives the unprotected handshake messages of a side of a trace, as records.
func (tr *trace) plain(client bool) (list [][]byte) {
	for _, f := range tr.records {
		if f.Client == client && f.Bytes[0] == byte(record.TypeHandshake) {
			list = append(list, f.Bytes)
		}
	}
	return list
}

// parseRecord parses the message of the first record of rec.
func parseRecord(t *testing.T, rec []byte, m msg.Message) {
	t.Helper()
	rec = rec[record.HeaderLen : record.HeaderLen+int(rec[3])<<8+int(rec[4])]
	if err := m.Parse(msg.Raw(rec).Body()); err != nil {
		t.Fatal(err)
	}
}

// facts are the fields of a message, without their order, and without those left out.
func facts(m msg.Message, except ...string) (list []string) {
	for name, value := range msg.Fields(m) {
		if !slices.Contains(except, name) {
			list = append(list, fmt.Sprintf("%s: %s", name, value))
		}
	}
	slices.Sort(list)
	return list
}

var traceGroups = []kx.Group{kx.ByID(kx.X25519), kx.ByID(kx.P256), kx.ByID(kx.P384)}

// then is a time at which the traces' certificates are valid.
var then = time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)

// TestRFC8448Server lets a server answer the ClientHellos of the traces.
func TestRFC8448Server(t *testing.T) {
	for _, name := range []string{"simple", "resumed", "retry", "clientauth", "compatibility"} {
		t.Run(name, func(t *testing.T) {
			tr := readTrace(t, name)
			hellos, answers := tr.plain(true), tr.plain(false)
			var want msg.ServerHello
			parseRecord(t, answers[len(answers)-1], &want)
			cfg := handshake.Config{Groups: traceGroups, KeyLog: true, Credentials: []*cred.Credential{credtest.CA(t).Leaf(t, credtest.P256, "server")}}
			if name == "retry" {
				cfg.Groups = traceGroups[1:]
			}
			cfg.ClientPreference = true
			p, err := cfg.CompileServer()
			if err != nil {
				t.Fatal(err)
			}
			e := handshake.NewServer(p, traceEnv{handshake.LabelServerRandom: {want.Random[:]}, handshake.LabelServerShare: tr.serverKeys})
			out := feed(t, e, hellos[0])
			if name == "retry" {
				var got, want msg.ServerHello
				parseRecord(t, out, &got)
				parseRecord(t, answers[0], &want)
				if g, w := facts(&got), facts(&want, "extension cookie"); !slices.Equal(g, w) {
					t.Errorf("HelloRetryRequest\n%q, not\n%q", g, w)
				}
				// We sent no cookie; the trace's second hello has one.
				feed(t, e, hellos[1])
				if e.Err() == nil {
					t.Error("a cookie out of nowhere was accepted")
				}
				return
			}
			var got msg.ServerHello
			parseRecord(t, out, &got)
			// Without the ticket's keys, a resumption is a full handshake.
			if g, w := facts(&got, "extension pre_shared_key"), facts(&want, "extension pre_shared_key"); !slices.Equal(g, w) {
				t.Errorf("ServerHello\n%q, not\n%q", g, w)
			}
			if name == "resumed" { // early data, under keys that nobody here has, is skipped
				feed(t, e, tr.records[1].Bytes)
			}
			if e.StateName() != "waitClientFinished" {
				t.Errorf("state %s, %v", e.StateName(), e.Err())
			}
		})
	}
}

// TestRFC8448Client lets a client say its hello with the traces' random and
// share, and hear what their servers answer, up to the signature, which is over
// another ClientHello.
func TestRFC8448Client(t *testing.T) {
	for _, name := range []string{"simple", "retry", "clientauth", "compatibility"} {
		t.Run(name, func(t *testing.T) {
			tr := readTrace(t, name)
			hellos, answers := tr.plain(true), tr.plain(false)
			var want msg.ClientHello
			parseRecord(t, hellos[0], &want)
			cfg := handshake.Config{Groups: traceGroups, MinVersion: record.TLS13, Verify: handshake.VerifyNone,
				NoCompatibility: name != "compatibility", KeyLog: true}
			p, err := cfg.CompileClient()
			if err != nil {
				t.Fatal(err)
			}
			e := handshake.NewClient(p, "server", traceEnv{handshake.LabelClientRandom: {want.Random[:]},
				handshake.LabelSessionID: {want.SessionID}, handshake.LabelClientShare: tr.clientKeys})
			tap := &Tap{}
			said := tapped(t, tap, e, nil)
			same(t, said, &want)
			for i, a := range answers {
				tap.Write(false, a)
				wire, _, err := tap.Next(false)
				if err != nil {
					t.Fatal(err)
				}
				said = tapped(t, tap, e, wire)
				if i == 0 && name == "retry" {
					var again msg.ClientHello
					parseRecord(t, hellos[1], &again)
					same(t, said, &again)
				}
			}
			if e.StateName() != "waitEncryptedExtensions" {
				t.Fatalf("state %s, %v", e.StateName(), e.Err())
			}
			if name == "compatibility" {
				tapped(t, tap, e, []byte{20, 3, 3, 0, 1, 1})
			}
			tr.flight(t, tap, e)
		})
	}
}

// same compares a ClientHello with the trace's: what identifies it, and what it
// answers to the server.
func same(t *testing.T, got, want *msg.ClientHello) {
	t.Helper()
	if got.Random != want.Random || !bytes.Equal(got.SessionID, want.SessionID) {
		t.Errorf("random %x, session id %x", got.Random, got.SessionID)
	}
	if !bytes.Equal(got.Ext.KeyShares, want.Ext.KeyShares) || !bytes.Equal(got.Ext.Cookie, want.Ext.Cookie) {
		t.Errorf("key_share %x, not %x; cookie %x, not %x", got.Ext.KeyShares, want.Ext.KeyShares, got.Ext.Cookie, want.Ext.Cookie)
	}
}

// flight lets a client hear the protected messages of the trace's server.
func (tr *trace) flight(t *testing.T, tap *Tap, e *handshake.Engine) {
	t.Helper()
	w := &witness{t: t, tr: tr, heard: map[msg.Type]msg.Raw{}}
	w.watch()
	say := func(body []byte) {
		tapped(t, tap, e, tap.Seal(Message{Protected: true, Type: record.TypeHandshake, Body: body}))
	}
	if w.heard[msg.TypeEncryptedExtensions] == nil {
		t.Fatal("no EncryptedExtensions")
	}
	// The trace's clients offered record_size_limit, ours did not.
	refused := e.Fork()
	other := tap.Fork()
	tapped(t, other, refused, other.Seal(Message{Protected: true, Type: record.TypeHandshake, Body: w.heard[msg.TypeEncryptedExtensions]}))
	if err := new(handshake.Error); !errors.As(refused.Err(), &err) || err.Kind != handshake.KindUnsolicitedExtension {
		t.Errorf("record_size_limit was not offered, but: %v", refused.Err())
	}
	m := Message{Protected: true, Type: record.TypeHandshake, Body: w.heard[msg.TypeEncryptedExtensions]}
	without, err := m.extend(msg.ExtRecordSizeLimit, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	say(without[0].Body)
	for _, typ := range []msg.Type{msg.TypeCertificateRequest, msg.TypeCertificate, msg.TypeCertificateVerify} {
		if raw := w.heard[typ]; raw != nil {
			say(raw)
		}
	}
	if err := new(handshake.Error); !errors.As(e.Err(), &err) || err.Kind != handshake.KindBadSignature {
		t.Errorf("the signature is over another hello, but: %v", e.Err())
	}
}

// feed lets an engine hear bytes, and returns what it says.
func feed(t *testing.T, e *handshake.Engine, in []byte) []byte {
	t.Helper()
	in = bytes.Clone(in)
	for {
		n, ev := e.Step(then, in)
		in = in[n:]
		if ev.Kind == handshake.NeedInput || ev.Kind == handshake.Failed {
			return e.AppendOut(nil)
		}
	}
}

// tapped is feed for a client whose secrets and words go to a tap. It returns the
// ClientHello that was said, if one was.
func tapped(t *testing.T, tap *Tap, e *handshake.Engine, in []byte) *msg.ClientHello {
	t.Helper()
	in = bytes.Clone(in)
	for {
		n, ev := e.Step(then, in)
		in = in[n:]
		if ev.Kind == handshake.KeyLogged {
			if err := tap.KeyLog(true, ev.Data); err != nil {
				t.Fatal(err)
			}
		}
		if ev.Kind == handshake.NeedInput || ev.Kind == handshake.Failed {
			break
		}
	}
	tap.Write(true, e.AppendOut(nil))
	for {
		wire, said, err := tap.Next(true)
		if wire == nil || err != nil || e.Err() != nil {
			return nil
		}
		for _, m := range said {
			if m.Type == record.TypeHandshake && m.Kind() == msg.TypeClientHello {
				hello := new(msg.ClientHello)
				if err := hello.Parse(msg.Raw(m.Body).Body()); err != nil {
					t.Fatal(err)
				}
				return hello
			}
		}
	}
}
