package actor_test

import (
	"os"
	"strings"
	"testing"
)

// TestREADME: every Go snippet of the README, and of tacet's column in FROM.md,
// stands in an example that is compiled and run.
func TestREADME(t *testing.T) {
	examples := squeeze(read(t, "example_test.go") + read(t, "../handshake/example_test.go") +
		read(t, "../transport/example_test.go") + read(t, "../transport/example_wrap_test.go") + read(t, "../transport/from_test.go"))
	for _, page := range []struct {
		file, fence string
		least       int
	}{
		{"../README.md", "```go\n", 14},
		{"../transport/FROM.md", "```go tacet\n", 8},
	} {
		blocks := strings.Split(read(t, page.file), page.fence)
		if len(blocks) < page.least {
			t.Fatalf("%s: %d snippets", page.file, len(blocks)-1)
		}
		for _, block := range blocks[1:] {
			code, _, ok := strings.Cut(block, "```")
			if !ok || !strings.Contains(examples, squeeze(code)) {
				t.Errorf("%s: not in an example:\n%s", page.file, code)
			}
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
