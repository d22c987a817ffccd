// Node's tls as a peer: one process for all rows of the table. It reads commands
// and writes what is to be said of them, one JSON object a line.
//
// {id, op: 'listen' | 'dial', port, options, connections, half, bulk, session}
// {id, op: 'greet' | 'quit' | 'tell'}
// {id, op: 'stream', size, receive}
// {id, op: 'renegotiate', options}
// -> {id, say, keys, port, end, sent, received}
import tls from 'node:tls';
import crypto from 'node:crypto';
import readline from 'node:readline';

const greeting = 'node says\n';
const endHeard = 'the other side has closed';
const hex = (bytes) => bytes.toString('hex');
const talks = new Map();
const sessions = new Map();

class Talk {
  constructor(command) {
    Object.assign(this, command);
    this.left = command.connections;
    this.live = new Promise((resolve) => { this.resolve = resolve; });
  }

  send(message) { process.stdout.write(JSON.stringify({ id: this.id, ...message }) + '\n'); }
  say(text) { this.send({ say: text + '\n' }); }

  // over is the end of one connection.
  over() {
    this.live = new Promise((resolve) => { this.resolve = resolve; });
    if (--this.left > 0) return;
    this.server?.close();
    this.send({ end: true });
    talks.delete(this.id);
  }

  listen() {
    const { names, psk, staple, ...options } = this.options;
    if (psk) {
      options.pskCallback = (socket, identity) => (identity === psk.identity ? Buffer.from(psk.key, 'hex') : null);
      if (psk.hint) options.pskIdentityHint = psk.hint;
    }
    this.server = tls.createServer({ ...options, allowHalfOpen: this.half });
    const kept = new Map();
    this.server.on('newSession', (id, data, done) => { kept.set(id.toString('hex'), data); done(); });
    this.server.on('resumeSession', (id, done) => done(null, kept.get(id.toString('hex')) ?? null));
    for (const { name, cert, key } of names) this.server.addContext(name, { cert, key });
    if (staple) this.server.on('OCSPRequest', (cert, issuer, done) => done(null, Buffer.from(staple, 'hex')));
    this.server.on('keylog', (line) => this.send({ keys: line.toString() }));
    this.server.on('secureConnection', (socket) => {
      this.watch(socket);
      this.secure(socket);
    });
    this.server.on('tlsClientError', (err) => { this.failed(err); this.over(); });
    this.server.listen(0, '127.0.0.1', () => this.send({ port: this.server.address().port }));
  }

  dial() {
    const { psk, ...options } = this.options;
    if (psk) {
      options.pskCallback = (hint) => {
        if ((hint ?? '') !== psk.hint) this.say(`error=the hint is ${hint}`);
        return { identity: psk.identity, psk: Buffer.from(psk.key, 'hex') };
      };
      options.checkServerIdentity = (host, cert) => (cert.subject ? tls.checkServerIdentity(host, cert) : undefined);
    }
    const socket = tls.connect({
      ...options, host: '127.0.0.1', port: this.port, allowHalfOpen: this.half,
      session: sessions.get(this.session),
    });
    socket.on('OCSPResponse', (response) => this.say(`ocsp=${response && hex(response)}`));
    socket.on('keylog', (line) => this.send({ keys: line.toString() }));
    socket.on('session', (session) => sessions.set(this.session, session));
    socket.on('secureConnect', () => this.secure(socket));
    this.watch(socket);
  }

  failed(err) { this.say(`error=${err.code} ${err.message}`); }

  watch(socket) {
    socket.on('error', (err) => {
      this.failed(err);
      if (err.code === 'ERR_TLS_SESSION_ATTACK') socket.destroy();
    });
    socket.on('end', () => this.say(endHeard));
    socket.on('close', () => this.over());
    if (!this.bulk) this.show(socket);
  }

  show(socket) { socket.on('data', (data) => this.send({ say: data.toString('latin1') })); }

  secure(socket) {
    const peer = socket.getPeerCertificate();
    this.say([
      '', `protocol=${socket.getProtocol()}`, `cipher=${socket.getCipher().standardName}`,
      `alpn=${socket.alpnProtocol || ''}`, `reused=${socket.isSessionReused()}`,
      `exporter=${socket.exportKeyingMaterial(32, 'EXPERIMENTAL').toString('hex')}`,
      `peer=${peer?.subject?.CN ?? ''}`, `servername=${socket.servername}`,
      `authorized=${socket.authorized}`, `finished=${hex(socket.getFinished())} ${hex(socket.getPeerFinished())}`, `group=${JSON.stringify(socket.getEphemeralKeyInfo())}`,
    ].join('\n'));
    this.resolve(socket);
  }

  async tell() { this.secure(await this.live); }

  async renegotiate({ options }) {
    (await this.live).renegotiate(options, (err) => { if (err) this.failed(err); });
  }

  async greet() { (await this.live).write(greeting); }
  async quit() { (await this.live).end(); }

  async stream({ size, receive }) {
    const socket = await this.live;
    const inward = crypto.createHash('sha256');
    let got = 0;
    const received = new Promise((resolve) => {
      if (receive === 0) resolve(inward.digest('hex'));
      socket.on('data', (data) => {
        inward.update(data);
        if ((got += data.length) === receive) resolve(inward.digest('hex'));
      });
    });
    const outward = crypto.createHash('sha256');
    const block = crypto.randomBytes(256 << 10);
    for (let sent = 0; sent < size; sent += block.length) {
      block.writeUInt32BE(sent);
      const piece = Buffer.from(block.subarray(0, Math.min(block.length, size - sent)));
      outward.update(piece);
      if (!socket.write(piece)) await new Promise((resolve) => { socket.once('drain', resolve); });
    }
    this.send({ sent: outward.digest('hex'), received: await received });
    socket.removeAllListeners('data');
    this.show(socket);
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (!talks.has(command.id)) talks.set(command.id, new Talk(command));
  try {
    Promise.resolve(talks.get(command.id)[command.op](command)).catch((err) => talks.get(command.id)?.failed(err));
  } catch (err) {
    talks.get(command.id).failed(err);
    talks.get(command.id).over();
  }
}
