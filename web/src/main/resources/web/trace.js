/**
 * The steps of an answer apart from its text: reasoning, and tool calls with their results. Closed until a reader
 * opens it.
 *
 * @module trace
 */

import { create, h, patch } from './dom.js';

/** Longer results are for models; a reader sees the beginning. */
const LONGEST_RESULT = 2_000;

export class TraceView {
  element = create(h('details', { class: 'trace', hidden: '' }, h('summary', {}), h('ol', {})));
  #drawn = [];

  /** @param {object[]} steps of a message */
  update(steps) {
    const shown = steps.filter(({ type }) => type === 'reasoning' || type === 'tool_call' || type === 'tool_result');
    this.element.hidden = shown.length === 0;
    const [summary, list] = this.element.children;
    summary.textContent = summaryOf(shown);
    const items = shown.map(item);
    patch(list, list.firstChild, this.#drawn, items);
    this.#drawn = items;
  }
}

function summaryOf(steps) {
  const tools = new Set(steps.filter(({ name }) => name).map(({ name }) => name));
  const reasoned = steps.some(({ type }) => type === 'reasoning') ? 'Reasoned' : null;
  const used = tools.size > 0 ? `${reasoned ? 'used' : 'Used'} ${[...tools].join(', ')}` : null;
  return [reasoned, used].filter(Boolean).join(' and ');
}

function item(step) {
  switch (step.type) {
    case 'reasoning':
      return h('li', { class: 'thought', dir: 'auto' }, step.text);
    case 'tool_call':
      return h('li', {}, h('code', {}, `${step.name} ${step.arguments}`));
    default:
      return h('li', {}, h('pre', { tabindex: '0' }, shortened(String(step.result ?? ''))));
  }
}

function shortened(text) {
  return text.length > LONGEST_RESULT ? `${text.slice(0, LONGEST_RESULT)}…` : text;
}
