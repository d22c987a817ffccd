package msg

// NewSessionTicket12 gives the client a ticket of TLS 1.2 (RFC 5077 §3.3).
type NewSessionTicket12 struct {
	Lifetime uint32 `tls:"ticket_lifetime_hint"` // a hint, in seconds; 0: unspecified
	Ticket   []byte `tls:"ticket"`               // may be empty: no ticket after all
}

func (*NewSessionTicket12) Type() Type { return TypeNewSessionTicket }

func (m *NewSessionTicket12) Parse(body []byte) error {
	r := reader{b: body}
	*m = NewSessionTicket12{r.uint("ticket_lifetime_hint", 4), r.vector("ticket", 2, 0, 1<<16-1)}
	return r.end().of(TypeNewSessionTicket)
}

func (m *NewSessionTicket12) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeNewSessionTicket)
	return end(appendVector(appendUint32(dst, m.Lifetime), 2, m.Ticket), at)
}

// NewSessionTicket13 gives the client a ticket of TLS 1.3 (RFC 9846 §4.7.1).
type NewSessionTicket13 struct {
	Lifetime uint32 `tls:"ticket_lifetime"` // in seconds; the RFC's most is 7 days
	AgeAdd   uint32 `tls:"ticket_age_add"`  // added to the age in milliseconds, modulo 2^32
	Nonce    []byte `tls:"ticket_nonce"`    // up to 255 bytes
	Ticket   []byte `tls:"ticket"`          // 1 byte or more
	Ext      Extensions
}

func (*NewSessionTicket13) Type() Type { return TypeNewSessionTicket }

func (m *NewSessionTicket13) Parse(body []byte) error {
	r := reader{b: body}
	*m = NewSessionTicket13{
		Lifetime: r.uint("ticket_lifetime", 4), AgeAdd: r.uint("ticket_age_add", 4),
		Nonce: r.vector("ticket_nonce", 1, 0, 255), Ticket: r.vector("ticket", 2, 1, 1<<16-1),
	}
	return r.extensions(TypeNewSessionTicket, InNewSessionTicket, &m.Ext)
}

func (m *NewSessionTicket13) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeNewSessionTicket)
	dst = appendUint32(appendUint32(dst, m.Lifetime), m.AgeAdd)
	dst = appendVector(appendVector(dst, 1, m.Nonce), 2, m.Ticket)
	return end(m.Ext.append(dst, InNewSessionTicket), at)
}
