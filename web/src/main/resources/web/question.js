/**
 * A run's question to its user: buttons if it offers answers, otherwise a field.
 *
 * @module question
 */

import { create, h } from './dom.js';

export class QuestionView {
  element = create(h('form', { class: 'question', 'aria-label': 'Question', hidden: '' }));
  #onAnswer;
  #shown = null;

  /** @param {(answer: string) => Promise<void>} onAnswer rejects when the answer did not arrive */
  constructor(onAnswer) {
    this.#onAnswer = onAnswer;
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#answer(event.submitter?.value || this.element.querySelector('input')?.value.trim());
    });
  }

  /** @param {import('./messages.js').Question | null} question */
  update(question) {
    this.element.hidden = question === null;
    // Drawn once, so that the typed text stays.
    if (question !== null && question.chunkId !== this.#shown) {
      this.element.replaceChildren(...parts(question).map(create));
      this.element.inert = false;
    }
    this.#shown = question?.chunkId ?? null;
  }

  async #answer(text) {
    if (!text) {
      return;
    }
    this.element.inert = true;
    try {
      // The stream confirms the arrival and removes the question.
      await this.#onAnswer(text);
    } catch (problem) {
      this.element.querySelector('.problem').textContent = `Not sent. ${problem.message}`;
      this.element.inert = false;
    }
  }
}

function parts({ text, details, answers }) {
  const buttons = answers.map((answer) => h('button', { class: 'choice', value: answer }, answer));
  const field = [
    h('input', { type: 'text', dir: 'auto', autocomplete: 'off', 'aria-label': 'Your answer' }),
    h('button', { class: 'choice' }, 'Answer'),
  ];
  return [
    h('p', { class: 'asked', dir: 'auto' }, text),
    ...(details ? [h('pre', { class: 'details', tabindex: '0' }, details)] : []),
    h('p', { class: 'choices' }, ...(answers.length > 0 ? buttons : field)),
    h('p', { class: 'problem', role: 'alert' }),
  ];
}
