package actor_test

import (
	"errors"
	"strings"
	"testing"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// seeded makes a pipe whose every byte is decided by the seeds.
func seeded(p profiles) *actor.Pipe {
	pipe := actor.NewPipe(
		handshake.NewClient(p.client, serverName, handshake.SeededEnv([32]byte{1})),
		handshake.NewServer(p.server, handshake.SeededEnv([32]byte{2})))
	pipe.Now = credtest.Now
	return pipe
}

// check fails the test with the log and the schedule that led there.
func check(t *testing.T, pipe *actor.Pipe, ok bool, what string) {
	t.Helper()
	if !ok {
		t.Errorf("%s\n%v\n%v", what, pipe.Log(), pipe.Schedule())
	}
}

const (
	clientSays = "from the client"
	serverSays = "from the server"
)

// talk has both sides say something and close.
func talk(t *testing.T, pipe *actor.Pipe, run func() error) {
	t.Helper()
	moves := actor.Schedule{
		{Op: actor.OpSend, Side: actor.ClientSide, Text: clientSays},
		{Op: actor.OpSend, Side: actor.ServerSide, Text: serverSays},
		{Op: actor.OpCloseWrite, Side: actor.ClientSide},
		{Op: actor.OpCloseWrite, Side: actor.ServerSide},
	}
	check(t, pipe, run() == nil, "handshake failed")
	check(t, pipe, pipe.Replay(moves) == nil, "a move failed")
	check(t, pipe, run() == nil, "the conversation failed")
	check(t, pipe, string(pipe.Received(actor.ServerSide)) == clientSays, "the server got something else")
	check(t, pipe, string(pipe.Received(actor.ClientSide)) == serverSays, "the client got something else")
	for _, s := range []actor.Side{actor.ClientSide, actor.ServerSide} {
		events := pipe.Events(s)
		check(t, pipe, len(events) > 1 && events[len(events)-1].Kind == handshake.PeerClosed, s.String()+" is not told of the end")
	}
}

// TestPipe runs in order, and then in a hundred random ways: the result is the same.
func TestPipe(t *testing.T) {
	for _, v := range versions {
		p := compile(t, v, nil)
		pipe := seeded(p)
		talk(t, pipe, pipe.Run)
		for seed := range uint64(100) {
			pipe := seeded(p)
			pipe.Manual = true
			talk(t, pipe, func() error { return pipe.RunRandom(seed) })
		}
	}
}

// TestPipeReplay prints and parses a random schedule: it gives the same log.
func TestPipeReplay(t *testing.T) {
	p := compile(t, record.TLS13, nil)
	pipe := seeded(p)
	talk(t, pipe, func() error { return pipe.RunRandom(7) })
	schedule, err := actor.ParseSchedule(pipe.Schedule().String())
	if err != nil {
		t.Fatal(err)
	}
	again := seeded(p)
	if err := again.Replay(schedule); err != nil {
		t.Fatal(err)
	}
	if a, b := pipe.Log().String(), again.Log().String(); a != b {
		t.Errorf("first:\n%s\nagain:\n%s", a, b)
	}
}

// TestPipeFork goes two ways from the middle of a handshake.
func TestPipeFork(t *testing.T) {
	p := compile(t, record.TLS13, nil)
	pipe := seeded(p)
	if err := pipe.Do(actor.Move{Op: actor.OpDeliver, Side: actor.ServerSide}); err != nil {
		t.Fatal(err)
	}
	fork := pipe.Fork()
	bad := actor.Move{Op: actor.OpCorrupt, Side: actor.ClientSide, N: len(fork.InFlight(actor.ClientSide)[0]) - 1, X: 1}
	if err := fork.Do(bad); err != nil {
		t.Fatal(err)
	}
	check(t, fork, errors.Is(fork.Run(), handshake.KindBadRecordMAC), "the corrupted world did not fail")
	talk(t, pipe, pipe.Run)
}

// TestPipeFaults loses, truncates and delays.
func TestPipeFaults(t *testing.T) {
	p := compile(t, record.TLS12, nil)
	for _, c := range []struct {
		moves string
		want  error
	}{
		{"end server", handshake.KindTruncated},
		{"cut server 7\ndeliver server\nend server", handshake.KindTruncated},
		{"corrupt server 5 255", handshake.KindUnexpectedMessage},
		{"delay server 3\ntick client 60000", nil},
	} {
		pipe := seeded(p)
		moves, err := actor.ParseSchedule(c.moves)
		if err != nil {
			t.Fatal(err)
		}
		if err := pipe.Replay(moves); err != nil {
			t.Fatal(err)
		}
		err = pipe.Run()
		check(t, pipe, c.want == nil && err == nil || errors.Is(err, c.want) && c.want != nil, c.moves)
	}
	pipe := seeded(p)
	if err := pipe.Do(actor.Move{Op: actor.OpDeliver, Side: actor.ClientSide}); !errors.Is(err, actor.ErrNothingInFlight) {
		t.Errorf("deliver nothing: %v", err)
	}
	if !strings.Contains(pipe.Log().String(), "client → server  handshake") {
		t.Errorf("log:\n%v", pipe.Log())
	}
	for _, bad := range []string{"deliver", "deliver nobody", "fly client", "cut client x", "corrupt client 1 256", "send client 0 0 open"} {
		if _, err := actor.ParseSchedule(bad); err == nil {
			t.Errorf("%q was parsed", bad)
		}
	}
}

// FuzzSchedule replays any schedule that can be parsed: no panic, no way to make
// the client take other bytes than the server sent.
func FuzzSchedule(f *testing.F) {
	kinds := []profiles{compile(f, record.TLS13, nil), compile(f, record.TLS12, renewable)}
	for _, p := range kinds {
		pipe := seeded(p)
		pipe.Manual = true
		_ = pipe.RunRandom(1)
		_ = pipe.RunRandom(1, actor.Move{Op: actor.OpRenegotiate, Side: actor.ServerSide})
		f.Add(pipe.Schedule().String())
	}
	f.Add("deliver server\ncorrupt client 7 1\ncut client 5\ndeliver client\ndrop client\nend client\n")
	f.Add("deliver server\ndeliver client\ndeliver server\ndeliver client\nupdate client 1\nrenegotiate client\nsend server 0 0 \"x\"\nclose server\ndeliver client\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := actor.ParseSchedule(text)
		if err != nil {
			return
		}
		if again, err := actor.ParseSchedule(s.String()); err != nil || again.String() != s.String() {
			t.Fatalf("%v does not parse as itself: %v", s, err)
		}
		for _, p := range kinds {
			pipe := seeded(p)
			var sent string
			for _, m := range s {
				if pipe.Do(m) == nil && m.Op == actor.OpSend && m.Side == actor.ServerSide {
					sent += m.Text
				}
			}
			if got := string(pipe.Received(actor.ClientSide)); !strings.HasPrefix(sent, got) {
				t.Errorf("sent %q, received %q\n%v", sent, got, pipe.Log())
			}
		}
	})
}
