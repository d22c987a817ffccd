package main

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestWelch: by hand, and the first example of Wikipedia's article on the test.
func TestWelch(t *testing.T) {
	for _, c := range []struct {
		a, b []float64
		want float64
	}{
		{[]float64{1, 2, 3, 4, 5}, []float64{2, 4, 6, 8, 10}, -1.8973665961010275},
		{[]float64{27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4},
			[]float64{27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 20.5, 24.4}, -2.46},
		{[]float64{5, 5, 5}, []float64{5, 5, 5}, 0},
		{[]float64{1}, []float64{2, 3}, 0},
	} {
		var w welch
		for _, x := range c.a {
			w.add(0, x)
		}
		for _, x := range c.b {
			w.add(1, x)
		}
		if got := w.t(); math.Abs(got-c.want) > 5e-3 {
			t.Errorf("%v, %v: t = %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

// sampled studies n samples in which class 1 is slower by shift, most of the time,
// with a tail like that of a busy machine.
func sampled(n int, shift float64) float64 {
	rnd := rand.New(rand.NewPCG(1, 2))
	draw := func(class int) float64 {
		x := 1000 + 10*rnd.NormFloat64() + shift*float64(class)
		if rnd.IntN(20) == 0 {
			x += 1e5 * rnd.ExpFloat64()
		}
		return x
	}
	var first []float64
	for i := range 2000 {
		first = append(first, draw(i%2))
	}
	var s study
	s.calibrate(first)
	for range n {
		class := rnd.IntN(2)
		s.add(class, draw(class))
	}
	return s.worst()
}

func TestStudy(t *testing.T) {
	if got := sampled(50000, 0); math.Abs(got) > doubtful {
		t.Errorf("nothing to find: t = %v", got)
	}
	if got := sampled(50000, 2); math.Abs(got) < leaks {
		t.Errorf("one class is slower by a fifth of the deviation: t = %v", got)
	}
	var s study
	if got := s.worst(); got != 0 {
		t.Errorf("no samples: t = %v", got)
	}
}

// TestLimits: the percentiles rise.
func TestLimits(t *testing.T) {
	var s study
	var samples []float64
	for i := range 1000 {
		samples = append(samples, float64(999-i))
	}
	s.calibrate(samples)
	for i := 1; i < crops; i++ {
		if s.limits[i] < s.limits[i-1] {
			t.Fatalf("limit %d is %v after %v", i, s.limits[i], s.limits[i-1])
		}
	}
	if s.limits[0] > 100 || s.limits[crops-1] < 990 {
		t.Errorf("limits from %v to %v", s.limits[0], s.limits[crops-1])
	}
}
