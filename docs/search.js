// SPDX-License-Identifier: MIT
// How Sphinx's search ranks what it finds, as it comes with Sphinx but for `score`: where a name stands on many
// pages, the one that says what it means comes first, and the list of what has changed last.
// `var`, as the script that this becomes part of declares it, too.
var Scorer = {
  score: ([page, , , , score]) => {
    if (["header", "keys", "paysession-1", "paysession-config-5"].includes(page)) return score + 5;
    return page === "changelog" ? score - 5 : score;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
