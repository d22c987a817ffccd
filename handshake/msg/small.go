package msg

// Finished is the MAC over the handshake (RFC 9846 §4.5.3; RFC 5246 §7.4.9).
type Finished struct {
	Verify []byte `tls:"verify_data"` // verify_data, any length up to LimitFinished
}

func (*Finished) Type() Type { return TypeFinished }

// Parse accepts any length: the right one follows from the suite, which the engine knows.
func (m *Finished) Parse(body []byte) error {
	r := reader{b: body}
	*m = Finished{r.bytes("verify_data", min(len(body), LimitFinished))}
	return r.end().of(TypeFinished)
}

func (m *Finished) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeFinished)
	return end(append(dst, m.Verify...), at)
}

// KeyUpdate says that the sender's next record comes under new keys (RFC 9846 §4.7.3).
type KeyUpdate struct {
	Request bool `tls:"request_update"` // update_requested: the receiver is to update too
}

func (*KeyUpdate) Type() Type { return TypeKeyUpdate }

// Parse refuses values other than 0 and 1 with KindIllegal.
func (m *KeyUpdate) Parse(body []byte) error {
	//= RFC 9846 §4.7.3
	r := reader{b: body}
	v := r.uint("request_update", 1)
	*m = KeyUpdate{v == 1}
	if f := r.end(); f.kind != 0 {
		return f.of(TypeKeyUpdate)
	}
	if v > 1 {
		return fault{KindIllegal, "request_update"}.of(TypeKeyUpdate)
	}
	return nil
}

func (m *KeyUpdate) Append(dst []byte) []byte {
	var v byte
	if m.Request {
		v = 1
	}
	dst, at := begin(dst, TypeKeyUpdate)
	return end(append(dst, v), at)
}

// HelloRequest asks a client of TLS 1.2 to renegotiate (RFC 5246 §7.4.1.1).
type HelloRequest struct{}

func (*HelloRequest) Type() Type               { return TypeHelloRequest }
func (*HelloRequest) Parse(body []byte) error  { return parseEmpty(TypeHelloRequest, body) }
func (*HelloRequest) Append(dst []byte) []byte { return appendEmpty(dst, TypeHelloRequest) }

// ServerHelloDone ends the server's first flight of TLS 1.2 (RFC 5246 §7.4.5).
type ServerHelloDone struct{}

func (*ServerHelloDone) Type() Type               { return TypeServerHelloDone }
func (*ServerHelloDone) Parse(body []byte) error  { return parseEmpty(TypeServerHelloDone, body) }
func (*ServerHelloDone) Append(dst []byte) []byte { return appendEmpty(dst, TypeServerHelloDone) }

// EndOfEarlyData ends the client's 0-RTT data (RFC 9846 §4.6).
type EndOfEarlyData struct{}

func (*EndOfEarlyData) Type() Type               { return TypeEndOfEarlyData }
func (*EndOfEarlyData) Parse(body []byte) error  { return parseEmpty(TypeEndOfEarlyData, body) }
func (*EndOfEarlyData) Append(dst []byte) []byte { return appendEmpty(dst, TypeEndOfEarlyData) }

func parseEmpty(t Type, body []byte) error {
	r := reader{b: body}
	return r.end().of(t)
}

func appendEmpty(dst []byte, t Type) []byte {
	dst, at := begin(dst, t)
	return end(dst, at)
}
