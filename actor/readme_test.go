package actor_test

import (
	"os"
	"strings"
	"testing"
)

// TestREADME: every Go snippet of the README stands in an example that is
// compiled and run.
func TestREADME(t *testing.T) {
	readme := read(t, "../README.md")
	examples := squeeze(read(t, "example_test.go") + read(t, "../handshake/example_test.go") + read(t, "../transport/example_test.go"))
	blocks := strings.Split(readme, "```go\n")
	if len(blocks) < 5 {
		t.Fatalf("%d snippets", len(blocks)-1)
	}
	for _, block := range blocks[1:] {
		code, _, ok := strings.Cut(block, "```")
		if !ok || !strings.Contains(examples, squeeze(code)) {
			t.Errorf("not in an example:\n%s", code)
		}
	}
}

// squeeze drops indentation and blank lines.
func squeeze(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
