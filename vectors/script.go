package vectors

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Script is a conversation as Parse reads it.
type Script struct {
	Name   string
	Client map[string]string // configuration of the client
	Server map[string]string
	Seed   byte
	Resume string        // name of the script whose last session is resumed; "" none
	After  time.Duration // how long after it
	Edits  []*Edit
	Lines  []Line
	Wants  []Want
}

// Line is something that happens: a message is seen, or an application acts.
type Line struct {
	Number int
	Client bool
	Acts   bool              // else a message is seen
	Words  []string          // of an action: verb and arguments
	Name   string            // of a message
	Fields map[string]string // what it holds, by the names that msg.Fields gives
	Has    map[string]bool   // extensions that are there (true) or not (false)
}

// Want is what is wanted of sides in the end.
type Want struct {
	Number int
	Sides  []bool // client?
	Facts  map[string]string
}

// Parse reads a script. A line is one of these; # begins a comment.
//
//	client KEY=VALUE …        configuration; alone, KEY is a switch. See configure.go.
//	server KEY=VALUE …
//	seed N                    of the randomness of both sides
//	resume NAME [after TIME]  play that script first, and resume its last session, so long after
//	                          it (90s, 10m: see time.ParseDuration; at once)
//	C> MESSAGE [FACT …]       the client says so next: the name of a handshake message, or
//	                          change_cipher_spec, alert NAME, data "TEXT" or data LENGTH.
//	                          FIELD=VALUE: the field holds it, or is as empty as it. +EXTENSION, -EXTENSION: it is (not) there.
//	S> MESSAGE [FACT …]       the server says so
//	C: VERB [ARGUMENT …]      the client's application acts: send "TEXT" [times N], update
//	                          [request], renegotiate [KEY=VALUE …] (more configuration), policy
//	                          allow, refuse or forbid (of renegotiation), close, abort ALERT, eof (the
//	                          transport ends), say TYPE HEX (a record that the engine did not make)
//	S: VERB [ARGUMENT …]
//	mutate C> EDIT            what the client says is changed on its way; see ParseEdit
//	mutate S> EDIT
//	want SIDES FACT …         SIDES is client, server or both; see want.go
//
// Every message must be told, in the order of the wire, as its sender said it.
func Parse(name string, text []byte) (*Script, error) {
	s := &Script{Name: name, Client: map[string]string{}, Server: map[string]string{}}
	in := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; in.Scan(); n++ {
		words, err := split(in.Text())
		if err == nil && len(words) > 0 {
			err = s.line(n, words)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	return s, in.Err()
}

// split cuts a line into words; quotes keep a word together, and stay.
func split(line string) (words []string, err error) {
	for line = strings.TrimSpace(line); line != "" && line[0] != '#'; line = strings.TrimSpace(line) {
		end, quoted := 0, false
		for ; end < len(line) && (quoted || line[end] != ' ' && line[end] != '\t'); end++ {
			if line[end] == '"' {
				quoted = !quoted
			}
		}
		if quoted {
			return nil, fmt.Errorf("no closing quote")
		}
		words = append(words, line[:end])
		line = line[end:]
	}
	return words, nil
}

func (s *Script) line(n int, words []string) error {
	args := words[1:]
	switch verb := words[0]; verb {
	case "client", "server":
		to := s.Client
		if verb == "server" {
			to = s.Server
		}
		for _, w := range args {
			key, value, _ := strings.Cut(w, "=")
			to[key] = value
		}
	case "seed":
		_, err := fmt.Sscan(strings.Join(args, " "), &s.Seed)
		return err
	case "resume":
		return s.resume(args)
	case "C>", "S>":
		return s.says(Line{Number: n, Client: verb == "C>"}, args)
	case "C:", "S:":
		s.Lines = append(s.Lines, Line{Number: n, Client: verb == "C:", Acts: true, Words: args})
	case "mutate":
		e, err := ParseEdit(args)
		s.Edits = append(s.Edits, e)
		return err
	case "want":
		return s.want(n, args)
	default:
		return fmt.Errorf("unknown word %q", verb)
	}
	return nil
}

func (s *Script) resume(args []string) (err error) {
	switch {
	case len(args) == 3 && args[1] == "after":
		s.After, err = time.ParseDuration(args[2])
	case len(args) != 1:
		return fmt.Errorf("resume which script?")
	}
	s.Resume = args[0]
	return err
}

func (s *Script) says(l Line, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("what does it say?")
	}
	l.Name, args = args[0], args[1:]
	if (l.Name == "alert" || l.Name == "data") && len(args) > 0 {
		l.Name, args = l.Name+" "+args[0], args[1:]
	}
	l.Fields, l.Has = map[string]string{}, map[string]bool{}
	for _, w := range args {
		field, value, ok := strings.Cut(w, "=")
		switch {
		case ok:
			l.Fields[field] = strings.Trim(value, `"`)
		case w[0] == '+' || w[0] == '-':
			l.Has[w[1:]] = w[0] == '+'
		default:
			return fmt.Errorf("%q is not FIELD=VALUE, +EXTENSION or -EXTENSION", w)
		}
	}
	s.Lines = append(s.Lines, l)
	return nil
}

func (s *Script) want(n int, args []string) error {
	w := Want{Number: n, Facts: map[string]string{}}
	if len(args) > 0 {
		w.Sides = map[string][]bool{"client": {true}, "server": {false}, "both": {true, false}}[args[0]]
	}
	if w.Sides == nil {
		return fmt.Errorf("want whom?")
	}
	for _, a := range args[1:] {
		key, value, _ := strings.Cut(a, "=")
		w.Facts[key] = strings.Trim(value, `"`)
	}
	s.Wants = append(s.Wants, w)
	return nil
}
