package house

import (
	"go/token"
	"testing"
)

// manyExports is how many names a package may export, beside constants: types,
// functions, methods and variables.
const manyExports = 60

// exportLimits are the packages that may export more, how many, and why.
var exportLimits = map[string]struct {
	limit  int
	reason string
}{
	"actor":          {75, "Conn is a net.Conn with all that io asks for, and a Pipe for tests"},
	"handshake":      {116, "the engine, its two halves, and a type for each query with its answers"},
	"handshake/keys": {65, "a type for each stage of two key schedules"},
	"handshake/msg":  {180, "a type of three methods for each message, and views of each kind of list"},
	"transport":      {140, "node's page has 148 members, each with a name"},
}

// TestExports counts what each package exports, and prints it with -v. Constants
// are counted apart: most are rows of a registry.
func TestExports(t *testing.T) {
	sum := 0
	for _, folder := range folders(t) {
		if !hasCode(t, folder) {
			continue
		}
		var consts, types, funcs, methods, vars int
		for _, e := range exports(t, folder) {
			_, _, method := cutLast(e.name, ".")
			switch {
			case e.tok == token.CONST:
				consts++
			case e.tok == token.TYPE:
				types++
			case e.tok == token.VAR:
				vars++
			case method:
				methods++
			default:
				funcs++
			}
		}
		n := types + funcs + methods + vars
		sum += n
		t.Logf("%-24s %3d: %3d types %3d funcs %3d methods %3d vars, and %3d consts", folder, n, types, funcs, methods, vars, consts)
		limit, allowed := exportLimits[folder]
		switch {
		case !allowed && n > manyExports:
			t.Errorf("%s exports %d names, more than %d", folder, n, manyExports)
		case allowed && n > limit.limit:
			t.Errorf("%s exports %d names, more than %d (%s)", folder, n, limit.limit, limit.reason)
		case allowed && n <= manyExports:
			t.Errorf("%s exports %d names: it needs no limit of its own", folder, n)
		}
	}
	t.Log("in all", sum)
}

func hasCode(t *testing.T, folder string) bool {
	for _, s := range tree(t) {
		if s.folder() == folder && !s.test {
			return true
		}
	}
	return false
}
