// The reader of reports, links into it, and the switch of languages. It comes after all that moves things on the page.
(function () {
  var docs = Array.prototype.slice.call(document.querySelectorAll(".doc"));
  var bar = document.querySelector("#reader .filters");
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
  // #doc-3 opens a report, #doc-3:120-140 also points out what is marked between these code points of its text.
  function reveal() {
    var parts = /^#([^:]+)(?::(\d+)-(\d+))?$/.exec(location.hash);
    var target = parts && document.getElementById(parts[1]);
    if (!target || target.tagName !== "DETAILS") { return; }
    target.hidden = false;
    target.open = true;
    var marks = parts[2] ? between(target.querySelector(".text"), Number(parts[2]), Number(parts[3])) : [];
    Array.prototype.forEach.call(document.querySelectorAll("mark.here"), function (one) { one.classList.remove("here"); });
    marks.forEach(function (one) { one.classList.add("here"); });
    if (marks.length) { marks[0].scrollIntoView({ block: "center", behavior: "instant" }); } else { target.scrollIntoView(); }
  }
  function between(text, start, end) {
    var walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT), at = 0, found = [], node = walker.nextNode();
    for (; node && at < end; node = walker.nextNode()) {
      var mark = node.parentNode.closest("mark");
      if (at >= start && mark) { found.push(mark); }
      at += Array.from(node.data).length;
    }
    return found;
  }
  // On paper nothing can be opened: tables are printed whole, reports as they stand on the screen.
  window.addEventListener("beforeprint", function () {
    Array.prototype.forEach.call(document.querySelectorAll("details.table"), function (one) { one.open = true; });
  });
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
