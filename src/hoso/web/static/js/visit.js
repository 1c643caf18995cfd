// Keeps every field of a visit as it is typed, and opens the list of diagnoses under its field.
const form = document.querySelector("[data-visit]");
const mark = form.querySelector("[data-mark]");
const boxes = form.elements.boxes.value.split(" ");
const hidden = new Set(["csrfmiddlewaretoken", "ticket", "seen", "boxes", "template"]);
const changed = new Set();
let busy = false, waiting = 0, failures = 0;

const value = (name) =>
  boxes.includes(name)
    ? [...form.querySelectorAll(`[name="${name}"]:checked`)].map((box) => box.value).join(" ")
    : form.querySelector(`[name="${name}"]`)?.value ?? "";

function say(text, bad = false) {
  mark.textContent = text;
  mark.classList.toggle("late", bad);
}

function told(others) {
  for (const [name, text] of Object.entries(others)) {
    const field = form.querySelector(`#f-${CSS.escape(name)}`);
    if (!field) continue;
    const note = document.createElement("p");
    note.className = "field__wrong said";
    note.textContent = mark.dataset.clash + text;
    field.after(note);
  }
}

async function keep() {
  if (busy || !changed.size) return;
  busy = true;
  const sent = [...changed];
  changed.clear();
  const body = new URLSearchParams(sent.map((name) => [name, value(name)]));
  for (const name of ["csrfmiddlewaretoken", "ticket", "seen"]) body.set(name, form.elements[name].value);
  say(mark.dataset.saving);
  try {
    const answer = await fetch(form.dataset.visit, { method: "POST", body, redirect: "error", signal: AbortSignal.timeout(20000) });
    const said = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(said.error), { told: said.error });
    form.elements.seen.value = said.revision;
    failures = 0;
    told(said.others);
    say(said.signed_in ? `${mark.dataset.saved} ${said.saved}` : mark.dataset.out, !said.signed_in);
  } catch (error) {
    sent.forEach((name) => changed.add(name));
    failures += 1;
    say(error.told ?? mark.dataset.failed, true);
  }
  busy = false;
  if (changed.size) later(failures ? Math.min(30000, 1000 * 2 ** failures) : 400);
}

function later(ms) {
  clearTimeout(waiting);
  waiting = setTimeout(keep, ms);
}

form.addEventListener("input", (event) => {
  if (!event.target.name || hidden.has(event.target.name)) return;
  changed.add(event.target.name);
  later(failures ? 3000 : 700);
});
form.addEventListener("change", () => later(0));
addEventListener("online", () => later(0));
document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && keep());
addEventListener("beforeunload", (event) => {
  if (changed.size && !form.dataset.sent) event.preventDefault();
});
form.addEventListener("submit", () => (form.dataset.sent = "1"));
document.getElementById("summary")?.focus();

const days = form.querySelector("[data-days]");
if (days) {
  days.hidden = false;
  days.addEventListener("click", (event) => {
    const add = Number(event.target.dataset.add);
    if (!add) return;
    const day = new Date(Date.now() + add * 864e5);
    if (day.getDay() === 0) day.setDate(day.getDate() + 1);
    const two = (number) => String(number).padStart(2, "0");
    const field = form.elements.next;
    field.value = `${two(day.getDate())}/${two(day.getMonth() + 1)}/${day.getFullYear()}`;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

const main = form.querySelector("[data-codes]");
if (main) {
  const list = main.parentElement.querySelector(".picker");
  let asked = 0;
  const close = () => ((list.hidden = true), list.replaceChildren());
  const take = (line) => {
    main.value = line;
    main.dispatchEvent(new Event("input", { bubbles: true }));
    close();
    main.focus();
  };
  main.addEventListener("input", async (event) => {
    if (!event.isTrusted) return;
    const mine = ++asked;
    const text = main.value.trim();
    if (text.length < 2) return close();
    const answer = await fetch(`${main.dataset.codes}?q=${encodeURIComponent(text)}`).catch(() => null);
    if (!answer?.ok || mine !== asked) return;
    const { found } = await answer.json();
    list.replaceChildren(
      ...found.slice(0, 8).map((one) => {
        const item = document.createElement("li");
        const button = document.createElement("button");
        Object.assign(button, { type: "button", className: "choice", textContent: one.line });
        button.addEventListener("click", () => take(one.line));
        item.append(button);
        return item;
      }),
    );
    list.hidden = !found.length;
  });
  main.parentElement.addEventListener("keydown", (event) => {
    const buttons = [...list.querySelectorAll("button")];
    if (event.key === "Escape") close();
    if (!buttons.length || !["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
    const at = buttons.indexOf(document.activeElement);
    if (event.key === "Enter") {
      if (at < 0) (event.preventDefault(), buttons[0].click());
      return;
    }
    event.preventDefault();
    const next = event.key === "ArrowDown" ? at + 1 : at - 1;
    (buttons[next] ?? (next < 0 ? main : buttons[0])).focus();
  });
}
