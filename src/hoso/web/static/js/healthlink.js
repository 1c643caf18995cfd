// Opens a SMART Health Link: the key behind the # is used here and sent nowhere; the server gives only what is sealed.
const LARGEST = 5_000_000;
const place = document.getElementById("shared");
const part = (name) => place.querySelector(`[data-${name}]`);
const text = new TextDecoder();

function bytes(packed) {
  const plain = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function link() {
  const packed = /shlink:\/([A-Za-z0-9_-]+)=*$/.exec(location.hash)?.[1];
  try {
    const said = JSON.parse(text.decode(bytes(packed)));
    return typeof said.url === "string" && /^[A-Za-z0-9_-]{43}$/.test(said.key) && (said.v ?? 1) === 1 ? said : null;
  } catch {
    return null;
  }
}

async function sealed(said, recipient, passcode) {
  if ((said.flag ?? "").includes("U")) {
    const address = new URL(said.url);
    address.searchParams.set("recipient", recipient);
    const answer = await fetch(address, { credentials: "omit" });
    return answer.ok ? answer.text() : refused(answer);
  }
  const asked = { recipient, ...(passcode ? { passcode } : {}) };
  const headers = { "content-type": "application/json" };
  const answer = await fetch(said.url, { method: "POST", credentials: "omit", headers, body: JSON.stringify(asked) });
  if (!answer.ok) return refused(answer);
  const file = (await answer.json()).files.find((one) => one.contentType.startsWith("application/fhir+json"));
  return file.embedded ?? (await fetch(file.location, { credentials: "omit" })).text();
}

async function refused(answer) {
  const left = answer.status === 401 ? (await answer.json()).remainingAttempts : null;
  throw left === null ? (answer.status === 404 ? "absent" : "failed") : { wrong: left };
}

async function opened(jwe, key) {
  const [head, , nonce, content, tag] = jwe.trim().split(".");
  const said = JSON.parse(text.decode(bytes(head)));
  if (said.alg !== "dir" || said.enc !== "A256GCM") throw "spoiled";
  const secret = await crypto.subtle.importKey("raw", bytes(key), "AES-GCM", false, ["decrypt"]);
  const whole = new Uint8Array([...bytes(content), ...bytes(tag)]);
  const how = { name: "AES-GCM", iv: bytes(nonce), additionalData: new TextEncoder().encode(head) };
  const plain = new Uint8Array(await crypto.subtle.decrypt(how, secret, whole));
  return JSON.parse(text.decode(said.zip === "DEF" ? await inflated(plain) : plain));
}

async function inflated(small) {
  const reader = new Blob([small]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const pieces = [];
  let size = 0;
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    size += step.value.length;
    if (size > LARGEST) throw "spoiled"; // a small file may be made to become a huge one
    pieces.push(step.value);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

function element(name, words, kind) {
  const made = document.createElement(name);
  if (words) made.textContent = words;
  if (kind) made.className = kind;
  return made;
}

const day = (written) => (written ?? "").slice(0, 10).split("-").reverse().join("/");

// The words of a section are taken out of its markup, never put into the page as markup.
function lines(section) {
  const found = new DOMParser().parseFromString(section.text?.div ?? "", "text/html");
  const list = element("ul", "", "plain");
  for (const row of found.querySelectorAll("tbody tr")) {
    const [when, what, value, where] = [...row.cells].map((cell) => cell.textContent);
    const line = list.appendChild(element("li", "", "line"));
    line.append(element("span", what, "line__name"), value ? ` ${value} ` : " ");
    line.append(element("span", [when, where].filter(Boolean).join(" · "), "fine"));
  }
  const notes = [...found.querySelectorAll("p")].map((one) => element("p", one.textContent, "fine"));
  return [...(list.childElementCount ? [list] : []), ...notes];
}

function show(bundle) {
  const records = bundle.entry.map((one) => one.resource);
  const composition = records.find((one) => one.resourceType === "Composition");
  const patient = records.find((one) => one.resourceType === "Patient");
  const name = patient.name?.[0]?.text ?? [patient.name?.[0]?.family, ...(patient.name?.[0]?.given ?? [])].join(" ");
  const sex = place.dataset[patient.gender] ?? "";
  const article = part("summary");
  article.append(element("h2", name, "shared__name"));
  article.append(element("p", [sex, `${place.dataset.born} ${day(patient.birthDate)}`].filter(Boolean).join(" · ")));
  article.append(element("p", `${place.dataset.asof} ${day(composition.date)}`, "fine"));
  for (const section of composition.section) {
    const panel = element("section", "", section.code.coding[0].code === "48765-2" ? "panel panel--red" : "panel");
    panel.append(element("h3", section.title, "panel__title"), ...lines(section));
    article.append(panel);
  }
  article.hidden = part("after").hidden = false;
}

function tell(problem) {
  const words = problem?.wrong === undefined ? place.dataset[problem] : `${place.dataset.wrong} ${problem.wrong}`;
  part("problem").textContent = words ?? place.dataset.spoiled;
  part("problem").hidden = false;
}

async function open(event, said) {
  event.preventDefault();
  part("problem").hidden = true;
  const button = event.target.querySelector("button");
  button.disabled = true;
  try {
    const jwe = await sealed(said, event.target.recipient.value, event.target.passcode.value);
    show(await opened(jwe, said.key));
    part("ask").hidden = true;
    history.replaceState(null, "", location.pathname); // the key stays in no history of this browser
    part("summary").querySelector("h2").scrollIntoView();
  } catch (problem) {
    tell(problem instanceof TypeError ? "failed" : problem);
  }
  button.disabled = false;
}

function begin() {
  const said = link();
  part("without").hidden = true;
  part("problem").hidden = true;
  part("ask").hidden = true;
  if (!said) return tell("broken");
  if (!said.url.startsWith(`${location.origin}/`)) return tell("elsewhere");
  if (!globalThis.crypto?.subtle) return tell("insecure");
  part("ask").hidden = false;
  part("label").hidden = !said.label;
  part("label").textContent = said.label ?? "";
  part("passcode").hidden = !(said.flag ?? "").includes("P");
  part("passcode").querySelector("input").required = !part("passcode").hidden;
  part("ask").onsubmit = (event) => open(event, said);
  return undefined;
}

begin();
addEventListener("hashchange", begin);
