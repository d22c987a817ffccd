// Reads a JSON array of [keyLen, tagLen, textLen, additionalLen] and prints, for each, the
// SHA-256 of what AES-CCM makes of bytes that count up: ciphertext, then tag.
const { createCipheriv, createHash } = require('node:crypto');

const count = (n, from) => Uint8Array.from({ length: n }, (_, i) => from + i * 7);

const cases = JSON.parse(require('node:fs').readFileSync(0));
for (const [keyLen, tagLen, textLen, additionalLen] of cases) {
  const cipher = createCipheriv(`aes-${keyLen * 8}-ccm`, count(keyLen, 1), count(12, 2), { authTagLength: tagLen });
  if (additionalLen > 0) cipher.setAAD(count(additionalLen, 3), { plaintextLength: textLen });
  const text = cipher.update(count(textLen, 4));
  cipher.final();
  console.log(createHash('sha256').update(text).update(cipher.getAuthTag()).digest('hex'));
}
