// Keys 1, 2, 3 answer a review, but never while something is being typed.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=radio]), textarea, select");
  if (typing || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  document.querySelector(`[data-key="${CSS.escape(event.key)}"]:not(:disabled)`)?.click();
});
