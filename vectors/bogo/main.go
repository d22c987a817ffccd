package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"tacet/handshake/session"
)

// exitUnimplemented tells the runner that a test asks for what the shim cannot do.
const exitUnimplemented = 89

// unimplemented is why a test cannot be run.
type unimplemented string

func (u unimplemented) Error() string { return "unimplemented: " + string(u) }

func main() {
	if slices.Contains(os.Args, "-is-handshaker-supported") {
		fmt.Println("No")
		return
	}
	err := run(os.Args[1:])
	var u unimplemented
	switch {
	case errors.As(err, &u):
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitUnimplemented)
	case err != nil:
		fmt.Fprintln(os.Stderr, describe(err))
		os.Exit(1)
	}
}

// memory is what one process keeps from one connection to the next.
type memory struct {
	session *session.Session            // the client's last one
	stored  map[string]*session.Session // the server's, by id
	keys    []session.TicketKey
	clock   time.Time // stands still, but for -resumption-delay: ages are compared to the millisecond
}

// run does what the flags say: one connection, and as many more as are to resume it.
func run(args []string) error {
	first, resumed, err := parseFlags(args)
	if err != nil {
		return err
	}
	mem := &memory{clock: time.Now(), stored: map[string]*session.Session{}}
	for i := range first.resumeCount + 1 {
		set := first
		if i > 0 {
			set = resumed
			if !set.server && mem.session == nil {
				return errors.New("no session to offer")
			}
		}
		if err := connect(set, mem, i > 0); err != nil {
			return fmt.Errorf("connection %d: %w", i+1, err)
		}
		mem.clock = mem.clock.Add(time.Duration(set.resumptionDelay) * time.Second)
	}
	return nil
}
