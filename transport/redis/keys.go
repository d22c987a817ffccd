package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"time"
)

// ticketKeyLen is the length of a server's ticket keys, in bytes.
const ticketKeyLen = 48

// TicketKeys are the keys of a time, 48 bytes each: the one that seals tickets,
// and those that others may have sealed with, before it or ahead of it. Each
// stretch of Options.Rotation has its key, made by whichever server comes first.
func (s *Store) TicketKeys(ctx context.Context, at time.Time) (seals []byte, opens [][]byte, err error) {
	epoch := at.UnixMilli() / s.o.Rotation.Milliseconds()
	seals, err = s.ticketKey(ctx, epoch)
	for _, near := range [...]int64{epoch - 1, epoch + 1} {
		var key []byte
		if err == nil {
			key, err = s.ticketKey(ctx, near)
		}
		opens = append(opens, key)
	}
	if err != nil {
		return nil, nil, err
	}
	return seals, opens, nil
}

// ticketKey is the key of an epoch, which it draws if nobody has.
func (s *Store) ticketKey(ctx context.Context, epoch int64) ([]byte, error) {
	name := s.o.Prefix + "ticketkey:" + strconv.FormatInt(epoch, 10)
	var fresh [ticketKeyLen]byte
	_, _ = rand.Read(fresh[:]) // never fails
	// An epoch's key is asked for from one epoch before it to one after.
	err := s.client.SetNX(ctx, name, s.seal(name, fresh[:]), 3*s.o.Rotation).Err()
	if err != nil {
		return nil, err
	}
	sealed, err := s.client.Get(ctx, name).Bytes()
	if err != nil {
		return nil, err
	}
	key := s.open(name, sealed)
	if len(key) != ticketKeyLen {
		return nil, errTicketKey
	}
	return key, nil
}

var errTicketKey = errors.New("redis: no ticket key under its name")

// Keyed is a server whose ticket keys can be set: a *transport.Server.
type Keyed interface {
	SetTicketKeys(seals []byte, opens ...[]byte) error
}

// Follow keeps the ticket keys of a server those of the fleet until ctx ends, and
// returns ctx's error. A server goes on with the keys that it has while Redis
// cannot be reached, which it tries again every quarter of a minute, or sooner
// with a shorter Rotation.
func (s *Store) Follow(ctx context.Context, server Keyed) error {
	for {
		wait := s.follow(ctx, server, time.Now())
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// follow sets a server's keys, and says when to do it again.
func (s *Store) follow(ctx context.Context, server Keyed, now time.Time) time.Duration {
	type keys struct {
		seals []byte
		opens [][]byte
	}
	k, err := within(ctx, max(s.o.Timeout, time.Second), func(ctx context.Context) (k keys, err error) { // no handshake waits
		k.seals, k.opens, err = s.TicketKeys(ctx, now)
		return k, err
	})
	if err == nil {
		err = server.SetTicketKeys(k.seals, k.opens...)
	}
	if err != nil {
		if ctx.Err() == nil {
			s.told(err)
		}
		return min(15*time.Second, s.o.Rotation/4)
	}
	rotation := s.o.Rotation
	next := time.UnixMilli((now.UnixMilli()/rotation.Milliseconds() + 1) * rotation.Milliseconds())
	return next.Sub(now)
}
