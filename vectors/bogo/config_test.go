package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"tacet/handshake"
)

type config struct {
	DisabledTests map[string]string
	ErrorMap      map[string][]string
}

func readConfig(t *testing.T) (c config) {
	b, err := os.ReadFile("config.json")
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// kindNames are the texts of all kinds.
func kindNames() map[string]bool {
	names := map[string]bool{}
	for k := handshake.KindNone; k <= handshake.KindUnsupported; k++ {
		names[k.String()] = true
	}
	return names
}

// The error map speaks of kinds and of refusals by their texts: one that was
// renamed would make tests fail that have nothing wrong.
func TestErrorMapNamesWhatThereIs(t *testing.T) {
	names := kindNames()
	refusals := ""
	for _, r := range []refusal{errVerify, errCustomVerify, errOCSP, errOCSPCallback, errEarly, errCertCallback, errNoScheme, errNoIssuer} {
		refusals += "cause=" + r.name + ";"
	}
	for want, list := range readConfig(t).ErrorMap {
		for _, part := range list {
			if rest, ok := strings.CutPrefix(part, "kind="); ok {
				if kind, _, _ := strings.Cut(rest, ";"); !names[kind] {
					t.Errorf("%s: no kind %q", want, kind)
				}
			} else if strings.HasPrefix(part, "cause=") && !strings.Contains(refusals, part) && part != "cause=signature scheme does not fit" {
				t.Errorf("%s: no refusal %q", want, part)
			}
		}
	}
}

func TestEveryDisabledTestHasAReason(t *testing.T) {
	for pattern, reason := range readConfig(t).DisabledTests {
		if when, why, _ := strings.Cut(reason, ": "); when != "never" && when != "later" || len(why) < 8 {
			t.Errorf("%s: %q", pattern, reason)
		}
	}
}

func TestFlags(t *testing.T) {
	first, resumed, err := parseFlags([]string{
		"-port", "1", "-server", "-on-resume-async", "-on-initial-expect-alpn", "foo", "-on-handshaker-cipher", "ALL",
		"-curves", "23", "-curves", "29", "-cert-file", "default", "-new-x509-credential", "-cert-file", "other",
	})
	if err != nil {
		t.Fatal(err)
	}
	if !first.server || first.async || !resumed.async || first.expect.alpn != "foo" || resumed.expect.alpn != "" || first.cipher != "" ||
		len(first.curves) != 2 || first.credentials[0].certFile != "default" || first.credentials[1].certFile != "other" {
		t.Errorf("%+v\n%+v", first, resumed)
	}
	if _, _, err := parseFlags([]string{"-fly"}); err != unimplemented("fly") {
		t.Error(err)
	}
}
