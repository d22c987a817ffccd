package main

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"tacet/handshake"
)

// settings is what the flags say of one connection.
type settings struct {
	port, shimID, resumeCount int
	ipv6, server, async       bool
	implicitHandshake         bool
	fork, split               bool

	credentials []*credential // the first is the default one, and may be empty
	trustCert   string

	minVersion, maxVersion             int
	noTLS1, noTLS11, noTLS12, noTLS13  bool
	cipher                             string
	serverPreference                   bool
	curves, keyShares                  []int
	noKeyShares                        bool
	verifyPrefs                        []int
	hostName                           string
	advertiseALPN, selectALPN          string
	declineALPN, rejectALPN, anyALPN   bool
	enableOCSP, enableSCTs             bool
	noTicket, useTicketCallback        bool
	renewTicket                        bool
	maxSendFragment                    int
	psk, pskIdentity                   string
	noLegacyServer, noNameAck          bool
	skipTicket                         bool
	exportTraffic                      bool
	curveFlags                         []int
	fallback                           bool
	renegotiate                        handshake.RenegotiationPolicy
	renegotiateOnce, forbidAfter       bool
	requireAnyClientCert, verifyPeer   bool
	clientCAs                          string
	verifyFail, customVerify, reverify bool
	ocspCallback, setOCSPInCallback    bool
	declineOCSP, failOCSP              bool
	earlyCallback, failEarlyCallback   bool
	failCertCallback                   bool
	shimWritesFirst, shimShutsDown     bool
	initialWrite                       string
	repeatInitialWrite                 int
	readWithUnfinishedWrite            bool
	writeDifferentRecordSizes          bool
	partialWrite                       bool
	readSize                           int
	keyUpdate, keyUpdateBeforeRead     bool
	sendAlert, checkCloseNotify        bool
	exportLength                       int
	exportLabel, exportContext         string
	useExportContext, exportAfterReads bool
	tlsUnique                          bool
	resumptionDelay                    int
	handshakeNeverDone                 bool

	expect expectations
}

// credential is a certificate as the flags name it.
type credential struct {
	certFile, keyFile string
	ocsp, scts        []byte
	signingPrefs      []int
	mustMatchIssuer   bool
}

// expectations are what the connection must have turned out to be.
type expectations struct {
	version, cipher, curve, peerScheme int
	alpn, advertisedALPN               string
	serverName                         string
	noServerName                       bool
	ocsp, scts                         []byte
	sessionMiss, noSession             bool
	ticketRenewal                      bool
	extendedMaster                     bool
	secureRenegotiation                bool
	noSecureRenegotiation              bool
	hrr, noHRR, noPeerCert             bool
	peerCertFile, clientCAs            string
	peerVerifyPrefs                    []int
	messages                           string
	selectedCredential                 int
	renegotiations                     int
	sessionID, noSessionID             bool
	ticketEarlyData                    bool
	ticketAgeSkew                      int // seconds
	certificateTypes                   []byte
}

// flag is one flag: what it does to the settings, and whether a value follows it.
type flag struct {
	value bool
	set   func(*settings, string) error
}

func boolean(f func(*settings) *bool) flag {
	return flag{false, func(s *settings, _ string) error { *f(s) = true; return nil }}
}

func text(f func(*settings) *string) flag {
	return flag{true, func(s *settings, v string) error { *f(s) = v; return nil }}
}

func number(f func(*settings) *int) flag {
	return flag{true, func(s *settings, v string) (err error) { *f(s), err = strconv.Atoi(v); return err }}
}

func numbers(f func(*settings) *[]int) flag {
	return flag{true, func(s *settings, v string) error {
		n, err := strconv.Atoi(v)
		*f(s) = append(*f(s), n)
		return err
	}}
}

func encoded(f func(*settings) *[]byte) flag {
	return flag{true, func(s *settings, v string) (err error) {
		*f(s), err = base64.StdEncoding.DecodeString(v)
		return err
	}}
}

func renegotiation(p handshake.RenegotiationPolicy) flag {
	return flag{false, func(s *settings, _ string) error { s.renegotiate = p; return nil }}
}

// earlyDataReason: there is no early data, and it is always for the same reason.
func earlyDataReason() flag {
	return flag{true, func(s *settings, v string) error {
		if v != "disabled" {
			return unimplemented("early data that is " + v)
		}
		return nil
	}}
}

// nothing accepts a flag that changes nothing here.
func nothing(value bool) flag {
	return flag{value, func(*settings, string) error { return nil }}
}

func (s *settings) cred() *credential { return s.credentials[len(s.credentials)-1] }

var flags = map[string]flag{
	"port":                                 number(func(s *settings) *int { return &s.port }),
	"shim-id":                              number(func(s *settings) *int { return &s.shimID }),
	"resume-count":                         number(func(s *settings) *int { return &s.resumeCount }),
	"ipv6":                                 boolean(func(s *settings) *bool { return &s.ipv6 }),
	"server":                               boolean(func(s *settings) *bool { return &s.server }),
	"async":                                boolean(func(s *settings) *bool { return &s.async }),
	"tacet-fork":                           boolean(func(s *settings) *bool { return &s.fork }),
	"tacet-split":                          boolean(func(s *settings) *bool { return &s.split }),
	"implicit-handshake":                   boolean(func(s *settings) *bool { return &s.implicitHandshake }),
	"handshake-never-done":                 boolean(func(s *settings) *bool { return &s.handshakeNeverDone }),
	"no-op-extra-handshake":                nothing(false), // an engine's handshake is not a call
	"handshake-twice":                      nothing(false),
	"renegotiate-freely":                   renegotiation(handshake.AllowRenegotiation),
	"renegotiate-explicit":                 renegotiation(handshake.AllowRenegotiation),  // the shim would at once
	"renegotiate-ignore":                   renegotiation(handshake.RefuseRenegotiation), // with a warning, and the connection goes on
	"renegotiate-once":                     boolean(func(s *settings) *bool { return &s.renegotiateOnce }),
	"forbid-renegotiation-after-handshake": boolean(func(s *settings) *bool { return &s.forbidAfter }),
	"new-x509-credential":                  {false, func(s *settings, _ string) error { s.credentials = append(s.credentials, new(credential)); return nil }},
	"cert-file":                            text(func(s *settings) *string { return &s.cred().certFile }),
	"key-file":                             text(func(s *settings) *string { return &s.cred().keyFile }),
	"ocsp-response":                        encoded(func(s *settings) *[]byte { return &s.cred().ocsp }),
	"signed-cert-timestamps":               encoded(func(s *settings) *[]byte { return &s.cred().scts }),
	"signing-prefs":                        numbers(func(s *settings) *[]int { return &s.cred().signingPrefs }),
	"must-match-issuer":                    boolean(func(s *settings) *bool { return &s.cred().mustMatchIssuer }),
	"trust-cert":                           text(func(s *settings) *string { return &s.trustCert }),
	"min-version":                          number(func(s *settings) *int { return &s.minVersion }),
	"max-version":                          number(func(s *settings) *int { return &s.maxVersion }),
	"no-tls1":                              boolean(func(s *settings) *bool { return &s.noTLS1 }),
	"no-tls11":                             boolean(func(s *settings) *bool { return &s.noTLS11 }),
	"no-tls12":                             boolean(func(s *settings) *bool { return &s.noTLS12 }),
	"no-tls13":                             boolean(func(s *settings) *bool { return &s.noTLS13 }),
	"cipher":                               text(func(s *settings) *string { return &s.cipher }),
	"server-preference":                    boolean(func(s *settings) *bool { return &s.serverPreference }),
	"curves":                               numbers(func(s *settings) *[]int { return &s.curves }),
	"key-shares":                           numbers(func(s *settings) *[]int { return &s.keyShares }),
	"no-key-shares":                        boolean(func(s *settings) *bool { return &s.noKeyShares }),
	"verify-prefs":                         numbers(func(s *settings) *[]int { return &s.verifyPrefs }),
	"host-name":                            text(func(s *settings) *string { return &s.hostName }),
	"advertise-alpn":                       text(func(s *settings) *string { return &s.advertiseALPN }),
	"select-alpn":                          text(func(s *settings) *string { return &s.selectALPN }),
	"allow-unknown-alpn-protos":            boolean(func(s *settings) *bool { return &s.anyALPN }),
	"decline-alpn":                         boolean(func(s *settings) *bool { return &s.declineALPN }),
	"reject-alpn":                          boolean(func(s *settings) *bool { return &s.rejectALPN }),
	"enable-ocsp-stapling":                 boolean(func(s *settings) *bool { return &s.enableOCSP }),
	"enable-signed-cert-timestamps":        boolean(func(s *settings) *bool { return &s.enableSCTs }),
	"no-ticket":                            boolean(func(s *settings) *bool { return &s.noTicket }),
	"use-ticket-callback":                  boolean(func(s *settings) *bool { return &s.useTicketCallback }),
	"renew-ticket":                         boolean(func(s *settings) *bool { return &s.renewTicket }),
	"psk":                                  text(func(s *settings) *string { return &s.psk }),
	"psk-identity":                         text(func(s *settings) *string { return &s.pskIdentity }),
	"fallback-scsv":                        boolean(func(s *settings) *bool { return &s.fallback }),
	"no-legacy-server-connect":             boolean(func(s *settings) *bool { return &s.noLegacyServer }),
	"no-server-name-ack":                   boolean(func(s *settings) *bool { return &s.noNameAck }),
	"skip-ticket":                          boolean(func(s *settings) *bool { return &s.skipTicket }),
	"export-traffic-secrets":               boolean(func(s *settings) *bool { return &s.exportTraffic }),
	"curves-flags":                         numbers(func(s *settings) *[]int { return &s.curveFlags }),
	"max-send-fragment":                    number(func(s *settings) *int { return &s.maxSendFragment }),
	"require-any-client-certificate":       boolean(func(s *settings) *bool { return &s.requireAnyClientCert }),
	"verify-peer":                          boolean(func(s *settings) *bool { return &s.verifyPeer }),
	"use-client-ca-list":                   text(func(s *settings) *string { return &s.clientCAs }),
	"verify-fail":                          boolean(func(s *settings) *bool { return &s.verifyFail }),
	"use-custom-verify-callback":           boolean(func(s *settings) *bool { return &s.customVerify }),
	"reverify-on-resume":                   boolean(func(s *settings) *bool { return &s.reverify }),
	"use-ocsp-callback":                    boolean(func(s *settings) *bool { return &s.ocspCallback }),
	"set-ocsp-in-callback":                 boolean(func(s *settings) *bool { return &s.setOCSPInCallback }),
	"decline-ocsp-callback":                boolean(func(s *settings) *bool { return &s.declineOCSP }),
	"fail-ocsp-callback":                   boolean(func(s *settings) *bool { return &s.failOCSP }),
	"use-early-callback":                   boolean(func(s *settings) *bool { return &s.earlyCallback }),
	"fail-early-callback":                  boolean(func(s *settings) *bool { return &s.failEarlyCallback }),
	"fail-cert-callback":                   boolean(func(s *settings) *bool { return &s.failCertCallback }),
	"use-old-client-cert-callback":         nothing(false), // there is one CredentialQuery
	"shim-writes-first":                    boolean(func(s *settings) *bool { return &s.shimWritesFirst }),
	"shim-shuts-down":                      boolean(func(s *settings) *bool { return &s.shimShutsDown }),
	"shim-initial-write":                   text(func(s *settings) *string { return &s.initialWrite }),
	"repeat-shim-initial-write":            number(func(s *settings) *int { return &s.repeatInitialWrite }),
	"read-with-unfinished-write":           boolean(func(s *settings) *bool { return &s.readWithUnfinishedWrite }),
	"write-different-record-sizes":         boolean(func(s *settings) *bool { return &s.writeDifferentRecordSizes }),
	"partial-write":                        boolean(func(s *settings) *bool { return &s.partialWrite }),
	"read-size":                            number(func(s *settings) *int { return &s.readSize }),
	"key-update":                           boolean(func(s *settings) *bool { return &s.keyUpdate }),
	"key-update-before-read":               boolean(func(s *settings) *bool { return &s.keyUpdateBeforeRead }),
	"send-alert":                           boolean(func(s *settings) *bool { return &s.sendAlert }),
	"check-close-notify":                   boolean(func(s *settings) *bool { return &s.checkCloseNotify }),
	"export-keying-material":               number(func(s *settings) *int { return &s.exportLength }),
	"export-label":                         text(func(s *settings) *string { return &s.exportLabel }),
	"export-context":                       text(func(s *settings) *string { return &s.exportContext }),
	"use-export-context":                   boolean(func(s *settings) *bool { return &s.useExportContext }),
	"use-exporter-between-reads":           boolean(func(s *settings) *bool { return &s.exportAfterReads }),
	"tls-unique":                           boolean(func(s *settings) *bool { return &s.tlsUnique }),
	"resumption-delay":                     number(func(s *settings) *int { return &s.resumptionDelay }),

	"expect-version":                    number(func(s *settings) *int { return &s.expect.version }),
	"expect-cipher":                     number(func(s *settings) *int { return &s.expect.cipher }),
	"expect-curve-id":                   number(func(s *settings) *int { return &s.expect.curve }),
	"expect-peer-signature-algorithm":   number(func(s *settings) *int { return &s.expect.peerScheme }),
	"expect-alpn":                       text(func(s *settings) *string { return &s.expect.alpn }),
	"expect-advertised-alpn":            text(func(s *settings) *string { return &s.expect.advertisedALPN }),
	"expect-server-name":                text(func(s *settings) *string { return &s.expect.serverName }),
	"expect-no-server-name":             boolean(func(s *settings) *bool { return &s.expect.noServerName }),
	"expect-ocsp-response":              encoded(func(s *settings) *[]byte { return &s.expect.ocsp }),
	"expect-signed-cert-timestamps":     encoded(func(s *settings) *[]byte { return &s.expect.scts }),
	"expect-verify-result":              nothing(false), // always checked
	"expect-session-miss":               boolean(func(s *settings) *bool { return &s.expect.sessionMiss }),
	"expect-no-session":                 boolean(func(s *settings) *bool { return &s.expect.noSession }),
	"expect-ticket-renewal":             boolean(func(s *settings) *bool { return &s.expect.ticketRenewal }),
	"expect-extended-master-secret":     boolean(func(s *settings) *bool { return &s.expect.extendedMaster }),
	"expect-secure-renegotiation":       boolean(func(s *settings) *bool { return &s.expect.secureRenegotiation }),
	"expect-no-secure-renegotiation":    boolean(func(s *settings) *bool { return &s.expect.noSecureRenegotiation }),
	"expect-hrr":                        boolean(func(s *settings) *bool { return &s.expect.hrr }),
	"expect-session-id":                 boolean(func(s *settings) *bool { return &s.expect.sessionID }),
	"expect-no-session-id":              boolean(func(s *settings) *bool { return &s.expect.noSessionID }),
	"expect-certificate-types":          encoded(func(s *settings) *[]byte { return &s.expect.certificateTypes }),
	"expect-ticket-supports-early-data": boolean(func(s *settings) *bool { return &s.expect.ticketEarlyData }),
	"expect-early-data-reason":          earlyDataReason(),
	"expect-ticket-age-skew":            number(func(s *settings) *int { return &s.expect.ticketAgeSkew }),
	"expect-total-renegotiations":       number(func(s *settings) *int { return &s.expect.renegotiations }),
	"expect-cipher-aes":                 number(func(s *settings) *int { return &s.expect.cipher }),
	"expect-cipher-no-aes":              nothing(true), // suites are not ordered by the machine
	"expect-no-hrr":                     boolean(func(s *settings) *bool { return &s.expect.noHRR }),
	"expect-no-peer-cert":               boolean(func(s *settings) *bool { return &s.expect.noPeerCert }),
	"expect-peer-cert-file":             text(func(s *settings) *string { return &s.expect.peerCertFile }),
	"expect-client-ca-list":             text(func(s *settings) *string { return &s.expect.clientCAs }),
	"expect-peer-verify-pref":           numbers(func(s *settings) *[]int { return &s.expect.peerVerifyPrefs }),
	"expect-msg-callback":               text(func(s *settings) *string { return &s.expect.messages }),
	"expect-selected-credential":        number(func(s *settings) *int { return &s.expect.selectedCredential }),
}

// parseFlags reads the flags of the first connection and of those that resume it.
// Flags without a prefix are for both.
func parseFlags(args []string) (first, resumed *settings, err error) {
	first, resumed = newSettings(), newSettings()
	for len(args) > 0 {
		name := strings.TrimPrefix(args[0], "-")
		args = args[1:]
		to := []*settings{first, resumed}
		for prefix, only := range map[string][]*settings{
			"on-shim-": to, "on-handshaker-": nil, "on-initial-": to[:1], "on-resume-": to[1:], "on-retry-": nil,
		} {
			if rest, ok := strings.CutPrefix(name, prefix); ok {
				name, to = rest, only
				break
			}
		}
		f, ok := flags[name]
		if !ok {
			return nil, nil, unimplemented(name)
		}
		value := ""
		if f.value {
			if len(args) == 0 {
				return nil, nil, fmt.Errorf("no value for -%s", name)
			}
			value, args = args[0], args[1:]
		}
		for _, s := range to {
			if err := f.set(s, value); err != nil {
				return nil, nil, fmt.Errorf("-%s %q: %w", name, value, err)
			}
		}
	}
	return first, resumed, nil
}

func newSettings() *settings {
	s := &settings{initialWrite: "hello", repeatInitialWrite: 1, credentials: []*credential{{}}}
	s.renegotiate = handshake.ForbidRenegotiation // BoringSSL's default
	s.expect.selectedCredential = noCredential
	return s
}

// noCredential is an expected credential that is not asked about.
const noCredential = -2
