package transport

import (
	"errors"
	"strings"

	"tacet/handshake/cred"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// ciphers reads ciphers: the suites, the security level, and for a list of TLS 1.3
// alone the least version.
func (b *builder) ciphers() error {
	list := b.o.Ciphers
	if list == "" {
		list = b.defaults.Ciphers
	}
	l, err := suites.Parse(list)
	if err != nil {
		return cipherFault(err)
	}
	b.config.Suites, b.config.SecurityLevel = l.Suites, l.SecLevel
	if l.SecLevel == 0 {
		b.config.SecurityLevel = -1 // as handshake.Config has it
	}
	if l.Only13 && b.max > record.TLS12 {
		b.min = max(b.min, record.TLS13)
	}
	return nil
}

func cipherFault(err error) error {
	var e *suites.Error
	if !errors.As(err, &e) {
		return err
	}
	code := map[suites.Kind]Code{
		suites.KindNoMatch: CodeNoCipherMatch, suites.KindCommand: CodeInvalidCommand, suites.KindEmpty: CodeArgValue,
	}[e.Kind]
	return faultOf("ciphers", code, e.Kind.String(), err)
}

// sigAlgs reads sigalgs.
func (b *builder) sigAlgs() error {
	if b.o.SigAlgs == "" {
		return nil
	}
	schemes, err := cred.ParseSchemes(b.o.SigAlgs)
	if err != nil {
		return faultOf("sigalgs", "", "unknown signature algorithm", err) // node has no code for it
	}
	b.config.Schemes = schemes
	return nil
}

// ecdhCurve reads ecdhCurve.
func (b *builder) ecdhCurve() error {
	list := b.o.ECDHCurve
	if list == "" {
		list = b.defaults.ECDHCurve
	}
	groups, err := kx.ParseList(list)
	if err != nil {
		return faultOf("ecdhCurve", CodeOperationFailed, "failed to set ECDH curve", err)
	}
	b.config.Groups = groups
	return nil
}

// minDHParam is the shortest prime of dhparam, in bits.
const minDHParam = 1024

// dhParam reads dhparam. Node drops what it cannot read, and DHE with it.
func (b *builder) dhParam() error {
	switch text := strings.TrimSpace(b.o.DHParam); text {
	case "":
		return nil
	case "auto":
		b.autoDH = true
		return nil
	}
	group, err := kx.ParseDHParams([]byte(b.o.DHParam))
	if err != nil {
		return faultOf("dhparam", CodeArgValue, "is neither auto nor a group in PEM", err)
	}
	switch {
	case group.Bits() < minDHParam:
		return fault("dhparam", CodeArgValue, "DH parameter is less than 1024 bits")
	case !group.Permitted(max(b.config.SecurityLevel, 0)):
		return fault("dhparam", CodeOperationFailed, "is not as strong as the security level demands")
	}
	b.dh = group
	return nil
}
