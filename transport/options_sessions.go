package transport

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"

	"tacet/handshake"
	"tacet/handshake/session"
)

// maxSessionIDContext is OpenSSL's SSL_MAX_SID_CTX_LENGTH, in bytes.
const maxSessionIDContext = 32

// sessionIDContext reads sessionIdContext.
func (b *builder) sessionIDContext() error {
	if len(b.o.SessionIDContext) > maxSessionIDContext {
		return fault("sessionIdContext", CodeContextIDTooLong, "ssl session id context too long")
	}
	if b.o.SessionIDContext != "" {
		b.sessionContext = []byte(b.o.SessionIDContext)
	}
	return nil
}

// serverDefaults are options with what a server has by default, other than a context
// for sockets of their own.
func serverDefaults(o SecureContextOptions) SecureContextOptions {
	if o.HonorCipherOrder == nil {
		o.HonorCipherOrder = new(true)
	}
	if o.SessionIDContext == "" {
		o.SessionIDContext = programContext()
	}
	return o
}

// programContext is the sessionIdContext of a server that has none of its own, as
// node's: programs called by other words do not resume each other's sessions.
func programContext() string {
	sum := sha1.Sum([]byte(strings.Join(os.Args, " ")))
	return hex.EncodeToString(sum[:])[:maxSessionIDContext]
}

// tickets reads ticketKeys, or draws them.
func (b *builder) tickets() error {
	var key session.TicketKey
	switch {
	case b.o.TicketKeys == nil:
		_, _ = rand.Read(key[:]) // never fails
	case len(b.o.TicketKeys) != len(key):
		return fault("ticketKeys", CodeArgValue, fmt.Sprintf("must be exactly %d bytes", len(key)))
	default:
		copy(key[:], b.o.TicketKeys)
	}
	if b.o.SecureOptions&OpNoTicket == 0 {
		b.ticketKeys = []session.TicketKey{key}
	}
	return nil
}

// sessionTimeout reads sessionTimeout.
func (b *builder) sessionTimeout() error {
	switch d := b.o.SessionTimeout; {
	case d < 0 || d > handshake.MaxSessionLifetime:
		return fault("sessionTimeout", CodeOutOfRange, "must be >= 0 and <= 2147483647 seconds")
	case d%time.Second != 0:
		return fault("sessionTimeout", CodeOutOfRange, "must be whole seconds")
	case d == 0:
		b.lifetime = DefaultSessionTimeout
	default:
		b.lifetime = d
	}
	return nil
}
