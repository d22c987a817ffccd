package handshake

// This file is the transition relation of the handshake. Each vertex is a
// struct type that holds what is known there; each handler returns a sealed
// interface that names the only vertices that may follow. A transition that is
// not written here does not compile. Vertices that wait for a message are
// called after it; those parked on a query have a gerund for a name.

func (connected) isState() {}

// Another handshake on a connection, up to TLS 1.2 (RFC 5746).

type afterConnected interface {
	state
	afterConnected()
}

func (*loadingSession) afterConnected()  {}
func (*waitClientHello) afterConnected() {}

// The client's hellos, in every version.

type afterSession interface {
	state
	afterSession()
}
type afterSessionVerdict interface { // or where there was nothing to judge
	afterSession
	afterSessionVerdict()
}
type afterPSK interface {
	state
	afterPSK()
}
type afterServerHello interface {
	state
	afterServerHello()
}
type afterServerHelloAgain interface {
	state
	afterServerHelloAgain()
}

func (*loadingSession) isState()       {}
func (*verifyingSession) isState()     {}
func (*choosingPSK) isState()          {}
func (*waitServerHello) isState()      {}
func (*waitServerHelloAgain) isState() {}

func (*verifyingSession) afterSession() {} // is judged anew
func (*choosingPSK) afterSession()      {} // no session fits
func (*waitServerHello) afterSession()  {}

func (*choosingPSK) afterSessionVerdict()     {}
func (*waitServerHello) afterSessionVerdict() {}

func (*waitServerHello) afterPSK() {}

func (*waitServerHelloAgain) afterServerHello()    {}
func (*waitEncryptedExtensions) afterServerHello() {}
func (*waitCertificate12) afterServerHello()       {}
func (*waitKeyExchange) afterServerHello()         {} // the server shows no certificate
func (*waitHint) afterServerHello()                {}
func (*waitResumedTicket12) afterServerHello()     {}
func (*waitResumedCCS12) afterServerHello()        {}

func (*waitEncryptedExtensions) afterServerHelloAgain() {}

// The client in TLS 1.3 (RFC 9846 Appendix A.1).

type afterEncryptedExtensions interface {
	state
	afterEncryptedExtensions()
}
type afterCertificateRequest interface {
	state
	afterCertificateRequest()
}
type afterCertificate interface {
	state
	afterCertificate()
}
type afterCertificateVerify interface {
	state
	afterCertificateVerify()
}
type afterServerVerdict interface {
	state
	afterServerVerdict()
}
type afterServerFinished interface {
	state
	afterServerFinished()
}
type afterCredential interface {
	state
	afterCredential()
}
type afterClientSignature interface {
	state
	afterClientSignature()
}

func (*waitEncryptedExtensions) isState()  {}
func (*waitCertificateOrRequest) isState() {}
func (*waitCertificate) isState()          {}
func (*waitCertificateVerify) isState()    {}
func (*verifyingServer) isState()          {}
func (*waitServerFinished) isState()       {}
func (*choosingCredential) isState()       {}
func (*signingClient) isState()            {}

func (*waitCertificateOrRequest) afterEncryptedExtensions() {}
func (*waitServerFinished) afterEncryptedExtensions()       {} // resumed

func (*waitCertificate) afterCertificateRequest() {}

func (*waitCertificateVerify) afterCertificate() {}

func (*verifyingServer) afterCertificateVerify() {}

func (*waitServerFinished) afterServerVerdict() {}

func (*choosingCredential) afterServerFinished() {} // requested
func (connected) afterServerFinished()           {}

func (*signingClient) afterCredential() {}
func (connected) afterCredential()      {} // has none

func (connected) afterClientSignature() {}

// The client up to TLS 1.2 (RFC 5246 §7.3).

type afterCertificate12 interface {
	state
	afterCertificate12()
}
type afterStatus12 interface { // or after the certificate itself
	waiting
	afterCertificate12
	afterStatus12()
}
type afterKeyExchange12 interface { // or the hint, or where neither comes
	waiting
	afterKeyExchange12()
}
type afterRequest12 interface {
	state
	afterRequest12()
}
type afterHelloDone12 interface {
	state
	afterHelloDone12()
}
type afterAnonymousDone12 interface {
	state
	afterAnonymousDone12()
}
type afterServerVerdict12 interface {
	state
	afterServerVerdict12()
}
type afterCredential12 interface {
	state
	afterCredential12()
}
type afterPSK12 interface {
	state
	afterPSK12()
}
type afterClientSignature12 interface {
	state
	afterClientSignature12()
}
type afterClientChain12 interface { // wherever no signature follows
	afterAnonymousDone12
	afterServerVerdict12
	afterCredential12
}
type afterClientFlight12 interface { // wherever the flight ends
	afterClientChain12
	afterPSK12
	afterClientSignature12
}
type afterTicket12 interface {
	state
	afterTicket12()
}
type afterServerCCS12 interface {
	state
	afterServerCCS12()
}
type afterServerFinished12 interface {
	state
	afterServerFinished12()
}

func (*waitCertificate12) isState()    {}
func (*waitStatus12) isState()         {}
func (*waitKeyExchange) isState()      {}
func (*waitHint) isState()             {}
func (*waitRequestOrDone) isState()    {}
func (*waitHelloDone) isState()        {}
func (*waitAnonymousDone) isState()    {}
func (*verifyingServer12) isState()    {}
func (*choosingCredential12) isState() {}
func (*choosingPSK12) isState()        {}
func (*signingClient12) isState()      {}
func (*waitTicket12) isState()         {}
func (*waitServerCCS12) isState()      {}
func (*waitServerFinished12) isState() {}

func (*waitStatus12) afterCertificate12()      {} // OCSP was acknowledged
func (*waitKeyExchange) afterCertificate12()   {}
func (*waitHint) afterCertificate12()          {} // RSA_PSK
func (*waitRequestOrDone) afterCertificate12() {} // RSA

func (*waitKeyExchange) afterStatus12()   {}
func (*waitHint) afterStatus12()          {}
func (*waitRequestOrDone) afterStatus12() {}

func (*waitRequestOrDone) afterKeyExchange12() {}
func (*waitAnonymousDone) afterKeyExchange12() {} // no certificate was shown, so none is asked for

func (*waitHelloDone) afterRequest12() {}

func (*verifyingServer12) afterHelloDone12() {}

func (*choosingPSK12) afterAnonymousDone12()   {}
func (*waitTicket12) afterAnonymousDone12()    {}
func (*waitServerCCS12) afterAnonymousDone12() {}

func (*choosingCredential12) afterServerVerdict12() {} // requested
func (*choosingPSK12) afterServerVerdict12()        {}
func (*waitTicket12) afterServerVerdict12()         {}
func (*waitServerCCS12) afterServerVerdict12()      {}

func (*choosingPSK12) afterCredential12()   {}
func (*signingClient12) afterCredential12() {}
func (*waitTicket12) afterCredential12()    {} // has none
func (*waitServerCCS12) afterCredential12() {}

func (*signingClient12) afterPSK12() {}
func (*waitTicket12) afterPSK12()    {}
func (*waitServerCCS12) afterPSK12() {}

func (*waitTicket12) afterClientSignature12()    {}
func (*waitServerCCS12) afterClientSignature12() {}

func (*waitServerCCS12) afterTicket12() {}

func (*waitServerFinished12) afterServerCCS12() {}

func (connected) afterServerFinished12() {}

// The client, resuming up to TLS 1.2.

type afterResumedTicket12 interface {
	state
	afterResumedTicket12()
}
type afterResumedCCS12 interface {
	state
	afterResumedCCS12()
}
type afterResumedFinished12 interface {
	state
	afterResumedFinished12()
}

func (*waitResumedTicket12) isState()   {}
func (*waitResumedCCS12) isState()      {}
func (*waitResumedFinished12) isState() {}

func (*waitResumedCCS12) afterResumedTicket12() {}

func (*waitResumedFinished12) afterResumedCCS12() {}

func (connected) afterResumedFinished12() {}

// The server's hellos, in every version.

type afterClientHello interface {
	state
	afterClientHello()
}
type afterChoice interface {
	state
	afterChoice()
}
type afterFoundPSK interface {
	state
	afterFoundPSK()
}
type afterFoundPSKOnly interface {
	state
	afterFoundPSKOnly()
}
type afterClientHelloAgain interface {
	state
	afterClientHelloAgain()
}

func (*waitClientHello) isState()      {}
func (*choosingContext) isState()      {}
func (*findingPSK) isState()           {}
func (*findingPSKOnly) isState()       {}
func (*waitClientHelloAgain) isState() {}

func (*choosingContext) afterClientHello() {}

func (*waitClientHelloAgain) afterChoice()    {} // after a HelloRetryRequest
func (*findingPSK) afterChoice()              {} // offers a key that is no ticket
func (*findingPSKOnly) afterChoice()          {} // the same, to be used without key exchange
func (*stapling) afterChoice()                {} // the client wants a staple
func (*signingServer) afterChoice()           {}
func (*waitClientFinished) afterChoice()      {} // resumed
func (*findingSession12) afterChoice()        {}
func (*stapling12) afterChoice()              {}
func (*signingServer12) afterChoice()         {}
func (*waitClientCertificate12) afterChoice() {} // nothing to sign
func (*waitClientKeyExchange) afterChoice()   {}
func (*waitResumedClientCCS12) afterChoice()  {}

func (*findingPSK) afterClientHelloAgain()         {}
func (*stapling) afterClientHelloAgain()           {}
func (*signingServer) afterClientHelloAgain()      {}
func (*waitClientFinished) afterClientHelloAgain() {} // resumed

func (*stapling) afterFoundPSK()           {} // none known
func (*signingServer) afterFoundPSK()      {}
func (*waitClientFinished) afterFoundPSK() {}

func (*waitClientHelloAgain) afterFoundPSKOnly() {} // none known, and no share that fits
func (*stapling) afterFoundPSKOnly()             {} // none known
func (*signingServer) afterFoundPSKOnly()        {}
func (*waitClientFinished) afterFoundPSKOnly()   {}

// The server in TLS 1.3 (RFC 9846 Appendix A.2).

type afterStaple interface {
	state
	afterStaple()
}
type afterServerSignature interface {
	state
	afterServerSignature()
}
type afterClientCertificate interface {
	state
	afterClientCertificate()
}
type afterClientVerify interface {
	state
	afterClientVerify()
}
type afterClientVerdict interface {
	state
	afterClientVerdict()
}
type afterClientFinished interface {
	state
	afterClientFinished()
}

func (*stapling) isState()                    {}
func (*signingServer) isState()               {}
func (*waitClientCertificate) isState()       {}
func (*waitClientCertificateVerify) isState() {}
func (*verifyingClient) isState()             {}
func (*waitClientFinished) isState()          {}

func (*signingServer) afterStaple() {}

func (*waitClientCertificate) afterServerSignature() {} // requested
func (*waitClientFinished) afterServerSignature()    {}

func (*waitClientCertificateVerify) afterClientCertificate() {}
func (*waitClientFinished) afterClientCertificate()          {} // has none

func (*verifyingClient) afterClientVerify() {}

func (*waitClientFinished) afterClientVerdict() {}

func (connected) afterClientFinished() {}

// The server up to TLS 1.2 (RFC 5246 §7.3).

type afterSession12 interface { // whether one was looked for or not
	afterChoice
	afterSession12()
}
type afterStaple12 interface { // whether one was asked for or not
	afterSession12
	afterStaple12()
}
type afterServerSignature12 interface {
	state
	afterServerSignature12()
}
type afterServerFlight12 interface { // signed or not
	afterStaple12
	afterServerSignature12
}
type afterClientCertificate12 interface {
	state
	afterClientCertificate12()
}
type afterClientKeyExchange interface {
	state
	afterClientKeyExchange()
}
type afterDecryption interface {
	afterClientKeyExchange
	afterDecryption()
}
type afterFoundPSK12 interface {
	afterDecryption
	afterFoundPSK12()
}
type afterClientVerify12 interface {
	state
	afterClientVerify12()
}
type afterClientVerdict12 interface {
	state
	afterClientVerdict12()
}
type afterClientCCS12 interface {
	state
	afterClientCCS12()
}
type afterClientFinished12 interface {
	state
	afterClientFinished12()
}
type afterStored12 interface {
	state
	afterStored12()
}

func (*findingSession12) isState()              {}
func (*stapling12) isState()                    {}
func (*signingServer12) isState()               {}
func (*waitClientCertificate12) isState()       {}
func (*waitClientKeyExchange) isState()         {}
func (*decryptingPremaster) isState()           {}
func (*findingPSK12) isState()                  {}
func (*waitClientCertificateVerify12) isState() {}
func (*verifyingClient12) isState()             {}
func (*waitClientCCS12) isState()               {}
func (*waitClientFinished12) isState()          {}
func (*storingSession12) isState()              {}

func (*stapling12) afterSession12()              {}
func (*signingServer12) afterSession12()         {}
func (*waitClientCertificate12) afterSession12() {}
func (*waitClientKeyExchange) afterSession12()   {}
func (*waitResumedClientCCS12) afterSession12()  {}

func (*signingServer12) afterStaple12()         {}
func (*waitClientCertificate12) afterStaple12() {}
func (*waitClientKeyExchange) afterStaple12()   {}

func (*waitClientCertificate12) afterServerSignature12() {} // requested
func (*waitClientKeyExchange) afterServerSignature12()   {}

func (*waitClientKeyExchange) afterClientCertificate12() {}

func (*decryptingPremaster) afterClientKeyExchange()           {} // RSA
func (*findingPSK12) afterClientKeyExchange()                  {}
func (*waitClientCertificateVerify12) afterClientKeyExchange() {} // sent one
func (*waitClientCCS12) afterClientKeyExchange()               {}

func (*findingPSK12) afterDecryption()                  {}
func (*waitClientCertificateVerify12) afterDecryption() {}
func (*waitClientCCS12) afterDecryption()               {}

func (*waitClientCertificateVerify12) afterFoundPSK12() {} // RSA_PSK
func (*waitClientCCS12) afterFoundPSK12()               {}

func (*verifyingClient12) afterClientVerify12() {}

func (*waitClientCCS12) afterClientVerdict12() {}

func (*waitClientFinished12) afterClientCCS12() {}

func (*storingSession12) afterClientFinished12() {}
func (connected) afterClientFinished12()         {}

func (connected) afterStored12() {}

// The server, resuming up to TLS 1.2.

type afterResumedClientCCS12 interface {
	state
	afterResumedClientCCS12()
}
type afterResumedClientFinished12 interface {
	state
	afterResumedClientFinished12()
}

func (*waitResumedClientCCS12) isState()      {}
func (*waitResumedClientFinished12) isState() {}

func (*waitResumedClientFinished12) afterResumedClientCCS12() {}

func (connected) afterResumedClientFinished12() {}
