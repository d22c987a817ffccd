package main

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// The defaults that the runner takes for granted, which are BoringSSL's.
var (
	defaultGroups = []int{int(kx.X25519MLKEM768), int(kx.X25519), int(kx.P256), int(kx.P384)}

	defaultVerify = []cred.Scheme{
		cred.ECDSAP256SHA256, cred.RSAPSSRSAESHA256, cred.RSAPKCS1SHA256, cred.ECDSAP384SHA384, cred.RSAPSSRSAESHA384,
		cred.RSAPKCS1SHA384, cred.RSAPSSRSAESHA512, cred.RSAPKCS1SHA512, cred.RSAPKCS1SHA1,
	}
	defaultSign = []cred.Scheme{
		cred.Ed25519, cred.ECDSAP256SHA256, cred.RSAPSSRSAESHA256, cred.RSAPKCS1SHA256, cred.ECDSAP384SHA384,
		cred.RSAPSSRSAESHA384, cred.RSAPKCS1SHA384, cred.ECDSAP521SHA512, cred.RSAPSSRSAESHA512, cred.RSAPKCS1SHA512,
		cred.ECDSASHA1, cred.RSAPKCS1SHA1,
	}
	default13 = []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
)

// setup is what the settings make of a side.
type setup struct {
	cfg   handshake.Config
	creds []*held // those of -new-x509-credential in their order, then the default one

	suiteTiers, groupTiers tiers
}

// configure turns settings into a Config.
func configure(s *settings, mem *memory) (*setup, error) {
	u := &setup{suiteTiers: tiers{}, groupTiers: tiers{}}
	for _, step := range []func(*settings, *memory) error{
		u.versions, u.suites, u.groups, u.credentials, u.schemes, u.protocols, u.verification, u.tickets, u.queries,
	} {
		if err := step(s, mem); err != nil {
			return nil, err
		}
	}
	u.cfg.SecurityLevel = -1 // BoringSSL has none
	u.cfg.MaxSendFragment, u.cfg.Fallback = s.maxSendFragment, s.fallback
	u.cfg.Renegotiation = s.renegotiate
	if s.renegotiateOnce {
		u.cfg.Renegotiation = handshake.AllowRenegotiation
	}
	u.cfg.AskPSK = s.psk != ""
	u.cfg.LegacyServers = !s.server && !s.noLegacyServer
	u.cfg.KeyLog = s.exportTraffic
	u.cfg.Trace = s.expect.messages != "" || s.expect.certificateTypes != nil
	if s.server {
		u.cfg.PSKHint = s.pskIdentity
	}
	return u, nil
}

func (u *setup) versions(s *settings, _ *memory) error {
	lo, hi := record.TLS10, record.TLS13
	if s.minVersion != 0 {
		lo = record.Version(s.minVersion)
	}
	if s.maxVersion != 0 {
		hi = record.Version(s.maxVersion)
	}
	off := map[record.Version]bool{record.TLS10: s.noTLS1, record.TLS11: s.noTLS11, record.TLS12: s.noTLS12, record.TLS13: s.noTLS13}
	for lo <= hi && off[lo] {
		lo++
	}
	for lo <= hi && off[hi] {
		hi--
	}
	if lo > hi {
		return errors.New("no version is enabled")
	}
	u.cfg.MinVersion, u.cfg.MaxVersion = lo, hi
	return nil
}

// suites translates BoringSSL's cipher lists, which never name TLS 1.3's suites.
func (u *setup) suites(s *settings, _ *memory) error {
	u.cfg.GroupPreference, u.cfg.UnofferedProtocol = s.server, s.anyALPN
	u.cfg.ClientPreference = s.server && s.cipher == "" && !s.serverPreference
	list := s.cipher
	if list == "" {
		list = "ALL"
	}
	words, tier := splitList(list)
	for i, w := range words {
		if row := suites.ByName(w); row != nil {
			words[i], u.suiteTiers[uint16(row.ID)] = row.OpenSSL, tier[i]
		} else if strings.HasPrefix(w, "TLS_") {
			return unimplemented("suite " + w)
		}
	}
	parsed, err := suites.Parse(strings.Join(words, ":"))
	if err != nil {
		return unimplemented(err.Error())
	}
	for _, name := range default13 {
		u.cfg.Suites = append(u.cfg.Suites, suites.ByName(name))
	}
	for _, row := range parsed.Suites {
		if !row.TLS13() && row.Permitted(parsed.SecLevel) {
			u.cfg.Suites = append(u.cfg.Suites, row)
		}
	}
	return nil
}

func (u *setup) groups(s *settings, _ *memory) (err error) {
	ids := s.curves
	if ids == nil {
		ids = defaultGroups
	}
	if u.cfg.Groups, err = groupsOf(ids); err != nil {
		return err
	}
	for i, tier := 0, 0; i < len(s.curveFlags); i++ {
		u.groupTiers[uint16(ids[i])] = tier
		if s.curveFlags[i] == 0 { // 1: liked as much as the next
			tier++
		}
	}
	switch {
	case s.server:
	case s.noKeyShares:
		u.cfg.KeyShares = []kx.Group{}
	case s.keyShares != nil:
		u.cfg.KeyShares, err = groupsOf(s.keyShares)
	default:
		u.cfg.KeyShares = defaultShares(u.cfg.Groups)
	}
	return err
}

// defaultShares are the first group and the first of the other sort, hybrid or not.
func defaultShares(groups []kx.Group) []kx.Group {
	for _, g := range groups[1:] {
		if g.MinTLS13() != groups[0].MinTLS13() {
			return []kx.Group{groups[0], g}
		}
	}
	return groups[:1]
}

func groupsOf(ids []int) ([]kx.Group, error) {
	var list []kx.Group
	for _, id := range ids {
		g := kx.ByID(kx.ID(id))
		if g == nil {
			return nil, unimplemented(fmt.Sprintf("group %#04x", id))
		}
		list = append(list, g)
	}
	return list, nil
}

// schemes sets the one list of signature schemes that a Config has: what is
// signed with stands before what is verified only.
func (u *setup) schemes(s *settings, _ *memory) error {
	sign, verify := defaultSign, defaultVerify
	var err error
	chosen := false // by flags
	if len(u.creds) > 0 {
		sign = nil
	}
	for _, h := range u.creds {
		sign = union(sign, h.prefs)
		chosen = chosen || h.from.signingPrefs != nil
	}
	if s.verifyPrefs != nil {
		if verify, err = schemesOf(s.verifyPrefs); err != nil {
			return err
		}
	}
	asks := s.verifyPeer || s.requireAnyClientCert
	switch {
	case s.server && !asks:
		u.cfg.Schemes = sign
	case len(u.cfg.Credentials) == 0:
		u.cfg.Schemes = verify
	case chosen:
		u.cfg.Schemes = union(sign, verify)
	case s.server && s.verifyPrefs == nil && u.signs(verify):
		u.cfg.Schemes = verify
	default:
		u.cfg.Schemes = union(verify, sign)
	}
	return nil
}

// signs reports whether every credential can sign with one of the schemes.
func (u *setup) signs(list []cred.Scheme) bool {
	for _, h := range u.creds {
		if _, ok := h.Pick(record.TLS12, func(uint16) bool { return true }, list); !ok {
			return false
		}
	}
	return true
}

func schemesOf(ids []int) ([]cred.Scheme, error) {
	var list []cred.Scheme
	for _, id := range ids {
		if cred.Scheme(id) == cred.RSAPKCS1MD5SHA1 {
			continue // the version decides on it, not a list
		}
		if !cred.Scheme(id).Known() {
			return nil, unimplemented(cred.Scheme(id).String())
		}
		list = append(list, cred.Scheme(id))
	}
	return list, nil
}

func union(a, b []cred.Scheme) []cred.Scheme {
	list := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

func (u *setup) protocols(s *settings, _ *memory) error {
	if !s.server {
		for name := range msg.Vector8(s.advertiseALPN).All() {
			u.cfg.ALPN = append(u.cfg.ALPN, string(name))
		}
		return nil
	}
	switch {
	case s.rejectALPN:
		u.cfg.ALPN = []string{"no protocol that anyone speaks"}
	case s.selectALPN != "":
		u.cfg.ALPN = []string{s.selectALPN}
	}
	return nil
}

func (u *setup) verification(s *settings, _ *memory) error {
	cas, err := s.trusted()
	if err != nil {
		return err
	}
	if s.server {
		u.cfg.Verifier = &cred.Verifier{}
		switch {
		case s.verifyPeer:
			u.cfg.ClientAuth = handshake.RequestClientCert
		case s.requireAnyClientCert:
			u.cfg.ClientAuth = handshake.RequireClientCert
		}
		if u.cfg.Verifier.CAs, err = namedCAs(s.clientCAs); err != nil {
			return err
		}
	} else {
		u.cfg.Verifier = cred.NewVerifier(cas, true)
		if !s.mustVerify() {
			u.cfg.Verify = handshake.VerifyRecord
		}
	}
	// What a verifier of ours judged, an application that is asked on resumption would be
	// asked about again; BoringSSL asks once, so where there is a resumption the application is asked from the first.
	u.cfg.AskVerify = s.resumeCount > 0 || s.async || s.customVerify || s.verifyFail || s.ocspCallback || s.server || len(cas) == 0
	u.cfg.RequestOCSP = !s.server && (s.enableOCSP || s.enableSCTs)
	return nil
}

// mustVerify reports whether a peer that is not trusted is refused.
func (s *settings) mustVerify() bool { return s.verifyPeer || s.requireAnyClientCert }

func (s *settings) trusted() ([]*x509.Certificate, error) {
	if s.trustCert == "" {
		return nil, nil
	}
	return readCertificates(s.trustCert)
}

// namedCAs makes stand-ins for the CAs that a server names: only their names count.
func namedCAs(list string) ([]*x509.Certificate, error) {
	if list == "" || list == "<NULL>" || list == "<EMPTY>" {
		return nil, nil
	}
	var cas []*x509.Certificate
	for _, part := range strings.Split(list, ",") {
		der, err := hex.DecodeString(part)
		if err != nil {
			return nil, err
		}
		cas = append(cas, &x509.Certificate{RawSubject: der, RawIssuer: bytes.Clone(der), IsCA: true})
	}
	return cas, nil
}

// tickets gives a server the ticket keys of the process. To renew a ticket is to
// have a newer key than the one that it was sealed with.
func (u *setup) tickets(s *settings, mem *memory) error {
	if !s.server {
		if s.noTicket {
			u.cfg.Tickets = -1
		}
		return nil
	}
	if len(mem.keys) == 0 || s.renewTicket {
		var key session.TicketKey
		draw(key[:])
		mem.keys = append([]session.TicketKey{key}, mem.keys...)
	}
	if !s.noTicket && !s.skipTicket {
		u.cfg.TicketKeys, u.cfg.ResumptionTickets = mem.keys, 1
	}
	return nil
}

// queries says which decisions are asked for: all of them with -async, else
// only those that the flags want to watch, so that the built-in answers run too.
func (u *setup) queries(s *settings, _ *memory) error {
	x := &s.expect
	u.cfg.AskSession, u.cfg.Reverify = true, s.reverify && !s.server
	watch := s.async || s.failCertCallback || x.peerVerifyPrefs != nil || slices.ContainsFunc(u.creds, (*held).choosy) ||
		u.suiteTiers.equal() || u.groupTiers.equal()
	if s.server {
		u.cfg.AskStaple = s.async || s.ocspCallback
		u.cfg.AskHello = watch || s.earlyCallback || s.failEarlyCallback || s.noNameAck ||
			x.advertisedALPN != "" || x.serverName != "" || x.noServerName || len(u.cfg.Credentials) == 0
		return nil
	}
	u.cfg.AskCredential = watch || x.clientCAs != "" || len(u.cfg.Credentials) > 0
	return nil
}

// engine makes the engine. With -use-early-callback a server starts without any
// certificate, and gets them when the ClientHello is there.
func (u *setup) engine(s *settings) (*handshake.Engine, error) {
	if !s.server {
		p, err := u.cfg.CompileClient()
		if err != nil {
			return nil, err
		}
		return handshake.NewClient(p, s.hostName, env{}), nil
	}
	cfg := u.cfg
	if s.earlyCallback {
		cfg.Credentials = nil
	}
	p, err := cfg.CompileServer()
	if err != nil {
		return nil, err
	}
	return handshake.NewServer(p, env{}), nil
}
