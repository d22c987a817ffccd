package peers

import (
	"context"

	"tacet/record"
)

// peer is an implementation of TLS that is not this one.
type peer interface {
	name() string
	// missing tells why the peer cannot run on this machine, "" if it can.
	missing() string
	// lacks tells what a row asks for that the peer does not have, "" if it has
	// all. There is no such row then: nobody could make it go.
	lacks(r *row) string
	// serve starts the peer as the row's server and waits until it listens.
	serve(r *row) talk
	// dial starts the peer as the row's client.
	dial(r *row, addr string) talk
	// says are patterns of what the peer must have said of a connection, with what
	// this side says of it.
	says(r *row, e *end) []string
	// told is the pattern of what the peer says when it is told an alert.
	told(a record.Alert) string
	// tells are the alerts that may reach this side when the peer refuses a row,
	// nil for the row's own; empty but not nil if it just closes.
	tells(r *row) []record.Alert
}

// talk is a peer's end of a connection, in the hands of its user.
type talk interface {
	// addr is where a server listens.
	addr() string
	// greet has the peer send something; it returns a piece of what will arrive.
	greet() string
	// hear waits until the peer shows what it has received.
	hear(ctx context.Context, text string) error
	// await waits for a pattern of what the peer says and returns its groups.
	await(ctx context.Context, pattern string) ([]string, error)
	// quit has the peer close its side.
	quit()
	// awaitEnd waits until the peer is through.
	awaitEnd(ctx context.Context) error
	// String is all that the peer has said.
	String() string
	// keyLog is the peer's key log.
	keyLog() string
	// stream has the peer send bulk bytes while it receives some, and tells the
	// hashes of both; "" of what it sends if that is what it receives.
	stream(ctx context.Context, send, receive int64) (sent, received string, err error)
	// update has the peer update its keys, and ask for the same if request is set.
	update(ctx context.Context, request bool) error
}

// role is what the peer of a row is.
type role string

const (
	client role = "client"
	server role = "server"
)

// other is what this side is then.
func (o role) other() role {
	if o == client {
		return server
	}
	return client
}

// all are the peers of the table, which run until stop is called.
func all() (peers []peer, stop func()) {
	process, databases := new(nodeProcess), new(nssDatabases)
	return []peer{openssl{}, gotls{}, node{process}, gnutls{}, boringssl{}, nss{databases}, curl{}}, func() {
		process.stop()
		databases.stop()
	}
}
