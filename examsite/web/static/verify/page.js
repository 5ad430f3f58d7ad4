/* The page around the verifier: takes the files and keys, works in slices so that nothing freezes, says what was found. */
"use strict";

(() => {
  const SLICE_MILLISECONDS = 30; // of work between two moments for the page itself
  const LARGEST = 2 ** 30 + 99; // bytes that are read; more than a bundle may have
  const LONG = 400; // signs of a sentence that gets a box of its own to scroll in
  const GROUPS = [
    ["Ai đã ký", "Who signed", ["signature", "witnesses", "approvals", "assertions", "people"]],
    ["Gói và sổ ghi còn nguyên", "Bundle and log are whole",
      ["shape", "json", "records", "root", "openings", "table", "opened", "rest"]],
    ["Làm đúng thứ tự", "Done in the right order",
      ["frozen", "roster", "papers", "codes", "absent", "withdrawn", "order", "draws"]],
    ["Tính đúng quy tắc", "Computed by the rules",
      ["result", "points", "marks", "settlements", "appeals", "deductions", "scores", "totals", "ranks", "ties",
        "outcomes"]],
    ["Bản trước và tài liệu đi kèm", "Earlier bundles and papers", ["lineage", "report", "receipt"]],
  ];
  const SIGNS = { ok: ["✓", "Đúng: ", "Holds: "], broken: ["✗", "Hỏng: ", "Broken: "], unchecked: ["–", "Chưa kiểm: ", "Not checked: "] };
  const find = (id) => document.getElementById(id);
  let bundle = null, answer = null, running = 0, keyOfPage = "";

  /** A span in each language; which one shows is a matter of the style sheet. */
  function both(vi, en) {
    const made = document.createDocumentFragment();
    for (const [lang, text] of [["vi", vi], ["en", en]]) {
      const span = document.createElement("span");
      span.lang = lang;
      span.textContent = text;
      made.append(span);
    }
    return made;
  }
  const say = (id, vi, en) => find(id).replaceChildren(both(vi, en));

  function element(name, className, ...children) {
    const made = document.createElement(name);
    made.className = className;
    made.append(...children);
    return made;
  }

  /** The key of the log and those of witnesses out of what was pasted: labels and blank lines do not matter. */
  function readKeys(text) {
    const found = { logKey: "", witnesses: [] };
    for (const line of text.split("\n").map((x) => x.trim()).filter((x) => x && !x.startsWith("#"))) {
      const printed = line.replace(/\s+/g, ""), key = /^[0-9a-f]{64}$/.test(printed) ? printed : line.split(/\s+/).pop();
      const tail = key.split("+").slice(2).join("+");
      if (tail.startsWith("B") || (found.logKey && !tail.startsWith("A"))) found.witnesses.push(key);
      else found.logKey = key;
    }
    return found;
  }

  /** Runs the verifier in slices. */
  async function verify(data, given, tell = () => {}) {
    const run = ExamVerifier.verify(data, given);
    let step = run.next(), since = performance.now();
    while (!step.done) {
      if (performance.now() - since > SLICE_MILLISECONDS) {
        tell(step.value);
        await new Promise((resume) => { setTimeout(resume, 0); });
        since = performance.now();
      }
      step = run.next();
    }
    return step.value;
  }

  const bytesOf = async (file) => new Uint8Array(await file.slice(0, LARGEST).arrayBuffer());

  async function start() {
    if (!bundle) {
      say("status", "Hãy chọn gói kết quả trước.", "Choose the bundle first.");
      find("bundle").focus();
      return;
    }
    const mine = ++running, begun = performance.now(), receipt = find("receipt").value.replaceAll("\r\n", "\n");
    const quorum = find("quorum").value === "" ? null : Number(find("quorum").value);
    find("answer").hidden = true;
    find("progress").hidden = false;
    find("progress").value = 0;
    say("status", "Đang đọc tệp…", "Reading the file…");
    try {
      const older = await Promise.all([...find("older").files].map(bytesOf)), data = await bytesOf(bundle);
      const given = { ...readKeys(find("keys").value), quorum, older, receipt: receipt.trim() ? receipt : null };
      const said = await verify(data, given, ({ check, done, of }) => {
        if (mine !== running) throw new Error("replaced");
        find("progress").value = Math.round((100 * done) / of);
        say("status", `Đang kiểm: ${done} trên ${of} (${check})…`, `Verifying: ${done} of ${of} (${check})…`);
      });
      if (mine === running) show(said, (performance.now() - begun) / 1000);
    } catch (error) {
      if (mine !== running) return;
      say("status", `Không đọc được tệp (${error.message}). Hãy chọn lại tệp rồi kiểm lần nữa.`,
        `The file could not be read (${error.message}). Choose it again and verify once more.`);
    }
    if (mine === running) find("progress").hidden = true;
  }

  // The sentences are those of verify.py and name its options; here the same things stand in fields.
  const FIELDS = [
    ["--log-key", "khóa của sổ ở ô 2", "the key of the log in field 2"],
    ["--witness", "khóa của nhân chứng ở ô 2", "the keys of witnesses in field 2"],
    ["--previous", "gói cũ ở mục “Thêm”", "the older bundle under “More”"],
    ["--receipt", "biên nhận ở mục “Thêm”", "the receipt under “More”"],
  ];
  const inFields = (text, language) => FIELDS.reduce((said, field) => said.replaceAll(field[0], field[language]), text);

  // A sentence names parts and records by their codes, as the files do; whoever reads Vietnamese knows other words.
  const SPOKEN = [
    ["phần written", "phần bài thi viết"], ["phần defence", "phần bảo vệ đề án"], ["roles:fixed", "Vai của từng người"],
    ["result:approved", "Phê duyệt kết quả"], ["paper:sealed", "Niêm phong đề, bản ghi số"], [" paper/", " đề "],
  ];
  // A check that could not be made is named by the sentence that it would have said.
  const SAID = new Map(VERIFIER_TABLES.words.split(/\n|  /)
    .map((x) => [x.split(": ")[0], x.slice(x.indexOf(": ") + 2).split(" | ")]));
  const named = (text, language) => text.replace(/^“(\w+)”/, (said, name) => (
    SAID.has(name) ? `“${SAID.get(name)[language === "en" ? 1 : 0].replace(/\{\d\}/g, "…")}”` : said));
  const plain = (text, language) => (language === "en" ? named(text, language)
    : SPOKEN.reduce((said, x) => said.replaceAll(...x), named(text, language)));

  function line({ check, state, vi, en }) {
    if (check === "rest") { // the names of all that could not be looked at tell nobody anything: their number does
      const count = vi.split(": ")[0].split(", ").length;
      [vi, en] = [`${count} điều sau đó chưa kiểm được, vì một bước trước đã hỏng.`,
        `${count} more were not checked, because a step before them is broken.`];
    }
    [vi, en] = [plain(vi, "vi"), plain(en, "en")];
    const [sign, ...words] = SIGNS[state], spoken = element("span", "visually-hidden", both(...words));
    const shown = element("span", "verify-sign", sign);
    const said = element("span", "verify-said", spoken, both(inFields(vi, 1), inFields(en, 2)));
    shown.setAttribute("aria-hidden", "true");
    if (vi.length > LONG) {
      said.classList.add("verify-long");
      said.tabIndex = 0;
    }
    return element("li", `verify-${state}`, shown, said);
  }

  function group([vi, en, names], checks) {
    const mine = checks.filter((x) => names.includes(x.check)), good = mine.filter((x) => x.state === "ok").length;
    const bad = mine.filter((x) => x.state === "broken").length, open = mine.length - good - bad;
    const counts = [[good, "đúng", "hold"], [bad, "hỏng", "broken"], [open, "chưa kiểm", "not checked"]].filter((x) => x[0]);
    const head = element("div", "verify-group-head", element("h3", "", both(vi, en)),
      element("span", bad ? "is-bad" : good ? "is-good" : "note",
        both(...[1, 2].map((language) => counts.map((x) => `${x[0]} ${x[language]}`).join(", ")))));
    return mine.length ? [element("section", "", head, element("ul", "verify-list", ...mine.map(line)))] : [];
  }

  function show(said, seconds) {
    answer = said;
    const { checks, ok, pinned } = said, broken = checks.filter((x) => x.state === "broken");
    const good = checks.filter((x) => x.state === "ok").length, open = checks.length - good - broken.length;
    find("verdict").className = `verdict verdict--${ok ? (pinned ? "good" : "open") : "bad"}`;
    if (!ok) say("verdict-title", `Gói này có ${broken.length} chỗ hỏng`, `This bundle is broken in ${broken.length} places`);
    else if (keyOfPage && find("keys").value.trim() === keyOfPage) {
      say("verdict-title", "Kết quả này đúng như đã ký, với khóa mà trang kết quả đưa; hãy so khóa ấy với bản in",
        "This result is as it was signed, under the key that its page gave; compare that key with the printed one");
    } else if (pinned) say("verdict-title", "Kết quả này đúng như đã ký", "This result is as it was signed");
    else {
      say("verdict-title", "Không chỗ nào hỏng, nhưng chưa ghim khóa: chưa biết ai đã ký",
        "Nothing is broken, but no key was given: who signed is not known");
    }
    const time = seconds.toFixed(1);
    say("verdict-text",
      `${good} trên ${checks.length} điều đúng, ${broken.length} hỏng, ${open} chưa kiểm (lý do ghi ở từng dòng). Máy này tính trong ${time.replace(".", ",")} giây.`,
      `${good} of ${checks.length} hold, ${broken.length} are broken, ${open} were not checked (each line says why). This machine took ${time} seconds.`);
    find("wrong").hidden = ok;
    find("wrong-list").replaceChildren(...broken.map(line));
    find("groups").replaceChildren(...GROUPS.flatMap((x) => group(x, checks)));
    find("digest").textContent = said.bundle_sha256;
    find("result-digest").textContent = said.result_sha256 ?? "–";
    find("answer").hidden = false;
    say("status", "Đã kiểm xong.", "Done.");
    find("answer").focus();
  }

  function choose(file) {
    if (!file) return;
    bundle = file;
    const size = `${Math.ceil(file.size / 1024)} kB`;
    find("chosen").textContent = file.name;
    say("chosen-hint", `${size}. Thả tệp khác để thay.`, `${size}. Drop another file to replace it.`);
    start();
  }

  /** The page of a result names its bundle and the key that it shows: one click there, and it is verified here. */
  async function fetchNamed() {
    const named = new URLSearchParams(location.hash.slice(1)), path = named.get("bundle");
    if (!path) return;
    try {
      const address = new URL(path, location.href);
      if (address.origin !== location.origin) throw new Error(address.origin);
      keyOfPage = find("keys").value = named.get("key") ?? "";
      find("keys-named").hidden = !keyOfPage;
      if (location.protocol === "file:") { // a page from disk may read no other file by itself
        const name = address.pathname.split("/").pop();
        say("status", `Hãy thả tệp ${name} của thư mục này vào ô 1.`, `Drop the file ${name} of this folder into field 1.`);
        return;
      }
      say("status", "Đang tải gói kết quả từ trang này…", "Downloading the bundle from this site…");
      const response = await fetch(address, { credentials: "omit" });
      if (!response.ok) throw new Error(response.status);
      choose(new File([await response.blob()], address.pathname.split("/").slice(-2).join("-")));
    } catch (error) {
      say("status", `Không tải được gói (${error.message}). Hãy tải gói ở trang kết quả rồi thả vào đây.`,
        `The bundle could not be downloaded (${error.message}). Download it from the page of the result and drop it here.`);
    }
  }

  find("bundle").addEventListener("change", (event) => choose(event.target.files[0]));
  find("form").addEventListener("submit", (event) => {
    event.preventDefault();
    start();
  });
  for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      find("drop").classList.toggle("drop--over", name === "dragenter" || name === "dragover");
      if (name === "drop") choose(event.dataTransfer.files[0]);
    });
  }
  find("print").addEventListener("click", () => window.print());
  find("save").addEventListener("click", () => {
    const link = document.createElement("a"), text = JSON.stringify(answer, null, 1);
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = "bao-cao-kiem-tra.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  });
  function speak(language) {
    document.documentElement.lang = language;
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => speak(button.dataset.language));
  }
  if (location.hash === "#en") speak("en");
  fetchNamed();

  window.ExamVerification = { verify, readKeys };
})();
