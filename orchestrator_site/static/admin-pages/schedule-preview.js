// Shows what the trigger will do while one types it. The server computes it: the form's fields go there, and the panel
// comes back with the errors of each field. Only the newest question counts; an answer to an older one is dropped.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const panel = document.querySelector("[data-preview-url]");
    if (!panel) {
        return;
    }
    const PAUSE_MS = 300;
    const form = panel.closest("form");
    // What the trigger does not depend on: it is not sent, and its errors stay as they are.
    const policies = form.querySelectorAll("fieldset.schedule-policies [name]");
    const others = new Set(["name", "workflow", "version", "opened", ...Array.from(policies, (field) => field.name)]);
    const isOther = (name) => others.has(name) || name.startsWith("inputs");
    let pause;
    let newest;
    let sent;

    const part = (root, name) => root.querySelector(`[data-part="${name}"]`);
    const read = () => {
        const fields = new FormData(form);
        for (const name of Array.from(fields.keys()).filter(isOther)) {
            fields.delete(name);
        }
        return new URLSearchParams(fields);
    };

    const showErrors = (errors) => {
        for (const field of form.elements) {
            const isShown = field.name && field.type !== "radio" && !isOther(field.name);
            const line = isShown && field.closest(".schedule-field");
            if (!line) {
                continue;
            }
            const messages = errors[field.name] ?? [];
            const id = `${field.id}_error`;
            document.getElementById(id)?.parentElement.remove();
            line.classList.toggle("errors", messages.length > 0);
            field.toggleAttribute("aria-invalid", messages.length > 0);
            if (messages.length) {
                field.setAttribute("aria-invalid", "true");
                field.setAttribute("aria-errormessage", id);
                const list = document.createElement("ul");
                list.className = "errorlist";
                list.id = id;
                list.append(...messages.map((message) => Object.assign(document.createElement("li"), { textContent: message })));
                const box = document.createElement("div");
                box.className = "schedule-errors";
                box.append(list);
                line.append(box);
            }
        }
    };
    const show = ({ panel: html, errors }) => {
        const fresh = new DOMParser().parseFromString(html, "text/html");
        for (const name of ["said", "details"]) {
            // What stays as it is, is not read out again.
            if (part(panel, name).innerHTML !== part(fresh, name).innerHTML) {
                part(panel, name).replaceChildren(...part(fresh, name).childNodes);
            }
        }
        showErrors(errors);
    };
    const tellFailure = () => {
        const line = document.createElement("p");
        line.className = "admin-error";
        line.textContent = panel.dataset.failed;
        part(panel, "said").replaceChildren(line);
    };

    const ask = async () => {
        clearTimeout(pause);
        newest?.abort();
        const mine = new AbortController();
        newest = mine;
        const fields = read();
        sent = fields.toString();
        panel.setAttribute("aria-busy", "true");
        try {
            const answer = await fetch(panel.dataset.previewUrl, {
                method: "POST",
                body: fields,
                redirect: "error",
                signal: mine.signal,
            });
            if (!answer.ok) {
                throw new Error(`answered with ${answer.status}`);
            }
            const shown = await answer.json();
            if (mine === newest) {
                show(shown);
            }
        } catch {
            if (mine === newest) {
                sent = undefined;
                tellFailure();
            }
        } finally {
            if (mine === newest) {
                panel.removeAttribute("aria-busy");
            }
        }
    };
    const askSoon = () => {
        clearTimeout(pause);
        pause = setTimeout(() => read().toString() !== sent && ask(), PAUSE_MS);
    };

    sent = read().toString();
    form.addEventListener("input", askSoon);
    form.addEventListener("change", askSoon);
    document.querySelector("button[name=_preview]")?.addEventListener("click", (event) => {
        event.preventDefault();
        ask();
    });
});
