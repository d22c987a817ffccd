package vectors

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
)

// Transcript is a recorded conversation: what the sides put into their key
// logs, and the bytes, flow by flow.
type Transcript struct {
	Comment []string // lines of the header, without #
	Keys    []string // lines of the key log
	Flows   []Flow
}

// Transcript is the recording of a conversation.
func (r *Result) Transcript(comment ...string) *Transcript {
	return &Transcript{Comment: comment, Keys: r.Server.Keys, Flows: r.Flows}
}

// Format writes a transcript: comments, key log, and a hex dump for each flow
// under a line ">>> Flow n (client to server)", as crypto/tls does in its testdata.
func (t *Transcript) Format() []byte {
	var b bytes.Buffer
	for _, line := range t.Comment {
		fmt.Fprintf(&b, "# %s\n", line)
	}
	for _, line := range t.Keys {
		fmt.Fprintln(&b, line)
	}
	for i, f := range t.Flows {
		way := "server to client"
		if f.Client {
			way = "client to server"
		}
		fmt.Fprintf(&b, ">>> Flow %d (%s)\n%s", i+1, way, hex.Dump(f.Bytes))
	}
	return b.Bytes()
}

// ParseTranscript reads what Format writes.
func ParseTranscript(text []byte) (*Transcript, error) {
	t := &Transcript{}
	for n, line := range strings.Split(string(text), "\n") {
		switch {
		case line == "":
		case line[0] == '#':
			t.Comment = append(t.Comment, strings.TrimPrefix(line[1:], " "))
		case strings.HasPrefix(line, ">>>"):
			t.Flows = append(t.Flows, Flow{Client: strings.HasSuffix(line, "(client to server)")})
		case len(t.Flows) == 0:
			t.Keys = append(t.Keys, line)
		default:
			octets, err := dumped(line)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
			last := &t.Flows[len(t.Flows)-1]
			last.Bytes = append(last.Bytes, octets...)
		}
	}
	return t, nil
}

// dumped reads a line of hex.Dump.
func dumped(line string) ([]byte, error) {
	text, _, _ := strings.Cut(line, "|")
	_, text, ok := strings.Cut(text, "  ")
	if !ok {
		return nil, fmt.Errorf("no dump: %q", line)
	}
	return hex.DecodeString(strings.ReplaceAll(text, " ", ""))
}

// Said is all that a side says in the transcript.
func (t *Transcript) Said(client bool) (all []byte) {
	for _, f := range t.Flows {
		if f.Client == client {
			all = append(all, f.Bytes...)
		}
	}
	return all
}
