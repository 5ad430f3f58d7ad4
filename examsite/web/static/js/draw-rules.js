// The rule of a draw, as `examsite draw check` has it: canonical text, SHA-256, one permutation. No network, no page.
//
// `examsite.draws.sha256(bytes)` resolves to 32 bytes; `repeat(document)` to { seed, outcome }; both also without a
// secure context, where the browser has no digest of its own.
(function () {
  "use strict";

  const examsite = (window.examsite = window.examsite || {});
  const encoder = new TextEncoder();
  const ROUNDS = 64;

  function primes(count) {
    const found = [];
    for (let number = 2; found.length < count; number += 1) {
      if (found.every((prime) => number % prime)) found.push(number);
    }
    return found;
  }

  // FIPS 180-4: the first 32 bits of the fractional parts of cube and square roots of primes.
  const fraction = (value) => Math.floor((value - Math.floor(value)) * 2 ** 32) >>> 0;
  const CONSTANTS = primes(ROUNDS).map((prime) => fraction(Math.cbrt(prime)));
  const START = primes(8).map((prime) => fraction(Math.sqrt(prime)));
  const turn = (word, by) => (word >>> by) | (word << (32 - by));

  function plainSha256(bytes) {
    const length = Math.ceil((bytes.length + 9) / 64) * 64;
    const padded = new Uint8Array(length);
    padded.set(bytes);
    padded[bytes.length] = 0x80;
    const view = new DataView(padded.buffer);
    view.setUint32(length - 8, Math.floor(bytes.length / 2 ** 29));
    view.setUint32(length - 4, (bytes.length << 3) >>> 0);
    const state = Uint32Array.from(START);
    const words = new Uint32Array(ROUNDS);
    for (let block = 0; block < length; block += 64) {
      for (let i = 0; i < 16; i += 1) words[i] = view.getUint32(block + 4 * i);
      for (let i = 16; i < ROUNDS; i += 1) {
        const [x, y] = [words[i - 15], words[i - 2]];
        words[i] = words[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + words[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let i = 0; i < ROUNDS; i += 1) {
        const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + CONSTANTS[i] + words[i]) | 0;
        const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
      }
      [a, b, c, d, e, f, g, h].forEach((word, i) => { state[i] += word; });
    }
    const result = new DataView(new ArrayBuffer(32));
    state.forEach((word, i) => result.setUint32(4 * i, word));
    return new Uint8Array(result.buffer);
  }

  async function sha256(bytes) {
    if (window.crypto?.subtle) return new Uint8Array(await window.crypto.subtle.digest("SHA-256", bytes));
    return plainSha256(bytes);
  }

  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

  function unhex(text) {
    const digits = text.replace(/\s+/g, "").toLowerCase();
    if (!/^(?:[0-9a-f]{2})*$/.test(digits)) return null;
    return Uint8Array.from(digits.match(/../g) || [], (pair) => parseInt(pair, 16));
  }

  // RFC 8785 for texts, whole numbers, lists and objects: all that a draw document holds.
  function canonical(value) {
    if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
    if (value && typeof value === "object") {
      return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
    }
    return JSON.stringify(value);
  }

  async function* wordsOf(seed) {
    for (let block = 0; ; block += 1) {
      const bytes = new Uint8Array(40);
      bytes.set(seed);
      new DataView(bytes.buffer).setUint32(36, block);
      const digest = new DataView((await sha256(bytes)).buffer);
      for (let place = 0; place < 32; place += 8) yield digest.getBigUint64(place);
    }
  }

  async function permute(items, seed) {
    const order = Array.from(items);
    const words = wordsOf(seed);
    for (let last = order.length - 1; last > 0; last -= 1) {
      const choices = BigInt(last + 1);
      const fairBelow = (2n ** 64n / choices) * choices;
      let word;
      do word = (await words.next()).value; while (word >= fairBelow);
      const place = Number(word % choices);
      [order[last], order[place]] = [order[place], order[last]];
    }
    return order;
  }

  async function repeat(document) {
    const seed = await sha256(encoder.encode(canonical(document)));
    return { seed: hex(seed), outcome: await permute(document.items, seed) };
  }

  examsite.draws = { canonical, hex, permute, plainSha256, repeat, sha256, unhex };
})();
