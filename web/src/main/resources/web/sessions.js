/**
 * The list of the user's chats: opens, renames or permanently deletes one. Shows live which of them are being answered
 * or wait for the user.
 *
 * @module sessions
 */

import { erase, rename, sessions, watchSessions } from './antiphon.js';
import { create, h } from './dom.js';
import * as store from './store.js';

const WORDS = { running: 'Answering', waiting: 'Waits for you', idle: '' };
/** The gateway's limit. */
const MOST_TITLE_CHARACTERS = 200;

export class SessionList {
  #dialog;
  #list;
  #more;
  #note;
  #user;
  #onDeleted;
  #next = null;
  /** The sessions that run or wait for the user, by id. */
  #active = new Map();
  /** Counts openings: a late answer belongs to an earlier one. */
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
    this.#list.addEventListener('submit', (event) => this.#submitted(event));
    // A click outside the list is a click on the dialog itself; its content covers the rest.
    dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close());
    watchSessions({ user, onChange: (change) => this.#changed(change) });
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
        this.#next === null && this.#active.forEach((each) => this.#show(each));
        page.sessions.forEach((each) => this.#show(each));
        this.#next = page.next;
        this.#more.hidden = page.next === null;
        this.#sayHowMany();
      }
    } catch (problem) {
      if (opening === this.#opening) {
        this.#more.hidden = false;
        this.#say(`The chats cannot be listed now. ${problem.message}`);
      }
    }
  }

  // ---- news from the stream

  #changed({ whole, sessions: states }) {
    if (whole) {
      this.#active.clear();
    }
    states.forEach((each) => this.#remember(each));
    if (!this.#dialog.open) {
      return;
    }
    if (whole) {
      this.#refresh();
      return;
    }
    states.forEach((each) => (each.state === 'deleted' ? this.#remove(each.session_id) : this.#show(each, true)));
    this.#sayHowMany();
  }

  #remember(each) {
    if (WORDS[each.state]) {
      this.#active.set(each.session_id, { ...each, updated: new Date().toISOString() });
    } else {
      this.#active.delete(each.session_id);
    }
  }

  /** Updates the first page in place: a person might be using one of its rows. */
  async #refresh() {
    const opening = this.#opening;
    const page = await sessions({ user: this.#user }).catch(() => null); // the next change also brings this one
    if (!page || opening !== this.#opening) {
      return;
    }
    const listed = new Set([...this.#active.keys(), ...page.sessions.map((each) => each.session_id)]);
    const last = page.next && page.sessions.at(-1).updated;
    for (const li of [...this.#list.children]) {
      if (!listed.has(li.dataset.session) && (!last || li.querySelector('time').dateTime > last)) {
        li.remove();
      }
    }
    page.sessions.toReversed().forEach((each) => this.#show(each, true));
    this.#active.forEach((each) => this.#show(each, true));
    this.#sayHowMany();
  }

  // ---- rows

  /** Creates or updates the session's row; a new row goes to the end, or to the beginning if the stream brings it. */
  #show(each, isNews = false) {
    const { session_id: session, title } = each;
    const state = this.#active.get(session)?.state ?? 'idle';
    let li = this.#row(session);
    if (!li) {
      li = create(item({ updated: new Date().toISOString(), ...each }));
      isNews ? this.#list.prepend(li) : this.#list.append(li);
    }
    li.dataset.state = state;
    li.querySelector('.state').textContent = WORDS[state];
    li.querySelector('a').textContent = title || 'Untitled';
  }

  #row(session) {
    return [...this.#list.children].find((li) => li.dataset.session === session);
  }

  #remove(session) {
    this.#row(session)?.remove();
  }

  #clicked(target) {
    const li = target.closest('li');
    if (target.closest('a')) {
      this.#dialog.close();
    } else if (target.matches('.really')) {
      this.#delete(li);
    } else if (target.matches('.delete')) {
      target.classList.add('really');
      target.textContent = 'Delete permanently';
    } else if (target.matches('.rename')) {
      const form = li.querySelector('form');
      form.hidden = !form.hidden;
      const input = form.querySelector('input');
      input.value = li.querySelector('a').textContent;
      input.select();
    }
  }

  async #submitted(event) {
    event.preventDefault();
    const form = event.target;
    const { session } = form.closest('li').dataset;
    try {
      await rename({ session, user: this.#user, title: form.querySelector('input').value });
      form.hidden = true;
      this.#say('');
    } catch (problem) {
      this.#say(`Not renamed. ${problem.message}`);
    }
  }

  async #delete(li) {
    const { session } = li.dataset;
    li.inert = true;
    try {
      await erase({ session, user: this.#user });
      store.forget(session);
      this.#active.delete(session);
      li.remove();
      this.#say('');
      this.#onDeleted(session);
    } catch (problem) {
      li.inert = false;
      this.#say(`Not deleted. ${problem.message}`);
    }
  }

  #sayHowMany() {
    this.#say(this.#list.childElementCount === 0 ? 'No chats yet.' : '');
  }

  #say(text) {
    this.#note.textContent = text;
  }
}

function item({ session_id: session, title, updated }) {
  const when = new Date(updated).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  const name = {
    name: 'title',
    required: '',
    maxlength: `${MOST_TITLE_CHARACTERS}`,
    dir: 'auto',
    'aria-label': 'Title',
  };
  return h(
    'li',
    { 'data-session': session },
    h('a', { href: store.addressOf(session), dir: 'auto' }, title || 'Untitled'),
    h('span', { class: 'state' }),
    h('time', { datetime: updated }, when),
    h('button', { type: 'button', class: 'link rename' }, 'Rename'),
    h('button', { type: 'button', class: 'link delete' }, 'Delete'),
    h('form', { hidden: '' }, h('input', name), h('button', { class: 'link' }, 'Save')),
  );
}
