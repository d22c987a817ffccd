package msg

// ServerECDHE is the ServerKeyExchange of the ECDHE suites of TLS 1.2 (RFC 8422
// §5.4). Which struct a ServerKeyExchange is, the suite's key exchange decides.
type ServerECDHE struct {
	Group     uint16 `tls:"namedcurve"`
	Public    []byte `tls:"public"` // the server's share, 1 to 255 bytes
	Scheme    uint16 `tls:"algorithm"`
	Signature []byte `tls:"signature"`
	Params    []byte // ServerECDHParams, the part that is signed; set by Parse, not read by Append
}

func (*ServerECDHE) Type() Type { return TypeServerKeyExchange }

const curveNamed = 3

// Parse reads a body. Curve types other than named_curve are refused.
func (m *ServerECDHE) Parse(body []byte) error {
	//= RFC 8422 §5.4
	r := reader{b: body}
	*m = ServerECDHE{}
	if r.uint("params.curve_type", 1) != curveNamed {
		r.fail(KindIllegal, "params.curve_type")
	}
	m.Group = r.uint16("params.namedcurve")
	m.Public = r.vector("params.public", 1, 1, 255)
	n := len(body) - len(r.b)
	m.Params = body[:n:n]
	m.Scheme = r.uint16("algorithm")
	m.Signature = r.vector("signature", 2, 0, 1<<16-1)
	return r.end().of(TypeServerKeyExchange)
}

// AppendParams appends ServerECDHParams, the part that is signed.
func (m *ServerECDHE) AppendParams(dst []byte) []byte {
	return appendVector(appendUint16(append(dst, curveNamed), m.Group), 1, m.Public)
}

func (m *ServerECDHE) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeServerKeyExchange)
	dst = appendUint16(m.AppendParams(dst), m.Scheme)
	return end(appendVector(dst, 2, m.Signature), at)
}

// ClientECDHE is the ClientKeyExchange of the ECDHE suites of TLS 1.2 (RFC 8422 §5.7).
type ClientECDHE struct {
	Public []byte `tls:"ecdh_Yc"` // the client's share, 1 to 255 bytes
}

func (*ClientECDHE) Type() Type { return TypeClientKeyExchange }

func (m *ClientECDHE) Parse(body []byte) error {
	r := reader{b: body}
	*m = ClientECDHE{r.vector("ecdh_Yc", 1, 1, 255)}
	return r.end().of(TypeClientKeyExchange)
}

func (m *ClientECDHE) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeClientKeyExchange)
	return end(appendVector(dst, 1, m.Public), at)
}
