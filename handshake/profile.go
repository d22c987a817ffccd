package handshake

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"tacet/handshake/cred"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// ClientProfile is a Config compiled for clients. It is immutable and may be
// shared by any number of engines.
type ClientProfile struct{ profile }

// ServerProfile is a Config compiled for servers. It is immutable and may be
// shared by any number of engines.
type ServerProfile struct{ profile }

// profile is what both roles have: the Config, defaults filled in, checked and copied.
type profile struct {
	cfg      Config
	min, max record.Version
	suites   []*suites.Suite // within min…max, in order of preference
	groups   []kx.Group
	shares   []kx.Group
	pskModes []PSKMode
	schemes  []cred.Scheme
	signed   [][]*x509.Certificate // the chains of Credentials
	lifetime time.Duration
	tickets  int
	fragment int
	level    int // OpenSSL's security level, 0 to 5

	minDHBits    int
	blockCiphers bool            // there is a suite to which encrypt_then_mac applies
	chaChaFirst  []*suites.Suite // suites in the order for clients that would have ChaCha20, nil if that makes none
	wire         wire
}

// wire is what every hello of a profile says in the same words.
type wire struct {
	suites, groups, groups12, schemes, certSchemes, versions msg.Uint16s
	alpn                                                     msg.Vector8
	pskModes                                                 []byte
}

func (p *profile) compileWire() error {
	w := &p.wire
	for _, s := range p.suites {
		w.suites = msg.AppendUint16s(w.suites, uint16(s.ID))
		p.blockCiphers = p.blockCiphers || s.BlockCipher()
	}
	if p.cfg.PrioritizeChaCha {
		p.chaChaFirst = slices.Clone(p.suites)
		slices.SortStableFunc(p.chaChaFirst, func(a, b *suites.Suite) int { return rank(b) - rank(a) })
	}
	if p.cfg.Fallback {
		w.suites = msg.AppendUint16s(w.suites, fallbackSCSV)
	}
	for _, g := range p.groups {
		w.groups = msg.AppendUint16s(w.groups, uint16(g.ID()))
		if isCurve(g) {
			w.groups12 = msg.AppendUint16s(w.groups12, uint16(g.ID()))
		}
	}
	for _, s := range p.schemes {
		w.schemes = msg.AppendUint16s(w.schemes, uint16(s))
	}
	for _, s := range p.cfg.CertSchemes {
		w.certSchemes = msg.AppendUint16s(w.certSchemes, uint16(s))
	}
	for v := p.max; v >= p.min; v-- {
		w.versions = msg.AppendUint16s(w.versions, uint16(v))
	}
	for _, m := range p.pskModes {
		w.pskModes = append(w.pskModes, byte(m))
	}
	w.alpn = msg.AppendVector8(nil, p.cfg.ALPN...)
	return nil
}

// rank puts ChaCha20-Poly1305 above the rest.
func rank(s *suites.Suite) int {
	if s.ChaCha20() {
		return 1
	}
	return 0
}

// CompileClient checks the Config for use by clients. Every fault of a Config is
// found here, as a *ConfigError; no handshake fails of it.
func (c Config) CompileClient() (*ClientProfile, error) {
	p, err := c.compile()
	if err != nil {
		return nil, err
	}
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"DH", c.DH != nil}, {"AutoDH", c.AutoDH}, {"PSKHint", c.PSKHint != ""}, {"SessionContext", c.SessionContext != nil},
		{"AskHello", c.AskHello}, {"AskStaple", c.AskStaple}, {"TicketKeys", c.TicketKeys != nil}, {"ClientAuth", c.ClientAuth != NoClientCert},
		{"Tickets", c.Tickets > 0}, {"ResumptionTickets", c.ResumptionTickets != 0}, {"ClientPreference", c.ClientPreference},
		{"PrioritizeChaCha", c.PrioritizeChaCha}, {"GroupPreference", c.GroupPreference},
	} {
		if f.set {
			return nil, &ConfigError{f.name, "has no meaning for a client"}
		}
	}
	if err := p.checkVerification(); err != nil {
		return nil, err
	}
	if p.cfg.Verify == VerifyRequired && p.anonymous() {
		return nil, &ConfigError{"Suites", "one without authentication passes no verification: set Verify to VerifyRecord or VerifyNone"}
	}
	return &ClientProfile{*p}, nil
}

// CompileServer checks the Config for use by servers, like CompileClient.
func (c Config) CompileServer() (*ServerProfile, error) {
	p, err := c.compile()
	if err != nil {
		return nil, err
	}
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"MinDHBits", c.MinDHBits != 0}, {"MaxFragmentLength", c.MaxFragmentLength != 0}, {"Fallback", c.Fallback}, {"LegacyServers", c.LegacyServers},
		{"AskCredential", c.AskCredential}, {"KeyShares", c.KeyShares != nil}, {"RequestOCSP", c.RequestOCSP},
		{"Reverify", c.Reverify}, {"UnofferedProtocol", c.UnofferedProtocol},
	} {
		if f.set {
			return nil, &ConfigError{f.name, "has no meaning for a server"}
		}
	}
	if len(c.Credentials) == 0 && !c.AskHello && !c.AskPSK && !p.anonymous() {
		return nil, &ConfigError{"Credentials", "a server needs a certificate"}
	}
	if c.PSKModes != nil && !c.AskPSK && len(c.TicketKeys) == 0 {
		return nil, &ConfigError{"PSKModes", "need TicketKeys or AskPSK"}
	}
	if c.PrioritizeChaCha && c.ClientPreference {
		return nil, &ConfigError{"PrioritizeChaCha", "has no meaning beside ClientPreference"}
	}
	if c.ClientAuth > RequireClientCert {
		return nil, &ConfigError{"ClientAuth", "is no policy"}
	}
	if c.ClientAuth != NoClientCert {
		if err := p.checkVerification(); err != nil {
			return nil, err
		}
	}
	return &ServerProfile{*p}, nil
}

func (c Config) compile() (*profile, error) {
	p := &profile{cfg: c, min: c.MinVersion, max: c.MaxVersion}
	p.cfg.Suites, p.cfg.Groups, p.cfg.KeyShares = slices.Clone(c.Suites), slices.Clone(c.Groups), slices.Clone(c.KeyShares)
	p.cfg.Schemes, p.cfg.ALPN, p.cfg.Credentials = slices.Clone(c.Schemes), slices.Clone(c.ALPN), slices.Clone(c.Credentials)
	if c.ParseCertificate == nil {
		p.cfg.ParseCertificate = cred.ParseCertificate
	}
	for _, check := range []func() error{
		p.compileLevel, p.compileVersions, p.compileGroups, p.compileSuites, p.compilePSKModes, p.compileSchemes, p.compileALPN,
		p.compileCredentials, p.compileSigned, p.compileTickets, p.compileFragment, p.compileDH, p.compileLimits, p.compileWire,
	} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *profile) compileVersions() error {
	if p.min == 0 {
		p.min = record.TLS12
	}
	if p.max == 0 {
		p.max = record.TLS13
	}
	if p.min < record.TLS10 || p.min > record.TLS13 {
		return &ConfigError{"MinVersion", fmt.Sprintf("%v is not supported", p.min)}
	}
	if p.max < record.TLS10 || p.max > record.TLS13 {
		return &ConfigError{"MaxVersion", fmt.Sprintf("%v is not supported", p.max)}
	}
	if p.min > p.max {
		field := "MinVersion"
		if p.cfg.MinVersion == 0 {
			field = "MaxVersion"
		}
		return &ConfigError{field, fmt.Sprintf("%v to %v is no range", p.min, p.max)}
	}
	if p.min < record.TLS12 && p.level > 0 {
		return &ConfigError{"MinVersion", fmt.Sprintf("%v needs SecurityLevel -1", p.min)}
	}
	return nil
}

func (p *profile) compileLevel() error {
	switch p.level = p.cfg.SecurityLevel; {
	case p.level == 0:
		p.level = 1
	case p.level == -1:
		p.level = 0
	case p.level < -1 || p.level > 5:
		return &ConfigError{"SecurityLevel", "is not -1 to 5"}
	}
	return nil
}

func (p *profile) compileSuites() error {
	list := p.cfg.Suites
	if list == nil {
		parsed, err := suites.Parse(suites.Default)
		if err != nil {
			return &ConfigError{"Suites", err.Error()}
		}
		list = parsed.Suites
	}
	curveless := 0 // suites that only a missing curve rules out
	for _, s := range list {
		if s == nil {
			return &ConfigError{"Suites", "holds nil"}
		}
		switch {
		case s.Min > p.max || s.Max < p.min || !s.Permitted(p.level) || s.Kx.PSK() && !p.cfg.AskPSK:
		case exchangeOf(s).share == msg.ECShare && !p.hasCurve():
			curveless++
		default:
			p.suites = append(p.suites, s)
		}
	}
	if len(p.suites) == 0 && curveless > 0 {
		return &ConfigError{"Groups", "none works below TLS 1.3"}
	}
	if s := repeated(p.suites, func(s *suites.Suite) suites.ID { return s.ID }); s != nil {
		return &ConfigError{"Suites", fmt.Sprintf("holds %v twice", *s)}
	}
	if p.cfg.AskPSK && !p.offersPSK() && !slices.ContainsFunc(p.suites, func(s *suites.Suite) bool { return s.Kx.PSK() }) {
		return &ConfigError{"AskPSK", "needs a suite with PSK, or one of TLS 1.3 with SHA-256"}
	}
	if len(p.suites) == 0 {
		return &ConfigError{"Suites", fmt.Sprintf("none works between %v and %v", p.min, p.max)}
	}
	// A version that no suite works in is not offered.
	for !p.anySuite(p.max) {
		p.max--
	}
	for !p.anySuite(p.min) {
		p.min++
	}
	return nil
}

// offersPSK reports whether external pre-shared keys can be used in TLS 1.3.
func (p *profile) offersPSK() bool { return p.cfg.AskPSK && p.suiteOf(crypto.SHA256) != nil }

// anonymous reports whether there is a suite that authenticates nobody.
func (p *profile) anonymous() bool {
	return slices.ContainsFunc(p.suites, func(s *suites.Suite) bool { return s.Auth == suites.AuthNone })
}

// at is p for a renegotiation, in the version of the connection; nil if p does not speak it.
func (p *profile) at(v record.Version) *profile {
	if v < p.min || v > p.max {
		return nil
	}
	own := *p
	own.min, own.max, own.wire, own.suites = v, v, wire{}, nil
	for _, s := range p.suites {
		if s.Min <= v && v <= s.Max {
			own.suites = append(own.suites, s)
		}
	}
	own.compileWire()
	return &own
}

// suiteOf returns the first enabled TLS 1.3 suite with a hash, or nil.
func (p *profile) suiteOf(hash crypto.Hash) *suites.Suite {
	for _, s := range p.suites {
		if s.TLS13() && s.Hash == hash {
			return s
		}
	}
	return nil
}

func (p *profile) anySuite(v record.Version) bool {
	for _, s := range p.suites {
		if s.Min <= v && v <= s.Max {
			return true
		}
	}
	return false
}

func (p *profile) compileGroups() error {
	p.groups = p.cfg.Groups
	if p.groups == nil {
		p.groups = DefaultGroups()
	}
	if len(p.groups) == 0 {
		return &ConfigError{"Groups", "is empty"}
	}
	if slices.Contains(p.groups, nil) {
		return &ConfigError{"Groups", "holds nil"}
	}
	if p.level > 0 {
		p.groups = slices.DeleteFunc(slices.Clone(p.groups), func(g kx.Group) bool { return !g.Permitted(p.level) })
		if len(p.groups) == 0 {
			return &ConfigError{"Groups", "none is as strong as SecurityLevel demands"}
		}
	}
	if g := repeated(p.groups, kx.Group.ID); g != nil {
		return &ConfigError{"Groups", fmt.Sprintf("holds %s twice", (*g).Name())}
	}
	p.shares = p.cfg.KeyShares
	if p.shares == nil {
		p.shares = p.groups[:1:1]
		if x := kx.ByID(kx.X25519); p.groups[0].MinTLS13() && p.group(kx.X25519) != nil {
			p.shares = append(p.shares, x)
		}
	}
	for _, g := range p.shares {
		if g == nil || p.group(g.ID()) == nil {
			return &ConfigError{"KeyShares", "holds a group that is not in Groups"}
		}
	}
	//= RFC 9846 §4.3.8
	if g := repeated(p.shares, kx.Group.ID); g != nil {
		return &ConfigError{"KeyShares", fmt.Sprintf("holds %s twice", (*g).Name())}
	}
	return nil
}

// hasCurve reports whether there is a group for ECDHE up to TLS 1.2.
func (p *profile) hasCurve() bool { return slices.ContainsFunc(p.groups, isCurve) }

// repeated finds an element whose key one before it has, or nil.
func repeated[E any, K comparable](list []E, key func(E) K) *E {
	had := make(map[K]bool, len(list))
	for i := range list {
		k := key(list[i])
		if had[k] {
			return &list[i]
		}
		had[k] = true
	}
	return nil
}

// group returns the enabled group with an id, or nil.
func (p *profile) group(id kx.ID) kx.Group {
	for _, g := range p.groups {
		if g.ID() == id {
			return g
		}
	}
	return nil
}

func (p *profile) compileALPN() error {
	size := 0
	for _, name := range p.cfg.ALPN {
		if len(name) == 0 || len(name) > 255 {
			return &ConfigError{"ALPN", fmt.Sprintf("%q is not 1 to 255 bytes long", name)}
		}
		size += 1 + len(name)
	}
	if size > maxALPN {
		return &ConfigError{"ALPN", "the list is longer than 32,768 bytes"}
	}
	return nil
}

func (p *profile) compileCredentials() error {
	for _, c := range p.cfg.Credentials {
		if c == nil || c.Leaf == nil || len(c.Chain) == 0 {
			return &ConfigError{"Credentials", "holds one without certificate"}
		}
		if !fits(c, c.Staple) {
			return &ConfigError{"Credentials", "holds one whose chain, or whose staple and SCTs, no message has room for"}
		}
		if err := cred.PermittedCertificate(c.Leaf, p.level); err != nil {
			return &ConfigError{"Credentials", err.Error()}
		}
	}
	return nil
}

func (p *profile) compileTickets() error {
	p.tickets = p.cfg.Tickets
	switch {
	case p.tickets == 0:
		p.tickets = defaultTickets
	case p.tickets == -1:
		p.tickets = 0
	case p.tickets < -1 || p.tickets > maxTickets:
		return &ConfigError{"Tickets", fmt.Sprintf("%d is not -1 to %d", p.cfg.Tickets, maxTickets)}
	}
	if n := p.cfg.ResumptionTickets; n < 0 || n > maxTickets {
		return &ConfigError{"ResumptionTickets", fmt.Sprintf("%d is not 0 to %d", n, maxTickets)}
	}
	p.lifetime = p.cfg.SessionLifetime
	if p.lifetime == 0 {
		p.lifetime = defaultLifetime
	}
	if p.lifetime < time.Second || p.lifetime > MaxSessionLifetime {
		return &ConfigError{"SessionLifetime", "is not one second to 2,147,483,647 seconds"}
	}
	p.cfg.TicketKeys = append([]session.TicketKey(nil), p.cfg.TicketKeys...)
	return nil
}

func (p *profile) compileFragment() error {
	p.fragment = p.cfg.MaxSendFragment
	if p.fragment == 0 {
		p.fragment = record.MaxPlaintext
	}
	if p.fragment < MinSendFragment || p.fragment > record.MaxPlaintext {
		return &ConfigError{"MaxSendFragment", "is not 512 to 16384"}
	}
	return nil
}

func (p *profile) compileDH() error {
	switch g := p.cfg.DH; {
	case g == nil:
	case p.cfg.AutoDH:
		return &ConfigError{"DH", "stands beside AutoDH"}
	case isCurve(g) || g.MinTLS13():
		return &ConfigError{"DH", "is no finite field group"}
	case !g.Permitted(p.level):
		return &ConfigError{"DH", "is not as strong as SecurityLevel demands"}
	}
	if p.minDHBits = p.cfg.MinDHBits; p.minDHBits == 0 {
		p.minDHBits = 1024
	}
	if p.minDHBits < 0 {
		return &ConfigError{"MinDHBits", "is negative"}
	}
	return nil
}

func (p *profile) compileLimits() error {
	c := &p.cfg
	switch {
	case len(c.PSKHint) > MaxPSKHint:
		return &ConfigError{"PSKHint", "is longer than 256 bytes"}
	case len(c.SessionContext) > maxContext:
		return &ConfigError{"SessionContext", "is longer than 32 bytes"}
	case c.MaxFragmentLength > 4:
		return &ConfigError{"MaxFragmentLength", "is not a code of RFC 6066, 1 to 4"}
	case c.RecordSizeLimit != 0 && (c.RecordSizeLimit < 64 || c.RecordSizeLimit > record.MaxPlaintext+1):
		return &ConfigError{"RecordSizeLimit", "is not 64 to 16385"}
	case c.Renegotiation > ForbidRenegotiation:
		return &ConfigError{"Renegotiation", "is no policy"}
	case c.RenegotiationLimit < 0 || c.RenegotiationLimit > maxRenegotiations:
		return &ConfigError{"RenegotiationLimit", fmt.Sprintf("is not 0 to %d", maxRenegotiations)}
	case c.RenegotiationWindow < 0:
		return &ConfigError{"RenegotiationWindow", "is negative"}
	}
	c.SessionContext = slices.Clone(c.SessionContext)
	if c.RenegotiationLimit == 0 {
		c.RenegotiationLimit = 3
	}
	if c.RenegotiationWindow == 0 {
		c.RenegotiationWindow = 10 * time.Minute
	}
	return nil
}

// takesTickets reports whether a client asks for tickets up to TLS 1.2.
func (p *profile) takesTickets() bool { return p.tickets != 0 }

// maxRenegotiations bounds Config.RenegotiationLimit.
const maxRenegotiations = 254 // a Receiver counts one more

func (p *profile) checkVerification() error {
	if p.cfg.Verify > VerifyNone {
		return &ConfigError{"Verify", "is no VerifyMode"}
	}
	if p.cfg.Reverify && p.cfg.Verify == VerifyNone && !p.cfg.AskVerify {
		return &ConfigError{"Reverify", "has no meaning where nothing is verified"}
	}
	if p.cfg.Verify != VerifyNone && !p.cfg.AskVerify && p.cfg.Verifier == nil {
		return &ConfigError{"Verifier", "is needed to check the peer's certificate (or set Verify to VerifyNone, or AskVerify)"}
	}
	return nil
}
