// Shows the fields of the chosen kind of trigger only, and the options that concern it or are set. What was typed for
// another kind is taken out of its fields, where the server would refuse it; it comes back with the kind, and a line
// says so.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const choice = document.querySelector("select[data-trigger-kinds]");
    if (!choice) {
        return;
    }
    const kinds = new Map(
        Array.from(choice.options, (option) => [
            option.value,
            document.querySelector(`fieldset.trigger-kind-${option.value}`),
        ]).filter(([, fields]) => fields),
    );
    const note = document.createElement("p");
    note.setAttribute("role", "status");
    note.className = "schedule-hint";
    choice.closest(".schedule-field").append(note);
    const options = document.querySelectorAll("[data-for-kinds]");

    const takeOut = (fields) => {
        const taken = [];
        for (const input of fields.querySelectorAll("input, textarea")) {
            if (input.value) {
                taken.push(fields.querySelector(`label[for="${input.id}"]`)?.textContent.trim() ?? input.name);
                input.dataset.taken = input.value;
                input.value = "";
            }
        }
        return taken;
    };
    const putBack = (fields) => {
        for (const input of fields.querySelectorAll("[data-taken]")) {
            input.value = input.value || input.dataset.taken;
            delete input.dataset.taken;
        }
    };
    const show = (isByHand) => {
        const lines = [];
        for (const [kind, fields] of kinds) {
            const hasError = !isByHand && fields.querySelector("[aria-invalid=true]");
            fields.hidden = kind !== choice.value && !hasError;
            if (isByHand && fields.hidden) {
                const taken = takeOut(fields);
                if (taken.length) {
                    const words = { kind, fields: taken.join(", ") };
                    lines.push(choice.dataset.taken.replace(/%\((\w+)\)s/g, (_, name) => words[name]));
                }
            }
        }
        if (isByHand) {
            putBack(kinds.get(choice.value));
        }
        for (const option of options) {
            const isSet = !option.querySelector("input").checked;
            option.hidden = !isSet && !option.dataset.forKinds.split(" ").includes(choice.value);
        }
        for (const section of document.querySelectorAll(".schedule-section:has([data-for-kinds])")) {
            section.hidden = !section.querySelector("[data-for-kinds]:not([hidden])");
        }
        note.textContent = lines.join(" ");
    };
    choice.addEventListener("change", () => show(true));
    show(false);
});
