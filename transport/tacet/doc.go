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
// The command turns options into profiles and events into text. It must never
// know the protocol, which package handshake runs, nor how bytes get to it,
// which package actor sees to. Start with demo.go and conversation.go.
package main
