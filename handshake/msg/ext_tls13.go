package msg

import "tacet/record"

// Extensions by which TLS 1.3 negotiates.

type postHandshakeAuth struct{ flag } // RFC 9846 §4.3.6

// supported_versions: the client's list, the server's choice.

type supportedVersions struct{}

func (supportedVersions) parse(in Where, x *Extensions, body []byte) (f fault) {
	//= RFC 9846 §4.3.1
	if in&helloEither != 0 {
		x.SupportedVersions, f = onlyUint16s(body, "versions", 1)
		return f
	}
	r := reader{b: body}
	x.SelectedVersion = record.Version(r.uint16("selected_version"))
	return r.end()
}

func (supportedVersions) append(in Where, x *Extensions, dst []byte) []byte {
	if in&helloEither != 0 {
		return appendVector(dst, 1, x.SupportedVersions)
	}
	return appendUint16(dst, uint16(x.SelectedVersion))
}

func (supportedVersions) check(in Where, x *Extensions) fault {
	//= RFC 9846 §9.2
	if in&(InServerHello|InRetry) != 0 {
		return absent(x, ExtSupportedVersions)
	}
	return fault{}
}

// cookie: from a HelloRetryRequest into the second ClientHello.

type cookie struct{ unchecked }

func (cookie) parse(_ Where, x *Extensions, body []byte) (f fault) {
	//= RFC 9846 §4.3.2
	x.Cookie, f = onlyVector(body, "cookie", 2, 1)
	return f
}

func (cookie) append(_ Where, x *Extensions, dst []byte) []byte {
	return appendVector(dst, 2, x.Cookie)
}

// supported_groups: the client's list; a server's is only information.

type supportedGroups struct{}

func (supportedGroups) parse(_ Where, x *Extensions, body []byte) (f fault) {
	//= RFC 9846 §4.3.7
	x.SupportedGroups, f = onlyUint16s(body, "named_group_list", 2)
	return f
}

func (supportedGroups) append(_ Where, x *Extensions, dst []byte) []byte {
	return appendVector(dst, 2, x.SupportedGroups)
}

func (supportedGroups) check(in Where, x *Extensions) fault {
	//= RFC 9846 §9.2
	if in == InClientHello && x.offers13() && (x.Have(ExtKeyShare) || !x.Have(ExtPreSharedKey)) {
		return absent(x, ExtSupportedGroups)
	}
	return fault{}
}

// key_share: the client's shares; the server's share, or the group that it
// wants a share for.

type keyShare struct{}

func (keyShare) parse(in Where, x *Extensions, body []byte) fault {
	r := reader{b: body}
	switch {
	case in&helloEither != 0:
		return x.parseKeyShares(body)
	case in&InRetry != 0:
		x.RetryGroup = r.uint16("selected_group")
	default:
		x.ServerShare = r.keyShare()
	}
	return r.end()
}

// parseKeyShares refuses two shares for one group.
func (x *Extensions) parseKeyShares(body []byte) fault {
	//= RFC 9846 §4.3.8
	shares, f := onlyVector(body, "client_shares", 2, 0)
	if f.kind != 0 {
		return f
	}
	var groups codes
	for r := (reader{b: shares}); r.more(); {
		share := r.keyShare()
		if r.fault.kind != 0 {
			return fault{KindSyntax, "client_shares"}
		}
		if !groups.add(share.Group) {
			return fault{KindDuplicate, "client_shares"}
		}
	}
	x.KeyShares = shares
	return fault{}
}

func (keyShare) append(in Where, x *Extensions, dst []byte) []byte {
	switch {
	case in&helloEither != 0:
		return appendVector(dst, 2, x.KeyShares)
	case in&InRetry != 0:
		return appendUint16(dst, x.RetryGroup)
	}
	return AppendKeyShare(dst, x.ServerShare.Group, x.ServerShare.Data)
}

// check: a client that names groups gives shares, be it none; a ServerHello has
// a share unless a PSK alone makes the keys; a HelloRetryRequest asks for something.
func (keyShare) check(in Where, x *Extensions) fault {
	//= RFC 9846 §9.2
	switch {
	case in == InClientHello && x.offers13() && (x.Have(ExtSupportedGroups) || !x.Have(ExtPreSharedKey)),
		in == InServerHello && !x.Have(ExtPreSharedKey):
		return absent(x, ExtKeyShare)
	case in == InRetry && !x.Have(ExtKeyShare) && !x.Have(ExtCookie):
		return fault{KindIllegal, ""}
	}
	return fault{}
}

// psk_key_exchange_modes: needed with pre_shared_key.

type pskModes struct{}

func (pskModes) parse(_ Where, x *Extensions, body []byte) (f fault) {
	//= RFC 9846 §4.3.9
	x.PSKModes, f = onlyVector(body, "ke_modes", 1, 1)
	return f
}

func (pskModes) append(_ Where, x *Extensions, dst []byte) []byte {
	return appendVector(dst, 1, x.PSKModes)
}

func (pskModes) check(in Where, x *Extensions) fault {
	//= RFC 9846 §4.3.9
	if in == InClientHello && x.offers13() && x.Have(ExtPreSharedKey) {
		return absent(x, ExtPSKModes)
	}
	return fault{}
}

// early_data: 0-RTT data follows, or is taken, or how much a ticket allows.

type earlyData struct{ unchecked }

func (earlyData) parse(in Where, x *Extensions, body []byte) fault {
	//= RFC 9846 §4.3.10
	r := reader{b: body}
	if in&InNewSessionTicket != 0 {
		x.MaxEarlyData = r.uint("max_early_data_size", 4)
	}
	return r.end()
}

func (earlyData) append(in Where, x *Extensions, dst []byte) []byte {
	if in&InNewSessionTicket != 0 {
		return appendUint32(dst, x.MaxEarlyData)
	}
	return dst
}

// pre_shared_key: identities and as many binders; the index of the one taken.

type preSharedKey struct{}

func (preSharedKey) parse(in Where, x *Extensions, body []byte) fault {
	//= RFC 9846 §4.3.11
	if in&helloEither != 0 {
		return x.PSK.parse(body)
	}
	r := reader{b: body}
	x.SelectedPSK = r.uint16("selected_identity")
	return r.end()
}

func (p *OfferedPSKs) parse(body []byte) fault {
	r := reader{b: body}
	p.Identities = r.vector("identities", 2, 7, 1<<16-1)
	p.Binders = r.filled("binders", 2, 1, 1) // their length is TLS 1.3's to judge
	identities := 0
	for in := (reader{b: p.Identities}); in.more(); identities++ {
		if in.pskIdentity(); in.fault.kind != 0 {
			r.fail(KindSyntax, "identities")
			break
		}
	}
	return r.endIf(identities == p.Binders.Len(), "binders")
}

// check holds binders to the length of a hash, where TLS 1.3 looks at them: what a
// client's sessions of older versions are worth as keys is nothing to TLS 1.2.
func (preSharedKey) check(in Where, x *Extensions) fault {
	//= RFC 9846 §4.3.11
	if in == InClientHello {
		for b := range x.PSK.Binders.All() {
			if len(b) < 32 {
				return fault{KindSyntax, "binders"}
			}
		}
	}
	return fault{}
}

func (preSharedKey) append(in Where, x *Extensions, dst []byte) []byte {
	if in&helloEither == 0 {
		return appendUint16(dst, x.SelectedPSK)
	}
	return appendVector(appendVector(dst, 2, x.PSK.Identities), 2, x.PSK.Binders)
}
