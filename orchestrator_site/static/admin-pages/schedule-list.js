// Counts the schedules that are ticked, and ticks all of a page. The rows may be replaced at any time: the page listens.
"use strict";

(() => {
    const boxes = () => Array.from(document.querySelectorAll(".schedule-choice"));

    const show = () => {
        const ticked = boxes().filter((box) => box.checked).length;
        const count = document.querySelector("[data-ticked]");
        const toggle = document.getElementById("choose-all");
        if (!count || !toggle) {
            return;
        }
        const all = document.querySelector("[data-all]");
        count.textContent = String(ticked);
        count.parentElement.hidden = ticked === 0 || Boolean(all?.checked);
        toggle.hidden = false;
        toggle.checked = ticked > 0 && ticked === boxes().length;
        toggle.indeterminate = ticked > 0 && !toggle.checked;
    };

    document.addEventListener("change", (event) => {
        if (event.target.id === "choose-all") {
            boxes().forEach((box) => {
                box.checked = event.target.checked;
            });
        }
        show();
    });
    document.addEventListener("htmx:afterSwap", show);
    window.addEventListener("pageshow", show);
})();
