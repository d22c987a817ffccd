// Package redis lets a fleet of servers resume each other's sessions, through a
// Redis that they share: the sessions of TLS up to 1.2 that are kept by id, and
// the keys of tickets, which change with time.
//
//	store, err := redis.New(client, redis.Options{Key: key})
//	server, err := transport.NewServer(transport.ServerOptions{
//		OnNewSession:    store.NewSession,
//		OnResumeSession: store.ResumeSession,
//		…
//	})
//	go store.Follow(ctx, server) // ticket keys
//
// Redis is a help and never a need: while it is down or slow, sessions are not
// found and not kept, so that handshakes are full ones; none fails of it.
//
// Whoever has a session or a ticket key can read and forge connections that go on
// from it. So nothing goes into Redis but what is sealed under Options.Key, which
// the servers share and Redis does not know. Ticket keys are drawn at random and
// expire: what was recorded before cannot be read by whoever gets Options.Key later.
//
// The package must never know what a session holds: it is bytes of package
// transport's. It is a module of its own, so that programs without Redis do not
// depend on a client of it.
package redis
