package vectors

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// TicketKey seals the tickets of all scripts.
var TicketKey = session.TicketKey{'t', 'a', 'c', 'e', 't', ' ', 's', 'c', 'r', 'i', 'p', 't', 's'}

// DefaultName is the name that clients ask for, and that servers' certificates hold.
const DefaultName = "example.org"

// Options are the words of a script's client and server lines.
//
//	version, min, max   1.0 to 1.3
//	level               OpenSSL's security level
//	groups, shares      names of groups, with commas; shares=none: none is sent
//	suites              as suites.Parse takes them
//	schemes             names of signature schemes, with commas
//	alpn                protocols, with commas
//	cert                kind of key of the side's certificate: p256, rsa2048, ed25519 …
//	issuer              "other": that certificate comes from the root of trust=other
//	usage               "agree": its key may agree on keys, and not sign
//	trust               "other": a root that no certificate here comes from
//	name                server name of a client
//	auth                request or require a client's certificate
//	verify              record or none
//	tickets             how many a server sends; none: it has no ticket keys; -1: a client wants none
//	again               how many a server sends after a resumption
//	lifetime            of a server's sessions, such as 1h
//	clock               how far the side's clock is ahead, such as 7s
//	unacknowledged      a server does not answer that it knew the name
//	fragment            most plaintext in a record
//	order               client: a server follows the client's order of suites
//	ocsp                a client asks for a stapled response
//	nocompat            no session id and change_cipher_spec in TLS 1.3
//	insist              a server asks for its first group, though there are shares of others
//	anyprotocol         a client takes ALPN answers that it did not offer
//	dh                  name of the group of a server's DHE suites
//	psk                 IDENTITY:KEY of an external pre-shared key
//	modes               psk_ke and psk_dhe_ke, with a comma: how TLS 1.3 uses keys
//	hint                what a server says of it
//	stored              a server keeps sessions by id, not in tickets
//	limit               code of max_fragment_length that a client offers
//	renegotiation       allow, refuse or forbid
//	noetm               no encrypt_then_mac
var options = map[string]func(c *handshake.Config, value string) error{
	"version": func(c *handshake.Config, v string) error { return versions(v, &c.MinVersion, &c.MaxVersion) },
	"min":     func(c *handshake.Config, v string) error { return versions(v, &c.MinVersion) },
	"max":     func(c *handshake.Config, v string) error { return versions(v, &c.MaxVersion) },
	"groups":  func(c *handshake.Config, v string) (err error) { c.Groups, err = groups(v); return err },
	"shares": func(c *handshake.Config, v string) (err error) {
		if v == "none" {
			c.KeyShares = []kx.Group{}
			return nil
		}
		c.KeyShares, err = groups(v)
		return err
	},
	"suites": func(c *handshake.Config, v string) error {
		list, err := suites.Parse(v)
		if err == nil {
			c.Suites = list.Suites
		}
		return err
	},
	"schemes": func(c *handshake.Config, v string) (err error) { c.Schemes, err = schemes(v); return err },
	"alpn":    func(c *handshake.Config, v string) error { c.ALPN = strings.Split(v, ","); return nil },
	"auth": func(c *handshake.Config, v string) error {
		c.ClientAuth = map[string]handshake.ClientAuth{"request": handshake.RequestClientCert, "require": handshake.RequireClientCert}[v]
		return nil
	},
	"verify": func(c *handshake.Config, v string) error {
		c.Verify = map[string]handshake.VerifyMode{"record": handshake.VerifyRecord, "none": handshake.VerifyNone}[v]
		return nil
	},
	"tickets": func(c *handshake.Config, v string) (err error) {
		if v == "none" {
			c.TicketKeys = nil
			return nil
		}
		c.Tickets, err = strconv.Atoi(v)
		return err
	},
	"again": func(c *handshake.Config, v string) (err error) {
		c.ResumptionTickets, err = strconv.Atoi(v)
		return err
	},
	"lifetime": func(c *handshake.Config, v string) (err error) {
		c.SessionLifetime, err = time.ParseDuration(v)
		return err
	},
	"clock":          func(_ *handshake.Config, v string) error { _, err := time.ParseDuration(v); return err },
	"unacknowledged": func(c *handshake.Config, v string) error { c.AskHello = true; return nil },
	"fragment":       func(c *handshake.Config, v string) (err error) { c.MaxSendFragment, err = strconv.Atoi(v); return err },
	"order":          func(c *handshake.Config, v string) error { c.ClientPreference = true; return nil },
	"ocsp":           func(c *handshake.Config, v string) error { c.RequestOCSP = true; return nil },
	"level": func(c *handshake.Config, v string) (err error) {
		if c.SecurityLevel, err = strconv.Atoi(v); c.SecurityLevel == 0 {
			c.SecurityLevel = -1
		}
		return err
	},
	"dh":     func(c *handshake.Config, v string) error { c.DH = kx.ByName(v); return nil },
	"psk":    func(c *handshake.Config, v string) error { c.AskPSK = true; return nil },
	"modes":  func(c *handshake.Config, v string) (err error) { c.PSKModes, err = modes(v); return err },
	"hint":   func(c *handshake.Config, v string) error { c.PSKHint = v; return nil },
	"stored": func(c *handshake.Config, v string) error { c.AskSession, c.TicketKeys = true, nil; return nil },
	"limit": func(c *handshake.Config, v string) error {
		_, err := fmt.Sscan(v, &c.MaxFragmentLength)
		return err
	},
	"renegotiation": func(c *handshake.Config, v string) (err error) { c.Renegotiation, err = policy(v); return err },
	"noetm":         func(c *handshake.Config, v string) error { c.NoEncryptThenMAC = true; return nil },
	"insist":        func(c *handshake.Config, v string) error { c.GroupPreference = true; return nil },
	"anyprotocol":   func(c *handshake.Config, v string) error { c.UnofferedProtocol = true; return nil },
	"nocompat":      func(c *handshake.Config, v string) error { c.NoCompatibility = true; return nil },
}

func versions(v string, to ...*record.Version) error {
	for _, p := range to {
		switch v {
		case "1.0":
			*p = record.TLS10
		case "1.1":
			*p = record.TLS11
		case "1.2":
			*p = record.TLS12
		case "1.3":
			*p = record.TLS13
		default:
			return fmt.Errorf("version %q", v)
		}
	}
	return nil
}

func policy(v string) (handshake.RenegotiationPolicy, error) {
	p, ok := policies[v]
	if !ok {
		return 0, fmt.Errorf("policy %q", v)
	}
	return p, nil
}

var policies = map[string]handshake.RenegotiationPolicy{
	"refuse": handshake.RefuseRenegotiation, "allow": handshake.AllowRenegotiation, "forbid": handshake.ForbidRenegotiation,
}

// ahead is how far the clock of a side is ahead, of which option "clock" has made sure.
func ahead(words map[string]string) time.Duration {
	d, _ := time.ParseDuration(words["clock"])
	return d
}

func groups(list string) (gs []kx.Group, err error) {
	for name := range strings.SplitSeq(list, ",") {
		g := kx.ByName(name)
		if g == nil {
			return nil, fmt.Errorf("unknown group %q", name)
		}
		gs = append(gs, g)
	}
	return gs, nil
}

func modes(list string) (ms []handshake.PSKMode, err error) {
	known := []handshake.PSKMode{handshake.PSKKE, handshake.PSKDHEKE}
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(known, func(m handshake.PSKMode) bool { return m.String() == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown mode %q", name)
		}
		ms = append(ms, known[i])
	}
	return ms, nil
}

func schemes(list string) (ss []cred.Scheme, err error) {
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(cred.DefaultSchemes(), func(s cred.Scheme) bool { return s.String() == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown scheme %q", name)
		}
		ss = append(ss, cred.DefaultSchemes()[i])
	}
	return ss, nil
}

// Configs gives the configurations of a script's sides, and the name that the
// client asks for. Both log their secrets.
func (s *Script) Configs(t testing.TB) (client, server handshake.Config, name string, err error) {
	ca := credtest.CA(t)
	client = handshake.Config{Verifier: ca.Verifier(), KeyLog: true}
	server = handshake.Config{KeyLog: true, TicketKeys: []session.TicketKey{TicketKey}}
	name = DefaultName
	for _, side := range []struct {
		c     *handshake.Config
		words map[string]string
	}{{&client, s.Client}, {&server, s.Server}} {
		for key, value := range side.words {
			switch set, ok := options[key]; {
			case ok:
				err = set(side.c, value)
			case key == "cert" || key == "issuer" || key == "usage":
			case key == "name":
				name = value
			case key == "trust":
				side.c.Verifier = otherRoot(t).Verifier()
			default:
				err = fmt.Errorf("unknown option %q", key)
			}
			if err != nil {
				return client, server, name, fmt.Errorf("%s: %s: %w", s.Name, key, err)
			}
		}
	}
	if s.Client["cert"] != "" {
		client.Credentials = credentials(t, s.Client, "client."+DefaultName)
	}
	server.Credentials = credentials(t, s.Server, DefaultName)
	if server.ClientAuth != handshake.NoClientCert && server.Verifier == nil {
		server.Verifier = ca.Verifier()
	}
	client.AskSession = s.Resume != ""
	return client, server, name, nil
}

func otherRoot(t testing.TB) *credtest.Authority {
	return credtest.Root(t, "another root", credtest.P256)
}

// credentials are the certificate of a side.
func credentials(t testing.TB, words map[string]string, name string) []*cred.Credential {
	ca, template, kind := credtest.CA(t), credtest.LeafTemplate(name), credtest.P256
	if words["issuer"] == "other" {
		ca = otherRoot(t)
	}
	if words["usage"] == "agree" {
		template.KeyUsage = x509.KeyUsageKeyAgreement
	}
	if words["cert"] != "" {
		kind = credtest.Kind(words["cert"])
	}
	return []*cred.Credential{ca.Credential(t, template, kind)}
}
