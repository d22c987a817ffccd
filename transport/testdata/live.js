// Servers and clients of node's tls, for live_test.go: commands come as lines of JSON,
// and each connection is told of as a line of JSON.
const { X509Certificate } = require('crypto');
const readline = require('readline'); // tls and fixed() come with fixScript
const say = (o) => process.stdout.write(JSON.stringify(o) + '\n');
const hex = (b) => b ? Buffer.from(b).toString('hex') : null;
const sum = (c) => c && c.fingerprint256 ? c.fingerprint256 : null;
const code = (e) => e ? (e.code || e.message) : null;

// facts are what a socket tells once it is secure.
function facts(s) {
  return {
    protocol: s.getProtocol(), cipher: s.getCipher(), ephemeral: s.getEphemeralKeyInfo(),
    alpn: s.alpnProtocol || '', servername: s.servername || '', authorized: s.authorized,
    authorizationError: s.authorizationError ? (s.authorizationError.code || String(s.authorizationError)) : '',
    reused: s.isSessionReused(), certificate: sum(s.getCertificate()), peer: sum(s.getPeerCertificate()),
    issuer: sum((s.getPeerCertificate(true) || {}).issuerCertificate), sigalgs: s.getSharedSigalgs(),
    finished: s.getFinished().length, exporter: hex(s.exportKeyingMaterial(16, 'EXPORTER-live', Buffer.from('c'))),
  };
}

// ending are errors that node leaves it to the program to end a socket for.
const ending = ['ERR_TLS_SESSION_ATTACK', 'ERR_TLS_RENEGOTIATION_DISABLED'];

// watch tells of a socket when it is over. Both sides send a byte, and the client ends.
function watch(s, events, tell) {
  const r = { facts: null, error: '', events };
  s.on('error', (e) => {
    r.error = r.error || code(e);
    if (ending.includes(e.code)) s.destroy();
  });
  let end = false;
  r.end = () => { if (r.facts && r.heard && !end) { end = true; s.end(); } };
  s.on('data', () => {
    r.heard = true;
    if (r.ticket === undefined) {
      const session = s.getSession();
      r.session = hex(session);
      r.ticket = s.getProtocol() !== 'TLSv1.3' && !!s.getTLSTicket(); // there it may yet come
    }
    if (!s.isServer) r.end();
  });
  s.on('close', () => tell(r));
  return r;
}

const servers = {};
const withPsk = (p, o) => { if (p) o.pskCallback = (_, identity) => identity === p.identity ? Buffer.from(p.key, 'hex') : null; return o; };

const ops = {
  serve({ id, options, contexts, psk, ocsp, renegotiate, disables }) {
    options = withPsk(psk, fixed(options));
    const events = [];
    const server = tls.createServer(options, (s) => {
      const r = s.told = watch(s, events.splice(0), (r) => say({ id, r }));
      s.isServer = true;
      if (disables) s.disableRenegotiation();
      const ready = () => { r.facts = facts(s); s.write('S'); };
      if (renegotiate) s.renegotiate(renegotiate, (e) => e ? events.push(code(e)) : ready()); else ready();
    });
    for (const [name, c] of contexts || []) server.addContext(name, fixed(c));
    if (ocsp !== undefined) server.on('OCSPRequest', (cert, issuer, cb) => {
      const c = new X509Certificate(cert);
      events.push(`OCSPRequest of ${c.subjectAltName}, ${c.publicKey.asymmetricKeyType}, ${issuer ? 'with issuer' : 'alone'}`);
      if (ocsp.code) return cb(Object.assign(new Error('broken'), { code: ocsp.code }));
      cb(null, ocsp.response === null ? null : Buffer.from(ocsp.response));
    });
    server.on('tlsClientError', (e, s) => {
      if (!s.told) { s.told = true; say({ id, r: { facts: null, error: code(e), why: s.authorizationError || '', events: events.splice(0) } }); }
    });
    servers[id] = server;
    server.listen(0, '127.0.0.1', () => say({ id, port: server.address().port }));
  },
  connect({ id, port, options, psk, keylog, renegotiate }) {
    options = fixed(options);
    options.port = port;
    if (options.session) options.session = Buffer.from(options.session, 'hex');
    if (psk) {
      options.pskCallback = (hint) => (psk.none ? null : { psk: Buffer.from(psk.key, 'hex'), identity: psk.identity });
      options.checkServerIdentity = () => undefined;
    }
    const events = [];
    let s;
    try { s = tls.connect(options); } catch (e) { say({ id, r: { facts: null, error: code(e), events } }); return; }
    const r = watch(s, events, (r) => say({ id, r }));
    s.on('OCSPResponse', (b) => events.push('OCSPResponse ' + (b ? b.toString() : 'null')));
    s.on('session', (b) => { events.push('session'); r.last = hex(b); });
    if (keylog) s.on('keylog', (line) => events.push(line.toString().split(' ')[0]));
    s.on('secureConnect', () => {
      events.push('secureConnect');
      const ready = () => { if (!r.facts) s.write('C'); r.facts = facts(s); r.end(); };
      if (!renegotiate) return ready();
      renegotiate = false;
      s.renegotiate({}, (e) => e ? events.push(code(e)) : ready());
    });
  },
  close({ id }) { servers[id].close(); },
};
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const c = JSON.parse(line);
  ops[c.op](c);
}).on('close', () => process.exit(0));
