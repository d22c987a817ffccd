package main

import (
	"fmt"
	"math/big"
	"strings"
	"time"

	"tacet/handshake/cred"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// telling says in a few items what is worth knowing of a message.
func telling(m msg.Message) []string {
	switch m := m.(type) {
	case *msg.ClientHello:
		return tellingClientHello(m)
	case *msg.ServerHello:
		return tellingServerHello(m)
	case *msg.EncryptedExtensions:
		return tellingALPN(&m.Ext)
	case *msg.Certificate12:
		for der := range m.Chain.All() {
			return tellingCertificate(der, m.Chain.Len())
		}
		return []string{"none"}
	case *msg.Certificate13:
		for der := range m.Entries.All() {
			return tellingCertificate(der, m.Entries.Len())
		}
		return []string{"none"}
	case *msg.CertificateVerify:
		return []string{cred.Scheme(m.Scheme).String()}
	case *msg.CertificateStatus:
		return []string{fmt.Sprintf("OCSP response of %d bytes", len(m.Response))}
	case *msg.CertificateRequest12:
		return tellingAuthorities(m.Authorities)
	case *msg.CertificateRequest10:
		return tellingAuthorities(m.Authorities)
	case *msg.ServerKeyExchange:
		return tellingServerShare(m)
	case *msg.ClientKeyExchange:
		return tellingClientShare(m)
	case *msg.Finished:
		return []string{"verify_data " + shortHex(m.Verify)}
	case *msg.NewSessionTicket13:
		return tellingTicket(m.Lifetime, m.Ticket)
	case *msg.NewSessionTicket12:
		return tellingTicket(m.Lifetime, m.Ticket)
	case *msg.KeyUpdate:
		if m.Request {
			return []string{"update_requested"}
		}
		return []string{"update_not_requested"}
	}
	return nil
}

func tellingClientHello(m *msg.ClientHello) []string {
	x := &m.Ext
	var items []string
	if x.Have(msg.ExtServerName) {
		items = append(items, string(x.ServerName))
	}
	items = append(items, tellingALPN(x)...)
	var versions []string
	for v := range x.SupportedVersions.All() {
		versions = append(versions, record.Version(v).String())
	}
	if versions == nil {
		versions = []string{m.Version.String()}
	}
	items = append(items, strings.Join(versions, " "), counted(m.Suites.Len(), "suite"))
	if n := x.KeyShares.Len(); n > 0 {
		var shares []string
		for group, data := range x.KeyShares.All() {
			shares = append(shares, fmt.Sprintf("%v (%d)", kx.ID(group), len(data)))
		}
		items = append(items, "shares "+strings.Join(shares, " "))
	}
	for identity, age := range x.PSK.Identities.All() {
		items = append(items, tellingIdentity(identity, age))
	}
	if len(x.SessionTicket) > 0 {
		items = append(items, fmt.Sprintf("offers a ticket of %d bytes", len(x.SessionTicket)))
	}
	return items
}

// counted is a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func tellingServerHello(m *msg.ServerHello) []string {
	items := []string{serverVersion(m).String(), suites.ID(m.Suite).String()}
	x := &m.Ext
	switch {
	case m.Retry() && x.Have(msg.ExtKeyShare):
		items = append(items, "wants a share of "+kx.ID(x.RetryGroup).String())
	case x.Have(msg.ExtKeyShare):
		items = append(items, fmt.Sprintf("share %v (%d)", kx.ID(x.ServerShare.Group), len(x.ServerShare.Data)))
	case x.Have(msg.ExtPreSharedKey):
		items = append(items, "no key exchange")
	}
	if x.Have(msg.ExtPreSharedKey) {
		items = append(items, "takes the ticket")
	}
	return append(items, tellingALPN(x)...)
}

// tellingIdentity tells what a client offers: of a key that is no ticket the age is 0.
func tellingIdentity(identity []byte, age uint32) string {
	//= RFC 9846 §4.3.11
	if age == 0 {
		return "offers the key of " + quoted(identity, 24)
	}
	return fmt.Sprintf("offers a ticket of %d bytes", len(identity))
}

func tellingServerShare(m *msg.ServerKeyExchange) []string {
	var items []string
	if m.Form.Hint {
		items = append(items, "hint "+quoted(m.Hint, 24))
	}
	switch m.Form.Share {
	case msg.ECShare:
		items = append(items, kx.ID(m.Group).String())
	case msg.DHShare:
		items = append(items, fmt.Sprintf("DH of %d bits", new(big.Int).SetBytes(m.P).BitLen()))
	}
	switch {
	case m.Form.Scheme:
		items = append(items, cred.Scheme(m.Scheme).String())
	case m.Form.Signed:
		items = append(items, "signed")
	}
	return items
}

func tellingClientShare(m *msg.ClientKeyExchange) []string {
	var items []string
	if m.Form.Hint {
		items = append(items, "the key of "+quoted(m.Identity, 24))
	}
	switch m.Form.Share {
	case msg.RSAShare:
		items = append(items, fmt.Sprintf("premaster secret in %d bytes", len(m.Public)))
	case msg.ECShare, msg.DHShare:
		items = append(items, fmt.Sprintf("share of %d bytes", len(m.Public)))
	}
	return items
}

func tellingAuthorities(names msg.Vector16) []string {
	switch n := names.Len(); n {
	case 0:
		return []string{"of any authority"}
	case 1:
		return []string{"of 1 authority"}
	default:
		return []string{fmt.Sprintf("of %d authorities", n)}
	}
}

func tellingALPN(x *msg.Extensions) []string {
	var names []string
	for name := range x.ALPN.All() {
		names = append(names, string(name))
	}
	if names == nil {
		return nil
	}
	return []string{"ALPN " + strings.Join(names, " ")}
}

func tellingCertificate(leaf []byte, chain int) []string {
	c, err := cred.ParseCertificate(leaf)
	if err != nil {
		return []string{err.Error()}
	}
	items := []string{c.Subject.String(), "by " + c.Issuer.String()}
	if chain > 1 {
		items = append(items, fmt.Sprintf("chain of %d", chain))
	}
	return items
}

func tellingTicket(seconds uint32, ticket []byte) []string {
	return []string{
		"good for " + (time.Duration(seconds) * time.Second).String(),
		fmt.Sprintf("%d bytes", len(ticket)),
	}
}
