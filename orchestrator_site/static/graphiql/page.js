// Starts GraphiQL. Django takes the session's cookie only together with its CSRF token.
"use strict";

function readCookie(name) {
  const found = document.cookie.split("; ").find((each) => each.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

async function fetchAnswer({ query, variables, operationName }) {
  const response = await fetch(page.dataset.endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": readCookie(page.dataset.csrfCookie) },
    body: JSON.stringify({ query, variables, operationName }),
  });
  return response.json();
}

const page = document.getElementById("graphiql");
ReactDOM.createRoot(page).render(
  React.createElement(GraphiQL, { fetcher: fetchAnswer, defaultQuery: page.dataset.query, shouldPersistHeaders: false }),
);
