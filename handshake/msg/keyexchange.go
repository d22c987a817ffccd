package msg

// ShareForm is what the share of a key exchange looks like.
type ShareForm uint8

// The forms of shares up to TLS 1.2.
const (
	NoShare  ShareForm = iota
	ECShare            // a point on a named curve (RFC 8422 §5.4, §5.7)
	DHShare            // of a finite field (RFC 5246 §7.4.3, §7.4.7.2)
	RSAShare           // of a client alone: an encrypted premaster secret (RFC 5246 §7.4.7.1)
)

// shareRefs is where the messages with such a share stand.
var shareRefs = [...]struct{ server, client string }{
	NoShare:  {"RFC 4279 §2", "RFC 4279 §2"},
	ECShare:  {"RFC 8422 §5.4", "RFC 8422 §5.7"},
	DHShare:  {"RFC 5246 §7.4.3", "RFC 5246 §7.4.7.2"},
	RSAShare: {"RFC 4279 §4", "RFC 5246 §7.4.7.1"},
}

// KeyExchangeForm is what a ServerKeyExchange or a ClientKeyExchange holds, in
// this order. The messages do not say: the cipher suite and the version do.
type KeyExchangeForm struct {
	Hint   bool // a pre-shared key's hint; of a client, its identity (RFC 4279 §2)
	Share  ShareForm
	Signed bool // the server's share is signed
	Scheme bool // and the signature names its scheme (from TLS 1.2 on)
}

// lacks says whether a message of this form does not have the field of a name.
func (f KeyExchangeForm) lacks(field string) bool {
	switch field {
	case "psk_identity_hint", "psk_identity":
		return !f.Hint
	case "dh_p", "dh_g":
		return f.Share != DHShare
	case "namedcurve":
		return f.Share != ECShare
	case "public", "exchange_keys":
		return f.Share == NoShare
	case "algorithm":
		return !f.Scheme
	case "signature":
		return !f.Signed
	}
	return false
}

// ServerKeyExchange is the server's half of a key exchange up to TLS 1.2
// (RFC 5246 §7.4.3, RFC 8422 §5.4, RFC 4279, RFC 5489). Form is set before
// Parse or Append, and says which fields are there.
type ServerKeyExchange struct {
	Form      KeyExchangeForm
	Hint      []byte `tls:"psk_identity_hint"`
	P         []byte `tls:"dh_p"`
	G         []byte `tls:"dh_g"`
	Group     uint16 `tls:"namedcurve"`
	Public    []byte `tls:"public"` // the share: a point of 1 to 255 bytes, or a number
	Scheme    uint16 `tls:"algorithm"`
	Signature []byte `tls:"signature"`
	Params    []byte // the share with what it is of, the part that is signed; set by Parse, not read by Append
}

func (*ServerKeyExchange) Type() Type { return TypeServerKeyExchange }

const curveNamed = 3

// Parse reads a body of the form. Curve types other than named_curve are refused.
func (m *ServerKeyExchange) Parse(body []byte) error {
	r := reader{b: body}
	*m = ServerKeyExchange{Form: m.Form}
	if m.Form.Hint {
		//= RFC 4279 §2
		m.Hint = r.vector("psk_identity_hint", 2, 0, 1<<16-1)
	}
	start := r.b
	m.share(&r)
	n := len(start) - len(r.b)
	m.Params = start[:n:n]
	if m.Form.Signed {
		if m.Form.Scheme {
			m.Scheme = r.uint16("algorithm")
		}
		m.Signature = r.vector("signature", 2, 0, 1<<16-1)
	}
	return r.end().ofRule(TypeServerKeyExchange, shareRefs[m.Form.Share].server)
}

func (m *ServerKeyExchange) share(r *reader) {
	switch m.Form.Share {
	case ECShare:
		//= RFC 8422 §5.4
		if r.uint("params.curve_type", 1) != curveNamed {
			r.fail(KindIllegal, "params.curve_type")
		}
		m.Group = r.uint16("params.namedcurve")
		m.Public = r.vector("params.public", 1, 1, 255)
	case DHShare:
		//= RFC 5246 §7.4.3
		m.P = r.vector("params.dh_p", 2, 1, 1<<16-1)
		m.G = r.vector("params.dh_g", 2, 1, 1<<16-1)
		m.Public = r.vector("params.dh_Ys", 2, 1, 1<<16-1)
	}
}

// AppendParams appends the share with what it is of, the part that is signed.
func (m *ServerKeyExchange) AppendParams(dst []byte) []byte {
	switch m.Form.Share {
	case ECShare:
		return appendVector(appendUint16(append(dst, curveNamed), m.Group), 1, m.Public)
	case DHShare:
		return appendVector(appendVector(appendVector(dst, 2, m.P), 2, m.G), 2, m.Public)
	}
	return dst
}

func (m *ServerKeyExchange) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeServerKeyExchange)
	if m.Form.Hint {
		dst = appendVector(dst, 2, m.Hint)
	}
	dst = m.AppendParams(dst)
	if m.Form.Signed {
		if m.Form.Scheme {
			dst = appendUint16(dst, m.Scheme)
		}
		dst = appendVector(dst, 2, m.Signature)
	}
	return end(dst, at)
}

// ClientKeyExchange is the client's half of a key exchange up to TLS 1.2
// (RFC 5246 §7.4.7, RFC 8422 §5.7, RFC 4279). Form is set before Parse or
// Append; it has no signature.
type ClientKeyExchange struct {
	Form     KeyExchangeForm
	Identity []byte `tls:"psk_identity"`
	Public   []byte `tls:"exchange_keys"` // the share, or the encrypted premaster secret
}

func (*ClientKeyExchange) Type() Type { return TypeClientKeyExchange }

func (m *ClientKeyExchange) Parse(body []byte) error {
	r := reader{b: body}
	*m = ClientKeyExchange{Form: m.Form}
	if m.Form.Hint {
		//= RFC 4279 §2
		m.Identity = r.vector("psk_identity", 2, 0, 1<<16-1)
	}
	switch m.Form.Share {
	case ECShare:
		//= RFC 8422 §5.7
		m.Public = r.vector("ecdh_Yc", 1, 1, 255)
	case DHShare:
		//= RFC 5246 §7.4.7.2
		m.Public = r.vector("dh_Yc", 2, 1, 1<<16-1)
	case RSAShare:
		//= RFC 5246 §7.4.7.1
		m.Public = r.vector("encrypted_pre_master_secret", 2, 0, 1<<16-1)
	}
	return r.end().ofRule(TypeClientKeyExchange, shareRefs[m.Form.Share].client)
}

func (m *ClientKeyExchange) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeClientKeyExchange)
	if m.Form.Hint {
		dst = appendVector(dst, 2, m.Identity)
	}
	switch m.Form.Share {
	case ECShare:
		dst = appendVector(dst, 1, m.Public)
	case DHShare, RSAShare:
		dst = appendVector(dst, 2, m.Public)
	}
	return end(dst, at)
}
