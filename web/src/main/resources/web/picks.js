/**
 * The choice of workflow and model, if the server offers more than one. The server names the default; this browser
 * remembers another choice.
 *
 * @module picks
 */

import { create, h } from './dom.js';
import * as store from './store.js';

export class Picks {
  #workflow;
  #model;

  /** @param {HTMLElement} element holds the two lists */
  constructor(element) {
    [this.#workflow, this.#model] = element.querySelectorAll('select');
    element.addEventListener('change', () => store.savePicks([this.#workflow.value, this.#model.value]));
  }

  /** Asks the server for its offers. Without an answer everything stays unchanged. */
  async refresh() {
    const [workflows, models] = await Promise.all([offered('workflows'), offered('models')]);
    const [workflow, model] = store.picks();
    show(this.#workflow, workflows.map(workflowOption), workflow);
    show(this.#model, models.map(modelOption), model);
  }

  /** The fields of a message for the choice: none for the default. */
  get extras() {
    const model = chosen(this.#model);
    return {
      ...(model && { provider: model.provider, model: model.model ?? undefined }),
      context: chosen(this.#workflow) ?? undefined,
    };
  }
}

function workflowOption({ name, description, default: standard }) {
  return { value: JSON.stringify({ workflow: name }), text: name, title: description ?? '', standard };
}

function modelOption({ provider, model, default: standard }) {
  const text = model === null ? provider : `${provider}: ${model}`;
  return { value: JSON.stringify({ provider, model }), text, title: '', standard };
}

/** A list of one needs no choice. */
function show(select, options, picked) {
  select.replaceChildren(...options.map(({ value, text, title }) => create(h('option', { value, title }, text))));
  select.hidden = options.length < 2;
  const standard = options.find((option) => option.standard)?.value ?? '';
  select.dataset.standard = standard;
  select.value = options.some(({ value }) => value === picked) ? picked : standard;
}

function chosen(select) {
  return select.hidden || select.value === select.dataset.standard ? null : JSON.parse(select.value);
}

async function offered(what) {
  try {
    const response = await fetch(`api/${what}`, { signal: AbortSignal.timeout(10_000) });
    return response.ok ? (await response.json())[what] : [];
  } catch {
    return []; // the stream itself reports that the server is unavailable
  }
}
