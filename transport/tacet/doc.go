// Command tacet is a TLS client and server for the command line, in the words
// of node:tls, and a window on the engine.
//
//	tacet demo                    two engines in memory, their conversation as a ladder
//	tacet serve --listen :8443    a server
//	tacet connect example.org:443 standard input and output as the stream
//	tacet trace example.org:443   a connection as a ladder
//	tacet ciphers [LIST]          what a cipher list selects
//
// "tacet COMMAND --help" lists the options: node's, in kebab case.
//
// The command turns flags into the options of package transport, and what that and
// the engine tell into text. It must never know the protocol, which package handshake
// runs, nor what an option means, which package transport says. Start with the table in
// options.go, and with demo.go and conversation.go.
package main
