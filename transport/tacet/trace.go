package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/transport"
)

// maxSay bounds what trace sends of its input.
const maxSay = 1 << 20

// trace makes a connection, sends its input if that is no terminal, hears what
// the server has to say until it falls silent, and draws all of it.
func trace(ctx context.Context, args []string, std stdio) error {
	set := newFlagSet("trace", "HOST:PORT", std)
	o := newOptions(set, ofTrace)
	page := set.String("html", "", "write the ladder to `FILE` too, as a page that unfolds")
	silence := set.Duration("silence", time.Second, "how long the server may say nothing before trace closes the connection: `TIME`")
	address, err := o.parseTarget(ctx, args)
	if err != nil {
		return err
	}
	e, answer, err := o.engine()
	if err != nil {
		return err
	}
	said, err := input(std.in)
	if err != nil {
		return err
	}
	var d net.Dialer
	tcp, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer tcp.Close()
	defer context.AfterFunc(ctx, func() { _ = tcp.Close() })()
	l := newLive(tcp, e, address, *silence)
	l.drawn.sides[client].judge = answer
	failed := l.talk(said, o.renegotiate)
	if got := l.drawn.sides[client].session; got != nil {
		o.keep(got.Marshal)
	}
	shown := show{"tacet trace", "a connection to " + address, []*conversation{l.drawn}}
	if *page != "" {
		failed = errors.Join(failed, writeFile(*page, func(w io.Writer) error { return writePage(w, shown) }))
	}
	return errors.Join(failed, writeLadders(std.out, shown, colorful(std.out)))
}

// engine is one that tells of all that the ladder shows, and what answers it.
func (o *options) engine() (*handshake.Engine, func(context.Context, handshake.Query) (handshake.Answer, bool), error) {
	o.client.EnableTrace, o.client.OnKeylog = io.Discard, func(*transport.Socket, []byte) {}
	e, answer, err := transport.ClientEngine(o.client, actor.RandomEnv())
	return e, answer, flagged(err)
}

// input is what there is to send: nothing, if somebody would have to type it.
func input(r io.Reader) ([]byte, error) {
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice != 0 {
			return nil, err
		}
	}
	return io.ReadAll(io.LimitReader(r, maxSay))
}
