// The print button exists only where it can work; folded lines are opened for the paper and closed again after.
const button = document.querySelector("[data-print]");
const folds = () => document.querySelectorAll("details:not([open])");
let opened = [];
addEventListener("beforeprint", () => { opened = [...folds()]; opened.forEach((fold) => (fold.open = true)); });
addEventListener("afterprint", () => { opened.forEach((fold) => (fold.open = false)); opened = []; });
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
