package handshake

import (
	"crypto/sha256"
	"encoding/binary"
)

// Env is where an engine's randomness comes from. Rand fills p with bytes that
// depend on nothing but the Env, label and draw; draw counts the draws of one
// label on one connection from 0, so an Env that serves several connections
// must not give the same bytes twice (package actor's does not), while a seeded
// one must belong to one side of one connection. It may be called from two
// goroutines at once after Split. It must not keep p.
type Env interface {
	Rand(label Label, draw uint32, p []byte)
}

// Label names what randomness is for.
type Label uint8

// The labels, one for each thing that is drawn.
const (
	LabelClientRandom Label = iota
	LabelServerRandom
	LabelSessionID
	LabelClientShare // seed of a client's key share
	LabelServerShare // seed of a server's key share
	LabelSalt        // RSA-PSS salt
	LabelTicketIV
	LabelTicketAge
	LabelPremaster        // premaster secret of RSA key exchange: the client's, or the server's in place of a bad one
	LabelPremasterPadding // PKCS #1 padding of the client's
	LabelDecoy            // pre-shared key in place of one that is not known
	numLabels
)

var labelNames = [numLabels]string{
	LabelClientRandom: "client random", LabelServerRandom: "server random",
	LabelSessionID: "session id", LabelClientShare: "client key share", LabelServerShare: "server key share",
	LabelSalt: "signature salt", LabelTicketIV: "ticket iv", LabelTicketAge: "ticket age add",
	LabelPremaster: "premaster secret", LabelPremasterPadding: "premaster padding", LabelDecoy: "decoy key",
}

// String returns the label's name.
func (l Label) String() string { return labelNames[l] }

// SeededEnv returns an Env that is a pure function of seed: the same seed gives
// the same handshake. It is for tests; whoever knows the seed knows the keys.
func SeededEnv(seed [32]byte) Env { return seededEnv{seed} }

type seededEnv struct{ seed [32]byte }

// Rand fills p with SHA-256(seed, label, draw, block) for block 0, 1, …
func (e seededEnv) Rand(label Label, draw uint32, p []byte) {
	var in [41]byte
	copy(in[:], e.seed[:])
	in[32] = byte(label)
	binary.BigEndian.PutUint32(in[33:], draw)
	for block := uint32(0); len(p) > 0; block++ {
		binary.BigEndian.PutUint32(in[37:], block)
		sum := sha256.Sum256(in[:])
		p = p[copy(p, sum[:]):]
	}
}
