/**
 * The list of the user's chats: to open one again, or to delete it for good.
 *
 * @module sessions
 */

import { erase, sessions } from './antiphon.js';
import { create, h } from './dom.js';
import * as store from './store.js';

export class SessionList {
  #dialog;
  #list;
  #more;
  #note;
  #user;
  #onDeleted;
  #next = null;
  /** Counts openings: an answer that comes late is of an earlier one. */
  #opening = 0;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {{user: string, onDeleted: (session: string) => void}} options
   */
  constructor(dialog, { user, onDeleted }) {
    this.#dialog = dialog;
    this.#list = dialog.querySelector('ol');
    this.#more = dialog.querySelector('.more');
    this.#note = dialog.querySelector('.note');
    this.#user = user;
    this.#onDeleted = onDeleted;
    this.#more.addEventListener('click', () => this.#load());
    this.#list.addEventListener('click', (event) => this.#clicked(event.target));
    // A click beside the list is one on the dialog itself, whose content covers the rest.
    dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close());
  }

  open() {
    this.#opening++;
    this.#next = null;
    this.#list.replaceChildren();
    this.#dialog.showModal();
    this.#load();
  }

  async #load() {
    const opening = this.#opening;
    this.#more.hidden = true;
    this.#say('Loading…');
    try {
      const page = await sessions({ user: this.#user, before: this.#next });
      if (opening === this.#opening) {
        this.#list.append(...page.sessions.map((session) => create(item(session))));
        this.#next = page.next;
        this.#more.hidden = page.next === null;
        this.#say(this.#list.childElementCount === 0 ? 'No chats yet.' : '');
      }
    } catch (problem) {
      if (opening === this.#opening) {
        this.#more.hidden = false;
        this.#say(`The chats cannot be listed now. ${problem.message}`);
      }
    }
  }

  #clicked(target) {
    if (target.closest('a')) {
      this.#dialog.close();
    } else if (target.matches('.really')) {
      this.#delete(target.closest('li'));
    } else if (target.matches('button')) {
      target.classList.add('really');
      target.textContent = 'Delete for good';
    }
  }

  async #delete(li) {
    const { session } = li.dataset;
    li.inert = true;
    try {
      await erase({ session, user: this.#user });
      store.forget(session);
      li.remove();
      this.#say('');
      this.#onDeleted(session);
    } catch (problem) {
      li.inert = false;
      this.#say(`Not deleted. ${problem.message}`);
    }
  }

  #say(text) {
    this.#note.textContent = text;
  }
}

function item({ session_id: session, title, updated }) {
  const when = new Date(updated).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  return h(
    'li',
    { 'data-session': session },
    h('a', { href: store.addressOf(session), dir: 'auto' }, title || 'Untitled'),
    h('time', { datetime: updated }, when),
    h('button', { type: 'button', class: 'link' }, 'Delete'),
  );
}
