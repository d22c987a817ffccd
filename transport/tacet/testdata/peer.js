// The other side of a connection, and what it knows of it, one JSON object a line.
// node peer.js DIRECTORY server OPTIONS, or client PORT OPTIONS; OPTIONS are an
// expression, in which file(NAME) reads a file of the directory.
const tls = require('node:tls'), fs = require('node:fs'), path = require('node:path');
const [directory, role, ...rest] = process.argv.slice(2);
const file = name => fs.readFileSync(path.join(directory, name));
const say = o => console.log(JSON.stringify(o));

// certificate is the peer's, less what is bytes.
function certificate(s) {
  const {raw, pubkey, ...rest} = s.getPeerCertificate();
  return rest;
}

function facts(s) {
  return {
    protocol: s.getProtocol(), cipher: s.getCipher(), alpnProtocol: s.alpnProtocol, servername: s.servername, authorized: s.authorized,
    authorizationError: s.authorizationError, reused: s.isSessionReused(), ephemeralKeyInfo: s.getEphemeralKeyInfo(),
    peerCertificate: certificate(s), sharedSigalgs: s.getSharedSigalgs(), finished: s.getFinished().toString('hex'), peerFinished: s.getPeerFinished().toString('hex'),
    exporter: s.exportKeyingMaterial(32, 'EXPERIMENTAL').toString('hex'), error: null,
  };
}

if (role === 'server') {
  const options = eval('({' + rest[0] + '})');
  const server = tls.createServer({cert: file('rsa.pem'), key: file('rsa.pem'), ...options}, s => {
    say(facts(s));
    s.on('error', () => {});
    s.pipe(s); // echoes
    s.on('secure', () => {
      say({renegotiated: true, ...facts(s)});
      if (options.ends) s.end();
    });
    if (options.renegotiate) s.renegotiate({}, () => {});
  });
  if (options.ocsp) server.on('OCSPRequest', (cert, issuer, cb) => cb(null, options.ocsp));
  if (options.store) {
    server.on('newSession', (id, data, cb) => { options.store.set(id.toString('hex'), data); cb(); });
    server.on('resumeSession', (id, cb) => cb(null, options.store.get(id.toString('hex')) ?? null));
  }
  server.on('tlsClientError', e => say({error: {code: e.code}}));
  server.listen(0, '127.0.0.1', () => console.log('127.0.0.1:' + server.address().port));
} else {
  const options = eval('({' + rest[1] + '})');
  const socket = tls.connect({host: '127.0.0.1', port: +rest[0], ca: file('ca.pem'), servername: 'localhost', ...options}, function secure() {
    say({...facts(socket), ocspResponse: ocsp});
    if (options.renegotiate) {
      return socket.renegotiate({}, e => { say({renegotiated: !e, ...facts(socket)}); socket.end('hello\n'); });
    }
    if (options.awaits) { // that the server renegotiates
      return socket.once('secure', () => { say({renegotiated: true, ...facts(socket)}); socket.end('hello\n'); });
    }
    socket.end('hello\n');
  });
  let ocsp = null;
  socket.on('OCSPResponse', r => { ocsp = r && r.toString('hex'); });
  socket.on('error', e => say({error: {code: e.code}}));
  let data = '';
  socket.on('data', d => { data += d; });
  socket.on('end', () => say({data}));
}
