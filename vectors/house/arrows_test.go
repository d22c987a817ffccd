package house

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Imports point one way (DESIGN §1), and the engine knows no world (I1).

// rank is where a folder stands: it may import what stands lower, and its own
// subfolders' packages one another. record, which all build on, stands lowest;
// nothing imports vectors and fuzz.
var rank = map[string]int{
	"record": 0, "suites": 1, "kx": 1, "handshake/": 2, "handshake": 3, "actor": 4, "transport": 5, "vectors": 6, "fuzz": 7,
}

// worldly is what nothing in the engine imports, and what only some of the time
// package is: time.Time as a value is fine, a clock is not.
var (
	worldly = []string{"net", "os", "os/exec", "os/signal", "syscall", "crypto/rand", "sync", "sync/atomic", "crypto/tls", "net/http", "log", "math/rand", "math/rand/v2"}
	clocks  = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
)

// testHelper makes certificates for tests of other packages.
const testHelper = "tacet/handshake/cred/credtest"

// goPackage is a package as go list shows it, without its tests.
type goPackage struct {
	ImportPath, Dir  string
	GoFiles, Imports []string
	CgoFiles         []string
	IgnoredGoFiles   []string
}

func goList(t *testing.T) (list []goPackage) {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,CgoFiles,IgnoredGoFiles,Imports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// folder is the key of a package in rank.
func folder(path string) string {
	path = strings.TrimPrefix(path, "tacet/")
	top, _, below := strings.Cut(path, "/")
	if top == "handshake" && below {
		return "handshake/"
	}
	return top
}

func isEngine(path string) bool { return rank[folder(path)] <= rank["handshake"] && path != testHelper }

func TestArrows(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range goList(t) {
		from := folder(p.ImportPath)
		seen[from] = true
		if _, ok := rank[from]; !ok {
			t.Errorf("%s: the house has no such room", p.ImportPath)
		}
		if from == "handshake" != (p.ImportPath == "tacet/handshake") {
			t.Errorf("%s is misplaced by this test", p.ImportPath)
		}
		for _, name := range []string{"util", "common", "internal", "helpers", "misc"} {
			if slices.Contains(strings.Split(p.ImportPath, "/"), name) {
				t.Errorf("%s: no %s", p.ImportPath, name)
			}
		}
		for _, imported := range p.Imports {
			if to := folder(imported); strings.HasPrefix(imported, "tacet/") && to != from && rank[to] >= rank[from] {
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
		}
	}
	for _, want := range []string{"record", "suites", "kx", "handshake/", "handshake", "actor", "transport"} {
		if !seen[want] {
			t.Errorf("go list shows nothing of %s", want)
		}
	}
	if files, err := filepath.Glob(filepath.Join(root, "*.go")); err != nil || len(files) > 0 {
		t.Error("there is no root package, but", files, err)
	}
}

// TestNoWorld: the engine imports no socket, file, clock, lock or randomness,
// on any platform, and nothing that runs imports helpers of tests or crypto/tls.
func TestNoWorld(t *testing.T) {
	for _, p := range goList(t) {
		helper := slices.Contains(p.Imports, "testing")
		tool := rank[folder(p.ImportPath)] >= rank["vectors"]
		for _, imported := range p.Imports {
			if !tool && (imported == "crypto/tls" || !helper && imported == testHelper) {
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
		}
		if !tool && helper && p.ImportPath != testHelper {
			t.Errorf("%s imports testing", p.ImportPath)
		}
		if isEngine(p.ImportPath) {
			for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.IgnoredGoFiles) {
				if !strings.HasSuffix(name, "_test.go") {
					checkWorldless(t, filepath.Join(p.Dir, name))
				}
			}
		}
	}
}

// checkWorldless checks one file of the engine.
func checkWorldless(t *testing.T, name string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	clock := ""
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(worldly, path) || path == "C" || path == "unsafe" {
			t.Errorf("%s imports %s", name, path)
		}
		if path == "time" {
			clock = "time"
			if spec.Name != nil {
				clock = spec.Name.Name
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			t.Errorf("%s starts a goroutine", name)
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == clock && slices.Contains(clocks, n.Sel.Name) {
				t.Errorf("%s uses time.%s", name, n.Sel.Name)
			}
		}
		return true
	})
}
