// Keeps the page of the room itself on the machine, so that a reload without a network still finds it. Words and answers
// are not its business: they lie in the journal. The server is always asked first; only its silence is answered from here.
"use strict";

const STORE = "examsite-room";
const PAGE = "/candidate/test";
const PATIENCE_MILLISECONDS = 5000;

// Whether the last page came from here: its parts then come from here at once, without waiting for a dead line.
let alone = false;

function ask(request) {
  const stopper = new AbortController();
  const limit = setTimeout(() => stopper.abort(), PATIENCE_MILLISECONDS);
  return fetch(request, { signal: stopper.signal }).finally(() => clearTimeout(limit));
}

async function keep(request, response) {
  const store = await caches.open(STORE);
  await store.put(request.url.split("#")[0], response);
}

async function page(request) {
  try {
    const response = await ask(request);
    alone = false;
    if (response.ok && !response.redirected && response.type === "basic") await keep(request, response.clone());
    // A server that is there but broken is no better than none.
    if (response.status < 500) return response;
    return (await (await caches.open(STORE)).match(request.url)) || response;
  } catch (error) {
    const kept = await (await caches.open(STORE)).match(request.url);
    if (!kept) throw error;
    alone = true;
    return kept;
  }
}

async function part(request) {
  const store = await caches.open(STORE);
  const kept = alone ? await store.match(request.url) : undefined;
  if (kept) return kept;
  try {
    const response = await ask(request);
    if (response.ok) await keep(request, response.clone());
    return response;
  } catch (error) {
    const older = await store.match(request.url);
    if (older) return older;
    throw error;
  }
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  if (event.data === "forget") event.waitUntil(caches.delete(STORE));
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname === PAGE) event.respondWith(page(request));
  else if (url.pathname.startsWith("/static/")) event.respondWith(part(request));
});
