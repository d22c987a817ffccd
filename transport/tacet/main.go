package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// stdio is the outside of a command, so that tests can stand in for it.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// command is one word after the program's name.
type command struct {
	name, text string
	run        func(ctx context.Context, args []string, std stdio) error
}

func commands() []command {
	return []command{
		{"demo", "hold a conversation in memory and show it", demo},
		{"serve", "answer connections", serve},
		{"connect", "make a connection of standard input and output", connect},
		{"trace", "make a connection and draw it", trace},
		{"ciphers", "list what a cipher list selects", ciphers},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // who is not heard at once may say it again
	code := run(ctx, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run is the command with its arguments; it returns the exit status: 0, 1 for
// a failure, 2 for wrong usage. The end of ctx ends it cleanly.
func run(ctx context.Context, args []string, std stdio) int {
	if len(args) > 0 {
		for _, c := range commands() {
			if c.name == args[0] {
				return status(c.run(ctx, args[1:], std), std)
			}
		}
	}
	if len(args) == 1 && (args[0] == "help" || args[0] == "-h" || args[0] == "--help") {
		usage(std.out)
		return 0
	}
	usage(std.err)
	return 2
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: tacet COMMAND [OPTIONS]; tacet COMMAND --help lists them")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-9s%s\n", c.name, c.text)
	}
}

// usageError is a fault of the command line that has been told already.
type usageError struct{ error }

func status(err error, std stdio) int {
	var wrong usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &wrong):
		return 2
	}
	fmt.Fprintln(std.err, "tacet:", err)
	return 1
}
