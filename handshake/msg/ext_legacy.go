package msg

import "bytes"

// Extensions of TLS 1.2 that TLS 1.3 ignores or made part of the protocol.

type (
	extendedMasterSecret struct{ flag } // RFC 7627 §5.1
	encryptThenMAC       struct{ flag } // RFC 7366 §2
)

// renegotiation_info: the verify_data of the handshake before.

type renegotiationInfo struct{ unchecked }

func (renegotiationInfo) parse(_ Where, x *Extensions, body []byte) (f fault) {
	//= RFC 5746 §3.2
	x.RenegotiationInfo, f = onlyVector(body, "renegotiated_connection", 1, 0)
	return f
}

func (renegotiationInfo) append(_ Where, x *Extensions, dst []byte) []byte {
	return appendVector(dst, 1, x.RenegotiationInfo)
}

// ec_point_formats: must hold uncompressed, but TLS 1.3 does not look.

type pointFormats struct{}

const pointUncompressed = 0

func (pointFormats) parse(_ Where, x *Extensions, body []byte) (f fault) {
	//= RFC 8422 §5.1.2
	x.PointFormats, f = onlyVector(body, "ec_point_format_list", 1, 1)
	return f
}

func (pointFormats) append(_ Where, x *Extensions, dst []byte) []byte {
	return appendVector(dst, 1, x.PointFormats)
}

func (pointFormats) check(in Where, x *Extensions) fault {
	//= RFC 8422 §5.1.2
	if in&(InClientHello12|InServerHello12) == 0 || !x.Have(ExtECPointFormats) ||
		bytes.IndexByte(x.PointFormats, pointUncompressed) >= 0 {
		return fault{}
	}
	return fault{KindIllegal, "ec_point_format_list"}
}

// session_ticket: a ticket, or the wish for one; the answer is empty.

type sessionTicket struct{ unchecked }

func (sessionTicket) parse(in Where, x *Extensions, body []byte) fault {
	//= RFC 5077 §3.2
	if in&helloEither == 0 {
		return flag{}.parse(in, x, body)
	}
	x.SessionTicket = body
	return fault{}
}

func (sessionTicket) append(in Where, x *Extensions, dst []byte) []byte {
	if in&helloEither == 0 {
		return dst
	}
	return append(dst, x.SessionTicket...)
}
