// What this machine keeps of an attempt, strictly durable: words that wait, the steps of undo, the paper once it is open.
//
// Every call settles; `works` says whether the last write was kept. A row goes only when exactly it was acknowledged,
// so a tab that finishes late never takes away what another one wrote.
(function () {
  "use strict";

  const examsite = (window.examsite = window.examsite || {});
  const NAME = "examsite";
  const VERSION = 2;
  const OPEN_TIMEOUT_MILLISECONDS = 5000;
  const ACT_TIMEOUT_MILLISECONDS = 5000;

  function openDatabase() {
    return new Promise((resolve) => {
      let request;
      try {
        request = window.indexedDB.open(NAME, VERSION);
      } catch {
        resolve(null);
        return;
      }
      const limit = window.setTimeout(() => resolve(null), OPEN_TIMEOUT_MILLISECONDS);
      request.onupgradeneeded = () => {
        const database = request.result;
        for (const name of Array.from(database.objectStoreNames)) database.deleteObjectStore(name);
        database.createObjectStore("journal", { keyPath: ["attempt", "item", "epoch"] });
        database.createObjectStore("history", { keyPath: ["attempt", "item"] });
        database.createObjectStore("session", { keyPath: "attempt" });
      };
      request.onsuccess = () => {
        window.clearTimeout(limit);
        request.result.onversionchange = () => request.result.close();
        resolve(request.result);
      };
      request.onerror = () => { window.clearTimeout(limit); resolve(null); };
    });
  }

  examsite.openJournal = function (attempt) {
    const journal = { works: true };
    let opened = openDatabase();
    const own = IDBKeyRange.bound([attempt], [attempt, []]);

    async function act(store, mode, step, durability) {
      const database = await opened;
      if (!database) {
        journal.works = false;
        opened = openDatabase();
        return undefined;
      }
      return new Promise((resolve) => {
        let result;
        let limit = 0;
        const fail = () => {
          window.clearTimeout(limit);
          if (mode === "readwrite") journal.works = false;
          resolve(undefined);
        };
        // A disk that does not answer must not hold back what can still go to the server.
        limit = window.setTimeout(fail, ACT_TIMEOUT_MILLISECONDS);
        try {
          const transaction = database.transaction(store, mode, { durability });
          step(transaction.objectStore(store), (value) => { result = value; });
          transaction.oncomplete = () => {
            window.clearTimeout(limit);
            if (mode === "readwrite") journal.works = true;
            resolve(result);
          };
          transaction.onabort = fail;
          transaction.onerror = fail;
        } catch {
          // The database was closed under us, as when the storage is cleared: the next call opens it again.
          opened = openDatabase();
          fail();
        }
      });
    }

    const give = (request, take) => { request.onsuccess = () => take(request.result); };

    journal.put = (entry) =>
      act("journal", "readwrite", (store) => {
        store.put({ ...entry, attempt });
        store.transaction.commit?.(); // also when the page goes away before it hears of it
      }, "strict");
    journal.remove = (entry) =>
      act("journal", "readwrite", (store) => {
        const key = [attempt, entry.item, entry.epoch];
        give(store.get(key), (row) => { if (row && row.number <= entry.number) store.delete(key); });
      }, "relaxed");
    journal.list = async () =>
      (await act("journal", "readonly", (store, take) => give(store.getAll(own), take), "default")) || [];

    journal.keepHistory = (row) => act("history", "readwrite", (store) => store.put({ ...row, attempt }), "relaxed");
    journal.history = (item) =>
      act("history", "readonly", (store, take) => give(store.get([attempt, item]), take), "default");

    journal.keepSession = (row) => act("session", "readwrite", (store) => store.put({ ...row, attempt }), "strict");
    journal.session = () => act("session", "readonly", (store, take) => give(store.get(attempt), take), "default");

    // Once the attempt is over and nothing waits: paper, undo and words leave this machine.
    journal.forget = async () => {
      await act("history", "readwrite", (store) => store.delete(own), "relaxed");
      await act("session", "readwrite", (store) => store.delete(attempt), "relaxed");
      return (await journal.list()).length;
    };
    return journal;
  };
})();
