/**
 * Ids in the form of the protocol.
 *
 * @module ids
 */

/**
 * A new id for a session, user or message: 128 random bits. Works on plain http too, where randomUUID is missing.
 *
 * @param {string} prefix
 */
export function mintId(prefix) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `${prefix}_${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
