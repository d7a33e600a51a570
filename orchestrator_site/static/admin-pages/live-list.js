// Boxes of a table that keeps itself fresh: Django's own script knows only those that were there when the page came.
"use strict";

document.addEventListener("change", (event) => {
    const form = event.target.closest("#changelist-form");
    if (!form || !event.target.matches("input.action-select, .action-toggle")) {
        return;
    }
    const boxes = Array.from(form.querySelectorAll("tr input.action-select"));
    const toggle = form.querySelector(".action-toggle");
    if (event.target === toggle) {
        for (const box of boxes) {
            box.checked = toggle.checked;
        }
    }
    const chosen = boxes.filter((box) => box.checked).length;
    for (const box of boxes) {
        box.closest("tr").classList.toggle("selected", box.checked);
    }
    toggle.checked = chosen === boxes.length;
    const counter = form.querySelector(".action-counter");
    if (counter) {
        const text = window.ngettext("%(sel)s of %(cnt)s selected", "%(sel)s of %(cnt)s selected", chosen);
        counter.textContent = window.interpolate(text, { sel: chosen, cnt: boxes.length }, true);
    }
});
