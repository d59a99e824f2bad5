// Opens plain EventSources at the given addresses and prints one line for each of their events. It follows the WHATWG
// rules and no others: it retries after a network error, and never after an error status.
import { EventSource } from 'eventsource';

process.argv.slice(2).forEach((url, index) => {
  const source = new EventSource(url);
  const say = (what) => console.log(`${index} ${what}`);
  for (const name of ['connected', 'message', 'chunk', 'status', 'resync', 'refused']) {
    source.addEventListener(name, ({ data }) => say(`${name} ${data}`));
  }
  source.addEventListener('error', ({ code }) => source.readyState === EventSource.CLOSED && say(`closed ${code}`));
});
