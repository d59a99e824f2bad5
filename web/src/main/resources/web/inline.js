/**
 * The contents of one Markdown block: text, emphasis, code and links, as nodes for `dom.js`.
 *
 * @module inline
 */

import { h } from './dom.js';

/** A longer paragraph is shown as plain text. */
const LONGEST_INLINE = 65_536;

const ESCAPABLE = /[!-/:-@[-`{-~]/;
const URL_START = /https?:\/\/[^\s<>]+/y;
const ANGLE_LINK = /<(https?:\/\/[^\s<>]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)>/y;
const DESTINATION =
  /\([ \t]*(?:<([^<>\n]*)>|([^\s()]*(?:\([^\s()]*\)[^\s()]*)*))(?:[ \t]+(?:"[^"\n]*"|'[^'\n]*'))?[ \t]*\)/y;
const PLAIN = /[^\\`*_~[\]!<\nh]+/y;

/** Text, emphasis, code and links of one block, as nodes. */
export function inline(text) {
  if (text.length > LONGEST_INLINE) {
    return [text];
  }
  const pieces = [];
  const openings = [];
  const codeEnds = codeRuns(text);
  let at = 0;

  const match = (pattern) => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const say = (words) => {
    if (typeof pieces.at(-1) === 'string') {
      pieces[pieces.length - 1] += words;
    } else {
      pieces.push(words);
    }
    at += words.length;
  };

  while (at < text.length) {
    const char = text[at];
    if (char === '\\' && text[at + 1] === '\n') {
      at++;
    } else if (char === '\\' && ESCAPABLE.test(text[at + 1] ?? '')) {
      at++;
      say(text[at]);
    } else if (char === '\n') {
      pieces.push(h('br'));
      at++;
    } else if (char === '`') {
      const run = /`+/y;
      const marks = match(run)[0];
      const end = codeEnds(marks.length, at);
      if (end < 0) {
        say(marks);
      } else {
        const code = text.slice(at + marks.length, end).replaceAll('\n', ' ');
        const padded = code.startsWith(' ') && code.endsWith(' ') && code.trim() !== '';
        pieces.push(h('code', { dir: 'ltr' }, padded ? code.slice(1, -1) : code));
        at = end + marks.length;
      }
    } else if (char === '*' || char === '_' || char === '~') {
      const piece = delimiter(text, at, char);
      pieces.push(piece);
      at += piece.marks;
    } else if (char === '[' || (char === '!' && text[at + 1] === '[')) {
      openings.push(pieces.length);
      const bracket = char === '!' ? '![' : '[';
      pieces.push({ bracket });
      at += bracket.length;
    } else if (char === ']' && openings.length > 0) {
      at++;
      const opening = openings.pop();
      const { bracket } = pieces[opening];
      const image = bracket === '![';
      const target = match(DESTINATION);
      const href = target && safeLink(target[1] ?? target[2]);
      if (href) {
        const [, ...label] = pieces.splice(opening);
        pieces.push(link(href, emphasize(label), image));
        at += target[0].length;
        // A link cannot contain another.
        openings.length = image ? openings.length : 0;
      } else {
        pieces[opening] = bracket;
        pieces.push(char);
      }
    } else if (char === '<') {
      const angle = match(ANGLE_LINK);
      const href = angle && safeLink(angle[1].includes('://') ? angle[1] : `mailto:${angle[1]}`);
      if (href) {
        pieces.push(link(href, [angle[1]], false));
        at += angle[0].length;
      } else {
        say(char);
      }
    } else if (char === 'h' && !/\w/.test(text[at - 1] ?? '')) {
      const bare = openings.length === 0 ? match(URL_START) : null;
      const address = bare && trimAddress(bare[0]);
      if (address && safeLink(address)) {
        pieces.push(link(safeLink(address), [address], false));
        at += address.length;
      } else {
        say(char);
      }
    } else {
      say(match(PLAIN)?.[0] ?? char);
    }
  }
  return emphasize(pieces);
}

/** Finds the closing run of backticks of a given length after a place; reads each run only once in total. */
function codeRuns(text) {
  const byLength = new Map();
  for (const run of text.matchAll(/`+/g)) {
    const places = byLength.get(run[0].length) ?? [];
    places.push(run.index);
    byLength.set(run[0].length, places);
  }
  const passed = new Map();
  return (length, after) => {
    const places = byLength.get(length) ?? [];
    let i = passed.get(length) ?? 0;
    while (i < places.length && places[i] <= after) {
      i++;
    }
    passed.set(length, i);
    return i < places.length ? places[i] : -1;
  };
}

function delimiter(text, at, char) {
  let end = at;
  while (text[end] === char) {
    end++;
  }
  const before = text[at - 1] ?? ' ';
  const after = text[end] ?? ' ';
  const opens = !/\s/.test(after) && (!/[\p{P}\p{S}]/u.test(after) || /[\s\p{P}\p{S}]/u.test(before));
  const closes = !/\s/.test(before) && (!/[\p{P}\p{S}]/u.test(before) || /[\s\p{P}\p{S}]/u.test(after));
  const inWord = char === '_' && /[\p{L}\p{N}]/u.test(before) && /[\p{L}\p{N}]/u.test(after);
  return { char, marks: end - at, left: end - at, opens: opens && !inWord, closes: closes && !inWord };
}

/**
 * Pairs the emphasis marks and returns nodes only. One pass with a stack of open runs per character; each run is
 * pushed once, so it stays linear.
 */
function emphasize(pieces) {
  /** Frames of open emphasis: the opening run, and the nodes since. */
  const stack = [{ run: null, children: [] }];
  const open = { '*': 0, _: 0, '~': 0 };

  const fold = () => {
    const { run, children } = stack.pop();
    open[run.char]--;
    stack.at(-1).children.push(run.char.repeat(run.left), ...children);
  };
  for (const piece of pieces) {
    if (!piece.char) {
      stack.at(-1).children.push(piece.bracket ?? piece);
      continue;
    }
    while (piece.closes && piece.left > 0 && open[piece.char] > 0) {
      while (stack.at(-1).run.char !== piece.char) {
        fold();
      }
      const { run, children } = stack.at(-1);
      const width = piece.char === '~' ? 2 : Math.min(2, run.left, piece.left);
      if (run.left < width || piece.left < width) {
        break;
      }
      const tag = piece.char === '~' ? 'del' : width === 2 ? 'strong' : 'em';
      run.left -= width;
      piece.left -= width;
      if (run.left > 0) {
        stack.at(-1).children = [h(tag, {}, ...children)];
      } else {
        stack.pop();
        open[piece.char]--;
        stack.at(-1).children.push(h(tag, {}, ...children));
      }
    }
    if (piece.left > 0 && piece.opens && stack.length < 100) {
      stack.push({ run: piece, children: [] });
      open[piece.char]++;
    } else if (piece.left > 0) {
      stack.at(-1).children.push(piece.char.repeat(piece.left));
    }
  }
  while (stack.length > 1) {
    fold();
  }
  return joined(stack[0].children);
}

/** Joins neighbouring texts, so that a growing text stays one node. */
function joined(children) {
  const all = [];
  for (const child of children) {
    if (typeof child === 'string' && typeof all.at(-1) === 'string') {
      all[all.length - 1] += child;
    } else {
      all.push(child);
    }
  }
  return all;
}

function link(href, label, image) {
  const text = label.length > 0 ? label : [href];
  return h(
    'a',
    { href, target: '_blank', rel: 'noopener noreferrer nofollow', ...(image ? { class: 'image' } : {}) },
    ...text,
  );
}

/** A model's link leads to the web or to mail and nowhere else; the browser's own parser decides. */
function safeLink(address) {
  if (!/^(https?:\/\/|mailto:)/i.test(address)) {
    return null;
  }
  return URL.canParse(address) ? address : null;
}

/** A full stop or a closing parenthesis after an address usually belongs to the sentence. */
function trimAddress(address) {
  let unopened = address.split(')').length - address.split('(').length;
  let end = address.length;
  for (; /[.,:;!?'"*_~)]/.test(address[end - 1]); end--) {
    if (address[end - 1] === ')' && unopened-- <= 0) {
      break;
    }
  }
  return address.slice(0, end);
}
