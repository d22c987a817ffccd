// Reads a JSON array of cipher lists from standard input and prints, for each, what
// tls.connect makes of it: the suites of its ClientHello (RFC 8446 §4.1.2) as
// hexadecimal numbers, "none" if it sends none, or the code of what it throws.
const net = require('node:net');
const tls = require('node:tls');

const suitesOf = (record) => {
  let at = 5 + 4 + 2 + 32; // record header, message header, version, random
  at += 1 + record[at]; // session id
  const words = [];
  for (const end = at + 2 + record.readUInt16BE(at); (at += 2) < end;) {
    words.push(record.readUInt16BE(at).toString(16).padStart(4, '0'));
  }
  return words.join(' ');
};

const hello = (ciphers) => new Promise((resolve) => {
  const server = net.createServer((peer) => {
    peer.on('error', () => {});
    peer.once('data', (record) => { resolve(record[0] === 22 ? suitesOf(record) : 'none'); peer.destroy(); });
    peer.once('close', () => { resolve('none'); server.close(); });
  }).listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    try {
      tls.connect({ host: '127.0.0.1', port, ciphers, rejectUnauthorized: false, pskCallback: () => null }).on('error', () => {});
    } catch (err) {
      resolve('error: ' + err.code);
      server.close();
    }
  });
});

(async () => {
  for (const ciphers of JSON.parse(require('node:fs').readFileSync(0, 'utf8'))) {
    console.log(JSON.stringify(ciphers) + ' => ' + await hello(ciphers));
  }
})();
