package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"

	"tacet/transport"
)

// connect makes a connection of standard input and output. The end of the input
// closes the writing side; the end of what the server sends is the end. With
// --json the first line of output is the facts, and the stream follows.
func connect(ctx context.Context, args []string, std stdio) error {
	set := newFlagSet("connect", "HOST:PORT", std)
	o := newOptions(set, ofConnect)
	ignoreEOF := set.Bool("ign-eof", false, "do not close the writing side when the input ends")
	commands := set.Bool("commands", false, "do not send lines of the input that are R (renegotiate) or Q (quit), but do that")
	_, err := o.parseTarget(ctx, args)
	if err != nil {
		return err
	}
	var staple []byte
	o.client.OnOCSPResponse = func(_ *transport.Socket, response []byte) { staple = response }
	s, err := o.dial(ctx)
	if told := o.report(factsOf(s, staple, err)); told != nil || err != nil {
		return errors.Join(err, told)
	}
	defer s.Close()
	defer o.keep(s.Session)
	defer context.AfterFunc(ctx, func() { o.keep(s.Session); _ = s.Close() })()
	if err := o.settle(ctx, s); err != nil {
		return err
	}
	if *commands {
		std.in = &commander{lines: bufio.NewReader(std.in), do: map[string]func() error{
			"R": func() error { return o.again(ctx, s) },
			"Q": s.Close,
		}}
	}
	return stream(ctx, s, std, *ignoreEOF)
}

// parseTarget reads a command line with one operand, HOST:PORT, into the client's
// options, and gives the operand.
func (o *options) parseTarget(ctx context.Context, args []string) (address string, err error) {
	address, host, err := o.set.parseAddress(args)
	if err != nil {
		return "", err
	}
	_, port, _ := net.SplitHostPort(address)
	if o.client.Host, o.client.Port = host, 0; port != "0" {
		o.client.Port, err = net.DefaultResolver.LookupPort(ctx, "tcp", port)
	}
	if !o.set.given("servername") {
		o.client.Servername = host
	}
	if err != nil {
		return "", err
	}
	return address, o.take()
}

// dial connects, in the time that there is for it.
func (o *options) dial(ctx context.Context) (*transport.Socket, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout())
	defer cancel()
	s, err := transport.Connect(ctx, o.client)
	return s, flagged(err)
}

// stream carries bytes both ways until the server is done.
func stream(ctx context.Context, s *transport.Socket, std stdio, ignoreEOF bool) error {
	go func() {
		// Not waited for: input may never end. What fails here, Read tells too.
		if _, err := io.Copy(struct{ io.Writer }{s}, std.in); err == nil && !ignoreEOF {
			_ = s.CloseWrite()
		}
	}()
	_, err := io.Copy(std.out, s)
	if ctx.Err() != nil || errors.Is(err, net.ErrClosed) { // who closed it meant to quit
		return nil
	}
	return err
}

// commander is an input without the lines that say what is to be done, as s_client has
// them: that is done as they are read.
type commander struct {
	lines *bufio.Reader
	do    map[string]func() error
	rest  []byte // of the last line
}

func (c *commander) Read(b []byte) (int, error) {
	for len(c.rest) == 0 {
		line, err := c.lines.ReadBytes('\n')
		do := c.do[strings.TrimRight(string(line), "\r\n")]
		switch {
		case do != nil:
			if err := do(); err != nil {
				return 0, err
			}
		case len(line) == 0:
			return 0, err
		default:
			c.rest = line
		}
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// keep puts the last session into --session.
func (o *options) keep(last func() []byte) {
	if o.session == "" {
		return
	}
	if b := last(); b != nil {
		if err := replaceFile(o.session, b); err != nil {
			o.say("--session: %v", err)
		}
	}
}

// replaceFile writes a file that only the user reads, whole or not at all.
func replaceFile(name string, b []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(name), ".session-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = temp.Write(b)
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", name, err), os.Remove(temp.Name()))
	}
	return nil
}
