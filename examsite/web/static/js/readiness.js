// What only this machine can say: whether the page is a secure context, and how far its clock is from the server's.
(function () {
  "use strict";

  const FAR_SECONDS = 5;

  function words(place) {
    const told = [];
    if (!window.isSecureContext) told.push(place.dataset.missing);
    const server = Date.parse(place.dataset.now);
    const navigation = performance.getEntriesByType("navigation")[0];
    const loaded = navigation ? performance.timeOrigin + navigation.responseStart : Date.now();
    const apart = Math.round((loaded - server) / 1000);
    if (Math.abs(apart) >= FAR_SECONDS) told.push(place.dataset.clockFar.replace("{seconds}", String(Math.abs(apart))));
    return told.join(" ");
  }

  for (const place of document.querySelectorAll("[data-secure-context]")) {
    const text = words(place);
    place.textContent = text;
    place.hidden = text === "";
  }
})();
