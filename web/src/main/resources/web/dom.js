/**
 * Building and updating DOM from plain values: a node is a string or `{tag, attrs, children}`.
 *
 * Text only ever becomes a Text node, so nothing in it can become an element. Tags and attribute names come from our
 * own code; attribute values that come from a model are links, which `markdown.js` checks.
 *
 * @module dom
 */

/** @typedef {string | {tag: string, attrs: Record<string, string>, children: Node[]}} Node */

/** @returns {Node} */
export function h(tag, attrs = {}, ...children) {
  return { tag, attrs, children };
}

/** Makes the element a node describes. */
export function create(node) {
  if (typeof node === 'string') {
    return document.createTextNode(node);
  }
  const element = document.createElement(node.tag);
  Object.entries(node.attrs).forEach(([name, value]) => element.setAttribute(name, value));
  node.children.forEach((child) => element.append(create(child)));
  return element;
}

/**
 * Changes the children of `parent` from `first` on, which were made from `before`, into `after`. Only differences are
 * touched: a reader's selection and the layout of unchanged parts stay.
 */
export function patch(parent, first, before, after) {
  let child = first;
  after.forEach((node, i) => {
    const next = child?.nextSibling ?? null;
    if (i >= before.length) {
      parent.insertBefore(create(node), child);
    } else {
      patchOne(child, before[i], node);
      child = next;
    }
  });
  for (let i = after.length; i < before.length; i++) {
    const next = child.nextSibling;
    child.remove();
    child = next;
  }
}

function patchOne(child, before, after) {
  if (typeof after === 'string' && typeof before === 'string') {
    if (before !== after) {
      grow(child, before, after);
    }
  } else if (sameElement(before, after)) {
    patch(child, child.firstChild, before.children, after.children);
  } else {
    child.replaceWith(create(after));
  }
}

/** Streamed text usually grows: appending keeps a selection in it. */
function grow(text, before, after) {
  if (after.startsWith(before)) {
    text.appendData(after.slice(before.length));
  } else {
    text.data = after;
  }
}

function sameElement(before, after) {
  if (typeof before === 'string' || typeof after === 'string' || before.tag !== after.tag) {
    return false;
  }
  const names = Object.keys(before.attrs);
  return (
    names.length === Object.keys(after.attrs).length && names.every((name) => before.attrs[name] === after.attrs[name])
  );
}
