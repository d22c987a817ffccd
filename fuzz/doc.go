// Package fuzz holds the fuzz targets that are more than a message codec, and the
// searches that are like them: both engines fed with anything, engines in the
// middle of a conversation, what a secure engine opens, any schedule of the same
// bytes, all sequences of messages up to a depth, and the same bytes given to
// crypto/tls and to tacet.
//
// There is no code here but tests, and nothing may import it; of an engine it
// must never know more than its package exports. Every target is a pure function of its
// input; what it needs of conversations it makes once, from package vectors.
// Seeds are the messages of those conversations, and testdata/fuzz holds what
// was found by fuzzing and is worth keeping.
//
//	go test ./fuzz -run '^$' -fuzz FuzzClientHello -fuzztime 1m -parallel 1
//
// Where crypto/tls and tacet differ on purpose, verdict_test.go says so, in a
// table with a reason for each row; any other difference is a finding.
package fuzz
