"use strict";
// The page is whole without this: it adds buttons that copy the line beside them.
for (const button of document.querySelectorAll("button[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const line = document.getElementById(button.dataset.copies);
    const status = button.nextElementSibling;
    try {
      await navigator.clipboard.writeText(line.textContent);
      status.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(line);
      status.textContent = "selected: copy it with the keyboard";
    }
  });
}
