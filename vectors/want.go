package vectors

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tacet/handshake"
)

// check compares one fact about a side with what is wanted.
//
//	secure             the handshake is complete, and nothing failed
//	resumed, full      … with or without a session
//	version, suite, group, alpn, servername   what was agreed
//	data=TEXT          what came of application data: all of it, or its length
//	sessions=N         how many there are to resume
//	state=NAME         where the engine is, or was when it failed
//	alert=NAME         the fatal alert that it sent
//	received=NAME      … that it got
//	kind="TEXT"        what went wrong, as handshake.Kind says it
//	field="TEXT"       the field at fault
//	event=NAME         an event that came
//	ok                 nothing failed
func (r *Result) check(client bool, key, want string) error {
	s := r.side(client)
	c := s.Engine.State()
	var e *handshake.Error
	if !errors.As(s.Engine.Err(), &e) {
		e = &handshake.Error{State: s.Engine.StateName()}
	}
	var got string
	switch key {
	case "secure":
		got, want = strconv.FormatBool(s.Engine.Secure()), "true"
	case "ok":
		got, want = fmt.Sprint(s.Engine.Err()), "<nil>"
	case "resumed", "full":
		got, want = fmt.Sprint(s.Engine.Secure(), c.Resumed), fmt.Sprint(true, key == "resumed")
	case "version":
		got = c.Version.String()
	case "suite":
		got = c.Suite.Name
	case "group":
		got = c.Group.ID().String()
	case "alpn":
		got = c.ALPN
	case "servername":
		got = c.ServerName
	case "data":
		if got = string(s.Data); !bytes.Equal(s.Data, []byte(want)) {
			got = strconv.Itoa(len(s.Data))
		}
	case "sessions":
		got = strconv.Itoa(len(s.Sessions))
	case "state":
		got = e.State
	case "alert":
		if e.Sent {
			got = e.Alert.String()
		}
	case "received":
		if e.Kind == handshake.KindAlertReceived {
			got = e.Alert.String()
		}
	case "kind":
		got = e.Kind.String()
	case "field":
		got = e.Field
	case "event":
		if i := slices.IndexFunc(s.Events, func(k handshake.EventKind) bool { return k.String() == want }); i >= 0 {
			got = want
		}
	default:
		return fmt.Errorf("unknown fact %q", key)
	}
	if got != want {
		who := map[bool]string{true: "client", false: "server"}[client]
		return fmt.Errorf("%s: %s is %q, not %q; events %s; %s", who, key, got, want, strings.Trim(fmt.Sprint(s.Events), "[]"), r.state())
	}
	return nil
}
