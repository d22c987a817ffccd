package vectors

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func openScript(name string) (*Script, error) {
	text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
	if err != nil {
		return nil, err
	}
	return Parse(name, text)
}

func scripts(t testing.TB) (names []string) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".txt"))
	}
	return names
}

// TestScripts plays every script.
func TestScripts(t *testing.T) {
	for _, name := range scripts(t) {
		t.Run(name, func(t *testing.T) {
			s, err := openScript(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Play(t, s, openScript); err != nil {
				t.Error(err)
			}
		})
	}
}
