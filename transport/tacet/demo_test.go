package main

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestDemoGolden(t *testing.T) {
	const file = "testdata/demo.golden"
	got := tacet(t, "demo")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s (-update renews it):\n%s", file, got)
	}
}

// TestREADME holds the README's ladder to the demo: each of its lines is one of
// the demo's, in order.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, ladder, _ := strings.Cut(string(text), "```\n client")
	ladder, _, ok := strings.Cut(" client"+ladder, "```")
	if !ok {
		t.Fatal("no ladder")
	}
	rest := tacet(t, "demo")
	for line := range strings.Lines(ladder) {
		if _, rest, ok = strings.Cut(rest, line); !ok {
			t.Fatalf("not in the demo, or not there:\n%s", line)
		}
	}
}

// TestDemoFits holds the ladder to 80 columns, so that its lanes stay straight.
func TestDemoFits(t *testing.T) {
	for _, line := range strings.Split(tacet(t, "demo"), "\n") {
		if n := utf8.RuneCountInString(line); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// TestDemoStory checks what the demo is there to show.
func TestDemoStory(t *testing.T) {
	all, err := demoConversations()
	if err != nil {
		t.Fatal(err)
	}
	full, resumed, old := all[0], all[1], all[2]
	if !resumed.sides[client].engine.State().Resumed || resumed.tally().messages >= full.tally().messages {
		t.Errorf("resumed in %d messages, full in %d", resumed.tally().messages, full.tally().messages)
	}
	if v := old.sides[server].engine.State().Version; v.String() != "TLSv1.2" {
		t.Errorf("the short one is %v", v)
	}
	for _, c := range all {
		if err := c.err(); err != nil {
			t.Error(err)
		}
		if of, equal := c.exporters(); !equal || len(of[client]) != 2*exporterLength {
			t.Errorf("%s: exporters %v", c.title, of)
		}
		for r, s := range c.sides {
			if !s.closed || len(s.in) > 0 {
				t.Errorf("%s: the %v did not see the end", c.title, role(r))
			}
		}
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args string
		want int
	}{
		{"", 2}, {"help", 0}, {"nonsense", 2}, {"demo --nonsense", 2}, {"demo superfluous", 2}, {"demo --help", 0},
		{"demo --html /nonexistent/page.html", 1},
	} {
		var out, err bytes.Buffer
		if got := run(t.Context(), strings.Fields(c.args), stdio{nil, &out, &err}); got != c.want {
			t.Errorf("tacet %s: status %d, want %d", c.args, got, c.want)
		}
		if (c.want == 0) != (out.Len() > 0) || (c.want == 0) != (err.Len() == 0) {
			t.Errorf("tacet %s: %q, and on standard error %q", c.args, &out, &err)
		}
	}
}

// TestHelp has each option as it is written, with its default, and each fault of the
// command line on one line that names the option.
func TestHelp(t *testing.T) {
	help := tacet(t, "serve", "--help")
	for _, want := range []string{
		"usage: tacet serve [OPTIONS]\n", "\n  --cert FILE ", "\n  --request-cert ", "\n  --reject-unauthorized=BOOL ", " (default 127.0.0.1:0)\n",
	} {
		if !strings.Contains(help, want) {
			t.Errorf("%q is not in\n%s", want, help)
		}
	}
	for args, want := range map[string]string{
		"serve --nonsense 1":         "tacet serve: there is no option --nonsense; --help lists the options\n",
		"serve --cert":               "tacet serve: there is no value after --cert; --help lists the options\n",
		"serve --request-cert=maybe": `tacet serve: invalid boolean value "maybe" for --request-cert: parse error; --help lists the options` + "\n",
		"connect --psk me:zz":        `tacet connect: invalid value "me:zz" for --psk: encoding/hex: invalid byte: U+007A 'z'; --help lists the options` + "\n",
	} {
		if _, told := tacetWith(t, 2, "", strings.Fields(args)...); told != want {
			t.Errorf("%s: %q, want %q", args, told, want)
		}
	}
	want := "tacet: --max-version: \"SSLv3\" is none of TLSv1 to TLSv1.3\n"
	if _, told := tacetWith(t, 1, "", "demo", "--max-version", "SSLv3"); told != want {
		t.Errorf("%q, want %q", told, want)
	}
}
