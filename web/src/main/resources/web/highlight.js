/**
 * Colours for code: comments, strings, numbers and words that most languages reserve. One pattern per family of
 * languages instead of a grammar per language: right often enough to help the eye, and small enough to read.
 *
 * @module highlight
 */

import { h } from './dom.js';

/** Longer code is shown without colours: the spans would cost more than they help. */
const LONGEST = 30_000;

const STRING = `"(?:[^"\\\\\\n]|\\\\.)*"|'(?:[^'\\\\\\n]|\\\\.)*'`;
const NUMBER = `\\b(?:0[xX][\\da-fA-F_]+|\\d[\\d_]*(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)\\b`;
const SLASHES = `\\/\\/[^\\n]*|\\/\\*[^]*?(?:\\*\\/|$)`;
const HASH = `(?<![^\\s])#[^\\n]*`;
const DASHES = `--[^\\n]*`;
const TEMPLATE = '`(?:[^`\\\\]|\\\\.)*`';
const TRIPLE = `"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)`;

const WORDS = {
  c: `abstract as async await bool boolean break byte case catch char class const constexpr continue default defer delete do
    double else enum export extends extern final finally float fn for from func function go if impl implements import in
    instanceof int interface let long loop match mod module mut namespace new package private protected pub public
    record return sealed self short static struct super switch template this throw throws trait try type typeof union
    unsigned use using val var virtual void volatile when where while with yield true false null nil none undefined`,
  script: `and as assert async await break case class continue def del do done elif else end ensure esac except export
    false fi finally for from function global if import in is lambda local module none nonlocal not or pass print raise
    require rescue return self then true try unless until while with yield`,
  sql: `add all alter and as asc between by case check column constraint create cross database default delete desc distinct
    drop else end exists foreign from full group having if in index inner insert into is join key left like limit not
    null offset on or order outer primary references returning right select set table then union unique update using
    values view when where with`,
  data: 'true false null yes no',
};

const FAMILIES = {
  c: family([TRIPLE, TEMPLATE, SLASHES], 'c'),
  script: family([TRIPLE, HASH], 'script'),
  sql: family([DASHES, SLASHES], 'sql'),
  data: family([HASH, SLASHES], 'data'),
};

const LANGUAGES = new Map(
  Object.entries({
    c: 'c cpp c++ cs csharp dart go golang java javascript js jsx kotlin kt php rust rs scala swift ts tsx typescript css',
    script: 'bash sh shell zsh console python py ruby rb r perl dockerfile make makefile elixir nginx',
    sql: 'sql postgresql postgres mysql sqlite lua haskell',
    data: 'json jsonc yaml yml toml ini properties conf',
  }).flatMap(([name, languages]) => languages.split(' ').map((language) => [language, FAMILIES[name]])),
);

/** The code as nodes; code in an unknown language stays plain. */
export function highlight(code, language) {
  const known = LANGUAGES.get(language);
  if (!known || code.length > LONGEST) {
    return [code];
  }
  const nodes = [];
  let at = 0;
  for (const match of code.matchAll(known.pattern)) {
    const kind = kindOf(match.groups, known.words);
    if (kind) {
      if (match.index > at) {
        nodes.push(code.slice(at, match.index));
      }
      nodes.push(h('span', { class: kind }, match[0]));
      at = match.index + match[0].length;
    }
  }
  nodes.push(code.slice(at));
  return nodes;
}

function kindOf({ aside, string, number, word, call }, words) {
  if (aside) {
    return /^["'`]/.test(aside) ? 'string' : 'comment';
  }
  if (string) {
    return 'string';
  }
  if (number) {
    return 'number';
  }
  if (word && words.has(word.toLowerCase())) {
    return 'keyword';
  }
  return call ? 'call-name' : null;
}

function family(asides, words) {
  const source = `(?<aside>${asides.join('|')})|(?<string>${STRING})|(?<number>${NUMBER})|(?<word>[A-Za-z_]\\w*)(?=(?<call>\\()?)`;
  return { pattern: new RegExp(source, 'g'), words: new Set(WORDS[words].split(/\s+/)) };
}
