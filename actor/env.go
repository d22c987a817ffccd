package actor

import (
	"crypto/rand"

	"tacet/handshake"
)

// RandomEnv returns the Env of real connections: crypto/rand. It may serve any
// number of engines at once.
func RandomEnv() handshake.Env { return randomEnv{} }

type randomEnv struct{}

// Rand fills p. crypto/rand never fails: it ends the program if the system has
// no randomness.
func (randomEnv) Rand(_ handshake.Label, _ uint32, p []byte) { _, _ = rand.Read(p) }
