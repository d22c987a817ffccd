package peers

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"sync"
)

// screen is what a peer has said so far, as its user reads it.
type screen struct {
	mu      sync.Mutex
	text    bytes.Buffer
	ended   bool
	changed chan struct{} // closed and replaced at every change; nil if nobody waits
}

// Write adds to what was said.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(p)
	s.wake()
	return len(p), nil
}

func (s *screen) printf(format string, a ...any) { fmt.Fprintf(s, format, a...) }

// end says that nothing more will be said.
func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.wake()
}

// hasEnded reports whether nothing more will be said.
func (s *screen) hasEnded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

func (s *screen) wake() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// String is all that was said.
func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// await waits until what was said matches a pattern, and returns the groups of
// the first match.
func (s *screen) await(ctx context.Context, pattern string) ([]string, error) {
	re := regexp.MustCompile(pattern)
	for {
		s.mu.Lock()
		match, ended := re.FindSubmatch(s.text.Bytes()), s.ended
		groups := make([]string, len(match))
		for i := range match {
			groups[i] = string(match[i])
		}
		changed := s.await1()
		s.mu.Unlock()
		switch {
		case match != nil:
			return groups, nil
		case ended:
			return nil, fmt.Errorf("the peer has ended without saying %q", pattern)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("the peer does not say %q: %w", pattern, ctx.Err())
		}
	}
}

// awaitEnd waits until all is said.
func (s *screen) awaitEnd(ctx context.Context) error {
	for {
		s.mu.Lock()
		ended, changed := s.ended, s.await1()
		s.mu.Unlock()
		if ended {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("the peer does not end: %w", ctx.Err())
		}
	}
}

// await1 is closed at the next change. The caller holds mu.
func (s *screen) await1() <-chan struct{} {
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}
