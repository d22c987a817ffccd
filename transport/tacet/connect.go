package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/session"
)

// connect makes a connection of standard input and output. The end of the input
// closes the writing side; the end of what the server sends is the end. With
// --json the first line of output is the facts, and the stream follows.
func connect(ctx context.Context, args []string, std stdio) error {
	set := newFlagSet("connect", "HOST:PORT", std)
	o := newOptions(set, ofConnect)
	ignoreEOF := set.Bool("ign-eof", false, "do not close the writing side when the input ends")
	address, host, err := set.parseAddress(args)
	if err != nil {
		return err
	}
	profile, verifier, err := o.clientProfile()
	if err != nil {
		return err
	}
	w, err := o.watch()
	if err != nil {
		return err
	}
	defer w.close()
	config := w.config(client)
	config.Answer = either(o.judge(verifier, host), o.psk.answer)
	if o.session != "" {
		config.Sessions = &sessionFile{name: o.session, say: w.say}
	}
	c, err := o.dial(ctx, address, host, profile, &config)
	if err != nil {
		return errors.Join(err, w.report(nil, err))
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	err = c.HandshakeContext(ctx)
	if told := w.report(c.State(), err); told != nil {
		return told
	}
	if err != nil {
		return err
	}
	return stream(ctx, c, std, *ignoreEOF)
}

func (o *options) dial(ctx context.Context, address, host string, p *handshake.ClientProfile, config *actor.Config) (*actor.Conn, error) {
	var d net.Dialer
	tcp, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return actor.Client(tcp, p, o.name(host), config), nil
}

// judge answers for the certificate of a server that was asked for no name: it
// has to be for host all the same.
func (o *options) judge(v *cred.Verifier, host string) func(context.Context, handshake.Query) (handshake.Answer, bool) {
	return func(_ context.Context, q handshake.Query) (handshake.Answer, bool) {
		asked, ok := q.(*handshake.VerifyQuery)
		if !ok {
			return handshake.Answer{}, false
		}
		chains, err := v.Verify(asked.Chain, host, true, time.Now())
		switch {
		case err == nil:
			return asked.Accept(chains), true
		case o.rejectUnauthorized:
			return asked.Refuse(err), true
		}
		return asked.Tolerate(err), true
	}
}

// stream carries bytes both ways until the server is done.
func stream(ctx context.Context, c *actor.Conn, std stdio, ignoreEOF bool) error {
	go func() {
		// Not waited for: input may never end. What fails here, Read tells too.
		if _, err := io.Copy(c, std.in); err == nil && !ignoreEOF {
			_ = c.CloseWrite()
		}
	}()
	_, err := io.Copy(std.out, c)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// sessionFile keeps one session in a file.
type sessionFile struct {
	name string
	say  func(format string, args ...any)
}

// Get reads the session. One that is not there or not readable is none.
func (f *sessionFile) Get(string) *session.Session {
	b, err := os.ReadFile(f.name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var s *session.Session
	if err == nil {
		s, err = session.Parse(b)
	}
	if err != nil {
		f.say("--session: %v", err)
		return nil
	}
	return s
}

// Put replaces the file, whole or not at all.
func (f *sessionFile) Put(_ string, s *session.Session) {
	if err := f.write(s.Marshal()); err != nil {
		f.say("--session: %v", err)
	}
}

func (f *sessionFile) write(b []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(f.name), ".session-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = temp.Write(b)
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), f.name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", f.name, err), os.Remove(temp.Name()))
	}
	return nil
}
