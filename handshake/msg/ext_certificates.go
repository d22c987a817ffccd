package msg

import "tacet/record"

// Extensions that say which certificates and signatures are wanted, and what
// comes with a certificate.

// status_request: the client asks for an OCSP staple. In TLS 1.2 the server
// echoes it empty and sends a message; in TLS 1.3 a server asks by an empty one
// and the staple is an extension of the Certificate entry.

type statusRequest struct{ unchecked }

// parse of a request skips what OCSP's responder lists say, and all of a
// request for another status type.
func (statusRequest) parse(in Where, x *Extensions, body []byte) fault {
	//= RFC 6066 §8
	r := reader{b: body}
	switch {
	case in&helloEither != 0:
		if x.StatusRequest = r.uint("status_type", 1) == statusOCSP; !x.StatusRequest {
			return r.fault
		}
		r.list("responder_id_list", 2, 2, 1)
		r.vector("request_extensions", 2, 0, 1<<16-1)
	case in&InCertificate != 0:
		x.OCSPResponse = r.ocspResponse()
	}
	return r.end()
}

func (statusRequest) append(in Where, x *Extensions, dst []byte) []byte {
	switch {
	case in&helloEither != 0:
		return append(dst, statusOCSP, 0, 0, 0, 0)
	case in&InCertificate != 0:
		return appendOCSPResponse(dst, x.OCSPResponse)
	}
	return dst
}

// signed_certificate_timestamp: asked for by an empty one.

type sct struct{ unchecked }

func (sct) parse(in Where, x *Extensions, body []byte) (f fault) {
	//= RFC 6962 §3.3.1
	if in&(helloEither|InCertificateRequest) != 0 {
		return flag{}.parse(in, x, body)
	}
	x.SCTs, f = onlyList(body, "sct_list", 2, 2)
	return f
}

func (sct) append(in Where, x *Extensions, dst []byte) []byte {
	if in&(helloEither|InCertificateRequest) != 0 {
		return dst
	}
	return appendVector(dst, 2, x.SCTs)
}

// signature_algorithms: needed wherever TLS 1.3 may want a certificate.

type signatureAlgorithms struct{}

func (signatureAlgorithms) parse(_ Where, x *Extensions, body []byte) (f fault) {
	//= RFC 9846 §4.3.3
	x.SignatureAlgorithms, f = onlyUint16s(body, "supported_signature_algorithms", 2)
	return f
}

func (signatureAlgorithms) append(_ Where, x *Extensions, dst []byte) []byte {
	return appendVector(dst, 2, x.SignatureAlgorithms)
}

func (signatureAlgorithms) check(in Where, x *Extensions) fault {
	//= RFC 9846 §9.2
	if in == InCertificateRequest || in == InClientHello && x.offers13() && !x.Have(ExtPreSharedKey) {
		return absent(x, ExtSignatureAlgorithms)
	}
	return fault{}
}

// offers13 says whether a ClientHello can be answered with TLS 1.3.
func (x *Extensions) offers13() bool { return x.SupportedVersions.Has(uint16(record.TLS13)) }

type signatureAlgorithmsCert struct{ unchecked }

func (signatureAlgorithmsCert) parse(_ Where, x *Extensions, body []byte) (f fault) {
	//= RFC 9846 §4.3.3
	x.SignatureAlgorithmsCert, f = onlyUint16s(body, "supported_signature_algorithms", 2)
	return f
}

func (signatureAlgorithmsCert) append(_ Where, x *Extensions, dst []byte) []byte {
	return appendVector(dst, 2, x.SignatureAlgorithmsCert)
}

type compressCertificate struct{ unchecked }

func (compressCertificate) parse(_ Where, x *Extensions, body []byte) (f fault) {
	//= RFC 8879 §3
	x.CertificateCompression, f = onlyUint16s(body, "algorithms", 1)
	return f
}

func (compressCertificate) append(_ Where, x *Extensions, dst []byte) []byte {
	return appendVector(dst, 1, x.CertificateCompression)
}

type certificateAuthorities struct{ unchecked }

func (certificateAuthorities) parse(_ Where, x *Extensions, body []byte) (f fault) {
	//= RFC 9846 §4.3.4
	x.CertificateAuthorities, f = onlyList(body, "authorities", 2, 2)
	return f
}

func (certificateAuthorities) append(_ Where, x *Extensions, dst []byte) []byte {
	return appendVector(dst, 2, x.CertificateAuthorities)
}

type oidFilters struct{ unchecked }

func (oidFilters) parse(_ Where, x *Extensions, body []byte) fault {
	//= RFC 9846 §4.3.5
	r := reader{b: body}
	x.OIDFilters = r.vector("filters", 2, 0, 1<<16-1)
	for in := (reader{b: x.OIDFilters}); in.more(); {
		if in.oidFilter(); in.fault.kind != 0 {
			return in.fault
		}
	}
	return r.end()
}

func (oidFilters) append(_ Where, x *Extensions, dst []byte) []byte {
	return appendVector(dst, 2, x.OIDFilters)
}
