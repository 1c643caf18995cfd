// What is wrong is read out first; a button that was pressed is not pressed again; a full date part leads to the next.
document.getElementById("faults")?.focus();
const form = document.querySelector(".register__form");
form?.addEventListener("submit", (event) => {
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
});
window.addEventListener("pageshow", () => form && delete form.dataset.sent);
const next = { day: "month", month: "year" };
for (const [from, to] of Object.entries(next)) {
  const box = document.getElementById(from);
  box?.addEventListener("input", () => {
    if (box.value.length === 2) document.getElementById(to).focus();
  });
}
