package house

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A citation is a comment alone on its line: first in the body of the function
// that does what the section says, or above the lines that do:
//
//	//= RFC 9846 §5.4
//	//# the sentence, if it says more than the section's number
//	//= RFC 9846 §5.4 type=test
//
// gofmt takes "//=" out of doc comments, so it never stands above a function.
// The last form is that of tests, and of tests only. The rows of tables, those
// of tests too, cite by strings of their own: "RFC 6066 §3", in tests also with
// the rule behind it. RFC 9846 is cited rather than RFC 8446.
type citation struct {
	section
	where string // "record/aead.go:43"
	in    string // "aead13.open"
	test  bool
}

// section is one of an RFC: {9846, "5.4"}.
type section struct {
	rfc    int
	number string
}

func (s section) String() string { return fmt.Sprintf("RFC %d §%s", s.rfc, s.number) }

// compare orders sections as their documents do: 4.2 before 4.10, 9 before C.
func (s section) compare(o section) int {
	if c := cmp.Compare(s.rfc, o.rfc); c != 0 {
		return c
	}
	return slices.CompareFunc(strings.Split(s.number, "."), strings.Split(o.number, "."), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
}

// rfcs are the documents that may be cited.
var rfcs = map[int]string{
	2104: "HMAC",
	2246: "TLS 1.0",
	3526: "MODP groups",
	3610: "CCM",
	4279: "pre-shared key suites",
	4346: "TLS 1.1",
	5077: "session tickets",
	5246: "TLS 1.2",
	5280: "X.509 certificates and CRLs",
	5489: "ECDHE_PSK suites",
	5705: "exporters",
	5746: "renegotiation indication",
	6066: "extension definitions",
	6125: "names of services in certificates",
	6101: "SSL 3.0",
	6655: "CCM suites",
	6961: "multiple certificate status",
	6962: "certificate transparency",
	7301: "ALPN",
	7366: "encrypt-then-MAC",
	7507: "fallback SCSV",
	5929: "channel bindings",
	9266: "channel bindings of TLS 1.3",
	7627: "extended master secret",
	7685: "padding extension",
	7748: "X25519 and X448",
	7905: "ChaCha20-Poly1305 suites",
	7919: "finite field groups",
	8017: "RSA cryptography",
	8422: "elliptic curve suites",
	8446: "TLS 1.3, as of 2018",
	8448: "example handshakes of TLS 1.3",
	8449: "record size limit",
	8701: "GREASE",
	8879: "certificate compression",
	9001: "TLS in QUIC",
	9147: "DTLS 1.3",
	9846: "TLS 1.3",
	9849: "encrypted ClientHello",
}

var (
	citing    = regexp.MustCompile(`^//= RFC (\d+) §([0-9A-F](?:\.\d+)*)( type=test)?$`)
	almost    = regexp.MustCompile(`^//+ ?= ?RFC|^//=|^/\*=|^//# `)
	rowCiting = regexp.MustCompile(`^"RFC (\d+) §([0-9A-F](?:\.\d+)*)"$`)
	rowTests  = regexp.MustCompile(`^"(?:B\d+ )?RFC (\d+) §([0-9A-F](?:\.\d+)*)(?:[,: ].*)?"$`)
)

// citations is every citation of the module. It complains of malformed ones.
func citations(t *testing.T) (list []citation) {
	t.Helper()
	for _, s := range tree(t) {
		for _, group := range s.ast.Comments {
			list = append(list, s.cited(t, group)...)
		}
		form := rowCiting
		if s.test {
			form = rowTests
		}
		if s.folder() == "vectors/house" {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if m := form.FindStringSubmatch(lit.Value); m != nil {
					list = append(list, s.citation(m, lit, "a row"))
				}
			}
			return true
		})
	}
	return list
}

// cited is the citations of a group of comments.
func (s *source) cited(t *testing.T, group *ast.CommentGroup) (list []citation) {
	for i, c := range group.List {
		m := citing.FindStringSubmatch(c.Text)
		quote := strings.HasPrefix(c.Text, "//# ") && i > 0 &&
			(citing.MatchString(group.List[i-1].Text) || strings.HasPrefix(group.List[i-1].Text, "//# "))
		switch in := s.inside(c); {
		case m == nil && !quote && almost.MatchString(c.Text):
			t.Errorf("%s: %q is no citation: //= RFC 9846 §5.4, with \" type=test\" in tests", s.line(c), c.Text)
		case m == nil:
		case in == "":
			t.Errorf("%s: a citation stands inside the function, not above it", s.line(c))
		case s.sharesLine(c):
			t.Errorf("%s: a citation stands alone on its line", s.line(c))
		case s.test != (m[3] != ""):
			t.Errorf("%s: type=test is for tests, and for them only", s.line(c))
		default:
			list = append(list, s.citation(m, c, in))
		}
	}
	return list
}

func (s *source) citation(m []string, at ast.Node, in string) citation {
	rfc, _ := strconv.Atoi(m[1])
	return citation{section{rfc, m[2]}, s.line(at), in, s.test}
}

// inside is the name of the declaration between whose braces a comment stands.
func (s *source) inside(c ast.Node) string {
	for _, d := range s.ast.Decls {
		if c.Pos() < d.Pos() || c.Pos() >= d.End() {
			continue
		}
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Body != nil && c.Pos() > d.Body.Lbrace {
				return functionName(d)
			}
		case *ast.GenDecl:
			if c.Pos() > d.TokPos {
				return declName(d)
			}
		}
	}
	return ""
}

// sharesLine reports whether code stands before a comment on its line.
func (s *source) sharesLine(c ast.Node) bool {
	line := fset.Position(c.Pos()).Line
	shares := false
	for _, d := range s.ast.Decls {
		ast.Inspect(d, func(n ast.Node) bool {
			if n != nil && n.End() <= c.Pos() && fset.Position(n.End()).Line == line {
				shares = true
			}
			return !shares
		})
	}
	return shares
}

// moved is the sections of RFC 8446 and of RFC 9846.
type moved struct {
	now   map[string]string   // by old number
	old   map[string][]string // by new number
	title map[string]string   // by new number
}

func sectionMap(t *testing.T) moved {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "rfc9846.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	m := moved{map[string]string{}, map[string][]string{}, map[string]string{}}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 4 || m.now[f[0]] != "" {
			t.Fatalf("testdata/rfc9846.tsv: %q", line)
		}
		m.now[f[0]], m.title[f[1]] = f[1], f[2]
		m.old[f[1]] = append(m.old[f[1]], f[0])
	}
	return m
}

// hint says where a section went, if it is one of RFC 8446.
func (m moved) hint(old string) string {
	if now := m.now[old]; now != "" {
		return fmt.Sprintf("; §%s of RFC 8446 is its §%s", old, now)
	}
	return ""
}

// TestCitations checks the form of citations, and that what they cite exists.
// With -v it prints, of each section that is cited, what cites it.
func TestCitations(t *testing.T) {
	known := sectionMap(t)
	code, tests := map[section][]citation{}, map[section][]citation{}
	for _, c := range citations(t) {
		switch {
		case rfcs[c.rfc] == "":
			t.Errorf("%s: nobody knows RFC %d here", c.where, c.rfc)
		case c.rfc == 9846 && known.title[c.number] == "":
			t.Errorf("%s: RFC 9846 has no §%s in testdata/rfc9846.tsv%s", c.where, c.number, known.hint(c.number))
		case c.rfc == 8446:
			t.Errorf("%s: cite RFC 9846 §%s, not RFC 8446 §%s", c.where, known.now[c.number], c.number)
		}
		if c.test {
			tests[c.section] = append(tests[c.section], c)
		} else {
			code[c.section] = append(code[c.section], c)
		}
	}
	printCoverage(t, known, code, tests)
}

func printCoverage(t *testing.T, known moved, code, tests map[section][]citation) {
	all := maps.Clone(code)
	maps.Copy(all, tests)
	sections := slices.SortedFunc(maps.Keys(all), section.compare)
	var b strings.Builder
	rfc, untested := 0, 0
	for _, s := range sections {
		if s.rfc != rfc {
			rfc = s.rfc
			fmt.Fprintf(&b, "\nRFC %d, %s\n", rfc, rfcs[rfc])
		}
		if len(tests[s]) == 0 {
			untested++
		}
		note := ""
		if s.rfc == 9846 {
			note = fmt.Sprintf("%s (RFC 8446 §%s)", known.title[s.number], strings.Join(known.old[s.number], ", §"))
		}
		fmt.Fprintf(&b, "  §%-9s code %2d  tests %2d  %s\n", s.number, len(code[s]), len(tests[s]), note)
		for _, c := range slices.Concat(code[s], tests[s]) {
			fmt.Fprintf(&b, "               %s %s\n", c.where, c.in)
		}
	}
	t.Logf("%d sections are cited, %d of them by no test\n%s", len(sections), untested, b.String())
	if len(sections) < 60 {
		t.Errorf("only %d sections are cited", len(sections))
	}
}

var inProse = regexp.MustCompile(`RFC 9846 §([0-9A-F](?:\.\d+)*)`)

// TestSectionsInProse: what sentences and rows say of RFC 9846 exists, too.
func TestSectionsInProse(t *testing.T) {
	known := sectionMap(t)
	check := func(s *source, at ast.Node, text string) {
		for _, m := range inProse.FindAllStringSubmatch(text, -1) {
			if known.title[m[1]] == "" {
				t.Errorf("%s: RFC 9846 has no §%s in testdata/rfc9846.tsv%s", s.line(at), m[1], known.hint(m[1]))
			}
		}
	}
	for _, s := range tree(t) {
		for _, group := range s.ast.Comments {
			check(s, group, strings.Join(strings.Fields(group.Text()), " "))
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				check(s, lit, lit.Value)
			}
			return true
		})
	}
}
