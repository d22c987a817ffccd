package msg

import (
	"encoding/binary"
	"iter"
)

// Uint16s is a list of two-byte codes as it stands on the wire, without its length.
type Uint16s []byte

// Len is the number of codes.
func (u Uint16s) Len() int { return len(u) / 2 }

// At is the code at index i.
func (u Uint16s) At(i int) uint16 { return binary.BigEndian.Uint16(u[2*i:]) }

// Has says whether v is in the list.
func (u Uint16s) Has(v uint16) bool {
	for ; len(u) >= 2; u = u[2:] {
		if binary.BigEndian.Uint16(u) == v {
			return true
		}
	}
	return false
}

// All iterates over the codes in wire order.
func (u Uint16s) All() iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		for i := range u.Len() {
			if !yield(u.At(i)) {
				return
			}
		}
	}
}

// AppendUint16s appends codes to a list, for use as a [Uint16s].
func AppendUint16s(dst []byte, v ...uint16) []byte {
	for _, c := range v {
		dst = appendUint16(dst, c)
	}
	return dst
}

// Vector8 is a list of items with one-byte lengths, as it stands on the wire,
// without the length of the whole.
type Vector8 []byte

// All iterates over the items; they alias the list.
func (v Vector8) All() iter.Seq[[]byte] { return items(v, 1) }

// Len is the number of items.
func (v Vector8) Len() int { return count(v, 1) }

// Vector16 is a list of items with two-byte lengths.
type Vector16 []byte

// All iterates over the items; they alias the list.
func (v Vector16) All() iter.Seq[[]byte] { return items(v, 2) }

// Len is the number of items.
func (v Vector16) Len() int { return count(v, 2) }

// Vector24 is a list of items with three-byte lengths.
type Vector24 []byte

// All iterates over the items; they alias the list.
func (v Vector24) All() iter.Seq[[]byte] { return items(v, 3) }

// Len is the number of items.
func (v Vector24) Len() int { return count(v, 3) }

// AppendVector8 appends items of up to 255 bytes to a list.
func AppendVector8[S ~string | ~[]byte](dst []byte, items ...S) []byte {
	return appendItems(dst, 1, items)
}

// AppendVector16 appends items of up to 2^16-1 bytes to a list.
func AppendVector16[S ~string | ~[]byte](dst []byte, items ...S) []byte {
	return appendItems(dst, 2, items)
}

// AppendVector24 appends items of up to 2^24-1 bytes to a list.
func AppendVector24[S ~string | ~[]byte](dst []byte, items ...S) []byte {
	return appendItems(dst, 3, items)
}

func appendItems[S ~string | ~[]byte](dst []byte, prefix int, items []S) []byte {
	for _, item := range items {
		var at int
		dst, at = openVector(dst, prefix)
		dst = closeVector(append(dst, item...), at, prefix)
	}
	return dst
}

// items stops at a malformed item, which a parsed list does not have.
func items(v []byte, prefix int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for r := (reader{b: v}); r.more(); {
			item := r.vector("", prefix, 0, 1<<24)
			if r.fault.kind != 0 || !yield(item) {
				return
			}
		}
	}
}

func count(v []byte, prefix int) int {
	n := 0
	for range items(v, prefix) {
		n++
	}
	return n
}

// KeyShare is a KeyShareEntry (RFC 9846 §4.3.8).
type KeyShare struct {
	Group uint16
	Data  []byte // key_exchange, 1 byte or more
}

// KeyShares is client_shares as it stands on the wire, without its length.
type KeyShares []byte

// All iterates over group and key_exchange in the client's order.
func (k KeyShares) All() iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for r := (reader{b: k}); r.more(); {
			share := r.keyShare()
			if r.fault.kind != 0 || !yield(share.Group, share.Data) {
				return
			}
		}
	}
}

// Find gives the share for a group. Groups do not repeat.
func (k KeyShares) Find(group uint16) ([]byte, bool) {
	for g, data := range k.All() {
		if g == group {
			return data, true
		}
	}
	return nil, false
}

// Len is the number of shares.
func (k KeyShares) Len() int {
	n := 0
	for range k.All() {
		n++
	}
	return n
}

// Within says whether every share is for one of groups, in a time that grows
// with the bytes of both and not with their product.
func (k KeyShares) Within(groups Uint16s) bool {
	//= RFC 9846 §4.3.8
	const few = 8
	if k.Len() <= few {
		for group := range k.All() {
			if !groups.Has(group) {
				return false
			}
		}
		return true
	}
	var known codes
	for group := range groups.All() {
		known.add(group)
	}
	for group := range k.All() {
		if known.add(group) {
			return false
		}
	}
	return true
}

// AppendKeyShare appends a share to a list, for use as [KeyShares].
func AppendKeyShare(dst []byte, group uint16, data []byte) []byte {
	return appendVector(appendUint16(dst, group), 2, data)
}

func (r *reader) keyShare() KeyShare {
	return KeyShare{r.uint16("group"), r.vector("key_exchange", 2, 1, 1<<16-1)}
}

// PSKIdentities is OfferedPsks.identities as it stands on the wire, without its length.
type PSKIdentities []byte

// All iterates over identity and obfuscated_ticket_age (ms, modulo 2^32).
func (p PSKIdentities) All() iter.Seq2[[]byte, uint32] {
	return func(yield func([]byte, uint32) bool) {
		for r := (reader{b: p}); r.more(); {
			identity, age := r.pskIdentity()
			if r.fault.kind != 0 || !yield(identity, age) {
				return
			}
		}
	}
}

// Len is the number of identities.
func (p PSKIdentities) Len() int {
	n := 0
	for range p.All() {
		n++
	}
	return n
}

// AppendPSKIdentity appends an identity and its obfuscated age to a list.
func AppendPSKIdentity(dst, identity []byte, obfuscatedAge uint32) []byte {
	return appendUint32(appendVector(dst, 2, identity), obfuscatedAge)
}

func (r *reader) pskIdentity() ([]byte, uint32) {
	return r.vector("identities", 2, 1, 1<<16-1), r.uint("identities", 4)
}

// OIDFilters is the filters of oid_filters as they stand on the wire, without their length.
type OIDFilters []byte

// All iterates over certificate_extension_oid and certificate_extension_values, both DER.
func (o OIDFilters) All() iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		for r := (reader{b: o}); r.more(); {
			oid, values := r.oidFilter()
			if r.fault.kind != 0 || !yield(oid, values) {
				return
			}
		}
	}
}

// AppendOIDFilter appends a filter to a list.
func AppendOIDFilter(dst, oid, values []byte) []byte {
	return appendVector(appendVector(dst, 1, oid), 2, values)
}

func (r *reader) oidFilter() (oid, values []byte) {
	return r.vector("filters", 1, 1, 255), r.vector("filters", 2, 0, 1<<16-1)
}
