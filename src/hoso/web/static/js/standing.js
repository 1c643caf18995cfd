// How far an import is, brought up to date until it is over; without a script the page loads itself anew.
const place = () => document.getElementById("standing");

async function again() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("standing");
    if (answer.ok && fresh) place().replaceWith(fresh);
  } catch {
    // The line is down for a moment: the next look tells.
  }
  if (place().hasAttribute("data-going")) setTimeout(again, 2000);
}

if (place()?.hasAttribute("data-going")) setTimeout(again, 1000);
