// Package house holds the rules of the house as tests: what a reviewer would
// otherwise have to see anew in every change. It has tests only.
//
//   - arrows_test.go: imports point one way, and the engine touches no world
//   - size_test.go: short files, short functions
//   - alert_test.go: one place seals alerts, one table picks them, every kind has its row
//   - table_test.go: who adds a suite, a group, a scheme or an extension adds a row and nothing else
//   - doc_test.go: every package says what it must never know, every exported name what it is
//   - api_test.go: how much each package exports
//   - citation_test.go: which sections of which RFCs have code, and which have tests
//   - text_test.go: how errors are spelled
//
// Every rule has a list of exceptions, each with its reason; an exception that
// is no longer one fails the test as well, so that the lists only shrink.
//
//	go test ./vectors/house -run Citations -v # prints the table of sections
//
// The package must never know how anything works: it reads source, and asks
// nothing of the code but the names of its tables' rows. Read tree_test.go, which
// loads the source, then the rule that failed.
package house
