package handshake_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tacet/handshake/msg"
)

var update = flag.Bool("update", false, "write testdata anew")

// ccsLabel labels what happens on a change_cipher_spec.
const ccsLabel = "change_cipher_spec"

// edge is one line of the transition relation. by is the vertex whose handler
// it is: another than from where from may be passed over.
type edge struct{ from, label, to, by string }

// relation is the transition relation, read off the source: edges.go says what
// may follow a handler, and the vertices' step, changeCipherSpec and answer say
// which handlers there are, and of which message.
type relation struct {
	vertices []string          // in the order of edges.go
	section  map[string]string // of a vertex, as the comments of edges.go name them
	edges    []edge            // in the order of edges.go
	kind     map[string]string // of a vertex: its one method that moves on
	lax      []string          // vertices whose methods are more than a dispatch
	unused   []string          // successor interfaces that no handler returns

	next     map[string][]string      // successor interface: vertices
	order    []string                 // successor interfaces in the order of edges.go
	handlers map[string]*ast.FuncDecl // "receiver.method"
	queries  map[string]string        // vertex: the type of its query
	wrapped  map[string]string        // vertex that may be passed over: the interface of those behind it
}

func readRelation(t testing.TB) *relation {
	t.Helper()
	set := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	r := &relation{section: map[string]string{}, kind: map[string]string{}, next: map[string][]string{},
		handlers: map[string]*ast.FuncDecl{}, queries: map[string]string{}, wrapped: map[string]string{}}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if name == "edges.go" {
			r.readEdges(set, file)
			continue
		}
		for _, d := range file.Decls {
			r.readDecl(d)
		}
	}
	r.connect()
	return r
}

// readEdges reads the marker methods.
func (r *relation) readEdges(set *token.FileSet, file *ast.File) {
	sectionAt := func(p token.Pos) (title string) {
		for _, group := range file.Comments {
			text := strings.TrimSpace(group.Text())
			if group.Pos() < p && strings.HasPrefix(text, "The ") && set.Position(group.Pos()).Column == 1 {
				title = strings.TrimSuffix(text, ".")
			}
		}
		return title
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		vertex, method := typeName(f.Recv.List[0].Type), f.Name.Name
		if method == "isState" {
			r.vertices = append(r.vertices, vertex)
			r.section[vertex] = sectionAt(f.Pos())
			continue
		}
		if !slices.Contains(r.order, method) {
			r.order = append(r.order, method)
		}
		r.next[method] = append(r.next[method], vertex)
	}
}

// readDecl reads methods, and the queries of parked vertices.
func (r *relation) readDecl(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil {
			r.handlers[typeName(d.Recv.List[0].Type)+"."+d.Name.Name] = d
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			ts, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			fields, ok := ts.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, field := range fields.Fields.List {
				switch {
				case len(field.Names) == 1 && field.Names[0].Name == "q":
					r.queries[ts.Name.Name] = typeName(field.Type)
				case len(field.Names) == 1 && field.Names[0].Name == "next":
					r.wrapped[ts.Name.Name] = typeName(field.Type)
				}
			}
		}
	}
}

// connect finds the handlers that each vertex dispatches to.
func (r *relation) connect() {
	returned := map[string]bool{}
	for _, vertex := range r.vertices {
		for _, method := range []string{"step", "changeCipherSpec", "answer"} {
			f := r.handlers[vertex+"."+method]
			if f == nil {
				continue
			}
			r.kind[vertex] += method
			for _, h := range r.dispatched(f) {
				after := result(h)
				returned[after] = true
				for _, to := range r.next[after] {
					e := edge{vertex, r.label(vertex, method, h), to, typeName(h.Recv.List[0].Type)}
					if !slices.Contains(r.vertices, e.by) { // what vertices share
						e.by = vertex
					}
					if !slices.Contains(r.edges, e) {
						r.edges = append(r.edges, e)
					}
				}
			}
		}
	}
	for _, to := range r.next["afterConnected"] {
		returned["afterConnected"] = true
		r.edges = append(r.edges, edge{"connected", "another handshake", to, "connected"})
	}
	for _, after := range r.order {
		if !returned[after] {
			r.unused = append(r.unused, after)
		}
	}
}

// dispatched lists the handlers that a method mentions.
func (r *relation) dispatched(f *ast.FuncDecl) []*ast.FuncDecl {
	var list []*ast.FuncDecl
	self, vertex := f.Recv.List[0].Names[0].Name, typeName(f.Recv.List[0].Type)
	ast.Inspect(f.Body, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if wrapped, ok := sel.X.(*ast.SelectorExpr); ok && wrapped.Sel.Name == "next" && sel.Sel.Name == "step" {
			for _, v := range r.next[r.wrapped[vertex]] { // any of those that it may stand before
				list = append(list, r.dispatched(r.handlers[v+".step"])...)
			}
			return true
		}
		on := typeName(sel.X)
		if on == self {
			on = vertex
		}
		h := r.handlers[on+"."+sel.Sel.Name]
		switch {
		case h == nil || h == f:
		case sel.Sel.Name == "step": // another vertex's, all of it
			list = append(list, r.dispatched(h)...)
		case strings.HasPrefix(result(h), "after"):
			list = append(list, h)
		}
		return true
	})
	if f.Name.Name == "step" {
		r.lint(vertex, f)
	}
	return list
}

// lint notes a step that is more than a dispatch by type: it returns a plain
// state, so nothing else may stand in it.
func (r *relation) lint(vertex string, f *ast.FuncDecl) {
	bare := func(s ast.Stmt) bool { _, ok := s.(*ast.ReturnStmt); return ok }
	for _, s := range f.Body.List {
		if branch, ok := s.(*ast.IfStmt); ok && branch.Else == nil && branch.Init == nil && len(branch.Body.List) == 1 {
			s = branch.Body.List[0]
		}
		if !bare(s) {
			r.lax = append(r.lax, vertex)
		}
	}
}

// label is what a handler is called for.
func (r *relation) label(vertex, method string, h *ast.FuncDecl) string {
	switch method {
	case "changeCipherSpec":
		return ccsLabel
	case "answer":
		return r.queries[vertex]
	}
	params := h.Type.Params.List
	name := typeName(params[len(params)-1].Type)
	for _, suffix := range []string{"10", "12", "13"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// result is the name of a function's first result.
func result(f *ast.FuncDecl) string {
	if f.Type.Results == nil {
		return ""
	}
	return typeName(f.Type.Results.List[0].Type)
}

// typeName is the bare name in an expression of a type or of a value of it.
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.ParenExpr:
		return typeName(e.X)
	case *ast.UnaryExpr:
		return typeName(e.X)
	case *ast.CompositeLit:
		return typeName(e.Type)
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// labels are those out of a vertex.
func (r *relation) labels(vertex string) []string {
	var list []string
	for _, e := range r.edges {
		if e.from == vertex && !slices.Contains(list, e.label) {
			list = append(list, e.label)
		}
	}
	return list
}

func (r *relation) has(from, to string) bool {
	return slices.ContainsFunc(r.edges, func(e edge) bool { return e.from == from && e.to == to })
}

// dot draws the relation for Graphviz.
func (r *relation) dot() string {
	var b strings.Builder
	b.WriteString("// The handshake as edges.go has it. Written by go test ./handshake -run TestEdges -update.\n")
	b.WriteString("// Draw it with: dot -Tsvg handshake/testdata/edges.dot\n")
	b.WriteString("digraph handshake {\n\trankdir=LR; node [shape=box]; edge [fontsize=10];\n")
	title := ""
	for _, v := range r.vertices {
		if s := r.section[v]; s != title {
			fmt.Fprintf(&b, "\n\t// %s\n", s)
			title = s
		}
		if style := map[string]string{"answer": "rounded", "": "bold"}[r.kind[v]]; style != "" {
			fmt.Fprintf(&b, "\t%s [style=%s];\n", v, style)
		}
		for _, e := range r.edges {
			if e.from == v {
				fmt.Fprintf(&b, "\t%s -> %s [label=%q];\n", e.from, e.to, e.label)
			}
		}
	}
	b.WriteString("}\n")
	return b.String()
}

// TestEdges checks the form of the relation, and holds its picture against the
// one in testdata: whoever changes the one sees the other change.
func TestEdges(t *testing.T) {
	r := readRelation(t)
	if len(r.unused) > 0 || len(r.lax) > 0 {
		t.Errorf("no handler returns %v; more than a dispatch: %v", r.unused, r.lax)
	}
	for _, v := range r.vertices {
		want := "step"
		switch {
		case v == "connected":
			want = ""
		case strings.HasSuffix(v, "CCS12"):
			want = "changeCipherSpec"
		case !strings.HasPrefix(v, "wait"):
			want = "answer"
		}
		if r.kind[v] != want {
			t.Errorf("%s moves on by %q, want %q", v, r.kind[v], want)
		}
		if want != "" && len(r.labels(v)) == 0 {
			t.Errorf("nothing follows %s", v)
		}
		for _, label := range r.labels(v) {
			if want == "step" && !slices.Contains(messageNames(), label) {
				t.Errorf("%s: %s is no message", v, label)
			}
		}
		if v != "loadingSession" && v != "waitClientHello" && !slices.ContainsFunc(r.edges, func(e edge) bool { return e.to == v }) {
			t.Errorf("nothing leads to %s", v)
		}
	}
	const golden = "testdata/edges.dot"
	if *update {
		if err := os.WriteFile(golden, []byte(r.dot()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	differ(t, golden+" (write it anew with -update)", string(want), r.dot())
}

// messageNames are the names of all message types.
func messageNames() []string {
	var names []string
	for typ := range 256 {
		if typ := msg.Type(typ); typ.Known() {
			names = append(names, typ.String())
		}
	}
	return names
}
