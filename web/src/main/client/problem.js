/**
 * The server's reason for a failed request.
 *
 * @module problem
 */

/** An answer other than success, with the server's explanation (RFC 9457). `code` is the stable part. */
export class Problem extends Error {
  /**
   * @param {number} status of HTTP; 0 when the server was not reached
   * @param {string} code
   * @param {string} text
   * @param {number | null} retryAfter
   */
  constructor(status, code, text, retryAfter) {
    super(text);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    /** Milliseconds that the server asked us to wait, or null. */
    this.retryAfter = retryAfter;
  }

  /** Whether a retry can succeed. Status 0 means that the server was not reached. */
  get transient() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }

  /** Whether this server (an older or a reduced one) does not have the call at all. */
  get unknownCall() {
    return this.status === 405 || this.status === 501 || (this.status === 404 && this.code === 'not_found');
  }

  /** @param {Response} response */
  static async of(response) {
    const body = await response.json().catch(() => ({}));
    const seconds = Number(response.headers.get('Retry-After'));
    const text = body.detail ?? body.title ?? `The server answered ${response.status}`;
    return new Problem(response.status, body.code ?? '', text, seconds > 0 ? seconds * 1000 : null);
  }
}
