package transport

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "ask node anew, and record its answers in testdata")

// nodeVersion is whose answers are recorded.
const nodeVersion = "v20."

// recorded gives each question to a script, which node runs with the list Q of
// them and which answers by a list of the same length. The answers are those on
// record; where the node of the record is installed, its answers are compared.
func recorded[Q any](t *testing.T, name, script string, questions []Q) []json.RawMessage {
	t.Helper()
	file := filepath.Join("testdata", name+".json")
	if *update {
		var b bytes.Buffer
		b.WriteString("[\n")
		for i, a := range askNode(t, script, questions) {
			b.WriteString(strings.Repeat(",\n", min(i, 1)))
			b.Write(a)
		}
		b.WriteString("\n]\n")
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	answers := onRecord(t, name, questions)
	if !*update {
		t.Run("live", func(t *testing.T) {
			for i, live := range askNode(t, script, questions) {
				if !bytes.Equal(live, answers[i]) {
					t.Errorf("%d: node says %s, on record is %s", i, live, answers[i])
				}
			}
		})
	}
	return answers
}

// onRecord are the answers of recorded without asking node.
func onRecord[Q any](t *testing.T, name string, questions []Q) []json.RawMessage {
	t.Helper()
	file := filepath.Join("testdata", name+".json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var answers []json.RawMessage
	if err := json.Unmarshal(text, &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(questions) {
		t.Fatalf("%s has %d answers to %d questions: renew it by -update", file, len(answers), len(questions))
	}
	return answers
}

// missing skips the test for want of a peer, or fails it where all peers have to be.
func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip("SKIPPED: " + why)
}

// nodeProgram is the node of the record.
func nodeProgram(t *testing.T) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node is not installed, so that nothing is compared with it")
	}
	if v, err := exec.Command(node, "--version").Output(); err != nil || !strings.HasPrefix(string(v), nodeVersion) {
		missing(t, fmt.Sprintf("node is %s and not %sx, so that nothing is compared with it", v, nodeVersion))
	}
	return node
}

// askNode runs a script and returns its answers. It needs the node of the record.
func askNode[Q any](t *testing.T, script string, questions []Q) []json.RawMessage {
	t.Helper()
	node := nodeProgram(t)
	in, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "--no-warnings", "-e", "const Q = JSON.parse(require('fs').readFileSync(0, 'utf8'));\n"+script)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []json.RawMessage
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(questions) {
		t.Fatalf("%d answers: %v", len(answers), err)
	}
	return answers
}

// sameJSON says where two JSON texts part, down to the order of members, "" if
// nowhere.
func sameJSON(t *testing.T, ours, theirs []byte) string {
	t.Helper()
	a, b := json.NewDecoder(bytes.NewReader(ours)), json.NewDecoder(bytes.NewReader(theirs))
	for {
		from, nodes := a.InputOffset(), b.InputOffset()
		x, err := a.Token()
		y, err2 := b.Token()
		if err == io.EOF && err2 == io.EOF {
			return ""
		}
		if err != err2 || x != y {
			return "it is " + around(ours, from) + ", node says " + around(theirs, nodes)
		}
	}
}

// around is a text at an offset and a little before.
func around(text []byte, at int64) string {
	const before, after = 30, 90
	return string(text[max(0, int(at)-before):min(int(at)+after, len(text))])
}
