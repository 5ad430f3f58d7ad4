// What waits for the server: which answers, under which numbers, and since when. Every one of them lies in the journal of
// this machine before it goes anywhere (journal.js); when and how it goes is the business of the sender (autosave.js).
//
// Every answer to be kept has a number. A number that was sent once keeps its content for ever; newer text gets the
// next number. Only the server's acknowledgement ends a number's life here. Nothing of this runs for each key: a key
// only marks its question, and the text is read when it is put away.
(function () {
  "use strict";

  const examsite = (window.examsite = window.examsite || {});

  const NOTE_MILLISECONDS = 300;
  const NOTE_AT_LATEST_MILLISECONDS = 200;
  const BATCH = 64;
  const BATCH_CHARACTERS = 1000000;
  const ANSWER_FILE_PATIENCE_MILLISECONDS = 3000;

  const plain = ({ item, epoch, number, content }) => ({ item, epoch, number, content });

  // Whether an entry is newer than a version; anything is newer than none.
  const isNewer = (entry, version) =>
    !version || entry.epoch > version.epoch || (entry.epoch === version.epoch && entry.number > version.number);

  // One letter has several spellings in Unicode; what goes out has one. While typing nothing is touched.
  function outgoing(entry) {
    const { content } = entry;
    return { ...plain(entry), content: typeof content === "string" ? content.normalize("NFC") : content };
  }

  // options: journal, onUnsaved() (until now nothing waited), onNoted() (text was read; it is being put away),
  // onKept() (the journal has answered).
  examsite.makeOutbox = function ({ journal, onUnsaved, onNoted, onKept }) {
    const dirty = new Map(); // item -> reads its content
    const waiting = new Map(); // keyOf(entry) -> {item, epoch, number, content, sent}
    const numbers = new Map();
    let held = {};
    let epoch = 0;
    let noting = 0;
    let written = Promise.resolve();
    let since = 0; // performance.now() from which on something has waited without an end

    // Text of an older page travels beside the answer of this one, never instead of it.
    function keyOf(entry) {
      return entry.epoch === epoch ? entry.item : `${entry.item}@${entry.epoch}`;
    }

    const size = () => waiting.size + dirty.size;

    function nextNumber(item) {
      const number = (numbers.get(item) || 0) + 1;
      numbers.set(item, number);
      return number;
    }

    function learnNumbers(versions) {
      for (const [item, version] of Object.entries(versions)) {
        if (version.epoch === epoch) numbers.set(item, Math.max(numbers.get(item) || 0, version.number));
      }
    }

    // Marks a question as changed; `read` gives its content when it is put away.
    function touch(item, read) {
      const isFirst = !size();
      dirty.set(item, read);
      // Between two keys where there is room, a moment later where there is none.
      if (!noting) noting = window.setTimeout(() => examsite.whenIdle(note, NOTE_AT_LATEST_MILLISECONDS), NOTE_MILLISECONDS);
      if (!isFirst) return;
      since = performance.now();
      onUnsaved();
    }

    // Puts everything marked into the journal; settles once it is there for good.
    function note() {
      window.clearTimeout(noting);
      noting = 0;
      if (!dirty.size) return written;
      const puts = [written];
      for (const [item, read] of dirty) {
        let entry = waiting.get(item);
        if (!entry || entry.sent) entry = { item, epoch, number: nextNumber(item), sent: false };
        entry.content = read();
        waiting.set(item, entry);
        puts.push(journal.put(plain(entry)));
      }
      dirty.clear();
      written = Promise.all(puts).then(onKept);
      onNoted();
      return written;
    }

    // As many answers as one call carries.
    function nextBatch() {
      const batch = [];
      let characters = 0;
      for (const entry of waiting.values()) {
        const length = JSON.stringify(entry.content).length;
        if (batch.length && (batch.length >= BATCH || characters + length > BATCH_CHARACTERS)) break;
        characters += length;
        batch.push(entry);
      }
      return batch;
    }

    // As many answers as fit into so many bytes, for the last call of a page that goes away.
    function lastBatch(mostBytes) {
      const batch = [];
      let bytes = 100;
      for (const entry of waiting.values()) {
        const length = new TextEncoder().encode(JSON.stringify(outgoing(entry))).length + 1;
        if (batch.length >= BATCH || bytes + length > mostBytes) continue;
        bytes += length;
        batch.push(entry);
      }
      return batch;
    }

    // The same words under a number that was never sent.
    async function renumber(entry) {
      const again = { ...entry, number: nextNumber(entry.item), sent: false };
      waiting.set(keyOf(entry), again);
      await journal.put(plain(again));
    }

    // What the server stored was not what was sent: the words go again under new numbers.
    async function sendAgain(saves) {
      for (const save of saves) {
        const entry = waiting.get(keyOf(save));
        if (entry && entry.number === save.number && entry.epoch === epoch) await renumber(entry);
      }
    }

    // What the server said of each answer that it was sent.
    async function settle(answer) {
      const removals = [];
      for (const done of [...answer.saved, ...answer.set_aside]) {
        const entry = waiting.get(keyOf(done));
        if (entry && entry.number === done.number) waiting.delete(keyOf(done));
        removals.push(journal.remove(done));
      }
      // Items that the paper does not have, and too many of them: the server will never take them.
      for (const stray of answer.refused || []) waiting.delete(keyOf(stray));
      for (const clash of answer.conflicts) {
        const entry = waiting.get(keyOf(clash));
        if (!entry || entry.number !== clash.number) continue;
        if (entry.epoch !== epoch) {
          waiting.delete(keyOf(clash));
          removals.push(journal.remove(clash));
          continue;
        }
        // Somebody wrote another text under this number: ours goes under a new one.
        numbers.set(clash.item, Math.max(numbers.get(clash.item) || 0, clash.number));
        await renumber(entry);
      }
      // Whatever waits now was typed while the answer was on its way, or goes with the next call.
      since = size() ? performance.now() : 0;
      await Promise.all(removals);
    }

    // --- beginning and ending -------------------------------------------------------------------------------------

    // What an earlier page left in the journal: newer than the server's goes on as the answer, older stays evidence.
    // From reading what is in hand until the end nothing here waits: a key typed meanwhile would be lost between two
    // epochs. Whoever is given the adopted answers must put them on the page before anything else happens, too.
    async function begin(opened) {
      const rows = await journal.list();
      note();
      const left = withInHand(rows);
      ({ held, epoch } = opened);
      waiting.clear();
      numbers.clear();
      learnNumbers(held);
      const adopted = {};
      // Of several pages that left something, the newest speaks for the answer; the others stay evidence.
      const newest = new Map();
      for (const entry of left) {
        if (isNewer(entry, held[entry.item]) && isNewer(entry, newest.get(entry.item))) newest.set(entry.item, entry);
      }
      const puts = [written];
      for (const entry of left) {
        const version = held[entry.item];
        if (newest.get(entry.item) === entry) {
          const mine = { item: entry.item, epoch, number: nextNumber(entry.item), content: entry.content, sent: false };
          waiting.set(entry.item, mine);
          const put = journal.put(plain(mine));
          puts.push(entry.epoch === epoch ? put : put.then(() => journal.remove(entry)));
          adopted[entry.item] = entry.content;
        } else if (version && entry.epoch === version.epoch && entry.number === version.number) {
          puts.push(journal.remove(entry));
        } else {
          waiting.set(keyOf(entry), { ...plain(entry), sent: true });
        }
      }
      since = size() ? performance.now() : 0;
      written = Promise.all(puts).then(onKept);
      return adopted;
    }

    // The rows of the journal, and what is in hand where the journal could not be written.
    function withInHand(rows) {
      const kept = new Map(rows.map((entry) => [`${entry.item}@${entry.epoch}`, entry]));
      for (const entry of waiting.values()) {
        const stored = kept.get(`${entry.item}@${entry.epoch}`);
        if (!stored || stored.number <= entry.number) kept.set(`${entry.item}@${entry.epoch}`, plain(entry));
      }
      return Array.from(kept.values());
    }

    // After the end: nothing new, but what lies in the journal still goes out, each under the epoch it was written in.
    async function beginClosing(view) {
      epoch = view.epoch;
      for (const entry of await journal.list()) waiting.set(keyOf(entry), { ...plain(entry), sent: true });
      since = size() ? performance.now() : 0;
    }

    // Before the server has answered: the journal alone, under the epoch of the page before this one.
    async function keepOnly(session) {
      epoch = session.epoch;
      learnNumbers(session.held);
      const found = {};
      for (const entry of await journal.list()) {
        if (entry.epoch !== epoch) continue;
        numbers.set(entry.item, Math.max(numbers.get(entry.item) || 0, entry.number));
        found[entry.item] = entry.content;
        waiting.set(entry.item, { ...plain(entry), sent: true });
      }
      since = size() ? performance.now() : 0;
      return found;
    }

    // Everything that could be carried to the server by hand: what waits, and what is known to be stored. A journal
    // that does not answer keeps nothing of the page back.
    async function everything(answers) {
      const kept = (async () => { await note(); return withInHand(await journal.list()); })();
      const inHand = examsite.pause(ANSWER_FILE_PATIENCE_MILLISECONDS).then(() => Array.from(waiting.values(), plain));
      const found = await Promise.race([kept, inHand]);
      const known = new Set(found.map((entry) => `${entry.item}@${entry.epoch}`));
      for (const [item, content] of Object.entries(answers)) {
        const version = numbers.get(item) ? { epoch, number: numbers.get(item) } : held[item];
        if (content === null || content === undefined || !version || known.has(`${item}@${version.epoch}`)) continue;
        found.push({ item, epoch: version.epoch, number: version.number, content });
      }
      return found;
    }

    return {
      touch,
      note,
      nextBatch,
      lastBatch,
      outgoing,
      sendAgain,
      settle,
      begin,
      beginClosing,
      keepOnly,
      everything,
      size,
      epoch: () => epoch,
      hasWaiting: () => waiting.size > 0,
      unsavedFor: () => (size() ? performance.now() - since : 0),
      // This machine keeps it; the server will not take it as it is.
      giveUp(entry) { waiting.delete(keyOf(entry)); },
    };
  };
})();
