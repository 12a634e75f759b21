// SPDX-License-Identifier: MIT
// Sessions, requests and callbacks as they come: the page is fetched again while somebody can see it, and a list is
// replaced where it has changed and nobody is in it.
"use strict";

const LISTS = ["sessions", "requests", "callbacks"];
const MILLISECONDS = 2000;
const pause = document.getElementById("pause");
let isPaused = false;

async function refresh() {
  if (isPaused || document.hidden) {
    return;
  }
  const answer = await fetch("/", { cache: "no-store" });
  if (!answer.ok) {
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const name of LISTS) {
    const here = document.getElementById(name);
    const there = fresh.getElementById(name);
    if (!isPaused && there && here.innerHTML !== there.innerHTML && !here.contains(document.activeElement)) {
      here.replaceChildren(...there.childNodes);
    }
  }
}

function again() {
  // A sandbox that has ended is no error of the page.
  refresh().catch(() => undefined).finally(() => setTimeout(again, MILLISECONDS));
}

pause.hidden = false;
pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.setAttribute("aria-pressed", String(isPaused));
});
setTimeout(again, MILLISECONDS);
