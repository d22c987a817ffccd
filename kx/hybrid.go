package kx

// hybrid runs two kems side by side and concatenates, in the order of its fields,
// shares, secrets and seeds. The order is the group's own: X25519MLKEM768 has
// ML-KEM first, the groups named after a NIST curve have the curve first
// (draft-ietf-tls-ecdhe-mlkem §4). If either part fails, all fails.
type hybrid struct{ first, second kem }

func (h hybrid) sizes() sizes {
	a, b := h.first.sizes(), h.second.sizes()
	return sizes{
		initiator:       a.initiator + b.initiator,
		responder:       a.responder + b.responder,
		shared:          a.shared + b.shared,
		seed:            a.seed + b.seed,
		encapsulateSeed: a.encapsulateSeed + b.encapsulateSeed,
	}
}

func (h hybrid) generate(seed []byte) (key, Kind) {
	n := h.first.sizes().seed
	first, kind := h.first.generate(seed[:n])
	if kind != 0 {
		return nil, kind
	}
	second, kind := h.second.generate(seed[n:])
	if kind != 0 {
		return nil, kind
	}
	return &hybridKey{first, second, h.first.sizes().responder}, 0
}

func (h hybrid) encapsulate(share, shared, seed, peer []byte) (_, _ []byte, _ Kind) {
	n := h.first.sizes()
	share, shared, kind := h.first.encapsulate(share, shared, seed[:n.encapsulateSeed], peer[:n.initiator])
	if kind != 0 {
		return nil, nil, kind
	}
	return h.second.encapsulate(share, shared, seed[n.encapsulateSeed:], peer[n.initiator:])
}

type hybridKey struct {
	first, second key
	cut           int // where the second part of the responder's share begins
}

func (k *hybridKey) appendShare(dst []byte) []byte {
	return k.second.appendShare(k.first.appendShare(dst))
}

func (k *hybridKey) decapsulate(dst, peer []byte) ([]byte, Kind) {
	dst, kind := k.first.decapsulate(dst, peer[:k.cut])
	if kind != 0 {
		return nil, kind
	}
	return k.second.decapsulate(dst, peer[k.cut:])
}

func (k *hybridKey) clear() {
	k.first.clear()
	k.second.clear()
}
