"use strict";
// Filters the rows of all tables by their text. Without JavaScript everything simply stays shown.
const box = document.getElementById("filter");
const rows = [...document.querySelectorAll("tbody tr")];
box.closest(".filter").hidden = false;
box.addEventListener("input", () => {
  const wanted = box.value.trim().toLowerCase();
  let shown = 0;
  for (const row of rows) {
    row.hidden = !row.textContent.toLowerCase().includes(wanted);
    shown += !row.hidden;
  }
  document.querySelector(".filter output").textContent = wanted ? `${shown} of ${rows.length} rows` : "";
});
