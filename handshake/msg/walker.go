package msg

import "iter"

// trailer reads the extension block that may end a hello, and its end.
func (r *reader) trailer(t Type, in Where, x *Extensions) error {
	if r.fault.kind == 0 && !r.more() {
		return nil
	}
	return r.extensions(t, in, x)
}

// extensions reads the extension block that ends a message.
func (r *reader) extensions(t Type, in Where, x *Extensions) error {
	block := r.vector("extensions", 2, 0, 1<<16-1)
	if f := r.end(); f.kind != 0 {
		return f.of(t)
	}
	return x.parse(t, in, block)
}

// parse walks over an extension block. Every extension that has a row in this
// message is read in full; one that has none here is only noted, for Check.
func (x *Extensions) parse(t Type, in Where, block []byte) error {
	//= RFC 9846 §4.3
	*x = Extensions{Wire: block}
	var unknown codes
	for r := (reader{b: block}); r.more(); {
		id, body := r.extension()
		if r.fault.kind != 0 {
			return r.fault.of(t)
		}
		if in&helloEither != 0 && x.Have(ExtPreSharedKey) {
			return fault{KindNotLast, ""}.ofExt(t, ExtPreSharedKey)
		}
		i := rowOf(id)
		if i < 0 {
			if !unknown.add(uint16(id)) {
				return fault{KindDuplicate, ""}.ofExt(t, id)
			}
			x.note(id)
			continue
		}
		if f := x.parseRow(i, in, body); f.kind != 0 {
			return f.ofExt(t, id)
		}
	}
	return nil
}

func (r *reader) extension() (Ext, []byte) {
	return Ext(r.uint16("extensions")), r.vector("extensions", 2, 0, 1<<16-1)
}

func (x *Extensions) note(unknown Ext) {
	if x.Unknown == 0 {
		x.FirstUnknown = unknown
	}
	x.Unknown++
}

func (x *Extensions) parseRow(i int, in Where, body []byte) fault {
	if x.have&(1<<i) != 0 {
		return fault{KindDuplicate, ""}
	}
	x.have |= 1 << i
	if table[i].where&in == 0 {
		return fault{}
	}
	return table[i].codec.parse(in, x, body)
}

// append writes an extension block with its length: the extensions that are
// Set, in row order. Those that the message may not hold are left out.
func (x *Extensions) append(dst []byte, in Where) []byte {
	dst, block := openVector(dst, 2)
	for i := range table {
		if x.have&(1<<i) == 0 || table[i].where&in == 0 {
			continue
		}
		var body int
		dst, body = openVector(appendUint16(dst, uint16(table[i].id)), 2)
		dst = closeVector(table[i].codec.append(in, x, dst), body, 2)
	}
	return closeVector(dst, block, 2)
}

// Check judges the extensions of a parsed message in the light of what Parse
// did not know: in is the one message that this is, and offered is what the
// message that it answers held (0 for a message that answers none; a client
// that sent TLS_EMPTY_RENEGOTIATION_INFO_SCSV adds renegotiation_info).
//
// In this order: a known extension must be allowed here (KindForbidden), one in
// a reply must have been asked for (KindUnsolicited; an unknown one never was),
// and each row has its say about values and absence (KindIllegal, KindMissing).
// Unknown extensions of messages that answer none are ignored.
func (x *Extensions) Check(in Where, offered Set) error {
	//= RFC 9846 §4.3
	t := in.message()
	for i := range table {
		if x.have&(1<<i) != 0 && table[i].where&in == 0 {
			return fault{KindForbidden, ""}.ofExt(t, table[i].id)
		}
	}
	if in&replies != 0 {
		if err := x.checkSolicited(t, in, offered); err != nil {
			return err
		}
	}
	for i := range table {
		if f := table[i].codec.check(in, x); f.kind != 0 {
			return f.ofExt(t, table[i].id)
		}
	}
	return nil
}

func (x *Extensions) checkSolicited(t Type, in Where, offered Set) error {
	for i := range table {
		if x.have&^offered&(1<<i) != 0 && table[i].free&in == 0 {
			return fault{KindUnsolicited, ""}.ofExt(t, table[i].id)
		}
	}
	if x.Unknown > 0 {
		return fault{KindUnsolicited, ""}.ofExt(t, x.FirstUnknown)
	}
	return nil
}

// RawExtensions iterates over code and body of the extensions of a block, as
// found in [Extensions.Wire], in wire order. Bodies alias the block.
func RawExtensions(wire []byte) iter.Seq2[Ext, []byte] {
	return func(yield func(Ext, []byte) bool) {
		for r := (reader{b: wire}); r.more(); {
			id, body := r.extension()
			if r.fault.kind != 0 || !yield(id, body) {
				return
			}
		}
	}
}

// codes is a set of two-byte codes that stays small for honest peers and linear
// for others: past a few it becomes 8 KiB of bits.
type codes struct {
	few  [16]uint16
	n    int
	many *[1 << 16 / 64]uint64
}

// add says whether v was not yet in the set.
func (c *codes) add(v uint16) bool {
	if c.many == nil {
		for _, old := range c.few[:c.n] {
			if old == v {
				return false
			}
		}
		if c.n < len(c.few) {
			c.few[c.n] = v
			c.n++
			return true
		}
		c.spill()
	}
	if c.many[v/64]>>(v%64)&1 != 0 {
		return false
	}
	c.many[v/64] |= 1 << (v % 64)
	return true
}

func (c *codes) spill() {
	c.many = new([1 << 16 / 64]uint64)
	for _, v := range c.few {
		c.many[v/64] |= 1 << (v % 64)
	}
}
