package kx

import (
	"slices"
	"strconv"
	"strings"
)

// ListError is the error of [ParseList].
type ListError struct {
	Name   string // the element at fault, without the blanks around it
	Reason string // "unknown group" or "repeated group"
}

// Error returns the reason and the element.
func (e *ListError) Error() string { return "kx: " + e.Reason + " " + strconv.Quote(e.Name) }

// ParseList parses Node's ecdhCurve: "auto" alone, which gives the usual groups,
// or names separated by colons, in order of preference. Blanks around a name are
// dropped; case counts, as it does for OpenSSL. An unknown, empty or repeated
// name, and "auto" in a list, give a [*ListError].
func ParseList(s string) ([]Group, error) {
	if s == "auto" {
		return auto(), nil
	}
	var list []Group
	for name := range strings.SplitSeq(s, ":") {
		name = strings.Trim(name, " \t\n\v\f\r")
		g := byExactName(name)
		if g == nil {
			return nil, &ListError{name, "unknown group"}
		}
		if slices.Contains(list, Group(g)) {
			return nil, &ListError{name, "repeated group"}
		}
		list = append(list, g)
	}
	return list, nil
}

func auto() []Group {
	var list []Group
	for _, g := range table {
		if g.auto {
			list = append(list, g)
		}
	}
	return list
}

func byExactName(name string) *group {
	for _, g := range table {
		if slices.Contains(g.names, name) {
			return g
		}
	}
	return nil
}
