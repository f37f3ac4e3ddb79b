// gradio writes the name of a group of radio buttons as plain text beside it; a screen reader needs it on the group
new MutationObserver(() => {
  for (const group of document.querySelectorAll("fieldset:not([aria-label])")) {
    const name = group.querySelector('[data-testid="block-info"]');
    if (name) group.setAttribute("aria-label", name.textContent.trim());
  }
}).observe(document, { childList: true, subtree: true });
