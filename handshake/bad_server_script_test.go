package handshake_test

import (
	"tacet/handshake"
	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
)

// server is mallory's script of a server.
func (p *mallory) server() {
	p.step(nil)
	raw := p.next()
	must(p, p.offer.Parse(raw.Body()))
	p.crand = p.offer.Random[:]
	p.tr.Write(raw)
	if p.sc.retry {
		p.retry()
	}
	p.hello = msg.ServerHello{Version: record.TLS12, Suite: suite13}
	copy(p.hello.Random[:], p.draw(handshake.LabelServerRandom, 32))
	p.srand = p.hello.Random[:]
	if p.sc.v == record.TLS13 {
		p.server13()
	} else {
		p.server12()
	}
	p.talk()
}

// retry asks for a share of P-256.
func (p *mallory) retry() {
	p.pick(suite13)
	p.tr.Retry()
	m := msg.ServerHello{Version: record.TLS12, Random: msg.RetryRandom, SessionID: p.offer.SessionID, Suite: suite13}
	m.Ext.SelectedVersion, m.Ext.RetryGroup = record.TLS13, uint16(kx.P256)
	set(&m.Ext, msg.ExtSupportedVersions, msg.ExtKeyShare)
	p.say("HelloRetryRequest", &m)
	p.sayCCS()
	must(p, p.offer.Parse(p.hear(msg.TypeClientHello).Body()))
}

func (p *mallory) server13() {
	p.hello.SessionID = p.offer.SessionID
	p.hello.Ext.SelectedVersion = record.TLS13
	set(&p.hello.Ext, msg.ExtSupportedVersions)
	var shared []byte
	if !p.sc.alone {
		shared = p.answerShare()
	}
	if p.sess != nil {
		p.hello.Ext.Set(msg.ExtPreSharedKey)
	}
	p.pick(suite13)
	p.say("ServerHello", &p.hello)
	ct, st, hs := p.secrets13(shared, p.sess != nil)
	p.open.SetVersion(record.TLS13)
	p.open.Install(ct.Protection(p.suite))
	if !p.sc.retry {
		p.sayCCS()
	}
	p.lock = lock13(st)
	p.say("EncryptedExtensions", &p.ee)
	if p.sess == nil {
		p.sayServerChain13()
	}
	p.say("Finished", &msg.Finished{Verify: st.Finished(nil, p.tr.Sum(nil))})
	app := hs.Application()
	th := p.tr.Sum(nil)
	p.wr, p.rd = app.ServerTraffic(th), app.ClientTraffic(th)
	p.lock = lock13(p.wr)
	if p.asked {
		p.hear(msg.TypeCertificate)
		p.hear(msg.TypeCertificateVerify)
	}
	p.hear(msg.TypeFinished)
	p.open.Install(p.rd.Protection(p.suite))
	p.say("NewSessionTicket", &msg.NewSessionTicket13{Lifetime: 3600, Nonce: []byte{1}, Ticket: []byte("a ticket")})
}

// answerShare puts her share into ServerHello.
func (p *mallory) answerShare() []byte {
	group := kx.X25519
	if p.sc.retry {
		group = kx.P256
	}
	peer, ok := p.offer.Ext.KeyShares.Find(uint16(group))
	if !ok {
		p.t.Fatalf("the victim sent no share for %v", group)
	}
	g := kx.ByID(group)
	share, shared, err := g.Encapsulate(p.draw(handshake.LabelServerShare, g.EncapsulateSeedLen()), peer)
	must(p, err)
	p.hello.Ext.ServerShare = msg.KeyShare{Group: uint16(group), Data: share}
	p.hello.Ext.Set(msg.ExtKeyShare)
	return shared
}

func (p *mallory) sayServerChain13() {
	if p.sc.auth {
		var m msg.CertificateRequest13
		m.Ext.SignatureAlgorithms = schemes()
		m.Ext.Set(msg.ExtSignatureAlgorithms)
		p.asked = true
		p.say("CertificateRequest", &m)
	}
	p.sayChain13(true)
}

func (p *mallory) server12() {
	p.hello.Suite = suiteECDSA
	if p.sc.rsa() {
		p.hello.Suite = suiteRSA
	}
	set(&p.hello.Ext, msg.ExtExtendedMasterSecret, msg.ExtRenegotiationInfo, msg.ExtSessionTicket)
	if p.sess != nil {
		p.hello.SessionID = p.offer.SessionID
		p.hello.Suite = uint16(p.sess.Suite)
	}
	p.pick(p.hello.Suite)
	p.say("ServerHello", &p.hello)
	p.open.SetVersion(record.TLS12)
	if p.sess != nil {
		m := keys.MasterFromBytes(p.hash, p.sess.Secret)
		mine, _ := p.keys12(&m, false)
		p.sayTicket12()
		p.finish12(&m, mine, false)
		p.hear(msg.TypeFinished)
		return
	}
	p.sayChain12()
	p.serverKeyExchange()
	if p.sc.auth {
		p.asked = true
		p.say("CertificateRequest", &msg.CertificateRequest12{Types: []byte{1, 64}, Schemes: schemes()})
	}
	p.say("ServerHelloDone", &msg.ServerHelloDone{})
	if p.asked {
		p.hear(msg.TypeCertificate)
	}
	kex := clientECDHE
	must(p, kex.Parse(p.hear(msg.TypeClientKeyExchange).Body()))
	shared, err := p.secret.Decapsulate(kex.Public)
	must(p, err)
	m := p.master(shared)
	mine, _ := p.keys12(&m, false)
	if p.asked {
		p.hear(msg.TypeCertificateVerify)
	}
	p.hear(msg.TypeFinished)
	p.sayTicket12()
	p.finish12(&m, mine, false)
}

func (p *mallory) sayTicket12() {
	p.say("NewSessionTicket", &msg.NewSessionTicket12{Lifetime: 3600, Ticket: []byte("a ticket")})
}

func (p *mallory) serverKeyExchange() {
	g := kx.ByID(kx.X25519)
	secret, err := g.Generate(p.draw(handshake.LabelServerShare, g.SeedLen()))
	must(p, err)
	p.secret = secret
	m := &msg.ServerKeyExchange{Form: signedECDHE.Form, Group: uint16(kx.X25519), Public: secret.AppendShare(nil), Scheme: uint16(p.scheme)}
	p.content = p.params(m)
	m.Signature = p.sign()
	p.say("ServerKeyExchange", m)
}

// params is what a ServerKeyExchange signs.
func (p *mallory) params(m *msg.ServerKeyExchange) []byte {
	return m.AppendParams(append(append([]byte(nil), p.crand...), p.srand...))
}
