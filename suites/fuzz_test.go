package suites

import (
	"slices"
	"strings"
	"testing"
)

// FuzzParse wants of any list: no panic, an *Error or a list in order, and the same
// list again when its suites are named in full.
func FuzzParse(f *testing.F) {
	for _, list := range append(nodeLists, lists...) {
		f.Add(list)
	}
	all := preference(build(opensslRows(f)))
	f.Fuzz(func(t *testing.T, list string) {
		for _, suites := range [][]*Suite{table, all} {
			l, err := parse(suites, list)
			if err != nil {
				if kindOf(err) == 0 || kindOf(err).String() == "unknown" || len(l.Suites) != 0 {
					t.Fatalf("%q: %v, %v", list, l, err)
				}
				continue
			}
			check(t, suites, list, l)
		}
	})
}

func check(t *testing.T, suites []*Suite, list string, l List) {
	if len(l.Suites) == 0 || l.SecLevel < 0 || l.SecLevel > 5 {
		t.Fatalf("%q: %+v", list, l)
	}
	var names []string
	seen := map[ID]bool{}
	for _, s := range l.Suites {
		if seen[s.ID] {
			t.Fatalf("%q: %v twice", list, s)
		}
		seen[s.ID] = true
		names = append(names, s.OpenSSL)
	}
	if l.Only13 || strings.Contains(list, "_WITH_") { // older suites among TLS 1.3's names stand first
		return
	}
	again, err := parse(suites, strings.Join(names, ":"))
	if err != nil || !slices.Equal(again.Suites, l.Suites) {
		t.Fatalf("%q: %v\nnamed again: %v, %v", list, l.Suites, again.Suites, err)
	}
}

// TestNullAndAnonymous: suites without encryption or authentication come only if a
// word that names them asks.
func TestNullAndAnonymous(t *testing.T) {
	all := preference(build(opensslRows(t)))
	null := func(s *Suite) bool { return s.bulk == null }
	anonymous := func(s *Suite) bool { return s.Auth == AuthNone }
	for _, try := range []struct {
		list            string
		null, anonymous bool
	}{
		{"", false, false}, {Default, false, false}, {"DEFAULT", false, false}, {"HIGH", false, true}, {"ALL", false, true},
		{"ALL:!aNULL", false, false}, {"eNULL", true, true}, {"NULL", true, true}, {every, true, true}, {"ADH", false, true},
		{"NULL-SHA256", true, false}, {"ECDHE:DHE", true, false}, {"eNULL:ALL:!eNULL", false, true},
	} {
		l, err := parse(all, try.list)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.ContainsFunc(l.Suites, null); got != try.null {
			t.Errorf("%q: NULL %v", try.list, got)
		}
		if got := slices.ContainsFunc(l.Suites, anonymous); got != try.anonymous {
			t.Errorf("%q: anonymous %v", try.list, got)
		}
		if slices.ContainsFunc(l.Suites, func(s *Suite) bool { return (null(s) || anonymous(s)) && s.Permitted(1) }) {
			t.Errorf("%q: level %d permits NULL or anonymous", try.list, l.SecLevel)
		}
	}
}

// TestList looks at the fields of List, which the golden files do not show; n is what
// "openssl ciphers" counts, less the suites that are not here.
func TestList(t *testing.T) {
	for _, try := range []struct {
		list   string
		level  int
		only13 bool
		n      int
	}{
		{"", 1, false, 42}, {"TLS_AES_128_GCM_SHA256", 1, true, 1}, {"TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256", 1, true, 2},
		{"CHACHA20", 1, false, 10}, {"TLS_AES_256_GCM_SHA384:CHACHA20", 1, false, 8},
		{"@SECLEVEL=0:ALL", 0, false, 84}, {"ALL:@SECLEVEL=3:@SECLEVEL=2", 2, false, 84}, {"DEFAULT@SECLEVEL=5", 5, false, 56},
		{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 1, true, 1},
	} {
		l, err := Parse(try.list)
		if err != nil || l.SecLevel != try.level || l.Only13 != try.only13 || len(l.Suites) != try.n {
			t.Errorf("Parse(%q) = %+v, %v", try.list, l, err)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, try := range []struct {
		list, token string
		kind        Kind
	}{
		{":", ":", KindEmpty},
		{"FOO", "FOO", KindNoMatch},
		{"kSRP", "kSRP", KindNoMatch},
		{"TLS_FOO:AES", "TLS_FOO", KindNoMatch},
		{"RC4+AES:SEED", "RC4", KindNoMatch},
		{"ALL:!ALL", "ALL:!ALL", KindNoMatch},
		{"ALL:@FOO:kRSA", "@FOO", KindCommand},
		{"ALL:-kRSA+*;AES", "-kRSA+*", KindCommand},
	} {
		_, err := Parse(try.list)
		e, ok := err.(*Error)
		if !ok || e.Kind != try.kind || e.Token != try.token {
			t.Errorf("Parse(%q): %v, want %v: %q", try.list, err, try.kind, try.token)
		}
	}
	if got := (&Error{Kind: KindNoMatch, Token: "FOO"}).Error(); got != `suites: no cipher match: "FOO"` {
		t.Error(got)
	}
}
