"use strict";
(function () {
  var docs = Array.prototype.slice.call(document.querySelectorAll(".doc"));
  var bar = document.querySelector(".filters");
  if (!bar) { return; }
  bar.hidden = false;
  var menus = Array.prototype.slice.call(bar.querySelectorAll("select"));
  var query = bar.querySelector("input[type=search]");
  var disputed = bar.querySelector("input[type=checkbox]");
  var count = bar.querySelector("output");
  function apply() {
    var wanted = query.value.trim().toLowerCase();
    var n = 0;
    docs.forEach(function (doc) {
      var fits = (!disputed.checked || doc.dataset.disputed === "yes") &&
        (!wanted || doc.textContent.toLowerCase().indexOf(wanted) >= 0) &&
        menus.every(function (menu) {
          if (!menu.value) { return true; }
          return menu.dataset.by === "place" ? doc.dataset.place === menu.value.slice(1)
            : doc.dataset.codes.indexOf("|" + menu.value + "|") >= 0;
        });
      doc.hidden = !fits;
      n += fits ? 1 : 0;
    });
    count.textContent = n + " / " + docs.length;
  }
  bar.addEventListener("input", apply);
  bar.addEventListener("change", apply);
  apply();
  function reveal() {
    var target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") { target.hidden = false; target.open = true; target.scrollIntoView(); }
  }
  window.addEventListener("hashchange", reveal);
  reveal();
  try {
    var english = document.getElementById("lang-en");
    var chinese = document.getElementById("lang-zh");
    if (location.hash === "" && localStorage.getItem("weijing-language") === "en") { english.checked = true; }
    [english, chinese].forEach(function (radio) {
      radio.addEventListener("change", function () { localStorage.setItem("weijing-language", radio.value); });
    });
  } catch (error) { /* storage is closed to files in some browsers: the switch works without it */ }
}());
