/**
 * The message field: Enter sends, Shift+Enter breaks the line, and a text that is too long for the server is reported
 * before it is sent.
 *
 * @module composer
 */

/** The server accepts bodies of 64 KiB; the JSON around the text needs some of it. */
const MOST_BYTES = 64 * 1024 - 1024;

export class Composer {
  #form;
  #input;
  #send;
  #hint;
  #usualHint;
  /** The message that the next one replaces, and the earlier text of the field. */
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
      // While an input method composes, Enter chooses a candidate (229 is Safari's code for it).
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

  /** Puts a message's text into the field: the next message replaces it. Escape restores the draft. */
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

  /** Also ends an edit: the field now belongs to another session. */
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
    // Browsers with field-sizing do this in CSS.
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

/** The number of bytes by which the text is too long as JSON. */
function excess(text) {
  return Math.max(0, new TextEncoder().encode(JSON.stringify(text)).length - MOST_BYTES);
}
