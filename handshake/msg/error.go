package msg

import (
	"fmt"

	"tacet/record"
)

// Kind says which rule a message broke.
type Kind uint8

const (
	// KindSyntax is a field that is cut short, or shorter or longer than it may be.
	KindSyntax Kind = iota + 1
	// KindTrailing is a body or extension with bytes behind its last field.
	KindTrailing
	// KindIllegal is a well-formed value that the RFC forbids.
	KindIllegal
	// KindDuplicate is an extension, known or not, or a key share's group that comes twice.
	KindDuplicate
	// KindForbidden is a known extension in a message that may not hold it.
	KindForbidden
	// KindUnsolicited is an extension in a reply that was not asked for.
	KindUnsolicited
	// KindMissing is an extension that must be there and is not.
	KindMissing
	// KindNotLast is a pre_shared_key extension in front of another one.
	KindNotLast
	// KindTooLong is a message announced as longer than [Type.Limit].
	KindTooLong
	// KindUnexpectedType is a message of a type that is never legal.
	KindUnexpectedType
)

// faults is the one place that maps a kind to its words and its alert.
var faults = [...]struct {
	text  string
	alert record.Alert
}{
	KindSyntax:         {"malformed", record.AlertDecodeError},
	KindTrailing:       {"trailing bytes", record.AlertDecodeError},
	KindIllegal:        {"illegal value", record.AlertIllegalParameter},
	KindDuplicate:      {"duplicate", record.AlertIllegalParameter},
	KindForbidden:      {"not allowed in this message", record.AlertIllegalParameter},
	KindUnsolicited:    {"not asked for", record.AlertUnsupportedExtension},
	KindMissing:        {"missing", record.AlertMissingExtension},
	KindNotLast:        {"not the last extension", record.AlertIllegalParameter},
	KindTooLong:        {"longer than the limit", record.AlertDecodeError},
	KindUnexpectedType: {"never legal", record.AlertUnexpectedMessage},
}

// String says the rule in a few words, for example "trailing bytes".
func (k Kind) String() string {
	if int(k) < len(faults) && k != 0 {
		return faults[k].text
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Error is why a message was refused; it is the type of every error of this package.
type Error struct {
	Kind    Kind
	Message Type   // the message that broke the rule
	Field   string // "ClientHello.session_id", "extension key_share.client_shares"
	Ext     Ext    // the extension concerned, if Field begins with "extension"
	Ref     string // where the rule stands, "RFC 9846 §4.3.8"
}

// Error names the message, the field, the rule and where it stands.
func (e *Error) Error() string {
	return fmt.Sprintf("%v: %s: %v (%s)", e.Message, e.Field, e.Kind, e.Ref)
}

// Alert is the description of the alert that tells the peer.
func (e *Error) Alert() record.Alert {
	//= RFC 9846 §6.2
	return faults[e.Kind].alert
}

// fault is a broken rule on its way up, before message and row are known.
// The zero value is no fault. It is a value so that success allocates nothing.
type fault struct {
	kind  Kind
	field string
}

// of makes the error of a message that is not about an extension.
func (f fault) of(t Type) error { return f.ofRule(t, t.ref()) }

// ofRule is of for a rule that stands elsewhere than the message.
func (f fault) ofRule(t Type, ref string) error {
	if f.kind == 0 {
		return nil
	}
	field := t.String()
	if f.field != "" {
		field += "." + f.field
	}
	return &Error{Kind: f.kind, Message: t, Field: field, Ref: ref}
}

// ofExt makes the error of an extension in message t.
func (f fault) ofExt(t Type, id Ext) error {
	if f.kind == 0 {
		return nil
	}
	field := "extension " + id.String()
	if f.field != "" {
		field += "." + f.field
	}
	return &Error{Kind: f.kind, Message: t, Field: field, Ext: id, Ref: id.ref()}
}
