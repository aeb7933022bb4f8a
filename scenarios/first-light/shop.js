"use strict";
document.addEventListener("DOMContentLoaded", function () {
  document.querySelector(".tagline").textContent += ", " + new Date().getFullYear();
});
