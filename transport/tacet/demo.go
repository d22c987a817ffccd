package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
)

//go:embed testdata/demo.pem
var demoPEM []byte

//go:embed testdata/demo-root.pem
var demoRootPEM []byte

// demoTime is when the demo takes place, so that it is the same every time.
var demoTime = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

const demoName = "example.org"

// The exporter that the demo and the facts show.
const (
	exporterLabel  = "EXPERIMENTAL"
	exporterLength = 32
)

// demo holds two engines' conversations in memory and shows them.
func demo(_ context.Context, args []string, std stdio) error {
	set := newFlagSet("demo", "", std)
	html := set.String("html", "", "write the demo to `FILE` too, as a page that unfolds")
	json := set.Bool("json", false, "print each side's facts instead, one JSON object a line")
	if _, err := set.parse(args, 0, 0); err != nil {
		return err
	}
	all, err := demoConversations()
	if err != nil {
		return err
	}
	shown := show{"tacet demo", "two engines in memory; no network, no clock, no chance", all}
	if *html != "" {
		if err := writeFile(*html, func(w io.Writer) error { return writePage(w, shown) }); err != nil {
			return err
		}
	}
	if *json {
		return demoFacts(std.out, all)
	}
	return writeLadders(std.out, shown, colorful(std.out))
}

// demoConversations has the conversations: a full handshake of TLS 1.3, its
// resumption, and a handshake of TLS 1.2.
func demoConversations() ([]*conversation, error) {
	full, err := converse("TLS 1.3, a full handshake", 1, record.TLS13, nil)
	if err != nil {
		return nil, err
	}
	if err := fullStory(full); err != nil {
		return nil, err
	}
	resumed, err := converse("TLS 1.3, resumed with the ticket", 2, record.TLS13, full.sides[client].session)
	if err != nil {
		return nil, err
	}
	if err := shortStory(resumed); err != nil {
		return nil, err
	}
	old, err := converse("TLS 1.2, in short", 3, record.TLS12, nil)
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
		c.update(server),
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

// converse shakes hands in version v, the server's highest, on randomness that seed gives. A session
// is offered if there is one.
func converse(title string, seed byte, v record.Version, offer *session.Session) (*conversation, error) {
	cp, sp, err := demoProfiles(v, offer != nil)
	if err != nil {
		return nil, err
	}
	c := newConversation(title, demoTime.Add(time.Duration(seed)*time.Minute),
		handshake.NewClient(cp, demoName, demoEnv(client, seed)), handshake.NewServer(sp, demoEnv(server, seed)))
	c.sides[client].offer = offer
	c.run()
	return c, c.err()
}

// demoEnv is the randomness of one side of one conversation.
func demoEnv(r role, seed byte) handshake.Env {
	return handshake.SeededEnv([32]byte{'d', 'e', 'm', 'o', byte(r), seed})
}

func demoProfiles(v record.Version, resume bool) (*handshake.ClientProfile, *handshake.ServerProfile, error) {
	both := handshake.Config{
		Trace: true, KeyLog: true,
		Groups: []kx.Group{kx.ByID(kx.X25519MLKEM768), kx.ByID(kx.X25519), kx.ByID(kx.P256)},
	}
	roots, err := cred.ParseCertificates(demoRootPEM)
	if err != nil {
		return nil, nil, err
	}
	c, s := both, both
	c.Verifier = cred.NewVerifier(roots, false)
	c.ALPN, s.ALPN = []string{"h2", "http/1.1"}, []string{"http/1.1"}
	c.AskSession, s.MaxVersion = resume, v
	mine, err := demoCredential()
	if err != nil {
		return nil, nil, err
	}
	s.Credentials = []*cred.Credential{mine}
	s.TicketKeys = []session.TicketKey{{'d', 'e', 'm', 'o'}}
	s.Tickets = 1
	cp, err := c.CompileClient()
	if err != nil {
		return nil, nil, err
	}
	sp, err := s.CompileServer()
	return cp, sp, err
}

func demoCredential() (*cred.Credential, error) { return cred.LoadPEM(demoPEM, demoPEM, nil) }

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

// demoFacts prints what each side of each conversation knows.
func demoFacts(w io.Writer, all []*conversation) error {
	for _, c := range all {
		for _, s := range c.sides {
			if err := writeFacts(w, factsOf(s.engine.State(), s.engine.Err())); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeFile writes a whole file by way of f.
func writeFile(name string, f func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(f(file), file.Close())
}
