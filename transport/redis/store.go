package redis

import (
	"context"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// Options are how a Store goes about its work. The zero value of each field but
// Key is its default.
type Options struct {
	// Key seals all that goes into Redis: KeyLen random bytes, the same for all servers
	// of the fleet.
	Key []byte
	// Prefix begins the name of everything in Redis; "" means "tls:".
	Prefix string
	// Lifetime is how long a session may be resumed; 0 means five minutes, as node's sessionTimeout.
	Lifetime time.Duration
	// Timeout is how long a handshake waits for Redis; 0 means 250 ms.
	Timeout time.Duration
	// Rotation is how long a ticket key seals tickets; it opens them as long again. 0 means a day. The
	// clocks of the servers may differ by as much.
	Rotation time.Duration
	// OnError is told of what goes wrong with Redis, which fails no handshake. It may
	// be called by several goroutines at once.
	OnError func(error)
}

// Defaults of Options.
const (
	defaultPrefix   = "tls:"
	defaultLifetime = 5 * time.Minute
	defaultTimeout  = 250 * time.Millisecond
	defaultRotation = 24 * time.Hour
)

// Store is what a fleet's servers share. Its methods may be called by any number
// of goroutines.
type Store struct {
	client redis.UniversalClient
	sealer cipher.AEAD
	o      Options
}

// New makes a Store that works with a client, which stays the caller's to close.
// Its error is of a key of the wrong length, or a negative duration.
func New(client redis.UniversalClient, o Options) (*Store, error) {
	sealer, err := newSealer(o.Key)
	if err != nil {
		return nil, err
	}
	o.Key = nil
	if o.Prefix == "" {
		o.Prefix = defaultPrefix
	}
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{{&o.Lifetime, defaultLifetime}, {&o.Timeout, defaultTimeout}, {&o.Rotation, defaultRotation}} {
		switch {
		case *d.value == 0:
			*d.value = d.usual
		case *d.value < time.Millisecond:
			return nil, errors.New("redis: a duration of Options is below a millisecond")
		}
	}
	return &Store{client, sealer, o}, nil
}

// NewSession keeps a session: transport.ServerOptions.OnNewSession.
func (s *Store) NewSession(ctx context.Context, sessionID, sessionData []byte) {
	name := s.session(sessionID)
	sealed := s.seal(name, sessionData)
	_, err := within(ctx, s.o.Timeout, func(ctx context.Context) (string, error) {
		return s.client.Set(ctx, name, sealed, s.o.Lifetime).Result()
	})
	s.told(err)
}

// ResumeSession finds a session: transport.ServerOptions.OnResumeSession. Its error
// is always nil: a session that cannot be had leads to a full handshake.
func (s *Store) ResumeSession(ctx context.Context, sessionID []byte) ([]byte, error) {
	name := s.session(sessionID)
	sealed, err := within(ctx, s.o.Timeout, func(ctx context.Context) ([]byte, error) {
		return s.client.Get(ctx, name).Bytes()
	})
	if err != nil {
		s.told(err)
		return nil, nil
	}
	return s.open(name, sealed), nil
}

// within runs f for a while at the most. A client that heeds no context goes on by
// itself, for as long as its own timeouts let it.
func within[T any](ctx context.Context, most time.Duration, f func(context.Context) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	done := make(chan result, 1)
	go func() {
		v, err := f(ctx)
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (s *Store) session(id []byte) string { return s.o.Prefix + "session:" + hex.EncodeToString(id) }

// told hands on an error, if it is one: that nothing was found is none.
func (s *Store) told(err error) {
	if err != nil && !errors.Is(err, redis.Nil) && s.o.OnError != nil {
		s.o.OnError(err)
	}
}
