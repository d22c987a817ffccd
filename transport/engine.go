package transport

import (
	"context"

	"tacet/handshake"
)

// ClientEngine makes an engine of package handshake that goes by node's options, for
// who steps it by hand, and what answers its queries: false says that it leaves one to
// the caller. Of the options' functions only those are called that answer: PSKCallback,
// CheckServerIdentity. OnKeylog and EnableTrace, if they are set, make the engine tell
// of secrets and messages by its events.
func ClientEngine(o ConnectionOptions, env handshake.Env) (*handshake.Engine, func(context.Context, handshake.Query) (handshake.Answer, bool), error) {
	side, err := newClientSide(&o)
	if err != nil {
		return nil, nil, err
	}
	s := newSocket(nil, side, o.SocketEvents, o.EnableTrace)
	return handshake.NewClient(side.profile, o.Servername, env), s.answer, nil
}
