package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// style is how a piece of text looks on a terminal that has colors.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	blue   style = "36"
)

// span is text of one style.
type span struct {
	text  string
	style style
}

func wide(spans []span) int {
	n := 0
	for _, s := range spans {
		n += utf8.RuneCountInString(s.text)
	}
	return n
}

// The measures of a ladder: columns before its left lane, and between its lanes.
const (
	margin = 2
	inner  = 74
)

// ladder draws conversations for a terminal: a lane for each side, an arrow
// for each record, beneath it what is in it.
type ladder struct {
	b      strings.Builder
	colors bool
	last   role // who sent the arrow before, to part flights
	rested bool // the last row is empty
}

// show is conversations to be drawn, under a title.
type show struct {
	title, intro string
	all          []*conversation
}

func writeLadders(w io.Writer, s show, colors bool) error {
	l := &ladder{colors: colors}
	l.say(span{s.title, bold}, span{": " + s.intro, plain})
	l.say(span{"── ", yellow}, span{"in the clear   ", dim}, span{"══ ", green}, span{"encrypted   ", dim},
		span{"◆ ", blue}, span{"keys   ", dim}, span{"● ", green}, span{"events   sizes in bytes", dim})
	for i, c := range s.all {
		l.say()
		l.say(span{fmt.Sprintf("%d  %s", i+1, c.title), bold})
		l.say()
		l.draw(c)
	}
	_, err := io.WriteString(w, l.b.String())
	return err
}

func (l *ladder) draw(c *conversation) {
	l.say(span{strings.Repeat(" ", margin-1) + "client" + strings.Repeat(" ", inner-8) + "server", bold})
	l.last, l.rested = client, true
	if c.brief {
		l.flights(c)
	} else {
		for _, r := range c.rungs {
			l.rung(r)
		}
	}
	l.gap()
	l.foot(c)
}

func (l *ladder) rung(r rung) {
	if r.record == nil {
		l.note(r)
		return
	}
	if r.at != l.last {
		l.gap()
	}
	l.last = r.at
	l.arrow(r.at, r.record.sealed, span{r.record.typ.String(), bold}, span{fmt.Sprintf(" %d", len(r.record.wire)), dim})
	for _, p := range r.record.parts {
		l.part(r.at, p, r.record.handshake())
	}
	l.rested = false
}

// gap is an empty row, unless the last row was one.
func (l *ladder) gap() {
	if !l.rested {
		l.row("│", "│", false)
	}
	l.rested = true
}

// arrow is one line from lane to lane that is labelled where it starts.
func (l *ladder) arrow(from role, sealed bool, label ...span) {
	shaft, color := "─", yellow
	if sealed {
		shaft, color = "═", green
	}
	line := span{strings.Repeat(shaft, inner-wide(label)-3), color}
	if from == client {
		spans := append([]span{{" ", plain}}, label...)
		l.row("│", "│", false, append(spans, span{" ", plain}, line, span{"►", color})...)
		return
	}
	spans := append([]span{{"◄", color}, line, {" ", plain}}, label...)
	l.row("│", "│", false, append(spans, span{" ", plain})...)
}

// part is a message: its name and size if the arrow does not say them, and what
// is worth knowing, in as many lines as it takes.
func (l *ladder) part(from role, p part, named bool) {
	if !named && p.telling == nil {
		return
	}
	indent := 3
	if from == server {
		indent = 18
	}
	line, gap := []span{{strings.Repeat(" ", indent), plain}}, ""
	if named {
		line = append(line, span{p.name, plain}, span{fmt.Sprintf(" %d", len(p.bytes)), dim})
		gap = "  "
	}
	for i, item := range p.telling {
		if (named || i > 0) && wide(line)+utf8.RuneCountInString(gap+item) >= inner {
			l.row("│", "│", false, line...)
			line, gap = []span{{strings.Repeat(" ", indent+2), plain}}, ""
		}
		line = append(line, span{gap + item, dim})
		gap = " · "
	}
	l.row("│", "│", false, line...)
}

// note is something that happened at one side: its mark takes the lane's place.
func (l *ladder) note(r rung) {
	if r.note.kind == notePause {
		l.gap()
		return
	}
	l.rested = false
	mark, color := "●", green
	switch r.note.kind {
	case noteKeys:
		mark, color = "◆", blue
	case noteFailure:
		mark, color = "✗", red
	}
	for _, line := range wrapped(r.note.text, inner-2) {
		left, right := mark, "│"
		if r.at == server {
			left, right = right, mark
		}
		l.row(left, right, r.at == server, span{" " + line + " ", color})
		mark = "│"
	}
}

// wrapped breaks text between words into lines of at most most columns, if the
// words let it.
func wrapped(text string, most int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line+" "+word) > most {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// flights shows a conversation with one arrow for what a side says in a row,
// and of the notes only what matters most.
func (l *ladder) flights(c *conversation) {
	for rest := c.rungs; len(rest) > 0; {
		if kind := rest[0].note.kind; rest[0].record == nil {
			if kind == noteSecure || kind == noteFailure {
				l.note(rest[0])
			}
			rest = rest[1:]
			continue
		}
		n := flightLength(rest)
		l.flight(rest[:n])
		rest = rest[n:]
	}
	l.rested = true
}

// flightLength is how many rungs a side's turn takes: to the next record of
// its peer, or to a note that is to be shown.
func flightLength(rungs []rung) int {
	for i, r := range rungs {
		if r.record != nil && r.at != rungs[0].at || r.note.kind >= noteSecure || r.note.kind == notePause {
			return i
		}
	}
	return len(rungs)
}

func (l *ladder) flight(rungs []rung) {
	var names []string
	sealed := true
	for _, r := range rungs {
		if r.record == nil {
			continue
		}
		sealed = sealed && r.record.sealed
		for _, p := range r.record.parts {
			names = append(names, p.brief())
		}
	}
	l.arrow(rungs[0].at, sealed, span{strings.Join(names, ", "), plain})
}

// brief is a message in a word or two.
func (p part) brief() string {
	if p.fields == nil && len(p.telling) == 1 || p.name == "alert" {
		return p.telling[0]
	}
	return p.name
}

// foot sums up: sizes, and the exporter of both sides.
func (l *ladder) foot(c *conversation) {
	t := c.tally()
	l.say(span{fmt.Sprintf("  %d handshake messages, %d records; bytes: client %d, server %d",
		t.messages, t.records, t.bytes[client], t.bytes[server]), dim})
	if !c.paired() {
		return
	}
	of, equal := c.exporters()
	verdict := span{"equal", green}
	if !equal {
		verdict = span{"DIFFERENT", red}
	}
	l.say(span{fmt.Sprintf("  exporter %s: client %.16s… server %.16s… ", exporterLabel, of[client], of[server]), dim}, verdict)
}

// row is one line of the ladder; flush puts its text at the right.
func (l *ladder) row(left, right string, flush bool, spans ...span) {
	fill := span{strings.Repeat(" ", max(0, inner-wide(spans))), plain}
	line := []span{{strings.Repeat(" ", margin), plain}, l.lane(left)}
	if flush {
		line = append(line, fill)
	}
	line = append(line, spans...)
	if !flush {
		line = append(line, fill)
	}
	l.say(append(line, l.lane(right))...)
}

func (l *ladder) lane(mark string) span {
	if mark == "│" {
		return span{mark, dim}
	}
	return span{mark, bold}
}

// say writes one line.
func (l *ladder) say(spans ...span) {
	for _, s := range spans {
		if l.colors && s.style != plain {
			fmt.Fprintf(&l.b, "\x1b[%sm%s\x1b[m", s.style, s.text)
		} else {
			l.b.WriteString(s.text)
		}
	}
	l.b.WriteByte('\n')
}

// colorful reports whether w is a terminal that may be sent colors.
func colorful(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
