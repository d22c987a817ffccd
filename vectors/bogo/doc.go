// Command bogo is the shim that lets BoGo, BoringSSL's TLS test runner, drive
// tacet: one process for each test, told by flags what to be and what to expect.
//
// It uses the engine through its public API alone, over a TCP loop of its own
// (conn.go), so that with -async every query is answered late, input arrives
// byte by byte and output leaves in pieces, while what the engine has consumed
// is overwritten under its feet.
//
// A flag that the shim does not know ends it with status 89, which the runner
// counts as unimplemented. README.md says how to run it and what the result was;
// config.json lists the tests that are left out, and why, and translates
// BoringSSL's error names into tacet's kinds.
//
// The package must never know how the engine does something: what cannot be
// told from outside is a flag not implemented. Read main.go, then flags.go,
// configure.go, conn.go and exchange.go.
package main
