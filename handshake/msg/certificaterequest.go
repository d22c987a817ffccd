package msg

// CertificateRequest12 is a CertificateRequest of TLS 1.2 (RFC 5246 §7.4.4).
type CertificateRequest12 struct {
	Types       []byte   `tls:"certificate_types"`              // certificate_types, one or more
	Schemes     Uint16s  `tls:"supported_signature_algorithms"` // supported_signature_algorithms, one or more
	Authorities Vector16 `tls:"certificate_authorities"`        // DER names; none: any
}

func (*CertificateRequest12) Type() Type { return TypeCertificateRequest }

func (m *CertificateRequest12) Parse(body []byte) error {
	r := reader{b: body}
	*m = CertificateRequest12{
		r.vector("certificate_types", 1, 1, 255),
		r.uint16s("supported_signature_algorithms", 2),
		r.list("certificate_authorities", 2, 2, 1),
	}
	return r.end().of(TypeCertificateRequest)
}

func (m *CertificateRequest12) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeCertificateRequest)
	dst = appendVector(dst, 1, m.Types)
	dst = appendVector(dst, 2, m.Schemes)
	return end(appendVector(dst, 2, m.Authorities), at)
}

// CertificateRequest10 is a CertificateRequest of TLS 1.0 and 1.1 (RFC 4346 §7.4.4).
type CertificateRequest10 struct {
	Types       []byte   `tls:"certificate_types"`       // one or more
	Authorities Vector16 `tls:"certificate_authorities"` // DER names; none: any
}

func (*CertificateRequest10) Type() Type { return TypeCertificateRequest }

func (m *CertificateRequest10) Parse(body []byte) error {
	r := reader{b: body}
	*m = CertificateRequest10{r.vector("certificate_types", 1, 1, 255), r.list("certificate_authorities", 2, 2, 1)}
	return r.end().of(TypeCertificateRequest)
}

func (m *CertificateRequest10) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeCertificateRequest)
	dst = appendVector(dst, 1, m.Types)
	return end(appendVector(dst, 2, m.Authorities), at)
}

// CertificateRequest13 is a CertificateRequest of TLS 1.3 (RFC 9846 §4.4.2).
type CertificateRequest13 struct {
	Context []byte `tls:"certificate_request_context"` // certificate_request_context; empty during the handshake
	Ext     Extensions
}

func (*CertificateRequest13) Type() Type { return TypeCertificateRequest }

func (m *CertificateRequest13) Parse(body []byte) error {
	r := reader{b: body}
	*m = CertificateRequest13{Context: r.vector("certificate_request_context", 1, 0, 255)}
	return r.extensions(TypeCertificateRequest, InCertificateRequest, &m.Ext)
}

func (m *CertificateRequest13) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeCertificateRequest)
	dst = appendVector(dst, 1, m.Context)
	return end(m.Ext.append(dst, InCertificateRequest), at)
}

// CertificateVerify proves possession of the certificate's key (RFC 9846
// §4.5.2; RFC 5246 §7.4.8).
type CertificateVerify struct {
	Scheme    uint16 `tls:"algorithm"`
	Signature []byte `tls:"signature"`
}

func (*CertificateVerify) Type() Type { return TypeCertificateVerify }

func (m *CertificateVerify) Parse(body []byte) error {
	r := reader{b: body}
	*m = CertificateVerify{r.uint16("algorithm"), r.vector("signature", 2, 0, 1<<16-1)}
	return r.end().of(TypeCertificateVerify)
}

func (m *CertificateVerify) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeCertificateVerify)
	return end(appendVector(appendUint16(dst, m.Scheme), 2, m.Signature), at)
}

// CertificateVerify10 proves it in TLS 1.0 and 1.1, where the key's kind says how
// it signs (RFC 4346 §7.4.8).
type CertificateVerify10 struct {
	Signature []byte `tls:"signature"`
}

func (*CertificateVerify10) Type() Type { return TypeCertificateVerify }

func (m *CertificateVerify10) Parse(body []byte) error {
	r := reader{b: body}
	*m = CertificateVerify10{r.vector("signature", 2, 0, 1<<16-1)}
	return r.end().of(TypeCertificateVerify)
}

func (m *CertificateVerify10) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeCertificateVerify)
	return end(appendVector(dst, 2, m.Signature), at)
}
