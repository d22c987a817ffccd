package transport

// Code is the name that node gives an error, in error.code: "ERR_TLS_…",
// "ERR_SSL_…" with a reason of OpenSSL's, "CERT_HAS_EXPIRED" and the like of
// certificates, "ECONNRESET" of the transport. It is "" where node has none. A
// Code is an error, so that errors.Is(err, transport.CodeExpired) works.
type Code string

// Error is the code itself.
func (c Code) Error() string { return string(c) }

// Codes that programs ask for. There are more: each is a string of node's.
const (
	CodeAltNameInvalid Code = "ERR_TLS_CERT_ALTNAME_INVALID"
	CodeAltNameFormat  Code = "ERR_TLS_CERT_ALTNAME_FORMAT"
)

// Error is an error with node's code.
type Error struct {
	Code    Code
	Message string // in node's words, without the name of an option or a value
	Option  string // the option at fault, with node's name: "ecdhCurve"; "" if none is
	Err     error  // the cause, or nil
}

// Error is the option, the message, the cause and the code.
func (e *Error) Error() string {
	s := e.Message
	if e.Option != "" {
		s = e.Option + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Code != "" {
		s += " (" + string(e.Code) + ")"
	}
	return s
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the error's Code.
func (e *Error) Is(target error) bool {
	c, ok := target.(Code)
	return ok && c == e.Code
}
