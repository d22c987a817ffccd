package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// root is the module's folder, seen from here.
const root = "../.."

// source is one file of the module.
type source struct {
	path string // from root, with slashes
	test bool
	ast  *ast.File
}

// folder is where the file stands, from root: "handshake/msg".
func (s *source) folder() string {
	folder, _, _ := cutLast(s.path, "/")
	return folder
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+len(sep):], true
}

// fset has the positions of all files that tree gives.
var fset = token.NewFileSet()

// tree is every Go file of the module for every platform, in order of path. It
// is parsed once, and not to be changed.
func tree(t *testing.T) []*source {
	t.Helper()
	files, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 100 {
		t.Fatalf("found only %d files", len(files))
	}
	return files
}

var load = sync.OnceValues(func() (files []*source, err error) {
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		path, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		files = append(files, &source{filepath.ToSlash(path), strings.HasSuffix(name, "_test.go"), file})
		return nil
	})
	return files, err
})

// code is the files that are no tests, of one folder or, without one, of all.
func code(t *testing.T, folder string) (files []*source) {
	t.Helper()
	for _, s := range tree(t) {
		if !s.test && (folder == "" || s.folder() == folder) {
			files = append(files, s)
		}
	}
	if len(files) == 0 {
		t.Fatalf("%s has no files", folder)
	}
	return files
}

// folders is every folder with Go files.
func folders(t *testing.T) (list []string) {
	t.Helper()
	for _, s := range tree(t) {
		if len(list) == 0 || list[len(list)-1] != s.folder() {
			list = append(list, s.folder())
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// line is where a node begins, as an editor takes it: "record/aead.go:43".
func (s *source) line(n ast.Node) string {
	return s.path + ":" + itoa(fset.Position(n.Pos()).Line)
}

// functions is every declared function with its name: "Sender.alert".
func (s *source) functions() map[string]*ast.FuncDecl {
	list := map[string]*ast.FuncDecl{}
	for _, d := range s.ast.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			list[functionName(f)] = f
		}
	}
	return list
}

func functionName(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return f.Name.Name
	}
	return receiver(f.Recv.List[0].Type) + "." + f.Name.Name
}

// receiver is the name of a receiver's type.
func receiver(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.StarExpr:
		return receiver(x.X)
	case *ast.IndexExpr:
		return receiver(x.X)
	case *ast.Ident:
		return x.Name
	}
	return ""
}

// constants is the names of a folder's constants of one type, in order, those
// that repeat the line above included, and those that are not exported left out.
func constants(t *testing.T, folder, typ string) (names []string) {
	t.Helper()
	for _, s := range code(t, folder) {
		for _, d := range s.ast.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok || decl.Tok != token.CONST {
				continue
			}
			current := ""
			for _, spec := range decl.Specs {
				v := spec.(*ast.ValueSpec)
				if v.Type != nil || len(v.Values) > 0 {
					current = receiver(v.Type)
				}
				for _, n := range v.Names {
					if current == typ && n.IsExported() {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	if len(names) == 0 {
		t.Fatalf("%s has no constants of type %s", folder, typ)
	}
	return names
}

// exceptions is a list of what a rule lets pass, each with its reason.
type exceptions map[string]string

// check complains of what is found and not on the list, and of what is on the
// list and not found. found says what is wrong with each.
func (x exceptions) check(t *testing.T, found map[string]string) {
	t.Helper()
	for _, key := range sortedKeys(found) {
		if x[key] == "" {
			t.Errorf("%s: %s", key, found[key])
		}
	}
	for _, key := range sortedKeys(x) {
		if _, ok := found[key]; !ok {
			t.Errorf("%s is no exception any more: take it off the list", key)
		}
	}
}
