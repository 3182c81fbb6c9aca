// Sliders of the Scenario Studio: each moves the number beside it, and the number moves it back.
(function () {
  "use strict";

  document.addEventListener("input", function (event) {
    const row = event.target.closest("[data-lever]");
    const slider = row && row.querySelector("input[type=range]");
    if (!slider) return;
    const number = row.querySelector("input[type=number]");
    const base = Number(row.dataset.base);
    if (event.target === slider) {
      number.value = (base * (1 + slider.value / 100)).toFixed(2);
    } else {
      slider.value = Math.round(100 * (Number(number.value) / base - 1));
    }
    const shift = Math.round(100 * (Number(number.value) / base - 1));
    row.querySelector("output").textContent = (shift < 0 ? "−" : "+") + Math.abs(shift) + " %";
  });
})();
