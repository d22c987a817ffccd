package vectors

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/record"
)

// Side is one side of a conversation.
type Side struct {
	Engine   *handshake.Engine
	Data     []byte // application data that came
	Keys     []string
	Sessions []*session.Session
	Events   []handshake.EventKind
	client   bool
	in       []byte                      // delivered, not consumed yet
	offer    *session.Session            // answer to SessionQuery
	store    map[string]*session.Session // of a server, by id
	psk      string                      // IDENTITY:KEY
	clock    time.Duration               // how far its clock is ahead
}

// Flow is what one side says until the other speaks, as it was delivered.
type Flow struct {
	Client bool
	Bytes  []byte
}

// Result is what became of a conversation.
type Result struct {
	Client, Server *Side
	Said           []Message // all that was said, as it was said
	Flows          []Flow
	Tap            *Tap
	script         *Script
	at             time.Duration // when it takes place, after credtest.Now
	t              testing.TB
	counts         map[string]int // of the messages that an edit may name
	edits          []*Edit
	err            error // of an edit
}

// Open finds the script that a "resume" line names.
type Open func(name string) (*Script, error)

// Play plays a script. The error says which line is not so.
func Play(t testing.TB, s *Script, open Open) (*Result, error) {
	r, err := s.start(t, open)
	if err != nil {
		return r, err
	}
	told := 0
	for _, l := range s.Lines {
		if l.Acts && told < len(r.Said) {
			return r, fmt.Errorf("%s:%d: before that, %s", s.Name, l.Number, r.Said[told].line(r.dialect()))
		}
		r.run()
		switch {
		case l.Acts:
			err = r.act(l)
		case told == len(r.Said):
			err = errors.New("nothing is said; " + r.state())
		default:
			err = l.check(r.Said[told], r.dialect())
			told++
		}
		if err == nil {
			err = r.err
		}
		if err != nil {
			return r, fmt.Errorf("%s:%d: %w", s.Name, l.Number, err)
		}
	}
	r.run()
	if told < len(r.Said) {
		return r, fmt.Errorf("%s: at its end, %s", s.Name, r.Said[told].line(r.dialect()))
	}
	for _, e := range r.edits {
		if !e.used {
			return r, fmt.Errorf("%s: no message %s to mutate", s.Name, e.Name)
		}
	}
	return r, r.wants(s)
}

// wants checks what is wanted in the end.
func (r *Result) wants(s *Script) error {
	for _, w := range s.Wants {
		for _, client := range w.Sides {
			for key, value := range w.Facts {
				if err := r.check(client, key, value); err != nil {
					return fmt.Errorf("%s:%d: %w", s.Name, w.Number, err)
				}
			}
		}
	}
	return nil
}

// seeded is the Env of a side of a script.
func seeded(client bool, seed byte) handshake.Env {
	var b [32]byte
	copy(b[:], "tacet script, server")
	if client {
		copy(b[:], "tacet script, client")
	}
	b[31] = seed
	return handshake.SeededEnv(b)
}

// Engines makes the two engines of a script, before the client's first word.
func (s *Script) Engines(t testing.TB) (client, server *handshake.Engine, err error) {
	c, srv, name, err := s.Configs(t)
	if err != nil {
		return nil, nil, err
	}
	cp, err := c.CompileClient()
	if err != nil {
		return nil, nil, err
	}
	sp, err := srv.CompileServer()
	if err != nil {
		return nil, nil, err
	}
	return handshake.NewClient(cp, name, seeded(true, s.Seed)), handshake.NewServer(sp, seeded(false, s.Seed)), nil
}

func (s *Script) start(t testing.TB, open Open) (*Result, error) {
	r := &Result{Tap: &Tap{}, counts: map[string]int{}, script: s, t: t}
	r.Client = &Side{client: true, psk: s.Client["psk"], clock: ahead(s.Client)}
	r.Server = &Side{psk: s.Server["psk"], clock: ahead(s.Server), store: map[string]*session.Session{}}
	for _, e := range s.Edits {
		again := *e
		r.edits = append(r.edits, &again)
	}
	if len(r.edits) > 0 {
		r.Tap.Edit = r.edit
	}
	var err error
	if r.Client.Engine, r.Server.Engine, err = s.Engines(t); err != nil || s.Resume == "" {
		return r, err
	}
	before, err := open(s.Resume)
	if err != nil {
		return r, err
	}
	first, err := Play(t, before, open)
	if err != nil {
		return r, err
	}
	r.at = first.at + s.After
	if n := len(first.Client.Sessions); n > 0 {
		r.Client.offer = first.Client.Sessions[n-1]
	}
	r.Server.store = first.Server.store
	return r, nil
}

func (r *Result) side(client bool) *Side {
	if client {
		return r.Client
	}
	return r.Server
}

// dialect is what the sides agreed on, as far as they have.
func (r *Result) dialect() msg.Dialect {
	s := r.Server.Engine.State()
	if s.Version == 0 {
		return msg.Dialect{Version: record.TLS13}
	}
	return msg.Dialect{Version: s.Version, Suite: s.Suite}
}

func (r *Result) state() string {
	return fmt.Sprintf("client: %s %v; server: %s %v", r.Client.Engine.StateName(), r.Client.Engine.Err(),
		r.Server.Engine.StateName(), r.Server.Engine.Err())
}

// run lets both sides talk until both are quiet: what a side says is delivered
// record by record, all of it before the other's answer is.
func (r *Result) run() {
	r.step(r.Client)
	r.step(r.Server)
	client := true
	for idle := 0; idle < 2; {
		wire, said, err := r.Tap.Next(client)
		if wire == nil {
			client = !client
			idle++
			continue
		}
		if idle = 0; err != nil && r.err == nil {
			r.err = err
		}
		r.Said = append(r.Said, said...)
		r.deliver(client, wire)
	}
}

// deliver brings bytes of a side to the other one.
func (r *Result) deliver(client bool, wire []byte) {
	if n := len(r.Flows); n == 0 || r.Flows[n-1].Client != client {
		r.Flows = append(r.Flows, Flow{Client: client})
	}
	last := &r.Flows[len(r.Flows)-1]
	last.Bytes = append(last.Bytes, wire...)
	to := r.side(!client)
	to.in = append(to.in, wire...)
	r.step(to)
}

// step lets a side consume what it has.
func (r *Result) step(s *Side) {
	for {
		n, ev := s.Engine.Step(credtest.Now.Add(r.at+s.clock), s.in)
		s.note(ev)
		s.in = s.in[n:]
		if ev.Kind == handshake.KeyLogged {
			r.err = errors.Join(r.err, r.Tap.KeyLog(s.client, ev.Data))
		}
		switch ev.Kind {
		case handshake.QueryPending:
			if err := s.answer(); err != nil && s.Engine.Err() == nil {
				r.err = errors.Join(r.err, err)
				return
			}
		case handshake.NeedInput, handshake.PeerClosed, handshake.Failed:
			r.Tap.Write(s.client, s.Engine.AppendOut(nil))
			return
		}
	}
}

// answer answers what the engine asks.
func (s *Side) answer() error {
	identity, key, _ := strings.Cut(s.psk, ":")
	switch q := s.Engine.Query().(type) {
	case *handshake.SessionQuery:
		return s.Engine.Answer(q.Offer(s.offer))
	case *handshake.HelloQuery: // see "unacknowledged"
		return s.Engine.Answer(q.Choose(handshake.HelloChoice{Unacknowledged: true}))
	case *handshake.SessionLookup:
		return s.Engine.Answer(q.Found(s.store[string(q.ID)]))
	case *handshake.SessionStore:
		s.store[string(q.Session.ID)] = q.Session
		return s.Engine.Answer(q.Stored())
	case *handshake.PSKQuery:
		return s.Engine.Answer(q.Offer([]byte(identity), []byte(key)))
	case *handshake.PSKLookup:
		if string(q.Identities[0]) == identity {
			return s.Engine.Answer(q.Found(0, []byte(key)))
		}
		return s.Engine.Answer(q.None())
	default:
		return fmt.Errorf("query %T", q)
	}
}

// renegotiate begins another handshake, with more words of configuration.
func (r *Result) renegotiate(client bool, words []string) error {
	again := *r.script
	again.Client, again.Server = maps.Clone(again.Client), maps.Clone(again.Server)
	to := again.Server
	if client {
		to = again.Client
	}
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		to[key] = value
	}
	cc, sc, _, err := again.Configs(r.t)
	if err != nil {
		return err
	}
	if client {
		p, err := cc.CompileClient()
		if err != nil {
			return err
		}
		return r.Client.Engine.Renegotiate(p)
	}
	p, err := sc.CompileServer()
	if err != nil {
		return err
	}
	return r.Server.Engine.Renegotiate(p)
}

func (s *Side) note(ev handshake.Event) {
	switch ev.Kind {
	case handshake.NeedInput:
		return
	case handshake.Data:
		s.Data = append(s.Data, ev.Data...)
	case handshake.KeyLogged:
		s.Keys = append(s.Keys, string(ev.Data))
	case handshake.SessionReady:
		s.Sessions = append(s.Sessions, s.Engine.Session())
	}
	if n := len(s.Events); n > 0 && s.Events[n-1] == ev.Kind && (ev.Kind == handshake.PeerClosed || ev.Kind == handshake.Failed) {
		return
	}
	s.Events = append(s.Events, ev.Kind)
}

// edit applies the script's edits.
func (r *Result) edit(m Message) []Message {
	name := m.name()
	r.counts[name+strconv.FormatBool(m.Client)]++
	for _, e := range r.edits {
		if e.Name != name || e.Client != m.Client || e.Nth != r.counts[name+strconv.FormatBool(m.Client)] {
			continue
		}
		e.used = true
		out, err := e.apply(m, scene{r.dialect(), r.Tap})
		if r.err = errors.Join(r.err, err); len(out) != 1 {
			return out
		}
		m = out[0]
	}
	return []Message{m}
}

// act lets a side's application do something.
func (r *Result) act(l Line) (err error) {
	s := r.side(l.Client)
	arg := func(i int) string {
		if i < len(l.Words) {
			return l.Words[i]
		}
		return ""
	}
	var out []byte
	switch arg(0) {
	case "send":
		n := 1
		if arg(2) == "times" {
			n, err = strconv.Atoi(arg(3))
		}
		if err == nil {
			out, err = s.Engine.Seal(nil, []byte(strings.Repeat(strings.Trim(arg(1), `"`), n)))
			r.Tap.Write(l.Client, out)
		}
	case "update":
		err = s.Engine.UpdateKeys(arg(1) == "request")
	case "renegotiate":
		err = r.renegotiate(l.Client, l.Words[1:])
	case "policy":
		var p handshake.RenegotiationPolicy
		if p, err = policy(arg(1)); err == nil {
			s.Engine.SetRenegotiation(p)
		}
	case "close":
		s.Engine.CloseWrite()
	case "abort":
		for a := range record.Alerts() {
			if a.String() == arg(1) {
				s.Engine.Abort(a)
			}
		}
	case "eof":
		s.note(s.Engine.EOF())
	case "say":
		var body []byte
		if body, err = hex.DecodeString(arg(2)); err == nil {
			protected := s.Engine.Secure()
			r.deliver(l.Client, r.Tap.Seal(Message{l.Client, protected, types[arg(1)], body}))
		}
	default:
		err = fmt.Errorf("unknown action %q", arg(0))
	}
	r.run()
	return err
}

// name is how scripts call a message.
func (m Message) name() string {
	switch m.Type {
	case record.TypeHandshake:
		if m.Kind() == msg.TypeServerHello && m.retry() {
			return "HelloRetryRequest"
		}
		return m.Kind().String()
	case record.TypeAlert:
		if len(m.Body) == 2 {
			return "alert " + record.Alert(m.Body[1]).String()
		}
	case record.TypeApplicationData:
		if len(m.Body) <= 40 {
			return fmt.Sprintf("data %q", m.Body)
		}
		return fmt.Sprintf("data %d", len(m.Body))
	}
	return m.Type.String()
}

// line is a message as a line of a script.
func (m Message) line(d msg.Dialect) string {
	who := "S> "
	if m.Client {
		who = "C> "
	}
	var fields []string
	for name, value := range m.fields(d) {
		fields = append(fields, name+"="+value)
	}
	return who + m.name() + "\n  " + strings.Join(fields, "\n  ")
}

// fields are those of a handshake message that parses, extensions without the word.
func (m Message) fields(d msg.Dialect) map[string]string {
	list := map[string]string{}
	if m.Type != record.TypeHandshake {
		return list
	}
	parsed := d.New(m.Kind())
	if parsed == nil || parsed.Parse(msg.Raw(m.Body).Body()) != nil {
		return list
	}
	for name, value := range msg.Fields(parsed) {
		list[strings.TrimPrefix(name, "extension ")] = value
	}
	return list
}

// check compares what was said with what a line tells.
func (l Line) check(m Message, d msg.Dialect) error {
	if l.Client != m.Client || l.Name != m.name() {
		return fmt.Errorf("instead, %s", m.line(d))
	}
	fields := m.fields(d)
	for name, want := range l.Fields {
		if got, ok := fields[name]; !ok || !strings.Contains(got, want) || want == "" && got != "" {
			return fmt.Errorf("%s is %q: %s", name, got, m.line(d))
		}
	}
	for name, want := range l.Has {
		if _, ok := fields[name]; ok != want {
			return fmt.Errorf("%s is there: %t: %s", name, ok, m.line(d))
		}
	}
	return nil
}
