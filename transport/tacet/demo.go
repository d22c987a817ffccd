package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"tacet/record"
)

// The exporter that the demo and the facts show.
const (
	exporterLabel  = "EXPERIMENTAL"
	exporterLength = 32
)

// demo holds two engines' conversations in memory and shows them: those of TLS 1.3 and
// 1.2 as most have them, or, with options, one of what they say.
func demo(_ context.Context, args []string, std stdio) error {
	set := newFlagSet("demo", "", std)
	html := set.String("html", "", "write the demo to `FILE` too, as a page that unfolds")
	version := set.String("max-version", "", "show conversations of this `VERSION` instead, TLSv1 to TLSv1.3")
	ciphers := set.String("ciphers", "", "show conversations with these instead: `LIST` of OpenSSL")
	if _, err := set.parse(args, 0, 0); err != nil {
		return err
	}
	all, err := demoChosen(*version, *ciphers)
	if err != nil {
		return err
	}
	shown := show{"tacet demo", "two engines in memory; no network, no clock, no chance", all}
	if *html != "" {
		if err := writeFile(*html, func(w io.Writer) error { return writePage(w, shown) }); err != nil {
			return err
		}
	}
	return writeLadders(std.out, shown, colorful(std.out))
}

// demoChosen has the conversations that the options say, those of the demo if they
// say nothing.
func demoChosen(version, ciphers string) ([]*conversation, error) {
	if version == "" && ciphers == "" {
		return demoConversations()
	}
	w, err := chosenWorld(version, ciphers)
	if err != nil {
		return nil, err
	}
	name := versionName(w.version)
	full, err := w.converse(name+", a full handshake", 1, nil)
	if err != nil {
		return nil, err
	}
	if err := fullStory(full); err != nil {
		return nil, err
	}
	resumed, err := w.converse(name+", resumed with the ticket", 2, full.sides[client].session)
	if err != nil {
		return nil, err
	}
	return []*conversation{full, resumed}, shortStory(resumed)
}

// versionName is a version in the words of titles.
func versionName(v record.Version) string {
	if v == record.TLS10 {
		return "TLS 1.0"
	}
	return strings.Replace(v.String(), "TLSv", "TLS ", 1)
}

// demoConversations has the conversations: a full handshake of TLS 1.3, its
// resumption, and a handshake of TLS 1.2.
func demoConversations() ([]*conversation, error) {
	w := world{version: record.TLS13}
	full, err := w.converse("TLS 1.3, a full handshake", 1, nil)
	if err != nil {
		return nil, err
	}
	if err := fullStory(full); err != nil {
		return nil, err
	}
	resumed, err := w.converse("TLS 1.3, resumed with the ticket", 2, full.sides[client].session)
	if err != nil {
		return nil, err
	}
	if err := shortStory(resumed); err != nil {
		return nil, err
	}
	old, err := world{version: record.TLS12}.converse("TLS 1.2, in short", 3, nil)
	if err != nil {
		return nil, err
	}
	old.brief = true
	return []*conversation{full, resumed, old}, shortStory(old)
}

// fullStory is what the two have to say after a full handshake.
func fullStory(c *conversation) error {
	return errors.Join(
		c.say(client, "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"),
		c.say(server, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"),
		c.renew(server),
		c.say(server, "hello\n"),
		c.say(client, "thanks\n"),
		c.finish(),
	)
}

func shortStory(c *conversation) error {
	return errors.Join(c.say(client, "ping"), c.say(server, "pong"), c.finish())
}

// finish ends a conversation that went well.
func (c *conversation) finish() error {
	if err := c.err(); err != nil {
		return fmt.Errorf("%s: %w", c.title, err)
	}
	c.close()
	return nil
}

// paired reports whether both engines are here.
func (c *conversation) paired() bool {
	return c.sides[client].engine != nil && c.sides[server].engine != nil
}

// exporters gives the same exporter of both sides, in hex.
func (c *conversation) exporters() (of [2]string, equal bool) {
	var secrets [2][]byte
	for r, s := range c.sides {
		if s.engine == nil {
			continue
		}
		secret, err := s.engine.Export(exporterLabel, nil, exporterLength)
		if err != nil {
			return of, false
		}
		secrets[r], of[r] = secret, hex.EncodeToString(secret)
	}
	return of, bytes.Equal(secrets[client], secrets[server])
}

// writeFile writes a whole file by way of f.
func writeFile(name string, f func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(f(file), file.Close())
}
