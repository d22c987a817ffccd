package house

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// properNames may begin a text, as they are spelled.
var properNames = regexp.MustCompile(`^(SSL|TLS|HTTP|ALPN|PSK|CA|EE|CRL|PEM|DER|OCSP|RSA|RFC|Finished|HelloRetryRequest|ClientHello|ServerHello|PKCS|EOF)`)

// misspelled says what is wrong with the text of an error, if anything is.
func misspelled(text string) string {
	first, _ := utf8.DecodeRuneInString(text)
	switch {
	case text == "":
		return "is empty"
	case strings.TrimSpace(text) != text:
		return "has space around it"
	case strings.ContainsAny(text[len(text)-1:], ".!:") || strings.Contains(text, "\n"):
		return "ends like a sentence, or runs over lines"
	case unicode.IsUpper(first) && !properNames.MatchString(text):
		return "begins with a capital"
	}
	return ""
}

// TestKindTexts: what the kinds of errors say.
func TestKindTexts(t *testing.T) {
	say := func(pkg string, k interface{ String() string }) {
		if wrong := misspelled(k.String()); wrong != "" {
			t.Errorf("%s: %q %s", pkg, k, wrong)
		}
	}
	each := func(folder string, first int, kind func(i int) interface{ String() string }) {
		for i := range constants(t, folder, "Kind") {
			say(folder, kind(first+i))
		}
	}
	each("record", 1, func(i int) interface{ String() string } { return record.Kind(i) })
	each("suites", 1, func(i int) interface{ String() string } { return suites.Kind(i) })
	each("kx", 1, func(i int) interface{ String() string } { return kx.Kind(i) })
	each("handshake/msg", 1, func(i int) interface{ String() string } { return msg.Kind(i) })
	each("handshake/cred", 0, func(i int) interface{ String() string } { return cred.Kind(i) })
	each("handshake", 0, func(i int) interface{ String() string } { return handshake.Kind(i) })
}

// errorMakers take the text of an error, or a format of it, first.
var errorMakers = map[string]bool{"errors.New": true, "fmt.Errorf": true, "errorf": true}

// TestErrorTexts: what other errors say.
func TestErrorTexts(t *testing.T) {
	for _, s := range code(t, "") {
		ast.Inspect(s.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 || !errorMakers[callee(call)] {
				return true
			}
			lit, ok := call.Args[0].(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			if wrong := misspelled(text); wrong != "" {
				t.Errorf("%s: %q %s", s.line(n), text, wrong)
			}
			return true
		})
	}
}

func callee(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name + "." + f.Sel.Name
		}
	}
	return ""
}
