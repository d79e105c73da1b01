// The program editor: items are added, removed and moved in the page, and the library narrows down while one types.
// Without this script the same buttons send the form, and the server does the same.

const list = document.querySelector("[data-items]");
const template = document.querySelector("template[data-item-template]");
const library = document.querySelector("[data-library]");
const said = document.querySelector("[data-items-said]");

const say = (text) => {
  if (said) said.textContent = text;
};
const items = () => [...list.querySelectorAll(":scope > [data-item]")];
const nameOf = (item) => item.querySelector("[data-name]").textContent;

/** Names, ids and what refers to them follow the place of the item. */
function renumber() {
  items().forEach((item, n) => {
    for (const node of item.querySelectorAll("[name^='items['], [id], [for], [aria-describedby], button[name=do]")) {
      for (const attribute of ["name", "id", "for", "aria-describedby"]) {
        const old = node.getAttribute(attribute);
        if (old) node.setAttribute(attribute, old.replaceAll(/items(\[|-)(?:\d+|N)(\]|-)/g, `items$1${n}$2`));
      }
      if (node.name === "do") node.value = `${node.dataset.act}:${n}`;
    }
  });
  const none = document.querySelector("[data-items-empty]");
  if (none) none.hidden = items().length > 0;
}

/** Tells app.js that there is something to save. */
const changed = () => {
  list.dispatchEvent(new CustomEvent("patella:changed", { bubbles: true }));
  renumber();
};

function add(button) {
  const item = template.content.firstElementChild.cloneNode(true);
  for (const node of item.querySelectorAll("[data-name]")) node.textContent = button.dataset.addName;
  item.querySelector("[name$='.exercise_id']").value = button.dataset.add;
  const figure = button.closest("[data-entry]").querySelector(".figure");
  if (figure) item.querySelector(".figure").replaceWith(figure.cloneNode(true));
  list.append(item);
  changed();
  item.querySelector("input[type=number]").focus();
  say(`${button.dataset.addName} added as number ${items().length}.`);
}

function act(button) {
  const item = button.closest("[data-item]");
  const name = nameOf(item);
  if (button.dataset.act === "remove") {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    changed();
    (next?.querySelector("[data-act=remove]") ?? library?.querySelector("input, button"))?.focus();
    say(`${name} removed.`);
    return;
  }
  const up = button.dataset.act === "up";
  const other = up ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  if (up) other.before(item);
  else other.after(item);
  changed();
  const place = items().indexOf(item) + 1;
  const focus = getComputedStyle(button).visibility === "hidden" ? item.querySelector("[data-act=remove]") : button;
  focus.focus();
  say(`${name} is now number ${place} of ${items().length}.`);
}

function startLibrary() {
  const entries = [...library.querySelectorAll("[data-entry]")];
  const search = library.querySelector("input[type=search]");
  const region = library.querySelector("select");
  const count = library.querySelector("[data-count]");
  const plain = (text) => text.toLowerCase().normalize("NFD").replaceAll(/\p{M}/gu, "");
  const words = new Map(entries.map((entry) => [entry, plain(entry.dataset.words)]));
  const narrow = () => {
    const wanted = plain(search.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const entry of entries) {
      const fits =
        (!region.value || entry.dataset.region === region.value) && wanted.every((word) => words.get(entry).includes(word));
      entry.hidden = !fits;
      if (fits) shown += 1;
    }
    count.textContent = shown === 1 ? "1 exercise" : `${shown} exercises`;
  };
  library.querySelector("[data-filter]").hidden = false;
  search.addEventListener("input", narrow);
  region.addEventListener("change", narrow);
  // Enter in the search field is no wish to save the program.
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}

if (list && template) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-act], button[data-add]");
    if (!button) return;
    event.preventDefault();
    if (button.dataset.add) add(button);
    else act(button);
  });
}
if (library) startLibrary();
