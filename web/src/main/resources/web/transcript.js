/**
 * The conversation on the page: one list item per message and its answer, and a scroll position that follows the
 * newest text until the reader looks elsewhere.
 *
 * @module transcript
 */

import { create, h } from './dom.js';
import { MarkdownView } from './markdown.js';
import { wordsOf } from './messages.js';
import { QuestionView } from './question.js';
import { TraceView } from './trace.js';

/** A reader this close to the end counts as being at the end. */
const AT_END_PX = 24;

export class Transcript {
  #list;
  #scroller;
  #jump;
  #actions;
  #turns = new Map();
  #dirty = new Set();
  #order = null;
  #frame = 0;
  #following = true;
  #lastTop = 0;

  /**
   * @param {{list: HTMLElement, scroller: HTMLElement, jump: HTMLButtonElement}} elements
   * @param {{onRetry: (id: string) => void, onAskAgain: (text: string) => void, onEdit: (id: string) => void,
   *     onRegenerate: (id: string) => void, onChoose: (id: string) => void,
   *     onAnswer: (id: string, answer: string) => Promise<void>}} actions
   */
  constructor({ list, scroller, jump }, actions) {
    this.#list = list;
    this.#scroller = scroller;
    this.#jump = jump;
    this.#actions = actions;
    scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    jump.addEventListener('click', () => this.follow());
    // Also for changes of the height without a render: the window, the message field, a font.
    const resized = new ResizeObserver(() => this.#keepEnd());
    resized.observe(scroller);
    resized.observe(list);
  }

  /** Draws everything again. */
  show(chat) {
    this.#list.replaceChildren();
    this.#turns.clear();
    this.#dirty.clear();
    this.follow();
    this.arrange(chat);
  }

  /** The set or the order of messages changed. */
  arrange(chat) {
    this.#order = chat;
    chat.branch.forEach((message) => this.#turns.get(message.id) ?? this.#dirty.add(message));
    this.#schedule();
  }

  /** One message changed; drawn with the next frame, however many chunks come before it. */
  touch(message) {
    this.#dirty.add(message);
    this.#schedule();
  }

  /** Scrolls to the end and stays there. */
  follow() {
    this.#following = true;
    this.#keepEnd();
  }

  #schedule() {
    this.#frame ||= requestAnimationFrame(() => this.#render());
  }

  #render() {
    this.#frame = 0;
    const chat = this.#order;
    const branch = chat.branch;
    const shown = new Set(branch);
    this.#dirty.forEach((message) => {
      if (shown.has(message)) {
        this.#turn(message).update(message, chat.isQueued(message), chat.alternatives(message.id));
      }
    });
    this.#dirty.clear();
    this.#place(branch);
    this.#keepEnd();
  }

  #turn(message) {
    let turn = this.#turns.get(message.id);
    if (!turn) {
      turn = new Turn(this.#actions);
      this.#turns.set(message.id, turn);
    }
    return turn;
  }

  /** Puts the items into the messages' order; an item in its place is not touched. */
  #place(messages) {
    const known = new Set(messages.map((message) => message.id));
    for (const [id, turn] of this.#turns) {
      if (!known.has(id)) {
        turn.element.remove();
        this.#turns.delete(id);
      }
    }
    let place = this.#list.firstElementChild;
    for (const { id } of messages) {
      const element = this.#turns.get(id)?.element;
      if (element === place) {
        place = place?.nextElementSibling ?? null;
      } else if (element) {
        this.#list.insertBefore(element, place);
      }
    }
  }

  #scrolled() {
    const { scrollTop } = this.#scroller;
    if (this.#distance() < AT_END_PX) {
      this.#following = true;
    } else if (scrollTop < this.#lastTop) {
      this.#following = false;
    }
    this.#lastTop = scrollTop;
    this.#showJump();
  }

  #keepEnd() {
    if (this.#following) {
      this.#scroller.scrollTop = this.#scroller.scrollHeight;
      this.#lastTop = this.#scroller.scrollTop;
    }
    this.#showJump();
  }

  #showJump() {
    this.#jump.hidden = this.#following || this.#distance() < AT_END_PX;
  }

  #distance() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight;
  }
}

/** One message and its answer. */
class Turn {
  element = create(
    h(
      'li',
      { class: 'turn' },
      h(
        'article',
        { class: 'call', 'aria-label': 'You' },
        h('p', { class: 'text', dir: 'auto' }),
        h(
          'p',
          { class: 'versions' },
          h(
            'span',
            { class: 'switch', role: 'group', 'aria-label': 'Versions' },
            h('button', { type: 'button', class: 'link earlier', 'aria-label': 'Earlier version' }, '‹'),
            h('span', {}),
            h('button', { type: 'button', class: 'link later', 'aria-label': 'Later version' }, '›'),
          ),
          h('button', { type: 'button', class: 'link edit' }, 'Edit'),
        ),
        h('p', { class: 'delivery' }, h('span', {}), h('button', { type: 'button', class: 'link' }, 'Try again')),
      ),
      h(
        'article',
        { class: 'response', 'aria-label': 'Answer' },
        h(
          'p',
          { class: 'activity' },
          h('span', { class: 'voices' }, h('i'), h('i'), h('i')),
          h('span', { class: 'doing' }),
        ),
        h('div', { class: 'answer' }),
        h('ul', { class: 'said', 'aria-label': 'What you were asked' }),
        h('p', { class: 'ending' }, h('span', {}), h('button', { type: 'button', class: 'link' }, 'Ask again')),
        h(
          'p',
          { class: 'facts' },
          h('span', {}),
          h('button', { type: 'button', class: 'link regenerate' }, 'Regenerate'),
          h('button', { type: 'button', class: 'link copy', 'data-copy': 'answer' }, 'Copy'),
        ),
      ),
    ),
  );
  #answer;
  #question;
  #trace = new TraceView();
  #message;
  #alternatives = [];
  #state = '';

  constructor({ onRetry, onAskAgain, onEdit, onRegenerate, onChoose, onAnswer }) {
    this.#answer = new MarkdownView(this.#find('.answer'));
    this.#question = new QuestionView((answer) => onAnswer(this.#message.id, answer));
    this.#find('.said').after(this.#question.element);
    this.#find('.activity').before(this.#trace.element);
    this.#find('.delivery button').addEventListener('click', () => onRetry(this.#message.id));
    this.#find('.ending button').addEventListener('click', () => onAskAgain(this.#message.text));
    this.#find('.edit').addEventListener('click', () => onEdit(this.#message.id));
    this.#find('.regenerate').addEventListener('click', () => onRegenerate(this.#message.id));
    this.#find('.earlier').addEventListener('click', () => onChoose(this.#neighbour(-1).id));
    this.#find('.later').addEventListener('click', () => onChoose(this.#neighbour(1).id));
  }

  #neighbour(distance) {
    return this.#alternatives[this.#alternatives.indexOf(this.#message) + distance];
  }

  update(message, queued, alternatives) {
    const ended = message.state === 'complete' && this.#state !== 'complete';
    this.#message = message;
    this.#alternatives = alternatives;
    this.#state = message.state;
    this.element.dataset.state = message.question ? 'asking' : message.state;
    this.element.dataset.message = message.id;

    this.#say('.call .text', message.text);
    this.#find('.call').hidden = message.text === '';
    this.#find('.versions').hidden = message.state !== 'complete' || message.text === '';
    this.#find('.switch').hidden = alternatives.length < 2;
    this.#say('.switch span', `${alternatives.indexOf(message) + 1} / ${alternatives.length}`);
    this.#find('.earlier').disabled = !this.#neighbour(-1);
    this.#find('.later').disabled = !this.#neighbour(1);

    this.#say('.delivery span', delivery(message));
    this.#find('.delivery').hidden = delivery(message) === '';
    this.#find('.delivery button').hidden = message.state !== 'failed';

    this.#find('.response').hidden = message.state === 'sending' || message.state === 'failed';
    this.#find('.response').setAttribute('aria-busy', String(message.state === 'answering' && !message.question));
    const doing = activity(message, queued);
    this.#find('.activity').hidden = doing === null;
    this.#find('.activity').classList.toggle('still', queued);
    this.#say('.doing', doing ?? '');
    this.#answer.update(message.answer);
    if (ended) {
      this.#answer.finish();
    }
    this.#trace.update(message.steps);
    this.#showSaid(message);
    this.#question.update(message.question);
    this.#say('.ending span', ending(message));
    this.#find('.ending').hidden = ending(message) === '';
    this.#find('.ending').classList.toggle('wrong', message.finishReason === 'error');
    this.#find('.ending button').hidden = message.finishReason !== 'error' || message.text === '';
    this.#find('.facts').hidden = message.state !== 'complete' || message.answer === '';
    this.#say('.facts span', facts(message));
  }

  /** Answered questions with their answers: an answer belongs to the last question before it. */
  #showSaid({ steps }) {
    const list = this.#find('.said');
    const said = [];
    let asked;
    for (const { status, interrupt, answer } of steps) {
      if (status === 'interrupt') {
        asked = interrupt;
      } else if (status === 'resumed') {
        said.push(h('li', {}, `${wordsOf(asked)} `, h('b', {}, String(answer ?? ''))));
      }
    }
    if (list.childElementCount !== said.length) {
      list.replaceChildren(...said.map(create));
    }
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }

  #say(selector, text) {
    const element = this.#find(selector);
    if (element.textContent !== text) {
      element.textContent = text;
    }
  }
}

function delivery(message) {
  if (message.state === 'failed') {
    return `Not sent. ${sentence(message.error?.message ?? '')}`;
  }
  return message.state === 'sending' ? 'Sending…' : '';
}

/** Notes without information for a reader; a question has its own element. */
const SILENT = new Set(['kept', 'interrupt', 'resumed']);

/** The present activity while there is no new text; null when the text shows it. */
function activity(message, queued) {
  if (queued) {
    return 'Queued until the answer before it is complete';
  }
  if (message.question) {
    return null;
  }
  if (message.state === 'accepted') {
    return '';
  }
  switch (message.step?.type) {
    case undefined:
      return null;
    case 'reasoning':
      return 'Reasoning';
    case 'tool_call':
      return `Using ${message.step.name}`;
    case 'status':
      return SILENT.has(message.step.status) ? '' : String(message.step.message ?? message.step.status);
    default:
      return '';
  }
}

function ending(message) {
  if (message.state !== 'complete') {
    return '';
  }
  switch (message.finishReason) {
    case 'error':
      return `The answer failed. ${sentence(message.error?.message ?? '')}`;
    case 'cancelled':
      return 'Stopped.';
    case 'length':
      return 'The answer reached its longest length.';
    default:
      return message.incomplete ? 'A part of this answer was lost on its way.' : '';
  }
}

function facts({ model, tokens }) {
  // A workflow that called no model has used no tokens.
  const words = !tokens ? null : `${tokens.toLocaleString()} ${tokens === 1 ? 'token' : 'tokens'}`;
  return [model, words].filter(Boolean).join(' · ');
}

function sentence(text) {
  return text && !/[.!?…]$/.test(text) ? `${text}.` : text;
}
