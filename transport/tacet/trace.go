package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"tacet/actor"
	"tacet/handshake"
)

// maxSay bounds what trace sends of its input.
const maxSay = 1 << 20

// trace makes a connection, sends its input if that is no terminal, hears what
// the server has to say until it falls silent, and draws all of it.
func trace(ctx context.Context, args []string, std stdio) error {
	set := newFlagSet("trace", "HOST:PORT", std)
	o := newOptions(set, ofTrace)
	o.draw = true
	page := set.String("html", "", "write the ladder to `FILE` too, as a page that unfolds")
	silence := set.Duration("silence", time.Second, "how long the server may say nothing before trace closes the connection: `TIME`")
	address, host, err := set.parseAddress(args)
	if err != nil {
		return err
	}
	p, verifier, err := o.clientProfile()
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
	l := newLive(tcp, handshake.NewClient(p, o.name(host), actor.RandomEnv()), address, *silence)
	mine := l.drawn.sides[client]
	mine.judge = either(o.judge(verifier, host), o.psk.answer)
	file := sessionFile{o.session, func(format string, args ...any) { fmt.Fprintf(std.err, "tacet: "+format+"\n", args...) }}
	if o.session != "" {
		mine.offer = file.Get("")
	}
	failed := l.talk(said)
	if o.session != "" && mine.session != nil {
		file.Put("", mine.session)
	}
	shown := show{"tacet trace", "a connection to " + address, []*conversation{l.drawn}}
	if *page != "" {
		failed = errors.Join(failed, writeFile(*page, func(w io.Writer) error { return writePage(w, shown) }))
	}
	return errors.Join(failed, writeLadders(std.out, shown, colorful(std.out)))
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
