package transport

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/msg"
	"tacet/kx"
)

// listsScript says what node makes of a list: the code points of its ClientHello's
// extension, "throws" and the code of the error if it refuses the list, or "fails" and the
// code if it takes it and then sends no hello.
const listsScript = fixScript + `
const {Duplex} = require('stream');
const extension = (b, wanted) => {
  let p = 5 + 4 + 34; p += 1 + b[p]; p += 2 + b.readUInt16BE(p); p += 1 + b[p]; p += 2;
  while (p < b.length) {
    const id = b.readUInt16BE(p), n = b.readUInt16BE(p + 2); p += 4;
    if (id === wanted) return b.toString('hex', p + 2, p + n).replace(/....(?!$)/g, '$& ');
    p += n;
  }
  return 'none';
};
const one = q => new Promise(done => {
  const sink = new Duplex({read() {}, write(b, e, cb) {
    cb();
    if (b[0] === 22) done(extension(b, q.sigalgs === undefined ? 10 : 13));
  }});
  let secureContext;
  try { secureContext = tls.createSecureContext(fixed(q)); } catch (e) { return done('throws ' + (e.code || '?')); }
  tls.connect({...fixed(q), secureContext, socket: sink}).on('error', e => done('fails ' + (e.code || '?')));
});
(async () => { const a = []; for (const q of Q) a.push([q, await one(q)]); console.log(JSON.stringify(a)); process.exit(0); })();`

// listsAnswers are node's answers to options that hold a list, each beside the question
// that it is to.
func listsAnswers(t *testing.T, name string, rows []SecureContextOptions) []string {
	t.Helper()
	var questions []map[string]any
	for _, o := range rows {
		questions = append(questions, nodeOptions(o))
	}
	answers := make([]string, len(rows))
	for i, raw := range recorded(t, name, listsScript, questions) {
		var question map[string]any
		if err := json.Unmarshal(raw, &[]any{&question, &answers[i]}); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(question) != fmt.Sprint(questions[i]) {
			t.Fatalf("%s.json has an answer to %v, not to %v: renew it by -update", name, question, questions[i])
		}
	}
	return answers
}

// listsHello is our answer in the words of listsScript, out of the ClientHello that a
// client with these options sends.
func listsHello(t *testing.T, o SecureContextOptions) string {
	t.Helper()
	c, err := NewSecureContext(o)
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		return "throws " + string(cmp.Or(e.Code, "?"))
	}
	cfg := c.clientConfig()
	cfg.Verify = handshake.VerifyNone
	profile, err := cfg.CompileClient()
	if err != nil {
		t.Fatal(err)
	}
	e := handshake.NewClient(profile, "", actor.RandomEnv())
	e.Step(time.Unix(1, 0), nil)
	record := e.AppendOut(nil)
	var hello msg.ClientHello
	const headers = 5 + 4 // of the record and of the message
	if err := hello.Parse(record[headers:]); err != nil {
		t.Fatal(err)
	}
	points, codes := hello.Ext.SupportedGroups, []string{}
	if o.SigAlgs != "" {
		points = hello.Ext.SignatureAlgorithms
	}
	for point := range points.All() {
		codes = append(codes, fmt.Sprintf("%04x", point))
	}
	return strings.Join(codes, " ")
}

// checkLists holds what clients offer to what node's do, without the code points that
// nobody gets from us: curves that TLS 1.3 has done away with, and hashes and DSA that
// "MUST NOT be used" (RFC 9846 §4.3.3). A list of nothing else, and one that node takes and
// then fails with, is refused when the context is made.
func checkLists(t *testing.T, name string, rows []SecureContextOptions, known func(uint16) bool, empty Code, differ map[string]listDifference) {
	t.Helper()
	if len(rows) < 200 {
		t.Errorf("%d lists", len(rows))
	}
	met := 0
	for i, node := range listsAnswers(t, name, rows) {
		o := rows[i]
		want := listWanted(node, known, empty)
		key := o.SigAlgs + o.ECDHCurve + string(o.MaxVersion)
		if d, ok := differ[key]; ok {
			met++
			if d.ours == want {
				t.Errorf("%q: node says so too", key)
			}
			want = d.ours
		}
		if got := listsHello(t, o); got != want {
			t.Errorf("%q: %s, want %s: node %s", key, got, want, node)
		}
	}
	if met != len(differ) {
		t.Errorf("%d of %d differences were met", met, len(differ))
	}
}

// listWanted is what we have to say where node says something.
func listWanted(node string, known func(uint16) bool, empty Code) string {
	if code, failed := strings.CutPrefix(node, "fails "); failed {
		return "throws " + code
	}
	if node == "none" || strings.HasPrefix(node, "throws ") {
		return strings.TrimPrefix(node, "none")
	}
	points := slices.DeleteFunc(strings.Fields(node), func(point string) bool {
		n, err := strconv.ParseUint(point, 16, 16)
		return err != nil || !known(uint16(n))
	})
	if len(points) == 0 {
		return "throws " + string(empty)
	}
	return strings.Join(points, " ")
}

// listDifference is an answer of ours to a list, before its maxVersion, and why it is not node's.
type listDifference struct{ ours, why string }

// TestSigAlgLists: sigalgs mean what they mean in node, in its order.
func TestSigAlgLists(t *testing.T) {
	known := func(point uint16) bool { return cred.Scheme(point).Known() }
	const why = "the list is looked at before the suites"
	checkLists(t, "sigalgs-lists", sigAlgRows(), known, CodeNoSignatureAlgorithm, map[string]listDifference{
		"RSA+SHA1TLSv1.2":          {"throws " + string(CodeNoSignatureAlgorithm), why},
		"DSA+SHA1:RSA+SHA1TLSv1.2": {"throws " + string(CodeNoSignatureAlgorithm), why},
	})
}

// TestECDHCurveLists: ecdhCurve means what it means in node, in its order.
func TestECDHCurveLists(t *testing.T) {
	known := func(point uint16) bool { return kx.ByID(kx.ID(point)) != nil }
	const why = "OpenSSL 3.0 does not know the name"
	checkLists(t, "ecdhcurve-lists", curveRows(), known, CodeNoGroups, map[string]listDifference{
		"auto":                     {"11ec 001d 0017 001e 0018 0019", "a hybrid comes first, and finite fields are left to who names them"},
		"X25519MLKEM768":           {"11ec", why},
		"X25519MLKEM768:X25519":    {"11ec 001d", why},
		"X25519:SecP256r1MLKEM768": {"001d 11eb", why},
		"SecP384r1MLKEM1024:P-384": {"11ed 0018", why},
		"MLKEM768:X25519":          {"0201 001d", why},
	})
}
