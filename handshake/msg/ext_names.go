package msg

import "bytes"

// server_name: the client names the server; the answer is empty.

type serverName struct{ unchecked }

const nameHost = 0

// parse takes the host_name and skips names of other types.
func (serverName) parse(in Where, x *Extensions, body []byte) fault {
	//= RFC 6066 §3
	r := reader{b: body}
	if in&helloEither == 0 {
		return r.end()
	}
	names := reader{b: r.vector("server_name_list", 2, 1, 1<<16-1)}
	hosts := 0
	for names.more() {
		kind := names.uint("name_type", 1)
		name := names.vector("host_name", 2, 1, 1<<16-1)
		if names.fault.kind != 0 {
			return names.fault
		}
		if kind == nameHost {
			x.ServerName = name
			hosts++
		}
	}
	return r.endIf(hosts <= 1 && bytes.IndexByte(x.ServerName, 0) < 0, "host_name")
}

func (serverName) append(in Where, x *Extensions, dst []byte) []byte {
	if in&helloEither == 0 {
		return dst
	}
	dst, at := openVector(dst, 2)
	return closeVector(appendVector(append(dst, nameHost), 2, x.ServerName), at, 2)
}

// application_layer_protocol_negotiation: the client's list, the server's one choice.

type alpn struct{ unchecked }

func (alpn) parse(in Where, x *Extensions, body []byte) (f fault) {
	//= RFC 7301 §3.1
	x.ALPN, f = onlyList(body, "protocol_name_list", 2, 1)
	if f.kind == 0 && in&helloEither == 0 && x.ALPN.Len() != 1 {
		f = fault{KindSyntax, "protocol_name_list"}
	}
	return f
}

func (alpn) append(_ Where, x *Extensions, dst []byte) []byte { return appendVector(dst, 2, x.ALPN) }

// max_fragment_length: a code that the server echoes.

type maxFragmentLength struct{ unchecked }

func (maxFragmentLength) parse(_ Where, x *Extensions, body []byte) fault {
	//= RFC 6066 §4
	r := reader{b: body}
	x.MaxFragmentLength = uint8(r.uint("max_fragment_length", 1))
	return r.endIf(x.MaxFragmentLength >= 1 && x.MaxFragmentLength <= 4, "max_fragment_length")
}

func (maxFragmentLength) append(_ Where, x *Extensions, dst []byte) []byte {
	return append(dst, x.MaxFragmentLength)
}

// record_size_limit: the most plaintext that the sender takes in one record.

type recordSizeLimit struct{ unchecked }

func (recordSizeLimit) parse(_ Where, x *Extensions, body []byte) fault {
	//= RFC 8449 §4
	r := reader{b: body}
	x.RecordSizeLimit = r.uint16("record_size_limit")
	return r.endIf(x.RecordSizeLimit >= 64, "record_size_limit")
}

func (recordSizeLimit) append(_ Where, x *Extensions, dst []byte) []byte {
	return appendUint16(dst, x.RecordSizeLimit)
}

// padding: zeros that make the ClientHello longer.

type padding struct{ unchecked }

func (padding) parse(_ Where, x *Extensions, body []byte) fault {
	//= RFC 7685 §3
	x.Padding = len(body)
	return fault{}
}

func (padding) append(_ Where, x *Extensions, dst []byte) []byte {
	return append(dst, make([]byte, x.Padding)...)
}
