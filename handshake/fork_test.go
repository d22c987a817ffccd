package handshake_test

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/record"
)

// Fork gives a copy that shares nothing mutable (I3).

// astray is what becomes of the elder of two worlds.
var astray = []struct {
	name string
	do   func(w *world, p *party)
}{
	{"garbage", func(w *world, p *party) {
		p.e.Step(credtest.Now, []byte("\x99garbage in place of a record"))
	}},
	{"a bad record", func(w *world, p *party) {
		p.e.Step(credtest.Now, append([]byte{23, 3, 3, 0, 40}, make([]byte, 40)...))
	}},
	{"aborted", func(w *world, p *party) { p.e.Abort(record.AlertUserCanceled) }},
	{"end of file", func(w *world, p *party) { p.e.EOF() }},
	{"closed", func(w *world, p *party) { p.e.CloseWrite() }},
	{"refused", func(w *world, p *party) {
		if q, ok := p.e.Query().(interface{ Refuse(error) handshake.Answer }); ok && p.parked {
			p.e.Answer(q.Refuse(record.AlertAccessDenied))
		}
	}},
	{"goes on, scribbling", func(w *world, p *party) {
		w.how = schedule{cut: true, scribble: true, lazy: true}
		w.run()
		scribble(p.e.AppendOut(nil))
	}},
	{"goes on, saying other things", func(w *world, p *party) {
		p.e.SetMaxSendFragment(600)
		for range 3 {
			w.move(w.c)
			w.move(w.s)
			p.e.Seal(nil, []byte("something else"))
			p.e.UpdateKeys(true)
			p.e.Idle()
		}
		w.run()
	}},
}

// TestFork forks a world at every step, sends the elder astray, and lets the
// twin go on: it must end as if there had been no elder.
func TestFork(t *testing.T) {
	eachWorld(t, func(t *testing.T, want string, make func() *world) {
		w := make()
		for i := 0; ; i++ {
			forkOutput(t, w.c.e)
			forkOutput(t, w.s.e)
			next, twin := w.fork(), w.fork()
			if testing.Short() && i%5 != 0 {
				if a, b := w.move(w.c), w.move(w.s); !a && !b {
					break
				}
				continue
			}
			way := astray[i%len(astray)]
			way.do(w, []*party{w.c, w.s}[i/len(astray)%2])
			differ(t, fmt.Sprintf("forked before step %d, elder: %s", i, way.name), want, twin.run().outcome())
			w = next
			if i%4 == 3 {
				a, b := w.fork().under(schedule{lazy: true}, uint64(i)), w.fork().under(schedule{lazy: true}, uint64(i+1))
				for x, y := true, true; x || y; {
					x, y = a.tick(), b.tick()
				}
				differ(t, fmt.Sprintf("one of two in step, forked before step %d", i), want, a.outcome())
				differ(t, fmt.Sprintf("the other in step, forked before step %d", i), want, b.outcome())
			}
			a := w.move(w.c)
			if b := w.move(w.s); !a && !b {
				break
			}
		}
		differ(t, "forked at every step", want, w.run().outcome())
	})
}

// forkOutput checks that what is due and what is to be told in one world are
// not written to by another.
func forkOutput(t *testing.T, e *handshake.Engine) {
	t.Helper()
	alone, elder, twin := e.Fork(), e.Fork(), e.Fork()
	alone.Abort(record.AlertAccessDenied)
	due, told := alone.AppendOut(nil), events(alone)
	elder.Abort(record.AlertAccessDenied)
	_, first := elder.Step(credtest.Now, nil)
	twin.CloseWrite()
	twin.Step(credtest.Now, nil)
	if got := elder.AppendOut(nil); !bytes.Equal(got, due) {
		t.Fatalf("due after a twin closed: %x, want %x", got, due)
	}
	if got := append([]string{fmt.Sprint(first)}, events(elder)...); !slices.Equal(got[:len(told)], told) {
		t.Fatalf("told after a twin closed: %v, want %v", got, told)
	}
}

// events are what an engine that has failed still has to tell.
func events(e *handshake.Engine) (list []string) {
	for {
		_, ev := e.Step(credtest.Now, nil)
		if list = append(list, fmt.Sprint(ev)); ev.Kind == handshake.Failed {
			return list
		}
	}
}

// TestForkRace lets four forks of one world run at once: with -race, whatever
// they share is found.
func TestForkRace(t *testing.T) {
	eachWorld(t, func(t *testing.T, want string, make func() *world) {
		w := make()
		for step := 0; ; step++ {
			if step%8 == 5 {
				forks := [4]*world{w.fork(), w.fork(), w.fork(), w.fork()}
				var group sync.WaitGroup
				for i, f := range forks {
					group.Go(func() { f.under(schedule{lazy: i%2 == 0, scribble: i == 3}, uint64(i)).run() })
				}
				group.Wait()
				for i, f := range forks {
					differ(t, fmt.Sprintf("fork %d after step %d", i, step), want, f.outcome())
				}
			}
			a := w.move(w.c)
			if b := w.move(w.s); !a && !b {
				return
			}
		}
	})
}

// TestForkOfTraces: traced messages that are not handed out yet belong to one
// world each.
func TestForkOfTraces(t *testing.T) {
	c := baseConfig(t)
	c.client.MaxVersion, c.client.Trace = record.TLS12, true
	p := newPair(t, c).secure()
	for range 3 {
		p.s.e.SealRecord(record.TypeAlert, []byte{1, byte(record.AlertUserCanceled)})
	}
	p.turn(p.s, p.c)
	p.turn(p.c, p.s)
	elder, twin, peer := p.c.e, p.c.e.Fork(), p.s.e.Fork()
	p.s.e.SealMessage(&msg.HelloRequest{})
	if _, ev := elder.Step(p.now, p.s.e.AppendOut(nil)); ev.Kind != handshake.RenegotiationRefused {
		t.Fatal(ev.Kind)
	}
	peer.SealRecord(record.TypeAlert, []byte{1, byte(record.AlertUnknownCA)})
	if _, ev := twin.Step(p.now, peer.AppendOut(nil)); fmt.Sprint(ev.Data) != "[1 48]" {
		t.Error("the twin saw", ev.Data)
	}
	if _, ev := elder.Step(p.now, nil); fmt.Sprint(ev.Data) != "[0 0 0 0]" {
		t.Error("the elder saw", ev.Data)
	}
}
