// Opens plain EventSources at the addresses given and prints one line for each thing that happens to one of them. It does
// what the WHATWG rules say and no more: after a network error it tries again, after an error status never.
import { EventSource } from 'eventsource';

process.argv.slice(2).forEach((url, index) => {
  const source = new EventSource(url);
  const say = (what) => console.log(`${index} ${what}`);
  for (const name of ['connected', 'message', 'chunk', 'status', 'resync', 'refused']) {
    source.addEventListener(name, ({ data }) => say(`${name} ${data}`));
  }
  source.addEventListener('error', ({ code }) => source.readyState === EventSource.CLOSED && say(`closed ${code}`));
});
