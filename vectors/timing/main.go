package main

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"time"
)

// What a t says.
const (
	doubtful = 5
	leaks    = 10
)

// batch is how many inputs are made before they are measured.
const batch = 1000

// subject is something whose time must not tell the class of its input.
type subject struct {
	name    string
	control bool // it must be found to leak
	n       int  // measurements
	prepare func(rnd *rand.Rand) trial
}

// trial is a subject made ready. input makes an input of a class, all of one
// length, which run may spoil.
type trial struct {
	input func(class int) []byte
	run   func(in []byte)
}

func main() {
	pattern := flag.String("run", "", "the subjects whose names match this regular `expression`")
	scale := flag.Float64("scale", 1, "how many times the usual number of measurements")
	seed := flag.Uint64("seed", 1, "of the classes and inputs")
	flag.Parse()
	chosen, err := regexp.Compile(*pattern)
	if err != nil {
		fmt.Fprintln(os.Stderr, "timing:", err)
		os.Exit(2)
	}
	runtime.LockOSThread()
	debug.SetGCPercent(-1)
	good := true
	for _, s := range subjects() {
		if !chosen.MatchString(s.name) {
			continue
		}
		s.n = max(2*batch, int(float64(s.n)**scale))
		t := s.study(rand.New(rand.NewPCG(*seed, 0)))
		word, ok := s.verdict(t)
		good = good && ok
		fmt.Printf("%-44s %9d  t %8.2f  %s\n", s.name, s.n, t, word)
	}
	if !good {
		os.Exit(1)
	}
}

func (s *subject) verdict(t float64) (word string, ok bool) {
	t = math.Abs(t)
	switch {
	case s.control && t > leaks:
		return "leaks, as it must", true
	case s.control:
		return "NOT FOUND TO LEAK", false
	case t > leaks:
		return "LEAKS", false
	case t > doubtful:
		return "doubtful: measure more", true
	}
	return "nothing found", true
}

// study measures a subject. The first batch only calibrates.
func (s *subject) study(rnd *rand.Rand) float64 {
	var result study
	tr := s.prepare(rnd)
	for done := -batch; done < s.n; done += batch {
		runtime.GC()
		classes, times := tr.measure(rnd)
		if done < 0 {
			result.calibrate(times)
			continue
		}
		for i, x := range times {
			result.add(classes[i], x)
		}
	}
	return result.worst()
}

// measure times one batch, in nanoseconds.
func (tr *trial) measure(rnd *rand.Rand) (classes []int, times []float64) {
	var inputs []byte // side by side: where one lies must not tell its class either
	for range batch {
		class := rnd.IntN(2)
		classes, inputs = append(classes, class), append(inputs, tr.input(class)...)
	}
	times = make([]float64, 0, batch)
	tr.run(tr.input(0)) // caches
	for size := len(inputs) / batch; len(inputs) > 0; inputs = inputs[size:] {
		start := time.Now()
		tr.run(inputs[:size:size])
		times = append(times, float64(time.Since(start)))
	}
	return classes, times
}

func subjects() []subject {
	return append(append(cbcSubjects(), rsaSubjects()...), dhSubjects()...)
}
