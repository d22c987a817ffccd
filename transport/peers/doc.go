// Package peers is a table of live conversations between this module and
// programs that no one here wrote: OpenSSL, Node's tls, GnuTLS, NSS,
// BoringSSL, curl and Go's crypto/tls, each as client and as server.
//
// It has tests only. A row of the table is one case (a suite, a group, a kind
// of key, a resumption, a refusal …) at one version with one peer in one role.
// Both ends must say the same of each row that goes well: what was negotiated,
// the exporter's bytes, and the secrets in their key logs.
//
// A peer that is not installed is skipped; with CI=true in the environment it
// is a failure. On Debian the peers are the packages openssl, nodejs, gnutls-bin,
// libnss3-tools, android-boringssl and curl. All listen on ports of their own; gnutls-serv,
// selfserv and bssl do so on all addresses, for they have no option for one.
//
// Nothing may import it, and it must never know how a conversation is kept up:
// it has package actor do that, in one place, tacet_test.go. Read next:
// cases_test.go, which is the table, then script_test.go, what is said in a row, and
// check_test.go, what must be true of it; peer_test.go is what a peer has to do, and
// openssl_test.go an example of one.
package peers
