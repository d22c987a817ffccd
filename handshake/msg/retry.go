package msg

import "bytes"

// CheckRetry compares the second ClientHello, the answer to a
// HelloRetryRequest, with m, the first. They must be equal but for the
// extensions key_share, early_data, cookie, pre_shared_key and padding, which
// may come, go and change; the others must come in the same order. What the
// retry asked for, the engine checks. Both messages must have been parsed.
func (m *ClientHello) CheckRetry(second *ClientHello) error {
	//= RFC 9846 §4.2.2
	for _, part := range [...]struct {
		field string
		same  bool
	}{
		{"legacy_version", m.Version == second.Version},
		{"random", m.Random == second.Random},
		{"legacy_session_id", bytes.Equal(m.SessionID, second.SessionID)},
		{"cipher_suites", bytes.Equal(m.Suites, second.Suites)},
		{"legacy_compression_methods", bytes.Equal(m.Compression, second.Compression)},
	} {
		if !part.same {
			return fault{KindIllegal, part.field}.of(TypeClientHello)
		}
	}
	return checkSame(m.Ext.Wire, second.Ext.Wire)
}

func checkSame(first, second []byte) error {
	a, b := reader{b: first}, reader{b: second}
	for {
		idA, bodyA, okA := a.unchangeable()
		idB, bodyB, okB := b.unchangeable()
		switch {
		case !okA && !okB:
			return nil
		case !okA:
			return fault{KindIllegal, ""}.ofExt(TypeClientHello, idB)
		case !okB || idA != idB || !bytes.Equal(bodyA, bodyB):
			return fault{KindIllegal, ""}.ofExt(TypeClientHello, idA)
		}
	}
}

// unchangeable takes the next extension that a second ClientHello must repeat.
func (r *reader) unchangeable() (Ext, []byte, bool) {
	for r.more() {
		id, body := r.extension()
		if i := rowOf(id); i < 0 || table[i].where&changeable == 0 {
			return id, body, r.fault.kind == 0
		}
	}
	return 0, nil, false
}
