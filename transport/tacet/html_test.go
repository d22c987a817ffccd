package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestPage reads the page as a browser does: every message unfolds, its bytes
// are there, and nothing is fetched from elsewhere.
func TestPage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "demo.html")
	out := tacet(t, "demo", "--html", file)
	if want, err := os.ReadFile("testdata/demo.golden"); err != nil || out != string(want) {
		t.Error("with --html the ladder is another", err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	counts := map[string]int{}
	var open []string
	for tokens := html.NewTokenizer(f); ; {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			if tokens.Err() != io.EOF {
				t.Fatal(tokens.Err())
			}
			break
		}
		token := tokens.Token()
		switch kind {
		case html.StartTagToken:
			counts[token.Data]++
			if !implied[token.Data] {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("</%s> in %v", token.Data, open)
			}
			open = open[:len(open)-1]
		}
		for _, a := range token.Attr {
			if a.Key == "src" || a.Key == "href" || strings.Contains(a.Val, "//") {
				t.Errorf("<%s> has %s=%q", token.Data, a.Key, a.Val)
			}
		}
	}
	if len(open) > 0 {
		t.Errorf("not closed: %v", open)
	}
	all, err := demoConversations()
	if err != nil {
		t.Fatal(err)
	}
	parts, records := 0, 0
	for _, c := range all {
		for _, r := range c.rungs {
			if r.record != nil {
				records++
				parts += len(r.record.parts)
			}
		}
	}
	if n := counts["details"]; n != parts+records || n != counts["pre"] || counts["script"]+counts["link"] > 0 {
		t.Errorf("%v for %d messages in %d records", counts, parts, records)
	}
}

// implied are elements whose end tags the page leaves out.
var implied = map[string]bool{"meta": true, "tr": true, "td": true}
