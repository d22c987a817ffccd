package msg

// What several codecs have in common, for embedding.

// unchecked is a codec whose parse says all: absence and any value are fine.
type unchecked struct{}

func (unchecked) check(Where, *Extensions) fault { return fault{} }

// flag is an extension that says all by being there.
type flag struct{ unchecked }

func (flag) parse(_ Where, _ *Extensions, body []byte) fault { return (&reader{b: body}).end() }

func (flag) append(_ Where, _ *Extensions, dst []byte) []byte { return dst }

// onlyUint16s reads a body that is one list of two-byte codes.
func onlyUint16s(body []byte, field string, prefix int) (Uint16s, fault) {
	r := reader{b: body}
	v := r.uint16s(field, prefix)
	return v, r.end()
}

// onlyVector reads a body that is one vector.
func onlyVector(body []byte, field string, prefix, min int) ([]byte, fault) {
	r := reader{b: body}
	v := r.vector(field, prefix, min, 1<<(8*prefix)-1)
	return v, r.end()
}

// onlyList reads a body that is one vector of vectors, at least one.
func onlyList(body []byte, field string, outer, inner int) ([]byte, fault) {
	r := reader{b: body}
	v := r.filled(field, outer, inner, 1)
	return v, r.end()
}

func absent(x *Extensions, id Ext) fault {
	if x.Have(id) {
		return fault{}
	}
	return fault{KindMissing, ""}
}
