package suites

import "strconv"

// Kind is why a cipher list was refused.
type Kind uint8

const (
	// KindNoMatch: the list selects nothing (node's ERR_SSL_NO_CIPHER_MATCH).
	KindNoMatch Kind = iota + 1
	// KindCommand: a character or an @command that OpenSSL does not know (node's
	// ERR_SSL_INVALID_COMMAND).
	KindCommand
	// KindEmpty: there is nothing between the colons (node's ERR_INVALID_ARG_VALUE).
	KindEmpty
)

var kindTexts = [...]string{
	KindNoMatch: "no cipher match",
	KindCommand: "invalid command",
	KindEmpty:   "no cipher named",
}

// String is OpenSSL's text: "no cipher match", "invalid command".
func (k Kind) String() string { return name(kindTexts[:], uint8(k)) }

// Error is a refused cipher list.
type Error struct {
	Kind  Kind
	Token string // the word at fault: the first unknown one, or the cipher string that selects nothing
}

// Error is the kind's text and the token.
func (e *Error) Error() string { return "suites: " + e.Kind.String() + ": " + strconv.Quote(e.Token) }
