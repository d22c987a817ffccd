package transport

// livePSKModes are rows of OpAllowNoDHEKex. Two sides that know a key do without key
// exchange only if both allow it and have no group in common.
func livePSKModes() (rows []*liveRow) {
	key := PSK{[]byte("0123456789abcdef0123456789abcdef"), "me"}
	const both, neither = "both", "nobody"
	allow := map[string][2]SecureOptions{
		both: {OpAllowNoDHEKex, OpAllowNoDHEKex}, "the client": {OpAllowNoDHEKex, 0}, "the server": {0, OpAllowNoDHEKex}, neither: {},
	}
	for who, bits := range allow {
		for groups, curves := range map[string][2]string{
			"a group in common": {"X25519", "X25519"}, "a group to be asked for": {"P-256:X25519", "X25519"}, "no group in common": {"P-256", "X25519"},
		} {
			alone := who == both && groups == "no group in common"
			r := &liveRow{name: "PSK with " + groups + ", which " + who + " would do without", clientPSK: key, serverPSK: key, alone: &alone}
			r.client.SecureOptions, r.server.SecureOptions = bits[0], bits[1]
			r.client.ECDHCurve, r.server.ECDHCurve = curves[0], curves[1]
			r.client.Ciphers, r.server.Ciphers = "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"
			r.instead = map[string]string{ // node takes it for a session, which it is not
				ourClient + ": reused": "false", ourServer + ": reused": "false", nodeClient + ": events": `["secureConnect","session","session"]`,
			}
			rows = append(rows, r)
		}
		resumed := &liveRow{name: "resumption, which " + who + " would do without a group", resume: true, alone: new(false)}
		resumed.client.SecureOptions, resumed.server.SecureOptions = bits[0], bits[1]
		rows = append(rows, resumed)
	}
	return rows
}
