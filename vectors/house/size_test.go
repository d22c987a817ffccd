package house

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
)

// Sizes, in lines with comments. Tests are tables, and may be longer.
const (
	longestFile     = 600
	longestTestFile = 700
	longestFunction = 60
)

// longFunctions are longer than longestFunction.
var longFunctions = exceptions{}

func TestFileSizes(t *testing.T) {
	for _, s := range tree(t) {
		limit := longestFile
		if s.test {
			limit = longestTestFile
		}
		if n := fset.File(s.ast.Pos()).LineCount() - 1; n > limit {
			t.Errorf("%s has %d lines, more than %d", s.path, n, limit)
		}
	}
}

func TestFunctionSizes(t *testing.T) {
	var lengths []int
	found := map[string]string{}
	for _, s := range code(t, "") {
		for name, f := range s.functions() {
			n := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line + 1
			if lengths = append(lengths, n); n > longestFunction {
				found[s.folder()+"."+name] = fmt.Sprintf("%d lines in %s", n, s.path)
			}
		}
	}
	longFunctions.check(t, found)
	slices.Sort(lengths)
	at := func(percent int) int { return lengths[len(lengths)*percent/100] }
	t.Logf("%d functions; lines: median %d, 90th percentile %d, longest %d", len(lengths), at(50), at(90), lengths[len(lengths)-1])
	if at(50) > 10 {
		t.Errorf("the median function has %d lines", at(50))
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
