package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"tacet/actor"
	"tacet/handshake"
)

// service answers connections.
type service struct {
	profile *handshake.ServerProfile
	watch   *watch
	answer  func(*actor.Conn) error
	open    sync.WaitGroup
}

// serve answers connections until ctx ends. Its first line of output is
// "listening HOST:PORT".
func serve(ctx context.Context, args []string, std stdio) error {
	set := newFlagSet("serve", "", std)
	o := newOptions(set, ofServe)
	listen := set.String("listen", "127.0.0.1:0", "`HOST:PORT` to listen at")
	modes := map[string]*bool{
		"www":     set.Bool("www", false, "answer an HTTP request with the connection's facts"),
		"echo":    set.Bool("echo", false, "send back what comes; the default"),
		"reverse": set.Bool("reverse", false, "send back each line, its end first"),
	}
	if _, err := set.parse(args, 0, 0); err != nil {
		return err
	}
	s := &service{answer: echo}
	chosen := 0
	for name, on := range modes {
		if *on {
			s.answer = answers[name]
			chosen++
		}
	}
	if chosen > 1 {
		return set.misuse("--www, --echo and --reverse exclude each other")
	}
	var err error
	if s.profile, err = o.serverProfile(); err != nil {
		return err
	}
	if s.watch, err = o.watch(); err != nil {
		return err
	}
	defer s.watch.close()
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "listening %v\n", l.Addr())
	return s.accept(ctx, l)
}

// accept takes connections until ctx ends, and then waits for the last to close.
func (s *service) accept(ctx context.Context, l net.Listener) error {
	defer s.open.Wait()
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	for {
		tcp, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = tcp.Close()
			}
			return nil
		case err != nil:
			return errors.Join(err, l.Close())
		}
		s.open.Go(func() { s.handle(ctx, tcp) })
	}
}

// handle is the life of one connection.
func (s *service) handle(ctx context.Context, tcp net.Conn) {
	config := s.watch.config(server)
	c := actor.Server(tcp, s.profile, &config)
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	err := c.HandshakeContext(ctx)
	if err != nil && ctx.Err() != nil {
		return
	}
	if told := s.watch.report(c.State(), err); told != nil {
		s.watch.say("%v", told)
	}
	if err == nil {
		err = s.answer(c)
	}
	if err != nil && ctx.Err() == nil {
		s.watch.say("%v: %v", tcp.RemoteAddr(), err)
	}
}

// answers are what a server may do with a connection, by the options' names.
var answers = map[string]func(*actor.Conn) error{"www": www, "echo": echo, "reverse": reverse}

// echo sends back all that comes.
func echo(c *actor.Conn) error {
	if _, err := io.Copy(c, c); err != nil {
		return err
	}
	return c.CloseWrite()
}

// maxLine bounds what reverse and www hold in memory of one line.
const maxLine = 1 << 16

// reverse sends back each line turned round.
func reverse(c *actor.Conn) error {
	lines := bufio.NewScanner(c)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		line := bytes.TrimSuffix(lines.Bytes(), []byte("\r"))
		slices.Reverse(line)
		if _, err := c.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return c.CloseWrite()
}

// The patience of www: with a request, and with a client that does not close.
const (
	requestTimeout = 30 * time.Second
	lingerTimeout  = time.Second
)

// www answers one HTTP request, whatever it asks for, in one write, closes its
// sending side and reads on for a moment, so that no reset overtakes the answer.
func www(c *actor.Conn) error {
	if err := c.SetReadDeadline(time.Now().Add(requestTimeout)); err != nil {
		return err
	}
	head := bufio.NewReader(io.LimitReader(c, maxLine))
	for {
		line, err := head.ReadBytes('\n')
		if err != nil {
			return err
		}
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			break
		}
	}
	body, err := textOfFacts(factsOf(c.State(), nil))
	if err != nil {
		return err
	}
	answer := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"+
		"Content-Length: %d\r\nConnection: close\r\n\r\n%s", len(body), body)
	if _, err := c.Write(answer); err != nil {
		return err
	}
	if err := c.CloseWrite(); err != nil {
		return err
	}
	_ = c.SetReadDeadline(time.Now().Add(lingerTimeout))
	_, _ = io.Copy(io.Discard, c)
	return nil
}
