// Command timing looks for secrets in how long things take, in the manner of
// dudect (Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?", 2017):
// inputs of two classes in random order, a fixed one and one that is random in
// what must not show, and Welch's t-test between their times, once over all of
// them and again over those below each of a hundred percentiles, for what a
// machine does beside makes long tails.
//
//	go run ./vectors/timing            # some minutes; -run REGEXP for some of the subjects
//
// The subjects are what only TLS up to 1.2 has: opening records of CBC suites
// whose padding or MAC is bad, decrypting premaster secrets of RSA, and secrets of
// finite-field Diffie-Hellman. Both classes of each fail, or succeed, alike: that a
// record is bad may show, why may not. Controls are the same done naively, in this
// package; a control that is not found to leak shows that the measurement is worth
// nothing here, and fails as a leak does.
//
// A t beyond 10 is a leak. One above 5 asks for more measurements (-scale). Below
// that nothing was found, which proves nothing; README.md has the values of a run.
//
// What leaks in crypto/aes, crypto/rsa and the hashes is found here too. The package
// must never know how a subject does its work, nor be run by a test suite:
// stats_test.go tests the statistics alone. Read stats.go first, then main.go.
package main
