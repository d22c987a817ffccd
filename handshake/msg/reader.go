package msg

// reader walks over a body. Its first fault sticks: later reads give zero
// values, so that a parser reads like the RFC's struct and asks once, at the end.
type reader struct {
	b     []byte
	fault fault
}

func (r *reader) fail(k Kind, field string) {
	if r.fault.kind == 0 {
		r.fault = fault{k, field}
	}
	r.b = nil
}

func (r *reader) more() bool { return len(r.b) > 0 }

// bytes takes n bytes; they alias the input and cannot grow into it.
func (r *reader) bytes(field string, n int) []byte {
	if n > len(r.b) {
		r.fail(KindSyntax, field)
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

// uint takes a number of n bytes, most significant first.
func (r *reader) uint(field string, n int) uint32 {
	var v uint32
	for _, c := range r.bytes(field, n) {
		v = v<<8 | uint32(c)
	}
	return v
}

func (r *reader) uint16(field string) uint16 { return uint16(r.uint(field, 2)) }

// vector takes a vector behind a length of prefix bytes: opaque field<min..max>.
func (r *reader) vector(field string, prefix, min, max int) []byte {
	n := int(r.uint(field, prefix))
	if r.fault.kind == 0 && (n < min || n > max) {
		r.fail(KindSyntax, field)
		return nil
	}
	return r.bytes(field, n)
}

// uint16s takes a vector of two-byte numbers, at least one.
func (r *reader) uint16s(field string, prefix int) Uint16s {
	v := r.vector(field, prefix, 2, 1<<16-2)
	if len(v)%2 != 0 {
		r.fail(KindSyntax, field)
		return nil
	}
	return v
}

// list takes a vector of vectors and checks every item's length. Items carry
// lengths of inner bytes and have min bytes or more.
func (r *reader) list(field string, outer, inner, min int) []byte {
	v := r.vector(field, outer, 0, 1<<(8*outer)-1)
	for in := (reader{b: v}); in.more(); {
		in.vector(field, inner, min, 1<<(8*inner)-1)
		if in.fault.kind != 0 {
			r.fail(KindSyntax, field)
			return nil
		}
	}
	return v
}

// filled is list with at least one item.
func (r *reader) filled(field string, outer, inner, min int) []byte {
	v := r.list(field, outer, inner, min)
	if len(v) == 0 {
		r.fail(KindSyntax, field)
	}
	return v
}

// endIf is end, and then a demand on a value: what does not parse is a fault
// of syntax first.
func (r *reader) endIf(legal bool, field string) fault {
	f := r.end()
	if f.kind == 0 && !legal {
		f = fault{KindIllegal, field}
	}
	return f
}

// end is the fault of the whole walk; bytes left over are one.
func (r *reader) end() fault {
	if r.fault.kind == 0 && r.more() {
		r.fault.kind = KindTrailing
	}
	return r.fault
}
