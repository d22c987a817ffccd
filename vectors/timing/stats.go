package main

import (
	"math"
	"slices"
)

// welch is the t-test of Welch between two classes of samples, one sample at a time.
type welch struct {
	n, mean, m2 [2]float64
}

func (w *welch) add(class int, x float64) {
	w.n[class]++
	d := x - w.mean[class]
	w.mean[class] += d / w.n[class]
	w.m2[class] += d * (x - w.mean[class])
}

// t is the statistic; 0 while a class has fewer than two samples, or none vary.
func (w *welch) t() float64 {
	if w.n[0] < 2 || w.n[1] < 2 {
		return 0
	}
	se := w.m2[0]/(w.n[0]-1)/w.n[0] + w.m2[1]/(w.n[1]-1)/w.n[1]
	if se == 0 {
		return 0
	}
	return (w.mean[0] - w.mean[1]) / math.Sqrt(se)
}

// crops is how many percentiles there are.
const crops = 100

// enough is how many samples a class needs for its t to count.
const enough = 500

// study is the tests of one subject: over all samples, and over those below each
// of the limits.
type study struct {
	all    welch
	limits [crops]float64
	below  [crops]welch
}

// calibrate sets the limits from samples of both classes, which are not counted:
// percentiles that crowd towards the fastest ones, as dudect's do.
func (s *study) calibrate(samples []float64) {
	sorted := slices.Sorted(slices.Values(samples))
	for i := range s.limits {
		part := 1 - math.Pow(0.5, 10*float64(i+1)/crops)
		s.limits[i] = sorted[int(part*float64(len(sorted)-1))]
	}
}

func (s *study) add(class int, x float64) {
	s.all.add(class, x)
	for i := range s.limits {
		if x < s.limits[i] {
			s.below[i].add(class, x)
		}
	}
}

// worst is the t that is farthest from zero, of the tests with samples enough.
func (s *study) worst() float64 {
	worst := s.all.t()
	for i := range s.below {
		w := &s.below[i]
		if w.n[0] >= enough && w.n[1] >= enough && math.Abs(w.t()) > math.Abs(worst) {
			worst = w.t()
		}
	}
	return worst
}
