package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"tacet/transport"
)

// service answers connections.
type service struct {
	options *options
	answer  func(*transport.Socket) error

	mu    sync.Mutex // orders open's first and last
	ended bool
	open  sync.WaitGroup
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
	s := &service{options: o, answer: echo}
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
	if err := o.take(); err != nil {
		return err
	}
	return s.serve(ctx, *listen)
}

// serve accepts connections until ctx ends, and then waits for the last to close.
func (s *service) serve(ctx context.Context, address string) error {
	o := &s.options.server
	o.OnSecureConnection = func(c *transport.Socket) { s.do(func() { s.handle(ctx, c) }) }
	o.OnTLSClientError = func(err error, c *transport.Socket) { s.do(func() { s.failed(ctx, c, err) }) }
	sessions := newSessions()
	o.OnNewSession, o.OnResumeSession = sessions.put, sessions.get
	server, err := transport.NewServer(*o)
	if err != nil {
		return flagged(err)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return &optionError{"listen", err}
	}
	fmt.Fprintf(s.options.set.std.out, "listening %v\n", l.Addr())
	defer s.end()
	defer context.AfterFunc(ctx, func() { _ = server.Shutdown(ctx) })()
	if err := server.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}

// do does what a connection asks for, unless the service has ended.
func (s *service) do(f func()) {
	s.mu.Lock()
	ended := s.ended
	if !ended {
		s.open.Add(1)
	}
	s.mu.Unlock()
	if ended {
		return
	}
	defer s.open.Done()
	f()
}

// endTimeout is how long the end waits for what is being done: who does not read what is
// printed holds nothing up.
const endTimeout = time.Second

// end waits for what is being done, and lets nothing begin after it.
func (s *service) end() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.open.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(endTimeout):
	}
}

// failed tells of a connection that did not become secure.
func (s *service) failed(ctx context.Context, c *transport.Socket, err error) {
	if ctx.Err() != nil {
		return
	}
	if told := s.options.report(factsOf(nil, nil, err)); told != nil {
		s.options.say("%v", told)
	}
	s.options.say("%v: %v", c.RemoteAddr(), err)
}

// handle is the life of a connection once it is secure.
func (s *service) handle(ctx context.Context, c *transport.Socket) {
	defer c.Close()
	if told := s.options.report(factsOf(c, nil, nil)); told != nil {
		s.options.say("%v", told)
	}
	err := s.options.settle(ctx, c)
	if err == nil {
		err = s.answer(c)
	}
	if err != nil && ctx.Err() == nil {
		s.options.say("%v: %v", c.RemoteAddr(), err)
	}
}

// maxSessions is how many sessions without ticket a server keeps.
const maxSessions = 1 << 10

// sessions are those that clients up to TLS 1.2 resume by id: the last ones.
type sessions struct {
	mu   sync.Mutex
	byID map[string][]byte
	ids  []string // the oldest first
}

func newSessions() *sessions { return &sessions{byID: make(map[string][]byte)} }

func (s *sessions) put(_ context.Context, id, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ids) == maxSessions {
		delete(s.byID, s.ids[0])
		s.ids = s.ids[1:]
	}
	s.byID[string(id)], s.ids = data, append(s.ids, string(id))
}

func (s *sessions) get(_ context.Context, id []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byID[string(id)], nil
}

// answers are what a server may do with a connection, by the options' names.
var answers = map[string]func(*transport.Socket) error{"www": www, "echo": echo, "reverse": reverse}

// echo sends back all that comes.
func echo(c *transport.Socket) error {
	if _, err := io.Copy(c, c); err != nil {
		return err
	}
	return c.CloseWrite()
}

// maxLine bounds what reverse and www hold in memory of one line.
const maxLine = 1 << 16

// reverse sends back each line turned round.
func reverse(c *transport.Socket) error {
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
	lingerTimeout  = 10 * time.Second
)

// www answers one HTTP request, whatever it asks for, in one write, closes its
// sending side and reads on for a moment, so that no reset overtakes the answer.
func www(c *transport.Socket) error {
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
	body, err := textOfFacts(factsOf(c, nil, nil))
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
