package house

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// TestPackageDocs: every package has a doc.go that says what it must never know or do.
func TestPackageDocs(t *testing.T) {
	for _, folder := range folders(t) {
		text := ""
		for _, s := range tree(t) {
			switch {
			case s.folder() != folder || s.ast.Doc == nil:
			case s.path == folder+"/doc.go":
				text = strings.Join(strings.Fields(s.ast.Doc.Text()), " ")
			default:
				t.Errorf("%s has a package comment, which belongs in doc.go", s.path)
			}
		}
		switch {
		case text == "":
			t.Errorf("%s/doc.go has no package comment", folder)
		case !strings.HasPrefix(text, "Package ") && !strings.HasPrefix(text, "Command "):
			t.Errorf("%s/doc.go: begins %.20q", folder, text)
		case !strings.Contains(text, "must never"):
			t.Errorf("%s/doc.go does not say what the package must never know or do", folder)
		}
	}
}

// export is one exported name.
type export struct {
	source *source
	name   string // "Sender.Abort"
	tok    token.Token
	at     ast.Node
	text   string // its comment
}

// exports is what a folder's package exports: constants, variables, functions
// and types, and the exported methods of exported types.
func exports(t *testing.T, folder string) (list []export) {
	t.Helper()
	for _, s := range code(t, folder) {
		if s.ast.Name.Name == "main" {
			continue
		}
		for _, d := range s.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				name := functionName(d)
				if d.Name.IsExported() && ast.IsExported(name) {
					list = append(list, export{s, name, token.FUNC, d, d.Doc.Text()})
				}
			case *ast.GenDecl:
				list = append(list, s.declared(d)...)
			}
		}
	}
	return list
}

// declared is what a declaration exports. A group of constants or variables may
// share a comment; a line comment is one.
func (s *source) declared(d *ast.GenDecl) (list []export) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() {
				list = append(list, export{s, spec.Name.Name, d.Tok, spec, spec.Doc.Text() + d.Doc.Text()})
			}
		case *ast.ValueSpec:
			for _, n := range spec.Names {
				if n.IsExported() {
					list = append(list, export{s, n.Name, d.Tok, n, spec.Doc.Text() + spec.Comment.Text() + d.Doc.Text()})
				}
			}
		}
	}
	return list
}

// TestExportsAreDocumented: and the comment of a function or type begins with its
// name. A method that an interface of the package has and documents needs none.
func TestExportsAreDocumented(t *testing.T) {
	for _, folder := range folders(t) {
		if !hasCode(t, folder) {
			continue
		}
		told := interfaceMethods(t, folder)
		for _, e := range exports(t, folder) {
			_, name, method := cutLast(e.name, ".")
			switch {
			case e.text == "" && !(method && told[name]):
				t.Errorf("%s: %s has no doc comment", e.source.line(e.at), e.name)
			case e.text != "" && (e.tok == token.FUNC || e.tok == token.TYPE) && !begins(e.text, name):
				t.Errorf("%s: the comment of %s begins %.30q", e.source.line(e.at), e.name, e.text)
			}
		}
	}
}

// begins reports whether a comment begins with a name, after an article.
func begins(text, name string) bool {
	for _, article := range []string{"A ", "An ", "The "} {
		text = strings.TrimPrefix(text, article)
	}
	rest, ok := strings.CutPrefix(text, name)
	return ok && (rest == "" || !strings.ContainsAny(rest[:1], letters))
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

// interfaceMethods is the methods that a folder's exported interfaces document.
func interfaceMethods(t *testing.T, folder string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, s := range code(t, folder) {
		ast.Inspect(s.ast, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || !spec.Name.IsExported() {
				return true
			}
			if x, ok := spec.Type.(*ast.InterfaceType); ok {
				for _, m := range x.Methods.List {
					for _, name := range m.Names {
						names[name.Name] = names[name.Name] || m.Doc != nil || m.Comment != nil
					}
				}
			}
			return true
		})
	}
	return names
}
