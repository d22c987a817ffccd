package handshake

import (
	"tacet/handshake/msg"
	"tacet/record"
)

// Limits on the plaintext of records that the two sides tell each other
// (RFC 6066 §4, RFC 8449). Both count plaintext, and both hold for protected
// records only, as far as this side goes: a smaller record is never wrong, and
// plaintext ones are bounded by the handshake's own limits.

// fragmentLength is the limit that a code of max_fragment_length means.
func fragmentLength(code uint8) uint16 { return 1 << (8 + code) }

// offerSizes adds what the client wants.
func (p *profile) offerSizes(x *msg.Extensions) {
	if code := p.cfg.MaxFragmentLength; code != 0 {
		x.MaxFragmentLength = code
		x.Set(msg.ExtMaxFragmentLength)
	}
	p.setRecordSizeLimit(x)
}

func (p *profile) setRecordSizeLimit(x *msg.Extensions) {
	if n := p.cfg.RecordSizeLimit; n != 0 {
		x.RecordSizeLimit = uint16(n)
		x.Set(msg.ExtRecordSizeLimit)
	}
}

// takeSizes takes what the server answered to the client's offer.
func (fx *effects) takeSizes(x *msg.Extensions) error {
	switch {
	case x.Have(msg.ExtRecordSizeLimit):
		//= RFC 8449 §5
		if x.Have(msg.ExtMaxFragmentLength) {
			return failure(KindIllegalParameter, "max_fragment_length beside record_size_limit")
		}
		fx.agreeRecordSizes(x.RecordSizeLimit)
	case x.Have(msg.ExtMaxFragmentLength):
		//= RFC 6066 §4
		if x.MaxFragmentLength != fx.profile.cfg.MaxFragmentLength {
			return failure(KindIllegalParameter, "max_fragment_length")
		}
		fx.agreeFragment(x.MaxFragmentLength)
	}
	return nil
}

// answerSizes answers the client's offer. The newer extension goes first.
func (fx *effects) answerSizes(offered, x *msg.Extensions) {
	switch {
	case offered.Have(msg.ExtRecordSizeLimit) && fx.profile.cfg.RecordSizeLimit != 0:
		fx.profile.setRecordSizeLimit(x)
		fx.agreeRecordSizes(offered.RecordSizeLimit)
	case offered.Have(msg.ExtMaxFragmentLength):
		x.MaxFragmentLength = offered.MaxFragmentLength
		x.Set(msg.ExtMaxFragmentLength)
		fx.agreeFragment(x.MaxFragmentLength)
	}
}

// offeredFragment is the code of max_fragment_length that a client's hello leads to.
func (fx *effects) offeredFragment(offered *msg.Extensions) uint8 {
	if !offered.Have(msg.ExtMaxFragmentLength) ||
		offered.Have(msg.ExtRecordSizeLimit) && fx.profile.cfg.RecordSizeLimit != 0 {
		return 0
	}
	return offered.MaxFragmentLength
}

func (fx *effects) agreeFragment(code uint8) {
	fx.conn.fragmentCode = code
	fx.limit(fragmentLength(code), fragmentLength(code))
}

// agreeRecordSizes puts the peer's limit and this side's own in force. In TLS 1.3
// both count the byte of the content type.
func (fx *effects) agreeRecordSizes(peer uint16) {
	//= RFC 8449 §4
	own, hidden := uint16(fx.profile.cfg.RecordSizeLimit), uint16(0)
	if fx.conn.Version >= record.TLS13 {
		hidden = 1
	}
	fx.limit(min(peer-hidden, record.MaxPlaintext), min(own-hidden, record.MaxPlaintext))
}

// limit bounds the plaintext of records from here on.
func (fx *effects) limit(send, receive uint16) {
	fx.conn.sendLimit, fx.conn.recvLimit = send, receive
	fx.add(effect{kind: doLimit})
}
