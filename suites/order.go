package suites

import (
	"cmp"
	"slices"

	"tacet/record"
)

// order is the list that a cipher string works upon: every suite stands in it, the
// active ones are the result. Order among the inactive matters as well, for it is
// the order in which they will be added.
type order []entry

type entry struct {
	suite  *Suite
	active bool
}

// op is what a rule does with the suites that it selects.
type op uint8

const (
	opAdd    op = iota // inactive ones become active, at the end
	opMove             // '+': active ones go to the end
	opDelete           // '-': active ones become inactive, at the front: first in line to be added again
	opBump             // active ones go to the front
	opKill             // '!': they leave the list for good
)

// moves says which entries an op takes, what they become and where they go. Those
// taken keep their order among themselves, and so do those left.
var moves = [...]struct{ from, to, front bool }{
	opAdd:    {from: false, to: true},
	opMove:   {from: true, to: true},
	opDelete: {from: true, to: false, front: true},
	opBump:   {from: true, to: true, front: true},
}

func (o *order) apply(op op, sel selector) {
	if op == opKill {
		*o = slices.DeleteFunc(*o, func(e entry) bool { return sel.matches(e.suite) })
		return
	}
	m := moves[op]
	var taken, left order
	for _, e := range *o {
		if e.active == m.from && sel.matches(e.suite) {
			taken = append(taken, entry{e.suite, m.to})
		} else {
			left = append(left, e)
		}
	}
	if m.front {
		taken, left = left, taken
	}
	*o = append(left, taken...)
}

// sortByStrength is @STRENGTH: the active suites go to the end, strongest first,
// ties in their present order.
func (o *order) sortByStrength() {
	rank := func(e entry) int {
		if !e.active {
			return -1 << 30
		}
		return -e.suite.Bits
	}
	slices.SortStableFunc(*o, func(a, b entry) int { return cmp.Compare(rank(a), rank(b)) })
}

func (o order) active() []*Suite {
	var out []*Suite
	for _, e := range o {
		if e.active {
			out = append(out, e.suite)
		}
	}
	return out
}

// rule is an op upon a selection.
type rule struct {
	op  op
	sel selector
}

// byPreference and byStrength are OpenSSL's built-in order in its own language:
// applied to all suites by descending id, with a sort by strength between the two,
// they give the order in which a cipher string finds them. ECDHE before DHE before
// the rest, AEAD before CBC, GCM before ChaCha20, ECDSA before RSA.
var byPreference = []rule{
	{opAdd, selector{kx: setOf(KxECDHE), auth: setOf(AuthECDSA)}},
	{opAdd, selector{kx: setOf(KxECDHE)}},
	{opDelete, selector{kx: setOf(KxECDHE)}},
	{opAdd, selector{bulk: encAESGCM}},
	{opAdd, selector{bulk: encChaCha20}},
	{opAdd, selector{bulk: encAES}},
	{opAdd, selector{}},
	{opMove, selector{mac: setOf(macMD5)}},
	{opMove, selector{auth: setOf(AuthNone)}},
	{opMove, selector{kx: setOf(KxRSA)}},
	{opMove, selector{kx: setOf(KxPSK)}},
}

var byStrength = []rule{
	{opBump, selector{since: record.TLS12}},
	{opBump, selector{mac: setOf(macAEAD)}},
	{opBump, selector{kx: setOf(KxDHE, KxECDHE)}},
	{opBump, selector{kx: setOf(KxDHE, KxECDHE), mac: setOf(macAEAD)}},
	{opDelete, selector{}},
}

// preference puts suites in OpenSSL's order: those of TLS 1.3 first, in the order
// of default13 and then of id, the others as a cipher string would find them.
func preference(suites []*Suite) []*Suite {
	var out []*Suite
	var o order
	for _, s := range slices.Backward(sortedByID(suites)) {
		if s.TLS13() {
			out = append(out, s)
		} else {
			o = append(o, entry{suite: s})
		}
	}
	rank := func(s *Suite) int {
		if i := slices.Index(default13, s.Name); i >= 0 {
			return i
		}
		return len(default13) + int(s.ID)
	}
	slices.SortFunc(out, func(a, b *Suite) int { return cmp.Compare(rank(a), rank(b)) })

	for _, r := range byPreference {
		o.apply(r.op, r.sel)
	}
	o.sortByStrength()
	for _, r := range byStrength {
		o.apply(r.op, r.sel)
	}
	for _, e := range o {
		out = append(out, e.suite)
	}
	return out
}

// newOrder is the list before a cipher string begins: the suites up to TLS 1.2 in
// order of preference, none active.
func newOrder(suites []*Suite) order {
	o := make(order, 0, len(suites))
	for _, s := range suites {
		if !s.TLS13() {
			o = append(o, entry{suite: s})
		}
	}
	return o
}
