package transport

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tacet/handshake/session"
)

// ServerOptions are what node's createServer takes, by node's names. The zero value
// of each field is node's default. The functions are called in a goroutine of
// the connection that they are about and may block; ctx ends when its handshake is given up,
// and has the socket (SocketFrom). An error that one returns ends the handshake:
// OnTLSClientError is told of it, and the client of internal_error, or of the record.Alert
// that it wraps.
type ServerOptions struct {
	SecureContextOptions

	// ALPNProtocols are the application protocols to choose from, in order of
	// preference. A client that offers others only is refused (no_application_protocol).
	ALPNProtocols []string
	// ALPNCallback chooses one of those that a client offers, in place of
	// ALPNProtocols; both are an error of NewServer. "" refuses the client, and another
	// than those offered ends the connection with ERR_TLS_ALPN_CALLBACK_INVALID_RESULT. It
	// is not asked of a client that offers none.
	ALPNCallback func(ctx context.Context, offer ALPNOffer) (string, error)
	// SNICallback is asked for the context of a server name, in place of what
	// AddContext added. nil means the server's own, and so do the certificates of one that has none. It
	// is not asked without a name.
	SNICallback func(ctx context.Context, servername string) (*SecureContext, error)
	// RequestCert asks clients for a certificate.
	RequestCert bool
	// RejectUnauthorized: whether a client without a certificate that is good ends the connection, with RequestCert.
	// nil means it does; new(false) leaves it to Socket.Authorized.
	RejectUnauthorized *bool
	// PSKCallback is asked for the pre-shared key of an identity, 1 to 512 bytes, which is
	// used until the handshake is over. nil is none: that ends a connection up to TLS 1.2
	// (unknown_psk_identity), and in TLS 1.3 the server shows its certificate. Where RequestCert
	// demands one of the client, a key does not stand in for it: only ciphers that show
	// certificates beside the key remain.
	PSKCallback func(ctx context.Context, identity string) ([]byte, error)
	// PSKIdentityHint tells clients up to TLS 1.2 which key is meant, in at most 256 bytes.
	PSKIdentityHint string
	// HandshakeTimeout is how long a connection may take to be secure, whatever it sends
	// meanwhile; 0 means two minutes, and less is an error. After it OnTLSClientError is told of
	// ERR_TLS_HANDSHAKE_TIMEOUT, and the connection closed, which node leaves to the program.
	HandshakeTimeout time.Duration
	// MaxConnections is how many connections there may be at once; more are closed
	// as they come. 0 is any number.
	MaxConnections int
	// EnableTrace is where each message is written to as text, such as os.Stderr, by several
	// connections at once; nil is nowhere.
	EnableTrace io.Writer

	// OnSecureConnection is given each connection that is secure and whose client is
	// good or tolerated. The socket is its own, to close. It is not called of what a
	// Listener accepts.
	OnSecureConnection func(*Socket)
	// OnTLSClientError is told of each connection that failed before it was secure.
	// The socket is closed; its addresses are still known.
	OnTLSClientError func(err error, s *Socket)
	// OnNewSession is told of each session up to TLS 1.2 that is not in a ticket, to
	// keep it for OnResumeSession. The handshake ends once it returns.
	OnNewSession func(ctx context.Context, sessionID, sessionData []byte)
	// OnResumeSession is asked for what OnNewSession was told of the id that a client
	// up to TLS 1.2 offers. nil, and bytes that are none, lead to a full handshake; an
	// error ends the connection.
	OnResumeSession func(ctx context.Context, sessionID []byte) (sessionData []byte, err error)
	// OnOCSPRequest is asked for the OCSP response to staple to the certificate that a
	// client is shown, if it wants one: once in a full handshake, not where a session is resumed.
	// Both are in DER; issuer is nil if it is neither in the chain nor among CA. A nil or empty
	// response staples nothing. An error, and a response of more than 32,768 bytes, end the
	// connection: the client is told internal_error, or the record.Alert that the error wraps.
	OnOCSPRequest func(ctx context.Context, certificate, issuer []byte) (response []byte, err error)
	// OnKeylog is told of a line for an NSS key log, with newline. Who has it reads all
	// that is sent. It must not read, write or close.
	OnKeylog func(line []byte, s *Socket)
}

// ALPNOffer is what an ALPNCallback chooses by.
type ALPNOffer struct {
	Servername string // "" if the client says none
	Protocols  []string
}

// defaultHandshakeTimeout is node's.
const defaultHandshakeTimeout = 2 * time.Minute

// Server is node's tls.Server: it accepts connections and secures them. Its methods may be
// called from any number of goroutines.
type Server struct {
	o       ServerOptions
	ctx     context.Context // ends with Shutdown's
	cancel  context.CancelFunc
	current atomic.Pointer[serving]

	mu        sync.Mutex // orders changes of current, and guards what follows
	listeners map[net.Listener]bool
	sockets   map[*Socket]bool
	none      chan struct{} // closed when there are no sockets; nil if nobody waits
	closed    bool
}

// NewServer makes a server. Its error is an *Error that names the option at fault. A
// server without certificate is none: its handshakes fail.
func NewServer(o ServerOptions) (*Server, error) {
	if o.ALPNCallback != nil && o.ALPNProtocols != nil {
		return nil, &Error{Code: "ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS", Option: "ALPNCallback",
			Message: "The ALPNCallback and ALPNProtocols TLS options are mutually exclusive"}
	}
	if o.HandshakeTimeout < 0 {
		return nil, fault("handshakeTimeout", CodeOutOfRange, "must not be negative")
	}
	o.SecureContextOptions = serverDefaults(o.SecureContextOptions)
	own, err := NewSecureContext(o.SecureContextOptions)
	if err != nil {
		return nil, err
	}
	return newServer(o, own)
}

func newServer(o ServerOptions, own *SecureContext) (*Server, error) {
	if _, err := ConvertALPNProtocols(o.ALPNProtocols); err != nil {
		return nil, err
	}
	o.ALPNProtocols = slices.Clone(o.ALPNProtocols)
	if o.HandshakeTimeout == 0 {
		o.HandshakeTimeout = defaultHandshakeTimeout
	}
	s := &Server{o: o, listeners: map[net.Listener]bool{}, sockets: map[*Socket]bool{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, s.change(func(v *serving) error {
		v.own = own
		return nil
	})
}

// Serve accepts connections from l and gives those that are secure to
// OnSecureConnection, each in its goroutine, until l fails; its error is
// net.ErrClosed after Close. Errors that pass, such as too many open files, it
// waits out.
func (s *Server) Serve(l net.Listener) error {
	if s.o.OnSecureConnection == nil {
		return &Error{Code: CodeArgValue, Option: "OnSecureConnection", Message: "is needed by Serve"}
	}
	return s.accept(l, s.o.OnSecureConnection)
}

// accept has each connection of l secured and then given to f.
func (s *Server) accept(l net.Listener, f func(*Socket)) error {
	if !s.track(l) {
		_ = l.Close()
		return net.ErrClosed
	}
	defer s.untrack(l)
	var delay time.Duration
	for {
		nc, err := l.Accept()
		if err == nil {
			delay = 0
			s.admit(nc, f)
			continue
		}
		if t, ok := err.(interface{ Temporary() bool }); !ok || !t.Temporary() {
			return err
		}
		delay = min(max(2*delay, 5*time.Millisecond), time.Second)
		select {
		case <-time.After(delay):
		case <-s.ctx.Done():
			return net.ErrClosed
		}
	}
}

// admit begins the handshake of a connection, if there is room for it.
func (s *Server) admit(nc net.Conn, f func(*Socket)) {
	socket := s.newSocket(nc, SocketEvents{})
	if !s.enter(socket) {
		_ = nc.Close()
		return
	}
	go func() {
		if s.secure(s.ctx, socket) == nil {
			f(socket)
		}
	}()
}

// secure runs a handshake within its time, and tells of its failure.
func (s *Server) secure(ctx context.Context, socket *Socket) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.HandshakeTimeout)
	defer cancel()
	err := socket.HandshakeContext(ctx)
	if err == nil {
		return nil
	}
	_ = socket.Close()
	if s.o.OnTLSClientError != nil {
		s.o.OnTLSClientError(err, socket)
	}
	return err
}

// enter counts a socket in, unless there are as many as there may be.
func (s *Server) enter(socket *Socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.o.MaxConnections > 0 && len(s.sockets) >= s.o.MaxConnections {
		return false
	}
	s.sockets[socket] = true
	socket.onClose = func() { s.leave(socket) }
	return true
}

func (s *Server) leave(socket *Socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if delete(s.sockets, socket); len(s.sockets) == 0 && s.none != nil {
		close(s.none)
		s.none = nil
	}
}

// Connections is how many connections there are that were accepted and not closed yet.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets)
}

func (s *Server) track(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.listeners[l] = true
	}
	return !s.closed
}

func (s *Server) untrack(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

// Close closes the listeners, so that no connections come any more. Those that are
// there go on, handshakes too: Shutdown waits for them.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var first error
	for l := range s.listeners {
		if err := l.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Shutdown is Close, and then waits until the connections are closed by whoever has
// them. If ctx ends first, it closes them itself and returns ctx's error.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.Close()
	s.mu.Lock()
	if len(s.sockets) == 0 {
		s.mu.Unlock()
		return err
	}
	if s.none == nil {
		s.none = make(chan struct{})
	}
	none := s.none
	s.mu.Unlock()
	select {
	case <-none:
		return err
	case <-ctx.Done():
	}
	s.cancel()
	s.mu.Lock()
	left := make([]*Socket, 0, len(s.sockets))
	for socket := range s.sockets {
		left = append(left, socket)
	}
	s.mu.Unlock()
	for _, socket := range left {
		_ = socket.Close()
	}
	return ctx.Err()
}

// TicketKeys are the 48 bytes that seal session tickets, nil if there are no tickets. The slice
// is the caller's.
func (s *Server) TicketKeys() []byte {
	keys := s.current.Load().ticketKeys
	if len(keys) == 0 {
		return nil
	}
	return slices.Clone(keys[0][:])
}

// SetTicketKeys sets the 48 bytes that seal the session tickets of connections from now on:
// those of other keys are not resumed, but for tickets of previous keys. With OpNoTicket it
// changes nothing.
func (s *Server) SetTicketKeys(keys []byte, previous ...[]byte) error {
	var list []session.TicketKey
	for _, k := range append([][]byte{keys}, previous...) {
		if len(k) != len(session.TicketKey{}) {
			return &Error{Code: CodeArgValue, Option: "ticketKeys", Message: "Session ticket keys must be a 48-byte buffer"}
		}
		list = append(list, session.TicketKey(k))
	}
	return s.change(func(v *serving) error {
		v.ticketKeys = list
		return nil
	})
}
