package handshake_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// mallory's scripts of TLS 1.0 to 1.2 with any suite. The steps of a
// renegotiation have the names of the first handshake's, and " again" behind.

// elder is what she keeps beside in these scripts.
type elder struct {
	round  int
	verify [2][]byte // verify_data of the handshake before: the client's, the server's
	leaf   *x509.Certificate
	hint   string // that the victim was told

	mute      bool                                   // she cannot sign
	params    func(m *msg.ServerKeyExchange)         // changes it before it is signed
	premaster func(secret []byte)                    // changes what she encrypts, 48 bytes
	encrypted func(b []byte) []byte                  // changes the ciphertext
	keyed     func(p *mallory)                       // once her own records are protected
	offers    func(p *mallory, h *msg.ClientHello)   // changes her hello before its random counts
	answers   func(p *mallory, h *msg.ServerHello)   // or that of a server
	agreement func(p *mallory, public []byte) []byte // changes her half of the key exchange
}

func (p *mallory) named(step string) string {
	if p.old.round > 0 {
		step += " again"
	}
	return step
}

func (p *mallory) sayOld(step string, m msg.Message) { p.say(p.named(step), m) }

func (p *mallory) oldCCS() {
	if h := p.hooks[p.named("CCS")]; h != nil {
		h(p, nil)
		return
	}
	p.record(record.TypeChangeCipherSpec, []byte{1})
}

// restart forgets the handshake before, but its verify_data.
func (p *mallory) restart() {
	p.tr = keys.Transcript{}
	p.tr.KeepRaw(true)
	p.asked, p.secret, p.next12 = false, nil, nil
}

func (p *mallory) oldClient() {
	p.oldScheme()
	for p.old.round = 0; ; p.old.round++ {
		p.restart()
		if p.old.round > 0 && p.sc.leg.asks {
			must(p, p.e.Renegotiate(nil))
			p.in = p.e.AppendOut(p.in)
			if m := p.next(); m.Type() != msg.TypeHelloRequest {
				p.t.Fatalf("the victim asks by a %v", m.Type())
			}
		}
		p.oldClientHandshake()
		if p.old.round == p.sc.leg.rounds {
			break
		}
		p.between()
	}
	p.talk()
}

// between is what she does between two handshakes.
func (p *mallory) between() {
	if h := p.hooks["between"]; h != nil {
		h(p, nil)
	}
}

// oldScheme is how she signs.
func (p *mallory) oldScheme() {
	if p.cred != nil && p.sc.v < record.TLS12 {
		p.scheme = cred.LegacyScheme(cred.PublicKey(p.cred.Leaf))
	}
}

func (p *mallory) oldHello() *msg.ClientHello {
	h := &msg.ClientHello{Version: p.sc.v, Compression: []byte{0}, Suites: msg.AppendUint16s(nil, uint16(p.sc.leg.parsed().ID))}
	copy(h.Random[:], p.draw(handshake.LabelClientRandom, 32))
	x := &h.Ext
	x.ServerName, x.PointFormats, x.RenegotiationInfo = []byte("example.org"), []byte{0}, p.old.verify[0]
	x.SupportedGroups = msg.AppendUint16s(nil, uint16(kx.X25519), uint16(kx.P256))
	set(x, msg.ExtServerName, msg.ExtSupportedGroups, msg.ExtECPointFormats, msg.ExtExtendedMasterSecret, msg.ExtRenegotiationInfo)
	if p.sc.v >= record.TLS12 {
		x.SignatureAlgorithms = schemes()
		x.Set(msg.ExtSignatureAlgorithms)
	}
	if p.sc.leg.etm {
		x.Set(msg.ExtEncryptThenMAC)
	}
	if x.MaxFragmentLength = p.sc.leg.fragment; x.MaxFragmentLength != 0 {
		x.Set(msg.ExtMaxFragmentLength)
	}
	resumes := p.sess != nil && p.old.round == 0
	switch {
	case p.sc.leg.byID && resumes:
		h.SessionID = p.sess.ID
	case !p.sc.leg.byID && resumes:
		h.SessionID, x.SessionTicket = p.draw(handshake.LabelSessionID, 32), p.sess.Ticket
	}
	if !p.sc.leg.byID {
		x.Set(msg.ExtSessionTicket)
	}
	return h
}

func (p *mallory) oldClientHandshake() {
	if p.old.round == 0 {
		p.header = record.TLS10
	}
	h := p.oldHello()
	if p.old.offers != nil {
		p.old.offers(p, h)
	}
	p.crand = h.Random[:]
	p.sayOld("ClientHello", h)
	p.header = 0
	raw := p.next()
	must(p, p.hello.Parse(raw.Body()))
	p.srand = p.hello.Random[:]
	p.pickOld(p.hello.Suite)
	p.tr.Write(raw)
	p.open.SetVersion(p.sc.v)
	if len(h.SessionID) > 0 && bytes.Equal(p.hello.SessionID, h.SessionID) {
		m := keys.MasterFromBytes(p.hash, p.sess.Secret)
		mine := p.oldKeys(&m, true)
		p.hearOldFinished()
		p.oldFinish(&m, mine, true)
		return
	}
	p.oldClientFlight(h)
}

// oldClientFlight hears the server's first flight, and answers it.
func (p *mallory) oldClientFlight(h *msg.ClientHello) {
	server, client := msg.FormOf(p.suite.Kx, p.suite.Auth, p.sc.v)
	if p.certified() {
		var m msg.Certificate12
		must(p, m.Parse(p.hear(msg.TypeCertificate).Body()))
		for der := range m.Chain.All() {
			leaf, err := x509.ParseCertificate(der)
			must(p, err)
			p.old.leaf = leaf
			break
		}
	}
	kex := msg.ServerKeyExchange{Form: server}
	raw := p.next()
	if raw.Type() == msg.TypeServerKeyExchange {
		must(p, kex.Parse(raw.Body()))
		p.tr.Write(raw)
		raw = p.next()
	}
	p.tr.Write(raw)
	if raw.Type() == msg.TypeCertificateRequest {
		p.asked = true
		p.hear(msg.TypeServerHelloDone)
		p.sayOldChain()
	}
	public, shared := p.agreeAsClient(h.Version, &kex)
	if p.old.agreement != nil {
		public = p.old.agreement(p, public)
	}
	m := &msg.ClientKeyExchange{Form: client, Public: public}
	if client.Hint {
		m.Identity = herIdentity
	}
	p.sayOld("ClientKeyExchange", m)
	master := p.oldMaster(shared)
	mine := p.oldKeys(&master, true)
	if p.asked && p.cred != nil {
		p.content = p.tr.Raw()
		p.sayOldVerify()
	}
	p.oldFinish(&master, mine, true)
	p.hearOldFinished()
}

func (p *mallory) certified() bool {
	return p.suite.Auth == suites.AuthRSA || p.suite.Auth == suites.AuthECDSA
}

func (p *mallory) pickOld(suite uint16) {
	p.suite = suites.ByID(suites.ID(suite))
	p.hash = keys.PRFHash(p.sc.v, p.suite)
	p.tr.Pick(p.hash)
}

// agreeAsClient makes her half of the key exchange, and the secret of it.
func (p *mallory) agreeAsClient(v record.Version, kex *msg.ServerKeyExchange) (public, shared []byte) {
	var g kx.Group
	var err error
	switch kex.Form.Share {
	case msg.ECShare:
		g = kx.ByID(kx.ID(kex.Group))
	case msg.DHShare:
		g, err = kx.NewDH(kex.P, kex.G)
		must(p, err)
	default:
		if p.suite.Kx == suites.KxRSA || p.suite.Kx == suites.KxRSAPSK {
			return p.encrypt(v)
		}
		return nil, nil
	}
	public, shared, err = g.Encapsulate(p.draw(handshake.LabelClientShare, g.EncapsulateSeedLen()), kex.Public)
	must(p, err)
	return public, shared
}

// encrypt makes the premaster secret of RSA, and its ciphertext.
func (p *mallory) encrypt(v record.Version) (public, shared []byte) {
	secret := [48]byte(p.draw(handshake.LabelPremaster, 48))
	secret[0], secret[1] = byte(v>>8), byte(v)
	if p.old.premaster != nil {
		p.old.premaster(secret[:])
	}
	key := p.publicKey()
	public, err := cred.EncryptPremaster(key, p.draw(handshake.LabelPremasterPadding, cred.EncryptSeedLen(key)), &secret)
	must(p, err)
	if p.old.encrypted != nil {
		public = p.old.encrypted(public)
	}
	return public, secret[:]
}

// oldMaster is the master secret of a key exchange, once ClientKeyExchange is said.
func (p *mallory) oldMaster(shared []byte) keys.Master {
	if p.suite.Kx == suites.KxDHE || p.suite.Kx == suites.KxDHEPSK {
		shared = bytes.TrimLeft(shared, "\x00")
	}
	if p.suite.Kx.PSK() {
		shared = keys.PSKPremaster(shared, herKey)
	}
	return p.master(shared)
}

// oldKeys makes her lock, and readies the victim's protection for its change_cipher_spec.
func (p *mallory) oldKeys(m *keys.Master, client bool) lock {
	macLen, keyLen, ivLen := p.suite.MACLen, p.suite.KeyLen, p.suite.IVLen(p.sc.v)
	block := prfOld(p.sc.v, p.suite.Hash.New, m.Bytes(), "key expansion", append(bytes.Clone(p.srand), p.crand...), 2*(macLen+keyLen+ivLen))
	etm := p.hello.Ext.Have(msg.ExtEncryptThenMAC)
	theirs, s := m.Keys(p.suite, p.sc.v, p.crand, p.srand, etm)
	mine := 1
	if client {
		theirs, mine = s, 0
	}
	p.next12 = &theirs
	at := func(from, n int) []byte { return block[from+mine*n:][:n] }
	mac, key, iv := at(0, macLen), at(2*macLen, keyLen), at(2*(macLen+keyLen), ivLen)
	if p.suite.BlockCipher() {
		return newCBC(p.sc.v, mac, key, iv, etm)
	}
	return newLock(key, iv, false)
}

func (p *mallory) oldFinish(m *keys.Master, mine lock, client bool) {
	p.oldCCS()
	p.lock = mine
	if p.old.keyed != nil {
		p.old.keyed(p)
	}
	verify := m.Finished(nil, client, p.tr.Sum(nil))
	p.sayOld("Finished", &msg.Finished{Verify: verify})
	p.keepVerify(client, verify)
}

func (p *mallory) keepVerify(client bool, verify []byte) {
	i := 1
	if client {
		i = 0
	}
	p.old.verify[i] = bytes.Clone(verify)
}

// hearOldFinished hears the victim's Finished, and a ticket before it.
func (p *mallory) hearOldFinished() {
	m := p.next()
	p.tr.Write(m)
	if m.Type() == msg.TypeNewSessionTicket {
		m = p.hear(msg.TypeFinished)
	}
	p.keepVerify(p.sc.client, m.Body())
}

func (p *mallory) sayOldChain() {
	var m msg.Certificate12
	if p.cred != nil {
		m.Chain = msg.AppendVector24(nil, p.cred.Chain...)
	}
	p.sayOld("Certificate", &m)
}

// sayOldVerify says CertificateVerify, over p.content.
func (p *mallory) sayOldVerify() {
	if p.old.mute {
		p.sayOld("CertificateVerify", &msg.CertificateVerify10{})
		return
	}
	if p.sc.v < record.TLS12 {
		p.sayOld("CertificateVerify", &msg.CertificateVerify10{Signature: p.sign()})
		return
	}
	p.sayOld("CertificateVerify", &msg.CertificateVerify{Scheme: uint16(p.scheme), Signature: p.sign()})
}

func (p *mallory) oldServer() {
	p.oldScheme()
	for p.old.round = 0; ; p.old.round++ {
		p.restart()
		switch {
		case p.old.round == 0:
		case p.sc.leg.asks:
			must(p, p.e.Renegotiate(nil))
		default:
			p.askAgain()
		}
		p.step(nil)
		p.oldServerHandshake()
		if p.old.round == p.sc.leg.rounds {
			break
		}
		p.between()
	}
	p.talk()
}

// askAgain says HelloRequest, which no transcript hears.
func (p *mallory) askAgain() {
	m := frame(msg.TypeHelloRequest, nil)
	if h := p.hooks["HelloRequest"]; h != nil {
		h(p, m)
		return
	}
	p.record(record.TypeHandshake, m)
}

func (p *mallory) oldServerHandshake() {
	raw := p.next()
	must(p, p.offer.Parse(raw.Body()))
	p.crand = p.offer.Random[:]
	p.tr.Write(raw)
	p.hello = msg.ServerHello{Version: p.sc.v, Suite: uint16(p.sc.leg.parsed().ID)}
	copy(p.hello.Random[:], p.draw(handshake.LabelServerRandom, 32))
	x := &p.hello.Ext
	x.RenegotiationInfo = append(bytes.Clone(p.old.verify[0]), p.old.verify[1]...)
	set(x, msg.ExtExtendedMasterSecret, msg.ExtRenegotiationInfo)
	if p.sc.leg.etm {
		x.Set(msg.ExtEncryptThenMAC)
	}
	if x.MaxFragmentLength = p.sc.leg.fragment; x.MaxFragmentLength != 0 {
		x.Set(msg.ExtMaxFragmentLength)
	}
	resumes := p.sess != nil && p.old.round == 0
	switch {
	case resumes:
		p.hello.SessionID = p.offer.SessionID
	case p.sc.leg.byID:
		p.hello.SessionID = p.draw(handshake.LabelSessionID, 32)
	}
	if !p.sc.leg.byID {
		x.Set(msg.ExtSessionTicket)
	}
	if p.old.answers != nil {
		p.old.answers(p, &p.hello)
	}
	p.srand = p.hello.Random[:]
	p.pickOld(p.hello.Suite)
	p.sayOld("ServerHello", &p.hello)
	p.open.SetVersion(p.sc.v)
	if resumes {
		m := keys.MasterFromBytes(p.hash, p.sess.Secret)
		mine := p.oldKeys(&m, false)
		p.sayOldTicket()
		p.oldFinish(&m, mine, false)
		p.hearOldFinished()
		return
	}
	p.oldServerFlight()
}

func (p *mallory) sayOldTicket() {
	if p.hello.Ext.Have(msg.ExtSessionTicket) {
		p.sayOld("NewSessionTicket", &msg.NewSessionTicket12{Lifetime: 3600, Ticket: []byte("a ticket")})
	}
}

// oldServerFlight says the rest of the server's first flight, and hears the answer.
func (p *mallory) oldServerFlight() {
	if p.certified() {
		p.sayOldChain()
	}
	p.sayParams()
	if p.sc.auth {
		p.asked = true
		if p.sc.v < record.TLS12 {
			p.sayOld("CertificateRequest", &msg.CertificateRequest10{Types: []byte{1, 64}})
		} else {
			p.sayOld("CertificateRequest", &msg.CertificateRequest12{Types: []byte{1, 64}, Schemes: schemes()})
		}
	}
	p.sayOld("ServerHelloDone", &msg.ServerHelloDone{})
	if p.asked {
		p.hear(msg.TypeCertificate)
	}
	_, form := msg.FormOf(p.suite.Kx, p.suite.Auth, p.sc.v)
	m := msg.ClientKeyExchange{Form: form}
	must(p, m.Parse(p.hear(msg.TypeClientKeyExchange).Body()))
	master := p.oldMaster(p.agreeAsServer(m.Public))
	mine := p.oldKeys(&master, false)
	if p.asked {
		p.hear(msg.TypeCertificateVerify)
	}
	p.hearOldFinished()
	p.sayOldTicket()
	p.oldFinish(&master, mine, false)
}

// sayParams says ServerKeyExchange, where the suite has one.
func (p *mallory) sayParams() {
	form, _ := msg.FormOf(p.suite.Kx, p.suite.Auth, p.sc.v)
	m := &msg.ServerKeyExchange{Form: form, Scheme: uint16(p.scheme)}
	var g kx.Group
	switch form.Share {
	case msg.ECShare:
		g = kx.ByID(kx.X25519)
		m.Group = uint16(kx.X25519)
	case msg.DHShare:
		g = kx.ByID(kx.FFDHE2048)
		m.P, m.G = kx.DHParams(g)
	}
	if g != nil {
		secret, err := g.Generate(p.draw(handshake.LabelServerShare, g.SeedLen()))
		must(p, err)
		p.secret = secret
		m.Public = secret.AppendShare(nil)
	}
	if form.Hint {
		m.Hint = []byte("a hint")
	}
	if p.old.params != nil {
		p.old.params(m)
	}
	if form.Signed {
		p.content = p.params(m)
		m.Signature = p.sign()
	}
	if form.Sent(len(m.Hint) > 0) {
		p.sayOld("ServerKeyExchange", m)
		return
	}
	if h := p.hooks[p.named("ServerKeyExchange")]; h != nil { // where none belongs
		h(p, nil)
	}
}

// agreeAsServer is the secret of the victim's half of the key exchange.
func (p *mallory) agreeAsServer(public []byte) []byte {
	switch {
	case p.secret != nil:
		shared, err := p.secret.Decapsulate(public)
		must(p, err)
		return shared
	case p.suite.Kx == suites.KxRSA, p.suite.Kx == suites.KxRSAPSK:
		//lint:ignore SA1019 RSA key exchange has no other (RFC 5246 §7.4.7.1)
		secret, err := rsa.DecryptPKCS1v15(nil, p.cred.Key.(*rsa.PrivateKey), public)
		must(p, err)
		if v := record.Version(secret[0])<<8 | record.Version(secret[1]); v != p.offer.Version {
			p.t.Errorf("the premaster secret begins with %v, the hello offers %v", v, p.offer.Version)
		}
		return secret
	}
	return nil
}
