// gradio writes the name of a group of radio buttons as plain text beside it; a screen reader needs it on the group. It
// gives each button a group of its own, so that arrow keys go nowhere and Tab to each.
new MutationObserver(() => {
  for (const group of document.querySelectorAll("fieldset:not([aria-label])")) {
    const name = group.querySelector('[data-testid="block-info"]')?.textContent.trim();
    if (name) group.setAttribute("aria-label", name);
  }
  for (const group of document.querySelectorAll("fieldset[aria-label]"))
    for (const button of group.querySelectorAll("input[type=radio]"))
      if (button.name !== group.ariaLabel) button.name = group.ariaLabel;
}).observe(document, { childList: true, subtree: true, attributeFilter: ["name"] });

// A file is read here, in the browser: it goes to no folder, and its name goes nowhere. What is no text of a bearable
// size is told by a word that no text begins with (drafts.py knows them).
async function readResume(largest) {
  const field = document.querySelector("#resume-file");
  const file = field && field.files[0];
  if (!file) return "\0unreadable";
  try {
    if (file.size > largest) return "\0large";
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    return text.includes("\0") ? "\0binary" : text;
  } catch (error) {
    return error instanceof TypeError ? "\0binary" : "\0unreadable"; // TypeError: bytes that are no UTF-8
  } finally {
    field.value = ""; // so that the same file can be chosen again
  }
}

function whenResumeIsChosen(read) {
  const field = document.querySelector("#resume-file");
  field.addEventListener("change", () => field.files.length && read());
}
