package peers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"sync"
)

// bulkSize is what goes each way in a row "bulk", in bytes: enough to fill every buffer on
// the way many times, and to count beyond 2^12 records.
const bulkSize = 64 << 20

// limited is a peer that cannot take bulkSize bytes of any kind: it tells how
// many in this role, and whether they must come in lines.
type limited interface {
	bulk(r *row) (size int64, lines bool)
}

// bulkOf is what a row of streams sends: this side and the peer.
func bulkOf(r *row) (ours, theirs int64, lines bool) {
	size := int64(bulkSize)
	switch {
	case r.terms.sizes != (sizes{}):
		size = 256 << 10
	case r.terms.renewal.flows:
		size = flowSize
	}
	if l, ok := r.peer.(limited); ok {
		var most int64
		most, lines = l.bulk(r)
		size = min(size, most)
	}
	ours, theirs = size, size
	if r.terms.renewal.flows {
		sends, listens := r.peer.(flower).flows(r)
		if !sends {
			theirs = 0
		}
		if !listens {
			ours = 0
		}
	}
	return ours, theirs, lines
}

// lineLength is short enough for a peer that takes lines.
const lineLength = 1 << 10

// sendBulk writes n bytes, in lines if they must be, and tells their hash. The high bit
// of all others is set, so that they can be told from what a program has to say beside
// them, which is ASCII.
func sendBulk(w io.Writer, n int64, lines bool) (string, error) {
	random := rand.NewChaCha8([32]byte{1})
	block := make([]byte, 256<<10)
	h := sha256.New()
	for n > 0 {
		_, _ = random.Read(block) // never fails
		for i := range block {
			block[i] |= 0x80
		}
		for i := lineLength - 1; lines && i < len(block); i += lineLength {
			block[i] = '\n'
		}
		b := block[:min(n, int64(len(block)))]
		h.Write(b)
		if _, err := w.Write(b); err != nil {
			return "", err
		}
		n -= int64(len(b))
	}
	return sum(h), nil
}

// readBulk reads n bytes and tells their hash.
func readBulk(r io.Reader, n int64) (string, error) {
	h := sha256.New()
	got, err := io.Copy(h, io.LimitReader(r, n))
	if err == nil && got < n {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return "", fmt.Errorf("after %d of %d bytes: %w", got, n, err)
	}
	return sum(h), nil
}

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// bulkSink picks n bulk bytes out of what a program prints.
type bulkSink struct {
	rest io.Writer
	mu   sync.Mutex
	hash hash.Hash
	left int64
	full chan struct{}
}

func newBulkSink(n int64, rest io.Writer) *bulkSink {
	s := &bulkSink{rest: rest, hash: sha256.New(), left: n, full: make(chan struct{})}
	if n == 0 {
		close(s.full)
	}
	return s
}

// Write passes the ASCII on and hashes the others.
func (s *bulkSink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for rest := p; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n]^rest[0] < 0x80 {
			n++
		}
		if err := s.take(rest[:n]); err != nil {
			return 0, err
		}
		rest = rest[n:]
	}
	return len(p), nil
}

// take takes bytes that are all bulk or all ASCII.
func (s *bulkSink) take(p []byte) error {
	if p[0] < 0x80 {
		_, err := s.rest.Write(p)
		return err
	}
	s.hash.Write(p)
	before := s.left
	if s.left -= int64(len(p)); before > 0 && s.left <= 0 {
		close(s.full)
	}
	return nil
}

// wait waits for the last byte and tells the hash of all.
func (s *bulkSink) wait(ctx context.Context) (string, error) {
	select {
	case <-s.full:
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		return "", fmt.Errorf("%d bytes are missing: %w", s.left, ctx.Err())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left < 0 {
		return "", errors.New("more bytes than were sent")
	}
	return sum(s.hash), nil
}
