package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

//go:embed testdata/demo.pem
var demoPEM []byte

//go:embed testdata/demo-root.pem
var demoRootPEM []byte

//go:embed testdata/demo-rsa.pem
var demoRSA []byte

// demoTime is when the demo takes place, so that it is the same every time.
var demoTime = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

const demoName = "example.org"

// world is what the demo's engines have in common: the same every time.
type world struct {
	version record.Version  // the server's highest
	suites  []*suites.Suite // nil: the default ones
	chosen  bool            // by options: all kinds of suites and versions work
	psk     bool
}

// chosenWorld is one of the command line's options: of TLS 1.2 unless they say otherwise.
func chosenWorld(version, ciphers string) (world, error) {
	w := world{version: record.TLS12, chosen: true}
	list, err := suites.Parse(ciphers)
	if err != nil {
		return w, &optionError{"ciphers", err}
	}
	if list.Only13 {
		w.version = record.TLS13
	}
	if version != "" {
		var ok bool
		if w.version, ok = record.ParseVersion(version); !ok {
			return w, &optionError{"max-version", fmt.Errorf("%q is none of TLSv1 to TLSv1.3", version)}
		}
	}
	for _, s := range list.Suites {
		if s.Min <= w.version && w.version <= s.Max && s.Auth != suites.AuthNone {
			w.suites = append(w.suites, s)
		}
	}
	if len(w.suites) == 0 {
		return w, &optionError{"ciphers", errors.New("there is none for " + w.version.String())}
	}
	w.psk = slices.ContainsFunc(w.suites, func(s *suites.Suite) bool { return s.Kx.PSK() })
	return w, nil
}

// The key that the demo's PSK suites use.
const demoIdentity, demoKey, demoHint = "demo", "a key that everybody knows", "the demo's"

// converse shakes hands on randomness that seed gives. A session is offered if there
// is one.
func (w world) converse(title string, seed byte, offer *session.Session) (*conversation, error) {
	cp, sp, err := w.profiles(offer != nil)
	if err != nil {
		return nil, err
	}
	c := newConversation(title, demoTime.Add(time.Duration(seed)*time.Minute),
		handshake.NewClient(cp, demoName, demoEnv(client, seed)), handshake.NewServer(sp, demoEnv(server, seed)))
	for _, s := range c.sides {
		s.judge = func(_ context.Context, q handshake.Query) (handshake.Answer, bool) { return demoAnswer(q, offer) }
	}
	c.run()
	return c, c.err()
}

func demoAnswer(q handshake.Query, offer *session.Session) (handshake.Answer, bool) {
	switch q := q.(type) {
	case *handshake.SessionQuery:
		return q.Offer(offer), true
	case *handshake.PSKQuery:
		return q.Offer([]byte(demoIdentity), []byte(demoKey)), true
	case *handshake.PSKLookup:
		return q.Found(0, []byte(demoKey)), true
	}
	return handshake.Answer{}, false
}

// demoEnv is the randomness of one side of one conversation.
func demoEnv(r role, seed byte) handshake.Env {
	return handshake.SeededEnv([32]byte{'d', 'e', 'm', 'o', byte(r), seed})
}

func (w world) profiles(resume bool) (*handshake.ClientProfile, *handshake.ServerProfile, error) {
	c, s, err := w.configs()
	if err != nil {
		return nil, nil, err
	}
	c.AskSession = resume
	cp, err := c.CompileClient()
	if err != nil {
		return nil, nil, err
	}
	sp, err := s.CompileServer()
	return cp, sp, err
}

func (w world) configs() (c, s handshake.Config, err error) {
	c = handshake.Config{
		Trace: true, KeyLog: true, Suites: w.suites, AskPSK: w.psk, Renegotiation: handshake.AllowRenegotiation,
		Groups: []kx.Group{kx.ByID(kx.X25519MLKEM768), kx.ByID(kx.X25519), kx.ByID(kx.P256)},
	}
	if w.chosen {
		c.SecurityLevel, c.MinVersion, c.MaxVersion = -1, min(w.version, record.TLS12), w.version
	}
	s = c
	roots, err := cred.ParseCertificates(demoRootPEM)
	if err != nil {
		return c, s, err
	}
	mine, err := demoCredential()
	if err != nil {
		return c, s, err
	}
	s.Credentials = []*cred.Credential{mine}
	if w.chosen {
		rsa, err := cred.LoadPEM(demoRSA, demoRSA, nil)
		if err != nil {
			return c, s, err
		}
		roots, s.Credentials, s.AutoDH = append(roots, rsa.Leaf), append(s.Credentials, rsa), true
	}
	if w.psk {
		s.PSKHint = demoHint
	}
	c.Verifier = cred.NewVerifier(roots, false)
	c.ALPN, s.ALPN, s.MaxVersion = []string{"h2", "http/1.1"}, []string{"http/1.1"}, w.version
	s.TicketKeys, s.Tickets = []session.TicketKey{{'d', 'e', 'm', 'o'}}, 1
	return c, s, nil
}

func demoCredential() (*cred.Credential, error) { return cred.LoadPEM(demoPEM, demoPEM, nil) }
