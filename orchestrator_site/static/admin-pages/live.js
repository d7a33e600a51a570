// Keeps the live parts of a page fresh: elements with data-live="SECONDS", which htmx replaces when they are told to.
// A part is left alone while the tab is hidden, while somebody has the keyboard in it, has ticked something in it or
// opened a menu of it, and when "live" was switched off.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const KEY = "admin-live";
    const panel = document.querySelector("[data-live-panel]");
    const parts = () => document.querySelectorAll("[data-live]");
    if (!panel || !parts().length) {
        return;
    }
    const button = panel.querySelector("button");
    const status = panel.querySelector("[data-live-status]");
    const isOn = () => localStorage.getItem(KEY) !== "off";
    const lastAsked = new Map();
    let folds = [];
    let focused;

    const showSwitch = () => {
        button.setAttribute("aria-pressed", String(isOn()));
        status.textContent = isOn() ? "" : panel.dataset.off;
    };
    // What has an id is found again in the new part: the keyboard stays where it is.
    const isDisturbed = (part) => {
        const active = document.activeElement;
        if (part.querySelector("input[type=checkbox]:checked, :popover-open, dialog[open], .admin-question[open]")) {
            return true;
        }
        return part.contains(active) && (!active.id || active.matches("input, select, textarea"));
    };
    const tick = () => {
        if (!isOn() || document.visibilityState !== "visible") {
            return;
        }
        for (const part of parts()) {
            const address = part.getAttribute("hx-get");
            const due = (lastAsked.get(address) ?? performance.now()) + Number(part.dataset.live) * 1000;
            if (!lastAsked.has(address)) {
                lastAsked.set(address, performance.now());
            } else if (performance.now() >= due && !isDisturbed(part)) {
                lastAsked.set(address, performance.now());
                window.htmx.trigger(part, "refresh");
            }
        }
    };
    const tellFailure = () => {
        status.textContent = panel.dataset.failed;
    };

    document.body.addEventListener("htmx:beforeSwap", (event) => {
        const part = event.detail.target;
        if (!part.matches("[data-live]")) {
            return;
        }
        // Somebody was logged out: the login page comes instead of the part.
        const asked = new URL(event.detail.pathInfo.finalRequestPath, location.href).pathname;
        if (event.detail.xhr.responseURL && new URL(event.detail.xhr.responseURL).pathname !== asked) {
            event.detail.shouldSwap = false;
            location.reload();
            return;
        }
        // Somebody has begun to do something there since it was asked for.
        if (isDisturbed(part)) {
            event.detail.shouldSwap = false;
            return;
        }
        folds = Array.from(part.querySelectorAll("details[id]"), (details) => [details.id, details.open]);
        focused = part.contains(document.activeElement) ? document.activeElement.id : undefined;
    });
    document.body.addEventListener("htmx:afterSwap", () => {
        for (const [id, isOpen] of folds) {
            document.getElementById(id)?.toggleAttribute("open", isOpen);
        }
        if (focused) {
            document.getElementById(focused)?.focus({ preventScroll: true });
        }
        folds = [];
        focused = undefined;
        status.textContent = `${panel.dataset.updated} ${new Date().toLocaleTimeString(document.documentElement.lang, { hour12: false })}`;
    });
    document.body.addEventListener("htmx:responseError", tellFailure);
    document.body.addEventListener("htmx:sendError", tellFailure);
    button.addEventListener("click", () => {
        localStorage.setItem(KEY, isOn() ? "off" : "on");
        showSwitch();
    });
    panel.hidden = false;
    showSwitch();
    setInterval(tick, 1000);
});
