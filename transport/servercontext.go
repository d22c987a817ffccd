package transport

import (
	"slices"
	"strings"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/session"
)

// serving is what a server goes by, compiled. It is replaced and never changed: a
// connection goes by the one of when it came.
type serving struct {
	own        *SecureContext
	names      []named // the newest last
	ticketKeys []session.TicketKey
	profile    *handshake.ServerProfile
}

// named is a context for some server names.
type named struct {
	pattern string
	context *SecureContext
	profile *handshake.ServerProfile
}

// change replaces what the server goes by, unless there is a fault in it.
func (s *Server) change(f func(*serving) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := &serving{}
	if old := s.current.Load(); old != nil {
		*v = *old
		v.names = slices.Clone(old.names)
	}
	if err := f(v); err != nil {
		return err
	}
	if err := s.compile(v); err != nil {
		return err
	}
	s.current.Store(v)
	return nil
}

func (s *Server) compile(v *serving) (err error) {
	if own := v.own.serverConfig().TicketKeys; v.ticketKeys == nil || len(own) == 0 {
		v.ticketKeys = own // none: the options say that there are no tickets
	}
	if v.profile, err = s.profile(v, v.own, nil, s.auth()); err != nil {
		return err
	}
	for i := range v.names {
		if v.names[i].profile, err = s.profile(v, v.names[i].context, nil, s.auth()); err != nil {
			return err
		}
	}
	return nil
}

// profile is what the server speaks with a context: its certificates, if it has any and show is
// nil, and whom it trusts are the context's, all else the server's own.
func (s *Server) profile(v *serving, context *SecureContext, show []*cred.Credential, auth clientAuth) (*handshake.ServerProfile, error) {
	if err := v.own.permits(serverRole); err != nil {
		return nil, err
	}
	cfg := s.configure(v)
	other := context.serverConfig()
	if cfg.Verifier = other.Verifier; len(other.Credentials) > 0 {
		cfg.Credentials = other.Credentials
	}
	auth.config(&cfg)
	if show != nil {
		cfg.Credentials = show
	}
	p, err := cfg.CompileServer()
	if err != nil {
		return nil, optionError(err)
	}
	return p, nil
}

// configure puts the options of the server into what its context says.
func (s *Server) configure(v *serving) handshake.Config {
	o, cfg := &s.o, v.own.serverConfig()
	cfg.TicketKeys, cfg.ALPN, cfg.PSKHint = v.ticketKeys, o.ALPNProtocols, o.PSKIdentityHint
	cfg.AskHello = true // without certificate there is no other way to compile
	cfg.AskSession, cfg.AskPSK = o.OnNewSession != nil || o.OnResumeSession != nil, o.PSKCallback != nil
	cfg.AskStaple = o.OnOCSPRequest != nil
	cfg.KeyLog, cfg.Trace = o.OnKeylog != nil, o.EnableTrace != nil
	dropModes(&cfg)
	return cfg
}

func (s *Server) auth() clientAuth {
	return clientAuth{request: s.o.RequestCert, reject: rejects(s.o.RejectUnauthorized)}
}

// AddContext has clients that ask for a server name shown the certificates of a
// context, or without any the server's own, and held to its CA. A "*" in hostname stands for any part of a label, or
// none. Case matters. Of several that fit the newest counts. Protocol versions, ciphers and all else
// stay the server's own. An SNICallback takes the place of all.
func (s *Server) AddContext(hostname string, context *SecureContext) error {
	if hostname == "" {
		return &Error{Code: "ERR_TLS_REQUIRED_SERVER_NAME", Message: `"servername" is required parameter for Server.addContext`}
	}
	if context == nil {
		return errNoContext
	}
	return s.change(func(v *serving) error {
		v.names = append(v.names, named{pattern: hostname, context: context})
		return nil
	})
}

// SetSecureContext replaces the server's own context for connections from now on.
// Options that are not given are the defaults again, but for TicketKeys and
// SessionTimeout, which stay as they were given before. What SetTicketKeys
// set is lost.
func (s *Server) SetSecureContext(o SecureContextOptions) error {
	o = serverDefaults(o)
	s.mu.Lock()
	if o.TicketKeys == nil {
		o.TicketKeys = s.o.TicketKeys
	}
	if o.SessionTimeout == 0 {
		o.SessionTimeout = s.o.SessionTimeout
	}
	s.mu.Unlock()
	context, err := NewSecureContext(o)
	if err != nil {
		return err
	}
	return s.change(func(v *serving) error {
		v.own, v.ticketKeys = context, nil
		s.o.TicketKeys, s.o.SessionTimeout = o.TicketKeys, o.SessionTimeout
		return nil
	})
}

// find is the context for a server name, and what it compiles to.
func (v *serving) find(name string) (*SecureContext, *handshake.ServerProfile) {
	for _, n := range slices.Backward(v.names) {
		if name != "" && matchContext(n.pattern, name) {
			return n.context, n.profile
		}
	}
	return v.own, v.profile
}

// matchContext reports whether a pattern stands for a name: a "*" is any run of bytes
// without a dot.
func matchContext(pattern, name string) bool {
	literal, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, literal)
	if !ok {
		return false
	}
	for i := 0; ; i++ {
		if matchContext(rest, name[i:]) {
			return true
		}
		if i == len(name) || name[i] == '.' {
			return false
		}
	}
}
