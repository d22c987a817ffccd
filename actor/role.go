package actor

import (
	"context"
	"sync/atomic"
)

// role is what one goroutine at a time has: a mutex that is passed on in the
// order of asking. Who waits for it waits on a channel, as for the transport, so
// that waiting counts as idle (testing/synctest). The zero value is free.
type role struct {
	claims atomic.Int32 // who has it, and those who wait
	baton  atomic.Pointer[chan struct{}]
}

// Lock waits for the role.
func (r *role) Lock() {
	if r.claims.Add(1) > 1 {
		<-r.pass()
	}
}

// TryLock takes the role if it is free.
func (r *role) TryLock() bool { return r.claims.CompareAndSwap(0, 1) }

// Unlock passes the role on.
func (r *role) Unlock() {
	if r.claims.Add(-1) > 0 {
		r.pass() <- struct{}{}
	}
}

// pass is where the role is handed over, made when first there is a contest.
func (r *role) pass() chan struct{} {
	if p := r.baton.Load(); p != nil {
		return *p
	}
	c := make(chan struct{}, 1)
	if r.baton.CompareAndSwap(nil, &c) {
		return c
	}
	return *r.baton.Load()
}

// LockContext waits for the role unless ctx ends first. Then unlock gives it up
// when it comes.
func (r *role) LockContext(ctx context.Context, unlock func()) error {
	if r.TryLock() {
		return nil
	}
	locked := make(chan struct{})
	go func() {
		r.Lock()
		select {
		case locked <- struct{}{}:
		case <-ctx.Done():
			unlock()
		}
	}()
	select {
	case <-locked:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
