package actor

import (
	"context"
	"io"
	"sync"
	"time"

	"tacet/handshake"
)

// Config is what the owner of a connection needs beside the profile. Every
// field may be zero, and so may the pointer to it. A Config is not changed once
// it is in use; any number of connections may share it.
type Config struct {
	// Sessions is where a client takes the session that it offers from, and
	// where it puts those that it is given; nil: none is resumed. The profile
	// must set AskSession for it to be asked. A resumed session brings its client
	// certificate and its verdict with it: share a cache only among profiles that show
	// the same credential, and, where the application verifies (AskVerify), verify alike;
	// and without server names only among connections to one server.
	Sessions SessionCache
	// ServerSessions is where a server keeps sessions up to TLS 1.2 by id, for clients without
	// tickets; nil: none is kept. The profile must set AskSession for it to be asked.
	ServerSessions ServerSessions
	// Answer answers the engine's queries. It returns false to leave one to its
	// default, which is: HelloQuery, the profile's choice; SessionQuery, what
	// Sessions has; SessionLookup and SessionStore, by ServerSessions; PSKQuery, PSKLookup and
	// CredentialQuery, none; StapleQuery, what the credential has; SignQuery, a signature by
	// the credential's Key with crypto/rand, and refused if it has none; DecryptQuery, by the
	// same Key if it is a crypto.Decrypter; VerifyQuery, refused. It is
	// called by the goroutine that runs the handshake and may block; ctx
	// ends when the handshake is given up. nil leaves all to their defaults.
	Answer func(ctx context.Context, q handshake.Query) (handshake.Answer, bool)
	// KeyLog gets the lines of an NSS key log, each by one Write, newline
	// included, from several connections at once: NewKeyLog makes any writer fit
	// for that. The profile must set KeyLog. nil: none.
	KeyLog io.Writer
	// OnEvent is told of each event but NeedInput, QueryPending, Data and
	// EarlyData, once at a time, by whoever reads or writes. It must not block and must
	// not call the connection.
	OnEvent func(handshake.Event)
	// OnSecure is told what a handshake has come to, the first and each renegotiation, before
	// State tells of it and before anything is read or written under its keys. An error refuses
	// that: it ends the connection, with the record.Alert that it wraps, and else
	// handshake_failure, and all calls return it, wrapped in KindRefused. The tickets of
	// a TLS 1.3 server are out by then: what resumes one is to be judged as strictly. It is called
	// by whoever drives the handshake, who waits for it, and must not call the connection but for
	// State and Close, which alone refuses nothing.
	OnSecure func(*handshake.ConnectionState) error
	// HandshakeTimeout bounds the handshake; 0: no bound. Running out is
	// context.DeadlineExceeded, closes the transport and is final.
	HandshakeTimeout time.Duration
	// Pumped gives the connection a goroutine that reads for it, from the end
	// of the handshake until it is closed.
	Pumped bool
	// AcceptTruncation makes an end of the transport without close_notify
	// io.EOF, which lets an attacker cut the stream (RFC 9846 §6.1). Otherwise it is
	// an error that wraps io.ErrUnexpectedEOF.
	AcceptTruncation bool
}

// NewKeyLog makes a writer for Config.KeyLog of any writer: each Write is one
// Write of w, one at a time.
func NewKeyLog(w io.Writer) io.Writer { return &keyLog{w: w} }

type keyLog struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *keyLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
