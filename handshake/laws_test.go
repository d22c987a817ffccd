package handshake_test

import (
	"bytes"
	"flag"
	"fmt"
	"strings"
	"testing"

	"tacet/handshake"
	"tacet/record"
)

// The three laws of DESIGN §2 (I2), on every conversation, with the decisions
// built in and asked for. They speak of the bytes sent and of the events,
// without NeedInput and the repeats of terminal events.

// eachWorld runs a test for every conversation. make gives a fresh world of it.
func eachWorld(t *testing.T, test func(t *testing.T, want string, make func() *world)) {
	for _, conv := range conversations() {
		for _, asked := range []bool{false, true} {
			name := conv.name
			if asked {
				name += "/asked"
			}
			t.Run(name, func(t *testing.T) {
				make := func() *world { return newWorld(t, &conv, asked) }
				test(t, make().run().outcome(), make)
			})
		}
	}
}

// TestConversations checks that each conversation is what its name says, and
// goes the same way whoever decides.
func TestConversations(t *testing.T) {
	for _, conv := range conversations() {
		t.Run(conv.name, func(t *testing.T) {
			w := newWorld(t, &conv, false).run()
			if w.bad != "" {
				t.Fatal(w.bad)
			}
			if (w.c.e.Secure() && w.s.e.Secure()) != conv.secure {
				t.Fatalf("client %v, server %v", w.c.e.Err(), w.s.e.Err())
			}
			if conv.secure && (len(w.s.data) != questionLen+len("the last word") || !bytes.HasPrefix(w.c.data, []byte("the answer!"))) {
				t.Fatalf("client got %d bytes, server %d", len(w.c.data), len(w.s.data))
			}
			state := w.c.e.State()
			resumed := strings.Contains(conv.name, "resumed") && !strings.Contains(conv.name, "in vain")
			if conv.secure && (state.Resumed != resumed || state.Retried != strings.Contains(conv.name, "retry")) {
				t.Fatalf("resumed %v, retried %v", state.Resumed, state.Retried)
			}
			if conv.secure && strings.Contains(conv.name, "PSK") {
				if a, b := state.PSKIdentity, w.s.e.State().PSKIdentity; a != pskIdentity || b != pskIdentity {
					t.Fatalf("identity %q, and %q to the server", a, b)
				}
			}
			for _, e := range []*handshake.Engine{w.c.e, w.s.e} {
				if st := e.State(); conv.secure && st.Version == record.TLS13 && (st.Group == nil) != strings.Contains(conv.name, "alone") {
					t.Fatalf("group %v", st.Group)
				}
			}
			asked := newWorld(t, &conv, true).run()
			differ(t, "asked", cause(w.outcome()), cause(asked.outcome()))
		})
	}
}

// cause cuts off where a refusal comes from, which differs when the caller refuses.
func cause(outcome string) string {
	var b strings.Builder
	for line := range strings.Lines(outcome) {
		line, _, _ = strings.Cut(line, "sent alert")
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}

// TestDeterminism: the same inputs in the same order give the same bytes and events.
func TestDeterminism(t *testing.T) {
	eachWorld(t, func(t *testing.T, want string, make func() *world) {
		differ(t, "again", want, make().run().outcome())
		how := schedule{cut: true, lazy: true}
		differ(t, "the same schedule again", make().under(how, 7).run().outcome(), make().under(how, 7).run().outcome())
	})
}

// TestSeedMatters keeps TestDeterminism honest: other randomness, other bytes.
func TestSeedMatters(t *testing.T) {
	conv := conversations()[0]
	a := newWorld(t, &conv, false)
	b := newWorld(t, &conv, false)
	c := baseConfig(t)
	conv.set(t, &c)
	p, err := c.client.CompileClient()
	if err != nil {
		t.Fatal(err)
	}
	b.c.e = handshake.NewClient(p, c.name, seeded('d'))
	if bytes.Equal(a.run().c.sent, b.run().c.sent) {
		t.Fatal("two seeds gave the same bytes")
	}
}

var schedules = flag.Uint64("schedules", 2, "how many random schedules each conversation runs under")

// rounds are the seeds of random schedules.
func rounds() uint64 {
	if testing.Short() {
		return 1
	}
	return *schedules
}

// TestChunking: how the input is cut changes nothing.
func TestChunking(t *testing.T) {
	eachWorld(t, func(t *testing.T, want string, make func() *world) {
		differ(t, "byte by byte", want, make().under(schedule{bytewise: true}, 0).run().outcome())
		for seed := range rounds() {
			differ(t, fmt.Sprint("seed ", seed), want, make().under(schedule{cut: true}, seed).run().outcome())
		}
	})
}

// TestNoRetention: scribbling over every slice after its call changes nothing.
func TestNoRetention(t *testing.T) {
	eachWorld(t, func(t *testing.T, want string, make func() *world) {
		differ(t, "in one piece", want, make().under(schedule{scribble: true}, 0).run().outcome())
		for seed := range rounds() {
			differ(t, fmt.Sprint("seed ", seed), want, make().under(schedule{cut: true, scribble: true}, seed).run().outcome())
		}
	})
}

// TestTiming: when output is fetched and queries are answered changes nothing;
// nor do stale, doubled and empty answers, nor any other misuse; and a parked
// engine consumes nothing.
func TestTiming(t *testing.T) {
	eachWorld(t, func(t *testing.T, want string, make func() *world) {
		for seed := range rounds() {
			how := schedule{cut: seed%2 == 0, scribble: seed%3 == 0, lazy: true}
			differ(t, fmt.Sprint("seed ", seed), want, make().under(how, seed).run().outcome())
		}
	})
}

// TestTampering runs the laws on conversations that one inverted byte ruins,
// and on those that end too soon, at many places.
func TestTampering(t *testing.T) {
	for _, conv := range conversations() {
		if !conv.secure {
			continue
		}
		t.Run(conv.name, func(t *testing.T) {
			whole := newWorld(t, &conv, false).run()
			for seed := range 4 * rounds() {
				conv := conv
				conv.tamper.toClient = seed%2 == 0
				length := len(whole.c.sent)
				if conv.tamper.toClient {
					length = len(whole.s.sent)
				}
				at := 1 + int(seed*2654435761)%(length-1)
				if seed%4 < 2 {
					conv.tamper.flip = at
				} else {
					conv.tamper.cut = at
				}
				plain := newWorld(t, &conv, seed%3 == 0).run()
				if plain.bad != "" {
					t.Fatalf("seed %d, %+v: %s", seed, conv.tamper, plain.bad)
				}
				want := plain.outcome()
				how := schedule{cut: true, scribble: true, lazy: true}
				got := newWorld(t, &conv, seed%3 == 0).under(how, seed).run().outcome()
				differ(t, fmt.Sprintf("seed %d, %+v", seed, conv.tamper), want, got)
			}
		})
	}
}
