// What django-unfold lets a pointer alone press is made a button for the keyboard too; and its icons, which are words in a
// font of pictures, are not read out.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const PRESSABLE = "a:not([href])[x-on\\:click], span[x-on\\:click], div[x-on\\:click], h2[x-on\\:click]";

    const mend = (root) => {
        for (const icon of root.querySelectorAll(".material-symbols-outlined:not([aria-hidden], [x-on\\:click])")) {
            icon.setAttribute("aria-hidden", "true");
        }
        for (const element of root.querySelectorAll(PRESSABLE)) {
            if (!element.hasAttribute("role")) {
                element.setAttribute("role", "button");
                element.tabIndex = 0;
            }
        }
    };
    // Django's lists of choices make these when everything is loaded.
    window.addEventListener("load", () => {
        for (const hint of document.querySelectorAll(".help-tooltip[aria-label]:not([role])")) {
            hint.setAttribute("role", "img");
        }
    });
    document.addEventListener("keydown", (event) => {
        if ((event.key === "Enter" || event.key === " ") && event.target.matches(PRESSABLE)) {
            event.preventDefault();
            event.target.click();
        }
    });
    document.body.addEventListener("htmx:load", (event) => mend(event.target));
    mend(document);
});
