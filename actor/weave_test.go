package actor_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tacet/actor"
	"tacet/handshake"
	"tacet/record"
)

// ends are the sides of a Pipe.
var ends = []actor.Side{actor.ClientSide, actor.ServerSide}

// script is what both sides of a conversation say and do: data, and between it as many of
// the moves of extra, all as seed decides. It tells what each side says.
func script(seed uint64, extra ...actor.Move) (moves []actor.Move, said [2]string) {
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range 24 {
		s := ends[r.IntN(2)]
		if len(extra) > 0 && r.IntN(4) == 0 {
			m := extra[r.IntN(len(extra))]
			m.Side = s
			moves = append(moves, m)
			continue
		}
		text := fmt.Sprintf("%v %d %s|", s, i, strings.Repeat("x", r.IntN(300)))
		moves = append(moves, actor.Move{Op: actor.OpSend, Side: s, Text: text})
		said[s] += text
	}
	for _, s := range ends {
		moves = append(moves, actor.Move{Op: actor.OpCloseWrite, Side: s})
	}
	return moves, said
}

// weaving are the kinds of conversations that are woven.
var weaving = []struct {
	name   string
	v      record.Version
	adjust func(client, server *handshake.Config)
	extra  []actor.Move
}{
	{"KeyUpdate", record.TLS13, nil, []actor.Move{{Op: actor.OpUpdateKeys}, {Op: actor.OpUpdateKeys, N: 1}}},
	{"renegotiation", record.TLS12, renewable, []actor.Move{{Op: actor.OpRenegotiate}}},
	{"renegotiation TLS 1.0", record.TLS10, func(client, server *handshake.Config) {
		renewable(client, server)
		client.SecurityLevel, server.SecurityLevel = -1, -1
	}, []actor.Move{{Op: actor.OpRenegotiate}}},
}

// heard checks that both sides heard all that was said, in order, and the end.
func heard(t *testing.T, pipe *actor.Pipe, said [2]string) {
	t.Helper()
	for _, s := range ends {
		check(t, pipe, string(pipe.Received(s)) == said[s.Peer()], s.String()+" heard something else")
		events := pipe.Events(s)
		check(t, pipe, len(events) > 0 && events[len(events)-1].Kind == handshake.PeerClosed, s.String()+" is not told of the end")
	}
}

// unclosed is a script without its close_notifies, and those.
func unclosed(moves []actor.Move) (before, last []actor.Move) {
	return moves[:len(moves)-2], moves[len(moves)-2:]
}

// weave has a conversation take place as seed decides; close_notify comes when no
// renegotiation is under way, which it would end.
func weave(pipe *actor.Pipe, seed uint64, moves []actor.Move) error {
	before, last := unclosed(moves)
	return errors.Join(pipe.RunRandom(seed, before...), pipe.RunRandom(seed, last...))
}

// TestPipeWeaves has either side renegotiate and update its keys at any point of random
// schedules, in which both send: all bytes arrive in order, the same seed comes to the same,
// and the printed schedule gives the same bytes again.
func TestPipeWeaves(t *testing.T) {
	for _, w := range weaving {
		t.Run(w.name, func(t *testing.T) {
			p := compile(t, w.v, w.adjust)
			secure := 0
			for seed := range uint64(60) {
				moves, said := script(seed, w.extra...)
				pipe, same := seeded(p), seeded(p)
				pipe.Manual, same.Manual = seed%2 == 0, seed%2 == 0
				err := weave(pipe, seed, moves)
				check(t, pipe, err == nil, fmt.Sprintf("seed %d: %v", seed, err))
				heard(t, pipe, said)
				secure += count(pipe.Events(actor.ServerSide), handshake.Secure)
				if err := weave(same, seed, moves); err != nil || same.Log().String() != pipe.Log().String() {
					t.Errorf("seed %d, another time: %v", seed, err)
				}
				replays(t, p, pipe)
			}
			if w.v < record.TLS13 && secure < 120 {
				t.Errorf("%d handshakes in 60 conversations", secure)
			}
		})
	}
}

func count(events []handshake.Event, kind handshake.EventKind) (n int) {
	for _, ev := range events {
		if ev.Kind == kind {
			n++
		}
	}
	return n
}

// replays has a printed schedule come twice to the same bytes on the wire, and to what the
// pipe came to.
func replays(t *testing.T, p profiles, pipe *actor.Pipe) {
	t.Helper()
	schedule, err := actor.ParseSchedule(pipe.Schedule().String())
	if err != nil {
		t.Fatal(err)
	}
	var sums [2][]byte
	for i := range sums {
		again, sum := seeded(p), sha256.New()
		again.Manual = pipe.Manual
		for _, m := range schedule {
			if err := again.Do(m); err != nil {
				t.Fatal(err)
			}
			for _, s := range ends {
				sum.Write(bytes.Join(again.InFlight(s), []byte("|")))
			}
		}
		sums[i] = sum.Sum(nil)
		for _, s := range ends {
			same := bytes.Equal(again.Received(s), pipe.Received(s)) &&
				bytes.Equal(again.Engine(s).State().Finished, pipe.Engine(s).State().Finished)
			check(t, pipe, same, "replayed, it comes to something else")
		}
		check(t, pipe, again.Log().String() == pipe.Log().String(), "replayed, it goes another way")
	}
	check(t, pipe, bytes.Equal(sums[0], sums[1]), "replayed twice, the bytes on the wire differ")
}

// TestPipeForksAnywhere forks a conversation with renegotiations after each of its moves: the
// two worlds go on by themselves, each to its good end.
func TestPipeForksAnywhere(t *testing.T) {
	p := compile(t, record.TLS12, renewable)
	moves, said := script(3, actor.Move{Op: actor.OpRenegotiate})
	before, last := unclosed(moves)
	pipe := seeded(p)
	pipe.Manual = true
	if err := pipe.RunRandom(3, before...); err != nil {
		t.Fatal(err)
	}
	world := seeded(p)
	world.Manual = true
	left := [2][]actor.Move{}
	for _, m := range before {
		left[m.Side] = append(left[m.Side], m)
	}
	for i, m := range pipe.Schedule() {
		if err := world.Do(m); err != nil {
			t.Fatal(err)
		}
		if rest := left[m.Side]; len(rest) > 0 && rest[0] == m {
			left[m.Side] = rest[1:]
		}
		fork := world.Fork()
		rest := append(append([]actor.Move(nil), left[0]...), left[1]...)
		err := errors.Join(fork.RunRandom(uint64(i), rest...), fork.RunRandom(uint64(i), last...))
		check(t, fork, err == nil, fmt.Sprintf("after move %d: %v", i, err))
		heard(t, fork, said)
	}
	check(t, world, world.RunRandom(1, last...) == nil, "the first world has suffered")
	heard(t, world, said)
}

// TestPipeFaultsInRenegotiation loses and changes deliveries of a renegotiation and ends the
// transport: nobody takes other bytes than were sent, and who is hit says so.
func TestPipeFaultsInRenegotiation(t *testing.T) {
	p := compile(t, record.TLS12, renewable)
	for seed := range uint64(40) {
		pipe := seeded(p)
		if err := pipe.RunRandom(seed); err != nil {
			t.Fatal(err)
		}
		moves, said := script(seed, actor.Move{Op: actor.OpRenegotiate})
		asks, faults := ends[seed%2], rand.New(rand.NewPCG(seed, 2))
		check(t, pipe, pipe.Do(actor.Move{Op: actor.OpRenegotiate, Side: asks}) == nil, "it is not asked")
		for range faults.IntN(4) {
			deliver(pipe)
		}
		to := ends[0]
		if len(pipe.InFlight(to)) == 0 {
			to = ends[1]
		}
		if len(pipe.InFlight(to)) == 0 {
			continue // it is over
		}
		fault := []actor.Move{
			{Op: actor.OpCorrupt, Side: to, N: faults.IntN(len(pipe.InFlight(to)[0])), X: 1},
			{Op: actor.OpEnd, Side: to},
		}[faults.IntN(2)]
		check(t, pipe, pipe.Do(fault) == nil, "no fault")
		before, _ := unclosed(moves)
		err := pipe.RunRandom(seed, before...)
		check(t, pipe, err != nil, fmt.Sprintf("seed %d: nobody says anything of %v", seed, fault))
		for _, s := range ends {
			check(t, pipe, strings.HasPrefix(said[s.Peer()], string(pipe.Received(s))), s.String()+" took what nobody sent")
		}
	}
}

// deliver delivers what there is, to the server first.
func deliver(pipe *actor.Pipe) {
	if pipe.Do(actor.Move{Op: actor.OpDeliver, Side: actor.ServerSide}) != nil {
		_ = pipe.Do(actor.Move{Op: actor.OpDeliver, Side: actor.ClientSide})
	}
}

// TestPipeScriptThatCannotBe tells of a move that is never possible.
func TestPipeScriptThatCannotBe(t *testing.T) {
	pipe := seeded(compile(t, record.TLS13, nil))
	if err := pipe.RunRandom(1, actor.Move{Op: actor.OpRenegotiate}); !errors.Is(err, handshake.KindUnsupported) {
		t.Errorf("renegotiation in TLS 1.3: %v", err)
	}
	if err := pipe.RunRandom(1, actor.Move{Side: 2}); !errors.Is(err, actor.ErrBadMove) {
		t.Errorf("a third side: %v", err)
	}
}
