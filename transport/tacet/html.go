package main

import (
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// The measures of the page's ladder, in the units of its drawings: the width,
// where the lanes stand, and the height of a rung.
const (
	pageWidth  = 920
	laneLeft   = 24
	laneRight  = pageWidth - laneLeft
	rungHeight = 30
)

// pageRung is a rung as the template draws it.
type pageRung struct {
	Class          string // who and what: "client record sealed", "server note keys", "pause"
	Label          string // what the drawing says, for those who do not see it
	Width, Height  int
	From, To       int // of the arrow
	Lane, TextAt   int
	Anchor         string
	Title, Size    string
	Parts          []pagePart
	Wire           string
	Record, IsNote bool
}

// pagePart is a message that unfolds.
type pagePart struct {
	Name, Size, Telling string
	Fields              []field
	Dump                string
}

// pageScene is a conversation.
type pageScene struct {
	Title, Sum     string
	Rungs          []pageRung
	Client, Server string // exporters
	Paired, Equal  bool
	Width          int
}

// writePage writes the conversations as one page that needs nothing else.
func writePage(w io.Writer, s show) error {
	var scenes []pageScene
	for i, c := range s.all {
		scenes = append(scenes, sceneOf(i+1, c))
	}
	return page.Execute(w, map[string]any{"Title": s.title, "Intro": s.intro, "Scenes": scenes})
}

func sceneOf(number int, c *conversation) pageScene {
	t := c.tally()
	s := pageScene{
		Title: fmt.Sprintf("%d  %s", number, c.title),
		Sum: fmt.Sprintf("%d handshake messages, %d records; the client sent %d bytes, the server %d.",
			t.messages, t.records, t.bytes[client], t.bytes[server]),
		Width: pageWidth,
	}
	s.Paired = c.paired()
	of, equal := c.exporters()
	s.Client, s.Server, s.Equal = of[client], of[server], equal
	for _, r := range c.rungs {
		s.Rungs = append(s.Rungs, rungOf(r))
	}
	return s
}

func rungOf(r rung) pageRung {
	p := pageRung{Width: pageWidth, Height: rungHeight, Lane: laneLeft, TextAt: laneLeft + 14, Anchor: "start"}
	if r.at == server {
		p.Lane, p.TextAt, p.Anchor = laneRight, laneRight-14, "end"
	}
	if r.record != nil {
		p.carries(r)
		return p
	}
	p.IsNote = r.note.kind != notePause
	p.Class, p.Title = "note "+noteClasses[r.note.kind], r.note.text
	p.Label = r.at.String() + ": " + r.note.text
	return p
}

var noteClasses = map[noteKind]string{
	notePause: "pause", noteKeys: "keys", noteSecure: "secure", noteEvent: "event", noteFailure: "failure",
}

// carries makes the rung one of a record.
func (p *pageRung) carries(r rung) {
	p.Record, p.Class = true, "record "+r.at.String()
	if r.record.sealed {
		p.Class += " sealed"
	}
	p.From, p.To = laneLeft, laneRight-2
	if r.at == server {
		p.From, p.To = laneRight, laneLeft+2
	}
	p.Title, p.Size = r.record.typ.String(), fmt.Sprint(len(r.record.wire))
	p.Label = fmt.Sprintf("%v sends %s, %s bytes", r.at, p.Title, p.Size)
	p.Wire = hex.Dump(r.record.wire)
	for _, m := range r.record.parts {
		p.Parts = append(p.Parts, pagePart{
			Name: m.name, Size: fmt.Sprint(len(m.bytes)), Telling: strings.Join(m.telling, " · "),
			Fields: m.fields, Dump: hex.Dump(m.bytes),
		})
	}
}
