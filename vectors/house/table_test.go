package house

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"tacet/suites"
)

// registry is a type of code points with its table: who adds one adds a row
// there and nothing else (DESIGN §4).
type registry struct {
	folder, pkg, typ string
	files            []string // that hold the constants and the table
}

var registries = []registry{
	{"handshake/msg", "msg", "Ext", []string{"handshake/msg/extensions.go", "handshake/msg/table.go"}},
	{"handshake/cred", "cred", "Scheme", []string{"handshake/cred/scheme.go"}},
	{"kx", "kx", "ID", []string{"kx/group.go", "kx/table.go"}},
}

// codePointCases name a code point where a row could have said it.
var codePointCases = exceptions{
	"handshake.answering.verifies": "RFC 5246 §7.4.1.4.1 names what a client that says nothing takes",
}

// TestNoSecondList: no file but its table's tells code points apart, by a case,
// a comparison or the key of another table. Whoever asks whether an extension is
// there, or how a kind of scheme signs, does not list them.
func TestNoSecondList(t *testing.T) {
	found := map[string]string{}
	for _, r := range registries {
		names := constants(t, r.folder, r.typ)
		for _, s := range code(t, "") {
			if inTools(s) || slices.Contains(r.files, s.path) {
				continue
			}
			isOne := func(x ast.Expr) bool {
				name := nameIn(x, r.pkg)
				if _, bare := x.(*ast.Ident); bare && s.folder() != r.folder {
					name = ""
				}
				return slices.Contains(names, name)
			}
			for _, d := range s.ast.Decls {
				ast.Inspect(d, func(n ast.Node) bool {
					if slices.ContainsFunc(toldApart(n), isOne) {
						found[s.folder()+"."+declName(d)] = "tells a " + r.pkg + "." + r.typ + " apart at " + s.line(n)
					}
					return true
				})
			}
		}
	}
	codePointCases.check(t, found)
}

// toldApart is what a node compares something with.
func toldApart(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.CaseClause:
		return n.List
	case *ast.BinaryExpr:
		if n.Op == token.EQL || n.Op == token.NEQ {
			return []ast.Expr{n.X, n.Y}
		}
	case *ast.KeyValueExpr:
		return []ast.Expr{n.Key}
	}
	return nil
}

func declName(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return functionName(d)
	case *ast.GenDecl:
		if v, ok := d.Specs[0].(*ast.ValueSpec); ok {
			return v.Names[0].Name
		}
	}
	return ""
}

// TestSuitesByNumber: suites have no names in Go, and nobody but the table
// writes their numbers.
func TestSuitesByNumber(t *testing.T) {
	for _, s := range code(t, "") {
		if inTools(s) || s.path == "suites/table.go" {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.INT || len(lit.Value) != len("0x1301") {
				return true
			}
			id, err := strconv.ParseUint(lit.Value, 0, 16)
			if err == nil && suites.ByID(suites.ID(id)) != nil {
				t.Errorf("%s: %s is a suite's number", s.line(n), lit.Value)
			}
			return true
		})
	}
}
