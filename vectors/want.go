package vectors

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tacet/handshake"
	"tacet/kx"
)

// outcome is what facts are read from.
type outcome struct {
	*Side
	c    *handshake.ConnectionState
	e    *handshake.Error // of a side that did not fail, its state alone
	want string           // what the script says
}

// outcomes are the words of "want" lines: what there is. A fact without a value is so
// when it reads as the script has it, with nothing.
//
//	secure             the handshake is complete, and nothing failed
//	resumed, full      … with or without a session
//	version, suite, group, alpn, servername   what was agreed; group=none: a pre-shared key did alone
//	psk                identity of the external key
//	data=TEXT          what came of application data: all of it, or its length
//	sessions=N         how many there are to resume
//	lifetime=TIME      how long the last of them lives
//	skew=TIME          how much older the client believes its ticket to be than the server does
//	state=NAME         where the engine is, or was when it failed
//	alert=NAME         the fatal alert that it sent
//	received=NAME      … that it got
//	kind="TEXT"        what went wrong, as handshake.Kind says it
//	field="TEXT"       the field at fault
//	event=NAME         an event that came
//	ok                 nothing failed
var outcomes = map[string]func(o *outcome) string{
	"secure":     func(o *outcome) string { return unless(o.Engine.Secure(), "it is not") },
	"ok":         func(o *outcome) string { return unless(o.Engine.Err() == nil, fmt.Sprint(o.Engine.Err())) },
	"resumed":    func(o *outcome) string { return unless(o.Engine.Secure() && o.c.Resumed, "it is not") },
	"full":       func(o *outcome) string { return unless(o.Engine.Secure() && !o.c.Resumed, "it is not") },
	"version":    func(o *outcome) string { return o.c.Version.String() },
	"suite":      func(o *outcome) string { return o.c.Suite.Name },
	"group":      func(o *outcome) string { return groupName(o.c.Group) },
	"psk":        func(o *outcome) string { return o.c.PSKIdentity },
	"alpn":       func(o *outcome) string { return o.c.ALPN },
	"servername": func(o *outcome) string { return o.c.ServerName },
	"data": func(o *outcome) string {
		if bytes.Equal(o.Data, []byte(o.want)) {
			return o.want
		}
		return strconv.Itoa(len(o.Data))
	},
	"sessions": func(o *outcome) string { return strconv.Itoa(len(o.Sessions)) },
	"lifetime": func(o *outcome) string {
		if len(o.Sessions) == 0 {
			return "no session"
		}
		return o.Sessions[len(o.Sessions)-1].Lifetime.String()
	},
	"skew":  func(o *outcome) string { return o.c.TicketAgeSkew().String() },
	"state": func(o *outcome) string { return o.e.State },
	"alert": func(o *outcome) string {
		return unless(!o.e.Sent, o.e.Alert.String())
	},
	"received": func(o *outcome) string {
		return unless(o.e.Kind != handshake.KindAlertReceived, o.e.Alert.String())
	},
	"kind":  func(o *outcome) string { return o.e.Kind.String() },
	"field": func(o *outcome) string { return o.e.Field },
	"event": func(o *outcome) string {
		had := slices.ContainsFunc(o.Events, func(k handshake.EventKind) bool { return k.String() == o.want })
		return unless(!had, o.want)
	},
}

func groupName(g kx.Group) string {
	if g == nil {
		return "none"
	}
	return g.ID().String()
}

// unless is nothing where ok, else what there is.
func unless(ok bool, got string) string {
	if ok {
		return ""
	}
	return got
}

// check compares one fact about a side with what is wanted.
func (r *Result) check(client bool, key, want string) error {
	o := &outcome{Side: r.side(client), want: want}
	o.c = o.Engine.State()
	if !errors.As(o.Engine.Err(), &o.e) {
		o.e = &handshake.Error{State: o.Engine.StateName()}
	}
	fact, ok := outcomes[key]
	if !ok {
		return fmt.Errorf("unknown fact %q", key)
	}
	if got := fact(o); got != want {
		who := map[bool]string{true: "client", false: "server"}[client]
		return fmt.Errorf("%s: %s is %q, not %q; events %s; %s", who, key, got, want, strings.Trim(fmt.Sprint(o.Events), "[]"), r.state())
	}
	return nil
}
