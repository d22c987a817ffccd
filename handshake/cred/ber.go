package cred

import (
	"encoding/asn1"
	"fmt"
	"math/bits"
	"slices"
)

// Bounds of BER: a file of more bytes, and what is nested deeper, is refused.
const (
	maxBER       = 16 << 20
	maxBERNested = 48
	maxTag       = 4 // bytes of a tag
)

var errBER = fmt.Errorf("%w: not BER, or too large or too deeply nested", errPFXForm)

// derOf rewrites the first element of ber, and leaves the rest out, with what makes DER of it
// where it says how a thing is put, and not what: lengths are definite and no longer than they
// have to be, and OCTET STRINGs in one piece. So NSS's files are, and those of old Windows,
// which are written while it is not known yet how long they get. DER is rewritten to itself.
// The result shares nothing with ber. Whether a [0] that is put together of pieces is
// an OCTET STRING is for who knows its type: see readImplicitOctets.
func derOf(ber []byte) ([]byte, error) {
	// X.690 §8 says what BER is, and §10 what of it is DER.
	if len(ber) > maxBER {
		return nil, errBER
	}
	w := berReader{in: ber, out: make([]byte, 0, len(ber)+maxBERNested)}
	if !w.element(0) {
		return nil, errBER
	}
	return w.out, nil
}

// berReader takes elements from in and appends them to out.
type berReader struct{ in, out []byte }

// berHeader is how an element begins.
type berHeader struct {
	tag        []byte
	length     int
	indefinite bool // up to an end-of-contents
}

const (
	berConstructed = 0x20
	berOctets      = byte(asn1.TagOctetString)
)

func (h *berHeader) constructed() bool { return h.tag[0]&berConstructed != 0 }

// element takes one element.
func (r *berReader) element(depth int) bool {
	h, ok := r.header()
	if !ok || depth > maxBERNested {
		return false
	}
	at := len(r.out)
	switch {
	case !h.constructed():
		r.out = append(r.out, r.in[:h.length]...)
		r.in = r.in[h.length:]
	case h.tag[0] == berOctets|berConstructed:
		h.tag = []byte{berOctets}
		ok = r.contents(h, func() bool { return r.piece(depth + 1) })
	default:
		ok = r.contents(h, func() bool { return r.element(depth + 1) })
	}
	if ok {
		r.out = slices.Insert(r.out, at, appendLength(h.tag[:len(h.tag):len(h.tag)], len(r.out)-at)...)
	}
	return ok
}

// piece takes a part of an OCTET STRING, without its header.
func (r *berReader) piece(depth int) bool {
	h, ok := r.header()
	switch {
	case !ok || depth > maxBERNested || h.tag[0]&^berConstructed != berOctets:
		return false
	case h.constructed():
		return r.contents(h, func() bool { return r.piece(depth + 1) })
	}
	r.out = append(r.out, r.in[:h.length]...)
	r.in = r.in[h.length:]
	return true
}

// contents has f take each element within one that is constructed.
func (r *berReader) contents(h berHeader, f func() bool) bool {
	if h.indefinite {
		for len(r.in) >= 2 && (r.in[0] != 0 || r.in[1] != 0) {
			if !f() {
				return false
			}
		}
		if len(r.in) < 2 {
			return false
		}
		r.in = r.in[2:]
		return true
	}
	rest := r.in[h.length:]
	r.in = r.in[:h.length:h.length]
	for len(r.in) > 0 {
		if !f() {
			return false
		}
	}
	r.in = rest
	return true
}

// header takes the tag and the length of an element that is there to its end.
func (r *berReader) header() (h berHeader, ok bool) {
	n := 1
	if len(r.in) > 0 && r.in[0]&0x1f == 0x1f { // a large number, in bytes of seven bits
		for n < len(r.in) && n < maxTag && r.in[n]&0x80 != 0 {
			n++
		}
		n++
	}
	if len(r.in) <= n || n > maxTag || r.in[0] == 0 { // of end-of-contents nothing is a part but what ends by it
		return h, false
	}
	h.tag = r.in[:n]
	first := r.in[n]
	r.in = r.in[n+1:]
	switch {
	case first < 0x80:
		h.length = int(first)
	case first == 0x80:
		h.indefinite = true
		return h, h.constructed()
	default:
		if n = int(first & 0x7f); n > 4 || n > len(r.in) {
			return h, false
		}
		var length uint64
		for _, b := range r.in[:n] {
			length = length<<8 | uint64(b)
		}
		if length > maxBER {
			return h, false
		}
		h.length, r.in = int(length), r.in[n:]
	}
	return h, h.length <= len(r.in)
}

// appendLength appends a length in DER.
func appendLength(dst []byte, n int) []byte {
	if n < 0x80 {
		return append(dst, byte(n))
	}
	count := (bits.Len(uint(n)) + 7) / 8
	dst = append(dst, 0x80|byte(count))
	for count--; count >= 0; count-- {
		dst = append(dst, byte(n>>(8*count)))
	}
	return dst
}
