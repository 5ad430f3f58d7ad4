/* Verifies a result bundle in the browser, from its bytes alone: every check and every sentence of verify.py, which lies
 * in the bundle. No network, no storage, no markup; the curve and the hashes are @noble's (noble.js beside this file).
 *
 *   const told = ExamVerifier.verify(bytes, { logKey, witnesses, quorum, older, receipt });
 *   told.next() … told.next().value   // a generator: whoever calls it decides when to pause; at the end the answer
 *
 * Check by check the order of verify.py, so that both can be read side by side; what the format leaves open is decided
 * in README.md beside that file. The answer is {ok, pinned, bundle_sha256, result_sha256, checks: [{check, state, vi, en}]}. */
"use strict";

const ExamVerifier = (() => {
  const LARGEST = 2 ** 30; // bytes of a bundle
  const FIRST = ["result.json", "log.jsonl", "checkpoint.txt", "openings.jsonl"];
  const LAST = ["previous.txt", "bao-cao.pdf", "verify.py", "HUONG-DAN.txt"];
  // When one of these breaks, what comes after it cannot be told.
  const BASIC = ["shape", "json", "records", "openings", "result", "table", "opened"];
  const ROUNDS = [0, 1, 2, "appeal-1", "appeal-2", "appeal-3"];
  const THIRD = ["collective", "mean", "median", "closest"]; // of three different marks; the first: people decide

  // --- the two tables of verify.py ------------------------------------------------------------------------------------
  const SENTENCES = new Map(
    VERIFIER_TABLES.words.trim().split(/\n|  /).map((line) => {
      const end = line.indexOf(": ");
      return [line.slice(0, end), line.slice(end + 2).split(" | ")];
    }),
  );
  const ROWS = VERIFIER_TABLES.table.split(";").map((row) => row.trim().split(/\s+/));
  const bare = (name) => name.replace(/^[+~]+/, "");
  const EVENTS = new Map(
    ROWS.filter((row) => row[0].includes(":")).map((row) => [
      bare(row[0]), { sign: row[0][0], roles: row[1].split(","), kinds: row[2].split(",") },
    ]),
  );
  const SHAPES = new Map(
    ROWS.map((row) => [
      bare(row[0]), new Map(row.slice(1).filter((x) => x.includes("=")).map((x) => x.split("="))),
    ]),
  );
  // White space as Python knows it: JavaScript counts U+FEFF to it and leaves some control signs out.
  const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
  // Signs that are not seen, or that move what is: they could make two people of one, or show another verdict.
  const HIDDEN = "\\0-\\x1f\\x7f-\\x9f\\xad\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff\\ud800-\\udfff";
  const CODE = `[^${SPACE}/${HIDDEN}]{1,100}`;
  const PLAIN = new Map(Object.entries({
    score: /^(?:0|[1-9][0-9]{0,7})\.[0-9]{2}$/, hex: /^[0-9a-f]{64}$/, code: new RegExp(`^${CODE}$`, "u"), text: /^/,
    event: /^[a-z][a-z-]*:[a-z][a-z-]*$/, actor: new RegExp(`^(?:system|candidate|(?!(?:system|candidate)/)[a-z]+/(?!(?:system|candidate)$)${CODE})$`, "u"),
    subject: new RegExp(`^[a-z-]+/${CODE}$`, "u"),
  }));

  /** Something is broken: where (a file, a Fact, a Work), the key of the words, their values. */
  class Fault extends Error {
    constructor(where, key, ...values) {
      super(key);
      Object.assign(this, { where, key, values });
    }
  }
  /** Something could not be checked: the same. */
  class NotChecked extends Fault {}
  /** A value that is a word of its own, said in both languages. */
  class Term {
    constructor(key) { this.key = key; }
  }
  /** A record as the checks see it; `says` is its opened payload, or null. */
  class Fact {}
  /** A part of a candidate in the result, with its person, rule, rubric, subject, and the marks of its appeal. */
  class Work {}

  /** What is known of a bundle; a check that asks for what a broken one did not leave is not made. */
  function bundleOf(given) {
    return new Proxy(Object.assign(Object.create(null), given), {
      get(known, name) {
        if (!(name in known)) throw new NotChecked("", "blocked", name);
        return known[name];
      },
    });
  }

  // --- small words ------------------------------------------------------------------------------------------------------
  function need(holds, where, key, ...values) {
    if (!holds) throw new Fault(where, key, ...values);
  }
  const h = (text) => Number(text.replace(".", "")); // a score as whole hundredths
  const s = (points) => {
    const whole = BigInt(points), rest = ((whole % 100n) + 100n) % 100n;
    return `${(whole - rest) / 100n}.${String(rest).padStart(2, "0")}`;
  };
  const sum = (numbers) => numbers.reduce((x, y) => x + y, 0);
  const mean = (points) => Math.floor((2 * sum(points) + points.length) / (2 * points.length)); // rounded half-up
  const utf8 = new TextEncoder();
  const hex = (bytes) => Array.from(bytes, (x) => x.toString(16).padStart(2, "0")).join("");
  const unhex = (text) => Uint8Array.from(text.match(/../g) || [], (x) => parseInt(x, 16));
  const sha256 = (bytes) => hex(noble.sha256(bytes));
  const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const own = (object, name, other = null) => (Object.hasOwn(object, name) ? object[name] : other);
  const last = (list) => list[list.length - 1];
  const sortedKeys = (object) => {
    const names = Object.keys(object);
    return isSortedSet(names) ? names : names.sort(compare);
  };
  const entries = (object) => sortedKeys(object).map((name) => [name, object[name]]);
  const equal = (x, y) => canonical(x) === canonical(y);

  /** The order by code point; that of JavaScript is by UTF-16 unit. */
  function compare(x, y) {
    const length = Math.min(x.length, y.length);
    for (let i = 0; i < length; i++) {
      let a = x.charCodeAt(i), b = y.charCodeAt(i);
      if (a !== b) {
        if (a >= 0xd800 && b >= 0xd800) [a, b] = [a, b].map((unit) => (unit < 0xe000 ? unit + 0x2000 : unit - 0x800));
        return a - b;
      }
    }
    return x.length - y.length;
  }

  /** Whether the list is what a sorted set of its members would be. */
  function isSortedSet(list) {
    return list.every((x, place) => place === 0 || compare(list[place - 1], x) < 0);
  }

  function joined(...arrays) {
    const all = new Uint8Array(sum(arrays.map((x) => x.length)));
    let place = 0;
    for (const array of arrays) {
      all.set(array, place);
      place += array.length;
    }
    return all;
  }

  function sameBytes(x, y) {
    if (x.length !== y.length) return false;
    for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return false;
    return true;
  }

  // --- zip, JSON, shapes ------------------------------------------------------------------------------------------------
  const CRC = Uint32Array.from({ length: 256 }, (_, value) => {
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });

  function* crc32(bytes) {
    let crc = 0xffffffff;
    for (let place = 0; place < bytes.length;) {
      const end = Math.min(bytes.length, place + (1 << 20));
      for (; place < end; place++) crc = CRC[(crc ^ bytes[place]) & 255] ^ (crc >>> 8);
      yield;
    }
    return (crc ^ 0xffffffff) >>> 0;
  }

  function* longSha256(bytes) {
    const hash = noble.sha256.create();
    for (let place = 0; place < bytes.length; place += 1 << 20) {
      hash.update(bytes.subarray(place, place + (1 << 20)));
      yield;
    }
    return hex(hash.digest());
  }

  /** Numbers of 2 and 4 bytes, little end first: [size, value, size, value, …]. */
  function packed(...pairs) {
    const bytes = [];
    for (let i = 0; i < pairs.length; i += 2) {
      for (let n = 0; n < pairs[i]; n++) bytes.push(Math.floor(pairs[i + 1] / 256 ** n) % 256);
    }
    return Uint8Array.from(bytes);
  }

  /** The entries of a zip in the one layout of the format: every byte of it is accounted for. */
  function* readZip(data) {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const u16 = (place) => view.getUint16(place, true), u32 = (place) => view.getUint32(place, true);
    const end = data.length - 22, found = new Map();
    need(end >= 0 && end <= LARGEST && u32(end) === 0x06054b50, "zip", "zip");
    const count = u16(end + 10), start = u32(end + 16);
    need(!u16(end + 4) && !u16(end + 6) && !u16(end + 20) && u16(end + 8) === count && start + u32(end + 12) === end,
      "zip", "zip");
    let place = start, offset = 0, outside = 0;
    for (let n = 0; n < count; n++) {
      need(place + 46 <= end, "zip", "zip");
      const crc = u32(place + 16), length = u32(place + 24), width = u16(place + 28);
      outside = outside || u32(place + 38);
      const spelling = data.subarray(place + 46, place + 46 + width);
      const name = Array.from(spelling, (x) => (x < 128 ? String.fromCharCode(x) : "\ufffd")).join("");
      const shared = [2, 20, 2, 0, 2, 0, 2, 0, 2, 0x21, 4, crc, 4, length, 4, length, 2, width, 2, 0];
      const central = packed(4, 0x02014b50, 2, 0x314, ...shared, 2, 0, 2, 0, 2, 0, 4, outside, 4, offset);
      const local = joined(packed(4, 0x04034b50, ...shared), spelling);
      need(sameBytes(data.subarray(place, place + 46), central)
        && sameBytes(data.subarray(offset, offset + 30 + width), local), name, "zip");
      offset += 30 + width + length;
      place += 46 + width;
      need(!found.has(name), name, "names");
      found.set(name, data.subarray(offset - length, offset));
      need((yield* crc32(found.get(name))) === crc && [0o600, 0o644].includes(outside >>> 16) && offset <= start,
        name, "zip");
    }
    need(offset === start && place === end, "zip", "zip");
    return found;
  }

  /** RFC 8785 without fractions; throws on what it has no spelling for. */
  function canonical(value) {
    if (typeof value === "string") {
      if (/[\ud800-\udfff]/u.test(value)) throw new SyntaxError("half a surrogate");
      return JSON.stringify(value);
    }
    if (typeof value === "number") {
      if (!Number.isSafeInteger(value)) throw new SyntaxError("number");
      return String(value);
    }
    if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
    if (isObject(value)) {
      let text = "";
      for (const name of sortedKeys(value)) text += `${text ? "," : ""}${canonical(name)}:${canonical(value[name])}`;
      return `{${text}}`;
    }
    return String(value === undefined ? null : value);
  }

  const DEEPEST = 64;

  /** The value of a canonical JSON text; a long list at the top is compared piece by piece. */
  function* load(text, where) {
    const astral = /[\u{10000}-\u{10ffff}][^"\u{10000}-\u{10ffff}]*":/u;
    const good = (piece) => piece.normalize("NFC") === piece && !astral.test(piece);
    const deep = (value) => (value && typeof value === "object" ? 1 + Object.values(value).map(deep).reduce((x, y) => Math.max(x, y), 0) : 0);
    try {
      const value = JSON.parse(text);
      if (text.length < 100000 || !isObject(value)) {
        need(canonical(value) === text && good(text) && deep(value) <= DEEPEST, where, "text");
        return value;
      }
      let place = 0;
      const eat = (piece) => {
        need(text.startsWith(piece, place) && good(piece), where, "text");
        place += piece.length;
      };
      for (const [n, [name, inner]] of entries(value).entries()) {
        eat(`${n ? "," : "{"}${canonical(name)}:`);
        if (Array.isArray(inner) && inner.length) {
          for (const [m, item] of inner.entries()) {
            eat((m ? "," : "[") + canonical(item));
            need(deep(item) <= DEEPEST - 2, where, "text");
            yield;
          }
          eat("]");
        } else {
          eat(canonical(inner));
          need(deep(inner) <= DEEPEST - 1, where, "text");
        }
        yield;
      }
      eat("}");
      need(place === text.length, where, "text");
      return value;
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof RangeError) throw new Fault(where, "text");
      throw error;
    }
  }

  /** Refuses a value that is not of the kind; what fits can be used without further care. */
  function fits(value, kind, where) {
    const plain = PLAIN.get(kind);
    if (plain) need(typeof value === "string" && plain.test(value), where, "form", kind);
    else if (kind.endsWith("?")) {
      if (value !== null) fits(value, kind.slice(0, -1), where);
    } else if (kind[0] === "@") {
      const names = SHAPES.get(kind.slice(1));
      need(isObject(value) && Object.keys(value).length === names.size
        && Object.keys(value).every((name) => names.has(name)), where, "form", names);
      for (const [name, inner] of names) fits(value[name], inner, where);
    } else if (kind[0] === "[" || kind[0] === "*") {
      need(kind[0] === "[" ? Array.isArray(value) : isObject(value), where, "form", kind);
      const inner = kind.replace(/\]+$/, "").slice(1);
      for (const item of kind[0] === "[" ? value : entries(value).map(([, x]) => x)) fits(item, inner, where);
    } else if (kind === "int") need(Number.isInteger(value) && value >= 0, where, "form", kind);
    else if (kind === "bool") need(typeof value === "boolean", where, "form", kind);
    else if (kind !== "any") {
      const words = kind === "round" ? ROUNDS : kind.split("|").map((x) => (/^[0-9]+$/.test(x) ? Number(x) : x));
      need(words.includes(value), where, "form", words.join("|"));
    }
  }

  // --- Ed25519, signed notes, the tree, draws ---------------------------------------------------------------------------
  const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
  const number = (bytes) => bytes.reduceRight((whole, x) => (whole << 8n) | BigInt(x), 0n);

  /** The point of 32 bytes; null for a spelling that is not canonical, no point, or a point of small order. */
  function point(bytes) {
    try {
      const found = noble.Point.fromBytes(bytes, false);
      return found.isSmallOrder() ? null : found;
    } catch {
      return null;
    }
  }

  /** Whether an Ed25519 signature holds, without the spellings that let two signatures or keys pass for one. */
  function verifies(key, message, signature) {
    const a = point(key), r = point(signature.subarray(0, 32)), scalar = number(signature.subarray(32));
    if (signature.length !== 64 || !a || !r || scalar >= ORDER) return false;
    const k = number(noble.sha512(joined(signature.subarray(0, 32), key, message))) % ORDER;
    return noble.Point.BASE.multiplyUnsafe(scalar).equals(r.add(a.multiplyUnsafe(k)));
  }

  function unbase64(text, where, form) {
    let data = "";
    try {
      data = atob(text);
    } catch { /* said below */ }
    need(data && btoa(data) === text, where, "form", form);
    return Uint8Array.from(data, (x) => x.charCodeAt(0));
  }
  const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

  // ECDSA over P-256 with SHA-256, as passkeys sign (FIPS 186-5); keys in COSE, signatures in DER, in their one spelling.
  const P256 = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
  const Q256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const B256 = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
  const G256 = [0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n];
  const COSE = ["a5010203262001215820", "225820"].map(unhex);
  const whole = (bytes) => BigInt(`0x${hex(bytes) || "0"}`);
  const modulo = (x, m) => ((x % m) + m) % m;

  function inverse(x, m) {
    let [a, b, u, v] = [modulo(x, m), m, 1n, 0n];
    while (a) {
      const times = b / a;
      [a, b, u, v] = [b - times * a, a, v - times * u, u];
    }
    return modulo(v, m);
  }

  function chord(p, q) {
    if (!p || !q) return p || q;
    if (p[0] === q[0] && p[1] !== q[1]) return null;
    const [top, low] = p[0] === q[0] ? [3n * p[0] * p[0] - 3n, 2n * p[1]] : [q[1] - p[1], q[0] - p[0]];
    const slope = modulo(top * inverse(low, P256), P256), x = modulo(slope * slope - p[0] - q[0], P256);
    return [x, modulo(slope * (p[0] - x) - p[1], P256)];
  }

  function scaled(scalar, start) {
    let total = null;
    for (let at = start; scalar; at = chord(at, at), scalar >>= 1n) if (scalar & 1n) total = chord(total, at);
    return total;
  }

  /** A number as DER writes it. */
  function der(value) {
    let text = value.toString(16);
    if (text.length % 2) text = `0${text}`;
    if (parseInt(text.slice(0, 2), 16) > 127) text = `00${text}`;
    return joined(Uint8Array.of(2, text.length / 2), unhex(text));
  }

  function passkeyVerifies(key, message, signature) {
    const size = signature.length >= 8 && signature.length <= 72 ? signature[3] : 0;
    const spelledKey = key.length === 77 && joined(COSE[0], key.subarray(10, 42), COSE[1], key.subarray(45));
    if (!size || !spelledKey || hex(spelledKey) !== hex(key)) return false;
    const x = whole(key.subarray(10, 42)), y = whole(key.subarray(45));
    const r = whole(signature.subarray(4, 4 + size)), s = whole(signature.subarray(6 + size));
    const numbers = joined(der(r), der(s)), spelled = joined(Uint8Array.of(48, numbers.length), numbers);
    if (hex(spelled) !== hex(signature) || r <= 0n || r >= Q256 || s <= 0n || s >= Q256) return false;
    if (x >= P256 || y >= P256 || modulo(x ** 3n - 3n * x + B256 - y * y, P256)) return false;
    const part = inverse(s, Q256), digest = whole(noble.sha256(message));
    const found = chord(scaled((digest * part) % Q256, G256), scaled((r * part) % Q256, [x, y]));
    return found !== null && found[0] % Q256 === r;
  }

  const base64url = (bytes) => base64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  function unbase64url(text, where) {
    let data = "";
    try {
      data = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    } catch { /* said below */ }
    const bytes = Uint8Array.from(data, (x) => x.charCodeAt(0));
    need(data && base64url(bytes) === text, where, "form", "base64url");
    return bytes;
  }

  /** The four bytes by which a C2SP signed note names a key; kind 1 is a log's, 4 a witness's. */
  const keyId = (name, kind, key) =>
    noble.sha256(joined(utf8.encode(`${name}\n`), Uint8Array.of(kind), key)).subarray(0, 4);

  /** Name (null if not given) and public bytes of a verifier key. */
  function readKey(text, kind) {
    if (/^[0-9a-f]{64}$/.test(text)) return { name: null, key: unhex(text) };
    const form = "C2SP verifier key, 64 hex", short = [...text].slice(0, 80).join("");
    const [, name, ident, rest] = /^([^+]*)(?:\+([^+]*))?(?:\+([^]*))?$/.exec(text);
    const data = unbase64(rest || "", short, form), key = data.subarray(1);
    need(data.length === 33 && data[0] === kind && hex(keyId(name, kind, key)) === ident, short, "form", form);
    return { name, key };
  }

  const NOTE =
    /^([!-*,-~]+)\n([1-9][0-9]{0,9})\n([A-Za-z0-9+/]{43}=)\n\n((?:— [!-*,-~]+ [A-Za-z0-9+/]+=*\n){1,64})$/;

  /** A checkpoint: origin, size, root, signed text, and name, key id and signature of each signer. */
  function readNote(text, where) {
    const found = NOTE.exec(text), form = "C2SP tlog-checkpoint";
    need(found, where, "form", form);
    const signatures = found[4].replace(/\n+$/, "").split("\n").map((line) => {
      const [, name, data] = line.split(" ");
      return { name, data: unbase64(data, where, form) };
    });
    const signed = utf8.encode(`${found[1]}\n${found[2]}\n${found[3]}\n`);
    return { origin: found[1], size: Number(found[2]), root: unbase64(found[3], where, form), signed, signatures };
  }

  /** Whether the note bears this key's signature, and no wrong one under the key's name. */
  function signedBy(note, { name, key }, kind) {
    const good = [];
    for (const { name: owner, data } of note.signatures) {
      if ((name === null || name === owner) && sameBytes(data.subarray(0, 4), keyId(owner, kind, key))) {
        let said = note.signed, signature = data.subarray(4);
        if (kind === 4) {
          const seconds = data.subarray(4, 12).reduce((whole, x) => whole * 256n + BigInt(x), 0n);
          said = joined(utf8.encode(`cosignature/v1\ntime ${seconds}\n`), said);
          signature = data.subarray(12);
        }
        good.push(verifies(key, said, signature));
      }
    }
    return good.length > 0 && good.every(Boolean);
  }

  /** The root over leaf hashes (RFC 9162 §2.1) and the inclusion path of one of them. */
  function* tree(leaves, index = 0) {
    let level = leaves;
    const path = [];
    while (level.length > 1) {
      if ((index ^ 1) < level.length) path.push(level[index ^ 1]);
      const above = [];
      for (let i = 0; i + 1 < level.length; i += 2) {
        above.push(noble.sha256(joined(Uint8Array.of(1), level[i], level[i + 1])));
        yield;
      }
      if (level.length % 2) above.push(last(level));
      level = above;
      index >>= 1;
    }
    return { root: level[0], path };
  }

  /** The outcome of a draw, computed from its document. */
  function permuted(document) {
    const seed = noble.sha256(utf8.encode(canonical(document))), items = [...document.items];
    let words = [], block = 0;
    const next = () => {
      if (!words.length) {
        const count = new DataView(new ArrayBuffer(8));
        count.setBigUint64(0, BigInt(block++));
        const view = new DataView(noble.sha256(joined(seed, new Uint8Array(count.buffer))).buffer);
        words = [0, 8, 16, 24].map((place) => view.getBigUint64(place));
      }
      return words.shift();
    };
    for (let k = items.length - 1; k > 0; k--) {
      const size = BigInt(k + 1), end = (2n ** 64n / size) * size;
      let word = next();
      while (word >= end) word = next();
      const other = Number(word % size);
      [items[k], items[other]] = [items[other], items[k]];
    }
    return items;
  }

  // --- checks: bytes, log, openings -------------------------------------------------------------------------------------
  const CHECKS = {};

  CHECKS.shape = function* (b) {
    b.files = yield* readZip(b.data);
    b.drawFiles = [...b.files.keys()].filter((name) => /^draws\/[A-Za-z0-9][A-Za-z0-9._-]*\.json$/.test(name)).sort();
    const wanted = [...FIRST, ...b.drawFiles, ...LAST], found = [...b.files.keys()];
    for (let n = 0; n < Math.max(wanted.length, found.length); n++) {
      need(wanted[n] === found[n], found[n] || wanted[n], "names");
    }
    return [b.files.size];
  };

  CHECKS.json = function* (b) {
    const text = {};
    for (const name of [...FIRST, ...b.drawFiles, LAST[0]]) {
      try {
        text[name] = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(b.files.get(name));
      } catch {
        throw new Fault(name, "text");
      }
      need(!name.endsWith("l") || ["", "\n"].includes(text[name].slice(-1)), name, "text");
      yield;
    }
    const result = yield* load(text[FIRST[0]], FIRST[0]);
    b.result = result;
    b.previous = text[LAST[0]];
    b.lines = text[FIRST[1]].split("\n").slice(0, -1);
    const all = function* (lines, file) {
      const values = [];
      for (const line of lines) {
        values.push(yield* load(line, `${file}:${values.length + 1}`));
        yield;
      }
      return values;
    };
    b.records = yield* all(b.lines, FIRST[1]);
    b.openings = yield* all(text[FIRST[3]].split("\n").slice(0, -1), FIRST[3]);
    const draws = new Map();
    for (const name of b.drawFiles) draws.set(name, yield* load(text[name], name));
    b.draws = draws;
    const leaves = [];
    for (const line of b.lines) {
      leaves.push(noble.sha256(utf8.encode(`\0${line}`)));
      yield;
    }
    b.leaves = leaves;
    b.digest = yield* longSha256(b.files.get(FIRST[0]));
    fits(b.result, "@result", FIRST[0]);
    b.note = readNote(text[FIRST[2]], FIRST[2]);
    b.code = b.result.competition.code;
    b.rules = b.result.ruleset;
    const [, host, code] = /^([^/]*)\/?([^]*)$/.exec(b.note.origin);
    need(host && code === b.code, FIRST[2], "form", `<host>/${b.code}`);
  };

  CHECKS.signature = function* (b) {
    if (!b.logKey) throw new NotChecked(FIRST[2], "unpinned", "--log-key");
    const { name, key } = readKey(b.logKey, 1), { origin } = b.note;
    need((name === null || name === origin) && signedBy(b.note, { name: origin, key }, 1), FIRST[2], "forged", origin);
    return [origin];
  };

  CHECKS.witnesses = function* (b) {
    if (!b.witnesses.length && !b.quorum) throw new NotChecked(FIRST[2], "unpinned", "--witness");
    const keys = [...new Map(b.witnesses.map((text) => readKey(text, 4)).map((x) => [hex(x.key), x])).values()];
    const bad = keys.filter((x) => !signedBy(b.note, x, 4)).map((x) => x.name || hex(x.key));
    const good = keys.length - bad.length, quorum = b.quorum === null ? keys.length : b.quorum;
    need(good >= quorum && quorum >= 0, FIRST[2], "few", good, quorum, bad.join(", "));
    return [good, quorum];
  };

  /** Whether the text is an instant of the calendar. */
  function isInstant(text) {
    const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.\d{3}Z$/.exec(text);
    if (!found) return false;
    const [year, month, day, hour, minute, second] = found.slice(1).map(Number);
    const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
    const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
    return year > 0 && day > 0 && day <= (days || 0) && hour < 24 && minute < 60 && second < 60;
  }

  CHECKS.records = function* (b) {
    let before = "";
    for (const [n, x] of b.records.entries()) {
      fits(x, "@record", `log.jsonl:${n + 1}`);
      need(isInstant(x.at) && x.at >= before && x.seq === n, `log.jsonl:${n + 1}`, "seq", x.seq, x.at);
      before = x.at;
      yield;
    }
    return [b.records.length];
  };

  CHECKS.root = function* (b) {
    need(b.note.size === b.lines.length && sameBytes((yield* tree(b.leaves)).root, b.note.root),
      FIRST[1], "root.bad", b.note.size, b.lines.length);
    return [b.lines.length];
  };

  CHECKS.openings = function* (b) {
    const open = new Map(), salts = new Set();
    let before = -1;
    for (const x of b.openings) {
      fits(x, "@opening", "openings.jsonl");
      need(before < x.seq && x.seq < b.records.length && !salts.has(x.salt), `openings.jsonl ${x.seq}`, "twice");
      before = x.seq;
      const { event, commit } = b.records[x.seq], where = `openings.jsonl ${x.seq} (${event})`;
      need(commit === sha256(joined(unhex(x.salt), utf8.encode(canonical(x.payload)))), where, "commit");
      need(EVENTS.has(event), where, "kind");
      fits(x.payload, `@${event}`, where);
      open.set(x.seq, x.payload);
      salts.add(x.salt);
      yield;
    }
    b.open = open;
    return [open.size];
  };

  const rubricKey = (part, post, paper) => JSON.stringify([part, post, paper]);

  CHECKS.result = function* (b) {
    const r = b.result, ties = b.rules.tie_break, works = [];
    for (const x of b.rules.parts) {
      const kind = isObject(x) ? own(x, "kind") : null;
      need(["blind-pair", "panel", "machine"].includes(kind), "ruleset.parts", "form", "blind-pair, panel, machine");
      fits(x, `@${kind}`, "ruleset.parts");
    }
    const settings = isObject(b.rules.notes) ? own(b.rules.notes, "settings") : null;
    b.third = isObject(settings) ? own(settings, "third_rule", THIRD[0]) : THIRD[0];
    need(THIRD.includes(b.third), "ruleset.notes.settings.third_rule", "form", THIRD.join(", "));
    b.parts = new Map(b.rules.parts.map((x) => [x.part, x]));
    b.posts = new Map(r.posts.map((x) => [x.code, x]));
    b.people = new Map(r.candidates.map((x) => [x.code, x]));
    const rubrics = new Map(r.rubrics.map((x) => [rubricKey(x.part, x.post, x.paper), x])), names = [...b.parts.keys()];
    const inOrder = r.candidates.every((x, n) => {
      const before = r.candidates[n - 1];
      return !n || (compare(before.post, x.post) || compare(before.code, x.code)) <= 0;
    });
    need(b.parts.size === b.rules.parts.length && b.posts.size === r.posts.length && b.people.size === r.candidates.length
      && rubrics.size === r.rubrics.length && new Set(ties.filter((x) => b.parts.has(x))).size === ties.length
      && b.parts.size && inOrder, FIRST[0], "twice");
    same("ruleset.parts", "weight", s(sum(b.rules.parts.map((x) => h(x.weight)))), "100.00");
    for (const { part, post, paper, criteria } of rubrics.values()) {
      const rule = b.parts.get(part), system = criteria.map((x) => x.system);
      need(rule && b.posts.has(post) && new Set(criteria.map((x) => x.criterion)).size === criteria.length
        && criteria.every((x) => h(x.step)) && sum(criteria.map((x) => h(x.maximum))) === h(rule.maximum)
        && (rule.kind === "panel") === !paper && system.every(Boolean) === (rule.kind === "machine")
        && !(rule.kind === "panel" && system.some(Boolean)), `rubric ${part} ${post}`, "parts");
    }
    for (const person of r.candidates) {
      const passed = person.parts.every((x) => x.passed);
      need(b.posts.has(person.post) && person.parts.length && person.parts.length <= names.length
        && person.parts.every((x, n) => x.part === names[n]) && (person.parts.length === names.length || !passed),
      `result.json ${person.code}`, "parts");
      for (const x of person.parts) {
        const rule = b.parts.get(x.part), off = x.absent || x.void, panel = rule.kind === "panel";
        const subject = panel ? `defence/${person.code}` : `script/${x.script || ""}`;
        const rubric = rubrics.get(rubricKey(x.part, person.post, x.paper)), again = x.appeal ? x.appeal.marks : [];
        const system = sum(x.marks.filter((y) => y.round === 0).map((y) => h(y.total))); // counts with every human mark
        const w = Object.assign(new Work(), x, { person, rule, rubric, subject, again, system });
        const nulls = [x.settlement, x.score].filter((y) => y === null).length, marked = x.marks.length > 0;
        need(nulls === (off ? 2 : 0) && !(off && (x.appeal || x.deduction)) && !(x.absent && (x.script || marked))
          && !(panel && (x.script || x.paper)) && (off || panel || x.script) && (rubric || (off && !(marked || x.paper)))
          && (rule.kind === "blind-pair" || !x.appeal) && (x.script || panel || !marked), w, "parts");
        works.push(w);
      }
      yield;
    }
    const written = works.filter((w) => w.script);
    b.works = works;
    b.written = new Map(written.map((w) => [w.script, w]));
    need(b.written.size === written.length, FIRST[0], "twice");
    return [b.people.size];
  };

  const partition = (text) => {
    const place = text.indexOf("/");
    return place < 0 ? [text, ""] : [text.slice(0, place), text.slice(place + 1)];
  };
  const under = (map, key) => map.get(key) || [];
  const put = (map, key, value) => {
    if (!map.has(key)) map.set(key, []);
    map.get(key).push(value);
  };

  CHECKS.table = function* (b) {
    const by = new Map(), about = new Map();
    for (const x of b.records) {
      const [role, name] = partition(x.actor), [kind, code] = partition(x.subject);
      const fact = Object.assign(new Fact(), {
        seq: x.seq, event: x.event, role, name: name || role, subject: x.subject,
        says: b.open.has(x.seq) ? b.open.get(x.seq) : null,
      });
      const row = EVENTS.get(x.event) || { roles: ["any"], kinds: [kind] };
      need((row.roles.includes("any") || row.roles.includes(role)) && row.kinds.includes(kind)
        && (kind !== "competition" || code === b.code)
        && (x.event !== "mark:locked" || (role === "panel") === (kind === "defence")), fact, "kind");
      const part = fact.says && own(fact.says, "part");
      need(part === null || b.parts.has(part), fact, "missing", part);
      put(by, x.event, fact);
      yield;
      if (fact.says === null) continue;
      put(about, fact.subject, fact);
    }
    b.by = by;
    b.about = about;
  };

  CHECKS.opened = function* (b) {
    const frozen = under(b.by, "ruleset:frozen").find((x) => x.says), notes = frozen ? frozen.says.ruleset.notes : null;
    const named = isObject(notes) ? own(notes, "closed_to_public") : null, closed = [];
    for (const x of Array.isArray(named) ? named : []) {
      const good = typeof x === "string" && EVENTS.has(x) && ["+", "~"].includes(EVENTS.get(x).sign);
      need(good, "ruleset.notes.closed_to_public", "kind");
    }
    for (const [event, { sign }] of EVENTS) {
      if (sign !== "~") closed.push(...under(b.by, event).filter((x) => x.says === null));
    }
    const shown = new Set([...EVENTS.keys()].filter((event) => under(b.by, event).some((x) => x.says)));
    for (const x of closed) { // a kind is closed as a whole or not at all
      const may = EVENTS.get(x.event).sign === "+" && Array.isArray(named) && named.includes(x.event);
      need(may && !shown.has(x.event), x, "closed");
    }
    const locked = under(b.by, "mark:locked").filter((x) => x.says);
    b.dark = new Set(closed.map((x) => x.event));
    b.locked = new Map(locked.map((x) => [x.seq, x]));
    b.gone = new Map(under(b.by, "mark:withdrawn").filter((x) => x.says).map((x) => [x.says.seq, x]));
    if (closed.length) {
      const listed = closed.map((x) => `${x.seq} ${x.subject}`).join(", ");
      throw new NotChecked([...b.dark].sort().join(", "), "unseen", `: ${listed}`);
    }
    yield;
  };

  /** Whether a kind is closed to the public: then the check is made without it, and says so. */
  function shut(b, ...events) {
    const found = events.filter((event) => b.dark.has(event));
    for (const event of found) b.unseen.add(event);
    return found.length > 0;
  }

  /** The opened facts of kinds. */
  function of(b, ...events) {
    shut(b, ...events);
    return events.flatMap((event) => under(b.by, event)).filter((x) => x.says);
  }

  /** The opened draws that were held under names with this beginning. */
  const drawsOf = (b, name) => of(b, "draw:held").filter((x) => x.subject.startsWith(`draw/${name}`));
  const areDistinct = (names) => names.length > 0 && new Set(names).size === names.length;

  /** The facts of a kind by subject, closed ones too: one each, each after the fact of another kind on its subject. */
  function once(b, event, after = null) {
    const facts = new Map();
    shut(b, event);
    for (const x of under(b.by, event)) {
      const holders = (x.says && own(x.says, "holders")) || [x.name]; // of who opened something at least one, each once
      need(!facts.has(x.subject) && areDistinct(holders), x, "twice");
      facts.set(x.subject, x);
      need(after === null || after.has(x.subject), x, "missing", x.subject);
      if (after && after.size) inOrder(after.get(x.subject), x);
    }
    return facts;
  }

  function inOrder(early, late, blame = null) {
    const other = blame === early ? late : early;
    need(early.seq < late.seq, blame || late, "order.bad", other.event, other.seq);
  }

  // --- checks: what was fixed before marking ----------------------------------------------------------------------------
  CHECKS.frozen = function* (b) {
    const first = of(b, "ruleset:frozen"), posts = b.result.posts.map(({ tie, ...x }) => x);
    need(first.length === 1 && first[0].seq === (b.records[0].event === "log:opened" ? 1 : 0), "ruleset:frozen", "twice");
    const stated = { ruleset: b.rules, posts, rubrics: b.result.rubrics.filter((x) => !x.paper) };
    for (const [name, x] of Object.entries(stated)) need(equal(first[0].says[name], x), name, "match", first[0].seq);
    yield;
  };

  CHECKS.roster = function* (b) {
    const fixed = new Map(), least = b.rules.minimum_candidates, counts = new Map();
    for (const fact of of(b, "roster:fixed")) {
      for (const mark of under(b.by, "mark:locked").slice(0, 1)) inOrder(fact, mark, fact);
      need(isSortedSet(fact.says.candidates.map((x) => x.code)), fact, "twice");
      for (const { code, post } of fact.says.candidates) fixed.set(code, { post, seq: fact.seq });
      yield;
    }
    for (const code of b.people.keys()) need(fixed.has(code), `result.json ${code}`, "missing", "roster:fixed");
    for (const [code, { post, seq }] of fixed) {
      need(b.people.has(code) && b.people.get(code).post === post, code, "match", seq);
    }
    for (const x of b.people.values()) counts.set(x.post, (counts.get(x.post) || 0) + 1);
    for (const [post, n] of counts) need(n >= least, post, "few", n, least, post);
  };

  CHECKS.papers = function* (b) {
    const sealed = once(b, "paper:sealed"), started = once(b, "sitting:started");
    const opened = once(b, "paper:opened", sealed), closed = once(b, "sitting:closed", started);
    const drawn = new Map(drawsOf(b, "paper-version-").map((x) => [x.subject.slice(19), x]));
    for (const [post, fact] of drawn) need(b.posts.has(post), fact, "missing", post);
    for (const rubric of b.result.rubrics.filter((x) => x.paper)) {
      const fact = sealed.get(`paper/${rubric.paper}`);
      need(fact && (!fact.says || equal(fact.says.rubric, rubric)), `rubric ${rubric.paper}`, "match", fact ? fact.seq : "–");
    }
    for (const [subject, fact] of started) {
      const end = closed.get(subject), good = end && (!end.says || !fact.says || equal(end.says, fact.says));
      need(good, fact, "missing", "sitting:closed");
      for (const roster of of(b, "roster:fixed")) inOrder(roster, fact);
      for (const [post, paper] of fact.says ? entries(fact.says.papers) : []) {
        need(opened.has(`paper/${paper}`), fact, "missing", `paper:opened ${paper}`);
        inOrder(opened.get(`paper/${paper}`), fact);
        const draw = drawn.get(post);
        if (draw) {  // the first that the council had not set aside by then; the others are its reserves in order
          const gone = under(b.by, "paper:set-aside").filter((x) => x.role === "council" && x.seq < fact.seq);
          const left = draw.says.outcome.filter((x) => !gone.some((y) => y.subject.slice(6) === x));
          need(left[0] === paper, fact, "match", draw.seq);
          inOrder(draw, opened.get(`paper/${paper}`));
        }
        const { seq, says } = sealed.get(`paper/${paper}`);
        need(!says || (says.rubric.post === post && says.rubric.paper === paper), fact, "match", seq);
      }
      yield;
    }
    const bare = of(b, "paper:sealed").filter((x) => !x.says.age_sha256).map((x) => `${x.seq} ${x.subject}`);
    if (bare.length) throw new NotChecked(`paper:sealed ${bare.join(", ")}`, "unsealed"); // all is in order, and yet shows nothing
    const gone = under(b.by, "paper:set-aside").filter((x) => x.role === "council").map((x) => `${x.seq} ${x.subject}`);
    if (gone.length) throw new NotChecked(`paper:set-aside ${gone.join(", ")}`, "reserve"); // nobody sees from here whether it was bad
  };

  CHECKS.codes = function* (b) {
    const coded = new Map(), sent = new Set(), followed = new Set(), sealed = once(b, "codes:sealed");
    b.coded = coded;
    const opened = once(b, "codes:opened", sealed);
    const started = once(b, "sitting:started"), closed = once(b, "sitting:closed");
    const drawn = drawsOf(b, "script-codes"), rooms = [...under(b.by, "incident:decided"), ...under(b.by, "attendance:recorded")];
    const final = new Map(of(b, "incident:decided").map((x) => [pair(x.says.candidate, x.says.part), x]));
    for (const [subject, fact] of sealed) {
      const end = opened.get(subject), rows = fact.says ? fact.says.map : [], sittings = new Set();
      const scripts = rows.map((x) => x.script);
      need(end && (!end.says || end.says.sealed_seq === fact.seq), fact, "missing", "codes:opened");
      need(isSortedSet(scripts) && !scripts.some((x) => coded.has(x)), fact, "twice");
      for (const row of rows) {
        const w = b.written.get(row.script), answers = b.records[Math.min(row.answers_seq, fact.seq)];
        need(w && w.person.code === row.candidate, fact, "swapped", row.script, row.candidate);
        const start = started.get(answers.subject);
        const who = own(b.open.has(answers.seq) ? b.open.get(answers.seq) : row, "candidate");
        need(start && ["answers:submitted", "answers:amended"].includes(answers.event) && start.seq < answers.seq
          && !sent.has(answers.seq) && who === row.candidate, w, "match", row.answers_seq);
        need(!start.says || own(start.says.papers, w.person.post) === w.paper, w, "match", start.seq);
        inOrder(closed.get(start.subject) || fact, fact);
        inOrder(final.get(pair(row.candidate, w.part)) || start, fact);
        coded.set(row.script, { row, sealed: fact, opened: end });
        sittings.add(start.subject);
        sent.add(answers.seq);
        yield;
      }
      for (const x of rooms) if (sittings.has(x.subject)) inOrder(x, fact, x);
      // What was drawn first is the first candidate's.
      const order = [...rows].sort((x, y) => compare(x.candidate, y.candidate) || x.answers_seq - y.answers_seq);
      const draw = new Set(drawn.filter((x) => equal(x.says.outcome, order.map((row) => row.script))).map((x) => x.subject));
      need(draw.size || !rows.length || !drawn.length, fact, "undrawn", drawn.map((x) => x.subject).join(", "));
      for (const x of under(b.by, "draw:committed")) if (draw.has(x.subject)) inOrder(x, fact);
      for (const x of draw) followed.add(x);
    }
    // Nobody draws a second time.
    for (const x of drawn) need(followed.has(x.subject) || shut(b, "codes:sealed"), x, "twice");
    for (const [x, w] of b.written) need(coded.has(x) || shut(b, "codes:sealed"), w, "missing", `codes:sealed ${x}`);
    const handed = new Map(); // answers handed in, less those that became a script; handed in twice by one person, or left out
    for (const x of under(b.by, "answers:submitted")) handed.set(x.subject, (handed.get(x.subject) || 0) + 1);
    for (const seq of sent) handed.set(b.records[seq].subject, (handed.get(b.records[seq].subject) || 0) - 1);
    const lost = [...handed].filter(([, n]) => n > 0 && !shut(b, "codes:sealed")).sort(([x], [y]) => compare(x, y));
    if (lost.length) throw new NotChecked("codes:sealed", "unread.answers", lost.map(([room, n]) => `${room} ${n}`).join(", "));
    return [coded.size];
  };

  const pair = (code, part) => JSON.stringify([code, part]);

  CHECKS.absent = function* (b) {
    const started = once(b, "sitting:started"), signed = of(b, "attendance:recorded"), [roster] = under(b.by, "roster:fixed");
    for (const x of [...under(b.by, "incident:decided"), ...under(b.by, "attendance:recorded")]) {
      const start = started.get(x.subject), minutes = x.event[0] === "a", room = !x.subject.startsWith("session/");
      need(start || !room, x, "missing", "sitting:started");
      if (roster) inOrder(roster, x);
      if (minutes && room) inOrder(start, x);
      need(!minutes || !x.says || room !== (b.parts.get(x.says.part).kind === "panel"), x, "kind");
    }
    // Of several sittings and sessions all count.
    const minutes = new Map(signed.map((x) => [pair(x.subject, x.says.part), x]));
    const absent = new Map([...minutes.values()].flatMap((x) => x.says.absent.map((code) => [pair(code, x.says.part), x])));
    for (const version of under(b.by, "result:published").slice(0, -1)) { // no later version takes an absence back
      const before = signed.filter((x) => x.seq < version.seq);
      for (const x of new Map(before.map((y) => [pair(y.subject, y.says.part), y])).values()) {
        for (const code of x.says.absent) need(absent.has(pair(code, x.says.part)), x, "missing", `${code} ${x.says.part}`);
      }
    }
    const voided = of(b, "incident:decided").filter((x) => x.says.void);
    const gone = new Map(voided.map((x) => [pair(x.says.candidate, x.says.part), x]));
    const locks = under(b.by, "mark:locked").filter((x) => x.subject.startsWith("defence/"));
    const heard = new Map(locks.map((x) => [x.subject, x.seq]));
    const kinds = [["absent", absent, "attendance:recorded"], ["void", gone, "incident:decided"]];
    for (const [kind, told, event] of kinds) {
      for (const w of shut(b, event) ? [] : b.works) {
        const key = pair(w.person.code, w.part), fact = told.get(key);
        told.delete(key);
        need(!heard.has(w.subject) || !w.absent, w, "order.bad", "mark:locked", heard.get(w.subject) ?? null);
        need(w[kind] === Boolean(fact), w, "differs", `“${kind}”`, Boolean(fact), w[kind]);
        yield;
      }
      for (const [key, fact] of told) throw new Fault(fact, "missing", JSON.parse(key).join(" "));
    }
  };

  // --- checks: marks ----------------------------------------------------------------------------------------------------
  /** Whether a record on a script belongs to an appeal. */
  function ofAppeal(b, fact) {
    if (fact.event === "appeal:decided") return true;
    const mark = fact.event === "mark:withdrawn" ? b.locked.get(fact.says.seq) : fact;
    return Boolean(mark && String(own(mark.says, "round")).startsWith("appeal"));
  }

  const total = (points) => sum(Object.values(points).map(h));

  CHECKS.points = function* (b) {
    let count = 0;
    for (const w of b.works) {
      for (const mark of [...w.marks, ...w.again]) {
        const criteria = w.rubric.criteria.filter((x) => x.system === (mark.marker === "system"));
        const whole = criteria.length === Object.keys(mark.points).length
          && criteria.every((x) => Object.hasOwn(mark.points, x.criterion)) && total(mark.points) === h(mark.total);
        const good = whole && criteria.every((x) => {
          const points = h(mark.points[x.criterion]);
          return points <= h(x.maximum) && points % h(x.step) === 0;
        });
        need(good && (mark.round === 0) === (mark.marker === "system"), w, "sum", mark.marker);
        count++;
      }
      const wanted = w.marks.length > 0 && w.rubric.criteria.some((x) => x.system);
      need(w.marks.every((x, n) => (x.round === 0) === (wanted && n === 0)), w, "rounds");
      yield;
    }
    return [count];
  };

  CHECKS.withdrawn = function* (b) {
    for (const fact of of(b, "mark:withdrawn")) {
      const mark = b.locked.get(fact.says.seq), closed = shut(b, "mark:locked");
      const good = closed || (mark && mark.subject === fact.subject && mark.seq < fact.seq);
      need(good, fact, "match", fact.says.seq);
      need(b.gone.get(fact.says.seq) === fact, fact, "twice");
    }
    for (const fact of of(b, "item:decided")) need(once(b, "paper:sealed").has(fact.subject), fact, "missing", fact.subject);
    for (const fact of of(b, "mark:withdrawn", "item:decided")) {
      need(!["", fact.name].includes(fact.says.second) && own(fact.says, "reason", "–"), fact, "second");
    }
    for (const w of b.works.filter((x) => x.marks.length)) {
      for (const fact of under(b.about, `paper/${w.paper}`).filter((x) => x.event === "item:decided")) {
        const known = w.rubric.criteria.filter((x) => x.criterion === fact.says.criterion).map((x) => x.system);
        need(known.length === 1 && known[0] && w.marks[0].seq > fact.seq, w, "order.bad", fact.event, fact.seq);
      }
      yield;
    }
  };

  CHECKS.marks = function* (b) {
    if (shut(b, "mark:locked")) return [];
    const whole = !shut(b, "mark:withdrawn"); // otherwise any mark may have been withdrawn
    const left = new Map([...b.locked].filter(([seq]) => !b.gone.has(seq))), standing = new Map();
    for (const x of b.locked.values()) need(total(x.says.points) === h(x.says.total), x, "sum", x.name);
    for (const fact of whole ? b.locked.values() : []) { // a lock stands until it is withdrawn, one of the system until the next
      const key = JSON.stringify([fact.subject, fact.name, fact.says.part, fact.says.round]), gone = b.gone.get(fact.seq);
      if (fact.role !== "system") {
        need((standing.get(key) ?? -1) < fact.seq, fact, "twice");
        standing.set(key, gone ? gone.seq : LARGEST);
      } else if (!gone) {
        left.delete(standing.get(key));
        standing.set(key, fact.seq);
      }
      yield;
    }
    for (const w of b.works) {
      const coded = b.coded.get(w.script);
      for (const mark of [...w.marks, ...w.again]) {
        const fact = left.get(mark.seq), who = mark.marker;
        left.delete(mark.seq);
        need(fact && fact.subject === w.subject && fact.name === who, w, "unlocked", who, mark.seq);
        need(fact.says.total === mark.total, w, "raised", who, mark.total, fact.says.total, fact.seq);
        const content = w.script ? (coded ? coded.row.content : fact.says.content) : null;
        need(fact.says.part === w.part && fact.says.round === mark.round && fact.says.content === content
          && equal(fact.says.points, mark.points), w, "match", fact.seq);
      }
      for (const marks of [w.marks.filter((x) => x.round !== 0), w.again]) {
        need(marks.every((x, n) => !n || marks[n - 1].seq <= x.seq), w, "rounds");
      }
      yield;
    }
    for (const fact of whole ? left.values() : []) throw new Fault(fact, "left");
  };

  CHECKS.order = function* (b) {
    const shown = new Map(), events = ["mark:locked", "mark:withdrawn", "settlement:decided", "appeal:decided"];
    for (const fact of of(b, "written:published")) {
      need(!shown.has(fact.says.part), fact, "twice");
      shown.set(fact.says.part, fact);
    }
    shut(b, ...events);
    const only = [...under(b.by, "codes:sealed"), ...under(b.by, "codes:opened")];
    const alone = only.length === 2 ? { sealed: only[0], opened: only[1] } : { sealed: null, opened: null };
    for (const [script, w] of b.written) {
      const { sealed, opened } = b.coded.get(script) || alone, open = shown.get(w.part);
      const good = open || w.rule.kind === "machine" || b.dark.has("written:published");
      need(good, w, "missing", "written:published");
      if (open && opened) inOrder(opened, open);
      for (const fact of under(b.about, w.subject).filter((x) => events.includes(x.event))) {
        if (ofAppeal(b, fact)) {
          if (open || opened) inOrder(open || opened, fact);
        } else if (sealed) {
          inOrder(sealed, fact);
          inOrder(fact, opened, fact);
        }
      }
      yield;
    }
  };

  // --- checks: every number again ---------------------------------------------------------------------------------------
  function same(where, term, stated, computed) {
    need(stated === computed, where, "differs", new Term(term), computed, stated);
  }

  /** Step and score of a part, from its marks under the rule set; no score where people are free in it. */
  function settled(w, third) {
    const { rule, system } = w;
    const [t, more] = [1, 2].map(
      (n) => new Map(w.marks.filter((x) => x.round === n).map((x) => [x.marker, system + h(x.total)])),
    );
    const counted = t.size + more.size + (w.marks.some((x) => x.round === 0) ? 1 : 0);
    need(counted === w.marks.length && counted > 0, w, "rounds");
    if (rule.kind === "machine") {
      need(!t.size && !more.size, w, "rounds");
      return ["machine", system];
    }
    if (rule.kind === "panel") {
      need([...more.keys()].every((x) => t.has(x)), w, "rounds");
      const totals = [...new Map([...t, ...(rule.after_discussion === "counts" ? more : [])]).values()], n = totals.length;
      const agree = n >= Math.max(rule.least_markers, 1) && Math.max(...totals) - Math.min(...totals) <= h(rule.gap_limit);
      return agree ? ["mean", mean(totals)] : ["head", null];
    }
    need(t.size === 2 && ![...more.keys()].some((x) => t.has(x)), w, "rounds");
    const [x, y] = t.values(), pass = h(rule.pass), gap = Math.abs(x - y);
    const straddle = rule.straddle === "head" && (x >= pass) !== (y >= pass);
    need(more.size <= 1, w, "rounds");
    if (gap <= h(rule.mean_at_most) && !straddle) return ["mean", mean([x, y])];
    if (gap < h(rule.third_from)) return ["discussed", null];
    need(more.size, w, "rounds"); // before this line, one may have become needless when points changed after it
    const [z] = more.values();
    if (z === x || z === y) return ["third-equal", z];
    const all = [x, y, z].sort((one, other) => one - other), [low, middle, high] = all;
    if (third === "collective" || third === "median") return ["collective", third === "median" ? middle : null];
    const near = middle - low < high - middle ? [low, middle] : [middle, high];
    return ["collective", mean(third === "closest" && middle - low !== high - middle ? near : all)];
  }

  /** Compares a settlement or appeal with what the rules and the decision of people, if any, give. */
  function decided(b, w, name, [step, score], fact) {
    const stated = w[name], event = `${name}:decided`;
    same(w, "step", stated.step, step);
    same(w, "score", stated.score, score === null ? stated.score : s(score));
    const byPeople = ["discussed", "collective", "head", "chair"].includes(step);
    need((stated.seq !== null) === byPeople && h(stated.score) <= h(w.rule.maximum), w, "missing", event);
    if (shut(b, event)) return;
    need(stated.seq === (fact && fact.seq), fact || w, fact ? "twice" : "missing", event);
    const wanted = { ...stated, part: w.part, reason: (fact && fact.says.reason) || null };
    need(!fact || Object.keys(fact.says).every((x) => fact.says[x] === wanted[x]), w, "match", stated.seq);
  }

  CHECKS.settlements = function* (b) {
    const whole = !shut(b, "mark:locked", "mark:withdrawn");
    for (const w of b.works) {
      const mine = under(b.about, w.subject).filter((x) => own(x.says, "part", w.part) === w.part && !ofAppeal(b, x));
      let made = null, given = null; // a decision is passed over when marks changed after it
      for (const x of mine) {
        if (x.event === "settlement:decided") {
          need(!made || !whole, made, "twice");
          made = x;
        } else if (x.role !== "system" || !equal(given, x.says.points)) made = null; // or a re-scoring that changed nothing
        if (x.role === "system") given = x.says.points;
      }
      if (w.settlement) decided(b, w, "settlement", settled(w, b.third), made);
      yield;
    }
    const known = new Set(b.works.map((w) => pair(w.subject, w.part)));
    for (const fact of of(b, "settlement:decided")) need(known.has(pair(fact.subject, fact.says.part)), fact, "twice");
    return [b.works.filter((w) => w.settlement).length];
  };

  CHECKS.appeals = function* (b) {
    const done = b.works.filter((w) => w.appeal), made = once(b, "appeal:decided");
    for (const w of done) {
      const t = w.again.map((x) => w.system + h(x.total)), names = new Set(w.again.map((x) => x.marker));
      const fact = made.get(w.subject) || null;
      made.delete(w.subject);
      for (const x of under(b.about, w.subject)) if (x.event === "mark:locked" && !ofAppeal(b, x)) names.delete(x.name);
      need(w.again.every((x, n) => x.round === ROUNDS[3 + n]) && t.length === (t.length > 1 && t[0] === t[1] ? 2 : 3)
        && names.size === t.length, w, "rounds");
      shut(b, "mark:locked");
      const twice = t.find((x) => t.filter((y) => y === x).length > 1);
      const again = twice === undefined ? mean(t) : twice;
      const adopted = Math.abs(again - h(w.settlement.score)) < h(w.rule.appeal_adopt_below);
      decided(b, w, "appeal", adopted ? ["adopted", again] : ["chair", null], fact);
      need(!fact || fact.seq > last(w.again).seq, fact, "order.bad", "mark:locked", last(w.again).seq);
      yield;
    }
    for (const fact of made.values()) throw new Fault(fact, "twice");
    return [done.length];
  };

  CHECKS.deductions = function* (b) {
    const incidents = of(b, "incident:decided");
    const told = !shut(b, "deduction:applied"), known = !shut(b, "incident:decided");
    const used = new Set(), applied = new Map(), due = new Map();
    const works = new Map(b.works.map((w) => [pair(w.person.code, w.part), w]));
    for (const x of incidents) {
      const place = pair(x.says.candidate, x.says.part);
      need(works.has(place), x, "missing", x.says.candidate);
      if (x.says.percent) put(due, place, x);
    }
    for (const fact of of(b, "deduction:applied")) {
      const { part, percent, incident_seq: seq } = fact.says, place = pair(fact.subject.slice(10), part);
      const good = !known || under(due, place).some((x) => x.seq === seq && x.says.percent === percent);
      need(good && works.get(place)?.settlement && !used.has(seq) && h(percent) <= 10000, fact, "match", seq);
      const { script } = works.get(place);
      if (b.coded.has(script)) inOrder(b.coded.get(script).opened, fact);
      used.add(seq);
      put(applied, place, fact);
    }
    for (const [place, w] of told || known ? works : []) { // what must be applied is known without the record of it
      for (const x of w.settlement && told ? under(due, place) : []) {
        need(used.has(x.seq), w, "omitted", x.says.percent, x.seq);
      }
      const larger = (x, y) => h(y.says.percent) - h(x.says.percent) || x.seq - y.seq, stated = w.deduction;
      const facts = w.settlement ? under(told ? applied : due, place) : [], most = [...facts].sort(larger)[0] || null;
      if (most) need(stated, w, "omitted", most.says.percent, most.seq);
      need(most ? (!told || stated.seq === most.seq) && stated.percent === most.says.percent : !stated,
        w, "match", stated && stated.seq);
      yield;
    }
  };

  CHECKS.scores = function* (b) {
    for (const w of b.works) {
      let score = w.settlement ? h((w.appeal || w.settlement).score) : null;
      if (w.deduction) score = Math.floor((score * (10000 - h(w.deduction.percent)) + 5000) / 10000);
      same(w, "score", w.score, score === null ? score : s(score));
      same(w, "passed", w.passed, score !== null && score >= h(w.rule.pass));
      yield;
    }
  };

  CHECKS.totals = function* (b) {
    for (const [code, x] of b.people) {
      const whole = x.parts.reduce(
        (so, p) => so + BigInt(h(b.parts.get(p.part).weight)) * BigInt(h(p.score || "0.00")), 0n,
      );
      same(code, "total", x.total, x.parts.every((p) => p.passed) ? s((whole + 5000n) / 10000n) : null);
      yield;
    }
  };

  CHECKS.ranks = function* (b) {
    const ranked = new Map();
    for (const [code, x] of b.people) {
      const scores = new Map(x.parts.map((p) => [p.part, h(p.score || "0.00")]));
      if (x.total) put(ranked, x.post, { code, key: [h(x.total), ...b.rules.tie_break.map((y) => scores.get(y) || 0)] });
      else same(code, "rank", x.rank, null);
    }
    for (const group of ranked.values()) {
      const first = new Map();
      group.sort((x, y) => {
        const place = x.key.findIndex((value, n) => value !== y.key[n]);
        return place < 0 ? compare(x.code, y.code) : y.key[place] - x.key[place];
      });
      for (const [n, { code, key }] of group.entries()) {
        if (!first.has(key.join())) first.set(key.join(), n + 1);
        same(code, "rank", b.people.get(code).rank, first.get(key.join()));
      }
      yield;
    }
  };

  CHECKS.ties = function* (b) {
    const made = new Map(), tied = new Map(), selected = new Set(), groups = new Map();
    const published = under(b.by, "result:published");
    for (const fact of under(b.by, "tie:decided")) { // one for each publication: a correction may make another tie
      const before = made.get(fact.subject);
      need(!before || published.some((x) => before.seq < x.seq && x.seq < fact.seq), fact, "twice");
      made.set(fact.subject, fact);
    }
    for (const [code, x] of b.people) put(groups, pair(x.post, x.rank || LARGEST), code);
    for (const [key, all] of groups) {
      const [post, rank] = JSON.parse(key), where = `post/${post}`, places = b.posts.get(post).vacancies - rank + 1;
      let group = all;
      if (places > 0 && places < all.length) {
        const fact = made.get(where);
        made.delete(where);
        need(fact, where, "nobody", all.join(", "));
        group = fact.says.selected;
        need(group.every((x) => all.includes(x)) && new Set(group).size === group.length && group.length === places
          && fact.says.reason, fact, "parts");
        tied.set(post, { seq: fact.seq, selected: group });
      }
      if (places > 0) for (const x of group) selected.add(x);
      yield;
    }
    for (const fact of made.values()) need(published.slice(0, -1).some((x) => fact.seq < x.seq), fact, "twice");
    for (const [code, x] of b.posts) need(equal(x.tie, tied.get(code)), `post/${code}`, "parts");
    b.selected = selected;
  };

  CHECKS.outcomes = function* (b) {
    for (const [code, x] of b.people) {
      const fell = [...["void", "absent"].filter((kind) => x.parts.some((p) => p[kind])), "failed"][0];
      same(code, "outcome", x.outcome, x.rank ? (b.selected.has(code) ? "selected" : "passed") : fell);
      yield;
    }
  };

  CHECKS.draws = function* (b) {
    const committed = once(b, "draw:committed"), files = new Map(b.draws), held = once(b, "draw:held", committed);
    const keptBack = [], used = new Set();
    for (const [subject, fact] of committed) need(held.has(subject), fact, "missing", "draw:held");
    for (const fact of of(b, "draw:held")) {
      const { seq, says: early } = committed.get(fact.subject), { document, outcome } = fact.says;
      const name = fact.subject.slice(5), file = files.get(`draws/${name}.json`), { source, value } = document.public;
      const by = document.contributions.map((x) => x.by);
      files.delete(`draws/${name}.json`);
      // A value that nobody named in advance could be chosen.
      need(isSortedSet(by) && by.length && new Set(document.items).size === document.items.length
        && document.competition === b.code && document.draw === name && (source !== "none" || !value)
        && equal(file, document), fact, "match", seq);
      if (early) {
        const kept = new Map(early.commitments.map((x) => [own(x, "by", ""), x]));
        const named = isObject(early.public) ? own(early.public, "source") : early.public;
        need(equal(document.items, early.items) && equal(by, [...kept.keys()].sort(compare))
          && by.length === early.commitments.length && source === (named === null || named === "" ? "none" : named),
        fact, "match", seq);
        for (const x of document.contributions) {
          const promised = sha256(unhex(x.nonce));
          const names = Object.keys(kept.get(x.by)).filter((y) => !["by", "deposit", "substitute"].includes(y));
          const mine = names.map((y) => kept.get(x.by)[y]).filter((y) => PLAIN.get("hex").test(y));
          need(mine.length === 1 && [...mine, own(kept.get(x.by), "substitute")].includes(promised) && !used.has(promised),
            fact, "match", `${seq} (${x.by})`); // one number each, and for each draw another
          used.add(promised);
          if (own(kept.get(x.by), "substitute") === promised) keptBack.push(`${name} ${x.by}`);
        }
      }
      yield;
      const computed = permuted(document);
      for (let n = 0; n < Math.max(outcome.length, computed.length); n++) {
        need(outcome[n] === computed[n], fact, "differs", `#${n + 1}`, own(computed, n), own(outcome, n));
      }
      yield;
    }
    for (const name of files.keys()) throw new Fault(name, "twice");
    const spoke = new Map();
    for (const x of drawsOf(b, "presentation-order")) {
      for (const code of x.says.outcome) need(!spoke.has(code) && spoke.set(code, x), x, "twice");
    }
    const heard = b.works.filter((x) => x.rule.kind === "panel"), defending = new Set(heard.map((x) => x.person.code));
    for (const [code, fact] of spoke) need(defending.has(code), fact, "missing", code);
    // Who spoke when is for those who were in the room; who was drawn is not.
    for (const w of spoke.size ? heard : []) {
      const fact = spoke.get(w.person.code);
      for (const mark of w.marks) {
        need(fact, w, "undrawn", "draw/presentation-order");
        need(mark.seq > fact.seq, w, "order.bad", fact.event, fact.seq);
      }
    }
    if (keptBack.length) throw new NotChecked("draw:held", "substituted", keptBack.join(", "));
    return [held.size];
  };

  // --- checks: who answers for it ---------------------------------------------------------------------------------------
  CHECKS.approvals = function* (b) {
    const votes = new Map(), refused = new Set(), since = new Set(), published = under(b.by, "result:published");
    const mine = published.filter((x) => x.says.result_sha256 === b.digest);
    need(mine.length === 1 && mine[0] === last(published), FIRST[0], "unpublished");
    const said = [...under(b.by, "result:approved"), ...under(b.by, "result:refused")].sort((x, y) => x.seq - y.seq);
    for (const fact of said.filter((x) => x.says.result_sha256 === b.digest && x.seq < mine[0].seq)) {
      need(fact.event === "result:refused" || !since.has(fact.name), fact, "again");
      if (fact.event === "result:approved") {
        since.add(fact.name);
        if (!votes.has(fact.name)) votes.set(fact.name, fact);
      } else { // after a refusal the same result may be proposed, and approved, anew
        since.clear();
        votes.delete(fact.name);
        refused.add(fact.name);
      }
    }
    for (const [role, wanted] of entries(b.rules.approvals)) {
      const names = [...votes.values()].filter((x) => x.role === role).map((x) => x.name);
      need(names.length >= wanted, `result:approved ${role}`, "few", names.length, wanted, names.join(", "));
    }
    const first = [...votes.values()].reduce((x, y) => (x === null || y.seq < x.seq ? y : x), null) || mine[0];
    for (const [event, { sign }] of EVENTS) {
      if (sign === "~" || event.startsWith("result:")) continue;
      for (const fact of under(b.by, event)) inOrder(fact, first, fact);
      yield;
    }
    const rounds = new Map(); // what was heard, or marked anew, before a publication is not opened again after it
    const again = ["mark:locked", "mark:withdrawn", "appeal:decided"].flatMap((event) => under(b.by, event))
      .filter((x) => x.says && x.subject.startsWith("script/") && ofAppeal(b, x));
    const before = [...b.by.values()].flatMap((facts) => facts.filter((x) => x.subject.startsWith("defence/")));
    for (const fact of [...before, ...again]) {
      const after = published.filter((x) => x.seq < fact.seq).length;
      if (!rounds.has(fact.subject)) rounds.set(fact.subject, after);
      need(rounds.get(fact.subject) === after, fact, "order.bad", "result:published", published[0]?.seq);
    }
    b.votes = votes;
    return [votes.size, [...refused].filter((x) => !votes.has(x)).length];
  };

  CHECKS.assertions = function* (b) {
    const owners = new Map();
    const start = utf8.encode(`{"type":"webauthn.get","challenge":"${base64url(unhex(b.digest))}","origin":"`);
    for (const fact of [...b.votes.values()].filter((x) => x.says.assertion)) {
      const said = fact.says.assertion;
      const [auth, client, , key, signature] = Object.keys(said).sort().map((x) => unbase64url(said[x], fact));
      const good = hex(client.subarray(0, start.length)) === hex(start) && auth.length >= 37 && (auth[32] & 5) === 5
        && passkeyVerifies(key, joined(auth, noble.sha256(client)), signature);
      need(good, fact, "unsigned", fact.name);
      const owner = owners.get(hex(key)) || fact.name;
      need(owner === fact.name, fact, "same", owner, fact.name);
      owners.set(hex(key), fact.name);
      yield;
    }
    if (owners.size < b.votes.size) {
      throw new NotChecked("result:approved", "trusted", b.votes.size - owners.size);
    }
  };

  CHECKS.people = function* (b) {
    const roles = under(b.by, "roles:fixed").filter((x) => x.says).flatMap((x) => x.says.people);
    const people = new Map(roles.map((x) => [x.pseudonym, x.person]));
    if (!people.size) throw new NotChecked("roles:fixed", "hidden");
    const groups = [[...b.votes.keys()], ...b.works.map((w) => [...w.marks, ...w.again].map((x) => x.marker)),
      ...of(b, "mark:withdrawn", "item:decided").map((x) => [x.name, x.says.second])];
    for (const names of groups) {
      const known = new Map();
      for (const name of [...new Set(names)].filter((x) => people.has(x)).sort(compare)) {
        const person = people.get(name);
        if (!known.has(person)) known.set(person, name);
        need(known.get(person) === name, "roles:fixed", "same", known.get(person), name);
      }
      yield;
    }
  };

  /** By post: who stood equal around its last place, and who of them was chosen. */
  function ties({ posts, candidates }) {
    const ranks = new Map(candidates.map((x) => [x.code, pair(x.post, x.rank)])), groups = new Map();
    for (const rank of ranks.values()) groups.set(rank, []);
    for (const x of candidates) groups.get(ranks.get(x.code)).push(x.code);
    const decided = posts.filter((x) => x.tie && x.tie.selected.length);
    return new Map(decided.map((x) => [x.code, [groups.get(ranks.get(x.tie.selected[0])) || [], x.tie.selected]]));
  }

  CHECKS.lineage = function* (b) {
    const earlier = new Set(under(b.by, "result:published").map((x) => x.says.result_sha256)), told = [];
    earlier.delete(b.digest);
    need(/^(?:[0-9a-f]{64})?$/.test(b.previous) && Boolean(b.previous) === earlier.size > 0, LAST[0], "form", "SHA-256");
    if (!b.previous) throw new NotChecked(LAST[0], "first");
    if (!b.older.length) throw new NotChecked(LAST[0], "old", b.previous);
    let wanted = b.previous, log = b.files.get(FIRST[1]);
    for (const data of b.older) {
      const old = bundleOf({ data }), digest = yield* longSha256(data);
      need(digest === wanted, digest, "chain");
      yield* CHECKS.shape(old);
      yield* CHECKS.json(old);
      const oldLog = old.files.get(FIRST[1]), result = old.result;
      need(old.lines.length && sameBytes(log.subarray(0, oldLog.length), oldLog) && earlier.has(old.digest), digest, "chain");
      const before = new Map(result.candidates.map((x) => [x.code, [x.total, x.rank, x.outcome]]));
      const now = ties(b.result);
      for (const x of result.candidates) { // a code that was told with a name stays that person's
        const name = b.people.get(x.code)?.name;
        need(!x.name || !name || x.name === name, `result.json ${x.code}`, "differs", "name", x.name, name ?? null);
      }
      const held = new Set(result.candidates.flatMap((x) => x.parts.map((y) => pair(x.code, y.part))));
      for (const [code, { parts }] of data === b.older[0] ? b.people : []) { // nobody goes on to a part who does not pass
        const allowed = parts.every((y, n) => held.has(pair(code, y.part)) || parts.slice(0, n).every((z) => z.passed));
        need(allowed, `result.json ${code}`, "parts");
        yield;
      }
      for (const [post, [group, chosen]] of ties(result)) { // of the same people nobody chooses a second time
        const [people, names] = now.get(post) || [null, []];
        const again = equal(people, group) && names.length === chosen.length ? names : chosen;
        need(equal(again, chosen), `post/${post}`, "differs", "tie", chosen.join(", "), again.join(", "));
      }
      const moved = [...b.people].filter(([x, y]) => !equal(before.get(x), [y.total, y.rank, y.outcome]));
      told.push(`${wanted} (≠ ${moved.map(([x]) => x).join(", ") || "–"})`);
      wanted = old.previous;
      log = oldLog;
    }
    return [told.join("; ")];
  };

  CHECKS.report = function* (b) {
    const report = new TextDecoder("latin1").decode(b.files.get(LAST[1])), bad = [];
    if (!report.includes(b.digest)) bad.push(LAST[1]);
    if (sha256(b.files.get(LAST[2])) !== VERIFIER_TABLES.verifier) bad.push(LAST[2]);
    const lines = new TextDecoder("latin1").decode(b.files.get(LAST[3])).split("\n"), rest = lines.pop();
    if (rest || lines.length !== 3 || !lines.every((x) => /[!-~]/.test(x))) bad.push(LAST[3]);
    if (bad.length) throw new NotChecked(bad.join(", "), "compare", b.digest);
  };

  CHECKS.receipt = function* (b) {
    const short = (leaf) => {
      const value = leaf.subarray(0, 7).reduce((whole, x) => whole * 256n + BigInt(x), 0n) >> 6n;
      const signs = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
      return Array.from({ length: 10 }, (_, n) => signs[Number((value >> BigInt(45 - 5 * n)) & 31n)]).join("");
    };
    const text = b.receipt.replace(/^\ufeff/, ""); // as some programs save a text
    const code = text.toUpperCase().replace(new RegExp(`[-${SPACE}\\ufeff]`, "g"), "");
    const [, record, proof] = /^([^\n]*)\n?([^]*)$/.exec(text);
    const seq = b.leaves.findIndex((leaf, n) => b.lines[n] === record || short(leaf) === code);
    need(seq >= 0, "--receipt", "chain");
    if (b.lines[seq] === record) {
      const end = proof.indexOf("\n\n"), lead = end < 0 ? proof : proof.slice(0, end);
      const note = readNote(`${end < 0 ? "" : proof.slice(end + 2).replace(/\n+$/, "")}\n`, "--receipt");
      const { root, path } = yield* tree(b.leaves.slice(0, note.size), seq);
      const wanted = ["c2sp.org/tlog-proof@v1", `index ${seq}`, ...path.map(base64)].join("\n");
      need(note.origin === b.note.origin && sameBytes(note.root, root) && wanted === lead
        && seq < note.size && note.size <= b.leaves.length, "--receipt", "chain");
      need(!b.logKey || signedBy(note, { name: note.origin, key: readKey(b.logKey, 1).key }, 1),
        "--receipt", "forged", note.origin);
    }
    const said = short(b.leaves[seq]);
    return [seq, `${said.slice(0, 5)}-${said.slice(5)}`];
  };

  // --- what is said -----------------------------------------------------------------------------------------------------
  /** Signs that are not seen, or that move what is: out of a bundle they could make a terminal show another verdict. */
  const UNSEEN = new RegExp(`[${HIDDEN}]`, "gu");

  /** A value in a sentence: as JSON has it; of a shape the names of its members. */
  function spelled(value, language) {
    if (value instanceof Term) return SENTENCES.get(value.key)[language];
    if (value instanceof Map) return [...value.keys()].join(", ");
    return typeof value === "string" ? value : JSON.stringify(value);
  }

  /** One sentence: where, and what of it. */
  function sentence(where, key, values, language) {
    let place = where;
    if (where instanceof Fact) {
      place = `${["Bản ghi số", "Record"][language]} ${where.seq} (${where.event}, ${where.subject}, ${where.name})`;
    }
    if (where instanceof Work) {
      place = `${["Thí sinh", "Candidate"][language]} ${where.person.code}, ${["phần", "part"][language]} ${where.part}`;
    }
    const words = values.map((x) => spelled(x, language));
    const said = SENTENCES.get(key)[language].replace(/\{(\d)\}/g, (_, n) => words[Number(n)]);
    return `${place ? `${place}: ` : ""}${said}.`.replace(UNSEEN, "\ufffd");
  }

  /** What every check says of the bytes of a bundle; a generator that yields how far it is: {check, done, of}. */
  function* verify(data, { logKey = "", witnesses = [], quorum = null, older = [], receipt = null } = {}) {
    const b = bundleOf({ data, logKey, witnesses, quorum, older, receipt }), said = [];
    const names = [...SENTENCES.keys()].filter((x) => Object.hasOwn(CHECKS, x) && (x !== "receipt" || receipt !== null));
    for (const name of names) {
      let state = "unchecked", where = `“${name}”`, key = "blocked", values = [];
      try {
        b.unseen = new Set();
        const run = CHECKS[name](b);
        let step = run.next();
        while (!step.done) {
          yield { check: name, done: said.length, of: names.length };
          step = run.next();
        }
        if (b.unseen.size) throw new NotChecked([...b.unseen].sort().join(", "), "unseen", "");
        [state, where, key, values] = ["ok", "", name, step.value || []];
      } catch (error) {
        if (error instanceof NotChecked) [where, key, values] = [error.where || where, error.key, error.values];
        else if (error instanceof Fault) [state, where, key, values] = ["broken", error.where, error.key, error.values];
        else [state, key, values] = ["broken", "unforeseen", [String(error)]];
      }
      const [vi, en] = [0, 1].map((language) => sentence(where, key, values, language));
      said.push({ check: name, state, vi, en });
      if (state === "broken" && BASIC.includes(name)) break;
    }
    const rest = names.slice(said.length).join(", ");
    if (rest) {
      const [vi, en] = [0, 1].map((language) => sentence(rest, "blocked", [], language));
      said.push({ check: "rest", state: "unchecked", vi, en });
    }
    const pinned = said.some((x) => x.check === "signature" && x.state === "ok");
    const hash = longSha256(data);
    let step = hash.next();
    while (!step.done) {
      yield { check: "SHA-256", done: names.length, of: names.length };
      step = hash.next();
    }
    const result = "digest" in b ? b.digest : null; // not known of a file that cannot be read
    return { ok: !said.some((x) => x.state === "broken"), pinned, bundle_sha256: step.value, result_sha256: result, checks: said };
  }

  return { verify, verifies, permuted, readNote, names: [...SENTENCES.keys()].filter((x) => Object.hasOwn(CHECKS, x)) };
})();
