// Prints the words of tls.getCiphers in one line; then, for each suite of the JSON array of
// OpenSSL names on standard input, what getCipher says after a handshake with it.
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const tls = require('node:tls');

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'suites-'));
const credential = (name, ...newkey) => {
  const [key, cert] = [`${name}.key`, `${name}.pem`].map((file) => path.join(dir, file));
  execFileSync('openssl', ['req', '-x509', '-nodes', '-subj', '/CN=localhost', '-days', '9', '-keyout', key, '-out', cert, '-newkey', ...newkey], { stdio: 'ignore' });
  return [fs.readFileSync(key), fs.readFileSync(cert)];
};
const rsa = credential('rsa', 'rsa:2048');
const ecdsa = credential('ecdsa', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256');
fs.rmSync(dir, { recursive: true });

const psk = Buffer.alloc(16, 7);

const handshake = (name) => new Promise((resolve) => {
  const is13 = name.startsWith('TLS_');
  const both = {
    ciphers: is13 ? `${name}:DEFAULT:@SECLEVEL=0` : `${name}:@SECLEVEL=0`,
    minVersion: is13 ? 'TLSv1.3' : 'TLSv1', maxVersion: is13 ? 'TLSv1.3' : 'TLSv1.2',
  };
  const options = { ...both, dhparam: 'auto' };
  if (!/^(ADH|AECDH)/.test(name)) [options.key, options.cert] = [[rsa[0], ecdsa[0]], [rsa[1], ecdsa[1]]];
  if (name.includes('PSK')) [options.pskCallback, options.pskIdentityHint] = [() => psk, 'hint'];
  const server = tls.createServer(options, (socket) => socket.end());
  const done = (what) => { server.close(); resolve(`${name} => ${what}`); };
  server.on('tlsClientError', (err) => done(`error: ${err.code}`));
  server.listen(0, '127.0.0.1', () => {
    const client = tls.connect({
      ...both, port: server.address().port, host: '127.0.0.1', rejectUnauthorized: false, checkServerIdentity() {}, minDHSize: 512,
      ...(name.includes('PSK') ? { pskCallback: () => ({ psk, identity: 'me' }) } : {}),
    }, () => {
      const { standardName, version } = client.getCipher();
      done(`${client.getCipher().name} ${standardName} ${version}`);
      client.destroy();
    });
    client.on('error', () => {});
  });
});

(async () => {
  console.log('getCiphers => ' + tls.getCiphers().join(' '));
  for (const name of JSON.parse(fs.readFileSync(0))) console.log(await handshake(name));
})();
