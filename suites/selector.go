package suites

import "tacet/record"

// set is a set of small numbers: key exchanges, authentications, bulk ciphers, MACs
// or grades. In a selector the empty set means any.
type set uint32

func setOf[T ~uint8](members ...T) set {
	var s set
	for _, m := range members {
		s |= 1 << m
	}
	return s
}

func (s set) has(i uint8) bool { return s&(1<<i) != 0 }

// The grades: OpenSSL's strength classes, and whether ALL has the suite but DEFAULT
// leaves it out.
const (
	gradeNone set = 1 << iota
	gradeLow
	gradeMedium
	gradeHigh
	gradeFIPS
	gradeOptional

	gradeClasses = gradeNone | gradeLow | gradeMedium | gradeHigh | gradeFIPS
)

// grade is the row's: its bulk cipher's, but for what OpenSSL keeps out of DEFAULT
// whatever the cipher (anonymous and DSS suites) and out of FIPS (SRP).
func (r row) grade() set {
	g := bulks[r.bulk].grade
	if r.bulk != null && (r.auth == AuthNone || r.auth == authDSS) {
		g |= gradeOptional
	}
	if r.kx == kxSRP {
		g &^= gradeFIPS
	}
	return g
}

// selector picks suites: those that match in every field that is set.
type selector struct {
	kx    set
	auth  set
	bulk  set
	mac   set
	grade set
	since record.Version
}

func (sel *selector) matches(s *Suite) bool {
	return (sel.kx == 0 || sel.kx.has(uint8(s.Kx))) &&
		(sel.auth == 0 || sel.auth.has(uint8(s.Auth))) &&
		(sel.bulk == 0 || sel.bulk.has(uint8(s.bulk))) &&
		(sel.mac == 0 || sel.mac.has(uint8(s.mac))) &&
		(sel.grade&gradeClasses == 0 || sel.grade&gradeClasses&s.grade != 0) &&
		(sel.grade&gradeOptional == 0 || s.grade&gradeOptional != 0) &&
		(sel.since == 0 || sel.since == s.since)
}

// selector of a suite named in full. It selects that suite alone, for no two are made
// of the same parts. Its protocol version is no part of it.
func (s *Suite) selector() selector {
	return selector{
		kx: setOf(s.Kx), auth: setOf(s.Auth), bulk: setOf(s.bulk), mac: setOf(s.mac), grade: s.grade,
	}
}

// and narrows sel by another part of the same rule ("kRSA+AESGCM"). It reports
// false if the two have nothing in common, which makes the rule void.
func (sel *selector) and(part selector) bool {
	return narrow(&sel.kx, part.kx) && narrow(&sel.auth, part.auth) &&
		narrow(&sel.bulk, part.bulk) && narrow(&sel.mac, part.mac) &&
		sel.andGrade(part.grade) && sel.andSince(part.since)
}

func narrow(s *set, by set) bool {
	switch {
	case by == 0:
		return true
	case *s == 0:
		*s = by
	default:
		*s &= by
	}
	return *s != 0
}

// andGrade has a flaw of OpenSSL's that lists may rely upon: a strength class that
// follows COMPLEMENTOFDEFAULT takes its place.
func (sel *selector) andGrade(by set) bool {
	class := sel.grade & gradeClasses
	switch {
	case by&gradeClasses == 0:
	case class == 0:
		sel.grade = by & gradeClasses
	case class&by == 0:
		return false
	default:
		sel.grade &= by&gradeClasses | gradeOptional
	}
	sel.grade |= by & gradeOptional
	return true
}

func (sel *selector) andSince(by record.Version) bool {
	if by == 0 {
		return true
	}
	ok := sel.since == 0 || sel.since == by
	sel.since = by
	return ok
}
