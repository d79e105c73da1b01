// The program editor: items are added, removed and moved in the page, and the library is searched while one types.
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

/**
 * The library is searched on the server while one types. The answer is the same part of the page that the server would
 * have sent with it; XMLHttpRequest parses it into a document, so no HTML is made from text here.
 */
function startLibrary() {
  const search = library.querySelector("input[type=search]");
  const region = library.querySelector("select");
  const count = library.querySelector("[data-count]");
  let asked;
  let later;

  function find(most, focus) {
    clearTimeout(later);
    asked?.abort();
    const query = new URLSearchParams({ q: search.value, region: region.value });
    if (most) query.set("most", most);
    const request = new XMLHttpRequest();
    asked = request;
    request.open("GET", `/exercises/picks?${query}`);
    request.responseType = "document";
    request.addEventListener("error", () => {
      count.textContent = "The library could not be reached. Try again in a moment.";
    });
    request.addEventListener("load", () => {
      const found = request.response?.querySelector("[data-library]");
      if (request.status !== 200 || !found) {
        count.textContent = "The library could not be read. Try again in a moment.";
        return;
      }
      library.querySelector("[data-results]").replaceWith(found.querySelector("[data-results]"));
      count.textContent = found.querySelector("[data-count]").textContent;
      focus?.();
    });
    request.send();
  }

  const soon = () => {
    clearTimeout(later);
    later = setTimeout(find, 200);
  };
  search.addEventListener("input", soon);
  region.addEventListener("change", () => find());
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-find], [data-more]");
    if (!button) return;
    // Pressed by the Enter key of any field, too: that is no wish to leave the page.
    event.preventDefault();
    if (button.dataset.more) {
      const before = library.querySelectorAll("[data-entry]").length;
      find(button.dataset.more, () => library.querySelectorAll("[data-entry] [data-add]")[before]?.focus());
    } else if (event.detail > 0 || document.activeElement === search || document.activeElement === button) {
      find();
    }
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
