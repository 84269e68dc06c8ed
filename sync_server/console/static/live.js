// Keeps a page's figures up to date without a reload: asks for the live part, and swaps it in when it changed.
const PAUSE_MS = 2000;
const SLOWEST_MS = 30000;

const region = document.querySelector("[data-live]");
const state = document.querySelector("[data-live-state]");
let tag = "";
let pause = PAUSE_MS;

if (region) schedule();

function schedule() {
  setTimeout(refresh, pause);
}

async function refresh() {
  if (document.hidden) return schedule();
  try {
    const headers = tag ? { "If-None-Match": tag } : {};
    const answer = await fetch(region.dataset.live, { headers, cache: "no-store", credentials: "same-origin" });
    if (answer.redirected || answer.status === 401) return location.reload();
    if (answer.status === 200) {
      swap(await answer.text());
      tag = answer.headers.get("ETag") ?? "";
    }
    say("Live", true);
    pause = PAUSE_MS;
  } catch {
    say("Not connected, trying again", false);
    pause = Math.min(pause * 2, SLOWEST_MS);
  }
  schedule();
}

function swap(html) {
  const focused = document.activeElement?.getAttribute("href");
  const inside = region.contains(document.activeElement);
  const before = region.querySelector("[data-amount]")?.dataset.amount;
  region.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  if (inside && focused) region.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
  const after = region.querySelector("[data-amount]")?.dataset.amount;
  const spoken = document.querySelector("[data-spoken]");
  if (spoken && before !== after) spoken.textContent = `Takings are now ${after}`;
}

function say(text, good) {
  if (!state || state.dataset.text === text) return;
  state.dataset.text = text;
  state.querySelector("[data-words]").textContent = text;
  state.classList.toggle("good", good);
  state.classList.toggle("warn", !good);
}
