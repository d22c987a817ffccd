package msg

import "iter"

// Certificate12 is a Certificate of TLS 1.2 and lower (RFC 5246 §7.4.2).
type Certificate12 struct {
	Chain Vector24 `tls:"certificate_list"` // DER, leaf first; empty if a client has none
}

func (*Certificate12) Type() Type { return TypeCertificate }

func (m *Certificate12) Parse(body []byte) error {
	r := reader{b: body}
	*m = Certificate12{r.list("certificate_list", 3, 3, 1)}
	return r.end().of(TypeCertificate)
}

func (m *Certificate12) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeCertificate)
	return end(appendVector(dst, 3, m.Chain), at)
}

// Certificate13 is a Certificate of TLS 1.3 (RFC 9846 §4.5.1).
type Certificate13 struct {
	Context []byte             `tls:"certificate_request_context"` // certificate_request_context; empty for a server
	Entries CertificateEntries `tls:"certificate_list"`
	Leaf    Extensions         // of the first entry; Append writes Entries only
}

func (*Certificate13) Type() Type { return TypeCertificate }

// Parse reads a body, the extensions of every entry included.
func (m *Certificate13) Parse(body []byte) error {
	//= RFC 9846 §4.5.1
	*m = Certificate13{}
	r := reader{b: body}
	m.Context = r.vector("certificate_request_context", 1, 0, 255)
	list := r.vector("certificate_list", 3, 0, 1<<24-1)
	if f := r.end(); f.kind != 0 {
		return f.of(TypeCertificate)
	}
	in := reader{b: list}
	if in.more() {
		if err := in.certificateEntry(&m.Leaf); err != nil {
			return err
		}
	}
	for scratch := (*Extensions)(nil); in.more(); {
		if scratch == nil {
			scratch = new(Extensions)
		}
		if err := in.certificateEntry(scratch); err != nil {
			return err
		}
	}
	m.Entries = list
	return nil
}

func (r *reader) certificateEntry(ext *Extensions) error {
	r.vector("certificate_list.cert_data", 3, 1, 1<<24-1)
	block := r.vector("certificate_list.extensions", 2, 0, 1<<16-1)
	if r.fault.kind != 0 {
		return r.fault.of(TypeCertificate)
	}
	return ext.parse(TypeCertificate, InCertificate, block)
}

// Check is [Extensions.Check] for the extensions of every entry; offered is
// what the ClientHello, or for a client's chain the CertificateRequest, held.
func (m *Certificate13) Check(offered Set) error {
	for _, ext := range m.Entries.All() {
		if err := ext.Check(InCertificate, offered); err != nil {
			return err
		}
	}
	return nil
}

func (m *Certificate13) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeCertificate)
	dst = appendVector(dst, 1, m.Context)
	return end(appendVector(dst, 3, m.Entries), at)
}

// CertificateEntries is certificate_list of TLS 1.3 as it stands on the wire, without its length.
type CertificateEntries []byte

// All iterates over the DER of each certificate, leaf first, and its
// extensions. The extensions are good until the next turn of the loop.
func (c CertificateEntries) All() iter.Seq2[[]byte, *Extensions] {
	return func(yield func([]byte, *Extensions) bool) {
		var ext Extensions
		for r := (reader{b: c}); r.more(); {
			der := r.vector("", 3, 1, 1<<24-1)
			block := r.vector("", 2, 0, 1<<16-1)
			if r.fault.kind != 0 || ext.parse(TypeCertificate, InCertificate, block) != nil {
				return
			}
			if !yield(der, &ext) {
				return
			}
		}
	}
}

// Len is the number of certificates.
func (c CertificateEntries) Len() int {
	n := 0
	for r := (reader{b: c}); r.more(); n++ {
		r.vector("", 3, 1, 1<<24-1)
		r.vector("", 2, 0, 1<<16-1)
	}
	return n
}

// AppendCertificateEntry appends a certificate to a list, for use as
// [CertificateEntries]; ext may be nil.
func AppendCertificateEntry(dst, der []byte, ext *Extensions) []byte {
	dst = appendVector(dst, 3, der)
	if ext == nil {
		return append(dst, 0, 0)
	}
	return ext.append(dst, InCertificate)
}

// CompressedCertificate is a Certificate13 message, compressed (RFC 8879 §4).
type CompressedCertificate struct {
	Algorithm uint16 `tls:"algorithm"`                      // IANA "TLS Certificate Compression Algorithm IDs": 1 zlib, 2 brotli, 3 zstd
	Length    uint32 `tls:"uncompressed_length"`            // of the body once decompressed, below 2^24
	Body      []byte `tls:"compressed_certificate_message"` // compressed
}

func (*CompressedCertificate) Type() Type { return TypeCompressedCertificate }

func (m *CompressedCertificate) Parse(body []byte) error {
	r := reader{b: body}
	*m = CompressedCertificate{
		r.uint16("algorithm"), r.uint("uncompressed_length", 3),
		r.vector("compressed_certificate_message", 3, 1, 1<<24-1),
	}
	return r.end().of(TypeCompressedCertificate)
}

func (m *CompressedCertificate) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeCompressedCertificate)
	dst = appendUint16(dst, m.Algorithm)
	dst = append(dst, byte(m.Length>>16), byte(m.Length>>8), byte(m.Length))
	return end(appendVector(dst, 3, m.Body), at)
}

// CertificateStatus is the server's OCSP staple of TLS 1.2 (RFC 6066 §8).
type CertificateStatus struct {
	Response []byte `tls:"response"` // OCSPResponse, DER
}

func (*CertificateStatus) Type() Type { return TypeCertificateStatus }

func (m *CertificateStatus) Parse(body []byte) error {
	r := reader{b: body}
	*m = CertificateStatus{r.ocspResponse()}
	return r.end().of(TypeCertificateStatus)
}

func (m *CertificateStatus) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeCertificateStatus)
	return end(appendOCSPResponse(dst, m.Response), at)
}

const statusOCSP = 1

// ocspResponse reads the struct CertificateStatus, a message of TLS 1.2 and an
// extension of TLS 1.3. Only OCSP is ever asked for.
func (r *reader) ocspResponse() []byte {
	//= RFC 6066 §8
	if r.uint("status_type", 1) != statusOCSP {
		r.fail(KindIllegal, "status_type")
	}
	return r.vector("response", 3, 1, 1<<24-1)
}

func appendOCSPResponse(dst, response []byte) []byte {
	return appendVector(append(dst, statusOCSP), 3, response)
}
