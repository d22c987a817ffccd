package transport

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/netip"
	"strconv"
	"time"

	"tacet/handshake"
)

// ConnectionOptions are what node's connect takes, by node's names. The zero value of
// each field is node's default.
type ConnectionOptions struct {
	SecureContextOptions
	// SecureContext takes the place of the SecureContextOptions; nil makes one of them,
	// which many connections had better share.
	SecureContext *SecureContext

	// Socket is what to talk through: anything that carries bytes both ways. If it is
	// nil, Path is a Unix socket, and else Host ("" is localhost) and Port are where
	// to connect to. Closing the connection closes it.
	Socket io.ReadWriteCloser
	Path   string
	Host   string
	Port   int
	// Lookup resolves Host, in place of the system.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// Timeout is how long nothing is read or written before OnTimeout is called; 0
	// is for ever. It is ctx that bounds Connect.
	Timeout time.Duration

	// Servername is the name that the server is asked for (SNI), and that its
	// certificate has to be for. Without it none is asked for, as in node, and the
	// certificate has to be for Host. An IP address is checked and not asked for (RFC 6066 §3), nor is
	// a dot at the end.
	Servername string
	// ALPNProtocols are the application protocols to offer, in order of preference.
	ALPNProtocols []string
	// RejectUnauthorized: whether a server that is not authorized ends the
	// connection. nil means it does; new(false) leaves it to Socket.Authorized.
	RejectUnauthorized *bool
	// CheckServerIdentity takes the place of the function of that name: whether a
	// certificate whose chain is good is for the host. With a pre-shared key and no certificate, cert is empty.
	CheckServerIdentity func(host string, cert *PeerCertificate) error
	// Session is a session to resume, as Socket.Session and OnSession give it. One that
	// does not fit (too old, of another server, of a server that would not be
	// authorized now) is left alone.
	Session []byte
	// MinDHSize is the least length of a DHE prime in bits; 0 means 1024. A shorter one ends the
	// connection with ERR_TLS_DH_PARAM_SIZE.
	MinDHSize int
	// PSKCallback is asked for a pre-shared key. hint is what a server up to TLS 1.2
	// says of which it means, "" if nothing. The zero PSK is none: the server then has
	// to show a certificate in TLS 1.3, and before the connection fails.
	PSKCallback func(ctx context.Context, hint string) (PSK, error)
	// RequestOCSP asks the server to staple an OCSP response, for OnOCSPResponse.
	RequestOCSP bool
	// EnableTrace is where each message is written to as text, such as os.Stderr; nil is nowhere.
	EnableTrace io.Writer

	SocketEvents
}

// PSK is a pre-shared key of 1 to 512 bytes, and the identity that it is known by, of
// 1 to 256 bytes in UTF-8. Key is not changed, and used until the handshake is over.
type PSK struct {
	Key      []byte
	Identity string
}

// Limits of node's for pre-shared keys, in bytes.
const (
	maxPSKKey      = 512
	maxPSKIdentity = 256
)

// Connect connects and runs the handshake, and returns the connection once it is secure and
// the server authorized, or tolerated: without CA by Mozilla's roots, and for Servername,
// or else Host. Its error has node's code (CodeOf); if ctx ends first, it is ctx's. Options
// that are at fault leave o.Socket open; any other error closes it. Once Connect has
// returned, ctx means nothing to the connection.
func Connect(ctx context.Context, o ConnectionOptions) (*Socket, error) {
	side, err := newClientSide(&o)
	if err != nil {
		return nil, err
	}
	transport, err := o.dial(ctx)
	if err != nil {
		return nil, err
	}
	s := newSocket(transport, side, o.SocketEvents, o.EnableTrace)
	s.watch(o.Timeout)
	if err := s.HandshakeContext(ctx); err != nil {
		_ = s.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	return s, nil
}

// dial is the transport that the options mean.
func (o *ConnectionOptions) dial(ctx context.Context) (io.ReadWriteCloser, error) {
	var d net.Dialer
	switch {
	case o.Socket != nil:
		return o.Socket, nil
	case o.Path != "":
		return dialed(d.DialContext(ctx, "unix", o.Path))
	case o.Port < 0 || o.Port > 1<<16-1:
		return nil, &Error{Code: "ERR_SOCKET_BAD_PORT", Option: "port", Message: "should be >= 0 and < 65536"}
	case o.Port == 0:
		return nil, &Error{Code: "ERR_MISSING_ARGS", Message: `The "options" or "port" or "path" argument must be specified`}
	case o.Lookup == nil:
		return dialed(d.DialContext(ctx, "tcp", net.JoinHostPort(o.host(), strconv.Itoa(o.Port))))
	}
	addrs, err := o.Lookup(ctx, o.host())
	if err != nil {
		return nil, coded(err)
	}
	err = &Error{Code: "ENOTFOUND", Option: "lookup", Message: "gave no address"}
	for _, a := range addrs {
		var nc net.Conn
		if nc, err = d.DialContext(ctx, "tcp", netip.AddrPortFrom(a, uint16(o.Port)).String()); err == nil {
			return nc, nil
		}
	}
	return dialed(nil, err)
}

func dialed(nc net.Conn, err error) (io.ReadWriteCloser, error) {
	if err != nil {
		return nil, coded(err)
	}
	return nc, nil
}

func (o *ConnectionOptions) host() string {
	if o.Host == "" {
		return "localhost"
	}
	return o.Host
}

// identity is whom the server's certificate has to be for.
func (o *ConnectionOptions) identity() string {
	if o.Servername != "" {
		return o.Servername
	}
	return o.host()
}

// watch calls OnTimeout whenever nothing happened for a time.
func (s *Socket) watch(timeout time.Duration) {
	if timeout > 0 && s.events.OnTimeout != nil {
		s.timeout = timeout
		s.idle = time.AfterFunc(math.MaxInt64, func() {
			if !s.closed.Load() { // a Read may have begun the wait anew beside Close
				s.events.OnTimeout(s)
			}
		})
		s.idle.Reset(timeout) // only now: OnTimeout may close the socket, which stops idle
	}
}

// optionError names the option at fault by the field of what did not compile.
func optionError(err error) error {
	var e *handshake.ConfigError
	if !errors.As(err, &e) {
		return err
	}
	name, ok := optionNames[e.Field]
	if !ok {
		name = e.Field
	}
	return &Error{Code: CodeArgValue, Option: name, Message: e.Reason}
}

// optionNames are node's names of what a Config has.
var optionNames = map[string]string{
	"ALPN": "ALPNProtocols", "MinDHBits": "minDHSize", "PSKHint": "pskIdentityHint", "AskPSK": "pskCallback",
	"Suites": "ciphers", "Credentials": "cert", "Verifier": "ca", "Groups": "ecdhCurve", "Schemes": "sigalgs",
}
