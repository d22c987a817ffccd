package handshake_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// The scripts of mallory. Each line is a step of the RFCs' figures; the string
// of a step is what cases hook.

const (
	suite13    = 0x1301 // TLS_AES_128_GCM_SHA256
	suiteECDSA = 0xc02b // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
	suiteRSA   = 0xc02f // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
)

// schemes are what mallory's own hellos and requests offer.
func schemes() msg.Uint16s {
	var list msg.Uint16s
	for _, s := range cred.DefaultSchemes() {
		list = msg.AppendUint16s(list, uint16(s))
	}
	return list
}

func (p *mallory) newHello() *msg.ClientHello {
	h := &msg.ClientHello{Version: record.TLS12, Compression: []byte{0}, SessionID: p.draw(handshake.LabelSessionID, 32)}
	copy(h.Random[:], p.draw(handshake.LabelClientRandom, 32))
	x := &h.Ext
	x.ServerName = []byte("example.org")
	x.SupportedGroups = msg.AppendUint16s(nil, uint16(kx.X25519), uint16(kx.P256))
	x.SignatureAlgorithms = schemes()
	set(x, msg.ExtServerName, msg.ExtSupportedGroups, msg.ExtSignatureAlgorithms)
	if p.sc.v == record.TLS13 {
		h.Suites = msg.AppendUint16s(nil, suite13)
		x.SupportedVersions = msg.AppendUint16s(nil, uint16(record.TLS13))
		if x.PSKModes = []byte{1}; p.sc.alone {
			x.PSKModes = []byte{0}
		}
		p.share(h, kx.X25519)
		set(x, msg.ExtSupportedVersions, msg.ExtPSKModes)
	} else {
		h.Suites = msg.AppendUint16s(nil, suiteECDSA, suiteRSA)
		x.PointFormats = []byte{0}
		set(x, msg.ExtExtendedMasterSecret, msg.ExtRenegotiationInfo, msg.ExtECPointFormats, msg.ExtSessionTicket)
	}
	if p.sess != nil {
		p.resume(h)
	}
	return h
}

func set(x *msg.Extensions, ids ...msg.Ext) {
	for _, id := range ids {
		x.Set(id)
	}
}

// share puts one share into a hello.
func (p *mallory) share(h *msg.ClientHello, id kx.ID) {
	g := kx.ByID(id)
	secret, err := g.Generate(p.draw(handshake.LabelClientShare, g.SeedLen()))
	if err != nil {
		p.t.Fatal(err)
	}
	p.secret = secret
	h.Ext.KeyShares = msg.AppendKeyShare(nil, uint16(id), secret.AppendShare(nil))
	h.Ext.Set(msg.ExtKeyShare)
}

// resume offers the scene's session.
func (p *mallory) resume(h *msg.ClientHello) {
	if p.sess.Version < record.TLS13 {
		h.Ext.SessionTicket = p.sess.Ticket
		return
	}
	h.Ext.PSK.Identities = msg.AppendPSKIdentity(nil, p.sess.Ticket, p.sess.AgeAdd)
	h.Ext.PSK.Binders = msg.AppendVector8(nil, make([]byte, 32))
	h.Ext.Set(msg.ExtPreSharedKey)
}

// bind writes the right binder at the end of a hello that has one.
func (p *mallory) bind(raw msg.Raw) msg.Raw {
	early := keys.NewEarly(keys.SHA256, p.sess.Secret)
	binder := early.Binder(false)
	var m msg.ClientHello
	must(p, m.Parse(raw.Body()))
	sum, ok := p.tr.PartialSum(nil, keys.SHA256, raw[:len(raw)-msg.BindersLen(&m)])
	if !ok {
		p.t.Fatal("no hash for the binder")
	}
	copy(raw[len(raw)-32:], binder.Finished(nil, sum))
	return raw
}

func (p *mallory) sayHello(step string, h *msg.ClientHello) {
	raw := msg.Raw(h.Append(nil))
	if h.Ext.Have(msg.ExtPreSharedKey) {
		p.bind(raw)
	}
	p.crand = h.Random[:]
	p.sayRaw(step, raw)
}

// client is the script of a client.
func (p *mallory) client() {
	p.tr.KeepRaw(true)
	p.header = record.TLS10
	h := p.newHello()
	p.sayHello("ClientHello", h)
	p.header = 0
	raw := p.next()
	must(p, p.hello.Parse(raw.Body()))
	if p.hello.Retry() {
		p.pick(p.hello.Suite)
		p.tr.Retry()
		p.tr.Write(raw)
		p.share(h, kx.ID(p.hello.Ext.RetryGroup))
		p.sayCCS()
		p.sayHello("ClientHello again", h)
		raw = p.next()
		must(p, p.hello.Parse(raw.Body()))
	}
	p.pick(p.hello.Suite)
	p.tr.Write(raw)
	p.srand = p.hello.Random[:]
	if p.hello.Ext.Have(msg.ExtSupportedVersions) {
		p.client13()
	} else {
		p.open.SetVersion(record.TLS12)
		p.client12(h)
	}
	p.talk()
}

func must(p *mallory, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *mallory) pick(suite uint16) {
	p.suite = suites.ByID(suites.ID(suite))
	p.hash = keys.FromCrypto(p.suite.Hash)
	p.tr.Pick(p.hash)
}

// secrets13 are those of the handshake, and what follows from them.
func (p *mallory) secrets13(shared []byte, resumed bool) (client, server keys.Secret, hs keys.Handshake) {
	var psk []byte
	if resumed {
		psk = p.sess.Secret
	}
	early := keys.NewEarly(p.hash, psk)
	hs = early.Handshake(shared)
	th := p.tr.Sum(nil)
	return hs.ClientTraffic(th), hs.ServerTraffic(th), hs
}

func (p *mallory) client13() {
	var shared []byte
	if p.hello.Ext.Have(msg.ExtKeyShare) {
		var err error
		shared, err = p.secret.Decapsulate(p.hello.Ext.ServerShare.Data)
		must(p, err)
	}
	resumed := p.hello.Ext.Have(msg.ExtPreSharedKey)
	ct, st, hs := p.secrets13(shared, resumed)
	p.open.SetVersion(record.TLS13)
	p.open.Install(st.Protection(p.suite))
	must(p, p.ee.Parse(p.hear(msg.TypeEncryptedExtensions).Body()))
	if !resumed {
		p.hearChain13()
	}
	p.hear(msg.TypeFinished)
	app := hs.Application()
	th := p.tr.Sum(nil)
	p.wr, p.rd = app.ClientTraffic(th), app.ServerTraffic(th)
	p.open.Install(p.rd.Protection(p.suite))
	if !p.hello.Retry() && !p.e.State().Retried {
		p.sayCCS()
	}
	p.lock = lock13(ct)
	if p.asked {
		p.sayChain13(false)
	}
	p.say("Finished", &msg.Finished{Verify: ct.Finished(nil, p.tr.Sum(nil))})
	p.lock = lock13(p.wr)
}

func (p *mallory) hearChain13() {
	m := p.next()
	p.tr.Write(m)
	if m.Type() == msg.TypeCertificateRequest {
		var r msg.CertificateRequest13
		must(p, r.Parse(m.Body()))
		p.asked, p.schemes = true, r.Ext.SignatureAlgorithms
		p.hear(msg.TypeCertificate)
	}
	p.hear(msg.TypeCertificateVerify)
}

// sayChain13 says Certificate and CertificateVerify.
func (p *mallory) sayChain13(server bool) {
	var m msg.Certificate13
	if p.cred != nil {
		for _, der := range p.cred.Chain {
			m.Entries = msg.AppendCertificateEntry(m.Entries, der, nil)
		}
	}
	p.say("Certificate", &m)
	if p.cred == nil {
		return
	}
	p.content = cred.SignedContent(nil, server, p.tr.Sum(nil))
	p.sayVerify()
}

func (p *mallory) sayVerify() {
	p.say("CertificateVerify", &msg.CertificateVerify{Scheme: uint16(p.scheme), Signature: p.sign()})
}

// sign signs what is to be signed, as it should be.
func (p *mallory) sign() []byte {
	sig, err := cred.Sign(p.cred.Key, p.scheme, p.content, p.draw(handshake.LabelSalt, cred.SaltLen(p.scheme)))
	must(p, err)
	return sig
}

func (p *mallory) client12(h *msg.ClientHello) {
	if bytes.Equal(p.hello.SessionID, h.SessionID) {
		m := keys.MasterFromBytes(p.hash, p.sess.Secret)
		client, _ := p.keys12(&m, true)
		p.hearFinished12(p.hello.Ext.Have(msg.ExtSessionTicket))
		p.finish12(&m, client, true)
		return
	}
	p.hear(msg.TypeCertificate)
	kex := signedECDHE
	must(p, kex.Parse(p.hear(msg.TypeServerKeyExchange).Body()))
	raw := p.next()
	p.tr.Write(raw)
	if raw.Type() == msg.TypeCertificateRequest {
		var r msg.CertificateRequest12
		must(p, r.Parse(raw.Body()))
		p.asked, p.schemes = true, r.Schemes
		p.hear(msg.TypeServerHelloDone)
		p.sayChain12()
	}
	g := kx.ByID(kx.ID(kex.Group))
	share, shared, err := g.Encapsulate(p.draw(handshake.LabelClientShare, g.EncapsulateSeedLen()), kex.Public)
	must(p, err)
	p.say("ClientKeyExchange", &msg.ClientKeyExchange{Form: clientECDHE.Form, Public: share})
	m := p.master(shared)
	client, _ := p.keys12(&m, true)
	if p.asked && p.cred != nil {
		p.content = p.tr.Raw()
		p.sayVerify()
	}
	p.finish12(&m, client, true)
	p.hearFinished12(p.hello.Ext.Have(msg.ExtSessionTicket))
}

func (p *mallory) sayChain12() {
	var m msg.Certificate12
	if p.cred != nil {
		m.Chain = msg.AppendVector24(nil, p.cred.Chain...)
	}
	p.say("Certificate", &m)
}

// master is the master secret after ClientKeyExchange.
func (p *mallory) master(shared []byte) keys.Master {
	if p.hello.Ext.Have(msg.ExtExtendedMasterSecret) {
		return keys.NewExtendedMaster(p.hash, shared, p.tr.Sum(nil))
	}
	return keys.NewMaster(p.hash, shared, p.crand, p.srand)
}

// keys12 makes her lock, and readies the victim's protection for its change_cipher_spec.
func (p *mallory) keys12(m *keys.Master, client bool) (mine lock, theirs record.Protection) {
	block := prf12(m.Bytes(), "key expansion", append(bytes.Clone(p.srand), p.crand...), 40)
	c, s := m.Keys(p.suite, record.TLS12, p.crand, p.srand, false)
	p.open.SetVersion(record.TLS12)
	if client {
		p.next12 = &s
		return newLock(block[:16], block[32:36], false), s
	}
	p.next12 = &c
	return newLock(block[16:32], block[36:40], false), c
}

// prf12 is the PRF of TLS 1.2 on SHA-256 (RFC 5246 §5).
func prf12(secret []byte, label string, seed []byte, n int) []byte {
	mac := func(b []byte) []byte {
		h := hmac.New(sha256.New, secret)
		h.Write(b)
		return h.Sum(nil)
	}
	seed = append([]byte(label), seed...)
	var out []byte
	for a := mac(seed); len(out) < n; a = mac(a) {
		out = append(out, mac(append(bytes.Clone(a), seed...))...)
	}
	return out[:n]
}

func (p *mallory) finish12(m *keys.Master, mine lock, client bool) {
	p.sayCCS()
	p.lock = mine
	p.say("Finished", &msg.Finished{Verify: m.Finished(nil, client, p.tr.Sum(nil))})
}

func (p *mallory) hearFinished12(ticket bool) {
	if ticket {
		p.hear(msg.TypeNewSessionTicket)
	}
	p.hear(msg.TypeFinished)
}

// talk is what two honest sides do after the handshake.
func (p *mallory) talk() {
	p.done = true
	for p.openOne() {
	}
	p.afterwards()
	if h := p.hooks["end"]; h != nil {
		h(p, nil)
	}
	p.ping("ping")
	out, err := p.e.Seal(nil, []byte("pong"))
	must(p, err)
	p.in = append(p.in, out...)
	for p.openOne() {
	}
	p.record(record.TypeAlert, []byte{1, 0})
}

// ping sends data that the victim is to deliver.
func (p *mallory) ping(s string) {
	p.want = append(p.want, s...)
	p.record(record.TypeApplicationData, []byte(s))
}
