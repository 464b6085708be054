"use strict";
// The evidence browser: filters, cards and exports. Every word of a report is set as text, never as markup.
(function () {
  var section = document.getElementById("evidence");
  if (!section) { return; }
  var PAGE = 30;
  var data = JSON.parse(document.getElementById("evidence-data").textContent);
  var docs = all(document, ".doc");
  var bar = section.querySelector(".filters");
  var list = section.querySelector(".quotes");
  var more = section.querySelector("button.more");
  var search = bar.querySelector("input[type=search]");
  var settled = bar.querySelector("input[type=checkbox]");
  var pattern = list.querySelector(".quote").cloneNode(true);
  var chosen = [], shown = 0, texts = [];

  function all(where, what) { return Array.prototype.slice.call(where.querySelectorAll(what)); }
  function menus(name) {
    return all(bar, "select").filter(function (menu) { return menu.name === name && menu.value; });
  }
  // Offsets count code points, JavaScript's strings count halves of them.
  function points(i) {
    texts[i] = texts[i] || Array.from(docs[i].querySelector(".text").textContent);
    return texts[i];
  }
  function cut(q, from, to) { return points(q[0]).slice(q[from], q[to]).join(""); }

  function tidy(text) { return text.replace(/\n+/g, "\n"); }

  function choose() {
    var wanted = search.value.trim().toLowerCase();
    var about = menus("about"), kind = menus("kind"), place = menus("place"), codes = menus("document");
    chosen = [];
    data.quotations.forEach(function (q) {
      var doc = docs[q[0]].dataset;
      if (place.some(function (menu) { return "=" + doc.place !== menu.value; })) { return; }
      if (codes.some(function (menu) { return doc.codes.indexOf("|" + menu.value + "|") < 0; })) { return; }
      if (wanted && cut(q, 3, 6).toLowerCase().indexOf(wanted) < 0) { return; }
      var marks = q[7].filter(function (mark) {
        var one = data.abouts[mark[0]];
        return (!settled.checked || mark[2] === true) &&
          about.every(function (menu) {
            return menu.value === one.variable || menu.value === one.variable + "=" + one.code;
          }) &&
          kind.every(function (menu) { return menu.value === data.coders[mark[1]].kind; });
      });
      if (marks.length) { chosen.push({ quotation: q, marks: marks }); }
    });
    var total = chosen.reduce(function (n, one) { return n + one.marks.length; }, 0);
    var counts = bar.querySelectorAll("output");
    counts[0].textContent = chosen.length + " / " + data.quotations.length;
    counts[1].textContent = total;
    list.textContent = "";
    shown = 0;
    show();
  }

  function words(place, zh, en) {
    place.textContent = "";
    [["zh", "zh-Hans", zh], ["en", "en", en]].forEach(function (one) {
      var span = document.createElement("span");
      span.className = one[0];
      span.lang = one[1];
      span.textContent = one[2];
      place.appendChild(span);
    });
  }
  function card(one) {
    var q = one.quotation, made = pattern.cloneNode(true), source = data.documents[q[0]];
    var around = made.querySelectorAll(".around");
    around[0].textContent = tidy(cut(q, 3, 4));
    made.querySelector("blockquote b").textContent = tidy(cut(q, 4, 5));
    around[1].textContent = tidy(cut(q, 5, 6));
    var marks = made.querySelector(".marks"), line = marks.querySelector("li");
    marks.textContent = "";
    one.marks.forEach(function (mark) {
      var about = data.abouts[mark[0]], coder = data.coders[mark[1]], item = line.cloneNode(true);
      words(item.querySelector(".about"), about.zh, about.en);
      item.querySelector(".coder").textContent = coder.name;
      words(item.querySelector("em"), coder.zh, coder.en);
      item.querySelector("small").hidden = mark[2] !== true;
      marks.appendChild(item);
    });
    var link = made.querySelector(".source a"), place = made.querySelector(".source small");
    link.setAttribute("href", "#doc-" + (q[0] + 1) + ":" + q[4] + "-" + q[5]);
    link.querySelector("bdi").textContent = source.title;
    place.textContent = [source.outlet, source.date, source.province, source.report_id].filter(Boolean).join(" · ");
    return made;
  }
  function show() {
    chosen.slice(shown, shown + PAGE).forEach(function (one) { list.appendChild(card(one)); });
    shown = Math.min(shown + PAGE, chosen.length);
    more.hidden = shown >= chosen.length;
  }

  function rows() {
    var made = [];
    chosen.forEach(function (one) {
      var q = one.quotation, source = data.documents[q[0]];
      one.marks.forEach(function (mark) {
        var about = data.abouts[mark[0]], coder = data.coders[mark[1]];
        made.push({
          quotation: cut(q, 4, 5), before: cut(q, 3, 4), after: cut(q, 5, 6),
          variable: about.variable, label: about.code, label_zh: about.zh, label_en: about.en,
          coder: coder.name, coder_kind: coder.kind, settled: mark[2], weight: mark[3],
          report_id: source.report_id, title: source.title, outlet: source.outlet, date: source.date,
          province: source.province, url: source.url, content_hash: source.content_hash, start: q[1], end: q[2]
        });
      });
    });
    return made;
  }
  // As weijing.data.cell_text: what a spreadsheet could take for a formula begins with an apostrophe instead.
  var FORMULA = /^['\s\u0000-\u001f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠\t\r\n]/;
  function cell(value) {
    if (value === null || value === undefined) { return ""; }
    if (typeof value !== "string") { return String(value); }
    var safe = FORMULA.test(value) ? "'" + value : value;
    return '"' + safe.replace(/"/g, '""') + '"';
  }
  function csv(made) {
    var names = ["quotation", "before", "after", "variable", "label", "label_zh", "label_en", "coder", "coder_kind",
      "settled", "weight", "report_id", "title", "outlet", "date", "province", "url", "content_hash", "start", "end"];
    var lines = made.map(function (row) { return names.map(function (name) { return cell(row[name]); }).join(","); });
    return "\ufeff" + [names.join(",")].concat(lines).join("\r\n") + "\r\n";
  }
  function save(kind) {
    var text = kind === "csv" ? csv(rows()) : JSON.stringify(rows(), null, 1) + "\n";
    var link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: kind === "csv" ? "text/csv" : "application/json" }));
    link.download = "evidence." + kind;
    link.click();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 60000);
  }

  bar.hidden = false;
  // Not on "change" too: that comes as a card is clicked, and cards made anew would never get the click.
  bar.addEventListener("input", choose);
  more.addEventListener("click", show);
  all(bar, "button").forEach(function (button) {
    button.addEventListener("click", function () { save(button.dataset.save); });
  });
  choose();
}());
