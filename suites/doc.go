// Package suites is the table of cipher suites and the language in which OpenSSL and
// node speak of them.
//
// A row says what a suite is made of; everything else about the suite (key lengths,
// versions, strength, its line in "openssl ciphers -v", the words of a cipher string
// that select it, its place in the order of preference, its record protection)
// follows from the row. To add a suite is to add a line to rows in table.go, and, for
// a bulk cipher that no row uses yet, its constructor in bulk.go.
//
// The table has all of OpenSSL 3.0's suites of AES, ChaCha20-Poly1305 and NULL, with each key
// exchange but SRP and each authentication but DSS; ARIA, Camellia and 3DES it leaves out.
//
// Parse is OpenSSL 3.0's algorithm in full, over the rows that the table holds: what
// "openssl ciphers LIST" prints, less the suites that are not here. ALL leaves out
// NULL suites, DEFAULT anonymous ones too; a word such as ECDHE or a full name brings
// them in, and even then Permitted refuses both from security level 1, the default, on.
//
// The package knows names and parameters. It must never know a handshake: which suite
// is offered or chosen, which certificate fits, what a peer supports. Read table.go
// first, then parse.go (words), selector.go (what they mean) and order.go (what they do);
// package record, next door, does the sealing.
package suites
