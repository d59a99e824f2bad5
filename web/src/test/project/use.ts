/** Asks a gateway with the installed package and prints the answer. Lines that must not compile are marked. */
import { connect, Problem, type ConnectionState, type Message, type Snapshot } from '@antiphon/client';

declare const process: { argv: string[]; exit(code: number): never };

const states: ConnectionState[] = [];
const chat = connect({
  baseUrl: process.argv[2],
  onConnection: (state, problem: Problem | null) => {
    states.push(state);
    // @ts-expect-error no state has this name
    const wrong = state === 'opened';
  },
  onComplete: (message: Message) => {
    const snapshot: Snapshot = chat.snapshot();
    console.log(JSON.stringify({ answer: message.answer, cursor: snapshot.cursor !== null, states }));
    chat.close();
    process.exit(0);
  },
});

const sent: Promise<Message> = chat.send('from a project', { context: { topic: 'types' } });
sent.catch((problem: Problem) => {
  console.error(problem.status, problem.code);
  process.exit(1);
});

export function misuse() {
  // @ts-expect-error a text is a string
  chat.send(42);
  // @ts-expect-error there is no such option
  connect({ sesion: 'typo' });
  // @ts-expect-error a message can be missing
  return chat.message('m1').answer;
}
