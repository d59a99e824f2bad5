/**
 * Turns the Markdown of language models into nodes for `dom.js`: headings, paragraphs, lists, tasks, quotes,
 * tables, rules, fenced code, emphasis, links. Raw HTML is impossible by construction: the parser cannot make an
 * element from it. Remote images become links, because a picture's address can leak the conversation.
 *
 * Every step is linear in the text (nesting is bounded): a model, or a text that it repeats, must not be able to hang
 * the page with a line of brackets.
 *
 * @module markdown
 */

import { h, patch } from './dom.js';
import { highlight } from './highlight.js';
import { inline } from './inline.js';

const DEEPEST = 8;

const FENCE = /^( {0,3})(`{3,}(?=[^`]*$)|~{3,})(.*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(?:([ \t]+)(.*))?$/;
const TABLE_CELL_RULE = /^:?-+:?$/;
const TASK = /^\[([ xX])\][ \t]+/;

/** The whole text as nodes. */
export function parse(text) {
  return blocks(lines(text), 0).map((block) => block.node);
}

/**
 * Shows a growing text in an element. Blocks that can no longer change are left alone, so an update costs as much as
 * the last block and not as much as the answer.
 */
export class MarkdownView {
  #element;
  #text = '';
  #nodes = [];
  /** How many of the nodes are settled, and how much of the text they show. */
  #settledNodes = 0;
  #settledText = 0;

  constructor(element) {
    this.#element = element;
  }

  update(text) {
    if (text === this.#text) {
      return;
    }
    if (!text.startsWith(this.#text.slice(0, this.#settledText))) {
      this.#unsettle();
    }
    this.#text = text;
    const tail = lines(text.slice(this.#settledText));
    const parsed = blocks(tail, 0);
    this.#show(parsed.map((block) => block.node));
    this.#settle(tail, parsed);
  }

  /** Parses everything again, for the few constructs that depend on text after a settled block. */
  finish() {
    this.#unsettle();
    this.#show(parse(this.#text));
  }

  #show(nodes) {
    const from = this.#settledNodes;
    patch(this.#element, this.#element.childNodes[from] ?? null, this.#nodes.slice(from), nodes);
    this.#nodes.splice(from, Infinity, ...nodes);
  }

  /** The last block can continue. Earlier blocks cannot once the last one's first line is complete. */
  #settle(tail, parsed) {
    const last = parsed.at(-1);
    if (last && last.line < tail.length - 1) {
      this.#settledNodes += parsed.length - 1;
      this.#settledText += tail.slice(0, last.line).reduce((length, line) => length + line.length + 1, 0);
    }
  }

  #unsettle() {
    this.#settledNodes = 0;
    this.#settledText = 0;
  }
}

function lines(text) {
  return text.split('\n');
}

// ---- blocks

/** @returns {{node: import('./dom.js').Node, line: number}[]} `line` is where the block begins */
function blocks(source, depth) {
  const found = [];
  let at = 0;
  while (at < source.length) {
    if (isBlank(source[at])) {
      at++;
      continue;
    }
    const [node, next] = block(source, at, depth);
    found.push({ node, line: at });
    at = next;
  }
  return found;
}

function block(source, at, depth) {
  const line = trimReturn(source[at]);
  const fence = FENCE.exec(line);
  if (fence) {
    return fenced(source, at, fence);
  }
  const heading = HEADING.exec(line);
  if (heading) {
    const level = heading[1].length;
    const title = (heading[2] ?? '').trimEnd().replace(/(^|[ \t])#+$/, '');
    return [h(`h${level}`, { dir: 'auto' }, ...inline(title)), at + 1];
  }
  if (RULE.test(line)) {
    return [h('hr'), at + 1];
  }
  if (depth < DEEPEST && QUOTE.test(line)) {
    return quote(source, at, depth);
  }
  if (depth < DEEPEST && ITEM.test(line)) {
    return list(source, at, depth);
  }
  if (isTable(source, at)) {
    return table(source, at);
  }
  return paragraph(source, at);
}

function fenced(source, at, [, indent, marks, info]) {
  const code = [];
  let next = at + 1;
  for (; next < source.length; next++) {
    const line = trimReturn(source[next]);
    const end = line.trim();
    if (end.length >= marks.length && end === marks[0].repeat(end.length) && line.search(/\S/) < 4) {
      next++;
      break;
    }
    code.push(line.slice(Math.min(indent.length, line.search(/\S|$/))));
  }
  const name = info.trim().split(/\s/, 1)[0].toLowerCase();
  const bar = h(
    'figcaption',
    {},
    h('span', {}, name || 'text'),
    h('button', { type: 'button', class: 'copy', 'data-copy': 'code' }, 'Copy'),
  );
  // The region can scroll sideways, so it must be reachable by keyboard.
  const body = h(
    'pre',
    { tabindex: '0', role: 'region', 'aria-label': `Code${name && `, ${name}`}` },
    h('code', {}, ...highlight(code.join('\n'), name)),
  );
  return [h('figure', { class: 'code', dir: 'ltr' }, bar, body), next];
}

function quote(source, at, depth) {
  const inner = [];
  let next = at;
  for (; next < source.length && QUOTE.test(source[next]); next++) {
    inner.push(source[next].replace(QUOTE, ''));
  }
  return [h('blockquote', { dir: 'auto' }, ...blocks(inner, depth + 1).map((block) => block.node)), next];
}

function list(source, at, depth) {
  const first = ITEM.exec(trimReturn(source[at]));
  const ordered = /\d/.test(first[2]);
  const mark = first[2].at(-1);
  const items = [];
  let loose = false;
  let next = at;
  while (next < source.length) {
    const item = ITEM.exec(trimReturn(source[next]));
    if (!item || item[2].at(-1) !== mark || RULE.test(source[next])) {
      break;
    }
    const [content, end, spaced] = itemLines(source, next, item);
    items.push(content);
    const more = skipBlank(source, end);
    const follows = more < source.length && ITEM.exec(trimReturn(source[more]))?.[2].at(-1) === mark;
    loose ||= spaced || (follows && more > end);
    next = follows ? more : end;
  }
  const tag = ordered ? 'ol' : 'ul';
  const start = ordered && Number.parseInt(first[2], 10) !== 1 ? { start: String(Number.parseInt(first[2], 10)) } : {};
  return [h(tag, start, ...items.map((content) => listItem(content, loose, depth))), next];
}

/** The lines of one item without their indentation, its end, and whether a blank line separates its own blocks. */
function itemLines(source, at, [, indent, mark, gap, rest]) {
  const width = indent.length + mark.length + (gap && gap.length < 5 ? gap.length : 1);
  const content = [rest ?? ''];
  let spaced = false;
  let next = at + 1;
  while (next < source.length) {
    const line = trimReturn(source[next]);
    if (isBlank(line)) {
      const more = skipBlank(source, next);
      if (more === source.length || indentation(source[more]) < width) {
        break;
      }
      for (; next < more; next++) {
        content.push('');
      }
      spaced = true;
    } else if (indentation(line) >= width) {
      content.push(line.slice(width));
      next++;
    } else if (beginsBlock(line)) {
      break;
    } else {
      // A paragraph that continues without its indentation.
      content.push(line.trimStart());
      next++;
    }
  }
  return [content, next, spaced];
}

function listItem(content, loose, depth) {
  const task = TASK.exec(content[0]);
  const box = task
    ? [
        h('input', {
          type: 'checkbox',
          disabled: '',
          'aria-label': 'Done',
          ...(task[1] === ' ' ? {} : { checked: '' }),
        }),
        ' ',
      ]
    : [];
  if (task) {
    content[0] = content[0].slice(task[0].length);
  }
  const children = blocks(content, depth + 1)
    .map((block) => block.node)
    .flatMap((node) => (node.tag === 'p' && !loose ? node.children : [node]));
  return h('li', { dir: 'auto', ...(task ? { class: 'task' } : {}) }, ...box, ...children);
}

function isTable(source, at) {
  return (
    at + 1 < source.length &&
    source[at].includes('|') &&
    source[at + 1].includes('-') &&
    cells(source[at + 1]).every((cell) => TABLE_CELL_RULE.test(cell)) &&
    cells(source[at]).length === cells(source[at + 1]).length
  );
}

function table(source, at) {
  const aligns = cells(source[at + 1]).map((cell) =>
    cell.endsWith(':') ? (cell.startsWith(':') ? 'center' : 'end') : 'start',
  );
  const row = (line, tag) => {
    const texts = cells(line);
    return h('tr', {}, ...aligns.map((align, i) => h(tag, { class: align, dir: 'auto' }, ...inline(texts[i] ?? ''))));
  };
  let next = at + 2;
  const body = [];
  for (; next < source.length && !isBlank(source[next]) && source[next].includes('|'); next++) {
    body.push(row(source[next], 'td'));
  }
  const whole = h('table', {}, h('thead', {}, row(source[at], 'th')), h('tbody', {}, ...body));
  return [h('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': 'Table' }, whole), next];
}

/** Splits a row at its bars, but not at an escaped one or inside code. */
function cells(line) {
  const parts = [];
  let part = '';
  let code = false;
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '\\' && line[i + 1] === '|') {
      part += '|';
      i++;
    } else if (line[i] === '|' && !code) {
      parts.push(part.trim());
      part = '';
    } else {
      code = line[i] === '`' ? !code : code;
      part += line[i];
    }
  }
  parts.push(part.trim());
  if (parts[0] === '') {
    parts.shift();
  }
  if (parts.at(-1) === '') {
    parts.pop();
  }
  return parts;
}

function paragraph(source, at) {
  let next = at + 1;
  while (next < source.length && !isBlank(source[next]) && !interrupts(source[next]) && !isTable(source, next)) {
    next++;
  }
  const text = source
    .slice(at, next)
    .map(trimReturn)
    .map((line) => line.trimStart())
    .join('\n');
  return [h('p', { dir: 'auto' }, ...inline(text.trimEnd())), next];
}

function beginsBlock(line) {
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || ITEM.test(line);
}

/** As above, but a number at the start of a line inside a paragraph is usually just a number. */
function interrupts(line) {
  const item = ITEM.exec(line);
  return item ? Boolean(item[4]) && (!/\d/.test(item[2]) || /^1[.)]/.test(item[2])) : beginsBlock(line);
}

function isBlank(line) {
  return line.trim() === '';
}

function skipBlank(source, at) {
  let next = at;
  while (next < source.length && isBlank(source[next])) {
    next++;
  }
  return next;
}

function indentation(line) {
  return line.search(/[^ ]|$/);
}

function trimReturn(line) {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
