package main

import (
	"flag"
	"fmt"
)

// flagSet is the options of one command.
type flagSet struct {
	*flag.FlagSet
	std stdio
}

// newFlagSet makes the options of a command; operands names what follows them.
func newFlagSet(name, operands string, std stdio) flagSet {
	set := flagSet{flag.NewFlagSet(name, flag.ContinueOnError), std}
	set.SetOutput(std.err)
	set.Usage = func() {
		fmt.Fprintf(set.Output(), "usage: tacet %s [OPTIONS] %s\n", name, operands)
		set.PrintDefaults()
	}
	return set
}

// parse reads a command line with at most most operands.
func (set flagSet) parse(args []string, most int) error {
	if err := set.FlagSet.Parse(args); err != nil {
		if err == flag.ErrHelp {
			return err
		}
		return usageError{err}
	}
	if set.NArg() > most {
		err := usageError{fmt.Errorf("unexpected argument %q", set.Arg(most))}
		fmt.Fprintln(set.std.err, err)
		return err
	}
	return nil
}
