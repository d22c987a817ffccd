package main

import (
	"bufio"
	"context"
	"fmt"

	"tacet/suites"
)

// ciphers prints what a cipher list selects, as "openssl ciphers -v" does: TLS
// 1.3 first, in order of preference.
func ciphers(_ context.Context, args []string, std stdio) error {
	set := newFlagSet("ciphers", "[LIST]", std)
	operands, err := set.parse(args, 0, 1)
	if err != nil {
		return err
	}
	text := suites.Default
	if len(operands) == 1 {
		text = operands[0]
	}
	l, err := suites.Parse(text)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(std.out)
	for _, s := range l.Suites {
		fmt.Fprintln(w, s.Verbose())
	}
	return w.Flush()
}
