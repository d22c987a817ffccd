package transport

// SecureOptions is a set of OpenSSL's SSL_OP_ bits, with the numbers of node's
// crypto.constants.
type SecureOptions uint64

// The bits that have an effect.
const (
	// OpNoSessionResumptionOnRenegotiation: no renegotiation resumes a session.
	OpNoSessionResumptionOnRenegotiation SecureOptions = 1 << 16
	// OpNoTicket: a server makes and takes no tickets.
	OpNoTicket SecureOptions = 1 << 14
	// OpCipherServerPreference: a server's order of ciphers counts (honorCipherOrder).
	OpCipherServerPreference SecureOptions = 1 << 22
	// OpNoTLSv1 to OpNoTLSv1_3: not that version. Those left have to be in a row.
	OpNoTLSv1   SecureOptions = 1 << 26
	OpNoTLSv1_2 SecureOptions = 1 << 27
	OpNoTLSv1_1 SecureOptions = 1 << 28
	OpNoTLSv1_3 SecureOptions = 1 << 29
	// OpNoRenegotiation: the peer's wish to renegotiate is refused.
	OpNoRenegotiation SecureOptions = 1 << 30
)
