package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"text/tabwriter"
)

// flagSet is the options of one command.
type flagSet struct {
	*flag.FlagSet
	operands string // what it takes beside, in words
	std      stdio
}

// newFlagSet makes the options of a command; operands names what it takes beside.
func newFlagSet(name, operands string, std stdio) flagSet {
	set := flagSet{flag.NewFlagSet(name, flag.ContinueOnError), operands, std}
	set.SetOutput(io.Discard) // parse tells what is wrong
	return set
}

// help lists the options.
func (set flagSet) help() {
	fmt.Fprintln(set.std.out, strings.TrimSpace("usage: tacet "+set.Name()+" [OPTIONS] "+set.operands))
	w := tabwriter.NewWriter(set.std.out, 0, 0, 2, ' ', 0)
	set.VisitAll(func(f *flag.Flag) {
		value, text := flag.UnquoteUsage(f)
		name := strings.TrimSpace(f.Name + " " + value)
		if f.DefValue == "true" {
			name += "=BOOL" // the one way to say false
		}
		fmt.Fprintf(w, "  --%s\t%s", name, text)
		if !slices.Contains([]string{"", "0", "0x0", "false"}, f.DefValue) {
			fmt.Fprintf(w, " (default %s)", f.DefValue)
		}
		fmt.Fprintln(w)
	})
	w.Flush()
}

// ourWords is how package flag's errors are told: its options begin with one "-".
var ourWords = strings.NewReplacer(
	"flag provided but not defined: -", "there is no option --", "flag needs an argument: -", "there is no value after --",
	" for flag -", " for --", " for -", " for --",
)

// parse reads a command line that may mix options and operands, of which there
// have to be least to most. It gives the operands.
func (set flagSet) parse(args []string, least, most int) ([]string, error) {
	var operands []string
	for {
		if err := set.FlagSet.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				set.help()
				return nil, err
			}
			return nil, set.misuse(ourWords.Replace(err.Error()) + "; --help lists the options")
		}
		if set.NArg() == 0 {
			break
		}
		operands = append(operands, set.Arg(0))
		args = set.Args()[1:]
	}
	switch n := len(operands); {
	case n < least:
		return nil, set.misuse("an argument is missing")
	case n > most:
		return nil, set.misuse(fmt.Sprintf("unexpected argument %q", operands[most]))
	}
	return operands, nil
}

// parseAddress reads a command line with one operand, HOST:PORT.
func (set flagSet) parseAddress(args []string) (address, host string, err error) {
	operands, err := set.parse(args, 1, 1)
	if err != nil {
		return "", "", err
	}
	host, _, err = net.SplitHostPort(operands[0])
	if err != nil {
		return "", "", set.misuse(err.Error())
	}
	return operands[0], host, nil
}

// misuse tells what is wrong with a command line.
func (set flagSet) misuse(text string) error {
	fmt.Fprintf(set.std.err, "tacet %s: %s\n", set.Name(), text)
	return usageError{errors.New(text)}
}

// given reports whether an option stands on the command line.
func (set flagSet) given(name string) bool {
	found := false
	set.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// list is an option that may be repeated.
type list []string

func (l *list) String() string { return strings.Join(*l, " ") }

func (l *list) Set(s string) error {
	*l = append(*l, s)
	return nil
}
