/**
 * The message field: Enter sends, Shift+Enter breaks the line, and a text the server would refuse for its length is
 * told before it is sent.
 *
 * @module composer
 */

/** The server takes bodies of 64 KiB; what is around the text in the JSON needs some of it. */
const MOST_BYTES = 64 * 1024 - 1024;

export class Composer {
  #form;
  #input;
  #send;
  #hint;
  #usualHint;
  /** The message whose place the next one takes, and what stood in the field before. */
  #editing = null;

  /**
   * @param {HTMLFormElement} form
   * @param {{onSend: (text: string) => void, onDraft: (text: string) => void, onEdited: (id: string, text: string) => void}} options
   */
  constructor(form, { onSend, onDraft, onEdited }) {
    this.#form = form;
    this.#input = form.querySelector('textarea');
    this.#send = form.querySelector('[type=submit]');
    this.#hint = document.getElementById(this.#input.getAttribute('aria-describedby'));
    this.#usualHint = this.#hint.textContent.trim();

    this.#input.addEventListener('input', () => {
      this.#fit();
      if (!this.#editing) {
        onDraft(this.#input.value);
      }
    });
    this.#input.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.#editing) {
        this.#endEdit();
      }
      // While an input method composes, Enter chooses a candidate (229 is Safari's word for it).
      const composing = event.isComposing || event.keyCode === 229;
      if (event.key === 'Enter' && !event.shiftKey && !composing) {
        event.preventDefault();
        form.requestSubmit();
      }
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const text = this.#input.value;
      if (text.trim() && !excess(text)) {
        const edited = this.#editing?.id;
        if (edited) {
          this.#endEdit();
          onEdited(edited, text);
        } else {
          this.text = '';
          onDraft('');
          onSend(text);
        }
      }
    });
  }

  /** Takes a message's text into the field: what is sent next stands in its place. Escape brings the draft back. */
  edit({ id, text }) {
    this.#editing = { id, draft: this.#editing?.draft ?? this.#input.value };
    this.text = text;
    this.#input.focus();
  }

  #endEdit() {
    const { draft } = this.#editing;
    this.#editing = null;
    this.text = draft;
  }

  /** Also ends an edit: the field is another session's now. */
  begin(text) {
    this.#editing = null;
    this.text = text;
  }

  set text(text) {
    this.#input.value = text;
    this.#fit();
  }

  /** Puts the cursor into the field, unless that would open a keyboard over the page. */
  focus() {
    if (matchMedia('(pointer: fine)').matches) {
      this.#input.focus({ preventScroll: true });
    }
  }

  #fit() {
    // Browsers that know field-sizing do this by style.
    if (!CSS.supports('field-sizing', 'content')) {
      this.#input.style.height = 'auto';
      this.#input.style.height = `${this.#input.scrollHeight}px`;
    }
    const over = excess(this.#input.value);
    this.#send.disabled = !this.#input.value.trim() || over > 0;
    this.#hint.firstElementChild.textContent = over
      ? `This message is ${over.toLocaleString()} bytes too long.`
      : this.#editing
        ? 'This replaces an earlier message; Escape keeps it.'
        : this.#usualHint;
    this.#hint.classList.toggle('wrong', over > 0);
    this.#form.classList.toggle('filled', this.#input.value !== '');
  }
}

/** By how many bytes the text is too long as JSON. */
function excess(text) {
  return Math.max(0, new TextEncoder().encode(JSON.stringify(text)).length - MOST_BYTES);
}
