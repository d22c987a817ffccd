package suites

import (
	"errors"
	"slices"
	"strings"
)

// Default is node 20's tls.DEFAULT_CIPHERS, which Parse reads for an empty list.
const Default = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:" +
	"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:" +
	"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-GCM-SHA384:" +
	"DHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA256:DHE-RSA-AES128-SHA256:" +
	"ECDHE-RSA-AES256-SHA384:DHE-RSA-AES256-SHA384:ECDHE-RSA-AES256-SHA256:DHE-RSA-AES256-SHA256:" +
	"HIGH:!aNULL:!eNULL:!EXPORT:!DES:!RC4:!MD5:!PSK:!SRP:!CAMELLIA"

// DefaultSecLevel is OpenSSL's security level where a list has no @SECLEVEL.
const DefaultSecLevel = 1

// default13 is what TLS 1.3 has when a list names none of its suites.
var default13 = []string{"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"}

// List is a cipher list, parsed.
type List struct {
	// Suites in order of preference, none twice: those named for TLS 1.3 first. It
	// holds what the list selects, whether or not SecLevel permits it (Suite.Permitted).
	Suites []*Suite

	// SecLevel is OpenSSL's security level, 0 to 5.
	SecLevel int

	// Only13 tells that the list named suites of TLS 1.3 and nothing else: node then
	// raises the minimum version to TLS 1.3.
	Only13 bool
}

// Parse reads a cipher list as node's option ciphers takes it: words between colons.
//
// Words that begin with TLS_ are IANA names and choose the suites of TLS 1.3, in the
// order given; unknown ones are passed over unless there is no other. Without any,
// TLS 1.3 has its default three.
//
// The others form an OpenSSL cipher string (openssl-ciphers(1)) for the versions up
// to TLS 1.2: names and aliases, joined by '+' to what they have in common, and led
// by '!' (never again), '-' (take out), '+' (put last); @STRENGTH sorts, @SECLEVEL=n
// sets the level; DEFAULT and SUITEB128 … stand first or not at all. An unknown word
// is passed over. Names are case-sensitive here.
//
// An empty list is Default. Errors are of type *Error.
func Parse(list string) (List, error) { return parse(table, list) }

// parse is Parse over a table of suites in order of preference.
func parse(suites []*Suite, list string) (List, error) {
	if list == "" {
		list = Default
	}
	names, rules := split(list)
	if len(names) == 0 && rules == "" {
		return List{}, &Error{Kind: KindEmpty, Token: list}
	}
	l := List{SecLevel: DefaultSecLevel, Only13: rules == ""}
	if err := l.addNamed(suites, names); err != nil {
		return List{}, err
	}
	if l.Only13 {
		return l, nil
	}
	p := parser{suites: suites, order: newOrder(suites), level: DefaultSecLevel}
	err := p.parse(rules)
	var e *Error
	if errors.As(err, &e) && e.Kind == KindNoMatch && slices.ContainsFunc(l.Suites, func(s *Suite) bool { return !s.TLS13() }) {
		err = nil // OpenSSL counts older suites that stand among the names
	}
	if err != nil {
		return List{}, err
	}
	l.SecLevel = p.level
	l.add(p.order.active())
	return l, nil
}

// split parts a list into the names for TLS 1.3 and the cipher string.
func split(list string) (names []string, rules string) {
	var rest []string
	for word := range strings.SplitSeq(list, ":") {
		switch {
		case word == "":
		case strings.HasPrefix(word, "TLS_"), strings.HasPrefix(word, "!TLS_"):
			names = append(names, word)
		default:
			rest = append(rest, word)
		}
	}
	return names, strings.Join(rest, ":")
}

// addNamed adds the suites of IANA names, or the default ones if there are no names.
// OpenSSL does not mind an older suite's name here, and puts it first.
func (l *List) addNamed(suites []*Suite, names []string) error {
	given := names
	if len(given) == 0 {
		given = default13
	}
	for _, name := range given {
		name = strings.TrimSpace(name)
		if i := slices.IndexFunc(suites, func(s *Suite) bool { return s.Name == name }); i >= 0 {
			l.add(suites[i : i+1])
		}
	}
	if len(l.Suites) == 0 && len(names) > 0 {
		return &Error{Kind: KindNoMatch, Token: names[0]}
	}
	return nil
}

func (l *List) add(suites []*Suite) {
	for _, s := range suites {
		if !slices.Contains(l.Suites, s) {
			l.Suites = append(l.Suites, s)
		}
	}
}

// parser runs one cipher string over an order.
type parser struct {
	suites  []*Suite
	order   order
	level   int
	rest    string // what is still to be read
	unknown string // the first word that meant nothing
}

// defaultRules is what DEFAULT stands for.
const defaultRules = "ALL:!COMPLEMENTOFDEFAULT:!eNULL"

// suiteB holds the words that replace a whole cipher string (RFC 6460), the longer
// of a common beginning first.
var suiteB = []struct{ prefix, rules string }{
	{"SUITEB128ONLY", "ECDHE-ECDSA-AES128-GCM-SHA256"},
	{"SUITEB128C2", "ECDHE-ECDSA-AES256-GCM-SHA384"},
	{"SUITEB128", "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"},
	{"SUITEB192", "ECDHE-ECDSA-AES256-GCM-SHA384"},
}

func (p *parser) parse(rules string) error {
	for _, b := range suiteB {
		if strings.HasPrefix(rules, b.prefix) {
			rules = b.rules
			break
		}
	}
	if after, ok := strings.CutPrefix(rules, "DEFAULT"); ok {
		if err := p.run(defaultRules); err != nil {
			return err
		}
		rules = strings.TrimPrefix(after, ":")
	}
	if err := p.run(rules); err != nil {
		return err
	}
	if !slices.ContainsFunc(p.order, func(e entry) bool { return e.active }) {
		token := p.unknown
		if token == "" {
			token = rules
		}
		return &Error{Kind: KindNoMatch, Token: token}
	}
	return nil
}

const separators = ": ;,"

func (p *parser) run(rules string) error {
	p.rest = rules
	for p.rest != "" {
		if strings.IndexByte(separators, p.rest[0]) >= 0 {
			p.rest = p.rest[1:]
			continue
		}
		if err := p.rule(); err != nil {
			return err
		}
	}
	return nil
}

// rule reads one rule and applies it. The next may follow without a separator.
func (p *parser) rule() error {
	start := p.rest
	op, lead := opAdd, 1
	switch p.rest[0] {
	case '-':
		op = opDelete
	case '+':
		op = opMove
	case '!':
		op = opKill
	case '@':
		p.rest = p.rest[1:]
		return p.command(start)
	default:
		lead = 0
	}
	p.rest = p.rest[lead:]
	sel, ok, err := p.selection(start)
	if err != nil {
		return err
	}
	if !ok {
		p.skip()
		return nil
	}
	p.order.apply(op, sel)
	return nil
}

// selection reads words joined by '+'. It reports false for an unknown word, or for
// words that have nothing in common; the rest of the rule is then still unread.
func (p *parser) selection(start string) (sel selector, ok bool, err error) {
	for {
		word := p.word()
		if word == "" {
			return sel, false, &Error{Kind: KindCommand, Token: token(start)}
		}
		more := strings.HasPrefix(p.rest, "+")
		if more {
			p.rest = p.rest[1:]
		}
		part, known := p.lookup(word)
		if !known && p.unknown == "" {
			p.unknown = word
		}
		if !known || !sel.and(part) {
			return sel, false, nil
		}
		if !more {
			return sel, true, nil
		}
	}
}

func (p *parser) lookup(word string) (selector, bool) {
	for _, s := range p.suites {
		if s.OpenSSL == word && !s.TLS13() {
			return s.selector(), true
		}
	}
	sel, ok := aliases[word]
	return sel, ok
}

// command is what follows an '@'.
func (p *parser) command(start string) error {
	word := p.word()
	level, isLevel := strings.CutPrefix(word, "SECLEVEL=")
	switch {
	case word == "STRENGTH":
		p.order.sortByStrength()
	case isLevel && len(level) == 1 && level[0] >= '0' && level[0] <= '5':
		p.level = int(level[0] - '0')
	default:
		return &Error{Kind: KindCommand, Token: token(start)}
	}
	p.skip()
	return nil
}

// word takes the letters, digits and "-.=" that come next.
func (p *parser) word() string {
	n := strings.IndexFunc(p.rest, func(r rune) bool { return !inWord(r) })
	if n < 0 {
		n = len(p.rest)
	}
	word := p.rest[:n]
	p.rest = p.rest[n:]
	return word
}

func inWord(r rune) bool {
	return 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '.' || r == '='
}

// skip drops what is left of a rule.
func (p *parser) skip() { p.rest = p.rest[len(token(p.rest)):] }

// token is s up to the next separator.
func token(s string) string {
	if i := strings.IndexAny(s, separators); i >= 0 {
		return s[:i]
	}
	return s
}
