package main

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"tacet/handshake"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/suites"
)

// tiers says which suites or groups a server likes the same, by code point: of
// those it takes the client's first. BoringSSL has this in its library; here it
// is an application's, which orders a profile when it sees the ClientHello.
type tiers map[uint16]int

// splitList takes the brackets out of a cipher list, and says of each word which
// tier it is in.
func splitList(list string) (words []string, tier []int) {
	for n, group := range strings.Split(list, ":") {
		for _, w := range strings.Split(strings.Trim(group, "[]"), "|") {
			words, tier = append(words, w), append(tier, n)
		}
	}
	return words, tier
}

// equal reports whether there is a choice to leave to a client.
func (t tiers) equal() bool {
	count := map[int]int{}
	for _, n := range t {
		if count[n]++; count[n] > 1 {
			return true
		}
	}
	return false
}

// sorted is list by tiers, and within them in the client's order.
func sorted[E any](t tiers, list []E, id func(E) uint16, client iter.Seq[uint16]) []E {
	rank := map[uint16]int{}
	for code := range client {
		if _, had := rank[code]; !had {
			rank[code] = len(rank)
		}
	}
	place := func(e E) int {
		if n, ok := rank[id(e)]; ok {
			return n
		}
		return len(rank)
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b E) int {
		return cmp.Or(t[id(a)]-t[id(b)], place(a)-place(b))
	})
	return list
}

// order is the Config of a server with its suites and groups in the order for a hello.
func (u *setup) order(hello *msg.ClientHello) handshake.Config {
	cfg := u.cfg
	if u.suiteTiers.equal() {
		cfg.Suites = sorted(u.suiteTiers, u.cfg.Suites, func(s *suites.Suite) uint16 { return uint16(s.ID) }, hello.Suites.All())
	}
	if u.groupTiers.equal() {
		cfg.Groups = sorted(u.groupTiers, u.cfg.Groups, func(g kx.Group) uint16 { return uint16(g.ID()) }, hello.Ext.SupportedGroups.All())
	}
	return cfg
}
