package vectors

import (
	"bytes"
	"fmt"

	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/record"
)

// transcript is what one side knows of the handshake under way, up to TLS 1.2.
type transcript struct {
	messages []byte
	verify   [2][]byte // verify_data of the client's Finished, and of the server's
	before   [2][]byte // that of the handshake before this one
}

// add takes note of a message that was sent or delivered.
func (h *transcript) add(m Message) {
	if m.Type != record.TypeHandshake || len(m.Body) < msg.HeaderLen {
		return
	}
	switch m.Kind() {
	case msg.TypeHelloRequest:
		return
	case msg.TypeClientHello:
		h.messages, h.before, h.verify = nil, h.verify, [2][]byte{}
	case msg.TypeFinished:
		h.verify[index(m.Client)] = bytes.Clone(msg.Raw(m.Body).Body())
	}
	h.messages = append(h.messages, m.Body...)
}

// bind gives a message what its receiver must expect to be told of the
// conversation, by its own knowledge of it: Finished the verify_data, hellos the
// renegotiation_info (RFC 5746 §3). So a peer may lie, and keep to the lie.
func (t *Tap) bind(m Message) ([]Message, error) {
	v := &t.views[index(!m.Client)]
	switch m.Kind() {
	case msg.TypeClientHello:
		return m.extend(msg.ExtRenegotiationInfo, true, msg.AppendVector8(nil, v.heard.verify[0]))
	case msg.TypeServerHello:
		return m.extend(msg.ExtRenegotiationInfo, true, msg.AppendVector8(nil, append(bytes.Clone(v.heard.before[0]), v.heard.before[1]...)))
	case msg.TypeFinished:
		if v.version >= record.TLS13 || v.suite == nil {
			break
		}
		hash := keys.PRFHash(v.version, v.suite)
		master := keys.MasterFromBytes(hash, v.secrets[keys.LabelClientRandom])
		if master.IsZero() {
			break
		}
		digest := hash.New()
		digest.Write(v.heard.messages)
		return []Message{m.with(master.Finished(m.Body[:msg.HeaderLen:msg.HeaderLen], m.Client, digest.Sum(nil)))}, nil
	}
	return nil, fmt.Errorf("%v is not bound to the conversation", m.Kind())
}
