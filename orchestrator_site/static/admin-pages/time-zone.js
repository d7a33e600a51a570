// Tells the server in which zone the browser is: pages that are asked for from now on show times in that one.
"use strict";

(() => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone) {
        document.cookie = `browser_time_zone=${zone}; path=/admin/; max-age=31536000; SameSite=Lax`;
    }
})();
