// Reads cases as JSON on stdin and prints, for each, what node's tls thinks of the peer:
// [{"name", "cert", "key", "ca": [], "crl": [], "client", "partial"}] -> {"name": "code or empty"}.
// With "client" the server judges the client's certificate, else the client the server's.
import tls from 'node:tls';

const read = async () => { let s = ''; for await (const c of process.stdin) s += c; return JSON.parse(s); };

const judge = (c) => new Promise((done) => {
  const own = { cert: c.cert, key: c.key };
  const trust = { ca: c.ca, crl: c.crl.length ? c.crl : undefined, allowPartialTrustChain: c.partial };
  const plain = { cert: c.plainCert, key: c.plainKey };
  const settle = (s) => { const e = s.authorizationError; done(s.authorized ? '' : String(e?.code ?? e)); };
  const server = tls.createServer(c.client
    ? { ...plain, ...trust, requestCert: true, rejectUnauthorized: false }
    : own, (s) => { s.on('error', () => {}); if (c.client) settle(s); s.end(); });
  server.on('tlsClientError', (e) => done('server: ' + (e.code ?? e.message)));
  server.listen(0, '127.0.0.1', () => {
    const s = tls.connect({
      port: server.address().port, host: '127.0.0.1', rejectUnauthorized: false, checkServerIdentity: () => undefined,
      ...(c.client ? own : trust),
    }, () => { if (!c.client) settle(s); });
    s.on('error', (e) => done('client: ' + (e.code ?? e.message)));
    s.on('close', () => server.close());
    s.resume();
  });
});

const verdicts = {};
for (const c of await read()) {
  try { verdicts[c.name] = await judge(c); } catch (e) { verdicts[c.name] = 'throws: ' + (e.code ?? e.message); }
}
console.log(JSON.stringify(verdicts));
process.exit(0);
